package exchange

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// The reader of shapefiles is our own: no module for it could be had. It follows the ESRI Shapefile Technical Description
// (July 1998). It reads .shp and .dbf side by side, so that a zipped set needs no unpacking; .shx is not needed.

// bundle is the files of one shapefile, by extension in lower case.
type bundle struct {
	open  map[string]func() (io.ReadCloser, error)
	close func() error
}

// openBundle finds the files beside a .shp or in a .zip.
func openBundle(path string) (*bundle, error) {
	b := &bundle{open: map[string]func() (io.ReadCloser, error){}, close: func() error { return nil }}
	if strings.EqualFold(filepath.Ext(path), ".zip") {
		return b, b.unzip(path)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if !e.IsDir() && strings.EqualFold(strings.TrimSuffix(e.Name(), ext), stem) {
			full := filepath.Join(filepath.Dir(path), e.Name())
			b.open[strings.ToLower(ext)] = func() (io.ReadCloser, error) { return os.Open(full) }
		}
	}
	b.open[".shp"] = func() (io.ReadCloser, error) { return os.Open(path) }
	return b, nil
}

func (b *bundle) unzip(path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return layers.Invalid("", "the file is no zip archive that can be read: %v", err)
	}
	b.close = z.Close
	stem, count := "", 0
	for _, f := range z.File {
		if ext := filepath.Ext(f.Name); strings.EqualFold(ext, ".shp") {
			stem = strings.TrimSuffix(f.Name, ext)
			count++
		}
	}
	if count != 1 {
		return errors.Join(layers.Invalid("", "the zip archive has %d .shp files: expected one", count), z.Close())
	}
	for _, f := range z.File {
		if ext := filepath.Ext(f.Name); strings.TrimSuffix(f.Name, ext) == stem {
			b.open[strings.ToLower(ext)] = func() (io.ReadCloser, error) { return f.Open() }
		}
	}
	return nil
}

// text returns up to 64 KiB of a small file; ok is false where there is none.
func (b *bundle) text(ext string) (s string, ok bool, err error) {
	open, ok := b.open[ext]
	if !ok {
		return "", false, nil
	}
	f, err := open()
	if err != nil {
		return "", true, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return string(data), true, err
}

// openShapefile opens a shapefile with what stands beside it.
func openShapefile(path string, o Options) (f format, err error) {
	b, err := openBundle(path)
	if err != nil {
		return f, err
	}
	s := &shapefile{bundle: b}
	if err := s.prepare(o); err != nil {
		return f, errors.Join(err, b.close())
	}
	f = format{unit: "record", crs: s.crs, records: s.records, close: b.close}
	if s.table != nil {
		f.columns = s.table.columns
	}
	return f, nil
}

// shapefile is an opened shapefile.
type shapefile struct {
	bundle *bundle
	table  *dbf // nil: no .dbf
	crs    string
}

func (s *shapefile) prepare(o Options) error {
	in, box, err := s.shapes()
	if err != nil {
		return err
	}
	in.Close()
	if s.table, err = openDBF(s.bundle, o); err != nil || o.CRS != "" {
		return err
	}
	prj, has, err := s.bundle.text(".prj")
	if err != nil {
		return err
	}
	if has {
		crs, err := systemOf(prj)
		s.crs = string(crs)
		return err
	}
	if math.Abs(box.Min[0]) > 180 || math.Abs(box.Max[0]) > 180 || math.Abs(box.Min[1]) > 90 || math.Abs(box.Max[1]) > 90 {
		return layers.Invalid("crs", "there is no .prj file and the positions are not in degrees; say which system they are in with --crs, such as EPSG:4547")
	}
	return nil
}

// systemOf recognises the coordinate system of a .prj file (WKT 1, as ESRI or OGC write it).
func systemOf(prj string) (geo.CRS, error) {
	text := strings.NewReplacer(" ", "", "_", "", "\r", "", "\n", "", "\t", "", "/", "", "(", "", ")", "", "-", "").Replace(strings.ToLower(prj))
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	china := has("dchina2000", "china2000", "chinageodeticcoordinatesystem2000", "cgcs2000")
	switch {
	case strings.HasPrefix(text, "geogcs["):
		if china {
			return geo.CGCS2000, nil
		}
		if has(`datum["dwgs1984"`, `datum["wgs1984"`, `datum["wgs84"`) {
			return geo.WGS84, nil
		}
	case has("mercatorauxiliarysphere", "pseudomercator", "popularvisualisation"):
		return geo.WebMercator, nil
	case china && has("gausskruger", "transversemercator") && has(`"centralmeridian",114]`, `"centralmeridian",114.0]`) && has(`"falseeasting",500000]`, `"falseeasting",500000.0]`):
		return geo.GK114, nil
	}
	return "", layers.Invalid("crs", "the .prj file states a coordinate system that is not known here (%s); say which it is with --crs, or convert the file: local systems need their own parameters and are not guessed", short(strings.TrimSpace(prj)))
}

// shapes opens the .shp and reads its header.
func (s *shapefile) shapes() (in io.ReadCloser, box orb.Bound, err error) {
	in, err = s.bundle.open[".shp"]()
	if err != nil {
		return nil, box, err
	}
	header := make([]byte, 100)
	if _, err := io.ReadFull(in, header); err != nil || binary.BigEndian.Uint32(header) != 9994 {
		in.Close()
		return nil, box, layers.Invalid("", "the file does not begin as a shapefile does")
	}
	box.Min = orb.Point{float(header[36:]), float(header[44:])}
	box.Max = orb.Point{float(header[52:]), float(header[60:])}
	return in, box, nil
}

func float(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// records yields the records of both files.
func (s *shapefile) records(yield func(raw, error) bool) {
	shp, _, err := s.shapes()
	if err != nil {
		yield(raw{}, err)
		return
	}
	defer shp.Close()
	shapes := bufio.NewReaderSize(shp, 256<<10)
	var rows *dbfRows
	if s.table != nil {
		if rows, err = s.table.rows(); err != nil {
			yield(raw{}, err)
			return
		}
		defer rows.in.Close()
	}
	for n := 1; ; n++ {
		content, err := shape(shapes, n)
		if err == io.EOF {
			return
		}
		r := raw{line: n}
		deleted := false
		if err == nil && rows != nil {
			deleted, err = rows.next(&r)
		}
		if err != nil {
			yield(raw{}, err)
			return
		}
		if deleted {
			continue
		}
		if g, err := shapeOf(content); err != nil {
			r.err = err
		} else {
			r.geometry = g
		}
		if !yield(r, nil) {
			return
		}
	}
}

// shape returns the content of the next record of a .shp.
func shape(in io.Reader, n int) ([]byte, error) {
	var header [8]byte
	if _, err := io.ReadFull(in, header[:]); err == io.EOF {
		return nil, io.EOF
	} else if err != nil {
		return nil, layers.Invalid("", "the .shp file ends too early, in record %d", n)
	}
	size := int(binary.BigEndian.Uint32(header[4:])) * 2
	if size < 4 || size > maxRecord {
		return nil, layers.Invalid("", "record %d of the .shp file has %d bytes: expected 4 to %d", n, size, maxRecord)
	}
	content, err := io.ReadAll(io.LimitReader(in, int64(size))) // grows with what really comes
	if err == nil && len(content) < size {
		err = io.ErrUnexpectedEOF
	}
	if err == io.ErrUnexpectedEOF {
		return nil, layers.Invalid("", "the .shp file ends too early, in record %d", n)
	}
	return content, err
}

// shapeOf reads a shape; heights and measures, which stand after the positions, are dropped.
func shapeOf(b []byte) (orb.Geometry, error) {
	kind := binary.LittleEndian.Uint32(b)
	b = b[4:]
	switch kind {
	case 0:
		return nil, nil
	case 1, 11, 21:
		if len(b) < 16 {
			return nil, errShape
		}
		return orb.Point{float(b), float(b[8:])}, nil
	case 8, 18, 28:
		if len(b) < 36 {
			return nil, errShape
		}
		points, err := shapePoints(b[36:], int(binary.LittleEndian.Uint32(b[32:])))
		return orb.MultiPoint(points), err
	case 3, 13, 23:
		runs, err := shapeRuns(b)
		lines := make(orb.MultiLineString, len(runs))
		for i, r := range runs {
			lines[i] = r
		}
		if len(lines) == 1 {
			return lines[0], err
		}
		return lines, err
	case 5, 15, 25:
		runs, err := shapeRuns(b)
		if err != nil {
			return nil, err
		}
		return shapePolygon(runs)
	}
	return nil, fmt.Errorf("shape type %d: expected points, lines or polygons", kind)
}

var errShape = errors.New("the shape's bytes end too early, or count more positions than they hold")

func shapePoints(b []byte, n int) ([]orb.Point, error) {
	if n > geo.MaxPositions || len(b) < 16*n {
		return nil, errShape
	}
	points := make([]orb.Point, n)
	for i := range points {
		points[i] = orb.Point{float(b[16*i:]), float(b[16*i+8:])}
	}
	return points, nil
}

// maxRuns bounds the parts of one shape, for holes are matched with the rings around them.
const maxRuns = 1 << 15

// shapeRuns reads the parts of a line or polygon.
func shapeRuns(b []byte) ([][]orb.Point, error) {
	if len(b) < 40 {
		return nil, errShape
	}
	parts, total := int(binary.LittleEndian.Uint32(b[32:])), int(binary.LittleEndian.Uint32(b[36:]))
	if parts > maxRuns {
		return nil, fmt.Errorf("the shape has %d parts: at most %d are allowed", parts, maxRuns)
	}
	if len(b) < 40+4*parts {
		return nil, errShape
	}
	points, err := shapePoints(b[40+4*parts:], total)
	if err != nil {
		return nil, err
	}
	runs := make([][]orb.Point, parts)
	for i := range runs {
		start, end := int(binary.LittleEndian.Uint32(b[40+4*i:])), total
		if i+1 < parts {
			end = int(binary.LittleEndian.Uint32(b[44+4*i:]))
		}
		if start > end || end > total {
			return nil, fmt.Errorf("part %d of the shape runs from position %d to %d of %d", i+1, start, end, total)
		}
		runs[i] = points[start:end:end]
	}
	return runs, nil
}

// shapePolygon puts rings together: those that run clockwise are outer ones, the others holes of an outer one that
// contains them; a hole that no ring contains is taken as an outer ring.
func shapePolygon(runs [][]orb.Point) (orb.Geometry, error) {
	var out orb.MultiPolygon
	var bounds []orb.Bound
	var holes []orb.Ring
	for i, run := range runs {
		ring := orb.Ring(run)
		if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
			return nil, fmt.Errorf("ring %d of the polygon is not closed or has fewer than 4 positions", i+1)
		}
		if ring.Orientation() == orb.CCW {
			holes = append(holes, ring)
			continue
		}
		out, bounds = append(out, orb.Polygon{ring}), append(bounds, ring.Bound())
	}
	for _, h := range holes {
		owner, b := -1, h.Bound()
		for i := range bounds {
			if bounds[i].Contains(b.Min) && bounds[i].Contains(b.Max) && planar.RingContains(out[i][0], h[0]) {
				owner = i
				break
			}
		}
		if owner < 0 {
			out = append(out, orb.Polygon{h})
			continue
		}
		out[owner] = append(out[owner], h)
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return out, nil
}
