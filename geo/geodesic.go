package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// This file solves the inverse geodesic problem for any two positions:
// C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87 (2013), 43-55,
// https://doi.org/10.1007/s00190-012-0578-z. Equation numbers refer to it.
// Names follow the paper: bet is the reduced latitude, alp the azimuth, sig the
// arc on the auxiliary sphere, omg the longitude there; s and c before a name
// mean its sine and cosine.

const (
	secondEcc2      = ecc2 / (1 - ecc2) // second eccentricity squared
	thirdFlattening = flattening / (2 - flattening)
)

const smallest = 1.4916681462400413e-154 // square root of the least normal number

// pair is an inverse problem in its canonical form: the first latitude is the
// farther from the equator and not north of it, the second lies eastwards.
type pair struct {
	sbet1, cbet1, dn1 float64
	sbet2, cbet2, dn2 float64
	lam, slam, clam   float64 // difference of longitudes, 0 to pi
}

// angRound rounds tiny angles, in degrees, to multiples of 2^-57, as GeographicLib does, so that no product of them
// underflows.
func angRound(x float64) float64 {
	const z = 1.0 / 16
	if y := math.Abs(x); y < z {
		return math.Copysign(z-(z-y), x)
	}
	return x
}

// inverse returns the length of the shortest geodesic from a to b.
func inverse(a, b orb.Point) float64 {
	lon := math.Abs(angRound(wrap(wrap(b[0]) - wrap(a[0]))))
	lat1, lat2 := angRound(a[1]), angRound(b[1])
	if math.Abs(lat1) < math.Abs(lat2) {
		lat1, lat2 = lat2, lat1
	}
	if lat1 > 0 {
		lat1, lat2 = -lat1, -lat2
	}
	p := pair{lam: lon * radian}
	p.slam, p.clam = sincosDegrees(lon)
	p.sbet1, p.cbet1, p.dn1 = reduced(lat1)
	p.sbet2, p.cbet2, p.dn2 = reduced(lat2)
	// Equal latitudes stay equal after rounding.
	if p.cbet1 < -p.sbet1 && p.cbet2 == p.cbet1 {
		p.sbet2 = math.Copysign(p.sbet1, p.sbet2)
	} else if p.cbet1 >= -p.sbet1 && math.Abs(p.sbet2) == -p.sbet1 {
		p.cbet2 = p.cbet1
	}
	if math.Abs(p.sbet2) == -p.sbet1 {
		p.dn2 = p.dn1
	}
	if lat1 == -90 || p.slam == 0 {
		if metres, ok := p.meridian(); ok {
			return metres
		}
	}
	if p.sbet1 == 0 && lon <= 180*(1-flattening) {
		return semiMajor * p.lam
	}
	return p.newton()
}

// meridian answers for two positions on one meridian, unless the way over the
// pole is not the shortest (positions nearly opposite each other).
func (p *pair) meridian() (metres float64, ok bool) {
	e := ends{ssig1: p.sbet1, csig1: p.clam * p.cbet1, ssig2: p.sbet2, csig2: p.cbet2}
	e.sig = math.Atan2(math.Max(0, e.csig1*e.ssig2-e.ssig1*e.csig2), e.csig1*e.csig2+e.ssig1*e.ssig2)
	s, m := newSeries(secondEcc2).lengths(p, e)
	return s * semiMinor, e.sig < 1 || m >= 0
}

// newton finds the azimuth at the first position for which the geodesic meets
// the meridian of the second (section 4), starting from the sphere and holding
// the root between two bounds, which makes nearly opposite positions safe.
func (p *pair) newton() (metres float64) {
	const (
		tolerance = 2.220446049250313e-16
		most      = 100
		careful   = 20 // from here on by halves
	)
	salp1, calp1 := p.start()
	sa, ca, sb, cb := smallest, 1.0, smallest, -1.0
	var t trial
	last := false
	for i := range most {
		t = p.try(salp1, calp1, i < careful)
		if last || math.Abs(t.miss) < tolerance*4 {
			break
		}
		if t.miss > 0 && (i >= careful || calp1/salp1 > cb/sb) {
			sb, cb = salp1, calp1
		} else if t.miss < 0 && (i >= careful || calp1/salp1 < ca/sa) {
			sa, ca = salp1, calp1
		}
		if i < careful && t.slope > 0 {
			d := -t.miss / t.slope
			if sd, cd := math.Sincos(d); math.Abs(d) < math.Pi {
				if ns := salp1*cd + calp1*sd; ns > 0 {
					salp1, calp1 = unit(ns, calp1*cd-salp1*sd)
					last = math.Abs(t.miss) <= 16*tolerance
					continue
				}
			}
		}
		salp1, calp1 = unit((sa+sb)/2, (ca+cb)/2)
		last = math.Abs(sa-salp1)+(ca-calp1) < tolerance || math.Abs(salp1-sb)+(calp1-cb) < tolerance
	}
	s, _ := t.series.lengths(p, t.ends)
	return s * semiMinor
}

// start guesses the azimuth from the sphere, with the longitude stretched as
// equation (48) does for short lines.
func (p *pair) start() (salp1, calp1 float64) {
	sbet12 := p.sbet2*p.cbet1 - p.cbet2*p.sbet1
	cbet12 := p.cbet2*p.cbet1 + p.sbet2*p.sbet1
	sum := p.sbet2*p.cbet1 + p.cbet2*p.sbet1
	somg, comg := p.slam, p.clam
	if cbet12 >= 0 && sbet12 < 0.5 && p.cbet2*p.lam < 0.5 {
		mid := (p.sbet1 + p.sbet2) * (p.sbet1 + p.sbet2)
		mid /= mid + (p.cbet1+p.cbet2)*(p.cbet1+p.cbet2)
		somg, comg = math.Sincos(p.lam / ((1 - flattening) * math.Sqrt(1+secondEcc2*mid)))
	}
	salp1 = p.cbet2 * somg
	if comg >= 0 {
		calp1 = sbet12 + p.cbet2*p.sbet1*somg*somg/(1+comg)
	} else {
		calp1 = sum - p.cbet2*p.sbet1*somg*somg/(1-comg)
	}
	if !(salp1 > 0) {
		return 1, 0
	}
	return unit(salp1, calp1)
}

// trial is the geodesic that leaves the first position with some azimuth.
type trial struct {
	miss, slope float64 // longitude too far east when it meets the latitude of the second, and its derivative
	ends
	series series
}

// ends are the two points of a geodesic on the auxiliary sphere, and the arc between them.
type ends struct {
	sig                        float64
	ssig1, csig1, ssig2, csig2 float64
}

// try follows the azimuth to the latitude of the second position.
func (p *pair) try(salp1, calp1 float64, slope bool) (t trial) {
	if p.sbet1 == 0 && calp1 == 0 {
		calp1 = -smallest
	}
	salp0, calp0 := salp1*p.cbet1, math.Hypot(calp1, salp1*p.sbet1)
	somg1, comg1 := salp0*p.sbet1, calp1*p.cbet1
	t.ssig1, t.csig1 = unit(p.sbet1, comg1)
	calp2 := math.Abs(calp1)
	if p.cbet2 != p.cbet1 || math.Abs(p.sbet2) != -p.sbet1 {
		d := (p.sbet1 - p.sbet2) * (p.sbet1 + p.sbet2)
		if p.cbet1 < -p.sbet1 {
			d = (p.cbet2 - p.cbet1) * (p.cbet1 + p.cbet2)
		}
		calp2 = math.Sqrt(math.Max(0, calp1*p.cbet1*calp1*p.cbet1+d)) / p.cbet2
	}
	somg2, comg2 := salp0*p.sbet2, calp2*p.cbet2
	t.ssig2, t.csig2 = unit(p.sbet2, comg2)
	t.sig = math.Atan2(math.Max(0, t.csig1*t.ssig2-t.ssig1*t.csig2), t.csig1*t.csig2+t.ssig1*t.ssig2)
	somg, comg := math.Max(0, comg1*somg2-somg1*comg2), comg1*comg2+somg1*somg2
	eta := math.Atan2(somg*p.clam-comg*p.slam, comg*p.clam+somg*p.slam)
	t.series = newSeries(calp0 * calp0 * secondEcc2)
	t.miss = eta - flattening*salp0*t.series.longitude(t.ends)
	if !slope {
		return t
	}
	if calp2 == 0 {
		t.slope = -2 * (1 - flattening) * p.dn1 / p.sbet1
		return t
	}
	_, m := t.series.lengths(p, t.ends)
	t.slope = m * (1 - flattening) / (calp2 * p.cbet2)
	return t
}

// reduced returns sine and cosine of the reduced latitude and the factor
// sqrt(1 + e'^2 sin^2) that goes with it.
func reduced(lat float64) (s, c, dn float64) {
	s, c = sincosDegrees(lat)
	s, c = unit(s*(1-flattening), c)
	c = math.Max(smallest, c)
	return s, c, math.Sqrt(1 + secondEcc2*s*s)
}

// sincosDegrees is exact at the multiples of 90 degrees.
func sincosDegrees(d float64) (s, c float64) {
	switch math.Abs(d) {
	case 90:
		return math.Copysign(1, d), 0
	case 180:
		return 0, -1
	}
	return math.Sincos(d * radian)
}

func unit(s, c float64) (float64, float64) {
	h := math.Sqrt(s*s + c*c)
	return s / h, c / h
}
