package api

import (
	"net/http"
	"strings"

	"shapan/geo"
)

// tileJSON answers the TileJSON 3.0 of some layers.
func (s *Server) tileJSON(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	tables, names, err := c.tileLayers()
	if err != nil {
		return err
	}
	type vectorLayer struct {
		ID          string            `json:"id"`
		Description string            `json:"description"`
		MinZoom     int               `json:"minzoom"`
		MaxZoom     int               `json:"maxzoom"`
		Fields      map[string]string `json:"fields"`
	}
	var list []vectorLayer
	minZoom, maxZoom := geo.MaxTileZoom, 0
	var bounds []float64
	for _, t := range tables {
		fields := map[string]string{}
		for _, f := range t.Layer.Fields {
			if f.InTiles {
				fields[f.Name] = f.Title.In(lang)
			}
		}
		list = append(list, vectorLayer{t.Layer.Name, t.Layer.Title.In(lang), t.Layer.MinZoom, t.Layer.MaxZoom, fields})
		minZoom, maxZoom = min(minZoom, t.Layer.MinZoom), max(maxZoom, t.Layer.MaxZoom)
		if b, ok := t.Bound(); ok {
			if bounds == nil {
				bounds = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
			}
			bounds = []float64{min(bounds[0], b.Min[0]), min(bounds[1], b.Min[1]), max(bounds[2], b.Max[0]), max(bounds[3], b.Max[1])}
		}
	}
	out := map[string]any{
		"tilejson": "3.0.0", "name": strings.Join(names, ","), "scheme": "xyz", "vector_layers": list,
		"tiles":   []string{s.base(c.Request) + "/xyz/" + strings.Join(names, ",") + "/{z}/{x}/{y}.mvt"},
		"minzoom": minZoom, "maxzoom": min(maxZoom, geo.MaxTileZoom),
	}
	if bounds != nil {
		out["bounds"] = bounds
		out["center"] = []float64{(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, float64(min(14, maxZoom))}
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.Path, c.URL.RawQuery)
	return writeJSON(w, c, http.StatusOK, out)
}

// heatJSON answers the TileJSON of a layer's heat.
func (s *Server) heatJSON(w http.ResponseWriter, c *call) error {
	t, err := c.table()
	if err != nil {
		return err
	}
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{
		"tilejson": "3.0.0", "name": t.Layer.Title.In(lang), "minzoom": 0, "maxzoom": 18,
		"tiles": []string{s.base(c.Request) + "/heat/" + t.Layer.Name + "/{z}/{x}/{y}.mvt"},
		"vector_layers": []any{map[string]any{"id": "heat", "fields": map[string]string{
			"count": "features in the cell", "value": "sum of the weight, or the count",
		}}},
	})
}
