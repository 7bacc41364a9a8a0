package exchange

import (
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Options says how a file is read where it does not say itself. The zero Options read what the file states.
type Options struct {
	CRS      geo.CRS        // system of the positions, whatever the file states; zero: what it states, else WGS-84
	Encoding string         // of text: "utf-8", "gbk", "gb18030" or "auto"; empty is "auto"
	Lon, Lat string         // columns of a CSV with the positions; empty: those with a usual name
	Layer    string         // feature table of a GeoPackage; empty: the only one
	Zone     *time.Location // of times that state no zone; nil: such times are refused

	Progress func(done, total int) // told how many bytes of a file are read that has to be read before its first record; nil: nobody is told

	limit int // bytes of one record; zero: maxRecord
}

// recordLimit returns how many bytes one record may have.
func (o Options) recordLimit() int {
	if o.limit > 0 {
		return o.limit
	}
	return maxRecord
}

// Record is one feature of a file.
type Record struct {
	Line    int // line of a CSV or of GeoJSON lines, id of an OpenStreetMap way, else the number of the feature or record, from 1
	Feature layers.Feature
}

// RowError says why one record of a file is no feature; the reading goes on after it.
type RowError struct {
	Unit   string // what Line counts: "line", "feature", "record" or "way"
	Line   int
	Reason string // a sentence: what was expected, what came
}

// Error returns the place and the reason.
func (e *RowError) Error() string { return fmt.Sprintf("%s %d: %s", e.Unit, e.Line, e.Reason) }

// Unwrap returns layers.ErrInvalid.
func (e *RowError) Unwrap() error { return layers.ErrInvalid }

// maxRecord bounds the bytes of one record, so that a hostile file cannot exhaust memory.
const maxRecord = 64 << 20

// Source is an opened exchange file. It must be used by one goroutine at a time and closed.
type Source struct {
	name    string // a layer's name after the file's
	title   string
	options Options
	file    format
	crs     geo.CRS
	stated  bool
	unknown []string
}

// raw is a record as the file has it.
type raw struct {
	line     int
	id       int64        // 0: none
	geometry orb.Geometry // in the file's system
	names    []string     // of the values
	values   []any        // nil, string, bool, int64, float64, json.Number, json.RawMessage (an object), time.Time or []any
	err      error        // why the record cannot be read
}

// column is one that a file declares.
type column struct {
	name string
	kind layers.FieldType // empty: the values decide
}

// format is one way of keeping features in a file.
type format struct {
	unit    string                                    // what a record's line counts
	columns []column                                  // declared ones, in order; nil: the records name them
	place   []string                                  // columns that make the geometry and are no fields of a new layer
	text    bool                                      // whether all values are texts that may stand for something else
	crs     string                                    // what the file states; empty: nothing
	records func(yield func(r raw, fatal error) bool) // from the beginning, each time it is called
	close   func() error
}

// Open opens a file by the extension of its name: .geojson and .json, .ndjson, .geojsonl, .geojsons and .jsonl, .csv and
// .tsv, .gpkg, .shp with its .dbf, .prj and .cpg beside it, .zip with one such set, or .pbf with an OpenStreetMap extract:
// its streets and what bars the way on foot, with the fields of the layer streets.
func Open(path string, o Options) (*Source, error) {
	if o.CRS != "" {
		if crs, err := geo.ParseCRS(string(o.CRS)); err != nil {
			return nil, layers.Invalid("crs", "%v", err)
		} else {
			o.CRS = crs
		}
	}
	ext := strings.ToLower(filepath.Ext(path))
	s := &Source{title: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), options: o}
	var err error
	switch ext {
	case ".geojson", ".json":
		s.file, err = openGeoJSON(path, o)
	case ".ndjson", ".geojsonl", ".geojsons", ".jsonl":
		s.file, err = openLines(path, o)
	case ".csv", ".tsv":
		s.file, err = openCSV(path, o)
	case ".gpkg":
		s.file, s.title, err = openGPKG(path, o)
	case ".shp", ".zip":
		s.file, err = openShapefile(path, o)
	case ".pbf":
		s.title = strings.TrimSuffix(s.title, ".osm")
		s.file, err = openOSM(path, o)
	default:
		err = layers.Invalid("path", "file type %q: expected .geojson, .json, .ndjson, .geojsonl, .csv, .tsv, .gpkg, .shp, .zip or .osm.pbf", short(ext))
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	if err := s.settle(); err != nil {
		s.Close()
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	s.name = legal(s.title, "layer")
	return s, nil
}

// settle decides on the coordinate system.
func (s *Source) settle() error {
	s.crs, s.stated = s.options.CRS, s.options.CRS != ""
	if s.stated {
		return nil
	}
	s.crs = geo.WGS84
	if s.file.crs == "" {
		return nil
	}
	crs, err := geo.ParseCRS(s.file.crs)
	if err != nil {
		return layers.Invalid("crs", "the file states a coordinate system that is not known here (%s); say which it is with --crs: wgs84, gcj02, bd09, EPSG:4490, EPSG:4547 or EPSG:3857", short(s.file.crs))
	}
	s.crs, s.stated = crs, true
	return nil
}

// Close closes the file.
func (s *Source) Close() error {
	if s.file.close == nil {
		return nil
	}
	return s.file.close()
}

// CRS returns the coordinate system that positions are read in, and whether the options or the file state it: a file
// that states nothing is read as WGS-84, and Detect may say better.
func (s *Source) CRS() (crs geo.CRS, stated bool) { return s.crs, s.stated }

// Unknown returns the names of the file's columns that the last reading had no field for, in the order in which they
// came, at most layers.MaxFields of them.
func (s *Source) Unknown() []string { return s.unknown }

// Sample returns the first positions of up to n features, as the file has them, spread evenly over the whole file: for
// Detect.
func (s *Source) Sample(n int) ([]orb.Point, error) {
	var out []orb.Point
	stride, i := 1, 0
	for r, fatal := range s.file.records {
		if fatal != nil {
			return out, fatal
		}
		p, ok := first(r.geometry)
		if r.err != nil || !ok {
			continue
		}
		if i++; i%stride != 0 {
			continue
		}
		if out = append(out, p); len(out) == 2*n {
			for k := range n {
				out[k] = out[2*k+1]
			}
			out, stride = out[:n], 2*stride
		}
	}
	if len(out) <= n {
		return out, nil
	}
	for k := range n {
		out[k] = out[k*len(out)/n]
	}
	return out[:n], nil
}

// Features reads the file from its beginning and yields its records as features of the target: columns are matched to
// fields by name, in any case, or by a title; fields without a column are null, columns without a field are left out
// (Unknown lists them). A record that is no feature of the target yields a *RowError and the reading goes on; any other
// error ends it. Required fields are not asked for, since defaults may come first, and ids are the file's, 0 where it has
// none. A target of kind None gets no geometry.
func (s *Source) Features(target *layers.Layer) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		m := newMapping(target, s)
		s.unknown = nil
		for r, fatal := range s.file.records {
			if fatal != nil {
				yield(Record{}, fatal)
				return
			}
			f, err := m.feature(&r)
			if err != nil {
				err = &RowError{Unit: s.file.unit, Line: r.line, Reason: err.Error()}
			}
			if !yield(Record{Line: r.line, Feature: f}, err) {
				return
			}
		}
	}
}

// budget is a reader that fails when one record takes too much of it.
type budget struct {
	r     io.Reader
	limit int // bytes
	left  int
}

func newBudget(r io.Reader, limit int) *budget { return &budget{r: r, limit: limit, left: limit} }

func (b *budget) reset() { b.left = b.limit }

// Read reads at most 64 KiB, so that what is read ahead of a record stays small.
func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, layers.Invalid("", "one record has more than %d bytes", b.limit)
	}
	n, err := b.r.Read(p[:min(len(p), 64<<10)])
	b.left -= n
	return n, err
}
