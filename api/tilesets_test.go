package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
)

type matrixSetDocument struct {
	ID, CRS, URI string
	OrderedAxes  []string
	TileMatrices []struct {
		ID               string
		ScaleDenominator float64
		CellSize         float64
		CornerOfOrigin   string
		PointOfOrigin    [2]float64
		TileWidth        int
		TileHeight       int
		MatrixWidth      uint64
		MatrixHeight     uint64
	}
}

type linkDocument struct {
	Href, Rel, Type string
	Templated       bool
}

type tilesetDocument struct {
	Title, DataType, CRS    string
	TileMatrixSetURI        string
	TileMatrixSetDefinition string
	TileMatrixSetLimits     []struct {
		TileMatrix                                     string
		MinTileRow, MaxTileRow, MinTileCol, MaxTileCol uint32
	}
	BoundingBox struct{ LowerLeft, UpperRight [2]float64 }
	Layers      []struct {
		ID, DataType                 string
		GeometryDimension            *int
		MinTileMatrix, MaxTileMatrix string
		PropertiesSchema             struct {
			Type       string
			Properties map[string]struct{ Title, Type string }
		}
	}
	linkedDocument
}

type linkedDocument struct{ Links []linkDocument }

func (d *linkedDocument) link(t *testing.T, rel string) linkDocument {
	t.Helper()
	i := slices.IndexFunc(d.Links, func(l linkDocument) bool { return l.Rel == rel })
	if i < 0 {
		t.Fatalf("no link %s among %v", rel, d.Links)
	}
	return d.Links[i]
}

// TestTileMatrixSetsAreThoseOfTheRegister holds the sets against numbers of OGC's register and of Tianditu.
func TestTileMatrixSetsAreThoseOfTheRegister(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for _, want := range []struct {
		id, crs, first string
		axes           []string
		origin         [2]float64
		level          int // in the list
		name           string
		scale, cell    float64
		columns, rows  uint64
		levels         int
	}{
		{"WebMercatorQuad", "http://www.opengis.net/def/crs/EPSG/0/3857", "0", []string{"E", "N"}, [2]float64{-20037508.3427892, 20037508.3427892},
			18, "18", 2132.72958385, 0.597164283559817, 262144, 262144, 23},
		{"WorldCRS84Quad", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "0", []string{"Lon", "Lat"}, [2]float64{-180, 90},
			17, "17", 2132.72958384978, 0.00000536441802978515, 262144, 131072, 22},
		{"CGCS2000Quad", "http://www.opengis.net/def/crs/EPSG/0/4490", "1", []string{"Lat", "Lon"}, [2]float64{90, -180},
			16, "17", 4265.45916769956, 0.0000107288360595703, 131072, 65536, 22},
	} {
		got := decode[matrixSetDocument](t, s.get(t, "", "/tileMatrixSets/"+want.id, 200))
		if got.ID != want.id || got.CRS != want.crs || len(got.TileMatrices) != want.levels || got.TileMatrices[0].ID != want.first || !slices.Equal(got.OrderedAxes, want.axes) {
			t.Errorf("%s: %+v", want.id, got)
			continue
		}
		m := got.TileMatrices[want.level]
		close := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }
		if m.ID != want.name || !close(m.ScaleDenominator, want.scale) || !close(m.CellSize, want.cell) || m.MatrixWidth != want.columns || m.MatrixHeight != want.rows ||
			m.TileWidth != 256 || m.TileHeight != 256 || m.CornerOfOrigin != "topLeft" || !close(m.PointOfOrigin[0], want.origin[0]) || !close(m.PointOfOrigin[1], want.origin[1]) {
			t.Errorf("%s: level %+v", want.id, m)
		}
	}
	list := decode[struct {
		TileMatrixSets []struct {
			ID    string
			Links []linkDocument
		}
	}](t, s.get(t, "", "/tileMatrixSets?f=json", 200))
	for _, m := range list.TileMatrixSets {
		s.get(t, "", strings.TrimPrefix(m.Links[0].Href, s.URL), 200)
	}
	if len(list.TileMatrixSets) != 3 {
		t.Errorf("%d sets", len(list.TileMatrixSets))
	}
}

// TestALayerIsTheSameInEveryMatrixSet follows the links from the landing page and from a layer to their tilesets, asks
// for every tile within the limits of a level, and finds each feature where it is.
func TestALayerIsTheSameInEveryMatrixSet(t *testing.T) {
	t.Parallel()
	s := reading(t)
	screens := decode[featureCollection](t, s.get(t, "", "/collections/screens/items?limit=1000", 200))
	card := decode[linkedDocument](t, s.get(t, "", "/collections/screens", 200))
	list := decode[struct{ Tilesets []tilesetDocument }](t, s.get(t, "", strings.TrimPrefix(card.link(t, "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector").Href, s.URL), 200))
	if len(list.Tilesets) != 3 {
		t.Fatalf("%d tilesets", len(list.Tilesets))
	}
	for _, entry := range list.Tilesets {
		set := decode[tilesetDocument](t, s.get(t, "", strings.TrimPrefix(entry.link(t, "self").Href, s.URL), 200))
		scheme := decode[matrixSetDocument](t, s.get(t, "", strings.TrimPrefix(set.link(t, "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme").Href, s.URL), 200))
		if set.DataType != "vector" || set.CRS != scheme.CRS || set.TileMatrixSetURI != scheme.URI || !strings.HasSuffix(set.TileMatrixSetDefinition, "/tileMatrixSets/"+scheme.ID) {
			t.Errorf("%s: %+v", scheme.ID, set)
		}
		if len(set.Layers) != 1 || set.Layers[0].ID != "screens" || *set.Layers[0].GeometryDimension != 0 || set.Layers[0].PropertiesSchema.Properties["status"].Type != "string" {
			t.Errorf("%s: layers %+v", scheme.ID, set.Layers)
		}
		item := set.link(t, "item")
		if !item.Templated || item.Type != "application/vnd.mapbox-vector-tile" {
			t.Errorf("%s: %+v", scheme.ID, item)
		}
		limits := set.TileMatrixSetLimits[2]
		found := map[float64]bool{}
		for row := limits.MinTileRow; row <= limits.MaxTileRow; row++ {
			for col := limits.MinTileCol; col <= limits.MaxTileCol; col++ {
				path := strings.NewReplacer("{tileMatrix}", limits.TileMatrix, "{tileRow}", fmt.Sprint(row), "{tileCol}", fmt.Sprint(col)).Replace(strings.TrimPrefix(item.Href, s.URL))
				r := s.do(t, "", "GET", path, "")
				if r.StatusCode == 204 {
					continue
				}
				drawn, err := mvt.Unmarshal(r.body)
				if r.StatusCode != 200 || err != nil || r.Header.Get("Content-Type") != item.Type {
					t.Fatalf("GET %s: status %d, %v", path, r.StatusCode, err)
				}
				for _, f := range drawn[0].Features {
					found[f.ID.(float64)] = true
				}
			}
		}
		if len(found) != len(screens.Features) {
			t.Errorf("%s: %d of %d screens within the limits of level %s", scheme.ID, len(found), len(screens.Features), limits.TileMatrix)
		}
	}
}

func TestDatasetTilesHoldTheCollectionsAskedFor(t *testing.T) {
	t.Parallel()
	s := reading(t)
	page := decode[linkedDocument](t, s.get(t, "viewer", "/", 200))
	all := strings.TrimPrefix(page.link(t, "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector").Href, s.URL)
	set := decode[tilesetDocument](t, s.get(t, "viewer", all+"/CGCS2000Quad?collections=grids,screens", 200))
	var ids []string
	for _, l := range set.Layers {
		ids = append(ids, l.ID)
	}
	if diff := cmp.Diff([]string{"grids", "grids_label", "grids_rest", "screens"}, ids); diff != "" {
		t.Error(diff)
	}
	if href := set.link(t, "item").Href; !strings.Contains(href, "?collections=grids%2Cscreens&f=mvt") {
		t.Error(href)
	}
	// The tile in the middle: the grids of Tianditu's c at level 15 are those of Web Mercator, on another lattice.
	middle := orb.Point{114.3085, 30.5674}
	names := func(role, path string) (names []string) {
		drawn, err := mvt.Unmarshal(s.get(t, role, path, 200).body)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range drawn {
			names = append(names, l.Name)
		}
		return names
	}
	col, row := int((middle[0]+180)/360*(1<<15)), int((90-middle[1])/360*(1<<15))
	if got := names("", fmt.Sprintf("/tiles/CGCS2000Quad/15/%d/%d?collections=grids,communities", row, col)); len(got) < 3 || got[0] != "grids" || !slices.Contains(got, "communities") {
		t.Error(got)
	}
	own, public := names("viewer", fmt.Sprintf("/tiles/WorldCRS84Quad/14/%d/%d", row, col)), names("", fmt.Sprintf("/tiles/WorldCRS84Quad/14/%d/%d", row, col))
	if !slices.Contains(own, "events") || slices.Contains(public, "events") || !slices.Contains(public, "grids") {
		t.Errorf("a viewer sees %v, the public %v", own, public)
	}
	tile := maptile.At(middle, 15)
	a := s.get(t, "", fmt.Sprintf("/tiles/WebMercatorQuad/15/%d/%d?collections=grids", tile.Y, tile.X), 200)
	b := s.get(t, "", fmt.Sprintf("/xyz/grids/15/%d/%d.mvt", tile.X, tile.Y), 200)
	if string(a.body) != string(b.body) || a.Header.Get("ETag") != b.Header.Get("ETag") {
		t.Error("WebMercatorQuad is not the tiles of /xyz")
	}
	s.get(t, "", "/tiles/WebMercatorQuad?collections=events", 404)
}

func TestTilesOfMatrixSetsTakeFiltersAndRefuseTheRest(t *testing.T) {
	t.Parallel()
	s := reading(t)
	count := func(path string) (n int) {
		drawn, err := mvt.Unmarshal(s.get(t, "viewer", path, 200).body)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range drawn[0].Features {
			if c, ok := f.Properties["point_count"].(float64); ok {
				n += int(c)
			} else {
				n++
			}
		}
		return n
	}
	if all, some := count("/collections/events/tiles/CGCS2000Quad/8/42/209"), count("/collections/events/tiles/CGCS2000Quad/8/42/209?level=1"); some == 0 || some >= all {
		t.Errorf("%d events, %d of level 1", all, some)
	}
	for path, status := range map[string]int{
		"/tileMatrixSets/WebMercator": 404, "/collections/grids/tiles/GlobalMercator": 404, "/collections/grid/tiles": 404,
		"/collections/grids/tiles/CGCS2000Quad/0/0/0": 404, "/collections/grids/tiles/CGCS2000Quad/1/1/0": 404, "/collections/grids/tiles/CGCS2000Quad/1/0/2": 404,
		"/collections/grids/tiles/WorldCRS84Quad/22/0/0": 404, "/collections/grids/tiles/WebMercatorQuad/-1/0/0": 404, "/collections/grids/tiles/WebMercatorQuad/x/0/0": 404,
		"/collections/grids/tiles/CGCS2000Quad/1/0/0?f=png": 400, "/collections/grids/tiles?f=html": 400, "/tileMatrixSets?lang=fr": 400, "/tileMatrixSets?x=1": 400,
		"/tiles?collections=grids,nothing": 404, "/collections/grids/tiles/CGCS2000Quad/1/0/0?collections=grids": 400, "/collections/grids/tiles/CGCS2000Quad/1/0/0": 204,
	} {
		if r := s.do(t, "", "GET", path, ""); r.StatusCode != status {
			t.Errorf("GET %s: status %d, expected %d: %.200s", path, r.StatusCode, status, r.body)
		}
	}
	for accept, status := range map[string]int{
		"application/vnd.mapbox-vector-tile": 204, "text/html, */*;q=0.1": 204, "application/*": 204, "image/png": 406, "*/*;q=0": 406, "application/json": 406,
	} {
		if r := s.do(t, "", "GET", "/collections/grids/tiles/CGCS2000Quad/1/0/0", "", "Accept", accept); r.StatusCode != status {
			t.Errorf("Accept %s: status %d, expected %d", accept, r.StatusCode, status)
		}
	}
}

// TestALonLatTileIsRevalidatedAndRenewed writes an event: the tile that it is in has a new ETag, one elsewhere has not.
func TestALonLatTileIsRevalidatedAndRenewed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	path := func(lon, lat float64) string {
		return fmt.Sprintf("/collections/events/tiles/CGCS2000Quad/16/%d/%d", int((90-lat)/360*(1<<16)), int((lon+180)/360*(1<<16)))
	}
	var event struct {
		Geometry struct{ Coordinates [2]float64 }
	}
	if err := json.Unmarshal([]byte(newEvent), &event); err != nil {
		t.Fatal(err)
	}
	here := path(event.Geometry.Coordinates[0], event.Geometry.Coordinates[1])
	tag := func(path string) string { return s.do(t, "dispatcher", "GET", path, "").Header.Get("ETag") }
	elsewhere := path(event.Geometry.Coordinates[0], event.Geometry.Coordinates[1]-0.02)
	before, far := tag(here), tag(elsewhere)
	if r := s.do(t, "dispatcher", "GET", here, "", "If-None-Match", before); r.StatusCode != 304 {
		t.Errorf("status %d for what the caller has", r.StatusCode)
	}
	if r := s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent, "Content-Type", "application/geo+json"); r.StatusCode != 201 {
		t.Fatalf("status %d: %s", r.StatusCode, r.body)
	}
	if after := tag(here); after == before || after == "" {
		t.Errorf("the tile of the event has ETag %q before and %q after", before, after)
	}
	if after := tag(elsewhere); after != far {
		t.Errorf("a tile elsewhere has ETag %q before and %q after", far, after)
	}
}

// TestALayerMayHaveANameInAnyScript asks for a layer with a Chinese name by the addresses that are linked.
func TestALayerMayHaveANameInAnyScript(t *testing.T) {
	t.Parallel()
	s := newService(t)
	l := layers.Layer{Name: "行道树", Title: layers.Text{layers.Chinese: "行道树"}, Kind: layers.Point, MaxZoom: 16}
	tree := layers.Feature{ID: 1, Geometry: orb.Point{114.3105, 30.5767}}
	_, err := s.live.Put(t.Context(), layers.Key{}, []layers.Change{
		{Op: layers.Define, Layer: l.Name, Schema: &l}, {Op: layers.Insert, Layer: l.Name, ID: 1, Feature: &tree},
	})
	if err != nil {
		t.Fatal(err)
	}
	type card struct {
		ID    string
		Links []linkDocument
	}
	all := decode[struct{ Collections []card }](t, s.get(t, "", "/collections", 200)).Collections
	at := slices.IndexFunc(all, func(c card) bool { return c.ID == l.Name })
	for _, link := range all[at].Links {
		s.get(t, "", strings.TrimPrefix(link.Href, s.URL), 200)
	}
	d := readTileJSON(t, s.get(t, "", "/xyz/%E8%A1%8C%E9%81%93%E6%A0%91.json", 200))
	drawn, err := mvt.Unmarshal(s.get(t, "", d.at(s, maptile.At(orb.Point{114.3105, 30.5767}, 14)), 200).body)
	if err != nil || len(drawn) != 1 || drawn[0].Name != l.Name {
		t.Errorf("%v, %v", drawn, err)
	}
	set := decode[tilesetDocument](t, s.get(t, "", "/collections/%E8%A1%8C%E9%81%93%E6%A0%91/tiles/CGCS2000Quad", 200))
	if href := set.link(t, "item").Href; !strings.Contains(href, "/collections/%E8%A1%8C%E9%81%93%E6%A0%91/tiles/") {
		t.Error(href)
	}
}
