package tiles

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"shapan/layers"

	"github.com/paulmach/orb/maptile"
)

// Request asks for a vector tile.
type Request struct {
	Layers  []string // in the order in which they stand in the tile; each once
	Tile    maptile.Tile
	Matrix  Matrix                   // that the tile is of
	Filters map[string]layers.Filter // by layer; none or nil: everything
}

// pens keeps what drawing works with from one tile to the next.
var pens = sync.Pool{New: func() any { return new(pen) }}

// Vector draws layers as a vector tile (MVT 2.1, not compressed, y to the south); nil when nothing is in the tile.
// Features carry the fields marked InTiles: times as seconds since 1970, dates as those of their midnight UTC, lists as
// one text; null is left out. Layers stand in the order asked for, features in that of their ids, so equal input gives
// equal bytes. A layer of areas that have a name or code is followed by the layer <name>_label with a point inside each
// area. Points of layers that cluster crowd below the layer's MaxZoom. No tile is larger than MaxBytes: where it would
// be, points crowd, and the layer <name>_rest counts the lines and areas that are left out. It fails with ErrInvalid for
// an address outside its zoom, with ErrNotFound for a layer that the caller may not see, and with ctx's error.
func Vector(ctx context.Context, v *layers.View, r Request) ([]byte, error) {
	tile, _, err := draw(ctx, v, r)
	return tile, err
}

// draw does what Vector says, and tells the level of less detail at which the tile fitted.
func draw(ctx context.Context, v *layers.View, r Request) (tile []byte, level int, err error) {
	tables, err := r.tables(v)
	if err != nil {
		return nil, 0, err
	}
	p := pens.Get().(*pen)
	defer pens.Put(p)
	for level = range detailLevels {
		p.start(r, level)
		fits, err := p.draw(ctx, tables, r)
		if err != nil {
			return nil, level, err
		}
		if fits {
			break
		}
	}
	if len(p.tile) == 0 {
		return nil, level, nil
	}
	return bytes.Clone(p.tile), level, nil
}

// detailLevels is how often a tile is drawn, each time with less detail, before it must fit. From level 1 on all points
// crowd and lines are coarser; from level allShapes on, of the shapes of each layer only the larger half, quarter,
// eighth ... is drawn; the last level leaves out the fields too, and shapes once the tile is full.
const (
	detailLevels = 10
	allShapes    = 3
)

// coarseness returns the lattice of lines and areas, as a power of two of units: below the layer's MaxZoom, two units,
// which is a quarter of a pixel of a tile drawn 512 pixels wide; at most sixteen, two pixels, where a tile is too full.
func coarseness(level int, deepest bool) uint {
	if level == 0 && deepest {
		return 0
	}
	return uint(min(1+level, 4))
}

// roomForLabel is the size, in units of a tile, below which an area gets no label when the tile is too full.
const roomForLabel = Extent / 64

// pen draws one tile.
type pen struct {
	tracer   tracer
	mesh     mesh
	tile     []byte
	main     writer
	labels   writer
	rest     rest
	level    int
	zoom     int
	base     uint  // the lattice of the layer at level 0, as a power of two of units
	over     bool  // more has come than the tile may hold
	least    int64 // units: smaller shapes are left out
	room     int   // bytes that the last level may give to the shapes of each layer
	fields   []field
	keys     []key
	marks    []pos
	shapes   []drawn
	clusters []cluster
}

// field is a field that the tile carries.
type field struct {
	at   int // in the layer's Fields
	kind layers.FieldType
}

func (p *pen) start(r Request, level int) {
	p.tile, p.level, p.zoom = p.tile[:0], level, int(r.Tile.Z)
	p.tracer.frame = r.Matrix.frame(r.Tile)
	p.over = false
}

// last tells whether this is the level of least detail.
func (p *pen) last() bool { return p.level == detailLevels-1 }

// draw draws the layers; fits is false as soon as they need more than MaxBytes.
func (p *pen) draw(ctx context.Context, tables []*layers.Table, r Request) (fits bool, err error) {
	for i, t := range tables {
		p.room = max((MaxBytes-len(p.tile))/(2*(len(tables)-i))-restRoom, 0)
		p.open(t)
		if t.Layer.Kind == layers.Point {
			err = p.crowd(ctx, t, r)
		} else {
			err = p.drawShapes(ctx, t, r, labelled(t, tables))
		}
		if err != nil {
			return false, err
		}
		p.tile = p.labels.appendTo(p.main.appendTo(p.tile))
		if !named(tables, t.Layer.Name+restSuffix) {
			p.tile = p.rest.appendTo(p.tile)
		}
		if p.over {
			return false, nil
		}
	}
	return true, nil
}

// labelled tells whether a layer, drawn among others, is followed by labels: its areas have something to be labelled
// with, and no other layer has the labels' name.
func labelled(t *layers.Table, among []*layers.Table) bool {
	if t.Layer.Kind != layers.Polygon || t.Layer.Index("name") < 0 && t.Layer.Index("code") < 0 {
		return false
	}
	return !named(among, t.Layer.Name+labelSuffix)
}

// named tells whether one of the layers has a name.
func named(among []*layers.Table, name string) bool {
	return slices.ContainsFunc(among, func(o *layers.Table) bool { return o.Layer.Name == name })
}

// What the names of a layer's companions in a tile end in.
const (
	labelSuffix = "_label"
	restSuffix  = "_rest"
)

// The keys that clusters add to a layer's fields.
const (
	keyCluster = "cluster"
	keyCount   = "point_count"
)

// open starts the layer, and its labels.
func (p *pen) open(t *layers.Table) {
	p.fields, p.keys = p.fields[:0], p.keys[:0]
	for i, f := range t.Layer.Fields {
		if f.InTiles {
			p.fields = append(p.fields, field{i, f.Type})
			p.keys = append(p.keys, key{f.Name, tileForm(f.Type)})
		}
	}
	p.keys = append(p.keys, key{keyCluster, layers.Bool}, key{keyCount, layers.Int})
	p.main.start(t.Layer.Name, p.keys)
	p.labels.start(t.Layer.Name+labelSuffix, p.keys)
	p.rest.start(t.Layer.Name + restSuffix)
	p.base = coarseness(0, p.zoom >= t.Layer.MaxZoom)
	p.tracer.coarse = coarseness(p.level, p.zoom >= t.Layer.MaxZoom)
}

// full tells whether what is drawn is too much for this level. At the last level that is no reason to draw again.
func (p *pen) full() bool {
	size := p.main.size() + p.labels.size()
	if p.last() {
		return size > p.room
	}
	if p.level > 0 {
		size += restRoom
	}
	p.over = p.over || len(p.tile)+size > MaxBytes
	return p.over
}

// tags adds the fields of a row to a writer's feature.
func (p *pen) tags(w *writer, r layers.Row) {
	if p.last() {
		return
	}
	for slot, f := range p.fields {
		if v := r.Value(f.at); !v.IsNull() {
			w.tag(slot, tileValue(f.kind, v))
		}
	}
}

// tileForm returns what a tile holds the values of a field type as: String, Int, Float or Bool.
func tileForm(t layers.FieldType) layers.FieldType {
	switch t {
	case layers.Time, layers.Date:
		return layers.Int
	case layers.Int, layers.Float, layers.Bool:
		return t
	}
	return layers.String
}

// tileValue returns a value as a tile can hold it: a text, a number or a boolean.
func tileValue(kind layers.FieldType, v layers.Value) layers.Value {
	switch kind {
	case layers.Time, layers.Date:
		return layers.IntValue(v.Time().Unix())
	case layers.Strings:
		return layers.TextValue(v.String())
	}
	return v
}

// checkEvery is after how many rows a drawing looks whether it is still wanted.
const checkEvery = 256
