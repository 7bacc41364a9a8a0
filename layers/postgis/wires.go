package postgis

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// wires are the connections of a store below the driver's. The driver takes leave of a server politely and waits up to
// 15 s for its answer, in the background; a store that is closed does not wait for a server that hangs.
type wires struct {
	dialer pgconn.DialFunc
	ended  context.Context
	end    context.CancelFunc

	mu   sync.Mutex
	open map[*wire]struct{}
}

// wire is a connection that is forgotten when it is closed.
type wire struct {
	net.Conn
	of *wires
}

func newWires(dialer pgconn.DialFunc) *wires {
	w := &wires{dialer: dialer, open: map[*wire]struct{}{}}
	w.ended, w.end = context.WithCancel(context.Background())
	return w
}

func (w *wires) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.ended, cancel)()
	conn, err := w.dialer(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &wire{Conn: conn, of: w}
	w.mu.Lock()
	w.open[c] = struct{}{}
	w.mu.Unlock()
	if err := w.ended.Err(); err != nil { // it was closed meanwhile, and perhaps without this one
		c.Close()
		return nil, err
	}
	return c, nil
}

// cut closes what is open, and lets nothing be opened any more.
func (w *wires) cut() {
	w.end()
	w.mu.Lock()
	open := w.open
	w.open = map[*wire]struct{}{}
	w.mu.Unlock()
	for c := range open {
		c.Conn.Close()
	}
}

func (c *wire) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// leave is how long a store that is closed waits for the server.
const leave = time.Second
