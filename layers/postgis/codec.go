package postgis

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/border"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom/encoding/ewkb"
)

// fixed is how many columns stand before those of the fields in what is read: the key, the geometry, mended.
const fixed = 3

// reader reads rows of a layer, in PostgreSQL's binary form. It is used by one goroutine.
type reader struct {
	*table
	text  func(field int, raw []byte) string // makes a string of a text
	words []string                           // of one array
	types *pgtype.Map
}

func newReader(t *table) *reader {
	return &reader{table: t, types: pgtype.NewMap(), text: func(_ int, raw []byte) string { return string(raw) }}
}

// feature reads a row into f, whose values it overwrites, and keeps nothing of the row. said tells what of the row was
// changed so that it can be shown; an error, why it cannot.
func (r *reader) feature(row [][]byte, f *layers.Feature) (said string, err error) {
	if len(row) != fixed+len(r.columns) || len(row[0]) != 8 {
		return "", fmt.Errorf("the row has %d columns, expected %d", len(row), fixed+len(r.columns))
	}
	f.ID = int64(binary.BigEndian.Uint64(row[0]))
	if f.Geometry, err = decodeGeometry(row[1]); err != nil {
		return "", layers.Invalid("geometry", "the geometry cannot be shown: %v", err)
	}
	if f.Geometry == nil && r.layer.Kind != layers.None {
		said = "it has no geometry, or one in a reference system that the database does not know"
	}
	if f.Geometry != nil && (r.crs == geo.GCJ02 || r.crs == geo.BD09) {
		f.Geometry = geo.ToWGS84(r.crs, f.Geometry)
	}
	if len(row[2]) == 1 && row[2][0] == 1 {
		said = "the area crosses itself or is otherwise invalid: it is shown mended"
	}
	for i := range r.layer.Fields {
		var odd string
		if f.Values[i], odd, err = r.value(i, row[fixed+i]); err != nil {
			return said, err
		}
		if odd != "" {
			said = odd
		}
	}
	return said, nil
}

// value reads a field's column.
func (r *reader) value(i int, raw []byte) (v layers.Value, said string, err error) {
	f := &r.layer.Fields[i]
	if raw == nil {
		return layers.Null(), "", nil
	}
	switch f.Type {
	case layers.String, layers.Enum:
		return layers.TextValue(r.text(i, raw)), "", nil
	case layers.Int:
		if n := int64(word(raw)); n != math.MinInt64 {
			return layers.IntValue(n), "", nil
		}
		return layers.Null(), fmt.Sprintf("field %s holds the least whole number there is: it is shown as empty", f.Name), nil
	case layers.Float:
		x := math.Float64frombits(word(raw))
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return layers.Null(), fmt.Sprintf("field %s holds %v: it is shown as empty", f.Name, x), nil
		}
		return layers.FloatValue(x), "", nil
	case layers.Bool:
		return layers.BoolValue(len(raw) == 1 && raw[0] == 1), "", nil
	case layers.Time, layers.Date:
		return moment(f, raw)
	case layers.Strings:
		return r.list(f, raw)
	}
	return layers.Null(), "", fmt.Errorf("field %s is of an unknown type %q", f.Name, f.Type)
}

// word reads eight bytes; shorter ones are 0.
func word(raw []byte) uint64 {
	if len(raw) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(raw)
}

// epoch is where PostgreSQL counts from: 2000-01-01.
const epoch = 946684800

// The infinities of timestamps and dates.
const (
	forever, never       = math.MaxInt64, math.MinInt64
	foreverDay, neverDay = math.MaxInt32, math.MinInt32
)

// moment reads a timestamp (microseconds since 2000) or a date (days since then). Infinities, and years that no exchange
// format can hold, become null.
func moment(f *layers.Field, raw []byte) (layers.Value, string, error) {
	var t time.Time
	switch {
	case f.Type == layers.Date && len(raw) == 4:
		days := int32(binary.BigEndian.Uint32(raw))
		if days == foreverDay || days == neverDay {
			return layers.Null(), fmt.Sprintf("field %s holds infinity: it is shown as empty", f.Name), nil
		}
		t = time.Unix(epoch+int64(days)*86400, 0).UTC()
	case f.Type == layers.Time && len(raw) == 8:
		micros := int64(word(raw))
		if micros == forever || micros == never {
			return layers.Null(), fmt.Sprintf("field %s holds infinity: it is shown as empty", f.Name), nil
		}
		t = time.Unix(epoch+micros/1e6, micros%1e6*1000).UTC()
	default:
		return layers.Null(), "", fmt.Errorf("field %s: %d bytes are no %s", f.Name, len(raw), f.Type)
	}
	if y := t.Year(); y < 1 || y > 9999 {
		return layers.Null(), fmt.Sprintf("field %s holds the year %d: it is shown as empty", f.Name, y), nil
	}
	if f.Type == layers.Date {
		return layers.DateValue(t), "", nil
	}
	return layers.TimeValue(t), "", nil
}

// list reads an array of texts; members that are null are left out.
func (r *reader) list(f *layers.Field, raw []byte) (layers.Value, string, error) {
	var members []*string
	if err := r.types.Scan(pgtype.TextArrayOID, pgtype.BinaryFormatCode, raw, &members); err != nil {
		return layers.Null(), "", fmt.Errorf("field %s: the array cannot be read: %v", f.Name, err)
	}
	r.words = r.words[:0]
	for _, m := range members {
		if m != nil {
			r.words = append(r.words, *m)
		}
	}
	if len(r.words) < len(members) {
		return layers.ListValue(r.words), fmt.Sprintf("field %s: members that are null are left out", f.Name), nil
	}
	return layers.ListValue(r.words), "", nil
}

// decodeGeometry reads a geometry as PostGIS sends it, EWKB. Points, which are most, are read here without the allocations
// of the general way; heights and measures are dropped, and an empty geometry is none.
func decodeGeometry(raw []byte) (orb.Geometry, error) {
	if raw == nil {
		return nil, nil
	}
	const pointWithSRID = 0x20000001
	if len(raw) == 25 && raw[0] == 1 && binary.LittleEndian.Uint32(raw[1:]) == pointWithSRID {
		p := orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(raw[9:])), math.Float64frombits(binary.LittleEndian.Uint64(raw[17:]))}
		if math.IsNaN(p[0]) && math.IsNaN(p[1]) {
			return nil, nil
		}
		return p, nil
	}
	g, err := ewkb.Unmarshal(raw)
	if err != nil {
		return nil, fmt.Errorf("it is of curves, or of another kind that the map does not draw")
	}
	return border.ToOrb(g)
}

// encodeGeometry writes a geometry as PostGIS reads it; nil is null.
func encodeGeometry(g orb.Geometry) ([]byte, error) {
	if g == nil {
		return nil, nil
	}
	t, err := border.FromOrb(g, 4326)
	if err != nil {
		return nil, layers.Invalid("geometry", "%v", err)
	}
	return ewkb.Marshal(t, binary.LittleEndian)
}

// array is the values of one column of several rows, as a parameter.
type array struct {
	texts []pgtype.Text
	ints  []pgtype.Int8
	nums  []pgtype.Float8
	bools []pgtype.Bool
	times []pgtype.Timestamptz
	dates []pgtype.Date
}

// arrays returns the values of a field of several rows as one parameter. Lists are written as PostgreSQL's array literals,
// for arrays of arrays must all be of one length.
func arrays(f *layers.Field, i int, rows []*layers.Feature) any {
	var a array
	for _, r := range rows {
		v := r.Values[i]
		set := !v.IsNull()
		switch f.Type {
		case layers.Int:
			a.ints = append(a.ints, pgtype.Int8{Int64: v.Int(), Valid: set})
		case layers.Float:
			x, _ := v.Number()
			a.nums = append(a.nums, pgtype.Float8{Float64: x, Valid: set})
		case layers.Bool:
			a.bools = append(a.bools, pgtype.Bool{Bool: v.Bool(), Valid: set})
		case layers.Time:
			a.times = append(a.times, pgtype.Timestamptz{Time: v.Time(), Valid: set})
		case layers.Date:
			a.dates = append(a.dates, pgtype.Date{Time: v.Time(), Valid: set})
		case layers.Strings:
			a.texts = append(a.texts, pgtype.Text{String: arrayLiteral(v.List()), Valid: set})
		default:
			a.texts = append(a.texts, pgtype.Text{String: v.Text(), Valid: set})
		}
	}
	switch f.Type {
	case layers.Int:
		return a.ints
	case layers.Float:
		return a.nums
	case layers.Bool:
		return a.bools
	case layers.Time:
		return a.times
	case layers.Date:
		return a.dates
	}
	return a.texts
}

// arrayLiteral writes a list as PostgreSQL reads an array of texts.
func arrayLiteral(list []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		for j := 0; j < len(s); j++ {
			if s[j] == '"' || s[j] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[j])
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}
