package api

import (
	"net/http"
	"strings"

	"shapan/tiles"

	"github.com/paulmach/orb"
)

// tileJSON is what a map needs to know of tiles (TileJSON 3.0.0).
type tileJSON struct {
	TileJSON     string                   `json:"tilejson"`
	Name         string                   `json:"name"`
	Description  string                   `json:"description,omitempty"`
	Attribution  string                   `json:"attribution,omitempty"`
	Scheme       string                   `json:"scheme"`
	Tiles        []string                 `json:"tiles"`
	VectorLayers []tiles.LayerDescription `json:"vector_layers,omitzero"` // nil: the tiles are pictures
	MinZoom      int                      `json:"minzoom"`
	MaxZoom      int                      `json:"maxzoom"`
	Bounds       []float64                `json:"bounds,omitempty"` // west, south, east, north; none where there are no features
	Center       []float64                `json:"center,omitempty"` // lon, lat, zoom
}

// newTileJSON makes the TileJSON of tiles at an address. A bound without a width or height is widened by a hair, for a
// reader may take an empty one for an error.
func newTileJSON(name, address string, d tiles.Description) tileJSON {
	out := tileJSON{
		TileJSON: "3.0.0", Name: name, Scheme: "xyz", Tiles: []string{address},
		VectorLayers: d.Layers, MinZoom: d.MinZoom, MaxZoom: d.MaxZoom,
	}
	if !d.Empty {
		b := widened(d.Bound)
		at, zoom := d.Center()
		out.Bounds = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
		out.Center = []float64{at[0], at[1], float64(zoom)}
	}
	return out
}

// hair is the least width and height of a bound that is told, in degrees: about a metre.
const hair = 1e-5

func widened(b orb.Bound) orb.Bound {
	for i, end := range []float64{180, 90} {
		if b.Max[i]-b.Min[i] < hair {
			b.Min[i], b.Max[i] = max(b.Min[i]-hair, -end), min(b.Max[i]+hair, end)
		}
	}
	return b
}

// vectorJSON answers the TileJSON of some layers. What filters the features of one layer goes on to its tiles.
func (s *Server) vectorJSON(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	tables, names, err := c.tileLayers()
	if err != nil {
		return err
	}
	if len(tables) == 1 {
		c.params.filter(tables[0])
	}
	if err := c.params.done(); err != nil {
		return err
	}
	d, err := tiles.Describe(c.view, names, lang)
	if err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.Path, c.URL.RawQuery, s.base(c.Request))
	return writeJSON(w, c, http.StatusOK, newTileJSON(strings.Join(names, ","), s.base(c.Request)+"/xyz/"+urlNames(names)+"/{z}/{x}/{y}.mvt"+c.with(map[string]string{"lang": ""}), d))
}

// heatJSON answers the TileJSON of a layer's heat. What chooses the features and weighs them goes on to the tiles.
func (s *Server) heatJSON(w http.ResponseWriter, c *call) error {
	q, err := c.heatQuery(false)
	if err != nil {
		return err
	}
	if err := c.params.done(); err != nil {
		return err
	}
	d, err := tiles.DescribeHeat(c.view, q.request(), q.lang)
	if err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.Path, c.URL.RawQuery, s.base(c.Request))
	at, query := s.base(c.Request)+"/heat/"+urlName(q.table.Layer.Name), c.with(map[string]string{"lang": ""})
	return writeJSON(w, c, http.StatusOK, heatTileJSON{newTileJSON(q.table.Layer.Title.In(q.lang), at+"/{z}/{x}/{y}.mvt"+query, d), at + "/legend.json" + c.with(nil)})
}

// heatTileJSON is a TileJSON that says where its legend is.
type heatTileJSON struct {
	tileJSON
	Legend string `json:"legend"`
}
