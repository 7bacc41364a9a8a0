package layers

import (
	"fmt"
	"sync"
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
		if t.edit.layer.Name == l.Name {
			return nil, Invalid("name", "layer %s stands twice in the catalogue", l.Name)
		}
	}
	t := &TableBuilder{builder: b, edit: newTable(&l, 0).edit(), rules: l.relaxed(), texts: map[string]string{}}
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

// TableBuilder takes the features of one layer.
type TableBuilder struct {
	builder *Builder
	edit    *edit
	rules   Layer             // what the record's rows must keep: the layer without required fields or geometry
	texts   map[string]string // equal texts share their bytes
	open    uint32            // the chunk being filled
}

// maxShared bounds the texts that are remembered in order to be shared.
const maxShared = 1 << 16

// Add adds a feature. One that breaks its layer's rules, or whose id is there already, is noted and left out. It keeps
// the feature's geometry; the values are copied.
func (t *TableBuilder) Add(f Feature) {
	if err := t.check(&f); err != nil {
		t.builder.Note(t.edit.layer.Name, f.ID, err)
		return
	}
	values := make([]Value, len(f.Values))
	for i, v := range f.Values {
		if v.s != "" {
			v.s = t.share(v.s)
		}
		values[i] = v
	}
	f.Values = values
	t.edit.put(&f)
	if n := (t.edit.size() - 1) / chunkRows; n != t.open {
		t.seal()
		t.open = n
	}
}

// Has tells whether a feature was added.
func (t *TableBuilder) Has(id int64) bool {
	_, exists := t.edit.ids.Get(id)
	return exists
}

func (t *TableBuilder) check(f *Feature) error {
	if f.ID <= 0 {
		return Invalid("id", "id %d: expected a positive number", f.ID)
	}
	if t.Has(f.ID) {
		return fmt.Errorf("id %d stands twice", f.ID)
	}
	if f.Geometry == nil {
		placeless := t.rules
		placeless.Kind = None
		return placeless.Check(f)
	}
	return t.rules.Check(f)
}

// seal packs the chunk that is full.
func (t *TableBuilder) seal() {
	if d := t.edit.drafts[t.open]; d != nil {
		t.edit.chunks[t.open] = t.edit.table.seal(d)
		delete(t.edit.drafts, t.open)
	}
}

func (t *TableBuilder) share(s string) string {
	if known, ok := t.texts[s]; ok {
		return known
	}
	if len(t.texts) < maxShared {
		t.texts[s] = s
	}
	return s
}

func (t *TableBuilder) finish() *table {
	t.texts = nil
	return t.edit.done()
}
