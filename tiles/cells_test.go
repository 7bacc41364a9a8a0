package tiles

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

func cells(t testing.TB, v *layers.View, r CellsRequest) CellSet {
	t.Helper()
	s, err := Cells(context.Background(), v, r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cellForms are requests for cells of every kind.
func cellForms() []CellsRequest {
	return []CellsRequest{
		{Layer: "events", Zoom: 12, Cells: 32}, {Layer: "events", Zoom: 15}, {Layer: "events", Shape: Square, Size: 250},
		{Layer: "events", Shape: Hexagon, Size: 170}, {Layer: "events", Shape: Hexagon, Size: 4000},
	}
}

func TestCellsAddUpOverAnyCover(t *testing.T) {
	t.Parallel()
	features := points(51, 1200, 0.04)
	features = append(features, // at the ends of the world
		layers.Feature{ID: 5001, Geometry: orb.Point{180, 0}, Values: features[0].Values}, layers.Feature{ID: 5002, Geometry: orb.Point{-180, 10}, Values: features[0].Values},
		layers.Feature{ID: 5003, Geometry: orb.Point{0, 90}, Values: features[0].Values}, layers.Feature{ID: 5004, Geometry: orb.Point{20, -90}, Values: features[0].Values})
	v := view(t, pointLayer, features...)
	rnd := rand.New(rand.NewPCG(52, 1))
	for _, form := range cellForms() {
		whole := map[string]Cell{}
		all := cells(t, v, form)
		for i, c := range all.Cells {
			whole[all.names[i]] = c
		}
		if n, _ := all.total(); n != len(features) || len(whole) != len(all.Cells) {
			t.Fatalf("%+v: %d of %d points in %d cells of %d names", form, n, len(features), len(all.Cells), len(whole))
		}
		for range 2 { // a cover of the world by nine bounds, cut near the points, one of the three columns across the antimeridian
			lon := []float64{center[0] + (rnd.Float64()-0.5)*0.04, center[0] + (rnd.Float64()-0.5)*0.04, 150}
			slices.Sort(lon)
			lat := []float64{-90, center[1] + (rnd.Float64()-0.5)*0.04, center[1] + (rnd.Float64()-0.5)*0.04, 90}
			slices.Sort(lat)
			count, seen := 0, map[string]bool{}
			for i := range 3 {
				for j := range 3 {
					r := form
					r.Bound = &orb.Bound{Min: orb.Point{lon[i], lat[j]}, Max: orb.Point{lon[(i+1)%3], lat[j+1]}}
					part := cells(t, v, r)
					for k, c := range part.Cells {
						name := part.names[k]
						if seen[name] {
							t.Fatalf("%+v: cell %s is in two bounds", form, name)
						}
						seen[name] = true
						if !reflect.DeepEqual(whole[name], c) {
							t.Fatalf("%+v: cell %s depends on the bound: %+v and %+v", form, name, whole[name], c)
						}
						count += c.Count
					}
				}
			}
			if count != len(features) {
				t.Fatalf("%+v: %d of %d points over a cover", form, count, len(features))
			}
		}
	}
}

func TestACellHoldsItsPointsAndHasItsArea(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(53, 1))
	for _, lattice := range []tiling{mercator{9}, mercator{21}, squares{100}, squares{25_000}, hexagons{90}, hexagons{30_000}} {
		for range 400 {
			x, y := geo.World(orb.Point{rnd.Float64()*350 - 175, rnd.Float64()*140 - 70})
			k := lattice.at(x, y)
			middle, outline, hectares := lattice.place(k)
			p := geo.Unworld(x, y)
			if len(within(orb.Ring{p, {p[0] + 1e-9, p[1]}, {p[0], p[1] + 1e-9}, p}, grown(middle, outline))) == 0 {
				t.Fatalf("%s: %v is not in %v", lattice.name(k), p, outline)
			}
			if lattice.at(geo.World(middle)) != k {
				t.Fatalf("%s: its middle %v is in %s", lattice.name(k), middle, lattice.name(lattice.at(geo.World(middle))))
			}
			if area := geo.Area(orb.Polygon{outline}) / 1e4; math.Abs(area/hectares-1) > 0.01 {
				t.Fatalf("%s: %g ha are said, the outline has %g", lattice.name(k), hectares, area)
			}
			if outline.Orientation() != orb.CCW || !outline.Closed() {
				t.Fatalf("%s: outline %v", lattice.name(k), outline)
			}
			if b := lattice.around(orb.Bound{Min: middle, Max: middle}); !b.Contains(p) {
				t.Fatalf("%s: %v is not around the middle %v", lattice.name(k), p, middle)
			}
		}
	}
	at := hexagons{200}
	middle, outline, _ := at.place(at.at(geo.World(orb.Point{114.3, 30}))) // regular where the frame is true
	for _, p := range outline {
		if d := geo.Distance(middle, p); math.Abs(d-200/math.Sqrt(3)) > 0.2 {
			t.Errorf("a corner is %g m from the middle", d)
		}
	}
}

// grown returns an outline a little larger, against rounding and the bend of edges.
func grown(middle orb.Point, outline orb.Ring) orb.Ring {
	out := make(orb.Ring, len(outline))
	for i, p := range outline {
		out[i] = orb.Point{middle[0] + (p[0]-middle[0])*1.01, middle[1] + (p[1]-middle[1])*1.01}
	}
	return out
}

func TestCellsAreFeaturesWithAManifest(t *testing.T) {
	t.Parallel()
	v := view(t, pointLayer, points(54, 500, 0.02)...)
	for _, form := range cellForms() {
		form.Measure = Measure{Weight: "share", Aggregate: Mean}
		set := cells(t, v, form)
		var b, again bytes.Buffer
		m := Manifest{Lang: layers.English, Seq: 7, Datetime: "2026-03-01/2026-03-02"}
		if err := set.WriteGeoJSON(&b, m); err != nil {
			t.Fatal(err)
		}
		if other := cells(t, v, form); other.WriteGeoJSON(&again, m) != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Error("equal questions have different answers")
		}
		fc, err := geojson.UnmarshalFeatureCollection(b.Bytes())
		if err != nil || len(fc.Features) != len(set.Cells) {
			t.Fatal(err)
		}
		count := 0.0
		for i, f := range fc.Features {
			count += f.Properties.MustFloat64("count")
			value, known := f.Properties["value"]
			if c := set.Cells[i]; f.ID != set.names[i] || (value != nil) != c.Valid || !known || math.Abs(f.Properties.MustFloat64("area_ha")/c.Hectares-1) > 1e-11 {
				t.Fatalf("feature %v %v for %+v", f.ID, f.Properties, c)
			}
		}
		manifest := fc.ExtraMembers["manifest"].(map[string]any)
		if manifest["count"] != count || manifest["numberReturned"] != float64(len(set.Cells)) || manifest["unit"] == "" || manifest["seq"] != 7.0 || count != 500 {
			t.Errorf("manifest %v of %g points", manifest, count)
		}
		var plain struct {
			Cells []struct{ Count int }
			Count int
		}
		if err := json.Unmarshal(set.JSON(m), &plain); err != nil || len(plain.Cells) != len(set.Cells) || plain.Count != 500 {
			t.Errorf("%v: %d cells of %d points", err, len(plain.Cells), plain.Count)
		}
	}
}

func TestCellsSayWhatTheyCannotDo(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(55, 1))
	features := points(56, 1100, 0)
	for i := range features {
		features[i].Geometry = orb.Point{rnd.Float64()*300 - 150, rnd.Float64()*120 - 60}
	}
	v := view(t, pointLayer, features...)
	for field, r := range map[string]CellsRequest{
		"cells": {Cells: 48}, "zoom": {Zoom: 23}, "size": {Size: 9}, "circle": {Shape: "circle"},
	} {
		r.Layer = "events"
		var e *layers.Error
		if _, err := Cells(context.Background(), v, r); !errors.As(err, &e) || e.Field != field || !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	for _, r := range []CellsRequest{{Zoom: 20}, {Size: 100}, {Shape: Hexagon, Size: 100}, {Shape: Hexagon}} {
		r.Layer, r.most = "events", 1000
		if _, err := Cells(context.Background(), v, r); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%+v: %v", r, err)
		}
		r.Bound = &orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{20, 20}}
		if _, err := Cells(context.Background(), v, r); (err == nil) != (r.Shape != Hexagon || r.Size > 0) {
			t.Errorf("in a smaller bound, %+v: %v", r, err)
		}
	}
	if _, err := Cells(context.Background(), v, CellsRequest{Layer: "nothing"}); !errors.Is(err, layers.ErrNotFound) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Cells(ctx, v, CellsRequest{Layer: "events"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
