package dispatch

import (
	"strconv"
	"time"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// Question is what is asked of the ranking. The zero value of a field that is not needed asks for the usual.
type Question struct {
	Event     int64      `json:"event,omitempty"` // id of the event; 0: a place
	At        orb.Point  `json:"at"`              // lon/lat degrees
	AccuracyM float64    `json:"accuracy_m,omitempty"`
	Level     int        `json:"level"` // 1 to 5
	Domain    string     `json:"domain,omitempty"`
	Category  string     `json:"category,omitempty"`
	Roles     []string   `json:"roles,omitempty"`     // a list for each; none: those that the category needs
	Skills    []string   `json:"skills,omitempty"`    // that one must have
	Desirable []string   `json:"desirable,omitempty"` // skills that one better has
	Without   []int64    `json:"without,omitempty"`   // ids of those who are proposed elsewhere
	K         int        `json:"k"`                   // how many of each role; 0: 5, at most 100
	Policy    Policy     `json:"policy,omitempty"`    // empty: that of the level
	ValidAt   *time.Time `json:"valid_at,omitempty"`  // as which day's grids count; nil: of Now
	Now       time.Time  `json:"now"`                 // the moment of asking
	Set       *Set       `json:"-"`                   // nil: those in force in the view
}

// Answer is who should go. Its JSON is the same, byte by byte, for the same question asked of the same state.
type Answer struct {
	Event      int64      `json:"event,omitempty"`
	Lon        float64    `json:"lon"`
	Lat        float64    `json:"lat"`
	AccuracyM  float64    `json:"accuracy_m,omitempty"`
	Level      int        `json:"level"`
	Domain     string     `json:"domain,omitempty"`
	Category   string     `json:"category,omitempty"`
	Place      Place      `json:"place"`
	Policy     Policy     `json:"policy"`
	Parameters string     `json:"parameters"` // their version
	Lists      []List     `json:"lists"`
	Inform     []Contact  `json:"inform,omitempty"` // who is told at the same time, where the nearest go first
	Escalation Escalation `json:"escalation"`
	Notes      []string   `json:"notes,omitempty"`
	Seq        layers.Seq `json:"seq"`        // the state of the record
	InputHash  string     `json:"input_hash"` // of the question, the parameters and all that was known of the people ranked
	ComputedAt time.Time  `json:"computed_at"`
}

// List is the ranking for one role. Where the record has more than a thousand responders, those who are out of reach of the
// first are neither counted as available nor named as excluded.
type List struct {
	Role          string      `json:"role"`
	Title         layers.Text `json:"title"`
	Need          string      `json:"need"` // leads, required, desirable or asked
	Available     int         `json:"available"`
	Candidates    []Candidate `json:"candidates"`
	Summary       layers.Text `json:"summary"`
	WhyNotNearest layers.Text `json:"why_not_nearest,omitempty"`
	Excluded      []Excluded  `json:"excluded"`
	ExcludedMore  int         `json:"excluded_more,omitempty"` // how many more are excluded than are named
}

// Contact is somebody by post. It has no name, no number and nothing else of the person.
type Contact struct {
	ID   int64  `json:"id"`
	Code string `json:"code"`
	Post string `json:"post"`
	Role string `json:"role"`
}

// Candidate is somebody who can be sent.
type Candidate struct {
	Rank int `json:"rank"`
	Contact
	Cost      float64        `json:"cost"` // equivalent minutes, to 0.1
	Terms     Terms          `json:"terms"`
	EtaRange  [2]float64     `json:"eta_range"` // minutes, for the uncertainty of both positions
	Metres    float64        `json:"metres"`    // on foot
	Direct    float64        `json:"direct_metres"`
	Method    string         `json:"method"`             // network or estimate
	Barriers  int            `json:"barriers,omitempty"` // of an estimate: how many are crossed
	Tier      int            `json:"tier"`
	StandsIn  string         `json:"stands_in,omitempty"` // partner or zone_leader: takes the place of who is out
	OpenTasks int64          `json:"open_tasks"`
	Activity  string         `json:"activity,omitempty"`
	Position  Position       `json:"position"`
	Reason    layers.Text    `json:"reason"`
	Route     orb.LineString `json:"route,omitempty"` // from the person to the event, lon/lat; none for an estimate
}

// Terms are the parts of a cost in equivalent minutes, to 0.01; they add up to it, skill taken off.
type Terms struct {
	ETA            float64 `json:"eta"`
	Responsibility float64 `json:"responsibility"`
	Load           float64 `json:"load"`
	Fairness       float64 `json:"fairness"`
	Uncertainty    float64 `json:"uncertainty"`
	Cover          float64 `json:"cover"`
	Skill          float64 `json:"skill"`
}

// Position is where somebody is taken to be.
type Position struct {
	Lon         float64  `json:"lon"`
	Lat         float64  `json:"lat"`
	State       string   `json:"state"`           // fresh, ageing or stale: then it is a place inside the home grid
	AgeS        *float64 `json:"age_s,omitempty"` // of the last fix; none: there is none that can be right
	Uncertainty float64  `json:"uncertainty_m"`
}

// Excluded is somebody who cannot be sent, with the code of the reason.
type Excluded struct {
	Contact
	Code   string      `json:"reason_code"`
	Tier   int         `json:"tier"`
	Reason layers.Text `json:"reason"`
}

// Escalation is what happens while nobody acknowledges.
type Escalation struct {
	AckMin     float64   `json:"ack_min"`     // how long each has
	EscalateAt time.Time `json:"escalate_at"` // when the first has had it, if sent now
	AtOnce     bool      `json:"at_once,omitempty"`
	Steps      []Step    `json:"steps"`
}

// Step is who is told, and when.
type Step struct {
	AfterMin float64  `json:"after_min"`
	To       string   `json:"to"` // candidate, zone_leader, community_lead or command_centre
	Who      *Contact `json:"who,omitempty"`
}

// AboutEvent returns the question of an event, by its id or its code, as the record has it. It fails with layers.ErrNotFound
// where the caller sees no such event, and layers.ErrConstraint where the event has no position.
func AboutEvent(v *layers.View, name string) (q Question, err error) {
	t, err := v.Table("events")
	if err != nil {
		return q, err
	}
	var r layers.Row
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		r, _ = t.Get(id)
	}
	if r.IsZero() {
		r = v.Coded("events", name)
	}
	if r.IsZero() {
		return q, layers.NotFound("there is no event %.40q: expected the id or the code of one", name)
	}
	at, ok := r.Point()
	if !ok {
		return q, layers.Constraint("event", "event %.40q has no position: ask by lon and lat", name)
	}
	q = Question{Event: r.ID(), At: at, Level: int(r.Get("level").Int()), Domain: r.Get("domain").Text(), Category: r.Get("category").Text()}
	q.AccuracyM, _ = r.Get("accuracy_m").Number()
	q.AccuracyM = max(q.AccuracyM, 0)
	return q, nil
}

// In leaves only one language in the answer's texts, and returns the answer.
func (a *Answer) In(lang layers.Lang) *Answer {
	only := func(t *layers.Text) {
		if *t != nil {
			*t = layers.Text{lang: t.In(lang)}
		}
	}
	for i := range a.Lists {
		l := &a.Lists[i]
		only(&l.Title)
		only(&l.Summary)
		only(&l.WhyNotNearest)
		for j := range l.Candidates {
			only(&l.Candidates[j].Reason)
		}
		for j := range l.Excluded {
			only(&l.Excluded[j].Reason)
		}
	}
	return a
}
