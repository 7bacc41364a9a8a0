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

// After any changes, what the cache holds under the key of a tile is what is drawn anew: from memory that followed the
// record, and from memory that loads it now.
func TestKeptTileIsTheFreshOne(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(51, 1))
	ctx, cancel := context.WithCancel(t.Context())
	store, err := gpkg.Open(ctx, filepath.Join(t.TempDir(), "record.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all := mixture()
	there := map[string]map[int64]bool{}
	var first []layers.Change
	for _, l := range all {
		there[l.Name] = map[int64]bool{}
		first = append(first, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	}
	if _, err := store.Put(ctx, layers.Key{}, append(first, anyChanges(rnd, all, there, 150)...)); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	live, err := layers.Open(ctx, store, layers.LiveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- live.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	kept := cache(t, 64<<20)
	tiles := places(rnd)
	for round := range 6 {
		if round > 0 {
			if _, err := live.Put(ctx, layers.Key{}, anyChanges(rnd, all, there, 1+rnd.IntN(8))); err != nil {
				t.Fatal(err, layers.Cause(err))
			}
		}
		again, err := layers.Open(ctx, store, layers.LiveConfig{})
		if err != nil {
			t.Fatal(err)
		}
		for _, scope := range []layers.Scope{{Audience: layers.Internal}, {Audience: layers.Internal, Communities: []string{"460106001001"}}} {
			compareKept(t, kept, live.Snapshot().View(scope), again.Snapshot().View(scope), tiles)
		}
	}
	if s := kept.Stats(); s.Hits < 300 || s.Misses < 300 {
		t.Errorf("%d tiles were kept and %d drawn: little was tested", s.Hits, s.Misses)
	}
}

// compareKept compares what a cache holds with what views of the same state draw, with and without a filter.
func compareKept(t *testing.T, kept *Cache, v, again *layers.View, tiles []maptile.Tile) {
	t.Helper()
	for _, name := range []string{"points", "ways", "areas", "mixed"} {
		for _, query := range []layers.Query{{}, {Terms: []layers.Term{{Field: "level", Op: layers.Less, Values: []string{"2"}}}}} {
			request := func(v *layers.View, tile maptile.Tile) (Request, string) {
				table, err := v.Table(name)
				if err != nil {
					t.Fatal(err)
				}
				f, err := table.Compile(query)
				if err != nil {
					t.Fatal(err)
				}
				rev, err := Rev(v, []string{name}, tile)
				if err != nil {
					t.Fatal(err)
				}
				r := Request{Layers: []string{name}, Tile: tile, Filters: map[string]layers.Filter{name: f}}
				return r, fmt.Sprint(name, tile, rev, v.Key(), len(query.Terms))
			}
			for _, tile := range tiles {
				r, key := request(v, tile)
				old, err := kept.Get(t.Context(), key, func(ctx context.Context) ([]byte, error) { return Vector(ctx, v, r) })
				if err != nil {
					t.Fatal(err)
				}
				r, _ = request(again, tile)
				fresh, err := Vector(t.Context(), again, r)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(old.Raw, fresh) {
					t.Fatalf("%s %v, filter %v, state %d: %d bytes are kept, %d are drawn", name, tile, query.Terms, v.Seq, len(old.Raw), len(fresh))
				}
			}
		}
	}
}
