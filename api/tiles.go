package api

import (
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
	return c.tilesOf(strings.Split(mux.Vars(c.Request)["layers"], ","))
}

// tilesOf returns the tables of some names, in their order and each once.
func (c *call) tilesOf(names []string) ([]*layers.Table, []string, error) {
	if len(names) > maxTileLayers {
		return nil, nil, layers.Invalid("layers", "%d layers in one tile: at most %d are allowed", len(names), maxTileLayers)
	}
	var tables []*layers.Table
	seen := map[string]bool{}
	var once []string
	for _, name := range names {
		t, err := tiles.Drawable(c.view, name)
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
	return s.vector(w, c, tiles.WebMercator, tile, tables, names)
}

// vector answers the vector tile of a matrix.
func (s *Server) vector(w http.ResponseWriter, c *call, matrix tiles.Matrix, tile maptile.Tile, tables []*layers.Table, names []string) error {
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
	rev, err := matrix.Rev(c.view, names, tile)
	if err != nil {
		return err
	}
	key := tileKey("mvt "+matrix.String(), strings.Join(names, ","), tile, rev, c.view.Key(), keys...)
	return s.drawn(w, c, key, tileType, func(ctx context.Context) ([]byte, error) {
		return tiles.Vector(ctx, c.view, tiles.Request{Layers: names, Matrix: matrix, Tile: tile, Filters: filters})
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
