package postgis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/postgis/cluster"
)

// grown writes until the record holds some features.
func (r *rig) grown(n int) {
	r.Helper()
	for range n {
		if a := r.put(); a.said != written {
			r.Fatal(a.err, layers.Cause(a.err))
		}
	}
}

// must fails the test where a step of it fails.
func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func TestFaultServerCrashes(t *testing.T) {
	fault(t)
	c, url := ownRecord(t, cluster.Config{Durable: true})
	r := newRig(t, url, url, Config{})
	r.grown(10)
	stop := r.writing(4)
	for range 3 {
		before := r.count(written)
		r.await(10*time.Second, "writers are at work", func() bool { return r.count(written) > before+50 })
		r.must(c.Stop("immediate"))
		r.fails(2 * time.Second)
		refused := r.count(unwritten)
		r.await(5*time.Second, "writes are refused", func() bool { return r.count(unwritten) > refused+4 })
		r.reads()
		r.must(c.Restart(context.Background()))
		r.heals()
	}
	stop()
	r.finish()
}

// TestFaultACopiedRecordCrashes: PostgreSQL 15 puts the counters of a database that was copied back to where they were in the
// original when it recovers from a crash. All that is written is told all the same.
func TestFaultACopiedRecordCrashes(t *testing.T) {
	fault(t)
	c, _ := ownRecord(t, cluster.Config{Durable: true})
	if err := c.Create(t.Context(), "copied", "record"); err != nil {
		t.Fatal(err)
	}
	url := c.URL("copied")
	r := newRig(t, url, url, Config{})
	r.grown(10)
	r.must(c.Stop("immediate"))
	r.must(c.Restart(context.Background()))
	r.heals()
	r.grown(20)
	r.finish()
}

func TestFaultServerIsStoppedInOrder(t *testing.T) {
	fault(t)
	c, url := ownRecord(t, cluster.Config{Durable: true})
	r := newRig(t, url, url, Config{})
	stop := r.writing(4)
	for range 4 {
		before := r.count(written)
		r.await(10*time.Second, "writers are at work", func() bool { return r.count(written) > before+50 })
		r.must(c.Stop("fast"))
		r.fails(2 * time.Second)
		r.must(c.Restart(context.Background()))
		r.heals()
	}
	stop()
	r.finish()
}

func TestFaultServerIsFrozen(t *testing.T) {
	fault(t)
	c, url := ownRecord(t, cluster.Config{})
	r := newRig(t, url, url, Config{})
	r.grown(10)
	stop := r.writing(4)
	for range 2 {
		r.must(c.Freeze())
		r.fails(4*shortPatience + time.Second) // it may be telling of many features, which have three times the shortPatience
		refused := r.count(unwritten) + r.count(unknown)
		r.await(10*time.Second, "writes fail", func() bool { return r.count(unwritten)+r.count(unknown) > refused+4 })
		r.reads()
		r.must(c.Thaw())
		r.heals()
	}
	stop()
	r.finish()
}

// TestFaultCloseOfAFrozenServer: what waits for an answer that never comes returns when it is told to, and the store closes.
func TestFaultCloseOfAFrozenServer(t *testing.T) {
	fault(t)
	c, url := ownRecord(t, cluster.Config{})
	r := newRig(t, url, url, Config{})
	r.grown(3)
	r.must(c.Freeze())
	var waiting sync.WaitGroup
	waiting.Go(func() { r.put() })
	waiting.Go(func() {
		if _, err := r.store.Load(context.Background(), layers.NewBuilder()); !errors.Is(err, layers.ErrUnavailable) {
			r.Errorf("a load from a frozen server ended with %v", err)
		}
	})
	waiting.Go(func() {
		err := r.store.Watch(context.Background(), r.live.Snapshot().Seq, func([]layers.Change, bool) error { return nil })
		if !errors.Is(err, layers.ErrUnavailable) {
			r.Errorf("a watch of a frozen server ended with %v", err)
		}
	})
	waiting.Wait()
	r.shut()
	r.must(c.Thaw())
	r.await(5*time.Second, "no session is left", func() bool {
		return r.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", r.name) == 0
	})
}

// TestFaultLoadIsCutShort: a load of many rows whose server freezes, or whose connection is ended, fails in bounded time.
func TestFaultLoadIsCutShort(t *testing.T) {
	fault(t)
	const rows = 20_000
	c, url := ownRecord(t, cluster.Config{})
	r := newRig(t, url, url, Config{Patience: 500 * time.Millisecond})
	r.exec(`INSERT INTO shapan.trial (id, geom, "string") SELECT n, ST_SetSRID(ST_MakePoint(116 + n * 1e-5, 39), 4326), repeat('x', 1000) FROM generate_series(1, ` + itoa(rows) + `) n`)
	r.await(20*time.Second, "memory has the rows", func() bool { return r.live.Snapshot().Features() == rows })
	proxy := newProxy(t, c.Host())
	proxy.toxic(`{"type": "bandwidth", "stream": "downstream", "attributes": {"rate": 3000}}`) // so that it is at work for some seconds
	slow := openAt(t, via(t, url, proxy.Listen), Config{Patience: 500 * time.Millisecond})
	load := func() <-chan error {
		ended := make(chan error, 1)
		go func() {
			_, err := slow.Load(context.Background(), layers.NewBuilder())
			ended <- err
		}()
		r.await(10*time.Second, "the load is at work", func() bool {
			return r.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shapan' AND state = 'active' AND query LIKE 'COPY%'") > 0
		})
		return ended
	}
	fails := func(what string, ended <-chan error) {
		select {
		case err := <-ended:
			if !errors.Is(err, layers.ErrUnavailable) {
				r.Errorf("%s: the load ended with %v", what, err)
			}
		case <-time.After(10 * time.Second):
			r.Fatalf("%s: the load hangs", what)
		}
	}
	ended := load()
	r.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'")
	fails("a backend that was killed", ended)
	ended = load()
	r.must(c.Freeze())
	fails("a frozen server", ended)
	r.must(c.Thaw())
	r.await(5*time.Second, "memory has caught up", func() bool { return r.live.Health().Fault == nil })
	r.must(slow.Close())
	r.finish()
}

func TestFaultBackendsAreKilled(t *testing.T) {
	fault(t)
	url := database(t)
	r := newRig(t, url, url, Config{})
	r.grown(10)
	const ours = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1"
	if n := r.ask(ours+" AND query LIKE 'LISTEN%'", r.name); n != 1 {
		r.Fatalf("%d connections listen, want 1", n)
	}
	r.heals()
	stop := r.writing(4)
	killed := int64(0)
	for deadline := time.Now().Add(4 * time.Second); time.Now().Before(deadline); {
		killed += r.ask(ours+" AND state <> 'idle' AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'", r.name)
	}
	r.Logf("%d backends were killed at work", killed)
	r.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'rig_TestFaultBackends%'")
	r.heals()
	stop()
	r.finish()
}

// locked runs while another program holds a lock, taken by a statement.
func (r *rig) locked(statement string, during func()) {
	r.Helper()
	s := openAt(r.T, r.direct, Config{})
	tx, err := s.pool.Begin(r.Context())
	r.must(err)
	_, err = tx.Exec(r.Context(), statement)
	r.must(err)
	during()
	r.must(tx.Rollback(r.Context()))
	r.must(s.Close())
}

func TestFaultAnotherProgramHoldsLocks(t *testing.T) {
	fault(t)
	direct := database(t)
	r := newRig(t, with(t, direct, "lock_timeout", "300ms"), direct, Config{})
	r.grown(3)
	other := defined("other")
	_, err := r.store.Put(t.Context(), layers.Key{}, []layers.Change{other})
	r.must(err)
	r.await(5*time.Second, "memory knows the layer", func() bool { return r.live.Snapshot().Seq == r.newest() })
	change := r.ledger[0].change
	change.Op, change.ID = layers.Update, change.Feature.ID
	refused := func(what string, c layers.Change) {
		t.Helper()
		_, err := r.store.Put(t.Context(), layers.Key{}, []layers.Change{c})
		if !errors.Is(err, layers.ErrUnavailable) || !strings.Contains(err.Error(), "locked by another program") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	insert := layers.Change{Op: layers.Insert, Layer: "other", Feature: change.Feature}
	r.locked("LOCK TABLE shapan.trial IN ACCESS EXCLUSIVE MODE", func() {
		if a := r.put(); a.said != unwritten || !strings.Contains(a.err.Error(), "locked by another program") {
			t.Errorf("a locked table: %v", a.err)
		}
		if _, err := r.live.Put(t.Context(), layers.Key{}, []layers.Change{insert}); err != nil {
			t.Errorf("another layer: %v", err)
		}
	})
	r.locked("SELECT FROM shapan.trial ORDER BY id LIMIT 1 FOR UPDATE", func() {
		refused("a locked row", change)
		if a := r.put(); a.said != written {
			t.Errorf("another row: %v", a.err)
		}
	})
	r.locked("SELECT pg_advisory_xact_lock(7237117, 1)", func() { // a commit that does not end
		if a := r.put(); a.said != unwritten || !strings.Contains(a.err.Error(), "locked by another program") {
			t.Errorf("a commit that hangs: %v", a.err)
		}
	})
	r.finish()
}

// TestFaultLocksWithoutASetting: a lock is told as one although nobody set a time for it: it runs out before the shortPatience does.
func TestFaultLocksWithoutASetting(t *testing.T) {
	fault(t)
	direct := database(t)
	r := newRig(t, direct, direct, Config{})
	r.grown(1)
	r.locked("LOCK TABLE shapan.trial IN ACCESS EXCLUSIVE MODE", func() {
		if a := r.put(); a.said != unwritten || !strings.Contains(a.err.Error(), "locked by another program") {
			t.Errorf("a locked table: %v", a.err)
		}
	})
	r.finish()
}

func TestFaultStatementsTimeOut(t *testing.T) {
	fault(t)
	direct := database(t)
	r := newRig(t, with(t, direct, "statement_timeout", "200ms"), direct, Config{})
	r.grown(1)
	r.locked("LOCK TABLE shapan.trial IN ACCESS EXCLUSIVE MODE", func() {
		if a := r.put(); a.said != unwritten || !strings.Contains(a.err.Error(), "took too long") {
			t.Errorf("a statement that takes too long: %v", a.err)
		}
	})
	r.finish()
}

// TestFaultDeadlock: two writes that wait for each other are both done.
func TestFaultDeadlock(t *testing.T) {
	fault(t)
	direct := database(t)
	r := newRig(t, with(t, direct, "deadlock_timeout", "20ms"), direct, Config{Patience: 5 * time.Second})
	r.grown(2)
	var writers sync.WaitGroup
	before := r.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	for w := range 2 {
		writers.Go(func() {
			for range 40 {
				first, second := r.ledger[w].change, r.ledger[1-w].change
				first.Op, second.Op = layers.Update, layers.Update
				first.ID, second.ID = first.Feature.ID, second.Feature.ID
				if _, err := r.store.Put(t.Context(), layers.Key{}, apart(first, second)); err != nil {
					t.Errorf("%v (cause: %v)", err, layers.Cause(err))
				}
			}
		})
	}
	writers.Wait()
	r.await(5*time.Second, "the deadlocks are counted", func() bool {
		return r.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") > before
	})
	r.finish()
}

// apart returns two updates with one in between that keeps them in statements of their own.
func apart(first, second layers.Change) []layers.Change {
	between := layers.Change{Op: layers.Upsert, Layer: first.Layer, ID: first.ID, Feature: first.Feature}
	return []layers.Change{first, between, second}
}

func TestFaultNoConnectionIsFree(t *testing.T) {
	fault(t)
	_, url := ownRecord(t, cluster.Config{Settings: map[string]string{"max_connections": "12", "superuser_reserved_connections": "0", "max_wal_senders": "0"}})
	r := newRig(t, url, url, Config{})
	r.grown(3)
	watcher := openAt(t, url, Config{})
	_, err := watcher.pool.Exec(t.Context(), "SELECT 1")
	r.must(err)
	others := openAt(t, url, Config{Connections: 20})
	var held []interface{ Release() }
	take := func() {
		for {
			conn, err := others.pool.Acquire(t.Context())
			if err != nil {
				return
			}
			held = append(held, conn)
		}
	}
	take()
	eventually(t, "others have every connection", func() bool { // one that is ended is free only a moment later
		_, err := watcher.pool.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", r.name)
		r.must(err)
		take()
		var theirs int
		r.must(watcher.pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> $1", r.name).Scan(&theirs))
		return theirs == 12
	})
	r.fails(3 * time.Second)
	if a := r.put(); a.said != unwritten || !strings.Contains(a.err.Error(), "no connection free") {
		t.Errorf("no connection is free: %v (cause: %v)", a.err, layers.Cause(a.err))
	}
	for _, conn := range held {
		conn.Release()
	}
	r.must(others.Close())
	r.heals()
	r.must(watcher.Close())
	r.finish()
}
