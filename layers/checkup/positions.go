package checkup

import (
	"math"

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/exchange"

	"github.com/paulmach/orb"
)

// positions checks where the features are that name a grid: those of the subdistrict's own layers.
func (e *exam) positions() error {
	var empty, far, astray []layers.LayerTally
	for _, t := range e.view.Tables() {
		if t.Layer.Kind == layers.None {
			continue
		}
		p := &placing{exam: e, table: t, grid: t.Layer.Index("grid"), every: t.Len()/datumSample + 1, home: t.Layer.Name == responders}
		if err := e.each(t, p.look); err != nil {
			return err
		}
		empty = append(empty, layers.LayerTally{Layer: t.Layer.Name, Tally: p.empty})
		if p.grid < 0 {
			continue
		}
		if len(e.subdistricts.all) > 0 {
			far = append(far, layers.LayerTally{Layer: t.Layer.Name, Tally: p.far})
			p.near()
			p.datum()
		}
		if !p.home && len(e.grids.all) > 0 {
			p.hint()
			astray = append(astray, layers.LayerTally{Layer: t.Layer.Name, Tally: p.astray})
			p.unclaimed()
		}
	}
	e.add(layers.Rule{
		Check: "positions.empty", Level: layers.LevelWarning, Title: layers.Both("有位置", "Positions"),
		Kept:   layers.Both("{of} 个要素都有位置。", "All {of} features have a position."),
		Broken: layers.Both("{of} 个要素中有 {n} 个没有位置，不会出现在图上。", "{n} of {of} features have no position and are not drawn."),
		Remedy: layers.Both("补上位置。", "Give them a position."),
	}.Findings(empty)...)
	if len(far) > 0 {
		e.add(layers.Rule{
			Check: "positions.far", Level: layers.LevelWarning, Title: layers.Both("远离街道", "Distance"),
			Kept:   layers.Both("{of} 个位置都不在街道 1 km 以外。", "None of {of} positions is more than 1 km outside the subdistrict."),
			Broken: layers.Both("{of} 个位置中有 {n} 个在街道 1 km 以外。", "{n} of {of} positions are more than 1 km outside every subdistrict."),
			Remedy: layers.Both("核对这些位置的来源；定位漂移会自行恢复。", "See where these positions come from; a jump of a receiver mends itself."),
		}.Findings(far)...)
	}
	if len(astray) > 0 {
		e.add(layers.Rule{
			Check: "positions.grid", Level: layers.LevelWarning, Title: layers.Both("位置与网格相符", "Named grids"),
			Kept:   layers.Both("{of} 个要素都在所填网格之内。", "Each of {of} features lies in the grid that it names."),
			Broken: layers.Both("{of} 个要素中有 {n} 个不在所填网格之内。", "{n} of {of} features lie more than 1 m outside the grid that they name."),
			Remedy: layers.Both("核对位置和 grid 字段；坐标系弄错的用 'shapan load --crs gcj02' 重新导入。", "Check the position and the field grid; what came in another datum, load again with 'shapan load --crs gcj02'."),
		}.Findings(astray)...)
	}
	return nil
}

// placing looks at the positions of one layer.
type placing struct {
	*exam
	table *layers.Table
	grid  int  // the field; -1 where the layer has none
	home  bool // the grid is where they belong, not where they are
	every int  // one position in so many is tried in other datums

	seen                                   int
	sample                                 []orb.Point
	empty, beside, far, astray, unassigned layers.Tally
	fits                                   map[geo.CRS]int // of those astray, how many lie in their grid when they are read so
}

// datums are the systems that positions may have been mistaken for WGS-84 from.
func datums() []geo.CRS { return []geo.CRS{geo.GCJ02, geo.BD09} }

// look looks at one feature.
func (p *placing) look(r layers.Row) {
	p.empty.Looked++
	at, ok := position(r)
	if !ok {
		p.empty.Add(nil, r.ID())
		return
	}
	if p.grid < 0 {
		return
	}
	if p.seen++; p.seen%p.every == 0 {
		p.sample = append(p.sample, at)
	}
	p.far.Looked++
	p.beside.Looked++
	code := r.Value(p.grid).Text()
	var grid *area
	if !p.home {
		grid = p.grids.byCode[code]
		p.unassigned.Looked++
	}
	if grid != nil {
		p.astray.Looked++
		if geo.DistanceTo(at, grid.geometry) <= gridReach {
			return
		}
		p.stray(r, at, grid)
	}
	inside := p.outskirts(r, at)
	if inside && code == "" && !p.home {
		if g := p.grids.holding(at); g != nil {
			p.unassigned.Add(layers.Both("%[1]d 在 %[2]s。", "%[1]d lies in %[2]s.", r.ID(), g.named()), r.ID())
		}
	}
}

// position returns where a feature is: a point of it where it has more.
func position(r layers.Row) (orb.Point, bool) {
	if at, ok := r.Point(); ok {
		return at, true
	}
	if s := r.Shape(); s != nil {
		return s.Label, true
	}
	return orb.Point{}, false
}

// stray counts a feature that is not in its grid, and tries to read it otherwise.
func (p *placing) stray(r layers.Row, at orb.Point, grid *area) {
	metres := geo.DistanceTo(at, grid.geometry)
	p.astray.Add(layers.Both("%[1]d 距网格 %[2]s %.0[3]f m。", "%[1]d is %.0[3]f m from grid %[2]s.", r.ID(), grid.named(), metres), r.ID())
	for _, crs := range datums() {
		if geo.DistanceTo(geo.ToWGS84Point(crs, at), grid.geometry) <= gridReach {
			if p.fits == nil {
				p.fits = map[geo.CRS]int{}
			}
			p.fits[crs]++
		}
	}
}

// outskirts tells whether a position is in a subdistrict, and counts it where it is not.
func (p *placing) outskirts(r layers.Row, at orb.Point) bool {
	if len(p.subdistricts.all) == 0 {
		return true
	}
	metres := math.Inf(1)
	p.subdistricts.table.Nearest(at, nil, 0, func(_ layers.Row, m float64) bool { metres = m; return false })
	switch {
	case metres == 0:
		return true
	case metres > farAway:
		p.far.Add(layers.Both("%[1]d 在 %.1[2]f km 以外。", "%[1]d is %.1[2]f km away.", r.ID(), metres/1000), r.ID())
	default:
		p.beside.Add(layers.Both("%[1]d 在边界外 %.0[2]f m。", "%[1]d is %.0[2]f m outside.", r.ID(), metres), r.ID())
	}
	return false
}

// holding returns the area that holds a position, or nil.
func (a *areas) holding(at orb.Point) (found *area) {
	if a.table == nil {
		return nil
	}
	a.table.Within(orb.Bound{Min: at, Max: at}, nil, func(r layers.Row) bool {
		if geo.Contains(r.Geometry(), at) {
			found = a.byID[r.ID()]
		}
		return found == nil
	})
	return found
}

// near tells of positions a little outside the subdistrict: that happens, on the river for one.
func (p *placing) near() {
	if p.beside.Count == 0 {
		return
	}
	p.add(layers.Rule{
		Check: "positions.outside", Level: layers.LevelNote, Title: layers.Both("街道边界外", "Beside the border"),
		Broken: layers.Both("{of} 个位置中有 {n} 个在街道边界外 1 km 之内，不属于任何网格。", "{n} of {of} positions are outside every subdistrict, by less than 1 km: no grid has them."),
	}.Finding(p.table.Layer.Name, p.beside))
}

// datum tells whether the layer as a whole lies better when it is read in another datum.
func (p *placing) datum() {
	if len(p.sample) == 0 {
		return
	}
	var within orb.MultiPolygon
	for _, a := range p.subdistricts.all {
		switch g := a.geometry.(type) {
		case orb.Polygon:
			within = append(within, g)
		case orb.MultiPolygon:
			within = append(within, g...)
		}
	}
	guesses := exchange.Detect(p.sample, within)
	advice := exchange.Advice(guesses, geo.WGS84, "the subdistrict")
	if advice == "" {
		return
	}
	best := guesses[0]
	p.add(layers.Finding{Check: "positions.datum", Level: layers.LevelError, Title: layers.Both("坐标系弄错", "Wrong datum"), Layer: p.table.Layer.Name, Count: p.far.Count + p.beside.Count,
		Detail: layers.Both("整个图层像是 %[1]s 坐标：按 %[1]s 解读时 %.0[2]f%% 落在街道内。", "The layer looks like %[1]s stored as WGS-84: read so, %.0[2]f%% of it lies in the subdistrict.", best.CRS, math.Floor(100*best.Inside)),
		Remedy: layers.Both("用 'shapan load %s FILE --crs %s' 重新导入。", "Load it again with 'shapan load %s FILE --crs %s'.", p.table.Layer.Name, map[geo.CRS]string{geo.GCJ02: "gcj02", geo.BD09: "bd09"}[best.CRS])})
}

// hint adds to the first example of those astray in which datum most of them would be right.
func (p *placing) hint() {
	for _, crs := range datums() {
		if n := p.fits[crs]; 2*n > p.astray.Count {
			more := layers.Both("按 %s 解读时，其中 %d 个正好在所填网格内。", " Read as %s, %d of them lie in the grid that they name.", crs, n)
			p.astray.First = layers.Text{layers.Chinese: p.astray.First[layers.Chinese] + more[layers.Chinese], layers.English: p.astray.First[layers.English] + more[layers.English]}
			return
		}
	}
}

// unclaimed tells of features that lie in a grid and name none.
func (p *placing) unclaimed() {
	if p.unassigned.Count == 0 {
		return
	}
	p.add(layers.Rule{
		Check: "positions.unassigned", Level: layers.LevelNote, Title: layers.Both("未填网格", "No grid named"),
		Broken: layers.Both("{of} 个要素中有 {n} 个在网格内却没有填网格。", "{n} of {of} features lie in a grid but name none."),
		Remedy: layers.Both("填写 grid 字段；通过接口写入时会自动填写。", "Fill in the field grid; the API does so by itself."),
	}.Finding(p.table.Layer.Name, p.unassigned))
}
