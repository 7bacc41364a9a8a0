package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// taken is what POST /positions answers.
type taken struct {
	Accepted, Rejected, Written int
	Reasons                     map[string]int
	Refused                     []struct {
		Index     int
		Responder string
		Code      string `json:"reason_code"`
		Reason    map[string]string
	}
	Seq int
}

// report sends fixes, which must be taken as a whole.
func (s *service) report(t *testing.T, role, body string, header ...string) taken {
	t.Helper()
	r := s.do(t, role, "POST", "/positions", body, header...)
	if r.StatusCode != 200 {
		t.Fatalf("status %d: %.400s", r.StatusCode, r.body)
	}
	return decode[taken](t, r)
}

// fixJSON is a fix of somebody, some seconds before now.
func fixJSON(responder any, lon, lat float64, before time.Duration) string {
	return fmt.Sprintf(`{"responder":%q,"lon":%g,"lat":%g,"at":%q,"accuracy_m":12}`, fmt.Sprint(responder), lon, lat, time.Now().Add(-before).Format(time.RFC3339Nano))
}

// somebody returns responders of a duty state.
func (s *service) somebody(t *testing.T, duty string, n int) (ids []int64, codes []string) {
	t.Helper()
	for _, f := range decode[featureCollection](t, s.get(t, "dispatcher", fmt.Sprintf("/collections/responders/items?duty=%s&limit=%d&fix_at=<2020-01-01T00:00:00Z", duty, n), 200)).Features {
		ids, codes = append(ids, f.ID), append(codes, f.Properties["code"].(string))
	}
	if len(ids) < n {
		t.Fatalf("the sample has %d responders %s, want %d", len(ids), duty, n)
	}
	return ids, codes
}

// where returns the position and the time of the fix of somebody.
func (s *service) where(t *testing.T, id int64) (at string, fixed any) {
	t.Helper()
	f := decode[struct {
		Properties map[string]any
		Geometry   struct{ Coordinates any }
	}](t, s.get(t, "dispatcher", fmt.Sprintf("/collections/responders/items/%d", id), 200))
	return fmt.Sprint(f.Geometry.Coordinates), f.Properties["fix_at"]
}

// The parts share a service, one after another, for each service takes its time to start.
func TestPositions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	t.Run("batch", func(t *testing.T) { aBatchKeepsTheGood(t, s) })
	t.Run("lines", func(t *testing.T) { linesStopNoOther(t, s) })
	t.Run("again", func(t *testing.T) { sentAgainIsDoneOnce(t, s) })
	t.Run("off duty", func(t *testing.T) { offDutyNobodyIsSeen(t, s) })
	t.Run("rights", func(t *testing.T) { whoMaySendPositions(t, s) })
	t.Run("hostile", func(t *testing.T) { bodiesThatAreNoBatch(t, s) })
}

func aBatchKeepsTheGood(t *testing.T, s *service) {
	ids, codes := s.somebody(t, "on_duty", 2)
	off, _ := s.somebody(t, "off_duty", 1)
	a := s.report(t, "dispatcher", "["+strings.Join([]string{
		fixJSON(codes[0], 114.3, 30.55, 30*time.Second), fixJSON(ids[0], 114.3001, 30.55, 10*time.Second), fixJSON(codes[0], 114.4, 30.55, time.Second),
		fixJSON(ids[1], 114.31, 30.56, -time.Hour), fixJSON(ids[1], 114.31, 95, 0), `{"responder":7}`, fixJSON(off[0], 114.3, 30.55, 0), fixJSON("nobody", 114.3, 30.55, 0)}, ",")+"]")
	want := fmt.Sprint(map[string]int{"jump": 1, "future": 1, "bad_position": 1, "unreadable": 1, "off_duty": 1, "unknown_responder": 1})
	if a.Accepted != 2 || a.Rejected != 6 || a.Written != 1 || fmt.Sprint(a.Reasons) != want || a.Seq == 0 {
		t.Errorf("%+v", a)
	}
	for i, r := range a.Refused {
		if r.Index != i+2 || r.Responder == "" || r.Code == "" || r.Reason["zh"] == "" || r.Reason["en"] == "" || r.Reason["en"] == r.Code {
			t.Errorf("%+v", r)
		}
	}
	if at, _ := s.where(t, ids[0]); at != "[114.3001 30.55]" {
		t.Errorf("is at %s", at)
	}
}

func linesStopNoOther(t *testing.T, s *service) {
	ids, _ := s.somebody(t, "on_duty", 1)
	body := "\n{\"responder\n" + strings.Replace(fixJSON(ids[0], 114.305, 30.555, 0), `"lon"`, `"lng"`, 1) + "\n" + fixJSON(ids[0], 114.3052, 30.5551, 0) + "\n"
	a := s.report(t, "admin", body, "Content-Type", "application/x-ndjson")
	if a.Accepted != 1 || a.Rejected != 2 || a.Reasons["unreadable"] != 2 || a.Written != 1 {
		t.Errorf("%+v", a)
	}
	if a := s.report(t, "admin", "[]"); a.Accepted+a.Rejected+a.Written != 0 || a.Refused == nil {
		t.Errorf("nothing: %+v", a)
	}
}

func sentAgainIsDoneOnce(t *testing.T, s *service) {
	ids, _ := s.somebody(t, "on_duty", 2)
	body := "[" + fixJSON(ids[0], 114.3, 30.55, 0) + "," + fixJSON(ids[1], 114.31, 30.55, 0) + "]"
	first := s.report(t, "dispatcher", body, "Idempotency-Key", "p1")
	again := s.report(t, "dispatcher", body, "Idempotency-Key", "p1")
	if first.Accepted != 2 || first.Written != 2 || again.Accepted != 2 || again.Written != 0 || again.Seq != first.Seq {
		t.Errorf("first %+v, again %+v", first, again)
	}
	other, _ := s.somebody(t, "on_duty", 1)
	if r := s.do(t, "dispatcher", "POST", "/positions", "["+fixJSON(other[0], 114.3, 30.55, 0)+"]", "Idempotency-Key", "p1"); r.StatusCode != 409 {
		t.Errorf("another batch under the same key: %d %s", r.StatusCode, r.body)
	}
}

func offDutyNobodyIsSeen(t *testing.T, s *service) {
	ids, _ := s.somebody(t, "on_duty", 1)
	s.report(t, "dispatcher", "["+fixJSON(ids[0], 114.3, 30.55, 0)+"]")
	before, _ := s.where(t, ids[0])
	if r := s.do(t, "dispatcher", "PATCH", fmt.Sprintf("/collections/responders/items/%d", ids[0]), `{"properties":{"duty":"off_duty"}}`, "Content-Type", "application/merge-patch+json"); r.StatusCode != 200 {
		t.Fatalf("status %d: %s", r.StatusCode, r.body)
	}
	at, fixed := s.where(t, ids[0])
	if fixed != nil || at == before {
		t.Errorf("off duty at %s, fixed %v; was at %s", at, fixed, before)
	}
	if a := s.report(t, "dispatcher", "["+fixJSON(ids[0], 114.3, 30.55, 0)+"]"); a.Reasons["off_duty"] != 1 {
		t.Errorf("%+v", a)
	}
	if still, _ := s.where(t, ids[0]); still != at {
		t.Errorf("moved to %s off duty", still)
	}
}

func whoMaySendPositions(t *testing.T, s *service) {
	ids, _ := s.somebody(t, "on_duty", 1)
	body := "[" + fixJSON(ids[0], 114.3, 30.55, 0) + "]"
	for role, status := range map[string]int{"": 401, "viewer": 403, "analyst": 403, "display": 403} {
		if r := s.do(t, role, "POST", "/positions", body); r.StatusCode != status {
			t.Errorf("as %q: %d, want %d", role, r.StatusCode, status)
		}
	}
	other := decode[featureCollection](t, s.get(t, "dispatcher", "/collections/responders/items?duty=on_duty&limit=1&community=420106001001", 200)).Features[0].ID
	if a := s.report(t, "limited", "["+fixJSON(other, 114.3, 30.55, 0)+"]"); a.Reasons["unknown_responder"] != 1 {
		t.Errorf("in a community that the token does not cover: %+v", a)
	}
}

func bodiesThatAreNoBatch(t *testing.T, s *service) {
	for body, status := range map[string]int{
		"": 400, "{}": 400, "[": 400, "[{}": 400, "[{},]": 400, "[{}] 1": 400, `[{"lon":}]`: 400, "[" + strings.Repeat("{},", 1000) + "{}]": 400,
		strings.Repeat(" ", 1<<20) + "[]": 413, strings.Repeat("[", 100_000): 400, `[null,1,"x",[],{}]`: 200,
	} {
		if r := s.do(t, "dispatcher", "POST", "/positions", body); r.StatusCode != status {
			t.Errorf("%.40q: status %d, want %d: %.300s", body, r.StatusCode, status, r.body)
		}
	}
	for path, status := range map[string]int{"/positions?lang=en": 400, "/positions?crs=GCJ-02": 200} {
		if r := s.do(t, "dispatcher", "POST", path, "[]"); r.StatusCode != status {
			t.Errorf("%s: status %d, want %d", path, r.StatusCode, status)
		}
	}
	if r := s.do(t, "dispatcher", "POST", "/positions", "[]", "Content-Type", "text/csv"); r.StatusCode != 415 {
		t.Errorf("text/csv: %d", r.StatusCode)
	}
}
