package api

import (
	_ "embed" // the theme is a file of this package
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"shapan/layers"
	"shapan/tiles"
)

// wallTheme is the look of the subdistrict's own layers: a MapLibre style with every layer that there can be. Titles and
// labels in it are texts by language.
//
//go:embed theme/wall.json
var wallTheme []byte

// mapStyle is a MapLibre style (style specification, version 8). Members that Shapan does not touch stay as they are.
type mapStyle struct {
	Version  int                        `json:"version"`
	Name     string                     `json:"name"`
	Metadata map[string]any             `json:"metadata"`
	Center   []float64                  `json:"center,omitempty"`
	Zoom     float64                    `json:"zoom,omitempty"`
	Light    map[string]any             `json:"light,omitempty"`
	Sources  map[string]json.RawMessage `json:"sources"`
	Layers   []map[string]any           `json:"layers"`
}

// tileSource is a source of tiles. The wall draws the events that are open one by one, and all of them as heat.
type tileSource struct {
	Type     string   `json:"type"`
	Tiles    []string `json:"tiles"`
	MinZoom  int      `json:"minzoom"`
	MaxZoom  int      `json:"maxzoom"`
	TileSize int      `json:"tileSize,omitempty"` // pixels; of raster sources
}

// styleOf draws the map style: a pure function of the theme, the layers that the caller sees, the basemap (nil: none), and
// the language. Layers that the theme does not know are drawn plainly by their kind.
func styleOf(theme []byte, shown []layers.Layer, base *tiles.Archive, lang layers.Lang) (*mapStyle, error) {
	var s mapStyle
	if err := json.Unmarshal(theme, &s); err != nil {
		return nil, fmt.Errorf("map theme: %w", err)
	}
	s.Metadata["shapan:lang"] = string(lang)
	byName := map[string]*layers.Layer{}
	var names []string
	deepest := 0
	for i := range shown {
		if l := &shown[i]; l.Drawn() {
			byName[l.Name] = l
			names = append(names, l.Name)
			deepest = max(deepest, l.MaxZoom)
		}
	}
	_, events := byName["events"]
	drawn := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "events" })
	for _, src := range []struct {
		name  string
		shown bool
		tileSource
	}{
		{"shapan", len(drawn) > 0, tileSource{Type: "vector", Tiles: []string{"/xyz/" + urlNames(drawn) + "/{z}/{x}/{y}.mvt"}, MaxZoom: min(deepest, 18)}},
		{"open", events, tileSource{Type: "vector", Tiles: []string{"/xyz/events/{z}/{x}/{y}.mvt?closed_at=null()&cancelled_at=null()"}, MinZoom: 8, MaxZoom: 18}},
		{"heat", events, tileSource{Type: "raster", Tiles: []string{"/heat/events/{z}/{x}/{y}.png?scale=2"}, MinZoom: 8, MaxZoom: 16, TileSize: 512}},
	} {
		if err := s.source(src.name, src.shown, src.tileSource); err != nil {
			return nil, err
		}
	}
	known := map[string]bool{}
	s.Layers = slices.DeleteFunc(s.Layers, func(l map[string]any) bool {
		name, ours := l["source-layer"].(string)
		name = strings.TrimSuffix(name, "_label")
		known[name] = true
		return ours && byName[name] == nil || l["source"] == "heat" && !events
	})
	for _, name := range names {
		if !known[name] {
			s.Layers = append(s.Layers, plain(byName[name])...)
		}
	}
	if base != nil {
		if err := s.lay(base); err != nil {
			return nil, err
		}
	}
	for _, l := range s.Layers {
		localise(l, byName, lang)
	}
	return &s, nil
}

// source adds a source of tiles, or takes it out.
func (s *mapStyle) source(name string, shown bool, source tileSource) error {
	if !shown {
		delete(s.Sources, name)
		return nil
	}
	b, err := json.Marshal(source)
	s.Sources[name] = b
	return err
}

// localise puts titles and legend labels into a language; a layer's title is the catalogue's.
func localise(l map[string]any, byName map[string]*layers.Layer, lang layers.Lang) {
	meta, ok := l["metadata"].(map[string]any)
	if !ok {
		return
	}
	name, _ := meta["shapan:layer"].(string)
	if layer := byName[name]; layer != nil {
		meta["shapan:title"] = layer.Title.In(lang)
	} else {
		meta["shapan:title"] = inLang(meta["shapan:title"], lang)
	}
	entries, _ := meta["shapan:legend"].([]any)
	for _, e := range entries {
		if entry, ok := e.(map[string]any); ok {
			entry["label"] = inLang(entry["label"], lang)
		}
	}
}

// inLang returns a text of the theme in a language; what is no text by language stays as it is.
func inLang(v any, lang layers.Lang) any {
	texts, ok := v.(map[string]any)
	if !ok {
		return v
	}
	t := layers.Text{}
	for k, s := range texts {
		t[layers.Lang(k)], _ = s.(string)
	}
	return t.In(lang)
}

// plain draws a layer that the theme does not know, with one colour by its name.
func plain(l *layers.Layer) []map[string]any {
	palette := []string{"#8dd3c7", "#fdb462", "#b3de69", "#bebada", "#80b1d3", "#fccde5"} // ColorBrewer Set3, C. Brewer
	sum := 0
	for _, b := range []byte(l.Name) {
		sum += int(b)
	}
	color := palette[sum%len(palette)]
	layer := func(suffix, kind, shape string, paint map[string]any, only ...string) map[string]any {
		out := map[string]any{
			"id": l.Name + suffix, "type": kind, "source": "shapan", "source-layer": l.Name, "paint": paint,
			"metadata": map[string]any{"shapan:layer": l.Name, "shapan:legend": []any{
				map[string]any{"label": l.Title.In(layers.Chinese), "color": color, "shape": shape},
			}},
		}
		if len(only) > 0 {
			out["filter"] = []any{"match", []any{"geometry-type"}, only, true, false}
		}
		return out
	}
	return []map[string]any{
		layer("-fill", "fill", "square", map[string]any{"fill-color": color, "fill-opacity": 0.12}, "Polygon", "MultiPolygon"),
		layer("-line", "line", "line", map[string]any{"line-color": color, "line-width": 1.5}, "Polygon", "MultiPolygon", "LineString", "MultiLineString"),
		layer("-point", "circle", "circle", map[string]any{"circle-color": color, "circle-radius": 4, "circle-stroke-color": "#04101e", "circle-stroke-width": 1}, "Point", "MultiPoint"),
	}
}

// style answers the map style of the layers that the caller sees.
func (s *Server) style(w http.ResponseWriter, c *call) error {
	lang, look := c.params.lang(), c.params.theme()
	if err := c.params.done(); err != nil {
		return err
	}
	theme := wallTheme
	if look == "light" {
		theme = inLight(theme)
	}
	var shown []layers.Layer
	for _, t := range c.view.Tables() {
		shown = append(shown, t.Layer)
	}
	out, err := styleOf(theme, shown, s.Basemap, lang)
	if err != nil {
		return err
	}
	b, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("map style: %w", err)
	}
	weakTag(w, string(b))
	return writeBody(w, c, http.StatusOK, "application/json", b)
}
