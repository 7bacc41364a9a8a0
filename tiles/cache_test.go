package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb/maptile"
)

func cache(t testing.TB, config CacheConfig) *Cache {
	t.Helper()
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// order asks for a drawing of a name as it is drawn, for a client.
func order(client, name string, draw func(context.Context) ([]byte, error)) Order {
	return Order{Client: client, Key: Key{Kind: name}, Draw: draw}
}

// gives returns a Draw that gives some bytes.
func gives(b []byte) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return b, nil }
}

// reading unpacks by the libraries' own readers.
func reading(t *testing.T, a Answer) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(a.Bytes)
	var err error
	switch a.Coding {
	case Gzip:
		r, err = gzip.NewReader(r)
	case Zstd:
		r, err = zstd.NewReader(r)
	case Brotli:
		r = brotli.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", a.Coding, err)
	}
	return b
}

func TestOneDrawingAKeyForManyCallersInAnyForm(t *testing.T) {
	t.Parallel()
	c := cache(t, CacheConfig{})
	var drawn atomic.Int64
	want := []byte(strings.Repeat("tile ", 100))
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			o := order(fmt.Sprint("client ", i%7), "k", func(context.Context) ([]byte, error) {
				drawn.Add(1)
				return want, nil
			})
			o.Want.Coding = Coding(i) % Codings
			a, err := c.Get(context.Background(), o)
			if err != nil || a.Coding != o.Want.Coding || !bytes.Equal(reading(t, a), want) {
				t.Error(err, a.Coding, len(a.Bytes))
			}
		})
	}
	all.Wait()
	s := c.Stats()
	if drawn.Load() != 1 || s.Draws != 1 || s.Packs != int64(Codings) || s.Hits+s.Misses != 1000 || s.Waiting != 0 || s.Drawing != 0 {
		t.Errorf("%d drawings, %+v", drawn.Load(), s)
	}
	sizes, ok := c.Forms(Key{Kind: "k"})
	if !ok || len(sizes) != int(Codings) || sizes[Identity] != len(want) {
		t.Errorf("kept: %v", sizes)
	}
}

func TestFormsAreMadeFromAnyFormThatIsKept(t *testing.T) {
	t.Parallel()
	raw := []byte(strings.Repeat("一张图 the one map ", 200))
	for first := range Codings {
		for second := range Codings {
			c := cache(t, CacheConfig{})
			for i, coding := range []Coding{first, second, first} {
				o := order("a", "k", gives(raw))
				o.Want.Coding = coding
				a, err := c.Get(context.Background(), o)
				if err != nil || a.Coding != coding || !bytes.Equal(reading(t, a), raw) {
					t.Errorf("%s after %s, step %d: %v", coding, first, i, err)
				}
			}
			if s := c.Stats(); s.Draws != 1 {
				t.Errorf("%s and %s: %d drawings", first, second, s.Draws)
			}
		}
	}
}

func TestWhatPackingDoesNotMakeSmallerStaysAsItIs(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(32, 1))
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	for _, raw := range [][]byte{noise, []byte("small small small small small")} {
		for coding := range Codings {
			c := cache(t, CacheConfig{})
			for _, strict := range []bool{false, true, false} {
				o := order("a", "k", gives(raw))
				o.Want = Want{coding, strict}
				form := Identity
				if strict {
					form = coding
				}
				if a, err := c.Get(context.Background(), o); err != nil || a.Coding != form || !bytes.Equal(reading(t, a), raw) {
					t.Errorf("%d bytes, %s, strict %v: %v as %s", len(raw), coding, strict, err, a.Coding)
				}
			}
		}
	}
}

func TestCancelledCallerDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := cache(t, CacheConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		draw := func(ctx context.Context) ([]byte, error) {
			<-release
			return []byte("tile"), ctx.Err()
		}
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := c.Get(ctx, order("a", "k", draw)); first <- err }()
		synctest.Wait()
		go func() { _, err := c.Get(t.Context(), order("b", "k", draw)); second <- err }()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(release)
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

func TestDrawingEndsWithTheLastWhoWaits(t *testing.T) {
	t.Parallel()
	c := cache(t, CacheConfig{Drawings: 2})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		_, _ = c.Get(ctx, order("a", "k", func(ctx context.Context) ([]byte, error) {
			cancel()
			<-ctx.Done()
			close(ended)
			return nil, ctx.Err()
		}))
	}()
	<-ended
	if a, err := c.Get(t.Context(), order("a", "k", gives([]byte("new")))); err != nil || string(a.Bytes) != "new" {
		t.Error(err, a)
	}
}

func TestFailedDrawingsAreNotKept(t *testing.T) {
	t.Parallel()
	c := cache(t, CacheConfig{Drawings: 1})
	sorry := errors.New("sorry")
	if _, err := c.Get(t.Context(), order("a", "k", func(context.Context) ([]byte, error) { return nil, sorry })); !errors.Is(err, sorry) {
		t.Error(err)
	}
	if _, err := c.Get(t.Context(), order("a", "k", func(context.Context) ([]byte, error) { panic("no ink") })); err == nil || !strings.Contains(err.Error(), "no ink") {
		t.Error(err)
	}
	if err := c.Do(t.Context(), "a", func(context.Context) error { panic("no paper") }); err == nil || !strings.Contains(err.Error(), "no paper") {
		t.Error(err)
	}
	for range 2 { // what is empty is kept
		if a, err := c.Get(t.Context(), order("a", "k", gives(nil))); err != nil || a.Bytes != nil {
			t.Error(err, a)
		}
	}
	if s := c.Stats(); s.Hits != 1 || s.Drawing != 0 {
		t.Errorf("%+v", s)
	}
	for _, bad := range []CacheConfig{{Bytes: -1}, {Level: 10}, {Drawings: -1}, {PerClient: -1}, {Waiting: -1}, {Patience: -1}} {
		if _, err := New(bad); err == nil {
			t.Errorf("a cache of %+v", bad)
		}
	}
}

func TestCacheKeepsToItsBytesOverAllForms(t *testing.T) {
	t.Parallel()
	const most = 30_000
	c := cache(t, CacheConfig{Bytes: most})
	rnd := rand.New(rand.NewPCG(31, 1))
	several := 0 // drawings that were kept in several forms
	for i := range 100 {
		raw := make([]byte, rnd.IntN(5000))
		for j := range raw {
			raw[j] = byte(rnd.Uint32()) & 31
		}
		for coding := range Codings {
			o := order("a", fmt.Sprint(i), gives(raw))
			o.Want.Coding = coding
			if _, err := c.Get(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		if forms, _ := c.Forms(order("a", fmt.Sprint(i), nil).Key); len(forms) > 1 {
			several++
		}
	}
	c.kept.CleanUp()
	held := int64(0)
	for key, d := range c.kept.All() {
		held += int64(key.size() + entryOverhead)
		for _, f := range d.forms {
			if f != nil {
				held += int64(len(f))
			}
		}
	}
	if s := c.Stats(); s.Bytes > most || held != s.Bytes || held < most/2 || several == 0 {
		t.Errorf("holds %d bytes and says %d, of %d; %d were kept in several forms", held, s.Bytes, most, several)
	}
}

func TestAKeyIsWhatItsDrawingDependsOn(t *testing.T) {
	t.Parallel()
	base := Key{"mvt", "grids", maptile.New(1, 2, 3), 4, "public|", "more"}
	changed := []Key{base, base, base, base, base, base, base, base, {Kind: "mvtgrids", Tile: base.Tile, Rev: 4, Scope: "public|", More: "more"}}
	changed[1].Kind = "heat"
	changed[2].Layers = "grids,events"
	changed[3].Tile.X, changed[3].Tile.Y = 2, 1
	changed[4].Tile.Z = 4
	changed[5].Rev = 5
	changed[6].Scope = "internal|"
	changed[7].More = ""
	var tags []uint64
	for _, k := range changed {
		if slices.Contains(tags, k.Tag()) {
			t.Errorf("%+v has the tag of another key", k)
		}
		tags = append(tags, k.Tag())
	}
	if got, want := base.Tag(), uint64(0x8800147fd7070c09); got != want { // the same in every run, for ETags live longer than a run
		t.Errorf("tag %#x, want %#x", got, want)
	}
}

func TestAFoundDrawingCostsNoMemory(t *testing.T) {
	c := cache(t, CacheConfig{})
	o := Order{Client: "a", Key: Key{"mvt", "communities,grids", maptile.New(13214, 7236, 14), 1, "public|", ""}, Want: Want{Coding: Gzip}, Draw: gives(make([]byte, 1000))}
	if _, err := c.Get(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	allocations := testing.AllocsPerRun(100, func() {
		if _, ok := c.Find(o.Key, o.Want); !ok || o.Key.Tag() == 0 {
			t.Fatal("it is not kept")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func BenchmarkCacheHit(b *testing.B) {
	c := cache(b, CacheConfig{})
	o := Order{Key: Key{"mvt", "grids", maptile.New(13214, 7236, 14), 1, "public|", ""}, Want: Want{Coding: Gzip}, Draw: gives(make([]byte, 1000))}
	if _, err := c.Get(context.Background(), o); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Find(o.Key, o.Want); !ok {
			b.Fatal("it is not kept")
		}
	}
}
