package tiles

import (
	"math"
	"slices"
	"strings"
	"testing"

	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// mixedView is a view of points that cluster, points that do not, areas with names and lines.
func mixedView(t testing.TB) *layers.View {
	t.Helper()
	b := layers.NewBuilder()
	add := func(l layers.Layer, features ...layers.Feature) {
		table, err := b.Layer(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range features {
			table.Add(f)
		}
	}
	add(pointLayer, points(3, 2500, 0.02)...)
	lone := layers.Layer{Name: "screens", Kind: layers.Point, MinZoom: 13, MaxZoom: 16, Fields: []layers.Field{attr("status", layers.String, true)}}
	add(lone, layers.Feature{ID: 1, Geometry: center, Values: []layers.Value{layers.TextValue("on")}})
	areas := layers.Layer{Name: "grids", Kind: layers.Polygon, MinZoom: 12, MaxZoom: 15, Title: layers.Text{layers.Chinese: "网格", layers.English: "Grids"}, Fields: []layers.Field{
		attr("code", layers.String, true),
		{Name: "area", Type: layers.Float, InTiles: true, Unit: "ha", Title: layers.Text{layers.Chinese: "面积", layers.English: "Area"}},
		attr("leader", layers.String, false),
	}}
	square := orb.Bound{Min: orb.Point{110.30, 20.01}, Max: orb.Point{110.31, 20.02}}.ToPolygon()
	add(areas, layers.Feature{ID: 1, Geometry: square, Values: []layers.Value{layers.TextValue("001"), layers.FloatValue(1.5), layers.TextValue("x")}})
	lines := layers.Layer{Name: "streets", Kind: layers.Line, MinZoom: 11, MaxZoom: 18, Fields: []layers.Field{attr("name", layers.String, true)}}
	add(lines, layers.Feature{ID: 1, Geometry: orb.LineString{{110.30, 20.01}, {110.32, 20.03}}, Values: []layers.Value{layers.TextValue("路")}})
	add(layers.Layer{Name: "notes", Kind: layers.None, MaxZoom: 18})
	if notes := b.Notes(); len(notes) > 0 {
		t.Fatal(notes[0].Reason)
	}
	return b.Snapshot(1).View(layers.Scope{})
}

var mixedNames = []string{"grids", "streets", "events", "screens", "notes"}

// TestADescriptionNamesAllThatIsDrawn holds what is described against what is drawn: the layers in their order, the keys
// of their features, and the zooms.
func TestADescriptionNamesAllThatIsDrawn(t *testing.T) {
	t.Parallel()
	v := mixedView(t)
	d, err := Describe(v, mixedNames, layers.English)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range d.Layers {
		ids = append(ids, l.ID)
	}
	if diff := cmp.Diff([]string{"grids", "grids_label", "grids_rest", "streets", "streets_rest", "events", "screens"}, ids); diff != "" {
		t.Fatal(diff)
	}
	first, keys := map[string]int{}, map[string]map[string]bool{}
	for z := maptile.Zoom(0); z <= 16; z++ {
		cover(d.Bound, z, func(tile maptile.Tile) {
			last := -1
			for _, l := range read(t, v, Request{Layers: mixedNames, Tile: tile}) {
				at := slices.Index(ids, l.name)
				if at <= last {
					t.Fatalf("%v: layer %s is not described, or out of order", tile, l.name)
				}
				last = at
				if _, seen := first[l.name]; !seen {
					first[l.name], keys[l.name] = int(z), map[string]bool{}
				}
				for _, f := range l.features {
					for key := range f.tags {
						keys[l.name][key] = true
					}
				}
			}
		})
	}
	for _, l := range d.Layers {
		if strings.HasSuffix(l.ID, restSuffix) { // no tile here is too full: TestCrowdedTileSaysWhatIsLeftOut has such
			continue
		}
		if first[l.ID] != l.MinZoom {
			t.Errorf("%s is drawn from zoom %d on, described from %d", l.ID, first[l.ID], l.MinZoom)
		}
		for key := range keys[l.ID] {
			if l.Fields[key] == "" {
				t.Errorf("%s: features have %q, which is not described", l.ID, key)
			}
		}
	}
	if !keys["events"][keyCluster] || !keys["events"][keyCount] {
		t.Error("no cluster was drawn")
	}
}

func TestADescriptionTellsZoomsUnitsAndTheMiddle(t *testing.T) {
	t.Parallel()
	v := mixedView(t)
	d, err := Describe(v, []string{"grids"}, layers.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	want := []LayerDescription{
		{ID: "grids", Description: "网格", MinZoom: 12, MaxZoom: 15, Fields: map[string]string{"code": "code", "area": "面积 (ha)"}},
		{ID: "grids_label", Description: "网格（标注点）", MinZoom: 12, MaxZoom: 15, Fields: map[string]string{"code": "code", "area": "面积 (ha)"}},
		{ID: "grids_rest", Description: "网格（瓦片过满时略去的要素）", MinZoom: 12, MaxZoom: 15, Fields: map[string]string{"feature_count": "此处略去的要素数"}},
	}
	for i, l := range d.Layers[:2] {
		if l.Types["area"] != layers.Float || l.Dimension != 2-2*i || l.Bound != d.Bound {
			t.Errorf("%s: types %v, dimension %d, bound %v", l.ID, l.Types, l.Dimension, l.Bound)
		}
	}
	if diff := cmp.Diff(want, d.Layers, cmpopts.IgnoreFields(LayerDescription{}, "Types", "Dimension", "Bound")); diff != "" {
		t.Error(diff)
	}
	at, zoom := d.Center()
	if math.Abs(at[0]-110.305) > 1e-6 || math.Abs(at[1]-20.015) > 1e-6 || zoom != 15 {
		t.Errorf("center %v at zoom %d", at, zoom)
	}
	both, err := Describe(v, []string{"grids", "streets"}, layers.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	if both.MinZoom != 11 || both.MaxZoom != 18 || both.Layers[0].MaxZoom != 18 {
		t.Errorf("zooms %d to %d, grids up to %d: tiles above a layer's last zoom repeat it", both.MinZoom, both.MaxZoom, both.Layers[0].MaxZoom)
	}
	if _, err := Describe(v, []string{"nothing"}, layers.Chinese); err == nil {
		t.Error("a layer that is not there is described")
	}
	none, err := Describe(v, []string{"notes"}, layers.Chinese)
	if err != nil || !none.Empty || none.MinZoom != 0 || none.MaxZoom != 0 || len(none.Layers) != 0 {
		t.Errorf("a layer without geometry: %+v, %v", none, err)
	}
}
