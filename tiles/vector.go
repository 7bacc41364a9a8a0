package tiles

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
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

// Vector draws layers as a vector tile (MVT 2.1, not compressed, y to the south); nil when nothing is in the tile. Features carry the
// fields marked InTiles: times as seconds since 1970, dates as those of their midnight UTC, lists as one text; null is
// left out. Layers stand in the order asked for, shapes in that of their rows, points in that of their ids, so equal input gives equal bytes. A
// layer of areas that have a name or code is followed by the layer <name>_label with a point inside each area. Points of
// layers that cluster crowd below the layer's MaxZoom. No tile is larger than MaxBytes. It fails with ErrInvalid for an
// address outside its zoom, with ErrNotFound for a layer that the caller may not see, and with ctx's error.
func Vector(ctx context.Context, v *layers.View, r Request) ([]byte, error) {
	tables, err := r.tables(v)
	if err != nil {
		return nil, err
	}
	p := pens.Get().(*pen)
	defer pens.Put(p)
	for level := range detailLevels {
		p.start(r, level)
		fits, err := p.draw(ctx, tables, r)
		if err != nil {
			return nil, err
		}
		if fits {
			break
		}
	}
	if len(p.tile) == 0 {
		return nil, nil
	}
	return bytes.Clone(p.tile), nil
}

// detailLevels is how often a tile is drawn, each time with less detail, before it must fit. From level 1 on all points
// crowd and lines are coarser; from level allShapes on, of the shapes of each layer only the larger half, quarter,
// eighth ... is drawn; the last level leaves out the fields too, and shapes once the tile is full.
const (
	detailLevels = 10
	allShapes    = 3
)

// roomForLabel is the size, in units of a tile, below which an area gets no label when the tile is too full.
const roomForLabel = Extent / 64

// coarseness returns how far, in units of a tile, a line at a level of less detail may be from the true one: up to 8,
// a pixel of a tile drawn 512 pixels wide.
func coarseness(level int) float64 { return float64(int(1) << min(level, 3)) }

// pen draws one tile.
type pen struct {
	tracer   tracer
	tile     []byte
	main     writer
	labels   writer
	level    int
	zoom     int
	over     bool  // more has come than the tile may hold
	least    int64 // units: smaller shapes are left out
	room     int   // bytes that the last level may give to the shapes of each layer
	fields   []field
	keys     []key
	rings    []pos
	ends     []int
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
		p.room = max((MaxBytes-len(p.tile))/(2*(len(tables)-i))-8<<10, 0)
		p.open(t)
		if t.Layer.Kind == layers.Point {
			err = p.crowd(ctx, t, r)
		} else {
			err = p.shapes(ctx, t, r, labelled(t, tables))
		}
		if err != nil {
			return false, err
		}
		p.tile = p.labels.appendTo(p.main.appendTo(p.tile))
		if p.over {
			return false, nil
		}
	}
	return true, nil
}

// labelSuffix ends the name of the layer of labels of another layer.
const labelSuffix = "_label"

// labelled tells whether a layer, drawn among others, is followed by labels: its areas have something to be labelled
// with, and no other layer has the labels' name.
func labelled(t *layers.Table, among []*layers.Table) bool {
	if t.Layer.Kind != layers.Polygon || t.Layer.Index("name") < 0 && t.Layer.Index("code") < 0 {
		return false
	}
	return !slices.ContainsFunc(among, func(o *layers.Table) bool { return o.Layer.Name == t.Layer.Name+labelSuffix })
}

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
	p.tracer.tolerance = 0
	if p.zoom < t.Layer.MaxZoom {
		p.tracer.tolerance = 1
	}
	if p.level > 0 {
		p.tracer.tolerance = coarseness(p.level)
	}
}

// full tells whether what is drawn is too much for this level. At the last level that is no reason to draw again.
func (p *pen) full() bool {
	size := p.main.size() + p.labels.size()
	if p.last() {
		return size > p.room
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

// shapes draws a layer that is not of points, and its labels.
func (p *pen) shapes(ctx context.Context, t *layers.Table, r Request, labelled bool) (err error) {
	n := 0
	bound, filter := r.Matrix.area(r.Tile, margin(r.Tile)).bound(), r.Filters[t.Layer.Name]
	p.least = 0
	if p.level > allShapes {
		p.least = p.leastSize(t, bound, filter)
	}
	t.Within(bound, filter, func(row layers.Row) bool {
		if n++; n%checkEvery == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		shape := row.Shape()
		if shape == nil || len(shape.Paths) == 0 {
			return true
		}
		size := p.span(shape).size()
		if size < p.least {
			return true
		}
		p.shape(row, shape)
		if labelled && (p.level == 0 || size >= roomForLabel) {
			p.label(row, shape)
		}
		return p.last() || !p.full()
	})
	return err
}

// leastSize returns the size that the shapes of a layer must have to be drawn at this level: that of the last of the
// largest 1/2, 1/4, 1/8 ... of them.
func (p *pen) leastSize(t *layers.Table, b orb.Bound, f layers.Filter) int64 {
	var sizes []int64
	t.Within(b, f, func(row layers.Row) bool {
		if s := row.Shape(); s != nil {
			sizes = append(sizes, p.span(s).size())
		}
		return true
	})
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	return sizes[len(sizes)-1-(len(sizes)-1)>>(p.level-allShapes)]
}

// span returns what a shape spans in units of the tile.
func (p *pen) span(s *layers.Shape) span {
	west, north := geo.World(s.Bound.LeftTop())
	east, south := geo.World(s.Bound.RightBottom())
	return span{p.tracer.frame.at(west, north), p.tracer.frame.at(east, south)}
}

// shape draws one feature.
func (p *pen) shape(row layers.Row, s *layers.Shape) {
	kind, before := typePolygon, p.main.mark()
	switch s.Paths[0].Kind {
	case layers.PathPoints:
		kind = typePoint
		p.multiPoint(s.Paths[0].XY)
	case layers.PathLine:
		kind = typeLine
		for _, path := range s.Paths {
			p.tracer.lines(path, p.main.line)
		}
	default:
		for from := 0; from < len(s.Paths); {
			to := from + 1
			for to < len(s.Paths) && s.Paths[to].Kind == layers.PathHole {
				to++
			}
			p.polygon(s.Paths[from:to])
			from = to
		}
	}
	if len(p.main.geom) > 0 {
		p.tags(&p.main, row)
		p.main.feature(uint64(row.ID()), kind)
	}
	if p.last() && p.full() {
		p.main.undo(before)
	}
}

// multiPoint draws the points that are in the tile, those in one unit after each other once.
func (p *pen) multiPoint(xy [][2]uint32) {
	p.rings = p.rings[:0]
	for _, c := range xy {
		if at := p.tracer.frame.at(c[0], c[1]); at.inside() && (len(p.rings) == 0 || p.rings[len(p.rings)-1] != at) {
			p.rings = append(p.rings, at)
		}
	}
	if len(p.rings) > 0 {
		p.main.points(p.rings...)
	}
}

// polygon draws an outer ring with its holes, unless the holes leave nothing of it.
func (p *pen) polygon(paths []layers.Path) {
	p.rings, p.ends = p.rings[:0], p.ends[:0]
	var left int64
	for i, path := range paths {
		ring, area := p.tracer.ring(path)
		if area == 0 && i == 0 {
			return
		}
		if area != 0 {
			left += area
			p.rings = append(p.rings, ring...)
			p.ends = append(p.ends, len(p.rings))
		}
	}
	if left <= 0 {
		return
	}
	from := 0
	for _, to := range p.ends {
		p.main.ring(p.rings[from:to])
		from = to
	}
}

// label draws the point inside an area that its label stands at, where that is in the tile.
func (p *pen) label(row layers.Row, s *layers.Shape) {
	if b := p.span(s); b.max.x < 0 || b.max.y < 0 || b.min.x >= Extent || b.min.y >= Extent {
		return
	}
	at := p.tracer.frame.at(geo.World(s.Label))
	if !at.inside() {
		return
	}
	before := p.labels.mark()
	p.labels.points(at)
	p.tags(&p.labels, row)
	p.labels.feature(uint64(row.ID()), typePoint)
	if p.last() && p.full() {
		p.labels.undo(before)
	}
}
