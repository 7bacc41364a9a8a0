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

// ResponderLayer is the name of the layer of who can be sent.
const ResponderLayer = "responders"

// person is somebody who may be sent, as the ranking sees them.
type person struct {
	row                      layers.Row
	id                       int64
	code, name, role         string
	community, zone, partner string
	grid                     string // that they lead or are posted to; several with ; between
	leadsZone                bool
	activity                 string
	tasks                    int64
	remaining                float64 // minutes that a task still takes that cannot be interrupted
	skills                   []string
	lacks                    string // the gate that keeps them here; empty: may be sent

	at        orb.Point // where they are taken to be
	known     bool      // whether at is a position
	state     string    // of the position
	age       float64   // of the last fix in seconds; negative: there is none that can be right
	uncertain float64   // metres
	direct    float64   // metres from the event as the crow flies

	tier   int
	stands string // for whom they stand in; empty: for nobody

	mobilise, far, load, fair, unc, cover, skill float64 // the terms, minutes
	fixed                                        float64 // their sum
	eta, low, high, cost                         float64 // set by time

	metres   float64 // on foot
	method   string
	barriers int
	stand    geo.Stand // of the method network
	found    geo.Found
}

// leadsGrid tells whether somebody leads a grid, or is posted to it.
func (p *person) leadsGrid(code string) bool {
	return code != "" && (p.grid == code || len(p.grid) > len(code) && slices.Contains(p.grids(), code))
}

// grids returns the codes of somebody's grids.
func (p *person) grids() []string {
	return strings.FieldsFunc(p.grid, func(c rune) bool { return c == ';' || c == ',' || c == ' ' })
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

// onDuty is the value of duty of whoever may be sent.
const onDuty = "on_duty"

// The states of a position.
const (
	fresh  = "fresh"
	ageing = "ageing"
	anchor = "stale" // the last fix is too old, or cannot be right: the home grid stands for it
)

// The fields of responders, as positions in fieldNames.
const (
	theCode = iota
	theTitle
	theRole
	theZoneLeader
	theCommunity
	theZone
	theGrid
	thePartner
	theDuty
	theActivity
	theOpenTasks
	theFixAt
	theAccuracyM
	theRemainingMin
	theInterruptible
	theSkills
	fieldCount
)

// fieldNames returns the names of the fields, in their order.
func fieldNames() [fieldCount]string {
	return [fieldCount]string{"code", "title", "role", "zone_leader", "community", "zone", "grid", "partner", "duty", "activity", "open_tasks", "fix_at", "accuracy_m", "remaining_min", "interruptible", "skills"}
}

// register reads responders.
type register struct {
	view   *layers.View
	params *Parameters
	now    time.Time
	at     orb.Point
	table  *layers.Table
	field  [fieldCount]int // positions in the layer; -1: it has no such field
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
	t, err := v.Table(ResponderLayer)
	if err != nil {
		return nil, err
	}
	if t.Counted() {
		return nil, &layers.Error{Kind: layers.ErrForbidden, Detail: "the responders of this record are personal data: this token sees their number, not who should go"}
	}
	g := &register{view: v, params: p, now: q.Now, at: q.At, table: t, homes: map[string]home{}}
	for _, name := range []string{"role", "duty", "grid", "community"} {
		if t.Layer.Index(name) < 0 {
			return nil, layers.NotFound("layer responders has no field %s, which dispatch needs", name)
		}
	}
	for i, name := range fieldNames() {
		g.field[i] = t.Layer.Index(name)
	}
	return g, nil
}

// get returns a value; null where the layer has no such field.
func (g *register) get(r layers.Row, field int) layers.Value {
	if i := g.field[field]; i >= 0 {
		return r.Value(i)
	}
	return layers.Null()
}

// read reads somebody as the record has them, without a position.
func (g *register) read(p *person, r layers.Row) {
	*p = person{row: r, id: r.ID(), code: g.get(r, theCode).Text(), name: g.get(r, theTitle).Text(), role: g.get(r, theRole).Text(),
		community: g.get(r, theCommunity).Text(), zone: g.get(r, theZone).Text(), partner: g.get(r, thePartner).Text(), leadsZone: g.get(r, theZoneLeader).Bool(),
		activity: g.get(r, theActivity).Text(), tasks: max(g.get(r, theOpenTasks).Int(), 0), skills: g.get(r, theSkills).List(), age: -1}
	p.leadsZone = p.leadsZone || p.role == zoneLeader
	if p.name == "" {
		p.name = p.code
	}
	p.grid = gridsIn(g.get(r, theGrid))
	if v := g.get(r, theInterruptible); v.IsNull() || !v.Bool() {
		p.remaining, _ = g.get(r, theRemainingMin).Number()
		p.remaining = max(p.remaining, 0)
	}
	p.mobilise = g.params.MobiliseMin["desk"]
	if m, ok := g.params.MobiliseMin[p.activity]; ok {
		p.mobilise = m
	}
	switch duty := g.get(r, theDuty).Text(); {
	case duty == OnLeave:
		p.lacks = OnLeave
	case duty != onDuty: // no state is not on duty
		p.lacks = OffDuty
	case p.tasks >= g.params.MaxTasks:
		p.lacks = CapacityFull
	}
}

// gridsIn reads the field grid: a list, or a text of one or more codes.
func gridsIn(v layers.Value) string {
	if list := v.List(); len(list) > 0 {
		return strings.Join(list, ";")
	}
	return v.Text()
}

// locate says where somebody is taken to be: at the last fix, which is the less certain the older it is, or at the anchor.
func (g *register) locate(p *person) {
	at, has := p.row.Point()
	when := g.get(p.row, theFixAt)
	accuracy, said := g.get(p.row, theAccuracyM).Number()
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
	if grids := p.grids(); len(grids) > 0 {
		if h := g.area("grids", slices.Min(grids)); h.ok {
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

// crew is those whom a question looks at, and what is known of them together.
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

// few is how many responders are all looked at. Of more, those who are out of reach are left out.
const few = 1000

// near returns those who may be within so many metres of a place: those whose last fix is, and all of the communities that are.
// Nobody's anchor is outside the own community, and zones and pairs do not cross communities. Those whom the others need are
// there too: the colleagues of who strayed from afar, partners, and the one who must be.
func (g *register) near(s *site, metres float64, must int64) []layers.Row {
	box := around(g.at, metres)
	communities := map[string]bool{s.Community: true}
	for _, name := range []string{"grids", "communities"} {
		field := map[string]string{"grids": "community", "communities": "code"}[name]
		if t, err := g.view.Table(name); err == nil {
			t.Within(box, nil, func(r layers.Row) bool { communities[r.Get(field).Text()] = true; return true })
		}
	}
	partners := map[string]bool{}
	strayed := map[string]bool{}
	var out []layers.Row
	g.table.Each(nil, func(r layers.Row) bool {
		community := g.get(r, theCommunity).Text()
		at, ok := r.Point()
		grid := g.get(r, theGrid)
		switch {
		case communities[community]:
			if s.Grid != "" && grid.Text() == s.Grid {
				partners[g.get(r, thePartner).Text()] = true
			}
		case ok && box.Contains(at), len(grid.Text()) > len(s.Grid), grid.List() != nil, r.ID() == must: // who has several grids may have one here
			strayed[community] = true
		default:
			return true
		}
		out = append(out, r)
		return true
	})
	if len(strayed) == 0 && len(partners) == 0 {
		return out
	}
	seen := make(map[int64]bool, len(out))
	for _, r := range out {
		seen[r.ID()] = true
		delete(partners, g.get(r, theCode).Text())
	}
	delete(partners, "")
	g.table.Each(nil, func(r layers.Row) bool {
		if (strayed[g.get(r, theCommunity).Text()] || len(partners) > 0 && partners[g.get(r, theCode).Text()]) && !seen[r.ID()] {
			out = append(out, r)
		}
		return true
	})
	return out
}

// around returns a bound that holds all that is within so many metres; the whole world near its edges.
func around(at orb.Point, metres float64) orb.Bound {
	const perDegree = 110_000 // metres, at most: a degree of latitude has 110,574 at least
	lat := metres / perDegree
	lon := lat / math.Cos(min(math.Abs(at[1])+lat, 89)*math.Pi/180)
	b := orb.Bound{Min: orb.Point{at[0] - lon, at[1] - lat}, Max: orb.Point{at[0] + lon, at[1] + lat}}
	if b.Min[0] < -180 || b.Max[0] > 180 || b.Min[1] < -89 || b.Max[1] > 89 {
		return orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	}
	return b
}

// crewOf reads people, and says of whom nothing more need be known.
func (g *register) crewOf(q *Question, l *ledger, rows []layers.Row) *crew {
	c := &crew{zones: map[string]*shift{}, jobs: l.jobs, all: make([]*person, len(rows))}
	people := make([]person, len(rows))
	for i, r := range rows {
		g.read(&people[i], r)
		c.all[i] = &people[i]
	}
	slices.SortFunc(c.all, func(a, b *person) int { return cmp.Compare(a.id, b.id) })
	for _, p := range c.all {
		g.locate(p)
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
		if p.leads() && p.leadsGrid(s.Grid) {
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
	if p.grid == "" {
		return s.Community != "" && p.community == s.Community
	}
	return p.leadsGrid(s.Grid)
}

// least is below what somebody can cost: nobody walks less than the straight line.
func (p *person) least(params *Parameters) float64 { return p.fixed + p.direct/(60*params.WalkMps) }

// tenths is a cost as it is compared: to a tenth of a minute.
func tenths(cost float64) float64 { return math.Round(cost * 10) }
