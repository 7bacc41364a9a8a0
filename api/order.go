package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/paulmach/orb"
)

// orderBody is what POST /dispatch takes.
type orderBody struct {
	Action    string          `json:"action"`
	Responder name            `json:"responder"` // id or code
	Event     name            `json:"event"`     // id or code; of reserve: or a place
	Lon       *float64        `json:"lon"`       // WGS-84
	Lat       *float64        `json:"lat"`
	AccuracyM float64         `json:"accuracy_m"`
	Level     int             `json:"level"`
	Domain    string          `json:"domain"`
	Category  string          `json:"category"`
	Policy    dispatch.Policy `json:"policy"`
	Lease     float64         `json:"lease_s"`
	Reason    string          `json:"reason"`
}

// name is an id or a code: a number or a text of JSON.
type name string

// UnmarshalJSON reads a whole number or a text.
func (n *name) UnmarshalJSON(b []byte) error {
	var id int64
	if json.Unmarshal(b, &id) == nil {
		*n = name(strconv.FormatInt(id, 10))
		return nil
	}
	return json.Unmarshal(b, (*string)(n))
}

// orderAnswer is what became of an order.
type orderAnswer struct {
	Action     string              `json:"action"`
	Responder  int64               `json:"responder"`
	Assignment json.RawMessage     `json:"assignment"` // null: they are free
	Next       *dispatch.Candidate `json:"next"`       // who would go in their place; null: nobody can, or nobody is needed
	EscalateAt *time.Time          `json:"escalate_at,omitempty"`
	LeaseUntil *time.Time          `json:"lease_until,omitempty"`
	Seq        layers.Seq          `json:"seq"`
}

// order takes a decision about a responder: reserve, assign, acknowledge, arrive, refuse, release, done. What two decide at the
// same time the record tells apart: one gets 409.
func (s *Server) order(w http.ResponseWriter, c *call) error {
	if c.caller.name == "" {
		return &problem{Status: http.StatusUnauthorized, Detail: "dispatching needs a token: send the header Authorization: Bearer TOKEN"}
	}
	if !c.caller.write {
		return &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("a token of the role %s does not dispatch: dispatcher and admin do", c.caller.role)}
	}
	if err := c.params.done(); err != nil {
		return err
	}
	o, err := s.readOrder(c)
	if err != nil {
		return err
	}
	t, err := c.view.Table(dispatch.AssignmentLayer)
	if err != nil {
		return err
	}
	who, err := dispatch.Responder(c.view, o.Responder)
	if err != nil {
		return err
	}
	asked, _ := t.Get(who.ID()) // what is held now, which a refusal is about
	if err := c.sawEvent(asked, o); err != nil {
		return err
	}
	err = s.decide(c, t, o)
	if err != nil {
		step := layers.Change{Op: layers.Insert, Layer: dispatch.LogLayer, Feature: new(layers.Feature)}
		if err := s.unlessDoneBy(c, err, never(t.Layer.Name, who.ID()), step); err != nil {
			return err
		}
	}
	return s.ordered(w, c, o, who.ID(), asked)
}

// decide writes what an order comes to. A responder's row changes with every fix: where only that was in the way, the order is
// decided once more.
func (s *Server) decide(c *call, t *layers.Table, o dispatch.Order) error {
	v := c.view
	const tries = 5
	for try := 1; ; try++ {
		o.Record = s.Live.Snapshot().View(layers.Scope{Audience: layers.Restricted})
		changes, err := dispatch.Decide(v, s.Streets, o)
		if err != nil {
			return err
		}
		_, err = s.putAll(c, t, changes)
		if err == nil || !errors.Is(err, layers.ErrConflict) && !errors.Is(err, layers.ErrNotFound) {
			return err
		}
		select { // memory may still be behind the record
		case <-c.Context().Done():
			return err
		case <-time.After(time.Duration(try*try) * 5 * time.Millisecond):
		}
		now := s.Live.Snapshot()
		if errors.Is(err, layers.ErrNotFound) { // what this server still saw is gone in the record
			err = layers.Conflict("somebody else was faster: ask again who holds %s", o.Responder)
		}
		if why := overtaken(o.Record, now.View(layers.Scope{Audience: layers.Restricted}), changes); why != nil || try == tries {
			return cmp.Or(why, err)
		}
		v = now.View(c.caller.scope)
	}
}

// overtaken says what somebody else has done to what changes are about, but to the responder; nil where that is nothing.
func overtaken(was, now *layers.View, changes []layers.Change) error {
	for _, c := range changes {
		before, after := rowOf(was, c.Layer, c.ID), rowOf(now, c.Layer, c.ID)
		if c.Layer == dispatch.ResponderLayer || c.ID == 0 || before.IsZero() && after.IsZero() || !before.IsZero() && !after.IsZero() && before.ETag() == after.ETag() {
			continue
		}
		if c.Layer == dispatch.AssignmentLayer {
			return layers.Conflict("somebody else was faster: ask again who holds responder %d", c.ID)
		}
		return layers.Conflict("%s %d was changed at the same time (%s): nothing was done; look at it and decide anew", c.Layer, c.ID, difference(before, after))
	}
	return nil
}

// rowOf returns a feature of a view; the zero Row where there is none.
func rowOf(v *layers.View, layer string, id int64) layers.Row {
	t, err := v.Table(layer)
	if err != nil {
		return layers.Row{}
	}
	r, _ := t.Get(id)
	return r
}

// difference names the public fields that two states of a feature differ in, with the codes where there are some.
func difference(before, after layers.Row) string {
	if after.IsZero() {
		return "it is gone"
	}
	var out []string
	for _, f := range after.Layer().Fields {
		was, is := before.Get(f.Name), after.Get(f.Name)
		switch {
		case before.IsZero() || was == is:
		case f.Type == layers.Enum:
			out = append(out, fmt.Sprintf("%s %s -> %s", f.Name, was.Text(), is.Text()))
		default:
			out = append(out, f.Name)
		}
	}
	return cmp.Or(strings.Join(out, ", "), "its place")
}

// sawEvent fails where the caller says by If-Match in which state they saw the event, and it is another now.
func (c *call) sawEvent(held layers.Row, o dispatch.Order) error {
	event := o.Question.Event
	if event == 0 && !held.IsZero() {
		event = held.Get("event_id").Int()
	}
	if c.Header.Get("If-Match") == "" {
		return nil
	}
	r := rowOf(c.view, "events", event)
	if r.IsZero() {
		return failedPrecondition()
	}
	return c.ifMatch(r.ETag())
}

// readOrder reads the body.
func (s *Server) readOrder(c *call) (o dispatch.Order, err error) {
	b, err := c.body("application/json")
	if err != nil {
		return o, err
	}
	var body orderBody
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil {
		return o, layers.Invalid("", "the body cannot be read: expected a JSON object such as {\"action\": \"reserve\", \"responder\": \"CODE\", \"event\": 7}; %.200s", err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return o, layers.Invalid("", "something follows the JSON object in the body")
	}
	o = dispatch.Order{Action: body.Action, Responder: string(body.Responder), Lease: body.Lease, Reason: body.Reason, By: c.caller.name}
	if body.Action == dispatch.Reserve {
		if o.Question, err = body.question(c.view); err != nil {
			return o, err
		}
	}
	o.Question.Now, o.Question.Set = s.Clock(), s.parameters()
	return o, nil
}

// question is what somebody is reserved for.
func (b *orderBody) question(v *layers.View) (q dispatch.Question, err error) {
	switch {
	case b.Event != "" && (b.Lon != nil || b.Lat != nil):
		return q, layers.Invalid("event", "event and lon, lat are given: expected one of the two")
	case b.Event != "":
		if q, err = dispatch.AboutEvent(v, string(b.Event)); err != nil {
			return q, err
		}
	case b.Lon == nil || b.Lat == nil:
		return q, layers.Invalid("event", "to reserve needs event, or lon, lat and level")
	default:
		q.At, q.AccuracyM = orb.Point{*b.Lon, *b.Lat}, b.AccuracyM
	}
	if b.Level != 0 {
		q.Level = b.Level
	}
	if b.Domain != "" {
		q.Domain = b.Domain
	}
	if b.Category != "" {
		q.Category = b.Category
	}
	q.Policy = b.Policy
	return q, nil
}

// ordered answers with what holds the responder now, and who would be next.
func (s *Server) ordered(w http.ResponseWriter, c *call, o dispatch.Order, who int64, before layers.Row) error {
	view := s.Live.Snapshot().View(c.caller.scope)
	w.Header().Set("Shapan-Seq", fmt.Sprint(view.Seq))
	t, err := view.Table(dispatch.AssignmentLayer)
	if err != nil {
		return err
	}
	out := orderAnswer{Action: o.Action, Responder: who, Seq: view.Seq, Assignment: json.RawMessage("null")}
	about := before
	if r, ok := t.Get(who); ok {
		about = r
		out.Assignment = valuesOf(r)
		out.EscalateAt, out.LeaseUntil = moment(r.Get("escalate_at")), moment(r.Get("lease_until"))
	}
	if !about.IsZero() && slices.Contains([]string{dispatch.Reserve, dispatch.Assign, dispatch.Refuse}, o.Action) {
		q := dispatch.Again(about, o.Question.Now)
		q.Set, q.Without = o.Question.Set, []int64{who}
		a, err := dispatch.Rank(view, s.Streets, q)
		if err != nil {
			return err
		}
		if first := a.Lists[0].Candidates; len(first) > 0 {
			out.Next = &first[0]
		}
	}
	return writeJSON(w, c, http.StatusOK, out)
}

func moment(v layers.Value) *time.Time {
	if v.IsNull() {
		return nil
	}
	t := v.Time()
	return &t
}

// valuesOf writes the fields of a row as a JSON object.
func valuesOf(r layers.Row) json.RawMessage {
	b := []byte{'{'}
	for i, f := range r.Layer().Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.Value(i).AppendJSON(append(layers.AppendText(b, f.Name), ':'))
	}
	return append(b, '}')
}
