package dispatch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"

	"shapan/layers"
)

// ParameterLayer is the name of the layer that holds parameters: rows of a version and the parameters as JSON, of which the
// newest that is valid counts. A record without it, or without a row, ranks by Defaults.
const ParameterLayer = "dispatch_parameters"

// Policy is how much the responsible are preferred to those who are near.
type Policy string

// The policies: 属地优先, 均衡, 就近优先.
const (
	ResponsibleFirst Policy = "responsible_first"
	Balanced         Policy = "balanced"
	NearestFirst     Policy = "nearest_first"
)

// Policies lists the policies by name.
func Policies() []string {
	return []string{string(ResponsibleFirst), string(Balanced), string(NearestFirst)}
}

// Parameters are the numbers of the ranking. Minutes (_min), seconds (_s) and metres (_m, _metres) are as their names say.
// The JSON form may leave out what is to stay as in Defaults; a list or an entry of a map is given whole.
type Parameters struct {
	FreshS         float64 `json:"fresh_s"`          // up to this age a position is taken as it is
	StaleS         float64 `json:"stale_s"`          // from this age on it is not used
	ClockSkewS     float64 `json:"clock_skew_s"`     // a position from further in the future is not used
	WorstAccuracyM float64 `json:"worst_accuracy_m"` // nor is one that is less accurate
	AccuracyM      float64 `json:"accuracy_m"`       // of a position that does not say
	JumpMps        float64 `json:"jump_mps"`         // whoever was faster than this was not there: the position is not taken

	WalkMps      float64            `json:"walk_mps"`     // metres a second
	MobiliseMin  map[string]float64 `json:"mobilise_min"` // until one is on the way, by activity; any other is as "desk"
	Circuity     float64            `json:"circuity"`     // of an estimate: metres walked for a metre of the straight line
	CircuityLow  float64            `json:"circuity_low"` // the ends of its range
	CircuityHigh float64            `json:"circuity_high"`
	BarrierMin   float64            `json:"barrier_min"` // of an estimate: for each barrier that the straight line crosses
	SnapM        float64            `json:"snap_m"`      // who is farther from any street is estimated
	MaxMetres    float64            `json:"max_metres"`  // who is farther as the crow flies is out of the area

	Policies      map[Policy][]float64 `json:"policies"`        // minutes for the tiers 0 to 5
	PolicyByLevel []Policy             `json:"policy_by_level"` // of the levels 1 to 5

	MaxTasks       int64   `json:"max_tasks"` // who has as many open tasks is not sent
	TaskMin        float64 `json:"task_min"`  // for each open task
	FairMin        float64 `json:"fair_min"`  // for having gone as often again as is usual in the zone
	FairMaxMin     float64 `json:"fair_max_min"`
	FairDays       int     `json:"fair_days"`        // how far back is counted
	Uncertainty    float64 `json:"uncertainty"`      // share of the time to walk the position's uncertainty
	CoverMin       float64 `json:"cover_min"`        // for the last leader of another zone
	CoverUrgentMin float64 `json:"cover_urgent_min"` // the same from the urgent level on
	UrgentLevel    int     `json:"urgent_level"`
	SkillMin       float64 `json:"skill_min"` // off for each desirable skill
	SkillMaxMin    float64 `json:"skill_max_min"`

	AckMin    []float64 `json:"ack_min"`    // to acknowledge in, of the levels 1 to 5
	AckMisses int       `json:"ack_misses"` // how many candidates may miss it before the zone leader is told
	LeaseS    float64   `json:"lease_s"`    // how long a reservation holds

	TrackIntervalS float64 `json:"track_interval_s"` // a track has one position in as long, at most
	TrackExactH    float64 `json:"track_exact_h"`    // how long it is exact
	TrackDays      float64 `json:"track_days"`       // how long it is kept; 0: no tracks

	Needs map[string]Need `json:"needs"` // the roles that a category, or a domain as a whole, needs
}

// Defaults returns the parameters of a record that has none of its own. They are design proposals, not anybody's rule.
func Defaults() Parameters {
	return Parameters{
		FreshS: 120, StaleS: 900, ClockSkewS: 5, WorstAccuracyM: 500, AccuracyM: 50, JumpMps: 40,
		WalkMps: 1.2, MobiliseMin: map[string]float64{"patrolling": 0.5, "desk": 2, "task": 5},
		Circuity: 1.30, CircuityLow: 1.20, CircuityHigh: 1.34, BarrierMin: 4, SnapM: 250, MaxMetres: 5000,
		Policies: map[Policy][]float64{
			ResponsibleFirst: {0, 2, 4, 8, 15, 25},
			Balanced:         {0, 1, 2, 4, 8, 12},
			NearestFirst:     {0, 0, 0.5, 1, 2, 3},
		},
		PolicyByLevel: []Policy{ResponsibleFirst, ResponsibleFirst, Balanced, NearestFirst, NearestFirst},
		MaxTasks:      3, TaskMin: 3, FairMin: 1.5, FairMaxMin: 3, FairDays: 7, Uncertainty: 0.5,
		CoverMin: 5, CoverUrgentMin: 3, UrgentLevel: 4, SkillMin: 1, SkillMaxMin: 3,
		AckMin: []float64{10, 5, 3, 2, 1}, AckMisses: 2, LeaseS: 60,
		TrackIntervalS: 60, TrackExactH: 24, TrackDays: 30,
		Needs: needs(),
	}
}

// maxParameters bounds the JSON form, in bytes.
const maxParameters = 64 << 10

// ParseParameters reads the JSON form, over Defaults. It fails with layers.ErrConstraint for what is not known or out of its
// range.
func ParseParameters(data []byte) (Parameters, error) {
	p := Defaults()
	if len(data) > maxParameters {
		return p, layers.Constraint("parameters", "parameters of %d bytes: expected at most %d", len(data), maxParameters)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, layers.Constraint("parameters", "the parameters cannot be read as JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return p, layers.Constraint("parameters", "something follows the parameters: expected one JSON object")
	}
	return p, p.Validate()
}

// Validate says what is out of its range, as layers.ErrConstraint, or nil.
func (p *Parameters) Validate() error {
	for _, r := range p.ranges() {
		if math.IsNaN(r.value) || r.value < r.least || r.value > r.most {
			return layers.Constraint("parameters", "parameter %s is %g: expected %g to %g", r.name, r.value, r.least, r.most)
		}
	}
	if p.StaleS < p.FreshS || p.CircuityLow > p.Circuity || p.CircuityHigh < p.Circuity {
		return layers.Constraint("parameters", "expected fresh_s <= stale_s and circuity_low <= circuity <= circuity_high")
	}
	for _, activity := range []string{"patrolling", "desk", "task"} {
		if _, ok := p.MobiliseMin[activity]; !ok {
			return layers.Constraint("parameters", "mobilise_min has no entry %q", activity)
		}
	}
	for _, name := range Policies() {
		if err := minutes("policies."+name, p.Policies[Policy(name)], Tiers); err != nil {
			return err
		}
	}
	if len(p.Policies) != len(Policies()) {
		return layers.Constraint("parameters", "policies: expected %q and no other", Policies())
	}
	if len(p.PolicyByLevel) != Levels || slices.ContainsFunc(p.PolicyByLevel, func(q Policy) bool { return !slices.Contains(Policies(), string(q)) }) {
		return layers.Constraint("parameters", "policy_by_level is %q: expected one of %q for each of the %d levels", p.PolicyByLevel, Policies(), Levels)
	}
	return minutes("ack_min", p.AckMin, Levels)
}

// bounds is a number with the range it may have.
type bounds struct {
	name               string
	value, least, most float64
}

func (p *Parameters) ranges() []bounds {
	out := []bounds{
		{"fresh_s", p.FreshS, 1, 86400}, {"stale_s", p.StaleS, 1, 86400}, {"clock_skew_s", p.ClockSkewS, 0, 3600},
		{"worst_accuracy_m", p.WorstAccuracyM, 1, 10000}, {"accuracy_m", p.AccuracyM, 0, 10000}, {"jump_mps", p.JumpMps, 1, 400},
		{"walk_mps", p.WalkMps, 0.1, 40}, {"circuity", p.Circuity, 1, 5}, {"circuity_low", p.CircuityLow, 1, 5}, {"circuity_high", p.CircuityHigh, 1, 5},
		{"barrier_min", p.BarrierMin, 0, 120}, {"snap_m", p.SnapM, 0, 5000}, {"max_metres", p.MaxMetres, 10, 100_000},
		{"max_tasks", float64(p.MaxTasks), 1, 1000}, {"task_min", p.TaskMin, 0, 120}, {"fair_min", p.FairMin, 0, 120}, {"fair_max_min", p.FairMaxMin, 0, 120},
		{"fair_days", float64(p.FairDays), 1, 366}, {"uncertainty", p.Uncertainty, 0, 10}, {"cover_min", p.CoverMin, 0, 120},
		{"cover_urgent_min", p.CoverUrgentMin, 0, 120}, {"urgent_level", float64(p.UrgentLevel), 1, Levels + 1},
		{"skill_min", p.SkillMin, 0, 120}, {"skill_max_min", p.SkillMaxMin, 0, 120}, {"ack_misses", float64(p.AckMisses), 1, 10}, {"lease_s", p.LeaseS, 5, 3600},
		{"track_interval_s", p.TrackIntervalS, 60, 900}, {"track_exact_h", p.TrackExactH, 0, 24}, {"track_days", p.TrackDays, 0, 30},
	}
	for _, activity := range sortedKeys(p.MobiliseMin) {
		out = append(out, bounds{"mobilise_min." + activity, p.MobiliseMin[activity], 0, 120})
	}
	return out
}

func minutes(name string, list []float64, n int) error {
	if len(list) != n || slices.ContainsFunc(list, func(x float64) bool { return math.IsNaN(x) || x < 0 || x > 1440 }) {
		return layers.Constraint("parameters", "parameter %s is %v: expected %d numbers of minutes from 0 to 1440", name, list, n)
	}
	return nil
}

// CheckRow says what is wrong with a feature that is to be a row of ParameterLayer, or nil.
func CheckRow(l *layers.Layer, f *layers.Feature) error {
	i := l.Index("parameters")
	if i < 0 || i >= len(f.Values) {
		return layers.Constraint("parameters", "layer %s has no field parameters", l.Name)
	}
	_, err := ParseParameters([]byte(f.Values[i].Text()))
	return err
}

// Set is parameters with their version.
type Set struct {
	Parameters
	Version string
	Notes   []string // on newer rows that are not valid and so do not count
}

// InForce returns the parameters of a view. Rows are newer by their id.
func InForce(v *layers.View) *Set {
	out := &Set{Parameters: Defaults(), Version: defaultVersion}
	t, err := v.Table(ParameterLayer)
	if err != nil {
		return out
	}
	var rows []layers.Row
	t.Each(nil, func(r layers.Row) bool { rows = append(rows, r); return true })
	slices.SortFunc(rows, func(a, b layers.Row) int { return cmp.Compare(b.ID(), a.ID()) })
	for _, r := range rows {
		p, err := ParseParameters([]byte(r.Get("parameters").Text()))
		if err == nil {
			out.Parameters, out.Version = p, r.Get("version").Text()
			break
		}
		out.Notes = append(out.Notes, "parameters "+r.Get("version").Text()+" do not count: "+err.Error())
	}
	return out
}

// defaultVersion is the version of Defaults.
const defaultVersion = "default-1"
