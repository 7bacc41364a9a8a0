package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// equalAreaParallel is where the frame of EqualArea keeps shapes: 30 degrees, north and south (Behrmann, 1910).
const equalAreaParallel = 30.0

// equalAreaScale is the length of a radian of longitude at that parallel, in metres.
func equalAreaScale() float64 {
	s, c := math.Sincos(equalAreaParallel * radian)
	return semiMajor * c / math.Sqrt(1-ecc2*s*s)
}

// EqualArea returns a position in the cylindrical equal-area projection of the WGS-84 ellipsoid with the standard
// parallel 30 degrees (ESRI:54017; J. Snyder, Map Projections, USGS PP 1395, 1987, eq. 10-13 to 10-15): metres to the
// east of Greenwich and to the north of the equator. An area in it is the true area everywhere; lengths are true at 30
// degrees of latitude and within 2 % from 29 to 31.
func EqualArea(p orb.Point) (x, y float64) {
	k := equalAreaScale()
	return k * p[0] * radian, authalic(p[1]) / k
}

// EqualAreaPoint is the inverse of EqualArea, lon/lat degrees. What lies beyond a pole is put at the pole.
func EqualAreaPoint(x, y float64) orb.Point {
	k := equalAreaScale()
	want, pole := y*k, authalic(90)
	if math.Abs(want) >= pole {
		return orb.Point{x / k / radian, math.Copysign(90, y)}
	}
	lat := math.Asin(want / pole) // the authalic latitude, within 0.2 degrees
	for range 4 {                 // Newton; the derivative of authalic is the product of the two radii of curvature and the cosine
		s, c := math.Sincos(lat)
		w := 1 - ecc2*s*s
		slope := semiMajor * semiMajor * (1 - ecc2) * c / (w * w)
		if slope == 0 {
			break
		}
		lat = math.Max(-math.Pi/2, math.Min(math.Pi/2, lat-(authalic(lat/radian)-want)/slope))
	}
	return orb.Point{x / k / radian, lat / radian}
}
