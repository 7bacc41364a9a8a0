package checkup

import (
	"errors"
	"strings"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
)

// shapeOf returns a polygon as overlays take it.
func shapeOf(g orb.Geometry) (geom.Geometry, error) {
	var shape geom.Geometry
	switch g := g.(type) {
	case orb.Polygon:
		shape = polygonOf(g).AsGeometry()
	case orb.MultiPolygon:
		parts := make([]geom.Polygon, len(g))
		for i, p := range g {
			parts[i] = polygonOf(p)
		}
		shape = geom.NewMultiPolygon(parts).AsGeometry()
	default:
		return shape, errors.New("it has no polygon")
	}
	if err := shape.Validate(); err != nil {
		return geom.Geometry{}, err
	}
	return shape, nil
}

func polygonOf(p orb.Polygon) geom.Polygon {
	rings := make([]geom.LineString, len(p))
	for i, r := range p {
		xy := make([]float64, 0, 2*len(r))
		for _, q := range r {
			xy = append(xy, q[0], q[1])
		}
		rings[i] = geom.NewLineString(geom.NewSequence(xy, geom.DimXY))
	}
	return geom.NewPolygon(rings)
}

// patch is the land that an overlay came to.
type patch struct {
	parts  orb.MultiPolygon // those of more than leastArea
	metres float64          // m² of them; 0 where there are none
	wide   bool             // whether one of them is more than a sliver
}

func patchOf(g geom.Geometry) (p patch) {
	for _, part := range g.Dump() {
		polygon, ok := part.AsPolygon()
		if !ok {
			continue
		}
		q := orbOf(polygon)
		area := geo.Area(q)
		if area <= leastArea {
			continue
		}
		p.parts = append(p.parts, q)
		p.metres += area
		p.wide = p.wide || area > leastWidth*geo.Length(q)/2 // of a long strip: half the outline times the width
	}
	return p
}

func orbOf(p geom.Polygon) orb.Polygon {
	out := make(orb.Polygon, 0, p.NumRings())
	for _, ring := range p.DumpRings() {
		seq := ring.Coordinates()
		r := make(orb.Ring, seq.Length())
		for i := range r {
			xy := seq.GetXY(i)
			r[i] = orb.Point{xy.X, xy.Y}
		}
		out = append(out, r)
	}
	return out
}

// size tells how much land it is, and where.
func (p patch) size() layers.Text {
	at := place(p.parts)
	if p.wide {
		return layers.Both("%.1f m²（在 %s）", "%.1f m² at %s", p.metres, at)
	}
	return layers.Both("%.1f m²（宽不足 0.1 m，在 %s）", "%.1f m², less than 0.1 m wide, at %s", p.metres, at)
}

// surface is a tally of land.
type surface struct {
	layers.Tally
	wide bool // whether one of the patches is more than a sliver
}

// add counts a patch, with a sentence in which {size} stands for it; an empty one is not counted.
func (s *surface) add(p patch, about layers.Text, ids ...int64) {
	if p.metres == 0 {
		return
	}
	for lang, size := range p.size() {
		about[lang] = strings.Replace(about[lang], "{size}", size, 1)
	}
	s.Add(about, ids...)
	s.wide = s.wide || p.wide
}

// under returns the finding of a rule: slivers alone are no more than a warning.
func (s *surface) under(r layers.Rule, layer string) layers.Finding {
	if !s.wide {
		r.Level = min(r.Level, layers.LevelWarning)
	}
	return r.Finding(layer, s.Tally)
}

// lapse counts an overlay that could not be made.
type lapse struct{ layers.Tally }

func (l *lapse) add(x *area) {
	l.Add(layers.Both("%s 附近。", "Near %s.", x.named()), x.id)
}

// finding tells of the overlays that could not be made.
func (l *lapse) findings() []layers.Finding {
	if l.Count == 0 {
		return nil
	}
	return []layers.Finding{layers.Rule{
		Check: "areas.compared", Level: layers.LevelWarning, Title: layers.Both("无法比较", "Not compared"),
		Broken: layers.Both("{n} 处边界过于纠缠，无法计算重叠或空隙。", "{n} borders are too tangled to tell whether they overlap or leave gaps."),
		Remedy: layers.Both("在 QGIS 中打开捕捉，重新画这些边界。", "Draw these borders again in QGIS with snapping on."),
	}.Finding("", l.Tally)}
}

// valid looks for areas that cross themselves, and prepares the others for overlays.
func (e *exam) valid() error {
	rule := layers.Rule{
		Check: "areas.valid", Level: layers.LevelError, Title: layers.Both("图形有效", "Shapes"),
		Kept:   layers.Both("{of} 个区域的图形有效，边界不自交。", "The shapes of all {of} areas are valid: none crosses itself."),
		Broken: layers.Both("{of} 个区域中有 {n} 个图形无效；重叠与空隙检查略过了它们。", "{n} of {of} areas have no valid shape; they were left out of the checks for overlaps and gaps."),
		Remedy: layers.Both("用 QGIS 的“修复几何图形”处理后重新导入。", "Mend them with QGIS's 'Fix geometries' and load them again."),
	}
	var tallies []layers.LayerTally
	for _, a := range []*areas{e.subdistricts, e.communities, e.zones, e.grids} {
		found := layers.LayerTally{Layer: a.layer, Tally: layers.Tally{Looked: len(a.all)}}
		for _, x := range a.all {
			if err := e.step(); err != nil {
				return err
			}
			if x.shape, x.fault = shapeOf(x.geometry); x.fault != nil {
				about := x.named() + ": " + x.fault.Error() + "."
				found.Add(layers.Text{layers.Chinese: about, layers.English: about}, x.id)
			}
		}
		tallies = append(tallies, found)
	}
	e.add(rule.Findings(tallies)...)
	return nil
}

// place names a position inside an area for the person.
func place(g orb.Geometry) string {
	p := geo.Interior(g)
	return string(layers.AppendNumber(append(layers.AppendNumber(nil, round(p[0])), ','), round(p[1])))
}

// round leaves the decimals of degrees that are worth reading: six, some 10 cm.
func round(x float64) float64 { return float64(int64(x*1e6+0.5)) / 1e6 }

// overlaps looks for communities and grids that lie over each other.
func (e *exam) overlaps() error {
	var lapse lapse
	for _, a := range []*areas{e.communities, e.grids} {
		rule := layers.Rule{
			Check: a.layer + ".overlap", Level: layers.LevelError, Title: layers.Both("%[1]s重叠", "Overlap of %[2]s", zh(a.layer), a.layer),
			Kept:   layers.Both("{of} 个%[1]s互不重叠。", "None of the {of} %[2]s overlaps another by more than 1 m².", zh(a.layer), a.layer),
			Broken: layers.Both("{of} 个%[1]s之间有 {n} 处重叠。", "{n} pairs of the {of} %[2]s overlap by more than 1 m².", zh(a.layer), a.layer),
			Remedy: layers.Both("在 QGIS 中打开捕捉，让相邻边界共用同一条线。", "Draw the shared border once in QGIS with snapping on, and load the areas again."),
		}
		found := surface{Tally: layers.Tally{Looked: len(a.all)}}
		for _, x := range a.all {
			if err := e.step(); err != nil {
				return err
			}
			a.near(x, func(y *area) {
				if y.id <= x.id || x.fault != nil || y.fault != nil {
					return
				}
				common, err := geom.Intersection(x.shape, y.shape)
				if err != nil {
					lapse.add(x)
					return
				}
				found.add(patchOf(common), layers.Both("%s 与 %s 重叠 {size}。", "%s and %s share {size}.", x.named(), y.named()), x.id, y.id)
			})
		}
		if len(a.all) > 0 {
			e.add(found.under(rule, a.layer))
		}
	}
	e.add(lapse.findings()...)
	return nil
}

// zh returns what the areas of a layer are called in Chinese.
func zh(layer string) string {
	return map[string]string{subdistricts: "街道", communities: "社区", zones: "片区", grids: "网格"}[layer]
}

// gaps looks for land of an area that belongs to none of its parts.
func (e *exam) gaps() error {
	var lapse lapse
	for _, c := range []struct {
		whole, part *areas
		key         string
		of          func(*area) string
		level       layers.Level
	}{
		{e.subdistricts, e.communities, "subdistrict", func(x *area) string { return x.parent }, layers.LevelError},
		{e.communities, e.grids, "community", func(x *area) string { return x.parent }, layers.LevelError},
		{e.zones, e.grids, "zone", func(x *area) string { return x.zone }, layers.LevelWarning}, // grids answer, zones are only drawn
	} {
		if len(c.whole.all) == 0 || !c.part.has(c.key) {
			continue
		}
		w, p := zh(c.whole.layer), zh(c.part.layer)
		rule := layers.Rule{
			Check: c.whole.layer + ".gap", Level: c.level, Title: layers.Both("%[1]s空隙", "Gaps in %[2]s", w, c.whole.layer),
			Kept:   layers.Both("{of} 个%[1]s都被各自的%[2]s铺满。", "The %[4]s of each of the {of} %[3]s leave no gap of more than 1 m².", w, p, c.whole.layer, c.part.layer),
			Broken: layers.Both("{of} 个%[1]s中有 {n} 个未被%[2]s铺满：那里的事件没有归属。", "{n} of {of} %[3]s have land of more than 1 m² that none of their %[4]s has: what happens there is nobody's.", w, p, c.whole.layer, c.part.layer),
			Remedy: layers.Both("在 QGIS 中打开捕捉，把空隙并入相邻区域。", "Give the land to a neighbour in QGIS with snapping on, and load the areas again."),
		}
		found := surface{Tally: layers.Tally{Looked: len(c.whole.all)}}
		groups := c.part.group(c.of)
		for _, x := range c.whole.all {
			if err := e.step(); err != nil {
				return err
			}
			rest, err := x.without(groups[x.code])
			if err != nil {
				lapse.add(x)
				continue
			}
			found.add(patchOf(rest), layers.Both("%s 有空隙 {size}。", "%s has {size}.", x.named()), x.id)
		}
		e.add(found.under(rule, c.whole.layer))
	}
	e.add(lapse.findings()...)
	return nil
}

// without returns what of an area is in none of its parts: nothing where one of them has no valid shape.
func (x *area) without(of []*area) (geom.Geometry, error) {
	shapes := make([]geom.Geometry, len(of))
	for i, y := range of {
		if y.fault != nil {
			return geom.Geometry{}, nil
		}
		shapes[i] = y.shape
	}
	if x.fault != nil || len(of) == 0 {
		return x.shape, nil
	}
	union, err := geom.UnionMany(shapes)
	if err != nil {
		return union, err
	}
	return geom.Difference(x.shape, union)
}

// outside looks for communities and grids that reach beyond the area that they are part of.
func (e *exam) outside() error {
	var lapse lapse
	for _, c := range []struct{ part, whole *areas }{{e.communities, e.subdistricts}, {e.grids, e.communities}} {
		if c.part.parent == "" || len(c.whole.all) == 0 {
			continue
		}
		w, p := zh(c.whole.layer), zh(c.part.layer)
		rule := layers.Rule{
			Check: c.part.layer + ".outside", Level: layers.LevelError, Title: layers.Both("%[1]s越界", "Limits of %[2]s", p, c.part.layer),
			Kept:   layers.Both("{of} 个%[1]s都在各自的%[2]s之内。", "Each of the {of} %[3]s lies within its own one of the %[4]s.", p, w, c.part.layer, c.whole.layer),
			Broken: layers.Both("{of} 个%[1]s中有 {n} 个伸出所属%[2]s。", "{n} of {of} %[3]s reach more than 1 m² beyond their own one of the %[4]s.", p, w, c.part.layer, c.whole.layer),
			Remedy: layers.Both("更正边界，或更正所属关系。", "Correct the border, or the code of the area that they are said to be part of."),
		}
		found := surface{Tally: layers.Tally{Looked: len(c.part.all)}}
		for _, x := range c.part.all {
			if err := e.step(); err != nil {
				return err
			}
			whole := c.whole.byCode[x.parent]
			if whole == nil || whole.fault != nil || x.fault != nil {
				continue
			}
			rest, err := geom.Difference(x.shape, whole.shape)
			if err != nil {
				lapse.add(x)
				continue
			}
			found.add(patchOf(rest), layers.Both("%s 伸出 %s {size}。", "%s reaches beyond %s with {size}.", x.named(), whole.named()), x.id)
		}
		e.add(found.under(rule, c.part.layer))
	}
	e.add(lapse.findings()...)
	return nil
}

// straddling looks for grids that lie in another community than their own.
func (e *exam) straddling() error {
	if len(e.communities.all) == 0 || e.grids.parent == "" {
		return nil
	}
	rule := layers.Rule{
		Check: "grids.straddle", Level: layers.LevelError, Title: layers.Both("网格跨社区", "One community each"),
		Kept:   layers.Both("{of} 个网格都只在一个社区内。", "Each of the {of} grids lies in one community only."),
		Broken: layers.Both("{of} 个网格有 {n} 处伸入别的社区。", "The {of} grids reach in {n} places more than 1 m² into a community that is not theirs."),
		Remedy: layers.Both("网格不跨社区：更正边界。", "A grid lies in one community: correct the border."),
	}
	var lapse lapse
	found := surface{Tally: layers.Tally{Looked: len(e.grids.all)}}
	for _, x := range e.grids.all {
		if err := e.step(); err != nil {
			return err
		}
		e.communities.near(x, func(c *area) {
			if c.code == x.parent || c.fault != nil || x.fault != nil {
				return
			}
			common, err := geom.Intersection(x.shape, c.shape)
			if err != nil {
				lapse.add(x)
				return
			}
			found.add(patchOf(common), layers.Both("%s 伸入 %s {size}。", "%s reaches into %s with {size}.", x.named(), c.named()), x.id)
		})
	}
	e.add(found.under(rule, grids))
	e.add(lapse.findings()...)
	return nil
}
