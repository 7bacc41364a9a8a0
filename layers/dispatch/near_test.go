package dispatch

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"shapan/fixtures"
	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// crowd is the sample with its responders six times over: as many as are not all looked at. Half of them are of communities and
// zones that are not on the map, and anywhere; so are some of the others.
func crowd(t *testing.T, r *rand.Rand) *layers.View {
	t.Helper()
	b := layers.NewBuilder()
	tables, schemas := map[string]*layers.TableBuilder{}, map[string]layers.Layer{}
	for _, l := range fixtures.Catalogue() {
		table, err := b.Layer(l)
		if err != nil {
			t.Fatal(err)
		}
		tables[l.Name], schemas[l.Name] = table, l
	}
	err := fixtures.Generate(context.Background(), fixtures.Options{Events: 1}, func(layer string, f layers.Feature) error {
		switch layer {
		case fixtures.Grids, fixtures.Communities, fixtures.Zones:
			tables[layer].Add(f)
		case fixtures.Responders:
			l := schemas[layer]
			for i := range 6 {
				copied := layers.Feature{ID: f.ID + int64(1000*i), Geometry: f.Geometry, Values: slices.Clone(f.Values)}
				code := copied.Values[l.Index("code")].Text()
				copied.Values[l.Index("code")] = layers.TextValue(fmt.Sprint(code, " ", i))
				copied.Values[l.Index("partner")] = layers.TextValue(fmt.Sprint(copied.Values[l.Index("partner")].Text(), " ", i))
				if i > 2 {
					community := fmt.Sprint("42010609900", r.IntN(9))
					for name, code := range map[string]string{"community": community, "zone": community + "01", "grid": community + "001"} {
						copied.Values[l.Index(name)] = layers.TextValue(code)
					}
				}
				if i > 1 {
					copied.Geometry = orb.Point{114.2 + 0.2*r.Float64(), 30.5 + 0.2*r.Float64()}
				}
				tables[layer].Add(copied)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Snapshot(1).View(layers.Scope{Audience: layers.Restricted})
}

func TestOfManyThoseOutOfReachDoNotMatter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 5))
	v := crowd(t, r)
	type place struct {
		ID, Tier   int64
		Cost, Fair float64
		Cover      float64
	}
	first := func(q Question, all bool) (out []place, nearest int64, looked int) {
		got, err := newRanking(v, nil, q)
		if err != nil {
			t.Fatal(err)
		}
		if all {
			var rows []layers.Row
			got.people.table.Each(nil, func(row layers.Row) bool { rows = append(rows, row); return true })
			got.reach, got.crew = math.Inf(1), got.people.crewOf(got.question, got.ledger, rows)
			got.crew.tiers(v, got.site)
		}
		ranked, _, near := got.role(q.Roles[0], false)
		for _, p := range ranked[:q.K] {
			out = append(out, place{p.id, int64(p.tier), p.cost, p.fair, p.cover})
		}
		return out, near.id, len(got.crew.all)
	}
	fewer := 0
	for range 16 {
		q := Question{At: orb.Point{114.27 + r.Float64()*0.07, 30.54 + r.Float64()*0.06}, Level: 1 + r.IntN(5), K: 1 + r.IntN(5), Now: fixtures.Reference(),
			Roles: []string{[]string{gridLeader, "police", communityLead}[r.IntN(3)]}}
		some, nearest, looked := first(q, false)
		all, nearestOfAll, total := first(q, true)
		if d := cmp.Diff(all, some); d != "" || nearest != nearestOfAll {
			t.Errorf("%+v: nearest %d, of all %d (-all +near):\n%s", q, nearest, nearestOfAll, d)
		}
		if looked < total {
			fewer++
		}
	}
	if fewer < 1 {
		t.Errorf("only %d of 16 times not all were looked at", fewer)
	}
}
