package geo

import (
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

// Bounds returns the bound of all rows; ok is false where there are none.
func (x *Index) Bounds() (b orb.Bound, ok bool) {
	if x.Len() == 0 {
		return b, false
	}
	lo, hi := x.tree.Bounds()
	return orb.Bound{Min: lo, Max: hi}, true
}

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
