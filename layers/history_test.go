package layers

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"shapan/geo"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// model is what a layer should hold: a plain map.
type model map[int64]Feature

// state is a snapshot with what it should hold.
type state struct {
	snapshot *Snapshot
	model    model
}

// apply returns the snapshot after changes, which are one step, what readers are told, and what was noted.
func (s *Snapshot) apply(changes []Change) (*Snapshot, []Applied, []Note) {
	t := s.step()
	t.add(changes)
	return t.done(), t.told, t.notes
}

// history applies random batches to a layer and returns every state on the way.
func history(t *testing.T, r *rand.Rand, kind GeometryKind, batches int) []state {
	t.Helper()
	l := things("things", kind, Public)
	m := model{}
	var first []Feature
	for id := int64(1); id <= 700; id++ { // more than a chunk
		f := anyFeature(r, &l, id)
		m[id] = f
		first = append(first, f)
	}
	s := load(t, 10, []Layer{l}, map[string][]Feature{"things": first})
	states := []state{{s, maps.Clone(m)}}
	seq := Seq(10)
	for range batches {
		var changes []Change
		for range 1 + r.IntN(40) {
			seq++
			id := int64(1 + r.IntN(900))
			if r.IntN(3) == 0 {
				delete(m, id)
				changes = append(changes, Change{Seq: seq, Op: Delete, Layer: "things", ID: id})
				continue
			}
			f := anyFeature(r, &l, id)
			m[id] = f
			changes = append(changes, Change{Seq: seq, Op: Update, Layer: "things", ID: id, Feature: &f})
		}
		next, told, notes := s.apply(changes)
		if len(notes) > 0 || len(told) != len(changes) || next.Seq != seq {
			t.Fatalf("%d changes: %d told, state %d, notes %v", len(changes), len(told), next.Seq, notes)
		}
		s = next
		states = append(states, state{s, maps.Clone(m)})
	}
	return states
}

func sameGeometry(a, b orb.Geometry) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return orb.Equal(a, b)
}

// check compares a state with its model: by id, all, by place, and by distance.
func (s state) check(t *testing.T, r *rand.Rand) {
	t.Helper()
	tab := tableOf(t, s.snapshot, everything, "things")
	if tab.Len() != len(s.model) || s.snapshot.Features() != len(s.model) || tab.Count(nil) != len(s.model) {
		t.Fatalf("state %d: %d features, want %d", s.snapshot.Seq, tab.Len(), len(s.model))
	}
	for id, want := range s.model {
		row, ok := tab.Get(id)
		if !ok || row.ID() != id || !sameGeometry(row.Geometry(), want.Geometry) || row.ETag() != want.ETag() {
			t.Fatalf("state %d: feature %d is %v %v, want %v", s.snapshot.Seq, id, ok, row, want)
		}
		for i, f := range tab.Layer.Fields {
			if row.Value(i) != want.Values[i] || row.Get(f.Name) != want.Values[i] {
				t.Fatalf("state %d, feature %d: %s is %s, want %s", s.snapshot.Seq, id, f.Name, row.Value(i).describe(), want.Values[i].describe())
			}
		}
	}
	if _, ok := tab.Get(5000); ok {
		t.Fatal("a feature that never was is there")
	}
	s.checkPlaces(t, r, tab)
}

func (s state) checkPlaces(t *testing.T, r *rand.Rand, tab *Table) {
	t.Helper()
	p := orb.Point{114.29 + 0.03*r.Float64(), 30.55 + 0.03*r.Float64()}
	box := orb.Bound{Min: p, Max: orb.Point{p[0] + 0.01, p[1] + 0.01}}
	type found struct {
		id     int64
		metres float64
	}
	var inside, got []int64
	var byDistance []found
	for id, f := range s.model {
		if f.Geometry == nil {
			continue
		}
		if f.Geometry.Bound().Intersects(box) {
			inside = append(inside, id)
		}
		if b := f.Geometry.Bound(); b.Min[0] < 113 || b.Max[0] > 116 || b.Min[1] < 29 || b.Max[1] > 32 {
			continue // surely not among the nearest of the town
		}
		byDistance = append(byDistance, found{id, geo.DistanceTo(p, f.Geometry)})
	}
	tab.Within(box, nil, func(row Row) bool { got = append(got, row.ID()); return true })
	slices.Sort(inside)
	slices.Sort(got)
	if !slices.Equal(got, inside) {
		t.Fatalf("state %d within %v: %v, want %v", s.snapshot.Seq, box, got, inside)
	}
	slices.SortFunc(byDistance, func(a, b found) int { return compare(a.metres, b.metres) })
	n := 0
	radius := max(byDistance[min(20, len(byDistance)-1)].metres, 1) // 0 would be no limit
	tab.Nearest(p, nil, radius, func(row Row, metres float64) bool {
		if metres != byDistance[n].metres || s.model[row.ID()].Geometry == nil || geo.DistanceTo(p, s.model[row.ID()].Geometry) != metres {
			t.Fatalf("state %d, %d nearest to %v: %d at %.3f, want %d at %.3f", s.snapshot.Seq, n, p, row.ID(), metres, byDistance[n].id, byDistance[n].metres)
		}
		n++
		return true
	})
	if n < min(21, len(byDistance)) {
		t.Fatalf("state %d: %d features within %.1f m, want at least 21", s.snapshot.Seq, n, radius)
	}
}

// Whatever happens, a snapshot is the plain map of what happened, and stays so when others follow it.
func TestHistoryIsAMap(t *testing.T) {
	t.Parallel()
	for _, kind := range []GeometryKind{Point, Line, Polygon, Mixed} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := seeded(20)
			states := history(t, r, kind, 25)
			step := 6
			if kind != Point {
				step = 12 // measuring to shapes, one by one, is what takes the time
			}
			for i := len(states) - 1; i >= 0; i -= step {
				states[i].check(t, r)
			}
		})
	}
}

func TestRowsAreUsedAgain(t *testing.T) {
	t.Parallel()
	l := things("things", Point, Public)
	s := load(t, 1, []Layer{l}, nil)
	r := seeded(21)
	for round := range 50 {
		var changes []Change
		for id := int64(1); id <= 100; id++ {
			c := Change{Seq: Seq(round + 2), Op: Delete, Layer: "things", ID: id + int64(round%2)*100}
			if round%3 > 0 {
				f := anyFeature(r, &l, c.ID)
				c.Op, c.Feature = Update, &f
			}
			changes = append(changes, c)
		}
		s, _, _ = s.apply(changes)
	}
	if rows := s.table("things").rows(); rows > 200 {
		t.Errorf("%d rows for at most 200 features", rows)
	}
}

func TestChangesThatCannotBeShown(t *testing.T) {
	t.Parallel()
	l := things("things", Point, Public)
	good := Feature{ID: 1, Geometry: orb.Point{114.3, 30.56}, Values: make([]Value, len(l.Fields))}
	bad := good
	bad.Geometry = orb.LineString{{0, 0}, {1, 1}}
	s := load(t, 1, []Layer{l}, map[string][]Feature{"things": {good}})
	next, told, notes := s.apply([]Change{
		{Seq: 2, Op: Update, Layer: "things", ID: 1, Feature: &bad},
		{Seq: 3, Op: Update, Layer: "things", ID: 2, Feature: &bad},
		{Seq: 4, Op: Update, Layer: "things", ID: 3},
		{Seq: 5, Op: Update, Layer: "nothing", ID: 3, Feature: &good},
		{Seq: 6, Op: Delete, Layer: "things", ID: 9},
	})
	if next.Seq != 6 || next.Features() != 0 || len(notes) != 4 {
		t.Errorf("state %d, %d features, notes %v", next.Seq, next.Features(), notes)
	}
	if len(told) != 2 || told[0].ID != 1 || told[0].Op != Delete || len(told[0].Bounds) != 1 || told[1].ID != 9 {
		t.Errorf("readers are told %v: they must know that feature 1 is gone", told)
	}
	if s.Features() != 1 {
		t.Error("the snapshot before was edited")
	}
}

func TestAppliedTellsWhereAFeatureWasAndIs(t *testing.T) {
	t.Parallel()
	l := things("things", Point, Public)
	at := func(lon float64, community string) *Feature {
		f := Feature{ID: 1, Geometry: orb.Point{lon, 30}, Values: make([]Value, len(l.Fields))}
		f.Values[l.Index("community")] = TextValue(community)
		return &f
	}
	s := load(t, 1, []Layer{l}, nil)
	_, told, _ := s.apply([]Change{
		{Seq: 2, Op: Update, Layer: "things", ID: 1, Feature: at(114, "a")},
		{Seq: 3, Op: Update, Layer: "things", ID: 1, Feature: at(115, "b")},
		{Seq: 4, Op: Delete, Layer: "things", ID: 1},
	})
	for i, want := range []struct {
		op     Op
		bounds int
		areas  []string
	}{{Insert, 1, []string{"a"}}, {Update, 2, []string{"a", "b"}}, {Delete, 1, []string{"b"}}} {
		if a := told[i]; a.Op != want.op || len(a.Bounds) != want.bounds || !slices.Equal(a.areas, want.areas) {
			t.Errorf("%d: %+v, want %+v", i, a, want)
		}
	}
}

// drawn is a feature as tiles see it.
type drawn struct {
	etag string
	box  box
}

// drawing returns what tiles see of a model.
func drawing(m model) map[int64]drawn {
	out := map[int64]drawn{}
	for id, f := range m {
		if f.Geometry != nil {
			out[id] = drawn{f.ETag(), worldBox(f.Geometry.Bound())}
		}
	}
	return out
}

// within keeps what a tile draws from.
func within(all map[int64]drawn, tile maptile.Tile) map[int64]drawn {
	area := tileBox(tile)
	out := map[int64]drawn{}
	for id, d := range all {
		if d.box.x0 <= area.x1 && d.box.x1 >= area.x0 && d.box.y0 <= area.y1 && d.box.y1 >= area.y0 {
			out[id] = d
		}
	}
	return out
}

// What a tile draws from differs between two states only if its revision grew, and revisions never shrink.
func TestTileRevGrowsWithWhatATileDrawsFrom(t *testing.T) {
	t.Parallel()
	for _, kind := range []GeometryKind{Point, Polygon} {
		r := seeded(22)
		states := history(t, r, kind, 8)
		quiet := 0
		var drawings []map[int64]drawn
		for _, s := range states {
			drawings = append(drawings, drawing(s.model))
		}
		for range 80 {
			z := maptile.Zoom(r.IntN(23))
			p := orb.Point{114.29 + 0.03*r.Float64(), 30.55 + 0.03*r.Float64()}
			if r.IntN(5) == 0 {
				p = orb.Point{r.Float64()*360 - 180, r.Float64()*180 - 90}
			}
			if f := states[0].model[int64(1+r.IntN(700))]; f.Geometry != nil && r.IntN(2) == 0 {
				p = f.Geometry.Bound().Min
			}
			tile := geo.Tile(p, z)
			rev, content := Seq(0), map[int64]drawn(nil)
			for i, s := range states {
				newRev, newContent := tableOf(t, s.snapshot, everything, "things").TileRev(tile), within(drawings[i], tile)
				if newRev < rev || newRev > s.snapshot.Seq || newRev < 10 {
					t.Fatalf("tile %v, state %d: revision %d after %d", tile, s.snapshot.Seq, newRev, rev)
				}
				if i > 0 && newRev == rev {
					quiet++
					if !maps.Equal(content, newContent) {
						t.Fatalf("tile %v changed at state %d, its revision did not", tile, s.snapshot.Seq)
					}
				}
				rev, content = newRev, newContent
			}
		}
		if kind == Point && quiet == 0 {
			t.Error("every change touched every tile: nothing was tested")
		}
	}
}

func TestTileBoxCoversTheTile(t *testing.T) {
	t.Parallel()
	r := seeded(23)
	for range 3000 {
		x, y, z := r.Uint32(), r.Uint32(), maptile.Zoom(r.IntN(23))
		b := tileBox(maptile.New(uint32(uint64(x)>>(32-z)), uint32(uint64(y)>>(32-z)), z))
		if x < b.x0 || x > b.x1 || y < b.y0 || y > b.y1 {
			t.Fatalf("%d,%d is not in its tile of zoom %d: %v", x, y, z, b)
		}
		width, size := uint64(b.x1-b.x0)+1, uint64(1)<<(32-z)
		if width > size+size/32 || width < size {
			t.Fatalf("zoom %d: a tile of %d draws from %d", z, size, width)
		}
	}
	if b := tileBox(maptile.New(0, 0, 0)); b != (box{0, 0, math.MaxUint32, math.MaxUint32}) {
		t.Errorf("the world is %v", b)
	}
}

func TestMarksRememberEveryBox(t *testing.T) {
	t.Parallel()
	r := seeded(24)
	var m *mark
	type touched struct {
		b   box
		seq Seq
	}
	var all []touched
	some := func() box {
		x, y, n := r.Uint32(), r.Uint32(), uint32(1)<<r.IntN(32)-1
		return box{x, y, x + min(n, math.MaxUint32-x), y + min(n, math.MaxUint32-y)}
	}
	for seq := Seq(1); seq <= 400; seq++ {
		b := some()
		before := m
		asked := some()
		was := before.last(asked)
		m = m.touch(b, seq)
		all = append(all, touched{b, seq})
		if before.last(asked) != was {
			t.Fatal("touch edited the tree before")
		}
		least := Seq(0)
		for _, a := range all {
			if a.b.x0 <= asked.x1 && a.b.x1 >= asked.x0 && a.b.y0 <= asked.y1 && a.b.y1 >= asked.y0 {
				least = a.seq
			}
		}
		if got := m.last(asked); got < least || got > seq {
			t.Fatalf("%v last changed at %d, the marks say %d", asked, least, got)
		}
	}
}
