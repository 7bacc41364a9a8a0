package layers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// Place is where a position lies among the areas of the map. A row is the zero Row where there is none.
type Place struct {
	Subdistrict, Community, Zone, Grid Row
	Leader, Partner                    Row     // of the grid; seen only by those who may see responders
	Border                             float64 // metres to the border of the grid; 0 outside
	Also                               []Row   // further grids that a position on a shared border touches, by code
	Nearest                            Row     // outside every grid: the nearest one
	NearestMetres                      float64
}

// IsZero tells whether a row is none.
func (r Row) IsZero() bool { return r.t == nil }

// Outside tells whether the position lies in no grid.
func (p *Place) Outside() bool { return p.Grid.IsZero() }

// Locate says which areas a position lies in. A position on a shared border belongs to the area with the lowest code
// and to no other of its kind; the other grids are named in Also. Layers that the caller may not see give no rows.
func Locate(v *View, p orb.Point) Place { return NewLocator(v, time.Time{}).Locate(p) }

// Locator is Locate for many positions, and for a day. It is for one goroutine.
type Locator struct {
	view    *View
	when    time.Time
	leaders map[string][2]Row // and partners, by the grid's code
}

// NewLocator makes a locator in which only areas count that are valid on the day of a moment (ValidOn); the zero time is for
// every area.
func NewLocator(v *View, when time.Time) *Locator {
	return &Locator{view: v, when: when, leaders: map[string][2]Row{}}
}

// valid returns whether an area counts.
func (l *Locator) valid(t *Table) func(Row) bool {
	if l.when.IsZero() {
		return func(Row) bool { return true }
	}
	return ValidOn(t, l.when)
}

// Locate says which areas a position lies in, as Locate does.
func (l *Locator) Locate(p orb.Point) Place {
	place := l.areas(p)
	place.Subdistrict, _ = l.holder("subdistricts", p)
	if place.Outside() {
		if t, err := l.view.Table("grids"); err == nil {
			valid := l.valid(t)
			t.Nearest(p, nil, 0, func(r Row, metres float64) bool {
				if valid(r) {
					place.Nearest, place.NearestMetres = r, metres
				}
				return place.Nearest.IsZero()
			})
		}
		return place
	}
	place.Border = geo.DistanceTo(p, outline(place.Grid.Geometry()))
	code := place.Grid.Get("code").Text()
	lead, known := l.leaders[code]
	if !known {
		lead[0], lead[1] = l.view.leader(code)
		l.leaders[code] = lead
	}
	place.Leader, place.Partner = lead[0], lead[1]
	return place
}

// areas returns the community, the zone and the grids of a position, and leaves out what takes longer to find.
func (l *Locator) areas(p orb.Point) (place Place) {
	place.Grid, place.Also = l.holder("grids", p)
	if place.Outside() {
		place.Community, _ = l.holder("communities", p)
		place.Zone, _ = l.holder("zones", p)
		return place
	}
	place.Community = l.view.Coded("communities", place.Grid.Get("community").Text())
	place.Zone = l.view.Coded("zones", place.Grid.Get("zone").Text())
	return place
}

// ValidOn returns whether an area is valid on the day of a moment, as days are in China: from valid_from on and before
// valid_to, where its layer has such fields and it has such days.
func ValidOn(t *Table, when time.Time) func(Row) bool {
	from, to := t.Layer.Index("valid_from"), t.Layer.Index("valid_to")
	y, m, d := when.In(time.FixedZone("Asia/Shanghai", 8*3600)).Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return func(r Row) bool {
		if from >= 0 && !r.Value(from).IsNull() && day.Before(r.Value(from).Time()) {
			return false
		}
		return to < 0 || r.Value(to).IsNull() || day.Before(r.Value(to).Time())
	}
}

// outline returns the borders of an area as lines.
func outline(g orb.Geometry) orb.Geometry {
	var lines orb.MultiLineString
	add := func(p orb.Polygon) {
		for _, ring := range p {
			lines = append(lines, orb.LineString(ring))
		}
	}
	switch g := g.(type) {
	case orb.Polygon:
		add(g)
	case orb.MultiPolygon:
		for _, p := range g {
			add(p)
		}
	}
	return lines
}

// holder returns the area of a layer that holds a position, the lowest code first, and the others.
func (l *Locator) holder(layer string, p orb.Point) (Row, []Row) {
	t, err := l.view.Table(layer)
	if err != nil {
		return Row{}, nil
	}
	valid := l.valid(t)
	var found []Row
	t.Within(orb.Bound{Min: p, Max: p}, nil, func(r Row) bool {
		if valid(r) && geo.Contains(r.Geometry(), p) {
			found = append(found, r)
		}
		return true
	})
	if len(found) == 0 {
		return Row{}, nil
	}
	slices.SortFunc(found, func(a, b Row) int {
		return cmp.Or(a.Get("code").Compare(b.Get("code")), cmp.Compare(a.ID(), b.ID()))
	})
	return found[0], found[1:]
}

// Coded returns the feature of a layer with a code, or the zero Row. Areas are found by id first, for theirs is the code.
func (v *View) Coded(layer, code string) Row {
	t, err := v.Table(layer)
	if err != nil || code == "" {
		return Row{}
	}
	if id, err := strconv.ParseInt(code, 10, 64); err == nil {
		if r, ok := t.Get(id); ok && r.Get("code").Text() == code {
			return r
		}
	}
	f, err := t.Compile(Query{Terms: []Term{{Field: "code", Op: In, Values: []string{code}}}})
	if err != nil {
		return Row{}
	}
	var found Row
	t.Each(f, func(r Row) bool { found = r; return false })
	return found
}

// Area returns the limits of the subdistrict, community, zone or grid of a code, lon/lat degrees. It fails with ErrInvalid
// for what is no code, and with ErrNotFound where the caller sees no such area.
func (v *View) Area(code string) (orb.Geometry, error) {
	_, layer, ok := areaFields(code)
	if !ok || strings.Trim(code, "0123456789") != "" {
		return nil, Invalid("within", "area code %q: expected the digits of a subdistrict (9), community (12), zone (14) or grid (15)", clip(code))
	}
	r := v.Coded(layer, code)
	if r.IsZero() || r.Geometry() == nil {
		return nil, NotFound("there is no area %s on the map", code)
	}
	return r.Geometry(), nil
}

// leader returns the leader of a grid and the partner who stands in.
func (v *View) leader(grid string) (leader, partner Row) {
	t, err := v.Table("responders")
	if err != nil {
		return Row{}, Row{}
	}
	f, err := t.Compile(Query{Terms: []Term{
		{Field: "grid", Op: In, Values: []string{grid}},
		{Field: "role", Op: In, Values: []string{"grid_leader"}},
	}})
	if err != nil {
		return Row{}, Row{}
	}
	t.Each(f, func(r Row) bool {
		if leader.IsZero() || r.ID() < leader.ID() {
			leader = r
		}
		return true
	})
	if !leader.IsZero() {
		partner = v.Coded("responders", leader.Get("partner").Text())
	}
	return leader, partner
}
