package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWhoLooksAtATrackIsWrittenDown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	f := decode[featureCollection](t, s.get(t, "viewer", "/collections/responders/items?limit=1&duty=on_duty&role=grid_leader", 200)).Features[0]
	at := time.Now().Add(-time.Second)
	fix := fmt.Sprintf(`[{"responder":%d,"lon":114.3085,"lat":30.5582,"at":%q,"accuracy_m":5}]`, f.ID, at.Format(time.RFC3339Nano))
	if r := s.do(t, "dispatcher", http.MethodPost, "/positions", fix, "Content-Type", "application/json"); r.StatusCode != 200 || !strings.Contains(string(r.body), `"written":1`) {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	path := fmt.Sprintf("/tracks/%s", f.Properties["code"])
	for role, status := range map[string]int{"": 401, "viewer": 403, "dispatcher": 200, "admin": 200} {
		if r := s.do(t, role, http.MethodGet, path+"?purpose=assessment", ""); r.StatusCode != status {
			t.Errorf("for %q: %d %.200s", role, r.StatusCode, r.body)
		}
	}
	for _, wrong := range []string{"", "?purpose=", "?purpose=x&datetime=2027-01-01/2026-01-01", "?purpose=" + strings.Repeat("x", 501)} {
		if r := s.do(t, "admin", http.MethodGet, path+wrong, ""); r.StatusCode != 400 {
			t.Errorf("%.60s: %d", wrong, r.StatusCode)
		}
	}
	track := decode[featureCollection](t, s.get(t, "admin", path+"?purpose=assessment", 200))
	if len(track.Features) != 1 || track.Features[0].Properties["coarse"] != false {
		t.Errorf("the track: %+v", track.Features)
	}
	reads := decode[featureCollection](t, s.get(t, "viewer", "/collections/track_reads/items?sortby=at", 200)).Features
	if len(reads) != 3 || reads[2].Properties["by"] != "admin" || reads[2].Properties["responder"] != f.Properties["code"] || reads[2].Properties["purpose"] != "assessment" {
		t.Errorf("who looked: %+v", reads)
	}
}

func TestTracksAreInNoOtherAnswer(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"/collections/tracks", "/collections/tracks/items", "/export/tracks.geojson", "/nearest/tracks?lon=114.3&lat=30.5", "/heat/tracks/legend.json", "/xyz/tracks/14/13389/6726.mvt"} {
		if r := s.do(t, "admin", http.MethodGet, path, ""); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}
