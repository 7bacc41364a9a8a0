package tiles

import (
	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// homes knows how many households live where: those of the layer grids, spread evenly over each grid.
type homes struct {
	table *layers.Table
	field int
	areas map[int64]float64 // of the grids that were asked about, by id
}

// The layer and the field that hold the households.
const (
	homesLayer = "grids"
	homesField = "households"
)

// newHomes finds the households of a view, or says what is missing.
func newHomes(v *layers.View) (*homes, error) {
	t, err := v.Table(homesLayer)
	if err != nil || t.Layer.Kind != layers.Polygon {
		return nil, layers.Invalid("per", "per=1000-households needs a layer %s of areas with a number of %s, which is not here", homesLayer, homesField)
	}
	field, err := weightField(&t.Layer, homesField)
	if err != nil {
		return nil, layers.Invalid("per", "per=1000-households needs a numeric field %s in layer %s, which is not here", homesField, homesLayer)
	}
	return &homes{t, field, map[int64]float64{}}, nil
}

// in returns the households of a convex outline (closed, counter-clockwise, lon/lat degrees): of each grid the share of
// its area that is inside.
func (h *homes) in(outline orb.Ring) float64 {
	sum := 0.0
	h.table.Within(outline.Bound(), nil, func(r layers.Row) bool {
		n, known := r.Value(h.field).Number()
		if !known || n <= 0 {
			return true
		}
		whole, ok := h.areas[r.ID()]
		if !ok {
			whole = geo.Area(r.Geometry())
			h.areas[r.ID()] = whole
		}
		if whole > 0 {
			sum += n * min(overlap(r.Geometry(), outline)/whole, 1)
		}
		return true
	})
	return sum
}

// overlap returns the square metres of an area that are inside a convex outline.
func overlap(g orb.Geometry, outline orb.Ring) float64 {
	sum := 0.0
	switch g := g.(type) {
	case orb.Polygon:
		for i, ring := range g {
			part := geo.Area(within(ring, outline))
			if i > 0 {
				part = -part
			}
			sum += part
		}
	case orb.MultiPolygon:
		for _, p := range g {
			sum += overlap(p, outline)
		}
	}
	return max(sum, 0)
}

// within returns the part of a ring that is inside a convex outline, cut edge by edge (I. Sutherland and G. Hodgman,
// 1974). Parts that lie apart stay joined along the outline, which takes nothing from their area. By hand because the
// clipping of orb knows rectangles only, and a library of polygon overlays is much for six straight cuts.
func within(ring, outline orb.Ring) orb.Ring {
	part := ring
	for i := 1; i < len(outline) && len(part) > 0; i++ {
		part = leftOf(part, outline[i-1], outline[i])
	}
	return part
}

// leftOf returns the part of a closed ring that is left of the line from a to b, closed.
func leftOf(ring orb.Ring, a, b orb.Point) orb.Ring {
	side := func(p orb.Point) float64 { return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0]) }
	var out orb.Ring
	for i := 1; i < len(ring); i++ {
		p, q := ring[i-1], ring[i]
		sp, sq := side(p), side(q)
		if sp >= 0 {
			out = append(out, p)
		}
		if sp >= 0 != (sq >= 0) {
			t := sp / (sp - sq)
			out = append(out, orb.Point{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])})
		}
	}
	if len(out) > 0 {
		out = append(out, out[0])
	}
	return out
}
