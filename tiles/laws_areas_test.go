package tiles

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/orb/project"
	"github.com/peterstace/simplefeatures/geom"
)

// Laws of areas. They are about partitions: areas that fill the world and share their borders position by position, as
// the communities and grids of a town do.

// partition is n times n cells around a point, each side a wild line that two cells share, some cells with one more area
// inside, which may touch them, and around all of them the rest of the world up to far away. The sides of a cell are size
// degrees long, north-south ones a share flat of that.
type partition struct {
	rnd   *rand.Rand
	n     int
	at    orb.Point
	size  float64
	flat  float64
	turn  float64
	far   float64
	sides map[[3]int]orb.LineString
}

// place turns cell coordinates into degrees.
func (p *partition) place(x, y float64) orb.Point {
	x, y = (x-float64(p.n)/2)*p.size, (y-float64(p.n)/2)*p.size*p.flat
	c, s := math.Cos(p.turn), math.Sin(p.turn)
	return orb.Point{p.at[0] + c*x - s*y, p.at[1] + s*x + c*y}
}

// side returns the side that leads east (axis 0) or north (axis 1) from a corner.
func (p *partition) side(i, j, axis int) orb.LineString {
	key := [3]int{i, j, axis}
	if s := p.sides[key]; s != nil {
		return s
	}
	a := [2]float64{float64(i) + p.jitter(i, j, 0), float64(j) + p.jitter(i, j, 1)}
	i2, j2 := i+1-axis, j+axis
	b := [2]float64{float64(i2) + p.jitter(i2, j2, 0), float64(j2) + p.jitter(i2, j2, 1)}
	s := orb.LineString{p.place(a[0], a[1])}
	steps := 1 + p.rnd.IntN(12)
	for k := 1; k < steps; k++ {
		share := float64(k) / float64(steps)
		off := (p.rnd.Float64() - 0.5) * 0.6 * min(share, 1-share)
		x, y := a[0]+(b[0]-a[0])*share, a[1]+(b[1]-a[1])*share
		if axis == 0 {
			y += off
		} else {
			x += off
		}
		s = append(s, p.place(x, y))
	}
	s = append(s, p.place(b[0], b[1]))
	p.sides[key] = s
	return s
}

// jitter moves the corners of cells, always by the same.
func (p *partition) jitter(i, j, axis int) float64 {
	r := rand.New(rand.NewPCG(uint64(i*1000+j*10+axis), uint64(p.n)))
	return (r.Float64() - 0.5) * 0.3
}

// ringOf joins sides into a ring; those that lead back are reversed.
func ringOf(sides ...orb.LineString) (ring orb.Ring) {
	for _, s := range sides {
		if len(ring) > 0 && s[0] != ring[len(ring)-1] {
			s = s.Clone()
			s.Reverse()
		}
		if len(ring) > 0 {
			s = s[1:]
		}
		ring = append(ring, s...)
	}
	return ring
}

// areas returns the areas of the partition.
func (p *partition) areas() (out []orb.Geometry) {
	p.sides = map[[3]int]orb.LineString{}
	var all []orb.LineString
	for k := range p.n {
		all = append(all, p.side(k, 0, 0))
	}
	for k := range p.n {
		all = append(all, p.side(p.n, k, 1))
	}
	for k := range p.n {
		all = append(all, p.side(p.n-1-k, p.n, 0))
	}
	for k := range p.n {
		all = append(all, p.side(0, p.n-1-k, 1))
	}
	far := 2*p.size*float64(p.n) + p.far
	box := orb.Bound{Min: p.at, Max: p.at}.Pad(far)
	box.Min[0], box.Min[1], box.Max[0], box.Max[1] = max(box.Min[0], -180), max(box.Min[1], -85), min(box.Max[0], 180), min(box.Max[1], 85)
	out = append(out, orb.Polygon{box.ToRing(), ringOf(all...)})
	for i := range p.n {
		for j := range p.n {
			cell := orb.Polygon{ringOf(p.side(i, j, 0), p.side(i+1, j, 1), p.side(i, j+1, 0), p.side(i, j, 1))}
			in := func(dx, dy float64) orb.Point { return p.place(float64(i)+0.5+dx, float64(j)+0.5+dy) }
			inner := orb.Ring{in(-0.1, -0.1), in(0.1, -0.1), in(0.01*p.rnd.Float64(), -0.07), in(0.1, 0.1), in(-0.1, -0.1)}
			switch p.rnd.IntN(4) {
			case 0:
				cell = append(cell, inner)
				out = append(out, orb.Polygon{inner})
			case 1: // two areas in it, that touch in a point
				more := orb.Ring{inner[3], in(0.14, 0.1), in(0.14, 0.15), inner[3]}
				cell = append(cell, inner, more)
				out = append(out, orb.MultiPolygon{{inner}, {more}})
			}
			out = append(out, cell)
		}
	}
	return out
}

// anyPartition returns a random one near a corner of a tile of zoom 12, and a zoom to look at it.
func anyPartition(seed uint64) (*partition, maptile.Zoom) {
	rnd := rand.New(rand.NewPCG(seed, 77))
	corner := geo.Unworld(uint32(3300+rnd.IntN(5))<<20, uint32(1700+rnd.IntN(5))<<20)
	z := maptile.Zoom(8 + rnd.IntN(12))
	unit := 360 / float64(Extent) / math.Exp2(float64(z))
	p := &partition{rnd: rnd, n: 3 + rnd.IntN(6), size: unit * math.Exp2(rnd.Float64()*12-1), flat: math.Exp2(-rnd.Float64() * 6), turn: rnd.Float64() * 7, far: 3 * Extent * unit}
	const least = 400 * 360.0 / (1 << 32) // world coordinates, of 9 mm, round too: what is finer than them is not valid in them
	p.size = max(p.size, least)
	p.flat = max(p.flat, least/p.size)
	p.at = orb.Point{corner[0] + (rnd.Float64()-0.5)*p.size*4, corner[1] + (rnd.Float64()-0.5)*p.size*4}
	return p, z
}

func areaLayer(maxZoom int) layers.Layer {
	return layers.Layer{Name: "areas", Kind: layers.Polygon, MaxZoom: maxZoom}
}

// features makes features of geometries, with ids from 1.
func features(gs []orb.Geometry) (out []layers.Feature) {
	for i, g := range gs {
		out = append(out, layers.Feature{ID: int64(i + 1), Geometry: g})
	}
	return out
}

// four are two tiles beside each other and the two south of them.
type four struct {
	matrix Matrix
	at     [2][2]maptile.Tile // by column and row
}

// manyPartitions calls fn with random partitions, each as a view, and the tiles around its middle.
func manyPartitions(t *testing.T, m Matrix, seeds int, fn func(t *testing.T, gs []orb.Geometry, v *layers.View, tiles four)) {
	for seed := range seeds {
		p, z := anyPartition(uint64(seed))
		gs := p.areas()
		v := view(t, areaLayer(int(z)+seed%2), features(gs)...)
		half := m.Bound(m.Tile(p.at, z+1))
		first := m.Tile(orb.Point{2*half.Min[0] - half.Max[0] + 1e-9, 2*half.Max[1] - half.Min[1] - 1e-9}, z) // half a tile to the north-west
		tiles := four{matrix: m}
		for i := range 2 {
			for j := range 2 {
				tiles.at[i][j] = maptile.New(first.X+uint32(i), first.Y+uint32(j), z)
			}
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { fn(t, gs, v, tiles) })
	}
}

// drawn returns the areas of one of the tiles.
func (f four) drawn(t *testing.T, v *layers.View, column, row int) []readFeature {
	t.Helper()
	return read(t, v, Request{Layers: []string{"areas"}, Tile: f.at[column][row], Matrix: f.matrix}).layer("areas").features
}

// inEachMatrix runs a test in either matrix.
func inEachMatrix(t *testing.T, test func(t *testing.T, m Matrix)) {
	for _, m := range []Matrix{WebMercator, LonLat} {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			test(t, m)
		})
	}
}

// Areas that share a border have the same positions on it, at every zoom: each piece of border is there once in either
// direction, so nothing lies open or twice between them.
func TestNeighbouringAreasMeetInTheSamePositions(t *testing.T) {
	t.Parallel()
	inEachMatrix(t, func(t *testing.T, m Matrix) {
		manyPartitions(t, m, 25, func(t *testing.T, _ []orb.Geometry, v *layers.View, tiles four) {
			t.Parallel()
			open := map[[2]pos]int{}
			pieces := 0
			for _, f := range tiles.drawn(t, v, 0, 0) {
				for _, ring := range f.parts {
					for i, p := range ring {
						q := ring[(i+1)%len(ring)]
						open[[2]pos{p, q}]++
						open[[2]pos{q, p}]--
						pieces++
					}
				}
			}
			edge := func(v int64) bool { return v == -reach || v == Extent+reach }
			for piece, n := range open {
				p, q := piece[0], piece[1]
				if n != 0 && !(p.x == q.x && edge(p.x)) && !(p.y == q.y && edge(p.y)) {
					t.Fatalf("of the border from %v to %v one side is there %d times more often, among %d pieces", p, q, n, pieces)
				}
			}
		})
	})
}

// At the border between two tiles each area ends where it goes on in the other tile, to the unit, except where its own
// border runs along there.
func TestAreasGoOnInTheNextTile(t *testing.T) {
	t.Parallel()
	inEachMatrix(t, func(t *testing.T, m Matrix) {
		manyPartitions(t, m, 25, func(t *testing.T, _ []orb.Geometry, v *layers.View, tiles four) {
			t.Parallel()
			flip := func(p pos) pos { return pos{p.y, p.x} }
			same := func(p pos) pos { return p }
			first, east, south := tiles.drawn(t, v, 0, 0), tiles.drawn(t, v, 1, 0), tiles.drawn(t, v, 0, 1)
			for name, two := range map[string][2]seam{
				"east":  {seamOf(t, first, Extent, -1, same), seamOf(t, east, 0, 1, same)},
				"south": {seamOf(t, first, Extent, -1, flip), seamOf(t, south, 0, 1, flip)},
			} {
				for y := range Extent {
					if a, b := two[0].ids[y], two[1].ids[y]; a == 0 || b == 0 || a != b && !two[0].along[y] && !two[1].along[y] {
						t.Fatalf("%s, unit %d: area %d on this side, %d on the other (0: none)", name, y, a, b)
					}
				}
			}
		})
	})
}

// seam is what a tile has along one of its borders, unit by unit: the area just inside, and whether the border of an area
// runs along there.
type seam struct {
	ids   [Extent]uint64
	along [Extent]bool
}

// seamOf reads the seam at an x; inner is the direction of the tile's inside.
func seamOf(t *testing.T, fs []readFeature, x, inner int64, turned func(pos) pos) (s seam) {
	t.Helper()
	for _, f := range fs {
		var turns [Extent]bool // where the area begins or ends
		for _, ring := range f.parts {
			for i := range ring {
				p, q := turned(ring[i]), turned(ring[(i+1)%len(ring)])
				if p.x == x && q.x == x {
					for y := max(min(p.y, q.y), 0); y < min(max(p.y, q.y), Extent); y++ {
						s.along[y] = true
					}
				}
				if (p.x-x)*inner > 0 == ((q.x-x)*inner > 0) {
					continue
				}
				over := (x - p.x) * (q.y - p.y)
				if over%(q.x-p.x) != 0 {
					t.Fatalf("area %d: the border from %v to %v goes between units at %d", f.id, p, q, x)
				}
				if at := max(p.y+over/(q.x-p.x), 0); at < Extent {
					turns[at] = !turns[at]
				}
			}
		}
		in := false
		for y, turn := range turns {
			if in = in != turn; in {
				if s.ids[y] != 0 {
					t.Fatalf("unit %d: areas %d and %d at once", y, s.ids[y], f.id)
				}
				s.ids[y] = f.id
			}
		}
	}
	return s
}

// What is drawn of a valid area is valid: its rings are simple and do not cross, holes are in their polygon, whose inside
// is in one piece.
func TestDrawnAreasAreValid(t *testing.T) {
	t.Parallel()
	inEachMatrix(t, func(t *testing.T, m Matrix) {
		manyPartitions(t, m, 25, func(t *testing.T, _ []orb.Geometry, v *layers.View, tiles four) {
			t.Parallel()
			for _, f := range tiles.drawn(t, v, 0, 0) {
				if err := polygonsOf(f).Validate(); err != nil {
					t.Errorf("area %d: %v: %v", f.id, err, f.parts)
				}
			}
		})
	})
}

// polygonsOf reads a feature as the specification says: a ring of positive area begins a polygon, the others are its
// holes.
func polygonsOf(f readFeature) geom.MultiPolygon {
	var polygons []geom.Polygon
	var rings []geom.LineString
	end := func() {
		if len(rings) > 0 {
			polygons = append(polygons, geom.NewPolygon(rings))
		}
		rings = nil
	}
	for _, part := range f.parts {
		if area2(part) > 0 {
			end()
		}
		var xy []float64
		for _, p := range append(part[:len(part):len(part)], part[0]) {
			xy = append(xy, float64(p.x), float64(p.y))
		}
		rings = append(rings, geom.NewLineString(geom.NewSequence(xy, geom.DimXY)))
	}
	end()
	return geom.NewMultiPolygon(polygons)
}

// exactly returns the area of an area in a tile and its reach, and how long its borders are there, in units that are not
// rounded.
func exactly(g orb.Geometry, tile maptile.Tile) (area, around float64) {
	scale := math.Exp2(float64(tile.Z)) / (1 << 20)
	g = project.Geometry(orb.Clone(g), func(p orb.Point) orb.Point {
		x, y := geo.World(p)
		return orb.Point{float64(x)*scale - float64(tile.X)*Extent, float64(y)*scale - float64(tile.Y)*Extent}
	})
	g = clip.Geometry(orb.Bound{Min: orb.Point{-reach, -reach}, Max: orb.Point{Extent + reach, Extent + reach}}, g)
	if g == nil {
		return 0, 0
	}
	return planar.Area(g), planar.Length(g)
}

// An area is in a tile when it should be, and of the size it should be: a border is moved by less than the diagonal of
// the lattice's squares, so the area by less than that times its length. An area that has more than that is drawn.
func TestDrawnAreasKeepTheirArea(t *testing.T) {
	t.Parallel()
	manyPartitions(t, WebMercator, 25, func(t *testing.T, gs []orb.Geometry, v *layers.View, tiles four) {
		t.Parallel()
		tile := tiles.at[0][0]
		got := map[uint64]float64{}
		for _, f := range tiles.drawn(t, v, 0, 0) {
			if _, twice := got[f.id]; twice || f.id == 0 {
				t.Errorf("area %d is there twice", f.id)
			}
			for _, ring := range f.parts {
				got[f.id] += float64(area2(ring)) / 2
			}
		}
		table, _ := v.Table("areas")
		diagonal := math.Sqrt2
		if int(tile.Z) < table.Layer.MaxZoom {
			diagonal *= 2
		}
		for i, g := range gs {
			want, around := exactly(g, tile)
			around += 4 * diagonal // at corners
			if miss := math.Abs(got[uint64(i+1)] - want); miss > diagonal*around {
				t.Errorf("area %d: %.0f square units, want %.1f to %.1f", i+1, got[uint64(i+1)], want, diagonal*around)
			}
		}
	})
}
