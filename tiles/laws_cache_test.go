package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/gpkg"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// Laws of what is kept: the cache, and the revision in its keys. The record is a real one.

// mixture is layers of every kind whose features have a level and a community.
func mixture() []layers.Layer {
	var all []layers.Layer
	for i, kind := range []layers.GeometryKind{layers.Point, layers.Line, layers.Polygon, layers.Mixed} {
		name := []string{"points", "ways", "areas", "mixed"}[i]
		all = append(all, layers.Layer{
			Name: name, Title: layers.Text{layers.Chinese: name, layers.English: name}, Kind: kind, Audience: layers.Internal, MaxZoom: 16, Cluster: kind == layers.Point,
			Fields: []layers.Field{attr("name", layers.String, true), attr("level", layers.Int, true), attr("community", layers.String, true)},
		})
	}
	return all
}

// anyPlace returns a position where tiles begin and end, at an end of the world, or anywhere in a town.
func anyPlace(rnd *rand.Rand) orb.Point {
	switch rnd.IntN(8) {
	case 0: // on a corner of tiles of some zoom
		z := rnd.IntN(20)
		x, y := geo.World(center)
		return geo.Unworld(x>>(32-z)<<(32-z), y>>(32-z)<<(32-z))
	case 1:
		return orb.Point{[]float64{-180, 180, 179.9999999, 0}[rnd.IntN(4)], []float64{geo.MaxLatitude, -geo.MaxLatitude, 90, -90, 85.05, 0}[rnd.IntN(6)]}
	case 2:
		return orb.Point{rnd.Float64()*360 - 180, rnd.Float64()*180 - 90}
	case 3:
		return center
	}
	return orb.Point{center[0] + (rnd.Float64()-0.5)/50, center[1] + (rnd.Float64()-0.5)/50}
}

// anyShape returns a geometry of a kind: from less than a unit to the whole world.
func anyShape(rnd *rand.Rand, kind layers.GeometryKind) orb.Geometry {
	at := anyPlace(rnd)
	radius := math.Exp2(-20 + 18*rnd.Float64())
	near := func() orb.Point {
		return orb.Point{min(max(at[0]+(rnd.Float64()-0.5)*radius, -180), 180), min(max(at[1]+(rnd.Float64()-0.5)*radius, -90), 90)}
	}
	run := func(n int) (out []orb.Point) {
		for range n {
			out = append(out, near())
		}
		return out
	}
	switch kind {
	case layers.Point:
		return at
	case layers.Line:
		if rnd.IntN(4) == 0 { // along the borders of tiles
			x, y := geo.World(at)
			z := rnd.IntN(20)
			x, y = x>>(32-z)<<(32-z), y>>(32-z)<<(32-z)
			return orb.LineString{geo.Unworld(x, y), geo.Unworld(x+1<<20, y), geo.Unworld(x+1<<20, y+1<<21)}
		}
		if rnd.IntN(3) == 0 {
			return orb.MultiLineString{run(2 + rnd.IntN(5)), run(2 + rnd.IntN(30))}
		}
		return orb.LineString(run(2 + rnd.IntN(30)))
	case layers.Polygon:
		switch rnd.IntN(6) {
		case 0:
			return orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}.ToPolygon()
		case 1: // whatever that is: rings that cross themselves
			ring := orb.Ring(run(3 + rnd.IntN(12)))
			return orb.Polygon{append(ring, ring[0])}
		case 2:
			return orb.MultiPolygon{blob(rnd, center, 0.004, 9, true), blob(rnd, orb.Point{center[0] + 0.01, center[1]}, 0.004, 9, false)}
		}
		return blob(rnd, orb.Point{center[0] + (rnd.Float64()-0.5)/50, center[1] + (rnd.Float64()-0.5)/50}, radius, 4+rnd.IntN(40), rnd.IntN(2) == 0)
	}
	if rnd.IntN(4) == 0 {
		return orb.MultiPoint(run(1 + rnd.IntN(9)))
	}
	return anyShape(rnd, []layers.GeometryKind{layers.Point, layers.Line, layers.Polygon}[rnd.IntN(3)])
}

func anyFeature(rnd *rand.Rand, l layers.Layer, id int64) *layers.Feature {
	return &layers.Feature{ID: id, Geometry: anyShape(rnd, l.Kind), Values: []layers.Value{
		layers.TextValue(fmt.Sprint("name ", rnd.IntN(20))), layers.IntValue(rnd.Int64N(5)), layers.TextValue(fmt.Sprintf("46010600100%d", rnd.IntN(3))),
	}}
}

// places returns tiles of every zoom: around the middle of the data, and at the ends of the world.
func places(rnd *rand.Rand) (all []maptile.Tile) {
	for z := maptile.Zoom(0); z <= geo.MaxTileZoom; z++ {
		for _, p := range []orb.Point{center, anyPlace(rnd), {180, geo.MaxLatitude}} {
			all = append(all, geo.Tile(p, z))
		}
	}
	return all
}

// anyChanges returns changes to features that are or are not there.
func anyChanges(rnd *rand.Rand, all []layers.Layer, there map[string]map[int64]bool, n int) (changes []layers.Change) {
	for range n {
		l := all[rnd.IntN(len(all))]
		id := 1 + rnd.Int64N(60)
		switch {
		case there[l.Name][id] && rnd.IntN(3) == 0:
			delete(there[l.Name], id)
			changes = append(changes, layers.Change{Op: layers.Delete, Layer: l.Name, ID: id})
		default:
			there[l.Name][id] = true
			changes = append(changes, layers.Change{Op: layers.Upsert, Layer: l.Name, ID: id, Feature: anyFeature(rnd, l, id)})
		}
	}
	return changes
}

// followed is a real record and memory that follows it.
type followed struct {
	*layers.Live
	store *gpkg.Store
	rnd   *rand.Rand
	all   []layers.Layer
	there map[string]map[int64]bool
}

// newRecord makes a record with a mixture of features.
func newRecord(t *testing.T, seed uint64) *followed {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	store, err := gpkg.Open(ctx, filepath.Join(t.TempDir(), "record.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	r := &followed{store: store, rnd: rand.New(rand.NewPCG(seed, 1)), all: mixture(), there: map[string]map[int64]bool{}}
	var first []layers.Change
	for _, l := range r.all {
		r.there[l.Name] = map[int64]bool{}
		first = append(first, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	}
	if _, err := store.Put(ctx, layers.Key{}, append(first, anyChanges(r.rnd, r.all, r.there, 150)...)); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	r.Live = r.load(t)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		store.Close()
	})
	return r
}

// load loads the record anew.
func (r *followed) load(t *testing.T) *layers.Live {
	t.Helper()
	live, err := layers.Open(t.Context(), r.store, layers.LiveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// change makes some changes.
func (r *followed) change(t *testing.T, n int) {
	t.Helper()
	if _, err := r.Put(t.Context(), layers.Key{}, anyChanges(r.rnd, r.all, r.there, n)); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
}

// scopes see everything, and one community.
var scopes = []layers.Scope{{Audience: layers.Internal}, {Audience: layers.Internal, Communities: []string{"460106001001"}}}

// queries choose everything, and some by their level.
var queries = []layers.Query{{}, {Terms: []layers.Term{{Field: "level", Op: layers.Less, Values: []string{"2"}}}}}

// ask returns a layer of a view and a filter of it.
func ask(t *testing.T, v *layers.View, name string, q layers.Query) (*layers.Table, layers.Filter) {
	t.Helper()
	table, err := v.Table(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := table.Compile(q)
	if err != nil {
		t.Fatal(err)
	}
	return table, f
}

// After any changes, what the cache holds under the key of a tile is what is drawn anew: from memory that followed the
// record, and from memory that loads it now.
func TestKeptTileIsTheFreshOne(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 51)
	kept := cache(t, CacheConfig{})
	tiles := places(r.rnd)
	for round := range 4 {
		if round > 0 {
			r.change(t, 1+r.rnd.IntN(8))
		}
		again := r.load(t)
		for _, scope := range scopes {
			compareKept(t, kept, r.Snapshot().View(scope), again.Snapshot().View(scope), tiles)
		}
	}
	if s := kept.Stats(); s.Hits < 150 || s.Misses < 150 {
		t.Errorf("%d tiles were kept and %d drawn: little was tested", s.Hits, s.Misses)
	}
}

// compareKept compares what a cache holds with what views of the same state draw, with and without a filter.
func compareKept(t *testing.T, kept *Cache, v, again *layers.View, tiles []maptile.Tile) {
	t.Helper()
	for _, l := range mixture() {
		for _, query := range queries {
			_, f := ask(t, v, l.Name, query)
			_, anew := ask(t, again, l.Name, query)
			for _, tile := range tiles {
				rev, err := Rev(v, []string{l.Name}, tile)
				if err != nil {
					t.Fatal(err)
				}
				key := Key{Kind: "mvt", Layers: l.Name, Tile: tile, Rev: rev, Scope: v.Key(), More: fmt.Sprint(len(query.Terms))}
				old, err := kept.Get(t.Context(), Order{Key: key, Want: Want{Coding: Gzip}, Draw: func(ctx context.Context) ([]byte, error) {
					return Vector(ctx, v, Request{Layers: []string{l.Name}, Tile: tile, Filters: map[string]layers.Filter{l.Name: f}})
				}})
				if err != nil {
					t.Fatal(err)
				}
				fresh, err := Vector(t.Context(), again, Request{Layers: []string{l.Name}, Tile: tile, Filters: map[string]layers.Filter{l.Name: anew}})
				if err != nil {
					t.Fatal(err)
				}
				if raw := reading(t, old); !bytes.Equal(raw, fresh) {
					t.Fatalf("%s %v, filter %v, state %d: %d bytes are kept, %d are drawn", l.Name, tile, query.Terms, v.Seq, len(raw), len(fresh))
				}
			}
		}
	}
}
