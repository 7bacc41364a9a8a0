package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// TestAreasAreWhatIsReached compares the area of walks with the reserve that one has at single places.
func TestAreasAreWhatIsReached(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(94, 1))
	const side, beside = 8, 50.0
	looked, held := 0, 0
	for range 8 {
		n := new(Network).With(town(r, side)...)
		from := stands(r, n, 1, side)[0]
		limit := from.Metres + 100 + 700*r.Float64()
		reach := Reach{Limit: limit, Beside: beside}
		n.Walk(from).Within(limit, func(s Stretch) bool { reach.Add(s); return true })
		area := reach.Area()
		reserve := func(p orb.Point) float64 {
			best := math.Inf(-1)
			for _, s := range reach.lines {
				const parts = 40
				for k := range parts + 1 {
					share := float64(k) / parts
					at := between(s.Line[0], s.Line[1], share)
					best = max(best, min(beside, limit-s.From-share*(s.Till-s.From))-Distance(p, at))
				}
			}
			return best
		}
		for range 300 {
			p := orb.Point{114.299 + r.Float64()*0.0095, 30.549 + r.Float64()*0.0095}
			left := reserve(p)
			if math.Abs(left) < 10 { // about a step of the raster
				continue
			}
			looked++
			if Contains(area, p) != (left > 0) {
				t.Fatalf("a place with %.1f m in reserve: in the area %v", left, left <= 0)
			}
			if left > 0 {
				held++
			}
		}
		for _, p := range area {
			for i, ring := range p {
				if (ring.Orientation() == orb.CCW) != (i == 0) || ring[0] != ring[len(ring)-1] {
					t.Fatalf("ring %d of %d positions is turned %v", i, len(ring), ring.Orientation())
				}
			}
		}
	}
	if held < 100 || looked-held < 100 {
		t.Fatalf("%d places were looked at, %d in the area", looked, held)
	}
}

// TestAreaOfOneStreet is a strip with round ends, as wide as what is left allows.
func TestAreaOfOneStreet(t *testing.T) {
	t.Parallel()
	n := new(Network).With(Way{ID: 1, Lines: orb.MultiLineString{{{114.300, 30.56}, {114.320, 30.56}}}})
	s, _ := n.Stand(orb.Point{114.310, 30.56}, 10)
	const limit, beside = 400, 40.0
	reach := Reach{Limit: limit, Beside: beside}
	n.Walk(s).Within(limit, func(s Stretch) bool { reach.Add(s); return true })
	area := reach.Area()
	// Straight sides up to 40 m before the end, from where they close in a right angle: 360 m of strip, and discs that
	// shrink as fast as they go on, which is the tangent cone of the last full one: its half angle is 90 degrees, a half disc.
	want := 2 * (360*2*beside + math.Pi*beside*beside/2)
	if got := Area(area); len(area) != 1 || math.Abs(got-want) > 0.02*want {
		t.Errorf("%d polygons of %.0f m2, want one of %.0f", len(area), got, want)
	}
	if a := (&Reach{Limit: 100, Beside: 40}).Area(); a != nil {
		t.Errorf("an area of nothing: %v", a)
	}
}
