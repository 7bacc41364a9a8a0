package geo

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// Contains tells whether p lies in a polygon of g, its border included and its holes excluded (their borders are the
// polygon's). Two polygons that share an edge decide on it alike, whichever way each runs along it: a position is in at
// least one of them, and in both only where it is on the edge.
func Contains(g orb.Geometry, p orb.Point) bool {
	switch g := g.(type) {
	case orb.Ring:
		return inRing(g, p) != outside
	case orb.Polygon:
		return inPolygon(g, p)
	case orb.MultiPolygon:
		for _, q := range g {
			if inPolygon(q, p) {
				return true
			}
		}
	case orb.Collection:
		for _, m := range g {
			if Contains(m, p) {
				return true
			}
		}
	case orb.Bound:
		return g.Contains(p)
	}
	return false
}

func inPolygon(g orb.Polygon, p orb.Point) bool {
	for i, ring := range g {
		switch inRing(ring, p) {
		case border:
			return true
		case outside:
			if i == 0 {
				return false
			}
		case inside:
			if i > 0 {
				return false
			}
		}
	}
	return len(g) > 0
}

// side is where a position lies to a ring.
type side uint8

const (
	outside side = iota
	border
	inside
)

// inRing counts the edges that a ray to the west crosses. Each edge is looked at from its lower end, so that the
// arithmetic, and with it the answer, does not depend on its direction.
func inRing(r orb.Ring, p orb.Point) side {
	odd := false
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if a[1] > b[1] || a[1] == b[1] && a[0] > b[0] {
			a, b = b, a
		}
		if p[1] < a[1] || p[1] > b[1] {
			continue
		}
		if a[1] == b[1] {
			if p[0] >= a[0] && p[0] <= b[0] {
				return border
			}
			continue
		}
		turn := cross(a, b, p)
		if turn == 0 {
			return border
		}
		if turn < 0 && p[1] < b[1] { // the edge is west of p
			odd = !odd
		}
	}
	if odd {
		return inside
	}
	return outside
}

// cross returns twice the area of the triangle a, b, p: negative where p is right of the way from a to b. Both products
// are rounded, for a fused multiply-add would make a corner miss its own edge.
func cross(a, b, p orb.Point) float64 {
	return float64((b[0]-a[0])*(p[1]-a[1])) - float64((b[1]-a[1])*(p[0]-a[0]))
}

// Interior returns a position inside the polygons of g, for a label: the centroid where that is inside, else the middle
// of the widest run along the middle latitude of the largest polygon. Of lines and points it returns one of their
// positions. The zero point where g is nil or empty.
func Interior(g orb.Geometry) orb.Point {
	switch g := g.(type) {
	case orb.Point:
		return g
	case orb.MultiPoint:
		if len(g) > 0 {
			return g[0]
		}
	case orb.LineString:
		if len(g) > 0 {
			return g[len(g)/2]
		}
	case orb.MultiLineString:
		if len(g) > 0 {
			return Interior(g[0])
		}
	case orb.Ring:
		return Interior(orb.Polygon{g})
	case orb.Polygon:
		return interior(g)
	case orb.MultiPolygon:
		var largest orb.Polygon
		for _, p := range g {
			if largest == nil || Area(p) > Area(largest) {
				largest = p
			}
		}
		return interior(largest)
	case orb.Collection:
		if len(g) > 0 {
			return Interior(g[0])
		}
	case orb.Bound:
		return g.Center()
	}
	return orb.Point{}
}

func interior(g orb.Polygon) orb.Point {
	if len(g) == 0 || len(g[0]) == 0 {
		return orb.Point{}
	}
	if c, _ := planar.CentroidArea(g); inPolygon(g, c) {
		return c
	}
	b := g.Bound()
	best, width := g[0][0], -1.0
	for _, share := range []float64{0.5, 0.31, 0.69, 0.13, 0.87} {
		lat := b.Min[1] + (b.Max[1]-b.Min[1])*share
		for _, run := range runs(g, lat) {
			mid := orb.Point{(run[0] + run[1]) / 2, lat}
			if run[1]-run[0] > width && inPolygon(g, mid) {
				best, width = mid, run[1]-run[0]
			}
		}
		if width > 0 {
			break
		}
	}
	return best
}

// runs returns the stretches between neighbouring crossings of a latitude.
func runs(g orb.Polygon, lat float64) [][2]float64 {
	var at []float64
	for _, r := range g {
		for i := 1; i < len(r); i++ {
			a, b := r[i-1], r[i]
			if (a[1] <= lat) != (b[1] <= lat) {
				at = append(at, a[0]+(lat-a[1])/(b[1]-a[1])*(b[0]-a[0]))
			}
		}
	}
	slices.Sort(at)
	var out [][2]float64
	for i := 1; i < len(at); i++ {
		out = append(out, [2]float64{at[i-1], at[i]})
	}
	return out
}

// Touches tells whether g and the bound have a position in common; Min[0] > Max[0] crosses the antimeridian.
func Touches(b orb.Bound, g orb.Geometry) bool {
	if b.Min[0] > b.Max[0] {
		west, east := b, b
		west.Max[0], east.Min[0] = 180, -180
		return Touches(west, g) || Touches(east, g)
	}
	if g == nil || !b.Intersects(g.Bound()) {
		return false
	}
	switch g := g.(type) {
	case orb.Point:
		return b.Contains(g)
	case orb.MultiPoint:
		for _, p := range g {
			if b.Contains(p) {
				return true
			}
		}
		return false
	case orb.LineString:
		return lineTouches(b, g)
	case orb.MultiLineString:
		for _, l := range g {
			if lineTouches(b, l) {
				return true
			}
		}
		return false
	case orb.Ring:
		return Touches(b, orb.Polygon{g})
	case orb.Polygon:
		for _, r := range g {
			if lineTouches(b, orb.LineString(r)) {
				return true
			}
		}
		return inPolygon(g, b.Min)
	case orb.MultiPolygon:
		for _, p := range g {
			if Touches(b, p) {
				return true
			}
		}
		return false
	case orb.Collection:
		for _, m := range g {
			if Touches(b, m) {
				return true
			}
		}
		return false
	}
	return true
}

// lineTouches tells whether an edge of the line meets the bound (Liang and Barsky, ACM TOG 3 (1), 1984).
func lineTouches(b orb.Bound, line orb.LineString) bool {
	for i := 1; i < len(line); i++ {
		if edgeTouches(b, line[i-1], line[i]) {
			return true
		}
	}
	return len(line) == 1 && b.Contains(line[0])
}

func edgeTouches(b orb.Bound, p, q orb.Point) bool {
	t0, t1 := 0.0, 1.0
	for axis := range 2 {
		d := q[axis] - p[axis]
		lo, hi := b.Min[axis]-p[axis], b.Max[axis]-p[axis]
		if d == 0 {
			if lo > 0 || hi < 0 {
				return false
			}
			continue
		}
		lo, hi = lo/d, hi/d
		if d < 0 {
			lo, hi = hi, lo
		}
		t0, t1 = math.Max(t0, lo), math.Min(t1, hi)
	}
	return t0 <= t1
}

// MaxPositions is how many positions one geometry may have.
const MaxPositions = 1 << 20

// Validate says in a sentence what is wrong with a geometry, or nil: positions are finite and in range, lines have two
// positions, rings are closed with at least four and enclose an area, nothing is empty, nothing is enormous.
func Validate(g orb.Geometry) error {
	left := MaxPositions
	return validate(g, &left, 0)
}

func validate(g orb.Geometry, left *int, depth int) error {
	if depth > 4 {
		return fmt.Errorf("geometry collections are nested more than 4 deep")
	}
	switch g := g.(type) {
	case orb.Point:
		return positions([]orb.Point{g}, 1, left)
	case orb.MultiPoint:
		return positions(g, 1, left)
	case orb.LineString:
		return positions(g, 2, left)
	case orb.Ring:
		return validRing(g, left)
	case orb.MultiLineString:
		return each(len(g), func(i int) error { return validate(g[i], left, depth) })
	case orb.Polygon:
		return each(len(g), func(i int) error { return validRing(g[i], left) })
	case orb.MultiPolygon:
		return each(len(g), func(i int) error { return validate(g[i], left, depth) })
	case orb.Collection:
		return each(len(g), func(i int) error { return validate(g[i], left, depth+1) })
	}
	return fmt.Errorf("expected a geometry, %T came", g)
}

func each(n int, check func(i int) error) error {
	if n == 0 {
		return fmt.Errorf("the geometry is empty")
	}
	for i := range n {
		if err := check(i); err != nil {
			return err
		}
	}
	return nil
}

func validRing(r orb.Ring, left *int) error {
	if err := positions(r, 4, left); err != nil {
		return err
	}
	if r[0] != r[len(r)-1] {
		return fmt.Errorf("the ring that begins at %s is not closed: it ends at %s", say(r[0]), say(r[len(r)-1]))
	}
	far := r[0]
	for _, p := range r[1:] {
		if far == r[0] {
			far = p
		} else if cross(r[0], far, p) != 0 {
			return nil
		}
	}
	return fmt.Errorf("the ring at %s encloses no area", say(r[0]))
}

func positions(ps []orb.Point, least int, left *int) error {
	if len(ps) < least {
		return fmt.Errorf("expected at least %d positions, %d came", least, len(ps))
	}
	if *left -= len(ps); *left < 0 {
		return fmt.Errorf("the geometry has more than %d positions", MaxPositions)
	}
	for i, p := range ps {
		if !(math.Abs(p[0]) <= 180) || !(math.Abs(p[1]) <= 90) {
			hint := ""
			if math.Abs(p[1]) <= 180 && math.Abs(p[0]) <= 90 {
				hint = "; positions are longitude, latitude: are the two swapped?"
			}
			return fmt.Errorf("position %d is %s: expected longitude -180 to 180, latitude -90 to 90%s", i+1, say(p), hint)
		}
	}
	return nil
}

func say(p orb.Point) string { return fmt.Sprintf("%.7g,%.7g", p[0], p[1]) }
