package dispatch

import (
	"cmp"
	"math"
	"slices"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Place is where an event lies among the areas.
type Place struct {
	Grid          string   `json:"grid,omitempty"` // code of the grid whose people are responsible
	Zone          string   `json:"zone,omitempty"`
	Community     string   `json:"community,omitempty"`
	Outside       bool     `json:"outside"`                  // in no grid: Grid is the nearest one within 20 km
	OutsideMetres float64  `json:"outside_metres,omitempty"` // how far away that is
	Also          []string `json:"also,omitempty"`           // grids with a higher code whose border it lies on
	Spread        []Share  `json:"spread,omitempty"`         // where it may be, for an uncertain position: most likely first
}

// Share is how much of an uncertain position's circle lies in a grid; an empty code: in none.
type Share struct {
	Grid  string  `json:"grid"`
	Share float64 `json:"share"` // 0 to 1, to a hundredth
}

// site is a place with what the ranking needs of it.
type site struct {
	Place
	adjoins map[string]bool // by community, once it was asked
	areas   *layers.Table   // communities; nil where there are none
	centre  layers.Row      // the community; zero where there is none
}

// siteOf places a question among the grids that are valid at a moment.
func siteOf(v *layers.View, grids *layers.Table, q *Question, when time.Time) *site {
	s := &site{adjoins: map[string]bool{}}
	valid := layers.ValidOn(grids, when)
	var holding []layers.Row
	grids.Within(orb.Bound{Min: q.At, Max: q.At}, nil, func(r layers.Row) bool {
		if valid(r) && geo.Contains(r.Geometry(), q.At) {
			holding = append(holding, r)
		}
		return true
	})
	slices.SortFunc(holding, byCode)
	if len(holding) == 0 {
		s.Outside = true
		holding, s.OutsideMetres = nearestGrid(grids, valid, q.At)
	}
	if len(holding) > 0 {
		s.Grid, s.Zone, s.Community = holding[0].Get("code").Text(), holding[0].Get("zone").Text(), holding[0].Get("community").Text()
		for _, r := range holding[1:] {
			s.Also = append(s.Also, r.Get("code").Text())
		}
	}
	if q.AccuracyM > 0 {
		s.Spread = spread(grids, valid, q.At, q.AccuracyM)
	}
	s.areas, _ = v.Table("communities") // without it no community adjoins another
	s.centre = v.Coded("communities", s.Community)
	return s
}

// nearestWithin is how far, in metres, an event is at most from the grid that stands for none.
const nearestWithin = 20_000

// nearestGrid returns the nearest grid, or none where all are far away, and how many metres that is.
func nearestGrid(grids *layers.Table, valid func(layers.Row) bool, at orb.Point) (found []layers.Row, away float64) {
	some := false
	grids.Within(around(at, nearestWithin), nil, func(layers.Row) bool { some = true; return false })
	if !some {
		return nil, 0
	}
	grids.Nearest(at, nil, nearestWithin, func(r layers.Row, metres float64) bool {
		if valid(r) {
			found, away = append(found, r), round(metres, 0)
		}
		return len(found) == 0
	})
	return found, away
}

func byCode(a, b layers.Row) int {
	return cmp.Or(a.Get("code").Compare(b.Get("code")), cmp.Compare(a.ID(), b.ID()))
}

// spreadPoints is how many places of an uncertain position's circle are looked up: a share is right to about a hundredth.
const spreadPoints = 400

// spread tells in which grids a circle lies. Its points stand on a spiral by the golden angle, so that each stands for the same
// area (H. Vogel, Mathematical Biosciences 44, 1979).
func spread(grids *layers.Table, valid func(layers.Row) bool, at orb.Point, radius float64) []Share {
	const golden = 2.399963229728653
	lat, lon := radius/geo.Distance(at, orb.Point{at[0], at[1] - 0.01*sign(at[1])})*0.01, radius/geo.Distance(at, orb.Point{at[0] - 0.01*sign(at[0]), at[1]})*0.01
	var near []layers.Row
	grids.Within(orb.Bound{Min: orb.Point{at[0] - lon, at[1] - lat}, Max: orb.Point{at[0] + lon, at[1] + lat}}, nil, func(r layers.Row) bool {
		if valid(r) {
			near = append(near, r)
		}
		return true
	})
	slices.SortFunc(near, byCode)
	count := make([]int, len(near)+1)
	for i := range spreadPoints {
		reach, turn := math.Sqrt((float64(i)+0.5)/spreadPoints), float64(i)*golden
		p := orb.Point{at[0] + lon*reach*math.Cos(turn), at[1] + lat*reach*math.Sin(turn)}
		n := slices.IndexFunc(near, func(r layers.Row) bool { return geo.Contains(r.Geometry(), p) })
		count[(n+len(count))%len(count)]++ // none: the last
	}
	var out []Share
	for i, n := range count {
		share := Share{Share: round(float64(n)/spreadPoints, 2)}
		if i < len(near) {
			share.Grid = near[i].Get("code").Text()
		}
		if n > 0 {
			out = append(out, share)
		}
	}
	slices.SortStableFunc(out, func(a, b Share) int { return cmp.Compare(b.Share, a.Share) })
	return out
}

// sign is -1 below zero and 1 elsewhere: a step against it stays within the limits of degrees.
func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// borderWithin is how near, in metres, borders of neighbours run along each other, and borderLeast how long.
const (
	borderWithin = 30
	borderLeast  = 10
)

// adjoining tells whether a community adjoins that of the site.
func (s *site) adjoining(v *layers.View, community string) bool {
	if s.areas == nil || s.centre.IsZero() || community == "" {
		return false
	}
	known, ok := s.adjoins[community]
	if !ok {
		known = s.borders(v.Coded("communities", community))
		s.adjoins[community] = known
	}
	return known
}

func (s *site) borders(other layers.Row) bool {
	if other.IsZero() || other.Geometry() == nil || s.centre.Geometry() == nil {
		return false
	}
	a, b := s.centre.Geometry(), other.Geometry()
	const degrees = 0.001 // more than borderWithin
	if !a.Bound().Pad(degrees).Intersects(b.Bound()) {
		return false
	}
	return geo.SharedBorder(a, b, borderWithin) >= borderLeast
}

// round rounds to some decimals.
func round(x float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(x*scale) / scale
}
