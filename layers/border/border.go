// Package border carries geometry over the border between records and memory: go-geom reads what a record may hold, with
// heights, measures and nothing at all; orb is what the map is made of.
package border

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
)

// ToOrb returns a geometry without its heights and measures; nil where it is empty. A collection, and whatever else is no
// point, line or polygon, is an error.
func ToOrb(g geom.T) (orb.Geometry, error) {
	if _, mixed := g.(*geom.GeometryCollection); mixed { // it has no coordinates of its own, and panics when asked
		return nil, fmt.Errorf("a collection of geometries is no point, line or polygon")
	}
	stride := g.Stride()
	flat := g.FlatCoords()
	switch g := g.(type) {
	case *geom.Point:
		if len(flat) < 2 || math.IsNaN(flat[0]) && math.IsNaN(flat[1]) {
			return nil, nil
		}
		return orb.Point{flat[0], flat[1]}, nil
	case *geom.MultiPoint:
		return multi(orb.MultiPoint(points(flat, stride)))
	case *geom.LineString:
		return multi(orb.LineString(points(flat, stride)))
	case *geom.MultiLineString:
		var out orb.MultiLineString
		for _, l := range runs(flat, g.Ends(), stride) {
			if len(l) > 0 {
				out = append(out, l)
			}
		}
		return multi(out)
	case *geom.Polygon:
		return multi(polygon(runs(flat, g.Ends(), stride)))
	case *geom.MultiPolygon:
		return multi(multiPolygon(flat, g.Endss(), stride))
	}
	return nil, fmt.Errorf("a %T is no point, line or polygon", g)
}

// multi returns a geometry of parts; nil where there are none.
func multi[T interface {
	orb.Geometry
	~[]E
}, E any](g T) (orb.Geometry, error) {
	if len(g) == 0 {
		return nil, nil
	}
	return g, nil
}

func points(flat []float64, stride int) []orb.Point {
	out := make([]orb.Point, 0, len(flat)/max(stride, 1))
	for i := 0; i+1 < len(flat); i += stride {
		out = append(out, orb.Point{flat[i], flat[i+1]})
	}
	return out
}

// runs cuts flat coordinates at the ends that go-geom keeps.
func runs(flat []float64, ends []int, stride int) []orb.LineString {
	out := make([]orb.LineString, 0, len(ends))
	from := 0
	for _, end := range ends {
		out = append(out, points(flat[from:end], stride))
		from = end
	}
	return out
}

func polygon(rings []orb.LineString) orb.Polygon {
	out := make(orb.Polygon, 0, len(rings))
	for _, r := range rings {
		if len(r) > 0 {
			out = append(out, orb.Ring(r))
		}
	}
	return out
}

func multiPolygon(flat []float64, endss [][]int, stride int) orb.MultiPolygon {
	var out orb.MultiPolygon
	from := 0
	for _, ends := range endss {
		if len(ends) == 0 {
			continue
		}
		last := ends[len(ends)-1]
		own := make([]int, len(ends)) // the ends count from the beginning of all
		for i, end := range ends {
			own[i] = end - from
		}
		if p := polygon(runs(flat[from:last], own, stride)); len(p) > 0 {
			out = append(out, p)
		}
		from = last
	}
	return out
}

// FromOrb returns a geometry as go-geom has it, of the reference system srid. It is an error where it is none of the kinds
// that ToOrb returns.
func FromOrb(g orb.Geometry, srid int) (geom.T, error) {
	switch g := g.(type) {
	case orb.Point:
		return geom.NewPointFlat(geom.XY, []float64{g[0], g[1]}).SetSRID(srid), nil
	case orb.MultiPoint:
		return geom.NewMultiPointFlat(geom.XY, flatten(nil, g)).SetSRID(srid), nil
	case orb.LineString:
		return geom.NewLineStringFlat(geom.XY, flatten(nil, g)).SetSRID(srid), nil
	case orb.MultiLineString:
		var flat []float64
		var ends []int
		for _, l := range g {
			flat = flatten(flat, l)
			ends = append(ends, len(flat))
		}
		return geom.NewMultiLineStringFlat(geom.XY, flat, ends).SetSRID(srid), nil
	case orb.Polygon:
		flat, ends := rings(nil, g)
		return geom.NewPolygonFlat(geom.XY, flat, ends).SetSRID(srid), nil
	case orb.MultiPolygon:
		var flat []float64
		var endss [][]int
		for _, p := range g {
			var ends []int
			flat, ends = rings(flat, p)
			endss = append(endss, ends)
		}
		return geom.NewMultiPolygonFlat(geom.XY, flat, endss).SetSRID(srid), nil
	}
	return nil, fmt.Errorf("a %T is no point, line or polygon", g)
}

func flatten(flat []float64, ps []orb.Point) []float64 {
	for _, p := range ps {
		flat = append(flat, p[0], p[1])
	}
	return flat
}

func rings(flat []float64, p orb.Polygon) ([]float64, []int) {
	ends := make([]int, 0, len(p))
	for _, r := range p {
		flat = flatten(flat, r)
		ends = append(ends, len(flat))
	}
	return flat, ends
}
