package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func cache(t testing.TB, size int64) *Cache {
	t.Helper()
	c, err := New(CacheConfig{Bytes: size})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOneDrawingAKeyForManyCallers(t *testing.T) {
	t.Parallel()
	c := cache(t, 1<<20)
	var drawn atomic.Int64
	want := []byte(strings.Repeat("tile ", 100))
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			b, err := c.Get(context.Background(), "k", func(context.Context) ([]byte, error) {
				drawn.Add(1)
				return want, nil
			})
			if err != nil || !bytes.Equal(b.Raw, want) {
				t.Error(err, len(b.Raw))
				return
			}
			r, err := gzip.NewReader(bytes.NewReader(b.Gzip))
			if err != nil {
				t.Error(err)
				return
			}
			if raw, err := io.ReadAll(r); err != nil || !bytes.Equal(raw, want) {
				t.Error(err, len(raw))
			}
		})
	}
	all.Wait()
	if s := c.Stats(); drawn.Load() != 1 || s.Draws != 1 || s.Hits+s.Misses != 100 || s.Bytes < int64(len(want)) {
		t.Errorf("%d drawings, %+v", drawn.Load(), s)
	}
}

func TestCancelledCallerDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	c := cache(t, 1<<20)
	ctx, cancel := context.WithCancel(context.Background())
	began, release := make(chan struct{}), make(chan struct{})
	draw := func(ctx context.Context) ([]byte, error) {
		close(began)
		<-release
		return []byte("tile"), ctx.Err()
	}
	first, second := make(chan error), make(chan error)
	go func() { _, err := c.Get(ctx, "k", draw); first <- err }()
	<-began
	go func() { _, err := c.Get(context.Background(), "k", draw); second <- err }()
	for waiting := 0; waiting < 2; {
		c.mu.Lock()
		waiting = c.flights["k"].waiting
		c.mu.Unlock()
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Error(err)
	}
}

func TestDrawingEndsWithTheLastWhoWaits(t *testing.T) {
	t.Parallel()
	c := cache(t, 1<<20)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		_, _ = c.Get(ctx, "k", func(ctx context.Context) ([]byte, error) {
			cancel()
			<-ctx.Done()
			close(ended)
			return nil, ctx.Err()
		})
	}()
	<-ended
	if b, err := c.Get(context.Background(), "k", func(context.Context) ([]byte, error) { return []byte("new"), nil }); err != nil || string(b.Raw) != "new" {
		t.Error(err, b)
	}
}

func TestFailedDrawingsAreNotKept(t *testing.T) {
	t.Parallel()
	c := cache(t, 1<<20)
	sorry := errors.New("sorry")
	if _, err := c.Get(context.Background(), "k", func(context.Context) ([]byte, error) { return nil, sorry }); !errors.Is(err, sorry) {
		t.Error(err)
	}
	if _, err := c.Get(context.Background(), "k", func(context.Context) ([]byte, error) { panic("no ink") }); err == nil || !strings.Contains(err.Error(), "no ink") {
		t.Error(err)
	}
	for range 2 { // what is empty is kept
		if b, err := c.Get(context.Background(), "k", func(context.Context) ([]byte, error) { return nil, nil }); err != nil || b.Raw != nil {
			t.Error(err, b)
		}
	}
	if s := c.Stats(); s.Hits != 1 {
		t.Errorf("%+v", s)
	}
	if _, err := New(CacheConfig{Bytes: -1}); err == nil {
		t.Error("a cache of -1 bytes")
	}
}

func TestCacheKeepsToItsBytes(t *testing.T) {
	t.Parallel()
	const most = 100_000
	c := cache(t, most)
	rnd := rand.New(rand.NewPCG(31, 1))
	for i := range 500 {
		raw := make([]byte, rnd.IntN(5000))
		for j := range raw {
			raw[j] = byte(rnd.Uint32())
		}
		if _, err := c.Get(context.Background(), fmt.Sprint(i), func(context.Context) ([]byte, error) { return raw, nil }); err != nil {
			t.Fatal(err)
		}
	}
	c.kept.CleanUp()
	held := int64(0)
	for key, b := range c.kept.All() {
		held += int64(len(key) + len(b.Raw) + len(b.Gzip) + entryOverhead)
	}
	if s := c.Stats(); s.Bytes > most || held != s.Bytes || held < most/2 {
		t.Errorf("holds %d bytes and says %d, of %d", held, s.Bytes, most)
	}
}
