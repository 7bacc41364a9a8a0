// Package storetest states the promises of a record (layers.Store) as tests that each implementation runs.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// Run tests a kind of record. open opens the record that is kept in dir, and makes it where there is none; it is called
// again with the same dir to open it anew, after the store before was closed if it has a Close method. What is left
// open must be closed by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T, dir string) layers.Store) {
	laws := map[string]func(*testing.T, *record){
		"round trip of every type":          roundTrip,
		"kinds of geometry":                 kinds,
		"names that mean something in SQL":  names,
		"all or nothing":                    allOrNothing,
		"ids are given once":                ids,
		"conflicts":                         conflicts,
		"what is refused":                   refusals,
		"numbers grow":                      numbers,
		"writers at the same time":          concurrent,
		"a large batch":                     large,
		"a write is done once":              once,
		"a write sent many times at once":   onceAmong,
		"schemas":                           schemas,
		"dropped layers":                    drops,
		"watchers see each change in order": watchers,
		"watch from a past state":           past,
		"watch ends with ErrStale":          staleness,
		"watch is assured and ends":         idle,
	}
	for name, law := range laws {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &record{T: t, dir: t.TempDir(), open: open}
			r.Store = open(t, r.dir)
			law(t, r)
		})
	}
}

// record is a store under test.
type record struct {
	*testing.T
	layers.Store
	dir  string
	open func(t *testing.T, dir string) layers.Store
}

// reopen closes the store and opens it anew.
func (r *record) reopen() {
	r.Helper()
	if c, ok := r.Store.(interface{ Close() error }); ok {
		if err := c.Close(); err != nil {
			r.Fatalf("close: %v", err)
		}
	}
	r.Store = r.open(r.T, r.dir)
}

// put writes what must succeed.
func (r *record) put(changes ...layers.Change) layers.Seq {
	r.Helper()
	seq, err := r.Put(r.Context(), layers.Key{}, changes)
	if err != nil {
		r.Fatalf("put: %v (cause: %v)", err, layers.Cause(err))
	}
	return seq
}

// fails writes what must fail with an error of a kind, and sees that it changed nothing.
func (r *record) fails(kind error, changes ...layers.Change) {
	r.Helper()
	before, seq := Contents(r.T, r.Store)
	if _, err := r.Put(r.Context(), layers.Key{}, changes); !errors.Is(err, kind) {
		r.Errorf("put: got %v, want an error that is %q", err, kind)
	}
	after, now := Contents(r.T, r.Store)
	if seq != now || fmt.Sprint(before) != fmt.Sprint(after) {
		r.Errorf("a put that failed changed the record from state %d to %d", seq, now)
	}
}

// Contents loads a record and returns the ETag of every feature by layer and id, and the state's number. It fails the
// test where the load notes anything.
func Contents(t *testing.T, s layers.Store) (map[string]map[int64]string, layers.Seq) {
	t.Helper()
	view := load(t, s)
	out := map[string]map[int64]string{}
	for _, table := range view.Tables() {
		etags := map[int64]string{}
		table.Each(nil, func(r layers.Row) bool {
			etags[r.ID()] = r.ETag()
			return true
		})
		out[table.Layer.Name] = etags
	}
	return out, view.Seq
}

func load(t *testing.T, s layers.Store) *layers.View {
	t.Helper()
	b := layers.NewBuilder()
	seq, err := s.Load(t.Context(), b)
	if err != nil {
		t.Fatalf("load: %v (cause: %v)", err, layers.Cause(err))
	}
	for _, n := range b.Notes() {
		t.Errorf("load noted %s %d: %s", n.Layer, n.ID, n.Reason)
	}
	return b.Snapshot(seq).View(layers.Scope{Audience: layers.Restricted})
}

// Layer returns the schema of a layer with a field of every type, named as the type.
func Layer(name string, kind layers.GeometryKind) layers.Layer {
	l := layers.Layer{Name: name, Kind: kind, Title: layers.Text{"zh": "试验", "en": "trial"}, MaxZoom: 20}
	for _, t := range []layers.FieldType{layers.String, layers.Int, layers.Float, layers.Bool, layers.Time, layers.Date, layers.Strings} {
		l.Fields = append(l.Fields, layers.Field{Name: string(t), Type: t})
	}
	codes := []layers.Code{{Value: "low"}, {Value: "high"}, {Value: "高"}}
	l.Fields = append(l.Fields, layers.Field{Name: "enum", Type: layers.Enum, Codes: codes})
	return l
}

// Feature returns a feature of Layer(name, layers.Point) whose values and place follow from n.
func Feature(id int64, n int) *layers.Feature {
	at := time.Date(2017, 12, 4, 8, 30, 0, n*1000, time.UTC).Add(time.Duration(n) * time.Minute)
	return &layers.Feature{
		ID:       id,
		Geometry: orb.Point{116.3 + float64(n%1000)/3e4, 39.9 + float64(n/1000)/3e4},
		Values: []layers.Value{
			layers.TextValue(fmt.Sprintf("第%d号", n)), layers.IntValue(int64(n)), layers.FloatValue(float64(n) / 7),
			layers.BoolValue(n%2 == 1), layers.TimeValue(at), layers.DateValue(at), layers.ListValue([]string{"甲", fmt.Sprint(n)}),
			layers.TextValue([]string{"low", "high", "高"}[n%3]),
		},
	}
}

func define(name string, kind layers.GeometryKind) layers.Change {
	l := Layer(name, kind)
	return layers.Change{Op: layers.Define, Layer: name, Schema: &l}
}

func insert(layer string, f *layers.Feature) layers.Change {
	return layers.Change{Op: layers.Insert, Layer: layer, Feature: f}
}

func update(layer string, f *layers.Feature) layers.Change {
	return layers.Change{Op: layers.Update, Layer: layer, ID: f.ID, Feature: f}
}

func remove(layer string, id int64) layers.Change {
	return layers.Change{Op: layers.Delete, Layer: layer, ID: id}
}

// follow runs Watch until the test ends and sends what it is told, idle calls left out. The channel is closed when Watch
// has returned, after its error was sent on failed.
func follow(t *testing.T, s layers.Store, after layers.Seq) (told <-chan layers.Change, failed <-chan error) {
	t.Helper()
	changes, ended := make(chan layers.Change, 1<<16), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- s.Watch(ctx, after, func(cs []layers.Change, _ bool) error {
			for _, c := range cs {
				changes <- c
			}
			return nil
		})
		close(changes)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return changes, ended
}

// patience bounds every wait of the tests.
const patience = 20 * time.Second

// next waits for the next change.
func next(t *testing.T, told <-chan layers.Change) layers.Change {
	t.Helper()
	select {
	case c, ok := <-told:
		if !ok {
			t.Fatal("watch ended")
		}
		return c
	case <-time.After(patience):
		t.Fatal("no change was told in time")
	}
	return layers.Change{}
}
