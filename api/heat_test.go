package api_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
)

// heatCell is a cell of heat as JSON has it.
type heatCell struct {
	Lon, Lat       float64
	Count          int
	Value          *float64
	Known          int
	Sum, Mean, Max *float64
	BeforeCount    int     `json:"before_count"`
	AreaHa         float64 `json:"area_ha"`
	Households     float64
	Small, Rest    bool
}

type heatAnswer struct {
	Cells  []heatCell
	Count  int
	Weeks  float64
	Unit   string
	Min    *float64
	Max    *float64
	Legend struct {
		Title, Unit, Palette string
		Stops                []struct {
			Value float64
			Color string
		}
		SmallHouseholds int `json:"small_households"`
		Floor           int
	}
}

// heatTilePath is a tile over the sample.
func heatTilePath(layer string, z uint32, ext string) string {
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 14)
	return fmt.Sprintf("/heat/%s/%d/%d/%d%s", layer, z, tile.X>>(14-z), tile.Y>>(14-z), ext)
}

func TestHeatIsAskedForByWeightRateAndWindow(t *testing.T) {
	t.Parallel()
	s := reading(t)
	ask := func(query string) heatAnswer {
		return decode[heatAnswer](t, s.get(t, "viewer", heatTilePath("events", 12, ".json?cells=16&"+query), 200))
	}
	plain, mean := ask(""), ask("weight=level&agg=mean&lang=en")
	for i, c := range mean.Cells {
		if c.Count != plain.Cells[i].Count || *c.Value != *c.Mean || math.Abs(*c.Mean-*c.Sum/float64(c.Known)) > 1e-9 || *c.Max < *c.Mean || *plain.Cells[i].Value != float64(c.Count) {
			t.Fatalf("%+v beside %+v", c, plain.Cells[i])
		}
	}
	if mean.Legend.Unit != "Level" || plain.Legend.Unit != "个/格" || len(plain.Legend.Stops) < 3 || plain.Legend.Palette != "inferno" {
		t.Errorf("legends %+v and %+v", plain.Legend, mean.Legend)
	}
	rate := ask("per=ha-week&datetime=2017-01-01/2017-12-31")
	year := ask("datetime=2017-01-01/2017-12-31")
	for i, c := range rate.Cells {
		if got := *c.Value * c.AreaHa * 365 / 7; math.Abs(got-float64(year.Cells[i].Count)) > 1e-6 {
			t.Fatalf("rate x area x weeks is %g, the count %d", got, year.Cells[i].Count)
		}
	}
	difference := ask("datetime=2017-01-01/2017-12-31&compare=2016-01-01/2016-12-30") // both of 365 days
	before := ask("datetime=2016-01-01/2016-12-30")
	got, was := 0, 0
	for _, c := range difference.Cells {
		if *c.Value != float64(c.Count-c.BeforeCount) {
			t.Fatalf("a difference of %g for %d and %d", *c.Value, c.Count, c.BeforeCount)
		}
		got, was = got+c.Count, was+c.BeforeCount
	}
	if got != year.Count || was != before.Count || difference.Legend.Palette != "blue-orange" || difference.Legend.Stops[0].Value >= 0 {
		t.Errorf("%d and %d, want %d and %d; %+v", got, was, year.Count, before.Count, difference.Legend)
	}
	if year.Count == 0 || before.Count == 0 || year.Count == plain.Count {
		t.Errorf("%d, %d and %d: the test sees nothing", year.Count, before.Count, plain.Count)
	}
}

func TestHeatByHouseholdsKnowsHowManyLiveThere(t *testing.T) {
	t.Parallel()
	s := reading(t)
	a := decode[heatAnswer](t, s.get(t, "viewer", "/heat/events/cells?per=1000-households&zoom=9&cells=32&lang=en", 200))
	homes, small := 0.0, 0
	for _, c := range a.Cells {
		homes += c.Households
		if c.Small {
			small++
		} else if math.Abs(*c.Value*c.Households/1000-float64(c.Count)) > 1e-6 {
			t.Fatalf("%+v", c)
		}
	}
	if math.Abs(homes-23736) > 40 || small == 0 || small == len(a.Cells) || a.Unit != "features per 1,000 households" || a.Legend.SmallHouseholds != 30 {
		t.Errorf("%g households, %d of %d cells small, %q, %+v", homes, small, len(a.Cells), a.Unit, a.Legend)
	}
}

func TestCellsForAnalystsAddUpWhateverTheirShape(t *testing.T) {
	t.Parallel()
	s := reading(t)
	want := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&datetime=2017-01-01/2017-06-30", 200)).NumberMatched
	for _, form := range []string{"shape=square&size=300", "shape=hexagon&size=250", "zoom=13", ""} {
		r := s.get(t, "viewer", "/heat/events/cells.geojson?datetime=2017-01-01/2017-06-30&per=ha-week&"+form, 200)
		a := decode[struct {
			Features []struct {
				ID         string
				Properties struct {
					Count  int
					Value  float64
					AreaHa float64 `json:"area_ha"`
				}
				Geometry struct{ Type string }
			}
			Manifest struct {
				Count    int
				Weeks    float64
				Unit     string
				Datetime string
			}
		}](t, r)
		count, ids := 0, map[string]bool{}
		for _, f := range a.Features {
			count += f.Properties.Count
			ids[f.ID] = true
			if p := f.Properties; math.Abs(p.Value*p.AreaHa*a.Manifest.Weeks-float64(p.Count)) > 1e-6 || f.Geometry.Type != "Polygon" {
				t.Fatalf("%s: %+v", form, f)
			}
		}
		if count != want || a.Manifest.Count != want || len(ids) != len(a.Features) || a.Manifest.Unit != "个/公顷·周" || a.Manifest.Datetime == "" {
			t.Errorf("%s: %d of %d events in %d cells of %d names, manifest %+v", form, count, want, len(a.Features), len(ids), a.Manifest)
		}
		if again := s.do(t, "viewer", "GET", "/heat/events/cells.geojson?datetime=2017-01-01/2017-06-30&per=ha-week&"+form, "", "If-None-Match", r.Header.Get("ETag")); again.StatusCode != 304 {
			t.Errorf("asked again: %d", again.StatusCode)
		}
	}
}

func TestHeatPicturesHaveTheSizeOfTheirName(t *testing.T) {
	t.Parallel()
	s := reading(t)
	size := func(r reply) int {
		img, err := png.Decode(bytes.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		return img.Bounds().Dx()
	}
	once := s.get(t, "viewer", heatTilePath("events", 14, ".png"), 200)
	twice := s.get(t, "viewer", heatTilePath("events", 14, "@2x.png"), 200)
	asked := s.get(t, "viewer", heatTilePath("events", 14, ".png?scale=2"), 200)
	if size(once) != 256 || size(twice) != 512 || !bytes.Equal(twice.body, asked.body) {
		t.Errorf("%d and %d pixels", size(once), size(twice))
	}
	for _, path := range []string{"@3x.png", "@2x.mvt", "@2x.json"} {
		if r := s.do(t, "viewer", "GET", heatTilePath("events", 14, path), ""); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestTheLegendOfHeatIsInBothLanguages(t *testing.T) {
	t.Parallel()
	s := reading(t)
	type legend struct{ Title, Unit string }
	for query, want := range map[string]legend{
		"":                             {"事件热力", "个/格"},
		"?lang=en":                     {"Events, heat", "features per cell"},
		"?weight=level":                {"事件热力（级别之和）", "级别/格"},
		"?per=1000-households&lang=en": {"Events, heat", "features per 1,000 households"},
		"?per=ha-week&lang=en&datetime=2017-01-01/2017-01-31":           {"Events, heat", "features per hectare per week"},
		"?datetime=2017-01-01/2017-01-31&compare=2017-02-01/2017-02-28": {"事件热力，前一时段减后一时段", "个/格·周"},
	} {
		if got := decode[legend](t, s.get(t, "viewer", "/heat/events/legend.json"+query, 200)); got != want {
			t.Errorf("%s: %+v, want %+v", query, got, want)
		}
	}
	tileJSON := string(s.get(t, "viewer", "/heat/events.json?lang=en", 200).body)
	if !strings.Contains(tileJSON, "features per cell") {
		t.Errorf("the TileJSON does not say the unit: %s", tileJSON)
	}
}

func TestBadHeatIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for query, word := range map[string]string{
		"agg=median": "agg", "agg=mean": "weight", "weight=title": "numeric", "weight=nothing": "numeric", "per=acre": "per", "per=ha-week": "datetime",
		"per=ha-week&datetime=2017-01-01/..": "datetime", "compare=2017-01-01/2017-02-01": "two windows", "datetime=2017-01-01/..&compare=2016-01-01/2016-02-01": "two windows",
		"datetime=2017-01-01/2017-02-01&compare=x": "compare", "half=0": "half", "half=-1": "half", "half=x": "half", "cells=7": "cells", "cells=48": "cells", "lang=fr": "lang",
		"weight=level&agg=max&per=1000-households": "sum", "datetime=2017-02-01/2017-01-01": "before", "datetime=2017-01-01/2017-02-01&compare=2017-02-01/2017-01-01": "before",
		"weigth=level": "weight", "weight=level&weight=level": "once",
	} {
		for _, path := range []string{heatTilePath("events", 12, ".json?"), heatTilePath("events", 12, ".png?"), "/heat/events/cells.geojson?", "/heat/events/legend.json?"} {
			r := s.do(t, "viewer", "GET", path+query, "")
			if r.StatusCode != 400 || !strings.Contains(string(r.body), word) {
				t.Errorf("%s%s: %d %s, want 400 with %q", path, query, r.StatusCode, r.body, word)
			}
		}
	}
	for query, word := range map[string]string{
		"shape=circle": "shape", "shape=hexagon": "size", "size=3": "size", "size=NaN": "size", "size=100&zoom=12": "zoom", "zoom=23": "zoom", "bbox=1,2": "bbox",
	} {
		r := s.do(t, "viewer", "GET", "/heat/events/cells.geojson?"+query, "")
		if r.StatusCode != 400 || !strings.Contains(string(r.body), word) {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.body)
		}
	}
	s.get(t, "viewer", "/heat/grids/legend.json", 400)
	s.get(t, "", "/heat/events/legend.json", 404)
	s.get(t, "viewer", "/heat/responders/cells?weight=phone", 400)
}

// withResidents adds a layer of persons to a service, most of them in few homes.
func (s *service) withResidents(t *testing.T) int {
	t.Helper()
	layer := layers.Layer{Name: "residents", Title: layers.Text{layers.Chinese: "居民", layers.English: "Residents"}, Kind: layers.Point, MaxZoom: 18, Personal: true, Writable: true,
		Fields: []layers.Field{{Name: "age", Type: layers.Int}, {Name: "community", Type: layers.String}}}
	changes := []layers.Change{{Op: layers.Define, Layer: layer.Name, Schema: &layer}}
	for i := range 240 {
		at := orb.Point{114.3105 + float64(i%30)*0.0002, 30.5767 + float64(i%7)*0.0002}
		if i > 228 {
			at = orb.Point{114.32 + float64(i%5)*0.003, 30.58}
		}
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer.Name, ID: int64(i + 1), Feature: &layers.Feature{ID: int64(i + 1), Geometry: at,
			Values: []layers.Value{layers.IntValue(int64(i % 90)), layers.TextValue(limitedTo)}}})
	}
	if _, err := s.live.Put(context.Background(), layers.Key{}, changes); err != nil {
		t.Fatal(err)
	}
	return 240
}

func TestPersonsAreCountsForWhoeverDoesNotNeedMore(t *testing.T) {
	t.Parallel()
	s := newService(t)
	all := s.withResidents(t)
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 14)
	for _, role := range []string{"", "viewer", "analyst", "display"} {
		for _, path := range []string{
			"/collections/residents/items", "/collections/residents/items/1", "/nearest/residents?lon=114.31&lat=30.57", "/export/residents.geojson",
			"/export/residents.csv", "/export/residents.manifest.json?format=csv", "/analytics/groups/residents?by=age",
			"/xyz/residents.json", "/collections/residents/tiles", fmt.Sprintf("/xyz/residents/14/%d/%d.mvt", tile.X, tile.Y), fmt.Sprintf("/xyz/grids,residents/14/%d/%d.mvt", tile.X, tile.Y),
		} {
			r := s.get(t, role, path, 403)
			if !strings.Contains(string(r.body), "/heat/residents") {
				t.Errorf("%s does not say where the counts are: %s", path, r.body)
			}
		}
		floor := map[string]int{"": 10}[role]
		if floor == 0 {
			floor = 5
		}
		for _, path := range []string{"/heat/residents/cells?zoom=16", "/heat/residents/cells?zoom=10", fmt.Sprintf("/heat/residents/14/%d/%d.json", tile.X, tile.Y)} {
			a := decode[heatAnswer](t, s.get(t, role, path, 200))
			sum := 0
			for _, c := range a.Cells {
				sum += c.Count
				if c.Count < floor || c.Count%floor != 0 {
					t.Errorf("%s as %q: a count of %d", path, role, c.Count)
				}
			}
			if a.Legend.Floor != floor || len(a.Cells) == 0 || strings.Contains(path, "zoom") && math.Abs(float64(sum-all)) > float64(floor*(len(a.Cells)+1)) {
				t.Errorf("%s as %q: %d persons in %d cells, floor %d", path, role, sum, len(a.Cells), a.Legend.Floor)
			}
		}
		for _, query := range []string{"age=17", "age=<>17", "datetime=2017-01-01", "bbox=114.3,30.5,114.4,30.6", "scope=420106001020", "weight=age", "per=1000-households", "id=1"} {
			s.get(t, role, fmt.Sprintf("/heat/residents/14/%d/%d.json?%s", tile.X, tile.Y, query), 400)
		}
		s.get(t, role, "/heat/residents/17/0/0.png", 400)
		s.get(t, role, "/heat/residents/legend.json?weight=age", 400)
		s.get(t, role, "/collections/residents", 200)
		drawn, err := mvt.Unmarshal(s.get(t, role, fmt.Sprintf("/tiles/WebMercatorQuad/14/%d/%d?f=mvt", tile.Y, tile.X), 200).body)
		if err != nil || len(drawn) == 0 || slices.ContainsFunc(drawn, func(l *mvt.Layer) bool { return l.Name == "residents" }) {
			t.Errorf("the tile of all layers holds persons, or nothing: %v", err)
		}
		if about := string(s.get(t, role, "/heat/residents.json", 200).body); !strings.Contains(about, `"maxzoom":16`) || strings.Contains(about, "bounds") {
			t.Errorf("the TileJSON of the counts: %s", about)
		}
		if style := string(s.get(t, role, "/style.json", 200).body); strings.Contains(style, "residents") {
			t.Error("the style draws persons")
		}
	}
	if n := decode[featureCollection](t, s.get(t, "dispatcher", "/collections/residents/items?limit=1", 200)).NumberMatched; n != all {
		t.Errorf("a dispatcher sees %d of %d persons", n, all)
	}
	s.get(t, "dispatcher", fmt.Sprintf("/xyz/residents/14/%d/%d.mvt", tile.X, tile.Y), 403)
	personsStayOffThePublicStream(t, s)
}

func TestALayerThatComesToBePersonalIsNotAnsweredFromBefore(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.withResidents(t)
	schema := func(personal bool) {
		table, err := s.live.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table("residents")
		if err != nil {
			t.Fatal(err)
		}
		l := table.Layer
		l.Personal = personal
		if _, err := s.live.Put(context.Background(), layers.Key{}, []layers.Change{{Op: layers.Define, Layer: l.Name, Schema: &l}}); err != nil {
			t.Fatal(err)
		}
	}
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 15)
	schema(false)
	for _, path := range []string{fmt.Sprintf("/heat/residents/15/%d/%d.json", tile.X, tile.Y), "/heat/residents/cells?zoom=15"} {
		open := s.get(t, "viewer", path, 200)
		schema(true)
		r := s.do(t, "viewer", "GET", path, "", "If-None-Match", open.Header.Get("ETag"))
		if r.StatusCode != 200 || decode[heatAnswer](t, r).Legend.Floor != 5 {
			t.Errorf("%s: %d %.200s", path, r.StatusCode, r.body)
		}
		schema(false)
	}
}

// personsStayOffThePublicStream checks who is told of a change of a person.
func personsStayOffThePublicStream(t *testing.T, s *service) {
	t.Helper()
	public, full := s.follow(t, ""), s.follow(t, "dispatcher")
	next(t, public, "hello")
	next(t, full, "hello")
	body := `{"type":"Feature","geometry":{"type":"Point","coordinates":[114.3105,30.5767]},"properties":{"age":40}}`
	if r := s.do(t, "dispatcher", "POST", "/collections/residents/items", body); r.StatusCode != 201 {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	if e := next(t, full, "changes"); !strings.Contains(e.data, "residents") {
		t.Errorf("the dispatcher is told %s", e.data)
	}
	if r := s.do(t, "dispatcher", "POST", "/collections/facilities/items",
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[114.3105,30.5767]},"properties":{"code":"F1","category":"pharmacy"}}`); r.StatusCode != 201 {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	if e := next(t, public, "changes"); strings.Contains(e.data, "residents") || !strings.Contains(e.data, "facilities") {
		t.Errorf("the public is told %s", e.data)
	}
}
