package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/paulmach/orb"
)

// replay sends somebody to every event of a month of the sample, in the order in which they were reported, and compares those
// who are responsible with those who are nearest. Each day every leader stands at a spot of the own grid, by lot.
func replay(ctx context.Context, _ setting) ([]row, error) {
	m, err := newMonth(ctx, time.Date(2017, 9, 1, 0, 0, 0, 0, time.FixedZone("Asia/Shanghai", 8*3600)))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, way := range []struct {
		what          string
		onDuty, crows bool
	}{{"all leaders on duty, straight line", true, true}, {"all leaders on duty, on foot", true, false}, {"on duty as in the sample, on foot", false, false}} {
		t, err := m.run(way.onDuty, way.crows)
		if err != nil {
			return nil, err
		}
		rows = append(rows, t.rows(fmt.Sprintf("%s: %d events of %s", way.what, len(t.responsible), m.begin.Format("2006-01")))...)
	}
	return rows, nil
}

// month is the sample with the events of a month.
type month struct {
	begin    time.Time
	features map[string][]layers.Feature
	events   []layers.Feature // in order of time
	schemas  map[string]layers.Layer
}

func newMonth(ctx context.Context, begin time.Time) (*month, error) {
	m := &month{begin: begin, features: map[string][]layers.Feature{}, schemas: map[string]layers.Layer{}}
	for _, l := range fixtures.Catalogue() {
		m.schemas[l.Name] = l
	}
	events := m.schemas[fixtures.Events]
	reported := events.Index("reported_at")
	err := fixtures.Generate(ctx, fixtures.Options{}, func(layer string, f layers.Feature) error {
		switch layer {
		case fixtures.Buildings, fixtures.Facilities, fixtures.Screens:
		case fixtures.Events:
			if at := f.Values[reported].Time(); !at.Before(begin) && at.Before(begin.AddDate(0, 1, 0)) {
				m.events = append(m.events, f)
			}
		default:
			m.features[layer] = append(m.features[layer], f)
		}
		return nil
	})
	slices.SortStableFunc(m.events, func(a, b layers.Feature) int { return a.Values[reported].Compare(b.Values[reported]) })
	return m, err
}

// day returns the sample with every leader at a spot of the own grid, seen just now.
func (m *month) day(now time.Time, rng *rand.Rand, onDuty bool) (*layers.View, error) {
	b := layers.NewBuilder()
	shapes := map[string]orb.Geometry{}
	grids, people := m.schemas[fixtures.Grids], m.schemas[fixtures.Responders]
	for _, f := range m.features[fixtures.Grids] {
		shapes[f.Values[grids.Index("code")].Text()] = f.Geometry
	}
	for _, l := range fixtures.Catalogue() {
		t, err := b.Layer(l)
		if err != nil {
			return nil, err
		}
		for _, f := range m.features[l.Name] {
			if l.Name == fixtures.Responders {
				f.Values = slices.Clone(f.Values)
				f.Values[people.Index("fix_at")], f.Values[people.Index("accuracy_m")] = layers.TimeValue(now), layers.FloatValue(10)
				if shape := shapes[f.Values[people.Index("grid")].Text()]; shape != nil {
					f.Geometry = spot(rng, shape)
				}
				if onDuty {
					f.Values[people.Index("duty")], f.Values[people.Index("activity")] = layers.TextValue("on_duty"), layers.TextValue("patrolling")
					f.Values[people.Index("open_tasks")] = layers.IntValue(0)
				}
			}
			t.Add(f)
		}
	}
	return b.Snapshot(1).View(layers.Scope{Audience: layers.Restricted}), nil
}

// spot draws a place inside an area.
func spot(rng *rand.Rand, area orb.Geometry) orb.Point {
	b := area.Bound()
	for {
		p := orb.Point{b.Min[0] + rng.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + rng.Float64()*(b.Max[1]-b.Min[1])}
		if geo.Contains(area, p) {
			return p
		}
	}
}

// tally is what a month came to: one number for each event that lies in a grid.
type tally struct {
	responsible, nearest []float64 // metres of who is sent by either rule
	same                 int       // events whose nearest leader is the responsible one
	ranked               []float64 // minutes of who is sent by the policies as they stand
	covered              int       // events to which somebody goes who stands in for the grid's leader
	across               int       // events to which somebody else of another grid goes
}

// bare are parameters by which nothing counts but the tier, for so many minutes each, and the way. Where the tier does not
// count they let people walk so slowly that costs, which are compared to a tenth of a minute, tell a metre.
func bare(perTier float64, crows bool) *dispatch.Set {
	p := dispatch.Defaults()
	p.TaskMin, p.FairMin, p.Uncertainty, p.CoverMin, p.CoverUrgentMin = 0, 0, 0, 0, 0
	for name := range p.Policies {
		p.Policies[name] = []float64{0, perTier, 2 * perTier, 3 * perTier, 4 * perTier, 5 * perTier}
	}
	for activity := range p.MobiliseMin {
		p.MobiliseMin[activity] = 0
	}
	if perTier == 0 {
		p.WalkMps = 0.1
	}
	if crows {
		p.Circuity, p.CircuityLow, p.CircuityHigh = 1, 1, 1
	}
	return &dispatch.Set{Parameters: p, Version: "bare"}
}

// run replays the month. Whoever was sent by the policies as they stand is busy for half an hour.
func (m *month) run(onDuty, crows bool) (*tally, error) {
	const busyFor = 30 * time.Minute
	t := new(tally)
	rng := rand.New(rand.NewPCG(20170901, 5))
	events := m.schemas[fixtures.Events]
	busy := map[int64]time.Time{}
	var view *layers.View
	var streets *dispatch.Streets
	var seen time.Time // when everybody was where they are that day
	today := -1
	for _, f := range m.events {
		at := f.Values[events.Index("reported_at")].Time()
		if day := at.In(m.begin.Location()).Day(); day != today {
			var err error
			if view, err = m.day(at, rng, onDuty); err != nil {
				return nil, err
			}
			today, seen, streets = day, at, nil
			if !crows {
				streets = new(dispatch.Streets)
			}
		}
		q := dispatch.Question{At: f.Geometry.(orb.Point), Level: int(f.Values[events.Index("level")].Int()), Roles: []string{"grid_leader"}, K: 1, Now: seen}
		for id, until := range busy {
			if !until.After(at) {
				delete(busy, id)
			}
		}
		sent, err := t.add(view, streets, q, crows, slices.Sorted(maps.Keys(busy)))
		if err != nil {
			return nil, err
		}
		if sent != 0 {
			busy[sent] = at.Add(busyFor)
		}
	}
	return t, nil
}

// add sends somebody to one event by each rule, and returns the id of who is sent by the policies as they stand, without those
// who are busy; 0: nobody, or the event lies in no grid.
func (t *tally) add(view *layers.View, streets *dispatch.Streets, q dispatch.Question, crows bool, busy []int64) (sent int64, err error) {
	first := func(set *dispatch.Set) (*dispatch.Answer, *dispatch.Candidate, error) {
		q.Set = set
		a, err := dispatch.Rank(view, streets, q)
		if err != nil || len(a.Lists[0].Candidates) == 0 {
			return a, nil, err
		}
		return a, &a.Lists[0].Candidates[0], nil
	}
	a, responsible, err := first(bare(200, crows))
	if err != nil || a.Place.Outside || responsible == nil {
		return 0, err
	}
	_, nearest, err := first(bare(0, crows))
	if err != nil {
		return 0, err
	}
	q.Without = busy
	_, ranked, err := first(nil)
	if err != nil || ranked == nil {
		return 0, err
	}
	t.responsible, t.nearest = append(t.responsible, responsible.Metres), append(t.nearest, nearest.Metres)
	t.ranked = append(t.ranked, ranked.Terms.ETA)
	if responsible.ID == nearest.ID {
		t.same++
	}
	switch {
	case ranked.StandsIn != "":
		t.covered++
	case ranked.Tier != 0:
		t.across++
	}
	return ranked.ID, nil
}

func (t *tally) rows(what string) []row {
	n := float64(len(t.responsible))
	both := func(all []float64, per float64) string {
		all = slices.Clone(all)
		return fmt.Sprintf("%.*f, 95%%: %.*f", int(per/60), quantile(all, 0.5)/per, int(per/60), quantile(all, 0.95)/per)
	}
	const metre, minute = 1, 72 // metres on foot
	var more []float64
	sum := 0.0
	for i := range t.responsible {
		more = append(more, (t.responsible[i]-t.nearest[i])/minute)
		sum += more[i]
	}
	return []row{
		{"REPLAY", what, "responsible " + both(t.responsible, metre) + " m", "nearest " + both(t.nearest, metre) + " m",
			fmt.Sprintf("%.0f%% of the nearest are responsible", 100*float64(t.same)/n), "-"},
		{"REPLAY", "the same, minutes on foot", "responsible " + both(t.responsible, minute), "nearest " + both(t.nearest, minute),
			fmt.Sprintf("%.2f more on average, 95%%: %.1f", sum/n, quantile(more, 0.95)), "-"},
		{"REPLAY", "the same, by the policies as they stand", "there in " + both(scaled(t.ranked, minute), minute) + " min", "",
			fmt.Sprintf("%.0f%% by who stands in, %.0f%% by another", 100*float64(t.covered)/n, 100*float64(t.across)/n), "-"},
	}
}

// scaled returns numbers times another.
func scaled(all []float64, by float64) []float64 {
	out := make([]float64, len(all))
	for i, x := range all {
		out[i] = x * by
	}
	return out
}
