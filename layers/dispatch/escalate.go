package dispatch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"shapan/layers"
)

// The steps of an escalation, besides the roles zone_leader and community_lead.
const (
	nextCandidate = "candidate"
	commandCentre = "command_centre"
)

// bySystem is who sends somebody because nobody acknowledged.
const bySystem = "escalation"

// Call is those of one role who are sent to one matter, and of whom nobody has acknowledged.
type Call struct {
	Name string       // of the matter and the role
	Due  time.Time    // when the next is told
	head layers.Row   // who was told last
	all  []layers.Row // of the layer assignments
}

// Waiting returns the calls that are still to be escalated, the first due first. A call waits no longer once somebody has
// acknowledged, or the event is disposed of, or the command centre has been told.
func Waiting(v *layers.View) []Call {
	held, err := v.Table(AssignmentLayer)
	if err != nil || held.Layer.Index("told") < 0 || held.Layer.Index("escalated_at") < 0 {
		return nil // a record that was made before there was escalation cannot keep its state
	}
	byName, over := map[string]*Call{}, map[string]bool{}
	held.Each(nil, func(r layers.Row) bool {
		if !sent(r) {
			return true
		}
		name := call(r.Get)
		if r.Get("status").Text() != Assigned || r.Get("escalate_at").IsNull() {
			over[name] = true
		}
		c := byName[name]
		if c == nil {
			c = &Call{Name: name}
			byName[name] = c
		}
		c.all = append(c.all, r)
		return true
	})
	var out []Call
	for name, c := range byName {
		if over[name] {
			continue
		}
		c.head = slices.MaxFunc(c.all, func(a, b layers.Row) int {
			return cmp.Or(cmp.Compare(a.Get("told").Int(), b.Get("told").Int()), a.Get("escalate_at").Time().Compare(b.Get("escalate_at").Time()), cmp.Compare(a.ID(), b.ID()))
		})
		if c.Due = c.head.Get("escalate_at").Time(); !disposed(v, c.head.Get("event_id").Int()) {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b Call) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Name, b.Name)) })
	return out
}

// disposed tells whether an event needs nobody any more.
func disposed(v *layers.View, event int64) bool {
	t, err := v.Table("events")
	if err != nil || event == 0 {
		return false
	}
	r, ok := t.Get(event)
	return ok && slices.Index(stages(), r.Get("stage").Text()) >= disposedStage
}

// call names the matter and the role of an assignment, of which it gets the values by field.
func call(get func(field string) layers.Value) string {
	if name := get("call").Text(); name != "" {
		return name
	}
	role := listOf(get("role").Text())
	if event := get("event_id").Int(); event != 0 {
		return fmt.Sprintf("%d %s", event, role)
	}
	lon, _ := get("lon").Number()
	lat, _ := get("lat").Number()
	return fmt.Sprintf("%.7f,%.7f %s", lon, lat, role)
}

// patience is how long whoever holds an assignment has to acknowledge before the next is told. At the highest level all are
// told at once.
func patience(p *Parameters, r layers.Row) time.Duration {
	level := min(max(r.Get("level").Int(), 1), Levels)
	if level == Levels {
		return 0
	}
	return minutesOf(p.AckMin[level-1])
}

// steps are whom an escalation tells, in their order: of as many candidates as may miss it the desk has sent the first.
func (p *Parameters) steps() []string {
	out := slices.Repeat([]string{nextCandidate}, p.AckMisses-1)
	return append(out, zoneLeader, communityLead, commandCentre)
}

// Escalate returns what the next step of a call changes: whoever is next, and can be sent, is held and sent; else they are told,
// and the step after that has its time too. At the highest level that is all steps. The changes go to the record as one write,
// which is refused with layers.ErrConflict where somebody else has taken the step, or the call has been answered.
func (c Call) Escalate(v *layers.View, streets *Streets, set *Set, now time.Time) ([]layers.Change, error) {
	held, err := v.Table(AssignmentLayer)
	if err != nil {
		return nil, err
	}
	log, err := v.Table(LogLayer)
	if err != nil {
		return nil, err
	}
	q := Again(c.head, now)
	q.Set, q.Roles = set, []string{c.list()}
	q.Without = c.refused(log)
	r, err := newRanking(v, streets, q)
	if err != nil {
		return nil, err
	}
	e := &escalation{call: c, ranking: r, held: held, log: log, now: now, told: map[int64]bool{}}
	for _, row := range c.all {
		e.told[row.ID()] = true
	}
	for _, id := range q.Without {
		e.told[id] = true
	}
	e.run()
	return e.changes, nil
}

// list is the role that the call is for.
func (c Call) list() string { return c.Name[strings.LastIndexByte(c.Name, ' ')+1:] }

// refused are those who have refused this call.
func (c Call) refused(log *layers.Table) (who []int64) {
	log.Each(nil, func(r layers.Row) bool {
		if r.Get("action").Text() == Refused && r.Get("call").Text() == c.Name {
			who = append(who, r.Get("responder_id").Int())
		}
		return true
	})
	slices.Sort(who)
	return slices.Compact(who)
}

// escalation is a step of a call at work.
type escalation struct {
	call      Call
	ranking   *ranking
	held, log *layers.Table
	now       time.Time
	told      map[int64]bool // who is not to be told again
	sent      bool           // somebody was sent, who has the time from now on
	changes   []layers.Change
}

// run takes the step: the changes begin with that of the row of who was told last, which no two can make. That row keeps the
// count where nobody was sent who has a row for it: so the count is right again when who was sent refuses, and their row goes.
func (e *escalation) run() {
	head := edit{f: e.call.head.Feature(), layer: &e.held.Layer}
	e.changes = []layers.Change{{}}
	steps, atOnce := e.ranking.params.steps(), e.ranking.question.Level == Levels
	next := layers.TimeValue(e.now.Add(patience(e.ranking.params, e.call.head)))
	n := int(e.call.head.Get("told").Int())
	for more := true; more && n < len(steps); n++ {
		until := next
		if atOnce {
			until = layers.Null()
		}
		more = !e.tell(steps[n], n+1, until) || atOnce
	}
	if n >= len(steps) { // all have been told
		next = layers.Null()
	}
	if !e.sent || next.IsNull() {
		head.set("told", layers.IntValue(int64(n)))
		head.set("escalate_at", next)
	}
	head.set("escalated_at", layers.TimeValue(e.now))
	e.changes[0], _ = head.change(e.call.head)
}

// tell takes one step, and tells whether there was anybody for it.
func (e *escalation) tell(step string, n int, until layers.Value) bool {
	if step == commandCentre {
		f := valuesOf(e.call.head)
		f["responder"], f["role"], f["community"] = layers.TextValue(commandCentre), layers.Null(), layers.Null()
		e.note(Told, step, 0, f)
		return true
	}
	p, first, rank := e.next(step)
	if p == nil || e.told[p.id] {
		return false
	}
	e.told[p.id] = true
	f := e.ranking.decided(p, first, rank, p.row)
	if p.lacks != "" { // known, but not free
		e.note(Told, step, p.id, f)
		return true
	}
	for _, name := range []string{"event_stage", "event_since", "event_assignee"} {
		f[name] = e.call.head.Get(name)
	}
	f["by"] = layers.TextValue(bySystem)
	f["status"], f["call"], f["told"], f["escalate_at"] = layers.TextValue(Assigned), layers.TextValue(e.call.Name), layers.IntValue(int64(n)), until
	f["reserved_at"], f["assigned_at"] = layers.TimeValue(e.now), layers.TimeValue(e.now)
	change, moved := busy(e.ranking.view, p.id, f, Assigned)
	e.sent = true
	e.note(Assigned, step, p.id, f) // it adds the reason, which the assignment has too
	e.changes = append(e.changes, layers.Change{Op: layers.Insert, Layer: AssignmentLayer, ID: p.id, Feature: &layers.Feature{ID: p.id, Values: f.in(&e.held.Layer)}})
	if moved {
		e.changes = append(e.changes, change)
	}
	return true
}

// next is whom a step is for, who would be first, and the rank of the former; nil: nobody.
func (e *escalation) next(step string) (p, first *person, rank int) {
	r := e.ranking
	ranked, _, _ := r.role(e.call.list(), false)
	free := slices.DeleteFunc(slices.Clone(ranked), func(p *person) bool { return e.told[p.id] })
	if step != nextCandidate {
		p = r.superior(step)
	} else if len(free) > 0 {
		p = free[0]
	}
	if p == nil {
		return nil, nil, 0
	}
	if p.lacks == "" && p.method == "" {
		r.crew.weigh(p, r.site, r.question, r.params, r.question.Policy)
		r.measure([]*person{p}, maxWalk)
	}
	r.note(append(free, p))
	if first = p; len(free) > 0 {
		first = free[0]
	}
	return p, first, slices.Index(free, p) + 1
}

// note logs who is told, and why.
func (e *escalation) note(action, step string, who int64, f values) {
	why := fmt.Sprintf("%s 未签收 / no acknowledgement by %[1]s", e.call.head.Get("responder").Text())
	if e.ranking.question.Level == Levels {
		why = "五级: 同时告知 / level 5: all are told at once"
	}
	f["reason"], f["by"], f["call"] = layers.TextValue(why), layers.TextValue(bySystem), layers.TextValue(e.call.Name)
	f["step"], f["override"] = layers.TextValue(step), layers.BoolValue(false)
	e.changes = append(e.changes, logged(e.log, action, who, e.now, f))
}
