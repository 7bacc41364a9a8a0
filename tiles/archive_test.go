package tiles

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"shapan/layers"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// partFile opens a part file of the test's own.
func partFile(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// archived draws an archive at once.
func archived(t testing.TB, v *layers.View, r ArchiveRequest) []byte {
	t.Helper()
	a, err := NewArchiver(v, r, partFile(t, filepath.Join(t.TempDir(), "part")))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Draw(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return written(t, a)
}

func written(t testing.TB, a *Archiver) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := a.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d bytes of %d: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

// opened reads an archive from memory.
func opened(t testing.TB, b []byte) *Archive {
	t.Helper()
	a, err := newArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var mixedRequest = ArchiveRequest{Layers: mixedNames, MinZoom: 10, MaxZoom: 15, Lang: layers.Chinese, Name: "测试", Mark: "1"}

// TestAnArchiveHoldsTheTilesAsDrawn compares every tile in and around the archive with the one drawn now.
func TestAnArchiveHoldsTheTilesAsDrawn(t *testing.T) {
	t.Parallel()
	v := mixedView(t)
	a := opened(t, archived(t, v, mixedRequest))
	d, err := Describe(v, mixedNames, layers.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	found := uint64(0)
	for z := maptile.Zoom(9); z <= 16; z++ {
		cover(d.Bound, z, func(tile maptile.Tile) {
			want, err := Vector(context.Background(), v, Request{Layers: mixedNames, Tile: tile})
			if err != nil {
				t.Fatal(err)
			}
			if z < 10 || z > 15 {
				want = nil
			}
			got, gzipped, err := a.Tile(tile)
			if err == nil && got != nil {
				found++
				got, err = Unpack(got)
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%v: %d bytes (gzip %t), expected %d: %v", tile, len(got), gzipped, len(want), err)
			}
		})
	}
	h := a.header
	if found == 0 || h.addressed != found || h.contents > h.entries || h.entries > h.addressed || !h.clustered {
		t.Errorf("%d tiles found, the header has %+v", found, h)
	}
	if a.MinZoom != 10 || a.MaxZoom != 15 || a.Ext != "mvt" || a.Metadata.Name != "测试" || a.Metadata.Audience != layers.Public || len(a.Metadata.Layers) != 7 || a.Metadata.Layers[0].ID != "grids" {
		t.Errorf("archive %+v", a)
	}
	if b := d.Bound; cmp.Diff(b, a.Bound, near) != "" || a.Center[0] < b.Min[0] || a.Center[0] > b.Max[0] || a.CenterZoom < 10 || a.CenterZoom > 15 {
		t.Errorf("bound %v, center %v at zoom %d, of %v", a.Bound, a.Center, a.CenterZoom, b)
	}
}

// near takes positions as equal that differ by what the header cannot hold.
var near = cmp.Comparer(func(a, b float64) bool { return a-b < 1e-7 && b-a < 1e-7 })

// TestAnArchiveThatWasStoppedIsTheSame stops drawing after each of some numbers of tiles, damages the end of the part
// file as a killed process or a lost disk may leave it, and goes on: the archive is the one drawn at once.
func TestAnArchiveThatWasStoppedIsTheSame(t *testing.T) {
	t.Parallel()
	v, r := mixedView(t), mixedRequest
	r.Layers = []string{"grids", "streets", "screens"}
	want := archived(t, v, r)
	path := filepath.Join(t.TempDir(), "part")
	for _, harm := range []func(part []byte) []byte{
		func(b []byte) []byte { return b },
		func(b []byte) []byte { return b[:len(b)-1] },
		func(b []byte) []byte { return b[:len(b)-recordSize-3] },
		func(b []byte) []byte { return append(b, make([]byte, 4096)...) },
		func(b []byte) []byte { b[len(b)-1]++; return b },
		func(b []byte) []byte { b[len(b)/2]++; return append(b, b...) },
	} {
		for _, after := range []int64{2, 17} {
			part := partFile(t, path)
			if err := part.Truncate(0); err != nil {
				t.Fatal(err)
			}
			a, err := NewArchiver(v, r, part)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			err = a.Draw(ctx, func(done, total int64) {
				if done == after {
					stop()
				}
			})
			stop()
			if !errors.Is(err, context.Canceled) || a.Done != after {
				t.Fatalf("stopped after %d of %d: %v", a.Done, a.Total, err)
			}
			left, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, harm(left), 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := NewArchiver(v, r, partFile(t, path))
			if err != nil || again.Anew || again.Done > after {
				t.Fatalf("again: %+v, %v", again, err)
			}
			if err := again.Draw(context.Background(), nil); err != nil || again.Done != again.Total {
				t.Fatalf("%d of %d: %v", again.Done, again.Total, err)
			}
			if got := written(t, again); !bytes.Equal(got, want) {
				t.Fatalf("stopped after %d: %d bytes, expected %d", after, len(got), len(want))
			}
		}
	}
}

func TestAPartOfAnotherStateIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	v := view(t, pointLayer, points(3, 100, 0.02)...)
	r := ArchiveRequest{Layers: []string{"events"}, MinZoom: 12, MaxZoom: 13}
	path := filepath.Join(t.TempDir(), "part")
	begin := func(v *layers.View, r ArchiveRequest) *Archiver {
		a, err := NewArchiver(v, r, partFile(t, path))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Draw(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := begin(v, r); a.Anew {
		t.Error("nothing was begun, and it is begun anew")
	}
	if a := begin(v, r); a.Anew || a.Done != a.Total {
		t.Error("the same state is begun anew")
	}
	zooms, mark := r, r
	zooms.MaxZoom, mark.Mark = 14, "another"
	for _, other := range []struct {
		v *layers.View
		r ArchiveRequest
	}{{v, zooms}, {v, mark}, {view(t, pointLayer, points(4, 100, 0.02)...), r}} {
		if a := begin(other.v, other.r); !a.Anew {
			t.Error("another state is gone on with")
		}
	}
}

// TestEqualTilesAreWrittenOnce draws an area that covers many tiles wholly.
func TestEqualTilesAreWrittenOnce(t *testing.T) {
	t.Parallel()
	square := orb.Bound{Min: orb.Point{110.0, 19.9}, Max: orb.Point{110.3, 20.2}}.ToPolygon()
	l := layers.Layer{Name: "lake", Kind: layers.Polygon, MaxZoom: 12}
	a := opened(t, archived(t, view(t, l, layers.Feature{ID: 1, Geometry: square}), ArchiveRequest{Layers: []string{"lake"}, MinZoom: 14, MaxZoom: 14}))
	if h := a.header; h.addressed < 200 || h.contents > 80 || h.entries >= h.addressed*2/3 {
		t.Errorf("%d tiles in %d entries of %d contents", h.addressed, h.entries, h.contents)
	}
}

// begun is an archiver whose tiles are put in by the test, not drawn.
func begun(t testing.TB) *Archiver {
	t.Helper()
	v := view(t, pointLayer, points(3, 1, 0.02)...)
	r := ArchiveRequest{Layers: []string{"events"}, MinZoom: 0, MaxZoom: 10, Lang: layers.English, Name: "made up"}
	a, err := NewArchiver(v, r, partFile(t, filepath.Join(t.TempDir(), "part")))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestLeafDirectoriesLeadToEveryTile makes so many tiles that the root cannot hold them, nor what leads to the leaves
// that are tried first.
func TestLeafDirectoriesLeadToEveryTile(t *testing.T) {
	t.Parallel()
	a := begun(t)
	a.rootMax, a.leafMin, a.rootFit = 64, 1, 300
	var out []byte
	want := map[uint64][]byte{}
	id := uint64(400_000)
	for i := range 400 { // beside each other and apart
		id += 1 + uint64(i*i%7)
		tile := []byte{byte(i), byte(i >> 8), byte(i % 13)}[:2+i%2]
		r := record{id, a.end, uint32(len(tile))}
		want[id] = tile
		out = r.append(out, tile)
		a.note(r, tile)
	}
	if _, err := a.part.WriteAt(out, a.begin); err != nil {
		t.Fatal(err)
	}
	b := opened(t, written(t, a))
	if h := b.header; h.leaves.length == 0 || h.root.length > 300 || h.entries != 400 {
		t.Fatalf("header %+v", h)
	}
	for id, want := range want {
		entries := b.root
		e, ok := find(entries, id)
		for ok && e.run == 0 {
			var err error
			if entries, err = b.leaf(e); err != nil {
				t.Fatal(err)
			}
			e, ok = find(entries, id)
		}
		got, err := b.in(b.header.data, e, maxTile)
		if !ok || err != nil || !bytes.Equal(got, want) {
			t.Fatalf("tile %d: %x, expected %x, %v", id, got, want, err)
		}
	}
}

// TestAnArchiveForOtherReaders writes the archive that the reference reader reads (api/web/src/archive.test.ts), with the
// text that each tile is to have. To write the file anew, delete it and run the test.
func TestAnArchiveForOtherReaders(t *testing.T) {
	t.Parallel()
	a := begun(t)
	a.rootMax, a.leafMin = 8, 8
	texts := map[string]string{}
	var out []byte
	for z := maptile.Zoom(0); z <= 4; z++ {
		last := uint32(1)<<z - 1
		err := rows{z, 0, 0, last, last}.each(func(tile maptile.Tile) (err error) {
			if (tile.X+3*tile.Y)%5 == 4 { // is empty
				return nil
			}
			text := fmt.Sprintf("zoom %d, row %d", z, tile.Y)
			texts[fmt.Sprintf("%d/%d/%d", z, tile.X, tile.Y)] = text
			out, err = a.record(out, tile, []byte(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.part.WriteAt(out, a.begin); err != nil {
		t.Fatal(err)
	}
	want, err := json.MarshalIndent(map[string]any{"archive": written(t, a), "tiles": texts}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	path := filepath.Join("testdata", "archive.json")
	got, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.WriteFile(path, want, 0o644)
		t.Fatalf("%s is written anew (%v): look at it, and run the test again", path, err)
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, expected %d, %v", path, len(got), len(want), err)
	}
}

func TestTileNumbersFollowTheCurve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		z, x, y uint32
		want    uint64
	}{{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {2, 1, 0, 6}, {3, 0, 0, 21}} {
		if got := tileID(maptile.New(c.x, c.y, maptile.Zoom(c.z))); got != c.want {
			t.Errorf("%d/%d/%d has number %d, expected %d", c.z, c.x, c.y, got, c.want)
		}
	}
	for z := maptile.Zoom(1); z <= 6; z++ { // the curve goes through all tiles, each beside the one before
		n := uint32(1) << z
		var before maptile.Tile
		next := tileID(maptile.New(0, 0, z))
		err := rows{z, 0, 0, n - 1, n - 1}.each(func(tile maptile.Tile) error {
			if tileID(tile) != next {
				t.Fatalf("zoom %d: number %d, expected %d", z, tileID(tile), next)
			}
			if dx, dy := int(tile.X)-int(before.X), int(tile.Y)-int(before.Y); before.Z == z && dx*dx+dy*dy != 1 {
				t.Fatalf("from %v to %v", before, tile)
			}
			before, next = tile, next+1
			return nil
		})
		if err != nil || next != tileID(maptile.New(0, 0, z+1)) {
			t.Errorf("zoom %d ends at %d, %v", z, next, err)
		}
	}
}

func TestWhatAnArchiveCannotBe(t *testing.T) {
	t.Parallel()
	v := mixedView(t)
	for _, c := range []struct {
		r    ArchiveRequest
		kind error
	}{
		{ArchiveRequest{Layers: []string{"nothing"}, MaxZoom: 3}, layers.ErrNotFound},
		{ArchiveRequest{Layers: []string{"grids", "grids"}, MaxZoom: 3}, layers.ErrInvalid},
		{ArchiveRequest{Layers: []string{"grids"}, MinZoom: 4, MaxZoom: 3}, layers.ErrInvalid},
		{ArchiveRequest{Layers: []string{"grids"}, MinZoom: 4, MaxZoom: 23}, layers.ErrInvalid},
		{ArchiveRequest{Layers: []string{"grids"}, MinZoom: 4, MaxZoom: 5}, layers.ErrInvalid}, // below what is drawn
		{ArchiveRequest{Layers: []string{"notes"}, MaxZoom: 18}, layers.ErrInvalid},
	} {
		if _, err := NewArchiver(v, c.r, partFile(t, filepath.Join(t.TempDir(), "part"))); !errors.Is(err, c.kind) {
			t.Errorf("%+v: %v", c.r, err)
		}
	}
	persons := pointLayer
	persons.Personal = true
	if _, err := NewArchiver(view(t, persons, points(3, 10, 0.02)...), ArchiveRequest{Layers: []string{"events"}, MaxZoom: 18}, partFile(t, filepath.Join(t.TempDir(), "part"))); !errors.Is(err, layers.ErrForbidden) {
		t.Errorf("persons: %v", err)
	}
	far := view(t, pointLayer, layers.Feature{ID: 1, Geometry: orb.Point{-170, -60}, Values: points(1, 1, 0)[0].Values}, layers.Feature{ID: 2, Geometry: orb.Point{170, 60}, Values: points(1, 1, 0)[0].Values})
	if _, err := NewArchiver(far, ArchiveRequest{Layers: []string{"events"}, MaxZoom: 18}, partFile(t, filepath.Join(t.TempDir(), "part"))); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("the whole world at zoom 18: %v", err)
	}
}

// TestFiltersNarrowAnArchive archives a filtered layer: its tiles are the filtered ones, its bound that of what matches.
func TestFiltersNarrowAnArchive(t *testing.T) {
	t.Parallel()
	v := view(t, pointLayer, points(3, 200, 0.02)...)
	table, _ := v.Table("events")
	f, err := table.Compile(layers.Query{BBox: &orb.Bound{Min: orb.Point{110.31, 20.02}, Max: orb.Point{110.32, 20.03}}})
	if err != nil {
		t.Fatal(err)
	}
	filters := map[string]layers.Filter{"events": f}
	a := opened(t, archived(t, v, ArchiveRequest{Layers: []string{"events"}, MinZoom: 15, MaxZoom: 15, Filters: filters}))
	if a.Bound.Min[0] < 110.31 || a.Bound.Max[1] > 20.03 {
		t.Errorf("bound %v", a.Bound)
	}
	tile := WebMercator.Tile(orb.Point{110.3101, 20.0201}, 15)
	want, err := Vector(context.Background(), v, Request{Layers: []string{"events"}, Tile: tile, Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := a.Tile(tile)
	if err == nil {
		got, err = Unpack(got)
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, expected %d: %v", len(got), len(want), err)
	}
}
