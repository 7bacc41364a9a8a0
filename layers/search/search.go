package search

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Query is what is looked for.
type Query struct {
	Text   string
	Layers []string   // names; none: all that the caller sees
	Limit  int        // how many at most; 0: 10
	Near   *orb.Point // lon/lat degrees: of equally good ones of a layer the nearer come first; nil: by id
}

// Hit is a feature that was found.
type Hit struct {
	Row   layers.Row
	Score int // 1 to 100
}

// Found is what a search gives: the best first, in an order that is the same for the same state.
type Found struct {
	Hits  []Hit
	Total int      // how many were found
	Part  []string // layers of which only the newest MaxFeatures were searched
}

// Searcher keeps the indexes of the layers as they were last searched. The zero value is ready; it is for any number of
// goroutines, of which one makes an index at a time.
type Searcher struct {
	mu   sync.Mutex
	kept []kept // the one used last is the last
}

// kept is an index and what it is of.
type kept struct {
	key   string     // who sees what of which layer
	areas string     // the state of the areas whose names it has
	seq   layers.Seq // the state of the layer
	index *index
}

// maxKept bounds the features of all the indexes that are kept.
const maxKept = 1_000_000

// Find searches the layers of a view. It fails with layers.ErrInvalid for a text that is too long or says nothing, and with
// layers.ErrNotFound for a layer that the caller does not see.
func (s *Searcher) Find(v *layers.View, q Query) (Found, error) {
	words, err := parse(q.Text)
	if err != nil {
		return Found{}, err
	}
	tables, err := searched(v, q.Layers)
	if err != nil {
		return Found{}, err
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	var out Found
	c := collector{query: &q}
	for order, t := range tables {
		x := s.index(v, t)
		if x == nil {
			continue
		}
		if !x.whole {
			out.Part = append(out.Part, t.Layer.Name)
		}
		c.order, c.newest = order, t.Layer.TimeField != ""
		x.each(words, func(e *entry, score int) { c.add(x, e, score) })
	}
	out.Hits, out.Total = c.best(), c.total
	return out, nil
}

// searched returns the layers to search.
func searched(v *layers.View, names []string) ([]*layers.Table, error) {
	can := func(t *layers.Table) bool { return !t.Counted() && t.Layer.Kind != layers.None }
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(v.Tables()), func(t *layers.Table) bool { return !can(t) }), nil
	}
	var out []*layers.Table
	for _, name := range names {
		t, err := v.Table(name)
		if err != nil {
			return nil, err
		}
		if !can(t) {
			return nil, layers.Invalid("layers", "layer %s is not searched: it holds persons, or has no geometry", name)
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, nil
}

// index returns the index of a layer, made from that of an earlier state where there is one; nil where the layer has neither
// codes nor names.
func (s *Searcher) index(v *layers.View, t *layers.Table) *index {
	b := newBuilder(v, t)
	if !b.finds() {
		return nil
	}
	now := kept{key: v.Key() + " " + t.Layer.Name, areas: stateOf(v, "communities", "grids"), seq: t.LastSeq()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := slices.IndexFunc(s.kept, func(k kept) bool { return k.key == now.key }); at >= 0 {
		old := s.kept[at]
		s.kept = slices.Delete(s.kept, at, at+1)
		switch {
		case old.areas != now.areas:
		case old.seq == now.seq:
			now.index = old.index
		default:
			now.index = b.after(old.index)
		}
	}
	if now.index == nil {
		now.index = b.build()
	}
	s.kept = append(s.kept, now)
	s.bound()
	return now.index
}

// stateOf names the state of some layers, as far as the view has them.
func stateOf(v *layers.View, names ...string) (state string) {
	for _, name := range names {
		if t, err := v.Table(name); err == nil {
			state += fmt.Sprint(" ", t.LastSeq())
		}
	}
	return state
}

// bound forgets the indexes that were not used for longest.
func (s *Searcher) bound() {
	n := 0
	for i := len(s.kept) - 1; i >= 0; i-- {
		if n += len(s.kept[i].index.entries); n > maxKept && i < len(s.kept)-1 {
			s.kept = slices.Clone(s.kept[i+1:])
			return
		}
	}
}

// collector keeps the best hits.
type collector struct {
	query  *Query
	order  int  // of the layer
	newest bool // its highest ids come first
	total  int
	found  []ranked
	least  int // what is worse than this is not among the best
}

// ranked is a hit with what orders it.
type ranked struct {
	Hit
	order  int
	metres float64
	id     int64
}

func (c *collector) add(x *index, e *entry, score int) {
	c.total++
	if score < c.least {
		return
	}
	r := ranked{Hit: Hit{Score: score}, order: c.order, id: e.id}
	if c.newest {
		r.id = -e.id
	}
	row, ok := x.table.Get(e.id)
	if !ok {
		return // unreachable: the index is of this very table
	}
	r.Row = row
	if b, has := row.Bound(); has && c.query.Near != nil {
		r.metres = geo.Distance(*c.query.Near, b.Center())
	}
	c.found = append(c.found, r)
	if len(c.found) >= 256+2*c.query.Limit {
		c.cut()
		c.least = c.found[len(c.found)-1].Score
	}
}

// cut keeps as many as are asked for.
func (c *collector) cut() {
	slices.SortFunc(c.found, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.order, b.order), cmp.Compare(a.metres, b.metres), cmp.Compare(a.id, b.id))
	})
	c.found = c.found[:min(len(c.found), c.query.Limit)]
}

func (c *collector) best() []Hit {
	c.cut()
	out := make([]Hit, len(c.found))
	for i, r := range c.found {
		out[i] = r.Hit
	}
	return out
}
