package api

import (
	"slices"
	"strings"

	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
)

// filter reads what chooses features of a table: bbox, datetime, scope, within, and each field by name: field=value (several
// with commas for enums and codes), field=>=value, field=<value, field=<>value, field=null(), field=<>null(),
// field=null()|<value (nothing, or less), field=<=field(other) (not more than another field). A field that is named again must
// meet that too.
func (p *params) filter(t *layers.Table) layers.Filter { return p.compile(t, p.selection(t)) }

// compile makes a filter of a query.
func (p *params) compile(t *layers.Table, q layers.Query) layers.Filter {
	f, err := t.Compile(q)
	if err != nil {
		p.fail(err)
	}
	return f
}

// within reads an area: the code of one, or a polygon as well-known text, lon/lat degrees; nil where it is absent.
func (p *params) within() orb.Geometry {
	s := p.text("within")
	if s == "" {
		return nil
	}
	if strings.Trim(s, "0123456789") == "" {
		area, err := p.view.Area(s)
		if err != nil {
			p.fail(err)
		}
		return area
	}
	g, err := wkt.Unmarshal(s)
	if err != nil {
		p.fail(layers.Invalid("within", "within %.60q: expected the code of an area, or a polygon such as POLYGON((114.30 30.56, 114.31 30.56, 114.31 30.57, 114.30 30.56))", s))
		return nil
	}
	return g
}

// selection reads what filter compiles.
func (p *params) selection(t *layers.Table) layers.Query {
	q := layers.Query{BBox: p.bbox(), Area: p.text("scope"), Within: p.within()}
	q.From, q.To = p.interval("datetime")
	for _, field := range append([]string{"id"}, t.Layer.Names()...) {
		if slices.Contains(p.known, field) {
			continue // a word of the grammar, not the field
		}
		p.known = append(p.known, field)
		for _, s := range p.query[field] {
			q.Terms = append(q.Terms, term(field, s))
		}
	}
	return q
}

// term reads one condition; termText writes it.
func term(field, s string) layers.Term {
	switch s {
	case "null()":
		return layers.Term{Field: field, Op: layers.IsNull}
	case "<>null()":
		return layers.Term{Field: field, Op: layers.NotNull}
	}
	t := layers.Term{Field: field, Op: layers.In}
	s, t.OrNull = strings.CutPrefix(s, orNull)
	for _, op := range []layers.Comparison{layers.AtLeast, layers.AtMost, layers.Not, layers.More, layers.Less} {
		if rest, ok := strings.CutPrefix(s, string(op)); ok {
			s, t.Op = rest, op
			break
		}
	}
	if other, ok := strings.CutPrefix(s, "field("); ok && strings.HasSuffix(other, ")") {
		t.Than = strings.TrimSuffix(other, ")")
		return t
	}
	t.Values = []string{s}
	if t.Op == layers.In {
		t.Values = strings.Split(s, ",")
	}
	return t
}

// orNull begins a condition that nothing meets too.
const orNull = "null()|"

// termText writes a condition as term reads it.
func termText(t layers.Term) string {
	switch t.Op {
	case layers.IsNull:
		return "null()"
	case layers.NotNull:
		return "<>null()"
	}
	var s string
	if t.OrNull {
		s = orNull
	}
	if t.Op != layers.In {
		s += string(t.Op)
	}
	if t.Than != "" {
		return s + "field(" + t.Than + ")"
	}
	return s + strings.Join(t.Values, ",")
}

// keyOf returns the canonical form of a filter, for the ETag: an area that is named by its code may change.
func keyOf(f layers.Filter) string {
	if f == nil {
		return ""
	}
	return f.Key()
}
