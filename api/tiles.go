package api

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"

	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

const tileType = "application/vnd.mapbox-vector-tile"

// tileAddress reads the address of the path.
func (c *call) tileAddress() (maptile.Tile, error) {
	v := mux.Vars(c.Request)
	tile, err := geo.ParseTile(v["z"], v["x"], v["y"])
	if err != nil {
		return tile, &layers.Error{Kind: layers.ErrNotFound, Field: "tile", Detail: err.Error()}
	}
	return tile, nil
}

// maxTileLayers bounds the layers of one tile.
const maxTileLayers = 50

// tileLayers returns the tables that the path names, with commas between, in its order and each once.
func (c *call) tileLayers() ([]*layers.Table, []string, error) {
	names := strings.Split(mux.Vars(c.Request)["layers"], ",")
	if len(names) > maxTileLayers {
		return nil, nil, layers.Invalid("layers", "%d layers in one tile: at most %d are allowed", len(names), maxTileLayers)
	}
	var tables []*layers.Table
	seen := map[string]bool{}
	var once []string
	for _, name := range names {
		t, err := c.view.Table(name)
		if err != nil {
			return nil, nil, err
		}
		if !seen[name] {
			seen[name] = true
			tables, once = append(tables, t), append(once, name)
		}
	}
	return tables, once, nil
}

// vectorTile answers /xyz/{layers}/{z}/{x}/{y}.mvt. While the revision is the caller's, nothing is drawn.
func (s *Server) vectorTile(w http.ResponseWriter, c *call) error {
	tile, err := c.tileAddress()
	if err != nil {
		return err
	}
	tables, names, err := c.tileLayers()
	if err != nil {
		return err
	}
	filters := map[string]layers.Filter{}
	var keys []string
	if len(c.params.query) > 0 && len(tables) == 1 {
		f := c.params.filter(tables[0])
		if f != nil {
			filters[names[0]] = f
			keys = append(keys, f.Key())
		}
	}
	if err := c.params.done(); err != nil {
		return err
	}
	rev, err := tiles.Rev(c.view, names, tile)
	if err != nil {
		return err
	}
	key := tileKey("mvt", strings.Join(names, ","), tile, rev, c.view.Key(), keys...)
	return s.drawn(w, c, key, tileType, func(ctx context.Context) ([]byte, error) {
		return tiles.Vector(ctx, c.view, tiles.Request{Layers: names, Tile: tile, Filters: filters})
	})
}

// tileKey names a drawing: equal keys, equal bytes.
func tileKey(kind, names string, tile maptile.Tile, rev layers.Seq, scope string, more ...string) string {
	return fmt.Sprintf("%s %s %d/%d/%d @%d %s %q", kind, names, tile.Z, tile.X, tile.Y, rev, scope, more)
}

// drawn answers with a drawing by its key: 304 where the caller has it, else from the cache or drawn now; 204 where
// there is nothing in it.
func (s *Server) drawn(w http.ResponseWriter, c *call, key, contentType string, draw func(context.Context) ([]byte, error)) error {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash takes everything
	w.Header().Set("ETag", `W/"`+strconv.FormatUint(h.Sum64(), 16)+`"`)
	if unchanged(w, c) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := s.Cache.Get(c.Context(), key, draw)
	if err != nil {
		return err
	}
	if len(body.Raw) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	out := body.Raw
	w.Header().Add("Vary", "Accept-Encoding")
	if len(body.Gzip) > 0 && acceptsGzip(c.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		out = body.Gzip
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(http.StatusOK)
	if c.Method != http.MethodHead {
		_, _ = w.Write(out) // the client has gone: nobody is left to tell
	}
	return nil
}

// acceptsGzip tells whether the client takes gzip (RFC 9110 §12.5.3, without weighing).
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if (coding == "gzip" || coding == "*") && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

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

// heatQuery reads what every form of heat takes.
func (c *call) heatQuery() (*layers.Table, tiles.HeatRequest, error) {
	t, err := c.table()
	if err != nil {
		return nil, tiles.HeatRequest{}, err
	}
	q := tiles.HeatRequest{Layer: t.Layer.Name, Weight: c.params.text("weight"), Cells: c.params.whole("cells", 8, 256, 64)}
	if q.Cells&(q.Cells-1) != 0 {
		return nil, q, layers.Invalid("cells", "cells is %d: expected a power of two from 8 to 256", q.Cells)
	}
	if q.Weight == "count" {
		q.Weight = ""
	}
	q.Filter = c.params.filter(t)
	return t, q, nil
}

// heatTile answers a tile of heat as vector cells, as a picture or as JSON: the same numbers.
func (s *Server) heatTile(w http.ResponseWriter, c *call) error {
	tile, err := c.tileAddress()
	if err != nil {
		return err
	}
	t, q, err := c.heatQuery()
	if err != nil {
		return err
	}
	scale := c.params.whole("scale", 1, 2, 1)
	if err := c.params.done(); err != nil {
		return err
	}
	q.Tile = tile
	kind := mux.Vars(c.Request)["ext"]
	filter := ""
	if q.Filter != nil {
		filter = q.Filter.Key()
	}
	key := tileKey("heat."+kind, q.Layer, tile, tiles.HeatRev(t, tile), c.view.Key(), q.Weight, filter, fmt.Sprint(q.Cells, scale))
	types := map[string]string{"mvt": tileType, "pbf": tileType, "png": "image/png", "json": "application/json"}
	return s.drawn(w, c, key, types[kind], func(ctx context.Context) ([]byte, error) {
		grid, err := tiles.Heat(ctx, c.view, q)
		if err != nil {
			return nil, err
		}
		switch kind {
		case "png":
			return grid.PNG(scale)
		case "json":
			return grid.JSON(), nil
		}
		return grid.MVT(), nil
	})
}

// heatCells answers the cells of a zoom over a bound as JSON, for analysts: the sums are those of the tiles.
func (s *Server) heatCells(w http.ResponseWriter, c *call) error {
	t, q, err := c.heatQuery()
	if err != nil {
		return err
	}
	zoom := c.params.whole("zoom", 0, 18, 14)
	box := c.params.query.Get("bbox")
	if err := c.params.done(); err != nil {
		return err
	}
	bound, ok := t.Bound()
	if !ok {
		return writeJSON(w, c, http.StatusOK, map[string]any{"cells": []any{}, "count": 0, "sum": 0, "zoom": zoom})
	}
	if q.Filter != nil {
		if b, has := q.Filter.Bound(); has && b.Min[0] <= b.Max[0] {
			bound = b
		}
	}
	const most = 256
	lo := geo.Tile(orb.Point{bound.Min[0], bound.Max[1]}, maptile.Zoom(zoom))
	hi := geo.Tile(orb.Point{bound.Max[0], bound.Min[1]}, maptile.Zoom(zoom))
	if n := int(hi.X-lo.X+1) * int(hi.Y-lo.Y+1); n > most {
		return layers.Invalid("zoom", "zoom %d needs %d tiles for bbox %.60q: at most %d are allowed; ask for a lower zoom or a smaller bbox", zoom, n, box, most)
	}
	weakTag(w, t.LastSeq(), c.view.Key(), c.URL.Path, c.URL.RawQuery)
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, "application/json", nil)
	}
	var b bytes.Buffer
	count, sum := 0, 0.0
	b.WriteString(`{"cells":[`)
	first := true
	for y := lo.Y; y <= hi.Y; y++ {
		for x := lo.X; x <= hi.X; x++ {
			q.Tile = maptile.New(x, y, maptile.Zoom(zoom))
			grid, err := tiles.Heat(c.Context(), c.view, q)
			if err != nil {
				return err
			}
			for _, cell := range grid.Filled() {
				if !first {
					b.WriteByte(',')
				}
				first = false
				fmt.Fprintf(&b, `{"lon":%.7f,"lat":%.7f,"count":%d,"value":%g}`, cell.Center[0], cell.Center[1], cell.Count, cell.Sum)
				count += cell.Count
				sum += cell.Sum
			}
		}
	}
	fmt.Fprintf(&b, `],"count":%d,"sum":%g,"zoom":%d,"cells_per_tile":%d,"seq":%d}`, count, sum, zoom, q.Cells, c.view.Seq)
	return writeBody(w, c, http.StatusOK, "application/json", b.Bytes())
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
