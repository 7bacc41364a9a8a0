package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// sink is an answer that nobody reads.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(b []byte) (int, error) { s.bytes += len(b); return len(b), nil }

func (*sink) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkHotTile is a tile out of the cache, from the handler's side alone.
func BenchmarkHotTile(b *testing.B) {
	s := reading(b)
	tile := geo.Tile(orb.Point{114.3105, 30.5767}, 14)
	r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("/xyz/communities,grids/14/%d/%d.mvt", tile.X, tile.Y), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, coding := range []string{"gzip", "gzip, deflate, br, zstd"} {
		r.Header.Set("Accept-Encoding", coding)
		b.Run(coding, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := sink{header: http.Header{}}
				s.Config.Handler.ServeHTTP(&w, r)
				if w.status != http.StatusOK || w.bytes == 0 {
					b.Fatal(w.status)
				}
			}
		})
	}
}
