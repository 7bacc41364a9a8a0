package tiles

import "math/bits"

// lattice numbers positions in a tile and its reach, and finds those of a block. It is a bit for each position, beside a
// hash table: most of what is asked is whether nothing is there.
type lattice struct {
	off    int32 // added to coordinates to have them from 0
	blocks [][4]uint64
	gen    uint32
	slots  []place // a power of two of them, at most half used
	used   int
}

// place is a position with its number; it is used where its generation is the lattice's.
type place struct{ gen, key, number uint32 }

// A block is 16 positions wide and high: the bits of four words, row by row.
const (
	blockShift = 4
	blockSide  = (Extent+2*reach)/(1<<blockShift) + 1
)

// start empties the lattice, which holds those knots, for steps of 1<<coarse units.
func (l *lattice) start(coarse uint, held []knot) {
	if l.blocks == nil {
		l.blocks, l.slots = make([][4]uint64, blockSide*blockSide), make([]place, 1<<10)
	}
	for i := range held {
		at, _ := l.bit(held[i].x, held[i].y)
		l.blocks[at] = [4]uint64{}
	}
	l.off, l.used = int32(reach)>>coarse, 0
	if l.gen++; l.gen == 0 {
		clear(l.slots)
		l.gen = 1
	}
}

// block returns the column or row of the block that a position is in.
func (l *lattice) block(v int32) int32 { return (v + l.off) >> blockShift }

// bit returns the block of a position, and which of its bits is the position's.
func (l *lattice) bit(x, y int32) (block, bit int32) {
	const mask = 1<<blockShift - 1
	return l.block(y)*blockSide + l.block(x), (y+l.off)&mask<<blockShift | (x+l.off)&mask
}

// rectangle is a rectangle of positions, both ends included.
type rectangle struct{ x0, y0, x1, y1 int32 }

// in returns the bits of a block that are in a rectangle, which the block meets.
func (l *lattice) in(col, row int32, r rectangle) (words [4]uint64) {
	const last = 1<<blockShift - 1
	west, north := col<<blockShift-l.off, row<<blockShift-l.off
	x0, x1 := max(r.x0-west, 0), min(r.x1-west, last)
	y0, y1 := max(r.y0-north, 0), min(r.y1-north, last)
	columns := (uint64(1)<<(x1+1) - uint64(1)<<x0) * 0x0001_0001_0001_0001 // in each of the four rows of a word
	block := &l.blocks[row*blockSide+col]
	for i := y0 >> 2; i <= y1>>2; i++ {
		words[i] = block[i] & columns
	}
	words[y0>>2] &= ^uint64(0) << ((y0 & 3) << blockShift)
	words[y1>>2] &= ^uint64(0) >> ((3 - y1&3) << blockShift)
	return words
}

// position returns the position of the lowest bit of a word of a block.
func (l *lattice) position(col, row int32, word int, bit uint64) (x, y int32) {
	n := int32(word<<6 + bits.TrailingZeros64(bit))
	return col<<blockShift + n&(1<<blockShift-1) - l.off, row<<blockShift + n>>blockShift - l.off
}

// home returns the slot of a position, where it is free: the upper bits of Knuth's multiplicative hash.
func (l *lattice) home(key uint32) uint32 {
	return key * 2654435769 >> (33 - uint(bits.Len(uint(len(l.slots)))))
}

// number returns the number of a position: the one given, where it is fresh.
func (l *lattice) number(x, y, next int32) (n int32, fresh bool) {
	key := uint32(y+l.off)<<13 | uint32(x+l.off)
	mask := uint32(len(l.slots) - 1)
	at := l.home(key)
	for s := &l.slots[at]; s.gen == l.gen; s = &l.slots[at] {
		if s.key == key {
			return int32(s.number), false
		}
		at = (at + 1) & mask
	}
	l.slots[at] = place{l.gen, key, uint32(next)}
	block, bit := l.bit(x, y)
	l.blocks[block][bit>>6] |= 1 << (bit & 63)
	if l.used++; 2*l.used > len(l.slots) {
		l.grow()
	}
	return next, true
}

// grow doubles the slots.
func (l *lattice) grow() {
	old := l.slots
	l.slots = make([]place, 2*len(old))
	mask := uint32(len(l.slots) - 1)
	for _, s := range old {
		if s.gen != l.gen {
			continue
		}
		at := l.home(s.key)
		for l.slots[at].gen == l.gen {
			at = (at + 1) & mask
		}
		l.slots[at] = s
	}
}
