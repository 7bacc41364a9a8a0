package postgis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
)

const (
	batch  = 5000                   // features that are told at once
	assure = 500 * time.Millisecond // between looks when nothing wakes: a wake-up that was missed costs no more

	inspection = 10 * time.Second // between comparisons of the tables with the catalogue
)

// Watch implements layers.Store. A notification wakes it, and carries nothing: what happened is read from the log. All
// that was committed between two looks is told as one step, as it is in one state of the database.
func (s *Store) Watch(ctx context.Context, after layers.Seq, fn func([]layers.Change, bool) error) (err error) {
	defer func() {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
	}()
	bell, err := s.listen(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer bell.close()
	defer s.tend(ctx)()
	w := &watch{store: s, after: state{seq: after}, fn: fn}
	if told := s.lastTold(); told.seq == after {
		w.after = told
	}
	tick := time.NewTicker(assure)
	defer tick.Stop()
	for {
		if err := w.look(ctx); err != nil {
			var own toldError
			if errors.As(err, &own) {
				return own.error
			}
			if altered(err) { // the catalogue no longer fits the tables: load again, and note what is amiss
				return layers.Stale("another program has altered the tables of the record")
			}
			return s.away(ctx, err)
		}
		select {
		case <-ctx.Done():
		case <-bell.rung:
		case <-tick.C:
		case err := <-bell.broken:
			return s.away(ctx, err)
		}
	}
}

// away makes ErrUnavailable of an error. Where a connection was lost, those that wait in the pool are given up: each of them
// would be found dead by a write, which fails or waits.
func (s *Store) away(ctx context.Context, err error) error {
	if ctx.Err() == nil && (code(err) == "" || class(err) == "57") {
		s.pool.Reset()
	}
	return unavailable(err)
}

// doorbell is a connection that is told when something was committed. However often it rings, it has rung once: what
// happened is read from the log.
type doorbell struct {
	conn   *pgx.Conn
	rung   chan struct{}
	broken chan error
	stop   context.CancelFunc
	ended  chan struct{}
}

// listen opens a connection of its own for notifications, beside the pool.
func (s *Store) listen(ctx context.Context) (*doorbell, error) {
	patient, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	conn, err := pgx.ConnectConfig(patient, s.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(patient, "LISTEN shapan"); err != nil {
		closeNow(conn)
		return nil, err
	}
	d := &doorbell{conn: conn, rung: make(chan struct{}, 1), broken: make(chan error, 1), ended: make(chan struct{})}
	ctx, d.stop = context.WithCancel(ctx)
	go d.wait(ctx)
	return d, nil
}

// wait passes notifications on until ctx ends or the connection is lost.
func (d *doorbell) wait(ctx context.Context) {
	defer close(d.ended)
	for {
		if _, err := d.conn.WaitForNotification(ctx); err != nil {
			d.broken <- err
			return
		}
		select {
		case d.rung <- struct{}{}:
		default:
		}
	}
}

func (d *doorbell) close() {
	d.stop()
	<-d.ended
	closeNow(d.conn)
}

func closeNow(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // nothing depends on how a connection that is no longer needed ends
}

// watch is one reader of the log.
type watch struct {
	store *Store
	after state // what has been told
	fn    func([]layers.Change, bool) error
	told  time.Time

	base      *catalogue // the tables as they were at the first look
	inspected time.Time  // when they were last compared with what they are
}

// look tells what was committed since the last look.
func (w *watch) look(ctx context.Context) error {
	tx, err := w.store.beginRead(ctx)
	if err != nil {
		return err
	}
	defer rollback(tx)
	now, known, entries, much, err := w.news(ctx, tx)
	switch {
	case err != nil:
		return err
	case now.seq == w.after.seq:
		if time.Since(w.told) < assure {
			return nil
		}
		if err := w.inspect(ctx, tx, known); err != nil {
			return err
		}
		return w.call(nil, false)
	case much:
		err = w.many(ctx, tx, known)
	default:
		err = w.tell(ctx, tx, known, entries, false)
	}
	if err == nil {
		w.after = now
		w.store.told(now)
	}
	return err
}

// inspect sees from time to time whether the tables are still as they were when the catalogue was read: altering them
// stands in no log.
func (w *watch) inspect(ctx context.Context, tx pgx.Tx, known *catalogue) error {
	if w.base == nil {
		w.base = known
	}
	if time.Since(w.inspected) < inspection {
		return nil
	}
	w.inspected = time.Now()
	ctx, cancel := context.WithTimeout(ctx, w.store.Patience)
	defer cancel()
	now, err := readCatalogue(ctx, tx, known.version)
	if err != nil {
		return err
	}
	if !now.same(w.base) {
		return layers.Stale("another program has altered the tables of the record")
	}
	return nil
}

// toldError is an error of the watcher's own function, which goes back to it as it is.
type toldError struct{ error }

func (t toldError) Unwrap() error { return t.error }

func (w *watch) call(changes []layers.Change, more bool) error {
	w.told = time.Now()
	if err := w.fn(changes, more); err != nil {
		return toldError{err}
	}
	return nil
}

// entry is a feature of the log, with the number of its last commit.
type entry struct {
	layer int32
	id    int64
	seq   layers.Seq
}

// logged stands in a statement for what the commits c changed. OFFSET 0 makes PostgreSQL go from the few new commits to
// their changes: from the other side it would read the whole log at each look.
const logged = "LATERAL (SELECT h.id, h.layer, h.fid FROM shapan.changes h WHERE h.tx = c.tx OFFSET 0) h"

// logQuery returns what changed after a state, each feature once, in the order of its last change.
const logQuery = "SELECT h.layer, h.fid, max(c.seq) FROM shapan.commits c, " + logged + `
	WHERE c.seq > $1 AND h.layer > 0 %s GROUP BY h.layer, h.fid ORDER BY max(c.seq), max(h.id)`

// fewQuery tells whether the log has no more than batch rows after a state. Millions are not sorted to find that out.
var fewQuery = "(SELECT count(*) <= " + itoa(batch) + " FROM (SELECT FROM shapan.commits c, " + logged + " WHERE c.seq > $1 LIMIT " + itoa(batch+1) + ") n)"

// news returns the newest state, the catalogue, and what was changed since the last look, unless it is much.
func (w *watch) news(ctx context.Context, tx pgx.Tx) (now state, known *catalogue, entries []entry, much bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.store.Patience)
	defer cancel()
	var version, seq int64
	var same, redefined, few bool
	var at *time.Time
	if !w.after.at.IsZero() {
		at = &w.after.at
	}
	var several pgx.Batch
	several.Queue(`SELECT r.catalogue, c.seq, c.at, EXISTS (SELECT FROM shapan.commits WHERE seq = $1 AND at = coalesce($2, at)),
		EXISTS (SELECT FROM shapan.commits c, `+logged+` WHERE c.seq > $1 AND h.layer = 0), `+fewQuery+`
		FROM shapan.record r, (SELECT seq, at FROM shapan.commits WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1) c`, int64(w.after.seq), at).
		QueryRow(func(row pgx.Row) error { return row.Scan(&version, &seq, &now.at, &same, &redefined, &few) })
	several.Queue(fmt.Sprintf(logQuery, "AND "+fewQuery), int64(w.after.seq)).Query(func(rows pgx.Rows) error {
		entries, err = collect(rows)
		return err
	})
	if err := tx.SendBatch(ctx, &several).Close(); err != nil {
		return now, nil, nil, false, err
	}
	now.seq = seqOf(seq)
	if !same {
		return now, nil, nil, false, w.lost(ctx, now)
	}
	if redefined {
		return now, nil, nil, false, layers.Stale("the catalogue changed after state %d", w.after.seq)
	}
	known, err = w.store.catalogueOf(ctx, tx, version)
	return now, known, entries, !few, err
}

// lost says why the log does not go on from where the reader is.
func (w *watch) lost(ctx context.Context, now state) error {
	if told := w.store.lastTold(); told.seq > now.seq || told.seq == now.seq && !told.at.Equal(now.at) {
		// Another server took over without the last commits. Its numbers must not mean what ours meant.
		w.store.skip(ctx)
		w.store.Log.Error("the record has lost commits: it is at an older state than what was read from it", "read", told.seq, "record", now.seq)
	}
	if w.after.seq > now.seq {
		return layers.Stale("the record is at state %d, before state %d: it was replaced", now.seq, w.after.seq)
	}
	return layers.Stale("the changes after state %d are no longer kept", w.after.seq)
}

// skip moves the counters of the log past all numbers that the log has or that were told, where they stand behind. A commit
// that is given a number of the log fails; one that is given a number that was told would pass for another.
func (s *Store) skip(ctx context.Context) {
	patient, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	if _, err := s.pool.Exec(patient, "SELECT shapan.skip_numbers($1)", int64(s.lastNumber())); err != nil && ctx.Err() == nil {
		s.Log.Warn("the counters of the log could not be looked at: numbers of lost commits may be given again", "error", err)
	}
}

func collect(rows pgx.Rows) (entries []entry, err error) {
	for rows.Next() {
		var e entry
		var seq int64
		if err := rows.Scan(&e.layer, &e.id, &seq); err != nil {
			return nil, err
		}
		e.seq = seqOf(seq)
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// many tells more changes than can be told at once, through a cursor.
func (w *watch) many(ctx context.Context, tx pgx.Tx, known *catalogue) error {
	declare := strings.Replace(fmt.Sprintf(logQuery, ""), "$1", itoa(w.after.seq), 1)
	patient, cancel := context.WithTimeout(ctx, w.store.Patience)
	defer cancel()
	if _, err := tx.Exec(patient, "DECLARE news NO SCROLL CURSOR FOR "+declare); err != nil {
		return err
	}
	entries, err := w.fetch(ctx, tx)
	for err == nil && len(entries) > 0 {
		var next []entry
		if next, err = w.fetch(ctx, tx); err == nil {
			err = w.tell(ctx, tx, known, entries, len(next) > 0)
		}
		entries = next
	}
	return err
}

// fetch reads the next part of the cursor. The first waits until a million changes are sorted, so it has more time.
func (w *watch) fetch(ctx context.Context, tx pgx.Tx) ([]entry, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*w.store.Patience)
	defer cancel()
	rows, err := tx.Query(ctx, "FETCH FORWARD "+itoa(batch)+" FROM news")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return collect(rows)
}

// tell reads the features as they are now and tells of them.
func (w *watch) tell(ctx context.Context, tx pgx.Tx, known *catalogue, entries []entry, more bool) error {
	ids := map[int32][]int64{}
	for _, e := range entries {
		ids[e.layer] = append(ids[e.layer], e.id)
	}
	now := map[int32]map[int64]*layers.Feature{}
	for number, wanted := range ids {
		t := known.numbered(number)
		if t == nil || t.gone() {
			continue
		}
		features, err := w.features(ctx, tx, t, wanted)
		if err != nil {
			return err
		}
		now[number] = features
	}
	changes := make([]layers.Change, 0, len(entries))
	for _, e := range entries {
		t := known.numbered(e.layer)
		if t == nil {
			continue
		}
		c := layers.Change{Seq: e.seq, Op: layers.Delete, Layer: t.layer.Name, ID: e.id}
		if f := now[e.layer][e.id]; f != nil {
			c.Op, c.Feature = layers.Update, f
		}
		changes = append(changes, c)
	}
	return w.call(changes, more)
}

// features reads the features of a layer as they are now. A row that cannot be shown is missing: the reader is told that it
// was deleted.
func (w *watch) features(ctx context.Context, tx pgx.Tx, t *table, ids []int64) (map[int64]*layers.Feature, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*w.store.Patience)
	defer cancel()
	now := make(map[int64]*layers.Feature, len(ids))
	s := newSource(t, func(f layers.Feature, said string) {
		if said != "" {
			w.store.Log.Warn("a changed row of the record is shown otherwise than it is", "layer", t.layer.Name, "id", f.ID, "reason", said)
		}
		f.Values = append([]layers.Value(nil), f.Values...)
		now[f.ID] = &f
	}, func(id int64, err error) {
		w.store.Log.Warn("a changed row of the record is not on the map", "layer", t.layer.Name, "id", id, "reason", err)
	})
	return now, readSome(ctx, tx, t, ids, s)
}

// tend keeps the record in order until stop is called, beside those that are told of changes: it may take long.
func (s *Store) tend(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.skip(ctx) // a server that has just crashed, or took over, may be behind
		tick := time.NewTicker(s.tidy)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.tidyUp(ctx)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// tidyUp removes what the log keeps no longer, and makes the months to come. What fails is tried again the next time.
func (s *Store) tidyUp(ctx context.Context) {
	gone, err := s.shorten(ctx)
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("the log of the record could not be shortened", "error", err)
	}
	if gone > 0 {
		s.Log.Info("the log of the record was shortened", "commits", gone)
	}
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	s.addMonths(ctx)
}

// shorten removes from the log what it keeps no longer, in steps, until nothing is left to remove: a record that takes
// many writes must not grow for ever. A step may have millions of changes, so it has more time than a question.
func (s *Store) shorten(ctx context.Context) (gone int64, err error) {
	for {
		var n int64
		step, cancel := context.WithTimeout(ctx, 30*s.Patience)
		err := s.pool.QueryRow(step, "SELECT shapan.shorten_log($1, $2)", s.KeepChanges, s.KeepFor).Scan(&n)
		cancel()
		gone += n
		if err != nil || n == 0 {
			return gone, err
		}
	}
}
