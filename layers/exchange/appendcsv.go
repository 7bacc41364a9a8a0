package exchange

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// CSVOptions says how a table is written as CSV.
type CSVOptions struct {
	Titled bool        // for people: titles of fields and codes, times as spreadsheets read them; else for programs: names and codes
	Lang   layers.Lang // of the titles
}

// WriteCSV writes the features as CSV (RFC 4180) in UTF-8 with a byte order mark, by which spreadsheets tell it from the coding
// of their own country. Columns are the id, the fields, and where it is: lon and lat (x and y in metres) of a layer of points,
// well-known text of others. Times are China's.
//
// A spreadsheet takes a cell that begins with = + - @ or a tab for a formula: an apostrophe is put before such a text, but not
// before a number. Where Titled, a tab is put before a text of digits that a spreadsheet would change: one of more than eleven
// or with a zero in front, such as the code of a grid. Without Titled what was written reads back as it was, but for those
// apostrophes.
func (s *Selection) WriteCSV(w io.Writer, o CSVOptions) error {
	c := &csvWriter{o: o, layer: &s.table.Layer, fields: s.o.Fields, crs: s.o.CRS, zone: time.FixedZone("", 8*3600)}
	if err := s.stream(w, c.head(), func(dst []byte, _ int, r layers.Row) []byte { return c.row(dst, r) }, nil); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

type csvWriter struct {
	o      CSVOptions
	layer  *layers.Layer
	fields []int
	crs    geo.CRS
	zone   *time.Location
}

// head returns the byte order mark and the names of the columns.
func (c *csvWriter) head() []byte {
	names := []string{c.name("id", "记录号", "Id")}
	for _, i := range c.fields {
		f := &c.layer.Fields[i]
		title := f.Title.In(c.o.Lang)
		if !c.o.Titled || title == "" {
			title = f.Name
		} else if f.Unit != "" {
			title += " (" + f.Unit + ")"
		}
		names = append(names, title)
	}
	switch {
	case c.layer.Kind == layers.None:
	case c.layer.Kind != layers.Point:
		names = append(names, c.place("wkt", "几何", "Geometry"))
	case metric(c.crs):
		names = append(names, c.place("x", "东坐标", "Easting"), c.place("y", "北坐标", "Northing"))
	default:
		names = append(names, c.place("lon", "经度", "Longitude"), c.place("lat", "纬度", "Latitude"))
	}
	dst := []byte("\ufeff")
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, harmless(name))
	}
	return append(dst, "\r\n"...)
}

// name returns the name of a column that is no field; a field may have that name already.
func (c *csvWriter) name(name, zh, en string) string {
	if c.o.Titled {
		return layers.Text{layers.Chinese: zh, layers.English: en}.In(c.o.Lang)
	}
	for c.layer.Index(name) >= 0 {
		name += "_"
	}
	return name
}

// place returns the name of a column of positions, with their system in a title where that is not WGS-84.
func (c *csvWriter) place(name, zh, en string) string {
	name = c.name(name, zh, en)
	if c.o.Titled && c.crs != "" && c.crs != geo.WGS84 {
		name += " (" + c.crs.String() + ")"
	}
	return name
}

// row appends a line.
func (c *csvWriter) row(dst []byte, r layers.Row) []byte {
	dst = strconv.AppendInt(dst, r.ID(), 10)
	for _, i := range c.fields {
		dst = c.value(append(dst, ','), &c.layer.Fields[i], r.Value(i))
	}
	switch c.layer.Kind {
	case layers.None:
	case layers.Point:
		p, ok := r.Point()
		if !ok {
			dst = append(dst, ",,"...)
			break
		}
		p = geo.FromWGS84Point(c.crs, p)
		digits := decimals(c.layer, c.crs)
		dst = appendFixed(append(appendFixed(append(dst, ','), p[0], digits), ','), p[1], digits)
	default:
		dst = append(dst, ',')
		if g := r.Geometry(); g != nil {
			if shifts(c.crs) {
				g = geo.FromWGS84(c.crs, g)
			}
			dst = append(appendWKT(append(dst, '"'), g, decimals(c.layer, c.crs)), '"')
		}
	}
	return append(dst, "\r\n"...)
}

// value appends the cell of a value; null is empty.
func (c *csvWriter) value(dst []byte, f *layers.Field, v layers.Value) []byte {
	switch {
	case v.IsNull():
		return dst
	case f.Type == layers.Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case f.Type == layers.Float:
		x, _ := v.Number()
		return layers.AppendNumber(dst, x)
	case f.Type == layers.Time && c.o.Titled:
		return v.Time().In(c.zone).AppendFormat(dst, time.DateTime)
	case f.Type == layers.Time:
		return v.Time().In(c.zone).AppendFormat(dst, time.RFC3339Nano)
	case f.Type == layers.Date:
		return v.Time().AppendFormat(dst, time.DateOnly)
	case f.Type == layers.Bool:
		return append(dst, c.truth(v.Bool())...)
	case f.Type == layers.Enum && c.o.Titled:
		return appendCell(dst, harmless(f.CodeTitle(v.Text(), c.o.Lang)))
	}
	text := harmless(v.String())
	if c.o.Titled && fragile(text) {
		dst = append(dst, '\t')
	}
	return appendCell(dst, text)
}

func (c *csvWriter) truth(b bool) string {
	switch {
	case !c.o.Titled:
		return strconv.FormatBool(b)
	case c.o.Lang == layers.English && b:
		return "Yes"
	case c.o.Lang == layers.English:
		return "No"
	case b:
		return "是"
	}
	return "否"
}

// harmless puts an apostrophe before a text that a spreadsheet would take for a formula, also by the wide signs of Chinese
// keyboards.
func harmless(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if s == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && strings.Trim(s, "+-.0123456789eE") == "" {
		return s // a number is only a number
	}
	return "'" + s
}

// fragile tells whether a text is of digits that a spreadsheet would change by taking them for a number.
func fragile(s string) bool {
	const shown = 11 // what is longer is shown as a power of ten, and beyond fifteen digits lost
	return strings.Trim(s, "0123456789") == "" && (len(s) > shown || len(s) > 1 && s[0] == '0')
}

// appendCell appends a text, quoted where RFC 4180 asks for it.
func appendCell(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, "\",\r\n") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return append(append(dst, s...), '"')
		}
		dst = append(append(dst, s[:i]...), `""`...)
		s = s[i+1:]
	}
}

// appendWKT appends a geometry as well-known text with at most digits decimals; what it has no name for as nothing.
func appendWKT(dst []byte, g orb.Geometry, digits int) []byte {
	switch g := g.(type) {
	case orb.Point:
		return wktRun(append(dst, "POINT"...), []orb.Point{g}, digits)
	case orb.MultiPoint:
		runs := make([]orb.MultiPoint, len(g))
		for i := range g {
			runs[i] = g[i : i+1]
		}
		return wktRuns(append(dst, "MULTIPOINT"...), runs, digits)
	case orb.LineString:
		return wktRun(append(dst, "LINESTRING"...), g, digits)
	case orb.MultiLineString:
		return wktRuns(append(dst, "MULTILINESTRING"...), g, digits)
	case orb.Polygon:
		return wktRuns(append(dst, "POLYGON"...), g, digits)
	case orb.MultiPolygon:
		dst = append(dst, "MULTIPOLYGON("...)
		for i, p := range g {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = wktRuns(dst, p, digits)
		}
		return append(dst, ')')
	}
	return dst
}

func wktRuns[R ~[]orb.Point](dst []byte, runs []R, digits int) []byte {
	dst = append(dst, '(')
	for i, r := range runs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = wktRun(dst, r, digits)
	}
	return append(dst, ')')
}

func wktRun[R ~[]orb.Point](dst []byte, run R, digits int) []byte {
	dst = append(dst, '(')
	for i, p := range run {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendFixed(append(appendFixed(dst, p[0], digits), ' '), p[1], digits)
	}
	return append(dst, ')')
}
