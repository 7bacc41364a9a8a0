package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb/maptile"
)

const (
	tileType = "application/vnd.mapbox-vector-tile"
	pngType  = "image/png"
)

// tileOf reads an ordinary GET of tileRoute and tells whether it is one; it sets what pathValue returns. It stands before
// the router, whose regular expressions and copies of the request are a fifth of what a hot tile costs. What is in any
// way unusual is left to the router.
func tileOf(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, "/xyz/")
	if !ok || r.Method != http.MethodGet {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, ".mvt"); !ok {
		return false
	}
	const digits = "0123456789"
	names, rest, _ := strings.Cut(rest, "/")
	z, rest, _ := strings.Cut(rest, "/")
	x, y, _ := strings.Cut(rest, "/")
	if !consists(names, "abcdefghijklmnopqrstuvwxyz_,"+digits) || !consists(z, digits) || !consists(x, digits) || !consists(y, digits) {
		return false
	}
	r.SetPathValue("layers", names)
	r.SetPathValue("z", z)
	r.SetPathValue("x", x)
	r.SetPathValue("y", y)
	return true
}

// consists tells whether a text has only the given characters, and any.
func consists(s, of string) bool { return s != "" && strings.Trim(s, of) == "" }

// pathValue returns a part of the path by its name in the route.
func (c *call) pathValue(name string) string {
	if v := c.PathValue(name); v != "" {
		return v
	}
	return mux.Vars(c.Request)[name]
}

// tileAddress reads the address of the path.
func (c *call) tileAddress() (maptile.Tile, error) {
	tile, err := geo.ParseTile(c.pathValue("z"), c.pathValue("x"), c.pathValue("y"))
	if err != nil {
		return tile, &layers.Error{Kind: layers.ErrNotFound, Field: "tile", Detail: err.Error()}
	}
	return tile, nil
}

// maxTileLayers bounds the layers of one tile.
const maxTileLayers = 50

// tileLayers returns the tables that the path names, with commas between, in its order and each once.
func (c *call) tileLayers() ([]*layers.Table, []string, error) {
	return c.tilesOf(strings.Split(c.pathValue("layers"), ","))
}

// tilesOf returns the tables of some names, in their order and each once.
func (c *call) tilesOf(names []string) ([]*layers.Table, []string, error) {
	if len(names) > maxTileLayers {
		return nil, nil, layers.Invalid("layers", "%d layers in one tile: at most %d are allowed", len(names), maxTileLayers)
	}
	tables, once := make([]*layers.Table, 0, len(names)), make([]string, 0, len(names))
	for _, name := range names {
		t, err := tiles.Drawable(c.view, name)
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(tables, t) {
			tables, once = append(tables, t), append(once, t.Layer.Name)
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
	r, key, err := c.tileRequest(tiles.Request{Layers: names, Matrix: matrix, Tile: tile}, tables)
	if err != nil {
		return err
	}
	if done, err := s.kept(w, c, &key, tileType); done || err != nil {
		return err
	}
	view := c.view
	return s.drawn(w, c, key, tileType, func(ctx context.Context) ([]byte, error) { return tiles.Vector(ctx, view, r) })
}

// tileRequest reads what is to be drawn of the layers of a tile, and returns by what name it is kept.
func (c *call) tileRequest(r tiles.Request, tables []*layers.Table) (tiles.Request, tiles.Key, error) {
	var keys []string
	if len(c.params.query) > 0 && len(tables) == 1 {
		if f := c.params.filter(tables[0]); f != nil {
			r.Filters = map[string]layers.Filter{r.Layers[0]: f}
			keys = append(keys, f.Key())
		}
	}
	if err := c.params.done(); err != nil {
		return r, tiles.Key{}, err
	}
	rev, err := r.Matrix.Rev(c.view, r.Layers, r.Tile)
	if err != nil {
		return r, tiles.Key{}, err
	}
	kind := "mvt"
	if r.Matrix != tiles.WebMercator {
		kind = "mvt " + r.Matrix.String()
	}
	return r, tileKey(kind, strings.Join(r.Layers, ","), r.Tile, rev, c.view.Key(), keys...), nil
}

// tileKey names a drawing: equal keys, equal bytes.
func tileKey(kind, names string, tile maptile.Tile, rev layers.Seq, scope string, more ...string) tiles.Key {
	key := tiles.Key{Kind: kind, Layers: names, Tile: tile, Rev: rev, Scope: scope}
	if len(more) > 0 {
		key.More = fmt.Sprintf("%q", more)
	}
	return key
}

// kept answers with a drawing where that needs no drawing: 304 where the caller has it, else from the cache. Where it
// is not done, drawn goes on.
func (s *Server) kept(w http.ResponseWriter, c *call, key *tiles.Key, contentType string) (done bool, err error) {
	h := w.Header()
	delete(h, "Content-Security-Policy") // these two bind documents, which a drawing is not
	delete(h, "Referrer-Policy")
	h["Vary"] = varyOfDrawings
	h["Etag"] = []string{s.tag(key)}
	m := s.metrics.tiles.of(key)
	if unchanged(w, c) {
		w.WriteHeader(http.StatusNotModified)
		m.unchanged.Inc()
		return true, nil
	}
	want, err := s.want(c, contentType)
	if err != nil {
		return false, err
	}
	a, ok := s.Cache.Find(*key, want)
	if !ok {
		return false, nil
	}
	m.hits.Inc()
	send(w, c, a, contentType)
	return true, nil
}

// drawn answers with a drawing by its key: 304 where the caller has it, else from the cache or drawn when the client's turn
// has come; 204 where there is nothing in it.
func (s *Server) drawn(w http.ResponseWriter, c *call, key tiles.Key, contentType string, draw func(context.Context) ([]byte, error)) error {
	if done, err := s.kept(w, c, &key, contentType); done || err != nil {
		return err
	}
	want, err := s.want(c, contentType)
	if err != nil {
		return err
	}
	m := s.metrics.tiles.of(&key)
	m.misses.Inc()
	asked := time.Now()
	a, err := s.Cache.Get(c.Context(), tiles.Order{
		Client: s.client(c), Key: key, Want: want,
		Draw: func(ctx context.Context) ([]byte, error) {
			begun := time.Now()
			s.metrics.tiles.waits.Observe(begun.Sub(asked).Seconds())
			b, err := draw(ctx)
			m.seconds.Observe(time.Since(begun).Seconds())
			m.bytes.Add(float64(len(b)))
			return b, err
		},
	})
	if err != nil {
		return refused(err)
	}
	send(w, c, a, contentType)
	return nil
}

// inTurn returns what fn returns, which draws something that is not kept, when the client's turn has come. fn may still run
// when inTurn has returned because the caller has gone.
func inTurn[T any](s *Server, c *call, fn func(context.Context) (T, error)) (T, error) {
	made := make(chan T, 1)
	err := s.Cache.Do(c.Context(), s.client(c), func(ctx context.Context) error {
		v, err := fn(ctx)
		made <- v
		return err
	})
	if err != nil {
		var none T
		return none, refused(err)
	}
	return <-made, nil
}

// refused says what the cache's refusals are to a caller; other errors are returned as they are.
func refused(err error) error {
	switch {
	case errors.Is(err, tiles.ErrTooMany):
		return &problem{Status: http.StatusTooManyRequests, Detail: "you have too many drawings waiting: ask again when some have come"}
	case errors.Is(err, tiles.ErrBusy):
		return &problem{Status: http.StatusServiceUnavailable, Detail: "too many drawings are asked for at this moment: ask again shortly", expected: true}
	}
	return err
}

// The header values that every drawing has.
var (
	varyOfDrawings = []string{"Authorization, Accept-Encoding"}
	codingHeaders  = [tiles.Codings][]string{
		tiles.Gzip: {tiles.Gzip.String()}, tiles.Zstd: {tiles.Zstd.String()}, tiles.Brotli: {tiles.Brotli.String()},
	}
)

// tag returns the ETag of a drawing, the same for all its forms, so it is weak. Another version of the program may draw
// otherwise.
func (s *Server) tag(key *tiles.Key) string {
	b := append(make([]byte, 0, 24), `W/"`...)
	b = strconv.AppendUint(b, key.Tag()^s.versionTag, 16)
	return string(append(b, '"'))
}

// want returns the form that a caller wants a drawing in. Pictures are packed as they are.
func (s *Server) want(c *call, contentType string) (tiles.Want, error) {
	if contentType == pngType {
		return tiles.Want{}, nil
	}
	return negotiate(c.Header["Accept-Encoding"])
}

// send answers with a drawing: 204 where there is nothing in it.
func send(w http.ResponseWriter, c *call, a tiles.Answer, contentType string) {
	if len(a.Bytes) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h := w.Header()
	if a.Coding != tiles.Identity {
		h["Content-Encoding"] = codingHeaders[a.Coding]
	}
	h["Content-Type"] = []string{contentType}
	h["Content-Length"] = []string{strconv.Itoa(len(a.Bytes))}
	w.WriteHeader(http.StatusOK)
	if c.Method != http.MethodHead {
		_, _ = w.Write(a.Bytes) // the client has gone: nobody is left to tell
	}
}
