package tiles

import (
	"context"
	"math/bits"
	"strconv"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// HeatRequest asks for the heat of a tile.
type HeatRequest struct {
	Layer  string // a layer of points
	Tile   maptile.Tile
	Filter layers.Filter // nil: everything
	Weight string        // the numeric field that is summed; empty: the count. A null weighs nothing, but is counted
	Cells  int           // along a side of the tile, a power of two from 8 to 256; 0 means 64
	Half   float64       // for pictures: the weight in 1/64 x 1/64 of a tile that is half way up the palette; 0 means 4
}

// Grid is the heat of a tile: points gathered in square cells, row by row from the north-west. A point on a border of a
// cell belongs to the cell east or south of it, so the cells of any cover of tiles add up to the points.
type Grid struct {
	Tile  maptile.Tile
	Cells int       // along a side
	Count []int     // points by cell
	Sum   []float64 // weights by cell
	Max   float64   // the greatest of Sum; 0 where there are no points

	half   float64
	margin int       // cells around the tile in wide
	wide   []float64 // Sum with the margin that pictures need
}

// Cell is a cell with points in it.
type Cell struct {
	Center orb.Point // lon/lat degrees, the middle of the cell on the map
	Count  int
	Sum    float64
}

// HeatRev returns the number of the last change in what the heat of a tile and its picture draw from. A picture's kernel
// is wider than layers.TileReach, so the eight neighbours count too; around the world's edge they are on the other side.
func HeatRev(t *layers.Table, tile maptile.Tile) layers.Seq {
	n := uint32(1) << tile.Z
	var rev layers.Seq
	for dy := -1; dy <= 1; dy++ {
		y := int64(tile.Y) + int64(dy)
		if y < 0 || y >= int64(n) {
			continue
		}
		for dx := -1; dx <= 1; dx++ {
			x := (tile.X + n + uint32(int32(dx))) % n
			rev = max(rev, t.TileRev(maptile.New(x, uint32(y), tile.Z)))
		}
	}
	return rev
}

// Heat gathers the points of a tile in cells. It fails with ErrNotFound for a layer that the caller may not see, with
// ErrInvalid for a layer that is not of points, a weight that is not a numeric field of it, or an address or number of
// cells out of range, and with ctx's error.
func Heat(ctx context.Context, v *layers.View, r HeatRequest) (Grid, error) {
	t, weight, err := r.check(v)
	if err != nil {
		return Grid{}, err
	}
	_, margin := kernel(r.Cells)
	g := Grid{Tile: r.Tile, Cells: r.Cells, Count: make([]int, r.Cells*r.Cells), Sum: make([]float64, r.Cells*r.Cells), half: r.Half, margin: margin}
	wide := r.Cells + 2*margin
	g.wide = make([]float64, wide*wide)
	gather := gatherer{grid: &g, weight: weight, shift: 32 - uint(r.Tile.Z) - uint(bits.TrailingZeros(uint(r.Cells)))}
	size := int64(worldSize) >> r.Tile.Z
	around := int64(margin) << gather.shift
	spread := area{int64(r.Tile.X)*size - around, int64(r.Tile.Y)*size - around, int64(r.Tile.X+1)*size + around, int64(r.Tile.Y+1)*size + around}
	for turn := int64(-1); turn <= 1; turn++ { // the margin may reach around the world
		part := area{max(spread.x0-turn*worldSize, 0), max(spread.y0, 0), min(spread.x1-turn*worldSize, worldSize), min(spread.y1, worldSize)}
		if part.x0 >= part.x1 {
			continue
		}
		gather.x0, gather.y0 = spread.x0-turn*worldSize, spread.y0
		if err := gather.run(ctx, t, r.Filter, part); err != nil {
			return Grid{}, err
		}
	}
	for _, s := range g.Sum {
		g.Max = max(g.Max, s)
	}
	return g, nil
}

// check fills in what the zero values of the request mean, and finds its table and weight (-1: the count).
func (r *HeatRequest) check(v *layers.View) (t *layers.Table, weight int, err error) {
	if err := WebMercator.check(r.Tile); err != nil {
		return nil, 0, err
	}
	if r.Cells == 0 {
		r.Cells = 64
	}
	if r.Cells < 8 || r.Cells > 256 || r.Cells&(r.Cells-1) != 0 {
		return nil, 0, layers.Invalid("cells", "cells is %d: expected a power of two from 8 to 256", r.Cells)
	}
	if !(r.Half > 0) {
		r.Half = 4
	}
	if t, err = v.Table(r.Layer); err != nil {
		return nil, 0, err
	}
	if t.Layer.Kind != layers.Point {
		return nil, 0, layers.Invalid("layer", "layer %s holds %s geometry: heat expects a layer of points", r.Layer, t.Layer.Kind)
	}
	if r.Weight == "" {
		return t, -1, nil
	}
	var numeric []string
	for i, f := range t.Layer.Fields {
		if f.Type == layers.Int || f.Type == layers.Float || f.Type == layers.Bool {
			if f.Name == r.Weight {
				return t, i, nil
			}
			numeric = append(numeric, f.Name)
		}
	}
	return nil, 0, layers.Unknown("numeric field", r.Weight, numeric)
}

// gatherer adds points to a grid.
type gatherer struct {
	grid   *Grid
	weight int  // position of the field; -1: the count
	shift  uint // of a cell's size in world units
	x0, y0 int64
}

func (g *gatherer) run(ctx context.Context, t *layers.Table, f layers.Filter, part area) error {
	return gather(ctx, t, part, g.shift, f, g.weight, func(x, y uint32, group Tally) error {
		col, line := int((int64(x)-g.x0)>>g.shift), int((int64(y)-g.y0)>>g.shift)
		margin, cells := g.grid.margin, g.grid.Cells
		g.grid.wide[line*(cells+2*margin)+col] += group.Sum
		col, line = col-margin, line-margin
		if col >= 0 && col < cells && line >= 0 && line < cells {
			g.grid.Count[line*cells+col] += group.Count
			g.grid.Sum[line*cells+col] += group.Sum
		}
		return nil
	})
}

// Total returns the number of points in the tile and the sum of their weights.
func (g Grid) Total() (count int, sum float64) {
	for i, n := range g.Count {
		count += n
		sum += g.Sum[i]
	}
	return count, sum
}

// Filled returns the cells that have points, row by row from the north-west.
func (g Grid) Filled() []Cell {
	var cells []Cell
	if g.Cells == 0 {
		return nil
	}
	size := int64(worldSize) >> g.Tile.Z / int64(g.Cells)
	for i, n := range g.Count {
		if n == 0 {
			continue
		}
		x := int64(g.Tile.X)*int64(g.Cells)*size + int64(i%g.Cells)*size + size/2
		y := int64(g.Tile.Y)*int64(g.Cells)*size + int64(i/g.Cells)*size + size/2
		cells = append(cells, Cell{geo.Unworld(uint32(x), uint32(y)), n, g.Sum[i]})
	}
	return cells
}

// JSON returns the cells that have points, with the middle of each (lon/lat degrees), its count and its value, and the
// totals.
func (g Grid) JSON() []byte {
	b := []byte(`{"cells":[`)
	for i, c := range g.Filled() {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(append(b, `{"lon":`...), c.Center[0], 'f', 7, 64)
		b = strconv.AppendFloat(append(b, `,"lat":`...), c.Center[1], 'f', 7, 64)
		b = strconv.AppendInt(append(b, `,"count":`...), int64(c.Count), 10)
		b = append(layers.AppendNumber(append(b, `,"value":`...), c.Sum), '}')
	}
	count, sum := g.Total()
	b = strconv.AppendInt(append(b, `],"count":`...), int64(count), 10)
	b = layers.AppendNumber(append(b, `,"sum":`...), sum)
	b = layers.AppendNumber(append(b, `,"max":`...), g.Max)
	b = strconv.AppendInt(append(b, `,"zoom":`...), int64(g.Tile.Z), 10)
	b = strconv.AppendInt(append(b, `,"cells_per_tile":`...), int64(g.Cells), 10)
	return append(b, '}')
}

// MVT returns the cells that have points as a vector tile (MVT 2.1): the layer heat, a square for each cell with count
// and value; nil where there are none. Where that is more than MaxBytes, four cells become one until it fits.
func (g Grid) MVT() []byte {
	for {
		w := new(writer)
		w.start("heat", []key{{"count", layers.Int}, {"value", layers.Float}})
		side := int64(Extent / max(g.Cells, 1))
		for i, n := range g.Count {
			if n == 0 {
				continue
			}
			x, y := int64(i%g.Cells)*side, int64(i/g.Cells)*side
			w.ring([]pos{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}})
			w.tag(0, layers.IntValue(int64(n)))
			w.tag(1, layers.FloatValue(g.Sum[i]))
			w.feature(uint64(i+1), typePolygon)
		}
		if tile := w.appendTo(nil); len(tile) <= MaxBytes || g.Cells <= 8 {
			return tile
		}
		g = g.coarser()
	}
}

// coarser returns the grid with four cells made one.
func (g Grid) coarser() Grid {
	c := Grid{Tile: g.Tile, Cells: g.Cells / 2}
	c.Count, c.Sum = make([]int, c.Cells*c.Cells), make([]float64, c.Cells*c.Cells)
	for i, n := range g.Count {
		at := i/g.Cells/2*c.Cells + i%g.Cells/2
		c.Count[at] += n
		c.Sum[at] += g.Sum[i]
	}
	return c
}
