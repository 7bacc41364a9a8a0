package tiles

import (
	"context"
	"math/bits"
	"strconv"

	"shapan/layers"

	"github.com/paulmach/orb/maptile"
)

// HeatRequest asks for the heat of a tile.
type HeatRequest struct {
	Layer  string // a layer of points
	Tile   maptile.Tile
	Filter layers.Filter // nil: everything
	Cells  int           // along a side of the tile, a power of two from 8 to 256; 0 means 64
	Measure
}

// Grid is the heat of a tile: points gathered in square cells, row by row from the north-west. A point on a border of a
// cell belongs to the cell east or south of it, so the cells of any cover of tiles add up to the points.
type Grid struct {
	Tile   maptile.Tile
	Cells  int     // along a side
	Now    []Tally // by cell; nil for a layer that is Personal
	Before []Tally // of the compared window; nil where there is none

	measure *measure
	crowds  []crowd   // of a layer that is Personal, all of them
	margin  int       // cells around the tile in wide
	wide    []float64 // with the margin that pictures need: what adds up to their density; nil where cells are drawn as they are
}

// HeatRev returns the number of the last change in what the heat of a tile and its picture draw from. A picture's kernel
// is wider than layers.TileReach, so the eight neighbours count too; around the world's edge they are on the other side.
// The cells of a layer that is Personal depend on all of it. Where households are asked for, theirs counts as well.
func HeatRev(v *layers.View, t *layers.Table, tile maptile.Tile, per Rate) layers.Seq {
	if t.Layer.Personal {
		return t.LastSeq()
	}
	rev := around(t, tile)
	if homes, err := v.Table(homesLayer); err == nil && per == PerHouseholds {
		rev = max(rev, homes.TileRev(tile))
	}
	return rev
}

// around returns the greatest revision of a tile and its neighbours.
func around(t *layers.Table, tile maptile.Tile) layers.Seq {
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

// Heat gathers the points of a tile in cells. Of a layer that is Personal it returns the cells of its floor (see crowd),
// whatever the scope. It fails with ErrNotFound for a layer that the caller may not see, with ErrInvalid for a layer that
// is not of points, a measure that Measure does not allow, a filter or measure of a layer that is Personal, or an address
// or number of cells out of range, with ErrForbidden where Places does, and with ctx's error.
func Heat(ctx context.Context, v *layers.View, r HeatRequest) (Grid, error) {
	t, m, err := r.check(v)
	if err != nil {
		return Grid{}, err
	}
	g := Grid{Tile: r.Tile, Cells: r.Cells, measure: m}
	if m.additive() {
		_, g.margin = kernel(r.Cells)
		side := r.Cells + 2*g.margin
		g.wide = make([]float64, side*side)
	}
	if t.Layer.Personal {
		if g.crowds, err = crowdsOf(ctx, t, m.floor); err != nil {
			return Grid{}, err
		}
		g.spread()
		return g, nil
	}
	g.Now = make([]Tally, r.Cells*r.Cells)
	if m.Compare != nil {
		g.Before = make([]Tally, r.Cells*r.Cells)
	}
	err = g.turns(func(part area, x0, y0 int64) error {
		return m.gathered(ctx, t, part, g.shift(), r.Filter, func(x, y uint32, group Tally, before bool, factor float64) error {
			g.add(int((int64(x)-x0)>>g.shift()), int((int64(y)-y0)>>g.shift()), group, before, factor)
			return nil
		})
	})
	if err != nil {
		return Grid{}, err
	}
	return g, nil
}

// check fills in what the zero values of the request mean, and finds its table and measure.
func (r *HeatRequest) check(v *layers.View) (*layers.Table, *measure, error) {
	if err := WebMercator.check(r.Tile); err != nil {
		return nil, nil, err
	}
	if r.Cells == 0 {
		r.Cells = defaultCells
	}
	if err := checkCells(r.Cells); err != nil {
		return nil, nil, err
	}
	t, err := v.Table(r.Layer)
	if err != nil {
		return nil, nil, err
	}
	if t.Layer.Personal && r.Tile.Z > PersonalZoom {
		return nil, nil, layers.Invalid("z", "layer %s holds persons: its heat goes to zoom %d, %d came", r.Layer, PersonalZoom, r.Tile.Z)
	}
	if err := wholly(t, r.Filter, r.Measure); err != nil {
		return nil, nil, err
	}
	m, err := r.resolve(v, t)
	if err != nil {
		return nil, nil, err
	}
	if m.Half == 0 {
		m.Half = m.half(r.Cells)
	}
	return t, m, nil
}

// defaultCells is how many cells a side of a tile has where nobody says otherwise.
const defaultCells = 64

func checkCells(n int) error {
	if n < 8 || n > 256 || n&(n-1) != 0 {
		return layers.Invalid("cells", "cells is %d: expected a power of two from 8 to 256", n)
	}
	return nil
}

// shift is that of a cell's side in world units.
func (g *Grid) shift() uint { return 32 - g.depth() }

// depth is the number of times that the world is halved to make a cell.
func (g *Grid) depth() uint { return uint(g.Tile.Z) + uint(bits.TrailingZeros(uint(g.Cells))) }

// origin returns the north-west corner of the tile and its side in world units.
func (g *Grid) origin() (x, y, side int64) {
	side = int64(worldSize) >> g.Tile.Z
	return int64(g.Tile.X) * side, int64(g.Tile.Y) * side, side
}

// turns calls fn with the parts of the world that the tile and its margin cover, which may reach around the world, and
// with where the margin's north-west corner is as that part sees it.
func (g *Grid) turns(fn func(part area, x0, y0 int64) error) error {
	x, y, side := g.origin()
	around := int64(g.margin) << g.shift()
	for turn := int64(-1); turn <= 1; turn++ {
		x0, y0 := x-around-turn*worldSize, y-around
		part := area{max(x0, 0), max(y0, 0), min(x0+side+2*around, worldSize), min(y0+side+2*around, worldSize)}
		if part.x0 >= part.x1 {
			continue
		}
		if err := fn(part, x0, y0); err != nil {
			return err
		}
	}
	return nil
}

// add adds a group to a cell, counted from the corner of the margin.
func (g *Grid) add(col, line int, group Tally, before bool, factor float64) {
	if g.wide != nil {
		g.wide[line*(g.Cells+2*g.margin)+col] += group.Sum * factor
	}
	col, line = col-g.margin, line-g.margin
	if col < 0 || col >= g.Cells || line < 0 || line >= g.Cells {
		return
	}
	if before {
		g.Before[line*g.Cells+col].add(group)
	} else {
		g.Now[line*g.Cells+col].add(group)
	}
}

// Total returns the number of points in the tile, of the first window, and the sum of their weights. Of a layer that is
// Personal it is that of the cells whose north-west corner is in the tile: these add up over a cover, too.
func (g *Grid) Total() (count int, sum float64) {
	for _, t := range g.Now {
		count += t.Count
		sum += t.Sum
	}
	x, y, side := g.origin()
	for _, c := range g.shownCrowds() {
		if c.box.x >= x && c.box.x < x+side && c.box.y >= y && c.box.y < y+side {
			count += c.Count
			sum += c.Sum
		}
	}
	return count, sum
}

// Filled returns the cells that have points, row by row from the north-west; those of a layer that is Personal from the
// widest to the smallest, and the widest may reach beyond the tile.
func (g *Grid) Filled() []Cell {
	cells := g.shownCrowds()
	x, y, _ := g.origin()
	hectares := make([]float64, g.Cells) // by line: they are the same along it
	for i := range g.Now {
		var c Cell
		if c.Tally = g.Now[i]; g.Before != nil {
			c.Before = g.Before[i]
		}
		if c.Count == 0 && c.Before.Count == 0 {
			continue
		}
		line, size := i/g.Cells, int64(1)<<g.shift()
		b := plot{x + int64(i%g.Cells)*size, y + int64(line)*size, size}
		full := b.cell(uint64(i+1), hectares[line])
		hectares[line] = full.Hectares
		full.Tally, full.Before = c.Tally, c.Before
		cells = append(cells, full)
	}
	for i := range cells {
		g.measure.fill(&cells[i])
	}
	return cells
}

// JSON returns the cells that have points, with the middle of each (lon/lat degrees), what is known of it and its value,
// the totals, and the legend.
func (g *Grid) JSON(lang layers.Lang) []byte {
	cells := g.Filled()
	b := g.measure.appendCells([]byte(`{"cells":`), cells)
	count, sum := g.Total()
	b = strconv.AppendInt(append(b, `,"count":`...), int64(count), 10)
	b = layers.AppendNumber(append(b, `,"sum":`...), settled(sum))
	b = appendRange(b, cells)
	b = strconv.AppendInt(append(b, `,"zoom":`...), int64(g.Tile.Z), 10)
	b = strconv.AppendInt(append(b, `,"cells_per_tile":`...), int64(g.Cells), 10)
	return append(append(append(b, `,"legend":`...), g.measure.legend().JSON(lang)...), '}')
}

// appendCells appends a JSON list of cells.
func (m *measure) appendCells(b []byte, cells []Cell) []byte {
	columns := m.columns()
	var values []layers.Value
	b = append(b, '[')
	for i := range cells {
		c := &cells[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(append(b, `{"lon":`...), c.Center[0], 'f', 7, 64)
		b = strconv.AppendFloat(append(b, `,"lat":`...), c.Center[1], 'f', 7, 64)
		values = m.values(values[:0], c)
		for k, v := range values {
			b = v.AppendJSON(append(append(append(b, `,"`...), columns[k].name...), `":`...))
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendRange appends the least and the greatest value of some cells as members of JSON; both null where there is none.
func appendRange(b []byte, cells []Cell) []byte {
	least, most := layers.Null(), layers.Null()
	for i := range cells {
		if v := layers.FloatValue(settled(cells[i].Value)); cells[i].Valid {
			if least.IsNull() || v.Compare(least) < 0 {
				least = v
			}
			if most.IsNull() || v.Compare(most) > 0 {
				most = v
			}
		}
	}
	return most.AppendJSON(append(least.AppendJSON(append(b, `,"min":`...)), `,"max":`...))
}

// MVT returns the cells that have points as a vector tile (MVT 2.1): the layer heat, a square for each cell with what is
// known of it and its value; nil where there are none. Where that is more than MaxBytes, four cells become one until it
// fits.
func (g *Grid) MVT() []byte {
	for at := *g; ; at = at.coarser() {
		if tile := at.mvt(); len(tile) <= MaxBytes || at.Cells <= 8 {
			return tile
		}
	}
}

func (g *Grid) mvt() []byte {
	w := new(writer)
	w.start("heat", g.measure.columns())
	x0, y0, size := g.origin()
	unit := func(v int64) int64 { return max(0, min(Extent, v*Extent/size)) }
	var values []layers.Value
	for _, c := range g.Filled() {
		west, north, east, south := unit(c.box.x-x0), unit(c.box.y-y0), unit(c.box.x+c.box.size-x0), unit(c.box.y+c.box.size-y0)
		w.ring([]pos{{west, north}, {east, north}, {east, south}, {west, south}})
		values = g.measure.values(values[:0], &c)
		for slot, v := range values {
			if !v.IsNull() {
				w.tag(slot, v)
			}
		}
		w.feature(c.number, typePolygon)
	}
	return w.appendTo(nil)
}

// coarser returns the grid with four cells made one. It has no picture.
func (g *Grid) coarser() Grid {
	c := Grid{Tile: g.Tile, Cells: g.Cells / 2, measure: g.measure, crowds: g.crowds}
	merge := func(fine []Tally) []Tally {
		if fine == nil {
			return nil
		}
		out := make([]Tally, c.Cells*c.Cells)
		for i, t := range fine {
			out[i/g.Cells/2*c.Cells+i%g.Cells/2].add(t)
		}
		return out
	}
	c.Now, c.Before = merge(g.Now), merge(g.Before)
	return c
}
