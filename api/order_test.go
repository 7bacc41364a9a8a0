package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// openEvent makes an event that waits for somebody.
func (s *service) openEvent(t *testing.T) (id int64, code string) {
	t.Helper()
	r := s.do(t, "dispatcher", http.MethodPost, "/collections/events/items",
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[114.3085,30.5582]},"properties":{"domain":"urban","level":3,"title":"井盖移位"}}`)
	if r.StatusCode != 201 {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	f := decode[struct {
		ID         int64
		Properties map[string]any
	}](t, r)
	return f.ID, fmt.Sprint(f.Properties["code"])
}

// stage is the stage of an event, and its ETag.
func (s *service) stage(t *testing.T, id int64) (stage, tag string) {
	t.Helper()
	r := s.get(t, "dispatcher", fmt.Sprintf("/collections/events/items/%d", id), 200)
	f := decode[struct{ Properties map[string]any }](t, r)
	return fmt.Sprint(f.Properties["stage"]), r.Header.Get("ETag")
}

func TestOrdersAreSeenOnTheEvent(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id, code := s.openEvent(t)
	who, _ := s.first(t, fmt.Sprintf("event=%d&roles=grid_leader", id))
	before, tag := s.stage(t, id)
	order := func(action string, status int, header ...string) {
		t.Helper()
		s.order(t, "dispatcher", status, fmt.Sprintf(`{"action":%q,"responder":%d,"reason":"试"}`, action, who), header...)
	}
	s.order(t, "dispatcher", 200, fmt.Sprintf(`{"action":"reserve","responder":%d,"event":%q,"lease_s":600}`, who, code), "If-Match", tag)
	events := s.follow(t, "viewer")
	next(t, events, "hello")
	order("assign", 200, "If-Match", tag)
	if e := next(t, events, "changes"); !strings.Contains(e.data, `"events"`) || !strings.Contains(e.data, `"assignments"`) || !strings.Contains(e.data, `"responders"`) {
		t.Errorf("on the stream: %s", e.data)
	}
	order("acknowledge", 412, "If-Match", tag) // as it was before it was dispatched
	for _, step := range [][2]string{{"acknowledge", "acknowledged"}, {"arrive", "arrived"}} {
		order(step[0], 200)
		if stage, _ := s.stage(t, id); stage != step[1] {
			t.Errorf("after %s the event is %s", step[0], stage)
		}
	}
	order("release", 200)
	if stage, again := s.stage(t, id); stage != before || again != tag {
		t.Errorf("after the release the event is %s, and not what it was: %s", stage, before)
	}
}

func TestTwoEventsAtOnceHaveNobodyInCommon(t *testing.T) {
	t.Parallel()
	s := reading(t)
	var names []string
	for _, f := range decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=40&level=3&sortby=grid", 200)).Features {
		names = append(names, fmt.Sprint(f.ID))
	}
	a := decode[struct{ Answers []ranking }](t, s.get(t, "viewer", "/dispatch?k=1&roles=grid_leader&event="+strings.Join(names[:20], ","), 200))
	if len(a.Answers) != 20 {
		t.Fatalf("%d answers", len(a.Answers))
	}
	taken := map[int64]bool{}
	for _, one := range a.Answers {
		if c := one.Lists[0].Candidates; len(c) > 0 {
			if taken[c[0].ID] {
				t.Errorf("%d is first for two events", c[0].ID)
			}
			taken[c[0].ID] = true
		}
	}
	for _, wrong := range []string{strings.Join(names[:21], ","), names[0] + "," + names[0], names[0] + ",", names[0] + ",none"} {
		if r := s.do(t, "viewer", http.MethodGet, "/dispatch?event="+wrong, ""); r.StatusCode != 400 && r.StatusCode != 404 {
			t.Errorf("event=%s: %d", wrong, r.StatusCode)
		}
	}
}
