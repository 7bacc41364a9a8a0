package checkup

import (
	"cmp"
	"slices"

	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
)

// areas are the areas of one layer.
type areas struct {
	layer  string
	parent string        // the field that names the area they are part of; empty where there is none
	table  *layers.Table // nil where the layer is not on the map
	all    []*area       // by code, then id
	byID   map[int64]*area
	byCode map[string]*area // of each code the first
}

// area is one area of the map.
type area struct {
	id           int64
	code, parent string
	zone         string // of a grid
	geometry     orb.Geometry
	shape        geom.Geometry // the same for overlays; empty where it is not valid
	fault        error         // why it is not
}

// has tells whether the layer is on the map and has a field.
func (a *areas) has(field string) bool { return a.table != nil && a.table.Layer.Index(field) >= 0 }

// read takes up the areas of the map.
func (e *exam) read() {
	e.subdistricts = e.areas(subdistricts, "")
	e.communities = e.areas(communities, "subdistrict")
	e.zones = e.areas(zones, "community")
	e.grids = e.areas(grids, "community")
}

func (e *exam) areas(layer, parent string) *areas {
	a := &areas{layer: layer, byID: map[int64]*area{}, byCode: map[string]*area{}}
	t, err := e.view.Table(layer)
	if err != nil || t.Layer.Kind != layers.Polygon {
		return a
	}
	a.table = t
	if a.has(parent) {
		a.parent = parent
	}
	t.Each(nil, func(r layers.Row) bool {
		x := &area{id: r.ID(), code: r.Get("code").Text(), parent: r.Get(parent).Text(), zone: r.Get("zone").Text(), geometry: r.Geometry()}
		a.all = append(a.all, x)
		a.byID[x.id] = x
		return true
	})
	slices.SortFunc(a.all, func(x, y *area) int { return cmp.Or(cmp.Compare(x.code, y.code), cmp.Compare(x.id, y.id)) })
	for _, x := range a.all {
		if a.byCode[x.code] == nil && x.code != "" {
			a.byCode[x.code] = x
		}
	}
	return a
}

// near calls fn with the areas whose bounds overlap that of x; x itself may be among them.
func (a *areas) near(x *area, fn func(*area)) {
	if a.table == nil || x.geometry == nil {
		return
	}
	b := x.geometry.Bound()
	a.table.Within(b, nil, func(r layers.Row) bool {
		o, ok := r.Bound()
		if ok && min(b.Max[0], o.Max[0]) > max(b.Min[0], o.Min[0]) && min(b.Max[1], o.Max[1]) > max(b.Min[1], o.Min[1]) {
			fn(a.byID[r.ID()])
		}
		return true
	})
}

// group returns the areas by a key, each group in their order.
func (a *areas) group(key func(*area) string) map[string][]*area {
	out := map[string][]*area{}
	for _, x := range a.all {
		out[key(x)] = append(out[key(x)], x)
	}
	return out
}

// named returns what to call an area: its code, or its id where it has none.
func (x *area) named() string { return layers.IntValue(x.id).String() + x.suffix() }

// suffix is the code of an area whose id is another number.
func (x *area) suffix() string {
	if id := layers.IntValue(x.id).String(); x.code != "" && x.code != id {
		return " (" + x.code + ")"
	}
	return ""
}
