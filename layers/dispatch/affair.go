package dispatch

import (
	"cmp"
	"slices"
	"time"

	"shapan/layers"
)

// stages returns the stages of an event in their order. Orders move an event among the middle ones.
func stages() []string {
	return []string{"reported", "accepted", "filed", "dispatched", "acknowledged", "arrived", "disposed", "checked", "closed", "cancelled"}
}

// The places of stages in their order, besides that of each state of an assignment.
const (
	dispatchedStage = 3
	disposedStage   = 6
	closedStage     = 8
)

// stageTimes returns the fields that say when an event came to the stages from dispatched to disposed.
func stageTimes() []string { return []string{"dispatched_at", "ack_at", "arrived_at", "disposed_at"} }

// reached is the stage that somebody who is sent has brought an event to; -1: none.
func reached(status string) int {
	if i := slices.Index([]string{Assigned, Acknowledged, Arrived}, status); i >= 0 {
		return dispatchedStage + i
	}
	return -1
}

// affair is an event with those who are sent to it.
type affair struct {
	view *layers.View
	row  layers.Row
	crew []member // in the order in which they were sent
}

// member is somebody who is sent to an event.
type member struct {
	id         int64
	code       string
	reached    int // a stage
	since      time.Time
	assignment layers.Row
}

// affairOf returns the event of an assignment as the record has it; nil where there is none, or none that the service may write.
func affairOf(v *layers.View, event int64) *affair {
	t, err := v.Table("events")
	if err != nil || event == 0 || !t.Layer.Writable {
		return nil
	}
	a := &affair{view: v}
	var ok bool
	if a.row, ok = t.Get(event); !ok || a.index() < 0 {
		return nil
	}
	if held, err := v.Table(AssignmentLayer); err == nil {
		held.Each(nil, func(r layers.Row) bool {
			if r.Get("event_id").Int() == event && sent(r) {
				a.crew = append(a.crew, member{r.ID(), r.Get("responder").Text(), reached(r.Get("status").Text()), r.Get("assigned_at").Time(), r})
			}
			return true
		})
	}
	a.sort()
	return a
}

func (a *affair) sort() {
	slices.SortFunc(a.crew, func(x, y member) int { return cmp.Or(x.since.Compare(y.since), cmp.Compare(x.id, y.id)) })
}

func (a *affair) stage() string { return a.row.Get("stage").Text() }

// index is the place of the event's stage in their order; -1: it has none that is known.
func (a *affair) index() int { return slices.Index(stages(), a.stage()) }

// over tells whether nobody is sent to the event any more.
func (a *affair) over() bool { return a.index() >= closedStage }

// furthest is the stage that those who are sent have brought the event to; -1: none.
func (a *affair) furthest() int {
	far := -1
	for _, m := range a.crew {
		far = max(far, m.reached)
	}
	return far
}

// lead is who was sent first.
func (a *affair) lead() string {
	if len(a.crew) == 0 {
		return ""
	}
	return a.crew[0].code
}

// baseline is what an event was before the first of those who are on it was sent.
type baseline struct {
	stage    int // -1: not known
	assignee layers.Value
	since    time.Time
}

// before finds the baseline: every assignment to the event has it.
func (a *affair) before() baseline {
	for _, m := range a.crew {
		if stage := m.assignment.Get("event_stage").Text(); stage != "" {
			return baseline{slices.Index(stages(), stage), m.assignment.Get("event_assignee"), m.assignment.Get("event_since").Time()}
		}
	}
	return baseline{stage: -1}
}

// moved is what an order does to the event: the stage is the furthest that anybody has brought it to. It goes forward, and back
// only when somebody is let go who was not done. Then what it was before is put back, unless somebody else changed it since:
// that is seen from the stage, which is no longer the one that those who are sent have brought it to. ok is false where the
// event stays as it is.
func (a *affair) moved(action string, who int64, f values, now time.Time) (c layers.Change, ok bool) {
	base := a.before()
	if len(a.crew) == 0 {
		base = baseline{a.index(), a.row.Get("assignee"), now}
	}
	if action == Assign && base.stage >= 0 {
		f["event_stage"], f["event_since"], f["event_assignee"] = layers.TextValue(stages()[base.stage]), layers.TimeValue(base.since), base.assignee
	}
	expected, lead := max(base.stage, a.furthest()), a.lead()
	a.after(action, who, f["responder"].Text(), now)
	was := a.index()
	to := max(was, a.furthest())
	switch gone := len(a.crew) == 0; {
	case action == Finish && gone, action != Finish && gone && was >= expected && a.done(base.since):
		to = max(was, disposedStage)
	case (action == Release || action == Refuse) && was == expected && base.stage >= 0:
		to = max(base.stage, a.furthest())
	}
	e := edit{f: a.row.Feature(), layer: a.row.Layer()}
	if to != was {
		e.set("stage", layers.TextValue(stages()[to]))
		a.times(&e, was, to, base.since, now)
	}
	if assignee := a.row.Get("assignee"); assignee.Text() == lead || assignee == base.assignee {
		switch {
		case len(a.crew) > 0:
			e.set("assignee", layers.TextValue(a.lead()))
		case to == base.stage:
			e.set("assignee", base.assignee)
		}
	}
	return e.change(a.row)
}

// after puts the order into the crew.
func (a *affair) after(action string, who int64, code string, now time.Time) {
	i := slices.IndexFunc(a.crew, func(m member) bool { return m.id == who })
	switch {
	case action == Assign:
		a.crew = append(a.crew, member{id: who, code: code, reached: reached(Assigned), since: now})
		a.sort()
	case i < 0:
	case action == Acknowledge:
		a.crew[i].reached = reached(Acknowledged)
	case action == Arrive:
		a.crew[i].reached = reached(Arrived)
	default:
		a.crew = slices.Delete(a.crew, i, i+1)
	}
}

// times sets when the event came to its stage, and takes away what those who were let go had set beyond it.
func (a *affair) times(e *edit, was, to int, since, now time.Time) {
	for i, name := range stageTimes() {
		stage, at := dispatchedStage+i, a.row.Get(name)
		switch {
		case stage == to && was < to && at.IsNull():
			e.set(name, layers.TimeValue(now))
		case stage > to && !at.IsNull() && !since.IsZero() && !at.Time().Before(since):
			e.set(name, layers.Null())
		}
	}
}

// done tells whether somebody has been done with the event since a moment.
func (a *affair) done(since time.Time) (yes bool) {
	t, err := a.view.Table(LogLayer)
	if err != nil {
		return false
	}
	t.Each(nil, func(r layers.Row) bool {
		yes = r.Get("action").Text() == Done && r.Get("event_id").Int() == a.row.ID() && !r.Get("at").Time().Before(since)
		return !yes
	})
	return yes
}

// busy is what being sent, or let go, does to the responder's own row: one open task more or fewer, and what they are at. ok is
// false where the layer does not say so, or where the row breaks a rule of it whatever they do.
func busy(v *layers.View, who int64, f values, to string) (c layers.Change, ok bool) {
	t, err := v.Table(ResponderLayer)
	if err != nil || !t.Layer.Writable || to == Acknowledged || to == Arrived {
		return c, false
	}
	r, ok := t.Get(who)
	if !ok {
		return c, false
	}
	e := edit{f: r.Feature(), layer: &t.Layer}
	tasks, activity := r.Get("open_tasks").Int(), r.Get("activity")
	if to == Assigned {
		f["activity_before"] = layers.TextValue(activity.Text())
		e.set("open_tasks", layers.IntValue(tasks+1))
		e.set("activity", layers.TextValue(onTask))
	} else {
		e.set("open_tasks", layers.IntValue(max(0, tasks-1)))
		if before := f["activity_before"].Text(); before != "" && activity.Text() == onTask {
			e.set("activity", layers.TextValue(before))
		}
	}
	if c, ok = e.change(r); ok {
		ok = t.Layer.Check(c.Feature) == nil
	}
	return c, ok
}

// onTask is the activity of who is sent.
const onTask = "task"

// edit is a feature in the making.
type edit struct {
	f       layers.Feature
	layer   *layers.Layer
	touched bool
}

// set sets a value, where the layer has such a field that can hold it.
func (e *edit) set(name string, v layers.Value) {
	i := e.layer.Index(name)
	if i < 0 || e.f.Values[i] == v {
		return
	}
	if e.layer.Fields[i].Holds(v) {
		e.f.Values[i], e.touched = v, true
	}
}

// change is the change of a row to the edited feature; ok is false where nothing was edited.
func (e *edit) change(r layers.Row) (c layers.Change, ok bool) {
	f := e.f
	return layers.Change{Op: layers.Update, Layer: e.layer.Name, ID: f.ID, Feature: &f, IfMatch: r.ETag()}, e.touched
}
