package reach_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/reach"

	"github.com/paulmach/orb"
)

// sampled is the sample subdistrict, made once; tests only read it.
var sampled = sync.OnceValues(func() (*layers.View, error) {
	b := layers.NewBuilder()
	tables := map[string]*layers.TableBuilder{}
	for _, l := range fixtures.Catalogue() {
		table, err := b.Layer(l)
		if err != nil {
			return nil, err
		}
		tables[l.Name] = table
	}
	err := fixtures.Generate(context.Background(), fixtures.Options{Events: 1}, func(layer string, f layers.Feature) error {
		tables[layer].Add(f)
		return nil
	})
	return b.Snapshot(1).View(layers.Scope{}), err
})

// sample returns a view of the sample subdistrict with its network.
func sample(t *testing.T) (*layers.View, *geo.Network) {
	t.Helper()
	v, err := sampled()
	if err != nil {
		t.Fatal(err)
	}
	return v, new(dispatch.Streets).Network(v)
}

func table(t *testing.T, v *layers.View, name string) *layers.Table {
	t.Helper()
	tab, err := v.Table(name)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// walked returns how far each feature of a layer is from a position on foot.
func walked(t *testing.T, v *layers.View, n *geo.Network, layer string, from orb.Point) map[int64]float64 {
	t.Helper()
	s, ok := n.Stand(from, 300)
	if !ok {
		t.Fatal("no street")
	}
	var ids []int64
	var stands []geo.Stand
	table(t, v, layer).Each(nil, func(r layers.Row) bool {
		if to, ok := n.Stand(r.Geometry().Bound().Center(), 300); ok {
			ids, stands = append(ids, r.ID()), append(stands, to)
		}
		return true
	})
	out := map[int64]float64{}
	n.Walk(s).To(stands, math.Inf(1), func(f geo.Found) bool { out[ids[f.Target]] = f.Metres; return true })
	return out
}

// TestIsochronesAreWhatIsWalked compares what rings count with a walk to each building and facility.
func TestIsochronesAreWhatIsWalked(t *testing.T) {
	t.Parallel()
	v, n := sample(t)
	r := rand.New(rand.NewPCG(1, 5))
	for range 3 {
		at := orb.Point{114.300 + 0.012*r.Float64(), 30.560 + 0.012*r.Float64()}
		found, err := reach.Find(t.Context(), v, n, reach.Question{At: at, Minutes: []float64{10, 5, 10}})
		if errors.Is(err, layers.ErrNotFound) {
			continue
		}
		if err != nil || len(found.Rings) != 2 || found.Rings[0].Minutes != 5 {
			t.Fatalf("%v: %v", found, err)
		}
		facilities, buildings := walked(t, v, n, "facilities", at), walked(t, v, n, "buildings", at)
		for i, ring := range found.Rings {
			limit := ring.Minutes * 60 * reach.Walking
			shops, houses := 0, 0
			for _, metres := range facilities {
				if metres <= limit {
					shops++
				}
			}
			for _, metres := range buildings {
				if metres <= limit {
					houses++
				}
			}
			counted := 0
			for _, c := range ring.Facilities {
				counted += c.N
				if c.Nearest > limit {
					t.Errorf("a %s at %.0f m, the limit is %.0f", c.Category, c.Nearest, limit)
				}
			}
			if counted != shops || ring.Buildings != houses || houses == 0 {
				t.Errorf("%g minutes: %d facilities and %d buildings, want %d and %d", ring.Minutes, counted, ring.Buildings, shops, houses)
			}
			if ring.Hectares > math.Pi*limit*limit/1e4 || i > 0 && (ring.Hectares <= found.Rings[i-1].Hectares || ring.Streets <= found.Rings[i-1].Streets) {
				t.Errorf("%g minutes: %.1f ha, %.0f m of streets", ring.Minutes, ring.Hectares, ring.Streets)
			}
		}
	}
}

func TestIsochronesOfTheElderlyAreSmaller(t *testing.T) {
	t.Parallel()
	v, n := sample(t)
	at := orb.Point{114.308, 30.5674}
	fast, err := reach.Find(t.Context(), v, n, reach.Question{At: at, Minutes: []float64{15}})
	if err != nil {
		t.Fatal(err)
	}
	slow, err := reach.Find(t.Context(), v, n, reach.Question{At: at, Minutes: []float64{15}, Speed: reach.Elderly})
	if err != nil {
		t.Fatal(err)
	}
	if slow.Rings[0].Metres != 900 || slow.Rings[0].Hectares >= fast.Rings[0].Hectares || slow.Rings[0].Households >= fast.Rings[0].Households {
		t.Errorf("%.0f m: %.1f ha, %d households; at 1.2 m/s %.1f and %d", slow.Rings[0].Metres, slow.Rings[0].Hectares, slow.Rings[0].Households, fast.Rings[0].Hectares, fast.Rings[0].Households)
	}
}

func TestQuestionsThatCannotBe(t *testing.T) {
	t.Parallel()
	v, n := sample(t)
	at := orb.Point{114.308, 30.5674}
	for name, q := range map[string]reach.Question{
		"no times": {At: at}, "a time of nothing": {At: at, Minutes: []float64{0}}, "NaN": {At: at, Minutes: []float64{math.NaN()}}, "an hour and more": {At: at, Minutes: []float64{61}},
		"too many": {At: at, Minutes: []float64{1, 2, 3, 4, 5, 6, 7}}, "running": {At: at, Minutes: []float64{5}, Speed: 9}, "backwards": {At: at, Minutes: []float64{5}, Speed: -1},
	} {
		if _, err := reach.Find(t.Context(), v, n, q); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
	if _, err := reach.Find(t.Context(), v, n, reach.Question{At: orb.Point{115, 31}, Minutes: []float64{5}}); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("far from all streets: %v", err)
	}
	if _, err := reach.Find(t.Context(), v, nil, reach.Question{At: at, Minutes: []float64{5}}); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("without streets: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := reach.Find(gone, v, n, reach.Question{At: at, Minutes: []float64{5}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone: %v", err)
	}
	if _, err := reach.Cover(t.Context(), v, n, "zone", nil, 0); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("by zone: %v", err)
	}
	if _, err := reach.Cover(t.Context(), v, nil, "grid", nil, 0); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("coverage without streets: %v", err)
	}
}

// TestCoverageIsBuildingByBuilding compares the coverage of two categories with the nearest of single walks, and its areas
// with their sum.
func TestCoverageIsBuildingByBuilding(t *testing.T) {
	t.Parallel()
	v, n := sample(t)
	for _, by := range []string{"community", "grid"} {
		found, err := reach.Cover(t.Context(), v, n, by, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		homes := 0
		covered := make([]int, len(found.Categories))
		for _, a := range found.Areas {
			homes += a.Households
			for i, c := range a.Covered {
				covered[i] += c
				if c > a.Households {
					t.Errorf("%s: %d of %d households", a.Code, c, a.Households)
				}
			}
		}
		if homes != found.Households || homes == 0 {
			t.Errorf("the areas have %d households, all together %d", homes, found.Households)
		}
		for i, c := range found.Categories {
			if covered[i] != c.Covered || c.Covered+c.Uncover != found.Households {
				t.Errorf("%s: the areas cover %d households, all together %d; %d are not", c.Code, covered[i], c.Covered, c.Uncover)
			}
		}
		if by == "grid" {
			continue
		}
		i := slices.IndexFunc(found.Categories, func(c reach.Category) bool { return c.Code == "primary_school" })
		if i < 0 || found.Categories[i].Minutes != 15 {
			t.Fatal("no primary schools within 15 minutes")
		}
		best := map[int64]float64{}
		table(t, v, "facilities").Each(nil, func(r layers.Row) bool {
			if r.Get("category").Text() == "primary_school" {
				for id, metres := range walked(t, v, n, "buildings", r.Geometry().(orb.Point)) {
					if had, ok := best[id]; !ok || metres < had {
						best[id] = metres
					}
				}
			}
			return true
		})
		want := 0
		for id, metres := range best {
			if r, _ := table(t, v, "buildings").Get(id); metres <= 15*60*reach.Walking {
				want += int(r.Get("households").Int())
			}
		}
		if found.Categories[i].Covered != want {
			t.Errorf("%d households reach a primary school, want %d", found.Categories[i].Covered, want)
		}
	}
}
