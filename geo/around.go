package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Around returns a bound that holds every position within some metres of p, and little more: what an index is asked before
// distances are. Min[0] > Max[0] where it crosses the antimeridian; near a pole it goes all the way round.
func Around(p orb.Point, metres float64) orb.Bound {
	// A degree of latitude is shortest at the equator, one of longitude at the end of the bound that is nearer to a pole; the
	// ellipsoid's is never shorter than that of a sphere of the greater axis.
	const perLat, perLon = semiMajor * (1 - ecc2) * radian, semiMajor * radian
	dy := metres / perLat
	b := orb.Bound{Min: orb.Point{-180, math.Max(p[1]-dy, -90)}, Max: orb.Point{180, math.Min(p[1]+dy, 90)}}
	far := math.Abs(p[1]) + dy
	if far >= 90 {
		return b
	}
	if dx := metres / (perLon * math.Cos(far*radian)); dx < 180 {
		b.Min[0], b.Max[0] = wrap(p[0]-dx), wrap(p[0]+dx)
	}
	return b
}
