// Package duty does what is due by the clock and by nobody's request: it tells the next where nobody acknowledges, and ages the
// tracks of responders. What is due is decided by layers/dispatch, from the record alone: so any number of services on one
// record may do it, each step is done once, and a service that starts goes on where another stopped.
package duty

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"shapan/layers"
	"shapan/layers/dispatch"
)

// Keeper does what is due. Its fields are not to be changed while it runs.
type Keeper struct {
	Live    *layers.Live
	Streets *dispatch.Streets // nil: distances are estimates
	Clock   func() time.Time  // nil: time.Now
	Log     *slog.Logger      // nil: slog.Default()

	swept time.Time // when tracks were last looked through; Run's goroutine's own
}

// How often Run looks whether something is due, and how long it rests, at most, after what failed.
const (
	lookEvery = time.Second
	longRest  = time.Minute
)

// Run does what is due until ctx ends, and returns ctx's error. What fails is logged, and tried again after a while.
func (k *Keeper) Run(ctx context.Context) error {
	wait := lookEvery
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		err := k.Tick(ctx)
		if wait = lookEvery; err != nil && ctx.Err() == nil {
			wait = k.rest(err)
		}
	}
}

// rest says how long to wait after a failure: a record that is away is asked no more often than Live does.
func (k *Keeper) rest(err error) time.Duration {
	if errors.Is(err, layers.ErrUnavailable) {
		k.log().Warn("what is due waits for the record", "error", err)
		return longRest / 6
	}
	k.log().Error("what is due was not done", "error", err, "again", longRest)
	return longRest
}

// Tick does what is due now, once. Where another service was faster there is nothing left to do, which is no error.
func (k *Keeper) Tick(ctx context.Context) error {
	return errors.Join(k.escalate(ctx), k.sweep(ctx))
}

// escalate takes the next step of every call that is due. One that fails does not stop the others.
func (k *Keeper) escalate(ctx context.Context) (err error) {
	v := k.view()
	for _, call := range dispatch.Waiting(v) {
		now := k.now()
		if call.Due.After(now) {
			break
		}
		changes, e := call.Escalate(v, k.Streets, dispatch.InForce(v), now)
		if e == nil {
			e = k.put(ctx, changes)
		}
		if e != nil {
			err = errors.Join(err, fmt.Errorf("escalate %q: %w", call.Name, e))
		}
	}
	return err
}

// put writes changes; a lost race is nothing.
func (k *Keeper) put(ctx context.Context, changes []layers.Change) error {
	_, err := k.Live.Put(ctx, layers.Key{}, changes)
	if errors.Is(err, layers.ErrConflict) || errors.Is(err, layers.ErrNotFound) {
		return nil
	}
	return err
}

// view is the whole of the newest state, but for the service's own layers.
func (k *Keeper) view() *layers.View {
	return k.Live.Snapshot().View(layers.Scope{Audience: layers.Restricted})
}

func (k *Keeper) now() time.Time {
	if k.Clock == nil {
		return time.Now()
	}
	return k.Clock()
}

func (k *Keeper) log() *slog.Logger {
	if k.Log == nil {
		return slog.Default()
	}
	return k.Log
}
