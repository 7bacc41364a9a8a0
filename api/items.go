package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"shapan/layers"
	"shapan/layers/exchange"

	"github.com/gorilla/mux"
)

const geoJSONType = "application/geo+json"

// table returns the layer that the path names, as the caller may see it, feature by feature.
func (c *call) table() (*layers.Table, error) {
	t, err := c.anyTable()
	if err == nil && t.Counted() {
		return nil, &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("layer %s holds persons: its features are for those whose duty needs them; "+
			"/heat/%s has counts", t.Layer.Name, t.Layer.Name)}
	}
	return t, err
}

// anyTable returns the layer that the path names, also one of which the caller may see no more than counts.
func (c *call) anyTable() (*layers.Table, error) {
	return c.view.Table(mux.Vars(c.Request)["layer"])
}

// collection builds a GeoJSON FeatureCollection in memory; an export streams instead.
type collection struct {
	layer  *layers.Layer
	fields []int
	body   []byte
	n      int
}

func newCollection(l *layers.Layer, fields []int) *collection {
	return &collection{layer: l, fields: fields, body: []byte(`{"type":"FeatureCollection","features":[`)}
}

// add appends a feature; extra, where given, appends further members, such as its distance.
func (e *collection) add(r layers.Row, extra func([]byte) []byte) {
	if e.n > 0 {
		e.body = append(e.body, ',')
	}
	e.n++
	e.body = exchange.AppendRow(e.body, r, e.fields, extra)
}

// close ends the collection with further members and returns it.
func (e *collection) close(members map[string]any) []byte {
	e.body = append(e.body, ']')
	for _, name := range []string{"numberMatched", "numberReturned", "timeStamp", "links"} {
		if v, ok := members[name]; ok {
			e.body = append(append(e.body, fmt.Sprintf(",%q:", name)...), plainJSON(v)...)
		}
	}
	return append(e.body, '}')
}

// plainJSON encodes a plain value without escaping what only HTML minds.
func plainJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null") // plain values and links always encode
	}
	return bytes.TrimSpace(b.Bytes())
}

func roundTo(x, per float64) float64 { return math.Round(x*per) / per }

// items answers a page of features.
func (s *Server) items(w http.ResponseWriter, c *call) error {
	t, err := c.table()
	if err != nil {
		return err
	}
	p := c.params
	limit := p.whole("limit", 1, 10_000, 100)
	fields := p.properties(&t.Layer)
	sort := p.sortby(&t.Layer)
	after := p.cursor(&t.Layer, sort)
	p.text("lang")
	filter := p.filter(t)
	if err := p.done(); err != nil {
		return err
	}
	weakTag(w, t.LastSeq(), c.view.Key(), c.URL.Path, c.URL.RawQuery, keyOf(filter))
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, geoJSONType, nil)
	}
	page := t.Page(layers.PageQuery{Filter: filter, Sort: sort, After: after, Limit: limit})
	e := newCollection(&t.Layer, fields)
	for _, r := range page.Rows {
		e.add(r, nil)
	}
	self := s.base(c.Request) + c.URL.EscapedPath()
	links := []link{
		{Href: self + c.with(nil), Rel: "self", Type: geoJSONType},
		{Href: s.base(c.Request) + "/collections/" + urlName(t.Layer.Name), Rel: "collection", Type: "application/json"},
	}
	if page.More {
		next := encodeCursor(layers.CursorAt(page.Rows[len(page.Rows)-1], sort))
		links = append(links, link{Href: self + c.with(map[string]string{"after": next}), Rel: "next", Type: geoJSONType})
	}
	return writeBody(w, c, http.StatusOK, geoJSONType, e.close(map[string]any{
		"numberMatched": page.Matched, "numberReturned": e.n, "links": links,
		"timeStamp": s.Clock().UTC().Format(time.RFC3339),
	}))
}

// encodeCursor writes a place in an order as one word of a URL.
func encodeCursor(cur layers.Cursor) string {
	texts := []any{cur.ID}
	for _, v := range cur.Values {
		if v.IsNull() {
			texts = append(texts, nil)
		} else {
			texts = append(texts, v.String())
		}
	}
	b, err := json.Marshal(texts)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// cursor reads what encodeCursor wrote, for the same order; nil where the parameter is absent.
func (p *params) cursor(l *layers.Layer, sort []layers.SortKey) *layers.Cursor {
	s := p.text("after")
	if s == "" {
		return nil
	}
	wrong := func() *layers.Cursor {
		p.fail(layers.Invalid("after", "after is not a place in this order: take it from a page's next link, with the same sortby"))
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return wrong()
	}
	var parts []json.RawMessage
	cur := &layers.Cursor{}
	if json.Unmarshal(b, &parts) != nil || len(parts) != len(sort)+1 || json.Unmarshal(parts[0], &cur.ID) != nil {
		return wrong()
	}
	for i, k := range sort {
		var text *string
		if json.Unmarshal(parts[i+1], &text) != nil {
			return wrong()
		}
		v := layers.Null()
		if text != nil {
			if v, err = l.Fields[k.Field].ParseText(*text); err != nil {
				return wrong()
			}
		}
		cur.Values = append(cur.Values, v)
	}
	return cur
}

// row returns the feature that the path names.
func (c *call) row(t *layers.Table) (layers.Row, error) {
	text := mux.Vars(c.Request)["id"]
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return layers.Row{}, layers.Invalid("id", "feature id %.40q: expected a whole number", text)
	}
	r, ok := t.Get(id)
	if !ok {
		return r, &layers.Error{Kind: layers.ErrNotFound, Detail: fmt.Sprintf("layer %s has no feature %d", t.Layer.Name, id)}
	}
	return r, nil
}

// item answers one feature with its ETag.
func (s *Server) item(w http.ResponseWriter, c *call) error {
	t, err := c.table()
	if err != nil {
		return err
	}
	fields := c.params.properties(&t.Layer)
	if err := c.params.done(); err != nil {
		return err
	}
	r, err := c.row(t)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+r.ETag()+`"`)
	return writeBody(w, c, http.StatusOK, geoJSONType, exchange.AppendRow(nil, r, fields, nil))
}
