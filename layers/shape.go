package layers

import (
	"shapan/geo"

	"github.com/paulmach/orb"
)

// Shape is a geometry that is not a single point, with what drawing needs of it. It is built once and never edited.
type Shape struct {
	Geometry orb.Geometry // WGS-84
	Bound    orb.Bound    // lon/lat degrees
	Label    orb.Point    // a position inside, where the label of an area stands

	// The same in world coordinates (geo.World).
	Paths      []Path // in the geometry's order
	NorthWest  [2]uint32
	SouthEast  [2]uint32
	WorldLabel [2]uint32
}

// Path is one run of positions of a shape.
type Path struct {
	Kind PathKind
	XY   [][2]uint32 // world coordinates; a ring repeats its first position at the end
}

// PathKind is what a path is of its geometry.
type PathKind uint8

// The kinds of path: the points of a MultiPoint, a line, the outer ring of a polygon, and its holes, which follow it.
const (
	PathPoints PathKind = iota
	PathLine
	PathOuter
	PathHole
)

// NewShape projects a geometry once. It keeps g, which must not be edited afterwards.
func NewShape(g orb.Geometry) *Shape {
	s := &Shape{Geometry: g, Bound: g.Bound(), Label: geo.Interior(g)}
	s.NorthWest, s.SouthEast, s.WorldLabel = world(s.Bound.LeftTop()), world(s.Bound.RightBottom()), world(s.Label)
	switch g := g.(type) {
	case orb.MultiPoint:
		s.add(PathPoints, g)
	case orb.LineString:
		s.add(PathLine, g)
	case orb.MultiLineString:
		for _, l := range g {
			s.add(PathLine, l)
		}
	case orb.Polygon:
		s.addPolygon(g)
	case orb.MultiPolygon:
		for _, p := range g {
			s.addPolygon(p)
		}
	case orb.Point:
		s.add(PathPoints, []orb.Point{g})
	}
	return s
}

func (s *Shape) addPolygon(p orb.Polygon) {
	for i, ring := range p {
		kind := PathHole
		if i == 0 {
			kind = PathOuter
		}
		s.add(kind, ring)
	}
}

func (s *Shape) add(kind PathKind, points []orb.Point) {
	xy := make([][2]uint32, len(points))
	for i, p := range points {
		xy[i] = world(p)
	}
	s.Paths = append(s.Paths, Path{Kind: kind, XY: xy})
}

func world(p orb.Point) [2]uint32 {
	x, y := geo.World(p)
	return [2]uint32{x, y}
}
