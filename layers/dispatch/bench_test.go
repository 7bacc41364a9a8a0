package dispatch_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/paulmach/orb"
)

func BenchmarkRank(b *testing.B) {
	v, s := sampleTown(b).view(), new(dispatch.Streets)
	for _, side := range []struct {
		name    string
		streets *dispatch.Streets
	}{{"network", s}, {"straight line", nil}} {
		b.Run(side.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rank(b, v, side.streets, dispatch.Question{At: crossing, Category: "debris"})
			}
		})
	}
}

// One street is closed, and opened again.
func BenchmarkOneStreetChanges(b *testing.B) {
	live := kept(b, sampleTown(b))
	view := func() *layers.View { return live.Snapshot().View(everything) }
	open := view()
	table, err := open.Table(fixtures.Streets)
	if err != nil {
		b.Fatal(err)
	}
	r, ok := table.Get(100)
	if !ok {
		b.Fatal("no street 100")
	}
	f := r.Feature()
	f.Values[table.Layer.Index("barrier")] = text("fence")
	if _, err := live.Put(context.Background(), layers.Key{}, []layers.Change{{Op: layers.Update, Layer: fixtures.Streets, ID: f.ID, Feature: &f}}); err != nil {
		b.Fatal(err)
	}
	closed := view()
	streets := new(dispatch.Streets)
	streets.Network(closed)
	for b.Loop() {
		streets.Network(open) // an older view: made from the newest, and not kept
	}
}

// A month of 251 people, ten hours a day: what a row costs in memory, and a look for what is to be swept.
func BenchmarkTracks(b *testing.B) {
	const people, days = 251, 30
	p := dispatch.Defaults()
	builder := layers.NewBuilder()
	tracks, err := builder.Layer(dispatch.TrackSchema())
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows := 0
	add := func(who, minute int64, coarse bool) {
		at := orb.Point{114.30 + float64(rows%97)*0.0003, 30.56 + float64(rows%89)*0.0003}
		tracks.Add(layers.Feature{ID: who<<26 | minute, Geometry: at, Values: []layers.Value{whole(who), layers.TimeValue(time.Unix(minute*60, 0)), layers.BoolValue(coarse)}})
		rows++
	}
	for who := int64(1); who <= people; who++ {
		for day := range int64(days) {
			for m := range int64(600) {
				minute := now.Unix()/60/15*15 - day*1440 - m
				if quarter := minute - minute%15; day == 0 || minute-quarter < 3 { // of a day each minute, before that three cells in a quarter hour
					add(who, minute, day > 0)
				}
			}
		}
	}
	s := builder.Snapshot(1)
	runtime.GC()
	runtime.ReadMemStats(&after)
	t, err := s.Service().Table(dispatch.TrackLayer)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if left := dispatch.Sweep(t, &p, now, 5000); len(left) > 0 {
			b.Fatalf("%d changes", len(left))
		}
	}
	b.ReportMetric(float64(t.Len()), "rows")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(t.Len()), "B/row")
}

// A look for calls that are due, while everybody is on the way.
func BenchmarkNothingIsDue(b *testing.B) {
	w := sampleTown(b)
	for i, f := range w.features[fixtures.Responders] {
		w.add(fixtures.Assignments, f.ID, nil, map[string]layers.Value{"status": text("assigned"), "responder": text("x"), "by": text("x"), "role": text("grid_leader"),
			"level": whole(3), "event_id": whole(int64(i + 1)), "escalate_at": layers.TimeValue(now)})
	}
	v := w.view()
	for b.Loop() {
		dispatch.Waiting(v)
	}
}
