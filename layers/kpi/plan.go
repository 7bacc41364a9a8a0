package kpi

import (
	"cmp"
	"math"
	"slices"
	"time"

	"shapan/layers"
	"shapan/layers/worktime"
)

// plan is the figures of a question, made ready to be counted row by row: what several of them ask is asked once.
type plan struct {
	calendar *worktime.Calendar
	horizon  time.Time // until when open spells are known to have lasted
	groups   []groupPlan
}

// groupPlan is the figures of one group in one window.
type groupPlan struct {
	window  int   // which of the question's windows
	at      int   // the field
	from    int64 // microseconds since 1970; math.MinInt64 where the group is standing
	to      int64
	atoms   []layers.Filter // each is one term
	base    uint64          // the atoms that every event of the group meets
	figures []figurePlan
}

// figurePlan is one figure: atoms that its records meet, and where its duration is.
type figurePlan struct {
	figure   int // position in the question's definitions
	of, hit  uint64
	value    *value
	zone     *time.Location // of the hours of the day
	from, to int
	stopped  int // the field of when a spell was given up; -1 where there is none
}

// maxAtoms is how many different terms a group may have: the bits of a mask.
const maxAtoms = 64

// newPlan makes the plan for some definitions, none of which lacks a field, and says why a definition cannot be compiled after
// all: a code that its field does not have.
func newPlan(t *layers.Table, definitions []Definition, windows []Window, skip []layers.Text) *plan {
	p := new(plan)
	for n, w := range windows {
		byGroup := map[string]*planner{}
		var order []*planner
		for i := range definitions {
			d := &definitions[i]
			if skip[i] != nil {
				continue
			}
			key := d.group.key()
			g := byGroup[key]
			if g == nil {
				g = newPlanner(t, d.group, n, w)
				byGroup[key] = g
				order = append(order, g)
			}
			if err := g.add(i, d, w); err != nil {
				skip[i] = words("图层 "+t.Layer.Name+" 的字段不适用: "+err.Error(), err.Error())
			}
		}
		for _, g := range order {
			p.groups = append(p.groups, g.groupPlan)
		}
	}
	slices.SortStableFunc(p.groups, func(a, b groupPlan) int { return cmp.Compare(a.at, b.at) }) // each field is read once
	return p
}

// key tells groups apart.
func (g group) key() string {
	k := g.at
	for _, t := range g.terms {
		k += " " + t.Field + string(t.Op)
	}
	return k
}

// planner is a groupPlan in the making.
type planner struct {
	groupPlan
	table *layers.Table
	zone  *time.Location
	terms []layers.Term
	fault error // of the group's own terms
}

func newPlanner(t *layers.Table, g group, n int, w Window) *planner {
	p := &planner{table: t, zone: worktime.Zone(), groupPlan: groupPlan{window: n, at: t.Layer.Index(g.at), from: w.From.UnixMicro(), to: w.To.UnixMicro()}}
	if g.standing {
		p.from = math.MinInt64
	}
	p.base, p.fault = p.mask(resolve(g.terms, w))
	return p
}

// add takes a figure in.
func (p *planner) add(i int, d *Definition, w Window) error {
	if p.fault != nil {
		return p.fault
	}
	of, err := p.mask(d.denominator(w))
	if err != nil {
		return err
	}
	hit, err := p.mask(d.numerator(w))
	if err != nil {
		return err
	}
	l := &p.table.Layer
	p.figures = append(p.figures, figurePlan{figure: i, of: of, hit: of | hit, value: &d.value, zone: p.zone,
		from: l.Index(d.value.from), to: l.Index(d.value.to), stopped: l.Index("cancelled_at")})
	return nil
}

// mask returns the bits of some terms.
func (p *planner) mask(terms []layers.Term) (bits uint64, err error) {
	for _, t := range terms {
		n := slices.IndexFunc(p.terms, func(have layers.Term) bool { return equal(have, t) })
		if n < 0 {
			f, err := p.table.Compile(layers.Query{Terms: []layers.Term{t}})
			if err != nil {
				return 0, err
			}
			if n = len(p.terms); n >= maxAtoms {
				return 0, layers.Invalid("", "more than %d different terms", maxAtoms)
			}
			p.terms, p.atoms = append(p.terms, t), append(p.atoms, f)
		}
		bits |= 1 << n
	}
	return bits, nil
}

func equal(a, b layers.Term) bool {
	return a.Field == b.Field && a.Op == b.Op && a.Than == b.Than && a.OrNull == b.OrNull && slices.Equal(a.Values, b.Values)
}

// count takes an event into the tallies, one a figure and window.
func (p *plan) count(r layers.Row, tallies ...*tallies) {
	field, moment, micro := -1, time.Time{}, int64(0)
	for i := range p.groups {
		g := &p.groups[i]
		if g.at != field {
			field, moment, micro = g.at, time.Time{}, math.MaxInt64
			if v := r.Value(field); !v.IsNull() {
				moment = v.Time()
				micro = moment.UnixMicro()
			}
		}
		if micro < g.from || micro >= g.to {
			continue
		}
		met, ok := g.meets(r)
		if !ok {
			continue
		}
		for n := range g.figures {
			f := &g.figures[n]
			if met&f.of != f.of {
				continue
			}
			hit := met&f.hit == f.hit
			s := p.spell(r, f, hit)
			for _, t := range tallies {
				t.of(g.window, f.figure).add(f, moment, hit, s)
			}
		}
	}
}

// meets asks an event all terms of the group; ok is false, and nothing more is asked, where it is not of the group. The base
// stands before all other terms.
func (g *groupPlan) meets(r layers.Row) (bits uint64, ok bool) {
	for i, f := range g.atoms {
		bit := uint64(1) << i
		switch {
		case f.Match(r):
			bits |= bit
		case g.base&bit != 0:
			return bits, false
		}
	}
	return bits, true
}

// spell returns the duration of an event, for a figure that has one.
func (p *plan) spell(r layers.Row, f *figurePlan, hit bool) (s spell) {
	if f.value.kind != duration {
		return s
	}
	from := r.Value(f.from).Time()
	switch {
	case hit && f.value.working:
		return spell{p.calendar.Between(from, r.Value(f.to).Time()), true}
	case hit:
		return spell{r.Value(f.to).Time().Sub(from), true}
	}
	end := p.horizon
	if f.stopped >= 0 && !r.Value(f.stopped).IsNull() {
		end = r.Value(f.stopped).Time()
	}
	return spell{max(0, end.Sub(from)), false}
}

// tallies are what was counted for an area: a tally a figure and window.
type tallies struct {
	all     []tally
	figures int
}

func newTallies(windows, figures int) *tallies {
	return &tallies{all: make([]tally, windows*figures), figures: figures}
}

func (t *tallies) of(window, figure int) *tally { return &t.all[window*t.figures+figure] }

// tally is what was counted for a figure in a window.
type tally struct {
	of, hit int
	spells  []spell
	hours   *[24]int
}

func (t *tally) add(f *figurePlan, at time.Time, hit bool, s spell) {
	t.of++
	if hit {
		t.hit++
	}
	switch f.value.kind {
	case duration:
		t.spells = append(t.spells, s)
	case peak:
		if t.hours == nil {
			t.hours = new([24]int)
		}
		t.hours[at.In(f.zone).Hour()]++
	}
}
