package exchange

import (
	"errors"
	"strings"
	"testing"

	"shapan/layers"

	"github.com/paulmach/orb"
)

func TestReadFeatureRefusesInSentences(t *testing.T) {
	t.Parallel()
	l := allTypes(layers.Mixed)
	point := `"geometry":{"type":"Point","coordinates":[114.3,30.5]}`
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	for _, c := range []struct{ body, says string }{
		{``, "not JSON"},
		{`{"type":"Feature"`, "not JSON"},
		{`{"type":"Feature"} {}`, "not JSON"},
		{`[]`, "expected a JSON object, an array came"},
		{"{\"type\":\"Feature\",\"properties\":{\"code\":\"\xff\"}}", "not UTF-8"},
		{`{"type":"Point","coordinates":[1,2]}`, `type "Point": expected a GeoJSON "Feature"`},
		{`{"type":"Feature","type":"Feature"}`, `"type" stands twice`},
		{`{"type":"Feature","properties":{"code":"a","c\u006fde":"b"}}`, `"code" stands twice`},
		{`{"type":"Feature","id":-1}`, "positive whole number"},
		{`{"type":"Feature","id":"x"}`, "positive whole number"},
		{`{"type":"Feature","properties":{"cod":"a"}}`, `did you mean "code"?`},
		{`{"type":"Feature","properties":{"households":"12"}}`, "expects a int"},
		{`{"type":"Feature","properties":{"households":1.5}}`, "whole number"},
		{`{"type":"Feature","properties":{"height":1e999}}`, "finite number"},
		{`{"type":"Feature","properties":{"code":{"a":1}}}`, "an object came"},
		{`{"type":"Feature","properties":{"tags":[1]}}`, "list of texts"},
		{`{"type":"Feature","properties":[]}`, "expected a JSON object"},
		{`{"type":"Feature","properties":{"use":"ofice"}}`, `did you mean "office"?`},
		{`{"type":"Feature","properties":{"seen_at":"2017-12-04 08:30:00"}}`, "with its zone"},
		{`{"type":"Feature","geometry":{"type":"Point","coordinates":[30.5,114.3]}}`, "did you swap them?"},
		{`{"type":"Feature","geometry":{"type":"Point","coordinates":[1]}}`, "needs two numbers, 1 came"},
		{`{"type":"Feature","geometry":{"type":"Point","coordinates":[null,2]}}`, "expected a number, null came"},
		{`{"type":"Feature","geometry":{"type":"Point","coordinates":["1",2]}}`, "expected a number"},
		{`{"type":"Feature","geometry":{"type":"Point","coordinates":[1e999,2]}}`, "out of range"},
		{`{"type":"Feature","geometry":{"type":"Point","coordinates":[[1,2]]}}`, "expected a number, an array came"},
		{`{"type":"Feature","geometry":{"type":"LineString","coordinates":[1,2]}}`, "expected a position"},
		{`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[1,2],[3,4]]}}`, "expected a position"},
		{`{"type":"Feature","geometry":{"type":"Point"}}`, `no "coordinates"`},
		{`{"type":"Feature","geometry":{"coordinates":[1,2]}}`, `no "type"`},
		{`{"type":"Feature","geometry":{"type":"Circle","coordinates":[1,2]}}`, `geometry type "Circle"`},
		{`{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[]}}`, "one geometry"},
		{`{"type":"Feature","geometry":[1,2]}`, "expected a JSON object"},
		{`{"type":"Feature","geometry":{"type":"Point","coordinates":` + deep + `}}`, "not JSON"},
		{`{"type":"Feature",` + point + `,"properties":{"tags":` + deep[195_000:205_000] + `}}`, "list of texts"},
	} {
		_, err := ReadFeature([]byte(c.body), l)
		if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 400 {
			t.Errorf("%.80s: got %v, want %q", c.body, err, c.says)
		}
	}
}

func TestReadFeatureIgnoresForeignMembersAndHeights(t *testing.T) {
	t.Parallel()
	f, err := ReadFeature([]byte(` { "links" : [ {"a":"}]"} ] , "bbox":[1,2,3,4], "geometry" : {"coordinates":[ 1.5 , 2 , 30 ],"type":"Point"} , "type":"Feature","properties":{"code":"\u79ef"} } `), allTypes(layers.Point))
	if err != nil || f.Geometry != orb.Geometry(orb.Point{1.5, 2}) || f.Values[0].Text() != "积" || f.ID != 0 {
		t.Errorf("got %v, %v", f, err)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	l := allTypes(layers.Mixed)
	old := fullFeature(orb.Point{114.3, 30.5})
	before := old.ETag()
	for _, c := range []struct {
		patch string
		check func(f layers.Feature) bool
	}{
		{`{}`, func(f layers.Feature) bool { return f.ETag() == before }},
		{`{"properties":{"households":5,"height":null}}`, func(f layers.Feature) bool {
			return f.Values[1].Int() == 5 && f.Values[2].IsNull() && f.Values[3].Bool() && f.Geometry == old.Geometry
		}},
		{`{"properties":null}`, func(f layers.Feature) bool { return f.Values[0].IsNull() && f.Values[7].IsNull() }},
		{`{"id":42,"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}`, func(f layers.Feature) bool { _, ok := f.Geometry.(orb.LineString); return ok }},
		{`{"geometry":{"coordinates":[1,2]}}`, func(f layers.Feature) bool { return f.Geometry == orb.Geometry(orb.Point{1, 2}) }},
		{`{"geometry":null}`, func(f layers.Feature) bool { return f.Geometry == nil && f.Values[1].Int() == -199 }},
	} {
		f, err := Merge([]byte(c.patch), l, old)
		if err != nil || !c.check(f) {
			t.Errorf("%s: got %v, %v", c.patch, f, err)
		}
	}
	for patch, says := range map[string]string{
		`{"id":43}`:                            "an id never changes",
		`{"id":null}`:                          "an id never changes",
		`{"type":"Point"}`:                     "leaves it out",
		`{"properties":{"hous":1}}`:            "unknown property",
		`{"geometry":{"type":"Ring"}}`:         "coordinates",
		`[]`:                                   "expected a JSON object",
		`{"geometry":{"coordinates":[[1,2]]}}`: "expected a number",
	} {
		if _, err := Merge([]byte(patch), l, old); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", patch, err, says)
		}
	}
	if old.ETag() != before {
		t.Error("the old feature was edited")
	}
}

func FuzzReadFeature(f *testing.F) {
	l := allTypes(layers.Mixed)
	for _, g := range geometries() {
		x := fullFeature(g)
		f.Add(AppendFeature(nil, l, &x, ""))
	}
	f.Add([]byte(`{"type":"Feature","properties":{"tags":[[{"a":[1]}]],"code":"\ud800"},"geometry":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadFeature(data, l)
		if err != nil {
			if !errors.Is(err, layers.ErrInvalid) {
				t.Fatalf("%v is not ErrInvalid", err)
			}
			return
		}
		if _, err := Merge(data, l, got); err != nil && !strings.Contains(err.Error(), "id never changes") {
			t.Fatalf("a feature is no patch of itself: %v", err)
		}
		text := AppendFeature(nil, l, &got, "")
		if _, err := ReadFeature(text, l); err != nil && !strings.Contains(err.Error(), "swap") {
			t.Fatalf("%s does not read back: %v", text, err)
		}
	})
}
