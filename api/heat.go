package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

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
