package tiles

import (
	"slices"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// Extent is the number of units along a side of a vector tile.
const Extent = 4096

// MaxBytes bounds a vector tile. Where the features of a tile need more, points crowd into clusters and small shapes
// are left out until it fits.
const MaxBytes = 500_000

// reach is how far beyond its border a tile draws lines and areas, in units: what layers.TileReach allows.
const reach = Extent * layers.TileReach

// worldSize is the side of the world in world coordinates (geo.World).
const worldSize = 1 << 32

// Rev returns the number of the last change in what the vector tile of these layers draws from: while it is the same,
// so are the tile's bytes for the same scope and filters. It fails with ErrNotFound for a layer that the caller may not
// see, with ErrForbidden for one that is Personal, and with ErrInvalid for a tile address outside its zoom.
func Rev(v *layers.View, names []string, tile maptile.Tile) (layers.Seq, error) {
	return WebMercator.Rev(v, names, tile)
}

// Rev is Rev for a tile of the matrix.
func (m Matrix) Rev(v *layers.View, names []string, tile maptile.Tile) (layers.Seq, error) {
	if err := m.check(tile); err != nil {
		return 0, err
	}
	var rev layers.Seq
	for _, name := range names {
		t, err := Drawable(v, name)
		if err != nil {
			return 0, err
		}
		rev = max(rev, m.rev(t, tile))
	}
	return rev, nil
}

// Drawable returns a layer that may be in a vector tile: ErrNotFound for one that the caller may not see, ErrForbidden for
// one that is Personal. Persons are in no tile, whoever asks: tiles are kept, passed on and shown on walls.
func Drawable(v *layers.View, name string) (*layers.Table, error) {
	t, err := v.Table(name)
	if err == nil && t.Layer.Personal {
		return nil, &layers.Error{Kind: layers.ErrForbidden, Field: "layers", Detail: "layer " + name + " holds persons, who are in no tile: /heat/" + name + " has counts"}
	}
	return t, err
}

// area is a rectangle of world coordinates that holds its north and west borders, not its south and east ones.
type area struct{ x0, y0, x1, y1 int64 }

// tileArea returns the area of a tile widened on every side by a margin in world units, within the world.
func tileArea(t maptile.Tile, margin int64) area {
	size := int64(worldSize) >> t.Z
	x, y := int64(t.X)*size, int64(t.Y)*size
	return area{
		max(x-margin, 0), max(y-margin, 0),
		min(x+size+margin, worldSize), min(y+size+margin, worldSize),
	}
}

// square returns the area as a table is asked for it.
func (a area) square() layers.Square { return layers.Square{X0: a.x0, Y0: a.y0, X1: a.x1, Y1: a.y1} }

// bound returns a bound in degrees that holds everything whose world coordinates are in the area, and little more: one
// unit is added on each side against rounding. World coordinates are clamped at the poles, so the last rows of the world
// reach them.
func (a area) bound() orb.Bound {
	b := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	if a.x0 > 0 {
		b.Min[0] = geo.Unworld(uint32(a.x0-1), 0)[0]
	}
	if a.y0 > 0 {
		b.Max[1] = geo.Unworld(0, uint32(a.y0-1))[1]
	}
	if a.x1 < worldSize {
		b.Max[0] = geo.Unworld(uint32(a.x1), 0)[0]
	}
	if a.y1 < worldSize {
		b.Min[1] = geo.Unworld(0, uint32(a.y1))[1]
	}
	return b
}

// tables returns the layers of a request that are drawn at its zoom, in the order asked for.
func (r *Request) tables(v *layers.View) ([]*layers.Table, error) {
	if err := r.Matrix.check(r.Tile); err != nil {
		return nil, err
	}
	var drawn []*layers.Table
	for i, name := range r.Layers {
		if slices.Contains(r.Layers[:i], name) {
			return nil, layers.Invalid("layers", "layer %.60q is asked for twice: expected each name once", name)
		}
		t, err := Drawable(v, name)
		if err != nil {
			return nil, err
		}
		if t.Layer.Kind != layers.None && int(r.Tile.Z) >= t.Layer.MinZoom {
			drawn = append(drawn, t)
		}
	}
	return drawn, nil
}
