package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

func TestEqualAreaIsESRI54017(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    orb.Point
		x, y float64
	}{ // as PROJ has it: +proj=cea +lat_ts=30 +ellps=WGS84
		{orb.Point{0, 0}, 0, 0},
		{orb.Point{180, 90}, 17367530.445161, 7342230.136499},
		{orb.Point{114.308, 30.5674}, 11029153.722920, 3721509.782576},
	} {
		if x, y := EqualArea(c.p); math.Abs(x-c.x) > 1e-5 || math.Abs(y-c.y) > 1e-5 {
			t.Errorf("%v is at %.3f %.3f, want %.3f %.3f", c.p, x, y, c.x, c.y)
		}
	}
}

func TestEqualAreaGoesAndComesBack(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		p := orb.Point{rnd.Float64()*360 - 180, rnd.Float64()*178 - 89}
		x, y := EqualArea(p)
		if q := EqualAreaPoint(x, y); math.Abs(q[0]-p[0]) > 1e-9 || math.Abs(q[1]-p[1]) > 1e-9 {
			t.Fatalf("%v came back as %v", p, q)
		}
	}
	for _, y := range []float64{7342231, 9e6, -9e6} {
		if p := EqualAreaPoint(0, y); math.Abs(p[1]) != 90 || math.Signbit(p[1]) != math.Signbit(y) {
			t.Errorf("beyond the pole is %v", p)
		}
	}
}

func TestEqualAreaKeepsAreas(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(6, 5))
	for range 200 {
		w, s := rnd.Float64()*350-180, rnd.Float64()*160-80
		b := orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{w + rnd.Float64()*8 + 0.1, s + rnd.Float64()*8 + 0.1}}
		x0, y0 := EqualArea(b.Min)
		x1, y1 := EqualArea(b.Max)
		if got, want := (x1-x0)*(y1-y0), Area(b); math.Abs(got/want-1) > 1e-9 {
			t.Fatalf("%v: %g in the frame, %g on the ellipsoid", b, got, want)
		}
	}
}

func TestWorldCornerJoinsItsNeighbours(t *testing.T) {
	t.Parallel()
	if p := WorldCorner(0, 0); math.Abs(p[0]+180) > 1e-12 || math.Abs(p[1]-MaxLatitude) > 1e-9 {
		t.Errorf("the north-west corner of the world is %v", p)
	}
	if p := WorldCorner(1<<32, 1<<32); math.Abs(p[0]-180) > 1e-12 || math.Abs(p[1]+MaxLatitude) > 1e-9 {
		t.Errorf("the south-east corner of the world is %v", p)
	}
	rnd := rand.New(rand.NewPCG(7, 5))
	for range 500 {
		x, y := rnd.Uint32(), rnd.Uint32()
		at, nw, se := Unworld(x, y), WorldCorner(int64(x), int64(y)), WorldCorner(int64(x)+1, int64(y)+1)
		if !(nw[0] < at[0] && at[0] < se[0] && nw[1] > at[1] && at[1] > se[1]) {
			t.Fatalf("%v is not between %v and %v", at, nw, se)
		}
	}
}
