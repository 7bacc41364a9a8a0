package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// Whatever is within the metres is in the bound, and the bound reaches no more than a few metres farther to the sides.
func TestAroundHoldsWhatIsNear(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	holds := func(b orb.Bound, p orb.Point) bool {
		if p[1] < b.Min[1] || p[1] > b.Max[1] {
			return false
		}
		if b.Min[0] > b.Max[0] {
			return p[0] >= b.Min[0] || p[0] <= b.Max[0]
		}
		return p[0] >= b.Min[0] && p[0] <= b.Max[0]
	}
	within := 0
	for i := range 20_000 {
		p := orb.Point{random.Float64()*360 - 180, random.Float64()*180 - 90}
		if i%4 == 0 {
			p[0] = math.Copysign(180-random.Float64()/1000, p[0])
		}
		if i%5 == 0 {
			p[1] = math.Copysign(90-random.Float64()/1000, p[1])
		}
		metres := math.Pow(10, random.Float64()*5)
		b := Around(p, metres)
		dy := metres / 110_000
		dx := math.Min(dy/math.Max(math.Cos(p[1]*radian), 1e-9), 180)
		q := orb.Point{wrap(p[0] + (random.Float64()*2.4-1.2)*dx), math.Max(-90, math.Min(90, p[1]+(random.Float64()*2.4-1.2)*dy))}
		if Distance(p, q) <= metres {
			if within++; !holds(b, q) {
				t.Fatalf("%v, %g m from %v, is not in %v", q, Distance(p, q), p, b)
			}
		}
	}
	if within < 5000 {
		t.Errorf("only %d positions were near: the law was hardly asked", within)
	}
	b := Around(orb.Point{114.3, 30.5}, 200)
	if w, h := Distance(orb.Point{b.Min[0], 30.5}, orb.Point{b.Max[0], 30.5}), Distance(b.Min, orb.Point{b.Min[0], b.Max[1]}); w > 402 || h > 405 {
		t.Errorf("200 m around are %.1f by %.1f m", w, h)
	}
}
