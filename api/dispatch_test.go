package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/api"
	"shapan/layers"
	"shapan/layers/gpkg"
	"shapan/tiles"

	"github.com/prometheus/client_golang/prometheus"
)

const here = "lon=114.3085&lat=30.5582"

// ranking is what /dispatch answers, as far as the tests look at it.
type ranking struct {
	Event      int64
	Policy     string
	Parameters string
	Hash       string    `json:"input_hash"`
	Computed   time.Time `json:"computed_at"`
	Lists      []struct {
		Role       string
		Candidates []struct {
			ID     int64
			Code   string
			Cost   float64
			Method string
			Reason map[string]string
			Route  [][2]float64
		}
		Excluded []struct {
			ID     int64
			Reason string `json:"reason_code"`
		}
		Summary map[string]string
	}
}

func TestDispatchSaysWhoShouldGoAndWhy(t *testing.T) {
	t.Parallel()
	s := reading(t)
	r := s.get(t, "viewer", "/dispatch?level=3&category=debris&k=4&"+here, 200)
	a := decode[ranking](t, r)
	if a.Policy != "balanced" || a.Parameters == "" || a.Hash == "" || a.Computed.IsZero() || len(a.Lists) != 2 || a.Lists[1].Role != "urban_enforcement" {
		t.Errorf("%.600s", r.body)
	}
	for _, l := range a.Lists {
		if len(l.Candidates) != 4 || l.Summary["zh"] == "" || l.Summary["en"] == "" {
			t.Errorf("%s: %d candidates, %v", l.Role, len(l.Candidates), l.Summary)
		}
		for _, c := range l.Candidates {
			if c.Method != "network" || len(c.Route) < 2 || c.Reason["zh"] == "" || c.Reason["en"] == "" {
				t.Errorf("%+v", c)
			}
		}
	}
	if body := string(s.get(t, "dispatcher", "/dispatch?level=3&"+here, 200).body); strings.Contains(body, "000-0") || strings.Contains(body, "phone") {
		t.Error("a phone number is in the answer")
	}
	one := decode[ranking](t, s.get(t, "viewer", "/dispatch?level=1&lang=en&"+here, 200)).Lists[0].Summary
	if one["en"] == "" || one["zh"] != "" {
		t.Errorf("in English: %v", one)
	}
}

func TestDispatchForAnEvent(t *testing.T) {
	t.Parallel()
	s := reading(t)
	f := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&level=4", 200)).Features[0]
	byID := decode[ranking](t, s.get(t, "viewer", fmt.Sprintf("/dispatch?event=%d", f.ID), 200))
	byCode := decode[ranking](t, s.get(t, "viewer", fmt.Sprintf("/dispatch?event=%s", f.Properties["code"]), 200))
	if byID.Event != f.ID || byCode.Event != f.ID || byID.Policy != "nearest_first" {
		t.Errorf("event %d: %+v", f.ID, byID)
	}
	if a := decode[ranking](t, s.get(t, "viewer", fmt.Sprintf("/dispatch?event=%d&level=1&roles=police,guard", f.ID), 200)); a.Policy != "responsible_first" || len(a.Lists) != 2 {
		t.Errorf("as level 1: %+v", a)
	}
}

func TestDispatchRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for query, status := range map[string]int{
		"level=3": 400, here: 400, "level=6&" + here: 400, "level=3&policy=best&" + here: 400, "level=3&roles=chef&" + here: 400, "level=3&k=0&" + here: 400,
		"level=3&lveel=1&" + here: 400, "event=1&" + here: 400, "event=nothing": 404, "level=3&without=x&" + here: 400, "level=3&lang=fr&" + here: 400,
		"level=3&lon=114.3&lat=95": 400, "level=3&valid_at=yesterday&" + here: 400, "level=3&skills=first_aid&" + here: 200,
	} {
		if r := s.do(t, "viewer", "GET", "/dispatch?"+query, ""); r.StatusCode != status {
			t.Errorf("%s: status %d, want %d: %.200s", query, r.StatusCode, status, r.body)
		}
	}
	if r := s.do(t, "", "GET", "/dispatch?level=3&"+here, ""); r.StatusCode != 401 {
		t.Errorf("without a token: status %d", r.StatusCode)
	}
}

// ordered is what POST /dispatch answers.
type ordered struct {
	Responder  int64
	Assignment map[string]any
	Next       *struct{ ID int64 }
	EscalateAt *time.Time `json:"escalate_at"`
	LeaseUntil *time.Time `json:"lease_until"`
}

// order posts an order, and fails the test where the status is another.
func (s *service) order(t *testing.T, role string, status int, body string, header ...string) ordered {
	t.Helper()
	r := s.do(t, role, http.MethodPost, "/dispatch", body, append(header, "Content-Type", "application/json")...)
	if r.StatusCode != status {
		t.Fatalf("POST %s as %q: status %d, want %d: %.300s", body, role, r.StatusCode, status, r.body)
	}
	if status != 200 {
		return ordered{}
	}
	return decode[ordered](t, r)
}

// first is who is proposed for a place.
func (s *service) first(t *testing.T, query string) (first, second int64) {
	t.Helper()
	c := decode[ranking](t, s.get(t, "dispatcher", "/dispatch?"+query, 200)).Lists[0].Candidates
	return c[0].ID, c[1].ID
}

func TestAnOrderGoesFromReservedToDone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	events := s.follow(t, "viewer")
	next(t, events, "hello")
	about := here + "&level=3"
	place := `"lon":114.3085,"lat":30.5582,"level":3`
	who, other := s.first(t, about)
	reserve := func(id int64, more string) string {
		return fmt.Sprintf(`{"action":"reserve","responder":%d,%s%s}`, id, place, more)
	}
	do := func(action string) string { return fmt.Sprintf(`{"action":%q,"responder":%d}`, action, who) }

	s.order(t, "dispatcher", 409, do("assign"))
	s.order(t, "dispatcher", 422, reserve(other, ""))
	held := s.order(t, "dispatcher", 200, reserve(who, `,"lease_s":600`), "Idempotency-Key", "first")
	if held.Responder != who || held.Assignment["status"] != "reserved" || held.LeaseUntil == nil || held.Next == nil || held.Next.ID != other {
		t.Errorf("reserved: %+v, want %d next", held, other)
	}
	if e := next(t, events, "changes"); !strings.Contains(e.data, `"assignments"`) || !strings.Contains(e.data, `"dispatch_log"`) {
		t.Errorf("on the stream: %s", e.data)
	}
	s.order(t, "dispatcher", 200, reserve(who, `,"lease_s":600`), "Idempotency-Key", "first") // sent again: it was done
	s.order(t, "dispatcher", 409, reserve(who, ""))
	s.order(t, "admin", 409, reserve(who, ""))
	s.order(t, "admin", 409, do("assign"))
	if again, _ := s.first(t, about); again != other {
		t.Errorf("%d is proposed while %d is reserved, want %d", again, who, other)
	}
	sent := s.order(t, "dispatcher", 200, do("assign"))
	if sent.Assignment["status"] != "assigned" || sent.EscalateAt == nil || time.Until(*sent.EscalateAt) > 3*time.Minute || time.Until(*sent.EscalateAt) < 2*time.Minute || sent.LeaseUntil != nil {
		t.Errorf("assigned: %+v", sent)
	}
	s.order(t, "dispatcher", 422, do("release"))
	if a := s.order(t, "admin", 200, do("acknowledge")); a.Assignment["status"] != "acknowledged" {
		t.Errorf("acknowledged: %+v", a)
	}
	s.order(t, "admin", 409, do("acknowledge"))
	if a := s.order(t, "admin", 200, do("done")); a.Assignment != nil {
		t.Errorf("done: %+v", a)
	}
	if again, _ := s.first(t, about); again != who {
		t.Errorf("%d is proposed after all is done, want %d", again, who)
	}
	s.order(t, "dispatcher", 200, reserve(other, `,"reason":"熟悉情况"`))
	var log []string
	for _, f := range decode[featureCollection](t, s.get(t, "viewer", "/collections/dispatch_log/items?sortby=at", 200)).Features {
		p := f.Properties
		log = append(log, fmt.Sprint(p["action"], " ", p["by"], " ", p["override"], " ", p["responder"] == p["proposed"], " ", p["reason"]))
	}
	want := []string{"reserved dispatcher false true <nil>", "assigned dispatcher false true <nil>", "acknowledged admin false true <nil>", "done admin false true <nil>",
		"reserved dispatcher true false 熟悉情况"}
	if !slices.Equal(log, want) {
		t.Errorf("the log is\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}
}

func TestARefusalAsksForTheNext(t *testing.T) {
	t.Parallel()
	s := newService(t)
	f := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&level=3&stage=dispatched,filed,accepted", 200)).Features[0]
	about := fmt.Sprintf("event=%d&roles=grid_leader", f.ID)
	who, other := s.first(t, about)
	s.order(t, "dispatcher", 200, fmt.Sprintf(`{"action":"reserve","responder":%d,"event":%q}`, who, f.Properties["code"]))
	a := s.order(t, "dispatcher", 200, fmt.Sprintf(`{"action":"refuse","responder":"%d","reason":"在外出诊"}`, who))
	if a.Assignment != nil || a.Next == nil || a.Next.ID != other {
		t.Errorf("refused: %+v, want %d next", a, other)
	}
	l := decode[ranking](t, s.get(t, "viewer", "/dispatch?"+about, 200)).Lists[0]
	refused := false
	for _, e := range l.Excluded {
		refused = refused || e.ID == who && e.Reason == "already_refused"
	}
	if l.Candidates[0].ID != other || !refused {
		t.Errorf("after the refusal: %+v", l.Excluded)
	}
}

func TestALeaseThatEndsFrees(t *testing.T) {
	t.Parallel()
	s := newService(t)
	at := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
	later := s.another(t, clock)
	who, _ := later.first(t, here+"&level=3")
	reserve := fmt.Sprintf(`{"action":"reserve","responder":%d,"lon":114.3085,"lat":30.5582,"level":3,"lease_s":60}`, who)
	later.order(t, "dispatcher", 200, reserve)
	later.order(t, "admin", 409, reserve)
	mu.Lock()
	at = at.Add(time.Minute)
	mu.Unlock()
	later.order(t, "dispatcher", 409, fmt.Sprintf(`{"action":"assign","responder":%d}`, who))
	if a := later.order(t, "admin", 200, reserve); a.Assignment["by"] != "admin" {
		t.Errorf("reserved anew: %+v", a)
	}
}

func TestOrdersThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	off := decode[featureCollection](t, s.get(t, "viewer", "/collections/responders/items?limit=1&duty=on_leave", 200)).Features[0].ID
	over := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&stage=closed", 200)).Features[0].ID
	place := `"lon":114.3085,"lat":30.5582,"level":3`
	for body, status := range map[string]int{
		``: 400, `[]`: 400, `{}`: 404, `{"action":"hire","responder":1}`: 400, `{"action":"reserve","responder":"nobody",` + place + `}`: 404,
		`{"action":"reserve","responder":1}`: 400, `{"action":"reserve","responder":1,"event":"none"}`: 404, `{"action":"reserve","responder":1,"event":1,` + place + `}`: 400,
		`{"action":"reserve","responder":1,"levle":3}`: 400, `{"action":"reserve","responder":1,"lease_s":1,` + place + `}`: 400,
		`{"action":"reserve","responder":1,"lon":114,"lat":95,"level":3}`: 400, `{"action":"done","responder":1} {}`: 400,
		fmt.Sprintf(`{"action":"reserve","responder":%d,"reason":"x",%s}`, off, place):   422,
		fmt.Sprintf(`{"action":"reserve","responder":30,"reason":"x","event":%d}`, over): 422,
	} {
		if r := s.do(t, "dispatcher", "POST", "/dispatch", body, "Content-Type", "application/json"); r.StatusCode != status {
			t.Errorf("%s: status %d, want %d: %.300s", body, r.StatusCode, status, r.body)
		}
	}
	s.order(t, "viewer", 403, `{"action":"done","responder":1}`)
	s.order(t, "", 401, `{"action":"done","responder":1}`)
}

func TestOnlyAnAdminSetsParametersAndOnlyValidOnes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	post := func(role, version, parameters string) int {
		b, err := json.Marshal(map[string]any{"type": "Feature", "geometry": nil, "properties": map[string]any{"version": version, "parameters": parameters}})
		if err != nil {
			t.Fatal(err)
		}
		return s.do(t, role, "POST", "/collections/dispatch_parameters/items", string(b)).StatusCode
	}
	if got := post("dispatcher", "mine", `{}`); got != 403 {
		t.Errorf("by a dispatcher: %d", got)
	}
	if got := post("admin", "wrong", `{"walk_mps":0}`); got != 422 {
		t.Errorf("that are not valid: %d", got)
	}
	if got := post("admin", "slow", `{"walk_mps":0.8}`); got != 201 {
		t.Errorf("by an admin: %d", got)
	}
	for _, role := range []string{"viewer", "dispatcher", "limited"} {
		if a := decode[ranking](t, s.get(t, role, "/dispatch?level=3&lon=114.3105&lat=30.5767", 200)); a.Parameters != "slow" {
			t.Errorf("for a %s: %s", role, a.Parameters)
		}
	}
}

// another is a second server on the record of the first, with tokens of the first.
func (s *service) another(t *testing.T, clock func() time.Time) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	store, err := gpkg.Open(ctx, filepath.Join(s.dir, "record.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	live, err := layers.Open(ctx, store, layers.LiveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	cache, err := tiles.New(tiles.CacheConfig{Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	server, err := api.New(api.Config{Live: live, Cache: cache, Registry: prometheus.NewRegistry(), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	other := &service{Server: httptest.NewServer(server.Handler()), live: live, store: store, tokens: s.tokens, dir: s.dir}
	var running sync.WaitGroup
	running.Go(func() { _ = live.Run(ctx) }) // it ends with ctx
	t.Cleanup(func() {
		other.Close()
		cancel()
		running.Wait()
		_ = store.Close() // a test has nothing to do about it
	})
	return other
}
