package layers

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"shapan/geo"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
)

// Filter chooses features of one layer. It is compiled once for a view's table, knows only the fields that the caller
// may see, and is asked of rows, from any number of goroutines.
type Filter interface {
	// Match tells whether a row of the table that the filter was compiled for is chosen.
	Match(Row) bool
	// Bound returns a bound (lon/lat degrees) outside which no feature can match; ok is false where there is none.
	Bound() (b orb.Bound, ok bool)
	// Key is the filter in a canonical form: equal keys choose the same.
	Key() string
}

// Comparison is how a term compares a field with its values.
type Comparison string

// The comparisons. In matches any of the values, the others take one. A null never matches, except by IsNull or where the
// term says OrNull.
const (
	In      Comparison = "="
	Not     Comparison = "<>"
	Less    Comparison = "<"
	AtMost  Comparison = "<="
	More    Comparison = ">"
	AtLeast Comparison = ">="
	IsNull  Comparison = "null"
	NotNull Comparison = "not null"
)

// Term is one condition on a field.
type Term struct {
	Field  string
	Op     Comparison
	Values []string // as text, read by the field's type
	Than   string   // where set, the field is compared with this other one of the same feature, and not with values
	OrNull bool     // whether a null matches too
}

// key is the term in a canonical form.
func (t Term) key() string {
	values := slices.Clone(t.Values)
	slices.Sort(values)
	return fmt.Sprintf("%s %s %q %s %v", t.Field, t.Op, values, t.Than, t.OrNull)
}

// Query is a simple filter: all of its parts must hold. The zero Query chooses everything.
type Query struct {
	Terms []Term
	BBox  *orb.Bound // the geometry meets it; Min[0] > Max[0] crosses the antimeridian
	From  time.Time  // with To, on the layer's time field: from <= t <= to; a zero end is open
	To    time.Time
	Area  string // the code of a subdistrict (9 digits), community (12), zone (14) or grid (15)

	Within orb.Geometry // a Polygon or MultiPolygon, lon/lat degrees, that holds every vertex of the geometry; nil: anywhere
}

// condition is one part of a filter: about the value of a field, or about the row as a whole.
type condition struct {
	field int              // position in the view's Layer.Fields, where value is set
	value func(Value) bool // depends on nothing but the value
	row   func(Row) bool   // where value is not set
	from  int64            // of a window on the layer's time field: the first and the last instant that match,
	to    int64            // microseconds since 1970; both 0 for any other condition
}

func (c *condition) holds(r Row) bool {
	if c.value != nil {
		return c.value(r.Value(c.field))
	}
	return c.row(r)
}

// Compile makes a filter of a query. It returns nil, which matches everything, for the zero Query, and ErrInvalid for a
// field that is not there, a value that its field cannot have, or an area that the layer does not know.
func (t *Table) Compile(q Query) (Filter, error) {
	f := new(simple)
	var key []string
	for _, term := range q.Terms {
		c, err := t.term(term)
		if err != nil {
			return nil, err
		}
		f.conditions = append(f.conditions, c)
		key = append(key, term.key())
	}
	if !q.From.IsZero() || !q.To.IsZero() {
		c, err := t.during(q.From, q.To)
		if err != nil {
			return nil, err
		}
		f.conditions = append(f.conditions, c)
		key = append(key, fmt.Sprintf("during %d %d", q.From.UnixMicro(), q.To.UnixMicro()))
	}
	if q.Area != "" {
		c, err := t.area(q.Area)
		if err != nil {
			return nil, err
		}
		f.conditions = append(f.conditions, c)
		key = append(key, "area "+q.Area)
	}
	if q.BBox != nil {
		b := *q.BBox
		f.bound = &b
		f.conditions = append(f.conditions, condition{row: func(r Row) bool {
			g := r.Geometry()
			return g != nil && geo.Touches(b, g)
		}})
		key = append(key, fmt.Sprint("bbox ", b.Min, b.Max))
	}
	if q.Within != nil {
		if err := f.within(q.Within); err != nil {
			return nil, err
		}
		key = append(key, "within "+wkt.MarshalString(q.Within))
	}
	if len(f.conditions) == 0 {
		return nil, nil
	}
	slices.Sort(key)
	f.key = strings.Join(key, "; ")
	return f, nil
}

// within adds the condition of an area.
func (f *simple) within(area orb.Geometry) error {
	switch area.(type) {
	case orb.Polygon, orb.MultiPolygon:
	default:
		return Invalid("within", "within is a %s: expected a polygon or multipolygon", area.GeoJSONType())
	}
	if err := geo.Validate(area); err != nil {
		return Invalid("within", "the polygon of within: %v", err)
	}
	if b := area.Bound(); f.bound == nil {
		f.bound = &b
	}
	f.conditions = append(f.conditions, condition{row: func(r Row) bool {
		g := r.Geometry()
		return g != nil && everyVertex(g, func(p orb.Point) bool { return geo.Contains(area, p) })
	}})
	return nil
}

// everyVertex tells whether something holds of every vertex of a geometry.
func everyVertex(g orb.Geometry, holds func(orb.Point) bool) bool {
	all := func(ps []orb.Point) bool {
		return !slices.ContainsFunc(ps, func(p orb.Point) bool { return !holds(p) })
	}
	switch g := g.(type) {
	case orb.Point:
		return holds(g)
	case orb.MultiPoint:
		return all(g)
	case orb.LineString:
		return all(g)
	case orb.MultiLineString:
		return !slices.ContainsFunc(g, func(l orb.LineString) bool { return !all(l) })
	case orb.Polygon:
		return !slices.ContainsFunc(g, func(r orb.Ring) bool { return !all(r) })
	case orb.MultiPolygon:
		return !slices.ContainsFunc(g, func(p orb.Polygon) bool { return !everyVertex(p, holds) })
	}
	return false
}

// simple is a filter whose conditions must all hold.
type simple struct {
	conditions []condition
	bound      *orb.Bound
	key        string
}

func (f *simple) Match(r Row) bool {
	for i := range f.conditions {
		if !f.conditions[i].holds(r) {
			return false
		}
	}
	return true
}

func (f *simple) Bound() (orb.Bound, bool) {
	if f.bound == nil {
		return orb.Bound{}, false
	}
	return *f.bound, true
}

func (f *simple) Key() string { return f.key }

// term compiles one condition.
func (t *Table) term(term Term) (c condition, err error) {
	i := t.Layer.Index(term.Field)
	switch {
	case term.Field == "id":
		return idTerm(term)
	case i < 0:
		return c, Unknown("field", term.Field, t.Layer.Names())
	case term.Op == IsNull:
		return condition{field: i, value: Value.IsNull}, nil
	case term.Op == NotNull:
		return condition{field: i, value: func(v Value) bool { return !v.IsNull() }}, nil
	case term.Than != "":
		return t.than(term, i)
	}
	holds, err := t.Layer.Fields[i].compared(term)
	if err != nil {
		return c, err
	}
	return condition{field: i, value: func(v Value) bool {
		if v.IsNull() {
			return term.OrNull
		}
		return holds(v)
	}}, nil
}

// compared returns what a term asks of a value of its field that is not null.
func (f *Field) compared(term Term) (func(Value) bool, error) {
	values := make([]Value, len(term.Values))
	for n, s := range term.Values {
		v, err := f.ParseText(s)
		if err != nil {
			return nil, err
		}
		if v.IsNull() {
			return nil, Invalid(term.Field, "field %s is compared with nothing: expected a %s", term.Field, f.Type)
		}
		values[n] = v
	}
	if len(values) == 0 || len(values) > 1000 || term.Op != In && len(values) != 1 {
		return nil, Invalid(term.Field, "field %s %s: %d values came: expected 1, or for = up to 1000", term.Field, term.Op, len(values))
	}
	if term.Op == In {
		return func(v Value) bool {
			return slices.ContainsFunc(values, func(w Value) bool { return v.Compare(w) == 0 })
		}, nil
	}
	holds, err := term.order()
	if err != nil {
		return nil, err
	}
	return func(v Value) bool { return holds(v.Compare(values[0])) }, nil
}

// order returns what the comparison asks of the order of two values.
func (t Term) order() (func(int) bool, error) {
	switch t.Op {
	case In:
		return func(o int) bool { return o == 0 }, nil
	case Not:
		return func(o int) bool { return o != 0 }, nil
	case Less:
		return func(o int) bool { return o < 0 }, nil
	case AtMost:
		return func(o int) bool { return o <= 0 }, nil
	case More:
		return func(o int) bool { return o > 0 }, nil
	case AtLeast:
		return func(o int) bool { return o >= 0 }, nil
	}
	return nil, Invalid(t.Field, "comparison %q: expected = <> < <= > >=", t.Op)
}

// than compiles a comparison with another field; where either is null it does not match, unless the first is and may be.
func (t *Table) than(term Term, i int) (c condition, err error) {
	j := t.Layer.Index(term.Than)
	if j < 0 {
		return c, Unknown("field", term.Than, t.Layer.Names())
	}
	a, b := &t.Layer.Fields[i], &t.Layer.Fields[j]
	if kindOf(a.Type) != kindOf(b.Type) {
		return c, Invalid(term.Field, "field %s is a %s and cannot be compared with %s, a %s", a.Name, a.Type, b.Name, b.Type)
	}
	holds, err := term.order()
	if err != nil {
		return c, err
	}
	return condition{row: func(r Row) bool {
		v, w := r.Value(i), r.Value(j)
		if v.IsNull() {
			return term.OrNull
		}
		return !w.IsNull() && holds(v.Compare(w))
	}}, nil
}

func idTerm(term Term) (c condition, err error) {
	ids := map[int64]bool{}
	id := Field{Name: "id", Type: Int}
	for _, s := range term.Values {
		v, err := id.ParseText(s)
		if err != nil {
			return c, err
		}
		ids[v.Int()] = true
	}
	if term.Op != In || len(ids) == 0 || len(ids) > 1000 {
		return c, Invalid("id", "id takes = and up to 1000 whole numbers")
	}
	return condition{row: func(r Row) bool { return ids[r.ID()] }}, nil
}

// during compiles a time window on the layer's time field.
func (t *Table) during(from, to time.Time) (c condition, err error) {
	i := t.Layer.Index(t.Layer.TimeField)
	if i < 0 {
		return c, Invalid("datetime", "layer %s has no time field, so datetime cannot be asked of it", t.Layer.Name)
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return c, Invalid("datetime", "datetime ends (%s) before it begins (%s)", to.Format(time.RFC3339), from.Format(time.RFC3339))
	}
	c = condition{field: i, from: math.MinInt64, to: math.MaxInt64}
	if !from.IsZero() {
		c.from = ceilMicro(from)
	}
	if !to.IsZero() {
		c.to = to.UnixMicro()
	}
	c.value = func(v Value) bool {
		return (v.kind == kindTime || v.kind == kindDate) && v.n >= c.from && v.n <= c.to
	}
	return c, nil
}

// ceilMicro returns the first microsecond since 1970 that is not before t.
func ceilMicro(t time.Time) int64 {
	micro := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		micro++
	}
	return micro
}

// areaFields says, by the length of a code, which field holds it and which layer it is the code of.
func areaFields(code string) (field, layer string, ok bool) {
	switch len(code) {
	case 9:
		return "subdistrict", "subdistricts", true
	case 12:
		return "community", "communities", true
	case 14:
		return "zone", "zones", true
	case 15:
		return "grid", "grids", true
	}
	return "", "", false
}

// area compiles "is in this area": by the field that names it, by the layer's own code, or, for a subdistrict, by the
// first nine digits of the community.
func (t *Table) area(code string) (c condition, err error) {
	field, layer, ok := areaFields(code)
	if !ok || strings.Trim(code, "0123456789") != "" {
		return c, Invalid("scope", "area code %q: expected the digits of a subdistrict (9), community (12), zone (14) or grid (15)", clip(code))
	}
	if t.Layer.Name == layer {
		field = "code"
	}
	if i := t.Layer.Index(field); i >= 0 {
		return condition{field: i, value: func(v Value) bool { return v.Text() == code }}, nil
	}
	if i := t.Layer.Index("community"); i >= 0 && len(code) == 9 {
		return condition{field: i, value: func(v Value) bool { return strings.HasPrefix(v.Text(), code) }}, nil
	}
	return c, Invalid("scope", "layer %s does not say which %s its features are in", t.Layer.Name, field)
}
