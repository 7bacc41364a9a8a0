package tiles

import (
	"cmp"
	"context"
	"slices"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// A layer that is Personal holds persons, and its heat is a table of counts that no question can get behind:
//
// The world is halved again and again into squares, down to the last whose side is 50 m on the ground. A smallest square
// with k persons or more stands by itself. The persons of squares with fewer are pooled in the square around them, and
// those of that square's other parts with them, until there are k: then they are a rest, counted for the wider square.
// Fewer than k who are left at the end are in no count at all. So all persons who are counted are parted, once, into
// crowds of k or more, and every answer is made of whole crowds: at a coarse zoom those inside a cell are added up, at a
// fine one the crowd's own square is shown. Whatever is added to or taken from each other, of zooms, of neighbours or of
// parts of the map, is made of whole crowds again: a count below k cannot come out. A cell need not be hidden because
// its neighbours would give away another one: there is nothing to take from.
//
// That holds for one parting. Each filter and window would make another, and two can be subtracted: all, less all but
// those of one day, is a person. So there is one window, always; no filter, no weight, no rate; and who sees only some
// communities sees no counts, as those of the others would be the difference. The public's k is 10: its crowds are made
// of whole crowds of the parting by 5, in the same way, so that both together tell no more than the finer one.
//
// A feature is taken for a person: of somebody who is in a layer k times there is no hiding. Counts are rounded to
// multiples of k: who asks before and after a change is told of it in one case of k. What is left is time: who watches
// every single change may see a count move, or a square fall from k to k-1 and out of sight. A layer for which that
// matters is loaded in batches, such as once a day.
//
// This is the k-anonymity of L. Sweeney (2002) over one fixed recoding, with the rounding that statistical offices use.
// Noise (cell-key perturbation) would allow filters, but its counts contradict each other on the map.

// The floor of a crowd: how many persons a count at least stands for.
const (
	FloorPublic   = 10 // for who has no token
	FloorInternal = 5
)

// PersonalZoom is the deepest zoom of the heat of a layer that is Personal.
const PersonalZoom = 16

// personalSide is the least side of a cell of persons, in metres on the ground; personalDepth is how often the world may
// be halved for it at most: 76 m at the equator.
const (
	personalSide  = 50.0
	personalDepth = 19
)

// floorOf returns the floor for a view.
func floorOf(v *layers.View) int {
	if v.Audience() == layers.Public {
		return FloorPublic
	}
	return FloorInternal
}

// node is a square of the world: x and y count squares of its depth from the north-west.
type node struct {
	x, y  uint32
	depth uint
}

func (n node) plot() plot {
	size := int64(worldSize) >> n.depth
	return plot{int64(n.x) * size, int64(n.y) * size, size}
}

// up returns the square of a lesser depth around it.
func (n node) up(depth uint) node {
	return node{n.x >> (n.depth - depth), n.y >> (n.depth - depth), depth}
}

// number is another for each square, below 2^53.
func (n node) number() uint64 { return 1<<(2*n.depth) | uint64(n.y)<<n.depth | uint64(n.x) }

// narrow tells whether the quarters of a square would be too small: whether half of the side that is nearer to its pole is
// below the least on the ground.
func (n node) narrow() bool {
	b := n.plot().bound()
	lat := b.Max[1]
	if -b.Min[1] > lat {
		lat = b.Min[1]
	}
	middle := (b.Min[0] + b.Max[0]) / 2 // the way along a parallel around the whole world would be 0
	return geo.Distance(orb.Point{b.Min[0], lat}, orb.Point{middle, lat}) < personalSide
}

// crowd is a count of persons that may be told.
type crowd struct {
	at    node
	count int
	rest  bool // of those in the square whom no other crowd inside it counts
}

// wholly says what may not be asked of a layer that is Personal, or nil.
func wholly(t *layers.Table, f layers.Filter, m Measure) error {
	if t.Layer.Personal && (f != nil || m.Weight != "" || m.Per != Raw || m.Compare != nil) {
		return layers.Invalid("layer", "layer %s holds persons: its heat counts all of them; filters, bbox, scope, datetime, compare, weight and per would "+
			"tell of single ones by their difference and are not taken", t.Layer.Name)
	}
	return nil
}

// crowdsOf returns all crowds of a layer with a floor, the widest first.
func crowdsOf(ctx context.Context, t *layers.Table, floor int) ([]crowd, error) {
	places := map[node]int{} // persons by square of the deepest
	err := t.Places(ctx, 32-personalDepth, func(x, y uint32, n int) {
		places[node{x >> (32 - personalDepth), y >> (32 - personalDepth), personalDepth}] += n
	})
	if err != nil {
		return nil, err
	}
	crowds := pool(smallest(places), FloorInternal)
	if floor > FloorInternal {
		crowds = pool(crowds, floor)
	}
	for i, c := range crowds {
		crowds[i].count = (c.count + floor/2) / floor * floor // to the nearest multiple, halves up
	}
	return crowds, nil
}

// smallest returns the persons by the smallest squares that there may be.
func smallest(places map[node]int) []crowd {
	at := map[node]int{}
	for n, count := range places {
		for n.depth > 0 && n.up(n.depth-1).narrow() {
			n = n.up(n.depth - 1)
		}
		at[n] += count
	}
	var out []crowd
	for n, count := range at {
		out = append(out, crowd{at: n, count: count})
	}
	return out
}

// pool puts crowds together, each with others in the smallest square in which there are enough of them for a floor. The
// last few, fewer than the floor, are left out. The widest come first.
func pool(crowds []crowd, floor int) []crowd {
	type pooled struct {
		count int
		told  bool // there are crowds inside the square
	}
	byDepth := make([]map[node]pooled, personalDepth+1)
	for d := range byDepth {
		byDepth[d] = map[node]pooled{}
	}
	var out []crowd
	put := func(n node, count int, told bool) {
		had := byDepth[n.depth][n]
		byDepth[n.depth][n] = pooled{had.count + count, had.told || told}
	}
	for _, c := range crowds {
		put(c.at, c.count, false)
	}
	for d := personalDepth; d >= 0; d-- {
		for n, p := range byDepth[d] {
			if p.count >= floor {
				out = append(out, crowd{n, p.count, p.told})
				p = pooled{0, true}
			}
			if d > 0 {
				put(n.up(uint(d-1)), p.count, p.told)
			}
		}
	}
	slices.SortFunc(out, func(a, b crowd) int {
		return cmp.Compare(a.at.number(), b.at.number())
	})
	return out
}

// merged returns crowds as cells no smaller than squares of a depth, the widest first: smaller ones are added up.
func merged(crowds []crowd, depth uint) []Cell {
	var cells []Cell
	index := map[node]int{}
	for _, c := range crowds {
		at := c.at
		if at.depth > depth {
			at = at.up(depth)
		}
		i, known := index[at]
		if !known {
			i = len(cells)
			index[at] = i
			cells = append(cells, at.plot().cell(at.number(), 0))
		}
		cells[i].Rest = cells[i].Rest || at.depth < depth && c.rest
		cells[i].Tally.add(Tally{Count: c.count, Known: c.count, Sum: float64(c.count), Max: 1})
	}
	slices.SortFunc(cells, func(a, b Cell) int { return cmp.Compare(a.number, b.number) })
	return cells
}

// shownCrowds returns the cells of persons that meet the tile.
func (g *Grid) shownCrowds() []Cell {
	x, y, side := g.origin()
	return slices.DeleteFunc(merged(g.crowds, g.depth()), func(c Cell) bool {
		return c.box.x >= x+side || c.box.y >= y+side || c.box.x+c.box.size <= x || c.box.y+c.box.size <= y
	})
}

// spread gives the crowds to the picture: those wider than a cell evenly over their square.
func (g *Grid) spread() {
	wide := int64(g.Cells + 2*g.margin)
	_ = g.turns(func(part area, x0, y0 int64) error { // fn never fails
		for _, c := range g.crowds {
			b := c.at.plot()
			share := float64(c.count)
			if over := b.size >> g.shift(); over > 1 {
				share /= float64(over) * float64(over)
			}
			from := func(at, lo int64) int64 { return max((at-lo)>>g.shift(), 0) }
			last := func(at, lo int64) int64 { return min((at+b.size-1-lo)>>g.shift(), wide-1) }
			for line := from(b.y, y0); line <= last(b.y, y0); line++ {
				for col := from(b.x, x0); col <= last(b.x, x0); col++ {
					g.wide[line*wide+col] += share
				}
			}
		}
		return nil
	})
}
