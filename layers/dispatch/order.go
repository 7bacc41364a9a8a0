package dispatch

import (
	"slices"
	"strconv"
	"time"

	"shapan/layers"
)

// The actions of an order.
const (
	Reserve     = "reserve"     // hold somebody for an event until the lease ends
	Assign      = "assign"      // send who is reserved
	Acknowledge = "acknowledge" // they are on the way
	Arrive      = "arrive"      // they are there
	Refuse      = "refuse"      // they do not go: they are free, but not for this event
	Release     = "release"     // they are not needed
	Finish      = "done"        // the matter is done
)

// Actions lists the actions of an order.
func Actions() []string {
	return []string{Reserve, Assign, Acknowledge, Arrive, Refuse, Release, Finish}
}

// Order is what a dispatcher decides about one responder.
type Order struct {
	Action    string
	Responder string   // id or code
	Question  Question // of Reserve; of the others only Now counts
	Lease     float64  // of Reserve: seconds, at most an hour; 0: as the parameters say
	Reason    string   // needed to send somebody else than the ranking proposes, and to take somebody back who was sent
	By        string   // who decides

	// Record is the whole record in the state of the view that the order is decided on: an event or a responder is moved also
	// where the caller may not see it. nil: the view is the whole.
	Record *layers.View
}

// maxReason bounds a reason, in bytes.
const maxReason = 2000

// Decide returns what an order changes in the record: the row of the responder in the layer assignments, a step in the log,
// and the event and the responder, which show what became of them. The changes go to the record as one write. Whoever was
// faster has changed a row, so that the record refuses them with layers.ErrConflict: a responder has one row, under the own id,
// which is inserted where there is none, and else changed or deleted only as it was seen; so are event and responder. So no two
// orders can hold the same person, on however many servers, and no edit of an event is lost.
//
// It fails with layers.ErrConflict where the responder is not in a state for the action, and layers.ErrConstraint where they
// cannot be sent or a reason is needed.
func Decide(v *layers.View, streets *Streets, o Order) ([]layers.Change, error) {
	if !slices.Contains(Actions(), o.Action) {
		return nil, layers.Unknown("action", o.Action, Actions())
	}
	if len(o.Reason) > maxReason {
		return nil, layers.Invalid("reason", "a reason of %d bytes: expected at most %d", len(o.Reason), maxReason)
	}
	if o.Lease != 0 && !(o.Lease >= 5 && o.Lease <= 3600) {
		return nil, layers.Invalid("lease_s", "lease_s is %g: expected 5 to 3600 seconds", o.Lease)
	}
	held, err := v.Table(AssignmentLayer)
	if err != nil {
		return nil, err
	}
	log, err := v.Table(LogLayer)
	if err != nil {
		return nil, err
	}
	who, err := Responder(v, o.Responder)
	if err != nil {
		return nil, err
	}
	if o.Record == nil {
		o.Record = v
	}
	d := &decision{view: v, order: &o, who: who, held: held, log: log}
	d.row, d.found = held.Get(who.ID())
	if o.Action == Reserve {
		return d.reserve(streets)
	}
	return d.move()
}

// Responder finds somebody by id or code.
func Responder(v *layers.View, name string) (layers.Row, error) {
	t, err := v.Table(ResponderLayer)
	if err != nil {
		return layers.Row{}, err
	}
	var r layers.Row
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		r, _ = t.Get(id)
	}
	if r.IsZero() {
		r = v.Coded(ResponderLayer, name)
	}
	if r.IsZero() {
		return r, layers.NotFound("there is no responder %.40q: expected the id or the code of one", name)
	}
	return r, nil
}

// decision is an order at work.
type decision struct {
	view      *layers.View
	order     *Order
	who, row  layers.Row // the responder, and what holds them
	found     bool       // whether there is a row
	held, log *layers.Table
}

// values are values by field.
type values map[string]layers.Value

// in returns the values in the order of a layer's fields; what the layer does not have is left out.
func (f values) in(l *layers.Layer) []layers.Value {
	out := make([]layers.Value, len(l.Fields))
	for i, field := range l.Fields {
		out[i] = f[field.Name]
	}
	return out
}

// valuesOf returns the values of a row by field.
func valuesOf(r layers.Row) values {
	f := values{}
	for i, field := range r.Layer().Fields {
		f[field.Name] = r.Value(i)
	}
	return f
}

// reserve holds the responder.
func (d *decision) reserve(streets *Streets) ([]layers.Change, error) {
	now := d.order.Question.Now
	if d.found && holds(d.row, now) {
		return nil, layers.Conflict("%s is %s already, by %s", d.name(), d.row.Get("status").Text(), d.row.Get("by").Text())
	}
	q := d.order.Question
	if err := open(d.view, q.Event); err != nil {
		return nil, err
	}
	role := d.who.Get("role").Text()
	list := listOf(role)
	q.Roles = []string{list}
	r, err := newRanking(d.view, streets, q)
	if err != nil {
		return nil, err
	}
	if r.must = d.who.ID(); r.people.table.Len() > few {
		r.gather(firstReach)
	}
	ranked, _, _ := r.role(list, false)
	i := slices.IndexFunc(r.crew.all, func(p *person) bool { return p.id == d.who.ID() })
	p := r.crew.all[i]
	if p.lacks != "" {
		w := why(p.lacks)
		return nil, layers.Constraint("responder", "%s cannot be sent (%s): %s", d.name(), p.lacks, w[layers.English])
	}
	rank := slices.Index(ranked, p) + 1
	if rank == 0 {
		r.measure([]*person{p}, maxWalk)
	}
	if rank != 1 && d.order.Reason == "" {
		return nil, layers.Constraint("reason", "the ranking proposes %s first: to send %s instead needs a reason", ranked[0].code, d.name())
	}
	r.note(ranked)
	lease := d.order.Lease
	if lease == 0 {
		lease = r.params.LeaseS
	}
	f := r.decided(p, ranked[0], rank, d.who)
	f["status"], f["reserved_at"], f["by"] = layers.TextValue(Reserved), layers.TimeValue(now), layers.TextValue(d.order.By)
	f["lease_until"] = layers.TimeValue(now.Add(time.Duration(lease * float64(time.Second))))
	if d.order.Reason != "" {
		f["reason"] = layers.TextValue(d.order.Reason)
	}
	hold := layers.Change{Op: layers.Insert, Layer: AssignmentLayer, ID: d.who.ID()}
	if d.found { // a lease that has ended
		hold.Op, hold.IfMatch = layers.Update, d.row.ETag()
	}
	hold.Feature = &layers.Feature{ID: d.who.ID(), Values: f.in(&d.held.Layer)}
	return []layers.Change{hold, d.step(Reserved, f)}, nil
}

// decided says who is chosen for what, by which numbers.
func (r *ranking) decided(p, first *person, rank int, who layers.Row) values {
	q := r.question
	f := values{"responder": layers.TextValue(p.code), "role": layers.TextValue(p.role), "community": who.Get("community"),
		"lon": layers.FloatValue(q.At[0]), "lat": layers.FloatValue(q.At[1]), "level": layers.IntValue(int64(q.Level)),
		"outside": layers.BoolValue(!p.atHome(r.site)), "proposed": layers.TextValue(first.code), "rank": layers.IntValue(int64(rank)),
		"cost": layers.FloatValue(tenths(p.cost) / 10), "policy": layers.TextValue(string(q.Policy)), "parameters": layers.TextValue(r.set.Version),
		"input_hash": layers.TextValue(r.digest())}
	if q.Event != 0 {
		f["event_id"] = layers.IntValue(q.Event)
	}
	return f
}

// listOf is the role in whose list somebody of a role is ranked.
func listOf(role string) string {
	if role == zoneLeader {
		return gridLeader
	}
	return role
}

// open fails where an event is over. A place, or an event that the caller does not see, is not.
func open(v *layers.View, event int64) error {
	t, err := v.Table("events")
	if err != nil || event == 0 {
		return nil
	}
	if r, ok := t.Get(event); ok {
		if stage := r.Get("stage").Text(); stage == "closed" || stage == "cancelled" {
			return layers.Constraint("event", "event %d is %s: nobody is sent there any more", event, stage)
		}
	}
	return nil
}

// moves says from which states each action goes on, and to which: the state of the row, or "" where the row goes.
func moves(action string) (from []string, to, logged string) {
	switch action {
	case Assign:
		return []string{Reserved}, Assigned, Assigned
	case Acknowledge:
		return []string{Assigned}, Acknowledged, Acknowledged
	case Arrive:
		return []string{Assigned, Acknowledged}, Arrived, Arrived
	case Refuse:
		return []string{Reserved, Assigned, Acknowledged, Arrived}, "", Refused
	case Release:
		return []string{Reserved, Assigned, Acknowledged, Arrived}, "", Released
	}
	return []string{Assigned, Acknowledged, Arrived}, "", Done
}

// move takes a responder who is held one step further, or lets them go.
func (d *decision) move() ([]layers.Change, error) {
	now := d.order.Question.Now
	from, to, logged := moves(d.order.Action)
	if !d.found || !holds(d.row, now) {
		return nil, layers.Conflict("%s is not held by any reservation or assignment now: reserve first", d.name())
	}
	status := d.row.Get("status").Text()
	if !slices.Contains(from, status) {
		return nil, layers.Conflict("%s is %s: to %s needs %q", d.name(), status, d.order.Action, from)
	}
	if by := d.row.Get("by").Text(); status == Reserved && by != d.order.By {
		return nil, layers.Conflict("%s is reserved by %s: only they go on before the lease ends", d.name(), by)
	}
	if d.order.Action == Release && status != Reserved && d.order.Reason == "" {
		return nil, layers.Constraint("reason", "%s is %s: to take them back needs a reason", d.name(), status)
	}
	f := valuesOf(d.row)
	if d.order.Reason != "" {
		f["reason"] = layers.TextValue(d.order.Reason)
	}
	var moved []layers.Change
	if d.order.Action == Assign || sent(d.row) {
		var err error
		if moved, err = d.effects(f, to, now); err != nil {
			return nil, err
		}
	}
	hold := layers.Change{Op: layers.Delete, Layer: AssignmentLayer, ID: d.row.ID(), IfMatch: d.row.ETag()}
	if to != "" {
		f["status"] = layers.TextValue(to)
		f[to+"_at"] = layers.TimeValue(now)
		if to == Assigned {
			f["call"] = layers.TextValue(call(func(field string) layers.Value { return f[field] }))
			f["escalate_at"] = layers.TimeValue(now.Add(d.patience()))
			f["lease_until"] = layers.Null()
		}
		hold.Op, hold.Feature = layers.Update, &layers.Feature{ID: d.row.ID(), Values: f.in(&d.held.Layer)}
	}
	f["by"] = layers.TextValue(d.order.By)
	return append([]layers.Change{hold, d.step(logged, f)}, moved...), nil
}

// effects is what sending somebody, or letting go who was sent, does to the event and to the responder. It notes in the values
// of the assignment what they were before.
func (d *decision) effects(f values, to string, now time.Time) (changes []layers.Change, err error) {
	if a := affairOf(d.order.Record, d.row.Get("event_id").Int()); a != nil {
		if d.order.Action == Assign && a.over() {
			return nil, layers.Conflict("event %d is %s since %s was reserved for it: release them", a.row.ID(), a.stage(), d.name())
		}
		if change, ok := a.moved(d.order.Action, d.row.ID(), f, now); ok {
			changes = append(changes, change)
		}
	}
	if change, ok := busy(d.order.Record, d.row.ID(), f, to); ok {
		changes = append(changes, change)
	}
	return changes, nil
}

// patience is how long the responder has to acknowledge before somebody else is told: at the highest level no time at all.
func (d *decision) patience() time.Duration {
	set := d.order.Question.Set
	if set == nil {
		set = InForce(d.view)
	}
	return patience(&set.Parameters, d.row)
}

// step logs what was done.
func (d *decision) step(action string, f values) layers.Change {
	f["override"] = layers.BoolValue(f["rank"].Int() != 1)
	return logged(d.log, action, d.who.ID(), d.order.Question.Now, f)
}

// logged is a row of the log.
func logged(log *layers.Table, action string, who int64, at time.Time, f values) layers.Change {
	f["at"], f["action"], f["responder_id"] = layers.TimeValue(at), layers.TextValue(action), layers.IntValue(who)
	return layers.Change{Op: layers.Insert, Layer: LogLayer, Feature: &layers.Feature{Values: f.in(&log.Layer)}}
}

func (d *decision) name() string {
	if code := d.who.Get("code").Text(); code != "" {
		return code
	}
	return strconv.FormatInt(d.who.ID(), 10)
}

// Again returns the question that an assignment answers, as of a moment: with whoever is held left out, it asks for the next.
func Again(r layers.Row, now time.Time) Question {
	lon, _ := r.Get("lon").Number()
	lat, _ := r.Get("lat").Number()
	return Question{Event: r.Get("event_id").Int(), At: [2]float64{lon, lat}, Level: int(r.Get("level").Int()), Roles: []string{listOf(r.Get("role").Text())},
		Policy: Policy(r.Get("policy").Text()), Now: now, K: 1}
}
