package api

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"shapan/layers"
	"shapan/layers/kpi"
)

// kpiAnswer is the answer of /analytics/kpi.
type kpiAnswer struct {
	Period   kpiWindow   `json:"period"`
	Baseline kpiBaseline `json:"baseline"`
	Horizon  string      `json:"horizon"` // the newest event: until when open cases are known to have lasted
	Scope    string      `json:"scope"`
	Seq      layers.Seq  `json:"seq"`
	Figures  []kpiFigure `json:"kpis"`
	Areas    []kpiArea   `json:"areas,omitempty"`
}

// kpiWindow is a period as parameters have it: both ends are in it.
type kpiWindow struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type kpiBaseline struct {
	kpiWindow
	Kind string `json:"kind"` // previous, year or custom
}

type kpiArea struct {
	Code    string      `json:"code"` // empty: in none
	Name    string      `json:"name"`
	Figures []kpiFigure `json:"kpis"`
}

type kpiFigure struct {
	ID          string      `json:"id"`
	Title       layers.Text `json:"title,omitempty"`
	Unit        kpi.Unit    `json:"unit"`
	Value       *float64    `json:"value"`
	Numerator   float64     `json:"numerator"`
	Denominator float64     `json:"denominator"`
	Baseline    kpiPoint    `json:"baseline"`
	Change      kpiChange   `json:"change"`
	Better      kpi.Better  `json:"better"`
	Formula     layers.Text `json:"formula,omitempty"`
	Reason      layers.Text `json:"reason,omitempty"`
	Small       bool        `json:"small"`
	Records     string      `json:"records,omitempty"`
	RecordsOf   string      `json:"records_of,omitempty"` // numerator, or denominator where no filter can say the numerator
}

type kpiPoint struct {
	Value       *float64 `json:"value"`
	Numerator   float64  `json:"numerator"`
	Denominator float64  `json:"denominator"`
	Records     string   `json:"records,omitempty"`
}

type kpiChange struct {
	Absolute *float64 `json:"absolute"`
	Relative *float64 `json:"relative"`
	Points   *float64 `json:"points"`
}

// kpi answers /analytics/kpi: the figures of a period beside those of a baseline.
func (s *Server) kpi(w http.ResponseWriter, c *call) error {
	q, kind, err := s.kpiQuestion(c)
	if err != nil {
		return err
	}
	rev := revisionOf(c.view, kpi.Events, "communities", "zones", "grids")
	weakTag(w, rev, c.view.Key(), c.URL.RawQuery, q.Period, q.Baseline, q.Select.Within)
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, "application/json", nil)
	}
	found, err := inTurn(s, c, func(ctx context.Context) (*kpi.Answer, error) { return kpi.Work(ctx, c.view, q) })
	if err != nil {
		return err
	}
	out := kpiAnswer{Period: windowOf(q.Period), Baseline: kpiBaseline{windowOf(q.Baseline), kind}, Horizon: found.Horizon.In(chinaTime).Format(time.RFC3339Nano),
		Scope: q.Select.Area, Seq: rev}
	links := recordLinks{c.given("period", "baseline", "by", "id", "lang")}
	out.Figures = links.figures(found.Figures, true)
	for _, a := range found.Areas {
		out.Areas = append(out.Areas, kpiArea{a.Code, a.Name, links.figures(a.Figures, false)})
	}
	return writeJSON(w, c, http.StatusOK, out)
}

// kpiQuestion reads what is asked, and what kind of baseline.
func (s *Server) kpiQuestion(c *call) (q kpi.Question, kind string, err error) {
	t, err := c.view.Table(kpi.Events)
	if err != nil {
		return q, "", err
	}
	if t.Counted() {
		return q, "", &layers.Error{Kind: layers.ErrForbidden, Detail: "layer " + t.Layer.Name + " holds persons: its figures are for those whose duty needs them"}
	}
	p := c.params
	// The end of the minute: what has just come counts, and the answer stays the same until then.
	q = kpi.Question{Now: s.Clock().Truncate(time.Minute).Add(time.Minute), By: p.text("by"), Calendar: s.calendar}
	if ids := p.text("id"); ids != "" {
		q.IDs = strings.Split(ids, ",")
	}
	q.Period = p.window("period", func() kpi.Window { return lately(t, q.Now) }).Until(q.Now)
	switch kind = p.text("baseline"); kind {
	case "", "year":
		kind, q.Baseline = "year", q.Period.YearBefore(chinaTime)
	case "previous":
		q.Baseline = q.Period.Previous(chinaTime)
	default:
		kind, q.Baseline = "custom", p.window("baseline", nil).Until(q.Now)
	}
	p.lang() // titles come in both languages
	q.Select = p.selection(t)
	return q, kind, p.done()
}

// window reads a period of which both ends are given; otherwise, where it may be absent, returns the usual one.
func (p *params) window(name string, otherwise func() kpi.Window) kpi.Window {
	s := p.text(name)
	if s == "" && otherwise != nil {
		return otherwise()
	}
	from, to := p.interval(name)
	if p.fault == nil && (from.IsZero() || to.IsZero() || to.Before(from)) {
		p.fail(layers.Invalid(name, "%s %.80q: expected a day, or two days or instants with / between, the earlier first, such as 2017-07-01/2017-09-30", name, s))
	}
	return kpi.Window{From: from, To: to.Add(time.Microsecond)}
}

// usualDays is how many days the period has where none is given.
const usualDays = 30

// lately returns the usual period: whole days up to that of the newest event, or up to today where that is less than a day old
// or there is none.
func lately(t *layers.Table, now time.Time) kpi.Window {
	last, ok := kpi.Newest(t, now)
	if !ok || now.Sub(last) < 24*time.Hour {
		last = now
	}
	last = last.In(chinaTime)
	end := time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, chinaTime)
	return kpi.Window{From: end.AddDate(0, 0, -usualDays), To: end}
}

// windowOf writes a window with its last microsecond as the end, as the parameter has it.
func windowOf(w kpi.Window) kpiWindow {
	return kpiWindow{w.From.In(chinaTime).Format(time.RFC3339Nano), w.To.Add(-time.Microsecond).In(chinaTime).Format(time.RFC3339Nano)}
}

// revisionOf returns the number of the last change in some layers; those that the caller does not see have none.
func revisionOf(v *layers.View, names ...string) (rev layers.Seq) {
	for _, name := range names {
		if t, err := v.Table(name); err == nil {
			rev = max(rev, t.LastSeq())
		}
	}
	return rev
}

// recordLinks makes addresses of records: the caller's own filter, and terms.
type recordLinks struct{ given string }

// given returns the parameters of a call but for some, encoded.
func (c *call) given(but ...string) string {
	q := url.Values{}
	for name, values := range c.params.query {
		if !slices.Contains(but, name) {
			q[name] = values
		}
	}
	return q.Encode()
}

func (l recordLinks) to(terms []layers.Term) string {
	if len(terms) == 0 {
		return ""
	}
	address := append([]byte("/collections/"+kpi.Events+"/items?"), l.given...)
	for i, t := range terms {
		if i > 0 || l.given != "" {
			address = append(address, '&')
		}
		address = append(append(address, url.QueryEscape(t.Field)...), '=')
		address = append(address, url.QueryEscape(termText(t))...)
	}
	return string(address)
}

// figures writes figures: for the whole with their words and the records of the baseline too.
func (l recordLinks) figures(all []kpi.Figure, whole bool) []kpiFigure {
	out := make([]kpiFigure, len(all))
	for i := range all {
		f := &all[i]
		out[i] = kpiFigure{ID: f.ID, Unit: f.Unit, Value: finite(f.Value), Numerator: f.Numerator, Denominator: roundTo(f.Denominator, 10_000),
			Baseline: kpiPoint{finite(f.Baseline.Value), f.Baseline.Numerator, roundTo(f.Baseline.Denominator, 10_000), ""},
			Change:   kpiChange{finite(f.Change.Absolute), finite(f.Change.Relative), finite(f.Change.Points)},
			Better:   f.Better, Reason: f.Reason, Small: f.Small, Records: l.to(f.Records)}
		if whole {
			out[i].Title, out[i].Formula, out[i].Baseline.Records = f.Title, f.Formula, l.to(f.Baseline.Records)
		}
		if !f.Exact {
			out[i].RecordsOf = "denominator"
		}
	}
	return out
}

// finite returns a number to four decimals; nil for NaN.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x = roundTo(x, 10_000)
	return &x
}
