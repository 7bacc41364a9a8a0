package dispatch_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/paulmach/orb"
)

// now is the moment of every question of the tests.
var now = fixtures.Reference()

// everything sees all but the service's own layers.
var everything = layers.Scope{Audience: layers.Restricted}

// sample is what dispatch asks of the sample subdistrict, made once; tests only read it.
var sample = sync.OnceValues(func() (map[string][]layers.Feature, error) {
	all := map[string][]layers.Feature{}
	err := fixtures.Generate(context.Background(), fixtures.Options{Events: 1}, func(layer string, f layers.Feature) error {
		if !slices.Contains([]string{fixtures.Buildings, fixtures.Facilities, fixtures.Screens, fixtures.Events}, layer) {
			all[layer] = append(all[layer], f)
		}
		return nil
	})
	return all, err
})

// town is features by layer, each as fields by name: what the tests make views of.
type town struct {
	t        testing.TB
	features map[string][]layers.Feature
	without  map[string]bool // layers that are not there
	personal bool            // whether responders are Personal
}

func newTown(t testing.TB) *town {
	return &town{t: t, features: map[string][]layers.Feature{}, without: map[string]bool{}}
}

// sampleTown is the sample subdistrict, whose features may be replaced but not edited.
func sampleTown(t testing.TB) *town {
	t.Helper()
	all, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	w := newTown(t)
	for name, list := range all {
		w.features[name] = append([]layers.Feature(nil), list...)
	}
	return w
}

// schema returns a layer of the catalogue, with some fields that a record may add.
func schema(t testing.TB, name string) layers.Layer {
	t.Helper()
	for _, l := range fixtures.Catalogue() {
		if l.Name != name {
			continue
		}
		switch name {
		case fixtures.Grids:
			l.Fields = append(l.Fields, layers.Field{Name: "valid_to", Type: layers.Date})
		case fixtures.Responders:
			l.Fields = append(l.Fields, layers.Field{Name: "skills", Type: layers.Strings}, layers.Field{Name: "remaining_min", Type: layers.Float})
		}
		return l
	}
	t.Fatalf("the catalogue has no layer %s", name)
	return layers.Layer{}
}

// add adds a feature with values by name.
func (w *town) add(layer string, id int64, g orb.Geometry, values map[string]layers.Value) {
	w.t.Helper()
	l := schema(w.t, layer)
	f := layers.Feature{ID: id, Geometry: g, Values: make([]layers.Value, len(l.Fields))}
	for name, v := range values {
		i := l.Index(name)
		if i < 0 {
			w.t.Fatalf("layer %s has no field %s", layer, name)
		}
		f.Values[i] = v
	}
	w.features[layer] = append(w.features[layer], f)
}

// set changes values of a feature, in a copy.
func (w *town) set(layer string, i int, values map[string]layers.Value) {
	w.t.Helper()
	l := schema(w.t, layer)
	f := w.features[layer][i]
	f.Values = append(make([]layers.Value, 0, len(l.Fields)), f.Values...)
	f.Values = f.Values[:len(f.Values):len(f.Values)]
	for len(f.Values) < len(l.Fields) {
		f.Values = append(f.Values, layers.Null())
	}
	for name, v := range values {
		f.Values[l.Index(name)] = v
	}
	w.features[layer][i] = f
}

func (w *town) view() *layers.View { return w.snapshot().View(everything) }

func (w *town) snapshot() *layers.Snapshot {
	w.t.Helper()
	b := layers.NewBuilder()
	for _, l := range fixtures.Catalogue() {
		if w.without[l.Name] {
			continue
		}
		l = schema(w.t, l.Name)
		l.Personal = l.Name == fixtures.Responders && w.personal
		table, err := b.Layer(l)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, f := range w.features[l.Name] {
			for len(f.Values) < len(l.Fields) {
				f.Values = append(f.Values[:len(f.Values):len(f.Values)], layers.Null())
			}
			table.Add(f)
		}
	}
	s := b.Snapshot(1)
	if notes := b.Notes(); len(notes) > 0 {
		w.t.Fatalf("not on the map: %v", notes)
	}
	return s
}

func text(s string) layers.Value       { return layers.TextValue(s) }
func whole(n int64) layers.Value       { return layers.IntValue(n) }
func number(x float64) layers.Value    { return layers.FloatValue(x) }
func ago(d time.Duration) layers.Value { return layers.TimeValue(now.Add(-d)) }

// east returns the position so many metres east of another.
func east(p orb.Point, metres float64) orb.Point {
	lo, hi := p[0], p[0]+1
	for range 60 {
		if mid := (lo + hi) / 2; geo.Distance(p, orb.Point{mid, p[1]}) < metres {
			lo = mid
		} else {
			hi = mid
		}
	}
	return orb.Point{lo, p[1]}
}

// box returns a rectangle of some degrees.
func box(west, south, wide, high float64) orb.Polygon {
	return orb.Polygon{{{west, south}, {west + wide, south}, {west + wide, south + high}, {west, south + high}, {west, south}}}
}

// rank asks, and fails the test where there is no answer.
func rank(t testing.TB, v *layers.View, s *dispatch.Streets, q dispatch.Question) *dispatch.Answer {
	t.Helper()
	if q.Now.IsZero() {
		q.Now = now
	}
	if q.Level == 0 {
		q.Level = 3
	}
	a, err := dispatch.Rank(v, s, q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
