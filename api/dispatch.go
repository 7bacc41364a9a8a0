package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"shapan/layers"
	"shapan/layers/dispatch"
)

// dispatch answers /dispatch?event= or ?lon=&lat=&level=: who should go, and why. Nobody is first for two of several events.
func (s *Server) dispatch(w http.ResponseWriter, c *call) error {
	if err := c.sees("responders"); err != nil {
		return err
	}
	questions, err := c.questions()
	if err != nil {
		return err
	}
	_, single := c.params.query["lang"]
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	now, set := s.Clock(), s.parameters()
	for i := range questions {
		questions[i].Now, questions[i].Set = now, set
	}
	answers, err := dispatch.Together(c.view, s.Streets, questions)
	if err != nil {
		return err
	}
	for _, a := range answers {
		if single {
			a.In(lang)
		}
	}
	if len(answers) > 1 {
		return writeJSON(w, c, http.StatusOK, map[string][]*dispatch.Answer{"answers": answers})
	}
	return writeJSON(w, c, http.StatusOK, answers[0])
}

// sees fails where the caller does not see a layer: with 401 where a token would help.
func (c *call) sees(layer string) error {
	_, err := c.view.Table(layer)
	if err != nil && c.caller.name == "" {
		return &problem{Status: http.StatusUnauthorized, Detail: fmt.Sprintf("the layer %s needs a token: send the header Authorization: Bearer TOKEN", layer)}
	}
	return err
}

// parameters returns the parameters of the ranking: the same for all callers, also those who see one community alone.
func (s *Server) parameters() *dispatch.Set {
	return dispatch.InForce(s.Live.Snapshot().View(layers.Scope{Audience: layers.Internal}))
}

// mostEvents is how many events are asked about together.
const mostEvents = 20

// questions reads what is asked: about one event or several, by commas, or about a place.
func (c *call) questions() (out []dispatch.Question, err error) {
	events := strings.Split(c.params.text("event"), ",")
	if len(events) > mostEvents {
		return nil, layers.Invalid("event", "%d events: expected at most %d at once", len(events), mostEvents)
	}
	seen := map[int64]bool{}
	for _, event := range events {
		if event == "" && len(events) > 1 {
			return nil, layers.Invalid("event", "an event has no name: expected ids or codes with commas between")
		}
		q, err := c.question(event)
		if err != nil {
			return nil, err
		}
		if q.Event != 0 && seen[q.Event] {
			return nil, layers.Invalid("event", "event %.40q is named twice", event)
		}
		seen[q.Event] = true
		out = append(out, q)
	}
	return out, nil
}

// question reads what is asked about an event, of which level, domain and category may be given anew, or about a place.
func (c *call) question(event string) (q dispatch.Question, err error) {
	p := c.params
	level := p.whole("level", 1, dispatch.Levels, 0)
	switch {
	case event == "":
		if q.At = p.place(); level == 0 && p.fault == nil {
			p.fail(layers.Invalid("level", "level is needed where no event is named: expected 1 to %d", dispatch.Levels))
		}
		q.AccuracyM = p.number("accuracy_m", 0, 100_000, 0)
	default:
		if p.text("lon") != "" || p.text("lat") != "" {
			return q, layers.Invalid("event", "event and lon, lat are given: expected one of the two")
		}
		if q, err = dispatch.AboutEvent(c.view, event); err != nil {
			return q, err
		}
	}
	if level > 0 {
		q.Level = level
	}
	for name, to := range map[string]*string{"domain": &q.Domain, "category": &q.Category} {
		if s := p.text(name); s != "" {
			*to = s
		}
	}
	q.K = p.whole("k", 1, 100, 5)
	q.Policy = dispatch.Policy(p.text("policy"))
	q.Roles, q.Skills, q.Desirable = p.words("roles"), p.words("skills"), p.words("desirable")
	for _, word := range p.words("without") {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil || len(q.Without) >= 1000 {
			p.fail(layers.Invalid("without", "parameter without: %.40q: expected up to 1000 ids of responders", word))
			break
		}
		q.Without = append(q.Without, id)
	}
	if s := p.text("valid_at"); s != "" {
		at := p.instant("valid_at", s, false)
		q.ValidAt = &at
	}
	return q, nil
}

// words returns the words of a parameter between commas.
func (p *params) words(name string) []string {
	s := p.text(name)
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
