package tiles

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// personsLayer holds persons.
var personsLayer = layers.Layer{Name: "persons", Kind: layers.Point, MaxZoom: 18, Personal: true, TimeField: "since", Fields: []layers.Field{
	attr("code", layers.String, true), attr("age", layers.Int, true), attr("since", layers.Time, true), attr("community", layers.String, true),
}}

// persons makes a population: homes with many, homes with few, and some who live far away.
func persons(seed uint64, n int) []layers.Feature {
	rnd := rand.New(rand.NewPCG(seed, 60))
	var homes []orb.Point
	for range n / 4 {
		homes = append(homes, orb.Point{center[0] + rnd.NormFloat64()*0.008, center[1] + rnd.NormFloat64()*0.008})
	}
	out := make([]layers.Feature, n)
	for i := range out {
		p := homes[int(float64(len(homes))*math.Pow(rnd.Float64(), 2))]
		switch rnd.IntN(60) {
		case 0:
			p = orb.Point{center[0] + rnd.Float64() - 0.5, center[1] + rnd.Float64() - 0.5}
		case 1:
			p = orb.Point{rnd.Float64()*340 - 170, rnd.Float64()*160 - 80}
		}
		out[i] = layers.Feature{ID: int64(i + 1), Geometry: p, Values: []layers.Value{layers.TextValue(fmt.Sprint("P", i)), layers.IntValue(int64(i % 90)), layers.Null(), layers.TextValue("A")}}
	}
	return out
}

// personsView shows persons to an audience.
func personsView(t *testing.T, scope layers.Scope, features []layers.Feature) *layers.View {
	t.Helper()
	b := layers.NewBuilder()
	table, err := b.Layer(personsLayer)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range features {
		table.Add(f)
	}
	return b.Snapshot(1).View(scope)
}

// attack is what somebody knows who has asked everything: which persons each count that he was given is of. It is more
// than he can know.
type attack struct {
	persons int
	rows    [][]bool // by count, then by person
}

// unravel returns the sizes of the smallest groups of persons that can be told apart: all whom every count holds or does
// not hold together. Whatever is added to, taken from or multiplied with counts is the same for all of a group, so no
// count of a part of one can come out. Those in no count are not among them.
func (a attack) unravel() map[string]int {
	groups := map[string]int{}
	for p := range a.persons {
		in, any := make([]byte, len(a.rows)), false
		for r, row := range a.rows {
			if row[p] {
				in[r], any = 1, true
			}
		}
		if any {
			groups[string(in)]++
		}
	}
	return groups
}

// inside tells whether a position is in a square of the map.
func inside(c Cell, p orb.Point) bool {
	x, y := geo.World(p)
	return int64(x) >= c.box.x && int64(y) >= c.box.y && int64(x) < c.box.x+c.box.size && int64(y) < c.box.y+c.box.size
}

// asked returns every cell that the heat of a zoom shows over the population, by its number.
func asked(t *testing.T, v *layers.View, features []layers.Feature, z maptile.Zoom, cells int) map[uint64]Cell {
	t.Helper()
	out := map[uint64]Cell{}
	for tile := range tilesOf(features, z) {
		for _, c := range heat(t, v, HeatRequest{Layer: "persons", Tile: tile, Cells: cells}).Filled() {
			if had, ok := out[c.number]; ok && (had.Count != c.Count || had.Rest != c.Rest || had.box != c.box) {
				t.Fatalf("two tiles of zoom %d show a cell as %+v and %+v", z, had, c)
			}
			out[c.number] = c
		}
	}
	return out
}

func TestNobodyIsFoundBehindTheCountsOfPersons(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		features := persons(seed, 400)
		var both attack
		both.persons = len(features)
		var inner map[uint64]Cell // what the internal see, and whom it is of: the public's crowds are made of theirs
		var innerRows map[uint64][]bool
		for _, audience := range []layers.Audience{layers.Internal, layers.Public} {
			k := map[layers.Audience]int{layers.Public: FloorPublic, layers.Internal: FloorInternal}[audience]
			v := personsView(t, layers.Scope{Audience: audience}, features)
			finest := asked(t, v, features, PersonalZoom, 32)
			rows := crowdRows(finest, features)
			if inner != nil {
				rows = unions(finest, inner, innerRows)
			}
			inner, innerRows = finest, rows
			counted := 0
			for number, row := range rows {
				n := 0
				for _, in := range row {
					if in {
						n++
					}
				}
				counted += n
				if c := finest[number]; n < k || c.Count != (n+k/2)/k*k || c.Hectares < 0.25*0.98 {
					t.Fatalf("%s: a cell of %d shows %d on %g ha", audience, n, c.Count, c.Hectares)
				}
				both.rows = append(both.rows, row)
			}
			if missing := len(features) - counted; missing >= FloorInternal+k || len(rows) < 15 {
				t.Errorf("%s: %d of %d persons in %d cells", audience, counted, len(features), len(rows))
			}
			for z := maptile.Zoom(0); z <= PersonalZoom; z += 4 { // every other answer is made of those
				for _, cells := range []int{8, 32} {
					if z == PersonalZoom && cells == 8 {
						continue // the tiles are many
					}
					sameCrowds(t, finest, asked(t, v, features, z, cells))
				}
				s, err := Cells(context.Background(), v, CellsRequest{Layer: "persons", Zoom: int(z)})
				if err != nil {
					t.Fatal(err)
				}
				byNumber := map[uint64]Cell{}
				for _, c := range s.Cells {
					byNumber[c.number] = c
				}
				sameCrowds(t, finest, byNumber)
			}
		}
		for _, n := range both.unravel() {
			if n < FloorInternal {
				t.Fatalf("seed %d: %d persons can be told apart from all others", seed, n)
			}
		}
	}
}

// crowdRows returns which persons each cell of the finest answer is of: those in it who are in no smaller cell.
func crowdRows(finest map[uint64]Cell, features []layers.Feature) map[uint64][]bool {
	rows := map[uint64][]bool{}
	for n := range finest {
		rows[n] = make([]bool, len(features))
	}
	for i, f := range features {
		best := uint64(0)
		for n, c := range finest {
			if n > best && inside(c, f.Geometry.(orb.Point)) { // smaller squares have greater numbers
				best = n
			}
		}
		if best > 0 {
			rows[best][i] = true
		}
	}
	return rows
}

// unions returns which persons each cell is of that is made of the cells of another answer.
func unions(cells, inner map[uint64]Cell, innerRows map[uint64][]bool) map[uint64][]bool {
	rows := map[uint64][]bool{}
	for n := range cells {
		for _, row := range innerRows {
			rows[n] = make([]bool, len(row))
			break
		}
	}
	for number, c := range inner {
		if best := smallestAround(cells, c); best > 0 {
			for i, in := range innerRows[number] {
				rows[best][i] = rows[best][i] || in
			}
		}
	}
	return rows
}

// smallestAround returns the number of the smallest cell that holds the square of another; 0 where none does.
func smallestAround(cells map[uint64]Cell, c Cell) (best uint64) {
	for n, a := range cells {
		if n > best && a.box.x <= c.box.x && a.box.y <= c.box.y && a.box.x+a.box.size >= c.box.x+c.box.size && a.box.y+a.box.size >= c.box.y+c.box.size {
			best = n
		}
	}
	return best
}

// sameCrowds checks that the counts of an answer are sums of those of the finest one, each used once.
func sameCrowds(t *testing.T, finest, answer map[uint64]Cell) {
	t.Helper()
	want := map[uint64]int{}
	for _, c := range finest {
		want[smallestAround(answer, c)] += c.Count
	}
	for n, a := range answer {
		if a.Count != want[n] {
			t.Fatalf("the cell %+v shows %d, the crowds in it add up to %d", a.box, a.Count, want[n])
		}
	}
	if want[0] != 0 || len(want) != len(answer) {
		t.Fatalf("%d persons are in no cell; %d cells, %d of crowds", want[0], len(answer), len(want))
	}
}

// The attack must find something where counts below the floor are merely left out.
func TestHidingSmallCountsAloneWouldNotDo(t *testing.T) {
	t.Parallel()
	features := persons(1, 700)
	naive := attack{persons: len(features)}
	for depth := uint(13); depth <= personalDepth; depth++ {
		counts := map[cellKey][]bool{}
		for i, f := range features {
			k := mercator{depth}.at(geo.World(f.Geometry.(orb.Point)))
			if counts[k] == nil {
				counts[k] = make([]bool, len(features))
			}
			counts[k][i] = true
		}
		for _, row := range counts {
			n := 0
			for _, in := range row {
				if in {
					n++
				}
			}
			if n >= FloorInternal {
				naive.rows = append(naive.rows, row)
			}
		}
	}
	found := 0
	for _, n := range naive.unravel() {
		if n < FloorInternal {
			found++
		}
	}
	if found == 0 {
		t.Error("nobody is found: the attack sees nothing")
	}
}

func TestAPersonMoreOrLessIsSeldomSeen(t *testing.T) {
	t.Parallel()
	features := persons(5, 600)
	total := func(features []layers.Feature) int {
		sum := 0
		for _, c := range asked(t, personsView(t, layers.Scope{Audience: layers.Internal}, features), features, 0, 32) {
			if c.Count%FloorInternal != 0 {
				t.Fatalf("a count of %d", c.Count)
			}
			sum += c.Count
		}
		return sum
	}
	all, seen := total(features), 0
	for i := range 40 {
		without := append(append([]layers.Feature{}, features[:i]...), features[i+1:]...)
		if total(without) != all {
			seen++
		}
	}
	if seen > 20 {
		t.Errorf("%d of 40 persons who left were seen to leave", seen)
	}
}

func TestNothingElseIsToldOfPersons(t *testing.T) {
	t.Parallel()
	features := persons(7, 300)
	ctx := context.Background()
	v := personsView(t, layers.Scope{Audience: layers.Internal}, features)
	all, err := v.Table("persons")
	if err != nil {
		t.Fatal(err)
	}
	filter, err := all.Compile(layers.Query{Terms: []layers.Term{{Field: "age", Op: layers.Not, Values: []string{"17"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []HeatRequest{
		{Filter: filter}, {Measure: Measure{Weight: "age"}}, {Measure: Measure{Weight: "age", Aggregate: Max}}, {Measure: Measure{Per: PerHectareWeek, Weeks: 1}},
		{Measure: Measure{Weeks: 1, Compare: &Window{filter, 1}}}, {Tile: maptile.New(0, 0, 17)},
	} {
		r.Layer = "persons"
		if _, err := Heat(ctx, v, r); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%+v: %v", r, err)
		}
		if _, err := Cells(ctx, v, CellsRequest{Layer: "persons", Filter: r.Filter, Zoom: int(r.Tile.Z), Measure: r.Measure}); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("cells, %+v: %v", r, err)
		}
	}
	for _, r := range []CellsRequest{{Size: 100}, {Shape: Hexagon, Size: 5000}} {
		r.Layer = "persons"
		if _, err := Cells(ctx, v, r); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	for _, a := range []layers.Audience{layers.Public, layers.Internal, layers.Restricted} {
		w := personsView(t, layers.Scope{Audience: a}, features)
		if _, err := Vector(ctx, w, Request{Layers: []string{"persons"}, Tile: geo.Tile(center, 14)}); !errors.Is(err, layers.ErrForbidden) {
			t.Errorf("a tile of persons for %s: %v", a, err)
		}
		if _, err := Rev(w, []string{"persons"}, geo.Tile(center, 14)); !errors.Is(err, layers.ErrForbidden) {
			t.Errorf("a revision of persons for %s: %v", a, err)
		}
	}
}

func TestThePictureOfPersonsShowsTheirCounts(t *testing.T) {
	t.Parallel()
	features := persons(8, 400)
	v := personsView(t, layers.Scope{Audience: layers.Internal}, features)
	shown, painted := 0, 0.0
	for tile := range tilesOf(features, 9) {
		g := heat(t, v, HeatRequest{Layer: "persons", Tile: tile, Cells: 256})
		n, _ := g.Total()
		shown += n
		for i, w := range g.wide {
			side := g.Cells + 2*g.margin
			if x, y := i%side-g.margin, i/side-g.margin; x >= 0 && y >= 0 && x < g.Cells && y < g.Cells {
				painted += w
			}
		}
		if _, err := g.PNG(1); err != nil {
			t.Fatal(err)
		}
		if _, err := readStrict(g.MVT()); err != nil {
			t.Fatal(err)
		}
	}
	if shown == 0 || painted > float64(shown)+1e-6 || painted < 0.8*float64(shown) { // what is spread beyond the tiles with persons is not seen here
		t.Errorf("%d persons are shown, %g painted", shown, painted)
	}
	tile := geo.Tile(center, 13)
	west, east := heat(t, v, HeatRequest{Layer: "persons", Tile: tile}), heat(t, v, HeatRequest{Layer: "persons", Tile: maptile.New(tile.X+1, tile.Y, 13)})
	in, out, seen := west.smooth(), east.smooth(), 0.0
	for i := range 256 {
		a, b := west.sample(in, 256, i, 256), east.sample(out, 0, i, 256) // the first pixel of the neighbour, drawn by both
		if !alike(a, b) {
			t.Fatalf("pixel %d: %g and %g", i, a, b)
		}
		seen += a
	}
	if seen == 0 {
		t.Error("nothing at the border: the test sees nothing")
	}
	if table, _ := v.Table("persons"); HeatRev(v, table, maptile.New(0, 0, 9), Raw) != table.LastSeq() {
		t.Error("the cells of a tile depend on all persons, its revision does not")
	}
}
