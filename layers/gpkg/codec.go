package gpkg

import (
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"shapan/layers"
	"shapan/layers/border"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	geomwkb "github.com/twpayne/go-geom/encoding/wkb"
	"modernc.org/sqlite"
)

// text returns a column's text; "" for others.
func text(v driver.Value) string {
	switch x := v.(type) {
	case string:
		return x
	case []byte:
		return string(x)
	}
	return ""
}

// encode returns a value as its column holds it. The field's type has been checked.
func encode(f *layers.Field, v layers.Value) (driver.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	switch f.Type {
	case layers.Int, layers.Bool:
		return v.Int(), nil
	case layers.Float:
		x, _ := v.Number()
		return x, nil
	case layers.Time, layers.Date:
		return encodeTime(f, v.Time())
	case layers.Strings:
		list := v.List()
		if list == nil {
			list = []string{}
		}
		b, err := json.Marshal(list)
		return string(b), err
	}
	return v.Text(), nil
}

// encodeTime writes GeoPackage's ISO form: milliseconds as the standard has it, microseconds where they are needed.
func encodeTime(f *layers.Field, t time.Time) (driver.Value, error) {
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, layers.Invalid(f.Name, "field %s: year %d: expected 1 to 9999", f.Name, y)
	}
	switch {
	case f.Type == layers.Date:
		return t.Format(time.DateOnly), nil
	case t.Nanosecond()%1e6 == 0:
		return t.Format("2006-01-02T15:04:05.000Z"), nil
	}
	return t.Format("2006-01-02T15:04:05.000000Z"), nil
}

// decode reads a column's value, which another program may have written.
func decode(f *layers.Field, v driver.Value) (layers.Value, error) {
	switch x := v.(type) {
	case nil:
		return layers.Null(), nil
	case int64:
		switch f.Type {
		case layers.Int:
			return layers.IntValue(x), nil
		case layers.Float:
			return layers.FloatValue(float64(x)), nil
		case layers.Bool:
			return layers.BoolValue(x != 0), nil
		}
	case float64:
		if f.Type == layers.Float {
			return layers.FloatValue(x), nil
		}
		return f.Parse(x)
	case string:
		switch f.Type {
		case layers.String, layers.Enum:
			return layers.TextValue(x), nil
		case layers.Strings:
			var list []string
			if err := json.Unmarshal([]byte(x), &list); err == nil {
				return layers.ListValue(list), nil
			}
		}
		return f.ParseText(x)
	}
	return layers.Null(), layers.Invalid(f.Name, "field %s expects a %s, the column holds a %T", f.Name, f.Type, v)
}

// feature reads a row of the statements all, some and one. It keeps nothing of the row.
func (t *table) feature(row []driver.Value) (layers.Feature, error) {
	id, _ := row[0].(int64)
	f := layers.Feature{ID: id, Values: make([]layers.Value, len(t.columns))}
	var err error
	switch blob := row[1].(type) {
	case nil:
	case []byte:
		if f.Geometry, err = decodeGeometry(blob); err != nil {
			return f, layers.Invalid("geometry", "the geometry cannot be read: %v", err)
		}
	default:
		return f, layers.Invalid("geometry", "the geometry column holds a %T", row[1])
	}
	for i := range f.Values {
		if f.Values[i], err = decode(&t.layer.Fields[i], row[i+2]); err != nil {
			return f, err
		}
	}
	return f, nil
}

// arguments returns what the statements insert and upsert bind: the id (nil: the next free one), the geometry where the
// layer has one, the values.
func (t *table) arguments(f *layers.Feature, into []driver.Value) ([]driver.Value, error) {
	into = append(into[:0], nil)
	if f.ID != 0 {
		into[0] = f.ID
	}
	if t.layer.Kind != layers.None {
		blob, err := encodeGeometry(f.Geometry)
		if err != nil {
			return nil, err
		}
		into = append(into, blob)
	}
	for i := range f.Values {
		v, err := encode(&t.layer.Fields[i], f.Values[i])
		if err != nil {
			return nil, err
		}
		into = append(into, v)
	}
	return into, nil
}

const srsWGS84 = 4326

// encodeGeometry writes the GeoPackage form (OGC 12-128r19, clause 2.1.3): a header, the envelope where the geometry is
// not a point, and WKB, all little-endian.
func encodeGeometry(g orb.Geometry) ([]byte, error) {
	out := binary.LittleEndian.AppendUint32([]byte{'G', 'P', 0, 1}, srsWGS84)
	if _, point := g.(orb.Point); !point {
		out[3] |= 1 << 1
		b := g.Bound()
		for _, x := range []float64{b.Min[0], b.Max[0], b.Min[1], b.Max[1]} {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
		}
	}
	body, err := wkb.Marshal(g, binary.LittleEndian)
	if err != nil {
		return nil, layers.Invalid("geometry", "a %s cannot be written", g.GeoJSONType())
	}
	return append(out, body...), nil
}

// header reads the header of a GeoPackage geometry.
func header(blob []byte) (srs int32, empty bool, body []byte, err error) {
	if len(blob) < 8 || blob[0] != 'G' || blob[1] != 'P' {
		return 0, false, nil, errors.New("it does not begin with GP")
	}
	flags := blob[3]
	order := binary.ByteOrder(binary.BigEndian)
	if flags&1 == 1 {
		order = binary.LittleEndian
	}
	sizes := []int{0, 32, 48, 48, 64}
	kind := int(flags >> 1 & 7)
	if flags&0x20 != 0 || kind >= len(sizes) || len(blob) < 8+sizes[kind] {
		return 0, false, nil, fmt.Errorf("its header (flags %#02x) is not of GeoPackage 1", flags)
	}
	return int32(order.Uint32(blob[4:])), flags&0x10 != 0, blob[8+sizes[kind]:], nil
}

// decodeGeometry reads a GeoPackage geometry; heights and measures are dropped, and an empty one is none.
func decodeGeometry(blob []byte) (orb.Geometry, error) {
	srs, empty, body, err := header(blob)
	if err != nil {
		return nil, err
	}
	if empty {
		return nil, nil
	}
	if srs != srsWGS84 && srs != 0 {
		return nil, fmt.Errorf("its reference system is %d, expected %d", srs, srsWGS84)
	}
	if len(body) < 5 {
		return nil, errors.New("it ends before its type")
	}
	kind := binary.BigEndian.Uint32(body[1:])
	if body[0] == 1 {
		kind = binary.LittleEndian.Uint32(body[1:])
	}
	if kind >= 1 && kind <= 7 {
		return wkb.Unmarshal(body)
	}
	g, err := geomwkb.Unmarshal(body)
	if err != nil {
		return nil, err
	}
	return border.ToOrb(g)
}

// registerFunctions gives SQLite the functions that the triggers of GeoPackage's R-tree extension call (clause 3.1.3), for
// a GIS program may have made such an index.
func registerFunctions(d *sqlite.Driver) error {
	limits := map[string]func(orb.Bound) float64{
		"ST_MinX": func(b orb.Bound) float64 { return b.Min[0] },
		"ST_MaxX": func(b orb.Bound) float64 { return b.Max[0] },
		"ST_MinY": func(b orb.Bound) float64 { return b.Min[1] },
		"ST_MaxY": func(b orb.Bound) float64 { return b.Max[1] },
	}
	for name, limit := range limits {
		err := d.RegisterDeterministicScalarFunction(name, 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if g := argument(args); g != nil {
				return limit(g.Bound()), nil
			}
			return nil, nil
		})
		if err != nil {
			return err
		}
	}
	return d.RegisterDeterministicScalarFunction("ST_IsEmpty", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if args[0] == nil {
			return nil, nil
		}
		return argument(args) == nil, nil
	})
}

// argument reads the geometry that a function was called with; nil where it is none.
func argument(args []driver.Value) orb.Geometry {
	blob, _ := args[0].([]byte)
	g, err := decodeGeometry(blob)
	if err != nil {
		return nil
	}
	return g
}
