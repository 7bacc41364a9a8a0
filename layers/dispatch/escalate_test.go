package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
)

// escalate takes every step that is due at a moment, and returns how many there were.
func (d *desk) escalate(after time.Duration) (n int) {
	d.t.Helper()
	d.at = d.at.Add(after)
	for {
		v := d.view()
		calls := dispatch.Waiting(v)
		if len(calls) == 0 || calls[0].Due.After(d.at) {
			return n
		}
		changes, err := calls[0].Escalate(v, nil, dispatch.InForce(v), d.at)
		if err == nil {
			_, err = d.live.Put(context.Background(), layers.Key{}, changes)
		}
		if err != nil {
			d.t.Fatal(err)
		}
		if n++; n > 20 {
			d.t.Fatal("the escalation has no end")
		}
	}
}

// steps returns the steps of the log that the service took, in their order, each with whether the person was sent.
func (d *desk) steps() (out []string) {
	d.t.Helper()
	t, err := d.view().Table(fixtures.DispatchLog)
	if err != nil {
		d.t.Fatal(err)
	}
	page := t.Page(layers.PageQuery{Limit: 100})
	for _, r := range page.Rows {
		if r.Get("by").Text() == "escalation" {
			out = append(out, r.Get("action").Text()+" "+r.Get("step").Text())
		}
	}
	return out
}

// settled is a desk that has sent somebody to the event.
func settled(t *testing.T, level int64) (*desk, int64) {
	t.Helper()
	d := newDesk(t, level, nil)
	who := d.free(1)[0]
	d.do(who, dispatch.Reserve, dispatch.Assign)
	return d, who
}

func TestNobodyAcknowledges(t *testing.T) {
	t.Parallel()
	for level, minutes := range []time.Duration{10, 5, 3, 2} {
		t.Run(fmt.Sprint(level+1), func(t *testing.T) {
			t.Parallel()
			d, _ := settled(t, int64(level+1))
			if n := d.escalate(minutes*time.Minute - time.Second); n != 0 {
				t.Fatalf("%d steps before the time", n)
			}
			d.escalate(time.Second)
			for i, want := range []string{"candidate", "zone_leader", "community_lead", "command_centre"} {
				steps := d.steps()
				if len(steps) != i+1 || !strings.HasSuffix(steps[i], want) {
					t.Fatalf("after %d times: %q", i+1, steps)
				}
				if n := d.escalate(minutes*time.Minute - time.Second); n != 0 {
					t.Fatalf("%d steps too soon after %q", n, steps)
				}
				d.escalate(time.Second)
			}
			if steps := d.steps(); len(steps) != 4 || len(dispatch.Waiting(d.view())) != 0 {
				t.Errorf("after all: %q", steps)
			}
			d.shows("dispatched", "d")
		})
	}
}

func TestAtTheHighestLevelAllAreToldAtOnce(t *testing.T) {
	t.Parallel()
	d, _ := settled(t, 5)
	if n := d.escalate(0); n != 1 {
		t.Errorf("%d steps: expected one", n)
	}
	var who []string
	for _, s := range d.steps() {
		who = append(who, strings.Fields(s)[1])
	}
	if want := []string{"candidate", "zone_leader", "community_lead", "command_centre"}; !slices.Equal(who, want) {
		t.Errorf("told were %q", who)
	}
	if n := d.escalate(24 * time.Hour); n != 0 {
		t.Errorf("%d steps later", n)
	}
}

func TestAnAcknowledgementEndsIt(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			d, who := settled(t, 3)
			for range n {
				d.escalate(3 * time.Minute)
			}
			d.do(who, dispatch.Acknowledge)
			if more := d.escalate(24 * time.Hour); more != 0 {
				t.Errorf("%d steps after it", more)
			}
		})
	}
}

func TestAnEventThatIsOverIsNotEscalated(t *testing.T) {
	t.Parallel()
	d, _ := settled(t, 3)
	d.edit("stage", text("cancelled"))
	if n := d.escalate(time.Hour); n != 0 {
		t.Errorf("%d steps", n)
	}
}

func TestWhoRefusesIsNotToldAgain(t *testing.T) {
	t.Parallel()
	d, _ := settled(t, 3)
	d.escalate(3 * time.Minute)
	second := d.sent("candidate")
	d.do(second, dispatch.Refuse)
	d.escalate(0)
	if third := d.sent("candidate"); third == second || third == 0 {
		t.Errorf("after %d refused, %d was sent", second, third)
	}
}

// sent returns who was sent last by a step.
func (d *desk) sent(step string) (who int64) {
	t, err := d.view().Table(fixtures.DispatchLog)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, r := range t.Page(layers.PageQuery{Limit: 100}).Rows {
		if r.Get("step").Text() == step && r.Get("action").Text() == dispatch.Assigned {
			who = r.Get("responder_id").Int()
		}
	}
	return who
}

func TestAStepIsTakenOnce(t *testing.T) {
	t.Parallel()
	d, _ := settled(t, 3)
	d.at = d.at.Add(3 * time.Minute)
	v := d.view()
	var writes [][]layers.Change
	for i := range 3 { // three servers, whose clocks differ a little
		changes, err := dispatch.Waiting(v)[0].Escalate(v, nil, dispatch.InForce(v), d.at.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		writes = append(writes, changes)
	}
	for i, changes := range writes {
		if _, err := d.live.Put(context.Background(), layers.Key{}, changes); (err == nil) != (i == 0) || i > 0 && !errors.Is(err, layers.ErrConflict) {
			t.Errorf("the write of server %d: %v", i, err)
		}
	}
	if steps := d.steps(); len(steps) != 1 {
		t.Errorf("%q", steps)
	}
}
