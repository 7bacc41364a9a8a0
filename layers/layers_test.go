package layers

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 2026)) }

var start = time.Date(2017, 12, 4, 0, 30, 0, 0, time.UTC)

// things is a layer with a field of every type, two of them hidden from the public.
func things(name string, kind GeometryKind, audience Audience) Layer {
	return Layer{
		Name: name, Kind: kind, Audience: audience, MaxZoom: 18, TimeField: "at",
		Title: Text{Chinese: "事物", English: "Things"},
		Fields: []Field{
			{Name: "code", Type: String},
			{Name: "count", Type: Int},
			{Name: "weight", Type: Float},
			{Name: "open", Type: Bool},
			{Name: "at", Type: Time},
			{Name: "day", Type: Date},
			{Name: "kind", Type: Enum, Codes: []Code{{Value: "a"}, {Value: "b"}, {Value: "c"}}},
			{Name: "tags", Type: Strings},
			{Name: "community", Type: String},
			{Name: "phone", Type: String, Audience: Restricted},
			{Name: "secret", Type: Int, Audience: System},
		},
	}
}

// anyValue returns a value that a field may have, often null, sometimes extreme.
func anyValue(r *rand.Rand, f *Field) Value {
	if r.IntN(6) == 0 {
		return Value{}
	}
	switch f.Type {
	case Int:
		return IntValue([]int64{int64(r.IntN(5)), int64(r.IntN(1000)) * 1000, r.Int64() - r.Int64(), math.MaxInt64, math.MinInt64 + 1}[r.IntN(5)])
	case Float:
		return FloatValue([]float64{float64(r.IntN(5)), r.NormFloat64() * 1e6, math.MaxFloat64, math.SmallestNonzeroFloat64}[r.IntN(4)])
	case Bool:
		return BoolValue(r.IntN(2) == 0)
	case Time:
		return TimeValue(start.Add(time.Duration(r.IntN(1e6)) * time.Second).Add(time.Duration(r.IntN(2)*r.IntN(1e6)) * time.Microsecond))
	case Date:
		return DateValue(start.AddDate(0, 0, r.IntN(1000)-500))
	case Enum:
		return TextValue(f.Codes[r.IntN(len(f.Codes))].Value)
	case Strings:
		return ListValue([]string{"x", "街道", fmt.Sprint(r.IntN(9))}[:1+r.IntN(3)])
	}
	switch f.Name {
	case "community":
		return TextValue(fmt.Sprintf("42010600100%d", r.IntN(4)))
	}
	return TextValue([]string{"", "积玉桥", fmt.Sprint(r.IntN(20)), fmt.Sprint(r.Int64())}[r.IntN(4)])
}

// anyGeometry returns a geometry of a kind, sometimes none, sometimes at an end of the world.
func anyGeometry(r *rand.Rand, kind GeometryKind) orb.Geometry {
	if r.IntN(12) == 0 || kind == None {
		return nil
	}
	p := orb.Point{114.29 + 0.03*r.Float64(), 30.55 + 0.03*r.Float64()}
	switch r.IntN(12) {
	case 0:
		p = orb.Point{r.Float64()*360 - 180, r.Float64()*180 - 90}
	case 1:
		p = orb.Point{180 * float64(1-2*r.IntN(2)), 89 * (1 - 2*r.Float64())}
	}
	size := math.Pow(10, -5+4*r.Float64())
	q := orb.Point{math.Min(p[0]+size, 180), math.Min(p[1]+size, 90)}
	if p[0] > 179 {
		q[0] = p[0] - size
	}
	if p[1] > 89 {
		q[1] = p[1] - size
	}
	switch kind {
	case Point:
		return p
	case Line:
		return orb.LineString{p, q}
	case Polygon:
		return orb.Polygon{{p, {q[0], p[1]}, q, {p[0], q[1]}, p}}
	}
	return []orb.Geometry{p, orb.MultiPoint{p, q}, orb.MultiLineString{{p, q}}, orb.MultiPolygon{{{p, {q[0], p[1]}, q, p}}}}[r.IntN(4)]
}

func anyFeature(r *rand.Rand, l *Layer, id int64) Feature {
	f := Feature{ID: id, Geometry: anyGeometry(r, l.Kind), Values: make([]Value, len(l.Fields))}
	for i := range f.Values {
		f.Values[i] = anyValue(r, &l.Fields[i])
	}
	return f
}

// load returns a snapshot of layers with features, as state seq.
func load(t testing.TB, seq Seq, layers []Layer, features map[string][]Feature) *Snapshot {
	t.Helper()
	b := NewBuilder()
	for _, l := range layers {
		table, err := b.Layer(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range features[l.Name] {
			table.Add(f)
		}
	}
	s := b.Snapshot(seq)
	if notes := b.Notes(); len(notes) > 0 {
		t.Fatalf("not on the map: %v", notes)
	}
	return s
}

// everything sees all layers but the service's own.
var everything = Scope{Audience: Restricted}

func tableOf(t testing.TB, s *Snapshot, scope Scope, name string) *Table {
	t.Helper()
	tab, err := s.View(scope).Table(name)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func wantKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}
