package postgis

import (
	"errors"
	"strings"
	"testing"

	"shapan/layers"
	"shapan/layers/storetest"

	"github.com/paulmach/orb"
)

// inserts returns so many new features of a layer, with what is odd among their values.
func inserts(layer string, n int) []layers.Change {
	schema := storetest.Layer(layer, layers.Point)
	changes := make([]layers.Change, n)
	for i := range changes {
		f := storetest.Feature(int64(i+1), i)
		if i%3 == 1 {
			f.Values = make([]layers.Value, len(schema.Fields)) // all null
		}
		for j, field := range schema.Fields {
			if field.Type == layers.Strings && i%5 == 0 {
				f.Values[j] = layers.ListValue([]string{`a"b\c`, "", "{x,y}", "二"})
			}
		}
		changes[i] = layers.Change{Op: layers.Insert, Layer: layer, Feature: f}
	}
	return changes
}

// What COPY writes is what INSERT writes.
func TestCopyWritesAsInsert(t *testing.T) {
	t.Parallel()
	const n = 3 * worthCopying
	s := openAt(t, database(t), Config{})
	for _, layer := range []string{"copied", "inserted"} {
		schema := storetest.Layer(layer, layers.Point)
		mustPut(t, s, layers.Change{Op: layers.Define, Layer: layer, Schema: &schema})
	}
	mustPut(t, s, inserts("copied", n)...)
	for all := inserts("inserted", n); len(all) > 0; all = all[worthCopying/2:] {
		mustPut(t, s, all[:worthCopying/2]...)
	}
	all, _ := storetest.Contents(t, s)
	for id, want := range all["inserted"] {
		if got := all["copied"][id]; got != want {
			t.Fatalf("feature %d copied is %s, inserted %s", id, got, want)
		}
	}
	if len(all["copied"]) != n || len(all["inserted"]) != n {
		t.Fatalf("%d features copied, %d inserted", len(all["copied"]), len(all["inserted"]))
	}
}

// A long write that meets an id which is taken names it and leaves nothing; a counter that is behind is moved on.
func TestCopyMeetsTakenIDs(t *testing.T) {
	t.Parallel()
	s := openAt(t, database(t), Config{})
	schema := layers.Layer{Name: "trial", Kind: layers.Point, MaxZoom: 20}
	mustPut(t, s, layers.Change{Op: layers.Define, Layer: "trial", Schema: &schema})
	many := func(id func(i int) int64) []layers.Change {
		changes := make([]layers.Change, 2*worthCopying)
		for i := range changes {
			changes[i] = layers.Change{Op: layers.Insert, Layer: "trial", Feature: &layers.Feature{ID: id(i), Geometry: orb.Point{114.3, 30.5}}}
		}
		return changes
	}
	mustPut(t, s, layers.Change{Op: layers.Insert, Layer: "trial", Feature: &layers.Feature{ID: 77, Geometry: orb.Point{114.3, 30.5}}})
	before, seq := storetest.Contents(t, s)
	_, err := s.Put(t.Context(), layers.Key{}, many(func(i int) int64 { return int64(i + 1) }))
	if !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "feature 77 already") {
		t.Fatalf("the error is %v", err)
	}
	if after, now := storetest.Contents(t, s); len(after["trial"]) != len(before["trial"]) || now != seq {
		t.Fatalf("%d features at state %d, then %d at state %d", len(before["trial"]), seq, len(after["trial"]), now)
	}
	if _, err := s.pool.Exec(t.Context(), "INSERT INTO shapan.trial (id, geom) SELECT g, ST_SetSRID(ST_MakePoint(114.3, 30.5), 4326) FROM generate_series(100, 150) g"); err != nil {
		t.Fatal(err)
	}
	fresh := many(func(int) int64 { return 0 })
	mustPut(t, s, fresh...)
	for _, c := range fresh {
		if c.ID <= 150 || c.ID != c.Feature.ID {
			t.Fatalf("id %d was given", c.ID)
		}
	}
	if now, _ := storetest.Contents(t, s); len(now["trial"]) != 52+len(fresh) {
		t.Fatalf("%d features, expected %d", len(now["trial"]), 52+len(fresh))
	}
}

func mustPut(t *testing.T, s *Store, changes ...layers.Change) {
	t.Helper()
	if _, err := s.Put(t.Context(), layers.Key{}, changes); err != nil {
		t.Fatalf("put: %v (cause: %v)", err, layers.Cause(err))
	}
}
