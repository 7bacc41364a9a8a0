package exchange

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// mapping turns the records of a file into features of a layer.
type mapping struct {
	source  *Source
	target  layers.Layer // without required fields
	fields  map[string]int
	isPlace map[string]bool
}

// Positions in mapping.fields of columns that are no field.
const (
	columnID      = -1
	columnUnknown = -2
)

func newMapping(target *layers.Layer, s *Source) *mapping {
	m := &mapping{source: s, target: *target, fields: map[string]int{}, isPlace: map[string]bool{}}
	m.target.Fields = slices.Clone(target.Fields)
	for i := range m.target.Fields {
		m.target.Fields[i].Required = false
	}
	for _, name := range s.file.place {
		m.isPlace[name] = true
	}
	return m
}

// field returns where a column goes.
func (m *mapping) field(name string) int {
	if i, known := m.fields[name]; known {
		return i
	}
	i := m.find(name)
	if len(m.fields) < 4*layers.MaxFields { // a hostile file may name new ones for ever
		m.fields[name] = i
		if i == columnUnknown && !m.isPlace[name] && len(m.source.unknown) < layers.MaxFields {
			m.source.unknown = append(m.source.unknown, name)
		}
	}
	return i
}

func (m *mapping) find(name string) int {
	name = strings.TrimSpace(name)
	for i, f := range m.target.Fields {
		if strings.EqualFold(f.Name, name) {
			return i
		}
	}
	for i, f := range m.target.Fields {
		for _, title := range f.Title {
			if strings.EqualFold(title, name) {
				return i
			}
		}
	}
	if strings.EqualFold(name, "id") {
		return columnID
	}
	return columnUnknown
}

// feature returns a record as a feature, or says in a sentence why it is none.
func (m *mapping) feature(r *raw) (f layers.Feature, err error) {
	if r.err != nil {
		return f, r.err
	}
	f = layers.Feature{ID: max(0, r.id), Values: make([]layers.Value, len(m.target.Fields))}
	for i, name := range r.names {
		k := m.field(name)
		switch {
		case k == columnID && f.ID == 0:
			f.ID, _ = wholeID(r.values[i]) // an id that is no number is not ours
		case k >= 0:
			if f.Values[k], err = value(&m.target.Fields[k], r.values[i], m.source.options.Zone); err != nil {
				return f, err
			}
		}
	}
	if m.target.Kind != layers.None {
		if f.Geometry, err = m.source.place(r.geometry); err != nil {
			return f, err
		}
	}
	return f, m.target.Check(&f)
}

// place returns a geometry of the file in WGS-84, a MultiPoint of one as a Point.
func (s *Source) place(g orb.Geometry) (orb.Geometry, error) {
	if g == nil {
		return nil, nil
	}
	if mp, ok := g.(orb.MultiPoint); ok && len(mp) == 1 {
		g = mp[0]
	}
	p, _ := first(g)
	if metric(s.crs) {
		return geo.ToWGS84(s.crs, g), nil
	}
	if swapped(g) {
		return nil, fmt.Errorf("position %s: %s", say(p), swapHint)
	}
	if math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
		return nil, fmt.Errorf("position %s is not in degrees; if the file is in metres, say so with --crs EPSG:4547 or --crs EPSG:3857", say(p))
	}
	if shifts(s.crs) {
		g = geo.ToWGS84(s.crs, g)
	}
	return g, nil
}

func say(p orb.Point) string {
	return strconv.FormatFloat(p[0], 'g', 10, 64) + ", " + strconv.FormatFloat(p[1], 'g', 10, 64)
}

// wholeID returns a value as an id; ok is false where it is no positive whole number.
func wholeID(x any) (id int64, ok bool) {
	switch x := x.(type) {
	case int64:
		id = x
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			id = int64(x)
		}
	case json.Number:
		id, _ = strconv.ParseInt(string(x), 10, 64)
	case string:
		id, _ = strconv.ParseInt(strings.TrimSpace(x), 10, 64)
	}
	return max(id, 0), id > 0
}

// value reads a file's value as one of a field. Files are taken as they are: numbers may stand as text and text as
// numbers, an enum's value may stand by its title, empty text is null, and a time may lack its zone where the options
// give one.
func value(f *layers.Field, x any, zone *time.Location) (layers.Value, error) {
	switch x := x.(type) {
	case nil:
		return layers.Null(), nil
	case []any:
		if f.Type == layers.Strings {
			return f.Parse(x)
		}
		b, err := json.Marshal(x)
		if err != nil || f.Type != layers.String {
			return f.Parse(x)
		}
		return f.ParseText(string(b))
	case json.RawMessage:
		if f.Type != layers.String {
			return layers.Null(), layers.Invalid(f.Name, "field %s expects a %s, an object came", f.Name, f.Type)
		}
		return f.ParseText(string(x))
	case time.Time:
		return instant(f, x)
	case string:
		return valueOfText(f, x, zone)
	case json.Number:
		return valueOfText(f, string(x), zone)
	case bool:
		return valueOfText(f, strconv.FormatBool(x), zone)
	case int64:
		return valueOfText(f, strconv.FormatInt(x, 10), zone)
	case float64:
		if math.IsNaN(x) {
			return layers.Null(), nil
		}
		return valueOfText(f, strconv.FormatFloat(x, 'f', -1, 64), zone)
	}
	return layers.Null(), layers.Invalid(f.Name, "field %s expects a %s, the file has a %T", f.Name, f.Type, x)
}

func instant(f *layers.Field, t time.Time) (layers.Value, error) {
	switch f.Type {
	case layers.Time:
		return layers.TimeValue(t), nil
	case layers.Date:
		return layers.DateValue(t), nil
	}
	return f.ParseText(t.Format(time.RFC3339Nano))
}

func valueOfText(f *layers.Field, s string, zone *time.Location) (layers.Value, error) {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" {
		return layers.Null(), nil
	}
	switch f.Type {
	case layers.Enum:
		return f.ParseText(codeOf(f, trimmed))
	case layers.Time:
		if t, ok := timeOf(trimmed, zone); ok {
			return layers.TimeValue(t), nil
		}
	case layers.Date:
		if t, ok := dateOf(trimmed); ok {
			return layers.DateValue(t), nil
		}
	}
	return f.ParseText(s)
}

// codeOf returns the value of an enum that has this title, else the text itself.
func codeOf(f *layers.Field, s string) string {
	for _, c := range f.Codes {
		if c.Value == s {
			return s
		}
	}
	for _, c := range f.Codes {
		for _, title := range c.Title {
			if strings.EqualFold(title, s) {
				return c.Value
			}
		}
	}
	return s
}

// timeOf reads a time as files have it; without a zone of its own it is one of zone, and none where zone is nil.
func timeOf(s string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006/01/02 15:04:05Z07:00", "2006/01/02 15:04:05Z07"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, plausible(t)
		}
	}
	if zone == nil {
		return time.Time{}, false
	}
	s = strings.NewReplacer("/", "-", "T", " ").Replace(s)
	for _, layout := range []string{"2006-1-2 15:04:05", "2006-1-2 15:04"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, plausible(t)
		}
	}
	return time.Time{}, false
}

func plausible(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// dateOf reads a calendar day: 2017-12-04, 2017-12-4, 2017/12/4 or 2017年12月4日.
func dateOf(s string) (time.Time, bool) {
	s = strings.NewReplacer("/", "-", "年", "-", "月", "-", "日", "").Replace(s)
	t, err := time.Parse("2006-1-2", s)
	return t, err == nil && plausible(t)
}
