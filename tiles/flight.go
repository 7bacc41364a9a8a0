package tiles

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// flight is a drawing that somebody waits for, and those who do.
type flight struct {
	key     Key
	alone   bool // it has no key, and nothing of it is kept
	draw    func(context.Context) ([]byte, error)
	ctx     context.Context
	cancel  context.CancelFunc
	begun   bool
	client  string             // whose turn it was, once it has begun
	tickets map[string]*ticket // of those who wait, by client
	wanted  []Want             // each once
	done    chan struct{}      // closed when drawing and err are set
	drawing drawing
	err     error
}

// newFlight makes the flight of an order. It does not end with the caller's context, for others may join.
func newFlight(ctx context.Context, o *Order) *flight {
	f := &flight{key: o.Key.own(), draw: o.Draw, tickets: map[string]*ticket{}, done: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return f
}

// join adds the caller to the flight of a key, which it makes where there is none.
func (c *Cache) join(ctx context.Context, o *Order) (*flight, *ticket, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.flights[o.Key]
	if f == nil {
		f = newFlight(ctx, o)
		if d, ok := c.kept.GetIfPresent(o.Key); ok {
			f.drawing = *d
			if _, ok := d.as(o.Want); ok { // it was finished since the caller looked
				f.cancel()
				close(f.done)
				return f, nil, nil
			}
		}
	}
	t, err := c.seat(f, o.Client)
	if err != nil {
		return nil, nil, c.count(err)
	}
	if !slices.Contains(f.wanted, o.Want) {
		f.wanted = append(f.wanted, o.Want)
	}
	return f, t, nil
}

// seat adds a caller of a client to a flight; where it has not begun, each client has a place in the queue for it, and it
// begins with the first whose turn it is.
func (c *Cache) seat(f *flight, client string) (*ticket, error) {
	t := f.tickets[client]
	if t == nil {
		t = &ticket{client: client, flight: f, out: make(chan struct{})}
		if !f.begun {
			lost, err := c.queue.add(t)
			if err != nil {
				if len(f.tickets) == 0 {
					f.cancel()
				}
				return nil, err
			}
			if lost != nil {
				close(lost.out)
				c.unseat(lost)
			}
		}
		f.tickets[client] = t
		if !f.alone {
			c.flights[f.key] = f
		}
		c.begin()
	}
	t.callers++
	return t, nil
}

// unseat takes a client off a flight, and ends the flight with the last of them.
func (c *Cache) unseat(t *ticket) {
	f := t.flight
	delete(f.tickets, t.client)
	c.queue.remove(t)
	if len(f.tickets) == 0 {
		c.forget(f)
		f.cancel()
	}
}

// forget lets nobody else join a flight.
func (c *Cache) forget(f *flight) {
	if !f.alone && c.flights[f.key] == f {
		delete(c.flights, f.key)
	}
}

// begin starts flights while there is room. One place more than a client may take at once is left for others, so that
// slow drawings of one do not hold them all.
func (c *Cache) begin() {
	for c.drawing <= c.config.Drawings {
		t := c.queue.next(func(client string) bool { return c.busy[client] >= c.config.Drawings })
		if t == nil {
			return
		}
		f := t.flight
		f.begun = true
		f.client = t.client
		c.busy[f.client]++
		for _, other := range f.tickets {
			c.queue.remove(other)
		}
		c.drawing++
		go c.fly(f)
	}
}

// wait waits for a flight as the holder of a ticket.
func (c *Cache) wait(ctx context.Context, f *flight, t *ticket) error {
	if t == nil {
		return f.err
	}
	timer := time.NewTimer(c.config.Patience)
	defer timer.Stop()
	for {
		select {
		case <-f.done:
			return f.err
		case <-t.out:
			return c.count(ErrBusy)
		case <-ctx.Done():
			c.leave(t)
			return ctx.Err()
		case <-timer.C:
			if c.late(t) {
				return c.count(ErrBusy)
			}
		}
	}
}

// leave takes a caller off its flight.
func (c *Cache) leave(t *ticket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(t)
}

// late takes a caller off a flight that has not begun.
func (c *Cache) late(t *ticket) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.flight.begun {
		return false
	}
	c.drop(t)
	return true
}

func (c *Cache) drop(t *ticket) {
	if t.callers--; t.callers == 0 && t.flight.tickets[t.client] == t {
		c.unseat(t)
	}
}

// fly makes what a flight is for, keeps it, and lets the next begin.
func (c *Cache) fly(f *flight) {
	f.err = c.make(f)
	c.mu.Lock()
	c.forget(f)
	c.drawing--
	if c.busy[f.client]--; c.busy[f.client] == 0 {
		delete(c.busy, f.client)
	}
	c.begin()
	c.mu.Unlock()
	f.cancel()
	close(f.done)
}

// make draws, packs and keeps. A panic becomes an error, for no server stands above this goroutine to catch it.
func (c *Cache) make(f *flight) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("drawing failed: %v", p)
		}
	}()
	if f.alone {
		_, err := f.draw(f.ctx)
		return err
	}
	p, err := c.coder()
	if err != nil {
		return err
	}
	defer c.coders.Put(p)
	raw, err := c.raw(f, p)
	if err != nil {
		return err
	}
	for w, more := c.missing(f); more; w, more = c.missing(f) {
		if err := f.drawing.add(p, raw, w); err != nil {
			return err
		}
		c.packs.Add(1)
	}
	return nil
}

// coder returns one that nobody uses; it is given back to coders.
func (c *Cache) coder() (*coder, error) {
	if p, ok := c.coders.Get().(*coder); ok {
		return p, nil
	}
	return newCoder(c.config.Level)
}

// raw returns the bytes of a flight's drawing: drawn now, or unpacked where other forms of it are kept already.
func (c *Cache) raw(f *flight, p *coder) ([]byte, error) {
	if f.drawing.bytes > 0 {
		return f.drawing.unpacked(p)
	}
	c.draws.Add(1)
	raw, err := f.draw(f.ctx)
	f.drawing.bytes = len(raw)
	return raw, err
}

// missing returns a form that a flight has yet to make. Where there is none it keeps the drawing, and nobody else joins.
func (c *Cache) missing(f *flight) (w Want, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range f.wanted {
		if _, ok := f.drawing.as(w); !ok {
			return w, true
		}
	}
	d := f.drawing
	c.kept.Set(f.key, &d)
	c.forget(f)
	return w, false
}

// add makes a form of the bytes as drawn.
func (d *drawing) add(p *coder, raw []byte, w Want) (err error) {
	var packed []byte
	if w.Strict || len(raw) >= leastPacked {
		if packed, err = p.pack(raw, w.Coding); err != nil {
			return err
		}
	}
	if w.Coding != Identity && packed != nil && (w.Strict || len(packed) < len(raw)) {
		d.forms[w.Coding] = packed
		return nil
	}
	d.forms[Identity] = raw
	d.plain = d.plain || w.Coding != Identity || len(raw) < leastPacked
	return nil
}

// unpacked returns the bytes as drawn, out of a form that is there.
func (d *drawing) unpacked(p *coder) ([]byte, error) {
	for coding, form := range d.forms {
		if form != nil {
			return p.unpack(form, Coding(coding), d.bytes)
		}
	}
	return nil, fmt.Errorf("a drawing of %d bytes is kept in no form", d.bytes)
}
