package exchange

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// ReadFeature reads the body of a request that makes or replaces a feature: one GeoJSON Feature in WGS-84. Properties
// that are missing are null; those that the layer does not have are refused, and so are keys that stand twice. Members
// that GeoJSON does not know are ignored. It does not ask what Layer.Check asks, for defaults may come first. The
// feature shares no memory with data; errors are ErrInvalid.
func ReadFeature(data []byte, l *layers.Layer) (layers.Feature, error) {
	f := layers.Feature{Values: make([]layers.Value, len(l.Fields))}
	p, err := readParts(data)
	if err != nil {
		return f, err
	}
	if p.kind != "Feature" {
		return f, layers.Invalid("type", `type %q: expected a GeoJSON "Feature"`, short(p.kind))
	}
	if f.ID, err = readID(p.id); err != nil {
		return f, err
	}
	if f.Geometry, err = readGeometry(p.geometry, nil); err != nil {
		return f, err
	}
	return f, readProperties(p.properties, l, f.Values)
}

// Merge returns old as a merge patch (RFC 7396) of its GeoJSON changes it: properties that are null in the patch become
// null, those that are missing stay, and so does the geometry; a geometry that has only "coordinates" keeps its type.
// An id, where given, must be that of old. old is not edited; errors are ErrInvalid.
func Merge(data []byte, l *layers.Layer, old layers.Feature) (layers.Feature, error) {
	f := layers.Feature{ID: old.ID, Geometry: old.Geometry, Values: make([]layers.Value, len(l.Fields))}
	copy(f.Values, old.Values)
	p, err := readParts(data)
	if err != nil {
		return old, err
	}
	if p.kind != "" && p.kind != "Feature" {
		return old, layers.Invalid("type", `type %q: a patch leaves it out or has "Feature"`, short(p.kind))
	}
	id, err := readID(p.id)
	if err != nil {
		return old, err
	}
	if p.id != nil && id != old.ID {
		return old, layers.Invalid("id", "the patch has id %s, the feature has %d: an id never changes", short(string(p.id)), old.ID)
	}
	if p.geometry != nil {
		if f.Geometry, err = readGeometry(p.geometry, old.Geometry); err != nil {
			return old, err
		}
	}
	if p.properties != nil && isNull(p.properties) {
		clear(f.Values)
	}
	if err := readProperties(p.properties, l, f.Values); err != nil {
		return old, err
	}
	return f, nil
}

// parts is a feature's members as JSON text; nil where missing.
type parts struct {
	kind                     string
	id, geometry, properties []byte
}

func readParts(data []byte) (p parts, err error) {
	if !utf8.Valid(data) {
		return p, layers.Invalid("", "the body is not UTF-8")
	}
	if !json.Valid(data) {
		return p, layers.Invalid("", "the body is not JSON: %s", syntax(data))
	}
	p, err = split(data)
	if err != nil {
		return p, layers.Invalid("", "the body: %v", err)
	}
	return p, nil
}

// syntax says where JSON breaks.
func syntax(data []byte) string {
	var x json.RawMessage
	err := json.Unmarshal(data, &x)
	if e, ok := err.(*json.SyntaxError); ok {
		return e.Error() + " at byte " + strconv.FormatInt(e.Offset, 10)
	}
	return "nothing came"
}

// split takes a feature's members apart.
func split(text []byte) (p parts, err error) {
	err = members(text, func(key string, value []byte) (err error) {
		switch key {
		case "type":
			p.kind, err = unquote(value)
		case "id":
			p.id = value
		case "geometry":
			p.geometry = value
		case "properties":
			p.properties = value
		}
		return err
	})
	return p, err
}

func readID(text []byte) (int64, error) {
	if isNull(text) {
		return 0, nil
	}
	id, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || id <= 0 {
		return 0, layers.Invalid("id", "id %s: expected a positive whole number", short(string(text)))
	}
	return id, nil
}

// readGeometry reads a geometry in WGS-84, or the patch of one.
func readGeometry(text []byte, old orb.Geometry) (orb.Geometry, error) {
	if isNull(text) {
		return nil, nil
	}
	if old != nil && bytes.IndexByte(text, '{') == 0 {
		has := map[string]bool{}
		_ = members(text, func(key string, _ []byte) error { has[key] = true; return nil }) // a failure comes below
		if has["coordinates"] && !has["type"] {
			text = append([]byte(`{"type":"`+old.GeoJSONType()+`",`), text[1:]...)
		}
	}
	g, err := geometryOf(text)
	if err != nil {
		return nil, layers.Invalid("geometry", "%v", err)
	}
	if swapped(g) {
		return nil, layers.Invalid("geometry", "%s", swapHint)
	}
	return g, nil
}

const swapHint = "a latitude is beyond 90 degrees, but the two numbers the other way round are a position: the order is longitude, latitude; did you swap them?"

// swapped tells whether the first position of a geometry makes sense only the other way round.
func swapped(g orb.Geometry) bool {
	p, ok := first(g)
	return ok && math.Abs(p[1]) > 90 && math.Abs(p[1]) <= 180 && math.Abs(p[0]) <= 90
}

// first returns the first position of a geometry; ok is false where there is none.
func first(g orb.Geometry) (p orb.Point, ok bool) {
	switch g := g.(type) {
	case orb.Point:
		return g, true
	case orb.MultiPoint:
		return head(g)
	case orb.LineString:
		return head(g)
	case orb.Ring:
		return head(g)
	case orb.MultiLineString:
		if len(g) > 0 {
			return head(g[0])
		}
	case orb.Polygon:
		if len(g) > 0 {
			return head(g[0])
		}
	case orb.MultiPolygon:
		if len(g) > 0 {
			return first(g[0])
		}
	}
	return p, false
}

func head(run []orb.Point) (p orb.Point, ok bool) {
	if len(run) == 0 {
		return p, false
	}
	return run[0], true
}

// readProperties reads a properties object into values, one for each field of the layer; null and nil change nothing.
func readProperties(text []byte, l *layers.Layer, values []layers.Value) error {
	if isNull(text) {
		return nil
	}
	err := members(text, func(key string, value []byte) error {
		i := l.Index(key)
		if i < 0 {
			return layers.Unknown("property of layer "+l.Name, key, l.Names())
		}
		if value[0] == '{' {
			return layers.Invalid(key, "field %s expects a %s, an object came", key, l.Fields[i].Type)
		}
		x, err := scalar(value)
		if err != nil {
			return layers.Invalid(key, "field %s: %v", key, err)
		}
		values[i], err = l.Fields[i].Parse(x)
		return err
	})
	if _, known := err.(*layers.Error); err != nil && !known {
		return layers.Invalid("properties", "properties: %v", err)
	}
	return err
}
