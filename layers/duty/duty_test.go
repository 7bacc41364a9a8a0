package duty_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/duty"
	"shapan/layers/gpkg"
	"shapan/layers/postgis"
	"shapan/layers/postgis/cluster/clustertest"

	"github.com/paulmach/orb"
)

// databases is the PostgreSQL that the tests share.
var databases clustertest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	if err := databases.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "the tests' PostgreSQL:", err)
		code = 1
	}
	os.Exit(code)
}

// crossing is where the event is: in a grid of the sample.
var crossing = orb.Point{114.3085, 30.5582}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) add(d time.Duration) { c.mu.Lock(); c.at = c.at.Add(d); c.mu.Unlock() }

// record opens a record as often as it is asked to: each is that of another server.
type record struct {
	t    *testing.T
	open func() (layers.Store, error)
}

// both runs a test on either kind of record, with the sample's areas and responders in it.
func both(t *testing.T, test func(t *testing.T, r *record)) {
	t.Helper()
	t.Parallel()
	t.Run("gpkg", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "record.gpkg")
		r := &record{t, func() (layers.Store, error) { return gpkg.Open(context.Background(), path) }}
		r.fill()
		test(t, r)
	})
	t.Run("postgis", func(t *testing.T) {
		t.Parallel()
		url := databases.Empty(t)
		if _, err := postgis.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		r := &record{t, func() (layers.Store, error) {
			return postgis.Open(context.Background(), url, postgis.Config{Connections: 3})
		}}
		r.fill()
		test(t, r)
	})
}

// fill makes the record: two communities' worth of a town is enough, so houses, streets and facilities are left out.
func (r *record) fill() {
	r.t.Helper()
	var changes []layers.Change
	for _, l := range append(fixtures.Catalogue(), dispatch.TrackSchema(), dispatch.ReadSchema()) {
		changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	}
	err := fixtures.Generate(r.t.Context(), fixtures.Options{Events: 1}, func(layer string, f layers.Feature) error {
		if slices.Contains([]string{fixtures.Grids, fixtures.Zones, fixtures.Communities, fixtures.Responders}, layer) {
			changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer, ID: f.ID, Feature: &f})
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	store, err := r.open()
	if err != nil {
		r.t.Fatal(err)
	}
	defer store.(io.Closer).Close()
	if _, err := store.Put(r.t.Context(), layers.Key{}, changes); err != nil {
		r.t.Fatal(err)
	}
}

// server is one service on the record.
type server struct {
	*duty.Keeper
	stop func()
}

// serve starts a service, which is stopped when the test ends, or before.
func (r *record) serve(c *clock) *server {
	r.t.Helper()
	store, err := r.open()
	if err != nil {
		r.t.Fatal(err)
	}
	live, err := layers.Open(r.t.Context(), store, layers.LiveConfig{})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = live.Run(ctx) }) // it ends with ctx
	s := &server{Keeper: &duty.Keeper{Live: live, Clock: c.now}}
	s.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		_ = store.(io.Closer).Close() // a test has nothing to do about it
	})
	r.t.Cleanup(s.stop)
	return s
}

func (s *server) view() *layers.View {
	return s.Live.Snapshot().View(layers.Scope{Audience: layers.Restricted})
}

// rows returns the rows of a layer in the order of their ids.
func (s *server) rows(t *testing.T, layer string) []layers.Row {
	t.Helper()
	table, err := s.view().Table(layer)
	if err != nil {
		t.Fatal(err)
	}
	return table.Page(layers.PageQuery{Limit: 1000}).Rows
}

// send sends the first of the ranking to the crossing, at level 3.
func (s *server) send(t *testing.T) {
	t.Helper()
	q := dispatch.Question{At: crossing, Level: 3, Roles: []string{"grid_leader"}, K: 1, Now: s.Clock()}
	a, err := dispatch.Rank(s.view(), nil, q)
	if err != nil {
		t.Fatal(err)
	}
	who := fmt.Sprint(a.Lists[0].Candidates[0].ID)
	for _, action := range []string{dispatch.Reserve, dispatch.Assign} {
		changes, err := dispatch.Decide(s.view(), nil, dispatch.Order{Action: action, Responder: who, Question: q, By: "desk"})
		if err == nil {
			_, err = s.Live.Put(t.Context(), layers.Key{}, changes)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// steps waits until a server has heard of all that the record has, and returns the steps of the escalation.
func steps(t *testing.T, servers ...*server) (out []string) {
	t.Helper()
	last := layers.Seq(0)
	for _, s := range servers {
		last = max(last, s.Live.Snapshot().Seq)
	}
	for _, s := range servers {
		for deadline := time.Now().Add(10 * time.Second); s.Live.Snapshot().Seq < last; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("a server does not hear of a change")
			}
		}
	}
	for _, r := range servers[0].rows(t, dispatch.LogLayer) {
		if r.Get("by").Text() == "escalation" {
			out = append(out, r.Get("step").Text())
		}
	}
	return out
}

// tick lets servers look at the same time.
func tick(t *testing.T, servers ...*server) {
	t.Helper()
	var looking sync.WaitGroup
	for _, s := range servers {
		looking.Go(func() {
			if err := s.Tick(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	looking.Wait()
}

// Two servers look at one record at the same time, again and again; one of them is started anew between two steps.
func TestTwoServersTakeEachStepOnce(t *testing.T) {
	both(t, func(t *testing.T, r *record) {
		c := &clock{at: fixtures.Reference()}
		a, b := r.serve(c), r.serve(c)
		a.send(t)
		tick(t, a, b)
		if got := steps(t, a, b); len(got) != 0 {
			t.Fatalf("before the time: %q", got)
		}
		var last string
		for n := 1; last != "command_centre"; n++ {
			c.add(3 * time.Minute)
			tick(t, a, b)
			got := steps(t, a, b)
			if tick(t, a, b); !slices.Equal(got, steps(t, a, b)) || len(got) != n {
				t.Fatalf("after %d times: %q, then %q", n, got, steps(t, a, b))
			}
			last = got[n-1]
			b.stop()
			b = r.serve(c)
		}
		c.add(24 * time.Hour)
		tick(t, a, b)
		got := steps(t, a, b)
		slices.Sort(got)
		if dup := slices.Compact(slices.Clone(got)); !slices.Equal(got, dup) || !strings.HasPrefix(strings.Join(got, " "), "candidate command_centre") {
			t.Errorf("steps: %q", got)
		}
	})
}

// Two servers sweep one record at the same time: what is left is what one would leave.
func TestTwoServersSweepOneRecord(t *testing.T) {
	both(t, func(t *testing.T, r *record) {
		c := &clock{at: fixtures.Reference()}
		a, b := r.serve(c), r.serve(c)
		var who layers.Row
		for _, row := range a.rows(t, dispatch.ResponderLayer) {
			if row.Get("duty").Text() == "on_duty" {
				who = row
				break
			}
		}
		p := dispatch.Defaults()
		tracks := func(s *server) *layers.Table {
			table, err := s.Live.Snapshot().Service().Table(dispatch.TrackLayer)
			if err != nil {
				t.Fatal(err)
			}
			return table
		}
		for range 40 {
			c.add(time.Minute)
			report := dispatch.Report{Responder: fmt.Sprint(who.ID()), Fix: dispatch.Fix{At: crossing, When: c.now(), AccuracyM: 5}}
			changes, reasons, err := dispatch.Move(a.view(), tracks(a), &p, []dispatch.Report{report}, c.now())
			if err == nil {
				_, err = a.Live.Put(t.Context(), layers.Key{}, changes)
			}
			if err != nil || reasons[0] == dispatch.OffDuty {
				t.Fatal(reasons, err)
			}
		}
		steps(t, a, b)
		if n := tracks(a).Len(); n < 20 {
			t.Fatalf("%d positions", n)
		}
		c.add(25 * time.Hour)
		tick(t, a, b)
		steps(t, a, b)
		coarse := dispatch.Track(tracks(b), &p, who.ID(), c.now().AddDate(0, 0, -3), c.now(), c.now())
		if n := tracks(b).Len(); n != len(coarse) || n == 0 || n > 5 {
			t.Errorf("%d rows are left, %d are told", n, len(coarse))
		}
		c.add(30 * 24 * time.Hour)
		tick(t, a, b)
		steps(t, a, b)
		if n := tracks(a).Len(); n != 0 {
			t.Errorf("%d rows are left after a month", n)
		}
	})
}
