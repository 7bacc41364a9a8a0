package exchange

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"shapan/geo"
	"shapan/layers"
)

// WriteOptions says what is written of a table.
type WriteOptions struct {
	Filter layers.Filter    // nil: every feature
	Fields []int            // positions in the layer's Fields, in order; nil: all
	Sort   []layers.SortKey // before the order of ids; nil: only that
	CRS    geo.CRS          // of the positions; zero: WGS-84
	Seq    layers.Seq       // the record's state, written as the member "seq" of GeoJSON; 0: left out
	Alive  func() error     // asked before each block of about 64 KiB; an error ends the writing. nil: never
}

// blockSize is how much is gathered before it is written.
const blockSize = 64 << 10

// Selection is the features of a table that are to be written, in order, as of one state. It holds a handle of each.
type Selection struct {
	table *layers.Table
	rows  []layers.Row
	o     WriteOptions
}

// Select chooses the features that match, in the order of the sort keys and then of their ids.
func Select(t *layers.Table, o WriteOptions) *Selection {
	if o.Fields == nil {
		for i := range t.Layer.Fields {
			o.Fields = append(o.Fields, i)
		}
	}
	s := &Selection{table: t, o: o}
	t.Each(o.Filter, func(r layers.Row) bool {
		s.rows = append(s.rows, r)
		return true
	})
	slices.SortFunc(s.rows, s.compare)
	return s
}

func (s *Selection) compare(a, b layers.Row) int {
	for _, k := range s.o.Sort {
		o := a.Value(k.Field).Compare(b.Value(k.Field))
		if k.Descending {
			o = -o
		}
		if o != 0 {
			return o
		}
	}
	return cmp.Compare(a.ID(), b.ID())
}

// Len returns how many features there are.
func (s *Selection) Len() int { return len(s.rows) }

// WriteGeoJSON writes the features of a table that match as one FeatureCollection: see Selection.WriteGeoJSON.
func WriteGeoJSON(w io.Writer, t *layers.Table, o WriteOptions) error {
	return Select(t, o).WriteGeoJSON(w)
}

// WriteGeoJSON writes the features as one FeatureCollection, streamed: memory holds one block of text. In another system than
// WGS-84 the collection has a `crs` member, as GeoJSON of 2008 had it. It ends with numberReturned, so that a file cut short
// can be told.
func (s *Selection) WriteGeoJSON(w io.Writer) error {
	err := s.stream(w, appendCollection(nil, s.table.Layer.Name, s.o), func(dst []byte, i int, r layers.Row) []byte {
		if i > 0 {
			dst = append(dst, ',')
		}
		return appendRow(append(dst, '\n'), r, s.o.Fields, s.o.CRS, nil)
	}, append(strconv.AppendInt([]byte("\n],\"numberReturned\":"), int64(len(s.rows)), 10), "}\n"...))
	if err != nil {
		return fmt.Errorf("write GeoJSON: %w", err)
	}
	return nil
}

// stream writes a head, each feature and a tail, block by block.
func (s *Selection) stream(w io.Writer, head []byte, row func([]byte, int, layers.Row) []byte, tail []byte) error {
	out := bufio.NewWriterSize(w, blockSize)
	block := append(make([]byte, 0, 2*blockSize), head...)
	for i, r := range s.rows {
		block = row(block, i, r)
		if len(block) < blockSize {
			continue
		}
		if s.o.Alive != nil {
			if err := s.o.Alive(); err != nil {
				return err
			}
		}
		if _, err := out.Write(block); err != nil {
			return err
		}
		block = block[:0]
	}
	if _, err := out.Write(append(block, tail...)); err != nil {
		return err
	}
	return out.Flush()
}

func appendCollection(dst []byte, name string, o WriteOptions) []byte {
	dst = layers.AppendText(append(dst, `{"type":"FeatureCollection","name":`...), name)
	if o.CRS != "" && o.CRS != geo.WGS84 {
		dst = append(dst, `,"crs":{"type":"name","properties":{"name":`...)
		dst = append(layers.AppendText(dst, crsName(o.CRS)), "}}"...)
	}
	if o.Seq != 0 {
		dst = strconv.AppendUint(append(dst, `,"seq":`...), uint64(o.Seq), 10)
	}
	return append(dst, `,"features":[`...)
}

// crsName returns the name of a system in a `crs` member: an OGC URN, or our own name where EPSG has none.
func crsName(crs geo.CRS) string {
	if code, ok := strings.CutPrefix(string(crs), "EPSG:"); ok {
		return "urn:ogc:def:crs:EPSG::" + code
	}
	return string(crs)
}
