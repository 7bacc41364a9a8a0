package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Nearest calls fn with the rows in order of their distance in metres from p, and of their number where distances are
// equal, until fn returns false. distance measures one row exactly; it is asked only of rows that may be next.
// A row that it measures as +Inf (or NaN) is left out.
//
// Windows around p that double in size come first, as most callers want few rows and stop early; what is left is
// searched best box first (G. Hjaltason and H. Samet, ACM TODS 24 (2), 1999) by a lower bound of the distance.
func (x *Index) Nearest(p orb.Point, distance func(row uint32) float64, fn func(row uint32, metres float64) bool) {
	n := &nearest{p: p, distance: distance, fn: fn, seen: nowhere}
	n.sin, n.cos = math.Sincos(p[1] * radian)
	n.heap, n.fresh = n.heapSpace[:0], n.freshSpace[:0]
	if !n.windows(x) {
		return
	}
	on := true
	x.tree.Nearby(func(lo, hi [2]float64, _ uint32, _ bool) float64 {
		return lowerBound(p, n.sin, n.cos, orb.Bound{Min: lo, Max: hi})
	}, func(lo, hi [2]float64, row uint32, lower float64) bool {
		if on = n.flush(lower); on && !meets(n.seen, lo, hi) {
			n.push(candidate{metres: lower, row: row})
		}
		return on
	})
	if on {
		n.flush(math.Inf(1))
	}
}

// nearest is one search.
type nearest struct {
	p        orb.Point
	sin, cos float64 // of p's latitude
	distance func(row uint32) float64
	fn       func(row uint32, metres float64) bool
	seen     orb.Bound   // the rows that meet it are in the heap or handed out
	heap     []candidate // the least first
	fresh    []candidate // of the window being searched

	heapSpace, freshSpace [24]candidate // the first space of the two
}

// candidate is a row with its distance, or a lower bound of it.
type candidate struct {
	metres float64
	row    uint32
	exact  bool // metres is the distance
}

// nowhere meets nothing.
var nowhere = orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}

func meets(b orb.Bound, lo, hi [2]float64) bool {
	return lo[0] <= b.Max[0] && hi[0] >= b.Min[0] && lo[1] <= b.Max[1] && hi[1] >= b.Min[1]
}

// windows hands out what is nearer than the borders of growing windows, and returns false when fn wants no more. It
// gives up where a window would cross a pole or the antimeridian, is large, or holds many rows.
func (n *nearest) windows(x *Index) bool {
	const last, crowd = 0.5, 1024 // degrees of latitude, rows
	for high := x.spacing(); high < last; high *= 2 {
		wide := high / n.cos
		w := orb.Bound{Min: orb.Point{n.p[0] - wide, n.p[1] - high}, Max: orb.Point{n.p[0] + wide, n.p[1] + high}}
		if !(w.Min[0] >= -180 && w.Max[0] <= 180 && w.Min[1] > -89 && w.Max[1] < 89) {
			return true
		}
		n.fresh = n.fresh[:0]
		x.tree.Search(w.Min, w.Max, func(lo, hi [2]float64, row uint32) bool {
			if !meets(n.seen, lo, hi) {
				n.fresh = append(n.fresh, candidate{metres: lowerBound(n.p, n.sin, n.cos, orb.Bound{Min: lo, Max: hi}), row: row})
			}
			return len(n.fresh) <= crowd
		})
		if len(n.fresh) > crowd {
			return true
		}
		for _, c := range n.fresh {
			n.push(c)
		}
		n.seen = w
		// what does not meet the window lies beyond its northern or southern border, or beyond the meridian of another
		border := leastRadius * math.Min(high*radian, math.Asin(n.cos*math.Sin(wide*radian)))
		if !n.flush(border*(1-1e-12) - slack) {
			return false
		}
	}
	return true
}

// spacing guesses the distance between neighbouring rows, in degrees: as if they were even over their bound, but little
// enough for rows in clusters.
func (x *Index) spacing() float64 {
	const least, most = 1e-5, 1e-3
	lo, hi := x.tree.Bounds()
	even := math.Sqrt((hi[0] - lo[0]) * (hi[1] - lo[1]) / float64(max(x.tree.Len(), 1)))
	return math.Max(least, math.Min(most, 1.4*even))
}

// flush hands out what is surely nearer than limit; false when fn wants no more.
func (n *nearest) flush(limit float64) bool {
	for len(n.heap) > 0 && n.heap[0].metres < limit {
		c := n.heap[0]
		if !c.exact {
			d := n.distance(c.row)
			if math.IsNaN(d) {
				d = math.Inf(1) // NaN has no place in an order
			}
			n.heap[0].metres, n.heap[0].exact = d, true
			n.down()
			continue
		}
		end := len(n.heap) - 1
		n.heap[0] = n.heap[end]
		n.heap = n.heap[:end]
		n.down()
		if !n.fn(c.row, c.metres) {
			return false
		}
	}
	return true
}

// before orders the heap: at the same metres a row that is still to be measured comes first, as it may have a lower
// number.
func (c candidate) before(d candidate) bool {
	if c.metres != d.metres {
		return c.metres < d.metres
	}
	if c.exact != d.exact {
		return d.exact
	}
	return c.row < d.row
}

// push adds a candidate to the heap.
func (n *nearest) push(c candidate) {
	n.heap = append(n.heap, c)
	for i := len(n.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !n.heap[i].before(n.heap[parent]) {
			return
		}
		n.heap[i], n.heap[parent] = n.heap[parent], n.heap[i]
		i = parent
	}
}

// down moves the first of the heap to its place.
func (n *nearest) down() {
	for i := 0; ; {
		least := i
		for kid := 2*i + 1; kid <= 2*i+2 && kid < len(n.heap); kid++ {
			if n.heap[kid].before(n.heap[least]) {
				least = kid
			}
		}
		if least == i {
			return
		}
		n.heap[i], n.heap[least] = n.heap[least], n.heap[i]
		i = least
	}
}

// leastRadius is the least radius of curvature of the ellipsoid: the meridian's at the equator. A path on the ellipsoid
// is at least as long as the path through the same latitudes and longitudes on a sphere of this radius.
const leastRadius = semiMajor * (1 - ecc2)

// slack is more metres than what Distance may round.
const slack = 1e-7

// lowerBound returns metres that no position of the box is nearer to p than. It is the haversine formula with the least
// difference of latitude, the least difference of longitude (around the globe) and the least cosine in the box; sin and
// cos are those of p's latitude. Near by, the functions are replaced by polynomials below them.
func lowerBound(p orb.Point, sin, cos float64, b orb.Bound) float64 {
	dlat := math.Max(0, math.Max(b.Min[1]-p[1], p[1]-b.Max[1])) * radian
	dlon := 0.0
	if p[0] < b.Min[0] || p[0] > b.Max[0] {
		east, west := b.Min[0]-p[0], p[0]-b.Max[0]
		if east < 0 {
			east += 360
		}
		if west < 0 {
			west += 360
		}
		dlon = math.Min(east, west) * radian
	}
	if dlon == 0 {
		return leastRadius*dlat*(1-1e-12) - slack
	}
	far := math.Max(math.Abs(b.Min[1]-p[1]), math.Abs(b.Max[1]-p[1])) * radian
	if far < 0.2 && dlon < 0.2 {
		least := math.Max(0, cos-math.Abs(sin)*far-far*far/2)
		h := dlat*dlat*(1-dlat*dlat/12) + cos*least*dlon*dlon*(1-dlon*dlon/12)
		return leastRadius*math.Sqrt(h)*(1-1e-12) - slack
	}
	least := math.Max(0, math.Min(math.Cos(b.Min[1]*radian), math.Cos(b.Max[1]*radian)))
	sa, so := math.Sin(dlat/2), math.Sin(dlon/2)
	h := math.Min(1, sa*sa+math.Max(cos, 0)*least*so*so)
	return leastRadius*2*math.Asin(math.Sqrt(h))*(1-1e-12) - slack
}
