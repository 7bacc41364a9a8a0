package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/api"
	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/gpkg"
	"shapan/tiles"

	"github.com/prometheus/client_golang/prometheus"
)

// service is the real thing over a real record of the sample subdistrict, on a port of its own.
type service struct {
	*httptest.Server
	live   *layers.Live
	store  *gpkg.Store
	cache  *tiles.Cache
	tokens map[string]string // by role; "limited" is a dispatcher of one community
	dir    string
	stop   func()
}

const limitedTo = "420106001020" // 新河

// seeded is the file of a record with the sample subdistrict, made once: what the tests that only read serve. Those that
// write each serve a copy of one with few events.
var (
	seeded = sync.OnceValues(func() (string, error) { return seed(fixtures.Options{}) })
	small  = sync.OnceValues(func() (string, error) { return seed(fixtures.Options{Events: 400}) })
)

// seed makes the file of a record with a sample.
func seed(sample fixtures.Options) (string, error) {
	dir, err := os.MkdirTemp("", "shapan-api-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "seed.gpkg")
	ctx := context.Background()
	store, err := gpkg.Open(ctx, path)
	if err != nil {
		return "", err
	}
	token := api.TokenLayer()
	changes := []layers.Change{{Op: layers.Define, Layer: token.Name, Schema: &token}}
	for _, l := range append(fixtures.Catalogue(), dispatch.TrackSchema(), dispatch.ReadSchema()) {
		changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	}
	err = fixtures.Generate(ctx, sample, func(layer string, f layers.Feature) error {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer, ID: f.ID, Feature: &f})
		return nil
	})
	if err == nil {
		_, err = store.Put(ctx, layers.Key{}, changes)
	}
	if e := store.Close(); err == nil {
		err = e
	}
	return path, err
}

// shared is the service of the tests that only read.
var shared = sync.OnceValues(func() (*service, error) {
	dir, err := os.MkdirTemp("", "shapan-api-")
	if err != nil {
		return nil, err
	}
	path, err := seeded()
	if err != nil {
		return nil, err
	}
	return start(dir, path)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if s, err := shared(); err == nil {
		s.stop()
		_ = os.RemoveAll(s.dir) // a temporary folder: the system clears what is left
	}
	for _, made := range []func() (string, error){seeded, small} {
		if path, err := made(); err == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}
	os.Exit(code)
}

// reading returns a service that nobody writes to.
func reading(t testing.TB) *service {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newService returns a service of the test's own.
func newService(t *testing.T) *service {
	t.Helper()
	path, err := small()
	if err != nil {
		t.Fatal(err)
	}
	s, err := start(t.TempDir(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// drawing returns a service that nobody writes to, over the same map as reading's, which draws for itself as a configuration
// says.
func drawing(t *testing.T, config tiles.CacheConfig) *service {
	t.Helper()
	s := *reading(t)
	if err := s.listen(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &s
}

// start serves a copy of a record from a folder.
func start(dir, seed string) (*service, error) {
	data, err := os.ReadFile(seed)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "record.gpkg")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	store, err := gpkg.Open(ctx, path)
	if err != nil {
		cancel()
		return nil, err
	}
	s := &service{dir: dir, store: store, tokens: map[string]string{}}
	var running sync.WaitGroup
	s.stop = func() {
		if s.Server != nil {
			s.CloseClientConnections()
			s.Close()
		}
		cancel()
		running.Wait()
		_ = store.Close() // a test has nothing to do about it
	}
	if err := s.serve(ctx, store); err != nil {
		s.stop()
		return nil, err
	}
	running.Go(func() { _ = s.live.Run(ctx) }) // it ends with ctx
	return s, nil
}

// serve makes the tokens and the server.
func (s *service) serve(ctx context.Context, store *gpkg.Store) error {
	if err := s.addTokens(store); err != nil {
		return err
	}
	var err error
	if s.live, err = layers.Open(ctx, store, layers.LiveConfig{}); err != nil {
		return err
	}
	return s.listen(tiles.CacheConfig{Bytes: 32 << 20})
}

// listen makes the server over the map.
func (s *service) listen(drawing tiles.CacheConfig) (err error) {
	if s.cache, err = tiles.New(drawing); err != nil {
		return err
	}
	server, err := api.New(api.Config{Live: s.live, Cache: s.cache, Registry: prometheus.NewRegistry(), Heartbeat: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	s.Server = httptest.NewServer(server.Handler())
	return nil
}

func (s *service) addTokens(store *gpkg.Store) error {
	var changes []layers.Change
	add := func(key, role string, communities ...string) error {
		secret, f, err := api.NewToken(key, role, communities, time.Time{}, time.Now())
		s.tokens[key] = secret
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: "tokens", Feature: &f})
		return err
	}
	for _, role := range api.Roles() {
		if err := add(role, role); err != nil {
			return err
		}
	}
	if err := add("limited", "dispatcher", limitedTo); err != nil {
		return err
	}
	_, err := store.Put(context.Background(), layers.Key{}, changes)
	return err
}

// reply is an answer, read whole.
type reply struct {
	*http.Response
	body []byte
}

// do sends a request as the holder of a role's token; "" is the public.
func (s *service) do(t *testing.T, role, method, path, body string, header ...string) reply {
	t.Helper()
	return s.by(t, s.Client(), role, method, path, body, header...)
}

// by is do by a client.
func (s *service) by(t *testing.T, client *http.Client, role, method, path, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+s.tokens[role])
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp, b}
}

// get is do with GET, and the status it must have.
func (s *service) get(t *testing.T, role, path string, status int) reply {
	t.Helper()
	r := s.do(t, role, http.MethodGet, path, "")
	if r.StatusCode != status {
		t.Fatalf("GET %s as %q: status %d, want %d: %.300s", path, role, r.StatusCode, status, r.body)
	}
	return r
}

// featureCollection is what items, nearest and exports answer.
type featureCollection struct {
	NumberMatched  int `json:"numberMatched"`
	NumberReturned int `json:"numberReturned"`
	Features       []struct {
		ID         int64          `json:"id"`
		Distance   float64        `json:"distance"`
		Properties map[string]any `json:"properties"`
		Geometry   struct {
			Type        string `json:"type"`
			Coordinates any    `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
	Links []struct{ Href, Rel string } `json:"links"`
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v in %.300s", err, r.body)
	}
	return v
}

// event is one server-sent event.
type event struct{ name, id, data string }

// follow opens a stream and returns its events.
func (s *service) follow(t *testing.T, role string, header ...string) <-chan event {
	t.Helper()
	return s.followAt(t, "/stream", role, header...)
}

// followAt is follow for the stream at a path.
func (s *service) followAt(t *testing.T, path, role string, header ...string) <-chan event {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+s.tokens[role])
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan event, 100)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		var e event
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
			switch string(name) {
			case "event":
				e.name = string(value)
			case "id":
				e.id = string(value)
			case "data":
				e.data = string(value)
			case "":
				events <- e
				e = event{}
			}
		}
	}()
	return events
}

// next returns the next event of a name.
func next(t *testing.T, events <-chan event, name string) event {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("the stream ended before an event %q", name)
			}
			if e.name == name {
				return e
			}
		case <-timeout:
			t.Fatalf("no event %q in 10 s", name)
		}
	}
}
