package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
)

// desk gives orders about one event, on a record.
type desk struct {
	t    *testing.T
	live *layers.Live
	at   time.Time
}

// newDesk has an event of a level, at the crossing, with 1 as its id.
func newDesk(t *testing.T, level int64, more map[string]layers.Value) *desk {
	t.Helper()
	w := sampleTown(t)
	delete(w.features, fixtures.Streets) // nobody is measured along them here, and they take long to write
	values := map[string]layers.Value{"code": text("E1"), "domain": text("urban"), "level": whole(level), "stage": text("filed"), "reported_at": ago(time.Hour)}
	for name, v := range more {
		values[name] = v
	}
	w.add(fixtures.Events, 1, crossing, values)
	l := schema(t, fixtures.Responders)
	for i, f := range w.features[fixtures.Responders] { // those who are told when nobody acknowledges are there, and are not the first to go
		if f.Values[l.Index("zone_leader")].Bool() || f.Values[l.Index("role")].Text() == "community_lead" {
			w.set(fixtures.Responders, i, map[string]layers.Value{"duty": text("on_duty"), "open_tasks": whole(2)})
		}
	}
	return &desk{t, kept(t, w), now}
}

func (d *desk) view() *layers.View { return d.live.Snapshot().View(everything) }

// try gives an order, a minute after the one before, by what a view knows.
func (d *desk) try(v *layers.View, action string, who int64) error {
	d.t.Helper()
	d.at = d.at.Add(time.Minute)
	q := dispatch.Question{Now: d.at}
	if action == dispatch.Reserve {
		var err error
		if q, err = dispatch.AboutEvent(v, "1"); err != nil {
			d.t.Fatal(err)
		}
		q.Now = d.at
	}
	changes, err := dispatch.Decide(v, nil, dispatch.Order{Action: action, Responder: fmt.Sprint(who), Question: q, By: "desk", Reason: "test", Lease: 600})
	if err == nil {
		_, err = d.live.Put(context.Background(), layers.Key{}, changes)
	}
	return err
}

// do gives orders to one responder.
func (d *desk) do(who int64, actions ...string) {
	d.t.Helper()
	for _, action := range actions {
		if err := d.try(d.view(), action, who); err != nil {
			d.t.Fatalf("%s %d: %v", action, who, err)
		}
	}
}

// free returns some who can be sent.
func (d *desk) free(n int) (ids []int64) {
	d.t.Helper()
	q, err := dispatch.AboutEvent(d.view(), "1")
	if err != nil {
		d.t.Fatal(err)
	}
	q.Now, q.K, q.Roles = d.at, n, []string{"grid_leader"}
	for _, c := range rank(d.t, d.view(), nil, q).Lists[0].Candidates {
		ids = append(ids, c.ID)
	}
	return ids
}

func (d *desk) row(layer string, id int64) layers.Row {
	d.t.Helper()
	t, err := d.view().Table(layer)
	if err != nil {
		d.t.Fatal(err)
	}
	r, _ := t.Get(id)
	return r
}

// edit sets a value of the event, as somebody else does.
func (d *desk) edit(name string, v layers.Value) {
	d.t.Helper()
	r := d.row(fixtures.Events, 1)
	f := r.Feature()
	f.Values[r.Layer().Index(name)] = v
	if _, err := d.live.Put(context.Background(), layers.Key{}, []layers.Change{{Op: layers.Update, Layer: fixtures.Events, ID: 1, Feature: &f}}); err != nil {
		d.t.Fatal(err)
	}
}

// shows checks the stage of the event, and which times from dispatched to disposed it has (d, k, a, s).
func (d *desk) shows(stage, times string) {
	d.t.Helper()
	r := d.row(fixtures.Events, 1)
	var has strings.Builder
	for i, name := range []string{"dispatched_at", "ack_at", "arrived_at", "disposed_at"} {
		if !r.Get(name).IsNull() {
			has.WriteByte("dkas"[i])
		}
	}
	if r.Get("stage").Text() != stage || has.String() != times {
		d.t.Errorf("the event is %s with the times %q: expected %s %q", r.Get("stage").Text(), has.String(), stage, times)
	}
}

func TestOrdersMoveTheEvent(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 3, nil)
	who := d.free(1)[0]
	before := d.row(fixtures.Responders, who)
	d.do(who, dispatch.Reserve)
	d.shows("filed", "")
	d.do(who, dispatch.Assign)
	d.shows("dispatched", "d")
	sent := d.row(fixtures.Responders, who)
	if sent.Get("open_tasks").Int() != before.Get("open_tasks").Int()+1 || sent.Get("activity").Text() != "task" {
		t.Errorf("who is sent has %d tasks and is at %s", sent.Get("open_tasks").Int(), sent.Get("activity").Text())
	}
	if got := d.row(fixtures.Events, 1).Get("assignee"); got != before.Get("code") {
		t.Errorf("the assignee is %s: expected %s", got.Text(), before.Get("code").Text())
	}
	d.do(who, dispatch.Acknowledge)
	d.shows("acknowledged", "dk")
	d.do(who, dispatch.Arrive)
	d.shows("arrived", "dka")
	d.do(who, dispatch.Finish)
	d.shows("disposed", "dkas")
	if after := d.row(fixtures.Responders, who); after.ETag() != before.ETag() {
		t.Error("who is done is not as before")
	}
}

func TestLettingGoPutsTheEventBack(t *testing.T) {
	t.Parallel()
	for _, action := range []string{dispatch.Release, dispatch.Refuse} {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprint(action, n), func(t *testing.T) {
				t.Parallel()
				d := newDesk(t, 3, map[string]layers.Value{"assignee": text("somebody")})
				before, who := d.row(fixtures.Events, 1).ETag(), d.free(1)[0]
				d.do(who, append([]string{dispatch.Reserve}, []string{dispatch.Assign, dispatch.Acknowledge, dispatch.Arrive}[:n]...)...)
				d.do(who, action)
				if d.row(fixtures.Events, 1).ETag() != before {
					t.Error("the event is not what it was")
				}
			})
		}
	}
}

func TestWhatSomebodyElseMadeOfTheEventStays(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"reported", "checked", "cancelled"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, 3, nil)
			who := d.free(1)[0]
			d.do(who, dispatch.Reserve, dispatch.Assign)
			d.edit("stage", text(stage))
			d.edit("title", text("他人所改"))
			d.do(who, dispatch.Release)
			d.shows(stage, "d")
			if d.row(fixtures.Events, 1).Get("title").Text() != "他人所改" {
				t.Error("the title is lost")
			}
		})
	}
}

func TestSeveralAtOneEvent(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 3, nil)
	who := d.free(2)
	a, b := who[0], who[1]
	lead := func(id int64) {
		t.Helper()
		if got := d.row(fixtures.Events, 1).Get("assignee").Text(); got != d.row(fixtures.Responders, id).Get("code").Text() {
			t.Errorf("the assignee is %s", got)
		}
	}
	d.do(a, dispatch.Reserve, dispatch.Assign)
	d.do(b, dispatch.Reserve, dispatch.Assign)
	d.do(a, dispatch.Acknowledge, dispatch.Arrive)
	d.shows("arrived", "dka")
	lead(a)
	d.do(a, dispatch.Release)
	d.shows("dispatched", "d")
	lead(b)
	d.do(b, dispatch.Acknowledge)
	d.do(a, dispatch.Reserve, dispatch.Assign)
	d.shows("acknowledged", "dk")
	d.do(b, dispatch.Finish)
	d.shows("acknowledged", "dk")
	d.do(a, dispatch.Release)
	d.shows("disposed", "dks")
}

func TestAnOrderAndAnEditOfTheEventAreNotBothDone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 3, nil)
	who := d.free(1)[0]
	d.do(who, dispatch.Reserve)
	seen := d.view()
	d.edit("stage", text("accepted"))
	if err := d.try(seen, dispatch.Assign, who); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("assigned on what was no longer so: %v", err)
	}
	d.shows("accepted", "")
	if r := d.row(fixtures.Assignments, who); r.Get("status").Text() != dispatch.Reserved {
		t.Errorf("half of it was done: %s", r.Get("status").Text())
	}
	d.edit("stage", text("cancelled"))
	if err := d.try(d.view(), dispatch.Assign, who); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "cancelled") {
		t.Errorf("assigned to what is cancelled: %v", err)
	}
}
