package tiles

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"maps"
	"math/bits"
	"slices"
	"strconv"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// MaxCells is how many cells an answer has at most.
const MaxCells = 50_000

// The sizes, in metres, that cells may have.
const (
	LeastSize = 10
	MostSize  = 1_000_000
)

// Shape is what cells look like.
type Shape string

// The shapes of cells.
const (
	Square  Shape = "square"
	Hexagon Shape = "hexagon"
)

// CellsRequest asks for the cells of heat over a bound.
type CellsRequest struct {
	Layer  string
	Bound  *orb.Bound    // cells whose middle is in it, its west and south borders included; nil: all. Min[0] > Max[0] crosses the antimeridian
	Filter layers.Filter // without the bound: a cell counts all of its points, also those outside
	Shape  Shape         // empty: Square
	Size   float64       // metres from side to side, on the ground near 30 degrees of latitude; 0: squares of the map by Zoom and Cells
	Zoom   int           // of tiles, 0 to 22
	Cells  int           // along a side of a tile, a power of two from 8 to 256; 0 means 64
	Measure

	most int // cells; 0: MaxCells
}

// CellSet is cells that have points, row by row.
type CellSet struct {
	Cells  []Cell
	Legend Legend

	names   []string // of the cells
	measure *measure
	request CellsRequest
}

// Cells gathers the points of a layer in cells. Disjoint bounds that cover the world part the cells, so the counts over
// any cover add up to the points. It fails as Heat does, with ErrInvalid for a shape or size that there is not, and where
// there would be more than MaxCells cells.
func Cells(ctx context.Context, v *layers.View, r CellsRequest) (CellSet, error) {
	t, m, l, err := r.check(v)
	if err != nil {
		return CellSet{}, err
	}
	set := CellSet{Legend: m.legend(), measure: m, request: r}
	if t.Layer.Personal {
		return set, set.addCrowds(ctx, t)
	}
	found := map[cellKey]*Cell{}
	err = m.gathered(ctx, t, r.reach(l), l.bin(), r.Filter, func(x, y uint32, group Tally, before bool, _ float64) error {
		k := l.at(x, y)
		c := found[k]
		if c == nil {
			if len(found) == r.most {
				return r.tooMany()
			}
			c = new(Cell)
			found[k] = c
		}
		if before {
			c.Before.add(group)
		} else {
			c.Tally.add(group)
		}
		return nil
	})
	if err != nil {
		return CellSet{}, err
	}
	keys := slices.SortedFunc(maps.Keys(found), func(a, b cellKey) int { return cmp.Or(cmp.Compare(a.b, b.b), cmp.Compare(a.a, b.a)) })
	for _, k := range keys {
		c := found[k]
		if c.Center, c.Outline, c.Hectares = l.place(k); r.holds(c.Center) {
			m.fill(c)
			set.Cells, set.names = append(set.Cells, *c), append(set.names, l.name(k))
		}
	}
	return set, nil
}

// check fills in what the zero values of the request mean, and finds its table, measure and tiling.
func (r *CellsRequest) check(v *layers.View) (t *layers.Table, m *measure, l tiling, err error) {
	if r.Cells == 0 {
		r.Cells = defaultCells
	}
	if r.Shape == "" {
		r.Shape = Square
	}
	if r.most == 0 {
		r.most = MaxCells
	}
	if err := checkCells(r.Cells); err != nil {
		return nil, nil, nil, err
	}
	if r.Zoom < 0 || r.Zoom > geo.MaxTileZoom {
		return nil, nil, nil, layers.Invalid("zoom", "zoom is %d: expected 0 to %d", r.Zoom, geo.MaxTileZoom)
	}
	if r.Size != 0 && !(r.Size >= LeastSize && r.Size <= MostSize) {
		return nil, nil, nil, layers.Invalid("size", "size is %g: expected %d to %d metres", r.Size, LeastSize, MostSize)
	}
	switch {
	case r.Shape == Square && r.Size == 0:
		l = mercator{uint(r.Zoom + bits.TrailingZeros(uint(r.Cells)))}
	case r.Shape == Square:
		l = squares{r.Size}
	case r.Shape == Hexagon && r.Size > 0:
		l = hexagons{r.Size}
	case r.Shape == Hexagon:
		return nil, nil, nil, layers.Invalid("size", "hexagons need a size: expected such as size=200, the metres from side to side")
	default:
		return nil, nil, nil, layers.Unknown("shape", string(r.Shape), []string{"square", "hexagon"})
	}
	if t, err = v.Table(r.Layer); err != nil {
		return nil, nil, nil, err
	}
	if t.Layer.Personal && (r.Size > 0 || r.Zoom > PersonalZoom) {
		return nil, nil, nil, layers.Invalid("size", "layer %s holds persons: its cells are squares of the map, expected no size and zoom=0 to %d", r.Layer, PersonalZoom)
	}
	if err := wholly(t, r.Filter, r.Measure); err != nil {
		return nil, nil, nil, err
	}
	if m, err = r.resolve(v, t); err != nil {
		return nil, nil, nil, err
	}
	if m.Half == 0 && r.Size > 0 {
		m.Half = m.half(defaultCells)
	} else if m.Half == 0 {
		m.Half = m.half(r.Cells)
	}
	return t, m, l, nil
}

// reach returns where the points of the wanted cells may be.
func (r *CellsRequest) reach(l tiling) area {
	all := area{0, 0, worldSize, worldSize}
	if r.Bound == nil {
		return all
	}
	b := *r.Bound
	if b.Min[0] > b.Max[0] {
		b.Min[0], b.Max[0] = -180, 180
	}
	b = l.around(b)
	x0, y0 := geo.World(b.LeftTop())
	x1, y1 := geo.World(b.RightBottom())
	return area{int64(x0), int64(y0), int64(x1) + 1, int64(y1) + 1}
}

// holds tells whether the middle of a cell is wanted. The north and east ends of the world belong to the cells before
// them, for there are none after.
func (r *CellsRequest) holds(p orb.Point) bool {
	if r.Bound == nil {
		return true
	}
	b := *r.Bound
	west, east := p[0] >= b.Min[0], p[0] < b.Max[0] || b.Max[0] == 180
	if b.Min[0] > b.Max[0] {
		west = west || east
		east = west
	}
	return west && east && p[1] >= b.Min[1] && (p[1] < b.Max[1] || b.Max[1] == 90)
}

func (r *CellsRequest) tooMany() error {
	if r.Size > 0 {
		return layers.Invalid("size", "size %g makes more than %d cells: ask for a larger size or a smaller bbox", r.Size, r.most)
	}
	return layers.Invalid("zoom", "zoom %d with %d cells a tile makes more than %d cells: ask for a lower zoom, fewer cells or a smaller bbox", r.Zoom, r.Cells, r.most)
}

// addCrowds adds the cells of a layer that is Personal.
func (s *CellSet) addCrowds(ctx context.Context, t *layers.Table) error {
	crowds, err := crowdsOf(ctx, t, s.measure.floor)
	if err != nil {
		return err
	}
	depth := uint(s.request.Zoom + bits.TrailingZeros(uint(s.request.Cells)))
	for _, c := range merged(crowds, depth) {
		if !s.request.holds(c.Center) {
			continue
		}
		if len(s.Cells) == s.request.most {
			return s.request.tooMany()
		}
		c.Outline = c.outline()
		s.measure.fill(&c)
		m := mercator{uint(32 - bits.TrailingZeros64(uint64(c.box.size)))}
		s.Cells = append(s.Cells, c)
		s.names = append(s.names, m.name(cellKey{c.box.x / c.box.size, c.box.y / c.box.size}))
	}
	return nil
}

// total returns the points of the first window, and the sum of their weights.
func (s *CellSet) total() (count int, sum float64) {
	for i := range s.Cells {
		count += s.Cells[i].Count
		sum += s.Cells[i].Sum
	}
	return count, sum
}

// Manifest is what an answer says of itself.
type Manifest struct {
	Lang     layers.Lang
	Seq      layers.Seq // the state that it is of
	Datetime string     // the window, as it was asked for
	Compare  string
}

// JSON returns the cells with the middle of each (lon/lat degrees), what is known of it and its value, and the manifest.
func (s *CellSet) JSON(m Manifest) []byte {
	b := s.measure.appendCells([]byte(`{"cells":`), s.Cells)
	return append(s.appendManifest(append(b, ','), m), '}')
}

// appendManifest appends the members of the manifest.
func (s *CellSet) appendManifest(b []byte, m Manifest) []byte {
	count, sum := s.total()
	b = layers.AppendText(append(b, `"layer":`...), s.request.Layer)
	b = layers.AppendText(append(b, `,"shape":`...), string(s.request.Shape))
	if s.request.Size > 0 {
		b = append(layers.AppendNumber(append(b, `,"size_m":`...), s.request.Size), `,"frame":"ESRI:54017"`...)
	} else {
		b = strconv.AppendInt(append(b, `,"zoom":`...), int64(s.request.Zoom), 10)
		b = strconv.AppendInt(append(b, `,"cells_per_tile":`...), int64(s.request.Cells), 10)
	}
	if m.Datetime != "" {
		b = layers.AppendText(append(b, `,"datetime":`...), m.Datetime)
	}
	if m.Compare != "" {
		b = layers.AppendText(append(b, `,"compare":`...), m.Compare)
	}
	if s.measure.Weeks > 0 {
		b = layers.AppendNumber(append(b, `,"weeks":`...), s.measure.Weeks)
	}
	b = strconv.AppendInt(append(b, `,"numberReturned":`...), int64(len(s.Cells)), 10)
	b = strconv.AppendInt(append(b, `,"count":`...), int64(count), 10)
	b = layers.AppendNumber(append(b, `,"sum":`...), settled(sum))
	b = appendRange(b, s.Cells)
	b = layers.AppendText(append(b, `,"unit":`...), s.Legend.Unit.In(m.Lang))
	b = append(append(b, `,"legend":`...), s.Legend.JSON(m.Lang)...)
	return strconv.AppendUint(append(b, `,"seq":`...), uint64(m.Seq), 10)
}

// WriteGeoJSON writes the cells as a FeatureCollection (RFC 7946) with the member manifest before its features. It fails
// with w's error.
func (s *CellSet) WriteGeoJSON(w io.Writer, m Manifest) error {
	out := bufio.NewWriterSize(w, 64<<10)
	b := s.appendManifest([]byte(`{"type":"FeatureCollection","manifest":{`), m)
	b = append(b, `},"features":[`...)
	columns := s.measure.columns()
	var values []layers.Value
	for i := range s.Cells {
		c := &s.Cells[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = layers.AppendText(append(b, `{"type":"Feature","id":`...), s.names[i])
		b = append(b, `,"geometry":{"type":"Polygon","coordinates":[[`...)
		for k, p := range c.Outline {
			if k > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendFloat(append(b, '['), p[0], 'f', 8, 64)
			b = append(strconv.AppendFloat(append(b, ','), p[1], 'f', 8, 64), ']')
		}
		b = append(b, `]]},"properties":{`...)
		values = s.measure.values(values[:0], c)
		for k, v := range values {
			if k > 0 {
				b = append(b, ',')
			}
			b = v.AppendJSON(append(append(append(b, '"'), columns[k].name...), `":`...))
		}
		b = append(b, `}}`...)
		if _, err := out.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	if _, err := out.Write(append(b, `]}`...)); err != nil {
		return err
	}
	return out.Flush()
}
