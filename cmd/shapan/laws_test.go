package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"shapan/geo"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// After any changes, a service that has cached its tiles answers with the bytes that one draws that has just loaded the
// record, of either kind, with and without a filter.
func TestCachedTileIsTheFreshOne(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		token := admin(t, dir)
		s := start(t, dir)
		rnd := rand.New(rand.NewPCG(71, 1))
		middle := orb.Point{114.308, 30.5674}
		var paths []string
		for z := maptile.Zoom(8); z <= 18; z += 2 {
			for range 3 {
				tile := geo.Tile(orb.Point{middle[0] + (rnd.Float64()-0.5)/100, middle[1] + (rnd.Float64()-0.5)/100}, z)
				at := fmt.Sprintf("%d/%d/%d.mvt", tile.Z, tile.X, tile.Y)
				paths = append(paths, "/xyz/events,grids/"+at, "/xyz/events/"+at+"?level=1,2")
			}
		}
		same := 0
		for range 2 {
			before := map[string]string{}
			for _, path := range paths {
				_, _, before[path] = s.do(t, "GET", path, token, "")
			}
			writeEvents(t, s, token, rnd, middle)
			fresh := start(t, dir)
			for _, path := range paths {
				code, _, kept := s.do(t, "GET", path, token, "")
				again, _, drawn := fresh.do(t, "GET", path, token, "")
				if code != again || kept != drawn {
					t.Errorf("%s: %d with %d bytes, from a new service %d with %d", path, code, len(kept), again, len(drawn))
				}
				if kept == before[path] {
					same++
				}
			}
			fresh.kill()
		}
		if same == 0 || same == 2*len(paths) {
			t.Errorf("%d of %d tiles stayed as they were: nothing was tested", same, 2*len(paths))
		}
	})
}

// writeEvents adds events around a place, then moves and deletes some of them.
func writeEvents(t *testing.T, s *server, token string, rnd *rand.Rand, middle orb.Point) {
	t.Helper()
	place := func() string {
		return fmt.Sprintf(`"coordinates": [%.6f, %.6f]`, middle[0]+(rnd.Float64()-0.5)/300, middle[1]+(rnd.Float64()-0.5)/300)
	}
	for i := range 9 {
		code, header, body := s.do(t, "POST", "/collections/events/items", token, strings.Replace(newEvent, `"coordinates": [114.308, 30.5674]`, place(), 1))
		if code != 201 {
			t.Fatalf("POST: %d %s", code, body)
		}
		at := strings.TrimPrefix(header.Get("Location"), s.url)
		switch i % 3 {
		case 0:
			if code, _, body := s.do(t, "PATCH", at, token, `{"type": "Feature", "geometry": {"type": "Point", `+place()+`}, "properties": {"level": 1}}`); code != 200 {
				t.Fatalf("PATCH %s: %d %s", at, code, body)
			}
		case 1:
			if code, _, body := s.do(t, "DELETE", at, token, ""); code != 204 {
				t.Fatalf("DELETE %s: %d %s", at, code, body)
			}
		}
	}
}
