package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// box is a rectangle in degrees.
func box(west, south, east, north float64) orb.Polygon {
	return orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}.ToPolygon()
}

func TestSharedBorder(t *testing.T) {
	t.Parallel()
	a := box(114.300, 30.570, 114.302, 30.572)
	height := Distance(orb.Point{114.302, 30.570}, orb.Point{114.302, 30.572})
	cases := map[string]struct {
		b    orb.Geometry
		want float64
	}{
		"side by side":           {box(114.302, 30.570, 114.304, 30.572), height},
		"half a side":            {box(114.302, 30.571, 114.304, 30.574), height / 2},
		"5 cm apart":             {box(114.3020005, 30.570, 114.304, 30.572), height},
		"a metre apart":          {box(114.30201, 30.570, 114.304, 30.572), 0},
		"corner to corner":       {box(114.302, 30.572, 114.304, 30.574), 0},
		"apart":                  {box(114.4, 30.570, 114.5, 30.572), 0},
		"crossing":               {box(114.301, 30.571, 114.303, 30.573), 0},
		"itself":                 {a, Length(a)},
		"in pieces":              {orb.MultiPolygon{box(114.302, 30.570, 114.304, 30.5705), box(114.302, 30.5715, 114.304, 30.572)}, height / 2},
		"around it":              {orb.Polygon{box(114.2, 30.5, 114.4, 30.6)[0], a[0]}, Length(a)},
		"a corner more":          {orb.Polygon{{{114.302, 30.570}, {114.304, 30.570}, {114.304, 30.572}, {114.302, 30.572}, {114.302, 30.5713}, {114.302, 30.570}}}, height},
		"a line is no area":      {orb.LineString{{114.302, 30.570}, {114.302, 30.572}}, 0},
		"a degenerate rectangle": {box(114.302, 30.570, 114.302, 30.570), 0},
	}
	for name, c := range cases {
		if got := SharedBorder(a, c.b, 0.1); math.Abs(got-c.want) > 0.25 {
			t.Errorf("%s: %.2f m, expected %.2f m", name, got, c.want)
		}
	}
}

// TestSharedBorderIsMutual: what a shares with b, b shares with a.
func TestSharedBorderIsMutual(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		x, y := float64(rng.IntN(4))/1000, float64(rng.IntN(4))/1000
		a, b := box(114.3, 30.57, 114.302, 30.572), box(114.3+x, 30.57+y, 114.302+x, 30.573+y)
		ab, ba := SharedBorder(a, b, 0.1), SharedBorder(b, a, 0.1)
		if math.Abs(ab-ba) > 0.5 {
			t.Errorf("moved by %g,%g: %.2f m one way, %.2f m the other", x, y, ab, ba)
		}
	}
}
