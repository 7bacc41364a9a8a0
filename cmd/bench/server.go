package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"shapan/api"
	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/postgis"
	"shapan/layers/postgis/cluster"

	"github.com/jackc/pgx/v5"
)

// server is the PostgreSQL of a run, which is started when it is first asked for. It writes as durably as one that is in
// use does: fsync and synchronous_commit are on. Of other settings only those differ from the defaults that said tells.
type server struct {
	dir     string
	cluster *cluster.Cluster
	records map[string]*dbRecord
}

// dbRecord is a record in a database.
type dbRecord struct {
	url    string // for the superuser
	secret string // an admin's token
	rows   int
	took   time.Duration // to write the rows
}

// record returns the record of a name, and makes it at the first time with a sample, or with some
// of its layers.
func (s *server) record(ctx context.Context, name string, sample fixtures.Options, only ...string) (*dbRecord, error) {
	if r := s.records[name]; r != nil {
		return r, nil
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	if err := s.cluster.Exec(ctx, "postgres", "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	r := &dbRecord{url: s.cluster.URL(name)}
	if _, err := postgis.Migrate(ctx, r.url); err != nil {
		return nil, err
	}
	store, err := postgis.Open(ctx, r.url, postgis.Config{Log: quiet()})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if r.secret, r.rows, r.took, err = fill(ctx, store, sample, only...); err != nil {
		return nil, err
	}
	if s.records == nil {
		s.records = map[string]*dbRecord{}
	}
	s.records[name] = r
	return r, s.cluster.Exec(ctx, name, "VACUUM ANALYZE") // as a table stands some time after it was filled
}

func (s *server) start(ctx context.Context) (err error) {
	if s.cluster != nil {
		return nil
	}
	if s.dir, err = os.MkdirTemp("", "shapan-bench-*"); err != nil {
		return err
	}
	s.cluster, err = cluster.Start(ctx, cluster.Config{Dir: s.dir, Durable: true, Settings: map[string]string{"shared_buffers": "128MB", "max_wal_size": "1GB"}})
	return err
}

// close stops the server and removes all it had.
func (s *server) close() error {
	var err error
	if s.cluster != nil {
		err = s.cluster.Stop("immediate")
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// said tells what server it is.
func (s *server) said(ctx context.Context) (text string, err error) {
	if s.cluster == nil {
		return "", nil
	}
	for _, r := range s.records {
		conn, err := pgx.Connect(ctx, r.url)
		if err != nil {
			return "", err
		}
		defer conn.Close(ctx)
		err = conn.QueryRow(ctx, `SELECT format('PostgreSQL %s with PostGIS %s in a server of the run''s own: fsync %s, synchronous_commit %s, shared_buffers %s, jit %s, the rest as PostgreSQL has it.',
			split_part(current_setting('server_version'), ' ', 1), postgis_lib_version(), current_setting('fsync'), current_setting('synchronous_commit'),
			current_setting('shared_buffers'), current_setting('jit'))`).Scan(&text)
		return text, err
	}
	return "", nil
}

// batchSize is the number of features in one write.
const batchSize = 20_000

// fill writes a sample, or some of its layers, and a token into an empty record. It returns the
// token and how many features were written in how long, the time in which they were made not counted.
func fill(ctx context.Context, store layers.Store, sample fixtures.Options, only ...string) (secret string, rows int, took time.Duration, err error) {
	secret, token, err := api.NewToken("bench", "admin", nil, time.Time{}, time.Unix(0, 0))
	if err != nil {
		return "", 0, 0, err
	}
	wanted := func(layer string) bool { return len(only) == 0 || slices.Contains(only, layer) }
	var changes []layers.Change
	for _, l := range append(fixtures.Catalogue(), api.TokenLayer()) {
		if wanted(l.Name) {
			changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
		}
	}
	if wanted(api.TokenLayer().Name) {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: api.TokenLayer().Name, Feature: &token})
	}
	if _, err = store.Put(ctx, layers.Key{}, changes); err != nil {
		return "", 0, 0, err
	}
	changes = changes[:0]
	flush := func() error {
		begun := time.Now()
		_, err := store.Put(ctx, layers.Key{}, changes)
		took += time.Since(begun)
		rows += len(changes)
		changes = changes[:0]
		return err
	}
	err = fixtures.Generate(ctx, sample, func(layer string, f layers.Feature) error {
		if !wanted(layer) {
			return nil
		}
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer, Feature: &f})
		if len(changes) == batchSize {
			return flush()
		}
		return nil
	})
	if err == nil && len(changes) > 0 {
		err = flush()
	}
	if err != nil {
		return "", 0, 0, fmt.Errorf("fill a record: %w (cause: %v)", err, layers.Cause(err))
	}
	return secret, rows, took, nil
}
