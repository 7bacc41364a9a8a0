package checkup

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// The town's areas: two communities of three grids each, one above the other.
const (
	street = "420106001"
	south  = "420106001001"
	north  = "420106001002"
)

var today = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// town is a small map that can be broken before it is examined.
type town struct {
	t        *testing.T
	features map[string][]layers.Feature
}

// side is the length of a cell of the town in degrees, some 200 m.
const side = 0.002

// cells is the rectangle of cells from x, y (counted from the town's south-west corner), wide and high.
func cells(x, y, wide, high float64) orb.Polygon {
	return rectangle(114.3+x*side, 30.57+y*side, wide*side, high*side)
}

func rectangle(west, south, wide, high float64) orb.Polygon {
	return orb.Polygon{{{west, south}, {west + wide, south}, {west + wide, south + high}, {west, south + high}, {west, south}}}
}

// newTown returns a town in which nothing is wrong.
func newTown(t *testing.T) *town {
	w := &town{t, map[string][]layers.Feature{}}
	w.add("subdistricts", 420106001, cells(0, 0, 3, 2), "code", street)
	for y, community := range []string{south, north} {
		id := int64(420106001001 + y)
		w.add("communities", id, cells(0, float64(y), 3, 1), "code", community, "subdistrict", street)
		for x := range 3 {
			code := community + []string{"001", "002", "003"}[x]
			zone := community + "01"
			if y == 0 && x == 2 {
				zone = community + "02"
			}
			w.add("grids", id*1000+int64(x)+1, cells(float64(x), float64(y), 1, 1), "code", code, "community", community, "zone", zone)
			partner := "L" + community + []string{"002", "001", "002"}[x]
			w.add("responders", int64(10*y+x+1), cells(float64(x)+0.4, float64(y)+0.4, 0, 0)[0][0], "code", "L"+code, "role", "grid_leader",
				"zone_leader", x != 1, "community", community, "zone", zone, "grid", code, "partner", partner, "fix_at", today.Add(-time.Minute))
			w.add("events", int64(10*y+x+1), cells(float64(x)+0.6, float64(y)+0.6, 0, 0)[0][0], "code", code+"E", "community", community, "zone", zone, "grid", code,
				"reported_at", today.Add(-time.Hour), "closed_at", today.Add(-time.Minute))
		}
	}
	w.add("zones", 1, cells(0, 0, 2, 1), "code", south+"01", "community", south)
	w.add("zones", 2, cells(2, 0, 1, 1), "code", south+"02", "community", south)
	w.add("zones", 3, cells(0, 1, 3, 1), "code", north+"01", "community", north)
	return w
}

// add adds a feature with values, name by name.
func (w *town) add(layer string, id int64, g orb.Geometry, values ...any) {
	w.t.Helper()
	l := schema(layer)
	f := layers.Feature{ID: id, Geometry: g, Values: make([]layers.Value, len(l.Fields))}
	w.features[layer] = append(w.features[layer], f)
	for i := 0; i < len(values); i += 2 {
		w.set(layer, id, values[i].(string), values[i+1])
	}
}

func schema(layer string) layers.Layer {
	all := fixtures.Catalogue()
	return all[slices.IndexFunc(all, func(l layers.Layer) bool { return l.Name == layer })]
}

// feature returns a feature, to be altered.
func (w *town) feature(layer string, id int64) *layers.Feature {
	w.t.Helper()
	i := slices.IndexFunc(w.features[layer], func(f layers.Feature) bool { return f.ID == id })
	if i < 0 {
		w.t.Fatalf("the town has no %s %d", layer, id)
	}
	return &w.features[layer][i]
}

// set gives a field another value.
func (w *town) set(layer string, id int64, field string, value any) {
	w.t.Helper()
	l := schema(layer)
	v := layers.Null()
	switch x := value.(type) {
	case string:
		v = layers.TextValue(x)
	case bool:
		v = layers.BoolValue(x)
	case time.Time:
		v = layers.TimeValue(x)
	}
	w.feature(layer, id).Values[l.Index(field)] = v
}

// move gives a feature another geometry.
func (w *town) move(layer string, id int64, g orb.Geometry) { w.feature(layer, id).Geometry = g }

// drop removes a feature.
func (w *town) drop(layer string, id int64) {
	w.feature(layer, id)
	w.features[layer] = slices.DeleteFunc(w.features[layer], func(f layers.Feature) bool { return f.ID == id })
}

// view returns the town as it is seen with everything.
func (w *town) view() *layers.View {
	w.t.Helper()
	b := layers.NewBuilder()
	for _, l := range fixtures.Catalogue() {
		if len(w.features[l.Name]) == 0 {
			continue
		}
		into, err := b.Layer(l)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, f := range w.features[l.Name] {
			into.Add(f)
		}
	}
	if notes := b.Notes(); len(notes) > 0 {
		w.t.Fatalf("the town is not a map: %v", notes)
	}
	return b.Snapshot(1).View(layers.Scope{Audience: layers.Restricted})
}

func (w *town) examine() []layers.Finding {
	w.t.Helper()
	found, err := Examine(w.t.Context(), w.view(), Options{Now: today})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// told is what a test expects of a finding.
type told struct {
	Check string
	Level layers.Level
	Layer string
	Count int
	IDs   []int64
}

// bad returns the findings that are not ok, by check and layer.
func bad(found []layers.Finding) (out []told) {
	for _, f := range found {
		if f.Level != layers.LevelOK {
			out = append(out, told{f.Check, f.Level, f.Layer, f.Count, f.IDs})
		}
	}
	slices.SortFunc(out, func(a, b told) int { return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Layer, b.Layer)) })
	return out
}

func TestHealthyTownHasOnlyGoodFindings(t *testing.T) {
	t.Parallel()
	found := newTown(t).examine()
	if diff := gocmp.Diff([]told(nil), bad(found)); diff != "" {
		t.Error(diff)
	}
	for _, f := range found {
		if f.Title[layers.Chinese] == "" || f.Title[layers.English] == "" || f.Detail[layers.Chinese] == "" || f.Detail[layers.English] == "" {
			t.Errorf("%s is not told in both languages: %v %v", f.Check, f.Title, f.Detail)
		}
	}
}

// Numbers of the town's features.
const (
	southID = int64(420106001001)
	g1      = int64(420106001001001)
	g2      = g1 + 1
	g3      = g1 + 2
	n1      = int64(420106001002001)
	n3      = n1 + 2
)

// defect is one way to wreck the town, and what is found then; nil: something.
type defect struct {
	wreck func(w *town)
	want  []told
}

func defects() map[string]defect {
	const note, warning, err = layers.LevelNote, layers.LevelWarning, layers.LevelError
	point := func(x, y float64) orb.Point { return cells(x, y, 0, 0)[0][0] }
	return map[string]defect{
		"grids overlap":            {func(w *town) { w.move("grids", g1, cells(0, 0, 1.1, 1)) }, []told{{"grids.overlap", err, "grids", 1, []int64{g1, g2}}}},
		"a grid twice":             {func(w *town) { w.move("grids", g2, cells(0, 0, 2, 1)) }, []told{{"grids.overlap", err, "grids", 1, []int64{g1, g2}}}},
		"a gap between grids":      {func(w *town) { w.move("grids", g1, cells(0, 0, 0.9, 1)) }, []told{{"communities.gap", err, "communities", 1, []int64{southID}}, {"zones.contiguous", err, "zones", 1, []int64{1}}, {"zones.gap", warning, "zones", 1, []int64{1}}}},
		"a grid outside":           {func(w *town) { w.move("grids", g1, cells(-0.1, 0, 1.1, 1)) }, []told{{"grids.outside", err, "grids", 1, []int64{g1}}}},
		"a grid in two":            {func(w *town) { w.move("grids", n1, cells(0, 0.9, 1, 1.1)) }, []told{{"grids.outside", err, "grids", 1, []int64{n1}}, {"grids.overlap", err, "grids", 1, []int64{g1, n1}}, {"grids.straddle", err, "grids", 1, []int64{n1}}}},
		"communities overlap":      {func(w *town) { w.move("communities", southID, cells(0, 0, 3, 1.1)) }, []told{{"communities.gap", err, "communities", 1, []int64{southID}}, {"communities.overlap", err, "communities", 1, []int64{southID, southID + 1}}, {"grids.straddle", err, "grids", 3, []int64{n1, n1 + 1, n3}}}},
		"a community outside":      {func(w *town) { w.move("subdistricts", 420106001, cells(0, 0, 3, 1.9)) }, []told{{"communities.outside", err, "communities", 1, []int64{southID + 1}}}},
		"a gap in the subdistrict": {func(w *town) { w.move("subdistricts", 420106001, cells(0, 0, 3, 2.1)) }, []told{{"subdistricts.gap", err, "subdistricts", 1, []int64{420106001}}}},
		"a shape crossing itself": {func(w *town) {
			p := cells(0, 0, 1, 1)
			p[0][1], p[0][2] = p[0][2], orb.Point{p[0][1][0], p[0][1][1] + side/4}
			w.move("grids", g1, p)
		}, []told{{"areas.valid", err, "grids", 1, []int64{g1}}}},
		"no grids": {func(w *town) {
			w.features["grids"], w.features["zones"] = nil, nil
			for id := range int64(3) {
				for _, layer := range []string{"events", "responders"} {
					w.drop(layer, id+1)
					w.drop(layer, id+11)
				}
			}
		}, []told{{"codes.layers", note, "", 3, nil}}},
		"a grid's code of another community": {func(w *town) { w.set("grids", g3, "community", north) }, []told{{"codes.agree", err, "events", 1, []int64{3}}, {"codes.agree", err, "grids", 1, []int64{g3}}, {"codes.agree", err, "responders", 1, []int64{3}},
			{"codes.format", err, "grids", 1, []int64{g3}}, {"communities.gap", err, "communities", 1, []int64{southID}}, {"grids.outside", err, "grids", 1, []int64{g3}}, {"grids.straddle", err, "grids", 1, []int64{g3}}}},
		"letters in a code":      {func(w *town) { w.set("communities", southID, "code", "42010600100A") }, nil},
		"a zone's number":        {func(w *town) { w.rename("zones", 2, south+"02", south+"2") }, []told{{"codes.format", warning, "zones", 1, []int64{2}}}},
		"a code twice":           {func(w *town) { w.set("events", 3, "code", south+"001E") }, []told{{"codes.unique", err, "events", 1, []int64{1, 3}}}},
		"an unknown grid":        {func(w *town) { w.set("events", 3, "grid", south+"009") }, []told{{"codes.reference", err, "events", 1, []int64{3}}}},
		"an unknown subdistrict": {func(w *town) { w.set("communities", southID, "subdistrict", "420106002") }, nil},
		"another's grid":         {func(w *town) { w.set("events", 3, "community", north) }, []told{{"codes.agree", err, "events", 1, []int64{3}}}},
		"a zone of two pieces": {func(w *town) {
			w.set("grids", g2, "zone", south+"02")
			w.set("grids", g3, "zone", south+"01")
		}, []told{{"zones.contiguous", err, "zones", 1, []int64{1}}, {"zones.gap", warning, "zones", 2, []int64{1, 2}}}},
		"a zone without grids": {func(w *town) {
			w.add("zones", 4, nil, "code", north+"02", "community", north)
		}, []told{{"areas.valid", err, "zones", 1, []int64{4}}, {"positions.empty", warning, "zones", 1, []int64{4}}, {"responders.zone", warning, "zones", 1, []int64{4}}, {"zones.size", err, "zones", 1, []int64{4}}}},
		"a leader without a grid":   {func(w *town) { w.set("responders", 2, "grid", nil) }, []told{{"responders.grid", warning, "responders", 1, []int64{2}}, {"responders.leader", warning, "grids", 1, []int64{g2}}}},
		"a leader of no such grid":  {func(w *town) { w.set("responders", 2, "grid", south+"009") }, []told{{"responders.leader", warning, "grids", 1, []int64{g2}}, {"responders.reference", err, "responders", 1, []int64{2}}}},
		"two leaders":               {func(w *town) { w.set("responders", 2, "grid", south+"001") }, []told{{"responders.leader", warning, "grids", 1, []int64{g2}}, {"responders.leaders", note, "grids", 1, []int64{g1}}}},
		"a zone without a leader":   {func(w *town) { w.set("responders", 3, "zone_leader", false) }, []told{{"responders.zone", warning, "zones", 1, []int64{2}}}},
		"no partner":                {func(w *town) { w.set("responders", 2, "partner", nil) }, []told{{"responders.partner", warning, "responders", 1, []int64{2}}}},
		"an unknown partner":        {func(w *town) { w.set("responders", 2, "partner", "nobody") }, []told{{"responders.partners", err, "responders", 1, []int64{2}}}},
		"their own partner":         {func(w *town) { w.set("responders", 2, "partner", "L"+south+"002") }, []told{{"responders.partners", err, "responders", 1, []int64{2}}}},
		"nowhere":                   {func(w *town) { w.move("events", 2, nil) }, []told{{"positions.empty", warning, "events", 1, []int64{2}}}},
		"far away":                  {func(w *town) { w.move("responders", 2, point(1, 20)) }, []told{{"positions.far", warning, "responders", 1, []int64{2}}}},
		"a little outside":          {func(w *town) { w.move("responders", 2, point(1, -1)) }, []told{{"positions.outside", note, "responders", 1, []int64{2}}}},
		"in another grid":           {func(w *town) { w.move("events", 2, point(2.5, 0.5)) }, []told{{"positions.grid", warning, "events", 1, []int64{2}}}},
		"in a grid but naming none": {func(w *town) { w.set("events", 2, "grid", nil) }, []told{{"positions.unassigned", note, "events", 1, []int64{2}}}},
		"reported tomorrow": {func(w *town) {
			w.set("events", 2, "reported_at", today.Add(24*time.Hour))
			w.set("events", 2, "closed_at", nil)
		}, []told{{"times.future", warning, "events", 1, []int64{2}}}},
		"a clock four minutes ahead": {func(w *town) { w.set("responders", 2, "fix_at", today.Add(4*time.Minute)) }, []told{}},
		"closed before reported":     {func(w *town) { w.set("events", 2, "closed_at", today.Add(-2*time.Hour)) }, []told{{"times.order", err, "events", 1, []int64{2}}}},
	}
}

func TestEveryDefectIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range defects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			c.wreck(w)
			got := bad(w.examine())
			if c.want == nil {
				if len(got) == 0 {
					t.Error("nothing was found")
				}
				return
			}
			if diff := gocmp.Diff(c.want, append([]told{}, got...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// rename changes the code of an area and of whatever names it.
func (w *town) rename(layer string, id int64, from, to string) {
	w.set(layer, id, "code", to)
	for name, features := range w.features {
		l := schema(name)
		for _, f := range features {
			for i, v := range f.Values {
				if v.Text() == from && l.Fields[i].Name != "code" {
					f.Values[i] = layers.TextValue(to)
				}
			}
		}
	}
}

// TestNoiseOfCoordinatesIsNoError: files carry coordinates to some decimals, so that borders which are one line to the
// person are not one to the machine. Overlaps and gaps that come of it are told, as slivers, and a zone hangs together.
func TestNoiseOfCoordinatesIsNoError(t *testing.T) {
	t.Parallel()
	slivers := []string{"grids.overlap", "communities.overlap", "subdistricts.gap", "communities.gap", "zones.gap", "grids.outside", "communities.outside", "grids.straddle"}
	for seed := range uint64(20) {
		for _, noise := range []float64{1e-10, 1e-9, 1e-8, 1e-7, 2.5e-7} { // to 3 cm either way
			w := newTown(t)
			rng := rand.New(rand.NewPCG(seed, 1))
			for _, layer := range []string{"subdistricts", "communities", "zones", "grids"} {
				for i := range w.features[layer] {
					shake(w.features[layer][i].Geometry.(orb.Polygon)[0], noise, rng)
				}
			}
			for _, f := range w.examine() {
				if f.Level == layers.LevelError || f.Level == layers.LevelWarning && (noise < 1e-8 || !slices.Contains(slivers, f.Check)) {
					t.Errorf("seed %d, noise of %g degrees: %s, %s", seed, noise, f.Level, f.Detail[layers.English])
				}
			}
		}
	}
}

// shake moves the positions of a ring at random.
func shake(ring orb.Ring, degrees float64, rng *rand.Rand) {
	for i := range ring {
		ring[i][0] += (2*rng.Float64() - 1) * degrees
		ring[i][1] += (2*rng.Float64() - 1) * degrees
	}
	ring[len(ring)-1] = ring[0]
}

// TestOverlapsAndGapsMeasureWhatTheyAre: what two areas share is what one has less than the sum without the other.
func TestOverlapsAndGapsMeasureWhatTheyAre(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		a := cells(rng.Float64(), rng.Float64(), 0.2+rng.Float64(), 0.2+rng.Float64())
		b := cells(rng.Float64(), rng.Float64(), 0.2+rng.Float64(), 0.2+rng.Float64())
		x, y := &area{geometry: a}, &area{geometry: b}
		x.shape, x.fault = shapeOf(a)
		y.shape, y.fault = shapeOf(b)
		rest, err := x.without([]*area{y})
		if err != nil {
			t.Fatal(err)
		}
		left := patchOf(rest).metres
		common := orb.Bound{Min: orb.Point{max(a[0][0][0], b[0][0][0]), max(a[0][0][1], b[0][0][1])}, Max: orb.Point{min(a[0][2][0], b[0][2][0]), min(a[0][2][1], b[0][2][1])}}
		shared := 0.0
		if common.Min[0] < common.Max[0] && common.Min[1] < common.Max[1] {
			shared = geo.Area(common)
		}
		if whole := geo.Area(a); left+shared < whole-2 || left+shared > whole+2 {
			t.Errorf("%.2f m² are left and %.2f m² shared of %.2f m²", left, shared, whole)
		}
	}
}

// TestWrongDatumIsRecognised: a whole layer that is stored in GCJ-02 is an error that names GCJ-02.
func TestWrongDatumIsRecognised(t *testing.T) {
	t.Parallel()
	for crs, flag := range map[geo.CRS]string{geo.GCJ02: "gcj02", geo.BD09: "bd09"} {
		w := newTown(t)
		for i, f := range w.features["events"] {
			w.features["events"][i].Geometry = geo.FromWGS84(crs, f.Geometry)
		}
		found := w.examine()
		i := slices.IndexFunc(found, func(f layers.Finding) bool { return f.Check == "positions.datum" })
		if i < 0 || found[i].Level != layers.LevelError || found[i].Layer != "events" {
			t.Fatalf("%s was not recognised: %v", crs, bad(found))
		}
		if want := "'shapan load events FILE --crs " + flag + "'"; !contains(found[i].Remedy, want) {
			t.Errorf("the remedy is %v: expected %s in it", found[i].Remedy, want)
		}
	}
}

// contains tells whether both languages have a text.
func contains(t layers.Text, part string) bool {
	for _, l := range []layers.Lang{layers.Chinese, layers.English} {
		if !strings.Contains(t[l], part) {
			return false
		}
	}
	return true
}

// TestSampleIsHealthy: what the sample has by design is told in numbers, and nothing of it is an error.
func TestSampleIsHealthy(t *testing.T) {
	t.Parallel()
	v := made(t, fixtures.Options{})
	last, calls := 0, 0
	found, err := Examine(t.Context(), v, Options{Progress: func(done, total int) {
		calls++
		if done < last || done > total {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last = done
	}})
	if err != nil {
		t.Fatal(err)
	}
	if calls < 10 {
		t.Errorf("progress was told %d times", calls)
	}
	for _, f := range found {
		if f.Level == layers.LevelError {
			t.Errorf("%s: %s", f.Check, f.Detail[layers.English])
		}
	}
	want := map[string]int{"positions.outside": 174, "positions.far": 5, "positions.grid": 120}
	for _, f := range bad(found) {
		if f.Count != want[f.Check] {
			t.Errorf("%s %s: %d, expected %d", f.Check, f.Layer, f.Count, want[f.Check])
		}
		delete(want, f.Check)
	}
	if len(want) > 0 {
		t.Errorf("not told: %v", want)
	}
}

func TestExamineStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Examine(ctx, made(t, fixtures.Options{}), Options{Progress: func(int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v: expected that it was cancelled", err)
	}
}

// TestForeignMapIsLeftInPeace: a map that has none of the layers has nothing wrong but that.
func TestForeignMapIsLeftInPeace(t *testing.T) {
	t.Parallel()
	b := layers.NewBuilder()
	into, err := b.Layer(layers.Layer{Name: "trees", Kind: layers.Point, Fields: []layers.Field{{Name: "code", Type: layers.String}}})
	if err != nil {
		t.Fatal(err)
	}
	into.Add(layers.Feature{ID: 1, Geometry: orb.Point{2, 48}, Values: []layers.Value{layers.TextValue("T1")}})
	found, err := Examine(t.Context(), b.Snapshot(1).View(layers.Scope{}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]told{{"codes.layers", layers.LevelNote, "", 5, nil}}, bad(found)); diff != "" {
		t.Error(diff)
	}
}
