package geo

import "math"

// series holds the expansions of one geodesic in eps, the small number that
// k^2 = e'^2 cos^2(alp0) gives (equation 16 of Karney 2013). With six terms
// they are good to some nanometres on the earth.
type series struct {
	eps float64
	k2  float64
}

// newSeries prepares the expansions for k squared.
func newSeries(k2 float64) series {
	r := math.Sqrt(1 + k2)
	return series{eps: k2 / (2*(1+r) + k2), k2: k2}
}

// lengths returns the distance between two points of the geodesic and its
// reduced length, both in units of semiMinor (equations 15 and 38-41).
func (x series) lengths(p *pair, e ends) (s, m float64) {
	var c1, c2 [6]float64
	a1, a2 := x.first(&c1), x.second(&c2)
	b1 := sines(&c1, e.ssig2, e.csig2) - sines(&c1, e.ssig1, e.csig1)
	b2 := sines(&c2, e.ssig2, e.csig2) - sines(&c2, e.ssig1, e.csig1)
	s = a1 * (e.sig + b1)
	j := (a1-a2)*e.sig + (a1*b1 - a2*b2)
	m = p.dn2*(e.csig1*e.ssig2) - p.dn1*(e.ssig1*e.csig2) - e.csig1*e.csig2*j
	return s, m
}

// longitude returns the integral by which the longitude on the ellipsoid falls
// behind that on the sphere, without the factor f sin(alp0) (equations 8, 23).
func (x series) longitude(e ends) float64 {
	var c3 [6]float64
	a3 := x.third(&c3)
	return a3 * (e.sig + sines(&c3, e.ssig2, e.csig2) - sines(&c3, e.ssig1, e.csig1))
}

// first fills the coefficients of equations (17) and (18).
func (x series) first(c *[6]float64) (a1 float64) {
	e := x.eps
	e2 := e * e
	c[0] = e * (-1./2 + e2*(3./16-e2/32))
	c[1] = e2 * (-1./16 + e2*(1./32-e2*9/2048))
	c[2] = e * e2 * (-1./48 + e2*3/256)
	c[3] = e2 * e2 * (-5./512 + e2*3/512)
	c[4] = e * e2 * e2 * (-7. / 1280)
	c[5] = e2 * e2 * e2 * (-7. / 2048)
	return (1 + e2*(1./4+e2*(1./64+e2/256))) / (1 - e)
}

// second fills the coefficients of equations (42) and (43).
func (x series) second(c *[6]float64) (a2 float64) {
	e := x.eps
	e2 := e * e
	c[0] = e * (1./2 + e2*(1./16+e2/32))
	c[1] = e2 * (3./16 + e2*(1./32+e2*35/2048))
	c[2] = e * e2 * (5./48 + e2*5/256)
	c[3] = e2 * e2 * (35./512 + e2*7/512)
	c[4] = e * e2 * e2 * (63. / 1280)
	c[5] = e2 * e2 * e2 * (77. / 2048)
	return (1 + e2*(1./4+e2*(9./64+e2*25/256))) * (1 - e)
}

// third fills the coefficients of equations (24) and (25).
func (x series) third(c *[6]float64) (a3 float64) {
	const n = thirdFlattening
	e := x.eps
	e2 := e * e
	c[0] = e * ((1-n)/4 + e*((1-n*n)/8+e*((3+3*n-n*n)/64+e*((5+2*n)/128+e*3/128))))
	c[1] = e2 * ((2-3*n+n*n)/32 + e*((3-2*n-3*n*n)/64+e*((3+n)/128+e*5/256)))
	c[2] = e * e2 * ((5-9*n+5*n*n)/192 + e*((9-10*n)/384+e*7/512))
	c[3] = e2 * e2 * ((7-14*n)/512 + e*7/512)
	c[4] = e * e2 * e2 * 21 / 2560
	c[5] = 0
	return 1 - e*((1-n)/2+e*((2+n-3*n*n)/8+e*((1+3*n+n*n)/16+e*((3+2*n)/64+e*3/128))))
}

// sines sums c[k] sin(2(k+1) sig) by Clenshaw's recurrence.
func sines(c *[6]float64, s, cs float64) float64 {
	x := 2 * (cs - s) * (cs + s)
	var y0, y1 float64
	for k := 5; k >= 0; k-- {
		y0, y1 = x*y0-y1+c[k], y0
	}
	return 2 * s * cs * y0
}
