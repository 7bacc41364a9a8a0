package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shapan/api"
	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/gpkg"

	"github.com/paulmach/orb"
)

// writeToStream is B6: from the answer of a durable write to its event on an open stream, and the write beside a bare
// durable insert into a record of the same kind.
func writeToStream(ctx context.Context, s setting) ([]row, error) {
	dir, err := os.MkdirTemp("", "shapan-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, secret, err := newRecord(ctx, filepath.Join(dir, "a.gpkg"))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	bare, _, err := newRecord(ctx, filepath.Join(dir, "b.gpkg"))
	if err != nil {
		return nil, err
	}
	defer bare.Close()
	w, err := serveStore(ctx, store, secret, 0)
	if err != nil {
		return nil, err
	}
	defer w.close()
	events, err := listenForChanges(w)
	if err != nil {
		return nil, err
	}
	var lags, totals, inserts []time.Duration
	for range s.writes {
		begun := time.Now()
		if err := post(w); err != nil {
			return nil, err
		}
		answered := time.Now()
		select {
		case seen := <-events:
			lags = append(lags, max(0, seen.Sub(answered)))
			totals = append(totals, max(seen.Sub(begun), answered.Sub(begun)))
		case <-time.After(10 * time.Second):
			return nil, errors.New("a write was not on the stream within 10 s")
		}
		begun = time.Now()
		if _, err := bare.Put(ctx, layers.Key{}, []layers.Change{bareInsert()}); err != nil {
			return nil, err
		}
		inserts = append(inserts, time.Since(begun))
	}
	p50, bare50 := median(totals), median(inserts)
	return []row{
		{"B6", fmt.Sprintf("answer to stream, embedded, %d writes", s.writes), fmt.Sprintf("p50 %v, p99 %v", short(median(lags)), short(quantile(lags, 0.99))), "-", "-", "p99 <= 50 ms"},
		{"B6", "POST to stream, whole way", fmt.Sprintf("p50 %v, p99 %v", short(p50), short(quantile(totals, 0.99))),
			fmt.Sprintf("p50 %v, p99 %v bare durable insert", short(bare50), short(quantile(inserts, 0.99))), fmt.Sprintf("%.2fx", float64(p50)/float64(bare50)), "-"},
	}, nil
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// newRecord makes a record with the sample and a token.
func newRecord(ctx context.Context, path string) (*gpkg.Store, string, error) {
	store, err := gpkg.Open(ctx, path)
	if err != nil {
		return nil, "", err
	}
	secret, token, err := api.NewToken("bench", "admin", nil, time.Time{}, time.Unix(0, 0))
	if err != nil {
		return nil, "", err
	}
	var changes []layers.Change
	for _, l := range append(fixtures.Catalogue(), api.TokenLayer()) {
		changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	}
	changes = append(changes, layers.Change{Op: layers.Insert, Layer: api.TokenLayer().Name, Feature: &token})
	err = fixtures.Generate(ctx, fixtures.Options{}, func(layer string, f layers.Feature) error {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer, Feature: &f})
		return nil
	})
	if err == nil {
		_, err = store.Put(ctx, layers.Key{}, changes)
	}
	return store, secret, err
}

// post writes one event through the service.
func post(w *world) error {
	const body = `{"type": "Feature", "geometry": {"type": "Point", "coordinates": [114.308, 30.5674]}, "properties": {"title": "bench", "domain": "urban"}}`
	req, err := http.NewRequest(http.MethodPost, w.url+"/collections/events/items", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/geo+json")
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST: %s", resp.Status)
	}
	return nil
}

// bareInsert is the same event as a change.
func bareInsert() layers.Change {
	var l layers.Layer
	for _, c := range fixtures.Catalogue() {
		if c.Name == fixtures.Events {
			l = c
		}
	}
	f := layers.Feature{Geometry: orb.Point{114.308, 30.5674}, Values: make([]layers.Value, len(l.Fields))}
	for name, v := range map[string]layers.Value{"code": layers.TextValue("bench"), "title": layers.TextValue("bench"), "domain": layers.TextValue("urban"),
		"level": layers.IntValue(1), "stage": layers.TextValue("reported"), "reported_at": layers.TimeValue(time.Now())} {
		f.Values[l.Index(name)] = v
	}
	return layers.Change{Op: layers.Insert, Layer: l.Name, Feature: &f}
}

// listenForChanges opens a stream and reports when each event of changes comes.
func listenForChanges(w *world) (<-chan time.Time, error) {
	req, err := http.NewRequest(http.MethodGet, w.url+"/stream", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() {
		return nil, errors.New("the stream ended at once")
	}
	seen := make(chan time.Time, 1024)
	go func() {
		defer resp.Body.Close()
		for lines.Scan() {
			if lines.Text() == "event: changes" {
				seen <- time.Now()
			}
		}
	}()
	return seen, nil
}
