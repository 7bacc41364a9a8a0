package tiles

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// Laws of what is in a tile.

// presence says whether a feature is to be in a tile, as far as its geometry tells without rounding.
type presence int

const (
	absent presence = iota
	either          // it comes so near that rounding decides
	present
)

// unitsOf returns positions in units of a tile, not rounded.
func unitsOf(ps []orb.Point, tile maptile.Tile) (out []orb.Point) {
	scale := math.Exp2(float64(tile.Z)) / (1 << 20)
	for _, p := range ps {
		x, y := geo.World(p)
		out = append(out, orb.Point{float64(x)*scale - float64(tile.X)*Extent, float64(y)*scale - float64(tile.Y)*Extent})
	}
	return out
}

// expected says whether a geometry is to be in a tile: points in the tile itself, lines and areas in it and its reach.
func expected(g orb.Geometry, tile maptile.Tile) presence {
	switch g := g.(type) {
	case orb.Point:
		if geo.Tile(g, tile.Z) == tile {
			return present
		}
		return absent
	case orb.MultiPoint:
		return slices.MaxFunc(each(len(g), func(i int) presence { return expected(g[i], tile) }), func(a, b presence) int { return int(a - b) })
	case orb.LineString:
		return expectedLine(unitsOf(g, tile))
	case orb.MultiLineString:
		return slices.MaxFunc(each(len(g), func(i int) presence { return expected(g[i], tile) }), func(a, b presence) int { return int(a - b) })
	}
	b := unitsOf([]orb.Point{g.Bound().LeftTop(), g.Bound().RightBottom()}, tile)
	const end = Extent + reach
	if b[0][0] >= end || b[0][1] >= end || b[1][0] < -reach || b[1][1] < -reach {
		return absent
	}
	if p, ok := g.(orb.Polygon); ok && crossesItself(p) {
		return either
	}
	area, around := exactly(g, tile)
	if area > 2*math.Sqrt2*(around+12) {
		return present
	}
	return either
}

// crossesItself tells whether segments of a polygon cross.
func crossesItself(p orb.Polygon) bool {
	turn := func(a, b, c orb.Point) float64 { return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]) }
	ring := p[0]
	for i := 1; i < len(ring); i++ {
		for j := i + 1; j < len(ring); j++ {
			a, b, c, d := ring[i-1], ring[i], ring[j-1], ring[j]
			if turn(a, b, c)*turn(a, b, d) < 0 && turn(c, d, a)*turn(c, d, b) < 0 {
				return true
			}
		}
	}
	return false
}

func each(n int, fn func(int) presence) (out []presence) {
	for i := range n {
		out = append(out, fn(i))
	}
	return out
}

// expectedLine looks for a piece of a line in the tile and its reach that is longer than rounding can hide.
func expectedLine(ps []orb.Point) presence {
	const end = Extent + reach
	found := absent
	for i := 1; i < len(ps); i++ {
		from, to := 0.0, 1.0
		a, b := ps[i-1], ps[i]
		for axis := range 2 {
			d := b[axis] - a[axis]
			if d == 0 {
				if a[axis] < -reach || a[axis] > end {
					to = -1
				}
				continue
			}
			t0, t1 := (-reach-a[axis])/d, (end-a[axis])/d
			from, to = max(from, min(t0, t1)), min(to, max(t0, t1))
		}
		if to < from-1e-12 {
			continue
		}
		found = max(found, either)
		if (to-from)*math.Hypot(b[0]-a[0], b[1]-a[1]) > 2*math.Sqrt2 {
			found = present
		}
	}
	return found
}

// A feature is in a tile exactly when its geometry is, a filter and a scope choose there what they choose on the layer,
// and no feature is there twice, at every zoom.
func TestTileHoldsWhatIsThere(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 52)
	r.change(t, 60)
	var sure [3]int
	for _, scope := range scopes {
		v := r.Snapshot().View(scope)
		for _, l := range mixture() {
			if l.Cluster {
				continue // those add up: see below
			}
			for _, query := range queries {
				table, f := ask(t, v, l.Name, query)
				for _, tile := range places(r.rnd) {
					in := map[uint64]bool{}
					for _, f := range read(t, v, Request{Layers: []string{l.Name}, Tile: tile, Filters: map[string]layers.Filter{l.Name: f}}).layer(l.Name).features {
						in[f.id] = true // read knows that ids are different
					}
					table.Each(f, func(row layers.Row) bool {
						want := expected(row.Geometry(), tile)
						if got := in[uint64(row.ID())]; want == absent && got || want == present && !got {
							t.Errorf("%s %d in %v: %v, it is to be %d (0: absent, 2: present): %v", l.Name, row.ID(), tile, got, want, row.Geometry())
						}
						sure[want]++
						delete(in, uint64(row.ID()))
						return true
					})
					if len(in) > 0 {
						t.Errorf("%s in %v: %v are not chosen", l.Name, tile, in)
					}
				}
			}
		}
	}
	if sure[absent] < 1000 || sure[present] < 1000 {
		t.Errorf("%v features were absent, either, present: little was tested", sure)
	}
}

// Whatever was changed and is chosen, the points and clusters of all tiles of a zoom add up to the layer, and so do the
// cells of heat.
func TestPointsAndHeatAddUpAfterChanges(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 53)
	for range 2 {
		r.change(t, 60)
		for _, scope := range scopes {
			v := r.Snapshot().View(scope)
			for _, query := range queries {
				table, f := ask(t, v, "points", query)
				want := table.Count(f)
				for z := maptile.Zoom(0); z <= geo.MaxTileZoom; z++ {
					tiles := map[maptile.Tile]bool{}
					table.Each(nil, func(row layers.Row) bool {
						p, _ := row.Point()
						tiles[geo.Tile(p, z)] = true
						return true
					})
					drawn, heated := 0, 0
					for tile := range tiles {
						drawn += pointsIn(read(t, v, Request{Layers: []string{"points"}, Tile: tile, Filters: map[string]layers.Filter{"points": f}}).layer("points"))
						n, _ := heat(t, v, HeatRequest{Layer: "points", Tile: tile, Filter: f, Cells: 8}).Total()
						heated += n
					}
					if drawn != want || heated != want {
						t.Errorf("zoom %d, filter %v: %d points in tiles, %d in heat, %d in the layer", z, query.Terms, drawn, heated, want)
					}
				}
			}
		}
	}
}

// pointsIn returns how many points the features of a layer stand for.
func pointsIn(l readLayer) (n int) {
	for _, f := range l.features {
		if count, ok := f.tags[keyCount].(int64); ok {
			n += int(count)
		} else {
			n++
		}
	}
	return n
}

// crowded makes views whose tile of zoom 12 around the center is far too full.
func crowded(t *testing.T) map[string]*layers.View {
	rnd := rand.New(rand.NewPCG(54, 1))
	at := func(spread float64) orb.Point {
		return orb.Point{center[0] + (rnd.Float64()-0.5)*spread, center[1] + (rnd.Float64()-0.5)*spread}
	}
	many := func(n int, make func(i int) orb.Geometry) (out []layers.Feature) {
		for i := range n {
			out = append(out, layers.Feature{ID: int64(i + 1), Geometry: make(i)})
		}
		return out
	}
	plain := func(kind layers.GeometryKind) layers.Layer {
		return layers.Layer{Name: "areas", Kind: kind, MaxZoom: 18}
	}
	wide := plain(layers.Polygon)
	for i := range layers.MaxFields {
		wide.Fields = append(wide.Fields, attr(fmt.Sprint("f", i), layers.String, true))
	}
	long := many(40, func(int) orb.Geometry { return blob(rnd, at(0.05), 0.01, 20, true) })
	for i := range long {
		for k := range layers.MaxFields {
			long[i].Values = append(long[i].Values, layers.TextValue(fmt.Sprint(i, k, strings.Repeat("长", 300))))
		}
	}
	return map[string]*layers.View{
		"200 fields of long texts": view(t, wide, long...),
		"huge areas":               view(t, plain(layers.Polygon), many(3, func(int) orb.Geometry { return blob(rnd, at(0.05), 0.04, 30_000, true) })...),
		"many areas":               view(t, plain(layers.Polygon), many(13_000, func(i int) orb.Geometry { return blob(rnd, at(0.08), math.Exp2(-14+float64(i%7)), 25, false) })...),
		"points of a mixed layer":  view(t, plain(layers.Mixed), many(100_000, func(int) orb.Geometry { return at(0.08) })...),
		"an area that crosses itself everywhere": view(t, plain(layers.Polygon), many(1, func(int) orb.Geometry {
			var ring orb.Ring
			for range 20_000 {
				ring = append(ring, at(0.08))
			}
			return orb.Polygon{append(ring, ring[0])}
		})...),
		"many lines": view(t, plain(layers.Line), many(30_000, func(i int) orb.Geometry {
			a := at(0.08)
			return orb.LineString{a, {a[0] + math.Exp2(-15+float64(i%6)), a[1]}, at(0.08)}
		})...),
	}
}

// A tile that is too full says how many features it stands for: those that are drawn and those that are left out are those
// that would be drawn alone.
func TestCrowdedTileSaysWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	tile := geo.Tile(center, 12)
	for name, v := range crowded(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, err := v.Table("areas")
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			var p pen
			p.tracer.frame, p.tracer.coarse = newFrame(tile), coarseness(0, false)
			table.Each(nil, func(row layers.Row) bool {
				if p.tracer.meets(row.Shape(), false) {
					want++
				}
				return true
			})
			got := read(t, v, Request{Layers: []string{"areas"}, Tile: tile})
			drawn := len(got.layer("areas").features)
			left := 0
			for _, f := range got.layer("areas_rest").features {
				left += int(f.tags[keyLeftOut].(int64))
			}
			if drawn+left != want || left == 0 {
				t.Errorf("%d are drawn and %d left out, of %d", drawn, left, want)
			}
			about, err := Describe(v, []string{"areas"}, layers.English)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range got {
				at := slices.IndexFunc(about.Layers, func(d LayerDescription) bool { return d.ID == l.name })
				if at < 0 || l.name == "areas_rest" && about.Layers[at].Fields[keyLeftOut] == "" {
					t.Errorf("layer %s is drawn and not described", l.name)
				}
			}
		})
	}
}

// Any tile of any geometry that a layer takes is drawn, and read back.
func FuzzTile(f *testing.F) {
	f.Add(uint8(0), uint32(0), uint32(0), uint8(1), 180.0, 90.0, -180.0, -90.0, 0.1, 85.06)
	f.Add(uint8(22), uint32(1<<22-1), uint32(0), uint8(2), 180.0, 85.06, 179.99999, 85.0, 180.0, 85.0)
	f.Add(uint8(12), uint32(3303), uint32(1815), uint8(3), 110.31, 20.02, 110.32, 20.02, 110.31, 20.03)
	f.Add(uint8(200), uint32(7), uint32(9), uint8(0), 1e-320, math.Copysign(0, -1), 5.0, 5.0, math.MaxFloat64, 5.0)
	f.Fuzz(func(t *testing.T, z uint8, x, y uint32, kind uint8, ax, ay, bx, by, cx, cy float64) {
		a, b, c := orb.Point{ax, ay}, orb.Point{bx, by}, orb.Point{cx, cy}
		shapes := []orb.Geometry{
			a, orb.MultiPoint{a, b, c}, orb.LineString{a, b, c, a}, orb.Polygon{{a, b, c, a}},
			orb.MultiPolygon{{{a, b, c, a}}, {{c, b, a, c}, {a, c, b, a}}}, orb.MultiLineString{{a, b}, {b, c}, {c, c}}, orb.Polygon{{}}, orb.Polygon{{a, b, a, c, b, a}},
		}
		builder := layers.NewBuilder()
		table, err := builder.Layer(layers.Layer{Name: "mixed", Kind: layers.Mixed, MaxZoom: int(kind) % 25})
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range shapes {
			table.Add(layers.Feature{ID: int64(i + 1), Geometry: g}) // what a layer does not take is left out there
		}
		v := builder.Snapshot(1).View(layers.Scope{})
		tile := maptile.New(x, y, maptile.Zoom(z))
		got, err := Vector(context.Background(), v, Request{Layers: []string{"mixed"}, Tile: tile})
		outside := z > geo.MaxTileZoom || x >= 1<<z || y >= 1<<z
		if outside != errors.Is(err, layers.ErrInvalid) || !outside && err != nil {
			t.Fatalf("%v: %v", tile, err)
		}
		if _, err := readStrict(got); err != nil {
			t.Fatal(err)
		}
	})
}
