package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// geojsonWriter writes features as a GeoJSON collection (RFC 7946), one a line, holding one at a time.
type geojsonWriter struct {
	w      *bufio.Writer
	layer  layers.Layer
	crs    geo.CRS
	factor int // positions are rounded to 1/factor
	count  int
	line   []byte
}

// newGeoJSON begins a collection. Positions come in crs; GeoJSON means WGS-84, another is named in the member
// that GDAL and QGIS read; GCJ-02 and BD-09 have no name there and stand in a member of their own.
func newGeoJSON(w io.Writer, layer layers.Layer, crs geo.CRS) (*geojsonWriter, error) {
	g := &geojsonWriter{w: bufio.NewWriterSize(w, 1<<16), layer: layer, crs: crs, factor: 1000}
	if !metric(crs) {
		g.factor = 1
		for range layer.Digits() {
			g.factor *= 10
		}
	}
	_, err := fmt.Fprintf(g.w, "{\"type\":\"FeatureCollection\",\"name\":%s,", layers.AppendText(nil, layer.Name))
	if code, ok := strings.CutPrefix(crs.String(), "EPSG:"); ok && crs != geo.WGS84 {
		_, err = fmt.Fprintf(g.w, "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::%s\"}},", code)
	} else if !ok {
		_, err = fmt.Fprintf(g.w, "\"coordinate_system\":%q,", crs)
	}
	g.w.WriteString("\"features\":[")
	return g, err
}

// metric tells whether the coordinates of a reference system are metres.
func metric(crs geo.CRS) bool { return crs == geo.WebMercator || crs == geo.GK114 }

// add writes one feature.
func (g *geojsonWriter) add(f *layers.Feature) error {
	line := append(g.line[:0], ",\n{\"type\":\"Feature\",\"id\":"...)
	if g.count == 0 {
		line[0] = ' '
	}
	line = append(strconv.AppendInt(line, f.ID, 10), ",\"geometry\":"...)
	if f.Geometry == nil {
		line = append(line, "null"...)
	} else {
		shape := orb.Clone(f.Geometry)
		if g.crs != geo.WGS84 {
			shape = geo.FromWGS84(g.crs, shape)
		}
		text, err := geojson.NewGeometry(orb.Round(shape, g.factor)).MarshalJSON()
		if err != nil {
			return fmt.Errorf("feature %d of %s: %w", f.ID, g.layer.Name, err)
		}
		line = append(line, text...)
	}
	line = append(line, ",\"properties\":{"...)
	for i, v := range f.Values {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(layers.AppendText(line, g.layer.Fields[i].Name), ':')
		line = v.AppendJSON(line)
	}
	g.line = append(line, "}}"...)
	g.count++
	_, err := g.w.Write(g.line)
	return err
}

// finish ends the collection.
func (g *geojsonWriter) finish() error {
	g.w.WriteString("\n]}\n") // a bufio.Writer keeps its first error for Flush
	return g.w.Flush()
}

// geojsonFile is a collection in a file that has its name only when it is whole.
type geojsonFile struct {
	*geojsonWriter
	file *os.File
	name string
}

// createGeoJSON begins a file. The caller keeps or discards it.
func createGeoJSON(name string, layer layers.Layer, crs geo.CRS) (*geojsonFile, error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", name, err)
	}
	w, err := newGeoJSON(file, layer, crs)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", name, err)
	}
	return &geojsonFile{w, file, name}, nil
}

// keep finishes the file and gives it its name.
func (g *geojsonFile) keep() error {
	err := g.finish()
	if err == nil {
		err = g.file.Chmod(0o644)
	}
	if err == nil {
		err = g.file.Sync()
	}
	if closed := g.file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(g.file.Name(), g.name)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", g.name, err)
	}
	return nil
}

// discard removes what is not whole; after keep it does nothing.
func (g *geojsonFile) discard() {
	g.file.Close()
	os.Remove(g.file.Name())
}
