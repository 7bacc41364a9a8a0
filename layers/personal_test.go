package layers_test

import (
	"context"
	"errors"
	"testing"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// census is a layer of persons with one of them in each of two communities, as seen by a scope.
func census(t *testing.T, scope layers.Scope) (*layers.View, *layers.Table) {
	t.Helper()
	b := layers.NewBuilder()
	table, err := b.Layer(layers.Layer{Name: "persons", Kind: layers.Point, MaxZoom: 18, Audience: layers.Internal, Personal: true,
		Fields: []layers.Field{{Name: "community", Type: layers.String}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, community := range []string{"A", "B"} {
		table.Add(layers.Feature{ID: int64(i + 1), Geometry: orb.Point{110.31, 20.02}, Values: []layers.Value{layers.TextValue(community)}})
	}
	v := b.Snapshot(3).View(scope)
	seen, err := v.Table("persons")
	if err != nil {
		t.Fatal(err)
	}
	return v, seen
}

func TestPersonsAreSeenByWhoIsRestrictedAlone(t *testing.T) {
	t.Parallel()
	for audience, want := range map[layers.Audience]int{layers.Internal: 0, layers.Restricted: 2} {
		v, table := census(t, layers.Scope{Audience: audience})
		each, near, gathered := 0, 0, 0
		table.Each(nil, func(layers.Row) bool { each++; return true })
		table.Nearest(orb.Point{110, 20}, nil, 0, func(layers.Row, float64) bool { near++; return true })
		err := table.Gather(context.Background(), layers.Gathering{Square: layers.Square{X1: 1 << 32, Y1: 1 << 32}, Shift: 32, Weight: -1}, func(c *layers.Clump) bool {
			gathered += c.N
			return true
		})
		_, got := table.Get(1)
		_, bound := table.Bound()
		page := table.Page(layers.PageQuery{Limit: 10})
		if err != nil || each != want || near != want || gathered != want || table.Len() != want || page.Matched != want || got != (want > 0) || bound != (want > 0) {
			t.Errorf("%s: %v: each %d, nearest %d, gathered %d, counted %d, paged %d, got %v, bound %v: want %d", audience, err, each, near, gathered, table.Len(), page.Matched, got, bound, want)
		}
		if table.Counted() != (want == 0) || v.Sees(layers.Applied{Layer: "persons", ID: 1}) != (want > 0) {
			t.Errorf("%s: counted %v, or told of changes", audience, table.Counted())
		}
		n := 0
		if err := table.Places(context.Background(), 13, func(_, _ uint32, k int) { n += k }); err != nil || n != 2 {
			t.Errorf("%s: %d places, %v", audience, n, err)
		}
	}
}

func TestWhoSeesSomeCommunitiesSeesNoCountsOfPersons(t *testing.T) {
	t.Parallel()
	for _, audience := range []layers.Audience{layers.Internal, layers.Restricted} {
		_, table := census(t, layers.Scope{Audience: audience, Communities: []string{"A"}})
		if err := table.Places(context.Background(), 13, func(_, _ uint32, _ int) { t.Error("told") }); !errors.Is(err, layers.ErrForbidden) {
			t.Errorf("%s: %v", audience, err)
		}
		if want := map[layers.Audience]int{layers.Restricted: 1}[audience]; table.Len() != want {
			t.Errorf("%s sees %d persons, want %d", audience, table.Len(), want)
		}
	}
}
