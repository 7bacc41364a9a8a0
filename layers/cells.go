package layers

import (
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
