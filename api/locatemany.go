package api

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// mostPlaces is how many positions POST /locate takes at once.
const mostPlaces = 100_000

// locateMany answers POST /locate: the cards of many positions, in the form and order in which they came. The body is read
// whole, for it is bounded, and a client that does not read before it has sent everything is not waited for; the answer is
// written row by row. A row that has no position gets its error and stops no other. It needs a token, for its work is that of
// many requests.
func (s *Server) locateMany(w http.ResponseWriter, c *call) error {
	if c.caller.name == "" {
		return &problem{Status: http.StatusUnauthorized, Detail: "many positions at once need a token: send the header Authorization: Bearer TOKEN"}
	}
	crs := c.params.crs("crs")
	p := s.locateParams(c)
	if err := c.params.done(); err != nil {
		return err
	}
	b, err := c.body("application/json", "text/csv")
	if err != nil {
		return err
	}
	write := p.asJSON
	kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type")) // body has looked at it
	if kind != "text/csv" {
		kind = "application/json"
		err = eachMember(b, atMost(func(json.RawMessage) error { return nil }))
	} else {
		write, err = p.asCSV, checkTable(b)
	}
	if err != nil {
		return err
	}
	out := &slowWriter{c: c, control: http.NewResponseController(w), to: bufio.NewWriterSize(w, 64<<10)}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(http.StatusOK)
	if err := write(out, b, crs); err != nil {
		return fmt.Errorf("locate many: %w", err)
	}
	return out.to.Flush()
}

// atMost is fn for mostPlaces rows.
func atMost[T any](fn func(T) error) func(T) error {
	n := 0
	return func(row T) error {
		if n++; n > mostPlaces {
			return layers.Invalid("", "more than %d positions came: expected at most that many in a request", mostPlaces)
		}
		return fn(row)
	}
}

// slowWriter writes rows for as long as somebody reads them.
type slowWriter struct {
	c       *call
	control *http.ResponseController
	to      *bufio.Writer
	rows    int
}

// row is called after each row. It fails when the caller has gone.
func (w *slowWriter) row() error {
	const often = 256
	if w.rows++; w.rows%often == 0 {
		_ = w.control.SetWriteDeadline(time.Now().Add(requestTime)) // unsupported only in tests without a connection
		return w.c.Context().Err()
	}
	return nil
}

// asJSON writes the cards of a JSON array of objects with lon and lat as an array.
func (p *placer) asJSON(w *slowWriter, b []byte, crs geo.CRS) error {
	enc := json.NewEncoder(w.to)
	enc.SetEscapeHTML(false)
	between := "["
	err := eachMember(b, func(raw json.RawMessage) error {
		var card any
		if at, err := placeOfJSON(raw, crs); err != nil {
			card = map[string]string{"error": err.Error()}
		} else {
			card = p.card(at)
		}
		_, _ = w.to.WriteString(between) // a bufio.Writer keeps its error, which the next call returns
		between = ","
		return errors.Join(enc.Encode(card), w.row())
	})
	if between == "[" {
		_, _ = w.to.WriteString("[") // kept as above
	}
	_, _ = w.to.WriteString("]\n") // kept as above
	return err
}

// placeOfJSON reads the position of an object; its other members are not looked at.
func placeOfJSON(raw json.RawMessage, crs geo.CRS) (orb.Point, error) {
	var row struct{ Lon, Lat *float64 }
	if err := json.Unmarshal(raw, &row); err != nil || row.Lon == nil || row.Lat == nil {
		return orb.Point{}, layers.Invalid("lon", "expected an object with the numbers lon and lat, such as {\"lon\":114.3036,\"lat\":30.5637}; %.80q came", raw)
	}
	return placeIn(crs, orb.Point{*row.Lon, *row.Lat})
}

// columns are those that a CSV answer adds to what came. Areas and people are told by their codes.
func columns() []string {
	return []string{"subdistrict", "community", "zone", "grid", "leader", "leader_duty", "partner", "partner_duty", "outside", "border_metres",
		"nearest", "nearest_metres", "events", "open_events", "facilities", "error"}
}

// table reads CSV with a header of which two columns are lon and lat.
type table struct {
	*csv.Reader
	header   []string
	lon, lat int
}

func readTable(b []byte) (*table, error) {
	t := &table{Reader: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff"))))}
	t.FieldsPerRecord, t.LazyQuotes = -1, true
	if !utf8.Valid(b) {
		return nil, layers.Invalid("", "the CSV is not UTF-8")
	}
	var err error
	if t.header, err = t.Read(); err != nil {
		return nil, layers.Invalid("", "the CSV has no header: expected a first line with the columns lon and lat")
	}
	t.ReuseRecord = true
	find := func(name string) int {
		return slices.IndexFunc(t.header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	if t.lon, t.lat = find("lon"), find("lat"); t.lon < 0 || t.lat < 0 {
		return nil, layers.Invalid("lon", "the CSV has the columns %.200q: expected lon and lat among them", t.header)
	}
	for _, name := range columns() {
		if find(name) >= 0 {
			return nil, layers.Invalid(name, "the CSV has a column %s already, which the answer adds: give it another name", name)
		}
	}
	return t, nil
}

// each calls fn with the rows, cut or filled to the width of the header, and what is wrong with a row's position. The slice is
// good until the next call.
func (t *table) each(crs geo.CRS, fn func(cells []string, at orb.Point, fault error) error) error {
	for {
		cells, err := t.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var at orb.Point
		if n := len(cells); err == nil && n != len(t.header) {
			err = layers.Invalid("", "the row has %d columns: expected %d", n, len(t.header))
		}
		for len(cells) < len(t.header) {
			cells = append(cells, "")
		}
		cells = cells[:len(t.header)]
		if err == nil {
			at, err = parsePlace(crs, strings.TrimSpace(cells[t.lon]), strings.TrimSpace(cells[t.lat]))
		}
		if err := fn(cells, at, err); err != nil {
			return err
		}
	}
}

// checkTable says what is wrong with a CSV as a whole.
func checkTable(b []byte) error {
	t, err := readTable(b)
	if err != nil {
		return err
	}
	count := atMost(func([]string) error { return nil })
	return t.each(geo.WGS84, func(cells []string, _ orb.Point, _ error) error { return count(cells) })
}

// asCSV writes the rows of a CSV with the columns of their cards behind their own.
func (p *placer) asCSV(w *slowWriter, b []byte, crs geo.CRS) error {
	t, err := readTable(b)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w.to)
	if err := out.Write(append(slices.Clone(t.header), columns()...)); err != nil {
		return err
	}
	var line []string
	err = t.each(crs, func(cells []string, at orb.Point, fault error) error {
		line = append(line[:0], cells...)
		if fault == nil {
			card := p.card(at)
			line = card.appendCells(line)
		} else {
			line = append(append(line, make([]string, len(columns())-1)...), fault.Error())
		}
		return errors.Join(out.Write(line), w.row())
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// appendCells appends the values of columns.
func (l *located) appendCells(line []string) []string {
	metres := func(m float64) string { return strconv.FormatFloat(m, 'f', 1, 64) }
	border, nearest, far, events, open := "", "", "", "", ""
	if l.Border != nil {
		border = metres(*l.Border)
	}
	if l.Nearest != nil {
		nearest, far = l.Nearest.Code, metres(l.Nearest.Metres)
	}
	if l.Events != nil {
		events, open = strconv.Itoa(l.Events.Count), strconv.Itoa(l.Events.Open)
	}
	facilities := make([]string, len(l.Facilities))
	for i, f := range l.Facilities {
		facilities[i] = f.Category + " " + f.Code + " " + metres(f.Metres)
	}
	return append(line, l.Subdistrict.code(), l.Community.code(), l.Zone.code(), l.Grid.code(), l.Leader.code(), l.Leader.duty(), l.Partner.code(), l.Partner.duty(),
		strconv.FormatBool(l.Outside), border, nearest, far, events, open, strings.Join(facilities, "; "), "")
}

func (a *areaCard) code() string {
	if a == nil {
		return ""
	}
	return a.Code
}

func (a *areaCard) duty() string {
	if a == nil {
		return ""
	}
	return a.Duty
}
