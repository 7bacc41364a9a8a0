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

// Distance returns the length in metres of the shortest line between a and b on the ellipsoid, to 0.1 mm: Vincenty's
// inverse formula (T. Vincenty, Survey Review 23 (176), 1975), and, where that does not converge because the two are
// nearly antipodal, the shortest way over a point a quarter of the globe from a. Written by hand because no port of
// GeographicLib for Go could be had as a module.
func Distance(a, b orb.Point) float64 {
	if a == b {
		return 0
	}
	if d, ok := vincenty(a, b); ok {
		return d
	}
	return antipodal(a, b)
}

// vincenty returns the distance, and false where the iteration does not converge.
func vincenty(a, b orb.Point) (metres float64, ok bool) {
	dlon := wrap(b[0]-a[0]) * radian
	s1, c1 := reduced(a[1])
	s2, c2 := reduced(b[1])
	lambda := dlon
	for range 100 {
		sl, cl := math.Sincos(lambda)
		north := c1*s2 - s1*c2*cl
		sinSigma := math.Sqrt(c2*sl*c2*sl + north*north)
		if sinSigma == 0 {
			return 0, dlon == 0 || c1 == 0 && c2 == 0
		}
		cosSigma := s1*s2 + c1*c2*cl
		sigma := math.Atan2(sinSigma, cosSigma)
		sinAlpha := c1 * c2 * sl / sinSigma
		cos2Alpha := 1 - sinAlpha*sinAlpha
		cos2m := 0.0
		if cos2Alpha > 1e-18 {
			cos2m = cosSigma - 2*s1*s2/cos2Alpha
		}
		c := flattening / 16 * cos2Alpha * (4 + flattening*(4-3*cos2Alpha))
		next := dlon + (1-c)*flattening*sinAlpha*(sigma+c*sinSigma*(cos2m+c*cosSigma*(2*cos2m*cos2m-1)))
		if math.Abs(next) > math.Pi {
			return 0, false
		}
		if math.Abs(next-lambda) < 1e-13 {
			return arc(sigma, sinSigma, cosSigma, cos2m, cos2Alpha), true
		}
		lambda = next
	}
	return 0, false
}

// arc returns Vincenty's length of an arc of sigma on the auxiliary sphere.
func arc(sigma, sinSigma, cosSigma, cos2m, cos2Alpha float64) float64 {
	u2 := cos2Alpha * (semiMajor*semiMajor - semiMinor*semiMinor) / (semiMinor * semiMinor)
	a := 1 + u2/16384*(4096+u2*(-768+u2*(320-175*u2)))
	b := u2 / 1024 * (256 + u2*(-128+u2*(74-47*u2)))
	delta := b * sinSigma * (cos2m + b/4*(cosSigma*(2*cos2m*cos2m-1)-
		b/6*cos2m*(4*sinSigma*sinSigma-3)*(4*cos2m*cos2m-3)))
	return semiMinor * a * (sigma - delta)
}

// reduced returns the sine and cosine of the reduced latitude.
func reduced(lat float64) (sin, cos float64) {
	s, c := math.Sincos(lat * radian)
	s *= 1 - flattening
	h := math.Sqrt(s*s + c*c)
	return s / h, math.Max(c/h, 0)
}

// antipodal returns the distance between nearly antipodal positions: over all directions from a, the least sum of the
// way to the point a quarter of the globe away and the way from there to b. The shortest line passes through one of
// those points, and by the triangle inequality no sum is less than its length.
func antipodal(a, b orb.Point) float64 {
	const quarter = 1e7
	via := func(azimuth float64) float64 {
		rest, ok := vincenty(direct(a, azimuth, quarter), b)
		if !ok {
			return math.Inf(1)
		}
		return quarter + rest
	}
	const steps = 72
	best, at := math.Inf(1), 0.0
	for i := range steps {
		azimuth := 2 * math.Pi * float64(i) / steps
		if d := via(azimuth); d < best {
			best, at = d, azimuth
		}
	}
	lo, hi := at-2*math.Pi/steps, at+2*math.Pi/steps
	for range 60 {
		m1, m2 := lo+(hi-lo)*0.382, lo+(hi-lo)*0.618
		if via(m1) < via(m2) {
			hi = m2
		} else {
			lo = m1
		}
	}
	return math.Min(best, via((lo+hi)/2))
}

// direct returns the position that lies metres from p in a direction (radians, clockwise from north): Vincenty's direct
// formula.
func direct(p orb.Point, azimuth, metres float64) orb.Point {
	s1, c1 := reduced(p[1])
	sa, ca := math.Sincos(azimuth)
	sigma1 := math.Atan2(s1, c1*ca)
	sinAlpha := c1 * sa
	cos2Alpha := 1 - sinAlpha*sinAlpha
	u2 := cos2Alpha * (semiMajor*semiMajor - semiMinor*semiMinor) / (semiMinor * semiMinor)
	a := 1 + u2/16384*(4096+u2*(-768+u2*(320-175*u2)))
	b := u2 / 1024 * (256 + u2*(-128+u2*(74-47*u2)))
	sigma := metres / (semiMinor * a)
	var ss, cs, cos2m float64
	for range 20 {
		cos2m = math.Cos(2*sigma1 + sigma)
		ss, cs = math.Sincos(sigma)
		delta := b * ss * (cos2m + b/4*(cs*(2*cos2m*cos2m-1)-b/6*cos2m*(4*ss*ss-3)*(4*cos2m*cos2m-3)))
		sigma = metres/(semiMinor*a) + delta
	}
	ss, cs = math.Sincos(sigma)
	lat := math.Atan2(s1*cs+c1*ss*ca, (1-flattening)*math.Hypot(sinAlpha, s1*ss-c1*cs*ca))
	lambda := math.Atan2(ss*sa, c1*cs-s1*ss*ca)
	c := flattening / 16 * cos2Alpha * (4 + flattening*(4-3*cos2Alpha))
	dlon := lambda - (1-c)*flattening*sinAlpha*(sigma+c*ss*(cos2m+c*cs*(2*cos2m*cos2m-1)))
	return orb.Point{wrap(p[0] + dlon/radian), lat / radian}
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

// shortEdge is the span in degrees up to which the plane finds the nearest point of an edge: the error of the position
// along the edge enters the distance only squared.
const shortEdge = 0.2

// toEdge returns the metres to the nearest point of an edge.
func (pl plane) toEdge(a, b orb.Point) float64 {
	ax, ay := wrap(a[0]-pl.p[0]), a[1]-pl.p[1]
	dx, dy := b[0]-a[0], b[1]-a[1]
	at := func(t float64) float64 {
		return Distance(pl.p, orb.Point{a[0] + t*dx, a[1] + t*dy})
	}
	if math.Abs(dx) < shortEdge && math.Abs(dy) < shortEdge && math.Abs(ax) < shortEdge && math.Abs(ay) < shortEdge {
		mid := planeAt(orb.Point{pl.p[0], pl.p[1] + (ay+dy/2)/2})
		x, y, ex, ey := ax*mid.perLon, ay*mid.perLat, dx*mid.perLon, dy*mid.perLat
		t := -(x*ex + y*ey) / (ex*ex + ey*ey)
		return at(math.Max(0, math.Min(1, t)))
	}
	return leastAlong(at)
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
