package dispatch

import (
	"time"

	"shapan/layers"
)

// The layers that keep what was decided: one row for each responder who is held now, under the responder's own id, and one for
// each step that was taken.
const (
	AssignmentLayer = "assignments"
	LogLayer        = "dispatch_log"
)

// The states of an assignment. A reservation ends by itself when its lease does.
const (
	Reserved     = "reserved"
	Assigned     = "assigned"
	Acknowledged = "acknowledged"
	Arrived      = "arrived"
)

// The steps that are logged besides the states: somebody who is told that nobody acknowledges, a refusal, a reservation that is
// given back, and an end.
const (
	Told     = "told"
	Refused  = "refused"
	Released = "released"
	Done     = "done"
)

// sent tells whether an assignment is more than a reservation.
func sent(r layers.Row) bool { return r.Get("status").Text() != Reserved }

// ledger is what was decided so far, as a question needs it.
type ledger struct {
	held    map[int64]bool // by responder
	refused map[int64]bool // of those who refused this event
	jobs    map[int64]int  // outside the own grids, in the last days
}

// holds tells whether an assignment binds its responder at a moment.
func holds(r layers.Row, now time.Time) bool {
	return r.Get("status").Text() != Reserved || now.Before(r.Get("lease_until").Time())
}

// ledgerOf reads the two layers; a record without them has decided nothing.
func ledgerOf(v *layers.View, q *Question, days int) *ledger {
	l := &ledger{held: map[int64]bool{}, refused: map[int64]bool{}, jobs: map[int64]int{}}
	if t, err := v.Table(AssignmentLayer); err == nil {
		t.Each(nil, func(r layers.Row) bool {
			if holds(r, q.Now) {
				l.held[r.ID()] = true
			}
			return true
		})
	}
	t, err := v.Table(LogLayer)
	if err != nil {
		return l
	}
	action, who, event := t.Layer.Index("action"), t.Layer.Index("responder_id"), t.Layer.Index("event_id")
	at, outside := t.Layer.Index("at"), t.Layer.Index("outside")
	if min(action, who, event, at, outside) < 0 {
		return l
	}
	since := q.Now.AddDate(0, 0, -days)
	t.Each(nil, func(r layers.Row) bool {
		switch r.Value(action).Text() {
		case Refused:
			if q.Event != 0 && r.Value(event).Int() == q.Event {
				l.refused[r.Value(who).Int()] = true
			}
		case Assigned:
			if when := r.Value(at).Time(); r.Value(outside).Bool() && when.After(since) && !when.After(q.Now) {
				l.jobs[r.Value(who).Int()]++
			}
		}
		return true
	})
	return l
}
