package postgis

import (
	"context"
	"fmt"
	"time"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
)

// backend is the server's side of a connection: which process of which start of which server.
type backend struct {
	pid     int32
	started time.Time // the process
	server  time.Time // the server
}

func backendOf(ctx context.Context, conn *pgx.Conn) (backend, error) {
	b := backend{pid: int32(conn.PgConn().PID())}
	if known, ok := conn.PgConn().CustomData()["backend"].(backend); ok {
		return known, nil
	}
	err := conn.QueryRow(ctx, "SELECT backend_start, pg_postmaster_start_time() FROM pg_stat_activity WHERE pid = pg_backend_pid()").Scan(&b.started, &b.server)
	if err == nil {
		conn.PgConn().CustomData()["backend"] = b
	}
	return b, err
}

// resolve finds out whether a commit was done whose answer was lost. The server may not have come to the commit yet, so
// its process is ended first; then the key of the write is there, or will never be.
func (p *put) resolve(b backend, seq layers.Seq, lost error) (layers.Seq, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.store.Patience)
	defer cancel()
	for {
		done, known, err := p.lookup(ctx, b)
		switch {
		case err == nil && known && done:
			return seq, nil
		case err == nil && known:
			return 0, &layers.Error{Kind: layers.ErrUnavailable, Detail: "the connection to the record's database was lost: nothing was written", Cause: lost}
		}
		select {
		case <-ctx.Done():
			p.lost = true
			return 0, &layers.Error{Kind: layers.ErrUnavailable,
				Detail: "the connection to the record's database was lost during the commit: whether the write is kept is not known; sent again with the same Idempotency-Key it is done once", Cause: lost}
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// lookup asks the record for the key of the write; known is false while the process that was to commit is still there.
func (p *put) lookup(ctx context.Context, b backend) (done, known bool, err error) {
	config := p.store.pool.Config().ConnConfig
	ctx, cancel := context.WithTimeout(ctx, time.Second+time.Duration(len(config.Fallbacks))*config.ConnectTimeout) // a host that hangs is passed over
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, config) // not from the pool, which may hold connections that are dead
	if err != nil {
		return false, false, err
	}
	defer closeNow(conn)
	var running int
	err = conn.QueryRow(ctx, `SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE pid = $1 AND backend_start = $2 AND pg_postmaster_start_time() = $3) x`, b.pid, b.started, b.server).Scan(&running)
	if err != nil {
		return false, false, fmt.Errorf("end the lost connection: %w", err)
	}
	if running > 0 {
		return false, false, nil
	}
	var standby bool // which may not have come to the commit yet
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM shapan.writes WHERE key = $1), pg_is_in_recovery()", p.key.Name).Scan(&done, &standby)
	return done, err == nil && (done || !standby), err
}
