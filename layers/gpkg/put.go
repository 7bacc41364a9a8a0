package gpkg

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// Put implements layers.Store.
func (s *Store) Put(ctx context.Context, key layers.Key, changes []layers.Change) (seq layers.Seq, err error) {
	if err := errors.Join(ctx.Err(), key.Check()); err != nil {
		return 0, err
	}
	p := &put{store: s, ctx: ctx, changes: changes, extents: map[*table]orb.Bound{}, touched: map[*table]bool{}}
	err = s.write(ctx, func() error {
		p.session = s.writer
		done, before, err := s.writer.recall(key, changes)
		if done || err != nil {
			seq, p.assigned = before.seq, before.ids
			return err
		}
		if err := p.apply(); err != nil {
			return err
		}
		if seq, err = s.writer.state(); err != nil {
			return err
		}
		return s.writer.remember(key, written{seq, p.assigned})
	})
	if err != nil {
		return 0, err
	}
	for i, id := range p.assigned {
		changes[i].ID = id
		changes[i].Feature.ID = id
	}
	return seq, nil
}

// written is what a write with a key came to.
type written struct {
	seq layers.Seq
	ids map[int]int64 // the ids that were given, by the change's position
}

// recall looks for a write of this key that was committed before.
func (n *session) recall(key layers.Key, changes []layers.Change) (done bool, before written, err error) {
	if key.Name == "" {
		return false, before, nil
	}
	err = n.each("SELECT digest, seq, ids FROM shapan_writes WHERE key = ?", []driver.Value{key.Name}, func(row []driver.Value) error {
		done = true
		if text(row[0]) != key.Digest {
			return layers.Conflict("the key %.60q named another write before: each write needs a key of its own", key.Name)
		}
		seq, _ := row[1].(int64)
		before.seq = layers.Seq(seq)
		return json.Unmarshal([]byte(text(row[2])), &before.ids)
	})
	for i := range before.ids {
		if err == nil && (i < 0 || i >= len(changes) || changes[i].Feature == nil) {
			err = layers.Conflict("the key %.60q named another write before: each write needs a key of its own", key.Name)
		}
	}
	return done, before, err
}

// remember keeps what a write with a key came to, and forgets those that are older than layers.KeyLife by an hour.
func (n *session) remember(key layers.Key, w written) error {
	if key.Name == "" {
		return nil
	}
	ids, err := json.Marshal(w.ids)
	if err != nil {
		return err
	}
	now := time.Now()
	if err := n.run("DELETE FROM shapan_writes WHERE at < ?", now.Add(-layers.KeyLife-time.Hour).Unix()); err != nil {
		return err
	}
	return n.run("INSERT INTO shapan_writes (key, digest, seq, ids, at) VALUES (?, ?, ?, ?, ?)", key.Name, key.Digest, int64(w.seq), string(ids), now.Unix())
}

// write calls fn as the only writer, in a transaction that is committed when fn succeeds, with known up to date.
func (s *Store) write(ctx context.Context, fn func() error) error {
	select {
	case s.gate <- struct{}{}:
		defer func() { <-s.gate }()
	case <-ctx.Done():
		return ctx.Err()
	}
	w := s.writer
	if _, err := w.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return unavailable(err)
	}
	err := s.refresh()
	if err == nil {
		err = fn()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.trim()
	}
	if err != nil {
		s.known = nil
		_ = w.run("ROLLBACK") // fails where SQLite has rolled back by itself
		return unavailable(err)
	}
	if err := w.run("COMMIT"); err != nil {
		s.known = nil
		_ = w.run("ROLLBACK")
		return uncommitted(err)
	}
	s.wake()
	return nil
}

// refresh reads the catalogue again where another program has written to the file, or a write has failed.
func (s *Store) refresh() error {
	version, err := s.writer.number("PRAGMA data_version")
	if err != nil || s.known != nil && version == s.version {
		return err
	}
	exists, err := s.writer.number("SELECT count(*) FROM sqlite_master WHERE name = 'shapan_layers'")
	if err != nil {
		return err
	}
	known := new(catalogue)
	if exists > 0 {
		if known, err = s.writer.catalogue(); err != nil {
			return err
		}
		mended, err := s.writer.mend(known)
		if err != nil {
			return err
		}
		for _, layer := range mended {
			if !slices.Contains(s.mended, layer) {
				s.mended = append(s.mended, layer)
			}
		}
	}
	s.known, s.version = known, version
	return nil
}

// trim shortens the log from time to time.
func (s *Store) trim() error {
	seq, err := s.writer.state()
	if err != nil || seq < s.trimmed+s.every || seq <= s.keep {
		return err
	}
	s.trimmed = seq
	return s.writer.run("DELETE FROM shapan_changes WHERE seq <= ?", int64(seq-s.keep))
}

// put is one write at work.
type put struct {
	*session
	store    *Store
	ctx      context.Context
	changes  []layers.Change
	assigned map[int]int64 // the ids that were given, by the change's position
	extents  map[*table]orb.Bound
	touched  map[*table]bool
	args     []driver.Value
	last     *table // the layer of the change before
}

func (p *put) apply() error {
	for i := range p.changes {
		if i%1024 == 1023 {
			if err := p.ctx.Err(); err != nil {
				return err
			}
		}
		if err := p.change(i); err != nil {
			if len(p.changes) > 1 {
				return fmt.Errorf("change %d of %d: %w", i+1, len(p.changes), unavailable(err))
			}
			return err
		}
	}
	for t := range p.touched {
		if err := p.describe(t); err != nil {
			return err
		}
	}
	return nil
}

// describe keeps gpkg_contents: when the layer last changed, and an extent that holds all its features.
func (p *put) describe(t *table) error {
	b, ok := p.extents[t]
	if !ok {
		return p.run("UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?", t.name)
	}
	return p.run(`UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now'),
		min_x = min(ifnull(min_x, ?1), ?1), min_y = min(ifnull(min_y, ?2), ?2),
		max_x = max(ifnull(max_x, ?3), ?3), max_y = max(ifnull(max_y, ?4), ?4) WHERE table_name = ?5`,
		b.Min[0], b.Min[1], b.Max[0], b.Max[1], t.name)
}

// change makes one change.
func (p *put) change(i int) error {
	c := &p.changes[i]
	switch c.Op {
	case layers.Define:
		return p.define(c)
	case layers.Drop:
		return p.drop(c.Layer)
	case layers.Insert, layers.Update, layers.Upsert, layers.Delete:
	default:
		return layers.Invalid("op", "unknown operation %d: expected insert, update, upsert, delete, define or drop", c.Op)
	}
	t := p.last
	if t == nil || t.layer.Name != c.Layer {
		var err error
		if t, err = p.store.known.find(c.Layer); err != nil {
			return err
		}
		if t.gone() {
			return layers.Invalid("layer", "layer %s: another program has removed its table", c.Layer)
		}
		p.last = t
		p.touched[t] = true
	}
	id, err := c.Target()
	if err != nil {
		return err
	}
	if c.IfMatch != "" {
		if err := p.match(t, id, c.IfMatch, c.Op); err != nil {
			return err
		}
	}
	if c.Op == layers.Delete {
		result, err := p.exec(context.Background(), t.remove, id)
		return found(t, id, result, err)
	}
	return p.feature(t, i, id)
}

// match fails unless the feature is as the caller saw it.
func (p *put) match(t *table, id int64, etag string, op layers.Op) error {
	exists, is := false, ""
	err := p.each(t.one, []driver.Value{id}, func(row []driver.Value) error {
		exists = true
		if f, err := t.feature(row); err == nil {
			is = f.ETag()
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !exists && (op == layers.Update || op == layers.Delete):
		return missing(t, id)
	case is != etag:
		return layers.Conflict("feature %d of layer %s has changed since it was read: read it again", id, t.layer.Name)
	}
	return nil
}

func missing(t *table, id int64) error {
	return layers.NotFound("layer %s has no feature %d", t.layer.Name, id)
}

// found fails where a statement touched no row.
func found(t *table, id int64, result driver.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return missing(t, id)
	}
	return nil
}

// feature writes the feature of the i-th change.
func (p *put) feature(t *table, i int, id int64) error {
	c := &p.changes[i]
	f := *c.Feature
	f.ID = id
	if err := t.layer.Check(&f); err != nil {
		return err
	}
	var err error
	if p.args, err = t.arguments(&f, p.args); err != nil {
		return err
	}
	if f.Geometry != nil {
		b := f.Geometry.Bound()
		if have, ok := p.extents[t]; ok {
			b = b.Union(have)
		}
		p.extents[t] = b
	}
	if c.Op == layers.Update {
		set := p.args[1:]
		result, err := p.exec(context.Background(), t.update, append(set, id)...)
		return found(t, id, result, refused(t, id, err))
	}
	statement := t.insert
	if c.Op == layers.Upsert {
		statement = t.upsert
	}
	result, err := p.exec(context.Background(), statement, p.args...)
	if err != nil {
		return refused(t, id, err)
	}
	if c.Feature.ID != 0 && c.ID != 0 {
		return nil
	}
	if id == 0 {
		if id, err = result.LastInsertId(); err != nil {
			return err
		}
	}
	if p.assigned == nil {
		p.assigned = map[int]int64{}
	}
	p.assigned[i] = id
	return nil
}

// refused turns SQLite's refusal of a row into a sentence.
func refused(t *table, id int64, err error) error {
	switch c := code(err); {
	case c == codePrimaryKey:
		return layers.Conflict("layer %s has a feature %d already", t.layer.Name, id)
	case c&0xff == codeConstraint:
		return &layers.Error{Kind: layers.ErrConstraint,
			Detail: fmt.Sprintf("feature %d breaks a rule that another program has set on the table of layer %s", id, t.layer.Name), Cause: err}
	}
	return err
}

// define makes a layer or replaces its schema.
func (p *put) define(c *layers.Change) error {
	if err := c.CheckSchema(); err != nil {
		return err
	}
	old := p.store.known.table(c.Schema.Name)
	var err error
	switch {
	case old == nil:
		err = p.begin(c.Schema, "", -1)
	case old.gone():
		err = p.remake(c.Schema, old)
	default:
		var n int64
		if n, err = p.number("SELECT EXISTS (SELECT 1 FROM " + quote(old.name) + ")"); err != nil {
			return err
		}
		if n == 0 {
			err = p.remake(c.Schema, old)
		} else {
			err = p.alter(c.Schema, old)
		}
	}
	if err != nil {
		return err
	}
	return p.reread(c.Schema.Name)
}

// reread takes up the catalogue after it was changed.
func (p *put) reread(layer string) error {
	p.forget()
	if err := p.logCatalogue(layer); err != nil {
		return err
	}
	known, err := p.catalogue()
	if err != nil {
		return err
	}
	p.store.known, p.last = known, nil
	old := p.touched
	p.touched = map[*table]bool{}
	for t := range old {
		now := known.table(t.layer.Name)
		if now == nil {
			continue
		}
		p.touched[now] = true
		if b, ok := p.extents[t]; ok {
			p.extents[now] = b
		}
	}
	_, err = p.mend(known)
	return err
}

// begin makes a layer in the table of that name ("": a free one), at a position (-1: the last).
func (p *put) begin(l *layers.Layer, name string, position int64) (err error) {
	t := &table{layer: *l, name: name, columns: columnNames(l, nil, nil)}
	if name == "" {
		if t.name, err = p.tableName(l.Name); err != nil {
			return err
		}
	}
	if err := p.create(t); err != nil {
		return err
	}
	columns, schema, err := described(t)
	if err != nil {
		return err
	}
	at := driver.Value(position)
	if position < 0 {
		at = nil
	}
	return p.once("INSERT INTO shapan_layers (position, name, table_name, columns, schema) VALUES (?, ?, ?, ?, ?)",
		at, l.Name, t.name, columns, schema)
}

// described returns a layer as the catalogue holds it.
func described(t *table) (columns, schema string, err error) {
	c, err := json.Marshal(t.columns)
	if err != nil {
		return "", "", err
	}
	s, err := json.Marshal(t.layer)
	return string(c), string(s), err
}

// remake makes an empty layer anew in its old place; ids that were given are not given again.
func (p *put) remake(l *layers.Layer, old *table) error {
	position, err := p.number("SELECT position FROM shapan_layers WHERE name = ?", l.Name)
	if err != nil {
		return err
	}
	given, err := p.number("SELECT seq FROM sqlite_sequence WHERE name = ?", old.name)
	if err != nil {
		return err
	}
	if err := p.session.drop(old); err != nil {
		return err
	}
	if err := p.begin(l, old.name, position); err != nil {
		return err
	}
	return p.once("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", old.name, given)
}

// alter replaces the schema of a layer that has features.
func (p *put) alter(l *layers.Layer, old *table) error {
	if err := l.Replaces(&old.layer); err != nil {
		return err
	}
	t := &table{layer: *l, name: old.name, columns: columnNames(l, &old.layer, old.columns)}
	for i, c := range t.columns {
		if slices.Contains(old.columns, c) && !slices.Contains(old.missing, c) {
			continue
		}
		if err := p.once(fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", quote(t.name), quote(c), columnType(l.Fields[i].Type))); err != nil {
			return err
		}
	}
	columns, schema, err := described(t)
	if err != nil {
		return err
	}
	return p.once("UPDATE shapan_layers SET columns = ?, schema = ? WHERE name = ?", columns, schema, l.Name)
}

// drop removes a layer.
func (p *put) drop(layer string) error {
	t, err := p.store.known.find(layer)
	if err != nil {
		return err
	}
	p.forget()
	if err := p.session.drop(t); err != nil {
		return err
	}
	return p.reread(layer)
}
