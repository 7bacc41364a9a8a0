package layers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

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
func Locate(v *View, p orb.Point) Place {
	place := v.areas(p)
	place.Subdistrict, _ = v.holder("subdistricts", p)
	if place.Outside() {
		if t, err := v.Table("grids"); err == nil {
			t.Nearest(p, nil, 0, func(r Row, metres float64) bool {
				place.Nearest, place.NearestMetres = r, metres
				return false
			})
		}
		return place
	}
	place.Border = geo.DistanceTo(p, outline(place.Grid.Geometry()))
	place.Leader, place.Partner = v.leader(place.Grid.Get("code").Text())
	return place
}

// areas returns the community, the zone and the grids of a position, and leaves out what takes longer to find.
func (v *View) areas(p orb.Point) (place Place) {
	place.Grid, place.Also = v.holder("grids", p)
	if place.Outside() {
		place.Community, _ = v.holder("communities", p)
		place.Zone, _ = v.holder("zones", p)
		return place
	}
	place.Community = v.Coded("communities", place.Grid.Get("community").Text())
	place.Zone = v.Coded("zones", place.Grid.Get("zone").Text())
	return place
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
func (v *View) holder(layer string, p orb.Point) (Row, []Row) {
	t, err := v.Table(layer)
	if err != nil {
		return Row{}, nil
	}
	var found []Row
	t.Within(orb.Bound{Min: p, Max: p}, nil, func(r Row) bool {
		if geo.Contains(r.Geometry(), p) {
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
