package geo

import (
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

func TestContainsHolesAndBorders(t *testing.T) {
	t.Parallel()
	square := orb.Polygon{{{0, 0}, {3, 0}, {3, 3}, {0, 3}, {0, 0}}, {{1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}}}
	for _, c := range []struct {
		p    orb.Point
		want bool
	}{
		{orb.Point{0.5, 0.5}, true}, {orb.Point{1.5, 1.5}, false}, {orb.Point{1, 1.5}, true}, {orb.Point{2, 2}, true},
		{orb.Point{0, 0}, true}, {orb.Point{3, 3}, true}, {orb.Point{1.5, 0}, true}, {orb.Point{1.5, 3}, true},
		{orb.Point{-0.1, 0}, false}, {orb.Point{3.1, 3}, false}, {orb.Point{1.5, 3.0001}, false}, {orb.Point{-1, 1}, false},
		{orb.Point{math.NaN(), 1}, false},
	} {
		if got := Contains(square, c.p); got != c.want {
			t.Errorf("%v: %v, want %v", c.p, got, c.want)
		}
		if got := Contains(orb.Collection{orb.Point{}, orb.MultiPolygon{square}}, c.p); got != c.want {
			t.Errorf("in a collection, %v: %v, want %v", c.p, got, c.want)
		}
	}
	if Contains(nil, orb.Point{}) || Contains(orb.Polygon{}, orb.Point{}) || Contains(orb.Point{}, orb.Point{}) {
		t.Error("only polygons contain")
	}
}

// A square cut by a jagged line in two, one of them running the other way: no position is lost, and only those on the
// cut are in both.
func TestContainsSharedEdges(t *testing.T) {
	t.Parallel()
	r := seeded(4)
	for range 200 {
		cut := []orb.Point{{0.2 + 0.6*r.Float64(), 0}}
		for y := 0.1; y < 0.95; y += 0.1 {
			cut = append(cut, orb.Point{0.2 + 0.6*r.Float64(), y + 0.05*r.Float64()})
		}
		cut = append(cut, orb.Point{0.2 + 0.6*r.Float64(), 1})
		west := orb.Ring{{0, 0}}
		west = append(append(west, cut...), orb.Point{0, 1}, orb.Point{0, 0})
		east := orb.Ring{{1, 0}}
		east = append(append(east, cut...), orb.Point{1, 1}, orb.Point{1, 0})
		for range 100 {
			p := orb.Point{r.Float64(), r.Float64()}
			onCut := r.IntN(4) == 0
			if onCut {
				p = cut[r.IntN(len(cut))]
			} else if r.IntN(3) == 0 {
				p[1] = cut[r.IntN(len(cut))][1]
			}
			w, e := Contains(west, p), Contains(east, p)
			if !w && !e || onCut && !(w && e) {
				t.Fatalf("%v: west %v east %v, cut %v", p, w, e, cut)
			}
		}
	}
}

func TestInteriorIsInside(t *testing.T) {
	t.Parallel()
	r := seeded(5)
	for range 500 {
		ring := orb.Ring{}
		n := 3 + r.IntN(12)
		for i := range n {
			s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			d := 0.05 + r.Float64()
			ring = append(ring, orb.Point{114 + d*c, 30 + d*s})
		}
		g := orb.Polygon{append(ring, ring[0])}
		if p := Interior(g); !Contains(g, p) {
			t.Fatalf("Interior(%v) = %v is outside", g, p)
		}
	}
	horseshoe := orb.Polygon{{{0, 0}, {3, 0}, {3, 3}, {2, 3}, {2, 1}, {1, 1}, {1, 3}, {0, 3}, {0, 0}}}
	if p := Interior(horseshoe); !Contains(horseshoe, p) {
		t.Errorf("horseshoe: %v", p)
	}
	for _, g := range []orb.Geometry{nil, orb.Polygon{}, orb.MultiPolygon{}, orb.LineString{}, orb.Collection{}, orb.Polygon{{}}} {
		if p := Interior(g); p != (orb.Point{}) {
			t.Errorf("Interior(%v) = %v", g, p)
		}
	}
}

func TestTouches(t *testing.T) {
	t.Parallel()
	b := orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}
	ring := orb.Ring{{-5, -5}, {5, -5}, {5, 5}, {-5, 5}, {-5, -5}}
	hole := orb.Ring{{-2, -2}, {2, -2}, {2, 2}, {-2, 2}, {-2, -2}}
	across := orb.Bound{Min: orb.Point{170, -1}, Max: orb.Point{-170, 1}}
	for _, c := range []struct {
		name string
		b    orb.Bound
		g    orb.Geometry
		want bool
	}{
		{"a line through", b, orb.LineString{{-1, 0.5}, {2, 0.6}}, true},
		{"a line past a corner", b, orb.LineString{{-1, 0.5}, {0.5, 2.1}}, false},
		{"a line on the border", b, orb.LineString{{1, -1}, {1, 2}}, true},
		{"a polygon around", b, orb.Polygon{ring}, true},
		{"in its hole", b, orb.Polygon{ring, hole}, false},
		{"a polygon within", b, orb.Polygon{{{0.2, 0.2}, {0.3, 0.2}, {0.3, 0.3}, {0.2, 0.2}}}, true},
		{"a point", b, orb.Point{1, 1}, true},
		{"points", b, orb.MultiPoint{{2, 2}, {0.5, 0.5}}, true},
		{"beside", b, orb.Point{1.01, 1}, false},
		{"east of the antimeridian", across, orb.Point{-175, 0}, true},
		{"west of it", across, orb.Point{175, 0}, true},
		{"the other side", across, orb.Point{0, 0}, false},
		{"none", b, nil, false},
	} {
		if got := Touches(c.b, c.g); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	ring := orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 0}}
	flat := make(orb.Ring, 0, 200_001) // must not take the square of its length
	for i := range 100_000 {
		flat = append(flat, orb.Point{float64(i) / 1e4, 3})
	}
	flat = append(flat, flat[0])
	nested := orb.Geometry(orb.Point{})
	for range 6 {
		nested = orb.Collection{nested}
	}
	for _, c := range []struct {
		name string
		g    orb.Geometry
		want string // part of the message; empty: valid
	}{
		{"point", orb.Point{114, 30}, ""},
		{"corner of the world", orb.Point{180, -90}, ""},
		{"polygon", orb.Polygon{ring}, ""},
		{"outline", orb.MultiPolygon{{outline}}, ""},
		{"collection", orb.Collection{orb.Point{}, ring}, ""},
		{"nil", nil, "expected a geometry"},
		{"NaN", orb.Point{math.NaN(), 0}, "position 1"},
		{"infinite", orb.LineString{{0, 0}, {math.Inf(1), 0}}, "position 2"},
		{"swapped", orb.Point{30, 114}, "swapped"},
		{"metres", orb.Point{529547, 3383054}, "longitude -180 to 180"},
		{"short line", orb.LineString{{0, 0}}, "at least 2"},
		{"empty line", orb.LineString{}, "at least 2"},
		{"empty points", orb.MultiPoint{}, "at least 1"},
		{"empty polygon", orb.Polygon{}, "empty"},
		{"empty member", orb.MultiPolygon{{}}, "empty"},
		{"short ring", orb.Polygon{{{0, 0}, {1, 0}, {0, 0}}}, "at least 4"},
		{"open ring", orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, "not closed"},
		{"flat ring", orb.Polygon{flat}, "no area"},
		{"slanting flat ring", orb.Polygon{{{0, 0}, {1, 1}, {2, 2}, {0, 0}}}, "no area"},
		{"one place", orb.Polygon{{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}, "no area"},
		{"enormous", make(orb.MultiPoint, MaxPositions+1), "more than"},
		{"enormous in parts", orb.Collection{make(orb.MultiPoint, MaxPositions), orb.Point{}}, "more than"},
		{"nested", nested, "nested"},
	} {
		err := Validate(c.g)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
