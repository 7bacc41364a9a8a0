package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// found is one answer of a nearest search.
type found struct {
	ID       int64   `json:"id"`
	Distance float64 `json:"distance"`
}

// nearest is B3: the five nearest of many points over HTTP, beside a scan of all with the same metres,
// and beside PostGIS.
func nearest(ctx context.Context, s setting) ([]row, error) {
	w, err := newWorld(ctx, s.sample(), 0)
	if err != nil {
		return nil, err
	}
	defer w.close()
	t, err := everything(w).Table("events")
	if err != nil {
		return nil, err
	}
	url, stop, err := listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lon, _ := strconv.ParseFloat(r.URL.Query().Get("lon"), 64)
		lat, _ := strconv.ParseFloat(r.URL.Query().Get("lat"), 64)
		_ = json.NewEncoder(w).Encode(scan(t, orb.Point{lon, lat}, 5)) // the client has gone
	}))
	if err != nil {
		return nil, err
	}
	defer stop()
	rng := rand.New(rand.NewPCG(1, 3))
	b, _ := t.Bound()
	var paths []string
	var points []orb.Point
	for range 500 {
		p := orb.Point{b.Min[0] + rng.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + rng.Float64()*(b.Max[1]-b.Min[1])}
		points = append(points, p)
		paths = append(paths, fmt.Sprintf("/nearest/events?lon=%v&lat=%v&k=5&properties=level", p[0], p[1]))
		if len(paths) <= 20 {
			if err := agree(w, t, p, paths[len(paths)-1]); err != nil {
				return nil, err
			}
		}
	}
	ours, theirs, ratio, err := duel(s,
		func() (float64, error) { return rate(prefixed(w.url, paths), w.token, s.round) },
		func() (float64, error) { return rate(prefixed(url, paths), "", s.round) })
	if err != nil {
		return nil, err
	}
	rows := []row{{"B3", fmt.Sprintf("five nearest of %d, HTTP", t.Len()), fmt.Sprintf("%.0f/s", ours),
		fmt.Sprintf("%.1f/s a scan of all, same order", theirs), fmt.Sprintf("%.0fx", ratio), "-"}}
	peers, err := nearestOfPostGIS(ctx, s, w, points, paths)
	return append(rows, peers...), err
}

// scan measures every feature and returns the k nearest.
func scan(t *layers.Table, p orb.Point, k int) []found {
	var all []found
	t.Each(nil, func(r layers.Row) bool {
		if at, ok := r.Point(); ok {
			all = append(all, found{r.ID(), geo.Distance(p, at)})
		}
		return true
	})
	slices.SortFunc(all, func(a, b found) int { return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID)) })
	return all[:min(k, len(all))]
}

// agree checks that the service and the scan give the same distances in the same order (points in one place may stand
// in any order).
func agree(w *world, t *layers.Table, p orb.Point, path string) error {
	_, _, body, err := get(newClient(), w.url+path, w.token)
	if err != nil {
		return err
	}
	var answer struct {
		Features []struct {
			Properties map[string]any `json:"properties"`
			found
		} `json:"features"`
	}
	if body, err = unpacked(body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	want := scan(t, p, 5)
	if len(answer.Features) != len(want) {
		return fmt.Errorf("%s: %d answers, the scan has %d", path, len(answer.Features), len(want))
	}
	for i, f := range answer.Features {
		if d := f.Distance - want[i].Distance; d > 0.001 || d < -0.001 {
			return fmt.Errorf("%s: number %d is %.3f m away, by the scan %.3f m", path, i+1, f.Distance, want[i].Distance)
		}
	}
	return nil
}
