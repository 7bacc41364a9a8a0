package kpi

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"shapan/layers"
	"shapan/layers/worktime"
)

// Few is the number of records below which a figure may be chance.
const Few = 30

// Question asks for figures.
type Question struct {
	Period   Window
	Baseline Window
	Select   layers.Query // which events count at all: the figures are of these
	By       string       // community, zone or grid: also area by area; empty: not
	IDs      []string     // which figures, in the order of Definitions; none: all
	Now      time.Time    // no time after it is believed
	Calendar *worktime.Calendar
}

// Answer is the figures of a question.
type Answer struct {
	Figures []Figure
	Areas   []Area // by code; what lies in none stands first, with an empty code
	Horizon time.Time
}

// Area is the figures of a community, zone or grid.
type Area struct {
	Code, Name string
	Figures    []Figure
}

// Figure is a value with what it comes of, beside its baseline.
type Figure struct {
	*Definition
	Point
	Baseline Point
	Change   Change
	Small    bool        // fewer than Few records: it may be chance
	Exact    bool        // whether Records are the numerator's; else they are the denominator's
	Reason   layers.Text // why the value or its change is not known; nil where both are
}

// Point is a figure in one window. NaN stands for what is not known.
type Point struct {
	Value       float64
	Numerator   float64
	Denominator float64
	Records     []layers.Term // what chooses its records, beside the question's Select
}

// Change is how a value differs from its baseline; NaN where that cannot be said.
type Change struct {
	Absolute float64 // in the figure's unit
	Relative float64 // in percent of the baseline
	Points   float64 // in percentage points, of what is in percent
}

// Newest returns the time of the newest event that a caller may see and that is not after now; ok is false where there is none.
func Newest(t *layers.Table, now time.Time) (newest time.Time, ok bool) {
	i := t.Layer.Index(reported().at)
	if i < 0 {
		return newest, false
	}
	t.Each(nil, func(r layers.Row) bool {
		if at := r.Value(i).Time(); at.After(newest) && !at.After(now) {
			newest, ok = at, true
		}
		return true
	})
	return newest, ok
}

// Work answers a question from the events of a view, in one pass over them. It fails with ErrInvalid for what is not known of
// the question, ErrNotFound where the caller sees no events, and with ctx's error.
func Work(ctx context.Context, v *layers.View, q Question) (*Answer, error) {
	t, err := v.Table(Events)
	if err != nil {
		return nil, err
	}
	definitions, err := chosen(q.IDs)
	if err != nil {
		return nil, err
	}
	filter, err := t.Compile(q.Select)
	if err != nil {
		return nil, err
	}
	sizes, areaField, err := sizesOf(v, t, q)
	if err != nil {
		return nil, err
	}
	skip := make([]layers.Text, len(definitions))
	for i := range definitions {
		skip[i] = definitions[i].lacks(&t.Layer)
	}
	windows := []Window{q.Period, q.Baseline}
	p := newPlan(t, definitions, windows, skip)
	p.calendar = q.Calendar
	p.horizon, _ = Newest(t, q.Now)
	books := newLedger(func() *tallies { return newTallies(len(windows), len(definitions)) }, areaField)
	for code := range sizes.areas {
		books.area(code)
	}
	if err := each(ctx, t, filter, func(r layers.Row) { p.count(r, books.of(r)...) }); err != nil {
		return nil, err
	}
	a := newAssembly(definitions, skip, windows)
	out := &Answer{Figures: a.figures(books.whole, sizes.whole, nil), Horizon: p.horizon}
	for code, tallies := range books.areas {
		size, known := sizes.areas[code]
		if !known && tallies.empty() {
			continue
		}
		in := is(q.By, code)
		if code == "" {
			in = null(q.By)
		}
		out.Areas = append(out.Areas, Area{Code: code, Name: size.name, Figures: a.figures(tallies, size, []layers.Term{in})})
	}
	slices.SortFunc(out.Areas, func(a, b Area) int { return cmp.Compare(a.Code, b.Code) })
	return out, nil
}

// ledger is what was counted: of the whole and, by code, of its areas.
type ledger struct {
	blank func() *tallies
	field int // of the row that names its area; negative: there are no areas
	areas map[string]*tallies
	whole *tallies
	both  [2]*tallies // what of returns
}

func newLedger(blank func() *tallies, field int) *ledger {
	l := &ledger{blank: blank, field: field, areas: map[string]*tallies{}, whole: blank()}
	l.both[0] = l.whole
	return l
}

// area returns what was counted of an area.
func (l *ledger) area(code string) *tallies {
	at := l.areas[code]
	if at == nil {
		at = l.blank()
		l.areas[code] = at
	}
	return at
}

// of returns where a row counts; valid until the next call.
func (l *ledger) of(r layers.Row) []*tallies {
	if l.field < 0 {
		return l.both[:1]
	}
	l.both[1] = l.area(r.Value(l.field).Text())
	return l.both[:]
}

// each calls fn with every row that matches, and fails with ctx's error.
func each(ctx context.Context, t *layers.Table, f layers.Filter, fn func(layers.Row)) (err error) {
	looked := 0
	t.Each(f, func(r layers.Row) bool {
		if looked++; looked%1024 == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		fn(r)
		return true
	})
	return err
}

// Events is the layer that figures are worked out of.
const Events = "events"

// chosen returns the definitions of some ids; all where there are none.
func chosen(ids []string) ([]Definition, error) {
	all := Definitions()
	if len(ids) == 0 {
		return all, nil
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].ID
	}
	for _, id := range ids {
		if !slices.Contains(names, id) {
			return nil, layers.Unknown("figure", id, names)
		}
	}
	return slices.DeleteFunc(all, func(d Definition) bool { return !slices.Contains(ids, d.ID) }), nil
}

func (t *tallies) empty() bool {
	return !slices.ContainsFunc(t.all, func(t tally) bool { return t.of > 0 })
}

// assembly makes figures of tallies.
type assembly struct {
	definitions []Definition
	skip        []layers.Text
	windows     []Window
	records     [][][]layers.Term // by window and figure
}

func newAssembly(definitions []Definition, skip []layers.Text, windows []Window) *assembly {
	a := &assembly{definitions: definitions, skip: skip, windows: windows}
	for _, w := range windows {
		all := make([][]layers.Term, len(definitions))
		for i := range definitions {
			all[i] = definitions[i].records(w)
		}
		a.records = append(a.records, all)
	}
	return a
}

// figures returns the figures of an area; in are the terms that choose its events.
func (a *assembly) figures(t *tallies, s size, in []layers.Term) []Figure {
	out := make([]Figure, len(a.definitions))
	for i := range a.definitions {
		d := &a.definitions[i]
		f := Figure{Definition: d, Point: unknown(), Baseline: unknown(), Change: Change{math.NaN(), math.NaN(), math.NaN()}, Exact: d.value.kind != peak}
		if f.Reason = a.skip[i]; f.Reason == nil {
			f.Point = a.point(i, 0, t.of(0, i), s, in)
			f.Baseline = a.point(i, 1, t.of(1, i), s, in)
			f.Small = d.basis(t.of(0, i)) < Few
			f.compare()
			f.Reason = f.reason(s)
		}
		out[i] = f
	}
	return out
}

func unknown() Point { return Point{Value: math.NaN()} }

// basis returns how many records a figure rests on: the whole that a share is of, else those that it counts.
func (d *Definition) basis(t *tally) int {
	if d.value.kind == ratio {
		return t.of
	}
	return t.hit
}

// point returns a figure in a window.
func (a *assembly) point(i, window int, t *tally, s size, in []layers.Term) Point {
	d, w := &a.definitions[i], a.windows[window]
	p := Point{Numerator: float64(t.hit), Denominator: float64(t.of), Value: math.NaN()}
	terms := a.records[window][i]
	p.Records = append(terms[:len(terms):len(terms)], in...)
	switch d.value.kind {
	case ratio:
		p.Value = 100 * float64(t.hit) / float64(t.of) // 0/0 is NaN
	case number:
		p.Value = float64(t.hit)
	case duration:
		per := 24 * time.Hour
		if d.Unit == Hours {
			per = time.Hour
		}
		p.Value = d.value.average(t.spells) / float64(per)
	case peak:
		p.Value, p.Numerator = busiest(t.hours)
	case rate:
		p.Denominator = s.of(d.value.per)
		if p.Denominator > 0 && w.Weeks() > 0 {
			p.Value = float64(t.hit) / p.Denominator / w.Weeks()
			if d.value.per == perThousandHouseholds {
				p.Value *= 1000
			}
		}
	}
	return p
}

// busiest returns the hour with the most, the earlier of equals, and how many it has.
func busiest(hours *[24]int) (hour, most float64) {
	if hours == nil {
		return math.NaN(), 0
	}
	for h, n := range hours {
		if float64(n) > most {
			hour, most = float64(h), float64(n)
		}
	}
	return hour, most
}

// compare works out the change. An hour of the day is not more or less than another.
func (f *Figure) compare() {
	if f.value.kind == peak {
		return
	}
	f.Change.Absolute = f.Value - f.Baseline.Value
	if f.Baseline.Value != 0 {
		f.Change.Relative = 100 * f.Change.Absolute / f.Baseline.Value
	}
	if f.Unit == Percent {
		f.Change.Points = f.Change.Absolute
	}
}

// reason says why the value or its relative change is not known, or nil.
func (f *Figure) reason(s size) layers.Text {
	switch {
	case math.IsNaN(f.Value) && f.value.kind == rate:
		if s.reason != nil {
			return s.reason
		}
		return words("该范围没有户数或面积", "the households or the extent of this area are not known")
	case math.IsNaN(f.Value) && f.value.kind == duration && f.Numerator > 0:
		return words("过半尚未处置，中位数还不能估计", "more than half are not disposed yet, so that the median cannot be estimated")
	case math.IsNaN(f.Value) && f.value.kind == duration:
		return words("期内没有已处置的事件", "nothing of the period was dispatched and disposed")
	case math.IsNaN(f.Value):
		return words("分母为零：期内没有应计的事件", "the denominator is zero: the period has nothing to count")
	case f.value.kind != peak && math.IsNaN(f.Change.Relative):
		return words("基期为零或没有数值，相对变化无从计算", "the baseline is zero or not known, so that there is no relative change")
	}
	return nil
}
