package checkup

import (
	"shapan/layers"
)

// staff is what the responders' layer says of the grids and of each other.
type staff struct {
	leaders map[string]int   // of each grid
	heads   map[string]bool  // zones that have a zone leader
	ids     map[string]int64 // responders by code
}

// people checks who looks after which grid, and who stands in for whom.
func (e *exam) people() error {
	t, err := e.view.Table(responders)
	if err != nil || t.Len() == 0 || t.Layer.Index("role") < 0 {
		return nil
	}
	s := staff{map[string]int{}, map[string]bool{}, map[string]int64{}}
	err = e.each(t, func(r layers.Row) {
		s.ids[r.Get("code").Text()] = r.ID()
		role := r.Get("role").Text()
		if grid := r.Get("grid").Text(); role == "grid_leader" && grid != "" {
			s.leaders[grid]++
		}
		if role == "zone_leader" || r.Get("zone_leader").Bool() {
			s.heads[r.Get("zone").Text()] = true
		}
	})
	if err != nil {
		return err
	}
	if t.Layer.Index("grid") >= 0 && len(e.grids.all) > 0 {
		e.homes(t)
		e.led(s)
	}
	if t.Layer.Index("zone_leader") >= 0 && len(e.zones.all) > 0 {
		e.headed(s)
	}
	if t.Layer.Index("partner") >= 0 {
		e.partners(t, s)
	}
	return nil
}

// homes checks that grid leaders have a grid that there is.
func (e *exam) homes(t *layers.Table) {
	var without, unknown layers.Tally
	t.Each(nil, func(r layers.Row) bool {
		grid := r.Get("grid").Text()
		leader := r.Get("role").Text() == "grid_leader"
		if leader {
			without.Looked++
		}
		switch {
		case grid == "" && leader:
			without.Add(layers.Both("%[1]d (%[2]s)。", "%[1]d (%[2]s).", r.ID(), r.Get("code").Text()), r.ID())
		case grid != "":
			unknown.Looked++
			if e.grids.byCode[grid] == nil {
				unknown.Add(layers.Both("%[1]d 的网格是 %[2]q。", "%[1]d has grid %[2]q.", r.ID(), grid), r.ID())
			}
		}
		return true
	})
	e.add(layers.Rule{
		Check: "responders.grid", Level: layers.LevelWarning, Title: layers.Both("网格长有网格", "Grids of leaders"),
		Kept:   layers.Both("{of} 位网格长都有网格。", "Each of the {of} grid leaders has a grid."),
		Broken: layers.Both("{of} 位网格长中有 {n} 位没有网格：不会被当作任何网格的负责人。", "{n} of {of} grid leaders have no grid: they are nobody's leader."),
		Remedy: layers.Both("填写他们的 grid 字段。", "Fill in their field grid."),
	}.Finding(responders, without), layers.Rule{
		Check: "responders.reference", Level: layers.LevelError, Title: layers.Both("网格存在", "Known grids"),
		Kept:   layers.Both("{of} 位人员的网格都存在。", "The grids of {of} responders are on the map."),
		Broken: layers.Both("{of} 位人员中有 {n} 位的网格不存在。", "{n} of {of} responders have a grid that is not on the map."),
		Remedy: layers.Both("更正他们的 grid 字段。", "Correct their field grid."),
	}.Finding(responders, unknown))
}

// led checks that grids have a leader.
func (e *exam) led(s staff) {
	none, many := layers.Tally{Looked: len(e.grids.all)}, layers.Tally{Looked: len(e.grids.all)}
	for _, g := range e.grids.all {
		switch n := s.leaders[g.code]; {
		case n == 0:
			none.Add(layers.Both("%s。", "%s.", g.named()), g.id)
		case n > 1:
			many.Add(layers.Both("%s 有 %d 位。", "%s has %d.", g.named(), n), g.id)
		}
	}
	e.add(layers.Rule{
		Check: "responders.leader", Level: layers.LevelWarning, Title: layers.Both("网格有网格长", "Leaders of grids"),
		Kept:   layers.Both("{of} 个网格都有网格长。", "Each of the {of} grids has a leader."),
		Broken: layers.Both("{of} 个网格中有 {n} 个没有网格长：那里的事件无人负责。", "{n} of {of} grids have no leader: what happens there is nobody's."),
		Remedy: layers.Both("为这些网格指定网格长。", "Name a grid leader for them."),
	}.Finding(grids, none))
	if many.Count > 0 {
		e.add(layers.Rule{
			Check: "responders.leaders", Level: layers.LevelNote, Title: layers.Both("多位网格长", "Several leaders"),
			Broken: layers.Both("{of} 个网格中有 {n} 个不止一位网格长；归属查询只答编号最小的一位。", "{n} of {of} grids have more than one leader; /locate answers the one with the lowest id."),
		}.Finding(grids, many))
	}
}

// headed checks that zones have a zone leader.
func (e *exam) headed(s staff) {
	found := layers.Tally{Looked: len(e.zones.all)}
	for _, z := range e.zones.all {
		if !s.heads[z.code] {
			found.Add(layers.Both("%s。", "%s.", z.named()), z.id)
		}
	}
	e.add(layers.Rule{
		Check: "responders.zone", Level: layers.LevelWarning, Title: layers.Both("片区有片长", "Leaders of zones"),
		Kept:   layers.Both("{of} 个片区都有片长。", "Each of the {of} zones has a leader."),
		Broken: layers.Both("{of} 个片区中有 {n} 个没有片长。", "{n} of {of} zones have no leader."),
		Remedy: layers.Both("把其中一位网格长的 zone_leader 设为是。", "Set the field zone_leader of one of its grid leaders."),
	}.Finding(zones, found))
}

// partners checks who stands in for whom.
func (e *exam) partners(t *layers.Table, s staff) {
	var none, wrong layers.Tally
	t.Each(nil, func(r layers.Row) bool {
		partner, code := r.Get("partner").Text(), r.Get("code").Text()
		leader := r.Get("role").Text() == "grid_leader"
		if leader {
			none.Looked++
		}
		if partner != "" {
			wrong.Looked++
		}
		switch _, known := s.ids[partner]; {
		case partner == "" && leader:
			none.Add(layers.Both("%[1]d (%[2]s)。", "%[1]d (%[2]s).", r.ID(), code), r.ID())
		case partner == "":
		case partner == code:
			wrong.Add(layers.Both("%[1]d（%[2]s）的 AB 角是自己。", "%[1]d (%[2]s) is their own.", r.ID(), code), r.ID())
		case !known:
			wrong.Add(layers.Both("%[1]d 的 AB 角 %[2]q 不存在。", "%[1]d has %[2]q, who is not there.", r.ID(), partner), r.ID())
		}
		return true
	})
	e.add(layers.Rule{
		Check: "responders.partner", Level: layers.LevelWarning, Title: layers.Both("有 AB 角", "Partners"),
		Kept:   layers.Both("{of} 位网格长都有 AB 角。", "Each of the {of} grid leaders has an AB partner."),
		Broken: layers.Both("{of} 位网格长中有 {n} 位没有 AB 角：请假时无人代岗。", "{n} of {of} grid leaders have no AB partner: nobody stands in for them."),
		Remedy: layers.Both("填写他们的 partner 字段（代岗人的编码）。", "Fill in their field partner, the code of who stands in."),
	}.Finding(responders, none), layers.Rule{
		Check: "responders.partners", Level: layers.LevelError, Title: layers.Both("AB 角有效", "Known partners"),
		Kept:   layers.Both("{of} 位 AB 角都是在册的其他人。", "All {of} AB partners are other responders on the map."),
		Broken: layers.Both("{of} 位 AB 角中有 {n} 位不存在或是本人。", "{n} of {of} AB partners are not on the map, or are the responder themselves."),
		Remedy: layers.Both("更正 partner 字段。", "Correct the field partner."),
	}.Finding(responders, wrong))
}
