package duty

import (
	"context"
	"fmt"
	"time"

	"shapan/layers/dispatch"
)

const (
	sweepEvery = 5 * time.Minute // tracks age by quarter hours
	sweepMost  = 5000            // changes in one write
)

// sweep makes tracks coarse, and removes them, where their time has come.
func (k *Keeper) sweep(ctx context.Context) error {
	now := k.now()
	if since := now.Sub(k.swept); since >= 0 && since < sweepEvery {
		return nil
	}
	for range 1000 { // each write leaves less: this only bounds what could go wrong
		s := k.Live.Snapshot()
		t, err := s.Service().Table(dispatch.TrackLayer)
		if err != nil {
			break // a record without tracks
		}
		changes := dispatch.Sweep(t, &dispatch.InForce(k.view()).Parameters, now, sweepMost)
		if len(changes) == 0 {
			break
		}
		if err := k.put(ctx, changes); err != nil {
			return fmt.Errorf("sweep tracks: %w", err)
		}
		if k.Live.Snapshot() == s {
			break // another service was faster, and memory has not heard of it yet
		}
	}
	k.swept = now
	return nil
}
