package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/geo"
	"shapan/tiles"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb"
)

// inside returns the address of the tile of a zoom in the middle of the sample.
func inside(z int) string {
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 14)
	if z > 14 {
		return fmt.Sprintf("%d/%d/%d", z, tile.X<<(z-14), tile.Y<<(z-14))
	}
	return fmt.Sprintf("%d/%d/%d", z, tile.X>>(14-z), tile.Y>>(14-z))
}

// unpacked returns a body as it was before its Content-Encoding.
func unpacked(t *testing.T, r reply) []byte {
	t.Helper()
	var in io.Reader = bytes.NewReader(r.body)
	var err error
	switch coding := r.Header.Get("Content-Encoding"); coding {
	case "":
	case "gzip":
		in, err = gzip.NewReader(in)
	case "zstd":
		in, err = zstd.NewReader(in)
	case "br":
		in = brotli.NewReader(in)
	default:
		t.Fatalf("Content-Encoding %q", coding)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestATileComesInTheCodingThatTheClientLikesBest(t *testing.T) {
	t.Parallel()
	s := reading(t)
	path := "/xyz/communities,grids/" + inside(14) + ".mvt"
	plain := s.do(t, "", "GET", path, "", "Accept-Encoding", "identity")
	transport := &http.Transport{DisableCompression: true} // else the client asks for gzip where the header is empty
	defer transport.CloseIdleConnections()
	for accept, want := range map[string]string{
		"":                           "",
		"identity":                   "",
		"gzip":                       "gzip",
		"GZIP":                       "gzip",
		"x-gzip":                     "gzip",
		"deflate":                    "",
		"gzip, deflate":              "gzip",
		"gzip, deflate, br":          "br",
		"gzip, deflate, br, zstd":    "zstd",
		"gzip;q=0.5, br;q=0.9":       "br",
		"br;q=0.5, gzip;q=0.501":     "gzip",
		"zstd;q=0, *":                "br",
		"*;q=0.5":                    "zstd",
		"*;q=0.5, gzip":              "gzip",
		"gzip;q=0":                   "",
		"gzip;q=0.000, identity":     "",
		"identity;q=1, gzip;q=0.5":   "",
		"identity;q=0.5, gzip;q=0.5": "gzip",
		"identity;q=0, gzip;q=0.001": "gzip",
		"*;q=0, br ; q=0.3":          "br",
		"gzip;q=2, br;q=nonsense":    "",
		"gzip;level=9;q=0.7":         "gzip",
		";;;,,=,":                    "",
	} {
		r := s.by(t, &http.Client{Transport: transport}, "", "GET", path, "", "Accept-Encoding", accept)
		if got := r.Header.Get("Content-Encoding"); r.StatusCode != 200 || got != want {
			t.Errorf("Accept-Encoding %q: status %d, coding %q, want %q", accept, r.StatusCode, got, want)
		}
		if !bytes.Equal(unpacked(t, r), plain.body) {
			t.Errorf("Accept-Encoding %q: other bytes", accept)
		}
		if !strings.Contains(r.Header.Get("Vary"), "Accept-Encoding") || !strings.Contains(r.Header.Get("Vary"), "Authorization") {
			t.Errorf("Accept-Encoding %q: Vary %q", accept, r.Header.Get("Vary"))
		}
		if got := r.Header.Get("ETag"); got != plain.Header.Get("ETag") || !strings.HasPrefix(got, `W/"`) {
			t.Errorf("Accept-Encoding %q: ETag %s", accept, got)
		}
		if got := r.Header.Get("Content-Length"); got != fmt.Sprint(len(r.body)) {
			t.Errorf("Accept-Encoding %q: Content-Length %s, %d bytes came", accept, got, len(r.body))
		}
	}
	for _, accept := range []string{"identity;q=0", "*;q=0", "gzip;q=0, br;q=0, zstd;q=0, identity;q=0"} {
		if r := s.do(t, "", "GET", path, "", "Accept-Encoding", accept); r.StatusCode != http.StatusNotAcceptable {
			t.Errorf("Accept-Encoding %q: status %d, want 406", accept, r.StatusCode)
		}
	}
}

func TestDrawingsAnswerHeadAndVaryAndOfferNoRanges(t *testing.T) {
	t.Parallel()
	s := reading(t)
	path := "/xyz/communities,grids/" + inside(13) + ".mvt"
	full := s.do(t, "", "GET", path, "", "Accept-Encoding", "br")
	head := s.do(t, "", "HEAD", path, "", "Accept-Encoding", "br")
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Type", "ETag", "Vary"} {
		if a, b := full.Header.Get(name), head.Header.Get(name); a != b || a == "" {
			t.Errorf("%s is %q, of HEAD %q", name, a, b)
		}
	}
	part := s.do(t, "", "GET", path, "", "Accept-Encoding", "br", "Range", "bytes=0-9")
	if part.StatusCode != 200 || !bytes.Equal(part.body, full.body) {
		t.Errorf("a range: status %d with %d bytes", part.StatusCode, len(part.body))
	}
	same := s.do(t, "", "GET", path, "", "If-None-Match", full.Header.Get("ETag"))
	none := s.get(t, "", "/xyz/grids/14/0/0.mvt", 204)
	for _, r := range []reply{same, none} {
		if !strings.Contains(r.Header.Get("Vary"), "Accept-Encoding") || r.Header.Get("Content-Encoding") != "" {
			t.Errorf("status %d: Vary %q, Content-Encoding %q", r.StatusCode, r.Header.Get("Vary"), r.Header.Get("Content-Encoding"))
		}
	}
	for _, ext := range []string{"png", "json", "mvt"} {
		r := s.do(t, "viewer", "GET", "/heat/events/"+inside(14)+"."+ext, "", "Accept-Encoding", "br, gzip")
		want := map[string]string{"json": "br", "mvt": "br"}[ext]
		if got := r.Header.Get("Content-Encoding"); r.StatusCode != 200 || got != want || len(unpacked(t, r)) == 0 {
			t.Errorf("heat as %s: status %d, coding %q, want %q", ext, r.StatusCode, got, want)
		}
	}
}

func TestATileIsTheSameByEveryWayToIt(t *testing.T) {
	t.Parallel()
	s := reading(t)
	at := inside(14)
	want := s.get(t, "", "/xyz/grids,communities/"+at+".mvt", 200)
	for _, path := range []string{"/xyz/grids,communities/" + at + ".pbf", "/xyz/grids,communities,grids/" + at + ".mvt", "/xyz/%67rids,communities/" + at + ".mvt"} {
		if got := s.get(t, "", path, 200); got.Header.Get("ETag") != want.Header.Get("ETag") || !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: ETag %s, want %s", path, got.Header.Get("ETag"), want.Header.Get("ETag"))
		}
	}
	for _, path := range []string{"/xyz/", "/xyz/.mvt", "/xyz/grids.mvt", "/xyz//" + at + ".mvt", "/xyz/grids/14/1.mvt", "/xyz/grids/1/" + at + ".mvt", "/xyz/,/" + at + ".mvt", "/xyz/grids,/" + at + ".mvt", "/xyz/grids/14/1/2.mvt.mvt", "/xyz/grids/99999999999999999999/1/2.mvt"} {
		s.get(t, "", path, 404)
	}
}

func TestWhatTheClientHasIsNotDrawn(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{})
	path := "/xyz/events/" + inside(13) + ".mvt?level=1"
	tag := s.get(t, "viewer", path, 200).Header.Get("ETag")
	before := s.cache.Stats()
	for range 10 {
		if r := s.do(t, "viewer", "GET", path, "", "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
			t.Fatalf("status %d", r.StatusCode)
		}
	}
	if after := s.cache.Stats(); after != before {
		t.Errorf("the cache went from %+v to %+v", before, after)
	}
}

func TestTheSameTileAskedForByManyIsDrawnOnce(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{})
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			req, _ := http.NewRequest(http.MethodGet, s.URL+"/xyz/communities/"+inside(13)+".mvt", nil)
			resp, err := s.Client().Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if n, err := io.Copy(io.Discard, resp.Body); err != nil || n == 0 || resp.StatusCode != 200 {
				t.Error(err, n, resp.StatusCode)
			}
		})
	}
	all.Wait()
	if stats := s.cache.Stats(); stats.Draws != 1 || stats.TooMany+stats.Busy != 0 {
		t.Errorf("%+v", stats)
	}
}

// block takes both places of a service that draws one thing at once for a client, until the returned function is called.
func (s *service) block(t *testing.T) (release func()) {
	t.Helper()
	end := make(chan struct{})
	var began, ended sync.WaitGroup
	for _, client := range []string{"blocker", "another"} {
		began.Add(1)
		ended.Go(func() {
			if err := s.cache.Do(t.Context(), client, func(context.Context) error { began.Done(); <-end; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	began.Wait()
	return func() { close(end); ended.Wait() }
}

// One client asks on 60 connections for tiles that nobody has drawn, and is told 429 where it has too many waiting. While
// its 48 others are drawn one after the other, another client asks for three tiles in turn: it is not refused, and has all
// three before the 48 are done. First come, first served, it would have none.
func TestAHostileClientDoesNotStarveTheOthers(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{Drawings: 1, PerClient: 48, Patience: time.Minute})
	release := s.block(t)
	var mu sync.Mutex
	statuses := map[int]int{}
	var hostile sync.WaitGroup
	rnd := rand.New(rand.NewPCG(53, 1))
	for range 60 {
		path := fmt.Sprintf("/xyz/events/%s.mvt?bbox=%.6f,30,115,31", inside(11+rnd.IntN(4)), 113+rnd.Float64())
		hostile.Go(func() {
			r := s.do(t, "viewer", "GET", path, "", "X-Forwarded-For", "203.0.113.1")
			if r.StatusCode == http.StatusTooManyRequests && r.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[r.StatusCode]++
		})
	}
	for stats := s.cache.Stats(); stats.Waiting+int(stats.TooMany) < 60; stats = s.cache.Stats() {
		runtime.Gosched()
	}
	if stats := s.cache.Stats(); stats.Waiting != 48 || stats.Drawing != 2 {
		t.Errorf("%+v", stats)
	}
	release()
	for _, z := range []int{11, 12, 13} {
		if r := s.do(t, "limited", "GET", "/xyz/events/"+inside(z)+".mvt?level=2", ""); r.StatusCode != 200 {
			t.Errorf("the other client: status %d: %s", r.StatusCode, r.body)
		}
	}
	if stats := s.cache.Stats(); stats.Waiting == 0 {
		t.Errorf("the other client was served last: %+v", stats)
	}
	hostile.Wait()
	if statuses[429] != 12 || statuses[200]+statuses[204] != 48 {
		t.Errorf("the hostile client was answered %v", statuses)
	}
}

func TestWhenAllPlacesAreTakenTheLongestLineGivesWay(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{Drawings: 1, PerClient: 3, Waiting: 3})
	release := s.block(t)
	waits := func(n int) {
		for s.cache.Stats().Waiting != n {
			runtime.Gosched()
		}
	}
	ask := func(from string, z int) <-chan reply {
		answer := make(chan reply, 1)
		go func() {
			answer <- s.do(t, "", "GET", "/xyz/communities/"+inside(z)+".mvt", "", "X-Forwarded-For", from)
		}()
		return answer
	}
	first := ask("203.0.113.1", 11)
	waits(1)
	second := ask("203.0.113.1", 12)
	waits(2)
	third := ask("203.0.113.1", 13)
	waits(3)
	other := ask("203.0.113.2", 14) // an address of its own, told by a proxy on this machine
	if r := <-third; r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || r.Header.Get("ETag") != "" {
		t.Errorf("the longest line's last: status %d, header %v", r.StatusCode, r.Header)
	}
	release()
	for _, answer := range []<-chan reply{first, second, other} {
		if r := <-answer; r.StatusCode != 200 {
			t.Errorf("status %d: %s", r.StatusCode, r.body)
		}
	}
}

func TestARequestThatIsGivenUpLeavesTheQueue(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{Drawings: 1})
	release := s.block(t)
	ctx, giveUp := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for z := range 5 {
		all.Go(func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/xyz/communities/"+inside(10+z)+".mvt", nil)
			if err != nil {
				t.Error(err)
				return
			}
			if resp, err := s.Client().Do(req); err == nil {
				resp.Body.Close()
				t.Errorf("it was answered %d", resp.StatusCode)
			}
		})
	}
	for s.cache.Stats().Waiting != 5 {
		runtime.Gosched()
	}
	giveUp()
	all.Wait()
	for s.cache.Stats().Waiting != 0 { // the service hears that they have gone
		runtime.Gosched()
	}
	release()
	if stats := s.cache.Stats(); stats.Draws != 0 {
		t.Errorf("%d were drawn for nobody", stats.Draws)
	}
	const counted = `method="GET",route="/xyz/{layers}/{z}/{x}/{y}.{ext:mvt|pbf}",status="499"} 5`
	for !strings.Contains(string(s.get(t, "", "/metrics", 200).body), counted) { // when all have been given up
		runtime.Gosched()
	}
}

func TestADebugTileTellsOperatorsAlone(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{})
	at := inside(13)
	for _, path := range []string{"/debug/tile/events/" + at + ".json", "/debug/tile/nowhere/" + at + ".json", "/debug/tile/grids/99/0/0.json"} {
		s.get(t, "", path, 401)
		for _, role := range []string{"viewer", "dispatcher", "analyst", "display", "limited"} {
			r := s.get(t, role, path, 403)
			if strings.Contains(string(r.body), "layer") || strings.Contains(string(r.body), "zoom") {
				t.Errorf("%s as %s: %s", path, role, r.body)
			}
		}
	}
	s.get(t, "admin", "/debug/tile/nowhere/"+at+".json", 404)
	s.get(t, "admin", "/debug/tile/grids/99/0/0.json", 404)
	s.get(t, "admin", "/debug/tile/grids/"+at+".json?nonsense=1", 400)

	type report struct {
		Tile   string
		Rev    uint64
		Bytes  int
		Layers []struct {
			Layer, Filter                                            string
			Found, Drawn, Clusters, Crowded, Labels, Bytes, Left_out int
		}
		Forms map[string]struct {
			Bytes int
			Kept  bool
		}
	}
	for _, query := range []string{"", "?level=1"} {
		path := "/events/" + at
		tile := s.do(t, "admin", "GET", "/xyz"+path+".mvt"+query, "", "Accept-Encoding", "br")
		raw := unpacked(t, tile)
		got := decode[report](t, s.get(t, "admin", "/debug/tile"+path+".json"+query, 200))
		if got.Tile != at || got.Bytes != len(raw) || len(got.Layers) != 1 {
			t.Fatalf("%+v", got)
		}
		if br := got.Forms["br"]; br.Bytes != len(tile.body) || !br.Kept || got.Forms["gzip"].Kept || got.Forms["identity"].Bytes != len(raw) {
			t.Errorf("forms %+v; the tile came in %d bytes", got.Forms, len(tile.body))
		}
		l := got.Layers[0]
		if sum := sumOf(t, reply{tile.Response, raw}, "events", "point_count"); l.Found != int(sum) || l.Left_out != 0 || l.Drawn+l.Crowded != l.Found || l.Clusters == 0 || l.Bytes != len(raw) {
			t.Errorf("%+v; the tile stands for %v", l, sum)
		}
		if (l.Filter != "") != (query != "") {
			t.Errorf("filter %q", l.Filter)
		}
	}
	areas := decode[report](t, s.get(t, "admin", "/debug/tile/communities,grids/"+at+".json", 200))
	if len(areas.Layers) != 2 || areas.Layers[1].Drawn == 0 || areas.Layers[1].Labels == 0 || areas.Layers[0].Bytes+areas.Layers[1].Bytes != areas.Bytes {
		t.Errorf("%+v", areas)
	}
}

func TestTilesAreCountedByLayerAndZoom(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{})
	path := "/xyz/grids/" + inside(14) + ".mvt"
	tag := s.get(t, "", path, 200).Header.Get("ETag")
	s.get(t, "", path, 200)
	s.do(t, "", "GET", path, "", "If-None-Match", tag)
	s.get(t, "", "/xyz/grids,communities/"+inside(12)+".mvt", 200)
	s.get(t, "", "/xyz/nowhere/"+inside(12)+".mvt", 404)
	s.get(t, "", "/xyz/events/"+inside(12)+".mvt", 404)
	text := string(s.get(t, "", "/metrics", 200).body)
	for _, want := range []string{
		`shapan_tile_answers_total{from="missing",kind="mvt",layer="grids",zoom="14"} 1`,
		`shapan_tile_answers_total{from="kept",kind="mvt",layer="grids",zoom="14"} 1`,
		`shapan_tile_answers_total{from="unchanged",kind="mvt",layer="grids",zoom="14"} 1`,
		`shapan_tile_draw_seconds_count{kind="mvt",layer="grids",zoom="14"} 1`,
		`shapan_tile_draw_seconds_count{kind="mvt",layer="several",zoom="12"} 1`,
		`shapan_tile_draws_total 2`, `shapan_tile_waiting 0`, `shapan_tile_drawing 0`, `shapan_tile_refused_total{status="429"} 0`, `shapan_tile_wait_seconds_count 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("metrics lack %s", want)
		}
	}
	if got := regexp.MustCompile(`layer="(nowhere|events)"`).FindString(text); got != "" {
		t.Errorf("metrics tell of %s, which nobody could see", got)
	}
}
