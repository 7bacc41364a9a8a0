package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// expect compares one layer of the record, as it is and after it was opened anew, with features.
func (r *record) expect(layer string, features ...*layers.Feature) {
	r.Helper()
	want := map[int64]string{}
	for _, f := range features {
		want[f.ID] = f.ETag()
	}
	for range 2 {
		got, _ := Contents(r.T, r.Store)
		if diff := cmp.Diff(want, got[layer]); diff != "" {
			r.Errorf("layer %s (-want +got):\n%s", layer, diff)
		}
		r.reopen()
	}
}

func roundTrip(t *testing.T, r *record) {
	r.put(define("trial", layers.Point))
	var features []*layers.Feature
	var changes []layers.Change
	add := func(field int, values ...layers.Value) {
		for _, v := range values {
			f := Feature(int64(len(features)+1), len(features))
			f.Values[field] = v
			features = append(features, f)
			changes = append(changes, insert("trial", f))
		}
	}
	for i := range Layer("trial", layers.Point).Fields {
		add(i, layers.Null())
	}
	add(0, layers.TextValue(""), layers.TextValue("'; DROP TABLE trial; --"), layers.TextValue("\"`[]%_\\\n\r\t"), layers.TextValue("龘😀é"),
		layers.TextValue("2017-12-04"), layers.TextValue("007"), layers.TextValue("1e3"))
	add(1, layers.IntValue(0), layers.IntValue(-1), layers.IntValue(1<<53+1), layers.IntValue(math.MaxInt64), layers.IntValue(-math.MaxInt64))
	add(2, layers.FloatValue(0.1), layers.FloatValue(1), layers.FloatValue(math.MaxFloat64), layers.FloatValue(-math.SmallestNonzeroFloat64),
		layers.FloatValue(math.Pi), layers.FloatValue(1<<60))
	add(4, layers.TimeValue(time.Date(2017, 12, 4, 8, 30, 0, 123456789, time.FixedZone("", 8*3600))), layers.TimeValue(time.Unix(0, 0)),
		layers.TimeValue(time.Date(1900, 1, 1, 0, 0, 0, 1000, time.UTC)), layers.TimeValue(time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)))
	add(5, layers.DateValue(time.Date(2024, 2, 29, 23, 0, 0, 0, time.UTC)), layers.DateValue(time.Date(1582, 10, 10, 0, 0, 0, 0, time.UTC)))
	add(6, layers.ListValue(nil), layers.ListValue([]string{"a"}), layers.ListValue([]string{"[\"", "，", ",", ""}))
	r.put(changes...)
	r.expect("trial", features...)
}

func kinds(t *testing.T, r *record) {
	ring := orb.Ring{{116, 39}, {116.1, 39}, {116.1, 39.1}, {116, 39}}
	hole := orb.Ring{{116.08, 39.02}, {116.08, 39.04}, {116.09, 39.04}, {116.08, 39.02}}
	line := orb.LineString{{116, 39}, {116.123456789012345, 39.1}, {-179.9999, -84}}
	other := orb.Polygon{{{120, 30}, {120.1, 30}, {120.1, 30.1}, {120, 30}}}
	for kind, geometries := range map[layers.GeometryKind][]orb.Geometry{
		layers.Point:   {orb.Point{116.123456789012345, 39.1}, orb.Point{-180, -90}, orb.Point{0, 0}},
		layers.Line:    {line, orb.MultiLineString{line}, orb.MultiLineString{line, {{1, 2}, {3, 4}}}},
		layers.Polygon: {orb.Polygon{ring}, orb.Polygon{ring, hole}, orb.MultiPolygon{{ring}}, orb.MultiPolygon{{ring, hole}, other}},
		layers.Mixed:   {orb.Point{1, 2}, orb.MultiPoint{{1, 2}, {3, 4}}, line, orb.Polygon{ring}},
		layers.None:    {nil},
	} {
		name := "of_" + string(kind)
		changes := []layers.Change{define(name, kind)}
		var features []*layers.Feature
		for i, g := range geometries {
			f := Feature(int64(i+1), i)
			f.Geometry = g
			features = append(features, f)
			changes = append(changes, insert(name, f))
		}
		r.put(changes...)
		r.expect(name, features...)
	}
}

func names(t *testing.T, r *record) {
	fields := []string{"select", "Order", "order", "fid", "FID", "geom", "名称", "rowid", "g", "rowid_2", "x", "seq", "table_name", "ogc_fid", "ctid", "xmin"}
	for i, name := range []string{"select", "网格", "Table", "table", "gpkg_contents", "sqlite_master", "shapan_layers", "shapan_changes", "rtree_a",
		"spatial_ref_sys", "pg_class", "é", "_x"[1:], "a123456789012345678901234567890123456789012345678901234567890bc"} {
		l := layers.Layer{Name: name, Kind: layers.Point, MaxZoom: 20}
		f := &layers.Feature{ID: int64(i + 1), Geometry: orb.Point{116, 39}}
		for _, field := range fields {
			l.Fields = append(l.Fields, layers.Field{Name: field, Type: layers.String})
			f.Values = append(f.Values, layers.TextValue(field+" of "+name))
		}
		r.put(layers.Change{Op: layers.Define, Layer: name, Schema: &l}, insert(name, f))
		g := *f
		g.Values = append([]layers.Value{layers.TextValue("新")}, f.Values[1:]...)
		r.put(update(name, &g))
		if got, _ := Contents(t, r); got[name][g.ID] != g.ETag() {
			t.Errorf("layer %q: got %v, want the feature as updated", name, got[name])
		}
	}
}

func allOrNothing(t *testing.T, r *record) {
	r.put(define("trial", layers.Point), insert("trial", Feature(1, 1)))
	fresh := Feature(0, 3)
	r.fails(layers.ErrConflict, update("trial", Feature(1, 9)), insert("trial", fresh), define("more", layers.Point), insert("trial", Feature(1, 2)))
	if fresh.ID != 0 {
		t.Errorf("a put that failed gave the id %d", fresh.ID)
	}
	r.expect("trial", Feature(1, 1))
	r.fails(layers.ErrNotFound, insert("trial", Feature(7, 7)), remove("trial", 8))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Put(ctx, layers.Key{}, []layers.Change{insert("trial", Feature(9, 9))}); !errors.Is(err, context.Canceled) {
		t.Errorf("put with a context that has ended: got %v", err)
	}
	r.expect("trial", Feature(1, 1))
}

func ids(t *testing.T, r *record) {
	r.put(define("trial", layers.Point), insert("trial", Feature(40, 1)))
	changes := []layers.Change{insert("trial", Feature(0, 2)), insert("trial", Feature(0, 3))}
	r.put(changes...)
	for i, want := range []int64{41, 42} {
		if c := changes[i]; c.ID != want || c.Feature.ID != want {
			t.Errorf("insert %d: got change %d with feature %d, want %d in both", i, c.ID, c.Feature.ID, want)
		}
	}
	r.put(remove("trial", 42))
	r.reopen()
	again := []layers.Change{insert("trial", Feature(0, 4))}
	r.put(again...)
	if again[0].ID != 43 {
		t.Errorf("after 42 was deleted, the next id is %d, want 43: an id is never given twice", again[0].ID)
	}
	by := layers.Change{Op: layers.Insert, Layer: "trial", ID: 77, Feature: Feature(0, 5)}
	r.put(by)
	r.expect("trial", Feature(40, 1), Feature(41, 2), Feature(43, 4), Feature(77, 5))
}

func conflicts(t *testing.T, r *record) {
	first, second := Feature(1, 1), Feature(1, 2)
	r.put(define("trial", layers.Point), insert("trial", first))
	r.fails(layers.ErrConflict, insert("trial", second))
	r.fails(layers.ErrNotFound, update("trial", Feature(2, 2)))
	r.fails(layers.ErrNotFound, remove("trial", 2))
	r.fails(layers.ErrNotFound, insert("nowhere", Feature(2, 2)))
	when := func(c layers.Change, etag string) layers.Change { c.IfMatch = etag; return c }
	r.fails(layers.ErrConflict, when(update("trial", second), second.ETag()))
	r.fails(layers.ErrConflict, when(remove("trial", 1), second.ETag()))
	r.fails(layers.ErrNotFound, when(update("trial", Feature(2, 2)), first.ETag()))
	r.put(when(update("trial", second), first.ETag()))
	r.expect("trial", second)
	upsert := func(f *layers.Feature) layers.Change {
		return layers.Change{Op: layers.Upsert, Layer: "trial", ID: f.ID, Feature: f}
	}
	r.put(upsert(first), upsert(Feature(2, 2)))
	r.expect("trial", first, Feature(2, 2))
	r.put(when(remove("trial", 1), first.ETag()), insert("trial", second))
	r.expect("trial", second, Feature(2, 2))
}

func refusals(t *testing.T, r *record) {
	r.put(define("trial", layers.Point))
	good := Feature(1, 1)
	bad := map[string]func(*layers.Feature){
		"a value too few": func(f *layers.Feature) { f.Values = f.Values[1:] },
		"another type":    func(f *layers.Feature) { f.Values[1] = layers.TextValue("1") },
		"unknown code":    func(f *layers.Feature) { f.Values[7] = layers.TextValue("middle") },
		"no geometry":     func(f *layers.Feature) { f.Geometry = nil },
		"another kind":    func(f *layers.Feature) { f.Geometry = orb.LineString{{1, 2}, {3, 4}} },
		"no number":       func(f *layers.Feature) { f.Geometry = orb.Point{math.NaN(), 1} },
		"a negative id":   func(f *layers.Feature) { f.ID = -1 },
	}
	for name, spoil := range bad {
		t.Run(name, func(t *testing.T) {
			f := Feature(2, 2)
			spoil(f)
			r.fails(layers.ErrInvalid, insert("trial", good), insert("trial", f))
		})
	}
	r.fails(layers.ErrInvalid, layers.Change{Op: layers.Insert, Layer: "trial"})
	r.fails(layers.ErrInvalid, layers.Change{Layer: "trial", ID: 1})
	r.fails(layers.ErrInvalid, layers.Change{Op: layers.Insert, Layer: "trial", ID: 3, Feature: Feature(4, 4)})
	r.fails(layers.ErrInvalid, layers.Change{Op: layers.Define, Layer: "x"})
	r.fails(layers.ErrInvalid, layers.Change{Op: layers.Define, Layer: "x y", Schema: &layers.Layer{Name: "x y", Kind: layers.Point}})
}

func numbers(t *testing.T, r *record) {
	last := r.put(define("trial", layers.Point))
	for i := range 5 {
		seq := r.put(insert("trial", Feature(int64(i+1), i)))
		if seq <= last {
			t.Errorf("put %d has the number %d after %d", i, seq, last)
		}
		last = seq
	}
	if seq := r.put(); seq != last {
		t.Errorf("a put of nothing returns %d, want the current state %d", seq, last)
	}
	if _, seq := Contents(t, r); seq != last {
		t.Errorf("load is of state %d, want %d", seq, last)
	}
	r.put(remove("trial", 5))
	r.reopen()
	if seq := r.put(remove("trial", 4)); seq <= last+1 {
		t.Errorf("after it was opened anew the record counts on with %d, want more than %d", seq, last+1)
	}
}

func concurrent(t *testing.T, r *record) {
	const writers, each = 8, 10
	r.put(define("trial", layers.Point))
	var mu sync.Mutex
	seen := map[layers.Seq]bool{}
	given := map[int64]bool{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				changes := []layers.Change{insert("trial", Feature(0, w)), insert("trial", Feature(0, i))}
				seq, err := r.Put(t.Context(), layers.Key{}, changes)
				if err != nil {
					t.Errorf("put: %v", err)
					return
				}
				mu.Lock()
				seen[seq], given[changes[0].ID], given[changes[1].ID] = true, true, true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got, _ := Contents(t, r); len(seen) != writers*each || len(given) != 2*writers*each || len(got["trial"]) != 2*writers*each {
		t.Errorf("%d puts: %d states, %d ids, %d features", writers*each, len(seen), len(given), len(got["trial"]))
	}
}

func large(t *testing.T, r *record) {
	const n = 6_000
	after := r.put(define("trial", layers.Point))
	changes := make([]layers.Change, n)
	for i := range changes {
		changes[i] = insert("trial", Feature(int64(i+1), i))
	}
	r.put(changes...)
	got, _ := Contents(t, r)
	if len(got["trial"]) != n {
		t.Fatalf("%d features, want %d", len(got["trial"]), n)
	}
	told, _ := follow(t, r, after)
	for i := range n {
		c := next(t, told)
		if c.ID != int64(i+1) || c.Feature.ETag() != got["trial"][c.ID] {
			t.Fatalf("change %d: got feature %d, not as it was loaded", i, c.ID)
		}
	}
}

func once(t *testing.T, r *record) {
	start := r.put(define("trial", layers.Point))
	key := layers.Key{Name: "desk 7", Digest: "a"}
	send := func(key layers.Key, title string) (layers.Seq, int64, error) {
		f := Feature(0, 1)
		f.Values[0] = layers.TextValue(title)
		changes := []layers.Change{insert("trial", f), insert("trial", Feature(0, 2))}
		seq, err := r.Put(t.Context(), key, changes)
		if changes[0].ID != f.ID || err == nil && changes[1].ID != f.ID+1 {
			t.Errorf("the ids are %d in the change, %d in its feature, %d in the next", changes[0].ID, f.ID, changes[1].ID)
		}
		return seq, f.ID, err
	}
	f := Feature(0, 1)
	f.Geometry = nil
	if _, err := r.Put(t.Context(), key, []layers.Change{insert("trial", f)}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a bad write under the key: got %v, want ErrInvalid", err)
	}
	seq, id, err := send(key, "first")
	if err != nil || seq <= start || id == 0 {
		t.Fatalf("the first write after one that failed: state %d, id %d, %v", seq, id, err)
	}
	r.put(insert("trial", Feature(0, 3)))
	for range 2 {
		// The second try may differ in what the service filled in, such as the time.
		if again, same, err := send(key, "second try"); again != seq || same != id || err != nil {
			t.Errorf("the write sent again: state %d, id %d, %v; want state %d, id %d as the first time", again, same, err, seq, id)
		}
		r.reopen()
	}
	if _, _, err := send(layers.Key{Name: key.Name, Digest: "b"}, "another"); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another write under the same key: got %v, want ErrConflict", err)
	}
	if _, other, err := send(layers.Key{Name: "desk 8", Digest: "a"}, "first"); err != nil || other == id {
		t.Errorf("the same write under another key: id %d, %v; want a new one", other, err)
	}
	if got, _ := Contents(t, r); len(got["trial"]) != 5 {
		t.Errorf("%d features, want 5", len(got["trial"]))
	}
	if _, _, err := send(layers.Key{Name: strings.Repeat("x", layers.MaxKey+1)}, "x"); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a key that is too long: got %v, want ErrInvalid", err)
	}
}

func onceAmong(t *testing.T, r *record) {
	r.put(define("trial", layers.Point))
	var wg sync.WaitGroup
	ids := make([]int64, 8)
	for i := range ids {
		wg.Go(func() {
			changes := []layers.Change{insert("trial", Feature(0, 1))}
			if _, err := r.Put(t.Context(), layers.Key{Name: "k", Digest: "d"}, changes); err != nil {
				t.Errorf("put: %v", err)
			}
			ids[i] = changes[0].ID
		})
	}
	wg.Wait()
	if got, _ := Contents(t, r); len(got["trial"]) != 1 {
		t.Errorf("%d features, want 1", len(got["trial"]))
	}
	if slices.Min(ids) != slices.Max(ids) {
		t.Errorf("the ids are %v, want the same for all", ids)
	}
}

func schemas(t *testing.T, r *record) {
	r.put(define("trial", layers.Point), insert("trial", Feature(9, 1)), remove("trial", 9))
	l := layers.Layer{Name: "trial", Kind: layers.Point, MaxZoom: 20, Fields: []layers.Field{{Name: "a", Type: layers.Int}}}
	redefine := func() layers.Change { c := l; return layers.Change{Op: layers.Define, Layer: "trial", Schema: &c} }
	one := []layers.Change{insert("trial", &layers.Feature{Geometry: orb.Point{1, 2}, Values: []layers.Value{layers.IntValue(5)}})}
	r.put(redefine())
	r.put(one...)
	if one[0].ID != 10 {
		t.Errorf("the first id after the schema was replaced is %d, want 10", one[0].ID)
	}
	l.Fields = []layers.Field{{Name: "新", Type: layers.Time}, {Name: "a", Type: layers.Int}, {Name: "A", Type: layers.String}}
	l.Title, l.Personal = layers.Text{"zh": "改"}, true
	r.put(redefine())
	persons := Layer("persons", layers.Point)
	persons.Personal = true
	r.put(layers.Change{Op: layers.Define, Layer: "persons", Schema: &persons})
	r.expect("trial", &layers.Feature{ID: 10, Geometry: orb.Point{1, 2}, Values: []layers.Value{layers.Null(), layers.IntValue(5), layers.Null()}})
	view := load(t, r)
	if table, err := view.Table("trial"); err != nil || table.Layer.Title.In("zh") != "改" || !table.Layer.Personal {
		t.Errorf("the schema is not as it was defined: %v", err)
	}
	if table, err := view.Table("persons"); err != nil || !table.Layer.Personal {
		t.Errorf("a layer of persons is one no more: %v", err)
	}
	l.Fields = l.Fields[:1]
	r.fails(layers.ErrInvalid, redefine())
	l.Fields = []layers.Field{{Name: "a", Type: layers.String}}
	r.fails(layers.ErrInvalid, redefine())
	l.Fields, l.Kind = []layers.Field{{Name: "a", Type: layers.Int}}, layers.Polygon
	r.fails(layers.ErrInvalid, redefine())
}

func drops(t *testing.T, r *record) {
	r.put(define("a", layers.Point), define("b", layers.Line), define("c", layers.None), insert("a", Feature(1, 1)))
	r.put(layers.Change{Op: layers.Drop, Layer: "a"})
	r.fails(layers.ErrNotFound, layers.Change{Op: layers.Drop, Layer: "a"})
	r.fails(layers.ErrNotFound, insert("a", Feature(1, 1)))
	r.put(define("a", layers.Point), insert("a", Feature(2, 2)))
	r.expect("a", Feature(2, 2))
	var order []string
	for _, table := range load(t, r).Tables() {
		order = append(order, table.Layer.Name)
	}
	if diff := cmp.Diff([]string{"b", "c", "a"}, order); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
}

func watchers(t *testing.T, r *record) {
	after := r.put(define("a", layers.Point), define("b", layers.Point))
	var told []<-chan layers.Change
	for range 3 {
		changes, _ := follow(t, r, after)
		told = append(told, changes)
	}
	put := func(op layers.Op, layer string, f *layers.Feature) {
		t.Helper()
		c := layers.Change{Op: op, Layer: layer, ID: f.ID, Feature: f}
		want := layers.Change{Op: layers.Update, Layer: layer, ID: f.ID, Feature: f}
		if op == layers.Delete {
			c.Feature, want.Op, want.Feature = nil, layers.Delete, nil
		}
		want.Seq = r.put(c)
		for i, watcher := range told {
			if got := next(t, watcher); digest(got) != digest(want) {
				t.Errorf("watcher %d was told %s, want %s", i, digest(got), digest(want))
			}
		}
	}
	for i := range 10 {
		put(layers.Insert, "a", Feature(int64(i+1), i))
		put(layers.Upsert, "b", Feature(7, i))
		put(layers.Update, "a", Feature(int64(i+1), i+50))
	}
	put(layers.Delete, "a", Feature(3, 0))
	put(layers.Delete, "b", Feature(7, 0))
}

// digest writes a change as a line.
func digest(c layers.Change) string {
	s := fmt.Sprintf("%d %s %s %d", c.Seq, c.Op, c.Layer, c.ID)
	if c.Feature != nil {
		s += " " + c.Feature.ETag()
	}
	return s
}

func past(t *testing.T, r *record) {
	start := r.put(define("a", layers.Point))
	states := []layers.Seq{start}
	for i := range 6 {
		states = append(states, r.put(insert("a", Feature(int64(i+1), i))))
	}
	states = append(states, r.put(update("a", Feature(1, 70))), r.put(remove("a", 2)))
	r.reopen()
	now, _ := Contents(t, r)
	for i, after := range states {
		told, _ := follow(t, r, after)
		last, seen := after, map[int64]bool{}
		for last < states[len(states)-1] {
			c := next(t, told)
			if c.Seq <= last {
				t.Errorf("from state %d: %d was told after %d", after, c.Seq, last)
			}
			if seen[c.ID] {
				t.Errorf("from state %d: feature %d was told twice", after, c.ID)
			}
			last, seen[c.ID] = c.Seq, true
			if (c.Op == layers.Delete) != (c.ID == 2) || c.Feature != nil && c.Feature.ETag() != now["a"][c.ID] {
				t.Errorf("from state %d: got %s, want the feature as it is now", after, digest(c))
			}
		}
		wanted := map[int64]bool{} // the features that a later change is about
		for j := i + 1; j < len(states); j++ {
			wanted[[]int64{1, 2, 3, 4, 5, 6, 1, 2}[j-1]] = true
		}
		if len(seen) != len(wanted) {
			t.Errorf("from state %d: told of %d features, want %d", after, len(seen), len(wanted))
		}
	}
}

func staleness(t *testing.T, r *record) {
	before := r.put(define("a", layers.Point), insert("a", Feature(1, 1)))
	_, failed := follow(t, r, before)
	defined := r.put(define("b", layers.Point))
	for _, c := range []struct {
		name   string
		failed <-chan error
	}{
		{"while it is watched", failed},
		{"from a state before", second(follow(t, r, before))},
		{"from a state to come", second(follow(t, r, defined+1000))},
	} {
		select {
		case err := <-c.failed:
			if !errors.Is(err, layers.ErrStale) {
				t.Errorf("%s: watch ended with %v, want ErrStale", c.name, err)
			}
		case <-time.After(patience):
			t.Errorf("%s: watch did not end", c.name)
		}
	}
	told, _ := follow(t, r, defined)
	r.put(insert("b", Feature(1, 1)))
	if c := next(t, told); c.Layer != "b" {
		t.Errorf("after the definition: got %s", digest(c))
	}
}

func second(_ <-chan layers.Change, failed <-chan error) <-chan error { return failed }

func idle(t *testing.T, r *record) {
	after := r.put(define("a", layers.Point))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, calls := time.Now(), 0
	err := r.Watch(ctx, after, func(changes []layers.Change, _ bool) error {
		if len(changes) > 0 {
			t.Errorf("told of %d changes, there are none", len(changes))
		}
		if calls++; calls == 4 {
			cancel()
		}
		return nil
	})
	if took := time.Since(begun); !errors.Is(err, context.Canceled) || took > 4*time.Second {
		t.Errorf("4 assurances took %v and watch ended with %v, want at least one a second and the context's error", took, err)
	}
	mine := errors.New("enough")
	if err := r.Watch(t.Context(), after, func([]layers.Change, bool) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("watch ended with %v, want the callback's error", err)
	}
}
