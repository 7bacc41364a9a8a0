package api_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shapan/api"
	"shapan/layers"
	"shapan/tiles"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	"github.com/prometheus/client_golang/prometheus"
)

// withBasemap serves what another service serves, with a basemap.
func withBasemap(t *testing.T, s *service, file []byte) *service {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base.pmtiles")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	base, err := tiles.OpenArchive(f)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := tiles.New(tiles.CacheConfig{Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	server, err := api.New(api.Config{Live: s.live, Cache: cache, Registry: prometheus.NewRegistry(), Basemap: base})
	if err != nil {
		t.Fatal(err)
	}
	out := &service{Server: httptest.NewServer(server.Handler()), live: s.live, tokens: s.tokens}
	t.Cleanup(out.Close)
	return out
}

// pictures is an archive of one picture, at 0/0/0, put together after the specification.
func pictures(picture []byte) []byte {
	metadata := []byte(`{"name":"pictures","attribution":"© somebody","vector_layers":7}`)
	root := []byte{1, 0, 1, byte(len(picture)), 1} // one entry: tile 0, run 1, its length, offset 0
	b := append([]byte("PMTiles"), 3)
	at := uint64(127)
	for _, length := range []int{len(root), len(metadata), 0, len(picture)} {
		b = binary.LittleEndian.AppendUint64(b, at)
		b = binary.LittleEndian.AppendUint64(b, uint64(length))
		at += uint64(length)
	}
	b = append(b, make([]byte, 24)...) // counts: not known
	b = append(b, 1, 1, 1, 2, 0, 2)    // clustered, nothing compressed, PNG, zooms 0 to 2
	b = append(b, make([]byte, 25)...) // no bound and no center
	return slices.Concat(b, root, metadata, picture)
}

func TestABasemapOfPictures(t *testing.T) {
	t.Parallel()
	picture := []byte("\x89PNG\r\n\x1a\nnot much of a picture")
	s := withBasemap(t, reading(t), pictures(picture))
	r := s.get(t, "", "/basemap/0/0/0.png", 200)
	if !bytes.Equal(r.body, picture) || r.Header.Get("Content-Type") != "image/png" || r.Header.Get("Content-Encoding") != "" {
		t.Errorf("%q with %v", r.body, r.Header)
	}
	if again := s.do(t, "", "GET", "/basemap/0/0/0.png", "", "If-None-Match", r.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("status %d for what the caller has", again.StatusCode)
	}
	var about struct {
		Attribution  string
		Bounds       []float64
		MaxZoom      int
		VectorLayers any `json:"vector_layers"`
	}
	if err := json.Unmarshal(s.get(t, "", "/basemap.json", 200).body, &about); err != nil {
		t.Fatal(err)
	}
	if about.Attribution != "© somebody" || about.Bounds != nil || about.MaxZoom != 2 || about.VectorLayers != nil {
		t.Errorf("TileJSON %+v", about)
	}
	for path, status := range map[string]int{
		"/basemap/1/0/0.png": 204, "/basemap/3/0/0.png": 404, "/basemap/1/2/0.png": 404, "/basemap/0/0/0.mvt": 404, "/basemap/x/0/0.png": 404, "/basemap/0/0/0.png?x=1": 400,
	} {
		if r := s.do(t, "", "GET", path, ""); r.StatusCode != status {
			t.Errorf("GET %s: status %d, expected %d: %s", path, r.StatusCode, status, r.body)
		}
	}
	style := decode[styleDocument](t, s.get(t, "", "/style.json?lang=en", 200))
	if style.Layers[0].Type != "background" || style.Layers[1].Type != "raster" || style.Layers[1].Source != "basemap" || style.Layers[1].Metadata["shapan:title"] != "Basemap" {
		t.Errorf("layers %+v", style.Layers[:2])
	}
	if src := style.Sources["basemap"]; src["type"] != "raster" || src["attribution"] != "© somebody" || src["tileSize"] != 256.0 {
		t.Errorf("source %v", src)
	}
	if style.Sources["sketch"] != nil {
		t.Error("the sketch of the river is still there")
	}
}

type styleDocument struct {
	Sources map[string]map[string]any
	Layers  []struct {
		ID, Type, Source string
		SourceLayer      string `json:"source-layer"`
		Metadata         map[string]any
	}
}

// TestAnArchiveOfOursIsABasemap archives layers, serves the file, and compares its tiles with those of /xyz.
func TestAnArchiveOfOursIsABasemap(t *testing.T) {
	t.Parallel()
	from := reading(t)
	part, err := os.OpenFile(filepath.Join(t.TempDir(), "part"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	a, err := tiles.NewArchiver(from.live.Snapshot().View(layers.Scope{}), tiles.ArchiveRequest{Layers: []string{"grids", "streets"}, MinZoom: 12, MaxZoom: 14}, part)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := a.Draw(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	s := withBasemap(t, from, file.Bytes())
	d := readTileJSON(t, s.get(t, "", "/basemap.json", 200))
	tile := maptile.At([2]float64{d.Center[0], d.Center[1]}, 14)
	want := from.get(t, "", strings.Replace("/xyz/grids,streets/14/X/Y.mvt", "X/Y", itoa(tile.X)+"/"+itoa(tile.Y), 1), 200).body
	if got := s.get(t, "", d.at(s, tile), 200).body; !bytes.Equal(got, want) { // the client asks for gzip and unpacks it
		t.Errorf("%d bytes, expected %d", len(got), len(want))
	}
	plain := s.do(t, "", "GET", d.at(s, tile), "", "Accept-Encoding", "identity")
	if !bytes.Equal(plain.body, want) || plain.Header.Get("Content-Encoding") != "" {
		t.Errorf("%d bytes, expected %d, with %v", len(plain.body), len(want), plain.Header)
	}
	packed := s.do(t, "", "GET", d.at(s, tile), "", "Accept-Encoding", "gzip")
	if drawn, err := mvt.UnmarshalGzipped(packed.body); err != nil || packed.Header.Get("Content-Encoding") != "gzip" || len(drawn) != 3 {
		t.Errorf("%v, %v", packed.Header, err)
	}
	style := decode[styleDocument](t, s.get(t, "", "/style.json", 200))
	ids := map[string]bool{}
	for _, l := range style.Layers {
		if ids[l.ID] {
			t.Errorf("layer %s is twice in the style", l.ID)
		}
		ids[l.ID] = true
	}
	for _, want := range []string{"basemap-grids-fill", "basemap-streets-line", "basemap-grids_label-circle"} {
		if !ids[want] {
			t.Errorf("the style has no layer %s", want)
		}
	}
	from.get(t, "", "/basemap.json", 404)
	from.get(t, "", "/basemap/0/0/0.mvt", 404)
}
