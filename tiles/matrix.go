package tiles

import (
	"math"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// Matrix is how the world is cut into tiles. In both, a tile of zoom z is 360/2^z degrees wide, so that the zooms of a
// layer mean the same, and the columns are the same tiles from north to south.
type Matrix uint8

// The matrices.
const (
	// WebMercator cuts the square world of EPSG:3857 into 2^z columns and rows: OGC's WebMercatorQuad, Tianditu's w.
	WebMercator Matrix = iota
	// LonLat cuts longitudes and latitudes (CRS84, or EPSG:4490, which is the same here) into 2^z columns and 2^(z-1) rows
	// of square tiles, from 180 W, 90 N: Tianditu's c, and OGC's WorldCRS84Quad, whose level is z-1. Zooms begin with 1.
	// World coordinates end at geo.MaxLatitude: what lies beyond is drawn there, and tiles beyond are empty.
	LonLat
)

// String returns the name of the matrix.
func (m Matrix) String() string {
	if m == LonLat {
		return "lonlat"
	}
	return "mercator"
}

// MinZoom returns the first zoom of the matrix.
func (m Matrix) MinZoom() int {
	if m == LonLat {
		return 1
	}
	return 0
}

// Size returns the number of columns and rows at a zoom, which must not be below MinZoom.
func (m Matrix) Size(zoom maptile.Zoom) (columns, rows uint32) {
	columns = 1 << zoom
	if m == LonLat {
		return columns, columns / 2
	}
	return columns, columns
}

// Tile returns the tile of a zoom that holds a position as it is drawn. A position on a border is in the tile east or
// south of it.
func (m Matrix) Tile(p orb.Point, zoom maptile.Zoom) maptile.Tile {
	if m == WebMercator {
		return geo.Tile(p, zoom)
	}
	x, y := geo.World(p)
	f := m.frame(maptile.New(0, 0, zoom))
	at := f.at(x, y)
	return maptile.New(uint32(at.x/Extent), uint32(at.y/Extent), zoom)
}

// Bound returns the bound of a tile, lon/lat degrees.
func (m Matrix) Bound(t maptile.Tile) orb.Bound {
	if m == WebMercator {
		return t.Bound()
	}
	side := 360 / float64(uint64(1)<<t.Z)
	west, north := float64(t.X)*side-180, 90-float64(t.Y)*side
	return orb.Bound{Min: orb.Point{west, north - side}, Max: orb.Point{west + side, north}}
}

// check says what is wrong with a tile address, or nil.
func (m Matrix) check(t maptile.Tile) error {
	if least := m.MinZoom(); t.Z > geo.MaxTileZoom || int(t.Z) < least {
		return layers.Invalid("z", "tile zoom %d: expected %d to %d", t.Z, least, geo.MaxTileZoom)
	}
	if columns, rows := m.Size(t.Z); t.X >= columns || t.Y >= rows {
		return layers.Invalid("tile", "tile column %d, row %d: expected 0 to %d and 0 to %d at zoom %d", t.X, t.Y, columns-1, rows-1, t.Z)
	}
	return nil
}

// frame returns what turns world coordinates into units of a tile.
func (m Matrix) frame(t maptile.Tile) frame {
	f := newFrame(t)
	if m == LonLat {
		f.perDegree = unitsPerDegree(t.Z)
	}
	return f
}

// unitsPerDegree returns the number of units of a tile in a degree.
func unitsPerDegree(zoom maptile.Zoom) float64 { return float64(uint64(Extent)<<zoom) / 360 }

// area returns the world coordinates of a tile widened on every side by a margin, which is a length along the equator in
// world units. Of a LonLat tile it holds the tile and up to two units more to the north and south, against rounding.
func (m Matrix) area(t maptile.Tile, margin int64) area {
	a := tileArea(t, margin)
	if m == WebMercator {
		return a
	}
	const degree = worldSize / 360.0
	b, more := m.Bound(t), float64(margin)/degree
	_, north := geo.World(orb.Point{0, min(b.Max[1]+more, 90)})
	_, south := geo.World(orb.Point{0, max(b.Min[1]-more, -90)})
	a.y0, a.y1 = max(int64(north)-2, 0), min(int64(south)+3, worldSize)
	return a
}

// margin is how far beyond its border a tile draws lines and areas, in world units along the equator: its reach, and at
// least a unit.
func margin(t maptile.Tile) int64 { return max(int64(worldSize)>>t.Z>>6, 1) }

// rev returns the number of the last change in what a tile of a layer draws from.
func (m Matrix) rev(t *layers.Table, tile maptile.Tile) layers.Seq {
	if m == WebMercator {
		return t.TileRev(tile)
	}
	a := m.area(tile, margin(tile))
	return t.WorldRev(uint32(a.x0), uint32(a.y0), uint32(a.x1-1), uint32(a.y1-1))
}

// row returns the row of a world coordinate on the lattice of a LonLat matrix, whose row 0 begins at 90 N, or on one that
// has 1<<bits rows for each of its rows.
func (f *frame) row(y uint32, bits uint) int64 {
	return int64(math.Floor((90 - geo.Unworld(0, y)[1]) * f.perDegree * float64(int64(1)<<bits)))
}
