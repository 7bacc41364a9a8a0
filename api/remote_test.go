package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"shapan/tiles"
)

// told is what the service says of a command.
type told struct {
	Wall      string `json:"wall"`
	Seq       int64  `json:"seq"`
	Listeners int    `json:"listeners"`
}

// tell sends a wall a command.
func (s *service) tell(t *testing.T, wall, body string) told {
	t.Helper()
	r := s.do(t, "dispatcher", http.MethodPost, "/walls/"+wall+"/commands", body)
	if r.StatusCode != http.StatusAccepted {
		t.Fatalf("status %d: %s", r.StatusCode, r.body)
	}
	return decode[told](t, r)
}

func TestWallHearsWhatItIsTold(t *testing.T) {
	t.Parallel()
	s := reading(t)
	events := s.followAt(t, "/walls/hall/commands", "display")
	next(t, events, "hello")
	got := s.tell(t, "hall", `{"do": "scope", "to": "420106001020"}`)
	if got.Listeners != 1 {
		t.Errorf("%+v: want one listener", got)
	}
	heard := next(t, events, "command")
	if want := fmt.Sprintf(`{"seq":%d,"do":"scope","to":"420106001020"}`, got.Seq); heard.data != want || heard.id != strconv.FormatInt(got.Seq, 10) {
		t.Errorf("heard %+v, want %s", heard, want)
	}
	next(t, events, "heartbeat")
	if list := s.get(t, "dispatcher", "/walls", 200); !strings.Contains(string(list.body), `{"name":"hall","listeners":1}`) {
		t.Errorf("%s: want hall", list.body)
	}
}

func TestWallThatConnectsAgainHearsTheLastCommand(t *testing.T) {
	t.Parallel()
	s := reading(t)
	before := s.tell(t, "away", `{"do": "home"}`)
	last := s.tell(t, "away", `{"do": "reload"}`)
	if last.Seq <= before.Seq {
		t.Fatalf("numbers %d and %d: want them to rise", before.Seq, last.Seq)
	}
	again := s.followAt(t, "/walls/away/commands", "display", "Last-Event-ID", strconv.FormatInt(before.Seq, 10))
	if e := next(t, again, "command"); e.id != strconv.FormatInt(last.Seq, 10) {
		t.Errorf("heard %+v, want command %d", e, last.Seq)
	}
	for name, seen := range map[string]string{"has seen it": strconv.FormatInt(last.Seq, 10), "is new": ""} {
		header := []string{"Last-Event-ID", seen}
		if seen == "" {
			header = nil
		}
		events := s.followAt(t, "/walls/away/commands", "display", header...)
		next(t, events, "hello")
		select {
		case e := <-events:
			if e.name != "heartbeat" {
				t.Errorf("a wall that %s heard %+v", name, e)
			}
		case <-time.After(10 * time.Second):
			t.Error("no heartbeat")
		}
	}
}

func TestWallsAreDrivenByThoseWhoMay(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for role, want := range map[string]int{"": 401, "viewer": 403, "display": 403, "analyst": 403, "dispatcher": 202, "admin": 202} {
		if r := s.do(t, role, http.MethodPost, "/walls/who/commands", `{"do": "home"}`); r.StatusCode != want {
			t.Errorf("%q: status %d, want %d: %s", role, r.StatusCode, want, r.body)
		}
	}
	s.get(t, "", "/walls/who/commands", 401)
	s.get(t, "display", "/walls", 403)
}

func TestCommandsAreChecked(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for body, want := range map[string]string{
		`{"do": "scop", "to": ""}`:                                   `did you mean \"scope\"`,
		`{"do": "scope", "to": "../x"}`:                              "expected the code of an area",
		`{"do": "view", "to": "15/30"}`:                              "expected zoom/lat/lon",
		`{"do": "tour", "to": "faster"}`:                             "expected start, pause, next, prev or stop",
		`{"do": "playback", "to": "yesterday"}`:                      "an instant such as",
		`{"do": "playback", "to": "live", "window": "3d"}`:           "expected 1h, 1d, 7d or 30d",
		`{"do": "playback", "to": "live", "speed": "-1"}`:            "expected a whole number from 1 to 86400",
		`{"do": "home", "speed": "60"}`:                              "only playback takes them",
		`[]`:                                                         "the body is no command",
		`{"do": "layers", "to": "` + strings.Repeat("a,", 70) + `"}`: "names of layers",
	} {
		r := s.do(t, "dispatcher", http.MethodPost, "/walls/checked/commands", body)
		if r.StatusCode != 400 || !strings.Contains(string(r.body), want) {
			t.Errorf("%.60s: %d %s; want 400 and %q", body, r.StatusCode, r.body, want)
		}
	}
	if r := s.do(t, "dispatcher", http.MethodPost, "/walls/"+strings.Repeat("w", 33)+"/commands", `{"do": "home"}`); r.StatusCode != 400 {
		t.Errorf("a long name: status %d, want 400", r.StatusCode)
	}
}

func TestWallsAreBounded(t *testing.T) {
	t.Parallel()
	s := drawing(t, tiles.CacheConfig{Bytes: 1 << 20})
	refused := 0
	for range 60 {
		if r := s.do(t, "dispatcher", http.MethodPost, "/walls/fast/commands", `{"do": "home"}`); r.StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("sixty commands at once were all taken")
	}
	full := 0
	for i := range 80 {
		if r := s.do(t, "dispatcher", http.MethodPost, fmt.Sprintf("/walls/w%d/commands", i), `{"do": "home"}`); r.StatusCode == http.StatusTooManyRequests {
			full++
		}
	}
	if full != 80-63 {
		t.Errorf("%d of 80 new walls were refused, want %d beside the one that is there", full, 80-63)
	}
}
