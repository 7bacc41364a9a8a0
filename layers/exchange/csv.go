package exchange

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
)

// table is an opened CSV.
type table struct {
	open     func() (io.Reader, error)
	comma    rune
	isGB     bool
	limit    int // bytes of a record
	header   []string
	lon, lat int // columns of the position; -1: none
	wkt      int // column of the geometry; -1: none
}

// openCSV opens a CSV: its delimiter is the one of , ; tab and | that the first line has most of.
func openCSV(path string, o Options) (f format, err error) {
	open, file, isGB, err := textFile(path, o)
	if err != nil {
		return f, err
	}
	t := &table{open: open, isGB: isGB, limit: o.recordLimit(), comma: ',', lon: -1, lat: -1, wkt: -1}
	if err := t.readHeader(o); err != nil {
		return f, errors.Join(err, file.Close())
	}
	f = format{unit: "line", text: true, records: t.records, close: file.Close}
	for i, name := range t.header {
		f.columns = append(f.columns, column{name: name})
		if i == t.lon || i == t.lat || i == t.wkt {
			f.place = append(f.place, name)
		}
	}
	return f, nil
}

// maxHeader is how much of a file is looked at for its delimiter.
const maxHeader = 64 << 10

func (t *table) readHeader(o Options) error {
	r, err := t.open()
	if err != nil {
		return err
	}
	head := make([]byte, maxHeader)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return fmt.Errorf("read the first line: %w", err)
	}
	t.comma = delimiter(string(head[:n]))
	rows, err := t.reader()
	if err != nil {
		return err
	}
	t.header, err = rows.Read()
	if err == io.EOF {
		return layers.Invalid("", "the file is empty: expected a first line with the names of the columns")
	}
	if err != nil {
		return layers.Invalid("", "the first line: %v", err)
	}
	if len(t.header) > 2*layers.MaxFields {
		return layers.Invalid("", "the first line has %d columns: at most %d are allowed", len(t.header), layers.MaxFields)
	}
	for i := range t.header {
		t.header[i] = strings.Clone(strings.TrimSpace(strings.ToValidUTF8(t.header[i], "?")))
		if t.header[i] == "" {
			t.header[i] = "column " + strconv.Itoa(i+1)
		}
		if slices.Contains(t.header[:i], t.header[i]) {
			return layers.Invalid("", "the column %q stands twice in the first line", short(t.header[i]))
		}
	}
	return t.findPlace(o)
}

// findPlace finds the columns of the position or the geometry.
func (t *table) findPlace(o Options) error {
	if o.Lon != "" || o.Lat != "" {
		t.lon, t.lat = t.find(o.Lon), t.find(o.Lat)
		if t.lon < 0 {
			return layers.Unknown("column for --lon", o.Lon, t.header)
		}
		if t.lat < 0 {
			return layers.Unknown("column for --lat", o.Lat, t.header)
		}
		return nil
	}
	if t.wkt = t.find("wkt", "geom", "geometry", "the_geom", "几何"); t.wkt >= 0 {
		return nil
	}
	t.lon = t.find("lon", "lng", "long", "longitude", "经度", "x", "x坐标")
	t.lat = t.find("lat", "latitude", "纬度", "y", "y坐标")
	if t.lon < 0 || t.lat < 0 {
		t.lon, t.lat = -1, -1
	}
	return nil
}

// find returns the first column with one of these names, in the order of the names, in any case; -1: none.
func (t *table) find(names ...string) int {
	for _, name := range names {
		if i := slices.IndexFunc(t.header, func(h string) bool { return strings.EqualFold(h, strings.TrimSpace(name)) }); i >= 0 {
			return i
		}
	}
	return -1
}

// delimiter returns the sign that the first line has most of, outside quotes; a comma where it has none. A line
// "sep=;", as Excel writes it, decides.
func delimiter(text string) rune {
	if rest, ok := strings.CutPrefix(text, "sep="); ok && rest != "" && strings.ContainsRune(",;\t|", rune(rest[0])) {
		return rune(rest[0])
	}
	counts := map[rune]int{}
	quoted := false
	for _, r := range text {
		if r == '"' {
			quoted = !quoted
		}
		if r == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, r := range ";\t|" {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

// rows reads lines of cells.
type rows struct {
	csv    *csv.Reader
	budget *budget
}

func (t *table) reader() (*rows, error) {
	in, err := t.open()
	if err != nil {
		return nil, err
	}
	b := newBudget(in, t.limit)
	r := &rows{csv: csv.NewReader(b), budget: b}
	r.csv.Comma, r.csv.FieldsPerRecord = t.comma, -1
	r.csv.ReuseRecord = true
	return r, nil
}

// Read returns the next line's cells, over a line "sep=;".
func (r *rows) Read() ([]string, error) {
	r.budget.reset()
	cells, err := r.csv.Read()
	if err == nil && r.csv.InputOffset() <= 8 && strings.HasPrefix(cells[0], "sep=") {
		return r.csv.Read()
	}
	return cells, err
}

// records yields the lines after the first.
func (t *table) records(yield func(raw, error) bool) {
	rows, err := t.reader()
	if err == nil {
		_, err = rows.Read()
	}
	if err != nil {
		yield(raw{}, fmt.Errorf("read CSV: %w", err))
		return
	}
	for {
		cells, err := rows.Read()
		if err == io.EOF {
			return
		}
		var r raw
		var bad *csv.ParseError
		switch {
		case errors.As(err, &bad):
			r = raw{line: bad.StartLine, err: fmt.Errorf("the quotes do not match (line %d, column %d)", bad.Line, bad.Column)}
		case err != nil:
			yield(raw{}, fmt.Errorf("read CSV: %w", err))
			return
		case len(cells) == 1 && strings.TrimSpace(cells[0]) == "":
			continue
		default:
			r = t.record(cells)
			r.line, _ = rows.csv.FieldPos(0)
		}
		if !yield(r, nil) {
			return
		}
	}
}

func (t *table) record(cells []string) (r raw) {
	if len(cells) != len(t.header) {
		return raw{err: fmt.Errorf("the first line names %d columns, this line has %d", len(t.header), len(cells))}
	}
	r.names, r.values = t.header, make([]any, len(cells))
	for i, c := range cells {
		if t.isGB && strings.ContainsRune(c, '\uFFFD') {
			return raw{err: fmt.Errorf("column %s holds bytes that are not GB 18030 text", t.header[i])}
		}
		r.values[i] = c
	}
	switch {
	case t.wkt >= 0:
		r.geometry, r.err = wktOf(cells[t.wkt])
	case t.lon >= 0:
		r.geometry, r.err = t.point(cells[t.lon], cells[t.lat])
	}
	return r
}

// point reads a position; both cells empty are none.
func (t *table) point(lon, lat string) (orb.Geometry, error) {
	lon, lat = strings.TrimSpace(lon), strings.TrimSpace(lat)
	if lon == "" && lat == "" {
		return nil, nil
	}
	x, errX := strconv.ParseFloat(lon, 64)
	y, errY := strconv.ParseFloat(lat, 64)
	if errX != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return nil, fmt.Errorf("column %s: expected a number, %q came", t.header[t.lon], short(lon))
	}
	if errY != nil || math.IsNaN(y) || math.IsInf(y, 0) {
		return nil, fmt.Errorf("column %s: expected a number, %q came", t.header[t.lat], short(lat))
	}
	return orb.Point{x, y}, nil
}

// wktOf reads well-known text, with or without PostGIS's SRID, which the caller's system overrules.
func wktOf(s string) (orb.Geometry, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	if srid, rest, ok := strings.Cut(s, ";"); ok && strings.HasPrefix(strings.ToUpper(srid), "SRID=") {
		if crs, err := geo.ParseCRS(srid[len("SRID="):]); err != nil || shifts(crs) {
			return nil, fmt.Errorf("the geometry states %s: expected SRID=4326 or none", short(srid))
		}
		s = rest
	}
	if strings.HasPrefix(strings.ToUpper(s), "GEOMETRYCOLLECTION") {
		return nil, fmt.Errorf("a GEOMETRYCOLLECTION came: a feature has one geometry")
	}
	g, err := wkt.Unmarshal(s)
	if err != nil {
		return nil, fmt.Errorf("expected a geometry as well-known text without heights, such as POINT(114.3 30.5), %q came", short(s))
	}
	return g, nil
}
