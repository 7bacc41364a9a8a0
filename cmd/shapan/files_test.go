package main

import (
	"bytes"
	numbers "encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shapan/fixtures"
	"shapan/geo"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// gdal runs one of GDAL's programs and returns what it prints; without GDAL the test is skipped.
func gdal(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skipf("%s is not installed", args[0])
	}
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// clinics writes a CSV of 60 points in a reference system, spread over the whole subdistrict: every fourth facility of
// the sample. It returns where the first lies, in WGS-84.
func clinics(t *testing.T, dir, name string, crs geo.CRS, gbk bool) (first orb.Point) {
	t.Helper()
	var c geojson.FeatureCollection
	if err := json.Unmarshal([]byte(must(t, dir, "export", "facilities", "--where", "provenance=synthetic")), &c); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("code,名称,category,lon,lat,unheard_of\n")
	for i := range 60 {
		p := geo.FromWGS84Point(crs, c.Features[4*i].Geometry.(orb.Point))
		fmt.Fprintf(&b, "e2e-%03d,测试药店%d,pharmacy,%.7f,%.7f,x\n", i, i, p[0], p[1])
	}
	text := b.String()
	if gbk {
		var err error
		if text, err = simplifiedchinese.GB18030.NewEncoder().String(text); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, name), text)
	return c.Features[0].Geometry.(orb.Point)
}

// facilities returns how many facilities the record has, as an export shows them.
func facilities(t *testing.T, dir string, args ...string) int {
	t.Helper()
	var c struct {
		Features       []json.RawMessage `json:"features"`
		NumberReturned int               `json:"numberReturned"`
	}
	out := must(t, dir, append([]string{"export", "facilities"}, args...)...)
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatalf("export: %v in %.200s", err, out)
	}
	if len(c.Features) != c.NumberReturned {
		t.Fatalf("numberReturned %d with %d features", c.NumberReturned, len(c.Features))
	}
	return c.NumberReturned
}

func TestLoadReadsGBKAndIsSeenByARunningService(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		s := start(t, dir)
		before := s.matched(t, "facilities", "")
		clinics(t, dir, "c.csv", geo.WGS84, true)
		r := shapan(t, dir, nil, "load", "facilities", "c.csv")
		if r.code != 0 || r.out != "" || !strings.Contains(r.err, "60 features loaded into facilities") || !strings.Contains(r.err, `"unheard_of"`) {
			t.Fatalf("exit %d, stdout %q:\n%s", r.code, r.out, r.err)
		}
		eventually(t, "the service has the rows", func() bool { return s.matched(t, "facilities", "") == before+60 })
		if code, _, body := s.do(t, "GET", "/collections/facilities/items?code=e2e-007", "", ""); code != 200 || !strings.Contains(body, "测试药店7") {
			t.Errorf("a loaded row: %d %s", code, body)
		}
	})
}

func TestLoadRefusesTheWrongDatum(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		before := facilities(t, dir)
		for crs, flag := range map[geo.CRS]string{geo.GCJ02: "gcj02", geo.BD09: "bd09"} {
			clinics(t, dir, "c.csv", crs, false)
			r := shapan(t, dir, nil, "load", "facilities", "c.csv")
			if r.code != 1 || !strings.Contains(r.err, "add --crs "+flag) || facilities(t, dir) != before {
				t.Errorf("%s read as WGS-84: exit %d, expected the advice --crs %s:\n%s", crs, r.code, flag, r.err)
			}
		}
		must(t, dir, "load", "facilities", "c.csv", "--crs", "wgs84", "--dry-run")
		first := clinics(t, dir, "c.csv", geo.GCJ02, false)
		must(t, dir, "load", "facilities", "c.csv", "--crs", "gcj02")
		if n := facilities(t, dir, "--where", "name=测试药店0"); n != 1 {
			t.Errorf("%d rows named 测试药店0 after loading as GCJ-02: expected 1", n)
		}
		moved := geo.FromWGS84Point(geo.GCJ02, first) // where it would lie, had it not been converted
		for at, want := range map[orb.Point]int{first: 1, moved: 0} {
			box := fmt.Sprintf("%f,%f,%f,%f", at[0]-5e-5, at[1]-5e-5, at[0]+5e-5, at[1]+5e-5)
			if n := facilities(t, dir, "--bbox", box, "--where", "name=测试药店0"); n != want {
				t.Errorf("%d rows named 测试药店0 within 5 m of %v: expected %d", n, at, want)
			}
		}
	})
}

func TestLoadIsAllOrNothing(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		before := facilities(t, dir)
		var b strings.Builder
		b.WriteString("code,name,category,lon,lat\n")
		for i := range 30 {
			fmt.Fprintf(&b, "g%d,good,pharmacy,114.305,30.565\nb%d,bad,no_such_category,114.305,30.565\n", i, i)
		}
		b.WriteString("far,bad,pharmacy,east,30.5\n")
		write(t, filepath.Join(dir, "bad.csv"), b.String())
		r := shapan(t, dir, nil, "load", "facilities", "bad.csv", "--max-errors", "5")
		for _, want := range []string{"line 3: ", "no_such_category", "and 26 more bad rows, 31 in all", "nothing was loaded"} {
			if r.code != 1 || !strings.Contains(r.err, want) {
				t.Errorf("exit %d, expected %q in:\n%s", r.code, want, r.err)
			}
		}
		if n := facilities(t, dir); n != before {
			t.Fatalf("%d facilities after a refused load: expected %d as before", n, before)
		}
		must(t, dir, "load", "facilities", "bad.csv", "--skip-bad")
		if n := facilities(t, dir); n != before+30 {
			t.Errorf("%d facilities with --skip-bad: expected %d", n, before+30)
		}
	})
}

func TestExportComesBackUnchanged(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		file := filepath.Join(dir, "f.geojson")
		must(t, dir, "export", "facilities", file)
		first, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if r := shapan(t, dir, nil, "load", "facilities", file); r.code != 1 || !strings.Contains(r.err, "--update overwrites it") {
			t.Errorf("loading it again as new: exit %d:\n%s", r.code, r.err)
		}
		must(t, dir, "load", "facilities", file, "--replace")
		if out := must(t, dir, "export", "facilities"); out != string(first) {
			t.Error("the export after loading it back differs")
		}
		must(t, dir, "load", "copies", file, "--create", "--title", "副本", "--audience", "public")
		if list := must(t, dir, "layer", "list"); !strings.Contains(list, "copies\t副本\tpoint\t") {
			t.Errorf("layer list:\n%s", list)
		}
		s := start(t, dir)
		if code, _, body := s.do(t, "GET", "/collections/copies/items?limit=1&category=pharmacy", "", ""); code != 200 || !strings.Contains(body, `"category":"pharmacy"`) {
			t.Errorf("the copy without a token: %d %s", code, body)
		}
		if r := shapan(t, dir, nil, "layer", "drop", "copies"); r.code != 2 || !strings.Contains(r.err, "--yes") {
			t.Errorf("dropping a layer with features: exit %d:\n%s", r.code, r.err)
		}
		must(t, dir, "layer", "drop", "copies", "--yes")
		if list := must(t, dir, "layer", "list"); strings.Contains(list, "copies") {
			t.Errorf("layer list after drop:\n%s", list)
		}
	})
}

func TestLayerIsDataNotCode(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		write(t, filepath.Join(dir, "trees.json"), `{"name": "trees", "title": {"zh": "行道树", "en": "Trees"}, "kind": "point", "audience": "public",
		"min_zoom": 13, "max_zoom": 18, "writable": true, "fields": [{"name": "species", "title": {"zh": "树种"}, "type": "string", "in_tiles": true}]}`)
		token := strings.TrimSpace(must(t, dir, "token", "create", "--role", "dispatcher", "--name", "gardener"))
		s := start(t, dir)
		must(t, dir, "layer", "add", "trees.json")
		eventually(t, "the service has the layer", func() bool {
			code, _, _ := s.do(t, "GET", "/collections/trees", "", "")
			return code == 200
		})
		code, _, body := s.do(t, "POST", "/collections/trees/items", token, `{"type": "Feature", "geometry": {"type": "Point", "coordinates": [114.308, 30.5674]}, "properties": {"species": "香樟"}}`)
		if code != 201 {
			t.Fatalf("POST to the new layer: %d %s", code, body)
		}
		if n := s.matched(t, "trees", ""); n != 1 {
			t.Errorf("%d trees: expected 1", n)
		}
	})
}

func TestGDALReadsWhatShapanWrites(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		grids := filepath.Join(dir, "grids.geojson")
		must(t, dir, "export", "grids", grids)
		if out := gdal(t, "ogrinfo", "-so", grids, "grids"); !strings.Contains(out, "Feature Count: 119") || !strings.Contains(out, "households: Integer") {
			t.Errorf("ogrinfo of the GeoJSON:\n%s", out)
		}
		metres := filepath.Join(dir, "grids4547.geojson")
		must(t, dir, "export", "grids", metres, "--crs", "EPSG:4547")
		if out := gdal(t, "ogrinfo", "-so", metres, "grids"); !strings.Contains(out, "CGCS2000 / 3-degree Gauss-Kruger CM 114E") {
			t.Errorf("ogrinfo of the GeoJSON in EPSG:4547:\n%s", out)
		}
		if out := gdal(t, "ogrinfo", "-so", k.gdal(t, dir), k.schema+"grids"); !strings.Contains(out, "Feature Count: 119") || !strings.Contains(out, "WGS 84") {
			t.Errorf("ogrinfo of the record:\n%s", out)
		}
		s := start(t, dir)
		code, _, tile := s.do(t, "GET", "/xyz/communities,grids/14/13394/6729.mvt", "", "")
		if code != 200 {
			t.Fatalf("tile: %d %s", code, tile)
		}
		path := filepath.Join(dir, "6729.mvt")
		write(t, path, tile)
		out := gdal(t, "ogrinfo", "-so", "-al", "-oo", "X=13394", "-oo", "Y=6729", "-oo", "Z=14", path)
		if !strings.Contains(out, "Layer name: communities") || !strings.Contains(out, "Layer name: grids") || !strings.Contains(out, "Pseudo-Mercator") {
			t.Errorf("ogrinfo of the tile:\n%s", out)
		}
	})
}

func TestFixturesWriteFilesOfTheRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if r := shapan(t, dir, nil, "fixtures", "--out", "sample", "--events", "500"); r.code != 0 || r.out != "" {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	files, err := os.ReadDir(filepath.Join(dir, "sample"))
	if want := len(fixtures.Catalogue()); err != nil || len(files) != want {
		t.Fatalf("%d files (%v): expected one for each of the %d layers", len(files), err, want)
	}
	if out := gdal(t, "ogrinfo", "-so", "-al", filepath.Join(dir, "sample", "events.geojson")); !strings.Contains(out, "Feature Count: 500") {
		t.Errorf("ogrinfo:\n%s", out)
	}
}

// blocks returns the first blocks of an OpenStreetMap extract, which are an extract themselves.
func blocks(t *testing.T, path string, count int) []byte {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := 0
	for range count {
		head := int(numbers.BigEndian.Uint32(file[end:]))
		end += 4 + head
		_, sizeField, _ := bytes.Cut(file[end-head:end], []byte("\x18")) // after the block's kind, which has no such byte
		size, _ := numbers.Uvarint(sizeField)
		end += int(size)
	}
	return file[:end]
}

// A real extract takes the place of the sample's streets, each way by its own number.
func TestLoadReadsAnExtractOfOpenStreetMap(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	write(t, filepath.Join(dir, "d.osm.pbf"), string(blocks(t, delaware(t), 1+91+1))) // all nodes, and the first 8,000 ways
	r := shapan(t, dir, nil, "load", "streets", "d.osm.pbf", "--replace")
	if r.code != 0 || !strings.Contains(r.err, " features loaded into streets") {
		t.Fatalf("exit %d:\n%s", r.code, r.err)
	}
	var c geojson.FeatureCollection
	if err := json.Unmarshal([]byte(must(t, dir, "export", "streets")), &c); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d features loaded", len(c.Features)); len(c.Features) < 7000 || !strings.Contains(r.err, want) {
		t.Errorf("the layer has %d streets after\n%s", len(c.Features), r.err)
	}
	for _, f := range c.Features {
		if f.Properties["code"] != fmt.Sprintf("way/%.0f", f.ID) || f.Properties["provenance"] != "© OpenStreetMap contributors (ODbL 1.0)" {
			t.Fatalf("way %v is %v", f.ID, f.Properties)
		}
	}
}
