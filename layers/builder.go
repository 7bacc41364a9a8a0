package layers

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// Builder gathers what a record loads into the first snapshot. Its tables may be filled at the same time, each by one
// goroutine.
type Builder struct {
	mu     sync.Mutex
	tables []*TableBuilder
	notes  []Note
}

// Note says why a row of the record is not on the map, or is shown otherwise than it stands in the record.
type Note struct {
	Layer  string
	ID     int64 // 0 where the note is about the layer
	Reason string
	Shown  bool // the row is on the map, mended as the reason says
}

// maxNotes bounds the notes that are kept; more are only counted.
const maxNotes = 1000

// NewBuilder returns an empty builder.
func NewBuilder() *Builder { return new(Builder) }

// Layer adds a layer and returns where its features go. Layers keep the order in which they are added. It fails with
// ErrInvalid when the schema is invalid or the name is taken.
func (b *Builder) Layer(l Layer) (*TableBuilder, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tables {
		if t.table.layer.Name == l.Name {
			return nil, Invalid("name", "layer %s stands twice in the catalogue", l.Name)
		}
	}
	t := newTableBuilder(b, &l)
	b.tables = append(b.tables, t)
	return t, nil
}

// Note notes a row that cannot be a feature; id is 0 for a layer as a whole.
func (b *Builder) Note(layer string, id int64, reason error) {
	b.note(Note{Layer: layer, ID: id, Reason: reason.Error()})
}

// Repaired notes a row that is on the map otherwise than it stands in the record.
func (b *Builder) Repaired(layer string, id int64, reason error) {
	b.note(Note{Layer: layer, ID: id, Reason: reason.Error(), Shown: true})
}

func (b *Builder) note(n Note) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.notes) < maxNotes {
		b.notes = append(b.notes, n)
	}
}

// Notes returns what was noted, the first thousand.
func (b *Builder) Notes() []Note {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Note(nil), b.notes...)
}

// Snapshot returns what was gathered as the record's state seq. The builder must not be used afterwards.
func (b *Builder) Snapshot(seq Seq) *Snapshot {
	s := &Snapshot{Seq: seq}
	for _, t := range b.tables {
		done := t.finish()
		done.base, done.last = seq, seq
		s.tables = append(s.tables, done)
	}
	return s
}

// TableBuilder takes the features of one layer. Its rows stand as columns from the beginning, in buffers that are used
// again for each chunk: a million features must not be a million allocations.
type TableBuilder struct {
	builder *Builder
	table   *table
	rules   Layer // what the record's rows must keep: the layer without required fields
	least   Layer // the same without geometry

	ids    []int64 // of the chunk being filled, as the columns are
	geom   []any
	cols   [][]Value // one a field
	shared []sharer  // one a field
	last   int64     // the greatest id

	places  []place       // not yet handed to the index
	indexed chan struct{} // closed when the index has what was handed to it before
}

// place is a row and where it is.
type place struct {
	bound orb.Bound
	x, y  uint32 // the world position of its south-west corner
	row   uint32
	key   uint32 // of a point, as its cell holds it
	day   uint16
}

// placesAtOnce is how many rows are handed to the index together.
const placesAtOnce = 32 * chunkRows

func newTableBuilder(b *Builder, l *Layer) *TableBuilder {
	t := &TableBuilder{builder: b, table: newTable(l, 0), rules: l.relaxed(), least: l.relaxed()}
	t.least.Kind = None
	t.cols, t.shared = make([][]Value, len(l.Fields)), make([]sharer, len(l.Fields))
	return t
}

// Add adds a feature. One that breaks its layer's rules, or whose id is there already, is noted and left out. It keeps
// the feature's geometry; the values are copied, equal texts of a field share their bytes.
func (t *TableBuilder) Add(f Feature) { t.add(&f, false) }

// AddShared is Add for a record that makes its texts by Text, and in which every text is UTF-8 without U+0000: they are
// not looked at again.
func (t *TableBuilder) AddShared(f Feature) { t.add(&f, true) }

func (t *TableBuilder) add(f *Feature, shared bool) {
	if err := t.check(f, shared); err != nil {
		t.builder.Note(t.table.layer.Name, f.ID, err)
		return
	}
	t.number(f.ID, t.table.rows()+uint32(len(t.ids)))
	t.ids, t.geom = append(t.ids, f.ID), append(t.geom, t.table.hold(f.Geometry))
	for i, v := range f.Values {
		if !shared && v.s != "" {
			v.s = t.shared[i].share(v.s)
		}
		t.cols[i] = append(t.cols[i], v)
	}
	if len(t.ids) == chunkRows {
		t.seal()
	}
}

// Text returns a text of a field as a string, the same bytes for equal ones. It does not keep raw.
func (t *TableBuilder) Text(field int, raw []byte) string { return t.shared[field].text(raw) }

// Has tells whether a feature was added.
func (t *TableBuilder) Has(id int64) bool {
	_, exists := t.table.ids.Get(id)
	return exists
}

func (t *TableBuilder) check(f *Feature, shared bool) error {
	if f.ID <= 0 {
		return Invalid("id", "id %d: expected a positive number", f.ID)
	}
	if f.ID <= t.last && t.Has(f.ID) {
		return fmt.Errorf("id %d stands twice", f.ID)
	}
	rules := &t.rules
	if f.Geometry == nil {
		rules = &t.least
	}
	return rules.examine(f, !shared)
}

// number remembers where an id stands. Records mostly give them in order, which is the quick way.
func (t *TableBuilder) number(id int64, row uint32) {
	if id > t.last {
		t.last = id
		t.table.ids.Load(id, row)
		return
	}
	t.table.ids.Set(id, row)
}

// seal packs the chunk that is full, or the last.
func (t *TableBuilder) seal() {
	if len(t.ids) == 0 {
		return
	}
	var before *chunk
	if n := len(t.table.chunks); n > 0 {
		before = t.table.chunks[n-1]
	}
	c := t.table.pack(t.ids, t.geom, func(field, row int) Value { return t.cols[field][row] }, before)
	t.append(c)
	t.ids, t.geom = t.ids[:0], t.geom[:0]
	for i := range t.cols {
		t.cols[i] = t.cols[i][:0]
	}
}

// append adds a chunk to the table, and its rows to those that wait for the index.
func (t *TableBuilder) append(c *chunk) {
	row := t.table.rows()
	t.table.chunks = append(t.table.chunks, c)
	var keys [chunkRows]uint32
	var days [chunkRows]uint16
	if t.table.cells != nil {
		t.table.cells.facets.keys(c, t.table.kinds, &keys, &days)
	}
	for i := range c.ids {
		if b, ok := t.table.bound(row + uint32(i)); ok && c.ids[i] != 0 {
			x, y := geo.World(b.Min)
			t.places = append(t.places, place{b, x, y, row + uint32(i), keys[i], days[i]})
		}
	}
	if len(t.places) >= placesAtOnce {
		t.place()
	}
}

// place hands rows to the index, which another processor may fill meanwhile. Rows that are near each other go in
// together, for the tree is large and its parts come and go. There is at most one part waiting.
func (t *TableBuilder) place() {
	places, before, done := t.places, t.indexed, make(chan struct{})
	if before != nil {
		<-before
	}
	t.places, t.indexed = nil, done
	go func() {
		defer close(done)
		order := make([]nearby, len(places))
		for i, p := range places {
			order[i] = nearby{(spread(p.x) | spread(p.y)<<1) >> 16, int32(i)}
		}
		slices.SortFunc(order, func(a, b nearby) int { return cmp.Compare(a.code, b.code) })
		for _, o := range order {
			p := &places[o.at]
			t.table.index.Insert(p.bound, p.row)
			if t.table.cells != nil {
				t.table.cells.add(p.x, p.y, p.row, p.key, p.day)
			}
		}
	}()
}

// nearby is a place in the order in which neighbours stand together.
type nearby struct {
	code uint64 // a Morton code
	at   int32
}

// take adds a chunk that is packed already, of which every value was checked; all chunks before it are full. It fails where
// an id is there already.
func (t *TableBuilder) take(c *chunk) error {
	row := t.table.rows()
	t.append(c)
	for i, id := range c.ids {
		switch {
		case id == 0:
			t.table.free = append(t.table.free, row+uint32(i))
		case id <= t.last && t.Has(id):
			return fmt.Errorf("id %d stands twice", id)
		default:
			t.number(id, row+uint32(i))
		}
	}
	return nil
}

func (t *TableBuilder) finish() *table {
	t.seal()
	t.place()
	<-t.indexed
	if t.table.cells != nil {
		t.table.cells.settle()
	}
	return t.table
}

// sharer makes equal texts of a field share their bytes. Where nearly all differ it gives up, for looking costs.
type sharer struct {
	known         map[string]string
	asked, missed int
	off           bool
}

// maxShared bounds the texts of a field that are remembered in order to be shared.
const maxShared = 1 << 13

func (s *sharer) share(text string) string {
	if s.off {
		return text
	}
	s.asked++
	if known, ok := s.known[text]; ok {
		return known
	}
	return s.learn(text)
}

func (s *sharer) text(raw []byte) string {
	if s.off || len(raw) == 0 {
		return string(raw)
	}
	s.asked++
	if known, ok := s.known[string(raw)]; ok {
		return known
	}
	return s.learn(string(raw))
}

func (s *sharer) learn(text string) string {
	s.missed++
	if s.known == nil {
		s.known = map[string]string{}
	}
	if len(s.known) < maxShared {
		s.known[text] = text
	} else if s.missed > s.asked/2 {
		s.off, s.known = true, nil
	}
	return text
}
