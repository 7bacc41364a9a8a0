package kpi_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/kpi"
	"shapan/layers/worktime"
)

// made is the sample's areas and events, made once; tests only read them.
var made = sync.OnceValues(func() (map[string][]layers.Feature, error) {
	all := map[string][]layers.Feature{}
	err := fixtures.Generate(context.Background(), fixtures.Options{}, func(layer string, f layers.Feature) error {
		if slices.Contains([]string{fixtures.Communities, fixtures.Zones, fixtures.Grids, fixtures.Events}, layer) {
			all[layer] = append(all[layer], f)
		}
		return nil
	})
	return all, err
})

// view makes a view of the sample in which change, where it is not nil, has its way with a copy of each event.
func view(t testing.TB, change func(l *layers.Layer, f *layers.Feature)) *layers.View {
	t.Helper()
	all, err := made()
	if err != nil {
		t.Fatal(err)
	}
	b := layers.NewBuilder()
	for _, l := range fixtures.Catalogue() {
		table, err := b.Layer(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all[l.Name] {
			if l.Name == fixtures.Events && change != nil {
				f.Values = slices.Clone(f.Values)
				change(&l, &f)
			}
			table.Add(f)
		}
	}
	return b.Snapshot(1).View(layers.Scope{Audience: layers.Internal})
}

// published asks for the quarter of the published figures.
func published() kpi.Question {
	var q kpi.Question
	q.Period.From, q.Period.To = fixtures.Period()
	q.Baseline.From, q.Baseline.To = fixtures.Baseline()
	q.Now, q.Calendar = fixtures.Reference(), worktime.New()
	return q
}

func work(t testing.TB, v *layers.View, q kpi.Question) map[string]kpi.Figure {
	t.Helper()
	a, err := kpi.Work(context.Background(), v, q)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]kpi.Figure{}
	for _, f := range a.Figures {
		out[f.ID] = f
	}
	return out
}

// What the terms of a figure choose is what it counts: the pass over the events against the filters of the map.
func TestFiguresCountWhatTheirTermsChoose(t *testing.T) {
	t.Parallel()
	v := view(t, nil)
	events, err := v.Table(kpi.Events)
	if err != nil {
		t.Fatal(err)
	}
	for id, f := range work(t, v, published()) {
		for _, p := range []kpi.Point{f.Point, f.Baseline} {
			if p.Records == nil {
				continue
			}
			filter, err := events.Compile(layers.Query{Terms: p.Records})
			if err != nil {
				t.Fatal(err)
			}
			want := p.Numerator
			if !f.Exact {
				want = p.Denominator
			}
			if n := events.Count(filter); float64(n) != want {
				t.Errorf("%s: %d records, the figure has %g", id, n, want)
			}
		}
	}
}

// One event that changes, changes the figures that it must and no others.
func TestAChangeOfOneEventChangesWhatItMust(t *testing.T) {
	t.Parallel()
	from, to := fixtures.Period()
	var chosen int64
	before := work(t, view(t, func(l *layers.Layer, f *layers.Feature) {
		filed, sent, due := f.Values[l.Index("filed_at")].Time(), f.Values[l.Index("dispatched_at")], f.Values[l.Index("deadline_at")].Time()
		if chosen == 0 && !filed.Before(from) && due.Before(to) && !due.IsZero() && !sent.IsNull() && f.Values[l.Index("closed_at")].Time().Before(due) {
			chosen = f.ID
		}
	}), published())
	after := work(t, view(t, func(l *layers.Layer, f *layers.Feature) {
		if f.ID == chosen { // it was never disposed, and is open past its deadline
			for _, name := range []string{"disposed_at", "checked_at", "closed_at"} {
				f.Values[l.Index(name)] = layers.Null()
			}
		}
	}), published())
	moved := map[string]float64{"disposal_rate": -1, "disposal_on_time": -1, "disposal_overdue": 1, "closing_rate": -1, "closing_on_time": -1, "red_lights": 1,
		"handling_mean": -1, "handling_median": -1, "handling_survival_median": -1, "handling_mean_working": -1, "handling_median_working": -1}
	for id, f := range after {
		want := moved[id]
		if id == "red_lights_grid" || id == "red_lights_public" {
			continue // one of the two
		}
		if got := f.Numerator - before[id].Numerator; got != want {
			t.Errorf("%s moved by %g, want %g", id, got, want)
		}
		if f.Denominator != before[id].Denominator && id != "red_lights" {
			t.Errorf("%s: the denominator moved from %g to %g", id, before[id].Denominator, f.Denominator)
		}
		if f.Baseline.Numerator != before[id].Baseline.Numerator {
			t.Errorf("%s: the baseline moved", id)
		}
	}
	if after["handling_survival_median"].Value < before["handling_survival_median"].Value {
		t.Error("an open case shortens the survival median")
	}
}

func TestALayerWithoutAFieldSaysSo(t *testing.T) {
	t.Parallel()
	f := work(t, view(t, nil), published())["filing_on_time"]
	if !math.IsNaN(f.Value) || f.Reason == nil || f.Records != nil {
		t.Errorf("no limit for filing is recorded, yet the figure is %g, %v", f.Value, f.Reason)
	}
	fields := []layers.Field{{Name: "filed_at", Type: layers.Time}, {Name: "filing_deadline_at", Type: layers.Time}, {Name: "reported_at", Type: layers.Time}}
	b := layers.NewBuilder()
	table, err := b.Layer(layers.Layer{Name: kpi.Events, Kind: layers.None, MaxZoom: 18, Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	from, _ := fixtures.Period()
	for i, late := range []time.Duration{0, time.Minute, -time.Minute, -time.Hour} {
		at := from.Add(time.Hour)
		table.Add(layers.Feature{ID: int64(i + 1), Values: []layers.Value{layers.TimeValue(at), layers.TimeValue(at.Add(-late)), layers.TimeValue(at)}})
	}
	if f := work(t, b.Snapshot(1).View(layers.Scope{}), published())["filing_on_time"]; f.Numerator != 3 || f.Denominator != 4 || f.Value != 75 || !f.Small {
		t.Errorf("3 of 4 filed in time: %+v", f.Point)
	}
}

func TestWorkStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := kpi.Work(ctx, view(t, nil), published()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// BenchmarkWork answers over 12,000 events; naive counts each figure by its own filter.
func BenchmarkWork(b *testing.B) {
	v, q := view(b, nil), published()
	events, err := v.Table(kpi.Events)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("quarter", func(b *testing.B) {
		for b.Loop() {
			work(b, v, q)
		}
	})
	b.Run("by grid", func(b *testing.B) {
		q := q
		q.By = "grid"
		for b.Loop() {
			work(b, v, q)
		}
	})
	b.Run("two years", func(b *testing.B) {
		q := q
		q.Period = kpi.Window{From: q.Now.AddDate(-2, 0, 0), To: q.Now}
		for b.Loop() {
			work(b, v, q)
		}
	})
	figures := work(b, v, q)
	b.Run("naive", func(b *testing.B) {
		for b.Loop() {
			for _, f := range figures {
				for _, p := range []kpi.Point{f.Point, f.Baseline} {
					filter, err := events.Compile(layers.Query{Terms: p.Records})
					if err != nil {
						b.Fatal(err)
					}
					events.Count(filter)
				}
			}
		}
	})
}
