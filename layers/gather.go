package layers

import (
	"context"
	"math"
)

// Square is a rectangle of world coordinates (geo.World) that holds its north and west borders, not its south and east
// ones.
type Square struct{ X0, Y0, X1, Y1 int64 }

func (s Square) meets(t Square) bool { return s.X0 < t.X1 && t.X0 < s.X1 && s.Y0 < t.Y1 && t.Y0 < s.Y1 }

func (s Square) holds(t Square) bool {
	return s.X0 <= t.X0 && t.X1 <= s.X1 && s.Y0 <= t.Y0 && t.Y1 <= s.Y1
}

// Gathering asks a table for its points in a square.
type Gathering struct {
	Square Square // its borders are borders of bins
	Shift  uint   // points of one bin, 2^Shift world units a side from the world's corner, may come together
	Filter Filter // of this table; nil: everything
	Weight int    // the position of a numeric field in Layer.Fields that is added up; -1: none
	Detail bool   // Row, SX and SY are wanted
}

// Clump is points that stand together in one bin: those of a cell or of a part of it, or one alone.
type Clump struct {
	X, Y     uint32  // world coordinates: the north-west corner of their part of the map, or where the one is
	N        int     // how many; at least one
	Row      Row     // one of them, the same one in the same snapshot, where wanted
	SX, SY   int64   // the sums of their offsets from X and Y, world units, where wanted
	Weighted int     // how many have a weight that is not null
	Sum      float64 // of the weights
	Max      float64 // the greatest weight; -Inf where there is none
}

// Gather calls fn with the points of a Point layer that are in the square and match, each once, until fn returns false, in an
// order that is the same for the same snapshot. It costs by cells where there is no filter, no weight, no detail and bins are
// no smaller than a quarter of a cell; a few nanoseconds a point where the filter and the weight are about facets (enums,
// booleans, small whole numbers, the time field by days); else a look at each row. The Clump is used again after each call.
// It fails with ctx's error alone.
func (t *Table) Gather(ctx context.Context, g Gathering, fn func(*Clump) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.tab.cells == nil || g.Square.X0 >= g.Square.X1 || g.Square.Y0 >= g.Square.Y1 {
		return nil
	}
	w := &walk{ctx: ctx, table: t, Gathering: g, fn: fn}
	w.question = t.tab.cells.facets.ask(g.Filter, t.cols)
	w.rest = w.rest || t.limit != nil
	w.open = w.rest || w.window
	for i := range w.facets {
		w.open = w.open || w.facets[i].answer[w.facets[i].other()] == ask
	}
	w.asks = w.rest || w.window || len(w.facets) > 0
	if g.Weight >= 0 {
		w.column = t.cols[g.Weight]
		for _, f := range t.tab.cells.facets.list {
			if f.field == w.column {
				w.weight, w.weights = f, f.numbers()
			}
		}
	}
	w.quad(0, 0, 0)
	w.settle()
	return w.err
}

// walk is a gathering at work.
type walk struct {
	ctx   context.Context
	table *Table
	Gathering
	question
	asks    bool          // not every point matches
	column  int           // the record's field of the weight
	weight  facet         // of it, where it has one
	weights *[256]float64 // by class; nil where the row is asked
	fn      func(*Clump) bool
	over    bool // fn has had enough
	clump   Clump
	told    [blockRows]verdict
	open    bool                       // some verdict may be ask
	counts  [partSide * partSide]int32 // of the cell that is looked at, by part
	parts   [partSide * partSide]part
	doubts  []doubt // points whose rows are to be asked
	tired   int     // points since ctx was looked at
	err     error
}

// doubt is a point that only its row can tell of.
type doubt struct{ row, x, y uint32 }

// walkZoom is how many zooms above the cells a square is not divided further: its cells are looked at one by one.
const walkZoom = 3

// done tells whether nothing more is wanted.
func (w *walk) done() bool { return w.over || w.err != nil }

// quad visits the cells of a tile that meet the square.
func (w *walk) quad(zoom uint, x, y uint32) {
	size := int64(1) << (32 - zoom)
	tile := Square{int64(x) * size, int64(y) * size, int64(x+1) * size, int64(y+1) * size}
	if w.done() || !tile.meets(w.Square) {
		return
	}
	if !w.Square.holds(tile) && zoom < markZoom-walkZoom {
		for i := range uint32(4) {
			w.quad(zoom+1, 2*x+i&1, 2*y+i>>1)
		}
		return
	}
	from := (spread(x) | spread(y)<<1) << (2 * (markZoom - zoom))
	to := from + 1<<(2*(markZoom-zoom))
	w.table.tab.cells.tree.Ascend(from, func(code uint64, c *cell) bool {
		if code >= to {
			return false
		}
		w.cell(code, c)
		return !w.done()
	})
}

// checkEvery is after how many points a walk looks whether it is still wanted.
const checkEvery = 1 << 13

func (w *walk) cell(code uint64, c *cell) {
	x, y := cellCorner(code)
	own := Square{int64(x), int64(y), int64(x) + cellSide, int64(y) + cellSide}
	if !own.meets(w.Square) {
		return
	}
	if w.tired += c.n + 16; w.tired >= checkEvery {
		w.tired = 0
		if w.err = w.ctx.Err(); w.err != nil {
			return
		}
	}
	shift := min(w.Shift, CellShift)
	plain := !w.asks && w.Weight < 0
	switch {
	case plain && shift == CellShift:
		w.clump = Clump{X: x, Y: y, N: c.n, Row: Row{w.table, c.blocks[0].rows[0]}, SX: c.sx, SY: c.sy, Max: math.Inf(-1)}
		w.hand()
	case plain && shift >= CellShift-subZooms && !w.Detail:
		for i, n := range c.sub {
			w.counts[uint32(i>>subZooms)<<(CellShift-subZooms)>>shift*partSide+uint32(i%subSide)<<(CellShift-subZooms)>>shift] += n
		}
		w.handParts(x, y, shift)
	case shift >= CellShift-partZooms:
		for i := range c.blocks {
			w.sum(&c.blocks[i], x, y, shift)
		}
		w.handParts(x, y, shift)
	default:
		for i := range c.blocks {
			w.each(&c.blocks[i], x, y)
		}
	}
}

// part is what the points of a part of a cell come to, besides how many they are.
type part struct {
	row      uint32
	weighted int32
	sx, sy   int64 // the sums of their offsets from the cell's north-west corner
	sum, max float64
}

// A cell is summed up in at most 16 x 16 parts; smaller bins get their points one by one.
const (
	partZooms = 4
	partSide  = 1 << partZooms
)

// sum adds the points of a block that match to the parts of their cell.
func (w *walk) sum(b *block, x, y uint32, shift uint) {
	told, ats := w.tell(b), b.at
	switch few := shift & 15; {
	case w.Detail:
		for i, at := range ats[:len(told)] {
			if told[i] == yes {
				n := uint8(at>>16>>few*partSide + at&0xFFFF>>few)
				p := &w.parts[n]
				w.counts[n]++
				p.row = b.rows[i]
				p.sx += int64(at >> 16)
				p.sy += int64(at & 0xFFFF)
			}
		}
	case shift == CellShift:
		n := int32(0)
		for _, v := range told {
			n += int32(v >> 1)
		}
		w.counts[0] += n
	default:
		for i, at := range ats[:len(told)] {
			w.counts[uint8(at>>16>>few*partSide+at&0xFFFF>>few)] += int32(told[i] >> 1)
		}
	}
	if w.Weight < 0 && !w.open {
		return
	}
	for i, v := range told {
		switch {
		case v == ask:
			w.doubt(b, i, x, y)
		case v == yes && w.Weight >= 0:
			at := ats[i]
			if weight, ok := w.weigh(b.keys[i], b.rows[i]); ok {
				p := &w.parts[uint8(at>>16>>shift*partSide+at&0xFFFF>>shift)]
				if p.weighted == 0 {
					p.max = weight
				}
				p.weighted++
				p.sum += weight
				p.max = max(p.max, weight)
			}
		}
	}
}

// handParts hands on the parts of a cell that are in the square, and empties them.
func (w *walk) handParts(x, y uint32, shift uint) {
	side := uint32(1) << (CellShift - shift)
	for i := range side {
		for j := range side {
			n := int64(w.counts[i*partSide+j])
			if n == 0 {
				continue
			}
			w.counts[i*partSide+j] = 0
			dx, dy := i<<shift, j<<shift
			w.clump = Clump{X: x + dx, Y: y + dy, N: int(n), Max: math.Inf(-1)}
			if w.Detail || w.Weight >= 0 {
				p := &w.parts[i*partSide+j]
				w.clump.Row, w.clump.SX, w.clump.SY = Row{w.table, p.row}, p.sx-n*int64(dx), p.sy-n*int64(dy)
				if p.weighted > 0 {
					w.clump.Weighted, w.clump.Sum, w.clump.Max = int(p.weighted), p.sum, p.max
				}
				*p = part{}
			}
			if w.inside(w.clump.X, w.clump.Y) {
				w.hand()
			}
		}
	}
}

// inside tells whether a world position is in the square.
func (w *walk) inside(x, y uint32) bool {
	return int64(x) >= w.Square.X0 && int64(x) < w.Square.X1 && int64(y) >= w.Square.Y0 && int64(y) < w.Square.Y1
}

// hand calls fn with the clump.
func (w *walk) hand() { w.over = w.over || !w.fn(&w.clump) }

// each hands on the points of a block that match, one by one.
func (w *walk) each(b *block, x, y uint32) {
	told := w.tell(b)
	for i, at := range b.at {
		if w.over {
			return
		}
		if told[i] == no {
			continue
		}
		px, py := x+at>>16, y+at&0xFFFF
		if !w.inside(px, py) {
			continue
		}
		if told[i] == ask {
			w.doubt(b, i, x, y)
			continue
		}
		w.one(px, py, b.rows[i], b.keys[i])
	}
}

// one hands on a point.
func (w *walk) one(x, y, row, key uint32) {
	w.clump = Clump{X: x, Y: y, N: 1, Row: Row{w.table, row}, Max: math.Inf(-1)}
	if w.Weight >= 0 {
		if weight, ok := w.weigh(key, row); ok {
			w.clump.Weighted, w.clump.Sum, w.clump.Max = 1, weight, weight
		}
	}
	w.hand()
}

// tell returns what keys and days tell of each point of a block.
func (w *walk) tell(b *block) []verdict {
	told, rest := w.told[:len(b.rows)], w.facets
	keys := b.keys[:len(told)]
	switch {
	case w.rest || len(rest) == 0:
		first := yes
		if w.rest {
			first = ask
		}
		for i := range told {
			told[i] = first
		}
	case len(rest) == 1: // one filter, and two of them, in one turn
		f := &rest[0]
		rest = nil
		for i, key := range keys {
			told[i] = f.on(key)
		}
	default:
		f, g := &rest[0], &rest[1]
		rest = rest[2:]
		for i, key := range keys {
			told[i] = f.on(key) & g.on(key)
		}
	}
	for n := range rest {
		f := &rest[n]
		for i, key := range keys {
			told[i] &= f.on(key)
		}
	}
	if w.window {
		for i, d := range b.days[:len(told)] {
			told[i] &= w.on(d)
		}
	}
	return told
}

// maxDoubts is how many doubts come together before their rows are asked.
const maxDoubts = 1 << 16

func (w *walk) doubt(b *block, i int, x, y uint32) {
	x, y = x+b.at[i]>>16, y+b.at[i]&0xFFFF
	if !w.inside(x, y) {
		return
	}
	w.doubts = append(w.doubts, doubt{b.rows[i], x, y})
	if len(w.doubts) == maxDoubts {
		w.settle()
	}
}

// settle asks the rows of the doubts, chunk by chunk, for looking here and there in a large table waits for memory each
// time. What matches is handed on one by one.
func (w *walk) settle() {
	if len(w.doubts) == 0 || w.done() {
		return
	}
	counts := make([]int32, len(w.table.tab.chunks)+1)
	for _, d := range w.doubts {
		counts[d.row/chunkRows+1]++
	}
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	sorted := make([]doubt, len(w.doubts))
	for _, d := range w.doubts {
		at := &counts[d.row/chunkRows]
		sorted[*at] = d
		*at++
	}
	w.doubts = w.doubts[:0]
	for i, d := range sorted {
		if i%(checkEvery/8) == 0 && w.err == nil {
			w.err = w.ctx.Err()
		}
		if w.done() {
			return
		}
		if r := (Row{w.table, d.row}); w.table.sees(d.row) && (w.filter == nil || w.filter.Match(r)) {
			w.one(d.x, d.y, d.row, w.weight.other()<<w.weight.shift)
		}
	}
}

// weigh returns the weight of a point; ok is false where it is null.
func (w *walk) weigh(key, row uint32) (weight float64, ok bool) {
	if class := uint8(w.weight.of(key)); w.weights != nil && class != uint8(w.weight.other()) {
		weight = w.weights[class]
		return weight, weight == weight
	}
	return w.table.tab.value(row, w.column).Number()
}
