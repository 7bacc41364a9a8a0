package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/postgis"

	"github.com/jackc/pgx/v5"
)

// million is the record that holds a million events and nothing else.
func (s *setting) million(ctx context.Context) (*dbRecord, error) {
	return s.server.record(ctx, "million", fixtures.Options{Events: s.events}, fixtures.Events)
}

// loadAndFill is B8: a record of events out of PostGIS into memory, indexed, beside COPY of the same rows to nowhere; and
// how fast the rows were written.
func loadAndFill(ctx context.Context, s setting) ([]row, error) {
	r, err := s.million(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	copied := func(query string) (time.Duration, error) {
		begun := time.Now()
		_, err := conn.PgConn().CopyTo(ctx, io.Discard, query)
		return time.Since(begun), err
	}
	sides := []func() (time.Duration, error){
		func() (time.Duration, error) { _, took, err := loaded(ctx, r); return took, err },
		func() (time.Duration, error) { return copied("COPY shapan.events TO STDOUT") },
		func() (time.Duration, error) { return copied("COPY shapan.events TO STDOUT (FORMAT binary)") },
	}
	took := make([][]time.Duration, len(sides))
	ratios := make([][]float64, len(sides))
	for round := range min(s.rounds, 3) + 1 {
		var first time.Duration
		for i, side := range sides {
			d, err := side()
			if err != nil {
				return nil, err
			}
			if i == 0 {
				first = d
			}
			if round > 0 { // the first round brings the rows into the server's memory
				took[i], ratios[i] = append(took[i], d), append(ratios[i], float64(first)/float64(d))
			}
		}
	}
	rows := []row{}
	for i, form := range []string{"text", "binary"} {
		rows = append(rows, row{"B8", fmt.Sprintf("load of %d events from PostGIS", r.rows), long(median(took[0])),
			fmt.Sprintf("%s COPY to nowhere, %s", long(median(took[i+1])), form), fmt.Sprintf("%.2fx", median(ratios[i+1])), "<= 2x"})
	}
	bare, err := bareFill(ctx, r)
	if err != nil {
		return nil, err
	}
	ours := float64(r.rows) / r.took.Seconds()
	return append(rows, row{"B8", fmt.Sprintf("write of %d events into PostGIS, %d at once", r.rows, batchSize), fmt.Sprintf("%.0f rows/s", ours),
		fmt.Sprintf("%.0f rows/s COPY from table to bare table, same indexes", float64(r.rows)/bare.Seconds()), fmt.Sprintf("%.2fx", ours*bare.Seconds()/float64(r.rows)), "-"}), nil
}

func long(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }

// loaded loads a record and returns it with the time that it took.
func loaded(ctx context.Context, r *dbRecord) (*layers.Snapshot, time.Duration, error) {
	store, err := postgis.Open(ctx, r.url, postgis.Config{Log: quiet()})
	if err != nil {
		return nil, 0, err
	}
	defer store.Close()
	begun := time.Now()
	b := layers.NewBuilder()
	seq, err := store.Load(ctx, b)
	if err != nil {
		return nil, 0, err
	}
	snapshot := b.Snapshot(seq)
	took := time.Since(begun)
	if n := snapshot.Features(); n != r.rows {
		return nil, 0, fmt.Errorf("%d features were loaded of %d", n, r.rows)
	}
	return snapshot, took, nil
}

// bareFill copies the events into a table of the same columns, indexes and rules that nobody watches.
func bareFill(ctx context.Context, r *dbRecord) (time.Duration, error) {
	from, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return 0, err
	}
	defer from.Close(ctx)
	to, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return 0, err
	}
	defer to.Close(ctx)
	if _, err := to.Exec(ctx, "DROP TABLE IF EXISTS bare; CREATE TABLE bare (LIKE shapan.events INCLUDING ALL)"); err != nil {
		return 0, err
	}
	begun := time.Now()
	out, in := io.Pipe()
	go func() {
		_, err := from.PgConn().CopyTo(ctx, in, "COPY shapan.events TO STDOUT (FORMAT binary)")
		in.CloseWithError(err)
	}()
	_, err = to.PgConn().CopyFrom(ctx, out, "COPY bare FROM STDIN (FORMAT binary)")
	took := time.Since(begun)
	if err == nil {
		_, err = to.Exec(ctx, "DROP TABLE bare")
	}
	return took, err
}

// memory is B9: what an event costs in memory, index and columns included, as it comes out of PostGIS.
func memory(ctx context.Context, s setting) ([]row, error) {
	r, err := s.million(ctx)
	if err != nil {
		return nil, err
	}
	before := heap()
	snapshot, _, err := loaded(ctx, r)
	if err != nil {
		return nil, err
	}
	after := heap()
	runtime.KeepAlive(snapshot)
	return []row{{"B9", fmt.Sprintf("memory of %d %s, loaded from PostGIS", r.rows, fixtures.Events), fmt.Sprintf("%d bytes each", (after-before)/uint64(r.rows)), "-", "-", "<= 250 bytes"}}, nil
}
