package tiles

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shapan/layers"

	"github.com/cespare/xxhash/v2"
	"github.com/maypok86/otter/v2"
	"github.com/paulmach/orb/maptile"
)

// CacheConfig says how much a cache holds, and how much is drawn at once. A field that is 0 means what stands with it.
type CacheConfig struct {
	Bytes int64 // of drawings in all their forms, keys included; 0: 64 MiB
	Level int   // of gzip, 1 (fastest) to 9 (leastPacked); 0: 6

	Drawings  int           // at once for one client; 0: as many as Go uses processors. One more is for another client
	PerClient int           // drawings that may wait for one client; 0: 256
	Waiting   int           // drawings that may wait in all; 0: 1024
	Patience  time.Duration // how long a caller waits for a drawing to begin; 0: 10 s
}

// Key names a drawing by everything that its bytes depend on: equal keys, equal bytes. The cache keeps copies of its texts.
type Key struct {
	Kind   string // what is drawn, such as "mvt"
	Layers string // their names in the order drawn, with commas between
	Tile   maptile.Tile
	Rev    layers.Seq // Rev, or HeatRev
	Scope  string     // View.Key
	More   string     // filters and whatever else there is, in a canonical form
}

// Tag returns a digest of the key, which is the same in every run of the program.
func (k *Key) Tag() uint64 {
	var d xxhash.Digest
	d.Reset()
	var b [64]byte
	n := b[:0]
	for _, s := range [...]string{k.Kind, k.Layers, k.Scope, k.More} {
		_, _ = d.WriteString(s) // a digest takes everything
		n = appendNumber(n, uint64(len(s)))
	}
	for _, v := range [...]uint64{uint64(k.Tile.Z), uint64(k.Tile.X), uint64(k.Tile.Y), uint64(k.Rev)} {
		n = appendNumber(n, v)
	}
	_, _ = d.Write(n)
	return d.Sum64()
}

func appendNumber(b []byte, v uint64) []byte {
	return append(b, byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// own returns the key with texts of its own: those of a request hold all of it in memory.
func (k Key) own() Key {
	k.Kind, k.Layers, k.Scope, k.More = strings.Clone(k.Kind), strings.Clone(k.Layers), strings.Clone(k.Scope), strings.Clone(k.More)
	return k
}

// Want is the form in which a caller wants a drawing.
type Want struct {
	Coding Coding
	Strict bool // in this coding even where the bytes as drawn are smaller
}

// Answer is a drawing in a form. Its bytes are shared by all who asked for it and must not be edited; there are none where
// nothing is drawn.
type Answer struct {
	Bytes  []byte
	Coding Coding
}

// Order is what a caller asks a cache for.
type Order struct {
	Client string // whose turn it takes: callers of one name share their turns
	Key    Key
	Want   Want
	// Draw returns the bytes, which the cache keeps. Its context ends when everyone who waits for the drawing has gone.
	Draw func(context.Context) ([]byte, error)
}

// Stats counts what a cache has done since it was made.
type Stats struct {
	Hits    int64 // answers that were kept
	Misses  int64 // answers that had to wait for a drawing or a form, their own or another caller's
	Draws   int64 // drawings
	Packs   int64 // forms made
	TooMany int64 // refused with ErrTooMany
	Busy    int64 // refused with ErrBusy
	Bytes   int64 // held now
	Drawing int   // drawings under way now
	Waiting int   // places taken now by those who wait for theirs to begin
}

// Cache keeps drawings by their key, up to a number of bytes, in the forms that were asked for so far. No two callers
// make the same drawing or form of one at the same time, and no more than a few are made at once: who comes then waits for
// the client's turn (ErrTooMany, ErrBusy). A key names everything that the bytes depend on, the revision among it, so
// nothing in the cache is ever out of date. It is safe for any number of goroutines; make it with New.
type Cache struct {
	config CacheConfig
	kept   *otter.Cache[Key, *drawing]
	coders sync.Pool

	mu      sync.Mutex // guards what follows, and all flights and tickets
	flights map[Key]*flight
	queue   queue
	drawing int            // flights that have begun and not ended
	busy    map[string]int // the same by the client whose turn it was

	hits, misses, draws, packs, tooMany, tooBusy atomic.Int64
}

// entryOverhead is about what the cache itself needs for an entry.
const entryOverhead = 300

// New makes a cache. It fails where the configuration is out of range.
func New(c CacheConfig) (*Cache, error) {
	if c.Bytes < 0 || c.Level < 0 || c.Level > 9 || c.Drawings < 0 || c.PerClient < 0 || c.Waiting < 0 || c.Patience < 0 {
		return nil, fmt.Errorf("tile cache %+v: expected no number below 0, and a gzip level of at most 9", c)
	}
	orElse(&c.Bytes, 64<<20)
	orElse(&c.Level, 6)
	orElse(&c.Drawings, runtime.GOMAXPROCS(0))
	orElse(&c.PerClient, 256)
	orElse(&c.Waiting, 1024)
	orElse(&c.Patience, 10*time.Second)
	kept, err := otter.New(&otter.Options[Key, *drawing]{
		MaximumWeight: uint64(c.Bytes),
		Weigher:       func(k Key, d *drawing) uint32 { return uint32(min(k.size()+d.size(), 1<<31)) },
	})
	if err != nil {
		return nil, fmt.Errorf("tile cache: %w", err)
	}
	return &Cache{
		config: c, kept: kept, flights: map[Key]*flight{}, busy: map[string]int{},
		queue: queue{perClient: c.PerClient, most: c.Waiting, lines: map[string]*lane{}},
	}, nil
}

func orElse[N int | int64 | time.Duration](n *N, otherwise N) {
	if *n == 0 {
		*n = otherwise
	}
}

func (k *Key) size() int { return len(k.Kind) + len(k.Layers) + len(k.Scope) + len(k.More) }

// drawing is what is kept of one: the forms that were asked for. It is never edited once others may see it.
type drawing struct {
	forms [Codings][]byte // nil: not made yet
	bytes int             // as drawn; 0: nothing is drawn
	plain bool            // packing does not make it smaller: Identity is there, and for everyone who takes it
}

func (d *drawing) size() int {
	n := entryOverhead
	for _, f := range d.forms {
		n += len(f)
	}
	return n
}

// as returns the drawing in a form, if it is there.
func (d *drawing) as(w Want) (Answer, bool) {
	switch {
	case d.bytes == 0:
		return Answer{}, true
	case d.plain && !w.Strict:
		return Answer{d.forms[Identity], Identity}, true
	}
	return Answer{d.forms[w.Coding], w.Coding}, d.forms[w.Coding] != nil
}

// Find returns a drawing if it is kept in the form that is wanted.
func (c *Cache) Find(key Key, want Want) (a Answer, ok bool) {
	d, ok := c.kept.GetIfPresent(key)
	if ok {
		if a, ok = d.as(want); ok {
			c.hits.Add(1)
		}
	}
	return a, ok
}

// Forms returns the bytes of each form that is kept of a drawing; ok is false where nothing is.
func (c *Cache) Forms(key Key) (sizes map[Coding]int, ok bool) {
	e, ok := c.kept.GetEntryQuietly(key)
	if !ok {
		return nil, false
	}
	sizes = map[Coding]int{}
	for coding, f := range e.Value.forms {
		if f != nil {
			sizes[Coding(coding)] = len(f)
		}
	}
	return sizes, true
}

// Get returns what Find finds, else what somebody is making, else what the order's Draw makes now, when its client's turn
// has come. An error of Draw goes to all who wait and is not kept; ctx's own error, ErrTooMany and ErrBusy go to their
// caller alone.
func (c *Cache) Get(ctx context.Context, o Order) (Answer, error) {
	if a, ok := c.Find(o.Key, o.Want); ok {
		return a, nil
	}
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	c.misses.Add(1)
	f, t, err := c.join(ctx, &o)
	if err == nil {
		err = c.wait(ctx, f, t)
	}
	if err != nil {
		return Answer{}, err
	}
	a, _ := f.drawing.as(o.Want)
	return a, nil
}

// Do calls fn when the client's turn has come, as Get does with a drawing, and keeps nothing. fn's context is ctx's as long
// as the caller waits; a panic of fn becomes an error.
func (c *Cache) Do(ctx context.Context, client string, fn func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o := Order{Client: client, Draw: func(ctx context.Context) ([]byte, error) { return nil, fn(ctx) }}
	c.mu.Lock()
	f := newFlight(ctx, &o)
	f.alone = true
	t, err := c.seat(f, client)
	c.mu.Unlock()
	if err != nil {
		return c.count(err)
	}
	return c.wait(ctx, f, t)
}

// count counts a refusal.
func (c *Cache) count(err error) error {
	switch err {
	case ErrTooMany:
		c.tooMany.Add(1)
	case ErrBusy:
		c.tooBusy.Add(1)
	}
	return err
}

// Stats returns the counts, for metrics.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	drawing, waiting := c.drawing, c.queue.waiting
	c.mu.Unlock()
	return Stats{
		Hits: c.hits.Load(), Misses: c.misses.Load(), Draws: c.draws.Load(), Packs: c.packs.Load(),
		TooMany: c.tooMany.Load(), Busy: c.tooBusy.Load(),
		Bytes: int64(c.kept.WeightedSize()), Drawing: drawing, Waiting: waiting,
	}
}
