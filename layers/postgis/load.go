package postgis

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// snapshotOptions make a transaction that sees one state of the record and changes nothing.
var snapshotOptions = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// Load implements layers.Store. The layers are read at the same time, each over a connection of its own, all in one state
// of the database. What fails for one layer alone is noted, and the others are loaded.
func (s *Store) Load(ctx context.Context, b *layers.Builder) (layers.Seq, error) {
	begun := time.Now()
	if err := s.checkInTime(ctx); err != nil {
		return 0, err
	}
	l := &load{store: s, builder: b}
	now, err := l.run(ctx)
	if l.hangs.Load() {
		err = context.DeadlineExceeded
	}
	if err != nil {
		return 0, unavailable(err)
	}
	s.told(now)
	s.Log.Info("the record is loaded", "rows", l.rows.Load(), "took", time.Since(begun).Round(time.Millisecond), "seq", now.seq)
	return now.seq, nil
}

func (s *Store) checkInTime(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	return s.check(ctx)
}

// load is one load at work.
type load struct {
	store    *Store
	builder  *layers.Builder
	snapshot string // the name by which other connections join this one's state
	rows     atomic.Int64
	hangs    atomic.Bool // it was given up: nothing came for too long
}

func (l *load) run(ctx context.Context) (state, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tx, err := l.store.beginRead(ctx)
	if err != nil {
		return state{}, err
	}
	defer rollback(tx)
	now, known, err := l.begin(ctx, tx)
	if err != nil {
		return state{}, err
	}
	stop := l.progress(ctx, known, cancel)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, l.store.Connections-1))
	for _, t := range known.tables {
		into, err := l.builder.Layer(t.layer)
		if err != nil {
			l.builder.Note(t.layer.Name, 0, err)
			continue
		}
		if t.gone() {
			l.builder.Note(t.layer.Name, 0, fmt.Errorf("its table %s is missing, or the column %s of it: another program has removed it", t.relation(), t.key))
			continue
		}
		for _, c := range t.missing {
			l.builder.Note(t.layer.Name, 0, fmt.Errorf("its table %s has no column %s any more: it is shown as empty", t.relation(), quote(c)))
		}
		group.Go(func() error { return l.table(ctx, t, into) })
	}
	return now, group.Wait()
}

// begin reads the state, the catalogue and the record's identity, and lets other connections join.
func (l *load) begin(ctx context.Context, tx pgx.Tx) (now state, known *catalogue, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.store.Patience)
	defer cancel()
	var version, seq int64
	var origin string
	err = tx.QueryRow(ctx, `SELECT r.catalogue, r.id::text, c.seq, c.at, pg_export_snapshot() FROM shapan.record r,
		(SELECT seq, at FROM shapan.commits WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1) c`).Scan(&version, &origin, &seq, &now.at, &l.snapshot)
	if errors.Is(err, pgx.ErrNoRows) {
		return now, nil, &layers.Error{Kind: layers.ErrUnavailable, Detail: "the record's log is empty: restore the record from a backup, or run 'shapan migrate up'"}
	}
	if err != nil {
		return now, nil, err
	}
	now.seq = seqOf(seq)
	if known, err = readCatalogue(ctx, tx, version); err != nil {
		return now, nil, err
	}
	l.store.learn(known)
	l.store.mu.Lock()
	l.store.origin = origin
	l.store.mu.Unlock()
	return now, known, nil
}

// progress says in the log, every few seconds, how far a long load is, and gives it up where nothing comes any more: how
// long a load takes as a whole, nobody knows before.
func (l *load) progress(ctx context.Context, known *catalogue, giveUp func()) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick, look := time.NewTicker(2*time.Second), time.NewTicker(l.store.Patience/2)
		defer tick.Stop()
		defer look.Stop()
		rows, at := int64(0), time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
				if n := l.rows.Load(); n != rows {
					rows, at = n, time.Now()
				} else if time.Since(at) > 3*l.store.Patience {
					l.hangs.Store(true)
					giveUp()
					return
				}
			case <-tick.C:
				l.store.Log.Info("loading the record", "rows", l.rows.Load(), "layers", len(known.tables))
			}
		}
	}()
	return func() { cancel(); <-done }
}

// table loads one layer. Where the database fails on it, the layer is read again piece by piece, so that one bad row costs
// one row.
func (l *load) table(ctx context.Context, t *table, into *layers.TableBuilder) error {
	source := newSource(t, func(f layers.Feature, said string) {
		l.rows.Add(1)
		if said != "" {
			l.builder.Repaired(t.layer.Name, f.ID, errors.New(said))
		}
		into.AddShared(f)
	}, func(id int64, err error) { l.builder.Note(t.layer.Name, id, err) })
	source.text = into.Text
	err := l.whole(ctx, t, source)
	if err == nil || !ofRow(err) && !ofTable(err) {
		return err
	}
	l.store.Log.Warn("a layer cannot be read at once; reading it piece by piece", "layer", t.layer.Name, "error", err)
	if ofTable(err) {
		l.builder.Note(t.layer.Name, 0, fmt.Errorf("its table %s cannot be read: the database %s", t.relation(), why(err)))
		return nil
	}
	return l.pieces(ctx, t, into, source)
}

// whole reads a layer in one statement. Its connection is free again when it returns: what waits for a connection while it
// holds one may wait for itself.
func (l *load) whole(ctx context.Context, t *table, into *source) error {
	tx, err := l.join(ctx)
	if err != nil {
		return err
	}
	defer rollback(tx)
	query := fmt.Sprintf("COPY (SELECT %s FROM %s t) TO STDOUT (FORMAT binary)", t.read, t.relation())
	_, err = tx.Conn().PgConn().CopyTo(ctx, into, query)
	return err
}

// beginRead begins a transaction that sees one state of the record.
func (s *Store) beginRead(ctx context.Context) (pgx.Tx, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	return s.pool.BeginTx(ctx, snapshotOptions)
}

// join begins a transaction in the state of the load.
func (l *load) join(ctx context.Context) (pgx.Tx, error) {
	tx, err := l.store.pool.BeginTx(ctx, snapshotOptions)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, "SET TRANSACTION SNAPSHOT "+literal(l.snapshot)); err != nil {
		return nil, errors.Join(err, rollback(tx))
	}
	return tx, nil
}

// ofRow tells whether an error is about what a row holds: a value that cannot be converted, a geometry that PostGIS throws
// at.
func ofRow(err error) bool { return class(err) == "22" || code(err) == codeInternal }

// ofTable tells whether an error is about a table as a whole.
func ofTable(err error) bool { return altered(err) || code(err) == codePrivilege }

// pieces loads the rows of a layer that are not in memory yet, in pieces that are halved where the database fails.
func (l *load) pieces(ctx context.Context, t *table, into *layers.TableBuilder, source *source) error {
	tx, err := l.join(ctx)
	if err != nil {
		return err
	}
	defer rollback(tx)
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s::bigint FROM %s", quote(t.key), t.relation()))
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	left := ids[:0]
	for _, id := range ids {
		if !into.Has(id) {
			left = append(left, id)
		}
	}
	for len(left) > 0 {
		n := min(len(left), batch)
		if err := readSome(ctx, tx, t, left[:n], source); err != nil {
			return err
		}
		left = left[n:]
	}
	return nil
}

// readSome reads the features of some ids; the state of the transaction survives a row that the database fails on.
func readSome(ctx context.Context, tx pgx.Tx, t *table, ids []int64, into *source) error {
	sub, err := tx.Begin(ctx) // a savepoint
	if err != nil {
		return err
	}
	err = into.query(ctx, sub, ids)
	if err == nil {
		return sub.Commit(ctx)
	}
	if rolled := sub.Rollback(ctx); rolled != nil || !ofRow(err) {
		return errors.Join(err, rolled)
	}
	if len(ids) == 1 {
		into.refuse(ids[0], fmt.Errorf("the database cannot read row %d of %s: its geometry or a value is damaged", ids[0], t.relation()))
		return nil
	}
	half := len(ids) / 2
	return errors.Join(readSome(ctx, tx, t, ids[:half], into), readSome(ctx, tx, t, ids[half:], into))
}

// source takes rows of a layer from the database and hands them on as features. It is an io.Writer of COPY's binary form.
type source struct {
	*reader
	take    func(f layers.Feature, said string) // the values are overwritten by the next row
	refuse  func(id int64, err error)
	feature layers.Feature
	row     [][]byte
	begun   bool
}

func newSource(t *table, take func(layers.Feature, string), refuse func(int64, error)) *source {
	return &source{reader: newReader(t), take: take, refuse: refuse, feature: layers.Feature{Values: make([]layers.Value, len(t.columns))}}
}

// accept reads one row.
func (s *source) accept(row [][]byte) {
	said, err := s.reader.feature(row, &s.feature)
	if err != nil {
		s.refuse(s.feature.ID, err)
		return
	}
	s.take(s.feature, said)
}

// query reads the features of some ids. In a transaction that failed half-way, what was handed on before may come again.
func (s *source) query(ctx context.Context, tx pgx.Tx, ids []int64) error {
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s t WHERE t.%s = ANY ($1)", s.read, s.relation(), quote(s.key)),
		pgx.QueryResultFormats{pgx.BinaryFormatCode}, ids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		s.accept(rows.RawValues())
	}
	return rows.Err()
}

// copyHeader is the length of what stands before the rows of a binary COPY: signature, flags, extension.
const copyHeader = 11 + 4 + 4

// Write takes a message of COPY ... (FORMAT binary): the server sends each row whole in one, the header before the first,
// and a count of -1 after the last.
func (s *source) Write(p []byte) (int, error) {
	n := len(p)
	if !s.begun {
		if len(p) < copyHeader {
			return 0, io.ErrUnexpectedEOF
		}
		p = p[copyHeader+int(binary.BigEndian.Uint32(p[15:])):]
		s.begun = true
	}
	for len(p) >= 2 {
		fields := int(int16(binary.BigEndian.Uint16(p)))
		p = p[2:]
		if fields < 0 {
			return n, nil
		}
		s.row = s.row[:0]
		for range fields {
			if len(p) < 4 {
				return 0, io.ErrUnexpectedEOF
			}
			size := int(int32(binary.BigEndian.Uint32(p)))
			p = p[4:]
			if size < 0 {
				s.row = append(s.row, nil)
				continue
			}
			if len(p) < size {
				return 0, io.ErrUnexpectedEOF
			}
			s.row = append(s.row, p[:size:size])
			p = p[size:]
		}
		s.accept(s.row)
	}
	return n, nil
}
