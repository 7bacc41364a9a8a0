package layers

import (
	"maps"
	"slices"
	"testing"
)

// Changed tells every feature that differs between two states, and, of two that follow one another, none that was not touched.
func TestChangedTellsWhatDiffersBetweenTwoStates(t *testing.T) {
	t.Parallel()
	for i, kind := range []GeometryKind{Point, Polygon, None} {
		states := history(t, seeded(uint64(80+i)), kind, 12)
		for n, later := range states {
			earlier := states[max(0, n-1-n%3)]
			a, b := tableOf(t, earlier.snapshot, everything, "things"), tableOf(t, later.snapshot, everything, "things")
			told := map[int64]bool{}
			if !b.Changed(a, func(id int64) { told[id] = true }) {
				t.Fatal("states of one history cannot be compared")
			}
			back := map[int64]bool{}
			a.Changed(b, func(id int64) { back[id] = true })
			if !maps.Equal(told, back) {
				t.Errorf("%s, %d: %d there, %d back", kind, n, len(told), len(back))
			}
			all := maps.Clone(earlier.model)
			maps.Copy(all, later.model)
			for id := range all {
				was, before := earlier.model[id]
				is, after := later.model[id]
				if differs := before != after || was.ETag() != is.ETag(); differs && !told[id] {
					t.Errorf("%s, %d: feature %d is not told", kind, n, id)
				}
			}
			if n > 0 && earlier.snapshot == states[n-1].snapshot && len(told) > 80 { // 40 changes, each of which may move two rows
				t.Errorf("%s, %d: %d features are told for one batch", kind, n, len(told))
			}
		}
	}
}

func TestTablesThatAreNotOfOneKindAreNotCompared(t *testing.T) {
	t.Parallel()
	s := history(t, seeded(90), Point, 1)[1].snapshot
	other := history(t, seeded(90), Point, 1)[1].snapshot
	table := tableOf(t, s, everything, "things")
	for name, with := range map[string]*Table{
		"nothing":                nil,
		"the same, loaded anew":  tableOf(t, other, everything, "things"),
		"with fewer fields seen": tableOf(t, s, Scope{}, "things"),
	} {
		if table.Changed(with, func(int64) { t.Errorf("%s: a feature is told", name) }) {
			t.Errorf("%s is compared", name)
		}
	}
	var told []int64
	if !table.Changed(table, func(id int64) { told = append(told, id) }) || len(told) > 0 {
		t.Errorf("with itself: %v", told)
	}
	next, _, _ := s.apply([]Change{{Seq: 99, Op: Delete, Layer: "things", ID: anyID(table)}})
	if tableOf(t, next, everything, "things").Changed(table, func(id int64) { told = append(told, id) }); !slices.Equal(told, []int64{anyID(table)}) {
		t.Errorf("after one is deleted: %v", told)
	}
}

// anyID is the id of the first row.
func anyID(t *Table) (id int64) {
	t.Each(nil, func(r Row) bool { id = r.ID(); return false })
	return id
}
