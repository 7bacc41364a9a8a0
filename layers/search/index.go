package search

import (
	"cmp"
	"slices"
	"strings"

	"shapan/layers"
)

// MaxFeatures bounds how many features of a layer are searched; of a larger one, those of the highest ids.
const MaxFeatures = 200_000

// entry is a feature as it can be found.
type entry struct {
	id   int64
	code string // plain
	name *text  // never nil
	area *text  // community and grid together; never nil
	past bool   // it is over, which ranks it behind
}

// index is one layer in one state as one class of callers sees it. It is made, and then only read.
type index struct {
	table   *layers.Table
	entries []entry // by id
	whole   bool    // nothing was left out
	texts   int     // how many different texts the entries may have
	names   *names  // for the next builder alone
}

// names are the texts of the indexes of a layer, equal ones once.
type names struct {
	own, areas map[string]*text
	n          int
}

func newNames() *names { return &names{own: map[string]*text{}, areas: map[string]*text{}} }

// builder makes entries.
type builder struct {
	view  *layers.View
	table *layers.Table
	names *names
	// Positions of fields; -1 where the layer has none.
	code, name, community, grid, closed, cancelled int
}

func newBuilder(v *layers.View, t *layers.Table) *builder {
	b := &builder{view: v, table: t, names: newNames()}
	at := t.Layer.Index
	b.code, b.name = at("code"), at("name")
	if b.name < 0 {
		b.name = at("title")
	}
	b.community, b.grid, b.closed, b.cancelled = at("community"), at("grid"), at("closed_at"), at("cancelled_at")
	return b
}

// finds tells whether there is anything to find features by.
func (b *builder) finds() bool { return b.code >= 0 || b.name >= 0 }

// build makes the index of the whole layer.
func (b *builder) build() *index {
	x := &index{table: b.table, whole: true, names: b.names}
	b.table.Each(nil, func(r layers.Row) bool {
		x.entries = append(x.entries, b.entry(r))
		return true
	})
	x.finish()
	return x
}

func byID(a, b entry) int { return cmp.Compare(a.id, b.id) }

// finish orders the entries and leaves out what is too much.
func (x *index) finish() {
	x.texts = x.names.n
	slices.SortFunc(x.entries, byID)
	if n := len(x.entries) - MaxFeatures; n > 0 {
		x.entries, x.whole = slices.Clone(x.entries[n:]), false
	}
}

// after makes the index from that of another state of the layer; nil where the two cannot be compared.
func (b *builder) after(old *index) *index {
	if !old.whole || old.names.n > 2*len(old.entries)+1000 { // names that nothing has any more pile up
		return nil
	}
	b.names = old.names
	fresh := map[int64]entry{}
	gone := map[int64]bool{}
	ok := b.table.Changed(old.table, func(id int64) {
		if r, found := b.table.Get(id); found {
			fresh[id] = b.entry(r)
		} else {
			gone[id] = true
		}
	})
	if !ok {
		return nil
	}
	x := &index{table: b.table, entries: make([]entry, 0, len(old.entries)+len(fresh)), whole: true, names: b.names}
	for _, e := range old.entries {
		if now, changed := fresh[e.id]; changed {
			e = now
			delete(fresh, e.id)
		}
		if !gone[e.id] {
			x.entries = append(x.entries, e)
		}
	}
	for _, e := range fresh {
		x.entries = append(x.entries, e)
	}
	x.finish()
	return x
}

func (b *builder) entry(r layers.Row) entry {
	return entry{
		id: r.ID(), code: strings.ToLower(b.value(r, b.code)), name: b.text(b.value(r, b.name)),
		area: b.area(b.value(r, b.community), b.value(r, b.grid)), past: b.has(r, b.closed) || b.has(r, b.cancelled),
	}
}

func (b *builder) value(r layers.Row, field int) string {
	if field < 0 {
		return ""
	}
	return r.Value(field).Text()
}

func (b *builder) has(r layers.Row, field int) bool { return field >= 0 && !r.Value(field).IsNull() }

// text returns a name, made once.
func (b *builder) text(s string) *text {
	key := plain(s)
	if _, ok := b.names.own[key]; !ok {
		b.names.own[key] = b.names.text(s)
	}
	return b.names.own[key]
}

// area returns the names of a community and a grid as one text.
func (b *builder) area(community, grid string) *text {
	key := community + " " + grid
	if _, ok := b.names.areas[key]; !ok {
		b.names.areas[key] = b.names.text(nameOf(b.view, "communities", community) + " " + nameOf(b.view, "grids", grid))
	}
	return b.names.areas[key]
}

// text makes the next text.
func (n *names) text(s string) *text {
	t := newText(s)
	t.number = n.n
	n.n++
	return t
}

// nameOf returns the name of an area, "" where the caller sees none of that code.
func nameOf(v *layers.View, layer, code string) string {
	r := v.Coded(layer, code)
	if r.IsZero() {
		return ""
	}
	return r.Get("name").Text()
}
