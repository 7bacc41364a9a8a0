package exchange

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// zhText gives a title in Chinese.
func zhText(s string) layers.Text { return layers.Text{layers.Chinese: s} }

// allTypes is a layer with a field of each type.
func allTypes(kind layers.GeometryKind) *layers.Layer {
	return &layers.Layer{Name: "things", Kind: kind, MaxZoom: 18, Fields: []layers.Field{
		{Name: "code", Title: zhText("编号"), Type: layers.String, Required: true},
		{Name: "households", Title: zhText("户数"), Type: layers.Int},
		{Name: "height", Title: zhText("高度"), Type: layers.Float},
		{Name: "open", Title: zhText("开放"), Type: layers.Bool},
		{Name: "seen_at", Title: zhText("时间"), Type: layers.Time},
		{Name: "since", Title: zhText("日期"), Type: layers.Date},
		{Name: "use", Title: zhText("用途"), Type: layers.Enum, Codes: []layers.Code{{Value: "residential", Title: zhText("居住")}, {Value: "office", Title: zhText("办公")}}},
		{Name: "tags", Title: zhText("标签"), Type: layers.Strings},
	}}
}

// fullFeature has a value of each type.
func fullFeature(g orb.Geometry) layers.Feature {
	day := time.Date(2017, 12, 4, 0, 30, 0, 123456000, time.UTC)
	return layers.Feature{ID: 42, Geometry: g, Values: []layers.Value{
		layers.TextValue("引号\" 反斜\\ \n 尾"), layers.IntValue(-199), layers.FloatValue(2.74e-9), layers.BoolValue(true),
		layers.TimeValue(day), layers.DateValue(day), layers.TextValue("office"), layers.ListValue([]string{"一", "b"}),
	}}
}

// geometries has one of each kind, with seven decimals.
func geometries() []orb.Geometry {
	outer := orb.Ring{{114.3, 30.55}, {114.32, 30.55}, {114.32, 30.5800001}, {114.3, 30.55}}
	hole := orb.Ring{{114.31, 30.555}, {114.315, 30.56}, {114.315, 30.555}, {114.31, 30.555}}
	return []orb.Geometry{
		orb.Point{114.3080012, -30.5674}, orb.MultiPoint{{0, 0}, {-179.9999999, 1e-7}},
		orb.LineString{{114.3, 30.55}, {114.32, 30.55}}, orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}},
		orb.Polygon{outer, hole}, orb.MultiPolygon{{outer, hole}, {{{1, 1}, {2, 1}, {2, 2}, {1, 1}}}},
	}
}

func TestAppendedFeatureReadsBackEqual(t *testing.T) {
	t.Parallel()
	l := allTypes(layers.Mixed)
	for _, g := range append(geometries(), nil) {
		want := fullFeature(g)
		text := AppendFeature(nil, l, &want, "")
		got, err := ReadFeature(text, l)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got.ETag() != want.ETag() || !cmp.Equal(got.Geometry, want.Geometry) {
			t.Errorf("got %v, want %v from %s", got, want, text)
		}
	}
}

func TestAppendedFeatureGolden(t *testing.T) {
	t.Parallel()
	f := fullFeature(orb.Point{114.30800000, 30.567400004})
	f.Values[2] = layers.Null()
	want := `{"type":"Feature","id":42,"geometry":{"type":"Point","coordinates":[114.308,30.5674]},"properties":{` +
		`"code":"引号\" 反斜\\ \u000a 尾","households":-199,"height":null,"open":true,"seen_at":"2017-12-04T00:30:00.123456Z",` +
		`"since":"2017-12-04","use":"office","tags":["一","b"]}}`
	if diff := cmp.Diff(want, string(AppendFeature(nil, allTypes(layers.Point), &f, ""))); diff != "" {
		t.Error(diff)
	}
}

func TestAppendedPositionsAreInTheSystemAskedFor(t *testing.T) {
	t.Parallel()
	l := &layers.Layer{Name: "a", Kind: layers.Point}
	p := orb.Point{114.308, 30.5674}
	f := layers.Feature{ID: 1, Geometry: p}
	for _, crs := range []geo.CRS{geo.WGS84, geo.CGCS2000, geo.GCJ02, geo.BD09, geo.WebMercator, geo.GK114} {
		got, err := ReadFeature(AppendFeature(nil, l, &f, crs), l)
		if metric(crs) { // its own reader would take metres for a swapped position or out of range
			var m struct {
				Geometry struct{ Coordinates orb.Point }
			}
			if err = json.Unmarshal(AppendFeature(nil, l, &f, crs), &m); err == nil {
				got.Geometry = m.Geometry.Coordinates
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if back := geo.ToWGS84Point(crs, got.Geometry.(orb.Point)); geo.Distance(back, p) > 0.02 {
			t.Errorf("%s: %v is %.3f m off", crs, got.Geometry, geo.Distance(back, p))
		}
	}
	if f.Geometry != orb.Geometry(p) {
		t.Error("the feature was edited")
	}
}

func TestFixedDecimalsAreThoseOfStrconv(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		digits := rnd.IntN(12)
		x := math.Round((rnd.Float64()*360-180)*math.Pow10(rnd.IntN(12))) / math.Pow10(rnd.IntN(12))
		got := string(appendFixed(nil, x, digits))
		y, err := strconv.ParseFloat(got, 64)
		if err != nil || math.Abs(x-y) > 0.5000001*math.Pow10(-digits)+math.Abs(x)*1e-15 {
			t.Fatalf("%v with %d decimals gives %s", x, digits, got)
		}
		if _, part, ok := strings.Cut(got, "."); len(part) > digits || ok && (part == "" || part[len(part)-1] == '0') || got == "-0" {
			t.Fatalf("%v with %d decimals gives %s", x, digits, got)
		}
	}
	for x, want := range map[float64]string{-1e-9: "0", 100: "100", 1e300: strconv.FormatFloat(1e300, 'f', 0, 64), math.NaN(): "null", math.Inf(1): "null", -0.5: "-0.5"} {
		if got := string(appendFixed(nil, x, 7)); got != want {
			t.Errorf("%v gives %s, want %s", x, got, want)
		}
	}
}

// tableOf makes a table of features as the service sees it.
func tableOf(t testing.TB, l *layers.Layer, features ...layers.Feature) *layers.Table {
	t.Helper()
	b := layers.NewBuilder()
	tb, err := b.Layer(*l)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range features {
		tb.Add(f)
	}
	if n := b.Notes(); len(n) > 0 {
		t.Fatal(n)
	}
	table, err := b.Snapshot(7).View(layers.Scope{Audience: layers.System}).Table(l.Name)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestCollectionReadsBackWhateverItsSystem(t *testing.T) {
	t.Parallel()
	l := allTypes(layers.Mixed)
	var features []layers.Feature
	for i, g := range geometries() {
		f := fullFeature(g)
		f.ID = int64(100 - i)
		features = append(features, f)
	}
	table := tableOf(t, l, features...)
	for _, crs := range []geo.CRS{"", geo.GCJ02, geo.CGCS2000} {
		var out strings.Builder
		if err := WriteGeoJSON(&out, table, WriteOptions{CRS: crs, Seq: 7}); err != nil {
			t.Fatal(err)
		}
		if !json.Valid([]byte(out.String())) || strings.Contains(out.String(), `"crs"`) != (crs != "") {
			t.Fatalf("%s: %s", crs, out.String())
		}
		s := openText(t, "a.geojson", out.String(), Options{})
		records, bad := readAll(t, s, l)
		if len(records) != len(features) || len(bad) > 0 || len(s.Unknown()) > 0 {
			t.Fatalf("%s: %d records, bad %v, unknown %v", crs, len(records), bad, s.Unknown())
		}
		for i, r := range records {
			want := features[len(features)-1-i]
			if r.Feature.ID != want.ID || !cmp.Equal(r.Feature.Values, want.Values, cmp.Comparer(func(a, b layers.Value) bool { return a == b })) {
				t.Errorf("record %d is %v, want %v", i, r.Feature, want)
			}
			p, _ := first(r.Feature.Geometry)
			q, _ := first(want.Geometry)
			if geo.Distance(p, q) > 0.05 {
				t.Errorf("%s: record %d lies %.3f m off", crs, i, geo.Distance(p, q))
			}
		}
	}
}

func TestCollectionStopsWhenTheCallerIsGone(t *testing.T) {
	t.Parallel()
	l := &layers.Layer{Name: "a", Kind: layers.Point}
	var features []layers.Feature
	for i := range 5000 {
		features = append(features, layers.Feature{ID: int64(i + 1), Geometry: orb.Point{1, 2}})
	}
	gone := errors.New("gone")
	var out strings.Builder
	err := WriteGeoJSON(&out, tableOf(t, l, features...), WriteOptions{Alive: func() error { return gone }})
	if !errors.Is(err, gone) || out.Len() > 0 {
		t.Errorf("got %v after %d bytes", err, out.Len())
	}
}

func BenchmarkAppendRow(b *testing.B) {
	l := allTypes(layers.Point)
	table := tableOf(b, l, fullFeature(orb.Point{114.3080012, 30.5674}))
	row, _ := table.Get(42)
	fields := []int{0, 1, 2, 3, 4, 5, 6, 7}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendRow(buf[:0], row, fields, nil)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkAppendRowByEncodingJSON(b *testing.B) {
	l := allTypes(layers.Point)
	table := tableOf(b, l, fullFeature(orb.Point{114.3080012, 30.5674}))
	row, _ := table.Get(42)
	b.ReportAllocs()
	for b.Loop() {
		properties := map[string]any{}
		for i, f := range l.Fields {
			properties[f.Name] = row.Value(i).Any()
		}
		_, err := json.Marshal(map[string]any{"type": "Feature", "id": row.ID(), "properties": properties,
			"geometry": map[string]any{"type": "Point", "coordinates": row.Geometry()}})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
