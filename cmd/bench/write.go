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

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/gpkg"
	"shapan/layers/postgis"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// writeToStream is B6: how long after a write its event is on an open stream, beside a bare durable insert into a record
// of the same kind.
func writeToStream(ctx context.Context, s setting) ([]row, error) {
	rows, err := embeddedToStream(ctx, s)
	if err != nil {
		return nil, err
	}
	more, err := postgisToStream(ctx, s)
	return append(rows, more...), err
}

// embeddedToStream measures the record in a file.
func embeddedToStream(ctx context.Context, s setting) ([]row, error) {
	dir, err := os.MkdirTemp("", "shapan-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, secret, err := newRecord(ctx, filepath.Join(dir, "a.gpkg"), min(s.large, 12_000))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	bare, _, err := newRecord(ctx, filepath.Join(dir, "b.gpkg"), min(s.large, 12_000))
	if err != nil {
		return nil, err
	}
	defer bare.Close()
	w, err := serveStore(ctx, store, secret, 1)
	if err != nil {
		return nil, err
	}
	defer w.close()
	l, err := follow(w, s.writes, func() error { return post(w) }, func() error {
		_, err := bare.Put(ctx, layers.Key{}, []layers.Change{bareInsert()})
		return err
	})
	return l.rows("POST", "embedded", "p99 <= 50 ms"), err
}

// postgisToStream measures the record in PostGIS: writes through the service, and those of somebody else.
func postgisToStream(ctx context.Context, s setting) ([]row, error) {
	r, err := s.server.record(ctx, "map", s.sample())
	if err != nil {
		return nil, err
	}
	store, err := postgis.Open(ctx, r.url, postgis.Config{Log: quiet()})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	w, err := serveStore(ctx, store, r.secret, 1)
	if err != nil {
		return nil, err
	}
	defer w.close()
	other, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return nil, err
	}
	defer other.Close(ctx)
	if _, err := other.Exec(ctx, "DROP TABLE IF EXISTS bare; CREATE TABLE bare (LIKE shapan.events INCLUDING ALL)"); err != nil {
		return nil, err
	}
	insert := func(table string) func() error {
		return func() error {
			_, err := other.Exec(ctx, "INSERT INTO "+table+` (geom, code, title, domain, level, stage, reported_at)
				VALUES (ST_SetSRID(ST_MakePoint($1, $2), 4326), 'bench', 'bench', 'urban', 1, 'reported', $3)`, 114.308, 30.5674, time.Now())
			return err
		}
	}
	l, err := follow(w, s.writes, func() error { return post(w) }, insert("bare"))
	if err != nil {
		return nil, err
	}
	rows := l.rows("POST", "PostGIS", "p99 <= 100 ms")
	l, err = follow(w, s.writes, insert("shapan.events"), insert("bare"))
	return append(rows, l.rows("another session's INSERT", "PostGIS", "p99 <= 100 ms")...), err
}

// lags are how long writes took.
type lags struct {
	answered []time.Duration // from the answer to the event
	whole    []time.Duration // from the beginning to the event
	bare     []time.Duration // bare inserts
}

func (l lags) rows(what, record, goal string) []row {
	if len(l.whole) == 0 {
		return nil
	}
	n := len(l.whole)
	bare := median(l.bare)
	return []row{
		{"B6", fmt.Sprintf("%s, %s: answer to stream, %d writes", what, record, n), percentiles(l.answered), "-", "-", goal},
		{"B6", fmt.Sprintf("%s, %s: the whole way", what, record), percentiles(l.whole), percentiles(l.bare) + " bare durable insert",
			fmt.Sprintf("%.2fx", float64(median(l.whole))/float64(bare)), "-"},
	}
}

func percentiles(all []time.Duration) string {
	return fmt.Sprintf("p50 %v, p99 %v", short(median(all)), short(quantile(all, 0.99)))
}

// follow writes n times, each followed by a bare insert, and times the events of the writes on a stream.
func follow(w *world, n int, write, bare func() error) (lags, error) {
	var l lags
	events, stop, err := listenForChanges(w)
	if err != nil {
		return l, err
	}
	defer stop()
	for range n {
		begun := time.Now()
		if err := write(); err != nil {
			return l, err
		}
		answered := time.Now()
		select {
		case seen := <-events:
			l.answered = append(l.answered, max(0, seen.Sub(answered)))
			l.whole = append(l.whole, max(seen.Sub(begun), answered.Sub(begun)))
		case <-time.After(10 * time.Second):
			return l, errors.New("a write was not on the stream within 10 s")
		}
		begun = time.Now()
		if err := bare(); err != nil {
			return l, err
		}
		l.bare = append(l.bare, time.Since(begun))
	}
	return l, nil
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// newRecord makes a record file with the sample, some number of events and a token.
func newRecord(ctx context.Context, path string, events int) (*gpkg.Store, string, error) {
	store, err := gpkg.Open(ctx, path)
	if err != nil {
		return nil, "", err
	}
	secret, _, _, err := fill(ctx, store, fixtures.Options{Events: events})
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
func listenForChanges(w *world) (events <-chan time.Time, stop func(), err error) {
	req, err := http.NewRequest(http.MethodGet, w.url+"/stream", nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() {
		return nil, nil, errors.New("the stream ended at once")
	}
	seen := make(chan time.Time, 1024)
	go func() {
		for lines.Scan() {
			if lines.Text() == "event: changes" {
				seen <- time.Now()
			}
		}
	}()
	return seen, func() { resp.Body.Close() }, nil
}
