package exchange

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
)

// convert makes files with GDAL's ogr2ogr and returns the folder; the test is skipped where it is not installed.
func convert(t *testing.T, source, target string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("ogr2ogr is not installed")
	}
	in := writeFile(t, "source.geojson", source)
	out := filepath.Join(t.TempDir(), target)
	cmd := exec.Command(program, append(args, out, in)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr: %v: %s", err, text)
	}
	return out
}

// sampleGeoJSON is a collection with one geometry and all kinds of values.
func sampleGeoJSON(geometries ...string) string {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, g := range geometries {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"Feature","id":%d,"geometry":%s,"properties":{"code":"编号%d","households":%d,"height":2.75,"since":"2017-12-04","seen_at":"2017-12-04T08:30:00+08:00","open":true}}`, i+11, g, i, i)
	}
	return b.String() + "]}"
}

const (
	pointJSON   = `{"type":"Point","coordinates":[114.308,30.5674,12]}`
	polygonJSON = `{"type":"Polygon","coordinates":[[[114.3,30.55,1],[114.32,30.55,1],[114.32,30.58,1],[114.3,30.58,1],[114.3,30.55,1]],[[114.31,30.56,1],[114.31,30.57,1],[114.315,30.57,1],[114.31,30.56,1]]]}`
	multiJSON   = `{"type":"MultiPolygon","coordinates":[[[[114.3,30.55],[114.31,30.55],[114.31,30.56],[114.3,30.55]]],[[[114.32,30.55],[114.33,30.55],[114.33,30.56],[114.32,30.55]]]]}`
	lineJSON    = `{"type":"LineString","coordinates":[[114.3,30.55],[114.31,30.56]]}`
	linesJSON   = `{"type":"MultiLineString","coordinates":[[[114.3,30.55],[114.31,30.56]],[[114.32,30.55],[114.31,30.57]]]}`
	multiPoint  = `{"type":"MultiPoint","coordinates":[[114.3,30.55],[114.31,30.56]]}`
	onePoint    = `{"type":"MultiPoint","coordinates":[[114.3,30.55]]}`
)

// checkConverted asks that a converted file holds what the GeoJSON holds.
func checkConverted(t *testing.T, path string, o Options, geometries ...string) {
	t.Helper()
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := s.Schema()
	if err != nil {
		t.Fatal(err)
	}
	records, bad := readAll(t, s, &l)
	if len(bad) > 0 || len(records) != len(geometries) {
		t.Fatalf("%s: %d records, %q", filepath.Base(path), len(records), bad)
	}
	for i, r := range records {
		want, err := geometryOf([]byte(geometries[i]))
		if err != nil {
			t.Fatal(err)
		}
		if mp, ok := want.(orb.MultiPoint); ok && len(mp) == 1 {
			want = mp[0]
		}
		if !near(r.Feature.Geometry, want) {
			t.Errorf("%s: record %d is %v, want %v", filepath.Base(path), r.Line, r.Feature.Geometry, want)
		}
		if got := r.Feature.Values[l.Index("code")].Text(); got != fmt.Sprintf("编号%d", i) {
			t.Errorf("code is %q", got)
		}
		if x, _ := r.Feature.Values[l.Index("height")].Number(); x != 2.75 || r.Feature.Values[l.Index("households")].Int() != int64(i) {
			t.Errorf("numbers are %v", r.Feature.Values)
		}
		if got := r.Feature.Values[l.Index("since")].String(); got != "2017-12-04" {
			t.Errorf("the date is %q", got)
		}
	}
}

// near tells whether two geometries are the same to a centimetre, whichever way their rings run.
func near(a, b orb.Geometry) bool {
	if a.GeoJSONType() != b.GeoJSONType() {
		return false
	}
	if math.Abs(geo.Area(a)-geo.Area(b)) > 1 || math.Abs(geo.Length(a)-geo.Length(b)) > 0.1 {
		return false
	}
	x, y := a.Bound(), b.Bound()
	return geo.Distance(x.Min, y.Min) < 0.02 && geo.Distance(x.Max, y.Max) < 0.02
}

func TestGeoPackageOfGDAL(t *testing.T) {
	t.Parallel()
	all := []string{pointJSON, polygonJSON, multiJSON, lineJSON, linesJSON, multiPoint, onePoint}
	path := convert(t, sampleGeoJSON(all...), "网格.gpkg", "-f", "GPKG", "-nln", "网格 表", "-preserve_fid")
	checkConverted(t, path, Options{}, all...)
	s, err := Open(path, Options{Layer: "网格 表"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := s.Schema()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]layers.FieldType{}
	for _, f := range l.Fields {
		types[f.Name] = f.Type
	}
	want := map[string]layers.FieldType{"code": layers.String, "households": layers.Int, "height": layers.Float, "since": layers.Date, "seen_at": layers.Time, "open": layers.Bool}
	if diff := cmp.Diff(want, types); diff != "" || l.Name != "网格_表" || l.Kind != layers.Mixed {
		t.Errorf("%s %s %s", l.Name, l.Kind, diff)
	}
	records, _ := readAll(t, s, &l)
	f := records[0].Feature
	if f.ID != 11 || f.Values[l.Index("seen_at")].String() != "2017-12-04T00:30:00Z" || !f.Values[l.Index("open")].Bool() {
		t.Errorf("got %v", f)
	}
	if _, err := Open(path, Options{Layer: "网格表"}); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "did you mean") {
		t.Errorf("a wrong table: %v", err)
	}
}

func TestSystemsOfGeoPackageAndShapefile(t *testing.T) {
	t.Parallel()
	for _, crs := range []string{"EPSG:4326", "EPSG:4490", "EPSG:3857", "EPSG:4547"} {
		checkConverted(t, convert(t, sampleGeoJSON(polygonJSON), "a.gpkg", "-f", "GPKG", "-t_srs", crs), Options{}, polygonJSON)
		checkConverted(t, convert(t, sampleGeoJSON(polygonJSON), "a.shp", "-f", "ESRI Shapefile", "-t_srs", crs, "-lco", "ENCODING=UTF-8"), Options{}, polygonJSON)
	}
	for _, name := range []string{"a.gpkg", "a.shp"} {
		path := convert(t, sampleGeoJSON(polygonJSON), name, "-t_srs", "EPSG:32650")
		if _, err := Open(path, Options{}); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "--crs") {
			t.Errorf("%s in an unknown system: %v", name, err)
		}
	}
}

func TestShapefileOfGDAL(t *testing.T) {
	t.Parallel()
	for name, encoding := range map[string]string{"UTF-8": "UTF-8", "GBK": "CP936", "no .cpg": "CP936"} {
		for _, geometries := range [][]string{{pointJSON}, {polygonJSON, multiJSON}, {lineJSON, linesJSON}, {multiPoint, onePoint}} {
			path := convert(t, sampleGeoJSON(geometries...), "a.shp", "-f", "ESRI Shapefile", "-lco", "ENCODING="+encoding)
			stem := strings.TrimSuffix(path, ".shp")
			if name == "no .cpg" {
				os.Remove(stem + ".cpg")
				mark, err := os.OpenFile(stem+".dbf", os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := mark.WriteAt([]byte{0}, 29); err != nil {
					t.Fatal(err)
				}
				mark.Close()
			}
			checkConverted(t, path, Options{}, geometries...)
			checkConverted(t, zipped(t, stem), Options{}, geometries...)
		}
	}
}

// zipped puts a shapefile into an archive, in a folder, with capital letters in the extensions.
func zipped(t *testing.T, stem string) string {
	t.Helper()
	out, err := os.Create(stem + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for _, ext := range []string{".shp", ".dbf", ".prj", ".cpg"} {
		data, err := os.ReadFile(stem + ext)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		w, errCreate := z.Create("folder/a" + strings.ToUpper(ext))
		if err := errors.Join(err, errCreate); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

func TestShapefileWithoutSystemOrTable(t *testing.T) {
	t.Parallel()
	path := convert(t, sampleGeoJSON(pointJSON), "a.shp", "-t_srs", "EPSG:4547")
	stem := strings.TrimSuffix(path, ".shp")
	os.Remove(stem + ".prj")
	os.Remove(stem + ".dbf")
	if _, err := Open(path, Options{}); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "--crs") {
		t.Errorf("metres without .prj: %v", err)
	}
	s, err := Open(path, Options{CRS: geo.GK114})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	records, bad := readAll(t, s, &layers.Layer{Name: "a", Kind: layers.Point})
	if len(bad) > 0 || len(records) != 1 || geo.Distance(records[0].Feature.Geometry.(orb.Point), orb.Point{114.308, 30.5674}) > 0.01 {
		t.Errorf("%v %q", records, bad)
	}
}

// TestDamagedFilesAreRefused cuts and changes real files everywhere: whatever comes, nothing panics, and a file that was
// cut short never reads as if it were whole.
func TestDamagedFilesAreRefused(t *testing.T) {
	t.Parallel()
	path := convert(t, sampleGeoJSON(polygonJSON, multiJSON), "a.shp")
	stem := strings.TrimSuffix(path, ".shp")
	whole := map[string][]byte{}
	for _, ext := range []string{".shp", ".dbf"} {
		data, err := os.ReadFile(stem + ext)
		if err != nil {
			t.Fatal(err)
		}
		whole[ext] = data
	}
	l := &layers.Layer{Name: "a", Kind: layers.Polygon}
	read := func(ext string, data []byte) (n int, err error) {
		if err := os.WriteFile(stem+ext, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{})
		if err != nil {
			return 0, err
		}
		defer s.Close()
		for _, err := range s.Features(l) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	for ext, data := range whole {
		for cut := 0; cut < len(data)-2; cut += 7 { // the last byte of a .dbf only marks its end
			if n, err := read(ext, data[:cut]); err == nil && n == 2 {
				t.Errorf("%s cut after %d bytes of %d read as whole", ext, cut, len(data))
			}
		}
		for i := 0; i < len(data); i += 3 {
			changed := append([]byte(nil), data...)
			binary.LittleEndian.PutUint16(changed[min(i, len(data)-2):], 0xffff)
			_, _ = read(ext, changed)
		}
		if _, err := read(ext, data); err != nil {
			t.Errorf("the whole file: %v", err)
		}
	}
}

func TestPRJ(t *testing.T) {
	t.Parallel()
	const china = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	projected := func(parameters string) string {
		return `PROJCS["CGCS2000_3_Degree_GK",` + china + `,PROJECTION["Gauss_Kruger"],` + parameters + `,PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`
	}
	for text, want := range map[string]geo.CRS{
		china: geo.CGCS2000,
		`GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]]]`:                         geo.WGS84,
		`GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],AUTHORITY["EPSG","4326"]]`:            geo.WGS84,
		projected(`PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",114.0]`):                              geo.GK114,
		projected(`PARAMETER["False_Easting",38500000.0],PARAMETER["Central_Meridian",114.0]`):                            "", // with zone prefix
		projected(`PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",117.0]`):                              "",
		`GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245.0,298.3]]]`:                   "",
		`GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]]]`:                            "",
		`PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984"],PROJECTION["Mercator_Auxiliary_Sphere"]]`: geo.WebMercator,
		"": "",
	} {
		got, err := systemOf(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.60s: got %q, %v", text, got, err)
		}
	}
}

func TestWKBIsReadWithHeightsAndNotBeyondItsBytes(t *testing.T) {
	t.Parallel()
	for _, g := range geometries() {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			data := wkb.MustMarshal(g, order)
			got, err := wkbOf(data)
			if err != nil || !cmp.Equal(got, g) {
				t.Errorf("got %v, %v, want %v", got, err, g)
			}
			for cut := range len(data) {
				if _, err := wkbOf(data[:cut]); err == nil {
					t.Fatalf("%d bytes of %d were read", cut, len(data))
				}
			}
		}
	}
	nested := strings.Repeat("\x01\x06\x00\x00\x00\x01\x00\x00\x00", 1000)
	if _, err := wkbOf([]byte(nested)); err == nil || !strings.Contains(err.Error(), "a part of type 6") {
		t.Errorf("nested: %v", err)
	}
	if _, err := wkbOf([]byte("\x01\x02\x00\x00\x00\xff\xff\xff\xff")); err == nil || !strings.Contains(err.Error(), "more than its bytes hold") {
		t.Errorf("a huge count: %v", err)
	}
	z := append([]byte("\x01\xe9\x03\x00\x00"), make([]byte, 24)...) // POINT Z
	if g, err := wkbOf(z); err != nil || g != orb.Geometry(orb.Point{}) {
		t.Errorf("got %v, %v", g, err)
	}
}

func FuzzGeoPackageGeometry(f *testing.F) {
	for _, g := range geometries() {
		f.Add(append([]byte("GP\x00\x01\xe6\x10\x00\x00"), wkb.MustMarshal(g)...))
	}
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = gpkgGeometry(data) })
}

func FuzzShape(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00" + strings.Repeat("\x00", 16)))
	f.Add([]byte("\x05\x00\x00\x00" + strings.Repeat("\x00", 32) + "\x01\x00\x00\x00\x04\x00\x00\x00" + strings.Repeat("\x00", 68)))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := strings.NewReader("\x00\x00\x00\x01\x00" + string([]byte{byte(len(data) / 2 >> 16), byte(len(data) / 2 >> 8), byte(len(data) / 2)}) + string(data))
		content, err := shape(in, 1)
		if err == nil {
			_, err = shapeOf(content)
		}
		if err == io.EOF {
			t.Fatal("a record ended as if the file did")
		}
	})
}
