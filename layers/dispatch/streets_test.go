package dispatch_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/gpkg"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// kept serves features from a record of their own.
func kept(t testing.TB, w *town) *layers.Live {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	store, err := gpkg.Open(ctx, filepath.Join(t.TempDir(), "record.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	var changes []layers.Change
	for _, l := range fixtures.Catalogue() {
		l = schema(t, l.Name)
		changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
		for _, f := range w.features[l.Name] {
			for len(f.Values) < len(l.Fields) {
				f.Values = append(f.Values[:len(f.Values):len(f.Values)], layers.Null())
			}
			changes = append(changes, layers.Change{Op: layers.Insert, Layer: l.Name, ID: f.ID, Feature: &f})
		}
	}
	if _, err := store.Put(ctx, layers.Key{}, changes); err != nil {
		t.Fatal(err)
	}
	live, err := layers.Open(ctx, store, layers.LiveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = live.Run(ctx) }) // it ends with ctx
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = store.Close() // a test has nothing to do about it
	})
	return live
}

func TestStreetsFollowTheRecord(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 5))
	live := kept(t, sampleTown(t))
	ctx := context.Background()
	view := func() *layers.View { return live.Snapshot().View(everything) }
	streets := new(dispatch.Streets)
	first := view()
	whole := streets.Network(first)
	if whole.Len() < 500 || streets.Network(first) != whole {
		t.Fatalf("%d ways", whole.Len())
	}
	table, err := first.Table(fixtures.Streets)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	table.Each(nil, func(row layers.Row) bool { ids = append(ids, row.ID()); return true })
	foot, barrier := table.Layer.Index("foot"), table.Layer.Index("barrier")
	for range 6 {
		t0, err := view().Table(fixtures.Streets)
		if err != nil {
			t.Fatal(err)
		}
		var changes []layers.Change
		for range 30 {
			row, ok := t0.Get(ids[r.IntN(len(ids))])
			if !ok {
				continue
			}
			f := row.Feature()
			switch r.IntN(4) {
			case 0:
				changes = append(changes, layers.Change{Op: layers.Upsert, Layer: fixtures.Streets, ID: f.ID, Feature: &f}) // as it was
				continue
			case 1:
				f.Values[foot] = layers.BoolValue(!f.Values[foot].Bool())
			case 2:
				f.Values[barrier] = text("fence")
			case 3:
				if line, ok := f.Geometry.(orb.LineString); ok {
					f.Geometry = orb.MultiLineString{line[:2]}
				}
			}
			changes = append(changes, layers.Change{Op: layers.Upsert, Layer: fixtures.Streets, ID: f.ID, Feature: &f})
		}
		if _, err := live.Put(ctx, layers.Key{}, changes); err != nil {
			t.Fatal(err)
		}
		v := view()
		q := anyQuestion(r)
		a, b := rank(t, v, streets, q), rank(t, v, new(dispatch.Streets), q)
		if d := cmp.Diff(withoutRoutes(b), withoutRoutes(a)); d != "" {
			t.Errorf("after %d changes, made anew and kept up to date (-anew +kept):\n%s", len(changes), d)
		}
	}
	if old := streets.Network(first); old.Len() != whole.Len() {
		t.Errorf("for an older view: %d ways, want %d", old.Len(), whole.Len())
	}
}

// withoutRoutes leaves out the lines: of two ways of the same length either may be told.
func withoutRoutes(a *dispatch.Answer) *dispatch.Answer {
	for i := range a.Lists {
		for j := range a.Lists[i].Candidates {
			a.Lists[i].Candidates[j].Route = nil
		}
	}
	return a
}

func TestNoNetworkWithoutStreets(t *testing.T) {
	t.Parallel()
	w := example(t)
	w.without[fixtures.Streets] = true
	if n := new(dispatch.Streets).Network(w.view()); n != nil {
		t.Errorf("%d ways", n.Len())
	}
}
