package tiles

import (
	"cmp"
	"slices"

	"shapan/layers"
)

// web is the borders of one feature as edges between knots, for untangling.
type web struct {
	keys  []uint64 // edges as numbers, to be sorted
	edges []edge
	stack []int         // the edges of the walk at hand
	place map[int32]int // by knot: where in the stack an edge leaves it
	outer []cycle
	holes []cycle
	work  int // edges looked at so far
}

// edge leads from one knot to another and has the area on its left, where x is to the right and y is up.
type edge struct {
	from, to int32
	used     bool
}

// cycle is a ring that comes by no knot twice.
type cycle struct {
	chain []int32
	area  int64 // twice its area; negative for a hole
	bound rectangle
	in    int // of a hole: the outer ring that it is in; -1: none
}

// mostWork is how many edges are looked at for a feature. Hardly any valid area needs that many; what does is drawn as it
// is.
const mostWork = 1 << 23

// untangle draws a feature of which rounding brought borders together, and tells whether it could. Where two borders lie
// on each other there is no area between them, and both go; what is left is followed along its areas, so that an area
// that was pinched off becomes a polygon of its own, and a ring that comes by a knot twice becomes two.
func (m *mesh) untangle(rings []ring, fn func([]pos)) bool {
	w := &m.web
	w.keys, w.outer, w.holes, w.work = w.keys[:0], w.outer[:0], w.holes[:0], 0
	for _, r := range rings {
		chain := m.chains[r.chain:r.chainsEnd]
		back := r.area > 0 == (r.kind == layers.PathHole)
		for i, from := range chain {
			to := chain[0]
			if i+1 < len(chain) {
				to = chain[i+1]
			}
			if back {
				from, to = to, from
			}
			w.keys = append(w.keys, newKey(from, to))
		}
	}
	w.cancel()
	if !m.follow() || !m.group() {
		return false
	}
	for i, c := range w.outer {
		m.emit(c.chain, c.area, false, fn)
		for _, hole := range w.holes {
			if hole.in == i {
				m.emit(hole.chain, hole.area, true, fn)
			}
		}
	}
	return true
}

// newKey returns an edge as a number: edges between the same knots stand together, ordered by their direction.
func newKey(from, to int32) uint64 {
	if from < to {
		return uint64(from)<<32 | uint64(to)<<1
	}
	return uint64(to)<<32 | uint64(from)<<1 | 1
}

// cancel makes edges of the keys, without pairs that lead the opposite way, ordered by where they begin.
func (w *web) cancel() {
	slices.Sort(w.keys)
	w.edges = w.edges[:0]
	for i := 0; i < len(w.keys); {
		pair := w.keys[i] >> 1
		left := 0 // there, less those back
		for ; i < len(w.keys) && w.keys[i]>>1 == pair; i++ {
			left += 1 - 2*int(w.keys[i]&1)
		}
		e := edge{from: int32(pair >> 31), to: int32(pair & (1<<31 - 1))}
		if left < 0 {
			e.from, e.to, left = e.to, e.from, -left
		}
		for range left {
			w.edges = append(w.edges, e)
		}
	}
	slices.SortFunc(w.edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
}

// follow walks along the edges, at each knot along the area that it came by, and gathers the rings that it closes. It
// tells whether that was not too much.
func (m *mesh) follow() bool {
	w := &m.web
	if w.place == nil {
		w.place = map[int32]int{}
	}
	for i := range w.edges {
		for at := i; at >= 0 && !w.edges[at].used; {
			e := &w.edges[at]
			e.used = true
			w.place[e.from] = len(w.stack)
			w.stack = append(w.stack, at)
			if first, closed := w.place[e.to]; closed {
				m.close(first)
				if len(w.stack) == 0 {
					break
				}
			}
			at = m.leftmost(*e)
		}
		if w.work > mostWork {
			w.stack, w.place = w.stack[:0], nil
			return false
		}
	}
	return true
}

// close takes a ring off the stack.
func (m *mesh) close(first int) {
	w := &m.web
	c := cycle{chain: make([]int32, 0, len(w.stack)-first)}
	for i, at := range w.stack[first:] {
		n := w.edges[at].from
		k := &m.knots[n]
		if i == 0 {
			c.bound = rectangle{k.x, k.y, k.x, k.y}
		}
		c.bound = rectangle{min(c.bound.x0, k.x), min(c.bound.y0, k.y), max(c.bound.x1, k.x), max(c.bound.y1, k.y)}
		c.chain = append(c.chain, n)
		delete(w.place, n)
	}
	w.stack = w.stack[:first]
	switch c.area = m.area(c.chain); {
	case c.area > 0:
		w.outer = append(w.outer, c)
	case c.area < 0:
		w.holes = append(w.holes, c)
	}
}

// leftmost returns the edge, not used yet, that turns to the left most sharply from the end of another; -1: there is
// none.
func (m *mesh) leftmost(e edge) int {
	w := &m.web
	v, u := m.at(e.to), m.at(e.from)
	best := -1
	var bestEnd pos
	at, _ := slices.BinarySearchFunc(w.edges, e.to, func(e edge, from int32) int { return cmp.Compare(e.from, from) })
	for ; at < len(w.edges) && w.edges[at].from == e.to; at++ {
		w.work++
		if w.edges[at].used {
			continue
		}
		if end := m.at(w.edges[at].to); best < 0 || clockwise(u, end, bestEnd, v) {
			best, bestEnd = at, end
		}
	}
	return best
}

// clockwise tells whether, seen from v and turning clockwise (y up) from u, a comes before b.
func clockwise(u, a, b, v pos) bool {
	ra, rb := sector(u, a, v), sector(u, b, v)
	if ra != rb {
		return ra < rb
	}
	return cross(a, b, v) < 0
}

// sector says whether, turning clockwise from u, p comes within half a turn (0), at half (1), within the second half (2)
// or after the whole turn (3).
func sector(u, p, v pos) int {
	switch c := cross(u, p, v); {
	case c < 0:
		return 0
	case c > 0:
		return 2
	case (u.x-v.x)*(p.x-v.x)+(u.y-v.y)*(p.y-v.y) < 0:
		return 1
	}
	return 3
}

// cross is the cross product of a and b as seen from v.
func cross(a, b, v pos) int64 { return (a.x-v.x)*(b.y-v.y) - (a.y-v.y)*(b.x-v.x) }

// group finds the outer ring that each hole is in, the smallest of those that hold it. It tells whether that was not too
// much. A hole that is in none is not drawn: its area crosses itself.
func (m *mesh) group() bool {
	w := &m.web
	for h := range w.holes {
		hole := &w.holes[h]
		hole.in = -1
		for o := range w.outer {
			c := &w.outer[o]
			w.work++
			if b, r := c.bound, hole.bound; b.x0 > r.x0 || b.y0 > r.y0 || b.x1 < r.x1 || b.y1 < r.y1 {
				continue
			}
			if hole.in >= 0 && w.outer[hole.in].area <= c.area {
				continue
			}
			if w.work += len(c.chain); m.holds(c.chain, hole.chain) {
				hole.in = o
			}
		}
		if w.work > mostWork {
			return false
		}
	}
	return true
}

// holds tells whether a ring holds another, which it may touch in knots but has no edge in common with: whether it holds
// the middle of the other's first edge.
func (m *mesh) holds(outer, inner []int32) bool {
	a, b := m.at(inner[0]), m.at(inner[1])
	p := pos{a.x + b.x, a.y + b.y} // doubled, as all below
	inside := false
	before := m.at(outer[len(outer)-1])
	for _, n := range outer {
		at := m.at(n)
		q, r := pos{2 * before.x, 2 * before.y}, pos{2 * at.x, 2 * at.y}
		before = at
		if q.y > p.y == (r.y > p.y) {
			continue
		}
		if c := cross(q, r, p); c > 0 == (r.y > q.y) {
			inside = !inside
		}
	}
	return inside
}
