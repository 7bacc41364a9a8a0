package tiles

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"math"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb/maptile"
)

func heat(t testing.TB, v *layers.View, r HeatRequest) *Grid {
	t.Helper()
	g, err := Heat(context.Background(), v, r)
	if err != nil {
		t.Fatal(err)
	}
	return &g
}

func TestHeatAddsUpOverAnyCover(t *testing.T) {
	t.Parallel()
	features := points(21, 4000, 0.02)
	for i := range 50 { // on the corners of cells
		p := geo.Unworld(3460000000>>22<<22, uint32(1900000000>>22<<22+i<<16))
		features = append(features, layers.Feature{ID: int64(9000 + i), Geometry: p, Values: features[i+1].Values})
	}
	v := view(t, pointLayer, features...)
	for _, z := range []maptile.Zoom{0, 7, 14, 17} {
		for _, weight := range []string{"", "level"} {
			count, sum := 0, 0.0
			for tile := range tilesOf(features, z) {
				g := heat(t, v, HeatRequest{Layer: "events", Tile: tile, Cells: 32, Measure: Measure{Weight: weight}})
				n, s := g.Total()
				count, sum = count+n, sum+s
				checkForms(t, g, n)
			}
			want := 0.0
			for _, f := range features {
				if w, _ := f.Values[1].Number(); weight != "" {
					want += w
				} else {
					want++
				}
			}
			if count != len(features) || math.Abs(sum-want) > 1e-6 {
				t.Errorf("zoom %d weight %q: %d points of weight %g, expected %d of %g", z, weight, count, sum, len(features), want)
			}
		}
	}
}

// checkForms checks that the tile and the JSON of a grid hold its numbers.
func checkForms(t *testing.T, g *Grid, count int) {
	t.Helper()
	tile, err := readStrict(g.MVT())
	if err != nil {
		t.Fatal(err)
	}
	var n, area int64
	for _, f := range tile.layer("heat").features {
		n += f.tags["count"].(int64)
		area += area2(f.parts[0]) / 2
	}
	if cells := int64(len(g.Filled())); int(n) != count || area != cells*(Extent/int64(g.Cells))*(Extent/int64(g.Cells)) {
		t.Errorf("tile holds %d of %d points in %d units", n, count, area)
	}
	var form struct {
		Cells []struct {
			Lon, Lat, Value float64
			Count           int
		}
		Count int
		Sum   float64
	}
	if err := json.Unmarshal(g.JSON(layers.English), &form); err != nil {
		t.Fatal(err)
	}
	for _, c := range form.Cells {
		form.Count -= c.Count
		if at := geo.Tile([2]float64{c.Lon, c.Lat}, g.Tile.Z); at != g.Tile {
			t.Errorf("cell at %g %g is in %v", c.Lon, c.Lat, at)
		}
	}
	if form.Count != 0 {
		t.Errorf("JSON cells do not add up to its count: %d left", form.Count)
	}
}

func TestPicturesJoinWithoutASeam(t *testing.T) {
	t.Parallel()
	v := view(t, pointLayer, points(22, 3000, 0.02)...)
	west := geo.Tile(center, 15)
	for _, cells := range []int{8, 64, 128} {
		a := heat(t, v, HeatRequest{Layer: "events", Tile: west, Cells: cells})
		b := heat(t, v, HeatRequest{Layer: "events", Tile: maptile.New(west.X+1, west.Y, 15), Cells: cells})
		c := heat(t, v, HeatRequest{Layer: "events", Tile: maptile.New(west.X, west.Y+1, 15), Cells: cells})
		da, db, dc := a.smooth(), b.smooth(), c.smooth()
		seen := 0.0
		for i := range 256 {
			in, out := a.sample(da, 256, i, 256), b.sample(db, 0, i, 256) // the first pixel of the neighbour, drawn by both
			below, own := a.sample(da, i, 256, 256), c.sample(dc, i, 0, 256)
			if cells <= 128 && (math.Abs(in-out) > 1e-9 || math.Abs(below-own) > 1e-9) {
				t.Fatalf("%d cells, pixel %d: %g and %g, %g and %g", cells, i, in, out, below, own)
			}
			seen += in
		}
		if seen == 0 {
			t.Error("nothing at the border: the test sees nothing")
		}
	}
}

func TestPictureShowsDensityAndNothingElse(t *testing.T) {
	t.Parallel()
	f := points(23, 1, 0)
	v := view(t, pointLayer, f...)
	tile := geo.Tile(center, 15)
	g := heat(t, v, HeatRequest{Layer: "events", Tile: tile, Measure: Measure{Half: 0.01}})
	b, err := g.PNG(2)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Dx() != 512 {
		t.Fatal(err, img.Bounds())
	}
	x, y := geo.World(center)
	at := [2]int{int(x >> (32 - 15 - 9) & 511), int(y >> (32 - 15 - 9) & 511)}
	if _, _, _, alpha := img.At(at[0], at[1]).RGBA(); alpha == 0 {
		t.Error("transparent at the point")
	}
	if _, _, _, alpha := img.At((at[0]+256)%512, (at[1]+256)%512).RGBA(); alpha != 0 {
		t.Error("coloured far from the point")
	}
	sum := 0.0
	density := g.smooth()
	for i, d := range density {
		if x, y := i%66, i/66; x > 0 && x < 65 && y > 0 && y < 65 {
			sum += d
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("a point of weight 1 has %g in its picture", sum)
	}
	if _, err := g.PNG(9); !errors.Is(err, layers.ErrInvalid) {
		t.Error(err)
	}
	if _, err := new(Grid).PNG(1); !errors.Is(err, layers.ErrInvalid) {
		t.Error(err)
	}
}

func TestHeatSaysWhatItCannotDo(t *testing.T) {
	t.Parallel()
	v := view(t, pointLayer, points(24, 1, 0)...)
	for _, r := range []HeatRequest{
		{Layer: "events", Cells: 48}, {Layer: "events", Cells: 4}, {Layer: "events", Measure: Measure{Weight: "code"}},
		{Layer: "events", Tile: maptile.New(2, 0, 1)}, {Layer: "events", Tile: maptile.New(0, 0, 23)},
	} {
		if _, err := Heat(context.Background(), v, r); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if _, err := Heat(context.Background(), v, HeatRequest{Layer: "heat"}); !errors.Is(err, layers.ErrNotFound) {
		t.Error(err)
	}
	if _, err := Heat(context.Background(), view(t, gridLayer), HeatRequest{Layer: "grids"}); !errors.Is(err, layers.ErrInvalid) {
		t.Error(err)
	}
	v = view(t, pointLayer, points(24, 1, 0)...)
	table, _ := v.Table("events")
	if rev := HeatRev(v, table, maptile.New(0, 0, 0), Raw); rev != 1 {
		t.Errorf("revision %d", rev)
	}
}
