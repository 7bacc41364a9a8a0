package dispatch_test

import (
	"context"
	"testing"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
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
