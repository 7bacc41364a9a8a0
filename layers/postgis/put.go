package postgis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	random "math/rand/v2"
	"slices"
	"strings"
	"time"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tries is how often a write is tried that the database broke off because of others (a deadlock, an id that another
// program took).
const tries = 10

// Put implements layers.Store. A commit whose answer was lost is looked up in the record, so that Put does not say that a
// write failed which was done, nor the other way round.
func (s *Store) Put(ctx context.Context, key layers.Key, changes []layers.Change) (layers.Seq, error) {
	if err := errors.Join(ctx.Err(), key.Check()); err != nil {
		return 0, err
	}
	if key.Name == "" {
		key.Name = "once " + rand.Text() // by which a commit whose answer was lost is found again
	}
	for try := 1; ; try++ {
		p := &put{store: s, key: key, changes: changes, assigned: map[int]int64{}, turns: try > 1}
		seq, err := p.run(ctx)
		if err == nil {
			s.answered(seq)
			for i, id := range p.assigned {
				changes[i].ID = id
				changes[i].Feature.ID = id
			}
			return seq, nil
		}
		if try == tries || ctx.Err() != nil || !p.again(ctx, err) {
			return 0, p.nothing(p.explain(ctx, err))
		}
		select { // two that were in each other's way must not come at the same time again
		case <-ctx.Done():
		case <-time.After(random.N(10 * time.Millisecond << try)):
		}
	}
}

// put is one try of a write.
type put struct {
	store    *Store
	key      layers.Key
	changes  []layers.Change
	assigned map[int]int64 // the ids that were given, by the change's position
	turns    bool          // it was in the way of others before, and takes turns with those like it
	known    *catalogue
	tx       pgx.Tx
	behind   bool   // the record is at an older state than what was told of it: another server took over
	lost     bool   // it is not known whether it was done
	owner    bool   // the transaction acts as the owner of the tables
	at       *table // the layer that is written, for an error that names a constraint
}

// again tells whether a write that failed may succeed when it is tried again, and mends what would make it fail in the same way.
func (p *put) again(ctx context.Context, err error) bool {
	switch code(err) {
	case codeDeadlock, codeSerialization:
		return true
	case codeUnique:
		switch constraint(err) {
		case "writes_pkey":
			return true
		case "commits_pkey", "commits_seq_key":
			p.store.skip(ctx)
			return true
		}
		return false
	case codePlanChanged:
		p.store.learn(nil)
		return true
	}
	var taken takenError
	return errors.As(err, &taken)
}

func constraint(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.ConstraintName
	}
	return ""
}

// run makes the write in one transaction.
func (p *put) run(ctx context.Context) (seq layers.Seq, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience())
	defer cancel()
	conn, err := p.store.pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	backend, err := backendOf(ctx, conn.Conn())
	if err != nil {
		return 0, err
	}
	if p.tx, err = conn.Begin(ctx); err != nil {
		return 0, err
	}
	defer rollback(p.tx)
	done, seq, err := p.begin(ctx)
	if done || err != nil {
		return seq, err
	}
	if err := p.apply(ctx); err != nil {
		return 0, err
	}
	if seq, err = p.finish(ctx); err != nil {
		return 0, err
	}
	if err := p.tx.Commit(ctx); err != nil {
		if code(err) != "" && !conn.Conn().IsClosed() {
			return 0, err // the server says that it did not commit; where it says that it ends, it may have before
		}
		return p.resolve(backend, seq, err)
	}
	return seq, nil
}

// patience is how long the write may take: more where it is long.
func (p *put) patience() time.Duration {
	return p.store.Patience + time.Duration(len(p.changes))*time.Millisecond
}

// begin looks for a write of this key that was done before, and reads the catalogue.
func (p *put) begin(ctx context.Context) (done bool, seq layers.Seq, err error) {
	var version, was, now int64
	var digest string
	var ids []byte
	var several pgx.Batch
	if p.turns {
		several.Queue("SELECT pg_advisory_xact_lock(7237119, 0)")
	}
	several.Queue("SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'") // durable when it is answered
	several.Queue(`SELECT r.catalogue, coalesce(w.digest, ''), coalesce(w.seq, 0), w.ids, (SELECT max(seq) FROM shapan.commits)
		FROM shapan.record r LEFT JOIN shapan.writes w ON w.key = $1`, p.key.Name).
		QueryRow(func(row pgx.Row) error { return row.Scan(&version, &digest, &was, &ids, &now) })
	if err := p.tx.SendBatch(ctx, &several).Close(); err != nil {
		return false, 0, err
	}
	if was > 0 {
		return true, seqOf(was), p.recall(digest, ids)
	}
	if len(p.changes) == 0 {
		return true, seqOf(now), nil
	}
	p.behind = seqOf(now) < p.store.lastNumber()
	p.known, err = p.store.catalogueOf(ctx, p.tx, version)
	return false, 0, err
}

// recall takes the outcome of a write that was done before.
func (p *put) recall(digest string, ids []byte) error {
	if digest != p.key.Digest {
		return layers.Conflict("the key %.60q named another write before: each write needs a key of its own", p.key.Name)
	}
	if err := json.Unmarshal(ids, &p.assigned); err != nil {
		return err
	}
	for i := range p.assigned {
		if i < 0 || i >= len(p.changes) || p.changes[i].Feature == nil {
			return layers.Conflict("the key %.60q named another write before: each write needs a key of its own", p.key.Name)
		}
	}
	return nil
}

// finish gives the commit its number, and keeps the key. From here to the end of the transaction other writers wait.
func (p *put) finish(ctx context.Context) (layers.Seq, error) {
	ids, err := json.Marshal(p.assigned)
	if err != nil {
		return 0, err
	}
	var seq int64
	var several pgx.Batch
	if p.owner {
		several.Queue("RESET ROLE")
	}
	if p.behind { // no number may stand for two states
		several.Queue("SELECT shapan.skip_numbers($1)", int64(p.store.lastNumber()))
	}
	several.Queue("SET CONSTRAINTS shapan.number_commit IMMEDIATE")
	several.Queue(`INSERT INTO shapan.writes (key, digest, seq, ids)
		SELECT $1, $2, seq, $3 FROM shapan.commits WHERE tx = nullif(current_setting('shapan.transaction', true), '')::bigint
		RETURNING seq`, p.key.Name, p.key.Digest, ids).QueryRow(func(row pgx.Row) error { return row.Scan(&seq) })
	err = p.tx.SendBatch(ctx, &several).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, &layers.Error{Kind: layers.ErrUnavailable, Detail: "the record does not log what is written, so nothing was written: 'shapan doctor' says which triggers are missing"}
	}
	return seqOf(seq), err
}

// apply makes the changes, runs of like ones together.
func (p *put) apply(ctx context.Context) error {
	for from := 0; from < len(p.changes); {
		to, err := p.next(ctx, from)
		if err != nil {
			var known *layers.Error
			if len(p.changes) > 1 && errors.As(err, &known) && !errors.Is(err, layers.ErrUnavailable) {
				return fmt.Errorf("change %d of %d: %w", to+1, len(p.changes), err)
			}
			return err
		}
		from = to
	}
	return nil
}

// next makes the changes that begin at from and can be made by one statement, and returns where the next begins; or, with
// an error, the position of the change at fault.
func (p *put) next(ctx context.Context, from int) (int, error) {
	c := &p.changes[from]
	switch c.Op {
	case layers.Define:
		return p.one(from, p.define(ctx, c))
	case layers.Drop:
		return p.one(from, p.drop(ctx, c.Layer))
	case layers.Insert, layers.Update, layers.Upsert, layers.Delete:
	default:
		return from, layers.Invalid("op", "unknown operation %d: expected insert, update, upsert, delete, define or drop", c.Op)
	}
	t, err := p.known.find(c.Layer)
	if err != nil {
		return from, err
	}
	if len(t.missing) > 0 {
		return from, &layers.Error{Kind: layers.ErrUnavailable, Detail: fmt.Sprintf("layer %s cannot be written: another program has altered its table", c.Layer)}
	}
	if t.crs != "EPSG:4326" && t.crs != "EPSG:4490" {
		return from, layers.Invalid("layer", "layer %s is kept in %s by its owner: it is not written from here", c.Layer, t.crs)
	}
	p.at = t
	r, fault, err := p.gather(t, from)
	if err != nil {
		return fault, err
	}
	if c.IfMatch != "" {
		if err := p.match(ctx, r, c.IfMatch, c.Op); err != nil {
			return from, err
		}
	}
	switch c.Op {
	case layers.Insert:
		err = p.insert(ctx, r)
	case layers.Upsert:
		err = p.upsert(ctx, r)
	case layers.Update:
		err = p.update(ctx, r)
	default:
		err = p.remove(ctx, r)
	}
	return r.to, err
}

func (p *put) one(at int, err error) (int, error) {
	if err != nil {
		return at, err
	}
	return at + 1, nil
}

// nothing makes a failure say that nothing was written, unless that is not known.
func (p *put) nothing(err error) error {
	const says = "nothing was written"
	e, ok := errors.AsType[*layers.Error](err)
	if !ok || p.lost || e.Kind != layers.ErrUnavailable || strings.Contains(e.Detail, says) {
		return err
	}
	return &layers.Error{Kind: e.Kind, Field: e.Field, Detail: e.Detail + ": " + says, Cause: e.Cause}
}

// explain turns the database's refusal of a write into a sentence that names the field.
func (p *put) explain(ctx context.Context, err error) error {
	if _, known := errors.AsType[*layers.Error](err); known || p.at == nil {
		return unavailable(err)
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return unavailable(err)
	}
	says := &layers.Error{Kind: layers.ErrConstraint}
	switch class(err) {
	case "23":
		if e.SchemaName == "shapan" && slices.Contains([]string{"commits", "changes", "writes"}, e.TableName) {
			return unavailable(err) // a rule of the log, not of the layer
		}
		says.Field = p.fieldOf(ctx, e)
		switch {
		case says.Field == "":
			says.Detail = fmt.Sprintf("the record has a rule for layer %s that a value breaks", p.at.layer.Name)
		case e.Code == codeUnique:
			says.Detail = fmt.Sprintf("field %s: another feature of layer %s has the value already", says.Field, p.at.layer.Name)
		case e.Code == codeNotNull:
			says.Detail = fmt.Sprintf("field %s is required by the record", says.Field)
		default:
			says.Detail = fmt.Sprintf("field %s: the record has a rule that its value breaks", says.Field)
		}
	case "22", "P0":
		says.Detail = fmt.Sprintf("the record does not take a value for layer %s: it is too long, too large or otherwise not what its table holds", p.at.layer.Name)
	default:
		return unavailable(err)
	}
	return says.Because(err)
}

// fieldOf returns the field that a broken rule is about, or "".
func (p *put) fieldOf(ctx context.Context, e *pgconn.PgError) string {
	columns := []string{e.ColumnName}
	if e.ColumnName == "" && e.ConstraintName != "" {
		ctx, cancel := context.WithTimeout(ctx, p.store.Patience)
		defer cancel()
		rows, err := p.store.pool.Query(ctx, `SELECT a.attname::text FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
			WHERE c.conname = $1 AND c.conrelid = to_regclass($2) UNION ALL
			SELECT a.attname::text FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE x.relname = $1 AND i.indrelid = to_regclass($2)`, e.ConstraintName, quote(e.SchemaName)+"."+quote(e.TableName))
		if err != nil {
			return ""
		}
		if columns, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return ""
		}
	}
	for _, c := range columns {
		if i := slices.Index(p.at.columns, c); i >= 0 {
			return p.at.layer.Fields[i].Name
		}
		if c == p.at.geometry && c != "" {
			return "geometry"
		}
	}
	return ""
}
