package layers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// memory is a record in memory that keeps a Store's promises; it can be told to fail or to forget.
type memory struct {
	layer Layer

	mu       sync.Mutex
	seq      Seq
	features map[int64]Feature
	last     map[int64]Seq // of the last change of each id, deletions included
	kept     Seq           // the changes after it are kept
	fault    error         // what Load, Watch and Put fail with
	changed  chan struct{}
	loads    int
}

func newMemory() *memory {
	return &memory{layer: things("things", Point, Public), seq: 1, features: map[int64]Feature{}, last: map[int64]Seq{}, changed: make(chan struct{})}
}

func (m *memory) Load(_ context.Context, b *Builder) (Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loads++
	if m.fault != nil {
		return 0, fmt.Errorf("%w: %v", ErrUnavailable, m.fault)
	}
	tab, err := b.Layer(m.layer)
	if err != nil {
		return 0, err
	}
	for _, f := range m.features {
		tab.Add(f)
	}
	return m.seq, nil
}

func (m *memory) Watch(ctx context.Context, after Seq, fn func([]Change, bool) error) error {
	for {
		m.mu.Lock()
		if after < m.kept || m.fault != nil {
			err := m.fault
			m.mu.Unlock()
			if err == nil {
				err = ErrStale
			}
			return err
		}
		var changes []Change
		for id, seq := range m.last {
			if seq > after {
				c := Change{Seq: seq, Op: Delete, Layer: "things", ID: id}
				if f, ok := m.features[id]; ok {
					c.Op, c.Feature = Update, &f
				}
				changes = append(changes, c)
			}
		}
		slices.SortFunc(changes, func(a, b Change) int { return compare(int64(a.Seq), int64(b.Seq)) })
		after = m.seq
		changed := m.changed
		m.mu.Unlock()
		if err := fn(changes, false); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (m *memory) Put(_ context.Context, _ Key, changes []Change) (Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		return 0, fmt.Errorf("%w: %v", ErrUnavailable, m.fault)
	}
	for _, c := range changes {
		if c.Feature != nil {
			if err := m.layer.Check(c.Feature); err != nil {
				return 0, err
			}
		}
	}
	for _, c := range changes {
		m.seq++
		if c.Op == Delete {
			delete(m.features, c.ID)
		} else {
			m.features[c.ID] = *c.Feature
		}
		m.last[c.ID] = m.seq
	}
	m.wake()
	return m.seq, nil
}

func (m *memory) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// fail makes the record fail with err, or work again with nil.
func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = err
	m.wake()
}

// forget makes the record keep no change so far, after one that nobody was told of.
func (m *memory) forget(f Feature) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	m.features[f.ID] = f
	m.kept = m.seq
	m.wake()
}

var quiet = slog.New(slog.DiscardHandler)

// live opens a record and follows it until the test ends; stop ends it sooner and waits for it.
func live(t *testing.T, m Store) (l *Live, stop func()) {
	t.Helper()
	l, err := Open(context.Background(), m, LiveConfig{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Run ends with %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(stop)
	return l, stop
}

func thing(id int64, name string) Change {
	f := Feature{ID: id, Geometry: orb.Point{114.3, 30.56}, Values: make([]Value, 11)}
	f.Values[0] = TextValue(name)
	return Change{Op: Upsert, Layer: "things", ID: id, Feature: &f}
}

func nameOf(t *testing.T, s *Snapshot, id int64) string {
	t.Helper()
	row, ok := tableOf(t, s, Scope{}, "things").Get(id)
	if !ok {
		return ""
	}
	return row.Get("code").Text()
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to pass: %s", what)
		}
	}
}

func TestPutIsSeenWhenItReturns(t *testing.T) {
	t.Parallel()
	l, _ := live(t, newMemory())
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 25 {
				id, name := int64(1+w), fmt.Sprint(i)
				seq, err := l.Put(context.Background(), Key{}, []Change{thing(id, name)})
				if err != nil {
					t.Error(err)
					return
				}
				if s := l.Snapshot(); s.Seq < seq || nameOf(t, s, id) != name {
					t.Errorf("state %d is put, state %d is seen with %q, want %q", seq, s.Seq, nameOf(t, s, id), name)
				}
			}
		})
	}
	writers.Wait()
	if h := l.Health(); h.Fault != nil || h.Age > 10*time.Second || h.Seq != 101 {
		t.Errorf("%+v", h)
	}
}

func TestPutTellsWhatTheRecordSays(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l, stop := live(t, m)
	bad := thing(1, "x")
	bad.Feature.Values[1] = TextValue("x")
	_, err := l.Put(context.Background(), Key{}, []Change{bad})
	wantKind(t, "a bad feature", err, ErrInvalid)
	m.fail(errors.New("disk full"))
	_, err = l.Put(context.Background(), Key{}, []Change{thing(1, "x")})
	wantKind(t, "a record that fails", err, ErrUnavailable)
	m.fail(nil)
	stop() // nobody follows now: the write is durable, but not seen
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if seq, err := l.Put(ctx, Key{}, []Change{thing(1, "x")}); err != nil || seq != 2 {
		t.Errorf("a durable write that is not seen yet: %d %v", seq, err)
	}
}

func TestFollowersHearEveryChangeOnceInOrder(t *testing.T) {
	t.Parallel()
	l, _ := live(t, newMemory())
	const writes = 200
	all := make(chan []Applied, 8)
	for follower := range 4 {
		go func() {
			var heard []Applied
			after := Seq(1)
			for len(heard) < writes { // a follower that comes back again and again
				errFull := errors.New("full")
				err := l.Follow(context.Background(), after, time.Millisecond, func(s *Snapshot, news []Applied) error {
					if len(news) > 0 && news[len(news)-1].Seq > s.Seq {
						t.Errorf("change %d comes with state %d", news[len(news)-1].Seq, s.Seq)
					}
					heard = append(heard, news...)
					if len(news) > 0 {
						after = s.Seq
					}
					if len(news) > 0 && follower%2 == 0 || len(heard) == writes {
						return errFull
					}
					return nil
				})
				if !errors.Is(err, errFull) {
					t.Errorf("Follow ends with %v", err)
					break
				}
			}
			all <- heard
		}()
	}
	for i := range writes {
		if _, err := l.Put(context.Background(), Key{}, []Change{thing(int64(1+i), "x")}); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		for i, a := range <-all {
			if a.Seq != Seq(2+i) || a.ID != int64(1+i) || a.Op != Insert {
				t.Fatalf("change %d is %+v", i, a)
			}
		}
	}
}

func TestFollowIsIdleAndEnds(t *testing.T) {
	t.Parallel()
	l, _ := live(t, newMemory())
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	err := l.Follow(ctx, 1, time.Millisecond, func(s *Snapshot, news []Applied) error {
		if s == nil || news != nil {
			t.Errorf("an idle call has %v %v", s, news)
		}
		if calls++; calls == 3 {
			cancel()
		}
		return nil
	})
	if calls != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d idle calls, then %v", calls, err)
	}
	wantKind(t, "a state to come", l.Follow(context.Background(), 99, time.Second, nil), ErrStale)
	wantKind(t, "a state before the load", l.Follow(context.Background(), 0, time.Second, nil), ErrStale)
}

func TestFollowEndsWithItsContextThoughChangesCome(t *testing.T) {
	t.Parallel()
	l, _ := live(t, newMemory())
	for i := range 3 {
		if _, err := l.Put(context.Background(), Key{}, []Change{thing(int64(1+i), "x")}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := l.Follow(ctx, 1, time.Second, func(*Snapshot, []Applied) error { t.Error("called after the end"); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestSlowFollowersAreStale(t *testing.T) {
	t.Parallel()
	l, err := Open(context.Background(), newMemory(), LiveConfig{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]Change, recentChanges)
	for n := range 3 {
		for i := range batch {
			batch[i] = Change{Seq: Seq(2 + n*len(batch) + i), Op: Delete, Layer: "things", ID: 1}
		}
		if err := l.apply(batch, false); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.recent) > recentChanges*5/4 {
		t.Errorf("%d changes are remembered", len(l.recent))
	}
	wantKind(t, "a forgotten state", l.Follow(context.Background(), 1, time.Hour, nil), ErrStale)
	news, ok := l.after(l.kept)
	if !ok || len(news) == 0 || news[0].Seq != l.kept+1 || news[len(news)-1].Seq != l.Snapshot().Seq {
		t.Errorf("after %d: %d changes, %v", l.kept, len(news), ok)
	}
}

func TestFaultsAreSaidAndHealed(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l, _ := live(t, m)
	if _, err := l.Put(context.Background(), Key{}, []Change{thing(1, "before")}); err != nil {
		t.Fatal(err)
	}
	lost := errors.New("connection lost")
	m.fail(lost)
	eventually(t, "the fault is said", func() bool { return errors.Is(l.Health().Fault, lost) })
	if h := l.Health(); h.Since.IsZero() || nameOf(t, l.Snapshot(), 1) != "before" {
		t.Errorf("while the record fails: %+v", h)
	}
	m.fail(nil)
	eventually(t, "the fault is gone", func() bool { return l.Health().Fault == nil })
	if _, err := l.Put(context.Background(), Key{}, []Change{thing(1, "after")}); err != nil || nameOf(t, l.Snapshot(), 1) != "after" {
		t.Errorf("after the fault: %v, %q", err, nameOf(t, l.Snapshot(), 1))
	}
	if m.loads != 1 {
		t.Errorf("%d loads: a fault needs none", m.loads)
	}
}

// ahead is a record that acknowledges a write which its readers are not told of.
type ahead struct {
	*memory
	then func() // what happens to it after that
}

func (a ahead) Put(context.Context, Key, []Change) (Seq, error) {
	defer a.then()
	return 100, nil
}

// TestPutEndsThoughMemoryNeverHasIt: a writer does not wait for ever where the record goes away after it has acknowledged
// the write, which is done, or turns out to have lost it.
func TestPutEndsThoughMemoryNeverHasIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then func(*memory)
		want error
	}{
		"away": {func(m *memory) { m.fail(errors.New("frozen")) }, nil},
		"lost": {func(m *memory) {
			time.AfterFunc(50*time.Millisecond, func() { m.forget(*thing(1, "another server").Feature) })
		}, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			l, _ := live(t, ahead{m, func() { c.then(m) }})
			ended := make(chan error, 1)
			go func() {
				_, err := l.Put(context.Background(), Key{}, []Change{thing(1, "a")})
				ended <- err
			}()
			select {
			case err := <-ended:
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			case <-time.After(4 * awaitAway):
				t.Error("it waits for ever")
			}
		})
	}
}

func TestWhatIsForgottenIsLoadedAgain(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l, _ := live(t, m)
	followed := make(chan error, 1)
	go func() {
		followed <- l.Follow(context.Background(), 1, time.Hour, func(*Snapshot, []Applied) error { return nil })
	}()
	m.forget(*thing(1, "unheard").Feature)
	eventually(t, "the record is loaded again", func() bool { return l.Snapshot().Seq == 2 })
	if nameOf(t, l.Snapshot(), 1) != "unheard" || l.Health().Fault != nil {
		t.Errorf("%+v", l.Health())
	}
	wantKind(t, "a follower of the time before", <-followed, ErrStale)
	if rev := tableOf(t, l.Snapshot(), Scope{}, "things").TileRev(maptile.New(0, 0, 0)); rev != 2 {
		t.Errorf("tiles are of state %d", rev)
	}
	if _, err := l.Put(context.Background(), Key{}, []Change{thing(2, "x")}); err != nil || nameOf(t, l.Snapshot(), 2) != "x" {
		t.Errorf("a write after the load: %v", err)
	}
}

// stale is a record that forgets at once.
type stale struct{ *memory }

func (s stale) Watch(context.Context, Seq, func([]Change, bool) error) error { return ErrStale }

func TestARecordThatIsAlwaysStaleIsNotLoadedAllTheTime(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l, err := Open(context.Background(), stale{m}, LiveConfig{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond)
	defer cancel()
	if err := l.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if m.loads > 10 {
		t.Errorf("%d loads in a quarter of a second", m.loads)
	}
}

func TestOpenFailsWithTheRecord(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.layer.Name = ""
	_, err := Open(context.Background(), m, LiveConfig{})
	wantKind(t, "a broken catalogue", err, ErrInvalid)
}

func TestAgeIsByTheClock(t *testing.T) {
	t.Parallel()
	now := start
	l, err := Open(context.Background(), newMemory(), LiveConfig{Log: quiet, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(42 * time.Second)
	if age := l.Health().Age; age != 42*time.Second {
		t.Errorf("age %v", age)
	}
	if err := l.apply(nil, false); err != nil || l.Health().Age != 0 {
		t.Errorf("age %v after the record answered", l.Health().Age)
	}
}

// Readers of one snapshot do not disturb the writer, nor it them: for the race detector.
func TestReadersAndTheWriterAreApart(t *testing.T) {
	t.Parallel()
	l, stop := live(t, newMemory())
	ctx, cancel := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				tab := tableOf(t, l.Snapshot(), Scope{}, "things")
				tab.Nearest(orb.Point{114.3, 30.56}, nil, 0, func(r Row, _ float64) bool { return r.ETag() != "" })
				tab.Within(orb.Bound{Max: orb.Point{180, 90}}, nil, func(r Row) bool { return r.ID() > 0 })
				tab.Page(PageQuery{Limit: 5, Sort: []SortKey{{Field: 0}}})
				l.Health()
			}
		})
	}
	for i := range 60 {
		if _, err := l.Put(context.Background(), Key{}, []Change{thing(int64(1+i%20), "x"), {Op: Delete, Layer: "things", ID: int64(1 + (i+7)%20)}}); err != nil {
			t.Error(err)
		}
	}
	cancel()
	readers.Wait()
	stop()
}

// Not parallel, so that the goroutines it counts are its own.
func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	l, stop := live(t, newMemory())
	ctx, cancel := context.WithCancel(context.Background())
	followed := make(chan error, 1)
	go func() {
		followed <- l.Follow(ctx, 1, time.Hour, func(*Snapshot, []Applied) error { return nil })
	}()
	if _, err := l.Put(ctx, Key{}, []Change{thing(1, "x")}); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-followed
	stop()
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}
