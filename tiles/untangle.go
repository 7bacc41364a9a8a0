package tiles

import (
	"cmp"
	"slices"

	"shapan/layers"
)

// web is the borders of one feature as edges between knots, for untangling.
type web struct {
	edges  []edge
	stack  []int         // the edges of the walk at hand
	place  map[int32]int // by knot: where in the stack an edge leaves it
	outers [][]int32     // rings around an area, as knots
	holes  [][]int32
}

// edge leads from one knot to another and has the area on its left, where x is to the right and y is up.
type edge struct {
	from, to int32
	used     bool
}

// untangle draws a feature of which rounding brought borders together. Where two lie on each other there is no area
// between them, and both go; what is left is followed along its areas, so that an area that was pinched off becomes a
// polygon of its own, and a ring that comes by a knot twice becomes two.
func (m *mesh) untangle(rings []ring, fn func([]pos)) {
	w := &m.web
	w.edges, w.outers, w.holes = w.edges[:0], w.outers[:0], w.holes[:0]
	for _, r := range rings {
		chain := m.chains[r.chain:r.chainsEnd]
		back := r.area > 0 == (r.kind == layers.PathHole)
		for i, at := range chain {
			e := edge{from: at, to: chain[(i+1)%len(chain)]}
			if back {
				e.from, e.to = e.to, e.from
			}
			w.edges = append(w.edges, e)
		}
	}
	w.cancel()
	m.follow()
	m.group(fn)
}

// cancel takes out pairs of edges that lead the opposite way, and orders the others by where they begin.
func (w *web) cancel() {
	slices.SortFunc(w.edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(min(a.from, a.to), min(b.from, b.to)), cmp.Compare(max(a.from, a.to), max(b.from, b.to)), cmp.Compare(a.from, b.from))
	})
	left := w.edges[:0]
	for i := 0; i < len(w.edges); {
		e := w.edges[i]
		there, back := 0, 0
		for ; i < len(w.edges) && min(w.edges[i].from, w.edges[i].to) == min(e.from, e.to) && max(w.edges[i].from, w.edges[i].to) == max(e.from, e.to); i++ {
			if w.edges[i].from == e.from {
				there++
			} else {
				back++
			}
		}
		if back > there {
			e.from, e.to = e.to, e.from
			there, back = back, there
		}
		for range there - back { // never more than were read
			left = append(left, e)
		}
	}
	w.edges = left
	slices.SortFunc(w.edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
}

// follow walks along the edges, at each knot along the area that it came by, and gathers the rings that it closes.
func (m *mesh) follow() {
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
	}
}

// close takes a ring off the stack.
func (m *mesh) close(first int) {
	w := &m.web
	var chain []int32
	for _, at := range w.stack[first:] {
		chain = append(chain, w.edges[at].from)
		delete(w.place, w.edges[at].from)
	}
	w.stack = w.stack[:first]
	switch area := m.area(chain); {
	case area > 0:
		w.outers = append(w.outers, chain)
	case area < 0:
		w.holes = append(w.holes, chain)
	}
}

// leftmost returns the edge, not used yet, that turns to the left most sharply from the end of another; -1: there is
// none.
func (m *mesh) leftmost(e edge) int {
	w := &m.web
	v := m.at(e.to)
	u := m.at(e.from)
	best := -1
	var bestEnd pos
	at, _ := slices.BinarySearchFunc(w.edges, e.to, func(e edge, from int32) int { return cmp.Compare(e.from, from) })
	for ; at < len(w.edges) && w.edges[at].from == e.to; at++ {
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

// group draws each outer ring with the holes that are in it; a hole that is in none is what rounding turned inside out.
func (m *mesh) group(fn func([]pos)) {
	w := &m.web
	in := make([]int, len(w.holes))
	for h, hole := range w.holes {
		in[h] = -1
		least := int64(0)
		for o, outer := range w.outers {
			if area := m.area(outer); (in[h] < 0 || area < least) && m.holds(outer, hole) {
				in[h], least = o, area
			}
		}
	}
	for o, outer := range w.outers {
		m.emit(outer, m.area(outer), false, fn)
		for h, hole := range w.holes {
			if in[h] == o {
				m.emit(hole, m.area(hole), true, fn)
			}
		}
	}
}

// holds tells whether a ring holds another, which it may touch in knots but has no edge in common with: whether it holds
// the middle of the other's first edge.
func (m *mesh) holds(outer, inner []int32) bool {
	a, b := m.at(inner[0]), m.at(inner[1])
	p := pos{a.x + b.x, a.y + b.y} // doubled, as all below
	inside := false
	for i, n := range outer {
		q, r := m.at(n), m.at(outer[(i+1)%len(outer)])
		q, r = pos{2 * q.x, 2 * q.y}, pos{2 * r.x, 2 * r.y}
		if q.y > p.y == (r.y > p.y) {
			continue
		}
		if c := cross(q, r, p); c > 0 == (r.y > q.y) {
			inside = !inside
		}
	}
	return inside
}
