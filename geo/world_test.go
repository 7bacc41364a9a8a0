package geo

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

func TestWorldCorners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    orb.Point
		x, y uint32
	}{
		{orb.Point{-180, 90}, 0, 0},
		{orb.Point{-180, MaxLatitude}, 0, 0},
		{orb.Point{0, 0}, 1 << 31, 1 << 31},
		{orb.Point{180, -90}, math.MaxUint32, math.MaxUint32},
		{orb.Point{540, -100}, math.MaxUint32, math.MaxUint32},
		{orb.Point{math.NaN(), math.NaN()}, 0, 0},
	} {
		if x, y := World(c.p); absDiff(x, c.x) > 1 || absDiff(y, c.y) > 1 {
			t.Errorf("World(%v) = %d %d, want %d %d", c.p, x, y, c.x, c.y)
		}
	}
}

func absDiff(a, b uint32) uint32 { return max(a, b) - min(a, b) }

func TestWorldRoundTrip(t *testing.T) {
	t.Parallel()
	r := seeded(7)
	for range 20000 {
		x, y := r.Uint32(), r.Uint32()
		gx, gy := World(Unworld(x, y))
		if gx != x || gy != y {
			t.Fatalf("%d %d comes back as %d %d", x, y, gx, gy)
		}
		p := orb.Point{r.Float64()*360 - 180, r.Float64()*170 - 85}
		if q := Unworld(World(p)); Distance(p, q) > 0.0075 {
			t.Fatalf("%v is held as %v, %.4f m away", p, q, Distance(p, q))
		}
	}
}

func TestTileIsMaptiles(t *testing.T) {
	t.Parallel()
	r := seeded(8)
	for range 5000 {
		p := orb.Point{r.Float64()*359.9 - 180, r.Float64()*169 - 84.5}
		z := maptile.Zoom(r.IntN(MaxTileZoom + 1))
		if got, want := Tile(p, z), maptile.At(p, z); got != want {
			t.Errorf("Tile(%v, %d) = %v, want %v", p, z, got, want)
		}
	}
	if got := Tile(orb.Point{180, -90}, 22); !got.Valid() {
		t.Errorf("the last tile: %v", got)
	}
}

func TestParseTile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ z, x, y, want string }{
		{"0", "0", "0", ""}, {"22", "4194303", "4194303", ""}, {"14", "13394", "6713", ""},
		{"23", "0", "0", "tile zoom"}, {"-1", "0", "0", "tile zoom"}, {"", "0", "0", "tile zoom"}, {"1e1", "0", "0", "tile zoom"},
		{"1", "2", "0", "tile column"}, {"1", "0", "2", "tile row"}, {"1", "x", "0", "tile column"}, {"1", "0", "", "tile row"},
		{"3", "4294967296", "0", "from 0 to 7"}, {"+3", "0", "0", "tile zoom"}, {"256", "0", "0", "tile zoom"},
	} {
		tile, err := ParseTile(c.z, c.x, c.y)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s/%s/%s: %v %v, want %q", c.z, c.x, c.y, tile, err, c.want)
		}
	}
}

func FuzzParseTile(f *testing.F) {
	f.Add("14", "13394", "6713")
	f.Add("0", "", "x")
	f.Fuzz(func(t *testing.T, z, x, y string) {
		tile, err := ParseTile(z, x, y)
		if err != nil {
			if len(err.Error()) > 400 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
			return
		}
		if !tile.Valid() || tile.Z > MaxTileZoom {
			t.Errorf("%q %q %q is taken for %v", z, x, y, tile)
		}
		if again, err := ParseTile(fmt.Sprint(tile.Z), fmt.Sprint(tile.X), fmt.Sprint(tile.Y)); err != nil || again != tile {
			t.Errorf("%v comes back as %v %v", tile, again, err)
		}
	})
}

func ExampleParseTile() {
	_, err := ParseTile("3", "9", "0")
	fmt.Println(err)
	// Output: tile column "9": expected a whole number from 0 to 7 at zoom 3
}
