// Package postgis keeps the record in a PostgreSQL database with PostGIS, which other programs may read and edit while it
// is in use: what they change reaches the map as any write does.
package postgis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config configures a Store. The zero value works.
type Config struct {
	Log *slog.Logger // nil: slog.Default()

	Connections int           // at once, for loading and writing; 0: 8. One more listens for changes
	Patience    time.Duration // how long one question or write may take before the database counts as away; 0: 10 s

	KeepChanges int64         // how many changes of the log are kept, at least until KeepFor is over; 0: 1,000,000
	KeepFor     time.Duration // how long changes are kept; 0: 7 days
}

// Store is a record in a PostGIS database. It implements layers.Store.
type Store struct {
	Config
	pool  *pgxpool.Pool
	wires *wires
	tidy  time.Duration // between attempts to shorten the log

	mu      sync.Mutex
	known   *catalogue // the newest catalogue that was read; nil: none yet
	origin  string     // the record's identity; empty until it was read
	seen    state      // the newest state that was told to a reader
	reached layers.Seq // the greatest number that was told to anybody
}

// state is a state of the record: its number, and the moment of its commit, which tells it from a state of the same
// number that another server made after a fail-over.
type state struct {
	seq layers.Seq
	at  time.Time
}

// Open makes a store of the database at url, postgres://USER:PASSWORD@HOST[,HOST]/DATABASE or keywords and values; PGHOST
// and the like fill what is left out. With several hosts the one that takes writes is used. It does not connect: a database
// that is away is told by what is asked first. It fails with ErrInvalid where url cannot be read.
func Open(ctx context.Context, url string, config Config) (*Store, error) {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Connections <= 0 {
		config.Connections = 8
	}
	if config.Patience <= 0 {
		config.Patience = 10 * time.Second
	}
	c, err := settings(url, config.Patience)
	if err != nil {
		return nil, err
	}
	if config.KeepChanges <= 0 {
		config.KeepChanges = 1_000_000
	}
	if config.KeepFor <= 0 {
		config.KeepFor = 7 * 24 * time.Hour
	}
	c.MaxConns = int32(config.Connections) + 1
	c.HealthCheckPeriod = 5 * time.Second
	c.PingTimeout = min(time.Second, config.Patience/2) // a connection that is dead must not use up a write's time
	w := newWires(c.ConnConfig.DialFunc)
	c.ConnConfig.DialFunc = w.dial
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, unavailable(err)
	}
	return &Store{Config: config, pool: pool, wires: w, tidy: 10 * time.Minute}, nil
}

// settings reads the address of a database and adds what every connection of ours has: above all, that it gives up before
// the patience is over, so that the next host is asked too, and a lock is told as one.
func settings(url string, patience time.Duration) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, layers.Invalid("database-url", "the address of the database cannot be read: expected postgres://USER:PASSWORD@HOST:5432/DATABASE")
	}
	conn := c.ConnConfig
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = min(3*time.Second, patience/time.Duration(len(conn.Fallbacks)+1))
	}
	params := conn.RuntimeParams
	for name, value := range map[string]string{
		"application_name":                    "shapan",
		"timezone":                            "UTC",
		"search_path":                         "public",
		"lock_timeout":                        itoa((patience / 2).Milliseconds()) + "ms",
		"idle_in_transaction_session_timeout": "60s",
		"tcp_keepalives_idle":                 "30", // a server that is not told that we are gone finds out
		"tcp_keepalives_interval":             "10",
		"tcp_keepalives_count":                "3",
	} {
		if params[name] == "" && !strings.Contains(params["options"], name) {
			params[name] = value
		}
	}
	if len(conn.Fallbacks) > 0 && conn.ValidateConnect == nil {
		conn.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return c, nil
}

// Close closes the connections, of a server that does not answer too. No other method may be at work.
func (s *Store) Close() error {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.pool.Close()
	}()
	select {
	case <-closed:
	case <-time.After(leave):
	}
	s.wires.cut()
	<-closed
	return nil
}

// Where returns the address of the record without its password, for a person.
func (s *Store) Where() string {
	c := s.pool.Config().ConnConfig
	return fmt.Sprintf("postgres://%s@%s:%d/%s", c.User, c.Host, c.Port, c.Database)
}

// Origin returns the record's identity, or "" while the record has not answered yet. A copy of a record is of use only
// to the record of the same identity.
func (s *Store) Origin() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.origin
}

// Empty tells whether the record has no layers yet. It fails with ErrInvalid where the database has no record at all.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	if err := s.check(ctx); err != nil {
		return false, err
	}
	var n int
	err := s.pool.QueryRow(ctx, "SELECT count(*) FROM shapan.layers").Scan(&n)
	return n == 0, unavailable(err)
}

// ErrNoRecord is what a database without a record is told by: Migrate makes one.
var ErrNoRecord = &layers.Error{Kind: layers.ErrInvalid, Field: "database-url",
	Detail: "the database holds no record of a map: run 'shapan migrate up' with a database user that may make it"}

// check fails unless the database holds a record of this program's version.
func (s *Store) check(ctx context.Context) error {
	const remedy = "run 'shapan migrate up' with a database user that is a member of " + RoleOwner
	var has bool
	if err := s.pool.QueryRow(ctx, "SELECT to_regclass('shapan.migrations') IS NOT NULL").Scan(&has); err != nil {
		return unavailable(err)
	}
	if !has {
		return ErrNoRecord
	}
	var version int64
	if err := s.pool.QueryRow(ctx, "SELECT max(version_id) FROM shapan.migrations WHERE is_applied").Scan(&version); err != nil {
		return unavailable(err)
	}
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	switch {
	case version < newest:
		return &layers.Error{Kind: layers.ErrInvalid, Field: "database-url",
			Detail: fmt.Sprintf("the record is of version %d, this program needs version %d: %s", version, newest, remedy)}
	case version > newest:
		return &layers.Error{Kind: layers.ErrInvalid, Field: "database-url",
			Detail: fmt.Sprintf("the record is of version %d, newer than this program (version %d): run a newer program", version, newest)}
	}
	return nil
}

// told remembers the newest state that readers have.
func (s *Store) told(now state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = now
	s.reached = max(s.reached, now.seq)
}

// answered remembers a number that a writer has.
func (s *Store) answered(seq layers.Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached = max(s.reached, seq)
}

// lastNumber returns the greatest number that was told to anybody.
func (s *Store) lastNumber() layers.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reached
}

func (s *Store) lastTold() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// catalogueOf returns the catalogue as a transaction sees it, read anew only where it has changed.
func (s *Store) catalogueOf(ctx context.Context, tx pgx.Tx, version int64) (*catalogue, error) {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known != nil && known.version == version {
		return known, nil
	}
	known, err := readCatalogue(ctx, tx, version)
	if err != nil {
		return nil, err
	}
	s.learn(known)
	return known, nil
}

// learn keeps a catalogue; nil forgets it.
func (s *Store) learn(c *catalogue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = c
}

// rollback ends a transaction that only read. A connection that is lost has ended it already.
func rollback(tx pgx.Tx) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := tx.Rollback(ctx); err != nil && !errors.Is(err, pgx.ErrTxClosed) && !tx.Conn().IsClosed() {
		return err
	}
	return nil
}

// seqOf reads a number of the log.
func seqOf(n int64) layers.Seq { return layers.Seq(max(n, 0)) }

func itoa[N ~int | ~int32 | ~int64 | ~uint64](n N) string { return strconv.FormatInt(int64(n), 10) }
