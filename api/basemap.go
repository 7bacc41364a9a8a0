package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"shapan/layers"
	"shapan/tiles"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
)

// basemapTime is how long a browser keeps a tile of the basemap without asking.
const basemapTime = "public, max-age=3600"

// errNoBasemap is what is answered where no basemap is offered.
func errNoBasemap() error {
	return &layers.Error{Kind: layers.ErrNotFound, Detail: "this service offers no basemap: shapan serve --basemap FILE.pmtiles does"}
}

// basemapTile answers a tile of the basemap, which everyone may see.
func (s *Server) basemapTile(w http.ResponseWriter, c *call) error {
	if err := c.params.done(); err != nil {
		return err
	}
	if s.Basemap == nil {
		return errNoBasemap()
	}
	tile, err := c.tileAddress()
	if err != nil {
		return err
	}
	if ext := mux.Vars(c.Request)["ext"]; ext != s.Basemap.Ext {
		return layers.NotFound("the basemap has no .%s tiles: expected .%s", ext, s.Basemap.Ext)
	}
	if !s.Basemap.Covers(tile) {
		return layers.NotFound("tile zoom %d: the basemap has zooms %d to %d", tile.Z, s.Basemap.MinZoom, s.Basemap.MaxZoom)
	}
	weakTag(w, "basemap", s.Basemap.ID, tile)
	if unchanged(w, c) {
		w.Header().Set("Cache-Control", basemapTime)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, gzipped, err := s.Basemap.Tile(tile)
	if err == nil && gzipped && !acceptsGzip(c.Request) {
		body, err = tiles.Unpack(body)
		gzipped = false
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", basemapTime)
	if len(body) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Add("Vary", "Accept-Encoding")
	if gzipped {
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	return writeBody(w, c, http.StatusOK, s.Basemap.MediaType, body)
}

// basemapJSON answers the TileJSON of the basemap.
func (s *Server) basemapJSON(w http.ResponseWriter, c *call) error {
	if err := c.params.done(); err != nil {
		return err
	}
	a := s.Basemap
	if a == nil {
		return errNoBasemap()
	}
	out := tileJSON{
		TileJSON: "3.0.0", Name: a.Metadata.Name, Description: a.Metadata.Description, Attribution: a.Metadata.Attribution, Scheme: "xyz",
		Tiles: []string{s.base(c.Request) + basemapPath(a)}, VectorLayers: basemapLayers(a), MinZoom: a.MinZoom, MaxZoom: a.MaxZoom,
	}
	var ok bool
	if out.Bounds, ok = basemapBound(a); ok && a.Bound.Contains(a.Center) {
		out.Center = []float64{a.Center[0], a.Center[1], float64(min(max(a.CenterZoom, a.MinZoom), a.MaxZoom))}
	}
	weakTag(w, a.ID, s.base(c.Request))
	return writeJSON(w, c, http.StatusOK, out)
}

func basemapPath(a *tiles.Archive) string { return "/basemap/{z}/{x}/{y}." + a.Ext }

// basemapLayers returns the layers of vector tiles; nil for pictures. Some makers leave out the zooms.
func basemapLayers(a *tiles.Archive) []tiles.LayerDescription {
	if a.Ext != "mvt" {
		return nil
	}
	list := slices.Clone(a.Metadata.Layers)
	for i := range list {
		l := &list[i]
		if l.Fields == nil {
			l.Fields = map[string]string{}
		}
		l.MinZoom = min(max(l.MinZoom, a.MinZoom), a.MaxZoom)
		if l.MaxZoom = min(l.MaxZoom, a.MaxZoom); l.MaxZoom < l.MinZoom {
			l.MaxZoom = a.MaxZoom
		}
	}
	if list == nil {
		list = []tiles.LayerDescription{}
	}
	return list
}

// basemapBound returns the bound that the file tells, where it makes sense.
func basemapBound(a *tiles.Archive) ([]float64, bool) {
	b := a.Bound
	world := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	if b.Min[0] >= b.Max[0] || b.Min[1] >= b.Max[1] || !world.Contains(b.Min) || !world.Contains(b.Max) {
		return nil, false
	}
	return []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}, true
}

// grounds are the theme's areas that would hide a basemap.
var grounds = []string{"subdistricts-fill", "communities-fill"}

// lay puts the basemap under the layers of the style, in place of the theme's own sketch of the river, and lets it be seen
// through the areas that cover it.
func (s *mapStyle) lay(a *tiles.Archive) error {
	src := map[string]any{"type": "vector", "tiles": []string{basemapPath(a)}, "minzoom": a.MinZoom, "maxzoom": a.MaxZoom}
	if a.Ext != "mvt" {
		src["type"], src["tileSize"] = "raster", 256
	}
	if b, ok := basemapBound(a); ok {
		src["bounds"] = b
	}
	if a.Metadata.Attribution != "" {
		src["attribution"] = a.Metadata.Attribution
	}
	b, err := json.Marshal(src)
	if err != nil {
		return err
	}
	s.Layers = slices.DeleteFunc(s.Layers, func(l map[string]any) bool { return l["source"] == "sketch" })
	delete(s.Sources, "sketch")
	s.Sources["basemap"] = b
	for _, l := range s.Layers {
		if paint, ok := l["paint"].(map[string]any); ok && slices.Contains(grounds, fmt.Sprint(l["id"])) {
			paint["fill-opacity"] = 0.3
		}
	}
	at := 0
	for at < len(s.Layers) && s.Layers[at]["type"] == "background" {
		at++
	}
	s.Layers = slices.Insert(s.Layers, at, baseLayers(a, textFont(s.Layers))...)
	return nil
}

// textFont returns the fonts that the theme writes in.
func textFont(list []map[string]any) any {
	for _, l := range list {
		if layout, ok := l["layout"].(map[string]any); ok && layout["text-font"] != nil {
			return layout["text-font"]
		}
	}
	return []string{"Noto Sans CJK SC"}
}

// basePart is how a kind of thing looks on the basemap.
type basePart struct {
	ids    []string // the names of its layer in the schemas of Protomaps (version 4) and OpenMapTiles
	kind   string   // of the style's layer
	shape  string   // only geometries of this type; empty: all
	paint  map[string]any
	layout map[string]any
}

// baseParts are the parts of a vector basemap that are drawn, from below: sober, so that what lies above is seen.
func baseParts(font any) []basePart {
	sort := []any{"coalesce", []any{"get", "kind"}, []any{"get", "class"}, ""} // of a road or a place, in either schema
	large := []any{"match", sort, []string{"highway", "major_road", "motorway", "trunk", "primary", "secondary"}, 1.6, 0.7}
	return []basePart{
		{ids: []string{"earth"}, kind: "fill", shape: "Polygon", paint: map[string]any{"fill-color": "#070f1c"}},
		{ids: []string{"landcover"}, kind: "fill", shape: "Polygon", paint: map[string]any{"fill-color": "#0a1a1c", "fill-opacity": 0.6}},
		{ids: []string{"landuse"}, kind: "fill", shape: "Polygon", paint: map[string]any{"fill-color": "#0b1622", "fill-opacity": 0.6}},
		{ids: []string{"park"}, kind: "fill", shape: "Polygon", paint: map[string]any{"fill-color": "#0a1f1d", "fill-opacity": 0.6}},
		{ids: []string{"water"}, kind: "fill", shape: "Polygon", paint: map[string]any{"fill-color": "#071c33"}},
		{ids: []string{"water", "waterway"}, kind: "line", shape: "LineString", paint: map[string]any{"line-color": "#0d2d4e", "line-width": 1}},
		{ids: []string{"buildings", "building"}, kind: "fill", shape: "Polygon", paint: map[string]any{"fill-color": "#101d2e"}},
		{ids: []string{"roads", "transportation"}, kind: "line", shape: "LineString", paint: map[string]any{
			"line-color": "#21344d", "line-width": []any{"interpolate", []any{"exponential", 1.6}, []any{"zoom"}, 8, []any{"*", large, 0.5}, 18, []any{"*", large, 6}},
		}},
		{ids: []string{"boundaries", "boundary"}, kind: "line", shape: "LineString", paint: map[string]any{"line-color": "#3a4c66", "line-width": 1, "line-dasharray": []int{4, 3}}},
		{ids: []string{"places", "place"}, kind: "symbol", shape: "Point", paint: map[string]any{"text-color": "#8296b0", "text-halo-color": "#040a14", "text-halo-width": 1}, layout: map[string]any{
			"text-field": []any{"coalesce", []any{"get", "name:zh"}, []any{"get", "name:zh-Hans"}, []any{"get", "name"}, ""}, "text-size": 12, "text-font": font,
		}},
	}
}

// baseLayers returns the layers of a style that draw the basemap: a picture, the known parts of a vector map, or, where
// none is known, every layer plainly.
func baseLayers(a *tiles.Archive, font any) (out []map[string]any) {
	layer := func(id, kind string, more map[string]any) map[string]any {
		l := map[string]any{"id": id, "type": kind, "source": "basemap", "metadata": map[string]any{
			"shapan:layer": "basemap", "shapan:title": map[string]any{"zh": "底图", "en": "Basemap"},
		}}
		for k, v := range more {
			l[k] = v
		}
		return l
	}
	if a.Ext != "mvt" {
		return []map[string]any{layer("basemap", "raster", map[string]any{"paint": map[string]any{"raster-saturation": -0.5, "raster-brightness-max": 0.6}})}
	}
	drawn := map[string]bool{}
	add := func(name string, p basePart) {
		id := "basemap-" + name + "-" + p.kind
		if drawn[id] { // ids of a style are unique, the layers of a careless file may not be
			return
		}
		drawn[id] = true
		more := map[string]any{"source-layer": name, "paint": p.paint, "filter": []any{"match", []any{"geometry-type"}, []string{p.shape, "Multi" + p.shape}, true, false}}
		if p.layout != nil {
			more["layout"] = p.layout
		}
		out = append(out, layer(id, p.kind, more))
	}
	known := map[string]bool{}
	for _, p := range baseParts(font) {
		for _, l := range a.Metadata.Layers {
			if slices.Contains(p.ids, l.ID) {
				known[l.ID] = true
				add(l.ID, p)
			}
		}
	}
	if len(known) > 1 { // one name alone may be chance
		return out
	}
	out, drawn = nil, map[string]bool{}
	for _, p := range []basePart{
		{kind: "fill", shape: "Polygon", paint: map[string]any{"fill-color": "#101d2e", "fill-opacity": 0.5}},
		{kind: "line", shape: "LineString", paint: map[string]any{"line-color": "#21344d", "line-width": 1}},
		{kind: "circle", shape: "Point", paint: map[string]any{"circle-color": "#3a4c66", "circle-radius": 2}},
	} {
		for _, l := range a.Metadata.Layers {
			add(l.ID, p)
		}
	}
	return out
}
