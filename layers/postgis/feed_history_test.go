package postgis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// author is a program that edits two layers at random.
type author struct {
	*session
	random *rand.Rand
	done   int // transactions that it committed
}

// transaction does what comes to its mind. The database may break it off because of the others: then it is rolled back.
func (a *author) transaction() {
	levels := []string{"READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}
	statements := []string{"BEGIN ISOLATION LEVEL " + levels[a.random.IntN(len(levels))]}
	for range 1 + a.random.IntN(4) {
		switch a.random.IntN(6) {
		case 0:
			statements = append(statements, "SAVEPOINT a", a.edit(), a.edit(), "ROLLBACK TO a")
		case 1:
			statements = append(statements, "SAVEPOINT a", a.edit(), "RELEASE a")
		case 2:
			statements = append(statements, a.edit(), fmt.Sprintf("SELECT pg_sleep(%f)", a.random.Float64()/200))
		default:
			statements = append(statements, a.edit())
		}
	}
	if a.random.IntN(8) == 0 {
		statements = append(statements, "SET CONSTRAINTS ALL IMMEDIATE", a.edit())
	}
	end := "COMMIT"
	if a.random.IntN(5) == 0 {
		end = "ROLLBACK"
	}
	for _, q := range append(statements, end) {
		if err := a.try(q); err != nil {
			switch code(err) {
			case codeSerialization, codeDeadlock, codeUnique:
				a.exec("ROLLBACK")
				return
			}
			a.Errorf("%s: %v", q, err)
			return
		}
	}
	if end == "COMMIT" {
		a.done++
	}
}

// edit returns a statement at random.
func (a *author) edit() string {
	layer := []string{"trial", "other"}[a.random.IntN(2)]
	id, to := 1+a.random.IntN(60), 1+a.random.IntN(60)
	place := fmt.Sprintf("ST_SetSRID(ST_MakePoint(%f, %f), 4326)", 100+20*a.random.Float64(), 30+10*a.random.Float64())
	switch a.random.IntN(12) {
	case 0, 1:
		return fmt.Sprintf("DELETE FROM shapan.%s WHERE id = %d", layer, id)
	case 2:
		return fmt.Sprintf("UPDATE shapan.%s SET id = %d WHERE id = %d AND NOT EXISTS (SELECT FROM shapan.%s WHERE id = %d)", layer, to, id, layer, to)
	case 3:
		return fmt.Sprintf("UPDATE shapan.%s SET geom = ST_Translate(geom, 0.01, 0.01) WHERE id BETWEEN %d AND %d", layer, id, id+3)
	case 4:
		return fmt.Sprintf(`UPDATE shapan.%s SET "int" = %d WHERE id = %d`, layer, to, id)
	}
	return fmt.Sprintf(`INSERT INTO shapan.%s (id, geom, "int") VALUES (%d, %s, %d) ON CONFLICT (id) DO UPDATE SET geom = excluded.geom, "int" = excluded."int"`, layer, id, place, to)
}

func TestHistories(t *testing.T) {
	t.Parallel()
	const authors, each = 5, 70
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			f := newFeed(t, 20)
			f.put(define("other"))
			f.next() // it loads again
			server := openAt(t, f.url, Config{Connections: 3})
			l := live(t, server)
			w := witness(t, l)
			var wg sync.WaitGroup
			var all []*author
			for n := range authors {
				a := &author{session: f.session(), random: rand.New(rand.NewPCG(seed, uint64(n)))}
				all = append(all, a)
				wg.Go(func() {
					for range each {
						a.transaction()
					}
				})
			}
			wg.Wait()
			done := 0
			for _, a := range all {
				done += a.done
			}
			if done < authors*each/3 {
				t.Errorf("%d transactions of %d were committed: the test tests little", done, authors*each)
			}
			f.news()
			end := f.mark()
			eventually(t, "the map has all", func() bool { return l.Snapshot().Seq >= end })
			want, _ := contentsIn(t, f.store)
			if diff := cmp.Diff(want, contentsOf(l.Snapshot())); diff != "" {
				t.Errorf("after %d transactions (-record +memory):\n%s", done, diff)
			}
			w.check(end)
			w.inLog(f.session())
		})
	}
}

// follower checks what a map tells those who follow it: the bounds of a change cover where the feature was and where it is.
type follower struct {
	*testing.T
	live *layers.Live
	stop func()
	told []layers.Applied
	last layers.Seq
	was  map[string]map[int64]orb.Bound
}

// witness follows a map from now on.
func witness(t *testing.T, l *layers.Live) *follower {
	s := l.Snapshot()
	w := &follower{T: t, live: l, last: s.Seq, was: boundsOf(s)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := l.Follow(ctx, s.Seq, 10*time.Millisecond, w.take); !errors.Is(err, context.Canceled) {
			t.Errorf("follow ended: %v", err)
		}
	}()
	w.stop = func() { cancel(); <-done }
	t.Cleanup(w.stop)
	return w
}

// boundsOf returns where the features of a snapshot are.
func boundsOf(s *layers.Snapshot) map[string]map[int64]orb.Bound {
	out := map[string]map[int64]orb.Bound{}
	for _, table := range s.View(layers.Scope{Audience: layers.Restricted}).Tables() {
		places := map[int64]orb.Bound{}
		table.Each(nil, func(r layers.Row) bool {
			places[r.ID()], _ = r.Bound()
			return true
		})
		out[table.Layer.Name] = places
	}
	return out
}

// take looks at what is told in one call.
func (w *follower) take(s *layers.Snapshot, news []layers.Applied) error {
	type key struct {
		layer string
		id    int64
	}
	told := map[key][]orb.Bound{}
	if len(news) > 0 && news[0].Seq <= w.last {
		w.Errorf("state %d was told after state %d", news[0].Seq, w.last)
	}
	for _, a := range news {
		if a.Seq < w.last {
			w.Errorf("state %d was told after state %d", a.Seq, w.last)
		}
		w.last = a.Seq
		told[key{a.Layer, a.ID}] = append(told[key{a.Layer, a.ID}], a.Bounds...)
		w.told = append(w.told, a)
	}
	now := boundsOf(s)
	for k, bounds := range told {
		for _, places := range []map[string]map[int64]orb.Bound{w.was, now} {
			if b, ok := places[k.layer][k.id]; ok && !covered(b, bounds) {
				w.Errorf("feature %d of %s was or is at %v; told of %v", k.id, k.layer, b, bounds)
			}
		}
	}
	for layer, places := range now {
		for id, b := range places {
			if was, ok := w.was[layer][id]; told[key{layer, id}] == nil && (!ok || was != b) {
				w.Errorf("feature %d of %s came to %v, and nobody was told", id, layer, b)
			}
		}
		for id := range w.was[layer] {
			if _, ok := places[id]; !ok && told[key{layer, id}] == nil {
				w.Errorf("feature %d of %s is gone, and nobody was told", id, layer)
			}
		}
	}
	w.was = now
	return nil
}

func covered(b orb.Bound, by []orb.Bound) bool {
	for _, o := range by {
		if o.Contains(b.Min) && o.Contains(b.Max) {
			return true
		}
	}
	return false
}

// check ends it when it was told up to a state.
func (w *follower) check(end layers.Seq) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w.stop()
	if w.last < end { // it was stopped before it took the last
		err := w.live.Follow(ctx, w.last, 10*time.Millisecond, func(s *layers.Snapshot, news []layers.Applied) error {
			if err := w.take(s, news); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			w.Errorf("follow ended: %v", err)
		}
	}
}

// inLog fails the test where a change was told that the log does not have.
func (w *follower) inLog(s *session) {
	w.Helper()
	rows, err := s.conn.Query(context.Background(), `SELECT format('%s %s %s', c.seq, l.name, h.fid) FROM shapan.commits c
		JOIN shapan.changes h USING (tx) JOIN shapan.layers l ON l.number = h.layer`)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	logged := map[string]bool{}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			w.Fatal(err)
		}
		logged[line] = true
	}
	if rows.Err() != nil {
		w.Fatal(rows.Err())
	}
	for _, a := range w.told {
		if line := fmt.Sprintf("%d %s %d", a.Seq, a.Layer, a.ID); !logged[line] {
			w.Errorf("told %q, which is not in the log", line)
		}
	}
}
