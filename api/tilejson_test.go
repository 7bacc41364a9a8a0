package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
)

// tileDocument is a TileJSON as a reader takes it.
type tileDocument struct {
	TileJSON     string        `json:"tilejson"`
	Scheme       string        `json:"scheme"`
	Tiles        []string      `json:"tiles"`
	MinZoom      *int          `json:"minzoom"`
	MaxZoom      *int          `json:"maxzoom"`
	Bounds       []float64     `json:"bounds"`
	Center       []float64     `json:"center"`
	VectorLayers []vectorLayer `json:"vector_layers"`
}

type vectorLayer struct {
	ID          *string           `json:"id"`
	Description *string           `json:"description"`
	MinZoom     *int              `json:"minzoom"`
	MaxZoom     *int              `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
}

// readTileJSON reads a TileJSON and holds it against what the specification (3.0.0, §3) asks for.
func readTileJSON(t *testing.T, r reply) tileDocument {
	t.Helper()
	var d tileDocument
	if err := json.Unmarshal(r.body, &d); err != nil {
		t.Fatalf("%v in %.300s", err, r.body)
	}
	if d.TileJSON != "3.0.0" || d.Scheme != "xyz" || len(d.Tiles) == 0 || d.VectorLayers == nil {
		t.Fatalf("a member that must be there is missing: %.300s", r.body)
	}
	for _, address := range d.Tiles {
		for _, part := range []string{"{z}", "{x}", "{y}"} {
			if strings.Count(address, part) != 1 {
				t.Errorf("tiles %q lacks %s", address, part)
			}
		}
	}
	if d.MinZoom == nil || d.MaxZoom == nil || *d.MinZoom < 0 || *d.MinZoom > *d.MaxZoom || *d.MaxZoom > 30 {
		t.Fatalf("zooms: %.300s", r.body)
	}
	b := d.Bounds
	if len(b) != 4 || b[0] < -180 || b[1] < -90 || b[2] > 180 || b[3] > 90 || b[0] >= b[2] || b[1] >= b[3] {
		t.Fatalf("bounds %v", b)
	}
	c := d.Center
	if len(c) != 3 || c[0] < b[0] || c[0] > b[2] || c[1] < b[1] || c[1] > b[3] || c[2] != float64(int(c[2])) || int(c[2]) < *d.MinZoom || int(c[2]) > *d.MaxZoom {
		t.Errorf("center %v of bounds %v", c, b)
	}
	for _, l := range d.VectorLayers {
		if l.ID == nil || *l.ID == "" || l.Description == nil || l.Fields == nil || l.MinZoom == nil || l.MaxZoom == nil {
			t.Fatalf("a vector layer lacks a member: %.300s", r.body)
		}
		if *l.MinZoom < *d.MinZoom || *l.MaxZoom > *d.MaxZoom {
			t.Errorf("%s: zooms %d to %d of tiles from %d to %d", *l.ID, *l.MinZoom, *l.MaxZoom, *d.MinZoom, *d.MaxZoom)
		}
	}
	return d
}

// at returns the address of a tile, from the service's own address on.
func (d *tileDocument) at(s *service, tile maptile.Tile) string {
	address := strings.TrimPrefix(d.Tiles[0], s.URL)
	return strings.NewReplacer("{z}", itoa(tile.Z), "{x}", itoa(tile.X), "{y}", itoa(tile.Y)).Replace(address)
}

func itoa[T ~uint32](n T) string { b, _ := json.Marshal(uint32(n)); return string(b) }

func TestTileJSONLeadsToTheTilesThatItDescribes(t *testing.T) {
	t.Parallel()
	s := reading(t)
	d := readTileJSON(t, s.get(t, "viewer", "/xyz/grids,events,communities.json?lang=en", 200))
	tile := maptile.At([2]float64{d.Center[0], d.Center[1]}, 14)
	drawn, err := mvt.Unmarshal(s.get(t, "viewer", d.at(s, tile), 200).body)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range drawn {
		at := slices.IndexFunc(d.VectorLayers, func(v vectorLayer) bool { return *v.ID == l.Name })
		if at < 0 {
			t.Errorf("layer %s is drawn and not described", l.Name)
			continue
		}
		for _, f := range l.Features {
			for key := range f.Properties {
				if d.VectorLayers[at].Fields[key] == "" {
					t.Fatalf("%s: %s is drawn and not described", l.Name, key)
				}
			}
		}
	}
	if len(drawn) != 5 {
		t.Errorf("%d layers in the tile: expected three and the labels of two", len(drawn))
	}
}

func TestTileJSONCarriesTheFilterAndNoMore(t *testing.T) {
	t.Parallel()
	s := reading(t)
	d := readTileJSON(t, s.get(t, "viewer", "/xyz/events.json?lang=en&level=1&scope=420106001", 200))
	if !strings.HasSuffix(d.Tiles[0], ".mvt?level=1&scope=420106001") {
		t.Errorf("tiles %q", d.Tiles[0])
	}
	heat := readTileJSON(t, s.get(t, "viewer", "/heat/events.json?weight=level&level=%3E%3D2", 200))
	if !strings.HasSuffix(heat.Tiles[0], "/heat/events/{z}/{x}/{y}.mvt?level=%3E%3D2&weight=level") || *heat.VectorLayers[0].ID != "heat" {
		t.Errorf("heat: %+v", heat)
	}
	tile := maptile.At([2]float64{heat.Center[0], heat.Center[1]}, 13)
	if drawn, err := mvt.Unmarshal(s.get(t, "viewer", heat.at(s, tile), 200).body); err != nil || len(drawn) != 1 || drawn[0].Name != "heat" {
		t.Errorf("heat tile: %v, %v", drawn, err)
	}
	for _, path := range []string{"/xyz/events.json?levle=1", "/xyz/events.json?level=x", "/xyz/events,grids.json?level=1", "/heat/events.json?wieght=level"} {
		if r := s.do(t, "viewer", "GET", path, ""); r.StatusCode != 400 {
			t.Errorf("GET %s: status %d", path, r.StatusCode)
		}
	}
}

func TestTileJSONBoundsAreThoseOfTheCallersFeatures(t *testing.T) {
	t.Parallel()
	s := reading(t)
	s.get(t, "", "/xyz/events.json", 404)
	all := readTileJSON(t, s.get(t, "dispatcher", "/xyz/events.json", 200)).Bounds
	own := readTileJSON(t, s.get(t, "limited", "/xyz/events.json", 200)).Bounds
	if own[2]-own[0] > (all[2]-all[0])*0.7 {
		t.Errorf("bounds of one community %v, of all %v", own, all)
	}
}
