package dispatch_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// corner is where the fixes of the tests are; 0.001 degrees of latitude are about 111 m.
var corner = orb.Point{114.305, 30.56}

// fix is one some seconds before now, some thousandths of a degree north of the corner.
func fix(before, north, accuracy float64) dispatch.Fix {
	return dispatch.Fix{At: orb.Point{corner[0], corner[1] + north/1000}, When: now.Add(-time.Duration(before * float64(time.Second))), AccuracyM: accuracy}
}

func TestAFixThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	p := dispatch.Defaults()
	last := fix(60, 0, 10)
	for _, c := range []struct {
		name string
		last *dispatch.Fix
		fix  dispatch.Fix
		want string
	}{
		{"the first of all", nil, fix(0, 0, 10), ""},
		{"the first, of long ago", nil, fix(1e6, 0, 10), ""},
		{"on foot", &last, fix(0, 0.7, 10), ""},
		{"by car", &last, fix(0, 10, 10), ""},
		{"at 39.9 m/s", &last, fix(0, 21.59, 10), ""},
		{"at 40.1 m/s", &last, fix(0, 21.71, 10), dispatch.Jump},
		{"to another continent", &last, dispatch.Fix{At: orb.Point{2.35, 48.85}, When: now, AccuracyM: 5}, dispatch.Jump},
		{"as accurate as is needed", &last, fix(0, 0, 500), ""},
		{"not accurate", &last, fix(0, 0, 500.1), dispatch.BadAccuracy},
		{"better than exact", &last, fix(0, 0, -1), dispatch.BadAccuracy},
		{"of an accuracy that is no number", &last, fix(0, 0, math.NaN()), dispatch.BadAccuracy},
		{"by a clock that is a little ahead", &last, fix(-5, 0, 10), ""},
		{"of the future", &last, fix(-5.1, 0, 10), dispatch.FutureFix},
		{"of the future, the first", nil, fix(-3600, 0, 10), dispatch.FutureFix},
		{"older than the last", &last, fix(61, 0, 10), dispatch.OldFix},
		{"of the last's moment, elsewhere", &last, fix(60, 1, 10), dispatch.OldFix},
		{"the last again", &last, fix(60, 0, 10), ""},
		{"north of the pole", &last, dispatch.Fix{At: orb.Point{114, 90.1}, When: now}, dispatch.BadPosition},
		{"nowhere", nil, dispatch.Fix{At: orb.Point{math.NaN(), 30}, When: now}, dispatch.BadPosition},
	} {
		if got := p.Judge(c.last, c.fix, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The order of a batch does not matter; a refused fix leaves what the others come to as it is; what is kept is the newest of
// what is taken, and nobody who is kept was ever faster than is possible.
func TestFixesInAnyOrderKeepTheSame(t *testing.T) {
	t.Parallel()
	p := dispatch.Defaults()
	random := rand.New(rand.NewPCG(5, 5))
	taken := 0
	for range 300 {
		last := fix(600, 0, 10)
		fixes := make([]dispatch.Fix, 1+random.IntN(12))
		for i := range fixes {
			fixes[i] = fix(float64(random.IntN(700)-20)+float64(i)/100, random.NormFloat64()*20, random.ExpFloat64()*150)
		}
		newest, reasons := p.Newest(&last, fixes, now)
		good := []dispatch.Fix{last}
		for i, f := range fixes {
			if reasons[i] == "" {
				good = append(good, f)
			}
		}
		slices.SortFunc(good, func(a, b dispatch.Fix) int { return a.When.Compare(b.When) })
		for i := 1; i < len(good); i++ {
			if geo.Distance(good[i-1].At, good[i].At) > 40*good[i].When.Sub(good[i-1].When).Seconds() {
				t.Fatalf("%v follows %v", good[i], good[i-1])
			}
		}
		taken += len(good) - 1
		if kept := good[len(good)-1]; len(good) > 1 && fixes[newest] != kept || len(good) == 1 && newest != -1 {
			t.Fatalf("the newest is %d of %v, not %v", newest, fixes, kept)
		}
		order := random.Perm(len(fixes))
		mixed, want := make([]dispatch.Fix, len(fixes)), make([]string, len(fixes))
		for to, from := range order {
			mixed[to], want[to] = fixes[from], reasons[from]
		}
		again, got := p.Newest(&last, mixed, now)
		if newest >= 0 && order[again] != newest || !slices.Equal(got, want) {
			t.Fatalf("in another order: %d %q, want %d %q", again, got, newest, want)
		}
		if n, alone := p.Newest(&last, good[1:], now); n != len(good)-2 || slices.ContainsFunc(alone, func(s string) bool { return s != "" }) {
			t.Fatalf("without the refused: %q", alone)
		}
	}
	if taken < 300 {
		t.Errorf("only %d fixes were taken: the law was hardly asked", taken)
	}
}

// people is a town of four: on duty with a fix of a minute ago, on duty without one, off duty and on leave.
func people(t *testing.T) *town {
	w := newTown(t)
	for i, duty := range []string{"on_duty", "on_duty", "off_duty", "on_leave"} {
		values := map[string]layers.Value{"code": text([]string{"A", "B", "C", "D"}[i]), "role": text("volunteer"), "duty": text(duty)}
		if i == 0 {
			values["fix_at"], values["accuracy_m"] = layers.TimeValue(now.Add(-time.Minute)), layers.FloatValue(10)
		}
		w.add(fixtures.Responders, int64(i+1), corner, values)
	}
	return w
}

func TestTheNewestGoodFixOfEachIsWritten(t *testing.T) {
	t.Parallel()
	w := people(t)
	p := dispatch.Defaults()
	reports := []dispatch.Report{
		{Responder: "A", Fix: fix(20, 1, 10)},
		{Responder: "1", Fix: fix(5, 2, 20), Activity: "task"}, // the same person by id
		{Responder: "A", Fix: fix(1, 100, 10)},
		{Responder: "B", Fix: fix(1, 100, 10), Activity: "asleep"},
		{Responder: "B", Fix: fix(2, 100, 10)}, // from nowhere, as nothing is known of B
		{Responder: "C", Fix: fix(1, 0, 10)},
		{Responder: "D", Fix: fix(1, 0, 10)},
		{Responder: "Z", Fix: fix(1, 0, 10)},
	}
	changes, reasons, err := dispatch.Move(w.view(), nil, &p, reports, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"", "", dispatch.Jump, dispatch.BadActivity, "", dispatch.OffDuty, dispatch.OnLeave, dispatch.UnknownResponder}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Error(diff)
	}
	if len(changes) != 2 || changes[0].ID != 1 || changes[1].ID != 2 {
		t.Fatalf("%d changes: %+v", len(changes), changes)
	}
	l := schema(t, fixtures.Responders)
	f := changes[0].Feature
	if f.Geometry != reports[1].At || !f.Values[l.Index("fix_at")].Time().Equal(reports[1].When) || f.Values[l.Index("activity")].Text() != "task" ||
		f.Values[l.Index("accuracy_m")] != layers.FloatValue(20) || f.Values[l.Index("code")].Text() != "A" {
		t.Errorf("A is written as %+v", f)
	}
	w.features[fixtures.Responders][0], w.features[fixtures.Responders][1] = *f, *changes[1].Feature
	again, reasons, err := dispatch.Move(w.view(), nil, &p, reports[1:2], now)
	if err != nil || len(again) != 0 || reasons[0] != "" {
		t.Errorf("sent again: %d changes, %q, %v", len(again), reasons, err)
	}
}

// What is kept is no measure where it could not be taken itself: a clock that ran ahead would lock its owner out.
func TestAKeptFixThatIsNotGoodStopsNobody(t *testing.T) {
	t.Parallel()
	w := people(t)
	p := dispatch.Defaults()
	for _, kept := range []map[string]layers.Value{
		{"fix_at": layers.TimeValue(now.Add(time.Hour))}, {"accuracy_m": layers.FloatValue(900)}, {"fix_at": layers.Null()},
	} {
		w.set(fixtures.Responders, 0, kept)
		changes, reasons, err := dispatch.Move(w.view(), nil, &p, []dispatch.Report{{Responder: "A", Fix: fix(90, 100, 10)}}, now)
		if err != nil || len(changes) != 1 || reasons[0] != "" {
			t.Errorf("after %v: %q, %v", kept, reasons, err)
		}
	}
}

func TestWhoGoesOffDutyIsNowhereButAtHome(t *testing.T) {
	t.Parallel()
	w := sampleTown(t)
	v := w.view()
	l := schema(t, fixtures.Responders)
	table, err := v.Table(fixtures.Responders)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := table.Get(w.features[fixtures.Responders][0].ID)
	set := func(f *layers.Feature, name string, x layers.Value) { f.Values[l.Index(name)] = x }
	off := func(change func(*layers.Feature)) (layers.Feature, bool) {
		f := r.Feature()
		f.Values = slices.Clone(f.Values)
		set(&f, "duty", text("off_duty"))
		change(&f)
		return f, dispatch.EndDuty(v, &l, &f, r)
	}
	f, ended := off(func(*layers.Feature) {})
	grid := v.Coded(fixtures.Grids, r.Get("grid").Text())
	if !ended || !f.Values[l.Index("fix_at")].IsNull() || !f.Values[l.Index("accuracy_m")].IsNull() || f.Geometry != grid.Shape().Label {
		t.Errorf("off duty: %v at %v, home is %v", f.Values, f.Geometry, grid.Shape().Label)
	}
	if f, ended := off(func(f *layers.Feature) { set(f, "fix_at", layers.Null()) }); !ended || f.Geometry != grid.Shape().Label {
		t.Errorf("a place stays that was a fix before: %v", f.Geometry)
	}
	f, _ = off(func(f *layers.Feature) {
		set(f, "grid", layers.Null())
		set(f, "community", layers.Null())
		f.Geometry = orb.Point{114.304, 30.563}
	})
	if f.Geometry != (orb.Point{114.3, 30.56}) {
		t.Errorf("without a home: %v", f.Geometry)
	}
	if f, ended := off(func(f *layers.Feature) { set(f, "duty", text("on_duty")) }); ended || f.Geometry != r.Geometry() {
		t.Error("the fix is gone of somebody on duty")
	}
}
