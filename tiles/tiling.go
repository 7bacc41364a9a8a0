package tiles

import (
	"fmt"
	"math"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// tiling is a way of parting the world into cells. A cell is the same, and has the same name, whatever part of the world
// is asked for, and every place is in exactly one.
//
// Hexagons and squares of so many metres lie in the equal-area frame of geo.EqualArea, so that all cells of a size have
// exactly that area on the ground; near 30 degrees of latitude they are regular, further away stretched. The library of
// H3 would have brought cgo, sizes that cannot be chosen, and areas that differ up to twofold.
type tiling interface {
	// at returns the cell of a place in world coordinates.
	at(x, y uint32) cellKey
	// bin returns the shift of the largest bins, as gather has them, that are wholly in one cell.
	bin() uint
	// place returns the middle of a cell and its outline (closed, counter-clockwise), lon/lat degrees, and its hectares.
	place(cellKey) (middle orb.Point, outline orb.Ring, hectares float64)
	// around returns a bound that holds every cell whose middle is in b, whose Min[0] is not above its Max[0].
	around(b orb.Bound) orb.Bound
	// name returns a cell's name.
	name(cellKey) string
}

// cellKey is a cell's column and row in its tiling.
type cellKey struct{ a, b int64 }

// mercator is squares of the map: those of the tiles of a zoom, parted further.
type mercator struct{ depth uint }

func (m mercator) at(x, y uint32) cellKey {
	return cellKey{int64(x) >> (32 - m.depth), int64(y) >> (32 - m.depth)}
}

func (m mercator) bin() uint { return 32 - m.depth }

func (m mercator) place(k cellKey) (orb.Point, orb.Ring, float64) {
	size := int64(worldSize) >> m.depth
	c := plot{k.a * size, k.b * size, size}.cell(0, 0)
	return c.Center, c.outline(), c.Hectares
}

func (m mercator) around(b orb.Bound) orb.Bound {
	size := int64(worldSize) >> m.depth
	x0, y0 := geo.World(b.LeftTop())
	x1, y1 := geo.World(b.RightBottom())
	nw := geo.WorldCorner(max(int64(x0)-size, 0), max(int64(y0)-size, 0))
	se := geo.WorldCorner(min(int64(x1)+size, worldSize), min(int64(y1)+size, worldSize))
	return orb.Bound{Min: orb.Point{nw[0], se[1]}, Max: orb.Point{se[0], nw[1]}}
}

func (m mercator) name(k cellKey) string { return fmt.Sprintf("m%d/%d/%d", m.depth, k.a, k.b) }

// squares are squares of the frame, of so many metres a side.
type squares struct{ side float64 }

func (s squares) at(x, y uint32) cellKey {
	u, v := geo.EqualArea(geo.Unworld(x, y))
	return cellKey{int64(math.Floor(u / s.side)), int64(math.Floor(v / s.side))}
}

func (s squares) bin() uint { return 0 }

func (s squares) place(k cellKey) (orb.Point, orb.Ring, float64) {
	u, v := float64(k.a)*s.side, float64(k.b)*s.side
	outline := framed([][2]float64{{u, v}, {u + s.side, v}, {u + s.side, v + s.side}, {u, v + s.side}})
	return geo.EqualAreaPoint(u+s.side/2, v+s.side/2), outline, s.side * s.side / 1e4
}

func (s squares) around(b orb.Bound) orb.Bound { return widened(b, s.side) }

func (s squares) name(k cellKey) string { return fmt.Sprintf("s%g/%d/%d", s.side, k.a, k.b) }

// hexagons are regular hexagons of the frame with a point to the north, so many metres from side to side, in axial
// coordinates: a counts columns eastwards along a row, b rows northwards, each half a hexagon further east.
type hexagons struct{ width float64 }

// rise of a row and half of the height of a hexagon.
func (h hexagons) rise() float64   { return h.width * math.Sqrt(3) / 2 }
func (h hexagons) radius() float64 { return h.width / math.Sqrt(3) }

// at rounds in cube coordinates, whose three add up to 0: the one that is rounded most gives way.
func (h hexagons) at(x, y uint32) cellKey {
	u, v := geo.EqualArea(geo.Unworld(x, y))
	r := v / h.rise()
	q := u/h.width - r/2
	s := -q - r
	a, b, c := math.Round(q), math.Round(r), math.Round(s)
	da, db, dc := math.Abs(a-q), math.Abs(b-r), math.Abs(c-s)
	switch {
	case da > db && da > dc:
		a = -b - c
	case db > dc:
		b = -a - c
	}
	return cellKey{int64(a), int64(b)}
}

func (h hexagons) bin() uint { return 0 }

func (h hexagons) place(k cellKey) (orb.Point, orb.Ring, float64) {
	u, v := (float64(k.a)+float64(k.b)/2)*h.width, float64(k.b)*h.rise()
	half, radius := h.width/2, h.radius()
	outline := framed([][2]float64{
		{u, v - radius}, {u + half, v - radius/2}, {u + half, v + radius/2}, {u, v + radius}, {u - half, v + radius/2}, {u - half, v - radius/2},
	})
	return geo.EqualAreaPoint(u, v), outline, h.width * h.rise() / 1e4
}

func (h hexagons) around(b orb.Bound) orb.Bound { return widened(b, 2*h.radius()) }

func (h hexagons) name(k cellKey) string { return fmt.Sprintf("h%g/%d/%d", h.width, k.a, k.b) }

// framed returns the outline of corners in the frame, closed.
func framed(corners [][2]float64) orb.Ring {
	ring := make(orb.Ring, 0, len(corners)+1)
	for _, c := range corners {
		ring = append(ring, geo.EqualAreaPoint(c[0], c[1]))
	}
	return append(ring, ring[0])
}

// widened returns a bound wider by so many metres of the frame on every side, within the world.
func widened(b orb.Bound, by float64) orb.Bound {
	x0, y0 := geo.EqualArea(b.Min)
	x1, y1 := geo.EqualArea(b.Max)
	lo, hi := geo.EqualAreaPoint(x0-by, y0-by), geo.EqualAreaPoint(x1+by, y1+by)
	return orb.Bound{Min: orb.Point{max(lo[0], -180), lo[1]}, Max: orb.Point{min(hi[0], 180), hi[1]}}
}
