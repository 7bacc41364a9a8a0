package dispatch

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// person is somebody who may be sent, as the ranking sees them.
type person struct {
	id                                           int64
	code, name, role                             string
	community, zone, partner                     string
	grids                                        []string // that they lead or are posted to
	leadsZone                                    bool
	activity                                     string
	tasks                                        int64
	remaining                                    float64 // minutes that a task still takes that cannot be interrupted
	skills                                       []string
	lacks                                        string    // the gate that keeps them here; empty: may be sent
	at                                           orb.Point // where they are taken to be
	known                                        bool      // whether at is a position
	state                                        string    // of the position: fresh, ageing, anchor
	age                                          float64   // of the last fix in seconds; negative: there is none
	uncertain                                    float64   // metres
	direct                                       float64   // metres from the event as the crow flies
	tier                                         int
	stands                                       string // for whom they stand in: "partner", "zone_leader"; empty: for nobody
	fixed                                        float64
	cost, eta, low, high                         float64
	load, fair, unc, far, cover, skill, mobilise float64
	metres                                       float64
	method                                       string
	barriers                                     int
	found                                        geo.Found
	stand                                        geo.Stand
}

// The reasons why somebody cannot be sent.
const (
	OffDuty        = "off_duty"
	OnLeave        = "on_leave"
	AlreadyRefused = "already_refused"
	Held           = "held"     // reserved or sent by a dispatch that is open
	Elsewhere      = "proposed" // for another event of the same question
	RoleMissing    = "role_missing"
	CapacityFull   = "capacity_full"
	NotAlone       = "not_alone"
	OutOfArea      = "out_of_area"
	NoPosition     = "no_position_no_anchor"
)

// The states of a position.
const (
	fresh  = "fresh"
	ageing = "ageing"
	anchor = "stale" // the last fix is too old, or cannot be right: the home grid stands for it
)

// register reads responders.
type register struct {
	view   *layers.View
	params *Parameters
	now    time.Time
	at     orb.Point
	table  *layers.Table
	field  map[string]int
	homes  map[string]home
}

// home is an area as somebody's anchor.
type home struct {
	at    orb.Point // a position inside it
	reach float64   // half of its diagonal, metres
	ok    bool
}

// newRegister finds the responders and their fields.
func newRegister(v *layers.View, p *Parameters, q *Question) (*register, error) {
	t, err := v.Table("responders")
	if err != nil {
		return nil, err
	}
	g := &register{view: v, params: p, now: q.Now, at: q.At, table: t, field: map[string]int{}, homes: map[string]home{}}
	for _, name := range []string{"role", "duty", "grid", "community"} {
		if t.Layer.Index(name) < 0 {
			return nil, layers.NotFound("layer responders has no field %s, which dispatch needs", name)
		}
	}
	for _, name := range []string{"code", "title", "role", "zone_leader", "community", "zone", "grid", "partner", "duty", "activity", "open_tasks",
		"fix_at", "accuracy_m", "remaining_min", "interruptible", "skills"} {
		g.field[name] = t.Layer.Index(name)
	}
	return g, nil
}

// get returns a value; null where the layer has no such field.
func (g *register) get(r layers.Row, name string) layers.Value {
	if i := g.field[name]; i >= 0 {
		return r.Value(i)
	}
	return layers.Null()
}

// read returns somebody as the record has them, without a position.
func (g *register) read(r layers.Row) *person {
	p := &person{id: r.ID(), code: g.get(r, "code").Text(), name: g.get(r, "title").Text(), role: g.get(r, "role").Text(),
		community: g.get(r, "community").Text(), zone: g.get(r, "zone").Text(), partner: g.get(r, "partner").Text(), leadsZone: g.get(r, "zone_leader").Bool(),
		activity: g.get(r, "activity").Text(), tasks: g.get(r, "open_tasks").Int(), skills: g.get(r, "skills").List(), age: -1}
	p.leadsZone = p.leadsZone || p.role == zoneLeader
	if p.name == "" {
		p.name = p.code
	}
	grids := g.get(r, "grid")
	if p.grids = grids.List(); p.grids == nil {
		p.grids = strings.FieldsFunc(grids.Text(), func(c rune) bool { return c == ';' || c == ',' || c == ' ' })
	}
	if v := g.get(r, "interruptible"); v.IsNull() || !v.Bool() {
		p.remaining, _ = g.get(r, "remaining_min").Number()
		p.remaining = max(p.remaining, 0)
	}
	p.mobilise = g.params.MobiliseMin["desk"]
	if m, ok := g.params.MobiliseMin[p.activity]; ok {
		p.mobilise = m
	}
	switch duty := g.get(r, "duty").Text(); {
	case duty == "on_leave":
		p.lacks = OnLeave
	case duty != "on_duty": // no state is not on duty
		p.lacks = OffDuty
	case p.tasks >= g.params.MaxTasks:
		p.lacks = CapacityFull
	}
	return p
}

// locate says where somebody is taken to be: at the last fix, which is the less certain the older it is, or at the anchor.
func (g *register) locate(p *person, r layers.Row) {
	at, has := r.Point()
	when := g.get(r, "fix_at")
	accuracy, said := g.get(r, "accuracy_m").Number()
	if !said {
		accuracy = g.params.AccuracyM
	}
	age := g.now.Sub(when.Time()).Seconds()
	if has && !when.IsNull() && age >= -g.params.ClockSkewS {
		p.age = max(age, 0)
	}
	usable := p.age >= 0 && p.age <= g.params.StaleS && accuracy >= 0 && accuracy <= g.params.WorstAccuracyM
	switch {
	case usable && p.age <= g.params.FreshS:
		p.at, p.known, p.state, p.uncertain = at, true, fresh, accuracy
	case usable:
		p.at, p.known, p.state, p.uncertain = at, true, ageing, accuracy+g.params.WalkMps*p.age
		if beat := g.beat(p); beat.ok {
			p.uncertain = min(p.uncertain, beat.reach)
		}
	default:
		h := g.home(p)
		p.at, p.known, p.state, p.uncertain = h.at, h.ok, anchor, h.reach
	}
	if p.known {
		p.direct = geo.Distance(p.at, g.at)
	}
	if p.lacks == "" && !p.known {
		p.lacks = NoPosition
	}
}

// beat is where somebody walks: the zone, else what is home.
func (g *register) beat(p *person) home {
	if h := g.area("zones", p.zone); h.ok {
		return h
	}
	return g.home(p)
}

// home is where somebody is when nobody knows: the first grid, else the community.
func (g *register) home(p *person) home {
	if len(p.grids) > 0 {
		if h := g.area("grids", slices.Min(p.grids)); h.ok {
			return h
		}
	}
	return g.area("communities", p.community)
}

// area returns an area by its code, looked up once.
func (g *register) area(layer, code string) home {
	if code == "" {
		return home{}
	}
	h, ok := g.homes[code]
	if !ok {
		if r := g.view.Coded(layer, code); !r.IsZero() && r.Shape() != nil {
			b := r.Shape().Bound
			h = home{at: r.Shape().Label, reach: geo.Distance(b.Min, b.Max) / 2, ok: true}
		}
		g.homes[code] = h
	}
	return h
}

// crew is everybody of a question, and what is known of them together.
type crew struct {
	all   []*person         // by id
	zones map[string]*shift // by zone
	jobs  map[int64]int     // outside the own grids, in the last days
}

// shift is what the leaders of a zone are up to.
type shift struct {
	available int
	jobs      []int // of those who are available
}

// crewOf reads everybody, and says of whom nothing more need be known.
func (g *register) crewOf(q *Question, l *ledger) *crew {
	c := &crew{zones: map[string]*shift{}, jobs: l.jobs}
	rows := map[*person]layers.Row{}
	g.table.Each(nil, func(r layers.Row) bool {
		p := g.read(r)
		c.all = append(c.all, p)
		rows[p] = r
		return true
	})
	slices.SortFunc(c.all, func(a, b *person) int { return cmp.Compare(a.id, b.id) })
	for _, p := range c.all {
		g.locate(p, rows[p])
		if p.lacks == "" && l.held[p.id] {
			p.lacks = Held
		}
		if p.lacks == "" && p.leads() && p.zone != "" {
			z := c.zones[p.zone]
			if z == nil {
				z = &shift{}
				c.zones[p.zone] = z
			}
			z.available++
			z.jobs = append(z.jobs, l.jobs[p.id])
		}
		switch {
		case p.lacks != "":
		case l.refused[p.id]:
			p.lacks = AlreadyRefused
		case slices.Contains(q.Without, p.id):
			p.lacks = Elsewhere
		case slices.ContainsFunc(q.Skills, func(s string) bool { return !slices.Contains(p.skills, s) }):
			p.lacks = RoleMissing
		case p.direct > g.params.MaxMetres:
			p.lacks = OutOfArea
		}
	}
	for _, z := range c.zones {
		slices.Sort(z.jobs)
	}
	return c
}

// usual is the median of jobs; of an even number the lower one.
func (z *shift) usual() float64 {
	if z == nil || len(z.jobs) == 0 {
		return 0
	}
	return float64(z.jobs[(len(z.jobs)-1)/2])
}

// tiers says how near to the matter everybody stands by 1+X+N: 0 leads the grid, 1 is partner of such a leader, 2 leads in the
// zone, 3 belongs to the community, 4 to one that adjoins, 5 to the street. Where nobody of tier 0 can be sent, the partner
// counts as 0; where the partner cannot either, or there is none, the zone's leader does.
func (c *crew) tiers(v *layers.View, s *site) {
	var partners []string
	for _, p := range c.all {
		p.tier, p.stands = 5, ""
		if p.leads() && s.Grid != "" && slices.Contains(p.grids, s.Grid) {
			p.tier = 0
			if p.partner != "" {
				partners = append(partners, p.partner)
			}
		}
	}
	present := [2]bool{}
	for _, p := range c.all {
		switch {
		case p.tier == 0:
		case p.leads() && p.code != "" && slices.Contains(partners, p.code):
			p.tier = 1
		case p.leads() && s.Zone != "" && p.zone == s.Zone:
			p.tier = 2
		case s.Community != "" && p.community == s.Community:
			p.tier = 3
		case s.adjoining(v, p.community):
			p.tier = 4
		}
		if p.tier < 2 && p.lacks == "" {
			present[p.tier] = true
		}
	}
	if present[0] {
		return
	}
	for _, p := range c.all {
		switch {
		case p.lacks != "":
		case present[1] && p.tier == 1:
			p.tier, p.stands = 0, "partner"
		case !present[1] && p.tier == 2 && p.leadsZone:
			p.tier, p.stands = 0, zoneLeader
		}
	}
}

// weigh sets every term of somebody's cost but the time of the way.
func (c *crew) weigh(p *person, s *site, q *Question, params *Parameters, policy Policy) {
	p.far = params.Policies[policy][p.tier]
	p.load = params.TaskMin*float64(p.tasks) + p.remaining
	p.fair = 0
	if !p.atHome(s) {
		usual := c.zones[p.zone].usual()
		p.fair = min(params.FairMaxMin, params.FairMin*max(0, (float64(c.jobs[p.id])-usual)/max(1, usual)))
	}
	p.unc = params.Uncertainty * p.uncertain / (60 * params.WalkMps)
	p.cover = 0
	if z := c.zones[p.zone]; p.leads() && z != nil && p.zone != s.Zone && z.available == 1 {
		p.cover = params.CoverMin
		if q.Level >= params.UrgentLevel {
			p.cover = params.CoverUrgentMin
		}
	}
	n := 0
	for _, skill := range q.Desirable {
		if slices.Contains(p.skills, skill) {
			n++
		}
	}
	p.skill = min(params.SkillMaxMin, params.SkillMin*float64(n))
	p.fixed = p.mobilise + p.far + p.load + p.fair + p.unc + p.cover - p.skill
}

// atHome tells whether a matter is in somebody's own grid, or in the community of who has none.
func (p *person) atHome(s *site) bool {
	if len(p.grids) == 0 {
		return s.Community != "" && p.community == s.Community
	}
	return s.Grid != "" && slices.Contains(p.grids, s.Grid)
}

// least is below what somebody can cost: nobody walks less than the straight line.
func (p *person) least(params *Parameters) float64 { return p.fixed + p.direct/(60*params.WalkMps) }

// tenths is a cost as it is compared: to a tenth of a minute.
func tenths(cost float64) float64 { return math.Round(cost * 10) }
