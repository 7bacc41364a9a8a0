package layers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Live holds the newest snapshot of a record and is the only one that makes the next. Readers take it by Snapshot and
// never wait; writers go through Put to the record, and see their write in memory when Put returns.
type Live struct {
	store Store
	log   *slog.Logger
	clock func() time.Time

	now  atomic.Pointer[Snapshot] // written by Run's goroutine alone
	step *step                    // the next snapshot in the making; Run's goroutine's own
	seen atomic.Int64             // when the record last answered, in unix nanoseconds

	mu      sync.Mutex    // guards what follows
	changed chan struct{} // closed and replaced at each publication
	recent  []Applied     // the last changes, in order, for followers
	kept    Seq           // recent holds every change after this state
	notes   []Note
	loads   int   // how often everything was replaced: what was heard before is of another time
	copied  *Copy // what memory came from while the record has not answered yet; nil: from the record
	begun   int   // how many loads were begun
	loaded  int   // which of them memory goes on from
	fault   error // why the record does not answer; nil while it does
	since   time.Time
}

// LiveConfig configures a Live. The zero value works.
type LiveConfig struct {
	Log   *slog.Logger     // nil: slog.Default()
	Clock func() time.Time // nil: time.Now

	// Fallback adds the last copy of the record to b, as ReadCopy does, where Open finds the record unavailable; nil: none.
	Fallback func(b *Builder) (Copy, error)
}

// recentChanges is how many changes are remembered for followers that come back.
const recentChanges = 100_000

// Open loads the record. It does not follow it: call Run for that. Where the record is unavailable and there is a copy to
// fall back on, it loads that instead: Health tells so until Run has found the record again.
func Open(ctx context.Context, store Store, config LiveConfig) (*Live, error) {
	l := &Live{store: store, log: config.Log, clock: config.Clock, changed: make(chan struct{})}
	if l.log == nil {
		l.log = slog.Default()
	}
	if l.clock == nil {
		l.clock = time.Now
	}
	err := l.load(ctx)
	if err != nil && config.Fallback != nil && errors.Is(err, ErrUnavailable) {
		err = l.fallBack(config.Fallback, err)
	}
	if err != nil {
		return nil, fmt.Errorf("load the record: %w", err)
	}
	return l, nil
}

// fallBack loads a copy, for the record is away.
func (l *Live) fallBack(read func(*Builder) (Copy, error), away error) error {
	b := NewBuilder()
	about, err := read(b)
	if err != nil {
		return fmt.Errorf("%w; nor is there a local copy to start from: %v", away, err)
	}
	s := b.Snapshot(about.Seq)
	s.mark = " copy of " + about.At.UTC().Format(time.RFC3339Nano)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.Store(s)
	l.seen.Store(about.At.UnixNano())
	l.kept, l.notes, l.copied, l.fault, l.since = about.Seq, b.Notes(), &about, away, l.clock()
	l.log.Warn("the record cannot be reached; serving its local copy", "copy", about.At.Format(time.RFC3339), "seq", about.Seq, "error", away, "cause", Cause(away))
	return nil
}

// Snapshot returns the newest snapshot. It never waits.
func (l *Live) Snapshot() *Snapshot { return l.now.Load() }

// Health is how well memory follows the record.
type Health struct {
	Seq   Seq
	Age   time.Duration // since the record last confirmed that memory is up to date
	Fault error         // why it does not answer; nil while it does
	Since time.Time     // when the fault began
	Copy  time.Time     // of which moment the local copy is that memory came from; zero: memory came from the record
	Notes []Note        // rows of the record that are not on the map
}

// Age returns how long ago the record last confirmed that memory is up to date. It never waits.
func (l *Live) Age() time.Duration { return max(0, l.clock().Sub(time.Unix(0, l.seen.Load()))) }

// Health tells how well memory follows the record.
func (l *Live) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Health{Seq: l.Snapshot().Seq, Age: l.Age(), Fault: l.fault, Since: l.since, Notes: l.notes}
	if l.copied != nil {
		h.Copy = l.copied.At
	}
	return h
}

// load replaces everything by what the record holds now.
func (l *Live) load(ctx context.Context) error {
	l.mu.Lock()
	l.begun++
	nth := l.begun
	l.mu.Unlock()
	b := NewBuilder()
	seq, err := l.store.Load(ctx, b)
	if err != nil {
		return err
	}
	s := b.Snapshot(seq)
	for _, n := range b.Notes() {
		what := "a row of the record is not on the map"
		if n.Shown {
			what = "a row of the record is shown otherwise than it is"
		}
		l.log.Warn(what, "layer", n.Layer, "id", n.ID, "reason", n.Reason)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recent, l.kept, l.notes, l.copied, l.loaded = nil, seq, b.Notes(), nil, nth
	l.loads++
	l.publish(s)
	return nil
}

// onCopy tells whether memory came from a copy.
func (l *Live) onCopy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.copied != nil
}

// publish makes a snapshot the newest; the caller holds mu.
func (l *Live) publish(s *Snapshot) {
	l.now.Store(s)
	l.confirm()
	close(l.changed)
	l.changed = make(chan struct{})
}

// confirm notes that the record answers; the caller holds mu.
func (l *Live) confirm() {
	now := l.clock()
	l.seen.Store(now.UnixNano())
	if l.fault != nil {
		l.log.Info("the record answers again", "away", now.Sub(l.since).Round(time.Millisecond), "seq", l.Snapshot().Seq)
	}
	l.fault = nil
}

// Run follows the record until ctx ends, and returns ctx's error. When the record fails it goes on serving what it has,
// says so in Health, and tries again. Where memory came from a copy, it is loaded from the record as soon as that answers.
func (l *Live) Run(ctx context.Context) error {
	const first, most = 100 * time.Millisecond, time.Second
	wait := first
	for {
		begun := l.clock()
		l.step = nil    // what a watch before left half done
		err := ErrStale // so is every copy
		if !l.onCopy() {
			err = l.store.Watch(ctx, l.Snapshot().Seq, l.apply)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrStale) {
			err = l.load(ctx)
		}
		if err == nil || l.clock().Sub(begun) > most {
			wait = first
		}
		if err != nil {
			l.fail(err)
		}
		select { // after a reload too: a record that is always stale must not keep the processor busy
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		if err != nil {
			wait = min(2*wait, most)
		}
	}
}

func (l *Live) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil {
		l.since = l.clock()
		l.log.Error("the record does not answer; serving what is in memory", "error", err, "cause", Cause(err))
	}
	l.fault = err
}

// apply takes a batch of changes, and publishes the state after it where no more of the step is to come.
func (l *Live) apply(changes []Change, more bool) error {
	if len(changes) == 0 && !more && l.step == nil {
		l.mu.Lock()
		l.confirm()
		l.mu.Unlock()
		return nil
	}
	if l.step == nil {
		l.step = l.Snapshot().step()
	}
	l.step.add(changes)
	if more {
		l.step.rest()
		return nil
	}
	step := l.step
	l.step = nil
	next := step.done()
	for _, n := range step.notes {
		l.log.Warn("a changed row of the record is not on the map", "layer", n.Layer, "id", n.ID, "reason", n.Reason)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remember(step)
	if room := maxNotes - len(l.notes); room > 0 {
		l.notes = append(l.notes, step.notes[:min(room, len(step.notes))]...)
	}
	l.publish(next)
	return nil
}

// remember keeps what a step did for followers; the caller holds mu.
func (l *Live) remember(t *step) {
	if t.flood {
		l.recent, l.kept = nil, t.seq
		return
	}
	l.recent = append(l.recent, t.told...)
	if over := len(l.recent) - recentChanges; over > recentChanges/4 {
		l.kept = l.recent[over-1].Seq
		l.recent = append([]Applied(nil), l.recent[over:]...)
	}
}

// awaitAway is how long a writer waits, at least, for memory to have its write while the record is away.
const awaitAway = 2 * time.Second

// Put writes to the record and returns when the newest snapshot has the write, with the record's state after it. When
// ctx ends, or the record goes away, after it has acknowledged the write but before memory has it, Put returns the state
// and no error: the write is durable, and saying otherwise would be false. Where the record itself loses the write, in a
// fail-over to a server that did not have it, Put fails with ErrUnavailable. While memory came from a copy it writes
// nothing and fails so too: who may write what is not to be judged by tokens of the past.
func (l *Live) Put(ctx context.Context, key Key, changes []Change) (Seq, error) {
	if l.onCopy() {
		return 0, &Error{Kind: ErrUnavailable, Detail: "the record cannot be reached, so nothing was written; reading goes on from a local copy. Try again shortly"}
	}
	seq, err := l.store.Put(ctx, key, changes)
	if err != nil {
		return 0, err
	}
	if err := l.await(ctx, seq); err != nil {
		return 0, err
	}
	return seq, nil
}

// await waits until the newest snapshot has reached a state, for as long as ctx allows. A load that was begun after the
// record had reached that state has it, or the record has lost it: then nobody would wait to an end. Nor does anybody wait
// for a record that has gone away since; it has the write.
func (l *Live) await(ctx context.Context, seq Seq) error {
	tick := time.NewTicker(awaitAway)
	defer tick.Stop()
	l.mu.Lock()
	begun := l.begun
	l.mu.Unlock()
	for {
		l.mu.Lock()
		changed, now, later := l.changed, l.Snapshot().Seq, l.loaded > begun
		l.mu.Unlock()
		if now >= seq {
			return nil
		}
		if later {
			return &Error{Kind: ErrUnavailable, Detail: "the record has lost the write: another server took over that did not have it; sent again with the same Idempotency-Key it is done once"}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-tick.C:
			if l.Health().Fault != nil {
				return nil
			}
		}
	}
}

// Follow calls fn with the changes after a state, in order and with the snapshot that has them, until ctx ends, fn
// fails, or the follower is too slow: then it returns ErrStale, as it does when the changes are no longer remembered.
// fn must not keep or edit the slice. While nothing changes, fn is called with no changes every idle.
func (l *Live) Follow(ctx context.Context, after Seq, idle time.Duration, fn func(*Snapshot, []Applied) error) error {
	tick := time.NewTicker(idle)
	defer tick.Stop()
	l.mu.Lock()
	loads := l.loads
	l.mu.Unlock()
	for {
		l.mu.Lock()
		changed, s := l.changed, l.Snapshot()
		news, ok := l.after(after)
		ok = ok && l.loads == loads // the number alone does not tell: what was loaded again may have the same
		l.mu.Unlock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !ok {
			return ErrStale
		}
		if len(news) > 0 {
			if err := fn(s, news); err != nil {
				return err
			}
			after = s.Seq
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-tick.C:
			if err := fn(s, nil); err != nil {
				return err
			}
		}
	}
}

// after returns the remembered changes after a state; the caller holds mu. ok is false where some are forgotten or the
// state is not of this record's past.
func (l *Live) after(seq Seq) (news []Applied, ok bool) {
	if seq < l.kept || seq > l.Snapshot().Seq {
		return nil, false
	}
	i := len(l.recent)
	for i > 0 && l.recent[i-1].Seq > seq {
		i--
	}
	return l.recent[i:len(l.recent):len(l.recent)], true
}
