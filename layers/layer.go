package layers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// Lang is a language of titles: "zh" or "en".
type Lang string

// The languages of the interface; Chinese comes first.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Text is a text by language.
type Text map[Lang]string

// In returns the text in a language, else in Chinese, else in English.
func (t Text) In(l Lang) string {
	for _, k := range []Lang{l, Chinese, English} {
		if s := t[k]; s != "" {
			return s
		}
	}
	return ""
}

// GeometryKind is what the features of a layer are drawn from.
type GeometryKind string

// The kinds of geometry. A Point layer holds single points; Line and Polygon hold single or multiple ones; Mixed holds
// any; None has no geometry and is never drawn.
const (
	Point   GeometryKind = "point"
	Line    GeometryKind = "line"
	Polygon GeometryKind = "polygon"
	Mixed   GeometryKind = "mixed"
	None    GeometryKind = "none"
)

// Audience is who may see a layer or a field, from everyone to nobody but the service itself.
type Audience uint8

// The audiences, each including those before it.
const (
	Public     Audience = iota // anyone, without a token
	Internal                   // whoever works with the map
	Restricted                 // those with a duty that needs it: personal data
	System                     // the service only; no view shows it
)

// String returns the audience's name in the catalogue.
func (a Audience) String() string {
	return [...]string{"public", "internal", "restricted", "system"}[min(a, System)]
}

// ParseAudience reads an audience's name.
func ParseAudience(s string) (Audience, error) {
	for a := Public; a <= System; a++ {
		if a.String() == s {
			return a, nil
		}
	}
	return System, Unknown("audience", s, []string{"public", "internal", "restricted"})
}

// MarshalText writes the audience's name.
func (a Audience) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the audience's name.
func (a *Audience) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAudience(string(b))
	return err
}

// FieldType is the type of a field's values.
type FieldType string

// The field types. Enum values are one of the field's codes; Strings is a list of strings; Time is an instant to the
// microsecond; Date is a calendar day.
const (
	String  FieldType = "string"
	Int     FieldType = "int"
	Float   FieldType = "float"
	Bool    FieldType = "bool"
	Time    FieldType = "time"
	Date    FieldType = "date"
	Enum    FieldType = "enum"
	Strings FieldType = "strings"
)

// Code is one value of an enum with its titles and, where a layer is drawn by it, its colour (#rrggbb).
type Code struct {
	Value string `json:"value"`
	Title Text   `json:"title"`
	Color string `json:"color,omitempty"`
}

// Field is one property of a layer's features.
type Field struct {
	Name     string    `json:"name"` // lower-case letters, digits and _, or any letters of an adopted file
	Title    Text      `json:"title"`
	Type     FieldType `json:"type"`
	Codes    []Code    `json:"codes,omitempty"`    // of an enum, in order
	Audience Audience  `json:"audience,omitempty"` // who may see it; never wider than the layer's own
	Unit     string    `json:"unit,omitempty"`     // "m", "min", "ha"; empty where none is
	Required bool      `json:"required,omitempty"` // a written feature must have it (after defaults)
	Default  string    `json:"default,omitempty"`  // a literal, or now(), serial(), grid(), zone(), community(): see Defaults
	InTiles  bool      `json:"in_tiles,omitempty"` // whether vector tiles carry it
}

// Layer is the schema of a set of features: data, a row of the record's catalogue.
type Layer struct {
	Name      string       `json:"name"` // letters, digits and _, starting with a letter
	Title     Text         `json:"title"`
	Kind      GeometryKind `json:"kind"`
	Fields    []Field      `json:"fields"`
	Audience  Audience     `json:"audience"`
	Writable  bool         `json:"writable,omitempty"`   // whether the API takes writes
	MinZoom   int          `json:"min_zoom"`             // tiles below it leave the layer out
	MaxZoom   int          `json:"max_zoom"`             // tiles above it repeat its detail
	Precision int          `json:"precision,omitempty"`  // decimals of degrees in answers; 0 means 7 (about 1 cm)
	TimeField string       `json:"time_field,omitempty"` // what datetime= asks about; empty: no time
	Cluster   bool         `json:"cluster,omitempty"`    // whether points crowd into clusters below MaxZoom
	ColorBy   string       `json:"color_by,omitempty"`   // the enum field that legends use; empty: one colour
	Personal  bool         `json:"personal,omitempty"`   // whether features are persons: seen one by one by who is Restricted, by others as counts of many
}

// Limits on what a catalogue may hold, so that a hostile file cannot exhaust memory.
const (
	MaxFields   = 200
	MaxText     = 64 << 10         // bytes in one string value
	MaxVertices = geo.MaxPositions // positions in one geometry
	MaxID       = 1<<53 - 1        // the greatest whole number that every reader of JSON keeps exactly
)

var layerName = regexp.MustCompile(`^[\p{L}][\p{L}\p{N}_]{0,62}$`)

// Validate says what is wrong with the schema, or nil.
func (l *Layer) Validate() error {
	if !layerName.MatchString(l.Name) {
		return Invalid("name", "layer name %q: expected 1 to 63 letters, digits and _, starting with a letter", clip(l.Name))
	}
	if !slices.Contains([]GeometryKind{Point, Line, Polygon, Mixed, None}, l.Kind) {
		return Invalid("kind", "layer %s: geometry kind %q: expected point, line, polygon, mixed or none", l.Name, clip(string(l.Kind)))
	}
	if len(l.Fields) > MaxFields {
		return Invalid("fields", "layer %s has %d fields: at most %d are allowed", l.Name, len(l.Fields), MaxFields)
	}
	if l.MinZoom < 0 || l.MaxZoom > 24 || l.MinZoom > l.MaxZoom {
		return Invalid("min_zoom", "layer %s: zooms %d to %d: expected 0 <= min <= max <= 24", l.Name, l.MinZoom, l.MaxZoom)
	}
	seen := map[string]bool{"id": true, "geometry": true}
	for _, f := range l.Fields {
		if !layerName.MatchString(f.Name) || seen[f.Name] {
			return Invalid("fields", "layer %s: field name %q is not a word of letters, digits and _, or is used twice or reserved", l.Name, clip(f.Name))
		}
		seen[f.Name] = true
		if !slices.Contains([]FieldType{String, Int, Float, Bool, Time, Date, Enum, Strings}, f.Type) {
			return Invalid("fields", "layer %s: field %s has type %q: expected string, int, float, bool, time, date, enum or strings", l.Name, f.Name, clip(string(f.Type)))
		}
		if (f.Type == Enum) != (len(f.Codes) > 0) {
			return Invalid("fields", "layer %s: field %s: an enum, and nothing else, has codes", l.Name, f.Name)
		}
	}
	if i := l.Index(l.TimeField); l.TimeField != "" && (i < 0 || l.Fields[i].Type != Time && l.Fields[i].Type != Date) {
		return Invalid("time_field", "layer %s: time field %q is not a time or date field of it", l.Name, l.TimeField)
	}
	return nil
}

// Replaces says why the schema cannot take the place of an old one whose layer has features, or nil: it keeps the kind of
// geometry and the fields, with their types, and may add others.
func (l *Layer) Replaces(old *Layer) error {
	if l.Kind != old.Kind {
		return Invalid("kind", "layer %s has features: its geometry stays %s, %s came", l.Name, old.Kind, l.Kind)
	}
	for _, f := range old.Fields {
		i := l.Index(f.Name)
		if i < 0 {
			return Invalid("fields", "layer %s has features: its field %s cannot be left out", l.Name, f.Name)
		}
		if l.Fields[i].Type != f.Type {
			return Invalid("fields", "layer %s has features: its field %s stays %s, %s came", l.Name, f.Name, f.Type, l.Fields[i].Type)
		}
	}
	return nil
}

// Drawn tells whether vector tiles may hold the layer: it has geometry, and its features are not persons.
func (l *Layer) Drawn() bool { return l.Kind != None && !l.Personal }

// Index returns the position of a field, or -1.
func (l *Layer) Index(name string) int {
	return slices.IndexFunc(l.Fields, func(f Field) bool { return f.Name == name })
}

// Names returns the names of the fields, in order.
func (l *Layer) Names() []string {
	names := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		names[i] = f.Name
	}
	return names
}

// Digits returns the decimals of degrees in answers.
func (l *Layer) Digits() int {
	if l.Precision <= 0 {
		return 7
	}
	return l.Precision
}

// Check says what is wrong with a feature that is to be written, or nil: its values fit the fields, its geometry is
// valid and of the layer's kind. Every record calls it before it writes.
func (l *Layer) Check(f *Feature) error { return l.examine(f, true) }

// examine is Check; texts tells whether the texts have to be looked at.
func (l *Layer) examine(f *Feature, texts bool) error {
	if f.ID < 0 || f.ID > MaxID {
		return Invalid("id", "id %d: expected a number from 1 to %d", f.ID, int64(MaxID))
	}
	if len(f.Values) != len(l.Fields) {
		return Invalid("", "layer %s has %d fields, the feature has %d values", l.Name, len(l.Fields), len(f.Values))
	}
	for i := range l.Fields {
		if err := l.Fields[i].check(f.Values[i], texts); err != nil {
			return err
		}
	}
	if f.Geometry == nil {
		if l.Kind == None {
			return nil
		}
		return Invalid("geometry", "layer %s needs a geometry (%s), none came", l.Name, l.Kind)
	}
	if !l.Kind.accepts(f.Geometry) {
		return Invalid("geometry", "layer %s holds %s geometry, a %s came", l.Name, l.Kind, f.Geometry.GeoJSONType())
	}
	if err := geo.Validate(f.Geometry); err != nil {
		return Invalid("geometry", "%v", err)
	}
	return nil
}

// relaxed returns the layer with no required fields: what a row of the record must keep, for a rule may be younger than
// the row.
func (l *Layer) relaxed() Layer {
	r := *l
	r.Fields = slices.Clone(l.Fields)
	for i := range r.Fields {
		r.Fields[i].Required = false
	}
	return r
}

// accepts tells whether a geometry may stand in a layer of this kind.
func (k GeometryKind) accepts(g orb.Geometry) bool {
	switch g.(type) {
	case orb.Point:
		return k == Point || k == Mixed
	case orb.LineString, orb.MultiLineString:
		return k == Line || k == Mixed
	case orb.Polygon, orb.MultiPolygon:
		return k == Polygon || k == Mixed
	case orb.MultiPoint:
		return k == Mixed
	}
	return false
}

// Holds tells whether the field can hold a value, which may be null.
func (f *Field) Holds(v Value) bool { return v.IsNull() || f.check(v, true) == nil }

// check says what is wrong with one value of the field, or nil.
func (f *Field) check(v Value, texts bool) error {
	if v.IsNull() {
		if f.Required {
			return Constraint(f.Name, "field %s is required", f.Name)
		}
		return nil
	}
	if v.kind != kindOf(f.Type) {
		return Invalid(f.Name, "field %s expects a %s, %s came", f.Name, f.Type, v.describe())
	}
	if len(v.s) > MaxText {
		return Invalid(f.Name, "field %s: %d bytes of text: at most %d are allowed", f.Name, len(v.s), MaxText)
	}
	if v.kind == kindInt && v.n == nullNumber {
		return Invalid(f.Name, "field %s: %d is below the least whole number allowed", f.Name, v.n)
	}
	if texts && (!utf8.ValidString(v.s) || strings.ContainsRune(v.s, 0)) {
		return Invalid(f.Name, "field %s: the text is not UTF-8 or holds a NUL character", f.Name)
	}
	if (f.Type == Time || f.Type == Date) && (v.n < leastMicros || v.n > mostMicros) {
		return Invalid(f.Name, "field %s expects a year from 1 to 9999", f.Name)
	}
	if f.Type == Enum && f.code(v.s) < 0 {
		err := Unknown(fmt.Sprintf("value of %s", f.Name), v.s, f.codeValues()).(*Error)
		err.Kind, err.Field = ErrConstraint, f.Name
		return err
	}
	return nil
}

// code returns the position of an enum's value, or -1.
func (f *Field) code(value string) int {
	return slices.IndexFunc(f.Codes, func(c Code) bool { return c.Value == value })
}

// codeValues returns the values of an enum, in order.
func (f *Field) codeValues() []string {
	out := make([]string, len(f.Codes))
	for i, c := range f.Codes {
		out[i] = c.Value
	}
	return out
}

// CodeTitle returns the title of an enum's value in a language, or the value itself.
func (f *Field) CodeTitle(value string, l Lang) string {
	if i := f.code(value); i >= 0 {
		if t := f.Codes[i].Title.In(l); t != "" {
			return t
		}
	}
	return value
}
