package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// The WGS-84 ellipsoid (NIMA TR8350.2).
const (
	semiMajor  = 6378137.0
	flattening = 1 / 298.257223563
	semiMinor  = semiMajor * (1 - flattening)
	ecc2       = flattening * (2 - flattening) // first eccentricity squared
)

const radian = math.Pi / 180

// Distance returns the length in metres of the shortest line between a and b on the ellipsoid, exactly the same both
// ways, to 0.1 micrometres: for pairs within 20 km from the chord between them, in some 100 ns, for all others (antipodes
// too) by inverse. Written by hand because no port of GeographicLib for Go could be had as a module.
func Distance(a, b orb.Point) float64 {
	if b[1] < a[1] || b[1] == a[1] && b[0] < a[0] { // one order, so that the rounding is the same
		a, b = b, a
	}
	if a == b {
		return 0
	}
	if d, ok := chordArc(a, b); ok {
		return d
	}
	return inverse(a, b)
}

// chordArc answers for positions up to 20 km apart. A chord c belongs to an arc of c(1 + (kc)^2/24 + 3(kc)^4/640), with k
// the curvature of the normal section along it. On x.Ax = 1, A = diag(1/a^2, 1/a^2, 1/b^2), that is (d.Ad)/(|Am| d.d) for
// a direction d at m, here the chord and its middle; what the direction changes on the way is below the rounding.
func chordArc(a, b orb.Point) (metres float64, ok bool) {
	const a2, b2, most = semiMajor * semiMajor, semiMinor * semiMinor, 20e3
	if math.Abs(a[1]-b[1]) > 0.19 { // 21 km: spares the rest where it cannot hold
		return 0, false
	}
	sa, ca := math.Sincos(a[1] * radian)
	sb, cb := math.Sincos(b[1] * radian)
	half := math.Sin(wrap(b[0]-a[0]) * radian / 2)
	na := semiMajor / math.Sqrt(1-ecc2*sa*sa)
	nb := semiMajor / math.Sqrt(1-ecc2*sb*sb)
	ra, rb := na*ca, nb*cb // from the axis
	za, zb := (1-ecc2)*na*sa, (1-ecc2)*nb*sb
	flat := (rb-ra)*(rb-ra) + 4*ra*rb*half*half // the part of the squared chord in the plane of the equator
	axial := (zb - za) * (zb - za)
	chord2 := flat + axial
	if !(chord2 < most*most) {
		return 0, false
	}
	if chord2 == 0 {
		return 0, true
	}
	midFlat, midAxial := (ra*ra+rb*rb)/2-flat/4, (za+zb)*(za+zb)/4
	k := (flat/a2 + axial/b2) / chord2
	bend := k * k / (midFlat/(a2*a2) + midAxial/(b2*b2)) * chord2
	return math.Sqrt(chord2) * (1 + bend/24 + 3*bend*bend/640), true
}

// wrap brings a difference of longitudes into [-180, 180].
func wrap(deg float64) float64 {
	if deg >= -180 && deg <= 180 {
		return deg
	}
	return math.Remainder(deg, 360)
}

// DistanceTo returns the metres from p to the nearest point of g: 0 inside a polygon, +Inf where g is nil or empty.
func DistanceTo(p orb.Point, g orb.Geometry) float64 {
	best := math.Inf(1)
	if b, ok := g.(orb.Bound); ok {
		g = b.ToPolygon()
	}
	switch g := g.(type) {
	case orb.Point:
		return Distance(p, g)
	case orb.MultiPoint:
		for _, q := range g {
			best = math.Min(best, Distance(p, q))
		}
	case orb.LineString:
		return toLine(p, g)
	case orb.MultiLineString:
		for _, l := range g {
			best = math.Min(best, toLine(p, l))
		}
	case orb.Ring:
		return DistanceTo(p, orb.Polygon{g})
	case orb.Polygon:
		if Contains(g, p) {
			return 0
		}
		for _, r := range g {
			best = math.Min(best, toLine(p, orb.LineString(r)))
		}
	case orb.MultiPolygon:
		for _, q := range g {
			best = math.Min(best, DistanceTo(p, q))
		}
	case orb.Collection:
		for _, q := range g {
			best = math.Min(best, DistanceTo(p, q))
		}
	}
	return best
}

// toLine returns the metres from p to a line. Edges are first ranked on a plane that touches the ellipsoid at p, where
// the best few are then measured exactly.
func toLine(p orb.Point, line orb.LineString) float64 {
	if len(line) == 0 {
		return math.Inf(1)
	}
	best := Distance(p, line[0])
	plane := planeAt(p)
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		if a == b || plane.lower(a, b) > best {
			continue
		}
		best = math.Min(best, plane.toEdge(a, b))
	}
	return best
}

// plane is the local metric of the ellipsoid at a position.
type plane struct {
	p        orb.Point
	perLon   float64 // metres a degree of longitude
	perLat   float64 // metres a degree of latitude
	sin, cos float64 // of the latitude
}

func planeAt(p orb.Point) plane {
	s, c := math.Sincos(p[1] * radian)
	w := 1 - ecc2*s*s
	return plane{
		p:      p,
		perLon: semiMajor / math.Sqrt(w) * c * radian,
		perLat: semiMajor * (1 - ecc2) / (w * math.Sqrt(w)) * radian,
		sin:    s, cos: c,
	}
}

// lower returns a lower bound in metres of the distance to an edge.
func (pl plane) lower(a, b orb.Point) float64 {
	return lowerBound(pl.p, pl.sin, pl.cos, orb.Bound{
		Min: orb.Point{math.Min(a[0], b[0]), math.Min(a[1], b[1])},
		Max: orb.Point{math.Max(a[0], b[0]), math.Max(a[1], b[1])},
	})
}

// shortEdge is the span in degrees up to which the plane finds the nearest point of an edge, and flatEdge that up to
// which it finds it well enough: the error of the position along the edge enters the distance only squared.
const shortEdge, flatEdge = 0.2, 0.02

// toEdge returns the metres to the nearest point of an edge.
func (pl plane) toEdge(a, b orb.Point) float64 {
	ax, ay := wrap(a[0]-pl.p[0]), a[1]-pl.p[1]
	dx, dy := b[0]-a[0], b[1]-a[1]
	at := func(t float64) float64 {
		return Distance(pl.p, orb.Point{a[0] + t*dx, a[1] + t*dy})
	}
	span := math.Max(math.Max(math.Abs(dx), math.Abs(dy)), math.Max(math.Abs(ax), math.Abs(ay)))
	if !(span < shortEdge) {
		return leastAlong(at)
	}
	mid := planeAt(orb.Point{pl.p[0], pl.p[1] + (ay+dy/2)/2})
	x, y, ex, ey := ax*mid.perLon, ay*mid.perLat, dx*mid.perLon, dy*mid.perLat
	t := -(x*ex + y*ey) / (ex*ex + ey*ey)
	if span > flatEdge {
		t = lowest(at, t)
	}
	return at(math.Max(0, math.Min(1, t)))
}

// lowest moves t to where the square of f, nearly a parabola in t, is least.
func lowest(f func(t float64) float64, t float64) float64 {
	const h = 1.0 / 8
	for range 2 {
		l, m, r := f(t-h), f(t), f(t+h)
		l, m, r = l*l, m*m, r*r
		if bend := l - 2*m + r; bend > 0 {
			t += h / 2 * (l - r) / bend
		}
	}
	return t
}

// leastAlong returns the least value of f on [0, 1]: the best of many samples, refined between its neighbours.
func leastAlong(f func(t float64) float64) float64 {
	const samples = 64
	best, at := math.Inf(1), 0.0
	for i := range samples + 1 {
		if d := f(float64(i) / samples); d < best {
			best, at = d, float64(i)/samples
		}
	}
	lo, hi := math.Max(0, at-1.0/samples), math.Min(1, at+1.0/samples)
	for range 40 {
		m1, m2 := lo+(hi-lo)*0.382, lo+(hi-lo)*0.618
		if f(m1) < f(m2) {
			hi = m2
		} else {
			lo = m1
		}
	}
	return math.Min(best, f((lo+hi)/2))
}

// Length returns the metres of the lines of g, of polygons the outlines; 0 for points.
func Length(g orb.Geometry) float64 {
	sum := 0.0
	switch g := g.(type) {
	case orb.LineString:
		for i := 1; i < len(g); i++ {
			sum += Distance(g[i-1], g[i])
		}
	case orb.MultiLineString:
		for _, l := range g {
			sum += Length(l)
		}
	case orb.Ring:
		return Length(orb.LineString(g))
	case orb.Polygon:
		for _, r := range g {
			sum += Length(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			sum += Length(p)
		}
	case orb.Collection:
		for _, m := range g {
			sum += Length(m)
		}
	}
	return sum
}

// Area returns the square metres of the polygons of g on the ellipsoid, holes taken off; 0 for points and lines. Each
// edge contributes the integral of the area between it and the equator (J. Snyder, Map Projections, USGS PP 1395, 1987,
// eq. 3-12: the authalic q).
func Area(g orb.Geometry) float64 {
	switch g := g.(type) {
	case orb.Ring:
		return math.Abs(ringArea(g))
	case orb.Polygon:
		sum := 0.0
		for i, r := range g {
			a := math.Abs(ringArea(r))
			if i > 0 {
				a = -a
			}
			sum += a
		}
		return math.Max(sum, 0)
	case orb.MultiPolygon:
		sum := 0.0
		for _, p := range g {
			sum += Area(p)
		}
		return sum
	case orb.Collection:
		sum := 0.0
		for _, m := range g {
			sum += Area(m)
		}
		return sum
	case orb.Bound:
		return Area(g.ToPolygon())
	}
	return 0
}

func ringArea(r orb.Ring) float64 {
	sum := 0.0
	for i := 1; i < len(r); i++ {
		sum += edgeArea(r[i-1], r[i])
	}
	return sum
}

// edgeArea integrates q along an edge by Gauss-Legendre quadrature of three points in steps of at most a degree.
func edgeArea(a, b orb.Point) float64 {
	dlon, dlat := wrap(b[0]-a[0]), b[1]-a[1]
	steps := math.Ceil(math.Max(math.Abs(dlon), math.Abs(dlat)))
	if steps == 0 || dlon == 0 {
		return 0
	}
	const off = 0.3872983346207417 // sqrt(3/5)/2
	sum := 0.0
	for i := range int(steps) {
		at := func(t float64) float64 { return authalic(a[1] + dlat*(float64(i)+t)/steps) }
		sum += (5*at(0.5-off) + 8*at(0.5) + 5*at(0.5+off)) / 18
	}
	return sum * dlon * radian / steps
}

// authalic returns the area between the equator and a latitude, for a radian of longitude.
func authalic(lat float64) float64 {
	e := math.Sqrt(ecc2)
	s := math.Sin(lat * radian)
	return semiMajor * semiMajor * (1 - ecc2) / 2 * (s/(1-ecc2*s*s) + math.Atanh(e*s)/e)
}
