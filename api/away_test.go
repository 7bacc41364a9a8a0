package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shapan/api"
	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"
)

// away is a record that cannot be reached until it is said to be back; then it is what another record is.
type away struct {
	there layers.Store
	back  atomic.Bool
}

var errAway = &layers.Error{Kind: layers.ErrUnavailable, Detail: "the record's database refuses connections"}

func (a *away) Load(ctx context.Context, b *layers.Builder) (layers.Seq, error) {
	if !a.back.Load() {
		return 0, errAway
	}
	return a.there.Load(ctx, b)
}

func (a *away) Watch(ctx context.Context, after layers.Seq, fn func([]layers.Change, bool) error) error {
	if !a.back.Load() {
		return errAway
	}
	return a.there.Watch(ctx, after, fn)
}

func (a *away) Put(ctx context.Context, key layers.Key, changes []layers.Change) (layers.Seq, error) {
	if !a.back.Load() {
		return 0, errAway
	}
	return a.there.Put(ctx, key, changes)
}

// withoutRecord serves a copy of another service's map, whose record is away.
func withoutRecord(t *testing.T, of *service, at time.Time) (*service, *away) {
	t.Helper()
	var data bytes.Buffer
	if err := layers.WriteCopy(&data, of.live.Snapshot(), "", at); err != nil {
		t.Fatal(err)
	}
	record := &away{there: of.store}
	live, err := layers.Open(t.Context(), record, layers.LiveConfig{Fallback: func(b *layers.Builder) (layers.Copy, error) { return layers.ReadCopy(&data, b) }})
	if err != nil {
		t.Fatal(err)
	}
	cache, err := tiles.New(tiles.CacheConfig{Bytes: 32 << 20})
	if err != nil {
		t.Fatal(err)
	}
	server, err := api.New(api.Config{Live: live, Cache: cache, Registry: prometheus.NewRegistry(), Heartbeat: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s := &service{Server: httptest.NewServer(server.Handler()), live: live, tokens: of.tokens}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = live.Run(ctx) // it ends with ctx
	}()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		cancel()
		<-ended
	})
	return s, record
}

// ageOf returns the age of the data that an answer tells, in seconds.
func ageOf(t *testing.T, r reply) float64 {
	t.Helper()
	text := r.Header.Get("Shapan-Age")
	seconds, err := strconv.ParseFloat(text, 64)
	_, decimals, _ := strings.Cut(text, ".")
	if err != nil || len(decimals) > 3 || seconds < 0 {
		t.Errorf("%s %s: Shapan-Age %q: want seconds with at most 3 decimals", r.Request.Method, r.Request.URL.Path, text)
	}
	return seconds
}

func TestEveryAnswerTellsTheAgeOfItsData(t *testing.T) {
	t.Parallel()
	s := reading(t)
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 14)
	for path, status := range map[string]int{
		"/collections/grids/items?limit=1": 200, fmt.Sprintf("/xyz/grids/14/%d/%d.mvt", tile.X, tile.Y): 200, "/xyz/grids/14/0/0.mvt": 204, "/healthz": 200,
		"/nothing": 404, "/collections/grids/items?limt=1": 400, "/readyz": 200,
	} {
		if age := ageOf(t, s.get(t, "", path, status)); age > 10 {
			t.Errorf("GET %s: the data is %v s old, though the record answers", path, age)
		}
	}
	ageOf(t, s.do(t, "", "GET", "/collections", "", "Authorization", "Bearer nonsense"))
	ageOf(t, s.do(t, "viewer", "POST", "/collections/events/items", newEvent))
}

type ready struct {
	Status, Reason, Since, Copy string
	Age                         float64 `json:"age_seconds"`
}

// While the record is away since before the start, the map is there, says of when it is, and takes no writes.
func TestTheLocalCopyIsServedAndSaidToBe(t *testing.T) {
	t.Parallel()
	of := reading(t) // nothing is written
	at := time.Now().Add(-time.Hour).In(time.FixedZone("", 8*3600))
	s, record := withoutRecord(t, of, at)
	h := decode[ready](t, s.get(t, "", "/readyz", 200))
	if h.Status != "degraded" || h.Copy != at.Format(time.RFC3339) || h.Since == "" || h.Age < 3600 ||
		!strings.HasPrefix(h.Reason, "the record cannot be reached; this is the local copy of "+h.Copy) || !strings.Contains(h.Reason, "refuses connections") {
		t.Errorf("readyz: %+v", h)
	}
	items := "/collections/events/items?limit=10"
	copied, original := s.get(t, "dispatcher", items, 200), of.get(t, "dispatcher", items, 200)
	if a, b := decode[featureCollection](t, copied), decode[featureCollection](t, original); a.NumberMatched != b.NumberMatched || len(a.Features) != 10 || a.Features[9].ID != b.Features[9].ID {
		t.Errorf("%d events of the copy, %d of the record", a.NumberMatched, b.NumberMatched)
	}
	if copied.Header.Get("ETag") == original.Header.Get("ETag") {
		t.Error("an answer of the copy may be taken for one of the record")
	}
	if age := ageOf(t, copied); age < 3600 || age > 3660 {
		t.Errorf("the data is said to be %v s old", age)
	}
	metrics := string(s.get(t, "", "/metrics", 200).body)
	if !strings.Contains(metrics, "\nshapan_on_copy 1\n") || !strings.Contains(metrics, "\nshapan_record_up 0\n") || !strings.Contains(metrics, "\nshapan_data_age_seconds 36") {
		t.Error("the metrics do not tell that this is a copy")
	}
	for _, method := range []string{"POST", "DELETE"} {
		path := "/collections/events/items"
		if method == "DELETE" {
			path += "/987654321"
		}
		r := s.do(t, "dispatcher", method, path, newEvent, "Idempotency-Key", "k")
		if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s while the record is away: %d %s, want 503 and when to try again", method, r.StatusCode, r.body)
		}
	}
	events := s.follow(t, "dispatcher")
	if e := next(t, events, "hello"); !strings.Contains(e.data, `"age_seconds":36`) {
		t.Errorf("the stream begins with %s", e.data)
	}
	record.back.Store(true)
	for end := time.Now().Add(time.Minute); !s.live.Health().Copy.IsZero() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // it loads the record
	}
	next(t, events, "reload")
	if h := decode[ready](t, s.get(t, "", "/readyz", 200)); h.Status != "ready" || h.Copy != "" || h.Reason != "" || h.Age > 10 {
		t.Errorf("readyz when the record is back: %+v", h)
	}
	if r := s.do(t, "dispatcher", "DELETE", "/collections/events/items/987654321", "", "Idempotency-Key", "k"); r.StatusCode != 404 {
		t.Errorf("a write that the record refuses, when it is back: %d %s, want 404", r.StatusCode, r.body)
	}
	if !strings.Contains(string(s.get(t, "", "/metrics", 200).body), "\nshapan_on_copy 0\n") {
		t.Error("the metrics still tell that this is a copy")
	}
}
