package geo

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// The figures are GeographicLib's, by PROJ's geod on the WGS-84 ellipsoid.
var geodesics = []struct {
	a, b   orb.Point
	metres float64
}{
	{orb.Point{-73.8, 40.6}, orb.Point{-0.5, 51.6}, 5551759.400319},
	{orb.Point{0, 0}, orb.Point{1, 0}, 111319.490793},
	{orb.Point{0, 0}, orb.Point{0, 90}, 10001965.729313},
	{orb.Point{114.308, 30.5674}, orb.Point{114.3046, 30.5655}, 388.275634},
	{orb.Point{144.424867889, -37.951033417}, orb.Point{143.926495528, -37.652821139}, 54972.271146}, // Vincenty's own line
	{orb.Point{10, 89.999}, orb.Point{-170, 89.999}, 223.387959},
	{orb.Point{179.9999, -5}, orb.Point{-179.9999, -5}, 22.179741},
	{orb.Point{0, 45}, orb.Point{90, 45}, 6690232.932543},
	{orb.Point{174.81, -41.32}, orb.Point{-5.5, 40.96}, 19959679.267354},
	{orb.Point{0, 0}, orb.Point{179.5, 0.5}, 19936288.578965},
	{orb.Point{0, 0}, orb.Point{179.7, 0.5}, 19944127.420750},
	{orb.Point{0, 0}, orb.Point{180, 0}, 20003931.458625},
	{orb.Point{0, 0}, orb.Point{179.5, 0}, 19980861.908891},
	{orb.Point{0, -30}, orb.Point{179.8, 29.9}, 19989832.827610},
	{orb.Point{114.308, 30.5674}, orb.Point{-65.692, -30.5674}, 20003931.458625},
	{orb.Point{0, 90}, orb.Point{0, -90}, 20003931.458625},
	{orb.Point{0, 0}, orb.Point{179.99, -0.01}, 20002816.634988},
}

func TestDistanceIsTheGeodesic(t *testing.T) {
	t.Parallel()
	for _, g := range geodesics {
		near(t, fmt.Sprint(g.a, g.b), Distance(g.a, g.b), g.metres, 0.0002)
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	t.Parallel()
	r := seeded(1)
	for range 3000 {
		a, b, c := anywhere(r), anywhere(r), anywhere(r)
		ab, ba, bc, ac := Distance(a, b), Distance(b, a), Distance(b, c), Distance(a, c)
		near(t, fmt.Sprint("symmetry ", a, b), ab, ba, 0.0002)
		if ac > ab+bc+0.001 {
			t.Errorf("%v %v %v: %.4f > %.4f + %.4f", a, b, c, ac, ab, bc)
		}
		if ab < 0 || ab > 20003931.4587 || Distance(a, a) != 0 {
			t.Errorf("%v %v: %.4f", a, b, ab)
		}
	}
}

func TestDistanceAcrossTheAntipodes(t *testing.T) {
	t.Parallel()
	r := seeded(2)
	for range 100 {
		a := anywhere(r)
		d := Distance(a, orb.Point{wrap(a[0] + 180), -a[1]})
		near(t, fmt.Sprint(a), d, 20003931.458625, 0.0005) // half a meridian ellipse, whatever the latitude
	}
}

func TestDistanceToIsTheLeastOverTheOutline(t *testing.T) {
	t.Parallel()
	r := seeded(3)
	for range 60 {
		origin := orb.Point{r.Float64()*360 - 180, r.Float64()*160 - 80}
		scale := math.Pow(10, -3+3*r.Float64())
		at := func() orb.Point {
			return orb.Point{math.Max(-180, math.Min(180, origin[0]+(r.Float64()-0.5)*scale)), origin[1] + (r.Float64()-0.5)*scale}
		}
		line, p := orb.LineString{at(), at(), at()}, at()
		least := math.Inf(1)
		for i := 1; i < len(line); i++ {
			for n := range 2001 {
				f := float64(n) / 2000
				least = math.Min(least, Distance(p, orb.Point{line[i-1][0] + f*(line[i][0]-line[i-1][0]), line[i-1][1] + f*(line[i][1]-line[i-1][1])}))
			}
		}
		if got := DistanceTo(p, line); got > least*(1+1e-6)+0.001 || got < least-scale*60 {
			t.Errorf("DistanceTo(%v, %v) = %.4f, the least of samples is %.4f", p, line, got, least)
		}
	}
}

func TestDistanceToByKind(t *testing.T) {
	t.Parallel()
	square := orb.Polygon{{{0, 0}, {3, 0}, {3, 3}, {0, 3}, {0, 0}}, {{1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}}}
	perLat := 110574.388558 // of the first degree from the equator
	for _, c := range []struct {
		name string
		p    orb.Point
		g    orb.Geometry
		want float64
	}{
		{"inside", orb.Point{0.5, 0.5}, square, 0},
		{"border", orb.Point{0, 1}, square, 0},
		{"south", orb.Point{1.5, -1}, square, perLat},
		{"in the hole", orb.Point{1.1, 1.5}, square, Distance(orb.Point{1.1, 1.5}, orb.Point{1, 1.5})},
		{"collection", orb.Point{1.5, -1}, orb.Collection{orb.Point{40, 40}, square}, perLat},
		{"bound", orb.Point{1.5, -1}, square.Bound(), perLat},
		{"points", orb.Point{0, -1}, orb.MultiPoint{{0, 0}, {9, 9}}, perLat},
		{"across the antimeridian", orb.Point{179.5, 0}, orb.LineString{{-179.5, -1}, {-179.5, 1}}, 111319.490793},
		{"no geometry", orb.Point{}, nil, math.Inf(1)},
		{"empty line", orb.Point{}, orb.LineString{}, math.Inf(1)},
	} {
		if got := DistanceTo(c.p, c.g); got != c.want && !(math.Abs(got-c.want) < 0.01) {
			t.Errorf("%s: %.4f, want %.4f", c.name, got, c.want)
		}
	}
}

func TestAreaOfTheSubdistrict(t *testing.T) {
	t.Parallel()
	plane := math.Abs(planar.Area(FromWGS84(GK114, orb.Polygon{outline}))) // published: 3.241 km2
	near(t, "square kilometres", Area(orb.Polygon{outline})/1e6, 3.241, 0.0005)
	scale := 1 + math.Pow(29.5/6371, 2)/2 // of the projection, 29.5 km from its meridian
	near(t, "square metres", Area(orb.Polygon{outline}), plane/(scale*scale), 10)
}

func TestAreaOfTheGlobe(t *testing.T) {
	t.Parallel()
	quarters := orb.MultiPolygon{}
	for lon := -180.0; lon < 180; lon += 90 {
		quarters = append(quarters, orb.Bound{Min: orb.Point{lon, -90}, Max: orb.Point{lon + 90, 90}}.ToPolygon())
	}
	near(t, "globe", Area(quarters), 510065621724088.4, 1e6) // Karney 2013, 4 pi c^2
}

func TestAreaAddsUp(t *testing.T) {
	t.Parallel()
	outer := orb.Ring{{0, 0}, {3, 0}, {3, 3}, {0, 3}, {0, 0}}
	inner := orb.Ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}}
	near(t, "with a hole", Area(orb.Polygon{outer, inner}), Area(outer)-Area(inner), 1)
	reversed := outer.Clone()
	reversed.Reverse()
	near(t, "reversed", Area(reversed), Area(outer), 1e-3)
	west, east := orb.Bound{Min: orb.Point{-1, 50}, Max: orb.Point{0, 52}}, orb.Bound{Min: orb.Point{0, 50}, Max: orb.Point{2, 52}}
	near(t, "halves", Area(west)+Area(east), Area(west.Union(east)), 1)
}

func TestLength(t *testing.T) {
	t.Parallel()
	near(t, "a degree", Length(orb.LineString{{0, 0}, {0.5, 0}, {1, 0}}), 111319.490793, 0.001)
	near(t, "a ring", Length(orb.Polygon{{{0, 0}, {1, 0}, {0, 0}}}), 2*111319.490793, 0.001)
	near(t, "points", Length(orb.MultiPoint{{0, 0}, {1, 0}}), 0, 0)
}

func ExampleDistance() {
	jfk, lhr := orb.Point{-73.8, 40.6}, orb.Point{-0.5, 51.6}
	fmt.Printf("%.3f m\n", Distance(jfk, lhr))
	// Output: 5551759.400 m
}

func ExampleArea() {
	fmt.Printf("%.3f km2\n", Area(orb.Polygon{outline})/1e6)
	// Output: 3.241 km2
}

func BenchmarkDistance(b *testing.B) {
	p := orb.Point{114.31, 30.563}
	for b.Loop() {
		Distance(centre, p)
	}
}
