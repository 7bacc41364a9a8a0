package tiles

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// alike tells whether two numbers are the same but for rounding.
func alike(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// during compiles a window on the test's points.
func during(t *testing.T, v *layers.View, from, to time.Time) layers.Filter {
	t.Helper()
	timed, err := v.Table("events")
	if err != nil {
		t.Fatal(err)
	}
	f, err := timed.Compile(layers.Query{From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// timed is pointLayer with its time field.
func timed() layers.Layer {
	l := pointLayer
	l.TimeField = "reported_at"
	return l
}

func TestAggregatesAreThoseOfThePointsInTheCell(t *testing.T) {
	t.Parallel()
	features := points(31, 3000, 0.02)
	v := view(t, pointLayer, features...)
	tile := geo.Tile(center, 14)
	const shift = 32 - 14 - 5
	want := map[[2]uint32]*Tally{}
	for _, f := range features {
		x, y := geo.World(f.Geometry.(orb.Point))
		k := [2]uint32{x >> shift, y >> shift}
		if want[k] == nil {
			want[k] = new(Tally)
		}
		c := want[k]
		c.Count++
		if w, ok := f.Values[2].Number(); ok {
			c.Known++
			c.Sum += w
			c.Max = max(c.Max, w)
		}
	}
	for agg, value := range map[Aggregate]func(*Tally) float64{
		Sum:  func(c *Tally) float64 { return c.Sum },
		Mean: func(c *Tally) float64 { return c.Sum / float64(c.Known) },
		Max:  func(c *Tally) float64 { return c.Max },
	} {
		g := heat(t, v, HeatRequest{Layer: "events", Tile: tile, Cells: 32, Measure: Measure{Weight: "share", Aggregate: agg}})
		blank := 0
		for _, c := range g.Filled() {
			w := want[[2]uint32{uint32(c.box.x >> shift), uint32(c.box.y >> shift)}]
			if w == nil || c.Count != w.Count || c.Known != w.Known || !alike(c.Sum, w.Sum) || c.Max != w.Max {
				t.Fatalf("%s: cell %+v, want %+v", agg, c.Tally, w)
			}
			if c.Valid != (agg == Sum || w.Known > 0) || c.Valid && !alike(c.Value, value(w)) {
				t.Fatalf("%s: value %g (%v), want %g", agg, c.Value, c.Valid, value(w))
			}
			if w.Known == 0 {
				blank++
			}
		}
		if blank == 0 {
			t.Error("no cell has nulls alone: the test sees nothing")
		}
		checkForms(t, g, func() int { n, _ := g.Total(); return n }())
	}
}

func TestADifferenceIsTheFirstWindowLessTheSecond(t *testing.T) {
	t.Parallel()
	v := view(t, timed(), points(32, 4000, 0.02)...)
	tile := geo.Tile(center, 14)
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	a, b := during(t, v, at, at.Add(80*time.Hour)), during(t, v, at.Add(80*time.Hour+time.Second), at.Add(300*time.Hour))
	for _, weeks := range [][2]float64{{1, 1}, {80.0 / 168, 220.0 / 168}} {
		for _, weight := range []string{"", "level"} {
			ask := func(f layers.Filter, m Measure) map[uint64]Cell {
				m.Weight = weight
				cells := map[uint64]Cell{}
				for _, c := range heat(t, v, HeatRequest{Layer: "events", Tile: tile, Filter: f, Cells: 16, Measure: m}).Filled() {
					cells[c.number] = c
				}
				return cells
			}
			first, second := ask(a, Measure{}), ask(b, Measure{})
			both := ask(a, Measure{Weeks: weeks[0], Compare: &Window{b, weeks[1]}})
			negative := false
			for k, c := range both {
				want := first[k].Sum - second[k].Sum
				if weeks[0] != weeks[1] {
					want = first[k].Sum/weeks[0] - second[k].Sum/weeks[1]
				}
				if !alike(c.Value, want) || c.Count != first[k].Count || c.Before.Count != second[k].Count {
					t.Fatalf("cell %d: %+v, want %g of %+v and %+v", k, c, want, first[k].Tally, second[k].Tally)
				}
				negative = negative || c.Value < 0
			}
			for k := range first {
				if _, ok := both[k]; !ok {
					t.Fatalf("cell %d of the first window is missing", k)
				}
			}
			if !negative || len(both) < len(second) {
				t.Errorf("%d cells, negative %v: the test sees nothing", len(both), negative)
			}
		}
	}
	g := heat(t, v, HeatRequest{Layer: "events", Tile: tile, Filter: a, Cells: 16, Measure: Measure{Weeks: 1, Compare: &Window{b, 1}}})
	sum := 0.0
	for _, f := range tileFeatures(t, g) {
		x, _ := f["value"].(float64)
		sum += x
		if x != float64(f["count"].(int64)-f["before_count"].(int64)) {
			t.Fatalf("the tile holds %v", f)
		}
	}
	n := 0
	for i := range g.Now {
		n += g.Now[i].Count - g.Before[i].Count
	}
	if sum != float64(n) || n >= 0 {
		t.Errorf("the tile's values add up to %g, the counts to %d", sum, n)
	}
}

// tileFeatures reads the tags of a grid's tile.
func tileFeatures(t *testing.T, g *Grid) []map[string]any {
	t.Helper()
	tile, err := readStrict(g.MVT())
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, f := range tile.layer("heat").features {
		out = append(out, f.tags)
	}
	return out
}

func TestARateTimesAreaAndWeeksIsTheCount(t *testing.T) {
	t.Parallel()
	features := points(33, 2000, 0.05)
	for i := range features { // at several latitudes
		p := features[i].Geometry.(orb.Point)
		features[i].Geometry = orb.Point{p[0], p[1] + float64(i%3)*20 - 30}
	}
	v := view(t, pointLayer, features...)
	for _, z := range []maptile.Zoom{0, 6, 13} {
		total := 0
		for tile := range tilesOf(features, z) {
			g := heat(t, v, HeatRequest{Layer: "events", Tile: tile, Measure: Measure{Per: PerHectareWeek, Weeks: 3.5}})
			for _, c := range g.Filled() {
				if !alike(c.Value*c.Hectares*3.5, float64(c.Count)) || !alike(c.Hectares, geo.Area(c.box.bound())/1e4) {
					t.Fatalf("zoom %d: %g per ha and week on %g ha for %d points", z, c.Value, c.Hectares, c.Count)
				}
				total += c.Count
			}
		}
		if total != len(features) {
			t.Errorf("zoom %d: %d of %d points", z, total, len(features))
		}
	}
}

func TestTheMapIsLargerThanTheGround(t *testing.T) {
	t.Parallel()
	// 30.6 N: a square of the map has 1/1.35 of the area that it would have at the equator.
	at := func(lat float64) float64 {
		x, y := geo.World(orb.Point{114.3, lat})
		return plot{int64(x), int64(y), 1 << 14}.cell(1, 0).Hectares
	}
	if ratio := at(0) / at(30.6); math.Abs(ratio-1.35) > 0.01 {
		t.Errorf("ratio %g", ratio)
	}
}

// homesView has points and grids of households under them, and grids' squares of side degrees.
func homesView(t *testing.T, features []layers.Feature, homes []layers.Feature) *layers.View {
	t.Helper()
	b := layers.NewBuilder()
	for _, l := range []struct {
		layer    layers.Layer
		features []layers.Feature
	}{
		{pointLayer, features},
		{layers.Layer{Name: "grids", Kind: layers.Polygon, MaxZoom: 17, Fields: []layers.Field{attr("households", layers.Int, true)}}, homes},
	} {
		table, err := b.Layer(l.layer)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range l.features {
			table.Add(f)
		}
	}
	if notes := b.Notes(); len(notes) > 0 {
		t.Fatal(notes[0].Reason)
	}
	return b.Snapshot(1).View(layers.Scope{})
}

// someHomes returns areas with households around the center: an L, a square with a hole, two parts, and one unknown.
func someHomes() (homes []layers.Feature, total float64) {
	square := func(x, y, side float64) orb.Ring {
		x, y = center[0]+x, center[1]+y
		return orb.Ring{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
	}
	hole := square(0.0011, 0.0011, 0.001)
	hole.Reverse()
	l := orb.Ring{{center[0] - 0.006, center[1] - 0.006}, {center[0], center[1] - 0.006}, {center[0], center[1] - 0.004}, {center[0] - 0.004, center[1] - 0.004},
		{center[0] - 0.004, center[1]}, {center[0] - 0.006, center[1]}, {center[0] - 0.006, center[1] - 0.006}}
	for i, g := range []orb.Geometry{
		orb.Polygon{l}, orb.Polygon{square(0, 0, 0.004), hole}, orb.MultiPolygon{{square(-0.006, 0.002, 0.002)}, {square(-0.003, 0.005, 0.001)}}, orb.Polygon{square(0.005, -0.005, 0.002)},
	} {
		n := layers.IntValue(int64(200 + 37*i))
		if i == 3 {
			n = layers.Null()
		}
		total += float64(n.Int())
		homes = append(homes, layers.Feature{ID: int64(i + 1), Geometry: g, Values: []layers.Value{n}})
	}
	return homes, total
}

func TestHouseholdsAddUpOverAnyCells(t *testing.T) {
	t.Parallel()
	homes, want := someHomes()
	v := homesView(t, nil, homes)
	h, err := newHomes(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, lattice := range []tiling{mercator{20}, mercator{17}, squares{123}, hexagons{211}} {
		seen, sum := map[cellKey]bool{}, 0.0
		for dx := -0.012; dx < 0.012; dx += 0.0002 {
			for dy := -0.012; dy < 0.012; dy += 0.0002 {
				k := lattice.at(geo.World(orb.Point{center[0] + dx, center[1] + dy}))
				if !seen[k] {
					seen[k] = true
					_, outline, _ := lattice.place(k)
					sum += h.in(outline)
				}
			}
		}
		if math.Abs(sum/want-1) > 1e-6 {
			t.Errorf("%s: %g households in %d cells, want %g", lattice.name(cellKey{}), sum, len(seen), want)
		}
	}
}

func TestARateByHouseholdsSaysWhereThereAreFew(t *testing.T) {
	t.Parallel()
	homes, _ := someHomes()
	v := homesView(t, points(34, 3000, 0.016), homes)
	g := heat(t, v, HeatRequest{Layer: "events", Tile: geo.Tile(center, 14), Measure: Measure{Per: PerHouseholds}})
	var small, none, sure int
	for _, c := range g.Filled() {
		switch {
		case c.Households == 0:
			none++
			if c.Valid || !c.Small {
				t.Fatalf("nobody lives there: %+v", c)
			}
			continue
		case c.Small:
			small++
		default:
			sure++
		}
		if c.Small != (c.Households < SmallHouseholds) || !alike(c.Value*c.Households/1000, float64(c.Count)) {
			t.Fatalf("%g per 1,000 of %g households for %d, small %v", c.Value, c.Households, c.Count, c.Small)
		}
	}
	wide := heat(t, v, HeatRequest{Layer: "events", Tile: geo.Tile(center, 14), Cells: 8, Measure: Measure{Per: PerHouseholds}})
	for _, c := range wide.Filled() {
		if !c.Small {
			sure++
		}
	}
	if small == 0 || none == 0 || sure == 0 {
		t.Errorf("%d small, %d without, %d sure: the test sees nothing", small, none, sure)
	}
	for _, f := range tileFeatures(t, g) {
		if _, has := f["value"]; has != (f["households"].(float64) > 0) {
			t.Fatalf("the tile holds %v", f)
		}
	}
	if _, err := Heat(context.Background(), view(t, pointLayer), HeatRequest{Layer: "events", Measure: Measure{Per: PerHouseholds}}); !errors.Is(err, layers.ErrInvalid) {
		t.Error(err)
	}
}

func TestMeasuresThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	v := view(t, timed(), points(35, 5, 0.01)...)
	for _, m := range []Measure{
		{Aggregate: "median"}, {Aggregate: Mean}, {Aggregate: Max}, {Weight: "code"}, {Weight: "nothing"}, {Weight: "level", Aggregate: Mean, Per: PerHectareWeek, Weeks: 1},
		{Per: "acre"}, {Per: PerHectareWeek}, {Per: PerHectareWeek, Weeks: math.NaN()}, {Compare: &Window{}}, {Weeks: 1, Compare: &Window{}}, {Per: PerHouseholds},
	} {
		if _, err := Heat(context.Background(), v, HeatRequest{Layer: "events", Measure: m}); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%+v: %v", m, err)
		}
		if _, err := Cells(context.Background(), v, CellsRequest{Layer: "events", Measure: m}); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("cells, %+v: %v", m, err)
		}
	}
}

// picture decodes a grid's picture.
func picture(t *testing.T, g *Grid, scale int) func(x, y int) color.NRGBA {
	t.Helper()
	b, err := g.PNG(scale)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA) }
}

func TestPicturesOfWhatDoesNotAddUpShowEachCell(t *testing.T) {
	t.Parallel()
	homes, _ := someHomes()
	v := homesView(t, points(36, 800, 0.016), homes)
	for _, m := range []Measure{{Weight: "share", Aggregate: Mean, Half: 0.5}, {Weight: "level", Aggregate: Max}, {Per: PerHouseholds}} {
		g := heat(t, v, HeatRequest{Layer: "events", Tile: geo.Tile(center, 14), Cells: 32, Measure: m})
		at, painted := picture(t, g, 2), 0
		x0, y0, _ := g.origin()
		ramp := g.measure.ramp()
		for _, c := range g.Filled() {
			want := color.NRGBA{}
			if c.Valid {
				want = ramp.at(c.Value)
			}
			if c.Small {
				want.A /= smallPaler
			}
			if want.A == 0 {
				want = color.NRGBA{}
			}
			x, y := int((c.box.x-x0)>>(32-14-9)), int((c.box.y-y0)>>(32-14-9))
			for _, d := range []int{0, 7, 15} {
				if got := at(x+d, y+15-d); got != want {
					t.Fatalf("%+v: pixel %d %d is %v, the value %g has %v", m, x+d, y+15-d, got, c.Value, want)
				}
			}
			if want.A > 0 {
				painted++
			}
		}
		if painted == 0 {
			t.Error("nothing is painted: the test sees nothing")
		}
	}
}

func TestPicturesOfRatesAndDifferencesJoinWithoutASeam(t *testing.T) {
	t.Parallel()
	v := view(t, timed(), points(37, 3000, 0.02)...)
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	a, b := during(t, v, at, at.Add(100*time.Hour)), during(t, v, at.Add(100*time.Hour), at.Add(300*time.Hour))
	for _, m := range []Measure{
		{Per: PerHectareWeek, Weeks: 2, Half: 0.1}, {Weeks: 1, Compare: &Window{b, 2}, Half: 1}, {Per: PerHectareWeek, Weeks: 1, Compare: &Window{b, 1}, Half: 0.1},
	} {
		at := func(dx, dy uint32) *Grid {
			tile := geo.Tile(center, 15)
			return heat(t, v, HeatRequest{Layer: "events", Tile: maptile.New(tile.X+dx, tile.Y+dy, 15), Filter: a, Measure: m})
		}
		here, east, south := at(0, 0), at(1, 0), at(0, 1)
		density := func(g *Grid) func(x, y int) float64 {
			d := g.smooth()
			return func(x, y int) float64 {
				per := 1.0
				if m.Per == PerHectareWeek {
					per = 1 / g.hectaresAt(y, 256)
				}
				return g.sample(d, x, y, 256) * per
			}
		}
		own, right, below := density(here), density(east), density(south)
		seen := 0.0
		for i := range 256 {
			if !alike(own(256, i), right(0, i)) || !alike(own(i, 256), below(i, 0)) {
				t.Fatalf("%+v: pixel %d: %g and %g, %g and %g", m, i, own(256, i), right(0, i), own(i, 256), below(i, 0))
			}
			seen += math.Abs(own(256, i))
		}
		if seen == 0 {
			t.Error("nothing at the border: the test sees nothing")
		}
	}
}

func TestTheLegendSaysWhatAColourMeans(t *testing.T) {
	t.Parallel()
	v := view(t, timed(), points(38, 5, 0.01)...)
	all := during(t, v, time.Unix(0, 0), time.Unix(4e9, 0))
	for _, m := range []Measure{{}, {Weight: "share", Aggregate: Mean}, {Per: PerHectareWeek, Weeks: 1, Half: 0.3}, {Weeks: 1, Compare: &Window{all, 1}}} {
		r := HeatRequest{Layer: "events", Filter: all, Measure: m}
		l, err := HeatLegend(v, r)
		if err != nil {
			t.Fatal(err)
		}
		g := heat(t, v, r)
		ramp := g.measure.ramp()
		for i, s := range l.Stops {
			c := ramp.at(s.Value)
			var want color.NRGBA
			if _, err := fmt.Sscanf(s.Color, "#%02x%02x%02x", &want.R, &want.G, &want.B); err != nil {
				t.Fatal(err)
			}
			far := func(a, b uint8) bool { return math.Abs(float64(a)-float64(b)) > 6 } // the next of 256 colours
			if s.Value != 0 && (far(c.R, want.R) || far(c.G, want.G) || far(c.B, want.B)) {
				t.Errorf("%+v: the legend gives %g the colour %s, the picture %v", m, s.Value, s.Color, c)
			}
			if i > 0 && s.Value <= l.Stops[i-1].Value {
				t.Errorf("stop %g follows %g", s.Value, l.Stops[i-1].Value)
			}
		}
		for _, lang := range []layers.Lang{layers.Chinese, layers.English} {
			var form struct {
				Title, Unit, Palette string
				Stops                []struct{ Value float64 }
			}
			if err := json.Unmarshal(l.JSON(lang), &form); err != nil || form.Title == "" || form.Unit != l.Unit[lang] || form.Palette == "" || len(form.Stops) != len(l.Stops) {
				t.Errorf("%s: %v %s", lang, err, l.JSON(lang))
			}
		}
	}
	rate, err := HeatLegend(v, HeatRequest{Layer: "events", Measure: Measure{Per: PerHectareWeek, Weeks: 1}})
	if err != nil || rate.Unit[layers.Chinese] != "个/公顷·周" || rate.Unit[layers.English] != "features per hectare per week" {
		t.Error(err, rate.Unit)
	}
}

func TestThePaletteOfDifferencesIsToldApartByTheColourBlind(t *testing.T) {
	t.Parallel()
	colours := diverging()
	// What dichromats see: F. Vienot, H. Brettel, J. Mollon, Digital video colourmaps for checking the legibility of
	// displays by dichromats, 1999, table 2 combined, on linear RGB. Red-green blind eyes see red and green as one
	// yellow and keep blue.
	seen := map[string]func(r, g, b float64) (float64, float64){
		"protanopia":   func(r, g, b float64) (float64, float64) { return 0.11238*r + 0.88762*g, 0.00401*r - 0.00401*g + b },
		"deuteranopia": func(r, g, b float64) (float64, float64) { return 0.29275*r + 0.70725*g, -0.02234*r + 0.02234*g + b },
	}
	linear := func(v uint8) float64 { return math.Pow(float64(v)/255, 2.2) }
	for name, eye := range seen {
		for i := 48; i < 128; i += 8 { // where they are opaque enough to be seen
			below, above := colours[128-i], colours[min(128+i, 255)]
			y1, b1 := eye(linear(below.R), linear(below.G), linear(below.B))
			y2, b2 := eye(linear(above.R), linear(above.G), linear(above.B))
			if !(b1/(y1+1e-3) > 1.15*b2/(y2+1e-3)) {
				t.Errorf("%s: %v and %v look alike", name, below, above)
			}
		}
	}
	if colours[128].A != 0 {
		t.Error("zero is not transparent")
	}
	light := func(c color.NRGBA) float64 { return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B) }
	for i := 129; i < 256; i++ {
		if light(colours[i]) < light(colours[i-1])-1e-9 && i > 130 || light(colours[256-i]) < light(colours[257-i])-1e-9 && i > 130 {
			t.Errorf("colours %d from the middle are darker than those before", i-128)
		}
	}
}

func TestAMeanIsNeverOutsideItsWeights(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(39, 1))
	for range 200 {
		var all, parts Tally
		least := math.Inf(1)
		for range 1 + rnd.IntN(20) {
			w := rnd.NormFloat64()
			least = min(least, w)
			one := Tally{Count: 1, Known: 1, Sum: w, Max: w}
			if rnd.IntN(4) == 0 {
				one = Tally{Count: 1}
			}
			all.add(one)
			if rnd.IntN(2) == 0 {
				parts.add(one)
			} else {
				group := Tally{}
				group.add(one)
				parts.add(group)
			}
		}
		if all != parts {
			t.Fatalf("%+v in groups is %+v", all, parts)
		}
		if mean := all.Sum / float64(all.Known); all.Known > 0 && (mean > all.Max+1e-12 || mean < least-1e-12) {
			t.Fatalf("mean %g of %+v", mean, all)
		}
	}
}

func TestSettledNumbersDoNotShowTheOrderOfASum(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(40, 1))
	for range 300 {
		weights := make([]float64, 30)
		for i := range weights {
			weights[i] = math.Round(rnd.Float64()*1e4) / 1e3
		}
		sum := func() (s float64) {
			rnd.Shuffle(len(weights), func(i, k int) { weights[i], weights[k] = weights[k], weights[i] })
			for _, w := range weights {
				s += w
			}
			return s
		}
		if a, b := settled(sum()), settled(sum()); a != b || math.Abs(a-sum()) > 1e-9 {
			t.Fatalf("%g and %g", a, b)
		}
	}
	for _, x := range []float64{0, -3, 1e300, 5e-324, math.MaxFloat64, 1.5e-310, -0.1, 123456.789} {
		if y := settled(x); math.IsNaN(y) || math.Abs(y-x) > math.Abs(x)*1e-10 {
			t.Errorf("%g became %g", x, y)
		}
	}
}
