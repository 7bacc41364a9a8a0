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
	coarse uint    // a step of the lattice is 1<<coarse units
	shift  uint    // from fine steps to the lattice
	heads  []int32 // by cell: the first knot + 1; 0: none
	knots  []knot
	steps  []step
	rings  []ring
	chains []int32 // the knots of the rings, one ring after another
	hits   []hit
	weight int // steps that leave a knot: about how many positions there are to draw

	web     web
	outline []pos
	ends    []int
}

// knot is a position of the lattice that borders go through.
type knot struct {
	x, y   int32
	next   int32    // the next knot of the cell + 1; 0: none
	beside [2]int32 // the knots + 1 next to it on the first border that came, the lesser first
	fork   bool     // another border has others next to it: it is kept even where borders go straight on
	seen   int32    // the last feature that went through it, + 1
}

// step is a position of a ring, in fine steps of the tile, and the knot that it is in.
type step struct{ x, y, knot int32 }

// ring is a ring of an area: first its steps, then also its knots.
type ring struct {
	kind             layers.PathKind
	steps, stepsEnd  int
	chain, chainsEnd int
}

// hit is a knot that a border bends to, and how far along the border it is.
type hit struct{ along, knot int32 }

// A cell of the mesh is 32 units wide and high.
const (
	cellShift = 5
	cellSide  = (Extent+2*reach)>>cellShift + 1
)

// start empties the mesh for areas that a tracer follows.
func (m *mesh) start(t *tracer) {
	m.coarse, m.shift = t.coarse, t.lattice()
	if m.heads == nil {
		m.heads = make([]int32, cellSide*cellSide)
	}
	clear(m.heads)
	m.knots, m.steps, m.rings, m.chains, m.weight = m.knots[:0], m.steps[:0], m.rings[:0], m.chains[:0], 0
}

// cell returns the cell column or row of a lattice position.
func (m *mesh) cell(v int32) int { return (int(v)<<m.coarse + reach) >> cellShift }

// knot returns the knot at a position of the lattice.
func (m *mesh) knot(x, y int32) int32 {
	head := &m.heads[m.cell(y)*cellSide+m.cell(x)]
	for n := *head; n != 0; n = m.knots[n-1].next {
		if k := &m.knots[n-1]; k.x == x && k.y == y {
			return n - 1
		}
	}
	m.knots = append(m.knots, knot{x: x, y: y, next: *head})
	*head = int32(len(m.knots))
	return *head - 1
}

// add adds a ring of the feature at hand; one that is all in one knot is nothing.
func (m *mesh) add(t *tracer, path layers.Path, own bool) {
	lines := t.cutLines()
	from := len(m.steps)
	knots := 0
	for _, p := range t.walk(path.XY, own) {
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
	if knots < 3 { // there and back, or nowhere
		m.steps = m.steps[:from]
		return
	}
	m.weight += knots
	m.rings = append(m.rings, ring{kind: path.Kind, steps: from, stepsEnd: len(m.steps)})
}

// tie turns the rings of a feature, which must be the last ones added before what comes next, into chains of knots. It
// tells whether a knot comes twice.
func (m *mesh) tie(rings []ring, feature int32) (tangled bool) {
	for i := range rings {
		r := &rings[i]
		r.chain = len(m.chains)
		m.chain(m.steps[r.steps:r.stepsEnd])
		r.chainsEnd = len(m.chains)
		chain := m.chains[r.chain:]
		for j, at := range chain {
			k := &m.knots[at]
			tangled = tangled || k.seen == feature+1
			k.seen = feature + 1
			k.pass(chain[(j+len(chain)-1)%len(chain)], chain[(j+1)%len(chain)])
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
	x0, x1, y0, y1 := min(ka.x, kb.x), max(ka.x, kb.x), min(ka.y, kb.y), max(ka.y, kb.y)
	if x1-x0+y1-y0 == 1 {
		return // there is nothing between neighbours
	}
	m.hits = m.hits[:0]
	l := newLine(a, b)
	sx, sy := int32(sign(int64(kb.x-ka.x))), int32(sign(int64(kb.y-ka.y)))
	for row := m.cell(y0); row <= m.cell(y1); row++ {
		from, to := m.columns(&l, row, x0, x1)
		for _, head := range m.heads[row*cellSide+from : row*cellSide+to+1] {
			for n := head; n != 0; n = m.knots[n-1].next {
				k := &m.knots[n-1]
				if k.x < x0 || k.x > x1 || k.y < y0 || k.y > y1 || n-1 == a.knot || n-1 == b.knot || !l.through(k, m.shift) {
					continue
				}
				m.hits = append(m.hits, hit{sx*k.x + sy*k.y, n - 1})
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

// columns returns the first and the last cell of a row that a line between two columns of the lattice may go through.
func (m *mesh) columns(l *line, row int, x0, x1 int32) (from, to int) {
	from, to = m.cell(x0), m.cell(x1)
	if to-from < 3 || l.dy == 0 {
		return from, to
	}
	north := float64(int64(row<<cellShift-reach)<<(m.shift-m.coarse) - l.y) // of the row, from the line's beginning
	slope := float64(l.dx) / float64(l.dy)
	a, b := north*slope, (north+float64(int64(1)<<cellShift<<(m.shift-m.coarse)))*slope
	step := float64(int64(1) << m.shift)
	west, east := (float64(l.x)+min(a, b))/step-1, (float64(l.x)+max(a, b))/step+1 // one more, against rounding
	if west > float64(x0) {
		from = m.cell(int32(min(west, float64(x1))))
	}
	if east < float64(x1) {
		to = m.cell(int32(max(east, float64(x0))))
	}
	return from, to
}

// line is a segment from west to east, or from north to south where it is upright, in fine steps.
type line struct{ x, y, dx, dy int64 }

func newLine(a, b *step) line {
	if a.x > b.x || a.x == b.x && a.y > b.y {
		a, b = b, a
	}
	return line{int64(a.x), int64(a.y), int64(b.x) - int64(a.x), int64(b.y) - int64(a.y)}
}

// through tells whether the line goes through the square of a knot, of which the north and west sides are part. It is
// exact, whichever way the line was given.
func (l *line) through(k *knot, shift uint) bool {
	size := int64(1) << shift
	x, y := int64(k.x)<<shift-l.x, int64(k.y)<<shift-l.y // of the square's corner, from the line's beginning
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
	if tangled {
		m.untangle(rings, fn)
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
	if rings[0].kind == layers.PathHole {
		return // its outer ring is nothing
	}
	left := int64(0)
	for i, r := range rings {
		a := m.area(m.chains[r.chain:r.chainsEnd])
		a = max(a, -a)
		if i > 0 {
			a = -a
		} else if a == 0 {
			return
		}
		left += a
	}
	if left <= 0 {
		return
	}
	for _, r := range rings {
		m.emit(m.chains[r.chain:r.chainsEnd], r.kind == layers.PathHole, fn)
	}
}

// emit calls fn with a chain as a ring of positive area, or of negative for a hole.
func (m *mesh) emit(chain []int32, hole bool, fn func([]pos)) {
	area := m.area(chain)
	if area == 0 {
		return
	}
	m.outline = m.outline[:0]
	n := len(chain)
	for i, at := range chain {
		if p := m.at(at); m.knots[at].fork || !straight(m.at(chain[(i+n-1)%n]), p, m.at(chain[(i+1)%n])) {
			m.outline = append(m.outline, p)
		}
	}
	if area > 0 == hole {
		slices.Reverse(m.outline)
	}
	fn(m.outline)
}
