package main

import (
	"context"
	"fmt"
	"net/http"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
)

// addresses returns the tiles of a layer's bound, zoom after zoom, at most n.
func addresses(t *layers.Table, from, to maptile.Zoom, n int) []maptile.Tile {
	b, _ := t.Bound()
	var all []maptile.Tile
	for z := from; z <= to; z++ {
		lo, hi := geo.Tile(orb.Point{b.Min[0], b.Max[1]}, z), geo.Tile(orb.Point{b.Max[0], b.Min[1]}, z)
		for y := lo.Y; y <= hi.Y; y++ {
			for x := lo.X; x <= hi.X; x++ {
				if len(all) < n {
					all = append(all, maptile.New(x, y, z))
				}
			}
		}
	}
	return all
}

func path(layer string, t maptile.Tile) string {
	return fmt.Sprintf("/xyz/%s/%d/%d/%d.mvt", layer, t.Z, t.X, t.Y)
}

func prefixed(prefix string, paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = prefix + p
	}
	return out
}

func everything(w *world) *layers.View {
	return w.live.Snapshot().View(layers.Scope{Audience: layers.Restricted})
}

// hotTiles is B1: tiles out of the cache, beside a bare handler that serves the same bytes from a map.
func hotTiles(ctx context.Context, s setting) ([]row, error) {
	w, err := newWorld(ctx, fixtures.Options{}, 256<<20)
	if err != nil {
		return nil, err
	}
	defer w.close()
	grids, err := everything(w).Table("grids")
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, coding := range []string{"gzip", "zstd", "br"} {
		r, err := hotTilesAs(s, w, addresses(grids, 12, 17, 2000), coding)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// hotTilesAs is B1 in one coding.
func hotTilesAs(s setting, w *world, all []maptile.Tile, coding string) (row, error) {
	type answer struct {
		header http.Header
		body   []byte
	}
	ready := map[string]answer{}
	var paths []string
	size := 0
	for _, tile := range all {
		if len(paths) == 215 {
			break
		}
		p := path("communities,grids,streets,facilities", tile)
		code, header, body, err := getAs(newClient(), w.url+p, "", coding)
		if err != nil {
			return row{}, err
		}
		if code == http.StatusOK {
			ready[p] = answer{header, body}
			paths = append(paths, p)
			size += len(body)
		}
	}
	bare := mux.NewRouter()
	bare.HandleFunc("/xyz/{layers}/{z}/{x}/{y}.mvt", func(w http.ResponseWriter, r *http.Request) {
		a := ready[r.URL.Path]
		w.Header().Set("Content-Type", a.header.Get("Content-Type"))
		w.Header().Set("Content-Encoding", a.header.Get("Content-Encoding"))
		w.Header().Set("ETag", a.header.Get("ETag"))
		_, _ = w.Write(a.body)
	})
	bareURL, stop, err := listen(bare)
	if err != nil {
		return row{}, err
	}
	defer stop()
	ours, theirs, ratio, err := duel(s,
		func() (float64, error) { return rateAs(prefixed(w.url, paths), "", coding, s.round) },
		func() (float64, error) { return rateAs(prefixed(bareURL, paths), "", coding, s.round) })
	return row{"B1", fmt.Sprintf("hot tiles, %d addresses, %s, %d kB", len(paths), coding, size/1000), fmt.Sprintf("%.0f/s", ours),
		fmt.Sprintf("%.0f/s bare handler, same bytes", theirs), fmt.Sprintf("%.2fx", ratio), ">= 0.85x"}, err
}

// coldTiles is B2: tiles drawn at each request, beside a handler that looks at every feature, and beside
// PostGIS.
func coldTiles(ctx context.Context, s setting) ([]row, error) {
	w, err := newWorld(ctx, s.sample(), 1)
	if err != nil {
		return nil, err
	}
	defer w.close()
	var rows []row
	for _, layer := range []string{"grids", "events"} {
		t, err := everything(w).Table(layer)
		if err != nil {
			return nil, err
		}
		var paths []string
		for _, tile := range addresses(t, 12, 17, 215) {
			paths = append(paths, path(layer, tile))
		}
		largest, err := largestTile(w, paths)
		if err != nil {
			return nil, err
		}
		url, stop, err := listen(naiveTiles(t))
		if err != nil {
			return nil, err
		}
		ours, theirs, ratio, err := duel(s,
			func() (float64, error) { return rate(prefixed(w.url, paths), w.token, s.round) },
			func() (float64, error) { return rate(prefixed(url, paths), "", s.round) })
		stop()
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{"B2", fmt.Sprintf("cold tiles, %d %s", t.Len(), layer), fmt.Sprintf("%.0f/s, largest %d kB", ours, largest/1000),
			fmt.Sprintf("%.0f/s a scan of all", theirs), fmt.Sprintf("%.0fx", ratio), "<= 500 kB"})
		for _, crowd := range []bool{false, true} {
			if crowd && !t.Layer.Cluster {
				continue
			}
			r, err := coldOfPostGIS(ctx, s, w, t, paths, crowd)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// largestTile returns the bytes of the largest tile, unpacked.
func largestTile(w *world, paths []string) (int, error) {
	largest := 0
	for _, p := range paths {
		_, _, body, err := get(newClient(), w.url+p, w.token)
		if err != nil {
			return 0, err
		}
		if body, err = unpacked(body); err != nil {
			return 0, err
		}
		largest = max(largest, len(body))
	}
	return largest, nil
}

// naiveTiles draws as a first attempt would: look at every feature, clip, encode with a library, pack.
func naiveTiles(t *layers.Table) http.Handler {
	r := mux.NewRouter()
	r.HandleFunc("/xyz/{layer}/{z}/{x}/{y}.mvt", func(w http.ResponseWriter, r *http.Request) {
		v := mux.Vars(r)
		tile, err := geo.ParseTile(v["z"], v["x"], v["y"])
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		bound := tile.Bound(64.0 / 4096)
		found := geojson.NewFeatureCollection()
		t.Each(nil, func(r layers.Row) bool {
			g := r.Geometry()
			if g == nil || !g.Bound().Intersects(bound) {
				return true
			}
			if g = clip.Geometry(bound, orb.Clone(g)); g == nil {
				return true
			}
			f := geojson.NewFeature(g)
			for i, field := range t.Layer.Fields {
				if value := r.Value(i); field.InTiles && !value.IsNull() {
					f.Properties[field.Name] = value.String()
				}
			}
			found.Append(f)
			return true
		})
		layer := mvt.NewLayer(t.Layer.Name, found)
		layer.ProjectToTile(tile)
		body, err := mvt.MarshalGzipped(mvt.Layers{layer})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body)
	})
	return r
}
