package tiles

import (
	"hash/maphash"
	"math"

	"shapan/layers"
)

// dictionary numbers values from 0 in the order in which they first come. It is a hash table with open addressing of our
// own because it is emptied for each layer of each tile: clearing a map costs by the most it ever held, and growing one
// anew by what it holds, while this forgets by counting up a generation. The zero dictionary is not ready: call reset.
type dictionary struct {
	seed  maphash.Seed
	odd   uint64 // random, so that nobody can choose numbers that collide
	gen   uint32
	slots []slot // a power of two of them, at most half used
	known []layers.Value
}

// slot is used where its generation is the dictionary's.
type slot struct{ gen, hash, number uint32 }

// reset empties the dictionary.
func (d *dictionary) reset() {
	if d.slots == nil {
		d.seed, d.slots = maphash.MakeSeed(), make([]slot, 1<<8)
		d.odd = maphash.String(d.seed, "") | 1
	}
	clear(d.known) // their texts belong to a view
	d.known = d.known[:0]
	if d.gen++; d.gen == 0 {
		clear(d.slots)
		d.gen = 1
	}
}

// number returns the number of a value, and whether it is new.
func (d *dictionary) number(v layers.Value) (n uint32, fresh bool) {
	hash := d.hash(v)
	at := d.find(hash, v)
	if d.slots[at].gen == d.gen {
		return d.slots[at].number, false
	}
	n = uint32(len(d.known))
	d.known = append(d.known, v)
	d.slots[at] = slot{d.gen, hash, n}
	if 2*len(d.known) > len(d.slots) {
		d.grow()
	}
	return n, true
}

// hash is quicker than maphash.Comparable, which hashes each part of a value.
func (d *dictionary) hash(v layers.Value) uint32 {
	if s := v.Text(); s != "" {
		return uint32(maphash.String(d.seed, s))
	}
	x, _ := v.Number()
	return uint32((math.Float64bits(x) + uint64(v.Int())) * d.odd >> 32)
}

// find returns the slot of a value, or the one where it would be put.
func (d *dictionary) find(hash uint32, v layers.Value) uint32 {
	mask := uint32(len(d.slots) - 1)
	at := hash & mask
	for s := d.slots[at]; s.gen == d.gen && (s.hash != hash || d.known[s.number] != v); s = d.slots[at] {
		at = (at + 1) & mask
	}
	return at
}

// grow doubles the slots.
func (d *dictionary) grow() {
	old := d.slots
	d.slots = make([]slot, 2*len(old))
	mask := uint32(len(d.slots) - 1)
	for _, s := range old {
		if s.gen != d.gen {
			continue
		}
		at := s.hash & mask
		for d.slots[at].gen == d.gen {
			at = (at + 1) & mask
		}
		d.slots[at] = s
	}
}
