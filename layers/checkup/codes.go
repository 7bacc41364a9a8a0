package checkup

import (
	"hash/maphash"
	"slices"

	"shapan/layers"
)

// codes checks how the codes of areas are written.
func (e *exam) codes() error {
	rule := layers.Rule{
		Check: "codes.format", Level: layers.LevelError, Title: layers.Both("编码格式", "Codes"),
		Kept:   layers.Both("{of} 个区域的编码都是上级编码加顺序号（街道 9 位、社区 12 位、网格 15 位、片区 14 位）。", "The codes of all {of} areas are the code of the area above and a number (subdistrict 9 digits, community 12, grid 15, zone 14)."),
		Broken: layers.Both("{of} 个编码中有 {n} 个格式不对。", "{n} of {of} codes are not written as they should be."),
		Remedy: layers.Both("更正 code 字段，或更正所属社区（街道）。", "Correct the field code, or the area that they are said to be part of."),
	}
	loose := rule // no standard says how zones are numbered
	loose.Level = layers.LevelWarning
	kept := len(e.found)
	var whole layers.Tally
	for _, c := range []struct {
		rule   layers.Rule
		areas  *areas
		more   int // digits after the parent's code
		parent string
	}{{rule, e.subdistricts, 9, ""}, {rule, e.communities, 3, "subdistrict"}, {loose, e.zones, 2, "community"}, {rule, e.grids, 3, "community"}} {
		if !c.areas.has("code") {
			continue
		}
		found := layers.Tally{Looked: len(c.areas.all)}
		whole.Looked += found.Looked
		for _, x := range c.areas.all {
			if err := e.step(); err != nil {
				return err
			}
			if c.areas.parent != c.parent {
				continue // the layer does not say what its areas are part of
			}
			if !digits(x.code, len(x.parent)+c.more) || x.code[:len(x.parent)] != x.parent || c.parent != "" && x.parent == "" {
				found.Add(layers.Both("%[1]d 的编码是 %[2]q，应为 %[3]q 加 %[4]d 位数字。", "%[1]d has code %[2]q: expected %[3]q and %[4]d digits.", x.id, x.code, x.parent, c.more), x.id)
			}
		}
		if found.Count > 0 {
			e.add(c.rule.Finding(c.areas.layer, found))
		}
	}
	if len(e.found) == kept {
		e.add(rule.Finding("", whole))
	}
	return nil
}

// digits tells whether a code is n digits.
func digits(code string, n int) bool {
	if len(code) != n {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}

// unique looks for codes that two features of a layer have.
func (e *exam) unique() error {
	rule := layers.Rule{
		Check: "codes.unique", Level: layers.LevelError, Title: layers.Both("编码唯一", "Unique codes"),
		Kept:   layers.Both("{of} 个编码在各自图层内不重复。", "None of the {of} codes stands twice in its layer."),
		Broken: layers.Both("{of} 个编码中有 {n} 个重复。", "{n} of {of} codes are used more than once."),
		Remedy: layers.Both("只保留一个；停用的编码不再使用。", "Leave the code to one of them; codes that were retired are not used again."),
	}
	var tallies []layers.LayerTally
	for _, t := range e.view.Tables() {
		if field := t.Layer.Index("code"); field >= 0 {
			found, err := e.repeated(t, field)
			if err != nil {
				return err
			}
			tallies = append(tallies, layers.LayerTally{Layer: t.Layer.Name, Tally: found})
		}
	}
	e.add(rule.Findings(tallies)...)
	return nil
}

// repeated counts the values of a field that more than one feature has. It remembers a number for each, not the text:
// there may be millions.
func (e *exam) repeated(t *layers.Table, field int) (found layers.Tally, err error) {
	seed := maphash.MakeSeed()
	sums := make([]uint64, 0, t.Len())
	err = e.each(t, func(r layers.Row) {
		if code := r.Value(field).Text(); code != "" {
			sums = append(sums, maphash.String(seed, code))
		}
	})
	found.Looked = len(sums)
	slices.Sort(sums)
	suspects := map[uint64]bool{}
	for i := 1; i < len(sums); i++ {
		if sums[i] == sums[i-1] {
			suspects[sums[i]] = true
		}
	}
	if err != nil || len(suspects) == 0 {
		return found, err
	}
	owners := map[string][]int64{}
	err = e.each(t, func(r layers.Row) {
		if code := r.Value(field).Text(); suspects[maphash.String(seed, code)] {
			owners[code] = append(owners[code], r.ID())
		}
	})
	for _, code := range sorted(owners) {
		if ids := owners[code]; len(ids) > 1 {
			slices.Sort(ids)
			found.Add(layers.Both("%[1]d 和 %[2]d 的编码都是 %[3]q。", "%[1]d and %[2]d both have code %[3]q.", ids[0], ids[1], code), ids...)
		}
	}
	return found, err
}

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// references looks for features that name areas which are not there, or areas that do not belong together.
func (e *exam) references() error {
	missing := layers.Rule{
		Check: "codes.reference", Level: layers.LevelError, Title: layers.Both("引用有效", "References"),
		Kept:   layers.Both("{of} 处社区、片区、网格编码都指向存在的区域。", "All {of} codes of communities, zones and grids name areas that there are."),
		Broken: layers.Both("{of} 处引用中有 {n} 处指向不存在的区域。", "{n} of {of} references name an area that there is none of."),
		Remedy: layers.Both("更正这些字段，或补上缺少的区域。", "Correct these fields, or add the areas that are missing."),
	}
	apart := layers.Rule{
		Check: "codes.agree", Level: layers.LevelError, Title: layers.Both("归属一致", "Belonging"),
		Kept:   layers.Both("{of} 个要素的网格、片区与社区互相一致。", "The grids, zones and communities that {of} features name belong together."),
		Broken: layers.Both("{of} 个要素中有 {n} 个的网格或片区不属于它的社区。", "{n} of {of} features name a grid or a zone of another community than their own."),
		Remedy: layers.Both("更正这些字段：按社区授权的用户会看到不该看的，看不到该看的。", "Correct these fields: who may see one community only sees too much or too little."),
	}
	var lost, torn []layers.LayerTally
	for _, t := range e.view.Tables() {
		l := &link{exam: e, table: t}
		if l.open() == 0 {
			continue
		}
		if err := e.each(t, l.look); err != nil {
			return err
		}
		lost = append(lost, layers.LayerTally{Layer: t.Layer.Name, Tally: l.lost})
		torn = append(torn, layers.LayerTally{Layer: t.Layer.Name, Tally: l.torn})
	}
	e.add(missing.Findings(lost)...)
	e.add(apart.Findings(torn)...)
	return nil
}

// link checks the areas that the features of one layer name.
type link struct {
	*exam
	table      *layers.Table
	fields     []reference
	lost, torn layers.Tally
}

// reference is a field that names an area.
type reference struct {
	name  string
	field int
	to    *areas
}

// open finds the fields and returns how many there are.
func (l *link) open() int {
	for _, r := range []reference{{"subdistrict", 0, l.subdistricts}, {"community", 0, l.communities}, {"zone", 0, l.zones}, {"grid", 0, l.grids}} {
		if r.field = l.table.Layer.Index(r.name); r.field >= 0 && r.to.has("code") {
			l.fields = append(l.fields, r)
		}
	}
	return len(l.fields)
}

// look checks one feature.
func (l *link) look(r layers.Row) {
	community, torn := "", false
	l.torn.Looked++
	for _, f := range l.fields {
		code := r.Value(f.field).Text()
		if f.name == "community" {
			community = code
		}
		if code == "" {
			continue
		}
		to := f.to.byCode[code]
		if l.table.Layer.Name != responders || f.name != "grid" { // that is told as a matter of the responders
			l.lost.Looked++
			if to == nil {
				l.lost.Add(layers.Both("%[1]d 的 %[2]s 是 %[3]q。", "%[1]d has %[2]s %[3]q.", r.ID(), f.name, code), r.ID())
			}
		}
		if to != nil && f.to.parent == "community" && community != "" && to.parent != community && !torn {
			torn = true
			l.torn.Add(layers.Both("%[1]d 的社区是 %[2]s，而它的 %[3]s %[4]s 属于 %[5]q。", "%[1]d is of community %[2]s, while its %[3]s %[4]s is of %[5]q.", r.ID(), community, f.name, code, to.parent), r.ID())
		}
	}
}
