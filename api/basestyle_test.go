package api

import (
	"testing"

	"shapan/layers"
	"shapan/tiles"

	"github.com/google/go-cmp/cmp"
)

func TestABasemapIsSeenThroughTheGrounds(t *testing.T) {
	t.Parallel()
	shown := []layers.Layer{{Name: "subdistricts", Kind: layers.Polygon}, {Name: "communities", Kind: layers.Polygon}}
	for _, base := range []*tiles.Archive{nil, {Ext: "png"}} {
		s, err := styleOf(wallTheme, shown, base, layers.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, l := range s.Layers {
			if l["type"] == "fill" && l["source"] == "shapan" {
				if opacity, ok := l["paint"].(map[string]any)["fill-opacity"].(float64); ok && opacity < 0.5 {
					seen++
				}
			}
		}
		if want := map[bool]int{true: 0, false: 2}[base == nil]; seen != want {
			t.Errorf("basemap %v: %d areas are seen through, expected %d", base != nil, seen, want)
		}
	}
}

// TestAKnownBasemapIsDrawnByItsParts styles the schemas of Protomaps and OpenMapTiles.
func TestAKnownBasemapIsDrawnByItsParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ has, want []string }{
		{[]string{"boundaries", "buildings", "earth", "landcover", "landuse", "places", "pois", "roads", "water", "water"}, []string{
			"background", "basemap-earth-fill", "basemap-landcover-fill", "basemap-landuse-fill", "basemap-water-fill", "basemap-water-line",
			"basemap-buildings-fill", "basemap-roads-line", "basemap-boundaries-line", "basemap-places-symbol",
		}},
		{[]string{"water", "waterway", "building", "transportation", "transportation_name", "place", "park"}, []string{
			"background", "basemap-park-fill", "basemap-water-fill", "basemap-water-line", "basemap-waterway-line",
			"basemap-building-fill", "basemap-transportation-line", "basemap-place-symbol",
		}},
		{[]string{"a", "water"}, []string{"background", "basemap-a-fill", "basemap-water-fill", "basemap-a-line", "basemap-water-line", "basemap-a-circle", "basemap-water-circle"}},
	} {
		base := &tiles.Archive{Ext: "mvt", MaxZoom: 14}
		for _, id := range c.has {
			base.Metadata.Layers = append(base.Metadata.Layers, tiles.LayerDescription{ID: id})
		}
		s, err := styleOf(wallTheme, nil, base, layers.English)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range s.Layers {
			got = append(got, l["id"].(string))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
