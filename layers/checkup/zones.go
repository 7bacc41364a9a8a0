package checkup

import (
	"slices"
	"strings"

	"shapan/geo"
	"shapan/layers"
)

// zoned checks that zones are 1 to 5 grids side by side.
func (e *exam) zoned() error {
	if len(e.zones.all) == 0 || !e.grids.has("zone") {
		return nil
	}
	size := layers.Rule{
		Check: "zones.size", Level: layers.LevelError, Title: layers.Both("片区大小", "Size of zones"),
		Kept:   layers.Both("{of} 个片区各有 1 至 5 个网格。", "Each of the {of} zones has 1 to 5 grids."),
		Broken: layers.Both("{of} 个片区中有 {n} 个不是 1 至 5 个网格。", "{n} of {of} zones do not have 1 to 5 grids."),
		Remedy: layers.Both("更正网格的 zone 字段，或撤销空片区。", "Correct the field zone of the grids, or remove the zone that has none."),
	}
	apart := layers.Rule{
		Check: "zones.contiguous", Level: layers.LevelError, Title: layers.Both("片区连片", "Contiguous zones"),
		Kept:   layers.Both("{of} 个片区的网格都相邻成片。", "The grids of each of the {of} zones lie side by side."),
		Broken: layers.Both("{of} 个片区中有 {n} 个不连片（只在角上相接不算相邻）。", "{n} of {of} zones are not contiguous: their grids share no border of 1 m (meeting at a corner is not enough)."),
		Remedy: layers.Both("更正网格的 zone 字段，或把片区分开。", "Correct the field zone of the grids, or divide the zone."),
	}
	var sizes, pieces layers.Tally
	members := e.grids.group(func(x *area) string { return x.zone })
	for _, z := range e.zones.all {
		if err := e.step(); err != nil {
			return err
		}
		own := members[z.code]
		sizes.Looked++
		pieces.Looked++
		if n := len(own); n < 1 || n > mostGrids {
			sizes.Add(layers.Both("%s 有 %d 个网格。", "%s has %d grids.", z.named(), n), z.id)
		}
		if groups := contiguous(own); len(groups) > 1 {
			var each []string
			for _, g := range groups {
				each = append(each, strings.Join(g, " "))
			}
			about := z.named() + ": " + strings.Join(each, " | ") + "."
			pieces.Add(layers.Text{layers.Chinese: about, layers.English: about}, z.id)
		}
	}
	e.add(size.Finding(zones, sizes), apart.Finding(zones, pieces))
	return nil
}

// contiguous divides areas into groups that hang together by borders, and returns their codes.
func contiguous(all []*area) (groups [][]string) {
	left := slices.Clone(all)
	for len(left) > 0 {
		group := left[:1:1]
		left = left[1:]
		for i := 0; i < len(group); i++ { // what is reached from each is added to the end
			left = slices.DeleteFunc(left, func(x *area) bool {
				if !neighbours(group[i], x) {
					return false
				}
				group = append(group, x)
				return true
			})
		}
		var codes []string
		for _, x := range group {
			codes = append(codes, x.named())
		}
		slices.Sort(codes)
		groups = append(groups, codes)
	}
	return groups
}

// neighbours tells whether two areas share a border.
func neighbours(x, y *area) bool {
	return x.geometry != nil && y.geometry != nil && geo.SharedBorder(x.geometry, y.geometry, borderReach) > leastBorder
}
