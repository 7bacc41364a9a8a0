package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/exchange"

	"github.com/gorilla/mux"
)

const csvType = "text/csv; charset=utf-8"

// exportQuery is what is to be exported.
type exportQuery struct {
	table   *layers.Table
	format  string // geojson or csv
	options exchange.WriteOptions
	csv     exchange.CSVOptions
	rev     layers.Seq // the last change that the bytes can depend on
	filter  string     // the query without what is not about the bytes, in a canonical form
}

// exportQuery reads what every form of an export takes. format is that of the path; empty: of a parameter.
func (c *call) exportQuery(format string) (q exportQuery, err error) {
	t, err := c.table()
	if err != nil {
		return q, err
	}
	p := c.params
	q = exportQuery{table: t, format: format, csv: exchange.CSVOptions{Titled: true}}
	if format == "" {
		q.format = p.text("format")
	}
	q.options = exchange.WriteOptions{Fields: p.properties(&t.Layer), CRS: p.crs("crs"), Sort: p.sortby(&t.Layer)}
	switch q.format {
	case "csv":
		switch header := p.text("header"); header {
		case "", "title":
		case "name":
			q.csv.Titled = false
		default:
			p.fail(layers.Invalid("header", "parameter header is %.40q: expected title, for people, or name, for programs", header))
		}
		q.csv.Lang = p.lang()
	case "geojson":
	default:
		p.fail(layers.Invalid("format", "parameter format is %.40q: expected csv or geojson", q.format))
	}
	seq := p.whole("seq", 0, layers.MaxID, 0)
	q.options.Filter = p.filter(t)
	q.rev = t.LastSeq()
	if p.text("within") != "" { // an area by its code may have changed
		q.rev = max(q.rev, revisionOf(c.view, "subdistricts", "communities", "zones", "grids"))
	}
	q.options.Seq = q.rev
	q.filter = strings.TrimPrefix(c.with(map[string]string{"format": "", "seq": ""}), "?")
	if err := p.done(); err != nil {
		return q, err
	}
	return q, q.asOf(layers.Seq(seq), c.view.Seq)
}

// asOf says why the export is not that of a state, or nil: the layer has changed since, or that state has not come here yet.
func (q *exportQuery) asOf(seq, now layers.Seq) error {
	if seq == 0 || seq >= q.rev && seq <= now {
		return nil
	}
	if seq > now {
		return layers.Conflict("the map is at state %d: state %d has not come yet", now, seq)
	}
	return layers.Conflict("layer %s has changed in state %d, after state %d: its export would not have the same bytes. Export it again and take the manifest of that", q.table.Layer.Name, q.rev, seq)
}

// contentType is that of the export.
func (q *exportQuery) contentType() string {
	if q.format == "csv" {
		return csvType
	}
	return geoJSONType
}

// file names the file of the export; another system than WGS-84 is part of the name.
func (q *exportQuery) file() string {
	name := q.table.Layer.Name
	if q.options.CRS != geo.WGS84 {
		name += "." + strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(q.options.CRS.String()))
	}
	return name + "." + q.format
}

// write writes the export.
func (q *exportQuery) write(w io.Writer, s *exchange.Selection) error {
	if q.format == "csv" {
		return s.WriteCSV(w, q.csv)
	}
	return s.WriteGeoJSON(w)
}

// alive returns what keeps a long answer going: it gives the connection more time, and ends the work when the client has gone.
func (c *call) alive(w http.ResponseWriter) func() error {
	control := http.NewResponseController(w)
	return func() error {
		_ = control.SetWriteDeadline(time.Now().Add(requestTime)) // unsupported only in tests without a connection
		return c.Context().Err()
	}
}

// export streams every feature that matches, of one state, in constant memory but for a handle of each. Shapan-Count tells how
// many will come.
func (s *Server) export(w http.ResponseWriter, c *call) error {
	q, err := c.exportQuery(mux.Vars(c.Request)["ext"])
	if err != nil {
		return err
	}
	h := w.Header()
	weakTag(w, q.rev, c.view.Key(), c.URL.Path, c.URL.RawQuery)
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, q.contentType(), nil)
	}
	q.options.Alive = c.alive(w)
	chosen := exchange.Select(q.table, q.options)
	h.Set("Shapan-Count", strconv.Itoa(chosen.Len()))
	h.Set("Content-Type", q.contentType())
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="export.%s"; filename*=UTF-8''%s`, q.format, urlName(q.file())))
	if c.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	if err := q.write(w, chosen); err != nil {
		return fmt.Errorf("export %s: %w", q.table.Layer.Name, err)
	}
	return nil
}

// manifest says what an export is, so that whoever has the file can tell that it is whole and what it was made of.
type manifest struct {
	Layer     string     `json:"layer"`
	Format    string     `json:"format"`
	Filter    string     `json:"filter"` // the query of the export
	Href      string     `json:"href"`   // where it is, as long as the layer does not change
	File      string     `json:"file"`
	Seq       layers.Seq `json:"seq"`
	Count     int        `json:"count"`
	Bytes     int64      `json:"bytes"`
	SHA256    string     `json:"sha256"`
	Generated string     `json:"generated_at"`
	By        string     `json:"by"` // the name of the token; empty: the public
}

// exportManifest answers what the export of the same query is: it is made, and thrown away but for its digest.
func (s *Server) exportManifest(w http.ResponseWriter, c *call) error {
	q, err := c.exportQuery("")
	if err != nil {
		return err
	}
	q.options.Alive = c.alive(w)
	chosen := exchange.Select(q.table, q.options)
	sum := &measured{}
	digest := sha256.New()
	if err := q.write(io.MultiWriter(digest, sum), chosen); err != nil {
		return fmt.Errorf("manifest of %s: %w", q.table.Layer.Name, err)
	}
	again := url.Values{"seq": {strconv.FormatUint(uint64(q.rev), 10)}}.Encode()
	if q.filter != "" {
		again = q.filter + "&" + again
	}
	return writeJSON(w, c, http.StatusOK, manifest{
		Layer: q.table.Layer.Name, Format: q.format, Filter: q.filter, Href: "/export/" + urlName(q.table.Layer.Name) + "." + q.format + "?" + again, File: q.file(),
		Seq: q.rev, Count: chosen.Len(), Bytes: sum.bytes, SHA256: hex.EncodeToString(digest.Sum(nil)),
		Generated: s.Clock().In(chinaTime).Format(time.RFC3339), By: c.caller.name,
	})
}

// measured counts what is written to it.
type measured struct{ bytes int64 }

// Write counts.
func (m *measured) Write(p []byte) (int, error) {
	m.bytes += int64(len(p))
	return len(p), nil
}
