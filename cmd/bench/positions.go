package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"shapan/api"
	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/gpkg"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// What B7 does: positions a second, how many are written at once, and tiles a second.
const (
	positionsPerSecond = 4000
	positionsAtOnce    = 200
	tilesPerSecond     = 200
)

// positions is B7: the responders of a city move while tiles of them are asked for, beside the same tiles while they stand.
// Every move is a write to the record and is looked for in memory at the end.
func positions(ctx context.Context, s setting) ([]row, error) {
	dir, err := os.MkdirTemp("", "shapan-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, err := gpkg.Open(ctx, filepath.Join(dir, "city.gpkg"))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	secret, _, _, err := fill(ctx, store, fixtures.Options{Scale: s.city, Events: 1}, fixtures.Responders, fixtures.Communities, api.TokenLayer().Name)
	if err != nil {
		return nil, err
	}
	w, err := serveStore(ctx, store, secret, 64<<20)
	if err != nil {
		return nil, err
	}
	defer w.close()
	t, err := everything(w).Table(fixtures.Responders)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, tile := range around(busiest(t), 13, 17) {
		urls = append(urls, w.url+path(fixtures.Responders, tile))
	}
	d := 30 * s.round
	still, err := askTiles(urls, w.token, d)
	if err != nil {
		return nil, err
	}
	moving := make(chan error, 1)
	moved := 0
	go func() {
		var err error
		moved, err = move(ctx, w.live, d)
		moving <- err
	}()
	asked, err := askTiles(urls, w.token, d)
	if err = errors.Join(err, <-moving); err != nil {
		return nil, err
	}
	sent, took, err := sendFixes(w)
	if err != nil {
		return nil, err
	}
	return []row{{"B7", fmt.Sprintf("%d responders, %.0f positions/s for %v, none lost; %d tiles/s", t.Len(), float64(moved)/d.Seconds(), d, tilesPerSecond),
		percentiles(asked), percentiles(still) + " while they stand", fmt.Sprintf("%.2fx of p99", float64(quantile(asked, 0.99))/float64(quantile(still, 0.99))), "<= 1.5x"},
		{"B7", fmt.Sprintf("POST /positions, one after another, %d fixes", sent), fmt.Sprintf("%.0f positions/s", float64(sent)/took.Seconds()), "-", "-", ">= 4,000/s"}}, nil
}

// sendFixes sends a fix of everybody on duty, a few times, in requests of as many as there may be, and returns how many were
// taken and how long it took. All must be.
func sendFixes(w *world) (sent int, took time.Duration, err error) {
	const rounds, most = 3, 1000
	var places []layers.Row
	t, err := everything(w).Table(fixtures.Responders)
	if err != nil {
		return 0, 0, err
	}
	t.Each(nil, func(r layers.Row) bool {
		if r.Get("duty").Text() == "on_duty" {
			places = append(places, r)
		}
		return true
	})
	for range rounds {
		for batch := range slices.Chunk(places, most) {
			var fixes []map[string]any
			for _, r := range batch {
				p, _ := r.Point()
				fixes = append(fixes, map[string]any{"responder": r.ID(), "lon": p[0], "lat": p[1], "at": time.Now(), "accuracy_m": 10})
			}
			begun := time.Now()
			if err := sendBatch(w, fixes); err != nil {
				return 0, 0, err
			}
			sent, took = sent+len(fixes), took+time.Since(begun)
		}
	}
	return sent, took, nil
}

// sendBatch sends fixes, all of which must be taken.
func sendBatch(w *world, fixes []map[string]any) error {
	body, err := json.Marshal(fixes)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, w.url+"/positions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct{ Written int }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Written != len(fixes) {
		return fmt.Errorf("POST /positions: %s, %d of %d positions written (%v)", resp.Status, answer.Written, len(fixes), err)
	}
	return nil
}

// around returns the tiles of some zooms that a screen of 4 x 3 tiles shows around a place.
func around(p orb.Point, from, to maptile.Zoom) (all []maptile.Tile) {
	for z := from; z <= to; z++ {
		middle := geo.Tile(p, z)
		for dy := range uint32(3) {
			for dx := range uint32(4) {
				all = append(all, maptile.New(middle.X+dx-2, middle.Y+dy-1, z))
			}
		}
	}
	return all
}

// askTiles asks for tiles at a steady rate for a while, as they are due, and returns how long after that each was there.
func askTiles(urls []string, token string, d time.Duration) ([]time.Duration, error) {
	client := newClient()
	defer client.CloseIdleConnections()
	type answer struct {
		took time.Duration
		err  error
	}
	n := int(d.Seconds() * tilesPerSecond)
	answers := make(chan answer, n)
	begun := time.Now()
	for i := range n {
		due := begun.Add(time.Duration(i) * time.Second / tilesPerSecond)
		time.Sleep(time.Until(due))
		go func() {
			code, _, _, err := get(client, urls[i%len(urls)], token)
			if err == nil && code != http.StatusOK && code != http.StatusNoContent {
				err = fmt.Errorf("a tile: status %d", code)
			}
			answers <- answer{time.Since(due), err}
		}()
	}
	var all []time.Duration
	var err error
	for range n {
		a := <-answers
		all, err = append(all, a.took), errors.Join(err, a.err)
	}
	return all, err
}

// move moves every responder in turn by some metres at a steady rate for a while, and looks at the end whether each is where
// it was moved last.
func move(ctx context.Context, live *layers.Live, d time.Duration) (moved int, err error) {
	t, err := live.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table(fixtures.Responders)
	if err != nil {
		return 0, err
	}
	var people []layers.Feature
	t.Each(nil, func(r layers.Row) bool {
		if r.Geometry() != nil {
			people = append(people, r.Feature())
		}
		return true
	})
	random := rand.New(rand.NewPCG(7, 7))
	fixed := t.Layer.Index("fix_at")
	begun := time.Now()
	for time.Since(begun) < d {
		time.Sleep(time.Until(begun.Add(time.Duration(moved) * time.Second / positionsPerSecond)))
		var changes []layers.Change
		for range min(positionsAtOnce, len(people)) {
			f := &people[moved%len(people)]
			p := f.Geometry.(orb.Point)
			f.Geometry = orb.Point{p[0] + (random.Float64()-0.5)*4e-4, p[1] + (random.Float64()-0.5)*4e-4}
			f.Values[fixed] = layers.TimeValue(time.Now())
			written := layers.Feature{ID: f.ID, Geometry: f.Geometry, Values: append([]layers.Value(nil), f.Values...)}
			changes = append(changes, layers.Change{Op: layers.Update, Layer: fixtures.Responders, ID: f.ID, Feature: &written})
			moved++
		}
		if _, err := live.Put(ctx, layers.Key{}, changes); err != nil {
			return moved, err
		}
	}
	if t, err = live.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table(fixtures.Responders); err != nil {
		return moved, err
	}
	for _, f := range people {
		if r, ok := t.Get(f.ID); !ok || r.Geometry() != f.Geometry {
			return moved, fmt.Errorf("responder %d is not where it was moved: an update is lost", f.ID)
		}
	}
	return moved, nil
}
