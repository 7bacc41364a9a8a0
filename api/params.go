package api

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// params reads the query string. Each accessor makes its name known; done refuses the rest, naming the nearest. The
// first thing wrong is kept and returned by done, so that a handler reads all parameters and checks once.
type params struct {
	query url.Values
	view  *layers.View // what areas are looked up in
	known []string
	fault error
}

// maxQuery bounds the query string, in bytes.
const maxQuery = 16 << 10

func newParams(r *http.Request) (*params, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return nil, &problem{Status: http.StatusRequestURITooLong, Detail: fmt.Sprintf("the query has %d bytes: at most %d are allowed", len(r.URL.RawQuery), maxQuery)}
	}
	if r.URL.RawQuery == "" {
		return new(params), nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, layers.Invalid("", "the query cannot be read: it is not percent-encoded as RFC 3986 asks")
	}
	return &params{query: q}, nil
}

// done returns the first thing that was wrong, or names a parameter that is not known here.
func (p *params) done() error {
	if p.fault != nil {
		return p.fault
	}
	if len(p.query) == 0 {
		return nil
	}
	names := make([]string, 0, len(p.query))
	for name := range p.query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(p.known, name) {
			return layers.Unknown("parameter", name, p.known)
		}
	}
	return nil
}

func (p *params) fail(err error) {
	if p.fault == nil {
		p.fault = err
	}
}

// text returns a parameter, or "" where it is absent; given twice is an error.
func (p *params) text(name string) string {
	p.known = append(p.known, name)
	v := p.query[name]
	if len(v) > 1 {
		p.fail(layers.Invalid(name, "parameter %s is given %d times: expected once", name, len(v)))
	}
	if len(v) == 0 {
		return ""
	}
	return v[0]
}

// number returns a finite number within limits, or otherwise where the parameter is absent.
func (p *params) number(name string, lo, hi, otherwise float64) float64 {
	s := p.text(name)
	if s == "" {
		return otherwise
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || x < lo || x > hi {
		p.fail(layers.Invalid(name, "parameter %s is %.40q: expected a number from %g to %g", name, s, lo, hi))
		return otherwise
	}
	return x
}

// whole returns a whole number within limits, or otherwise where the parameter is absent.
func (p *params) whole(name string, lo, hi, otherwise int) int {
	s := p.text(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi {
		p.fail(layers.Invalid(name, "parameter %s is %.40q: expected a whole number from %d to %d", name, s, lo, hi))
		return otherwise
	}
	return n
}

// lang returns the language of titles and reasons; Chinese where nothing else is asked for.
func (p *params) lang() layers.Lang {
	switch s := p.text("lang"); s {
	case "", "zh":
		return layers.Chinese
	case "en":
		return layers.English
	default:
		p.fail(layers.Invalid("lang", "parameter lang is %.40q: expected zh or en", s))
		return layers.Chinese
	}
}

// place returns the position of lon and lat, which must be there, in WGS-84; crs says what they are given in.
func (p *params) place() orb.Point {
	crs := p.crs("crs")
	lonText, latText := p.text("lon"), p.text("lat")
	if lonText == "" || latText == "" {
		p.fail(layers.Invalid("lon", "parameters lon and lat are needed: a position as longitude and latitude, such as lon=114.3036&lat=30.5637"))
		return orb.Point{}
	}
	at, err := parsePlace(crs, lonText, latText)
	if err != nil {
		p.fail(err)
		return orb.Point{}
	}
	return at
}

// parsePlace reads a position of two numbers in crs, and returns it in WGS-84.
func parsePlace(crs geo.CRS, lonText, latText string) (orb.Point, error) {
	lon, err1 := strconv.ParseFloat(lonText, 64)
	lat, err2 := strconv.ParseFloat(latText, 64)
	if err1 != nil || err2 != nil {
		return orb.Point{}, layers.Invalid("lon", "lon=%.40q lat=%.40q: expected two numbers", lonText, latText)
	}
	return placeIn(crs, orb.Point{lon, lat})
}

// placeIn returns a position of crs in WGS-84, or what is wrong with it.
func placeIn(crs geo.CRS, p orb.Point) (orb.Point, error) {
	at := geo.ToWGS84Point(crs, p)
	if err := geo.Validate(at); err != nil {
		return orb.Point{}, layers.Invalid("lon", "%v", err)
	}
	return at, nil
}

// crs returns a coordinate system, WGS-84 where the parameter is absent.
func (p *params) crs(name string) geo.CRS {
	s := p.text(name)
	if s == "" {
		return geo.WGS84
	}
	c, err := geo.ParseCRS(s)
	if err != nil {
		p.fail(layers.Invalid(name, "parameter %s: %v", name, err))
		return geo.WGS84
	}
	return c
}

// bbox returns the bound of bbox=west,south,east,north (west > east crosses the antimeridian), or nil.
func (p *params) bbox() *orb.Bound {
	crs := p.crs("bbox-crs")
	s := p.text("bbox")
	if s == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	var v [4]float64
	for i := range parts {
		if len(parts) != 4 {
			break
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			p.fail(layers.Invalid("bbox", "bbox %.80q: %.40q is not a number", s, parts[i]))
			return nil
		}
		v[i] = x
	}
	if len(parts) != 4 {
		p.fail(layers.Invalid("bbox", "bbox %.80q: expected four numbers west,south,east,north, %d came", s, len(parts)))
		return nil
	}
	b := orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}
	if crs != geo.WGS84 && crs != geo.CGCS2000 {
		b = geo.ToWGS84(crs, b).Bound()
	}
	if geo.Validate(b.Min) != nil || geo.Validate(b.Max) != nil || b.Min[1] > b.Max[1] {
		p.fail(layers.Invalid("bbox", "bbox %.80q: expected west,south,east,north in lon/lat degrees with south <= north", s))
		return nil
	}
	return &b
}

// interval returns the ends of an instant or interval (RFC 3339, a date, or .. for open; OGC API - Features §7.15.4).
func (p *params) interval(name string) (from, to time.Time) {
	s := p.text(name)
	if s == "" {
		return from, to
	}
	first, last, interval := strings.Cut(s, "/")
	if !interval {
		last = first
	}
	return p.instant(name, first, false), p.instant(name, last, true)
}

// instant reads one end of an interval; a date stands for its first or last microsecond in the service's zone.
func (p *params) instant(name, s string, end bool) time.Time {
	if s == "" || s == ".." {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, chinaTime); err == nil {
		if end {
			return t.AddDate(0, 0, 1).Add(-time.Microsecond)
		}
		return t
	}
	p.fail(layers.Invalid(name, "%s %.80q: expected an instant such as 2017-12-04T08:00:00+08:00, a date, or two of them with / between, .. for open", name, s))
	return time.Time{}
}

// chinaTime is the zone of dates without one: China has one zone and no summer time.
var chinaTime = time.FixedZone("Asia/Shanghai", 8*3600)

// properties returns the positions of the fields to answer with, in the layer's order; all where the parameter is
// absent.
func (p *params) properties(l *layers.Layer) []int {
	s := p.text("properties")
	var out []int
	for i, f := range l.Fields {
		if s == "" || slices.Contains(strings.Split(s, ","), f.Name) {
			out = append(out, i)
		}
	}
	if s != "" {
		for _, name := range strings.Split(s, ",") {
			if l.Index(name) < 0 {
				p.fail(layers.Unknown("field", name, l.Names()))
			}
		}
	}
	return out
}

// sortby returns the order: fields with commas between, - before those that descend.
func (p *params) sortby(l *layers.Layer) []layers.SortKey {
	s := p.text("sortby")
	if s == "" {
		return nil
	}
	var keys []layers.SortKey
	for _, part := range strings.Split(s, ",") {
		name := strings.TrimLeft(part, "+- ") // + arrives as a space
		i := l.Index(name)
		if i < 0 {
			p.fail(layers.Unknown("field", name, l.Names()))
			return nil
		}
		keys = append(keys, layers.SortKey{Field: i, Descending: strings.HasPrefix(part, "-")})
	}
	if len(keys) > 8 {
		p.fail(layers.Invalid("sortby", "sortby names %d fields: at most 8 are allowed", len(keys)))
	}
	return keys
}
