package api_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
)

func TestIsochronesAreRingsOneAroundTheOther(t *testing.T) {
	t.Parallel()
	s := reading(t)
	type rings struct {
		Features []struct {
			Geometry   struct{ Type string }
			Properties map[string]any
		}
		Method string
		Speed  float64
	}
	const at = "/isochrone?lon=114.308&lat=30.5674"
	all := decode[rings](t, s.get(t, "", at, 200))
	if len(all.Features) != 3 || all.Method != "network" || all.Speed != 1.2 {
		t.Fatalf("%d rings by %s at %g m/s, want 3 along the network at 1.2", len(all.Features), all.Method, all.Speed)
	}
	number := func(i int, name string) float64 {
		x, _ := all.Features[i].Properties[name].(float64)
		return x
	}
	for i := range all.Features {
		if want := float64(15 - 5*i); number(i, "minutes") != want || all.Features[i].Geometry.Type != "MultiPolygon" {
			t.Errorf("ring %d is a %s of %g minutes, want %g", i, all.Features[i].Geometry.Type, number(i, "minutes"), want)
		}
		for _, name := range []string{"area_ha", "households", "buildings", "streets_metres"} {
			if number(i, name) <= 0 || i > 0 && number(i, name) >= number(i-1, name) {
				t.Errorf("ring %d has %s %g, the longer one %g", i, name, number(i, name), number(max(i-1, 0), name))
			}
		}
	}
	with := decode[rings](t, s.get(t, "", at+"&minutes=5&streets=true&speed=1.0&lang=en", 200))
	if len(with.Features) < 10 || with.Features[1].Geometry.Type != "LineString" {
		t.Errorf("%d features with the streets", len(with.Features))
	}
	for path, want := range map[string]string{
		at + "&minutes=": "", at + "&minutes=0": "minutes", at + "&minutes=five": "5,10,15", at + "&minutes=90": "60", at + "&speed=12": "speed", at + "&lang=en&minuten=5": "minutes",
	} {
		if want == "" {
			s.get(t, "", path, 200)
		} else if r := s.get(t, "", path, 400); !strings.Contains(string(r.body), want) {
			t.Errorf("%s: %s, want it to say %q", path, r.body, want)
		}
	}
	s.get(t, "", "/isochrone?lon=115&lat=31", 404)
}

func TestCoverageHasItsFormulaAndAddsUp(t *testing.T) {
	t.Parallel()
	s := reading(t)
	type coverage struct {
		Formula    string
		Households int
		Categories []struct {
			Category, Title string
			Covered         int `json:"households_covered"`
			Uncovered       int `json:"households_uncovered"`
			Share           float64
		}
		Areas []struct {
			Code, Name string
			Households int
			Shares     map[string]float64
			Gaps       []string
		}
	}
	for by, want := range map[string]int{"community": 12, "grid": 119} {
		got := decode[coverage](t, s.get(t, "", "/analytics/coverage?by="+by, 200))
		if len(got.Areas) != want || got.Formula == "" || len(got.Categories) < 10 {
			t.Errorf("%d areas and %d categories by %s, want %d areas", len(got.Areas), len(got.Categories), by, want)
		}
		homes := 0
		for _, a := range got.Areas {
			homes += a.Households
			for _, gap := range a.Gaps {
				if a.Shares[gap] != 0 || a.Name == "" {
					t.Errorf("%s %s: %s is a gap and has a share of %g", a.Code, a.Name, gap, a.Shares[gap])
				}
			}
		}
		for _, c := range got.Categories {
			if c.Covered+c.Uncovered != got.Households || homes != got.Households || c.Title == "" {
				t.Errorf("%s: %d and %d households of %d, the areas have %d", c.Category, c.Covered, c.Uncovered, got.Households, homes)
			}
		}
	}
	one := decode[coverage](t, s.get(t, "", "/analytics/coverage?by=grid&scope=420106001001", 200))
	if len(one.Areas) == 0 || len(one.Areas) > 20 || !strings.HasPrefix(one.Areas[0].Code, "420106001001") {
		t.Errorf("%d grids of one community", len(one.Areas))
	}
	s.get(t, "", "/analytics/coverage?by=zone", 400)
}

func TestNearestWithinAnArea(t *testing.T) {
	t.Parallel()
	s := reading(t)
	v := s.live.Snapshot().View(layers.Scope{})
	area, err := v.Area("420106001005")
	if err != nil {
		t.Fatal(err)
	}
	facilities, err := v.Table("facilities")
	if err != nil {
		t.Fatal(err)
	}
	polygon := orb.Polygon{{{114.302, 30.560}, {114.310, 30.561}, {114.306, 30.568}, {114.302, 30.560}}}
	for within, shape := range map[string]orb.Geometry{"420106001005": area, wkt.MarshalString(polygon): polygon} {
		var want []int64
		facilities.Nearest(orb.Point{114.308, 30.5674}, nil, 0, func(r layers.Row, _ float64) bool {
			if p, _ := r.Point(); geo.Contains(shape, p) {
				want = append(want, r.ID())
			}
			return true
		})
		got := decode[featureCollection](t, s.get(t, "", "/nearest/facilities?lon=114.308&lat=30.5674&k=1000&within="+url.QueryEscape(within), 200))
		ids := make([]int64, len(got.Features))
		for i, f := range got.Features {
			ids[i] = f.ID
		}
		if len(want) < 5 || !slices.Equal(ids, want) {
			t.Errorf("within %.30s: %d facilities, want %d", within, len(ids), len(want))
		}
	}
	streets, err := v.Table("streets")
	if err != nil {
		t.Fatal(err)
	}
	inside := decode[featureCollection](t, s.get(t, "", "/nearest/streets?lon=114.308&lat=30.5674&k=1000&within=420106001005", 200)).Features
	for _, f := range inside { // a street is within an area where all of it is
		r, _ := streets.Get(f.ID)
		for _, p := range r.Geometry().(orb.LineString) {
			if !geo.Contains(area, p) {
				t.Errorf("street %d leaves the area at %v", f.ID, p)
			}
		}
	}
	if len(inside) < 5 {
		t.Errorf("%d streets are within a community", len(inside))
	}
	for within, status := range map[string]int{"420106001099": 404, "12": 400, "POINT(1 2)": 400, "POLYGON((1 2))": 400, "POLYGON((1 2, 3": 400, "here": 400} {
		s.get(t, "", "/nearest/facilities?lon=114.308&lat=30.5674&within="+url.QueryEscape(within), status)
	}
}
