package dispatch

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// The methods of a distance: along streets, or guessed from the straight line. A guess is never shown as a route.
const (
	network  = "network"
	estimate = "estimate"
)

const (
	defaultK    = 5
	maxK        = 100
	maxExcluded = 100
	maxWalk     = 20_000 // metres; whoever is farther on foot is estimated
	maxRoles    = 20
	firstReach  = 1500 // metres
)

// Rank says who should go. streets may be nil: then distances are estimates. It fails with layers.ErrInvalid for a question
// that cannot be, layers.ErrNotFound where the caller does not see what the ranking needs: responders and grids, and
// layers.ErrForbidden where they are not to see responders one by one.
func Rank(v *layers.View, streets *Streets, q Question) (*Answer, error) {
	r, err := newRanking(v, streets, q)
	if err != nil {
		return nil, err
	}
	a := &Answer{Event: q.Event, Lon: q.At[0], Lat: q.At[1], AccuracyM: q.AccuracyM, Level: q.Level, Domain: q.Domain, Category: q.Category,
		Place: r.site.Place, Policy: r.question.Policy, Parameters: r.set.Version, Notes: r.set.Notes, Seq: v.Seq, ComputedAt: q.Now}
	wants := r.params.wants(r.question)
	for _, w := range wants {
		if !r.roles.has(w.role) {
			return nil, layers.Unknown("role", w.role, r.roles.names)
		}
		a.Lists = append(a.Lists, r.list(w, len(wants) == 1))
	}
	r.escalate(a)
	a.InputHash = r.digest()
	return a, nil
}

// newRanking looks up what a question is about.
func newRanking(v *layers.View, streets *Streets, q Question) (*ranking, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	set := q.Set
	if set == nil {
		set = InForce(v)
	}
	if q.Policy == "" {
		q.Policy = set.PolicyByLevel[q.Level-1]
	}
	grids, err := v.Table("grids")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"code", "community", "zone"} {
		if grids.Layer.Index(name) < 0 {
			return nil, layers.NotFound("layer grids has no field %s, which dispatch needs", name)
		}
	}
	people, err := newRegister(v, &set.Parameters, &q)
	if err != nil {
		return nil, err
	}
	when := q.Now
	if q.ValidAt != nil {
		when = *q.ValidAt
	}
	r := &ranking{view: v, question: &q, set: set, params: &set.Parameters, people: people, site: siteOf(v, grids, &q, when)}
	r.ledger = ledgerOf(v, &q, set.FairDays)
	r.roles = titlesOf(people.table)
	if streets != nil {
		r.network = streets.Network(v)
	}
	r.hash()
	r.gather(firstReach)
	return r, nil
}

// gather looks at those who may be within so many metres: all where there are few, or where those beyond cannot be sent.
func (r *ranking) gather(metres float64) {
	r.reach = metres
	var rows []layers.Row
	if r.people.table.Len() <= few {
		r.reach = math.Inf(1)
		r.people.table.Each(nil, func(row layers.Row) bool { rows = append(rows, row); return true })
	} else {
		rows = r.people.near(r.site, metres, r.must)
	}
	r.crew = r.people.crewOf(r.question, r.ledger, rows)
	r.crew.tiers(r.view, r.site)
}

// done tells whether nobody beyond the reach can be among those who are asked for, or be the nearest.
func (r *ranking) done(ranked []*person, nearest *person) bool {
	if r.reach > r.params.MaxMetres {
		return true
	}
	if len(ranked) < r.question.K || nearest.direct > r.reach {
		return false
	}
	quickest := math.Inf(1)
	for _, m := range r.params.MobiliseMin {
		quickest = min(quickest, m)
	}
	least := quickest - r.params.SkillMaxMin + r.reach/(60*r.params.WalkMps)
	return tenths(ranked[r.question.K-1].cost) < tenths(least)
}

// Together ranks questions that are asked at the same time, in their order: whoever is first for one is not proposed for the
// next.
func Together(v *layers.View, streets *Streets, questions []Question) ([]*Answer, error) {
	var taken []int64
	var out []*Answer
	for _, q := range questions {
		q.Without = append(slices.Clone(q.Without), taken...)
		a, err := Rank(v, streets, q)
		if err != nil {
			return nil, err
		}
		for _, l := range a.Lists {
			if len(l.Candidates) > 0 {
				taken = append(taken, l.Candidates[0].ID)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// check says what is wrong with the question, and fills in what it leaves out.
func (q *Question) check() error {
	if err := geo.Validate(q.At); err != nil {
		return layers.Invalid("lon", "%v", err)
	}
	if q.Level < 1 || q.Level > Levels {
		return layers.Invalid("level", "level %d: expected 1 to %d", q.Level, Levels)
	}
	if q.K == 0 {
		q.K = defaultK
	}
	if q.K < 1 || q.K > maxK {
		return layers.Invalid("k", "k is %d: expected 1 to %d", q.K, maxK)
	}
	if q.Policy != "" && !slices.Contains(Policies(), string(q.Policy)) {
		return layers.Unknown("policy", string(q.Policy), Policies())
	}
	if q.AccuracyM < 0 || q.AccuracyM > 100_000 || math.IsNaN(q.AccuracyM) {
		return layers.Invalid("accuracy_m", "accuracy_m is %g: expected 0 to 100000", q.AccuracyM)
	}
	if len(q.Roles) > maxRoles {
		return layers.Invalid("roles", "%d roles: at most %d are allowed", len(q.Roles), maxRoles)
	}
	if q.Now.IsZero() {
		return layers.Invalid("now", "the moment of asking is missing")
	}
	return nil
}

// ranking is one question at work.
type ranking struct {
	view     *layers.View
	question *Question
	set      *Set
	params   *Parameters // of the set
	people   *register
	site     *site
	ledger   *ledger
	reach    float64 // metres: everybody nearer is in the crew
	must     int64   // who is in the crew anyway; 0: nobody
	crew     *crew
	roles    titles
	network  *geo.Network
	walk     *geo.Walk // from the event; nil until somebody stands on the network
	off      bool      // the event stands off the network
	input    [sha256.Size]byte
}

// hash begins the hash of the input with all that does not depend on people.
func (r *ranking) hash() {
	b, _ := json.Marshal(struct { // of plain data: it cannot fail
		Question   *Question
		Parameters *Parameters
		Place      Place
	}{r.question, r.params, r.site.Place})
	r.input = sha256.Sum256(b)
}

// digest is the hash of the input so far, as text.
func (r *ranking) digest() string { return hex.EncodeToString(r.input[:16]) }

// note adds what is known of people to the hash of the input.
func (r *ranking) note(people []*person) {
	b := append(make([]byte, 0, 256*len(people)), r.input[:]...)
	for _, p := range people {
		for _, n := range []int64{p.id, int64(p.tier), p.tasks, int64(p.barriers)} {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
		for _, x := range []float64{p.mobilise, p.far, p.load, p.fair, p.unc, p.cover, p.skill, p.at[0], p.at[1], p.age, p.uncertain, p.metres} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
		for _, s := range []string{p.lacks, p.stands, p.state, p.method} {
			b = append(append(b, s...), 0)
		}
	}
	r.input = sha256.Sum256(b)
}

// list ranks those of a role. alone tells that nobody of another role goes.
func (r *ranking) list(w wanted, alone bool) List {
	ranked, kept, nearest := r.role(w.role, alone)
	l := List{Role: w.role, Title: r.roles.of(w.role), Need: w.need, Candidates: []Candidate{}, Excluded: []Excluded{}}
	for _, p := range r.crew.all {
		if p.plays(w.role) && p.lacks == "" {
			l.Available++
		}
	}
	for i, p := range ranked[:min(len(ranked), r.question.K)] {
		l.Candidates = append(l.Candidates, r.candidate(i+1, p))
	}
	l.ExcludedMore = max(0, len(kept)-maxExcluded)
	kept = kept[:len(kept)-l.ExcludedMore]
	for _, p := range kept {
		l.Excluded = append(l.Excluded, Excluded{Contact: p.contact(), Code: p.lacks, Tier: p.tier, Reason: why(p.lacks)})
	}
	r.note(ranked)
	r.note(kept)
	l.Summary, l.WhyNotNearest = r.summary(ranked, kept, nearest)
	return l
}

// role ranks those of a role who can be sent, at least as many as are asked for, and finds those who cannot, the most
// responsible first, and the nearest of those who can. It looks farther until nobody beyond matters.
func (r *ranking) role(role string, alone bool) (ranked, kept []*person, nearest *person) {
	for {
		var free []*person
		free, kept, nearest = r.split(role, alone)
		if ranked = r.order(free, nearest); r.done(ranked, nearest) {
			return ranked, kept, nearest
		}
		r.gather(2 * r.reach)
	}
}

// split tells those of a role who can be sent from those who cannot.
func (r *ranking) split(role string, alone bool) (free, kept []*person, nearest *person) {
	for _, p := range r.crew.all {
		if !p.plays(role) {
			continue
		}
		if p.lacks == "" && alone && role == volunteer && r.question.Level >= r.params.UrgentLevel {
			p.lacks = NotAlone
		}
		if p.lacks != "" {
			kept = append(kept, p)
			continue
		}
		r.crew.weigh(p, r.site, r.question, r.params, r.question.Policy)
		free = append(free, p)
		if nearest == nil || p.direct < nearest.direct {
			nearest = p
		}
	}
	slices.SortStableFunc(kept, func(a, b *person) int {
		return cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(a.direct, b.direct), cmp.Compare(a.id, b.id))
	})
	return free, kept, nearest
}

// order measures the ways of those who may be among the first, and orders them. Nobody can cost less than for the straight
// line, so whoever would cost more than the last of the first even so is not measured, and left out.
func (r *ranking) order(free []*person, nearest *person) []*person {
	k := r.question.K
	slices.SortFunc(free, func(a, b *person) int {
		return cmp.Or(cmp.Compare(a.least(r.params), b.least(r.params)), cmp.Compare(a.id, b.id))
	})
	n := min(len(free), k)
	measured := slices.Clone(free[:n])
	if nearest != nil && !slices.Contains(measured, nearest) {
		measured = append(measured, nearest)
	}
	r.measure(measured, maxWalk)
	if n < len(free) {
		measured = append(measured, r.contenders(free[n:], nearest, kth(measured, k))...)
	}
	slices.SortFunc(measured, func(a, b *person) int {
		return cmp.Or(cmp.Compare(tenths(a.cost), tenths(b.cost)), cmp.Compare(a.tier, b.tier), cmp.Compare(a.eta, b.eta),
			cmp.Compare(a.tasks, b.tasks), cmp.Compare(a.id, b.id))
	})
	return measured
}

// kth returns the k-th lowest cost, in tenths.
func kth(people []*person, k int) float64 {
	costs := make([]float64, len(people))
	for i, p := range people {
		costs[i] = tenths(p.cost)
	}
	slices.Sort(costs)
	return costs[k-1]
}

// contenders returns those of others, measured, who may cost no more than so many tenths. The search goes as far as that
// takes, and farther only for whom it did not reach and an estimate would let in.
func (r *ranking) contenders(others []*person, nearest *person, worst float64) []*person {
	var may []*person
	least := math.Inf(1)
	for _, p := range others {
		if p != nearest && tenths(p.least(r.params)) <= worst {
			may = append(may, p)
			least = min(least, p.fixed)
		}
	}
	far := r.measure(may, min(maxWalk, ((worst+1)/10-least)*60*r.params.WalkMps))
	out := slices.DeleteFunc(slices.Clone(far), func(p *person) bool { return tenths(p.cost) > worst })
	r.measure(out, maxWalk)
	return append(out, slices.DeleteFunc(may, func(p *person) bool { return slices.Contains(far, p) })...)
}

// measure sets the way and the cost of some people: along the streets from one search, up to limit metres, and by an estimate
// for those whom it does not reach. It returns those of them who do stand at a street.
func (r *ranking) measure(people []*person, limit float64) (far []*person) {
	var onFoot []*person
	var stands []geo.Stand
	if len(people) > 0 && r.begin() {
		for _, p := range people {
			if s, ok := r.network.Stand(p.at, r.params.SnapM); ok {
				p.stand = s
				onFoot, stands = append(onFoot, p), append(stands, s)
			}
		}
		r.walk.To(stands, limit, func(f geo.Found) bool {
			p := onFoot[f.Target]
			p.found, p.method, p.metres = f, network, f.Metres
			return true
		})
	}
	for _, p := range people {
		r.time(p)
	}
	return slices.DeleteFunc(onFoot, func(p *person) bool { return p.method == network })
}

// time sets how long somebody takes, and the cost. Who was not reached is estimated.
func (r *ranking) time(p *person) {
	perMin := 60 * r.params.WalkMps
	slack := p.uncertain + r.question.AccuracyM
	low, high, barriers := p.metres, p.metres, 0.0
	if p.method != network {
		p.method, p.metres = estimate, r.params.Circuity*p.direct
		low, high = r.params.CircuityLow*p.direct, r.params.CircuityHigh*p.direct
		if r.network != nil {
			p.barriers = r.network.Crossings(p.at, r.question.At)
		}
		barriers = r.params.BarrierMin * float64(p.barriers)
	} else {
		p.barriers = 0
	}
	p.eta = p.mobilise + p.metres/perMin + barriers
	p.low = p.mobilise + max(0, low-slack)/perMin + barriers
	p.high = p.mobilise + (high+slack)/perMin + barriers
	p.cost = p.fixed - p.mobilise + p.eta
}

// begin steps onto the network at the event, and tells whether there is one there.
func (r *ranking) begin() bool {
	if r.network == nil || r.off {
		return false
	}
	if r.walk == nil {
		s, ok := r.network.Stand(r.question.At, r.params.SnapM)
		if r.off = !ok; r.off {
			return false
		}
		r.walk = r.network.Walk(s)
	}
	return true
}

func (p *person) contact() Contact {
	return Contact{ID: p.id, Code: p.code, Post: p.name, Role: p.role}
}

// candidate tells of somebody as ranked.
func (r *ranking) candidate(rank int, p *person) Candidate {
	c := Candidate{Rank: rank, Contact: p.contact(), Cost: tenths(p.cost) / 10, EtaRange: [2]float64{round(p.low, 2), round(p.high, 2)},
		Terms: Terms{ETA: round(p.eta, 2), Responsibility: round(p.far, 2), Load: round(p.load, 2), Fairness: round(p.fair, 2),
			Uncertainty: round(p.unc, 2), Cover: round(p.cover, 2), Skill: round(p.skill, 2)},
		Metres: round(p.metres, 0), Direct: round(p.direct, 0), Method: p.method, Barriers: p.barriers, Tier: p.tier, StandsIn: p.stands, OpenTasks: p.tasks,
		Activity: p.activity, Position: Position{Lon: round(p.at[0], 6), Lat: round(p.at[1], 6), State: p.state, Uncertainty: round(p.uncertain, 0)}}
	if p.age >= 0 {
		age := round(p.age, 0)
		c.Position.AgeS = &age
	}
	if p.method == network {
		c.Route = r.walk.Route(p.found, p.stand)
		slices.Reverse(c.Route)
		for i, at := range c.Route {
			c.Route[i] = orb.Point{round(at[0], 6), round(at[1], 6)}
		}
		c.Route = slices.CompactFunc(c.Route, orb.Point.Equal)
	}
	c.Reason = r.reason(p)
	return c
}
