package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
)

// heatQuery is what every form of heat is asked for.
type heatQuery struct {
	table   *layers.Table
	measure tiles.Measure
	filter  layers.Filter
	key     string // of the measure, the filter and the floor: a layer may come to be Personal
	cells   int
	bound   *orb.Bound // of cells; else it is in the filter
	lang    layers.Lang

	intervals [2]string // datetime and compare, as they came
}

// heatQuery reads what every form of heat takes. cells tells whether bbox chooses cells, and not points.
func (c *call) heatQuery(cells bool) (heatQuery, error) {
	t, err := c.anyTable()
	if err != nil {
		return heatQuery{}, err
	}
	p := c.params
	q := heatQuery{table: t, cells: p.whole("cells", 8, 256, 64), lang: p.lang()}
	if q.cells&(q.cells-1) != 0 {
		return q, layers.Invalid("cells", "cells is %d: expected a power of two from 8 to 256", q.cells)
	}
	m := tiles.Measure{
		Weight: p.text("weight"), Aggregate: tiles.Aggregate(p.text("agg")), Per: tiles.Rate(p.text("per")), Half: p.number("half", 1e-9, 1e12, 0),
	}
	if m.Weight == "count" {
		m.Weight = ""
	}
	if m.Per == "cell" {
		m.Per = tiles.Raw
	}
	q.intervals = [2]string{p.text("datetime"), p.text("compare")}
	before, until := p.interval("compare")
	s := p.selection(t)
	if cells {
		q.bound, s.BBox = s.BBox, nil
	}
	m.Weeks = weeks(s.From, s.To)
	if q.intervals[1] != "" {
		first := s
		first.From, first.To = before, until
		m.Compare = &tiles.Window{Filter: p.compile(t, first), Weeks: weeks(before, until)}
	}
	q.measure, q.filter = m, p.compile(t, s)
	filters := []string{"", ""}
	if q.filter != nil {
		filters[0] = q.filter.Key()
	}
	if m.Compare != nil && m.Compare.Filter != nil {
		filters[1] = m.Compare.Filter.Key()
	}
	q.key = fmt.Sprintf("%q %q %q %g %g %q %v %v", m.Weight, m.Aggregate, m.Per, m.Half, m.Weeks, filters, m.Compare != nil, t.Layer.Personal)
	return q, nil
}

// request returns what tiles are asked for; without the tile.
func (q *heatQuery) request() tiles.HeatRequest {
	return tiles.HeatRequest{Layer: q.table.Layer.Name, Filter: q.filter, Cells: q.cells, Measure: q.measure}
}

// weeks returns the length of a window that holds both of its ends, to the microsecond; 0 where one is open.
func weeks(from, to time.Time) float64 {
	if from.IsZero() || to.IsZero() || to.Before(from) {
		return 0
	}
	return (to.Sub(from) + time.Microsecond).Hours() / (7 * 24)
}

// heatTile answers a tile of heat as vector cells, as a picture or as JSON: the same numbers.
func (s *Server) heatTile(w http.ResponseWriter, c *call) error {
	tile, err := c.tileAddress()
	if err != nil {
		return err
	}
	q, err := c.heatQuery(false)
	if err != nil {
		return err
	}
	kind, scale := mux.Vars(c.Request)["ext"], 1
	if kind == "png" {
		scale = c.params.whole("scale", 1, 2, 1)
		if mux.Vars(c.Request)["scale"] != "" {
			scale = 2
		}
	}
	if err := c.params.done(); err != nil {
		return err
	}
	r := q.request()
	r.Tile = tile
	if _, err := tiles.HeatLegend(c.view, r); err != nil { // what cannot be drawn has no ETag either
		return err
	}
	rev := tiles.HeatRev(c.view, q.table, tile, q.measure.Per)
	key := tileKey("heat."+kind, r.Layer, tile, rev, c.view.Key(), q.key, string(q.lang), fmt.Sprint(q.cells, scale))
	types := map[string]string{"mvt": tileType, "pbf": tileType, "png": "image/png", "json": "application/json"}
	return s.drawn(w, c, key, types[kind], func(ctx context.Context) ([]byte, error) {
		grid, err := tiles.Heat(ctx, c.view, r)
		if err != nil {
			return nil, err
		}
		switch kind {
		case "png":
			return grid.PNG(scale)
		case "json":
			return grid.JSON(q.lang), nil
		}
		return grid.MVT(), nil
	})
}

// heatLegend answers what the colours and values of a layer's heat mean.
func (s *Server) heatLegend(w http.ResponseWriter, c *call) error {
	q, err := c.heatQuery(false)
	if err != nil {
		return err
	}
	if err := c.params.done(); err != nil {
		return err
	}
	l, err := tiles.HeatLegend(c.view, q.request())
	if err != nil {
		return err
	}
	body := append(l.JSON(q.lang), '\n')
	weakTag(w, string(body))
	return writeBody(w, c, http.StatusOK, "application/json", body)
}

// heatSet gathers the cells that a query asks for; done tells that the caller has them.
func (s *Server) heatSet(w http.ResponseWriter, c *call) (set tiles.CellSet, m tiles.Manifest, done bool, err error) {
	r := tiles.CellsRequest{
		Shape: tiles.Shape(c.params.text("shape")), Size: c.params.number("size", tiles.LeastSize, tiles.MostSize, 0),
		Zoom: c.params.whole("zoom", 0, geo.MaxTileZoom, 14),
	}
	q, err := c.heatQuery(true)
	if err != nil {
		return set, m, false, err
	}
	if r.Size > 0 && c.params.text("zoom") != "" {
		c.params.fail(layers.Invalid("size", "size and zoom both say how large cells are: expected one of them"))
	}
	if err := c.params.done(); err != nil {
		return set, m, false, err
	}
	r.Layer, r.Bound, r.Filter, r.Cells, r.Measure = q.table.Layer.Name, q.bound, q.filter, q.cells, q.measure
	rev := q.table.LastSeq()
	if homes, err := c.view.Table("grids"); err == nil && q.measure.Per == tiles.PerHouseholds {
		rev = max(rev, homes.LastSeq())
	}
	weakTag(w, rev, c.view.Key(), c.URL.Path, c.URL.RawQuery, q.table.Layer.Personal)
	if unchanged(w, c) {
		return set, m, true, nil
	}
	set, err = inTurn(s, c, func(ctx context.Context) (tiles.CellSet, error) { return tiles.Cells(ctx, c.view, r) })
	return set, tiles.Manifest{Lang: q.lang, Seq: rev, Datetime: q.intervals[0], Compare: q.intervals[1]}, false, err
}

// heatCells answers the cells of heat over a bound as JSON, for programs.
func (s *Server) heatCells(w http.ResponseWriter, c *call) error {
	set, m, done, err := s.heatSet(w, c)
	if err != nil {
		return err
	}
	var body []byte
	if !done {
		body = set.JSON(m)
	}
	return writeBody(w, c, http.StatusOK, "application/json", body)
}

// heatGeoJSON answers the cells of heat over a bound as features, for analysts.
func (s *Server) heatGeoJSON(w http.ResponseWriter, c *call) error {
	set, m, done, err := s.heatSet(w, c)
	if err != nil {
		return err
	}
	if done || c.Method == http.MethodHead {
		return writeBody(w, c, http.StatusOK, geoJSONType, nil)
	}
	w.Header().Set("Content-Type", geoJSONType)
	w.WriteHeader(http.StatusOK)
	_ = set.WriteGeoJSON(w, m) // the client has gone: nobody is left to tell
	return nil
}
