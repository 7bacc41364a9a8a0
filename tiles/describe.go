package tiles

import (
	"math"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Description says what the vector tiles of some layers hold: what TileJSON, tilesets and archives tell their readers.
type Description struct {
	Layers  []LayerDescription // as drawn, in the order in which they stand in a tile
	MinZoom int                // the first zoom at which anything is drawn
	MaxZoom int                // tiles above it repeat its detail
	Bound   orb.Bound          // of all features that the view sees, lon/lat degrees, within the square world of web maps
	Empty   bool               // there are no features: Bound says nothing
}

// LayerDescription is a layer as it stands in the tiles: an element of vector_layers of TileJSON 3.0.
type LayerDescription struct {
	ID          string            `json:"id"`
	Description string            `json:"description"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"` // what each key of a feature says

	Types     map[string]layers.FieldType `json:"-"` // what the values of each key are: String, Int, Float or Bool
	Dimension int                         `json:"-"` // of the geometries: 0 points, 1 lines, 2 areas; -1 any
	Bound     orb.Bound                   `json:"-"` // of the layer's own features, lon/lat degrees; the zero bound where there are none
}

// words of what drawing adds to a layer.
var (
	labelWords   = layers.Text{layers.Chinese: "（标注点）", layers.English: " (labels)"}
	secondsWords = layers.Text{layers.Chinese: "1970 年起的秒数", layers.English: "seconds since 1970"}
	clusterWords = layers.Text{layers.Chinese: "为真时，该点代表多个要素", layers.English: "true where the point stands for several"}
	countWords   = layers.Text{layers.Chinese: "所代表的要素数", layers.English: "how many it stands for"}
	restWords    = layers.Text{layers.Chinese: "（瓦片过满时略去的要素）", layers.English: " (left out of tiles that are too full)"}
	leftOutWords = layers.Text{layers.Chinese: "此处略去的要素数", layers.English: "how many are left out here"}
)

// Describe describes the tiles of layers of a view, with titles in a language. It fails with ErrNotFound for a layer that
// the caller may not see, and with ErrForbidden for one that is Personal.
func Describe(v *layers.View, names []string, lang layers.Lang) (Description, error) {
	d := Description{Layers: []LayerDescription{}, MinZoom: geo.MaxTileZoom, Empty: true}
	var drawn []*layers.Table
	for _, name := range names {
		t, err := Drawable(v, name)
		if err != nil {
			return d, err
		}
		if t.Layer.Kind == layers.None || t.Layer.MinZoom > geo.MaxTileZoom {
			continue
		}
		drawn = append(drawn, t)
		d.MinZoom = min(d.MinZoom, t.Layer.MinZoom)
		d.MaxZoom = max(d.MaxZoom, min(t.Layer.MaxZoom, geo.MaxTileZoom))
		d.widen(t)
	}
	if len(drawn) == 0 {
		d.MinZoom = 0
	}
	for _, t := range drawn {
		d.Layers = append(d.Layers, d.layer(t, lang))
		if labelled(t, drawn) {
			l := d.layer(t, lang)
			l.ID += labelSuffix
			l.Description += labelWords.In(lang)
			l.Dimension = 0
			d.Layers = append(d.Layers, l)
		}
		if t.Layer.Kind != layers.Point && !named(drawn, t.Layer.Name+restSuffix) {
			l := d.layer(t, lang)
			l.ID += restSuffix
			l.Description += restWords.In(lang)
			l.Dimension = 0
			l.Fields, l.Types = map[string]string{keyLeftOut: leftOutWords.In(lang)}, map[string]layers.FieldType{keyLeftOut: layers.Int}
			d.Layers = append(d.Layers, l)
		}
	}
	return d, nil
}

// The zooms of heat: the cells of the last are a few decimetres wide.
const heatZoom = 18

// DescribeHeat describes the tiles of a layer's heat, whatever the request's tile is. The bound of a layer whose features
// the caller does not see is not told. It fails as Heat does.
func DescribeHeat(v *layers.View, r HeatRequest, lang layers.Lang) (Description, error) {
	t, m, err := r.check(v)
	if err != nil {
		return Description{}, err
	}
	d := Description{MaxZoom: heatZoom, Empty: true}
	if t.Layer.Personal {
		d.MaxZoom = PersonalZoom
	}
	d.widen(t)
	l := LayerDescription{ID: "heat", Description: m.title().In(lang), MaxZoom: d.MaxZoom, Dimension: 2, Fields: map[string]string{}, Types: map[string]layers.FieldType{}}
	for _, k := range m.columns() {
		l.Fields[k.name], l.Types[k.name] = m.word(k.name).In(lang), k.form
	}
	d.Layers = []LayerDescription{l}
	return d, nil
}

// layer describes a layer without its labels. It is drawn up to the last zoom of all, for tiles above its own MaxZoom
// repeat its detail.
func (d *Description) layer(t *layers.Table, lang layers.Lang) LayerDescription {
	out := LayerDescription{ID: t.Layer.Name, Description: t.Layer.Title.In(lang), MinZoom: t.Layer.MinZoom, MaxZoom: d.MaxZoom, Dimension: dimension(t.Layer.Kind),
		Fields: map[string]string{}, Types: map[string]layers.FieldType{}}
	for _, f := range t.Layer.Fields {
		if f.InTiles {
			out.Fields[f.Name], out.Types[f.Name] = fieldWords(f, lang), tileForm(f.Type)
		}
	}
	out.Bound, _ = t.Bound()
	if t.Layer.Kind == layers.Point { // too many points crowd in any layer
		out.Fields[keyCluster], out.Fields[keyCount] = clusterWords.In(lang), countWords.In(lang)
		out.Types[keyCluster], out.Types[keyCount] = layers.Bool, layers.Int
	}
	return out
}

// dimension returns the dimension of a kind of geometry; -1 where it may be any.
func dimension(k layers.GeometryKind) int {
	switch k {
	case layers.Point:
		return 0
	case layers.Line:
		return 1
	case layers.Polygon:
		return 2
	}
	return -1
}

// fieldWords says what a field holds in a tile: its title and unit.
func fieldWords(f layers.Field, lang layers.Lang) string {
	title, unit := f.Title.In(lang), f.Unit
	if title == "" {
		title = f.Name
	}
	if f.Type == layers.Time || f.Type == layers.Date {
		unit = secondsWords.In(lang)
	}
	if unit == "" {
		return title
	}
	return title + " (" + unit + ")"
}

// widen adds the features of a table to the bound.
func (d *Description) widen(t *layers.Table) {
	if b, ok := t.Bound(); ok {
		d.include(b)
	}
}

// include adds a bound.
func (d *Description) include(b orb.Bound) {
	b.Min[1], b.Max[1] = clampLatitude(b.Min[1]), clampLatitude(b.Max[1])
	if d.Empty {
		d.Bound, d.Empty = b, false
		return
	}
	d.Bound = d.Bound.Union(b)
}

func clampLatitude(lat float64) float64 {
	return math.Max(-geo.MaxLatitude, math.Min(geo.MaxLatitude, lat))
}

// Center returns the middle of the bound on the map, lon/lat degrees, and the zoom, among those drawn, at which about
// one tile shows the whole of it.
func (d Description) Center() (at orb.Point, zoom int) {
	west, north := geo.World(d.Bound.LeftTop())
	east, south := geo.World(d.Bound.RightBottom())
	size := max(east-west, south-north)
	zoom = d.MinZoom
	for zoom < d.MaxZoom && uint64(size)<<(zoom+1) <= worldSize {
		zoom++
	}
	return geo.Unworld(west+(east-west)/2, north+(south-north)/2), zoom
}
