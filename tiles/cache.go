package tiles

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/maypok86/otter/v2"
)

// CacheConfig says how much a cache holds.
type CacheConfig struct {
	Bytes int64 // of drawings, compressed forms and keys together; 0 means 64 MiB
	Level int   // of gzip, 1 (fastest) to 9 (smallest); 0 means 6
}

// Body is a drawing as it is sent. Its bytes are shared by all who asked for it and must not be edited.
type Body struct {
	Raw  []byte // nil where nothing is drawn
	Gzip []byte // Raw compressed; nil where that does not make it smaller
}

// Stats counts what a cache has done since it was made.
type Stats struct {
	Hits   int64 // answers that were kept
	Misses int64 // answers that had to wait for a drawing, their own or another caller's
	Draws  int64 // drawings
	Bytes  int64 // held now
}

// Cache keeps drawings by their key, up to a number of bytes, and sees to it that no two callers make the same drawing
// at the same time. A key names everything that the bytes depend on, the revision among it, so nothing in it is ever
// out of date. It is safe for any number of goroutines; make it with New.
type Cache struct {
	kept  *otter.Cache[string, Body]
	level int

	mu      sync.Mutex
	flights map[string]*flight // drawings under way

	hits, misses, draws atomic.Int64
}

// flight is a drawing under way and those who wait for it.
type flight struct {
	waiting int // guarded by the cache's mu
	cancel  context.CancelFunc
	done    chan struct{} // closed when body and err are set
	body    Body
	err     error
}

// entryOverhead is about what the cache itself needs for an entry.
const entryOverhead = 200

// New makes a cache. It fails where the configuration is out of range.
func New(c CacheConfig) (*Cache, error) {
	if c.Bytes == 0 {
		c.Bytes = 64 << 20
	}
	if c.Level == 0 {
		c.Level = 6
	}
	if c.Bytes < 0 || c.Level < 1 || c.Level > 9 {
		return nil, fmt.Errorf("tile cache of %d bytes with gzip level %d: expected 0 or more bytes, and a level from 1 to 9", c.Bytes, c.Level)
	}
	kept, err := otter.New(&otter.Options[string, Body]{
		MaximumWeight: uint64(c.Bytes),
		Weigher: func(key string, b Body) uint32 {
			return uint32(min(len(key)+len(b.Raw)+len(b.Gzip)+entryOverhead, 1<<31))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("tile cache: %w", err)
	}
	return &Cache{kept: kept, level: c.Level, flights: map[string]*flight{}}, nil
}

// Get returns the drawing of a key: the one kept, else the one that somebody is making, else what draw makes now. The
// context that draw gets ends when everyone who waits for the drawing has gone, not when the first of them has. An
// error of draw goes to all who wait and is not kept; ctx's own error goes to its caller alone.
func (c *Cache) Get(ctx context.Context, key string, draw func(context.Context) ([]byte, error)) (Body, error) {
	if b, ok := c.kept.GetIfPresent(key); ok {
		c.hits.Add(1)
		return b, nil
	}
	if err := ctx.Err(); err != nil {
		return Body{}, err
	}
	c.misses.Add(1)
	f := c.join(ctx, key, draw)
	select {
	case <-f.done:
		return f.body, f.err
	case <-ctx.Done():
		c.leave(key, f)
		return Body{}, ctx.Err()
	}
}

// join adds the caller to the drawing of a key, which it begins where there is none.
func (c *Cache) join(ctx context.Context, key string, draw func(context.Context) ([]byte, error)) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		f.waiting++
		return f
	}
	f := &flight{waiting: 1, done: make(chan struct{})}
	if b, ok := c.kept.GetIfPresent(key); ok { // it was finished since the caller looked
		f.body = b
		close(f.done)
		return f
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f.cancel = cancel
	c.flights[key] = f
	go c.fly(own, key, f, draw)
	return f
}

// leave takes a caller off a drawing, and ends the drawing with the last of them.
func (c *Cache) leave(key string, f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiting--; f.waiting == 0 && c.flights[key] == f {
		delete(c.flights, key)
		f.cancel()
	}
}

// fly makes a drawing and keeps it.
func (c *Cache) fly(ctx context.Context, key string, f *flight, draw func(context.Context) ([]byte, error)) {
	defer f.cancel()
	c.draws.Add(1)
	f.body, f.err = c.make(ctx, draw)
	if f.err == nil {
		c.kept.Set(key, f.body)
	}
	c.mu.Lock()
	if c.flights[key] == f {
		delete(c.flights, key)
	}
	c.mu.Unlock()
	close(f.done)
}

// make draws and compresses. A panic of draw becomes an error, for no server stands above this goroutine to catch it.
func (c *Cache) make(ctx context.Context, draw func(context.Context) ([]byte, error)) (b Body, err error) {
	defer func() {
		if p := recover(); p != nil {
			b, err = Body{}, fmt.Errorf("drawing failed: %v", p)
		}
	}()
	raw, err := draw(ctx)
	if err != nil || len(raw) == 0 {
		return Body{}, err
	}
	packed, err := compress(raw, c.level)
	return Body{Raw: raw, Gzip: packed}, err
}

// compress returns the bytes in gzip form, or nil where that is not smaller.
func compress(raw []byte, level int) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if b.Len() >= len(raw) {
		return nil, nil
	}
	return bytes.Clone(b.Bytes()), nil
}

// Stats returns the counts, for metrics.
func (c *Cache) Stats() Stats {
	return Stats{Hits: c.hits.Load(), Misses: c.misses.Load(), Draws: c.draws.Load(), Bytes: int64(c.kept.WeightedSize())}
}
