package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"

	"github.com/gorilla/mux"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
)

// sample is what tiles and searches are measured on.
func (s *setting) sample() fixtures.Options { return fixtures.Options{Scale: s.scale, Events: s.large} }

// peer is the record of the same sample in PostGIS, to ask the same of.
func (s *setting) peer(ctx context.Context, connections int) (*pgxpool.Pool, error) {
	r, err := s.server.record(ctx, "map", s.sample())
	if err != nil {
		return nil, err
	}
	c, err := pgxpool.ParseConfig(r.url)
	if err != nil {
		return nil, err
	}
	c.MaxConns = int32(connections)
	return pgxpool.NewWithConfig(ctx, c)
}

// tileQuery returns the statement that draws a tile of a layer: ST_AsMVT with the fields that our tiles have. With crowd it
// sums points up by cells, as we do where a layer clusters.
func tileQuery(l *layers.Layer, crowd bool) string {
	table := pgx.Identifier{"shapan", l.Name}.Sanitize()
	const within = "geom && ST_Transform(ST_TileEnvelope($1, $2, $3, margin => 1.0 / 64), 4326)"
	const tile = "ST_TileEnvelope($1, $2, $3)"
	if crowd {
		return fmt.Sprintf(`SELECT ST_AsMVT(t, '%s', 4096, 'geom') FROM (
			SELECT count(*) AS point_count, true AS cluster, max(level) AS level, ST_AsMVTGeom(ST_SetSRID(ST_MakePoint(avg(ST_X(g)), avg(ST_Y(g))), 3857), %s, 4096, 64, true) AS geom
			FROM (SELECT level, ST_Transform(geom, 3857) AS g FROM %s WHERE %s) p
			GROUP BY floor(ST_X(g) * 16 * 2 ^ $1 / 40075016.68), floor(ST_Y(g) * 16 * 2 ^ $1 / 40075016.68)) t`, l.Name, tile, table, within)
	}
	columns := []string{"id"}
	for _, f := range l.Fields {
		if f.InTiles {
			columns = append(columns, pgx.Identifier{f.Name}.Sanitize())
		}
	}
	return fmt.Sprintf("SELECT ST_AsMVT(t, '%s', 4096, 'geom', 'id') FROM (SELECT %s, ST_AsMVTGeom(ST_Transform(geom, 3857), %s, 4096, 64, true) AS geom FROM %s WHERE %s) t",
		l.Name, strings.Join(columns, ", "), tile, table, within)
}

// tilesOfPostGIS is a handler that asks the database for each tile and hands on what it says, unpacked.
func tilesOfPostGIS(pool *pgxpool.Pool, query string) http.Handler {
	r := mux.NewRouter()
	r.HandleFunc("/xyz/{layer}/{z}/{x}/{y}.mvt", func(w http.ResponseWriter, r *http.Request) {
		v := mux.Vars(r)
		tile, err := geo.ParseTile(v["z"], v["x"], v["y"])
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		var body []byte
		if err := pool.QueryRow(r.Context(), query, int(tile.Z), int(tile.X), int(tile.Y)).Scan(&body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.mapbox-vector-tile")
		_, _ = w.Write(body)
	})
	return r
}

// coldOfPostGIS compares cold tiles with ST_AsMVT, with as many connections to the database as there are processors.
func coldOfPostGIS(ctx context.Context, s setting, w *world, t *layers.Table, paths []string, crowd bool) (row, error) {
	pool, err := s.peer(ctx, runtime.NumCPU())
	if err != nil {
		return row{}, err
	}
	defer pool.Close()
	url, stop, err := listen(tilesOfPostGIS(pool, tileQuery(&t.Layer, crowd)))
	if err != nil {
		return row{}, err
	}
	defer stop()
	ours, theirs, ratio, err := duel(s,
		func() (float64, error) { return rate(prefixed(w.url, paths), w.token, s.round) },
		func() (float64, error) { return rate(prefixed(url, paths), "", s.round) })
	how := "every feature"
	if crowd {
		how = "points by cells as ours"
	}
	goal := map[string]string{"grids": ">= 20x", "events": ">= 50x"}[t.Layer.Name]
	return row{"B2", fmt.Sprintf("cold tiles, %d %s", t.Len(), t.Layer.Name), fmt.Sprintf("%.0f/s", ours),
		fmt.Sprintf("%.1f/s ST_AsMVT, %s, %d connections", theirs, how, runtime.NumCPU()), fmt.Sprintf("%.1fx", ratio), goal}, err
}

// near is one answer of PostGIS.
type near struct {
	ID       int64   `json:"id"`
	Level    *int64  `json:"level"`
	Distance float64 `json:"distance"`
}

// fiveNearest asks PostGIS.
func fiveNearest(ctx context.Context, pool *pgxpool.Pool, query string, p orb.Point) ([]near, error) {
	rows, err := pool.Query(ctx, query, p[0], p[1])
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[near])
	if err == nil && len(all) != 5 {
		err = fmt.Errorf("PostGIS finds %d of five nearest", len(all))
	}
	return all, err
}

// nearestOfPostGIS compares the five nearest, ours over HTTP, with <-> asked by as many connections as there are clients:
// in degrees, which is quick and the wrong order, and in metres, directly and behind a handler.
func nearestOfPostGIS(ctx context.Context, s setting, w *world, points []orb.Point, paths []string) ([]row, error) {
	pool, err := s.peer(ctx, 8)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	_, err = pool.Exec(ctx, `DROP TABLE IF EXISTS points;
		CREATE TABLE points AS SELECT id, level, geom, geom::geography AS place FROM shapan.events;
		CREATE INDEX ON points USING gist (geom); CREATE INDEX ON points USING gist (place);
		ANALYZE points`)
	if err != nil {
		return nil, err
	}
	const degrees = "SELECT id, level, geom <-> ST_SetSRID(ST_MakePoint($1, $2), 4326) AS d FROM points ORDER BY d LIMIT 5"
	const metres = "SELECT id, level, place <-> ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography AS d FROM points ORDER BY d LIMIT 5"
	url, stop, err := listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lon, _ := strconv.ParseFloat(r.URL.Query().Get("lon"), 64)
		lat, _ := strconv.ParseFloat(r.URL.Query().Get("lat"), 64)
		all, err := fiveNearest(r.Context(), pool, metres, orb.Point{lon, lat})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(all) // the client has gone
	}))
	if err != nil {
		return nil, err
	}
	defer stop()
	direct := func(query string) func() (float64, error) {
		return func() (float64, error) {
			return drive(len(points), s.round, func(i int) error {
				_, err := fiveNearest(ctx, pool, query, points[i])
				return err
			})
		}
	}
	var rows []row
	for _, peer := range []struct {
		how  string
		rate func() (float64, error)
	}{
		{"in degrees, no HTTP", direct(degrees)},
		{"in metres, no HTTP", direct(metres)},
		{"in metres, behind a handler", func() (float64, error) { return rate(prefixed(url, paths), "", s.round) }},
	} {
		ours, theirs, ratio, err := duel(s, func() (float64, error) { return rate(prefixed(w.url, paths), w.token, s.round) }, peer.rate)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{"B3", fmt.Sprintf("five nearest of %d, HTTP", s.large), fmt.Sprintf("%.0f/s", ours),
			fmt.Sprintf("%.0f/s PostGIS <-> %s", theirs, peer.how), fmt.Sprintf("%.2fx", ratio), ">= 1.5x"})
	}
	return rows, nil
}
