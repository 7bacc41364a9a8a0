package layers

import (
	"context"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// spots is a layer whose fields have values of every class of a key, and values that have none.
func spots() Layer {
	return Layer{
		Name: "spots", Kind: Point, Audience: Internal, MaxZoom: 18, TimeField: "at",
		Fields: []Field{
			{Name: "level", Type: Int, InTiles: true},
			{Name: "kind", Type: Enum, Codes: []Code{{Value: "a"}, {Value: "b"}, {Value: "c"}}},
			{Name: "open", Type: Bool},
			{Name: "at", Type: Time},
			{Name: "weight", Type: Float},
			{Name: "community", Type: String},
			{Name: "other", Type: String},
		},
	}
}

// anySpot returns a feature of spots: often in a few places, sometimes anywhere or nowhere, with times around the ends of
// days in China and outside those that have a number.
func anySpot(r *rand.Rand, l *Layer, id int64) Feature {
	f := Feature{ID: id, Values: make([]Value, len(l.Fields))}
	switch r.IntN(8) {
	case 0:
		f.Geometry = anyGeometry(r, Point)
	case 1, 2:
		f.Geometry = orb.Point{114.3 + 0.01*r.Float64(), 30.56 + 0.01*r.Float64()}
	default:
		f.Geometry = orb.Point{114.3 + 0.0005*float64(r.IntN(3)), 30.56}
	}
	days := []int64{1, 17_500, 17_501, 17_502, 17_510, dayOther - 1, dayOther, -4000}
	begin := dayBegin(days[r.IntN(len(days))])
	values := []Value{
		IntValue(int64(r.IntN(18)) - 1), TextValue(string(rune('a' + r.IntN(3)))), BoolValue(r.IntN(2) == 0),
		TimeValue(time.UnixMicro(begin + []int64{0, 1, dayMicros - 1, r.Int64N(dayMicros)}[r.IntN(4)])),
		FloatValue(float64(r.IntN(9)) / 2), TextValue([]string{"420106001001", "420106001002"}[r.IntN(2)]), TextValue(string(rune('x' + r.IntN(3)))),
	}
	for i, v := range values {
		if r.IntN(7) > 0 {
			f.Values[i] = v
		}
	}
	return f
}

// anySpotQuery asks what a filter may ask of spots.
func anySpotQuery(r *rand.Rand, l *Layer) (q Query) {
	for range r.IntN(3) {
		f := &l.Fields[r.IntN(len(l.Fields))]
		if f.Type == Time {
			continue
		}
		term := Term{Field: f.Name, Op: []Comparison{In, Not, AtMost, More, IsNull}[r.IntN(5)]}
		for v := (Value{}); term.Op != IsNull && len(term.Values) < 1+r.IntN(2)*r.IntN(2); {
			if v = anySpot(r, l, 1).Values[l.Index(f.Name)]; !v.IsNull() && (len(term.Values) == 0 || term.Op == In) {
				term.Values = append(term.Values, v.String())
			}
		}
		q.Terms = append(q.Terms, term)
	}
	end := func() time.Time {
		for {
			if v := anySpot(r, l, 1).Values[3]; !v.IsNull() {
				return v.Time()
			}
		}
	}
	switch r.IntN(4) {
	case 0:
		q.From = end()
	case 1:
		q.To = end()
	case 2:
		q.From, q.To = end(), end()
		if q.To.Before(q.From) {
			q.From, q.To = q.To, q.From
		}
	}
	if r.IntN(6) == 0 {
		q.BBox = &orb.Bound{Min: orb.Point{114.3, 30.55}, Max: orb.Point{114.305, 30.57}}
	}
	return q
}

// bin is what the points of a bin come to.
type bin struct {
	n, weighted int
	x, y        int64
	sum, max    float64
}

// bins gathers by bins. It fails where a clump reaches beyond a bin or names a row that is not of it.
func bins(t *testing.T, tab *Table, g Gathering) map[[2]uint32]bin {
	t.Helper()
	out := map[[2]uint32]bin{}
	err := tab.Gather(t.Context(), g, func(c *Clump) bool {
		at := [2]uint32{c.X >> g.Shift, c.Y >> g.Shift}
		x, y, _ := c.Row.World()
		if [2]uint32{x >> g.Shift, y >> g.Shift} != at || g.Filter != nil && !g.Filter.Match(c.Row) {
			t.Fatalf("a clump at %d, %d has the row %d at %d, %d", c.X, c.Y, c.Row.ID(), x, y)
		}
		b, ok := out[at]
		if !ok {
			b.max = math.Inf(-1)
		}
		out[at] = bin{b.n + c.N, b.weighted + c.Weighted, b.x + int64(c.X)*int64(c.N) + c.SX, b.y + int64(c.Y)*int64(c.N) + c.SY, b.sum + c.Sum, max(b.max, c.Max)}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// naiveBins is the same, by looking at each row.
func naiveBins(tab *Table, g Gathering) map[[2]uint32]bin {
	out := map[[2]uint32]bin{}
	tab.Each(g.Filter, func(r Row) bool {
		x, y, ok := r.World()
		if !ok || int64(x) < g.Square.X0 || int64(x) >= g.Square.X1 || int64(y) < g.Square.Y0 || int64(y) >= g.Square.Y1 {
			return true
		}
		at := [2]uint32{x >> g.Shift, y >> g.Shift}
		b, ok := out[at]
		if !ok {
			b.max = math.Inf(-1)
		}
		b.n, b.x, b.y = b.n+1, b.x+int64(x), b.y+int64(y)
		if g.Weight >= 0 {
			if v, ok := r.Value(g.Weight).Number(); ok {
				b.weighted, b.sum, b.max = b.weighted+1, b.sum+v, max(b.max, v)
			}
		}
		out[at] = b
		return true
	})
	return out
}

// anySquare returns a rectangle whose borders are those of bins.
func anySquare(r *rand.Rand, shift uint) Square {
	at := func(lo, hi int64) (int64, int64) {
		a, b := lo+r.Int64N(hi-lo), lo+r.Int64N(hi-lo)
		return min(a, b) >> shift << shift, (max(a, b)>>shift + 1) << shift
	}
	s := Square{0, 0, 1 << 32, 1 << 32}
	if r.IntN(4) > 0 {
		s.X0, s.X1 = at(3_511_600_000, 3_511_800_000)
		s.Y0, s.Y1 = at(1_764_000_000, 1_765_000_000)
	}
	return s
}

// TestGatherIsTheNaiveScan compares every form of gathering with a look at each row, over random histories.
func TestGatherIsTheNaiveScan(t *testing.T) {
	t.Parallel()
	r := seeded(70)
	l := spots()
	var first []Feature
	for id := int64(1); id <= 1500; id++ {
		first = append(first, anySpot(r, &l, id))
	}
	s := load(t, 1, []Layer{l}, map[string][]Feature{"spots": first})
	seq, found := Seq(1), 0
	for range 60 {
		for range 8 {
			tab := tableOf(t, s, Scope{Audience: Restricted, Communities: [][]string{nil, {"420106001001"}}[r.IntN(2)]}, "spots")
			f, err := tab.Compile(anySpotQuery(r, &tab.Layer))
			if err != nil {
				t.Fatal(err)
			}
			shift := []uint{0, 6, 11, CellShift, 16, 20, 32}[r.IntN(7)]
			g := Gathering{anySquare(r, shift), shift, f, []int{-1, 0, 2, 4}[r.IntN(4)], true}
			got, want := bins(t, tab, g), naiveBins(tab, g)
			if !maps.Equal(got, want) {
				t.Fatalf("state %d, %+v: %d bins, want %d\n%v\n%v", s.Seq, g, len(got), len(want), got, want)
			}
			found += len(got)
		}
		var changes []Change
		for range 1 + r.IntN(60) {
			seq++
			c := Change{Seq: seq, Op: Delete, Layer: "spots", ID: 1 + r.Int64N(2000)}
			if r.IntN(5) > 1 {
				f := anySpot(r, &l, c.ID)
				c.Op, c.Feature = Update, &f
			}
			changes = append(changes, c)
		}
		s, _, _ = s.apply(changes)
	}
	if found < 1000 {
		t.Fatalf("only %d bins were compared", found)
	}
}

// TestCellsOfManyPointsStayInBlocks fills one cell, empties it, and looks at its blocks.
func TestCellsOfManyPointsStayInBlocks(t *testing.T) {
	t.Parallel()
	r := seeded(71)
	l := spots()
	s := load(t, 1, []Layer{l}, nil)
	p := orb.Point{114.3, 30.56}
	seq := Seq(1)
	var ids []int64
	for id := int64(1); id <= 6000; id++ {
		ids = append(ids, id)
	}
	edit := func(op Op, ids []int64) {
		var changes []Change
		for _, id := range ids {
			seq++
			changes = append(changes, Change{Seq: seq, Op: op, Layer: "spots", ID: id, Feature: &Feature{ID: id, Geometry: p, Values: make([]Value, len(l.Fields))}})
		}
		s, _, _ = s.apply(changes)
	}
	check := func(want int) {
		t.Helper()
		tab := tableOf(t, s, everything, "spots")
		points, blocks := 0, 0
		tab.tab.cells.tree.Scan(func(_ uint64, c *cell) bool {
			blocks += len(c.blocks)
			for _, b := range c.blocks {
				if b.fresh || len(b.rows) > blockRows {
					t.Fatalf("a block of %d points, fresh %v", len(b.rows), b.fresh)
				}
				points += len(b.rows)
			}
			if points != c.n || c.fresh {
				t.Fatalf("a cell of %d has %d points, fresh %v", c.n, points, c.fresh)
			}
			return true
		})
		if points != want || blocks > 1+want/(blockRows/4) {
			t.Fatalf("%d points in %d blocks, want %d", points, blocks, want)
		}
	}
	for part := range slices.Chunk(ids, 700) {
		edit(Insert, part)
	}
	check(6000)
	before := s
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	left := len(ids)
	for part := range slices.Chunk(ids, 300) {
		edit(Delete, part)
		left -= len(part)
		check(left)
	}
	s = before // what was published before is as it was
	check(6000)
}

func TestGatherEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	r := seeded(72)
	l := spots()
	var first []Feature
	for id := int64(1); id <= 3*checkEvery; id++ {
		first = append(first, Feature{ID: id, Geometry: orb.Point{114 + r.Float64(), 30 + r.Float64()}, Values: make([]Value, len(l.Fields))})
	}
	tab := tableOf(t, load(t, 1, []Layer{l}, map[string][]Feature{"spots": first}), everything, "spots")
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	err := tab.Gather(ctx, Gathering{Square: Square{0, 0, 1 << 32, 1 << 32}, Weight: -1}, func(*Clump) bool { seen++; cancel(); return true })
	if !errors.Is(err, context.Canceled) || seen == 0 || seen == len(first) {
		t.Fatalf("%v after %d of %d points, want the caller's error before the end", err, seen, len(first))
	}
	seen = 0
	err = tab.Gather(t.Context(), Gathering{Square: Square{0, 0, 1 << 32, 1 << 32}, Weight: -1}, func(*Clump) bool { seen++; return seen < 7 })
	if err != nil || seen != 7 {
		t.Fatalf("%v, %d points, want none after the seventh", err, seen)
	}
}

// TestDaysBeginInChina pins the days of a key at their ends.
func TestDaysBeginInChina(t *testing.T) {
	t.Parallel()
	china := time.FixedZone("", 8*3600)
	for _, c := range []struct {
		at   time.Time
		want uint16
	}{
		{time.Time{}, dayNone},
		{time.Date(1970, 1, 1, 0, 0, 0, 0, china), 1},
		{time.Date(1970, 1, 1, 0, 0, 0, 0, china).Add(-time.Microsecond), dayOther},
		{time.Date(2017, 12, 4, 0, 0, 0, 0, china), 17505},
		{time.Date(2017, 12, 4, 23, 59, 59, 999_999_000, china), 17505},
		{time.Date(2149, 6, 4, 0, 0, 0, 0, china), 65534},
		{time.Date(2149, 6, 5, 0, 0, 0, 0, china), dayOther},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, china), dayOther},
	} {
		if got := dayOf(TimeValue(c.at)); got != c.want {
			t.Errorf("%v is day %d, want %d", c.at, got, c.want)
		}
	}
}
