package tiles

import (
	"cmp"
	"slices"

	"shapan/layers"
)

// mesh is the borders of all areas that a layer has in a tile, on the tile's lattice. Rounding alone would let borders
// cross that do not, and leave gaps where one area has a position on its border that its neighbour has not. So a border
// also bends to every position, of any area, whose unit it goes through (snap rounding; Hobby, 1999, "Practical segment
// intersection with finite precision output"). Then borders meet in knots alone: one that areas share is the same knots
// in all of them, and the rings of a valid area do not cross. No border moves by more than a unit of the lattice. The
// bends in a tile depend on nothing outside it, as borders are cut at its sides.
//
// It is our own because libraries for areas (GEOS, simplefeatures) compute in floats: their results, once rounded, cross
// again.
type mesh struct {
	coarse uint // a step of the lattice is 1<<coarse units
	shift  uint // from fine steps to the lattice
	known  lattice
	knots  []knot
	steps  []step
	rings  []ring
	chains []int32 // the knots of the rings, one ring after another
	hits   []hit
	weight int // steps that leave a knot: about how many positions there are to draw

	web     web
	outline []pos
}

// knot is a position of the lattice that borders go through.
type knot struct {
	x, y   int32
	beside [2]int32 // the knots + 1 next to it on the first border that came, the lesser first
	seen   int32    // the last feature that went through it, + 1
	fork   bool     // another border has others next to it: it is kept even where borders go straight on
}

// step is a position of a ring, in fine steps of the tile, and the knot that it is in.
type step struct{ x, y, knot int32 }

// ring is a ring of an area: first its steps, then also its knots.
type ring struct {
	kind             layers.PathKind
	steps, stepsEnd  int
	chain, chainsEnd int
	area             int64 // twice its area, in steps of the lattice, by the surveyor's formula
}

// hit is a knot that a border bends to, and how far along the border it is.
type hit struct{ along, knot int32 }

// start empties the mesh for areas that a tracer follows.
func (m *mesh) start(t *tracer) {
	m.known.start(t.coarse, m.knots)
	m.coarse, m.shift = t.coarse, t.lattice()
	m.knots, m.steps, m.rings, m.chains, m.weight = m.knots[:0], m.steps[:0], m.rings[:0], m.chains[:0], 0
}

// knot returns the knot at a position of the lattice.
func (m *mesh) knot(x, y int32) int32 {
	n, fresh := m.known.number(x, y, int32(len(m.knots)))
	if fresh {
		m.knots = append(m.knots, knot{x: x, y: y})
	}
	return n
}

// add adds a ring of the feature at hand, and tells whether there is anything of it: one that is all in one knot is
// nothing.
func (m *mesh) add(t *tracer, path layers.Path, own bool) bool {
	lines := t.cutLines()
	from := len(m.steps)
	knots := 0
	for _, p := range t.walk(path.XY, own) {
		if m.weight+knots > mostSteps {
			break // what is so long is not drawn
		}
		if !own {
			p.x, p.y = clamp(p.x, &lines), clamp(p.y, &lines)
		}
		s := step{int32(p.x), int32(p.y), 0}
		n := len(m.steps)
		if n == from || s.x>>m.shift != m.steps[n-1].x>>m.shift || s.y>>m.shift != m.steps[n-1].y>>m.shift {
			s.knot = m.knot(s.x>>m.shift, s.y>>m.shift)
			knots++
		} else if s.knot = m.steps[n-1].knot; n-from > 1 && m.steps[n-2].knot == s.knot {
			m.steps[n-1] = s // of a run in one knot only the ends matter
			continue
		}
		m.steps = append(m.steps, s)
	}
	if knots < 3 { // it does not even lead there and back
		m.steps = m.steps[:from]
		return false
	}
	m.weight += knots
	m.rings = append(m.rings, ring{kind: path.Kind, steps: from, stepsEnd: len(m.steps)})
	return true
}

// tie turns the rings of a feature into chains of knots. It tells whether a knot comes twice. With more than mostKnots the
// chains are not whole.
func (m *mesh) tie(rings []ring, feature int32) (tangled bool) {
	for i := range rings {
		r := &rings[i]
		r.chain = len(m.chains)
		m.chain(m.steps[r.steps:r.stepsEnd])
		r.chainsEnd = len(m.chains)
		if len(m.chains) > mostKnots {
			return false
		}
		chain := m.chains[r.chain:]
		before, at := chain[len(chain)-1], chain[0]
		for j := range chain {
			next := chain[0]
			if j+1 < len(chain) {
				next = chain[j+1]
			}
			k, to := &m.knots[at], &m.knots[next]
			tangled = tangled || k.seen == feature+1
			k.seen = feature + 1
			k.pass(before, next)
			r.area += int64(k.x)*int64(to.y) - int64(to.x)*int64(k.y)
			before, at = at, next
		}
	}
	return tangled
}

// pass notes that a border goes through the knot from one to another.
func (k *knot) pass(a, b int32) {
	pair := [2]int32{min(a, b) + 1, max(a, b) + 1}
	if k.beside == [2]int32{} {
		k.beside = pair
	}
	k.fork = k.fork || k.beside != pair
}

// chain adds the knots of a closed run of steps, none twice in a row.
func (m *mesh) chain(steps []step) {
	from := len(m.chains)
	for i, s := range steps[:len(steps)-1] {
		if len(m.chains) > mostKnots {
			break // what is so long is not drawn
		}
		if n := len(m.chains); n == from || m.chains[n-1] != s.knot {
			m.chains = append(m.chains, s.knot)
		}
		if next := &steps[i+1]; next.knot != s.knot {
			m.bend(&s, next)
		}
	}
	if n := len(m.chains); n > from && m.chains[n-1] == m.chains[from] {
		m.chains = m.chains[:n-1]
	}
}

// bend adds the knots that the segment between two steps goes through, its ends left out, in their order.
func (m *mesh) bend(a, b *step) {
	ka, kb := &m.knots[a.knot], &m.knots[b.knot]
	r := rectangle{min(ka.x, kb.x), min(ka.y, kb.y), max(ka.x, kb.x), max(ka.y, kb.y)}
	if r.x1-r.x0+r.y1-r.y0 == 1 {
		return // there is nothing between neighbours
	}
	m.hits = m.hits[:0]
	l := newLine(a, b)
	sx, sy := int32(sign(int64(kb.x-ka.x))), int32(sign(int64(kb.y-ka.y)))
	c0, c1, last := m.known.block(r.x0), m.known.block(r.x1), m.known.block(r.y1)
	for row := m.known.block(r.y0); row <= last; row++ {
		from, to := c0, c1
		if c1-c0 > 1 && r.y1 > r.y0 {
			w, e := l.columns(row<<blockShift-m.known.off, m.shift, r.x0, r.x1)
			from, to = m.known.block(w), m.known.block(e)
		}
		for col := from; col <= to; col++ {
			for i, word := range m.known.in(col, row, r) {
				for ; word != 0; word &= word - 1 {
					x, y := m.known.position(col, row, i, word)
					if x == ka.x && y == ka.y || x == kb.x && y == kb.y || !l.through(x, y, m.shift) {
						continue
					}
					m.hits = append(m.hits, hit{sx*x + sy*y, m.knot(x, y)})
				}
			}
		}
	}
	if len(m.hits) > 1 {
		slices.SortFunc(m.hits, func(a, b hit) int { return cmp.Compare(a.along, b.along) })
	}
	for _, h := range m.hits {
		m.chains = append(m.chains, h.knot)
	}
}

// line is a segment from west to east, or from north to south where it is upright, in fine steps.
type line struct{ x, y, dx, dy int64 }

func newLine(a, b *step) line {
	if a.x > b.x || a.x == b.x && a.y > b.y {
		a, b = b, a
	}
	return line{int64(a.x), int64(a.y), int64(b.x) - int64(a.x), int64(b.y) - int64(a.y)}
}

// columns returns the first and the last column between x0 and x1 that the line, which is not level, may go through in the
// rows of a block that begins with row y.
func (l *line) columns(y int32, shift uint, x0, x1 int32) (from, to int32) {
	size := float64(int64(1) << shift)
	slope := float64(l.dx) / float64(l.dy)
	north := float64(int64(y)<<shift - l.y)
	a, b := float64(l.x)+north*slope, float64(l.x)+(north+size*(1<<blockShift))*slope
	west, east := min(a, b)/size-1, max(a, b)/size+1 // one more, against rounding
	return int32(min(max(west, float64(x0)), float64(x1))), int32(max(min(east, float64(x1)), float64(x0)))
}

// through tells whether the line goes through a square of the lattice, of which the north and west sides are part. It is
// exact, whichever way the line was given.
func (l *line) through(col, row int32, shift uint) bool {
	size := int64(1) << shift
	x, y := int64(col)<<shift-l.x, int64(row)<<shift-l.y // of the square's corner, from the line's beginning
	if x > l.dx || x+size <= 0 || y > max(l.dy, 0) || y+size <= min(l.dy, 0) {
		return false
	}
	switch {
	case l.dx == 0:
		return true
	case l.dy > 0: // the corners that are furthest to its sides are the north-east and the south-west one: both beyond
		return l.dx*y-l.dy*(x+size) < 0 && l.dx*(y+size)-l.dy*x > 0
	}
	return l.dx*y-l.dy*x <= 0 && l.dx*(y+size)-l.dy*(x+size) > 0
}

// at returns a knot's position in units of the tile.
func (m *mesh) at(n int32) pos {
	k := &m.knots[n]
	return pos{int64(k.x) << m.coarse, int64(k.y) << m.coarse}
}

// area returns twice the area of a chain, in steps of the lattice, by the surveyor's formula.
func (m *mesh) area(chain []int32) (a int64) {
	for i, n := range chain {
		p, q := &m.knots[n], &m.knots[chain[(i+1)%len(chain)]]
		a += int64(p.x)*int64(q.y) - int64(q.x)*int64(p.y)
	}
	return a
}

// draw calls fn with the rings of a feature as they stand in a tile: outer rings with positive area, each followed by its
// holes with negative. Knots where every border goes straight on are left out. The slice is valid during the call.
func (m *mesh) draw(rings []ring, tangled bool, fn func([]pos)) {
	if tangled && m.untangle(rings, fn) {
		return
	}
	for len(rings) > 0 {
		n := 1
		for n < len(rings) && rings[n].kind == layers.PathHole {
			n++
		}
		m.polygon(rings[:n], fn)
		rings = rings[n:]
	}
}

// polygon draws an outer ring with its holes, unless they leave nothing of it.
func (m *mesh) polygon(rings []ring, fn func([]pos)) {
	left := max(rings[0].area, -rings[0].area)
	if left == 0 {
		return
	}
	for _, r := range rings[1:] {
		left -= max(r.area, -r.area)
	}
	if left <= 0 {
		return
	}
	for _, r := range rings {
		m.emit(m.chains[r.chain:r.chainsEnd], r.area, r.kind == layers.PathHole, fn)
	}
}

// emit calls fn with a chain of an area as a ring of positive area, or of negative for a hole.
func (m *mesh) emit(chain []int32, area int64, hole bool, fn func([]pos)) {
	if area == 0 {
		return
	}
	m.outline = m.outline[:0]
	before, p := m.at(chain[len(chain)-1]), m.at(chain[0])
	for i, n := range chain {
		next := m.at(chain[0])
		if i+1 < len(chain) {
			next = m.at(chain[i+1])
		}
		if m.knots[n].fork || !straight(before, p, next) {
			m.outline = append(m.outline, p)
		}
		before, p = p, next
	}
	if area > 0 == hole {
		slices.Reverse(m.outline)
	}
	fn(m.outline)
}
