package geo

import (
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// MaxLatitude is where the square world of web maps ends.
const MaxLatitude = 85.05112877980659

// World returns a position in world coordinates: spherical Mercator (EPSG:3857) as 32-bit fixed point, with (0, 0) the
// north-west corner of the square and one unit about 9 mm at the equator. Latitudes beyond MaxLatitude are clamped.
func World(p orb.Point) (x, y uint32) {
	s := math.Sin(math.Max(-MaxLatitude, math.Min(MaxLatitude, p[1])) * radian)
	return fixed(p[0]/360 + 0.5), fixed(0.5 - math.Atanh(s)/(2*math.Pi))
}

// fixed turns a share of the world into fixed point, clamped to it.
func fixed(share float64) uint32 {
	v := math.Floor(share * (1 << 32))
	if !(v > 0) {
		return 0
	}
	return uint32(math.Min(v, math.MaxUint32))
}

// Unworld returns the position at the middle of a unit of world coordinates.
func Unworld(x, y uint32) orb.Point {
	fx, fy := (float64(x)+0.5)/(1<<32), (float64(y)+0.5)/(1<<32)
	return orb.Point{(fx - 0.5) * 360, math.Atan(math.Sinh((0.5-fy)*2*math.Pi)) / radian}
}

// WorldCorner returns the north-west corner of a unit of world coordinates, lon/lat degrees. x and y go from 0 to 1<<32,
// the east and south end of the world.
func WorldCorner(x, y int64) orb.Point {
	fx, fy := float64(x)/(1<<32), float64(y)/(1<<32)
	return orb.Point{(fx - 0.5) * 360, math.Atan(math.Sinh((0.5-fy)*2*math.Pi)) / radian}
}

// MaxTileZoom is the deepest zoom that a tile address may have.
const MaxTileZoom = 22

// Tile returns the tile of a zoom that holds a position. A position on a border is in the tile east or south of it.
func Tile(p orb.Point, z maptile.Zoom) maptile.Tile {
	x, y := World(p)
	return maptile.New(uint32(uint64(x)>>(32-z)), uint32(uint64(y)>>(32-z)), z)
}

// ParseTile reads a tile address and says which range each part has.
func ParseTile(z, x, y string) (maptile.Tile, error) {
	zoom, err := strconv.ParseUint(z, 10, 8)
	if err != nil || zoom > MaxTileZoom {
		return maptile.Tile{}, fmt.Errorf("tile zoom %.20q: expected a whole number from 0 to %d", z, MaxTileZoom)
	}
	last := uint64(1)<<zoom - 1
	col, err := strconv.ParseUint(x, 10, 32)
	if err != nil || col > last {
		return maptile.Tile{}, fmt.Errorf("tile column %.20q: expected a whole number from 0 to %d at zoom %d", x, last, zoom)
	}
	row, err := strconv.ParseUint(y, 10, 32)
	if err != nil || row > last {
		return maptile.Tile{}, fmt.Errorf("tile row %.20q: expected a whole number from 0 to %d at zoom %d", y, last, zoom)
	}
	return maptile.New(uint32(col), uint32(row), maptile.Zoom(zoom)), nil
}
