package exchange

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// openText writes a file and opens it.
func openText(t testing.TB, name, text string, o Options) *Source {
	t.Helper()
	s, err := Open(writeFile(t, name, text), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readAll returns the records and the messages of the bad rows.
func readAll(t testing.TB, s *Source, l *layers.Layer) (records []Record, bad []string) {
	t.Helper()
	for r, err := range s.Features(l) {
		var row *RowError
		switch {
		case errors.As(err, &row):
			bad = append(bad, row.Error())
		case err != nil:
			t.Fatal(err)
		default:
			records = append(records, r)
		}
	}
	return records, bad
}

// fatal returns the error that ends a reading; nil where none does.
func fatal(s *Source, l *layers.Layer) error {
	for _, err := range s.Features(l) {
		var row *RowError
		if err != nil && !errors.As(err, &row) {
			return err
		}
	}
	return nil
}

func gbk(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const chineseCSV = "编号,户数,经度,纬度,用途,时间,备注\r\n" +
	"007,199,114.308,30.5674,居住,2017-12-04T08:30:00+08:00,\"两行\r\n备注\"\r\n" +
	"008,很多,114.308,30.5674,办公,,\r\n" +
	"009,1,,30.5674,办公,,\r\n" +
	"\r\n" +
	"010,1,30.5674,114.308,办公,,\r\n" +
	"011,1,114.308,30.5674\r\n" +
	"012,2,114.309,30.5675,商店,,\r\n" +
	"013,3,114.309,30.5675,office,2017-12-04 08:30:00,\r\n" +
	"014,,,,,,\r\n" +
	"015,4,114.309,30.5675,,,好\r\n"

func TestCSVInEveryEncodingGivesTheSame(t *testing.T) {
	t.Parallel()
	l := allTypes(layers.Point)
	wantBad := []string{
		`line 4: field households expects a whole number, "很多" came`,
		`line 5: column 经度: expected a number, "" came`,
		`line 7: position 30.5674, 114.308: ` + swapHint,
		`line 8: the first line names 7 columns, this line has 4`,
		`line 9: unknown value of use "商店": known are ["residential" "office"]`,
		`line 10: field seen_at expects a time with its zone such as 2017-12-04T08:30:00+08:00, "2017-12-04 08:30:00" came`,
		`line 11: layer things needs a geometry (point), none came`,
	}
	for name, text := range map[string]string{
		"utf-8": chineseCSV, "bom": "\ufeff" + chineseCSV, "gbk": gbk(t, chineseCSV),
		"semicolon": strings.ReplaceAll(chineseCSV, ",", ";"), "tab": strings.ReplaceAll(chineseCSV, ",", "\t"),
	} {
		s := openText(t, "grids.csv", text, Options{})
		records, bad := readAll(t, s, l)
		if diff := cmp.Diff(wantBad, bad); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(records) != 2 || records[0].Line != 2 || records[1].Line != 12 {
			t.Fatalf("%s: %v", name, records)
		}
		got := records[0].Feature
		if got.Values[0].Text() != "007" || got.Values[1].Int() != 199 || got.Values[6].Text() != "residential" || got.Geometry != orb.Geometry(orb.Point{114.308, 30.5674}) {
			t.Errorf("%s: %v", name, got)
		}
		if diff := cmp.Diff([]string{"备注"}, s.Unknown()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTimesWithoutAZoneTakeTheZoneGiven(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	s := openText(t, "a.csv", "code,lon,lat,seen_at\na,1,2,2017/12/4 8:30\nb,1,2,2017-12-04T00:30:00Z\n", Options{Zone: zone})
	records, bad := readAll(t, s, allTypes(layers.Point))
	if len(bad) > 0 || len(records) != 2 || records[0].Feature.Values[4] != records[1].Feature.Values[4] {
		t.Errorf("%v %v", records, bad)
	}
}

func TestCSVSchema(t *testing.T) {
	t.Parallel()
	s := openText(t, "网格 员-2017.csv", "id,网格 Code,lng,lat,户数,面积,电话,启用,日期,1st,geometry_,\n"+
		"1,420106001005006,114.3,30.5,199,2.74,13800000000,是,2017/12/4,x,,y\n2,420106001005007,114.3,30.5,,3,13800000001,否,2017-12-05,,,z\n", Options{})
	l, err := s.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range l.Fields {
		got = append(got, fmt.Sprintf("%s %s %s", f.Name, f.Type, f.Title.In(layers.Chinese)))
	}
	want := []string{"网格_code string 网格 Code", "户数 int 户数", "面积 float 面积", "电话 string 电话", "启用 bool 启用", "日期 date 日期",
		"field_1st string 1st", "geometry_2 string geometry_", "column_12 string column 12"}
	if diff := cmp.Diff(want, got); diff != "" || l.Name != "网格_员_2017" || l.Kind != layers.Point || l.Audience != layers.Internal {
		t.Errorf("%s %s %s: %s", l.Name, l.Kind, l.Audience, diff)
	}
	records, bad := readAll(t, s, &l)
	if len(bad) > 0 || len(records) != 2 || records[1].Feature.ID != 2 || len(s.Unknown()) > 0 {
		t.Errorf("%v %v %v", records, bad, s.Unknown())
	}
}

func TestCSVWithGeometryColumn(t *testing.T) {
	t.Parallel()
	s := openText(t, "a.csv", "code;WKT\na;SRID=4326;POINT(1 2)\nb;\"POLYGON((0 0,1 0,1 1,0 0))\"\nc;CIRCLE(1)\nd;\"POLYGON((0 0,1 0,1 1,0 1))\"\ne;\"MULTIPOINT((1 2))\"\n", Options{})
	records, bad := readAll(t, s, allTypes(layers.Mixed))
	if len(records) != 2 || records[1].Feature.Geometry != orb.Geometry(orb.Point{1, 2}) {
		t.Errorf("%v", records)
	}
	if len(bad) != 3 || !strings.Contains(bad[0], "line 2: the first line names 2 columns, this line has 3") || !strings.Contains(bad[1], "well-known text") || !strings.Contains(bad[2], "not closed") {
		t.Errorf("%q", bad)
	}
}

func TestSystemGivenOverrulesTheFile(t *testing.T) {
	t.Parallel()
	p := orb.Point{114.308, 30.5674}
	for _, crs := range []geo.CRS{geo.GCJ02, geo.BD09, geo.GK114, geo.WebMercator, "gcj02"} {
		q := geo.FromWGS84Point(crs, p)
		if crs == "gcj02" {
			q = geo.FromWGS84Point(geo.GCJ02, p)
		}
		s := openText(t, "a.csv", fmt.Sprintf("code,东,北\na,%.9f,%.9f\n", q[0], q[1]), Options{CRS: crs, Lon: "东", Lat: "北"})
		records, bad := readAll(t, s, allTypes(layers.Point))
		if len(bad) > 0 || geo.Distance(records[0].Feature.Geometry.(orb.Point), p) > 0.01 {
			t.Errorf("%s: %v %v", crs, records, bad)
		}
	}
}

func TestGeoJSONShapesOfFile(t *testing.T) {
	t.Parallel()
	feature := `{"type":"Feature","id":"3","geometry":{"type":"Point","coordinates":[114.3,30.5,7]},"properties":{"CODE":5,"编号":null,"a":{"b":[1,2]}}}`
	for name, text := range map[string]string{
		"collection.geojson": "\ufeff" + `{"name":"x","features":[` + feature + `],"type":"FeatureCollection"}`,
		"feature.json":       feature,
		"lines.ndjson":       "\n" + feature + "\n",
		"seq.geojsonl":       "\x1e" + feature + "\n",
	} {
		s := openText(t, name, text, Options{})
		records, bad := readAll(t, s, allTypes(layers.Point))
		if len(bad) > 0 || len(records) != 1 || records[0].Feature.ID != 3 || len(s.Unknown()) != 1 {
			t.Errorf("%s: %v %q %q", name, records, bad, s.Unknown())
		}
	}
	s := openText(t, "g.json", `{"type":"Point","coordinates":[1,2]}`, Options{})
	if records, bad := readAll(t, s, &layers.Layer{Name: "a", Kind: layers.Point}); len(records) != 1 || len(bad) > 0 {
		t.Errorf("%v %v", records, bad)
	}
}

func TestGeoJSONBadFeaturesAreReportedAndPassed(t *testing.T) {
	t.Parallel()
	good := `{"type":"Feature","geometry":{"type":"Point","coordinates":[114.3,30.5]},"properties":{"code":"a"}}`
	bad := []string{
		`{"type":"Feature","geometry":null,"properties":{}}`,
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[30.5,114.3]},"properties":{}}`,
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[500000,3383000]},"properties":{}}`,
		`{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{}}`,
		`7`,
	}
	says := []string{"feature 2: layer things needs a geometry", "feature 3: position 30.5, 114.3: a latitude", "feature 4: position 500000, 3383000 is not in degrees", "feature 5: layer things holds point geometry, a LineString came", "feature 6: expected a JSON object"}
	s := openText(t, "a.geojson", `{"type":"FeatureCollection","features":[`+good+","+strings.Join(bad, ",")+","+good+`]}`, Options{})
	records, got := readAll(t, s, allTypes(layers.Point))
	if len(records) != 2 || records[1].Line != 7 || len(got) != len(says) {
		t.Fatalf("%v %q", records, got)
	}
	for i := range says {
		if !strings.HasPrefix(got[i], says[i]) {
			t.Errorf("got %q, want %q", got[i], says[i])
		}
	}
}

func TestGeoJSONStatedSystem(t *testing.T) {
	t.Parallel()
	collection := func(before, after string) string {
		return `{"type":"FeatureCollection",` + before + `"features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[529541.5,3382993.5]},"properties":{"code":"a"}}]` + after + `}`
	}
	crs := func(name string) string { return `"crs":{"type":"name","properties":{"name":"` + name + `"}}` }
	s := openText(t, "a.geojson", collection(crs("urn:ogc:def:crs:EPSG::4547")+",", ""), Options{})
	records, bad := readAll(t, s, allTypes(layers.Point))
	if len(bad) > 0 || geo.Distance(records[0].Feature.Geometry.(orb.Point), orb.Point{114.308, 30.5674}) > 5000 {
		t.Errorf("%v %v", records, bad)
	}
	if got, stated := s.CRS(); got != geo.GK114 || !stated {
		t.Errorf("got %s %t", got, stated)
	}
	_, err := Open(writeFile(t, "b.geojson", collection(crs("EPSG:2436")+",", "")), Options{})
	if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "--crs") {
		t.Errorf("an unknown system: %v", err)
	}
	late := openText(t, "c.geojson", collection("", ","+crs("EPSG:4547")), Options{})
	if err := fatal(late, allTypes(layers.Point)); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "after the features") {
		t.Errorf("a late crs: %v", err)
	}
}

func TestBrokenFilesEndWithASentence(t *testing.T) {
	t.Parallel()
	feature := `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"code":"a"}}`
	for _, c := range []struct{ name, text, says string }{
		{"empty.geojson", ``, "ends too early"},
		{"cut.geojson", `{"type":"FeatureCollection","features":[` + feature + `,{"type"`, "ends too early, after 1 features"},
		{"open.geojson", `{"type":"FeatureCollection","features":[` + feature, "ends too early, after 1 features"},
		{"not.geojson", `{"type":"FeatureCollection","features":[` + feature + `;]}`, "not JSON after 1 features"},
		{"array.json", `[1]`, "expected a GeoJSON object"},
		{"object.json", `{"features":{}}`, "expected an array"},
		{"deep.json", `{"a":` + strings.Repeat("[", 1_000_000), "depth"},
		{"empty.csv", "", "the file is empty"},
		{"twice.csv", "a,a\n", "stands twice"},
		{"a.docx", "", "expected .geojson"},
		{"a.gpkg", "no database", "no GeoPackage"},
		{"a.zip", "no archive", "no zip archive"},
		{"a.shp", "no shapes", "does not begin as a shapefile"},
	} {
		s, err := Open(writeFile(t, c.name, c.text), Options{})
		if err == nil {
			err = fatal(s, allTypes(layers.Point))
			s.Close()
		}
		if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.csv"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Open(writeFile(t, "x.csv", "a\n"), Options{Lon: "a", Lat: "bb"}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a missing column: %v", err)
	}
}

func TestQuotesThatDoNotMatchAreOneBadRow(t *testing.T) {
	t.Parallel()
	s := openText(t, "a.csv", "code,lon,lat\na,1,2\nb\"c,1,2\nd,3,4\n", Options{})
	records, bad := readAll(t, s, allTypes(layers.Point))
	if len(records) != 2 || len(bad) != 1 || !strings.HasPrefix(bad[0], "line 3: the quotes do not match") {
		t.Errorf("%v %q", records, bad)
	}
}

func TestOneRecordCannotFillTheMemory(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	big := strings.Repeat("x", limit+256<<10)
	for name, text := range map[string]string{"a.csv": "code\n\"" + big, "a.geojson": `{"features":[{"a":"` + big, "a.ndjson": `{"a":"` + big} {
		s := openText(t, name, text, Options{limit: limit})
		if err := fatal(s, allTypes(layers.None)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestReadingStopsWhereTheCallerStops(t *testing.T) {
	t.Parallel()
	feature := `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"code":"a"}}`
	for name, text := range map[string]string{
		"a.csv": "code,lon,lat\na,1,2\nb,1,2\n", "a.geojson": `{"features":[` + feature + "," + feature + `]}`, "a.ndjson": feature + "\n" + feature,
	} {
		s := openText(t, name, text, Options{})
		for round := range 2 {
			n := 0
			for range s.Features(allTypes(layers.Point)) {
				n++
				break
			}
			if n != 1 {
				t.Errorf("%s: round %d read %d", name, round, n)
			}
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add(chineseCSV)
	f.Add("sep=;\ncode;wkt\na;POINT(1 2)\nb;MULTIPOLYGON(((0 0,1 0,1 1,0 0)))\n")
	f.Add("\xff\xfea\x00,\x00")
	f.Fuzz(func(t *testing.T, text string) { fuzzSource(t, "a.csv", text) })
}

func FuzzGeoJSON(f *testing.F) {
	f.Add(`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"code":"a"}}],"crs":null}`)
	f.Add(`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		fuzzSource(t, "a.geojson", text)
		fuzzSource(t, "a.ndjson", text)
	})
}

// fuzzSource asks that whatever a file holds, its own schema is legal and every record fits its layer or is reported.
func fuzzSource(t *testing.T, name, text string) {
	s, err := Open(writeFile(t, name, text), Options{})
	if err != nil {
		return
	}
	defer s.Close()
	own, err := s.Schema()
	targets := []*layers.Layer{allTypes(layers.Mixed)}
	if err == nil {
		targets = append(targets, &own)
	}
	for _, l := range targets {
		relaxed := newMapping(l, s).target
		for r, err := range s.Features(l) {
			if err != nil {
				continue
			}
			if err := relaxed.Check(&r.Feature); err != nil && l.Kind != layers.None {
				t.Fatalf("record %d: %v", r.Line, err)
			}
		}
	}
	if _, err := s.Sample(10); err != nil && !errors.Is(err, layers.ErrInvalid) {
		return
	}
}
