package postgis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// The tests of the feed state what the map owes to whoever edits the database: a change that another program commits is
// told once, in the order of the commits, and soon.

// patience bounds every wait of the tests. It judges nothing: how soon is measured by the benchmarks.
const patience = 30 * time.Second

// event is what a reader of the feed was told in one call of Watch, or what it loaded anew.
type event struct {
	changes []layers.Change
	more    bool
	loaded  contents // not nil: the reader had to load again, and this is what it has
	seq     layers.Seq
}

// contents is the ETag of every feature, by layer and id.
type contents map[string]map[int64]string

// feed is a record with the layers trial, which the test's sessions edit, and mark, by which it knows that all before was
// told; and what a reader that follows it was told.
type feed struct {
	*testing.T
	url    string
	store  *Store
	start  layers.Seq // from which the reader follows
	events <-chan event
	memory contents // what the reader has
	last   layers.Seq
}

// newFeed makes a record whose layer trial has the features 1 to n, and follows it.
func newFeed(t *testing.T, n int) *feed {
	t.Helper()
	url := database(t)
	return feedAt(t, url, openAt(t, url, Config{Connections: 3}), n)
}

func feedAt(t *testing.T, url string, s *Store, n int) *feed {
	t.Helper()
	f := &feed{T: t, url: url, store: s, memory: contents{}}
	changes := []layers.Change{define("trial"), define("mark")}
	for i := range n {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: "trial", Feature: storetest.Feature(int64(i+1), i+1)})
	}
	f.start = f.put(changes...)
	f.follow()
	return f
}

// follow begins to watch from the start.
func (f *feed) follow() {
	f.Helper()
	f.memory, f.last = storetest.Contents(f.T, f.store)
	f.start = f.last
	f.events = watchFrom(f.T, f.store, f.start)
}

// watchFrom follows a record as a server does: it watches until it is told to load again, loads, and watches on.
func watchFrom(t *testing.T, s *Store, after layers.Seq) <-chan event {
	events := make(chan event, 1<<16)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			err := s.Watch(ctx, after, func(changes []layers.Change, more bool) error {
				if len(changes) > 0 {
					after = max(after, changes[len(changes)-1].Seq)
					events <- event{changes: changes, more: more, seq: after}
				}
				return nil
			})
			if ctx.Err() != nil {
				return
			}
			if !errors.Is(err, layers.ErrStale) {
				t.Errorf("watch ended: %v (cause: %v)", err, layers.Cause(err))
				return
			}
			b := layers.NewBuilder()
			if after, err = s.Load(ctx, b); err != nil {
				if ctx.Err() == nil {
					t.Errorf("load: %v (cause: %v)", err, layers.Cause(err))
				}
				return
			}
			events <- event{loaded: contentsOf(b.Snapshot(after)), seq: after}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return events
}

// contentsOf returns what a snapshot has.
func contentsOf(s *layers.Snapshot) contents {
	out := contents{}
	for _, table := range s.View(layers.Scope{Audience: layers.Restricted}).Tables() {
		etags := map[int64]string{}
		table.Each(nil, func(r layers.Row) bool {
			etags[r.ID()] = r.ETag()
			return true
		})
		out[table.Layer.Name] = etags
	}
	return out
}

func define(name string) layers.Change {
	l := storetest.Layer(name, layers.Point)
	return layers.Change{Op: layers.Define, Layer: name, Schema: &l}
}

// put writes through the API what must succeed.
func (f *feed) put(changes ...layers.Change) layers.Seq {
	f.Helper()
	seq, err := f.store.Put(f.Context(), layers.Key{}, changes)
	if err != nil {
		f.Fatalf("put: %v (cause: %v)", err, layers.Cause(err))
	}
	return seq
}

// mark writes to the layer mark: what was committed before is told before.
func (f *feed) mark() layers.Seq {
	f.Helper()
	return f.put(layers.Change{Op: layers.Insert, Layer: "mark", Feature: storetest.Feature(0, 1)})
}

// next waits for what the reader is told next, and takes it into its memory.
func (f *feed) next() event {
	f.Helper()
	select {
	case e := <-f.events:
		f.take(e)
		return e
	case <-time.After(patience):
		f.Fatal("the reader was told nothing in time")
	}
	return event{}
}

// take puts what was told into the reader's memory. Numbers grow from call to call, and by each commit of a call.
func (f *feed) take(e event) {
	f.Helper()
	if e.loaded != nil {
		f.memory, f.last = e.loaded, e.seq
		return
	}
	if first := e.changes[0].Seq; first <= f.last && !e.more {
		f.Errorf("state %d was told after state %d", first, f.last)
	}
	for _, c := range e.changes {
		if c.Seq < f.last {
			f.Errorf("state %d was told after state %d", c.Seq, f.last)
		}
		f.last = c.Seq
		if c.Op == layers.Delete {
			delete(f.memory[c.Layer], c.ID)
		} else {
			f.memory[c.Layer][c.ID] = c.Feature.ETag()
		}
	}
}

// news returns what the reader is told of all that was committed until now, a line for each change: "+7" where the feature
// 7 of trial is there, new or changed, "-7" where it is gone. It fails the test unless the reader then has what the record
// has. A reader that had to load again counts as told of what differs.
func (f *feed) news() (lines []string) {
	f.Helper()
	until := f.mark()
	for f.last < until {
		before := maps.Clone(f.memory["trial"])
		e := f.next()
		if e.loaded != nil {
			lines = append(lines, difference(before, f.memory["trial"])...)
		}
		for _, c := range e.changes {
			if c.Layer == "trial" {
				lines = append(lines, line(c))
			}
		}
	}
	got, _ := storetest.Contents(f.T, f.store)
	if diff := cmp.Diff(contents(got), f.memory); diff != "" {
		f.Errorf("what the reader has (-the record +the reader):\n%s", diff)
	}
	return lines
}

func line(c layers.Change) string {
	if c.Op == layers.Delete {
		return fmt.Sprintf("-%d", c.ID)
	}
	return fmt.Sprintf("+%d", c.ID)
}

// difference writes what differs between two states of a layer.
func difference(before, after map[int64]string) (lines []string) {
	for id := range before {
		if _, ok := after[id]; !ok {
			lines = append(lines, fmt.Sprintf("-%d", id))
		}
	}
	for id, etag := range after {
		if before[id] != etag {
			lines = append(lines, fmt.Sprintf("+%d", id))
		}
	}
	return lines
}

// expect fails the test unless the reader is told just what stands in want, "+1 -2", in whatever order.
func (f *feed) expect(want string) {
	f.Helper()
	got := f.news()
	slices.Sort(got)
	wanted := strings.Fields(want)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		f.Errorf("told %q, want %q", got, wanted)
	}
}

// session is another program that is connected to the database.
type session struct {
	*testing.T
	conn *pgx.Conn
}

func (f *feed) session() *session { f.Helper(); return sessionAt(f.T, f.url) }

func sessionAt(t *testing.T, url string) *session {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(conn) })
	return &session{T: t, conn: conn}
}

// exec runs statements that must succeed.
func (s *session) exec(statements ...string) {
	s.Helper()
	for _, q := range statements {
		if err := s.try(q); err != nil {
			s.Fatalf("%s: %v", q, err)
		}
	}
}

// try runs statements, one after the other in one message, as psql -c does.
func (s *session) try(statements string) error {
	_, err := s.conn.PgConn().Exec(context.Background(), statements).ReadAll()
	return err
}

// fails runs a statement that must be refused with an error code.
func (s *session) fails(want, statement string) {
	s.Helper()
	if err := s.try(statement); code(err) != want {
		s.Errorf("%s: got %v, want the error code %s", statement, err, want)
	}
}

// copy loads rows by COPY.
func (s *session) copy(statement, rows string) {
	s.Helper()
	if _, err := s.conn.PgConn().CopyFrom(context.Background(), strings.NewReader(rows), statement); err != nil {
		s.Fatalf("%s: %v", statement, err)
	}
}

// number asks for one number.
func (s *session) number(query string, args ...any) (n int64) {
	s.Helper()
	if err := s.conn.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		s.Fatalf("%s: %v", query, err)
	}
	return n
}

// insertOf is the statement that adds a feature to a layer of the tests.
func insertOf(layer string, id int64) string {
	return fmt.Sprintf(`INSERT INTO shapan.%s (id, geom, "int") VALUES (%d, ST_SetSRID(ST_MakePoint(116.3 + %d / 1e4, 39.9), 4326), %d)`, layer, id, id%1000, id)
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited until %s", what)
		}
	}
}

// live opens a map of the record and runs it until the test ends.
func live(t *testing.T, s *Store) *layers.Live {
	t.Helper()
	l, err := layers.Open(t.Context(), s, layers.LiveConfig{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, l)
	return l
}

// keep follows the record until the test ends or stop is called.
func keep(t *testing.T, l *layers.Live) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := l.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("run ended: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}
