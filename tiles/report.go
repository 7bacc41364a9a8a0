package tiles

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"shapan/layers"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
)

// Report tells why a vector tile is as it is. Times are in seconds.
type Report struct {
	Tile   string          `json:"tile"`           // zoom/column/row
	Rev    layers.Seq      `json:"rev"`            // Rev of all its layers
	Kept   bool            `json:"kept"`           // in the cache, before the report was asked for
	Bytes  int             `json:"bytes"`          // as drawn
	Limit  int             `json:"bytes_at_most"`  // MaxBytes
	Level  int             `json:"detail_level"`   // 0: everything is drawn; each level more leaves out more
	Levels int             `json:"detail_levels"`  // how many there are
	Layers []LayerReport   `json:"layers"`         // in the order asked for
	Gather float64         `json:"gather_seconds"` // to find the features, once, by the index and the filter
	Draw   float64         `json:"draw_seconds"`   // to draw and encode them, which is one step, at all levels tried
	Forms  map[string]Form `json:"forms"`          // by the names that HTTP has for them
}

// LayerReport tells what became of a layer in a tile.
type LayerReport struct {
	Layer    string     `json:"layer"`
	Rev      layers.Seq `json:"rev"`
	MinZoom  int        `json:"minzoom"`       // below it the layer is not drawn
	Filter   string     `json:"filter"`        // canonical; empty: none
	Found    int        `json:"found"`         // features that meet the tile's surroundings and match the filter
	Drawn    int        `json:"drawn"`         // features drawn one by one
	Clusters int        `json:"clusters"`      // features that stand for several
	Crowded  int        `json:"crowded"`       // how many these stand for
	LeftOut  int        `json:"left_out"`      // found and in none of these: beside the tile, or too small for its zoom or level
	Told     int        `json:"left_out_told"` // of these, those that the tile itself says it leaves out for their size
	Labels   int        `json:"labels"`        // points that areas are labelled at
	Bytes    int        `json:"bytes"`         // of the layer and what goes with it: its labels, and what tells of those left out
}

// Form is a form of a tile in a report.
type Form struct {
	Bytes   int     `json:"bytes"`
	Kept    bool    `json:"kept"`    // in the cache, before the report was asked for
	Seconds float64 `json:"seconds"` // to make it now
}

// Explain draws a vector tile in all its forms as Vector and the cache would, keeps nothing, and tells what it saw. key is
// the tile's in the cache. It fails as Vector does.
func (c *Cache) Explain(ctx context.Context, v *layers.View, r Request, key Key) (*Report, error) {
	out := &Report{Tile: fmt.Sprintf("%d/%d/%d", r.Tile.Z, r.Tile.X, r.Tile.Y), Rev: key.Rev, Limit: MaxBytes, Levels: detailLevels, Layers: []LayerReport{}, Forms: map[string]Form{}}
	var kept map[Coding]int
	kept, out.Kept = c.Forms(key)
	if _, err := r.tables(v); err != nil {
		return nil, err
	}
	for _, name := range r.Layers {
		l, err := out.gather(ctx, v, r, name)
		if err != nil {
			return nil, err
		}
		out.Layers = append(out.Layers, l)
	}
	begun := time.Now()
	raw, level, err := draw(ctx, v, r)
	if err != nil {
		return nil, err
	}
	out.Draw = max(0, time.Since(begun).Seconds()-out.Gather)
	out.Bytes, out.Level = len(raw), level
	if err := out.count(raw); err != nil {
		return nil, err
	}
	return out, out.pack(c, raw, kept)
}

// gather counts what a layer has for the tile.
func (out *Report) gather(ctx context.Context, v *layers.View, r Request, name string) (LayerReport, error) {
	t, err := v.Table(name)
	if err != nil {
		return LayerReport{}, err
	}
	l := LayerReport{Layer: name, Rev: r.Matrix.rev(t, r.Tile), MinZoom: t.Layer.MinZoom}
	filter := r.Filters[name]
	if filter != nil {
		l.Filter = filter.Key()
	}
	if int(r.Tile.Z) < t.Layer.MinZoom || t.Layer.Kind == layers.None {
		return l, nil
	}
	begun := time.Now()
	if t.Layer.Kind == layers.Point {
		g := layers.Gathering{Square: r.Matrix.area(r.Tile, 0).square(), Filter: filter, Weight: -1}
		if r.Matrix == WebMercator {
			g.Shift = uint(32 - crowdZooms - r.Tile.Z)
		}
		err = t.Gather(ctx, g, func(c *layers.Clump) bool { l.Found += c.N; return true })
	} else {
		bound := r.Matrix.area(r.Tile, margin(r.Tile)).bound()
		t.Within(bound, filter, func(layers.Row) bool {
			l.Found++
			return l.Found%checkEvery != 0 || ctx.Err() == nil
		})
		err = ctx.Err()
	}
	out.Gather += time.Since(begun).Seconds()
	return l, err
}

// count reads the tile back.
func (out *Report) count(raw []byte) error {
	drawn, err := mvt.Unmarshal(raw)
	if err != nil {
		return err
	}
	sizes := layerSizes(raw)
	for i, d := range drawn {
		if l, companion := out.layer(d.Name); l != nil {
			l.Bytes += sizes[i]
			l.count(d.Features, companion)
		}
	}
	for i := range out.Layers {
		l := &out.Layers[i]
		l.LeftOut = l.Found - l.Drawn - l.Crowded
	}
	return nil
}

// layer returns what a layer of the tile belongs to: a layer that was asked for, or with a suffix a companion of one.
func (out *Report) layer(name string) (l *LayerReport, companion string) {
	for _, suffix := range []string{"", labelSuffix, restSuffix} {
		base, ok := strings.CutSuffix(name, suffix)
		for i := range out.Layers {
			if ok && out.Layers[i].Layer == base {
				return &out.Layers[i], suffix
			}
		}
	}
	return nil, ""
}

// count adds up the features of a layer of the tile.
func (l *LayerReport) count(features []*geojson.Feature, companion string) {
	sum := func(f *geojson.Feature, key string) int {
		n, _ := f.Properties[key].(float64) // what orb reads numbers as
		return int(n)
	}
	for _, f := range features {
		switch {
		case companion == labelSuffix:
			l.Labels++
		case companion == restSuffix:
			l.Told += sum(f, keyLeftOut)
		case f.Properties[keyCluster] == true:
			l.Clusters++
			l.Crowded += sum(f, keyCount)
		default:
			l.Drawn++
		}
	}
}

// layerSizes returns how many bytes of a tile each of its layers takes.
func layerSizes(tile []byte) (sizes []int) {
	for at := 0; at < len(tile); {
		length, n := binary.Uvarint(tile[at+1:]) // after the layer's tag, one byte
		whole := 1 + n + int(length)
		sizes = append(sizes, whole)
		at += whole
	}
	return sizes
}

// pack makes all forms.
func (out *Report) pack(c *Cache, raw []byte, kept map[Coding]int) error {
	if len(raw) == 0 {
		return nil
	}
	p, err := c.coder()
	if err != nil {
		return err
	}
	defer c.coders.Put(p)
	for coding := range Codings {
		begun := time.Now()
		packed, err := p.pack(raw, coding)
		if err != nil {
			return err
		}
		_, have := kept[coding]
		out.Forms[coding.String()] = Form{len(packed), have, time.Since(begun).Seconds()}
	}
	return nil
}
