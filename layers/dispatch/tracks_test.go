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

	"github.com/paulmach/orb"
)

// archive is a layer of tracks by itself.
type archive struct {
	t    *testing.T
	rows map[int64]layers.Feature
}

func (a *archive) table() *layers.Table {
	a.t.Helper()
	b := layers.NewBuilder()
	tracks, err := b.Layer(dispatch.TrackSchema())
	if err != nil {
		a.t.Fatal(err)
	}
	for _, f := range a.rows {
		tracks.Add(f)
	}
	t, err := b.Snapshot(1).Service().Table(dispatch.TrackLayer)
	if err != nil {
		a.t.Fatal(err)
	}
	return t
}

// put makes changes, as a record does.
func (a *archive) put(changes []layers.Change) {
	a.t.Helper()
	for _, c := range changes {
		_, there := a.rows[c.ID]
		switch {
		case c.Layer != dispatch.TrackLayer:
		case c.Op == layers.Insert && there, c.Op == layers.Delete && !there:
			a.t.Fatalf("%s of %d, which is there: %v", c.Op, c.ID, there)
		case c.Op == layers.Delete:
			delete(a.rows, c.ID)
		default:
			a.rows[c.ID] = *c.Feature
		}
	}
}

// sweep sweeps until nothing is left to do.
func (a *archive) sweep(p *dispatch.Parameters, at time.Time) {
	a.t.Helper()
	for range 1000 {
		changes := dispatch.Sweep(a.table(), p, at, 200)
		if len(changes) == 0 {
			return
		}
		a.put(changes)
	}
	a.t.Fatal("there is always something to sweep")
}

// Three people walk, and are looked at for 33 days.
func TestTracksAge(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 1))
	w := sampleTown(t)
	l := schema(t, fixtures.Responders)
	p := dispatch.Defaults()
	a := &archive{t, map[int64]layers.Feature{}}
	for i := range 3 { // on duty, and nothing is known of where: each fix can be
		w.set(fixtures.Responders, i, map[string]layers.Value{"duty": text("on_duty"), "fix_at": layers.Null()})
	}
	town := w.view()
	at := [3]orb.Point{crossing, crossing, crossing}
	fixes := [3][]time.Time{}
	begun := now.Add(-40 * 24 * time.Hour)
	for m := range 33 * 24 * 60 / 20 {
		clock := begun.Add(time.Duration(m)*20*time.Minute + time.Duration(r.IntN(1200))*time.Second)
		for i := range at {
			if r.IntN(12) > 0 {
				continue
			}
			at[i] = orb.Point{114.3085 + r.Float64()*0.004, 30.5582 + r.Float64()*0.004}
			code := w.features[fixtures.Responders][i].Values[l.Index("code")].Text()
			report := dispatch.Report{Responder: code, Fix: dispatch.Fix{At: at[i], When: clock, AccuracyM: 5}}
			changes, reasons, err := dispatch.Move(town, a.table(), &p, []dispatch.Report{report}, clock)
			if err != nil || reasons[0] != "" {
				t.Fatal(reasons, err)
			}
			a.put(changes)
			fixes[i] = append(fixes[i], clock)
		}
		if r.IntN(40) == 0 {
			a.check(w, &p, clock, fixes)
		}
	}
	a.check(w, &p, begun.Add(33*24*time.Hour), fixes)
	if a.sweep(&p, now.Add(30*24*time.Hour)); len(a.rows) != 0 {
		t.Errorf("%d rows are left after all that", len(a.rows))
	}
}

// check looks at what is told before a sweep, and at what is kept after it.
func (a *archive) check(w *town, p *dispatch.Parameters, clock time.Time, fixes [3][]time.Time) {
	a.t.Helper()
	ask := func() (all [][]dispatch.Spot) {
		for i := range fixes {
			all = append(all, dispatch.Track(a.table(), p, w.features[fixtures.Responders][i].ID, clock.AddDate(0, -2, 0), clock, clock))
		}
		return all
	}
	before := ask()
	a.sweep(p, clock)
	for i, told := range ask() {
		if !slices.Equal(told, before[i]) {
			a.t.Fatalf("a sweep changes what is told: %d and %d places", len(before[i]), len(told))
		}
		exact := 0
		for _, s := range told {
			if !s.Coarse {
				exact++
			}
		}
		recent := 0
		for _, f := range fixes[i] {
			if clock.Sub(f) < 23*time.Hour+45*time.Minute {
				recent++
			}
		}
		if exact < recent {
			a.t.Fatalf("%d of %d fixes of the last day are exact", exact, recent)
		}
	}
	seen := map[dispatch.Spot]map[int64]bool{}
	for id, f := range a.rows {
		s := dispatch.Spot{At: f.Geometry.(orb.Point), When: f.Values[1].Time(), Coarse: f.Values[2].Bool()}
		age := clock.Sub(s.When)
		if age > 30*24*time.Hour || !s.Coarse && age > 24*time.Hour {
			a.t.Fatalf("kept after %s: %+v", age, s)
		}
		if s.Coarse && (s.When.Unix()%900 != 0 || math.Abs(s.At[0]*1000-math.Round(s.At[0]*1000)) > 1e-6 || math.Abs(s.At[1]*1000-math.Round(s.At[1]*1000)) > 1e-6) {
			a.t.Fatalf("not as coarse as it says: %+v", s)
		}
		if id&(1<<26-1)-s.When.Unix()/60 >= 15 {
			a.t.Fatalf("id %d is of another time than %s", id, s.When)
		}
		who := f.Values[0].Int()
		if s.Coarse && seen[s][who] {
			a.t.Fatalf("twice: %+v", s)
		}
		if seen[s] == nil {
			seen[s] = map[int64]bool{}
		}
		seen[s][who] = true
	}
}

func TestACellIsFiftyMetresWide(t *testing.T) {
	t.Parallel()
	for _, lat := range []float64{-63, 0, 30.56, 53.5, 63} {
		p := orb.Point{114.3, lat}
		if wide, high := geo.Distance(p, orb.Point{114.301, lat}), geo.Distance(p, orb.Point{114.3, lat + 0.001}); min(wide, high) < 50 {
			t.Errorf("at %g: %.0f m x %.0f m", lat, wide, high)
		}
	}
}

func TestATrackHasOnePositionAMinute(t *testing.T) {
	t.Parallel()
	w := people(t)
	w.set(fixtures.Responders, 0, map[string]layers.Value{"fix_at": layers.Null()})
	p := dispatch.Defaults()
	a := &archive{t, map[int64]layers.Feature{}}
	var reports []dispatch.Report
	for s := range 300 {
		reports = append(reports, dispatch.Report{Responder: "A", Fix: fix(float64(300-s), 0, 10)})
	}
	for _, part := range [][]dispatch.Report{reports[:100], reports[100:], reports[:10]} {
		changes, _, err := dispatch.Move(w.view(), a.table(), &p, part, now)
		if err != nil {
			t.Fatal(err)
		}
		a.put(changes)
	}
	if n := len(a.rows); n < 5 || n > 6 {
		t.Errorf("%d rows of five minutes", n)
	}
}

func TestNobodyHasATrackWhileOffDuty(t *testing.T) {
	t.Parallel()
	w := people(t)
	p := dispatch.Defaults()
	w.set(fixtures.Responders, 0, map[string]layers.Value{"fix_at": layers.Null(), "duty_since": ago(5 * time.Minute)})
	a := &archive{t, map[int64]layers.Feature{}}
	reports := []dispatch.Report{{Responder: "A", Fix: fix(400, 0, 10)}, {Responder: "A", Fix: fix(200, 0, 10)}, {Responder: "C", Fix: fix(1, 0, 10)}}
	changes, reasons, err := dispatch.Move(w.view(), a.table(), &p, reports, now)
	if err != nil || !slices.Equal(reasons, []string{dispatch.OffDuty, "", dispatch.OffDuty}) {
		t.Errorf("%q, %v", reasons, err)
	}
	if a.put(changes); len(a.rows) != 1 {
		t.Errorf("%d rows", len(a.rows))
	}
}
