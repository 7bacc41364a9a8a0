// Package checkup examines what is on the map: codes, areas that overlap or leave gaps, zones that are not contiguous,
// responders without a grid.
package checkup

import (
	"context"
	"time"

	"shapan/layers"
)

// The fixed names of the layers that are examined.
const (
	subdistricts = "subdistricts"
	communities  = "communities"
	zones        = "zones"
	grids        = "grids"
	responders   = "responders"
)

// What the checks let pass.
const (
	leastArea    = 1.0             // m²: smaller overlaps and gaps are nothing
	leastWidth   = 0.1             // m: narrower ones come from coordinates of six decimals, and are a warning
	leastBorder  = 1.0             // m: grids that share less of a border touch only at a corner
	borderReach  = 0.1             // m: how far apart two drawings of one border may be
	mostGrids    = 5               // grids of one zone
	gridReach    = 1.0             // m: how far outside its grid a position may be: the width of a line on the map
	farAway      = 1000.0          // m: who is farther outside the subdistrict has a wrong position rather than an errand
	clockReach   = 5 * time.Minute // how far clocks may differ
	datumSample  = 4000            // positions of a layer that are tried in other datums
	progressStep = 1 << 10         // units of work between two reports of progress
)

// Options configures an examination. The zero value works.
type Options struct {
	Now      time.Time             // what is later lies in the future; zero: time.Now()
	Progress func(done, total int) // called now and then with the units of work done and to do; nil: not called
}

// Examine examines everything that v shows and returns its findings, at least one for each check, in an order that does
// not change: codes, areas, zones, responders, positions, times. v should show everything: what is hidden is missed. It
// takes seconds for a thousand grids and about a minute for twenty thousand; it stops with ctx's error.
func Examine(ctx context.Context, v *layers.View, o Options) ([]layers.Finding, error) {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	e := &exam{ctx: ctx, view: v, now: o.Now, progress: o.Progress}
	if e.progress == nil {
		e.progress = func(int, int) {}
	}
	for _, t := range v.Tables() {
		e.features += t.Len()
	}
	e.read()
	stages := e.stages()
	for _, s := range stages {
		e.total += s.work
	}
	for _, s := range stages {
		end := e.done + s.work
		if err := s.run(); err != nil {
			return nil, err
		}
		e.done = end
		e.progress(e.done, e.total)
	}
	return e.found, nil
}

// stage is one part of the examination; work is how many units it counts by step.
type stage struct {
	work int
	run  func() error
}

// exam is an examination at work.
type exam struct {
	ctx      context.Context
	view     *layers.View
	now      time.Time
	progress func(done, total int)
	features int // on the whole map

	done, total int

	subdistricts, communities, zones, grids *areas

	found []layers.Finding
}

func (e *exam) stages() []stage {
	n := func(a ...*areas) (sum int) {
		for _, x := range a {
			sum += len(x.all)
		}
		return sum
	}
	everywhere := n(e.subdistricts, e.communities, e.zones, e.grids)
	return []stage{
		{everywhere, e.present},
		{everywhere, e.codes},
		{2 * e.features, e.unique},
		{e.features, e.references},
		{everywhere, e.valid},
		{n(e.communities, e.grids), e.overlaps},
		{n(e.communities, e.zones, e.subdistricts), e.gaps},
		{n(e.communities, e.grids), e.outside},
		{n(e.grids), e.straddling},
		{n(e.zones), e.zoned},
		{e.features, e.people},
		{e.features, e.positions},
		{e.features, e.times},
	}
}

// step counts a unit of work; it fails when the examination is to stop.
func (e *exam) step() error {
	e.done++
	if e.done%progressStep == 0 {
		e.progress(min(e.done, e.total), e.total)
		return e.ctx.Err()
	}
	return nil
}

func (e *exam) add(f ...layers.Finding) { e.found = append(e.found, f...) }

// each calls fn with the rows of a table, counting them, until fn fails.
func (e *exam) each(t *layers.Table, fn func(layers.Row)) (err error) {
	t.Each(nil, func(r layers.Row) bool {
		if err = e.step(); err == nil {
			fn(r)
		}
		return err == nil
	})
	return err
}

// present says which of the layers that the checks are about are not on the map.
func (e *exam) present() error {
	rule := layers.Rule{
		Check: "codes.layers", Level: layers.LevelNote, Title: layers.Both("图层齐全", "Layers"),
		Kept:   layers.Both("街道、社区、片区、网格、人员图层都在。", "The layers of subdistricts, communities, zones, grids and responders are on the map."),
		Broken: layers.Both("缺 {n} 个图层，与之有关的检查已略过。", "{n} layers are not on the map: the checks that need them were left out."),
		Remedy: layers.Both("用 'shapan load' 导入，或用 'shapan layer add' 新建。", "Load them with 'shapan load', or add them with 'shapan layer add'."),
	}
	found := layers.Tally{Looked: 5}
	for _, name := range []string{subdistricts, communities, zones, grids, responders} {
		if t, err := e.view.Table(name); err != nil || t.Len() == 0 {
			found.Add(layers.Both("%s 没有要素。", "%s has no features.", name))
		}
	}
	e.add(rule.Finding("", found))
	return nil
}
