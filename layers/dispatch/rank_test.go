package dispatch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// The place of the worked example, and its areas: two grids of one zone, and a grid of the community beside.
var centre = orb.Point{114.305, 30.555}

const (
	gridA, gridB, gridD = "420106001005001", "420106001005002", "420106001007001"
	zoneAB, zoneD       = "42010600100501", "42010600100701"
	hereabouts, beside  = "420106001005", "420106001007"
)

// crossing is a place within the sample.
var crossing = orb.Point{114.3085, 30.5582}

// village is the areas of the worked example. The zone measures 360 m across.
func village(t testing.TB) *town {
	w := newTown(t)
	day := layers.DateValue(time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC))
	area := func(layer, code, community, zone string, g orb.Polygon) {
		values := map[string]layers.Value{"code": text(code)}
		if community != "" {
			values["community"] = text(community)
		}
		if zone != "" {
			values["zone"], values["valid_from"] = text(zone), day
		}
		w.add(layer, int64(len(w.features[layer])+1), g, values)
	}
	const west, south, wide, high = 114.3042, 30.5538, 0.0013, 0.002344
	area(fixtures.Communities, hereabouts, "", "", box(west, south, 2*wide, high))
	area(fixtures.Communities, beside, "", "", box(west+2*wide, south, 2*wide, high))
	area(fixtures.Zones, zoneAB, hereabouts, "", box(west, south, 2*wide, high))
	area(fixtures.Zones, zoneD, beside, "", box(west+2*wide, south, 2*wide, high))
	area(fixtures.Grids, gridA, hereabouts, zoneAB, box(west, south, wide, high))
	area(fixtures.Grids, gridB, hereabouts, zoneAB, box(west+wide, south, wide, high))
	area(fixtures.Grids, gridD, beside, zoneD, box(west+2*wide, south, 2*wide, high))
	return w
}

// leader adds a grid leader on duty, patrolling, with a fix of now to the metre; values replace these.
func (w *town) leader(id int64, code, grid string, at orb.Point, values map[string]layers.Value) {
	all := map[string]layers.Value{"code": text(code), "title": text(code), "role": text("grid_leader"), "grid": text(grid), "zone": text(grid[:12] + "01"),
		"community": text(grid[:12]), "duty": text("on_duty"), "activity": text("patrolling"), "open_tasks": whole(0),
		"fix_at": ago(0), "accuracy_m": number(1)}
	for name, v := range values {
		all[name] = v
	}
	w.add(fixtures.Responders, id, at, all)
}

// sent logs that somebody was sent outside the own grid some times in the last days.
func (w *town) sent(who int64, times int) {
	for range times {
		n := int64(len(w.features[dispatch.LogLayer]) + 1)
		w.add(dispatch.LogLayer, n, nil, map[string]layers.Value{"at": ago(time.Duration(n) * time.Hour), "action": text("assigned"),
			"responder_id": whole(who), "outside": layers.BoolValue(true)})
	}
}

// example is the worked example: level 3, balanced, A on leave.
func example(t testing.TB) *town {
	w := village(t)
	w.leader(1, "A", gridA, centre, map[string]layers.Value{"duty": text("on_leave"), "partner": text("B")})
	w.leader(2, "B", gridB, east(centre, 210), map[string]layers.Value{"partner": text("A"), "open_tasks": whole(1), "fix_at": ago(time.Minute), "accuracy_m": number(12)})
	w.leader(3, "C", gridB, east(centre, 140), map[string]layers.Value{"zone_leader": layers.BoolValue(true), "activity": text("desk"),
		"fix_at": ago(8 * time.Minute), "accuracy_m": number(12)})
	w.leader(4, "D", gridD, east(centre, 90), map[string]layers.Value{"accuracy_m": number(10)})
	w.leader(5, "E", gridD, east(centre, 3000), nil) // so that D is not the last of the zone
	w.sent(2, 4)
	w.sent(3, 5)
	return w
}

func TestTheWorkedExampleGivesItsFigures(t *testing.T) {
	t.Parallel()
	a := rank(t, example(t).view(), nil, dispatch.Question{At: centre})
	type figures struct {
		Code                       string
		ETA, Tier, Load, Fair, Unc float64
		Cover, Cost                float64
	}
	want := []figures{{"B", 4.3, 0, 3.0, 0, 0.1, 0, 7.4}, {"C", 4.5, 2.0, 0, 0.4, 1.3, 0, 8.2}, {"D", 2.1, 8.0, 0, 0, 0.1, 0, 10.2}}
	tenth := func(x float64) float64 { return math.Round(x*10) / 10 }
	l := a.Lists[0]
	var got []figures
	for _, c := range l.Candidates[:3] {
		got = append(got, figures{c.Code, tenth(c.Terms.ETA), c.Terms.Responsibility, c.Terms.Load, tenth(c.Terms.Fairness), tenth(c.Terms.Uncertainty),
			c.Terms.Cover, c.Cost})
		if c.Method != "estimate" || c.Route != nil {
			t.Errorf("%s: method %q, route %v: there is no network", c.Code, c.Method, c.Route)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("ranking (-want +got):\n%s", d)
	}
	if len(l.Excluded) != 1 || l.Excluded[0].Contact.Code != "A" || l.Excluded[0].Code != dispatch.OnLeave {
		t.Errorf("excluded: %+v", l.Excluded)
	}
	if a.Policy != dispatch.Balanced || l.Candidates[0].StandsIn != "partner" {
		t.Errorf("policy %s, first %+v", a.Policy, l.Candidates[0])
	}
	if got, want := l.Summary["zh"], "推荐 B: 责任网格长请假, B角代岗"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	if got, want := l.WhyNotNearest["zh"], "最近的是 D (90 米): 属相邻社区, 另加 8.1 分钟, 排第 3"; got != want {
		t.Errorf("why not the nearest: %q, want %q", got, want)
	}
}

func TestEachGateGivesItsReason(t *testing.T) {
	t.Parallel()
	for code, values := range map[string]map[string]layers.Value{
		dispatch.OffDuty:      {"duty": text("off_duty")},
		dispatch.OnLeave:      {"duty": text("on_leave")},
		dispatch.CapacityFull: {"open_tasks": whole(3)},
		dispatch.RoleMissing:  {"skills": layers.ListValue([]string{"swims"})},
		dispatch.NoPosition:   {"fix_at": layers.Null(), "grid": layers.Null(), "community": layers.Null()},
	} {
		w := village(t)
		w.leader(1, "A", gridA, centre, values)
		w.leader(2, "B", gridB, centre, map[string]layers.Value{"skills": layers.ListValue([]string{"climbs", "swims"})})
		q := dispatch.Question{At: centre}
		if code == dispatch.RoleMissing {
			q.Skills = []string{"climbs"}
		}
		onlyExcluded(t, rank(t, w.view(), nil, q), code)
	}
	noDuty := village(t)
	noDuty.leader(1, "A", gridA, centre, map[string]layers.Value{"duty": layers.Null()})
	noDuty.leader(2, "B", gridB, centre, nil)
	onlyExcluded(t, rank(t, noDuty.view(), nil, dispatch.Question{At: centre}), dispatch.OffDuty)

	far := village(t)
	far.leader(1, "A", gridA, east(centre, 6000), nil)
	far.leader(2, "B", gridB, centre, nil)
	onlyExcluded(t, rank(t, far.view(), nil, dispatch.Question{At: centre}), dispatch.OutOfArea)
}

// onlyExcluded checks that A alone is excluded, for a reason, and B proposed.
func onlyExcluded(t *testing.T, a *dispatch.Answer, code string) {
	t.Helper()
	l := a.Lists[0]
	if len(l.Excluded) != 1 || l.Excluded[0].Contact.Code != "A" || l.Excluded[0].Code != code || l.Excluded[0].Reason["zh"] == "" || l.Excluded[0].Reason["en"] == "" {
		t.Errorf("%s: excluded %+v", code, l.Excluded)
	}
	if len(l.Candidates) != 1 || l.Candidates[0].Code != "B" {
		t.Errorf("%s: candidates %+v", code, l.Candidates)
	}
}

func TestWhatWasDecidedKeepsPeopleOut(t *testing.T) {
	t.Parallel()
	w := village(t)
	w.leader(1, "A", gridA, centre, nil)
	w.leader(2, "B", gridB, centre, nil)
	q := dispatch.Question{At: centre, Event: 7}
	hold := func(status string, lease time.Duration) *dispatch.Answer {
		v := *w
		v.features = map[string][]layers.Feature{}
		for name, list := range w.features {
			v.features[name] = list
		}
		v.add(dispatch.AssignmentLayer, 1, nil, map[string]layers.Value{"status": text(status), "lease_until": layers.TimeValue(now.Add(lease))})
		return rank(t, v.view(), nil, q)
	}
	onlyExcluded(t, hold("reserved", time.Second), dispatch.Held)
	onlyExcluded(t, hold("assigned", -time.Hour), dispatch.Held)
	onlyExcluded(t, hold("acknowledged", -time.Hour), dispatch.Held)
	if a := hold("reserved", 0); len(a.Lists[0].Excluded) > 0 {
		t.Errorf("a lease that has ended still holds: %+v", a.Lists[0].Excluded)
	}
	w.add(dispatch.LogLayer, 1, nil, map[string]layers.Value{"at": ago(time.Hour), "action": text("refused"), "responder_id": whole(1), "event_id": whole(7)})
	onlyExcluded(t, rank(t, w.view(), nil, q), dispatch.AlreadyRefused)
	q.Event = 8
	if a := rank(t, w.view(), nil, q); len(a.Lists[0].Excluded) > 0 {
		t.Errorf("a refusal of one event counts for another: %+v", a.Lists[0].Excluded)
	}
}

func TestPositionsByAge(t *testing.T) {
	t.Parallel()
	const reach = 150 // about half the diagonal of the grid
	for name, c := range map[string]struct {
		age      time.Duration
		accuracy float64
		state    string
		least    float64
		most     float64
	}{
		"fresh":               {2 * time.Minute, 30, "fresh", 30, 30},
		"ageing":              {130 * time.Second, 10, "ageing", 166, 166}, // 10 + 1.2 x 130
		"ageing long":         {15 * time.Minute, 10, "ageing", 180, 180},
		"stale":               {15*time.Minute + time.Second, 10, "stale", 100, reach},
		"from the future":     {-time.Minute, 10, "stale", 100, reach},
		"a clock a bit ahead": {-3 * time.Second, 10, "fresh", 10, 10},
		"not accurate":        {0, 501, "stale", 100, reach},
	} {
		w := village(t)
		w.leader(1, "A", gridA, east(centre, 400), map[string]layers.Value{"fix_at": ago(c.age), "accuracy_m": number(c.accuracy)})
		p := rank(t, w.view(), nil, dispatch.Question{At: centre}).Lists[0].Candidates[0]
		if p.Position.State != c.state || p.Position.Uncertainty < c.least || p.Position.Uncertainty > c.most {
			t.Errorf("%s: %+v, want %s within %g to %g m", name, p.Position, c.state, c.least, c.most)
		}
		if stale := p.Direct < 200; stale != (c.state == "stale") {
			t.Errorf("%s: taken to be %g m away", name, p.Direct)
		}
		if (p.Position.AgeS == nil) != (c.age < -5*time.Second) {
			t.Errorf("%s: age %v", name, p.Position.AgeS)
		}
	}
}

// tiersOf ranks and returns the tier of each by code, with * for who stands in for the grid's leader.
func tiersOf(t *testing.T, w *town, q dispatch.Question) map[string]string {
	t.Helper()
	q.K = 100
	out := map[string]string{}
	for _, l := range rank(t, w.view(), nil, q).Lists {
		for _, c := range l.Candidates {
			out[c.Code] = fmt.Sprint(c.Tier)
			if c.StandsIn != "" {
				out[c.Code] += "*"
			}
		}
	}
	return out
}

func TestTiersAndCover(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		out  []string
		want map[string]string
	}{
		"all there":             {nil, map[string]string{"A": "0", "B": "1", "C": "2", "N": "3", "D": "4", "F": "5"}},
		"the leader is out":     {[]string{"A"}, map[string]string{"B": "0*", "C": "2", "N": "3", "D": "4", "F": "5"}},
		"both are out":          {[]string{"A", "B"}, map[string]string{"C": "0*", "N": "3", "D": "4", "F": "5"}},
		"the partner is out":    {[]string{"B"}, map[string]string{"A": "0", "C": "2", "N": "3", "D": "4", "F": "5"}},
		"the whole zone is out": {[]string{"A", "B", "C"}, map[string]string{"N": "3", "D": "4", "F": "5"}},
	} {
		w := village(t)
		duty := func(code string) map[string]layers.Value {
			if slices.Contains(c.out, code) {
				return map[string]layers.Value{"duty": text("off_duty")}
			}
			return map[string]layers.Value{}
		}
		with := func(code, name string, v layers.Value) map[string]layers.Value {
			all := duty(code)
			all[name] = v
			return all
		}
		w.leader(1, "A", gridA, centre, with("A", "partner", text("B")))
		w.leader(2, "B", gridB, centre, with("B", "partner", text("A")))
		w.leader(3, "C", gridB, centre, with("C", "zone_leader", layers.BoolValue(true)))
		w.leader(4, "N", "420106001005009", centre, with("N", "zone", text("42010600100509")))
		w.leader(5, "D", gridD, centre, duty("D"))
		w.leader(6, "F", "420106001099001", centre, duty("F"))
		if d := cmp.Diff(c.want, tiersOf(t, w, dispatch.Question{At: centre})); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestTheLastLeaderOfAnotherZoneIsSpared(t *testing.T) {
	t.Parallel()
	for level, want := range map[int]float64{1: 5, 3: 5, 4: 3, 5: 3} {
		w := village(t)
		w.leader(1, "A", gridA, centre, nil)
		w.leader(4, "D", gridD, centre, nil)
		cover := func() []float64 {
			var out []float64
			for _, c := range rank(t, w.view(), nil, dispatch.Question{At: centre, Level: level}).Lists[0].Candidates {
				out = append(out, c.Terms.Cover)
			}
			return out
		}
		if d := cmp.Diff([]float64{0, want}, cover()); d != "" {
			t.Errorf("level %d (-want +got):\n%s", level, d)
		}
		w.leader(5, "E", gridD, centre, nil)
		if d := cmp.Diff([]float64{0, 0, 0}, cover()); d != "" {
			t.Errorf("level %d, with another left (-want +got):\n%s", level, d)
		}
	}
}

func TestLeaderOfTwoGrids(t *testing.T) {
	t.Parallel()
	w := village(t)
	w.leader(1, "A", gridA, centre, map[string]layers.Value{"grid": text(gridA + ";" + gridB)})
	w.leader(2, "B", gridD, centre, nil)
	for _, at := range []orb.Point{centre, east(centre, 30), east(centre, 60)} {
		if got := tiersOf(t, w, dispatch.Question{At: at})["A"]; got != "0" {
			t.Errorf("at %v: tier %s", at, got)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	w := village(t)
	w.leader(1, "A", gridA, centre, nil)
	ask := func(q dispatch.Question) dispatch.Place { return rank(t, w.view(), nil, q).Place }
	if p := ask(dispatch.Question{At: orb.Point{114.3042 + 0.0013, 30.555}}); p.Grid != gridA || !slices.Equal(p.Also, []string{gridB}) || p.Outside {
		t.Errorf("on a shared edge: %+v", p)
	}
	if p := ask(dispatch.Question{At: orb.Point{114.3032, 30.555}}); p.Grid != gridA || !p.Outside || p.OutsideMetres < 90 || p.OutsideMetres > 100 {
		t.Errorf("outside: %+v", p)
	}
	sum := 0.0
	p := ask(dispatch.Question{At: centre, AccuracyM: 200})
	for _, s := range p.Spread {
		sum += s.Share
	}
	if len(p.Spread) != 4 || math.Abs(sum-1) > 0.021 || !slices.ContainsFunc(p.Spread, func(s dispatch.Share) bool { return s.Grid == "" }) {
		t.Errorf("within 200 m: %+v", p.Spread)
	}
	half := ask(dispatch.Question{At: orb.Point{114.3042 + 0.0013, 30.555}, AccuracyM: 20}).Spread
	if d := cmp.Diff([]dispatch.Share{{Grid: gridA, Share: 0.5}, {Grid: gridB, Share: 0.5}}, half); d != "" {
		t.Errorf("on an edge, within 20 m (-want +got):\n%s", d)
	}
}

func TestAGridThatWasSplitCountsAsItWas(t *testing.T) {
	t.Parallel()
	w := village(t)
	split := layers.DateValue(now.In(time.FixedZone("", 8*3600)).AddDate(0, 0, -7))
	old := w.features[fixtures.Grids][0]
	w.set(fixtures.Grids, 0, map[string]layers.Value{"valid_to": split})
	half := old.Geometry.(orb.Polygon).Bound()
	half.Max[0] = centre[0] + 0.0002 // centre is in the first half
	for i, code := range []string{"420106001005011", "420106001005012"} {
		g := half.ToPolygon()
		if i == 1 {
			g = orb.Bound{Min: orb.Point{half.Max[0], half.Min[1]}, Max: old.Geometry.Bound().Max}.ToPolygon()
		}
		w.add(fixtures.Grids, int64(11+i), g, map[string]layers.Value{"code": text(code), "community": text(hereabouts), "zone": text(zoneAB), "valid_from": split})
	}
	w.leader(1, "A", gridA, centre, nil)
	before := now.AddDate(0, 0, -8)
	if p := rank(t, w.view(), nil, dispatch.Question{At: centre}).Place; p.Grid != "420106001005011" || len(p.Also) > 0 {
		t.Errorf("today: %+v", p)
	}
	if p := rank(t, w.view(), nil, dispatch.Question{At: centre, ValidAt: &before}).Place; p.Grid != gridA || len(p.Also) > 0 {
		t.Errorf("eight days ago: %+v", p)
	}
}

func TestTwoEventsAtOnceAreNotProposedTheSamePerson(t *testing.T) {
	t.Parallel()
	v := sampleTown(t).view()
	var questions []dispatch.Question
	for i := range 4 {
		questions = append(questions, dispatch.Question{At: east(centre, float64(10*i)), Level: 3, Now: now, Category: "debris"})
	}
	answers, err := dispatch.Together(v, new(dispatch.Streets), questions)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, a := range answers {
		for _, l := range a.Lists {
			if c := l.Candidates[0]; seen[c.ID] {
				t.Errorf("%s is proposed twice", c.Code)
			} else {
				seen[c.ID] = true
			}
		}
	}
}

func TestEachNeededRoleInOneAnswer(t *testing.T) {
	t.Parallel()
	v, s := sampleTown(t).view(), new(dispatch.Streets)
	roles := func(q dispatch.Question) (out []string) {
		q.At = centre
		for _, l := range rank(t, v, s, q).Lists {
			out = append(out, l.Role+" "+l.Need)
			for _, c := range l.Candidates {
				if c.Role != l.Role {
					t.Errorf("a %s in the list of %s", c.Role, l.Role)
				}
			}
		}
		return out
	}
	for _, c := range []struct {
		q    dispatch.Question
		want []string
	}{
		{dispatch.Question{}, []string{"grid_leader leads"}},
		{dispatch.Question{Category: "debris"}, []string{"grid_leader leads", "urban_enforcement required"}},
		{dispatch.Question{Category: "illegal_building"}, []string{"urban_enforcement required"}},
		{dispatch.Question{Category: "elder_alone", Level: 4}, []string{"grid_leader leads", "family_doctor desirable", "volunteer desirable", "first_secretary desirable"}},
		{dispatch.Question{Domain: "party", Category: "visit"}, []string{"grid_leader leads", "first_secretary required"}},
		{dispatch.Question{Category: "debris", Roles: []string{"police", "guard"}}, []string{"police asked", "guard asked"}},
	} {
		if d := cmp.Diff(c.want, roles(c.q)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", c.q, d)
		}
	}
	alone := rank(t, v, s, dispatch.Question{At: centre, Level: 4, Roles: []string{"volunteer"}}).Lists[0]
	if len(alone.Candidates) > 0 || len(alone.Excluded) != 12 {
		t.Errorf("volunteers alone at level 4: %+v", alone)
	}
}

func TestPolicyEscalationAndWhoIsTold(t *testing.T) {
	t.Parallel()
	v, s := sampleTown(t).view(), new(dispatch.Streets)
	for level, want := range map[int]struct {
		policy dispatch.Policy
		ack    float64
	}{1: {dispatch.ResponsibleFirst, 10}, 2: {dispatch.ResponsibleFirst, 5}, 3: {dispatch.Balanced, 3}, 4: {dispatch.NearestFirst, 2}, 5: {dispatch.NearestFirst, 1}} {
		a := rank(t, v, s, dispatch.Question{At: crossing, Level: level})
		e := a.Escalation
		if a.Policy != want.policy || e.AckMin != want.ack || !e.EscalateAt.Equal(now.Add(time.Duration(want.ack)*time.Minute)) {
			t.Errorf("level %d: %s, %+v", level, a.Policy, e)
		}
		var to []string
		for i, step := range e.Steps {
			to = append(to, step.To)
			if after := want.ack * float64(i); step.AfterMin != after && level < 5 || level == 5 && step.AfterMin != 0 {
				t.Errorf("level %d: %s after %g min", level, step.To, step.AfterMin)
			}
		}
		if got := strings.Join(to, " "); !strings.HasPrefix(got, "candidate candidate") || !strings.HasSuffix(got, "command_centre") || e.AtOnce != (level == 5) {
			t.Errorf("level %d: %s", level, got)
		}
		if (len(a.Inform) > 0) != (level >= 4) {
			t.Errorf("level %d: told at the same time: %+v", level, a.Inform)
		}
	}
}

func TestAQuestionThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	v := village(t).view()
	for name, q := range map[string]dispatch.Question{
		"level": {Level: 6, Now: now}, "k": {Level: 1, K: 101, Now: now}, "nearest": {Level: 1, Policy: "nearest", Now: now}, "lon": {At: orb.Point{999, 0}, Level: 1, Now: now},
		"accuracy_m": {Level: 1, AccuracyM: -1, Now: now}, "now": {Level: 1}, "chef": {Level: 1, Roles: []string{"chef"}, Now: now},
	} {
		_, err := dispatch.Rank(v, nil, q)
		var e *layers.Error
		if !errors.Is(err, layers.ErrInvalid) || !errors.As(err, &e) || e.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsMissingIsSaidOrDoneWithout(t *testing.T) {
	t.Parallel()
	q := dispatch.Question{At: centre, Level: 3, Now: now}
	for _, layer := range []string{fixtures.Responders, fixtures.Grids} {
		w := example(t)
		w.without[layer] = true
		if _, err := dispatch.Rank(w.view(), new(dispatch.Streets), q); !errors.Is(err, layers.ErrNotFound) || !strings.Contains(err.Error(), layer) {
			t.Errorf("without %s: %v", layer, err)
		}
	}
	w := example(t)
	for _, layer := range []string{fixtures.Streets, fixtures.Zones, fixtures.Communities, dispatch.AssignmentLayer, dispatch.LogLayer, dispatch.ParameterLayer} {
		w.without[layer] = true
	}
	if a := rank(t, w.view(), new(dispatch.Streets), q); a.Lists[0].Candidates[0].Code != "B" {
		t.Errorf("with responders and grids alone: %+v", a.Lists[0])
	}
	bare := layers.NewBuilder()
	for _, l := range []layers.Layer{
		{Name: "responders", Kind: layers.Point, Fields: []layers.Field{{Name: "role", Type: layers.String}}},
		{Name: "grids", Kind: layers.Polygon, Fields: []layers.Field{{Name: "code", Type: layers.String}, {Name: "community", Type: layers.String}, {Name: "zone", Type: layers.String}}},
	} {
		if _, err := bare.Layer(l); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dispatch.Rank(bare.Snapshot(1).View(everything), nil, q); !errors.Is(err, layers.ErrNotFound) || !strings.Contains(err.Error(), "duty") {
		t.Errorf("without the field duty: %v", err)
	}
	if a := rank(t, village(t).view(), nil, dispatch.Question{At: centre}); len(a.Lists[0].Candidates) > 0 || a.Lists[0].Summary["zh"] != "没有可派人员" {
		t.Errorf("with nobody: %+v", a.Lists[0])
	}
}

// asBytes is an answer as JSON.
func asBytes(t testing.TB, a *dispatch.Answer) string {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// anyQuestion is a question somewhere in the sample.
func anyQuestion(r *rand.Rand) dispatch.Question {
	categories := []string{"", "debris", "theft", "elder_alone", "dirty_road"}
	return dispatch.Question{At: orb.Point{114.294 + r.Float64()*0.026, 30.556 + r.Float64()*0.026}, Level: 1 + r.IntN(5), Category: categories[r.IntN(len(categories))],
		AccuracyM: float64(r.IntN(2)) * 100 * r.Float64(), K: 1 + r.IntN(6), Now: now}
}

func TestTheAnswerDoesNotDependOnTheOrderOfTheRecord(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 5))
	w := sampleTown(t)
	v, s := w.view(), new(dispatch.Streets)
	for name := range w.features {
		if list := w.features[name]; name != fixtures.Streets {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
	}
	shuffled, other := w.view(), new(dispatch.Streets)
	for range 10 {
		q := anyQuestion(r)
		first := asBytes(t, rank(t, v, s, q))
		if again := asBytes(t, rank(t, v, s, q)); again != first {
			t.Errorf("asked again: %s", cmp.Diff(first, again))
		}
		if again := asBytes(t, rank(t, shuffled, other, q)); again != first {
			t.Errorf("of a shuffled record: %s", cmp.Diff(first, again))
		}
	}
}

func TestAFewAreTheFirstOfMany(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 5))
	v, s := sampleTown(t).view(), new(dispatch.Streets)
	for range 12 {
		q := anyQuestion(r)
		few := rank(t, v, s, q)
		k := q.K
		q.K = 100
		for i, l := range rank(t, v, s, q).Lists {
			if d := cmp.Diff(l.Candidates[:min(k, len(l.Candidates))], few.Lists[i].Candidates); d != "" {
				t.Errorf("the first %d of 100, and %d alone, of %s (-100 +%d):\n%s", k, k, l.Role, k, d)
			}
		}
	}
}

func TestAddingSomebodyUnavailableChangesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	w := sampleTown(t)
	v, s := w.view(), new(dispatch.Streets)
	for i := range 8 {
		w := sampleTown(t)
		reason := map[string]layers.Value{"duty": text([]string{"off_duty", "on_leave"}[i%2])}
		if i%4 == 2 {
			reason = map[string]layers.Value{"open_tasks": whole(9)}
		}
		like := w.features[fixtures.Responders][r.IntN(119)]
		l := schema(t, fixtures.Responders)
		values := map[string]layers.Value{}
		for n, v := range like.Values {
			values[l.Fields[n].Name] = v
		}
		for name, v := range reason {
			values[name] = v
		}
		values["code"], values["partner"] = text("new"), layers.Null()
		w.add(fixtures.Responders, int64(1000*(i%2)+900), like.Geometry, values)
		q := anyQuestion(r)
		if p, ok := like.Geometry.(orb.Point); ok && i%2 == 0 {
			q.At = p
		}
		before, after := rank(t, v, s, q), rank(t, w.view(), new(dispatch.Streets), q)
		for n := range before.Lists {
			if d := cmp.Diff(before.Lists[n].Candidates, after.Lists[n].Candidates); d != "" {
				t.Errorf("with one more who is %v (-before +after):\n%s", reason, d)
			}
		}
	}
}

func TestComingNearerNeverWorsensARank(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 5))
	w := sampleTown(t)
	s := new(dispatch.Streets)
	moved := 0
	for range 9 {
		q := anyQuestion(r)
		q.K, q.AccuracyM = 100, 0
		l := rank(t, w.view(), s, q).Lists[0]
		c := l.Candidates[r.IntN(len(l.Candidates))]
		if c.Position.State != "fresh" || len(c.Route) < 3 {
			continue
		}
		moved++
		i := slices.IndexFunc(w.features[fixtures.Responders], func(f layers.Feature) bool { return f.ID == c.ID })
		old := w.features[fixtures.Responders][i]
		w.features[fixtures.Responders][i].Geometry = c.Route[len(c.Route)/2] // along the own way
		for _, after := range rank(t, w.view(), s, q).Lists[0].Candidates {
			if after.ID == c.ID && (after.Rank > c.Rank || after.Cost > c.Cost) {
				t.Errorf("%s was %d with %g min, and came nearer: %d with %g min", c.Code, c.Rank, c.Cost, after.Rank, after.Cost)
			}
		}
		w.features[fixtures.Responders][i] = old
	}
	if moved < 3 {
		t.Errorf("only %d moved", moved)
	}
}

func TestTheTermsAddUpToTheCost(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 5))
	v, s := sampleTown(t).view(), new(dispatch.Streets)
	for range 10 {
		a := rank(t, v, s, anyQuestion(r))
		for _, l := range a.Lists {
			last := 0.0
			for _, c := range l.Candidates {
				m := c.Terms
				if sum := m.ETA + m.Responsibility + m.Load + m.Fairness + m.Uncertainty + m.Cover - m.Skill; math.Abs(sum-c.Cost) > 0.09 {
					t.Errorf("%s: the terms are %g, the cost is %g", c.Code, sum, c.Cost)
				}
				if c.Cost < last || c.EtaRange[0] > m.ETA || c.EtaRange[1] < m.ETA || c.Reason["zh"] == "" || c.Reason["en"] == "" {
					t.Errorf("%+v after one of %g", c, last)
				}
				last = c.Cost
			}
		}
	}
}

func TestWhereNothingElseCountsTheNearestIsFirst(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 5))
	v := sampleTown(t).view()
	p := dispatch.Defaults()
	p.TaskMin, p.FairMin, p.Uncertainty, p.CoverMin, p.CoverUrgentMin, p.WalkMps = 0, 0, 0, 0, 0, 0.1
	for activity := range p.MobiliseMin {
		p.MobiliseMin[activity] = 0
	}
	for name := range p.Policies {
		p.Policies[name] = make([]float64, dispatch.Tiers)
	}
	for range 30 {
		q := anyQuestion(r)
		q.Set, q.K = &dispatch.Set{Parameters: p}, 100
		l := rank(t, v, nil, q).Lists[0]
		for i, c := range l.Candidates {
			if c.Direct+1 < l.Candidates[max(0, i-1)].Direct { // costs are compared to 0.6 m
				t.Errorf("number %d, %s, is %g m away, the one before %g m", i+1, c.Code, c.Direct, l.Candidates[i-1].Direct)
			}
			if at := (orb.Point{c.Position.Lon, c.Position.Lat}); math.Abs(geo.Distance(at, q.At)-c.Direct) > 1 {
				t.Errorf("%s is %g m away, said to be %g m", c.Code, geo.Distance(at, q.At), c.Direct)
			}
		}
	}
}

func TestNoPlaceIsTooFar(t *testing.T) {
	t.Parallel()
	v, s := sampleTown(t).view(), new(dispatch.Streets)
	for _, at := range []orb.Point{{0, 0}, {0, 90}, {0, -90}, {180, 10}, {-180, 0}, {-65, 30}, {114.3, -30.5}} {
		a := rank(t, v, s, dispatch.Question{At: at, AccuracyM: 500})
		if l := a.Lists[0]; !a.Place.Outside || a.Place.Grid != "" || len(l.Candidates) > 0 || len(l.Excluded) == 0 {
			t.Errorf("at %v: %+v, %d candidates, %d excluded", at, a.Place, len(l.Candidates), len(l.Excluded))
		}
		asBytes(t, a)
	}
}

func TestWhoIsNotToSeePersonsIsToldNobody(t *testing.T) {
	t.Parallel()
	w := example(t)
	w.personal = true
	s := w.snapshot()
	q := dispatch.Question{At: centre, Level: 3, Now: now}
	if _, err := dispatch.Rank(s.View(layers.Scope{Audience: layers.Internal}), nil, q); !errors.Is(err, layers.ErrForbidden) {
		t.Errorf("of persons: %v", err)
	}
	rank(t, s.View(everything), nil, q)
}
