package tiles

import "math/bits"

// lattice numbers positions in a tile and its reach, and finds those of a part of a row. It is a bit for each position,
// beside a hash table: most of what is asked is whether nothing is there.
type lattice struct {
	coarse uint
	off    int32    // added to coordinates to have them from 0
	words  int32    // of a row
	bits   []uint64 // row by row
	gen    uint32
	slots  []place // a power of two of them, at most half used
	used   int
}

// place is a position with its number; it is used where its generation is the lattice's.
type place struct{ gen, key, number uint32 }

// start empties the lattice, which holds those knots, for steps of 1<<coarse units.
func (l *lattice) start(coarse uint, held []knot) {
	if l.bits == nil {
		const side = Extent + 2*reach + 1
		l.bits, l.slots = make([]uint64, side*((side+63)/64)), make([]place, 1<<10)
	}
	for i := range held {
		l.bits[l.word(held[i].x, held[i].y)] = 0
	}
	l.coarse, l.off, l.used = coarse, int32(reach)>>coarse, 0
	l.words = int32(Extent+2*reach)>>coarse>>6 + 1
	if l.gen++; l.gen == 0 {
		clear(l.slots)
		l.gen = 1
	}
}

// word returns which word has the bit of a position.
func (l *lattice) word(x, y int32) int32 { return (y+l.off)*l.words + (x+l.off)>>6 }

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
	l.bits[l.word(x, y)] |= 1 << (uint32(x+l.off) & 63)
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

// next returns the first position held in a row from one column to another, or one beyond.
func (l *lattice) next(from, to, y int32) int32 {
	if from > to {
		return from
	}
	row := l.bits[(y+l.off)*l.words:][:l.words]
	x := from + l.off
	w := row[x>>6] >> (x & 63) << (x & 63)
	for at := x >> 6; ; {
		if w != 0 {
			return at<<6 + int32(bits.TrailingZeros64(w)) - l.off
		}
		if at++; at<<6 > to+l.off {
			return to + 1
		}
		w = row[at]
	}
}
