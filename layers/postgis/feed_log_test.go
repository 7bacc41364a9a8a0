package postgis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
)

// shorten shortens the log and returns how many commits went.
func (s *session) shorten(changes int64, seconds float64) int64 {
	s.Helper()
	return s.number("SELECT shapan.shorten_log($1, make_interval(secs => $2))", changes, seconds)
}

// kept returns the oldest and the newest state of the log, and how many there are.
func (s *session) kept() (oldest, newest layers.Seq, n int64) {
	s.Helper()
	return layers.Seq(s.number("SELECT min(seq) FROM shapan.commits")), layers.Seq(s.number("SELECT max(seq) FROM shapan.commits")),
		s.number("SELECT count(*) FROM shapan.commits")
}

const hour = 3600

func TestShortenedLog(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 0)
	s := f.session()
	for id := int64(1); id <= 20; id++ {
		s.exec(insertOf("trial", id))
	}
	_, newest, n := s.kept()
	if gone := s.shorten(1000, hour); gone != 0 {
		t.Errorf("%d commits went, all were young and within the count", gone)
	}
	if gone := s.shorten(5, hour); gone != n-5 {
		t.Errorf("%d commits of %d went, want all but those of the last 5 changes", gone, n)
	}
	if oldest, now, left := s.kept(); now != newest || oldest != newest-4 || left != 5 {
		t.Errorf("the log goes from %d to %d with %d commits, want the last five before %d", oldest, now, left, newest)
	}
	s.exec("UPDATE shapan.commits SET at = at - interval '2 hours' WHERE seq < " + itoa(newest-1))
	if gone := s.shorten(1000, hour); gone != 3 {
		t.Errorf("%d commits went, want the 3 old ones", gone)
	}
	s.shorten(0, 0)
	if oldest, now, left := s.kept(); oldest != newest || now != newest || left != 1 {
		t.Errorf("the log goes from %d to %d with %d commits, want the newest alone: %d", oldest, now, left, newest)
	}
	if stray := s.number("SELECT count(*) FROM shapan.changes WHERE tx NOT IN (SELECT tx FROM shapan.commits)"); stray != 0 {
		t.Errorf("%d changes of commits that went are still there", stray)
	}
	f.news() // whoever is up to date is told on, whatever was forgotten
	s.exec("DELETE FROM shapan.trial WHERE id = 1")
	f.expect("-1")
}

// A log with a hole would tell a reader less than happened: what goes is always the oldest, though a commit that was long
// in the making has older changes than those that were numbered before it.
func TestShortenedLogHasNoHole(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 1)
	long, s := f.session(), f.session()
	long.exec("BEGIN", insertOf("trial", 2))
	for id := int64(10); id < 40; id++ {
		s.exec(insertOf("trial", id))
	}
	_, away, _ := s.kept()
	long.exec("COMMIT")
	s.exec(insertOf("trial", 50))
	s.shorten(10, hour)
	told, err := f.since(away)
	if errors.Is(err, layers.ErrStale) {
		return // forgotten, and it says so
	}
	if diff := cmp.Diff([]string{"+2", "+50"}, told); diff != "" {
		t.Errorf("a reader of state %d (-want +told):\n%s", away, diff)
	}
}

// since returns what a new reader is told of trial after a state until now.
func (f *feed) since(after layers.Seq) (told []string, err error) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), patience)
	defer cancel()
	enough := errors.New("enough")
	err = f.store.Watch(ctx, after, func(changes []layers.Change, more bool) error {
		for _, c := range changes {
			if c.Layer == "trial" {
				told = append(told, line(c))
			}
		}
		if more {
			return nil
		}
		return enough
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return told, err
}

func TestTwoServersShortenAtOnce(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 0)
	s := f.session()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		server := f.session()
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := server.conn.Exec(context.Background(), "SELECT shapan.shorten_log(3, '1 hour')"); err != nil {
					t.Errorf("shorten: %v", err)
					return
				}
			}
		})
	}
	for id := int64(1); id <= 100; id++ {
		s.exec(insertOf("trial", id))
		if id%10 == 0 {
			f.news() // the reader may have to load; it has what the record has
		}
	}
	close(stop)
	wg.Wait()
	_, newest, _ := s.kept()
	s.shorten(3, hour)
	if oldest, now, n := s.kept(); now != newest || n > 4 || oldest+4 < newest {
		t.Errorf("the log goes from %d to %d with %d commits; it went to %d before", oldest, now, n, newest)
	}
}

// While a server is kept from shortening the log, or long at it, its readers are told as ever.
func TestShorteningDelaysNobody(t *testing.T) {
	t.Parallel()
	url := database(t)
	s := openAt(t, url, Config{Connections: 3, KeepChanges: 3})
	s.tidy = time.Millisecond
	f := feedAt(t, url, s, 0)
	desk, other := f.session(), f.session()
	desk.exec("BEGIN", "LOCK TABLE shapan.writes IN SHARE MODE")
	eventually(t, "the server is at the log", func() bool {
		return other.number(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7237117 AND objid = 2
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) > 0
	})
	for id := int64(1); id <= 10; id++ {
		begun := time.Now()
		other.exec(insertOf("trial", id))
		f.single(fmt.Sprintf("+%d", id))
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("told after %v", took)
		}
	}
	desk.exec("COMMIT")
	eventually(t, "the log is shortened", func() bool { _, _, n := other.kept(); return n <= 4 })
}

// A reader that was away longer than the log is kept is told so; the map loads again and serves what it has meanwhile.
func TestAwayTooLong(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 50)
	l, err := layers.Open(t.Context(), f.store, layers.LiveConfig{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	was := l.Snapshot()
	desk, s := f.session(), f.session()
	s.exec("UPDATE shapan.trial SET \"int\" = 1000", "DELETE FROM shapan.trial WHERE id > 40", insertOf("trial", 100))
	f.news()
	s.shorten(0, 0)
	if _, err := f.since(was.Seq); !errors.Is(err, layers.ErrStale) {
		t.Errorf("watch from state %d: got %v, want ErrStale", was.Seq, err)
	}
	desk.exec("BEGIN", "LOCK TABLE shapan.trial IN ACCESS EXCLUSIVE MODE") // the load waits
	keep(t, l)
	eventually(t, "the load waits", func() bool {
		return s.number(`SELECT count(*) FROM pg_locks WHERE relation = 'shapan.trial'::regclass AND NOT granted`) > 0
	})
	age := l.Health().Age
	for range 20 {
		now := l.Snapshot()
		if now != was || now.View(layers.Scope{Audience: layers.Restricted}).Tables()[0].Len() != 50 {
			t.Fatal("while it loads, the map is not served as it was")
		}
		time.Sleep(time.Millisecond)
	}
	if older := l.Health().Age; older <= age {
		t.Errorf("the age went from %v to %v while it loads, want it to grow", age, older)
	}
	desk.exec("COMMIT")
	eventually(t, "the map is loaded again", func() bool { return l.Snapshot() != was })
	want, _ := contentsIn(t, f.store)
	if diff := cmp.Diff(want, contentsOf(l.Snapshot())); diff != "" {
		t.Errorf("after it was loaded again (-record +memory):\n%s", diff)
	}
	s.exec(insertOf("trial", 101))
	eventually(t, "the map follows again", func() bool { return contentsOf(l.Snapshot())["trial"][101] != "" })
}

// Two servers that follow one database give each change the same number.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 3)
	other := watchFrom(t, openAt(t, f.url, Config{Connections: 3}), f.start)
	s := f.session()
	for i := range int64(20) {
		id := 100 + i
		s.exec("BEGIN", insertOf("trial", id), fmt.Sprintf("UPDATE shapan.trial SET \"int\" = %d WHERE id = 1", i), "COMMIT")
		first := f.next()
		select {
		case second := <-other:
			if diff := cmp.Diff(digests(first.changes), digests(second.changes)); diff != "" {
				t.Errorf("change %d (-one server +the other):\n%s", i, diff)
			}
		case <-time.After(patience):
			t.Fatal("the other server was told nothing in time")
		}
	}
}

// digests writes changes as lines.
func digests(changes []layers.Change) (lines []string) {
	for _, c := range changes {
		etag := ""
		if c.Feature != nil {
			etag = c.Feature.ETag()
		}
		lines = append(lines, fmt.Sprintf("%d %s %s %s", c.Seq, c.Layer, line(c), etag))
	}
	return lines
}

// behind puts a counter of the log back to what it was some commits ago: that is what a crash does to a database that was made
// as a copy of another, or a restore of rows alone.
func (s *session) behind(counter string) { s.exec("SELECT setval('shapan." + counter + "', 3)") }

// A transaction is never told as another: it fails, until somebody moves the counters.
func TestCountersBehindTheLog(t *testing.T) {
	t.Parallel()
	url := database(t) // which no service follows: one moves the counters when it connects
	store := openAt(t, url, Config{})
	if _, err := store.Put(t.Context(), layers.Key{}, []layers.Change{define("trial")}); err != nil {
		t.Fatal(err)
	}
	s := sessionAt(t, url)
	for id := int64(1); id <= 8; id++ {
		s.exec(insertOf("trial", id))
	}
	for counter, rule := range map[string]string{"transaction_numbers": "commits_pkey", "commit_numbers": "commits_seq_key"} {
		s.behind(counter)
		if err := s.try(insertOf("trial", 100)); code(err) != codeUnique || constraint(err) != rule {
			t.Errorf("%s is behind: another program's write ended with %v, want that %s refuses it", counter, err, rule)
		}
		s.exec("SELECT shapan.skip_numbers(0)", insertOf("trial", 100), "DELETE FROM shapan.trial WHERE id = 100")
	}
	if n := s.number("SELECT count(*) FROM shapan.commits WHERE seq IS NULL"); n != 0 {
		t.Errorf("%d commits have no number", n)
	}
}

// A service moves the counters itself, and writes.
func TestPutWithCountersBehindTheLog(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 8)
	s := f.session()
	id := int64(200)
	for _, counters := range [][]string{{"transaction_numbers"}, {"commit_numbers"}, {"transaction_numbers", "commit_numbers"}} {
		s.exec(insertOf("trial", id), insertOf("trial", id+1)) // so that there is what to be behind of
		f.expect(fmt.Sprintf("+%d +%d", id, id+1))
		for _, counter := range counters {
			s.behind(counter)
		}
		f.put(layers.Change{Op: layers.Insert, Layer: "trial", ID: id + 2, Feature: storetest.Feature(id+2, int(id+2))})
		f.single(fmt.Sprintf("+%d", id+2))
		s.exec(insertOf("trial", id+3)) // the counters are moved: others write too
		f.single(fmt.Sprintf("+%d", id+3))
		id += 4
	}
}

// A rule of which no field is known, or of the log, is not told as one of a field.
func TestRulesOfNoField(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 1)
	f.session().exec(`CREATE UNIQUE INDEX ON shapan.trial ((lower("string")))`)
	a, b := storetest.Feature(5, 5), storetest.Feature(6, 6)
	a.Values[0], b.Values[0] = layers.TextValue("Same"), layers.TextValue("same")
	f.put(layers.Change{Op: layers.Insert, Layer: "trial", ID: 5, Feature: a})
	_, err := f.store.Put(t.Context(), layers.Key{}, []layers.Change{{Op: layers.Insert, Layer: "trial", ID: 6, Feature: b}})
	if !errors.Is(err, layers.ErrConstraint) || !strings.HasPrefix(err.Error(), "the record has a rule for layer trial") {
		t.Errorf("an index on an expression: got %v", err)
	}
	p := &put{store: f.store, at: &table{layer: storetest.Layer("trial", layers.Point)}}
	err = p.explain(t.Context(), &pgconn.PgError{Code: codeUnique, SchemaName: "shapan", TableName: "changes", ConstraintName: "changes_pkey"})
	if !errors.Is(err, layers.ErrUnavailable) {
		t.Errorf("a rule of the log: got %v, want that the record is at fault", err)
	}
}
