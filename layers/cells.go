package layers

import (
	"context"
	"math"
	"slices"

	"github.com/tidwall/btree"
)

// CellShift is the size of the cells in which a layer of points is kept: 2^CellShift world units a side, a tile of zoom 18
// (some 130 m in Wuhan).
const CellShift = 32 - markZoom

const (
	cellSide   = 1 << CellShift
	blockRows  = 512 // the most points of a block: what a change copies
	mergeBelow = blockRows / 4
)

// cells holds the points of a table by where they are: a map from the Morton code of a cell to its points, in blocks of
// columns. It is what heat and clusters read, for neighbours in the tree are neighbours on the map, each cell knows its
// sums, and a point is 14 bytes in a row of its like. A published one is only read; copy gives the writer its own.
type cells struct {
	facets facets
	tree   btree.Map[uint64, *cell]
	fresh  []*cell // those that the writer has made or copied, and may edit
}

// cell is the points of one square.
type cell struct {
	n      int
	sx, sy int64                    // the sums of their offsets from the north-west corner
	sub    [subSide * subSide]int32 // how many are in each part of the cell, column by column
	blocks []block
	fresh  bool
}

// subSide is how many parts a cell has along a side, each with its own count: for the two zooms below that at which a cell is
// a bin.
const (
	subZooms = 2
	subSide  = 1 << subZooms
)

// block is a run of points as columns, in no order that means anything.
type block struct {
	rows  []uint32
	at    []uint32 // the offset from the cell's north-west corner: x<<16 | y
	keys  []uint32
	days  []uint16
	fresh bool
}

// spot is a point as a block holds it.
type spot struct {
	row, at, key uint32
	day          uint16
}

func newCells(l *Layer) *cells { return &cells{facets: facetsOf(l)} }

// copy returns a copy in constant time, which shares all that the writer does not touch.
func (c *cells) copy() *cells { return &cells{facets: c.facets, tree: *c.tree.Copy()} }

// cellCode interleaves the bits of the cell that holds a world position.
func cellCode(x, y uint32) uint64 { return spread(x>>CellShift) | spread(y>>CellShift)<<1 }

// spread puts a zero before each bit.
func spread(v uint32) uint64 {
	x := uint64(v)
	x = (x | x<<16) & 0x0000FFFF0000FFFF
	x = (x | x<<8) & 0x00FF00FF00FF00FF
	x = (x | x<<4) & 0x0F0F0F0F0F0F0F0F
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// cellCorner returns the north-west corner of a cell.
func cellCorner(code uint64) (x, y uint32) {
	return gather(code) << CellShift, gather(code>>1) << CellShift
}

// gather takes every second bit.
func gather(code uint64) uint32 {
	x := code & 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0F0F0F0F0F0F0F0F
	x = (x | x>>4) & 0x00FF00FF00FF00FF
	x = (x | x>>8) & 0x0000FFFF0000FFFF
	return uint32(x | x>>16)
}

// offset returns where a world position is in its cell.
func offset(x, y uint32) uint32 { return x%cellSide<<16 | y%cellSide }

// add adds a point at a world position.
func (c *cells) add(x, y, row, key uint32, day uint16) {
	to := c.own(cellCode(x, y))
	to.count(x, y, 1)
	last := len(to.blocks) - 1
	if last < 0 || len(to.blocks[last].rows) == blockRows {
		to.blocks = append(to.blocks, block{fresh: true})
		last++
	}
	to.blocks[last].add(spot{row, offset(x, y), key, day})
}

// count takes a point at a world position into the sums of its cell, or with -1 out of them.
func (c *cell) count(x, y uint32, n int) {
	x, y = x%cellSide, y%cellSide
	c.n += n
	c.sx += int64(n) * int64(x)
	c.sy += int64(n) * int64(y)
	c.sub[x>>(CellShift-subZooms)<<subZooms|y>>(CellShift-subZooms)] += int32(n)
}

// remove removes the point of a row, which must be at the world position.
func (c *cells) remove(x, y, row uint32) {
	code := cellCode(x, y)
	from := c.own(code)
	for i := range from.blocks {
		at := slices.Index(from.blocks[i].rows, row)
		if at < 0 {
			continue
		}
		from.count(x, y, -1)
		from.blocks[i].remove(at)
		from.tidy(i)
		break
	}
	if from.n == 0 {
		c.tree.Delete(code)
	}
}

// own returns a cell that the writer may edit.
func (c *cells) own(code uint64) *cell {
	old, ok := c.tree.Get(code)
	if ok && old.fresh {
		return old
	}
	made := &cell{fresh: true}
	if ok {
		*made = *old
		made.blocks, made.fresh = slices.Clone(old.blocks), true
	}
	c.tree.Set(code, made)
	c.fresh = append(c.fresh, made)
	return made
}

// tidy joins a block that has become small with a neighbour, or drops it.
func (c *cell) tidy(i int) {
	n := len(c.blocks[i].rows)
	if n == 0 {
		c.blocks = slices.Delete(c.blocks, i, i+1)
		return
	}
	if n >= mergeBelow || len(c.blocks) < 2 {
		return
	}
	j := i + 1
	if j == len(c.blocks) {
		j = i - 1
	}
	if n+len(c.blocks[j].rows) > blockRows {
		return
	}
	for k := range c.blocks[i].rows {
		c.blocks[j].add(c.blocks[i].spot(k))
	}
	c.blocks = slices.Delete(c.blocks, i, i+1)
}

// settle ends the writing: what it made is given the size that it needs, and nobody edits it any more.
func (c *cells) settle() {
	for _, cell := range c.fresh {
		cell.fresh = false
		for i := range cell.blocks {
			b := &cell.blocks[i]
			if b.fresh && cap(b.days) > len(b.days)+len(b.days)/8 {
				*b = b.resized(len(b.rows))
			}
			b.fresh = false
		}
		cell.blocks = slices.Clip(cell.blocks)
	}
	c.fresh = nil
}

func (b *block) spot(i int) spot { return spot{b.rows[i], b.at[i], b.keys[i], b.days[i]} }

// resized returns a copy of the block with room for n points.
func (b *block) resized(n int) block {
	columns, have := make([]uint32, 3*n), len(b.rows)
	next := block{rows: columns[0:have:n], at: columns[n : n+have : 2*n], keys: columns[2*n : 2*n+have : 3*n], days: make([]uint16, have, n), fresh: true}
	copy(next.rows, b.rows)
	copy(next.at, b.at)
	copy(next.keys, b.keys)
	copy(next.days, b.days)
	return next
}

func (b *block) add(s spot) {
	n := len(b.rows)
	switch {
	case !b.fresh:
		*b = b.resized(n + 1)
	case n == cap(b.days):
		*b = b.resized(min(max(2*n, 8), blockRows))
	}
	b.rows, b.at, b.keys, b.days = append(b.rows, s.row), append(b.at, s.at), append(b.keys, s.key), append(b.days, s.day)
}

func (b *block) remove(i int) {
	if !b.fresh {
		*b = b.resized(len(b.rows))
	}
	last := len(b.rows) - 1
	b.rows[i], b.at[i], b.keys[i], b.days[i] = b.rows[last], b.at[last], b.keys[last], b.days[last]
	b.rows, b.at, b.keys, b.days = b.rows[:last], b.at[:last], b.keys[:last], b.days[:last]
}

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
