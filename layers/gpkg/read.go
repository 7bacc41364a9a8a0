package gpkg

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"time"

	"shapan/layers"
)

// Load implements layers.Store.
func (s *Store) Load(ctx context.Context, b *layers.Builder) (seq layers.Seq, err error) {
	r, err := s.session(ctx)
	if err != nil {
		return 0, unavailable(err)
	}
	defer r.close()
	err = r.read(func() error {
		known, err := r.catalogue()
		if err != nil {
			return err
		}
		for _, t := range known.tables {
			into, err := b.Layer(t.layer)
			if err != nil {
				return err
			}
			if err := r.load(ctx, t, b, into); err != nil {
				return err
			}
		}
		seq, err = r.state()
		return err
	})
	return seq, unavailable(err)
}

// load streams the rows of a layer.
func (n *session) load(ctx context.Context, t *table, b *layers.Builder, into *layers.TableBuilder) error {
	if t.gone() {
		b.Note(t.layer.Name, 0, errors.New("another program has removed the layer's table"))
		return nil
	}
	rows := 0
	return n.each(t.all, nil, func(row []driver.Value) error {
		if rows++; rows%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		f, err := t.feature(row)
		if err != nil {
			b.Note(t.layer.Name, f.ID, err)
			return nil
		}
		into.Add(f)
		return nil
	})
}

const (
	batch  = 5000                   // rows of the log that are read at once
	poll   = 50 * time.Millisecond  // between looks at what other programs have written
	assure = 500 * time.Millisecond // between assurances that nothing changed
)

// Watch implements layers.Store. A row that another program has made unreadable is reported as deleted.
func (s *Store) Watch(ctx context.Context, after layers.Seq, fn func([]layers.Change, bool) error) error {
	r, err := s.session(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer r.close()
	w := &watch{session: r, store: s, after: after, version: -1}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var told time.Time
	unfinished := false // fn was told that more would come
	for {
		woken := s.signal()
		changes, more, err := w.look(ctx)
		if err != nil {
			return unavailable(err)
		}
		if len(changes) > 0 || unfinished != more || time.Since(told) >= assure {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := fn(changes, more); err != nil {
				return err
			}
			told, unfinished = time.Now(), more
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-woken:
		case <-tick.C:
		}
	}
}

// watch is one reader of the log.
type watch struct {
	*session
	store   *Store
	after   layers.Seq // what has been told
	version int64      // the file's data_version when it was last read to the end
	schema  int64      // the file's schema_version when known was read
	known   *catalogue
}

// look returns what was committed since it was last asked; more tells that there is more.
func (w *watch) look(ctx context.Context) (changes []layers.Change, more bool, err error) {
	version, err := w.number("PRAGMA data_version")
	if err != nil || version == w.version {
		return nil, false, err
	}
	altered := false
	err = w.read(func() error {
		if altered, err = w.check(); err != nil {
			return err
		}
		changes, more, err = w.next()
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if altered { // by another program, which may have made a layer's table anew: then the log goes on with a break
		err := w.store.write(ctx, func() error {
			_, err := w.store.writer.mend(w.store.known)
			return err
		})
		if err != nil {
			return nil, false, err
		}
	}
	if !more && !altered {
		w.version = version
	}
	return changes, more || altered, nil
}

// check fails with ErrStale where the log cannot tell what happened since after; altered tells that tables were altered.
func (w *watch) check() (altered bool, err error) {
	state, err := w.state()
	if err != nil {
		return false, err
	}
	first, err := w.number("SELECT min(seq) FROM shapan_changes")
	if err != nil {
		return false, err
	}
	if w.after > state {
		return false, layers.Stale("the record is at state %d, before state %d: it was replaced", state, w.after)
	}
	if w.after < state && (first == 0 || layers.Seq(first) > w.after+1) {
		return false, layers.Stale("the changes after state %d are no longer kept", w.after)
	}
	schema, err := w.number("PRAGMA schema_version")
	if err != nil || w.known != nil && schema == w.schema {
		return false, err
	}
	n, err := w.number("SELECT EXISTS (SELECT 1 FROM shapan_changes WHERE seq > ? AND op = ?)", int64(w.after), logCatalog)
	if err != nil {
		return false, err
	}
	if n > 0 {
		return false, layers.Stale("the catalogue changed after state %d", w.after)
	}
	altered = w.known != nil
	w.schema = schema
	w.known, err = w.catalogue()
	return altered, err
}

// entry is a feature of the log: where it stands among the changes, and its layer.
type entry struct {
	t  *table
	id int64
}

// next reads the next rows of the log and the features they are about.
func (w *watch) next() (changes []layers.Change, more bool, err error) {
	last := map[entry]layers.Seq{}
	var order []entry
	var seqs []layers.Seq
	rows, reached := 0, w.after
	err = w.each("SELECT seq, layer, fid, op FROM shapan_changes WHERE seq > ? ORDER BY seq LIMIT ?", []driver.Value{int64(w.after), int64(batch)},
		func(row []driver.Value) error {
			rows++
			seq, _ := row[0].(int64)
			id, _ := row[2].(int64)
			reached = layers.Seq(seq)
			if text(row[3]) == logCatalog {
				return layers.Stale("the catalogue changed at state %d", seq)
			}
			if t := w.known.table(text(row[1])); t != nil {
				e := entry{t, id}
				last[e] = reached
				order, seqs = append(order, e), append(seqs, reached)
			}
			return nil
		})
	if err != nil || rows == 0 {
		return nil, false, err
	}
	now, err := w.features(last)
	if err != nil {
		return nil, false, err
	}
	for i, e := range order {
		if last[e] != seqs[i] {
			continue // told later, with its last number
		}
		c := layers.Change{Seq: seqs[i], Op: layers.Delete, Layer: e.t.layer.Name, ID: e.id}
		if f := now[e]; f != nil {
			c.Op, c.Feature = layers.Update, f
		}
		changes = append(changes, c)
	}
	w.after = reached
	return changes, rows == batch, nil
}

// features reads the features as they are now.
func (w *watch) features(wanted map[entry]layers.Seq) (map[entry]*layers.Feature, error) {
	ids := map[*table][]int64{}
	for e := range wanted {
		ids[e.t] = append(ids[e.t], e.id)
	}
	now := make(map[entry]*layers.Feature, len(wanted))
	for t, list := range ids {
		if t.gone() {
			continue
		}
		asked, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		err = w.each(t.some, []driver.Value{string(asked)}, func(row []driver.Value) error {
			if f, err := t.feature(row); err == nil {
				now[entry{t, f.ID}] = &f
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return now, nil
}
