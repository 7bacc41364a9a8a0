package api_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// count returns how many events a dispatcher sees.
func (s *service) count(t *testing.T) int {
	t.Helper()
	return decode[featureCollection](t, s.get(t, "dispatcher", "/collections/events/items?limit=1", 200)).NumberMatched
}

// problemIn returns the field that a problem is about, and its sentence.
func problemIn(t *testing.T, r reply) (field, detail string) {
	t.Helper()
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	var p struct{ Field, Detail string }
	if err := json.Unmarshal(r.body, &p); err != nil || p.Detail == "" {
		t.Errorf("no sentence in %s: %v", r.body, err)
	}
	return p.Field, p.Detail
}

// The parts share a service, one after another, for each service takes its time to start.
func TestAWriteThatIsSentAgainIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	t.Run("post", func(t *testing.T) { postTwice(t, s) })
	t.Run("patch", func(t *testing.T) { patchTwice(t, s) })
	t.Run("delete", func(t *testing.T) { deleteTwice(t, s) })
	t.Run("unseen", func(t *testing.T) { aKeyOpensNothing(t, s) })
}

func postTwice(t *testing.T, s *service) {
	before := s.count(t)
	post := func(role, key, body string) reply {
		return s.do(t, role, "POST", "/collections/events/items", body, "Idempotency-Key", key)
	}
	first := post("dispatcher", "shift 7", newEvent)
	for range 2 {
		again := post("dispatcher", "shift 7", newEvent)
		if first.StatusCode != 201 || again.StatusCode != 201 || again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("ETag") != first.Header.Get("ETag") {
			t.Errorf("answered %d %s, then %d %s", first.StatusCode, first.Header.Get("Location"), again.StatusCode, again.Header.Get("Location"))
		}
	}
	if n := s.count(t); n != before+1 {
		t.Errorf("%d events more, want 1", n-before)
	}
	if r := post("dispatcher", "shift 7", strings.Replace(newEvent, "测试事件", "另一事件", 1)); r.StatusCode != 409 {
		t.Errorf("another event under the same key: %d %s, want 409", r.StatusCode, r.body)
	}
	if r := post("admin", "shift 7", newEvent); r.StatusCode != 201 || r.Header.Get("Location") == first.Header.Get("Location") {
		t.Errorf("the same key of another token: %d %s", r.StatusCode, r.body)
	}
	long := post("dispatcher", strings.Repeat("x", 201), newEvent)
	if field, _ := problemIn(t, long); long.StatusCode != 400 || field != "Idempotency-Key" {
		t.Errorf("a key that is too long: %d about %q, want 400", long.StatusCode, field)
	}
	before = s.count(t)
	for range 2 {
		if r := s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent); r.StatusCode != 201 {
			t.Errorf("without a key: %d", r.StatusCode)
		}
	}
	if n := s.count(t); n != before+2 {
		t.Errorf("%d events more without a key, want 2", n-before)
	}
}

func patchTwice(t *testing.T, s *service) {
	made := s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent)
	at := strings.TrimPrefix(made.Header.Get("Location"), s.URL)
	patch := func(key, stage, ifMatch string) reply {
		header := []string{"Idempotency-Key", key, "Content-Type", "application/merge-patch+json"}
		if ifMatch != "" {
			header = append(header, "If-Match", ifMatch)
		}
		return s.do(t, "dispatcher", "PATCH", at, `{"properties":{"stage":"`+stage+`"}}`, header...)
	}
	stage := func(r reply) string {
		if r.StatusCode != 200 {
			t.Fatalf("status %d: %s", r.StatusCode, r.body)
		}
		return decode[struct{ Properties struct{ Stage string } }](t, r).Properties.Stage
	}
	tag := made.Header.Get("ETag")
	first := patch("patch a", "dispatched", tag)
	if again := patch("patch a", "dispatched", tag); stage(first) != "dispatched" || stage(again) != "dispatched" || again.Header.Get("ETag") != first.Header.Get("ETag") {
		t.Errorf("answered with %s, then with %s", first.body, again.body)
	}
	if r := patch("patch b", "dispatched", tag); r.StatusCode != 412 {
		t.Errorf("a patch of a state that is past, under another key: %d, want 412", r.StatusCode)
	}
	if got := stage(patch("patch c", "closed", "")); got != "closed" {
		t.Errorf("the stage is %q", got)
	}
	stage(patch("patch d", "disposed", ""))
	if got := stage(patch("patch c", "closed", "")); got != "disposed" {
		t.Errorf("a patch sent again was done again: the stage is %q, want that of the patch after it", got)
	}
	if got := stage(patch("patch a", "dispatched", tag)); got != "disposed" {
		t.Errorf("a patch sent again was done again: the stage is %q, want that of the patch after it", got)
	}
}

func deleteTwice(t *testing.T, s *service) {
	made := s.do(t, "dispatcher", "POST", "/collections/events/items", newEvent)
	at := strings.TrimPrefix(made.Header.Get("Location"), s.URL)
	remove := func(role, key, ifMatch string) int {
		header := []string{"Idempotency-Key", key}
		if ifMatch != "" {
			header = append(header, "If-Match", ifMatch)
		}
		return s.do(t, role, "DELETE", at, "", header...).StatusCode
	}
	if got := remove("dispatcher", "a", `"past"`); got != 412 {
		t.Errorf("a delete of a state that is past: %d, want 412", got)
	}
	for range 3 {
		if got := remove("dispatcher", "b", made.Header.Get("ETag")); got != 204 {
			t.Errorf("the same delete: %d, want 204", got)
		}
	}
	for _, other := range [][2]string{{"dispatcher", "c"}, {"admin", "b"}, {"dispatcher", ""}} {
		if got := remove(other[0], other[1], ""); got != 404 {
			t.Errorf("another delete, as %s under key %q: %d, want 404", other[0], other[1], got)
		}
	}
}

// To ask for a key must not touch what the caller may not see.
func aKeyOpensNothing(t *testing.T, s *service) {
	elsewhere := s.do(t, "dispatcher", "POST", "/collections/events/items", strings.Replace(newEvent, "114.3105,30.5767", "114.2980,30.5597", 1))
	at := strings.TrimPrefix(elsewhere.Header.Get("Location"), s.URL)
	for range 2 {
		if r := s.do(t, "limited", "DELETE", at, "", "Idempotency-Key", "k"); r.StatusCode != 404 {
			t.Errorf("a delete in another community: %d, want 404", r.StatusCode)
		}
	}
	s.get(t, "dispatcher", at, 200)
}

func TestABrokenRuleIsToldByItsField(t *testing.T) {
	t.Parallel()
	s := reading(t) // none of its writes is taken
	for _, c := range []struct {
		what, body string
		status     int
		field      string
	}{
		{"an unknown code", strings.Replace(newEvent, `"urban"`, `"nonsense"`, 1), 422, "domain"},
		{"a missing field", strings.Replace(newEvent, `"domain":"urban",`, ``, 1), 422, "domain"},
		{"a required field that is null", strings.Replace(newEvent, `"urban"`, `null`, 1), 422, "domain"},
		{"a word for a number", strings.Replace(newEvent, `"level":2`, `"level":"two"`, 1), 400, "level"},
		{"an unknown field", strings.Replace(newEvent, `"title"`, `"tilte"`, 1), 400, "tilte"},
		{"half a feature", newEvent[:60], 400, ""},
		{"no JSON", "level=2", 400, ""},
	} {
		r := s.do(t, "dispatcher", "POST", "/collections/events/items", c.body)
		if field, detail := problemIn(t, r); r.StatusCode != c.status || c.field != "" && field != c.field {
			t.Errorf("%s: %d about %q (%s), want %d about %q", c.what, r.StatusCode, field, detail, c.status, c.field)
		}
	}
}
