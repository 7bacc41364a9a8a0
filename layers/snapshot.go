package layers

import (
	"slices"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// Snapshot is everything on the map in one state of the record. It is immutable and safe for any number of readers.
type Snapshot struct {
	Seq    Seq // the state's number
	tables []*table
	mark   string // tells the keys of its views from those of states of the same number; empty where it came from the record

	views   [System]atomic.Pointer[View] // by audience, of scopes without communities: made once, then shared
	service atomic.Pointer[View]
}

// table returns a layer's table, or nil.
func (s *Snapshot) table(name string) *table {
	for _, t := range s.tables {
		if t.layer.Name == name {
			return t
		}
	}
	return nil
}

// Features returns the number of features over all layers, the service's own included.
func (s *Snapshot) Features() int {
	n := 0
	for _, t := range s.tables {
		n += t.ids.Len()
	}
	return n
}

// Applied is a change as readers are told of it, without its content: who may see the feature asks a View for it.
type Applied struct {
	Seq    Seq
	Layer  string
	ID     int64
	Op     Op          // Insert, Update or Delete
	Bounds []orb.Bound // where the feature was and is, lon/lat degrees: none, one or two
	areas  []string    // the communities it was and is in, where the layer tells
}

// step is the way from one snapshot to the next: the writer's own, until done.
type step struct {
	from  *Snapshot
	seq   Seq
	edits map[string]*edit
	told  []Applied // what readers are told; nil where it is too much
	flood bool      // more than recentChanges: readers load again
	notes []Note
}

func (s *Snapshot) step() *step { return &step{from: s, seq: s.Seq, edits: map[string]*edit{}} }

// add makes changes, which are in order. Changes to layers that the snapshot does not have, and features that break
// their layer's rules, are left out and noted.
func (t *step) add(changes []Change) {
	for _, c := range changes {
		t.seq = max(t.seq, c.Seq)
		e := t.edits[c.Layer]
		if e == nil {
			table := t.from.table(c.Layer)
			if table == nil {
				t.note(c, "the map has no such layer")
				continue
			}
			e = table.edit()
			t.edits[c.Layer] = e
		}
		a, err := e.apply(c)
		if err != nil {
			t.note(c, err.Error())
			if a.Op != Delete {
				continue
			}
		}
		t.tell(a)
	}
}

func (t *step) note(c Change, reason string) {
	if len(t.notes) < maxNotes {
		t.notes = append(t.notes, Note{Layer: c.Layer, ID: c.ID, Reason: reason})
	}
}

func (t *step) tell(a Applied) {
	switch {
	case t.flood:
	case len(t.told) >= recentChanges:
		t.told, t.flood = nil, true
	default:
		t.told = append(t.told, a)
	}
}

// rest packs what was written so far: a step of a million changes must not hold them all unpacked.
func (t *step) rest() {
	for _, e := range t.edits {
		e.pack()
	}
}

// done returns the next snapshot, to be published.
func (t *step) done() *Snapshot {
	next := &Snapshot{Seq: t.seq, tables: slices.Clone(t.from.tables)}
	for i, table := range next.tables {
		if e := t.edits[table.layer.Name]; e != nil {
			next.tables[i] = e.done()
		}
	}
	return next
}

// apply makes one change and marks where it was made. Where it fails, Op is Delete if the feature had to go.
func (e *edit) apply(c Change) (Applied, error) {
	a := Applied{Seq: c.Seq, Layer: c.Layer, ID: c.ID, Op: Insert}
	row, existed := e.ids.Get(c.ID)
	if existed {
		a.Op = Update
		a.areas = e.areasOf(row, a.areas)
	}
	switch {
	case c.Op == Delete:
		a.Op = Delete
		a.Bounds = e.remove(c.ID)
	case c.Feature == nil:
		return a, Invalid("", "a change without a feature")
	default:
		rules := e.layer.relaxed()
		if c.Feature.Geometry == nil {
			rules.Kind = None
		}
		if err := rules.Check(c.Feature); err != nil {
			if existed { // what is in the record cannot be shown: show nothing rather than the past
				a.Op, a.Bounds = Delete, e.remove(c.ID)
				e.touch(a)
			}
			return a, err
		}
		before, after := e.put(c.Feature)
		a.Bounds = append(before, after...)
		row, _ = e.ids.Get(c.ID)
		a.areas = e.areasOf(row, a.areas)
	}
	e.touch(a)
	return a, nil
}

// touch marks where a change was made.
func (e *edit) touch(a Applied) {
	for _, b := range a.Bounds {
		e.marks = e.marks.touch(worldBox(b), a.Seq)
	}
	e.last = max(e.last, a.Seq)
}

// areasOf appends the community of a row, where the layer has that field.
func (e *edit) areasOf(row uint32, areas []string) []string {
	field := e.layer.areaField()
	if field < 0 {
		return areas
	}
	v := Value{}
	if d := e.drafts[row/chunkRows]; d != nil {
		v = d.rows[row%chunkRows][field]
	} else {
		v = e.value(row, field)
	}
	return append(areas, v.Text())
}
