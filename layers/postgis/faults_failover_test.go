package postgis

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/postgis/cluster"
)

// pair is a server with a record, a standby that follows it, and the address of both.
func pair(t *testing.T) (primary, standby *cluster.Cluster, both string) {
	t.Helper()
	primary, url := ownRecord(t, cluster.Config{Durable: true})
	standby, err := primary.Standby(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = standby.Thaw()
		if err := standby.Stop("immediate"); err != nil {
			t.Error(err)
		}
	})
	return primary, standby, via(t, url, primary.Host(), standby.Host())
}

// replayed waits until a standby has all of the record.
func (r *rig) replayed(standby *cluster.Cluster) {
	r.Helper()
	there := rig{T: r.T, direct: standby.URL("record")}
	want := r.newest()
	r.await(10*time.Second, "the standby has everything", func() bool { return there.newest() >= want })
}

// promoted makes the standby the record, and waits until it is followed.
func (r *rig) promoted(standby *cluster.Cluster) {
	r.Helper()
	r.must(standby.Promote(context.Background()))
	r.direct = standby.URL("record")
	r.heals()
}

// TestFaultFailOver: the standby has everything when it takes over; nothing that was acknowledged is lost, and a reader that
// follows goes on as if nothing had been.
func TestFaultFailOver(t *testing.T) {
	fault(t)
	primary, standby, both := pair(t)
	r := newRig(t, both, primary.URL("record"), Config{})
	r.grown(10)
	r.replayed(standby)
	followed := r.followed(r.live.Snapshot().Seq)
	r.must(primary.Stop("immediate"))
	r.fails(2 * time.Second)
	if a := r.put(); a.said != unwritten {
		t.Errorf("a put while no server takes writes: %s, %v", a.said, a.err)
	}
	r.promoted(standby)
	r.grown(10)
	select {
	case err := <-followed:
		t.Errorf("a follower ended with %v", err)
	default:
	}
	r.finish()
	if err := <-followed; !errors.Is(err, context.Canceled) {
		t.Errorf("a follower ended with %v", err)
	}
}

// followed follows memory until the rig ends, and returns how that ended.
func (r *rig) followed(after layers.Seq) <-chan error {
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		ended <- r.live.Follow(ctx, after, time.Hour, func(*layers.Snapshot, []layers.Applied) error { return nil })
	}()
	end := r.end
	r.end = func() { cancel(); end() }
	return ended
}

// TestFaultFailOverWithLoss: the standby lacks the last commits when it takes over. Memory comes to equal it, followers are told
// that what they know is no longer so, and no number is given twice.
func TestFaultFailOverWithLoss(t *testing.T) {
	fault(t)
	for name, lost := range map[string]int{"one": 1, "many": 80} { // counters are replicated 32 ahead
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary, standby, both := pair(t)
			r := newRig(t, both, primary.URL("record"), Config{})
			r.grown(5)
			r.replayed(standby)
			r.must(standby.Stop("fast")) // it sees nothing of what follows
			kept := len(r.ledger)
			r.grown(lost)
			last := r.live.Snapshot().Seq
			followed := r.followed(last)
			r.must(primary.Stop("immediate"))
			r.must(standby.Restart(context.Background()))
			r.promoted(standby)
			select {
			case err := <-followed:
				if !errors.Is(err, layers.ErrStale) {
					t.Errorf("a follower ended with %v, want ErrStale", err)
				}
			case <-time.After(5 * time.Second):
				t.Error("a follower was not told")
			}
			if n := r.ask("SELECT count(*) FROM shapan.commits WHERE seq > $1", int64(last)); n == 0 {
				t.Error("what was written since has no number of its own")
			}
			for _, a := range r.ledger[kept : kept+lost] { // what the standby lacks was acknowledged, and is not there
				a.said = unwritten
			}
			r.finish()
		})
	}
}

// TestFaultNumbersAreNotGivenAgain: what was lost in a fail-over before memory had it was told to its writer all the same.
func TestFaultNumbersAreNotGivenAgain(t *testing.T) {
	fault(t)
	primary, standby, both := pair(t)
	r := newRig(t, both, primary.URL("record"), Config{})
	r.grown(5)
	r.replayed(standby)
	r.must(standby.Stop("fast"))
	r.end() // memory sees nothing of what follows
	kept := len(r.ledger)
	var last layers.Seq
	for range 80 {
		a := r.insertion()
		seq, err := r.store.Put(t.Context(), a.key, []layers.Change{a.change})
		r.must(err)
		last = seq
	}
	r.must(primary.Stop("immediate"))
	r.must(standby.Restart(context.Background()))
	r.must(standby.Promote(context.Background()))
	r.direct = standby.URL("record")
	var seq layers.Seq
	r.await(5*time.Second, "writes are taken again", func() bool {
		a := r.insertion()
		s, err := r.store.Put(t.Context(), a.key, []layers.Change{a.change})
		if err == nil {
			seq, a.said = s, written
			r.ledger = append(r.ledger, a)
		}
		return err == nil
	})
	if seq <= last {
		t.Errorf("the first write on the new server has the number %d, want more than %d, which was told to a writer", seq, last)
	}
	if n := len(r.ledger); n != kept+1 {
		t.Errorf("%d writes", n-kept)
	}
	r.follow()
	r.finish()
}

// TestFaultFailOverFromAFrozenServer: the server that hangs still takes connections, and is asked first.
func TestFaultFailOverFromAFrozenServer(t *testing.T) {
	fault(t)
	primary, standby, both := pair(t)
	r := newRig(t, both, primary.URL("record"), Config{Patience: 2 * time.Second})
	r.grown(10)
	r.replayed(standby)
	stop := r.writing(2)
	r.must(primary.Freeze())
	r.direct = standby.URL("record")
	r.fails(4*r.config.Patience + time.Second)
	stop()
	r.promoted(standby)
	r.must(primary.Thaw())
	r.must(primary.Stop("immediate")) // it must not come back beside the other
	for _, a := range r.ledger {
		if a.said == written && r.ask(`SELECT count(*) FROM shapan.trial WHERE "string" = $1`, a.change.Feature.Values[0].Text()) == 0 {
			a.said = unwritten // it was answered in the moment before the server hung, and had not reached the standby
			t.Log("a write was lost in the fail-over")
		}
	}
	r.finish()
}

// TestFaultStandby: a server that only reads is read, and says of a write why it is refused.
func TestFaultStandby(t *testing.T) {
	fault(t)
	primary, standby, both := pair(t)
	r := newRig(t, primary.URL("record"), primary.URL("record"), Config{})
	r.grown(5)
	r.replayed(standby)
	only := openAt(t, standby.URL("record"), Config{Patience: shortPatience})
	b := layers.NewBuilder()
	if seq, err := only.Load(t.Context(), b); err != nil || seq != r.newest() {
		t.Errorf("load from a standby: %d, %v", seq, err)
	}
	r.must(primary.Stop("immediate"))
	for name, s := range map[string]*Store{"alone": only, "of two": openAt(t, both, Config{Patience: shortPatience})} {
		_, err := s.Put(t.Context(), layers.Key{}, []layers.Change{r.ledger[0].change})
		if !errors.Is(err, layers.ErrUnavailable) || !strings.Contains(err.Error(), "takes no writes") || !strings.Contains(err.Error(), string(unwritten)) {
			t.Errorf("a write to a standby %s: %v (cause: %v)", name, err, layers.Cause(err))
		}
		r.must(s.Close())
	}
	r.must(primary.Restart(context.Background()))
	r.heals()
	r.finish()
}
