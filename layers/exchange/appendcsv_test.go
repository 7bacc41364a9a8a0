package exchange

import (
	"encoding/csv"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
)

// What is written for programs reads back as it was: by the loader of this package.
func TestCSVReadsBack(t *testing.T) {
	t.Parallel()
	for _, kind := range []layers.GeometryKind{layers.Point, layers.Mixed} {
		l := allTypes(kind)
		var features []layers.Feature
		for i, g := range geometries() {
			if _, point := g.(orb.Point); kind == layers.Point && !point {
				g = orb.Point{float64(i) / 8, 30.5}
			}
			f := fullFeature(g)
			f.ID = int64(i + 1)
			features = append(features, f)
		}
		empty := layers.Feature{ID: 99, Geometry: orb.Point{1, 2}, Values: make([]layers.Value, len(l.Fields))}
		empty.Values[0] = layers.TextValue("空")
		features = append(features, empty)
		var out strings.Builder
		if err := Select(tableOf(t, l, features...), WriteOptions{}).WriteCSV(&out, CSVOptions{}); err != nil {
			t.Fatal(err)
		}
		records, bad := readAll(t, openText(t, "a.csv", out.String(), Options{}), l)
		if len(records) != len(features) || len(bad) > 0 {
			t.Fatalf("%s: %d records of %d, bad %v", kind, len(records), len(features), bad)
		}
		for i, r := range records {
			want := features[i]
			if !cmp.Equal(r.Feature.Values, want.Values, cmp.Comparer(func(a, b layers.Value) bool { return a == b })) {
				t.Errorf("%s: record %d is %v, want %v", kind, i, r.Feature.Values, want.Values)
			}
			if !orb.Equal(r.Feature.Geometry, want.Geometry) {
				t.Errorf("%s: record %d lies at %v, want %v", kind, i, r.Feature.Geometry, want.Geometry)
			}
		}
	}
}

func TestCSVForPeople(t *testing.T) {
	t.Parallel()
	l := &layers.Layer{Name: "grids", Kind: layers.Point, Fields: []layers.Field{{Name: "code", Title: zhText("编码"), Type: layers.String},
		{Name: "area", Title: zhText("面积"), Type: layers.Float, Unit: "ha"}, {Name: "lon", Title: zhText("=经"), Type: layers.String}}}
	f := func(id int64, code, lon string) layers.Feature {
		return layers.Feature{ID: id, Geometry: orb.Point{114.3, 30.5}, Values: []layers.Value{layers.TextValue(code), layers.FloatValue(-2.5), layers.TextValue(lon)}}
	}
	table := tableOf(t, l, f(1, "420106001005006", "12345678901"), f(2, "007", "0"), f(3, "=1+1", "1,2"))
	var people, programs strings.Builder
	if err := Select(table, WriteOptions{CRS: geo.GCJ02, Sort: []layers.SortKey{{Field: 0, Descending: true}}}).WriteCSV(&people, CSVOptions{Titled: true}); err != nil {
		t.Fatal(err)
	}
	if err := Select(table, WriteOptions{}).WriteCSV(&programs, CSVOptions{}); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(people.String(), "\r\n")
	if rows[0] != "\ufeff记录号,编码,面积 (ha),'=经,经度 (GCJ-02),纬度 (GCJ-02)" && rows[0] != "\ufeff记录号,编码,面积 (ha),'=经,经度 (GCJ02),纬度 (GCJ02)" {
		t.Errorf("the header is %q", rows[0])
	}
	for i, want := range []string{`3,'=1+1,-2.5,"1,2",`, "1,\t420106001005006,-2.5,12345678901,", "2,\t007,-2.5,0,"} {
		if !strings.HasPrefix(rows[i+1], want) {
			t.Errorf("row %d is %q, want %q", i, rows[i+1], want)
		}
	}
	if head, _, _ := strings.Cut(programs.String(), "\r\n"); head != "\ufeffid,code,area,lon,lon_,lat" {
		t.Errorf("the header for programs is %q", head)
	}
}

func TestWellKnownTextIsThatOfTheLibrary(t *testing.T) {
	t.Parallel()
	for _, g := range geometries() {
		back, err := wkt.Unmarshal(string(appendWKT(nil, g, 7)))
		if err != nil || !orb.Equal(back, g) {
			t.Errorf("%s reads back as %v, %v", wkt.MarshalString(g), back, err)
		}
	}
}

// Whatever a text is, it comes back, with at most an apostrophe before it, and never begins as a formula does.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "a", "=1", "-1", "-1e3", "--", "\"", "a,b\r\n", "＝", "'", " =1", "\xff", "+0x1p4", "-Inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, '\r') {
			return // csv.Reader drops it before a line's end
		}
		rows, err := csv.NewReader(strings.NewReader("x," + string(appendCell(nil, harmless(s))) + "\r\n")).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 2 {
			t.Fatalf("%q: %v, %v", s, rows, err)
		}
		got := rows[0][1]
		if got != s && got != "'"+s {
			t.Errorf("%q came back as %q", s, got)
		}
		if got != "" && strings.ContainsAny(got[:1], "=@\t") || strings.HasPrefix(got, "+") && strings.Trim(got, "+-.0123456789eE") != "" {
			t.Errorf("%q begins a formula", got)
		}
	})
}
