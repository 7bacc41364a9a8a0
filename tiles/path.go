package tiles

import (
	"math/bits"

	"shapan/layers"

	"github.com/paulmach/orb/maptile"
)

// pos is a position in units of a tile, x to the east and y to the south, from the tile's north-west corner.
type pos struct{ x, y int64 }

// frame turns world coordinates into units of a tile. All tiles of a zoom share one lattice, so neighbours agree on
// every position. A position is in the unit north-west of it: units are rounded down.
type frame struct {
	up, down uint // shifts: to the left below the zoom where a unit is one world unit, else to the right
	x0, y0   int64

	bits             uint // a unit has 1<<bits fine steps a side
	fineUp, fineDown uint // shifts from world coordinates to fine steps

	perDegree float64 // units in a degree of latitude, of a LonLat tile; 0: a tile of Web Mercator
}

// Fine steps are what lines and areas are cut and compared in: at least 64 to a unit, so that rounding does not make
// borders cross, and as many as world coordinates have, up to what lets turns be computed exactly in 64 bits.
const (
	leastFine = 6
	mostFine  = 18
)

func newFrame(t maptile.Tile) frame {
	f := frame{x0: int64(t.X) * Extent, y0: int64(t.Y) * Extent}
	if t.Z > 20 {
		f.up = uint(t.Z) - 20
	} else {
		f.down = 20 - uint(t.Z)
	}
	f.bits = min(max(f.down, leastFine), mostFine)
	f.fineUp, f.fineDown = f.up+f.bits-min(f.down, f.bits), f.down-min(f.down, f.bits)
	return f
}

// at returns the unit of a position.
func (f *frame) at(x, y uint32) pos {
	if f.perDegree > 0 {
		return pos{int64(x)<<f.up>>f.down - f.x0, f.row(y, 0) - f.y0}
	}
	return pos{int64(x)<<f.up>>f.down - f.x0, int64(y)<<f.up>>f.down - f.y0}
}

// fine returns a position in fine steps from the tile's corner.
func (f *frame) fine(c [2]uint32) pos {
	p := pos{int64(c[0])<<f.fineUp>>f.fineDown - f.x0<<f.bits, -f.y0 << f.bits}
	if f.perDegree > 0 {
		p.y += f.row(c[1], f.bits)
	} else {
		p.y += int64(c[1]) << f.fineUp >> f.fineDown
	}
	return p
}

// inside tells whether a position is in the tile itself, the north and west borders included.
func (p pos) inside() bool { return p.x >= 0 && p.x < Extent && p.y >= 0 && p.y < Extent }

// span is the least and the greatest position of a run.
type span struct{ min, max pos }

// near tells whether the span meets the tile and its reach: what a revision of the tile covers.
func (s span) near() bool {
	return s.min.x < Extent+reach && s.max.x >= -reach && s.min.y < Extent+reach && s.max.y >= -reach
}

// own tells whether the whole span is in the tile itself.
func (s span) own() bool {
	return s.min.x >= 0 && s.max.x < Extent && s.min.y >= 0 && s.max.y < Extent
}

// size is the longer side of the span.
func (s span) size() int64 { return max(s.max.x-s.min.x, s.max.y-s.min.y) }

// turn is twice the area of the triangle a, b, c: 0 where they are on one line.
func turn(a, b, c pos) int64 { return (b.x-a.x)*(c.y-b.y) - (b.y-a.y)*(c.x-b.x) }

// tracer follows paths through a tile. Lines and areas are cut where they cross the tile's border, so that neighbours
// meet in the same unit there, and where they leave its reach. A cut depends on nothing but the two positions that it is
// between, whichever comes first.
type tracer struct {
	frame  frame
	coarse uint // lines and areas stand on a lattice of 1<<coarse units
	steps  []pos
	cuts   []pos
	parts  []pos
}

// lattice returns the shift from fine steps to the lattice that lines and areas stand on.
func (t *tracer) lattice() uint { return t.frame.bits + t.coarse }

// cutLines are where paths are cut: the ends of the tile's reach and, between them, its borders.
func (t *tracer) cutLines() [4]int64 {
	return [4]int64{-reach << t.frame.bits, 0, Extent << t.frame.bits, (Extent + reach) << t.frame.bits}
}

// zone is how many of the lines are at or before a value.
func zone(v int64, lines *[4]int64) int {
	if v >= lines[1] {
		if v < lines[2] {
			return 2
		}
		if v < lines[3] {
			return 3
		}
		return 4
	}
	if v >= lines[0] {
		return 1
	}
	return 0
}

// walk returns a path in fine steps, with the positions where it is cut. own says that the path is in the tile itself.
// The slice is valid until the next call.
func (t *tracer) walk(path [][2]uint32, own bool) []pos {
	t.steps = t.steps[:0]
	if own {
		for _, c := range path {
			t.steps = append(t.steps, t.frame.fine(c))
		}
		return t.steps
	}
	lines := t.cutLines()
	var before pos
	var zx, zy int
	for i, c := range path {
		p := t.frame.fine(c)
		x, y := zone(p.x, &lines), zone(p.y, &lines)
		if i > 0 && (x != zx || y != zy) {
			t.cut(before, p, &lines, [2]int{zx, zy}, [2]int{x, y})
		}
		t.steps = append(t.steps, p)
		before, zx, zy = p, x, y
	}
	return t.steps
}

// cut adds the positions where the segment from p to q crosses the lines, in their order.
func (t *tracer) cut(p, q pos, lines *[4]int64, from, to [2]int) {
	t.cuts = t.cuts[:0]
	for i := min(from[0], to[0]); i < max(from[0], to[0]); i++ {
		t.cuts = append(t.cuts, pos{lines[i], crossing(p.x, p.y, q.x, q.y, lines[i])})
	}
	for i := min(from[1], to[1]); i < max(from[1], to[1]); i++ {
		t.cuts = append(t.cuts, pos{crossing(p.y, p.x, q.y, q.x, lines[i]), lines[i]})
	}
	sx, sy := sign(q.x-p.x), sign(q.y-p.y)
	for i := 1; i < len(t.cuts); i++ { // there are at most eight
		for j := i; j > 0 && sx*t.cuts[j].x+sy*t.cuts[j].y < sx*t.cuts[j-1].x+sy*t.cuts[j-1].y; j-- {
			t.cuts[j], t.cuts[j-1] = t.cuts[j-1], t.cuts[j]
		}
	}
	t.steps = append(t.steps, t.cuts...)
}

func sign(v int64) int64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// crossing returns, rounded down, the v at which the segment from (u0, v0) to (u1, v1) has the given u, which is between
// u0 and u1. They differ. The product may need 128 bits.
func crossing(u0, v0, u1, v1, u int64) int64 {
	if u0 > u1 {
		u0, v0, u1, v1 = u1, v1, u0, v0
	}
	hi, lo := bits.Mul64(uint64(u-u0), uint64(max(v1-v0, v0-v1)))
	quo, rem := bits.Div64(hi, lo, uint64(u1-u0))
	if v1 >= v0 {
		return v0 + int64(quo)
	}
	if rem > 0 {
		quo++
	}
	return v0 - int64(quo)
}

// lines calls fn with each part of a line that is in the tile's reach, in units: two positions or more, none repeated in
// a row nor on the way straight from one neighbour to the other. The slice is valid during the call.
func (t *tracer) lines(path [][2]uint32, own bool, fn func([]pos)) {
	steps := t.walk(path, own)
	lines := t.cutLines()
	held := func(p pos) bool { return p.x >= lines[0] && p.x <= lines[3] && p.y >= lines[0] && p.y <= lines[3] }
	shift := t.lattice()
	part := t.parts[:0]
	end := func() {
		if len(part) >= 2 {
			fn(part)
		}
		part = part[:0]
	}
	for _, p := range steps {
		if !held(p) {
			end()
			continue
		}
		q := pos{p.x >> shift << t.coarse, p.y >> shift << t.coarse}
		n := len(part)
		switch {
		case n > 0 && part[n-1] == q:
		case n > 1 && straight(part[n-2], part[n-1], q):
			part[n-1] = q
		default:
			part = append(part, q)
		}
	}
	end()
	t.parts = part[:0]
}

// straight tells whether b is on the way straight from a to c.
func straight(a, b, c pos) bool {
	return turn(a, b, c) == 0 && (b.x-a.x)*(c.x-b.x)+(b.y-a.y)*(c.y-b.y) > 0
}

// meets tells whether a shape comes to anything in the tile's reach when it is drawn by itself.
func (t *tracer) meets(s *layers.Shape, own bool) bool {
	var area int64
	lines := t.cutLines()
	for _, path := range s.Paths {
		some := false
		switch path.Kind {
		case layers.PathPoints:
			for _, c := range path.XY {
				some = some || t.frame.at(c[0], c[1]).inside()
			}
		case layers.PathLine:
			t.lines(path.XY, own, func([]pos) { some = true })
		default:
			steps := t.walk(path.XY, own)
			shift := t.lattice()
			var before pos
			var ring int64
			for i, p := range steps {
				p = pos{clamp(p.x, &lines) >> shift, clamp(p.y, &lines) >> shift}
				if i > 0 {
					ring += before.x*p.y - p.x*before.y
				}
				before = p
			}
			if path.Kind == layers.PathHole {
				area -= max(ring, -ring)
			} else {
				some = area > 0
				area = max(ring, -ring)
			}
		}
		if some {
			return true
		}
	}
	return area > 0
}

// clamp brings a value to the tile's reach.
func clamp(v int64, lines *[4]int64) int64 { return min(max(v, lines[0]), lines[3]) }
