package tiles

import (
	"math"
	"slices"

	"shapan/layers"

	"github.com/paulmach/orb/maptile"
)

// pos is a position in units of a tile, x to the east and y to the south, from the tile's north-west corner.
type pos struct{ x, y int64 }

// frame turns world coordinates into units of a tile. All tiles of a zoom share one lattice, so neighbours agree on
// every position.
type frame struct {
	up, down  uint // shifts: to the left below the zoom where a unit is one world unit, else to the right
	x0, y0    int64
	perDegree float64 // units in a degree of latitude, of a LonLat tile; 0: a tile of Web Mercator
}

func newFrame(t maptile.Tile) frame {
	f := frame{x0: int64(t.X) * Extent, y0: int64(t.Y) * Extent}
	if t.Z > 20 {
		f.up = uint(t.Z) - 20
	} else {
		f.down = 20 - uint(t.Z)
	}
	return f
}

func (f *frame) at(x, y uint32) pos {
	if f.perDegree > 0 {
		return pos{int64(x)<<f.up>>f.down - f.x0, f.row(y) - f.y0}
	}
	return pos{int64(x)<<f.up>>f.down - f.x0, int64(y)<<f.up>>f.down - f.y0}
}

// inside tells whether a position is in the tile itself, the north and west borders included.
func (p pos) inside() bool { return p.x >= 0 && p.x < Extent && p.y >= 0 && p.y < Extent }

// span is the least and the greatest position of a run.
type span struct{ min, max pos }

func (s span) add(p pos) span {
	return span{pos{min(s.min.x, p.x), min(s.min.y, p.y)}, pos{max(s.max.x, p.x), max(s.max.y, p.y)}}
}

// near tells whether the span meets the tile and its reach: what a revision of the tile covers.
func (s span) near() bool {
	return s.min.x < Extent+reach && s.max.x >= -reach && s.min.y < Extent+reach && s.max.y >= -reach
}

// within tells whether the whole span is in the tile and its reach.
func (s span) within() bool {
	return s.min.x >= -reach && s.max.x <= Extent+reach && s.min.y >= -reach && s.max.y <= Extent+reach
}

// size is the longer side of the span.
func (s span) size() int64 { return max(s.max.x-s.min.x, s.max.y-s.min.y) }

// tracer turns paths into clean runs of positions of one tile. Its slices are used again and again.
type tracer struct {
	frame     frame
	tolerance float64 // units; 0 keeps every position
	run, kept []pos
	flip      []pos
	keep      []bool
	stack     [][2]int
}

// path brings a path onto the tile's lattice with positions in a row never equal, thinned to the tolerance. It returns
// nil for what is out of the tile's reach. The result is valid until the next call.
func (t *tracer) path(xy [][2]uint32) ([]pos, span) {
	if len(xy) == 0 {
		return nil, span{}
	}
	first := t.frame.at(xy[0][0], xy[0][1])
	s := span{first, first}
	t.run = append(t.run[:0], first)
	last := first
	for _, c := range xy[1:] {
		p := t.frame.at(c[0], c[1])
		if p == last {
			continue
		}
		s = s.add(p)
		t.run = append(t.run, p)
		last = p
	}
	if !s.near() {
		return nil, s
	}
	if t.tolerance > 0 && len(t.run) > 2 {
		return t.thin(t.run), s
	}
	return t.run, s
}

// stride bounds the runs that are thinned at once, so that no path, however made, takes time quadratic in its length.
const stride = 512

// thin leaves out positions that are no further than the tolerance from the line without them (Douglas and Peucker,
// 1973). It looks at the whole path, not at the tile's part of it, so that neighbouring tiles keep the same positions.
func (t *tracer) thin(run []pos) []pos {
	t.keep = append(t.keep[:0], make([]bool, len(run))...)
	for from := 0; from < len(run)-1; from += stride {
		t.mark(run, from, min(from+stride, len(run)-1))
	}
	t.kept = t.kept[:0]
	for i, keep := range t.keep {
		if n := len(t.kept); keep && (n == 0 || t.kept[n-1] != run[i]) { // what is left of a loop may be one position
			t.kept = append(t.kept, run[i])
		}
	}
	return t.kept
}

// mark notes the positions from one index to another, both included, that stay.
func (t *tracer) mark(run []pos, from, to int) {
	t.keep[from], t.keep[to] = true, true
	t.stack = append(t.stack[:0], [2]int{from, to})
	for len(t.stack) > 0 {
		part := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		if at := furthest(run, part[0], part[1], t.tolerance); at >= 0 {
			t.keep[at] = true
			t.stack = append(t.stack, [2]int{part[0], at}, [2]int{at, part[1]})
		}
	}
}

// furthest returns the position between two others that is furthest from the segment between them and further than the
// tolerance, or -1. Squares of distances are compared times the square of the segment's length, which saves a division
// for each position.
func furthest(run []pos, from, to int, tolerance float64) int {
	a, b := run[from], run[to]
	dx, dy := float64(b.x-a.x), float64(b.y-a.y)
	length := dx*dx + dy*dy
	if length == 0 {
		length = 1 // every distance is one from a
	}
	far, at := tolerance*tolerance*length, -1
	for i, p := range run[from+1 : to] {
		px, py := float64(p.x-a.x), float64(p.y-a.y)
		var d float64
		switch along := px*dx + py*dy; {
		case along <= 0:
			d = (px*px + py*py) * length
		case along >= length:
			qx, qy := px-dx, py-dy
			d = (qx*qx + qy*qy) * length
		default:
			d = px*dy - py*dx
			d *= d
		}
		if d > far {
			far, at = d, from+1+i
		}
	}
	return at
}

// border is a side of the tile and its reach.
type border struct {
	at       int64
	vertical bool // the border is a value of x
	upper    bool // what is beyond it is greater
}

// borders are the four sides of the tile and its reach.
func borders() [4]border {
	return [4]border{{-reach, true, false}, {Extent + reach, true, true}, {-reach, false, false}, {Extent + reach, false, true}}
}

func (b border) holds(p pos) bool {
	v := p.y
	if b.vertical {
		v = p.x
	}
	if b.upper {
		return v <= b.at
	}
	return v >= b.at
}

// cut returns where the segment p, q meets the border. The same segment meets it in the same unit in either direction.
func (b border) cut(p, q pos) pos {
	if p.x > q.x || p.x == q.x && p.y > q.y {
		p, q = q, p
	}
	if b.vertical {
		share := float64(b.at-p.x) / float64(q.x-p.x)
		return pos{b.at, p.y + int64(math.Round(share*float64(q.y-p.y)))}
	}
	share := float64(b.at-p.y) / float64(q.y-p.y)
	return pos{p.x + int64(math.Round(share*float64(q.x-p.x))), b.at}
}

// ring returns a path as a clean ring of the tile: clipped to the tile's reach (Sutherland and Hodgman, 1974), of three
// positions or more, the first not repeated, with no position on the line of its neighbours, outer rings with positive
// area by the surveyor's formula and holes with negative. Area is twice that area; 0 where nothing is left. The result
// is valid until the next call.
func (t *tracer) ring(p layers.Path) (ring []pos, area int64) {
	run, s := t.path(p.XY)
	if run == nil {
		return nil, 0
	}
	if !s.within() {
		for _, b := range borders() {
			t.flip = b.clip(t.flip[:0], run)
			run, t.kept, t.flip = t.flip, t.flip, t.kept
		}
	}
	run = tidy(run)
	for i, q := range run {
		next := run[(i+1)%len(run)]
		area += q.x*next.y - next.x*q.y
	}
	if area == 0 {
		return nil, 0
	}
	if area > 0 != (p.Kind == layers.PathOuter) {
		slices.Reverse(run)
		area = -area
	}
	return run, area
}

// clip appends the part of a ring on the border's inner side to dst.
func (b border) clip(dst, ring []pos) []pos {
	if len(ring) == 0 {
		return dst
	}
	before := ring[len(ring)-1]
	was := b.holds(before)
	for _, p := range ring {
		is := b.holds(p)
		if is != was {
			dst = append(dst, b.cut(before, p))
		}
		if is {
			dst = append(dst, p)
		}
		before, was = p, is
	}
	return dst
}

// tidy takes positions that repeat or stand on the line of their neighbours out of a ring, in place.
func tidy(ring []pos) []pos {
	out := ring[:0]
	for _, p := range ring {
		for len(out) >= 2 && turn(out[len(out)-2], out[len(out)-1], p) == 0 {
			out = out[:len(out)-1]
		}
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	for len(out) >= 3 {
		n := len(out)
		switch {
		case turn(out[n-2], out[n-1], out[0]) == 0:
			out = out[:n-1]
		case turn(out[n-1], out[0], out[1]) == 0:
			out = out[1:]
		default:
			return out
		}
	}
	return nil
}

// turn is twice the area of the triangle a, b, c: 0 where they are on one line.
func turn(a, b, c pos) int64 { return (b.x-a.x)*(c.y-b.y) - (b.y-a.y)*(c.x-b.x) }

// lines calls fn with each part of a line that is in the tile's reach: two positions or more, none repeated in a row.
// The slice is valid during the call.
func (t *tracer) lines(p layers.Path, fn func([]pos)) {
	run, s := t.path(p.XY)
	if len(run) < 2 {
		return
	}
	if s.within() {
		fn(run)
		return
	}
	part := t.flip[:0]
	end := func() {
		if len(part) >= 2 {
			fn(part)
		}
		part = part[:0]
	}
	for i := 1; i < len(run); i++ {
		a, b, ok := clipSegment(run[i-1], run[i])
		if !ok {
			end()
			continue
		}
		if len(part) > 0 && part[len(part)-1] != a {
			end()
		}
		if len(part) == 0 {
			part = append(part, a)
		}
		if b != a {
			part = append(part, b)
		}
		if b != run[i] {
			end()
		}
	}
	end()
	t.flip = part[:0]
}

// clipSegment returns the part of a segment in the tile's reach; ok is false where there is none.
func clipSegment(a, b pos) (from, to pos, ok bool) {
	for _, side := range borders() {
		inA, inB := side.holds(a), side.holds(b)
		switch {
		case !inA && !inB:
			return a, b, false
		case !inA:
			a = side.cut(a, b)
		case !inB:
			b = side.cut(a, b)
		}
	}
	return a, b, true
}
