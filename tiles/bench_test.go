package tiles

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"shapan/fixtures"
	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/simplify"
)

// naive draws a tile by the usual pipeline of orb: features, clone, project, clip, simplify, marshal.
func naive(b *testing.B, t *layers.Table, tile maptile.Tile) []byte {
	fc := geojson.NewFeatureCollection()
	t.Within(tileArea(tile, 1<<(32-tile.Z)>>6).bound(), nil, func(r layers.Row) bool {
		f := geojson.NewFeature(orb.Clone(r.Geometry()))
		f.ID = r.ID()
		for i, field := range t.Layer.Fields {
			if v := r.Value(i); field.InTiles && !v.IsNull() {
				f.Properties[field.Name] = tileValue(field.Type, v).Any()
			}
		}
		fc.Append(f)
		return true
	})
	l := mvt.NewLayer(t.Layer.Name, fc)
	l.Version = 2
	l.ProjectToTile(tile)
	l.Clip(orb.Bound{Min: orb.Point{-64, -64}, Max: orb.Point{4160, 4160}})
	l.Simplify(simplify.DouglasPeucker(1))
	l.RemoveEmpty(1, 1)
	out, err := mvt.Marshal(mvt.Layers{l})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// manyAreas makes 119 areas that fill a square, each with about 40 vertices.
func manyAreas() []layers.Feature {
	rnd := rand.New(rand.NewPCG(41, 1))
	var out []layers.Feature
	for i := range 119 {
		at := orb.Point{center[0] + float64(i%11)*0.0015, center[1] + float64(i/11)*0.0015}
		out = append(out, areaFeature(i+1, blob(rnd, at, 0.0008, 40, false)))
	}
	return out
}

func both(b *testing.B, v *layers.View, name string, tile maptile.Tile) {
	t, err := v.Table(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("columns", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			out, err := Vector(context.Background(), v, Request{Layers: []string{name}, Tile: tile})
			if err != nil || len(out) == 0 {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(out)))
		}
	})
	b.Run("orb", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.SetBytes(int64(len(naive(b, t, tile))))
		}
	})
}

func BenchmarkAreas(b *testing.B) {
	both(b, view(b, gridLayer, manyAreas()...), gridLayer.Name, geo.Tile(orb.Point{center[0] + 0.008, center[1] + 0.008}, 12))
}

func BenchmarkAreasWithoutLabels(b *testing.B) {
	plain := gridLayer
	plain.Fields = []layers.Field{attr("number", layers.String, true), attr("title", layers.String, true), attr("households", layers.Int, true)}
	both(b, view(b, plain, manyAreas()...), plain.Name, geo.Tile(orb.Point{center[0] + 0.008, center[1] + 0.008}, 12))
}

func BenchmarkPoints5000(b *testing.B) {
	plain := pointLayer
	plain.Cluster = false
	plain.Fields = plain.Fields[:5]
	features := points(42, 5000, 0.002)
	for i := range features {
		features[i].Values = features[i].Values[:5]
	}
	both(b, view(b, plain, features...), "events", geo.Tile(center, 12))
}

func BenchmarkClusters5000(b *testing.B) {
	both(b, view(b, pointLayer, points(42, 5000, 0.002)...), "events", geo.Tile(center, 12))
}

func BenchmarkHeat(b *testing.B) {
	v := view(b, pointLayer, points(43, 200_000, 0.01)...)
	tile := geo.Tile(center, 13)
	b.Run("gather 200000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			heat(b, v, HeatRequest{Layer: "events", Tile: tile})
		}
	})
	g := heat(b, v, HeatRequest{Layer: "events", Tile: tile})
	b.Run("picture", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := g.PNG(1); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// sampleGrids returns the grids of the sample subdistrict, with the tile of a zoom that holds the most of them.
func sampleGrids(b *testing.B, z maptile.Zoom) (*layers.View, maptile.Tile) {
	var grids layers.Layer
	for _, l := range fixtures.Catalogue() {
		if l.Name == "grids" {
			grids = l
		}
	}
	var all []layers.Feature
	counts := map[maptile.Tile]int{}
	var most maptile.Tile
	err := fixtures.Generate(context.Background(), fixtures.Options{}, func(layer string, f layers.Feature) error {
		if layer != grids.Name {
			return nil
		}
		all = append(all, f)
		tile := geo.Tile(f.Geometry.Bound().Center(), z)
		if counts[tile]++; counts[tile] > counts[most] {
			most = tile
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return view(b, grids, all...), most
}

// BenchmarkSampleGrids draws the tile of zoom 13 that shows most grids, and a tile of zoom 15 with some of them; then it
// also packs them, as they are sent.
func BenchmarkSampleGrids(b *testing.B) {
	for _, z := range []maptile.Zoom{13, 15} {
		v, tile := sampleGrids(b, z)
		draw := func(b *testing.B) []byte {
			out, err := Vector(context.Background(), v, Request{Layers: []string{"grids"}, Tile: tile})
			if err != nil || len(out) == 0 {
				b.Fatal(err)
			}
			return out
		}
		b.Run(fmt.Sprintf("zoom %d drawn", z), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(draw(b))))
			}
		})
		b.Run(fmt.Sprintf("zoom %d packed", z), func(b *testing.B) {
			p, err := newCoder(6)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				packed, err := p.pack(draw(b), Gzip)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(packed)), "packed-bytes")
			}
		})
	}
}
