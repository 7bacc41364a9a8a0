package layers

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// eventLayer has the fields of the layer that grows: events.
func eventLayer() Layer {
	enum := func(name string, n int) Field {
		f := Field{Name: name, Type: Enum}
		for i := range n {
			f.Codes = append(f.Codes, Code{Value: fmt.Sprintf("%s_%d", name, i)})
		}
		return f
	}
	l := Layer{Name: "events", Kind: Point, Audience: Internal, MaxZoom: 18, TimeField: "reported_at"}
	add := func(typ FieldType, names ...string) {
		for _, n := range names {
			l.Fields = append(l.Fields, Field{Name: n, Type: typ})
		}
	}
	add(String, "code", "title", "category")
	l.Fields = append(l.Fields, enum("domain", 6), enum("severity", 4), enum("source", 7), enum("request", 5), enum("stage", 10), enum("subject", 8))
	add(Int, "level", "reworked_count", "returned_count", "extended_count")
	add(Bool, "self_found", "solved_on_spot")
	add(String, "community", "zone", "grid", "assignee", "provenance")
	add(Float, "accuracy_m")
	add(Time, "reported_at", "accepted_at", "filed_at", "dispatched_at", "ack_at", "arrived_at", "disposed_at", "checked_at", "closed_at", "cancelled_at", "deadline_at")
	return l
}

// fillEvents adds n events as a district files them: in the order of time, each stage minutes after the one before.
func fillEvents(tab *TableBuilder, n int) {
	r := seeded(50)
	l := eventLayer()
	for id := 1; id <= n; id++ {
		f := Feature{ID: int64(id), Geometry: orb.Point{114.30 + 0.1*r.Float64(), 30.53 + 0.1*r.Float64()}, Values: make([]Value, len(l.Fields))}
		at := start.Add(time.Duration(id*31) * time.Second)
		grid := r.IntN(119)
		for i := range l.Fields {
			f.Values[i] = eventValue(&l.Fields[i], id, grid, r.IntN(1000))
			if l.Fields[i].Type == Time && l.Fields[i].Name != "cancelled_at" {
				at = at.Add(time.Duration(20+r.IntN(3000)) * time.Second)
				f.Values[i] = TimeValue(at)
			}
		}
		tab.Add(f)
	}
}

func eventValue(f *Field, id, grid, dice int) Value {
	switch f.Type {
	case Enum:
		return TextValue(f.Codes[dice%len(f.Codes)].Value)
	case Int:
		return IntValue(int64(dice % 5))
	case Bool:
		return BoolValue(dice%2 == 0)
	case Float:
		return FloatValue(float64(dice%300) / 10)
	}
	switch f.Name {
	case "code":
		return TextValue(fmt.Sprintf("E%09d", id))
	case "title":
		return TextValue(fmt.Sprintf("事件标题%d", dice%40))
	case "category":
		return TextValue(fmt.Sprintf("04%02d", dice%60))
	case "community":
		return TextValue(fmt.Sprintf("4201060010%02d", grid/10))
	case "zone":
		return TextValue(fmt.Sprintf("4201060010%02d%02d", grid/10, grid%10/3))
	case "grid":
		return TextValue(fmt.Sprintf("4201060010%02d%03d", grid/10, grid%10))
	case "assignee":
		return TextValue(fmt.Sprintf("R%03d", grid))
	case "provenance":
		return TextValue("synthetic")
	}
	return Value{}
}

func loadEvents(b *testing.B, n int) *Snapshot {
	b.Helper()
	builder := NewBuilder()
	tab, err := builder.Layer(eventLayer())
	if err != nil {
		b.Fatal(err)
	}
	fillEvents(tab, n)
	return builder.Snapshot(1)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMillionEvents reports what an event takes in memory, index included.
func BenchmarkMillionEvents(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		before := heap()
		s := loadEvents(b, n)
		b.ReportMetric(float64(heap()-before)/n, "bytes/event")
		runtime.KeepAlive(s)
	}
}

// BenchmarkOneChangeOfAMillion applies a batch with one change.
func BenchmarkOneChangeOfAMillion(b *testing.B) {
	s := loadEvents(b, 1_000_000)
	r := seeded(51)
	tab := s.View(everything).tables[0]
	seq := Seq(1)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		row, _ := tab.Get(1 + r.Int64N(1_000_000))
		f := row.Feature()
		f.Geometry = orb.Point{114.30 + 0.1*r.Float64(), 30.53 + 0.1*r.Float64()}
		seq++
		s, _, _ = s.apply([]Change{{Seq: seq, Op: Update, Layer: "events", ID: f.ID, Feature: &f}})
	}
}

func BenchmarkFilterAMillion(b *testing.B) {
	tab := loadEvents(b, 1_000_000).View(everything).tables[0]
	f, err := tab.Compile(Query{Terms: []Term{{Field: "stage", Op: In, Values: []string{"stage_3"}}, {Field: "level", Op: AtLeast, Values: []string{"3"}}}})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		tab.Count(f)
	}
}

func BenchmarkPageOfAMillion(b *testing.B) {
	tab := loadEvents(b, 1_000_000).View(everything).tables[0]
	at := tab.Layer.Index("reported_at")
	b.ResetTimer()
	for b.Loop() {
		tab.Page(PageQuery{Sort: []SortKey{{Field: at, Descending: true}}, Limit: 100})
	}
}

// BenchmarkGather gathers a million events in bins of a 64th of a tile of zoom 12, as heat does, by the filters that are
// asked for; the last one is about a field that no key holds.
func BenchmarkGather(b *testing.B) {
	s := loadEvents(b, 1_000_000)
	tab := s.View(everything).tables[0]
	x, y := geo.World(orb.Point{114.35, 30.58})
	const size = 1 << 20
	at := Square{int64(x) &^ (size - 1), int64(y) &^ (size - 1), int64(x)&^(size-1) + size, int64(y)&^(size-1) + size}
	for name, q := range map[string]Query{
		"none":         {},
		"level":        {Terms: []Term{{Field: "level", Op: In, Values: []string{"3"}}}},
		"level+domain": {Terms: []Term{{Field: "level", Op: AtLeast, Values: []string{"3"}}, {Field: "domain", Op: In, Values: []string{"domain_1"}}}},
		"week":         {From: start.AddDate(0, 2, 0), To: start.AddDate(0, 2, 7)},
		"grid":         {Terms: []Term{{Field: "grid", Op: In, Values: []string{"420106001001001"}}}},
	} {
		f, err := tab.Compile(q)
		if err != nil {
			b.Fatal(err)
		}
		for _, shift := range []uint{14, 12} {
			b.Run(fmt.Sprintf("%s/%d", name, shift), func(b *testing.B) {
				points := 0
				for b.Loop() {
					points = 0
					if err := tab.Gather(b.Context(), Gathering{Square: at, Shift: shift, Filter: f, Weight: -1}, func(c *Clump) bool { points += c.N; return true }); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(points), "points")
			})
		}
	}
}
