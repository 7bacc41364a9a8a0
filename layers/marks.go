package layers

import (
	"math/bits"

	"shapan/geo"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// mark is a node of a quadtree over the world square that remembers when each part of it last changed. It is never
// edited: touch returns a new tree that shares what did not change. The zero tree (nil) has never changed.
type mark struct {
	all   Seq // the last change that covers the whole node
	under Seq // the last change anywhere in the node
	kids  [4]*mark
}

// markZoom is the finest tile that is marked; below it a change counts for the whole tile.
const markZoom = 18

// box is a rectangle of world coordinates, both ends included.
type box struct{ x0, y0, x1, y1 uint32 }

// worldBox returns the rectangle that covers a bound.
func worldBox(b orb.Bound) box {
	x0, y1 := geo.World(b.Min)
	x1, y0 := geo.World(b.Max)
	return box{x0, y0, x1, y1}
}

// depth returns the finest zoom, up to markZoom, at which the box is at most two tiles wide and high.
func (b box) depth() int {
	span := max(b.x1-b.x0, b.y1-b.y0)
	return min(bits.LeadingZeros32(span), markZoom)
}

// touch returns the tree with the box marked as changed at seq, which is at least every mark in it.
func (m *mark) touch(b box, seq Seq) *mark { return m.set(b, seq, 0, 0, 0, b.depth()) }

func (m *mark) set(b box, seq Seq, zoom int, x, y uint32, depth int) *mark {
	end := uint32(uint64(1)<<(32-zoom) - 1)
	covered := b.x0 <= x && b.y0 <= y && b.x1 >= x+end && b.y1 >= y+end
	if zoom == depth || covered {
		return &mark{all: seq, under: seq}
	}
	next := &mark{under: seq}
	if m != nil {
		*next = *m
		next.under = seq
	}
	half := end/2 + 1
	for i := range next.kids {
		kx, ky := x+half*uint32(i&1), y+half*uint32(i>>1)
		if b.x0 <= kx+half-1 && b.x1 >= kx && b.y0 <= ky+half-1 && b.y1 >= ky {
			next.kids[i] = next.kids[i].set(b, seq, zoom+1, kx, ky, depth)
		}
	}
	return next
}

// last returns the last change that touched the box.
func (m *mark) last(b box) Seq { return m.find(b, 0, 0, 0) }

func (m *mark) find(b box, zoom int, x, y uint32) Seq {
	if m == nil {
		return 0
	}
	end := uint32(uint64(1)<<(32-zoom) - 1)
	if b.x0 <= x && b.y0 <= y && b.x1 >= x+end && b.y1 >= y+end {
		return max(m.all, m.under)
	}
	seq := m.all
	half := end/2 + 1
	for i, kid := range m.kids {
		kx, ky := x+half*uint32(i&1), y+half*uint32(i>>1)
		if kid != nil && b.x0 <= kx+half-1 && b.x1 >= kx && b.y0 <= ky+half-1 && b.y1 >= ky {
			seq = max(seq, kid.find(b, zoom+1, kx, ky))
		}
	}
	return seq
}

// TileReach is how far beyond its border, as a share of its width, a tile may draw: what changes within it changes the
// tile. Drawing must not look further.
const TileReach = 1.0 / 64

// tileBox returns the rectangle that a tile draws from: the tile and its reach, within the world.
func tileBox(t maptile.Tile) box {
	shift := 32 - uint(t.Z)
	size := uint64(1) << shift
	reach := max(size>>6, 1)
	lo := func(v uint32) uint32 { return uint32(max(int64(uint64(v)<<shift)-int64(reach), 0)) }
	hi := func(v uint32) uint32 { return uint32(min(uint64(v+1)<<shift+reach-1, 1<<32-1)) }
	return box{lo(t.X), lo(t.Y), hi(t.X), hi(t.Y)}
}
