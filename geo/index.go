package geo

import (
	"container/heap"
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// Index is an R-tree of row numbers by bound (lon/lat degrees). The zero value is empty and ready. It may be read by
// many at once, but not while it is written; Copy gives the writer a version of its own.
type Index struct {
	tree rtree.RTreeGN[float64, uint32]
}

// Insert adds a row with its bound.
func (x *Index) Insert(b orb.Bound, row uint32) { x.tree.Insert(b.Min, b.Max, row) }

// Delete removes a row that was inserted with the same bound; otherwise nothing happens.
func (x *Index) Delete(b orb.Bound, row uint32) { x.tree.Delete(b.Min, b.Max, row) }

// Len returns the number of rows.
func (x *Index) Len() int { return x.tree.Len() }

// Copy returns a copy in constant time; both share what neither writes. Only the writer may call it, for the first
// write to each part afterwards copies that part: copy once a batch.
func (x *Index) Copy() *Index {
	return &Index{tree: *x.tree.Copy()}
}

// Search calls fn with the rows whose bounds meet b, in no particular order, until fn returns false. Min[0] > Max[0]
// crosses the antimeridian.
func (x *Index) Search(b orb.Bound, fn func(row uint32) bool) {
	on := true
	iter := func(_, _ [2]float64, row uint32) bool {
		on = fn(row)
		return on
	}
	if b.Min[0] <= b.Max[0] {
		x.tree.Search(b.Min, b.Max, iter)
		return
	}
	seen := map[uint32]bool{} // a row may span both sides
	x.tree.Search(b.Min, orb.Point{180, b.Max[1]}, func(lo, hi [2]float64, row uint32) bool {
		seen[row] = true
		return iter(lo, hi, row)
	})
	if on {
		x.tree.Search(orb.Point{-180, b.Min[1]}, b.Max, func(lo, hi [2]float64, row uint32) bool {
			return seen[row] || iter(lo, hi, row)
		})
	}
}

// Nearest calls fn with the rows in order of their distance in metres from p, and of their number where distances are
// equal, until fn returns false. distance measures one row exactly; it is asked only of rows that may be next. Boxes are
// searched best first (G. Hjaltason and H. Samet, ACM TODS 24 (2), 1999) by a lower bound of the distance.
func (x *Index) Nearest(p orb.Point, distance func(row uint32) float64, fn func(row uint32, metres float64) bool) {
	sin, cos := math.Sincos(p[1] * radian)
	var measured measuredRows
	on := true
	flush := func(limit float64) bool { // hands out what is surely nearer than all that is still boxed
		for on && len(measured) > 0 && measured[0].metres < limit {
			m := heap.Pop(&measured).(measuredRow)
			on = fn(m.row, m.metres)
		}
		return on
	}
	x.tree.Nearby(func(lo, hi [2]float64, _ uint32, _ bool) float64 {
		return lowerBound(p, sin, cos, orb.Bound{Min: lo, Max: hi})
	}, func(_, _ [2]float64, row uint32, lower float64) bool {
		if !flush(lower) {
			return false
		}
		heap.Push(&measured, measuredRow{distance(row), row})
		return true
	})
	flush(math.Inf(1))
}

type measuredRow struct {
	metres float64
	row    uint32
}

type measuredRows []measuredRow

func (h measuredRows) Len() int { return len(h) }
func (h measuredRows) Less(i, j int) bool {
	return h[i].metres < h[j].metres || h[i].metres == h[j].metres && h[i].row < h[j].row
}
func (h measuredRows) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *measuredRows) Push(v any)   { *h = append(*h, v.(measuredRow)) }
func (h *measuredRows) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// leastRadius is the least radius of curvature of the ellipsoid: the meridian's at the equator. A path on the ellipsoid
// is at least as long as the path through the same latitudes and longitudes on a sphere of this radius.
const leastRadius = semiMajor * (1 - ecc2)

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
		return leastRadius * dlat * (1 - 1e-12)
	}
	far := math.Max(math.Abs(b.Min[1]-p[1]), math.Abs(b.Max[1]-p[1])) * radian
	if far < 0.2 && dlon < 0.2 {
		least := math.Max(0, cos-math.Abs(sin)*far-far*far/2)
		h := dlat*dlat*(1-dlat*dlat/12) + cos*least*dlon*dlon*(1-dlon*dlon/12)
		return leastRadius * math.Sqrt(h) * (1 - 1e-12)
	}
	least := math.Max(0, math.Min(math.Cos(b.Min[1]*radian), math.Cos(b.Max[1]*radian)))
	sa, so := math.Sin(dlat/2), math.Sin(dlon/2)
	h := math.Min(1, sa*sa+math.Max(cos, 0)*least*so*so)
	return leastRadius * 2 * math.Asin(math.Sqrt(h)) * (1 - 1e-12)
}
