package geo

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"
)

// CRS is a coordinate reference system that positions may come in or go out.
type CRS string

// The systems at the edge; inside, everything is WGS84. Coordinates are x, y: longitude, latitude in degrees, or easting,
// northing in metres. CGCS2000 (EPSG:4490) is WGS-84 to within centimetres and is not transformed. GCJ02 and BD09 are
// the shifted systems of map services in China; the formulas are public knowledge, not an official source, and are good
// to a few metres of the services' own.
const (
	WGS84       CRS = "EPSG:4326"
	CGCS2000    CRS = "EPSG:4490"
	GCJ02       CRS = "GCJ-02"
	BD09        CRS = "BD-09"
	WebMercator CRS = "EPSG:3857"
	GK114       CRS = "EPSG:4547" // CGCS2000, 3-degree Gauss-Krueger zone with central meridian 114 E, no zone prefix
)

// String returns the system's code.
func (c CRS) String() string { return string(c) }

// ParseCRS reads the usual names of a system, in any case: EPSG codes with or without prefix, URNs and URIs of OGC,
// "wgs84", "gcj02", "bd09", "cgcs2000", "CRS84".
func ParseCRS(s string) (CRS, error) {
	k := strings.ToLower(strings.TrimSpace(s))
	if i := strings.LastIndexAny(k, "/:"); i >= 0 {
		k = k[i+1:]
	}
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(k) {
	case "wgs84", "4326", "crs84":
		return WGS84, nil
	case "cgcs2000", "4490":
		return CGCS2000, nil
	case "gcj02", "gcj":
		return GCJ02, nil
	case "bd09", "bd09ll", "bd":
		return BD09, nil
	case "3857", "900913", "webmercator":
		return WebMercator, nil
	case "4547", "gk114":
		return GK114, nil
	}
	return "", fmt.Errorf("coordinate system %.40q is not known: expected EPSG:4326, EPSG:4490, EPSG:4547, EPSG:3857, gcj02 or bd09", s)
}

// ToWGS84 returns a new geometry with each position of g, which is in crs, in WGS-84. Positions of GCJ-02 and BD-09
// outside China stay as they are, as those systems have it.
func ToWGS84(crs CRS, g orb.Geometry) orb.Geometry {
	return convert(g, func(p orb.Point) orb.Point { return ToWGS84Point(crs, p) })
}

// FromWGS84 returns a new geometry with each position of g, which is in WGS-84, in crs.
func FromWGS84(crs CRS, g orb.Geometry) orb.Geometry {
	return convert(g, func(p orb.Point) orb.Point { return FromWGS84Point(crs, p) })
}

func convert(g orb.Geometry, f orb.Projection) orb.Geometry {
	if g == nil {
		return nil
	}
	if b, ok := g.(orb.Bound); ok {
		return convertBound(b, f)
	}
	return project.Geometry(orb.Clone(g), f)
}

// convertBound returns a bound of what b covers. Its corners do not do: the sides of b are bent in the other system.
func convertBound(b orb.Bound, f orb.Projection) orb.Bound {
	const steps = 32
	if b.IsEmpty() {
		return b
	}
	out := orb.Bound{Min: f(b.Min), Max: f(b.Min)}
	for i := range steps + 1 {
		t := float64(i) / steps
		x, y := b.Min[0]+t*(b.Max[0]-b.Min[0]), b.Min[1]+t*(b.Max[1]-b.Min[1])
		for _, p := range []orb.Point{{x, b.Min[1]}, {x, b.Max[1]}, {b.Min[0], y}, {b.Max[0], y}} {
			out = out.Extend(f(p))
		}
	}
	return out
}

// ToWGS84Point returns a position of crs in WGS-84.
func ToWGS84Point(crs CRS, p orb.Point) orb.Point {
	switch crs {
	case GCJ02:
		return gcjToWGS(p)
	case BD09:
		return gcjToWGS(bdToGCJ(p))
	case WebMercator:
		return orb.Point{p[0] / semiMajor / radian, math.Atan(math.Sinh(p[1]/semiMajor)) / radian}
	case GK114:
		return fromGK(p)
	}
	return p
}

// FromWGS84Point returns a position of WGS-84 in crs.
func FromWGS84Point(crs CRS, p orb.Point) orb.Point {
	switch crs {
	case GCJ02:
		return wgsToGCJ(p)
	case BD09:
		return gcjToBD(wgsToGCJ(p))
	case WebMercator:
		lat := math.Max(-MaxLatitude, math.Min(MaxLatitude, p[1]))
		return orb.Point{p[0] * radian * semiMajor, semiMajor * math.Atanh(math.Sin(lat*radian))}
	case GK114:
		return toGK(p)
	}
	return p
}

// inChina is the rectangle within which GCJ-02 shifts.
func inChina(p orb.Point) bool {
	return p[0] >= 72.004 && p[0] <= 137.8347 && p[1] >= 0.8293 && p[1] <= 55.8271
}

// wgsToGCJ applies the published shift; its ellipsoid is Krasovsky's, on purpose.
func wgsToGCJ(p orb.Point) orb.Point {
	if !inChina(p) {
		return p
	}
	const a, ee = 6378245.0, 0.00669342162296594
	x, y := p[0]-105, p[1]-35
	wave := func(v, k1, k2 float64) float64 { return k1*math.Sin(v*math.Pi) + k2*math.Sin(v*math.Pi/3) }
	ripple := (20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)) * 2 / 3
	dlat := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + ripple +
		wave(y, 20, 40)*2/3 + (160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	dlon := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + ripple +
		wave(x, 20, 40)*2/3 + (150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	s, c := math.Sincos(p[1] * radian)
	magic := 1 - ee*s*s
	return orb.Point{
		p[0] + dlon/(a/math.Sqrt(magic)*c*radian),
		p[1] + dlat/(a*(1-ee)/(magic*math.Sqrt(magic))*radian),
	}
}

// gcjToWGS inverts wgsToGCJ by fixed-point iteration, to well under a millimetre.
func gcjToWGS(p orb.Point) orb.Point {
	if !inChina(p) {
		return p
	}
	q := p
	for range 30 {
		g := wgsToGCJ(q)
		dx, dy := p[0]-g[0], p[1]-g[1]
		q[0], q[1] = q[0]+dx, q[1]+dy
		if math.Abs(dx) < 1e-12 && math.Abs(dy) < 1e-12 {
			break
		}
	}
	return q
}

// gcjToBD applies Baidu's further shift.
func gcjToBD(p orb.Point) orb.Point {
	if !inChina(p) {
		return p
	}
	const k = math.Pi * 3000 / 180
	z := math.Hypot(p[0], p[1]) + 0.00002*math.Sin(p[1]*k)
	t := math.Atan2(p[1], p[0]) + 0.000003*math.Cos(p[0]*k)
	return orb.Point{z*math.Cos(t) + 0.0065, z*math.Sin(t) + 0.006}
}

// bdToGCJ inverts gcjToBD by fixed-point iteration.
func bdToGCJ(p orb.Point) orb.Point {
	q := orb.Point{p[0] - 0.0065, p[1] - 0.006}
	if !inChina(q) {
		return p
	}
	for range 30 {
		g := gcjToBD(q)
		dx, dy := p[0]-g[0], p[1]-g[1]
		q[0], q[1] = q[0]+dx, q[1]+dy
		if math.Abs(dx) < 1e-12 && math.Abs(dy) < 1e-12 {
			break
		}
	}
	return q
}

// The ellipsoid of CGCS2000 and the constants of Krueger's series to the fourth order of the third flattening n
// (C. Karney, J. Geodesy 85, 2011, eqs. 12, 35, 36). Written by hand: four lines of series, where the libraries at hand
// bring a registry of systems.
const (
	gkFlattening = 1 / 298.257222101
	gkN          = gkFlattening / (2 - gkFlattening)
	gkRadius     = semiMajor / (1 + gkN) * (1 + gkN*gkN/4 + gkN*gkN*gkN*gkN/64)
	gkMeridian   = 114.0
	gkEasting    = 500000.0
)

// gkSeries returns the forward (alpha) and inverse (beta) coefficients.
func gkSeries() (alpha, beta [4]float64) {
	const n, n2, n3, n4 = gkN, gkN * gkN, gkN * gkN * gkN, gkN * gkN * gkN * gkN
	alpha = [4]float64{
		n/2 - 2*n2/3 + 5*n3/16 + 41*n4/180,
		13*n2/48 - 3*n3/5 + 557*n4/1440,
		61*n3/240 - 103*n4/140,
		49561 * n4 / 161280,
	}
	beta = [4]float64{
		n/2 - 2*n2/3 + 37*n3/96 - n4/360,
		n2/48 + n3/15 - 437*n4/1440,
		17*n3/480 - 37*n4/840,
		4397 * n4 / 161280,
	}
	return alpha, beta
}

// toGK projects a position to easting, northing.
func toGK(p orb.Point) orb.Point {
	e := math.Sqrt(gkFlattening * (2 - gkFlattening))
	s := math.Sin(p[1] * radian)
	t := math.Sinh(math.Atanh(s) - e*math.Atanh(e*s))
	sl, cl := math.Sincos(wrap(p[0]-gkMeridian) * radian)
	xi, eta := math.Atan2(t, cl), math.Asinh(sl/math.Hypot(t, cl))
	alpha, _ := gkSeries()
	x, y := xi, eta
	for j, a := range alpha {
		k := float64(2 * (j + 1))
		x += a * math.Sin(k*xi) * math.Cosh(k*eta)
		y += a * math.Cos(k*xi) * math.Sinh(k*eta)
	}
	return orb.Point{gkEasting + gkRadius*y, gkRadius * x}
}

// fromGK inverts toGK.
func fromGK(p orb.Point) orb.Point {
	x, y := p[1]/gkRadius, (p[0]-gkEasting)/gkRadius
	_, beta := gkSeries()
	xi, eta := x, y
	for j, b := range beta {
		k := float64(2 * (j + 1))
		xi -= b * math.Sin(k*x) * math.Cosh(k*y)
		eta -= b * math.Cos(k*x) * math.Sinh(k*y)
	}
	tau := math.Sin(xi) / math.Hypot(math.Sinh(eta), math.Cos(xi)) // of the conformal latitude
	e := math.Sqrt(gkFlattening * (2 - gkFlattening))
	psi := math.Asinh(tau)
	s := math.Tanh(psi)
	for range 10 {
		s = math.Tanh(psi + e*math.Atanh(e*s))
	}
	return orb.Point{gkMeridian + math.Atan2(math.Sinh(eta), math.Cos(xi))/radian, math.Asin(s) / radian}
}
