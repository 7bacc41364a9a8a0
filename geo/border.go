package geo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// SharedBorder returns how many metres of the border of a run along the border of b, no farther from it than within
// metres: 0 for areas that are apart, and next to nothing for those that only meet at a corner or cross. Corners need not
// coincide. It measures on a plane that touches the ellipsoid, for areas of up to some tens of kilometres.
func SharedBorder(a, b orb.Geometry, within float64) float64 {
	pl := planeAt(a.Bound().Center())
	other := edges(b, pl.padded(a.Bound(), within))
	sum := 0.0
	var along [][2]float64
	for _, e := range edges(a, pl.padded(b.Bound(), within)) {
		length := math.Hypot((e[1][0]-e[0][0])*pl.perLon, (e[1][1]-e[0][1])*pl.perLat)
		if length == 0 {
			continue
		}
		along = along[:0]
		for _, o := range other {
			if from, to, ok := pl.beside(e, o, length, within); ok {
				along = append(along, [2]float64{from, to})
			}
		}
		sum += covered(along)
	}
	return sum
}

// padded returns a bound with metres added on all sides.
func (pl plane) padded(b orb.Bound, metres float64) orb.Bound {
	x, y := metres/pl.perLon, metres/pl.perLat
	return orb.Bound{Min: orb.Point{b.Min[0] - x, b.Min[1] - y}, Max: orb.Point{b.Max[0] + x, b.Max[1] + y}}
}

// edges returns the edges of the rings of an area whose bounds meet b.
func edges(g orb.Geometry, b orb.Bound) (out [][2]orb.Point) {
	switch g := g.(type) {
	case orb.Ring:
		for i := 1; i < len(g); i++ {
			if (orb.MultiPoint{g[i-1], g[i]}).Bound().Intersects(b) {
				out = append(out, [2]orb.Point{g[i-1], g[i]})
			}
		}
	case orb.Polygon:
		for _, r := range g {
			out = append(out, edges(r, b)...)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			out = append(out, edges(p, b)...)
		}
	}
	return out
}

// beside returns which metres of edge e, which is length metres long, run beside edge o: the part of o in the strip
// around e, as seen along e.
func (pl plane) beside(e, o [2]orb.Point, length, within float64) (from, to float64, ok bool) {
	ux, uy := (e[1][0]-e[0][0])*pl.perLon/length, (e[1][1]-e[0][1])*pl.perLat/length
	see := func(p orb.Point) (along, off float64) {
		x, y := (p[0]-e[0][0])*pl.perLon, (p[1]-e[0][1])*pl.perLat
		return x*ux + y*uy, y*ux - x*uy
	}
	t0, d0 := see(o[0])
	t1, d1 := see(o[1])
	lo, hi := 0.0, 1.0 // of o
	for _, s := range [...][4]float64{{t0, t1, 0, length}, {d0, d1, -within, within}} {
		if s[0] == s[1] {
			if s[0] < s[2] || s[0] > s[3] {
				return 0, 0, false
			}
			continue
		}
		at, end := (s[2]-s[0])/(s[1]-s[0]), (s[3]-s[0])/(s[1]-s[0])
		lo, hi = max(lo, min(at, end)), min(hi, max(at, end))
	}
	if lo >= hi {
		return 0, 0, false
	}
	from, to = t0+lo*(t1-t0), t0+hi*(t1-t0)
	return min(from, to), max(from, to), true
}

// covered returns the length of the union of spans; it sorts them.
func covered(spans [][2]float64) float64 {
	slices.SortFunc(spans, func(a, b [2]float64) int {
		switch {
		case a[0] < b[0]:
			return -1
		case a[0] > b[0]:
			return 1
		}
		return 0
	})
	sum, end := 0.0, math.Inf(-1)
	for _, s := range spans {
		sum += max(0, s[1]-max(s[0], end))
		end = max(end, s[1])
	}
	return sum
}
