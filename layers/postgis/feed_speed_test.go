package postgis

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"shapan/layers"
)

// soon is how late a change may be told on a machine that is busy with other tests; the benchmarks judge 100 ms.
const soon = time.Second

// underRace tells whether the test runs with the race detector, which makes it many times slower.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

func TestHowSoon(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 100)
	l := live(t, openAt(t, f.url, Config{Connections: 3}))
	s := f.session()
	took := make([]time.Duration, 300)
	for i := range took {
		want := int64(1000 + i)
		s.exec(fmt.Sprintf(`UPDATE shapan.trial SET "int" = %d, geom = ST_Translate(geom, 0.0001, 0) WHERE id = %d`, want, 1+i%100))
		begun := time.Now()
		eventually(t, "the map has the change", func() bool {
			table, err := l.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table("trial")
			if err != nil {
				t.Fatal(err)
			}
			row, ok := table.Get(int64(1 + i%100))
			return ok && row.Get("int").Int() == want
		})
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	t.Logf("from the commit to the map: p50 %v, p99 %v, at most %v", took[150], took[297], took[299])
	if took[297] > soon {
		t.Errorf("p99 is %v, want less than %v", took[297], soon)
	}
}

// The log is the truth, and a notification only says that it is worth a look: without any, a look comes within a second.
func TestWithoutNotifications(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 1)
	s := f.session()
	s.exec(`DO $$ BEGIN EXECUTE replace(pg_get_functiondef('shapan.number_commit'::regproc), 'PERFORM pg_notify(''shapan'', '''');', ''); END $$`)
	if n := s.number(`SELECT count(*) FROM pg_proc WHERE proname = 'number_commit' AND prosrc LIKE '%pg_notify%'`); n != 0 {
		t.Fatal("it notifies still: the test tests nothing")
	}
	late := time.Duration(0)
	for id := int64(10); id < 16; id++ {
		s.exec(insertOf("trial", id))
		begun := time.Now()
		f.single(fmt.Sprintf("+%d", id))
		late = max(late, time.Since(begun))
	}
	t.Logf("told after %v at the latest", late)
	if late > 2*soon {
		t.Errorf("told after %v, want within a second", late)
	}
}

// sampler watches the memory in use until it is stopped.
func sampler() (stop func() (before, peak uint64)) {
	read := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := read()
	var peak atomic.Uint64
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			peak.Store(max(peak.Load(), read()))
			select {
			case <-ended:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() (uint64, uint64) { close(ended); <-done; return before, peak.Load() }
}

// bulk is how many rows the test of a bulk statement changes: SHAPAN_TEST_ROWS says how many.
func bulk(t *testing.T) int64 {
	t.Helper()
	if testing.Short() || underRace() {
		return 20_000
	}
	said := os.Getenv("SHAPAN_TEST_ROWS")
	if said == "" {
		return 200_000
	}
	n, err := strconv.ParseInt(said, 10, 64)
	if err != nil || n < 1 {
		t.Fatalf("SHAPAN_TEST_ROWS is %q: expected a number of rows", said)
	}
	return n
}

// newBulk makes a feed with a layer many of n points, which the log does not have.
func newBulk(t *testing.T, n int64) *feed {
	t.Helper()
	url := database(t)
	f := &feed{T: t, url: url, store: openAt(t, url, Config{Connections: 3, KeepChanges: 10_000_000})}
	l := layers.Layer{Name: "many", Kind: layers.Point, MaxZoom: 20, Fields: []layers.Field{{Name: "n", Type: layers.Int}}}
	f.put(define("trial"), define("mark"), layers.Change{Op: layers.Define, Layer: "many", Schema: &l})
	s := f.session()
	s.exec("SELECT shapan.unwatch_table('shapan.many')", "DROP INDEX shapan.many_geom_idx",
		fmt.Sprintf("INSERT INTO shapan.many (id, geom, n) SELECT i, ST_SetSRID(ST_MakePoint(116 + i %% 1000 / 1e3, 39 + i / 1e6), 4326), 0 FROM generate_series(1, %d) i", n),
		"SELECT shapan.watch_table('shapan.many', number, 'id') FROM shapan.layers WHERE name = 'many'", "VACUUM ANALYZE shapan.many")
	return f
}

// One statement that changes many rows is one step: the map goes from the state before to the state after, and the
// others are told meanwhile.
func TestManyRowsAtOnce(t *testing.T) {
	t.Parallel()
	n := bulk(t)
	f := newBulk(t, n)
	l := live(t, f.store)
	told := count(t, openAt(t, f.url, Config{Connections: 3}), l.Snapshot().Seq)
	s, other := f.session(), f.session()
	done := make(chan error, 1)
	go func() { done <- s.try("BEGIN; UPDATE shapan.many SET n = n + 1") }()
	for id := int64(1); ; id++ {
		begun := time.Now()
		other.exec(insertOf("trial", id))
		eventually(t, "the others are told", func() bool { return has(t, l, "trial", id) })
		if took := time.Since(begun); took > 5*soon {
			t.Errorf("while many rows are changed, another change was told after %v", took)
		}
		if len(done) > 0 {
			break
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	before := l.Snapshot().Seq
	heap := sampler()
	begun := time.Now()
	s.exec("COMMIT")
	committed := time.Since(begun)
	states := map[layers.Seq]bool{}
	for now := before; now == before; time.Sleep(100 * time.Microsecond) {
		now = l.Snapshot().Seq
		states[now] = true
		if time.Since(begun) > 5*time.Minute {
			t.Fatal("the map did not follow")
		}
	}
	took := time.Since(begun)
	was, peak := heap()
	t.Logf("%d rows: the commit took %v, the map has them after %v; the heap went from %d MB to %d MB at most", n, committed, took, was>>20, peak>>20)
	table, err := l.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table("many")
	if err != nil {
		t.Fatal(err)
	}
	changed := int64(0)
	table.Each(nil, func(r layers.Row) bool {
		changed += r.Get("n").Int()
		return true
	})
	if changed != n || len(states) != 2 {
		t.Errorf("%d rows of %d are changed in the first state that was published after it", changed, n)
	}
	told.check(n)
	for id := int64(1_000_000); id < 1_000_020; id++ { // a long log delays nobody
		begun := time.Now()
		other.exec(insertOf("trial", id))
		eventually(t, "the others are told", func() bool { return has(t, l, "trial", id) })
		if took := time.Since(begun); took > 5*soon {
			t.Errorf("after many rows were changed, another change was told after %v", took)
		}
	}
}

func has(t *testing.T, l *layers.Live, layer string, id int64) bool {
	t.Helper()
	table, err := l.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table(layer)
	if err != nil {
		t.Fatal(err)
	}
	_, ok := table.Get(id)
	return ok
}

// counter counts what a reader is told of the layer many.
type counter struct {
	*testing.T
	ended  chan struct{} // closed when a step that has many is told whole
	stop   func()
	rows   int64
	states map[layers.Seq]bool
	most   int // changes at once
	parts  int
}

// count follows a record until many was told.
func count(t *testing.T, s *Store, after layers.Seq) *counter {
	c := &counter{T: t, ended: make(chan struct{}), states: map[layers.Seq]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := s.Watch(ctx, after, func(changes []layers.Change, more bool) error {
			c.most = max(c.most, len(changes))
			for _, change := range changes {
				if change.Layer == "many" {
					c.rows++
					c.states[change.Seq] = true
				}
			}
			if more {
				c.parts++
			}
			if c.rows > 0 && !more {
				close(c.ended)
				return context.Canceled
			}
			return nil
		})
		if ctx.Err() == nil && c.rows == 0 {
			t.Errorf("watch ended: %v", err)
		}
	}()
	c.stop = func() { cancel(); <-done }
	t.Cleanup(c.stop)
	return c
}

func (c *counter) check(n int64) {
	c.Helper()
	select {
	case <-c.ended:
	case <-time.After(5 * time.Minute):
		c.Fatal("the other reader was not told")
	}
	c.stop()
	if c.rows != n || len(c.states) != 1 || c.most > batch || int64(c.parts) < n/batch-1 {
		c.Errorf("told of %d rows in %d states and %d parts, at most %d at once; want %d rows of one state", c.rows, len(c.states), c.parts, c.most, n)
	}
}
