package tiles

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/project"
)

// Tiles as decoders read them that others wrote: orb's, GDAL's, and, in api/web, @mapbox/vector-tile. The files in
// testdata/decoders are tiles with what is in them.

var update = flag.Bool("update", false, "write testdata/decoders anew")

// everyKind makes a view of layers with every kind of geometry and value.
func everyKind(t *testing.T) *layers.View {
	t.Helper()
	rnd := rand.New(rand.NewPCG(61, 1))
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	near := func(dx, dy float64) orb.Point { return orb.Point{center[0] + dx, center[1] + dy} }
	b := layers.NewBuilder()
	fields := slices.Clone(pointLayer.Fields)
	mixed, err := b.Layer(layers.Layer{Name: "混合", Kind: layers.Mixed, MaxZoom: 16, Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range []orb.Geometry{
		near(0, 0), orb.MultiPoint{near(0.001, 0), near(0.002, 0), near(0, 0.001)},
		orb.LineString{near(-0.1, 0.001), near(0.1, 0.002)}, orb.MultiLineString{{near(0, 0), near(0.003, 0.003)}, {near(0.001, 0), near(0.004, 0.001), near(0.004, -0.2)}},
		blob(rnd, near(0.002, 0.002), 0.002, 12, true), blob(rnd, center, 0.5, 90, false),
		orb.MultiPolygon{blob(rnd, near(-0.002, 0.001), 0.001, 9, true), blob(rnd, near(-0.002, -0.003), 0.001, 9, false)},
	} {
		values := points(uint64(62+i), 8, 1)[i].Values // the first has nulls
		values[0], values[1] = layers.TextValue(fmt.Sprintf("编号 %d \"\\\n😀", i)), layers.IntValue([]int64{-1, 0, 1, 1 << 40, -1 << 50, 127, 128}[i])
		values[4] = layers.TimeValue(at.Add(time.Duration(i) * time.Hour))
		mixed.Add(layers.Feature{ID: []int64{1, 2, 300, 70_000, 1 << 32, 1<<53 - 1, 7}[i], Geometry: g, Values: values})
	}
	for _, l := range []struct {
		layers.Layer
		features []layers.Feature
	}{{pointLayer, points(63, 300, 0.02)}, {gridLayer, manyAreas()[:30]}} {
		table, err := b.Layer(l.Layer)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range l.features {
			table.Add(f)
		}
	}
	if notes := b.Notes(); len(notes) > 0 {
		t.Fatal(notes[0])
	}
	return b.Snapshot(1).View(layers.Scope{})
}

// samples returns requests for tiles of everyKind.
func samples() (all []Request) {
	for _, z := range []maptile.Zoom{9, 13, 16} {
		all = append(all, Request{Layers: []string{"混合", "events", "grids"}, Tile: geo.Tile(orb.Point{center[0] + 0.001, center[1] + 0.001}, z)})
	}
	return all
}

// sample is a tile and what is in it.
type sample struct {
	Tile   []byte  `json:"tile"`
	Layers content `json:"layers"`
}

func sampleFile(t maptile.Tile) string {
	return filepath.Join("testdata", "decoders", fmt.Sprintf("%d-%d-%d.json", t.Z, t.X, t.Y))
}

// content is the layers of a tile.
type content []layerContent

type layerContent struct {
	Name     string           `json:"name"`
	Features []featureContent `json:"features"`
}

type featureContent struct {
	ID         uint64         `json:"id"` // 0: none
	Type       geomType       `json:"type"`
	Properties map[string]any `json:"properties"`
	Geometry   [][][2]int64   `json:"geometry"` // parts of positions in units of the tile; rings are not closed
}

func contentOf(tile readTile) (c content) {
	for _, l := range tile {
		out := layerContent{Name: l.name}
		for _, f := range l.features {
			fc := featureContent{ID: f.id, Type: f.kind, Properties: f.tags}
			for _, part := range f.parts {
				var ps [][2]int64
				for _, p := range part {
					ps = append(ps, [2]int64{p.x, p.y})
				}
				fc.Geometry = append(fc.Geometry, ps)
			}
			out.Features = append(out.Features, fc)
		}
		c = append(c, out)
	}
	return c
}

func TestTilesForOtherDecoders(t *testing.T) {
	t.Parallel()
	v := everyKind(t)
	for _, r := range samples() {
		b, err := Vector(t.Context(), v, r)
		if err != nil {
			t.Fatal(err)
		}
		tile, err := readStrict(b)
		if err != nil {
			t.Fatal(err)
		}
		form, err := json.Marshal(sample{b, contentOf(tile)})
		if err != nil {
			t.Fatal(err)
		}
		file := sampleFile(r.Tile)
		if *update {
			if err := os.WriteFile(file, form, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, form) {
			t.Errorf("%s is not what is drawn (%v): if it should be, run go test ./tiles -update and npm test in api/web", file, err)
		}
		readByOrb(t, b, contentOf(tile))
	}
}

// readByOrb compares what orb reads of a tile with what is in it.
func readByOrb(t *testing.T, b []byte, want content) {
	t.Helper()
	read, err := mvt.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var got content
	for _, l := range read {
		out := layerContent{Name: l.Name}
		for _, f := range l.Features {
			fc := featureContent{Properties: f.Properties}
			if id, ok := f.ID.(float64); ok {
				fc.ID = uint64(id)
			}
			fc.Type, fc.Geometry = partsOf(f.Geometry)
			out.Features = append(out.Features, fc)
		}
		got = append(got, out)
	}
	if diff := cmp.Diff(inJSON(t, want), inJSON(t, got)); diff != "" {
		t.Errorf("orb reads the tile otherwise (-want +got):\n%s", diff)
	}
}

// inJSON returns a value as JSON has it: all numbers are floats.
func inJSON(t *testing.T, v any) (out any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// partsOf returns a geometry as a tile has it: parts, with rings not closed.
func partsOf(g orb.Geometry) (kind geomType, parts [][][2]int64) {
	add := func(ps []orb.Point) {
		var out [][2]int64
		for _, p := range ps {
			out = append(out, [2]int64{int64(p[0]), int64(p[1])})
		}
		parts = append(parts, out)
	}
	switch g := g.(type) {
	case orb.Point:
		add([]orb.Point{g})
		return typePoint, parts
	case orb.MultiPoint:
		add(g)
		return typePoint, parts
	case orb.LineString:
		add(g)
		return typeLine, parts
	case orb.MultiLineString:
		for _, l := range g {
			add(l)
		}
		return typeLine, parts
	case orb.Polygon:
		for _, r := range g {
			add(r[:len(r)-1])
		}
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				add(r[:len(r)-1])
			}
		}
	}
	return typePolygon, parts
}

// gdal runs a program of GDAL; the test is skipped where it is not installed.
func gdal(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skip(program + " is not installed")
	}
	var errs bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, errs.Bytes())
	}
	return out
}

// GDAL reads from a tile what is in it: the same features with the same ids, values and positions.
func TestGDALReadsTiles(t *testing.T) {
	t.Parallel()
	for _, r := range samples() {
		tile := r.Tile
		form, err := os.ReadFile(sampleFile(tile))
		if err != nil {
			t.Fatal(err)
		}
		var want sample
		if err := json.Unmarshal(form, &want); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "tile.mvt")
		if err := os.WriteFile(file, want.Tile, 0o644); err != nil {
			t.Fatal(err)
		}
		var got content
		for _, l := range want.Layers {
			out := gdal(t, "ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=9", "/vsistdout/", "MVT:"+file, l.Name,
				"-oo", "CLIP=NO", "-oo", fmt.Sprint("X=", tile.X), "-oo", fmt.Sprint("Y=", tile.Y), "-oo", fmt.Sprint("Z=", tile.Z))
			got = append(got, layerContent{l.Name, readByGDAL(t, out, tile)})
		}
		if diff := cmp.Diff(inJSON(t, want.Layers), inJSON(t, got)); diff != "" {
			t.Errorf("%v: GDAL reads the tile otherwise (-want +got):\n%s", tile, diff)
		}
	}
}

// readByGDAL returns the features of GeoJSON that GDAL made of a tile's layer, in metres of EPSG:3857.
func readByGDAL(t *testing.T, form []byte, tile maptile.Tile) (out []featureContent) {
	t.Helper()
	fc, err := geojson.UnmarshalFeatureCollection(form)
	if err != nil {
		t.Fatal(err)
	}
	const half = math.Pi * 6378137 // of the world's width
	unit := 2 * half / math.Exp2(float64(tile.Z)) / Extent
	for _, f := range fc.Features {
		c := featureContent{Properties: map[string]any{}}
		for key, v := range f.Properties {
			if v == nil {
				continue // GDAL has a column for each key of the layer
			}
			if key == "mvt_id" {
				c.ID = uint64(v.(float64))
				continue
			}
			c.Properties[key] = v
		}
		g := project.Geometry(f.Geometry, func(p orb.Point) orb.Point {
			return orb.Point{math.Round((p[0]+half)/unit) - float64(tile.X)*Extent, math.Round((half-p[1])/unit) - float64(tile.Y)*Extent}
		})
		c.Type, c.Geometry = partsOf(g)
		out = append(out, c)
	}
	return out
}

// GDAL draws four tiles of areas that fill the world, side by side, without a pixel between them that is nobody's.
func TestGDALDrawsTilesWithoutAGap(t *testing.T) {
	t.Parallel()
	manyPartitions(t, WebMercator, 3, func(t *testing.T, _ []orb.Geometry, v *layers.View, tiles four) {
		dir, first := t.TempDir(), tiles.at[0][0]
		for _, column := range tiles.at {
			for _, tile := range column {
				folder := filepath.Join(dir, fmt.Sprint(tile.Z), fmt.Sprint(tile.X))
				b, err := Vector(t.Context(), v, Request{Layers: []string{"areas"}, Tile: tile})
				if err != nil {
					t.Fatal(err)
				}
				if err := os.MkdirAll(folder, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(tile.Y, ".pbf")), b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		const half, pixels = math.Pi * 6378137, 300
		size := 2 * half / math.Exp2(float64(first.Z))
		west, north := float64(first.X)*size-half, half-float64(first.Y)*size
		picture := filepath.Join(dir, "picture.bin")
		gdal(t, "gdal_rasterize", "-q", "-of", "ENVI", "-ot", "UInt16", "-a", "mvt_id", "-ts", fmt.Sprint(pixels), fmt.Sprint(pixels), "-l", "areas",
			"-te", fmt.Sprint(west), fmt.Sprint(north-2*size), fmt.Sprint(west+2*size), fmt.Sprint(north), "MVT:"+filepath.Join(dir, fmt.Sprint(first.Z)), picture)
		raw, err := os.ReadFile(picture)
		if err != nil || len(raw) != 2*pixels*pixels {
			t.Fatal(err, len(raw))
		}
		for i := range pixels * pixels {
			if binary.LittleEndian.Uint16(raw[2*i:]) == 0 {
				t.Fatalf("column %d, row %d is nobody's", i%pixels, i/pixels)
			}
		}
	})
}
