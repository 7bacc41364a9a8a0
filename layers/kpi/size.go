package kpi

import (
	"slices"
	"strings"

	"shapan/geo"
	"shapan/layers"
)

// size is how large an area is; 0 where it is not known.
type size struct {
	name       string
	households float64
	hectares   float64
	reason     layers.Text // why it is not known
}

func (s size) of(per sizeOf) float64 {
	if per == perHectare {
		return s.hectares
	}
	return s.households
}

type sizes struct {
	whole size
	areas map[string]size
}

// areaLevel is a kind of area: the layer that it is of and how long its codes are.
type areaLevel struct {
	layer  string
	digits int
}

// sizesOf returns the sizes of the areas in question, and which field of the events tells the area; -1 where no area is asked
// for.
func sizesOf(v *layers.View, t *layers.Table, q Question) (s sizes, field int, err error) {
	s.whole = wholeSize(v, t, q)
	if q.By == "" {
		return s, -1, nil
	}
	level, known := map[string]areaLevel{"community": {"communities", 12}, "zone": {"zones", 14}, "grid": {"grids", 15}}[q.By]
	if !known {
		return s, -1, layers.Unknown("area", q.By, []string{"community", "zone", "grid"})
	}
	if field = t.Layer.Index(q.By); field < 0 {
		return s, -1, layers.Invalid("by", "layer %s does not say which %s its features are in", t.Layer.Name, q.By)
	}
	areas, err := v.Table(level.layer)
	if err != nil {
		return s, -1, err
	}
	partly := byPlace(q.Select)
	if len(q.Select.Area) > level.digits {
		partly = words("统计范围小于该区域，户数和面积不定", "the scope is smaller than this area, so that its households and extent are not those of what is counted")
	}
	s.areas = map[string]size{}
	admits := admitter(t)
	areas.Each(nil, func(r layers.Row) bool {
		code := r.Get("code").Text()
		if !within(r, code, q.Select.Area) || !admits(communityOf(r)) {
			return true
		}
		one := sizeOfArea(r)
		if partly != nil {
			one = size{name: one.name, reason: partly}
		}
		s.areas[code] = one
		return true
	})
	return s, field, nil
}

// within tells whether an area meets a scope. The codes of communities and grids begin with the code of what holds them; the
// zone of a grid is told by a field.
func within(r layers.Row, code, scope string) bool {
	const community, zone = 12, 14
	switch {
	case len(code) < len(scope):
		return strings.HasPrefix(scope, code)
	case len(scope) != zone:
		return strings.HasPrefix(code, scope)
	case len(code) == zone:
		return code == scope
	}
	return r.Get("zone").Text() == scope
}

// communityOf returns the community that an area is in.
func communityOf(r layers.Row) string {
	if c := r.Get("community"); !c.IsNull() {
		return c.Text()
	}
	return r.Get("code").Text()
}

// admitter returns whether the caller may see events of a community.
func admitter(t *layers.Table) func(community string) bool {
	i := t.Layer.Index("community")
	f := layers.Feature{Values: make([]layers.Value, len(t.Layer.Fields))}
	return func(community string) bool {
		if i >= 0 {
			f.Values[i] = layers.TextValue(community)
		}
		return t.Admits(&f)
	}
}

// sizeOfArea reads the size of an area.
func sizeOfArea(r layers.Row) size {
	s := size{name: r.Get("name").Text(), households: float64(r.Get("households").Int())}
	if ha, ok := r.Get("area_ha").Number(); ok {
		s.hectares = ha
	} else if g := r.Geometry(); g != nil {
		s.hectares = geo.Area(g) / 10_000
	}
	return s
}

// byPlace says why the size of a choice of events is not known, or nil: they are chosen by place in another way than by scope.
func byPlace(s layers.Query) layers.Text {
	byArea := slices.ContainsFunc(s.Terms, func(t layers.Term) bool {
		return slices.Contains([]string{"community", "zone", "grid"}, t.Field)
	})
	if s.BBox != nil || s.Within != nil || byArea {
		return words("事件按 bbox、within 或区域字段筛选，户数和面积不定；请用 scope", "events are chosen by bbox, within or the field of an area, whose households and extent are not known: use scope")
	}
	return nil
}

// wholeSize returns the size of what the question is about: of its scope, or of all communities whose events the caller sees.
func wholeSize(v *layers.View, t *layers.Table, q Question) (s size) {
	if s.reason = byPlace(q.Select); s.reason != nil {
		return s
	}
	layer := map[int]string{12: "communities", 14: "zones", 15: "grids"}[len(q.Select.Area)]
	if layer != "" {
		if r := v.Coded(layer, q.Select.Area); !r.IsZero() {
			s = sizeOfArea(r)
		}
		return s
	}
	areas, err := v.Table("communities")
	if err != nil {
		return s
	}
	admits := admitter(t)
	areas.Each(nil, func(r layers.Row) bool {
		if code := r.Get("code").Text(); strings.HasPrefix(code, q.Select.Area) && admits(code) {
			one := sizeOfArea(r)
			s.households += one.households
			s.hectares += one.hectares
		}
		return true
	})
	return s
}
