package layers

import (
	"cmp"
	"context"
	"slices"

	"shapan/geo"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// View is a snapshot as one caller may see it. Layers, fields and features outside the caller's scope are not there.
type View struct {
	Seq    Seq
	scope  Scope
	key    string
	tables []*Table
}

// View limits the snapshot to a scope.
func (s *Snapshot) View(scope Scope) *View {
	scope.Audience = min(scope.Audience, Restricted)
	if len(scope.Communities) > 0 {
		return s.view(scope)
	}
	made := &s.views[scope.Audience]
	if v := made.Load(); v != nil {
		return v
	}
	v := s.view(scope)
	made.Store(v)
	return v
}

// view makes the view of a scope.
func (s *Snapshot) view(scope Scope) *View {
	v := &View{Seq: s.Seq, scope: scope, key: scope.Key() + s.mark}
	for _, t := range s.tables {
		if t.layer.Audience <= scope.Audience {
			v.tables = append(v.tables, newView(t, scope))
		}
	}
	return v
}

// Key names the class of scopes that see what this view sees: views of equal keys and equal revisions have the same in
// them. A copy of the record has keys of its own, for who reads it cannot ask the record whether it is the same.
func (v *View) Key() string { return v.key }

// Audience returns the widest audience that the caller belongs to.
func (v *View) Audience() Audience { return v.scope.Audience }

// Tables returns the layers that the caller may see, in the catalogue's order. The slice is not to be edited.
func (v *View) Tables() []*Table { return v.tables }

// Table returns a layer by name, or ErrNotFound naming those there are.
func (v *View) Table(name string) (*Table, error) {
	for _, t := range v.tables {
		if t.Layer.Name == name {
			return t, nil
		}
	}
	names := make([]string, 0, len(v.tables))
	for _, t := range v.tables {
		names = append(names, t.Layer.Name)
	}
	err := Unknown("layer", name, names).(*Error)
	err.Kind = ErrNotFound
	return nil, err
}

// Sees tells whether the caller may be told of a change.
func (v *View) Sees(a Applied) bool {
	t, err := v.Table(a.Layer)
	if err != nil || t.Counted() {
		return false
	}
	return v.scope.all(t.tab.layer) || slices.ContainsFunc(a.areas, v.scope.in)
}

// Table is one layer of a view: its features as rows.
type Table struct {
	Layer   Layer // with only the fields that the caller may see
	tab     *table
	cols    []int // the record's field of each visible one
	limit   []string
	limitAt int // the field that limit is about; -1 with a limit: nothing is seen
	counted bool
	part    bool // the caller sees only some communities of it
}

func newView(t *table, scope Scope) *Table {
	v := &Table{Layer: *t.layer, tab: t, limitAt: -1}
	v.Layer.Fields = nil
	for i, f := range t.layer.Fields {
		if f.Audience <= scope.Audience {
			v.Layer.Fields = append(v.Layer.Fields, f)
			v.cols = append(v.cols, i)
		}
	}
	if !scope.all(t.layer) {
		v.limit, v.limitAt, v.part = scope.Communities, t.layer.areaField(), true
	}
	if v.counted = t.layer.Personal && scope.Audience < Restricted; v.counted {
		v.limit, v.limitAt = []string{}, -1
	}
	return v
}

// Counted tells whether the layer is Personal and this caller sees none of its features, only counts.
func (t *Table) Counted() bool { return t.counted }

// Places counts the features of a layer of points by squares of 1<<shift world units (geo.World), also those that the
// caller does not see: fn is called with the north-west corner of a square, or a place in it, and how many are there, any
// number of times for a square. It is for counts that stand for many: nothing of it may be told as it comes. It fails with
// ErrForbidden for a caller who sees only some communities of the layer, for what the others have could be found by
// subtracting, and with ctx's error.
func (t *Table) Places(ctx context.Context, shift uint, fn func(x, y uint32, n int)) error {
	if t.part {
		return &Error{Kind: ErrForbidden, Detail: "layer " + t.Layer.Name + " holds persons: who sees only some communities sees no counts of it"}
	}
	all := *t
	all.limit = nil
	return all.Gather(ctx, Gathering{Square: Square{0, 0, 1 << 32, 1 << 32}, Shift: shift, Weight: -1}, func(c *Clump) bool {
		fn(c.X, c.Y, c.N)
		return true
	})
}

// Len returns the number of features that the caller may see.
func (t *Table) Len() int {
	if t.limit == nil {
		return t.tab.ids.Len()
	}
	return t.Count(nil)
}

// LastSeq returns the number of the layer's last change, or of the state it was loaded at.
func (t *Table) LastSeq() Seq { return t.tab.last }

// TileRev returns the number of the last change in what a tile draws from: the tile and TileReach around it. While it
// is the same, so is the tile.
func (t *Table) TileRev(tile maptile.Tile) Seq {
	return max(t.tab.base, t.tab.marks.last(tileBox(tile)))
}

// WorldRev returns the number of the last change in a rectangle of world coordinates (geo.World), both ends included.
func (t *Table) WorldRev(x0, y0, x1, y1 uint32) Seq {
	return max(t.tab.base, t.tab.marks.last(box{x0, y0, x1, y1}))
}

// Bound returns the bound of the layer's features, lon/lat degrees; ok is false where there are none.
func (t *Table) Bound() (b orb.Bound, ok bool) {
	if t.limit == nil {
		return t.tab.index.Bounds()
	}
	t.Each(nil, func(r Row) bool {
		if rb, has := r.Bound(); has {
			if !ok {
				b, ok = rb, true
			} else {
				b = b.Union(rb)
			}
		}
		return true
	})
	return b, ok
}

// sees tells whether a row is a feature that the caller may see.
func (t *Table) sees(row uint32) bool {
	if c, i := t.tab.at(row); c.ids[i] == 0 {
		return false
	}
	if t.limit == nil {
		return true
	}
	return t.limitAt >= 0 && slices.Contains(t.limit, t.tab.value(row, t.limitAt).Text())
}

// Get returns a feature by id.
func (t *Table) Get(id int64) (Row, bool) {
	row, ok := t.tab.ids.Get(id)
	if !ok || !t.sees(row) {
		return Row{}, false
	}
	return Row{t, row}, true
}

// Each calls fn with the features that match (all where f is nil), in no order that means anything, until fn returns
// false. Where the filter names a bound, the index is asked instead of every row.
func (t *Table) Each(f Filter, fn func(Row) bool) {
	try := func(row uint32) bool {
		if !t.sees(row) {
			return true
		}
		r := Row{t, row}
		return f != nil && !f.Match(r) || fn(r)
	}
	if f != nil {
		if b, ok := f.Bound(); ok {
			t.tab.index.Search(b, try)
			return
		}
	}
	for row := range t.tab.rows() {
		if !try(row) {
			return
		}
	}
}

// Within calls fn with the features whose bounds meet b (lon/lat degrees; Min[0] > Max[0] crosses the antimeridian) and
// that match, in the order of their ids, which is the same however the layer came to hold them.
func (t *Table) Within(b orb.Bound, f Filter, fn func(Row) bool) {
	var rows []uint32
	t.tab.index.Search(b, func(row uint32) bool {
		rows = append(rows, row)
		return true
	})
	slices.Sort(rows) // mostly that is the order of the ids
	byID := func(a, b uint32) int { return cmp.Compare(t.tab.id(a), t.tab.id(b)) }
	if !slices.IsSortedFunc(rows, byID) {
		slices.SortFunc(rows, byID)
	}
	for _, row := range rows {
		r := Row{t, row}
		if t.sees(row) && (f == nil || f.Match(r)) && !fn(r) {
			return
		}
	}
}

// Count returns the number of features that match; all where f is nil.
func (t *Table) Count(f Filter) int {
	n := 0
	t.Each(f, func(Row) bool { n++; return true })
	return n
}

// Changed calls fn with the id of every feature that is not the same in this table as in an earlier or later one of the same
// layer: new, gone, or changed; with some ids twice, and with some that have only moved within the table. Tables share what no
// change has touched, so it costs by the changes and not by the features. ok is false, and fn is not called, where the two
// cannot be compared, for the layer was loaded or defined anew or the callers see different things of it: then everything may
// be different.
func (t *Table) Changed(other *Table, fn func(id int64)) (ok bool) {
	if other == nil || t.tab.layer != other.tab.layer || !slices.Equal(t.cols, other.cols) || !slices.Equal(t.limit, other.limit) {
		return false
	}
	t.tab.changed(other.tab, fn)
	return true
}

// Nearest calls fn with the features that match, nearest first, with the distance in metres on the ellipsoid to the
// nearest part of each (0 inside a polygon), until fn returns false or the distance passes radius (<= 0: no limit).
func (t *Table) Nearest(p orb.Point, f Filter, radius float64, fn func(r Row, metres float64) bool) {
	t.tab.index.Nearest(p, func(row uint32) float64 {
		c, i := t.tab.at(row)
		if c.shapes != nil {
			return geo.DistanceTo(p, c.shapes[i].Geometry)
		}
		return geo.Distance(p, orb.Point{c.lon[i], c.lat[i]})
	}, func(row uint32, metres float64) bool {
		if radius > 0 && metres > radius {
			return false
		}
		r := Row{t, row}
		return !t.sees(row) || f != nil && !f.Match(r) || fn(r, metres)
	})
}

// Row is a feature in a view: a handle, valid as long as its view is held.
type Row struct {
	t   *Table
	row uint32
}

// ID returns the feature's id.
func (r Row) ID() int64 {
	c, i := r.t.tab.at(r.row)
	return c.ids[i]
}

// Layer returns the layer as the caller sees it.
func (r Row) Layer() *Layer { return &r.t.Layer }

// Value returns the value of a field by its position in Layer().Fields.
func (r Row) Value(field int) Value { return r.t.tab.value(r.row, r.t.cols[field]) }

// Get returns the value of a field by name; null where the layer has no such field that the caller may see.
func (r Row) Get(name string) Value {
	if i := r.t.Layer.Index(name); i >= 0 {
		return r.Value(i)
	}
	return Value{}
}

// Geometry returns the feature's geometry, lon/lat degrees, or nil. It must not be edited.
func (r Row) Geometry() orb.Geometry { return r.t.tab.geometry(r.row) }

// Bound returns the bound of the geometry; ok is false where there is none.
func (r Row) Bound() (b orb.Bound, ok bool) { return r.t.tab.bound(r.row) }

// Point returns the position of a feature of a Point layer; ok is false for others and where there is none.
func (r Row) Point() (p orb.Point, ok bool) {
	c, i := r.t.tab.at(r.row)
	if c.lon == nil || c.lon[i] != c.lon[i] {
		return p, false
	}
	return orb.Point{c.lon[i], c.lat[i]}, true
}

// World returns the position of a feature of a Point layer in world coordinates (geo.World).
func (r Row) World() (x, y uint32, ok bool) {
	c, i := r.t.tab.at(r.row)
	if c.lon == nil || c.lon[i] != c.lon[i] {
		return 0, 0, false
	}
	x, y = geo.World(orb.Point{c.lon[i], c.lat[i]})
	return x, y, true
}

// Shape returns the geometry of a feature of a layer that is not of points, projected; nil where there is none.
func (r Row) Shape() *Shape {
	c, i := r.t.tab.at(r.row)
	if c.shapes == nil {
		return nil
	}
	return c.shapes[i]
}

// Feature returns the feature with the fields that the caller may see. The values are a copy; the geometry is not.
func (r Row) Feature() Feature {
	f := Feature{ID: r.ID(), Geometry: r.Geometry(), Values: make([]Value, len(r.t.cols))}
	for i := range f.Values {
		f.Values[i] = r.Value(i)
	}
	return f
}

// ETag returns the digest of the whole feature, hidden fields included: what IfMatch is compared with.
func (r Row) ETag() string {
	f := Feature{ID: r.ID(), Geometry: r.Geometry(), Values: make([]Value, len(r.t.tab.kinds))}
	for i := range f.Values {
		f.Values[i] = r.t.tab.value(r.row, i)
	}
	return f.ETag()
}

// SortKey orders features by a field.
type SortKey struct {
	Field      int // position in the view's Layer.Fields
	Descending bool
}

// Page is a run of features in order.
type Page struct {
	Rows    []Row
	Matched int  // how many match over all pages
	More    bool // whether there are features after the last
}

// PageQuery asks for a page. After is the last row of the page before, as its sort values and id, so that pages stay
// in step while features come and go.
type PageQuery struct {
	Filter Filter
	Sort   []SortKey
	After  *Cursor
	Limit  int
}

// Cursor is a place in an order: the values of the sort keys and the id of the feature that stands there.
type Cursor struct {
	Values []Value
	ID     int64
}

// CursorAt returns the place of a row in an order.
func CursorAt(r Row, sort []SortKey) Cursor {
	c := Cursor{ID: r.ID()}
	for _, k := range sort {
		c.Values = append(c.Values, r.Value(k.Field))
	}
	return c
}

// value returns the value of a key; null where the cursor is of a shorter order.
func (c Cursor) value(i int) Value {
	if i < len(c.Values) {
		return c.Values[i]
	}
	return Value{}
}

// compare orders cursors by their keys, then by id.
func (c Cursor) compare(d Cursor, sort []SortKey) int {
	for i, k := range sort {
		o := c.value(i).Compare(d.value(i))
		if k.Descending {
			o = -o
		}
		if o != 0 {
			return o
		}
	}
	return cmp.Compare(c.ID, d.ID)
}

// Page returns the features that match after a place, in the order of the sort keys and then of their ids. It holds at
// most twice the limit in memory, whatever matches.
func (t *Table) Page(q PageQuery) Page {
	type entry struct {
		at  Cursor
		row Row
	}
	var p Page
	var best []entry
	byPlace := func(a, b entry) int { return a.at.compare(b.at, q.Sort) }
	q.Limit = max(q.Limit, 0)
	keep := q.Limit + 1
	worst := (*Cursor)(nil) // nothing after it can be on the page
	t.Each(q.Filter, func(r Row) bool {
		p.Matched++
		at := CursorAt(r, q.Sort)
		if q.After != nil && at.compare(*q.After, q.Sort) <= 0 || worst != nil && at.compare(*worst, q.Sort) >= 0 {
			return true
		}
		best = append(best, entry{at, r})
		if len(best) >= 2*keep {
			slices.SortFunc(best, byPlace)
			best = best[:keep]
			worst = &Cursor{Values: best[keep-1].at.Values, ID: best[keep-1].at.ID}
		}
		return true
	})
	slices.SortFunc(best, byPlace)
	if p.More = len(best) > q.Limit; p.More {
		best = best[:q.Limit]
	}
	for _, e := range best {
		p.Rows = append(p.Rows, e.row)
	}
	return p
}

// Service returns the view of the service's own layers, those of audience System, and of nothing else. What it shows
// must not reach a caller.
func (s *Snapshot) Service() *View {
	if v := s.service.Load(); v != nil {
		return v
	}
	v := &View{Seq: s.Seq, scope: Scope{Audience: System}, key: Scope{Audience: System}.Key()}
	for _, t := range s.tables {
		if t.layer.Audience == System {
			v.tables = append(v.tables, newView(t, v.scope))
		}
	}
	s.service.Store(v)
	return v
}

// Admits tells whether a feature would be seen in this table: whether its community is within the caller's scope. The
// feature's values are those of the visible fields.
func (t *Table) Admits(f *Feature) bool {
	if t.limit == nil {
		return true
	}
	i := t.Layer.areaField()
	return i >= 0 && i < len(f.Values) && slices.Contains(t.limit, f.Values[i].Text())
}
