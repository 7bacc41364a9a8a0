package tiles

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// coverLonLat calls fn with every LonLat tile of a zoom that meets the bound, and one more around.
func coverLonLat(b orb.Bound, z maptile.Zoom, fn func(maptile.Tile)) {
	lo, hi := LonLat.Tile(b.LeftTop(), z), LonLat.Tile(b.RightBottom(), z)
	columns, rows := LonLat.Size(z)
	for y := lo.Y - min(lo.Y, 1); y <= min(hi.Y+1, rows-1); y++ {
		for x := lo.X - min(lo.X, 1); x <= min(hi.X+1, columns-1); x++ {
			fn(maptile.New(x, y, z))
		}
	}
}

func TestLonLatTilesAreThoseOfTianditu(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lon, lat float64
		want     maptile.Tile
	}{
		{-180, 80, maptile.New(0, 0, 1)}, {179, -80, maptile.New(1, 0, 1)}, // level 1 is two tiles wide and one high
		{0, 0, maptile.New(2, 1, 2)}, // a position on a border is in the tile east and south of it
		{114.3036, 30.5637, maptile.New(107152, 21640, 17)},
	} {
		if got := LonLat.Tile(orb.Point{c.lon, c.lat}, c.want.Z); got != c.want {
			t.Errorf("%v, %v: tile %v, expected %v", c.lon, c.lat, got, c.want)
		}
		if mercator := geo.Tile(orb.Point{c.lon, c.lat}, c.want.Z); mercator.X != c.want.X {
			t.Errorf("%v, %v: column %d in Web Mercator, %d here", c.lon, c.lat, mercator.X, c.want.X)
		}
	}
	if got := LonLat.Bound(maptile.New(1, 0, 1)); got != (orb.Bound{Min: orb.Point{0, -90}, Max: orb.Point{180, 90}}) {
		t.Errorf("bound %v", got)
	}
	for _, wrong := range []maptile.Tile{{X: 0, Y: 0, Z: 0}, {X: 0, Y: 1, Z: 1}, {X: 2, Y: 0, Z: 1}, {X: 0, Y: 0, Z: 23}} {
		if _, err := LonLat.Rev(mixedView(t), []string{"grids"}, wrong); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

// TestAPointIsInOneLonLatTileWhereItIs draws points, those on borders of tiles and beyond the world of web maps among
// them, reads the tiles and finds each point once, within a unit of its position.
func TestAPointIsInOneLonLatTileWhereItIs(t *testing.T) {
	t.Parallel()
	l := layers.Layer{Name: "screens", Kind: layers.Point, MaxZoom: 0}
	rnd := rand.New(rand.NewPCG(11, 1))
	at := map[uint64]orb.Point{}
	var features []layers.Feature
	add := func(p orb.Point) {
		features = append(features, layers.Feature{ID: int64(len(features) + 1), Geometry: p})
		at[uint64(len(features))] = p
	}
	for range 200 {
		add(orb.Point{114.29 + 0.02*rnd.Float64(), 30.55 + 0.02*rnd.Float64()})
	}
	side := 360 / float64(uint64(1)<<18)
	for i := range 20 { // on borders of rows
		add(orb.Point{114.3 + 0.001*float64(i), 90 - side*math.Round((90-30.56)/side+float64(i%4))})
	}
	for _, lat := range []float64{-90, -89, -85.06, 85.06, 90} {
		add(orb.Point{114.3, lat})
	}
	v := view(t, l, features...)
	for _, z := range []maptile.Zoom{1, 2, 7, 12, 16, 18, 20} {
		seen, unit := map[uint64]int{}, 1/unitsPerDegree(z)
		tiles := map[maptile.Tile]bool{}
		for _, p := range at {
			for _, dy := range []float64{-unit, 0, unit} {
				tiles[LonLat.Tile(orb.Point{p[0], p[1] + dy}, z)] = true
			}
		}
		for tile := range tiles {
			b := LonLat.Bound(tile)
			for _, f := range read(t, v, Request{Layers: []string{"screens"}, Tile: tile, Matrix: LonLat}).layer("screens").features {
				seen[f.id]++
				got := orb.Point{b.Min[0] + (float64(f.parts[0][0].x)+0.5)*unit, b.Max[1] - (float64(f.parts[0][0].y)+0.5)*unit}
				want := at[f.id]
				want[1] = clampLatitude(want[1])
				if math.Abs(got[0]-want[0]) > unit || math.Abs(got[1]-want[1]) > unit {
					t.Errorf("zoom %d: point %d is at %v, drawn at %v", z, f.id, want, got)
				}
			}
		}
		for id := range at {
			if seen[id] != 1 {
				t.Errorf("zoom %d: point %d at %v is in %d tiles", z, id, at[id], seen[id])
			}
		}
	}
}

func TestLonLatClustersAddUp(t *testing.T) {
	t.Parallel()
	v := view(t, pointLayer, points(12, 3000, 0.02)...)
	table, _ := v.Table("events")
	bound, _ := table.Bound()
	for _, z := range []maptile.Zoom{1, 9, 14, 16} {
		var total int64
		coverLonLat(bound, z, func(tile maptile.Tile) {
			for _, f := range read(t, v, Request{Layers: []string{"events"}, Tile: tile, Matrix: LonLat}).layer("events").features {
				if n, ok := f.tags[keyCount].(int64); ok {
					total += n
				} else {
					total++
				}
			}
		})
		if total != 3000 {
			t.Errorf("zoom %d: %d of 3000 points", z, total)
		}
	}
}

// TestLonLatAreasHaveNoCracks adds up the parts of areas in all tiles: what they share of a border, between tiles and
// between areas, is neither twice there nor missing.
func TestLonLatAreasHaveNoCracks(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(13, 1))
	for i := range 6 {
		p := blob(rnd, center, 0.004+0.01*rnd.Float64(), 8+rnd.IntN(40), i%2 == 0)
		v := view(t, gridLayer, areaFeature(1, p))
		for _, z := range []maptile.Zoom{12, 16} {
			var got int64
			coverLonLat(p.Bound(), z, func(tile maptile.Tile) {
				for _, f := range read(t, v, Request{Layers: []string{"grids"}, Tile: tile, Matrix: LonLat}).layer("grids").features {
					got += inBox(f, box{0, 0, Extent, Extent})
				}
			})
			want, around := degreeArea(p)
			want, around = want*unitsPerDegree(z)*unitsPerDegree(z), around*unitsPerDegree(z)
			if miss := math.Abs(float64(got)/2 - want); miss > around*1.5 {
				t.Errorf("polygon %d, zoom %d: area %d, expected %.0f", i, z, got/2, want)
			}
		}
	}
}

// degreeArea returns the area and the length of the border of a polygon in degrees.
func degreeArea(p orb.Polygon) (area, around float64) {
	for i, ring := range p {
		var a float64
		for k := 1; k < len(ring); k++ {
			x0, y0, x1, y1 := ring[k-1][0]-ring[0][0], ring[k-1][1]-ring[0][1], ring[k][0]-ring[0][0], ring[k][1]-ring[0][1]
			a += x0*y1 - x1*y0
			around += math.Hypot(x1-x0, y1-y0)
		}
		if i == 0 {
			area = math.Abs(a) / 2
		} else {
			area -= math.Abs(a) / 2
		}
	}
	return area, around
}

// TestLonLatAreaHoldsItsTile holds the area that a tile is drawn from, and by which its revision is found, against the
// positions of the tile's corners and just inside them.
func TestLonLatAreaHoldsItsTile(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(14, 1))
	for range 2000 {
		z := maptile.Zoom(1 + rnd.IntN(geo.MaxTileZoom))
		columns, rows := LonLat.Size(z)
		tile := maptile.New(rnd.Uint32N(columns), rnd.Uint32N(rows), z)
		a, f := LonLat.area(tile, 0), LonLat.frame(tile)
		if a.y0 >= a.y1 || a.x0 >= a.x1 {
			t.Fatalf("%v: area %v", tile, a)
		}
		for _, y := range []int64{a.y0 - 1, a.y1} { // just outside: not in the tile
			if y >= 0 && y < worldSize && f.at(uint32(a.x0), uint32(y)).inside() {
				t.Fatalf("%v: %d is in the tile and not in its area %v", tile, y, a)
			}
		}
	}
}
