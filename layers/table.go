package layers

import (
	"math"
	"slices"

	"shapan/geo"

	"github.com/paulmach/orb"
	"github.com/tidwall/btree"
)

// chunkRows is how many rows stand together: what a change copies.
const chunkRows = 512

// chunk is a run of rows as columns. Once sealed it is only read.
type chunk struct {
	ids      []int64   // 0: the row is empty
	lon, lat []float64 // of a Point layer; NaN where there is no geometry
	shapes   []*Shape  // of the other kinds; nil where there is no geometry
	cols     []column  // one a field
}

// table is the features of one layer as columns, with its index and its marks. A published table is only read.
type table struct {
	layer  *Layer
	kinds  []valueKind // one a field
	chunks []*chunk
	ids    *btree.Map[int64, uint32] // id to row
	index  *geo.Index
	cells  *cells // of a Point layer; nil for others
	marks  *mark
	free   []uint32 // empty rows, to be used again
	base   Seq      // no part of the table is older
	last   Seq      // its last change
}

func newTable(l *Layer, base Seq) *table {
	t := &table{layer: l, ids: new(btree.Map[int64, uint32]), index: new(geo.Index), base: base, last: base}
	for _, f := range l.Fields {
		t.kinds = append(t.kinds, kindOf(f.Type))
	}
	if l.Kind == Point {
		t.cells = newCells(l)
	}
	return t
}

// rows returns the number of rows, empty ones included.
func (t *table) rows() uint32 {
	if len(t.chunks) == 0 {
		return 0
	}
	return uint32((len(t.chunks)-1)*chunkRows + len(t.chunks[len(t.chunks)-1].ids))
}

func (t *table) at(row uint32) (*chunk, int) { return t.chunks[row/chunkRows], int(row % chunkRows) }

// id returns the id of a row; 0 where it is empty.
func (t *table) id(row uint32) int64 {
	c, i := t.at(row)
	return c.ids[i]
}

func (t *table) value(row uint32, field int) Value {
	c, i := t.at(row)
	return c.cols[field].value(t.kinds[field], i)
}

// bound returns the bound of a row's geometry; ok is false where it has none.
func (t *table) bound(row uint32) (b orb.Bound, ok bool) {
	c, i := t.at(row)
	if c.shapes != nil {
		if s := c.shapes[i]; s != nil {
			return s.Bound, true
		}
		return b, false
	}
	if c.lon == nil || c.lon[i] != c.lon[i] {
		return b, false
	}
	p := orb.Point{c.lon[i], c.lat[i]}
	return orb.Bound{Min: p, Max: p}, true
}

// geometry returns a row's geometry, or nil. It must not be edited.
func (t *table) geometry(row uint32) orb.Geometry {
	c, i := t.at(row)
	if c.shapes != nil {
		if s := c.shapes[i]; s != nil {
			return s.Geometry
		}
		return nil
	}
	if c.lon == nil || c.lon[i] != c.lon[i] {
		return nil
	}
	return orb.Point{c.lon[i], c.lat[i]}
}

// changed calls fn with the ids of the rows that are not the same in two tables of one layer. Chunks, and columns of chunks,
// that the two share are equal.
func (t *table) changed(other *table, fn func(id int64)) {
	for n := range max(len(t.chunks), len(other.chunks)) {
		var a, b *chunk
		if n < len(t.chunks) {
			a = t.chunks[n]
		}
		if n < len(other.chunks) {
			b = other.chunks[n]
		}
		if a != b {
			t.differing(a, b, fn)
		}
	}
}

// differing compares two chunks row by row; either may be nil.
func (t *table) differing(a, b *chunk, fn func(id int64)) {
	var fields []int // those whose columns are not shared
	for f := range t.kinds {
		if a == nil || b == nil || !a.cols[f].shares(&b.cols[f]) {
			fields = append(fields, f)
		}
	}
	tell := func(id int64) {
		if id != 0 {
			fn(id)
		}
	}
	for i := range max(a.len(), b.len()) {
		switch {
		case i >= a.len():
			tell(b.ids[i])
		case i >= b.len():
			tell(a.ids[i])
		case a.ids[i] != b.ids[i]:
			tell(a.ids[i])
			tell(b.ids[i])
		case !t.equal(a, b, i, fields):
			tell(a.ids[i])
		}
	}
}

// equal tells whether a row has the same geometry and, in some fields, the same values in two chunks.
func (t *table) equal(a, b *chunk, i int, fields []int) bool {
	if a.shapes != nil && a.shapes[i] != b.shapes[i] {
		return false
	}
	if a.lon != nil && (math.Float64bits(a.lon[i]) != math.Float64bits(b.lon[i]) || math.Float64bits(a.lat[i]) != math.Float64bits(b.lat[i])) {
		return false
	}
	return !slices.ContainsFunc(fields, func(f int) bool {
		return a.cols[f].value(t.kinds[f], i) != b.cols[f].value(t.kinds[f], i)
	})
}

func (c *chunk) len() int {
	if c == nil {
		return 0
	}
	return len(c.ids)
}

// draft is a chunk being written: rows as whole values.
type draft struct {
	ids  []int64
	geom []any // orb.Point, *Shape or nil
	rows [][]Value
}

// open unpacks a chunk to be written. A nil chunk opens as an empty draft.
func (t *table) open(c *chunk) *draft {
	d := new(draft)
	if c == nil {
		return d
	}
	d.ids = append(d.ids, c.ids...)
	for i := range c.ids {
		values := make([]Value, len(t.kinds))
		for f := range values {
			values[f] = c.cols[f].value(t.kinds[f], i)
		}
		d.rows = append(d.rows, values)
		switch {
		case c.shapes != nil && c.shapes[i] != nil:
			d.geom = append(d.geom, c.shapes[i])
		case c.lon != nil && c.lon[i] == c.lon[i]:
			d.geom = append(d.geom, orb.Point{c.lon[i], c.lat[i]})
		default:
			d.geom = append(d.geom, nil)
		}
	}
	return d
}

// set writes a row of the draft; i may be one past its end.
func (d *draft) set(i int, id int64, geom any, values []Value) {
	if i == len(d.ids) {
		d.ids, d.geom, d.rows = append(d.ids, id), append(d.geom, geom), append(d.rows, values)
		return
	}
	d.ids[i], d.geom[i], d.rows[i] = id, geom, values
}

// seal packs a draft into a chunk.
func (t *table) seal(d *draft) *chunk {
	return t.pack(d.ids, d.geom, func(field, row int) Value { return d.rows[row][field] }, nil)
}

// pack packs rows into a chunk, which may share texts with the chunk before, where there is one. Of what it is given it
// keeps nothing else but shapes.
func (t *table) pack(ids []int64, geom []any, value func(field, row int) Value, before *chunk) *chunk {
	n := len(ids)
	c := &chunk{ids: append(make([]int64, 0, n), ids...), cols: make([]column, len(t.kinds))}
	switch t.layer.Kind {
	case Point:
		c.lon, c.lat = make([]float64, n), make([]float64, n)
		for i, g := range geom {
			c.place(i, g)
		}
	case None:
	default:
		c.shapes = make([]*Shape, n)
		for i, g := range geom {
			c.shapes[i], _ = g.(*Shape)
		}
	}
	for f := range c.cols {
		var shared *column
		if before != nil {
			shared = &before.cols[f]
		}
		c.cols[f] = packColumn(t.kinds[f], n, func(row int) Value { return value(f, row) }, shared)
	}
	return c
}

// hold returns how a table holds a geometry: a point as it is, any other as a shape, none as nil.
func (t *table) hold(g orb.Geometry) any {
	if g == nil {
		return nil
	}
	if p, ok := g.(orb.Point); ok && t.layer.Kind == Point {
		return p
	}
	return NewShape(g)
}

// edit is a table in the making: the writer's own, until done publishes it.
type edit struct {
	*table
	drafts  map[uint32]*draft // by chunk number
	patched map[uint32]int    // how many rows were patched, by chunk number
}

// maxPatches is how many rows of a chunk one edit patches before it unpacks the chunk.
const maxPatches = 8

// edit returns a copy of the table that shares everything with it until it is written.
func (t *table) edit() *edit {
	next := *t
	next.chunks = append(make([]*chunk, 0, len(t.chunks)+1), t.chunks...)
	next.ids, next.index = t.ids.Copy(), t.index.Copy()
	next.free = append([]uint32(nil), t.free...)
	if t.cells != nil {
		next.cells = t.cells.copy()
	}
	return &edit{table: &next, drafts: map[uint32]*draft{}, patched: map[uint32]int{}}
}

// write sets a row, in the sealed chunk while few of its rows change, else in a draft.
func (e *edit) write(row uint32, id int64, geom any, values []Value) {
	n, i := row/chunkRows, int(row%chunkRows)
	if e.drafts[n] == nil && int(n) < len(e.chunks) && i < len(e.chunks[n].ids) && e.patched[n] < maxPatches {
		e.patched[n]++
		e.chunks[n] = e.patch(e.chunks[n], i, id, geom, values)
		return
	}
	e.draft(row).set(i, id, geom, values)
}

// patch returns a chunk with one row changed, which shares the columns that stay the same.
func (t *table) patch(c *chunk, i int, id int64, geom any, values []Value) *chunk {
	next := *c
	if c.ids[i] != id {
		next.ids = slices.Clone(c.ids)
		next.ids[i] = id
	}
	switch {
	case c.shapes != nil:
		next.shapes = slices.Clone(c.shapes)
		next.shapes[i], _ = geom.(*Shape)
	case c.lon != nil:
		next.lon, next.lat = slices.Clone(c.lon), slices.Clone(c.lat)
		next.place(i, geom)
	}
	next.cols = slices.Clone(c.cols)
	for f, kind := range t.kinds {
		old := &c.cols[f]
		if old.value(kind, i) == values[f] {
			continue
		}
		next.cols[f] = packColumn(kind, len(c.ids), func(row int) Value {
			if row == i {
				return values[f]
			}
			return old.value(kind, row)
		}, nil)
	}
	return &next
}

// place sets the position of a row of a Point layer; geom is a point or nil.
func (c *chunk) place(i int, geom any) {
	c.lon[i], c.lat[i] = math.NaN(), math.NaN()
	if p, ok := geom.(orb.Point); ok {
		c.lon[i], c.lat[i] = p[0], p[1]
	}
}

func (e *edit) draft(row uint32) *draft {
	n := row / chunkRows
	d := e.drafts[n]
	if d == nil {
		for uint32(len(e.chunks)) <= n {
			e.chunks = append(e.chunks, nil)
		}
		d = e.open(e.chunks[n])
		e.drafts[n] = d
	}
	return d
}

// size returns the number of rows, those in drafts included.
func (e *edit) size() uint32 {
	n := uint32(len(e.chunks))
	if n == 0 {
		return 0
	}
	if d := e.drafts[n-1]; d != nil {
		return (n-1)*chunkRows + uint32(len(d.ids))
	}
	return e.rows()
}

// old returns the bound that a row has in the edit.
func (e *edit) old(row uint32) (orb.Bound, bool) {
	if d := e.drafts[row/chunkRows]; d != nil {
		return boundOf(d.geom[row%chunkRows])
	}
	return e.bound(row)
}

func boundOf(geom any) (orb.Bound, bool) {
	switch g := geom.(type) {
	case orb.Point:
		return orb.Bound{Min: g, Max: g}, true
	case *Shape:
		return g.Bound, true
	}
	return orb.Bound{}, false
}

// put writes a feature and returns the bounds before and after.
func (e *edit) put(f *Feature) (before, after []orb.Bound) {
	geom := e.hold(f.Geometry)
	row, exists := e.ids.Get(f.ID)
	switch {
	case exists:
		before = e.lift(row)
	case len(e.free) > 0:
		row = e.free[len(e.free)-1]
		e.free = e.free[:len(e.free)-1]
	default:
		row = e.size()
	}
	e.write(row, f.ID, geom, f.Values)
	e.ids.Set(f.ID, row)
	if b, ok := boundOf(geom); ok {
		after = append(after, b)
		e.index.Insert(b, row)
		if e.cells != nil {
			x, y := geo.World(b.Min)
			key, day := e.cells.facets.key(f.Values)
			e.cells.add(x, y, row, key, day)
		}
	}
	return before, after
}

// lift takes a row off the index and the cells and returns the bound that it had there.
func (e *edit) lift(row uint32) (before []orb.Bound) {
	b, ok := e.old(row)
	if !ok {
		return nil
	}
	e.index.Delete(b, row)
	if e.cells != nil {
		x, y := geo.World(b.Min)
		e.cells.remove(x, y, row)
	}
	return []orb.Bound{b}
}

// remove deletes a feature and returns its last bound; deleting what is not there does nothing.
func (e *edit) remove(id int64) (before []orb.Bound) {
	row, exists := e.ids.Get(id)
	if !exists {
		return nil
	}
	before = e.lift(row)
	e.write(row, 0, nil, make([]Value, len(e.kinds)))
	e.ids.Delete(id)
	e.free = append(e.free, row)
	return before
}

// pack packs what was written so far.
func (e *edit) pack() {
	for n, d := range e.drafts {
		e.chunks[n] = e.seal(d)
	}
	clear(e.drafts)
}

// done packs what was written and returns the table, to be published.
func (e *edit) done() *table {
	e.pack()
	if e.cells != nil {
		e.cells.settle()
	}
	return e.table
}
