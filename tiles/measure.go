package tiles

import (
	"context"
	"math"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Aggregate says what becomes of the weights in a cell.
type Aggregate string

// The aggregates. A null weighs nothing: it counts as a feature, but is in no sum, mean or maximum.
const (
	Sum  Aggregate = "sum"
	Mean Aggregate = "mean"
	Max  Aggregate = "max"
)

// Rate says what a sum is divided by.
type Rate string

// The rates. Hectares are true ones, on the ellipsoid: a square on the map is 1.35 times as large as on the ground at
// 30.6 degrees of latitude. Households are those of the layer grids, each grid's shared out by area.
const (
	Raw            Rate = ""
	PerHectareWeek Rate = "ha-week"
	PerHouseholds  Rate = "1000-households"
)

// Measure says what the value of a cell of heat is. The zero Measure counts.
type Measure struct {
	Weight    string    // the numeric field that is weighed; empty: each feature is 1
	Aggregate Aggregate // empty: Sum
	Per       Rate
	Weeks     float64 // how long the window of the filter is; needed for PerHectareWeek and Compare
	Compare   *Window // the value is that of the first window less that of this one
	Half      float64 // the value that is half way up the palette; 0: see Legend
}

// Window is the second window of a difference.
type Window struct {
	Filter layers.Filter // as the first, but for its window
	Weeks  float64
}

// SmallHouseholds is how many households a cell needs for its rate to be more than chance: below it the cell is marked
// small. Thirty is the usual limit for a mean; with fewer one event moves the rate by more than 33 per 1,000.
const SmallHouseholds = 30

// measure is a Measure whose words have been looked up.
type measure struct {
	Measure
	layer   *layers.Layer
	weight  int  // position of the field; -1: the count
	perWeek bool // sums are divided by the length of their window
	homes   *homes
	floor   int // of a layer that is Personal; else 0
}

// resolve checks a measure for a layer. It fails with ErrInvalid for a field that is not numeric or not there, and for
// parts that do not go together.
func (m Measure) resolve(v *layers.View, t *layers.Table) (*measure, error) {
	if t.Layer.Kind != layers.Point {
		return nil, layers.Invalid("layer", "layer %s holds %s geometry: heat expects a layer of points", t.Layer.Name, t.Layer.Kind)
	}
	if m.Aggregate == "" {
		m.Aggregate = Sum
	}
	out := &measure{Measure: m, layer: &t.Layer, weight: -1}
	if t.Layer.Personal {
		out.floor = floorOf(v)
	}
	if m.Weight != "" {
		at, err := weightField(&t.Layer, m.Weight)
		if err != nil {
			return nil, err
		}
		out.weight = at
	}
	switch m.Aggregate {
	case Sum:
	case Mean, Max:
		if m.Weight == "" {
			return nil, layers.Invalid("agg", "agg=%s needs a weight: expected weight= with a numeric field", m.Aggregate)
		}
		if m.Per != Raw {
			return nil, layers.Invalid("per", "per=%s divides a sum: with agg=%s expected no per", m.Per, m.Aggregate)
		}
	default:
		return nil, layers.Unknown("agg", string(m.Aggregate), []string{"sum", "mean", "max"})
	}
	if m.Compare != nil && !(m.Weeks > 0 && m.Compare.Weeks > 0) {
		return nil, layers.Invalid("compare", "a difference needs two windows with both ends: expected datetime=2017-01-01/2017-06-30&compare=2016-01-01/2016-06-30")
	}
	out.perWeek = m.Aggregate == Sum && m.Compare != nil && m.Weeks != m.Compare.Weeks
	switch m.Per {
	case Raw:
	case PerHectareWeek:
		if !(m.Weeks > 0) {
			return nil, layers.Invalid("datetime", "per=ha-week needs a window with both ends: expected such as datetime=2017-01-01/2017-12-31")
		}
		out.perWeek = true
	case PerHouseholds:
		h, err := newHomes(v)
		if err != nil {
			return nil, err
		}
		out.homes = h
	default:
		return nil, layers.Unknown("per", string(m.Per), []string{"ha-week", "1000-households"})
	}
	if !(m.Half > 0) || math.IsInf(m.Half, 0) {
		out.Half = 0
	}
	return out, nil
}

// weightField returns the position of a numeric field.
func weightField(l *layers.Layer, name string) (int, error) {
	var numeric []string
	for i, f := range l.Fields {
		if f.Type == layers.Int || f.Type == layers.Float || f.Type == layers.Bool {
			if f.Name == name {
				return i, nil
			}
			numeric = append(numeric, f.Name)
		}
	}
	return 0, layers.Unknown("numeric field", name, numeric)
}

// additive tells whether the values of two cells add up to that of both together, so that they may be smoothed.
func (m *measure) additive() bool { return m.Aggregate == Sum && m.Per != PerHouseholds }

// one returns what a window says of a cell; ok is false where it says nothing.
func (m *measure) one(t Tally, weeks float64) (x float64, ok bool) {
	sum := settled(t.Sum)
	switch {
	case m.Aggregate == Sum && m.perWeek:
		return sum / weeks, true
	case m.Aggregate == Sum:
		return sum, true
	case t.Known == 0:
		return 0, false
	case m.Aggregate == Mean:
		return sum / float64(t.Known), true
	}
	return t.Max, true
}

// fill sets the value of a cell from what was gathered in it and in its outline.
func (m *measure) fill(c *Cell) {
	c.Value, c.Valid = m.one(c.Tally, m.Weeks)
	if m.Compare != nil {
		before, ok := m.one(c.Before, m.Compare.Weeks)
		c.Value, c.Valid = c.Value-before, c.Valid && ok
	}
	switch m.Per {
	case PerHectareWeek:
		c.Value /= c.Hectares
	case PerHouseholds:
		c.Households = m.homes.in(c.outline())
		c.Small = c.Households < SmallHouseholds
		if c.Valid = c.Valid && c.Households > 0; c.Valid {
			c.Value *= 1000 / c.Households
		}
	}
	if !c.Valid {
		c.Value = 0
	}
}

// Cell is a cell with points in it.
type Cell struct {
	Center  orb.Point // lon/lat degrees
	Outline orb.Ring  // closed, counter-clockwise; nil for the cells of a tile
	Tally
	Before     Tally   // of the compared window
	Hectares   float64 // true ones
	Households float64 // for PerHouseholds
	Value      float64
	Valid      bool // false: there is no value, such as a mean where no weight is known
	Small      bool // fewer than SmallHouseholds live there: the rate may be chance
	Rest       bool // of a layer that is Personal: not of all in its square, others are counted by smaller cells in it

	box    plot   // of squares of the map
	number uint64 // among the cells of its tile
}

// outline returns the outline of a cell, also of a tile's.
func (c *Cell) outline() orb.Ring {
	if c.Outline == nil {
		return c.box.bound().ToRing()
	}
	return c.Outline
}

// plot is a square in world coordinates.
type plot struct{ x, y, size int64 }

// bound returns the bound of a plot, lon/lat degrees.
func (b plot) bound() orb.Bound {
	nw, se := geo.WorldCorner(b.x, b.y), geo.WorldCorner(b.x+b.size, b.y+b.size)
	return orb.Bound{Min: orb.Point{nw[0], se[1]}, Max: orb.Point{se[0], nw[1]}}
}

// hectares returns the true area of a plot: twice that of its western half, for an outline around the whole world has none.
func (b plot) hectares() float64 {
	half := b.bound()
	half.Max[0] = (half.Min[0] + half.Max[0]) / 2
	return 2 * geo.Area(half) / 1e4
}

// cell returns the cell of a plot with its middle and area; hectares, where known already, spares measuring it.
func (b plot) cell(number uint64, hectares float64) Cell {
	if hectares == 0 {
		hectares = b.hectares()
	}
	return Cell{number: number, box: b, Center: geo.Unworld(uint32(b.x+b.size/2), uint32(b.y+b.size/2)), Hectares: hectares}
}

// columns returns the properties that a cell is answered with, in order.
func (m *measure) columns() []key {
	out := []key{{"count", layers.Int}, {"value", layers.Float}}
	weighed := []key{{"sum", layers.Float}, {"mean", layers.Float}, {"max", layers.Float}}
	if m.weight >= 0 {
		out = append(append(out, key{"known", layers.Int}), weighed...)
	}
	if m.Compare != nil {
		out = append(out, key{"before_count", layers.Int})
		if m.weight >= 0 {
			for _, k := range append([]key{{"known", layers.Int}}, weighed...) {
				out = append(out, key{"before_" + k.name, k.form})
			}
		}
	}
	out = append(out, key{"area_ha", layers.Float})
	if m.Per == PerHouseholds {
		out = append(out, key{"households", layers.Float}, key{"small", layers.Bool})
	}
	if m.layer.Personal {
		out = append(out, key{"rest", layers.Bool})
	}
	return out
}

// values appends a cell's properties in the order of columns; null where there is none.
func (m *measure) values(out []layers.Value, c *Cell) []layers.Value {
	value := layers.Null()
	if c.Valid {
		value = layers.FloatValue(settled(c.Value))
	}
	out = append(out, layers.IntValue(int64(c.Count)), value)
	out = m.weighed(out, c.Tally)
	if m.Compare != nil {
		out = m.weighed(append(out, layers.IntValue(int64(c.Before.Count))), c.Before)
	}
	out = append(out, layers.FloatValue(settled(c.Hectares)))
	if m.Per == PerHouseholds {
		out = append(out, layers.FloatValue(settled(c.Households)), layers.BoolValue(c.Small))
	}
	if m.layer.Personal {
		out = append(out, layers.BoolValue(c.Rest))
	}
	return out
}

// weighed appends known, sum, mean and max.
func (m *measure) weighed(out []layers.Value, t Tally) []layers.Value {
	if m.weight < 0 {
		return out
	}
	out = append(out, layers.IntValue(int64(t.Known)))
	if t.Known == 0 {
		return append(out, layers.Null(), layers.Null(), layers.Null())
	}
	return append(out, layers.FloatValue(settled(t.Sum)), layers.FloatValue(settled(t.Sum/float64(t.Known))), layers.FloatValue(t.Max))
}

// settled returns a number to twelve significant digits: what the order of a sum changes is beyond them, so that the same
// points give the same bytes however they came to be there.
func settled(x float64) float64 {
	if x == math.Trunc(x) || math.IsInf(x, 0) {
		return x
	}
	scale := math.Pow10(11 - int(math.Floor(math.Log10(math.Abs(x)))))
	if math.IsInf(scale, 0) || scale == 0 {
		return x
	}
	return math.Round(x*scale) / scale
}

// windows calls fn for each window of a measure: the filter, where it counts, and with which factor its sums make up the
// density of a picture.
func (m *measure) windows(f layers.Filter, fn func(f layers.Filter, before bool, factor float64) error) error {
	factor := func(weeks float64) float64 {
		if m.perWeek {
			return 1 / weeks
		}
		return 1
	}
	if err := fn(f, false, factor(m.Weeks)); err != nil || m.Compare == nil {
		return err
	}
	return fn(m.Compare.Filter, true, -factor(m.Compare.Weeks))
}

// gathered calls add with the groups of every window that are in an area.
func (m *measure) gathered(ctx context.Context, t *layers.Table, a area, shift uint, f layers.Filter, add func(x, y uint32, group Tally, before bool, factor float64) error) error {
	return m.windows(f, func(f layers.Filter, before bool, factor float64) error {
		return gather(ctx, t, a, shift, f, m.weight, func(x, y uint32, group Tally) error { return add(x, y, group, before, factor) })
	})
}
