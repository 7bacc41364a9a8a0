package tiles

import (
	"bytes"
	"strings"
	"testing"

	"shapan/layers"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb/maptile"
)

// FuzzOpenArchive reads whatever comes: it may fail, but never panics and never returns more than it may.
func FuzzOpenArchive(f *testing.F) {
	good := archived(f, view(f, pointLayer, points(3, 20, 0.02)...), ArchiveRequest{Layers: []string{"events"}, MinZoom: 10, MaxZoom: 13})
	f.Add(good)
	f.Add(good[:200])
	f.Add([]byte("PMTiles\x03"))
	f.Add(append([]byte("PMTiles\x03"), bytes.Repeat([]byte{0xff}, 200)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := newArchive(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, e := range a.root {
			for _, tile := range []maptile.Tile{{}, {X: 13204, Y: 7277, Z: 14}, {X: 6602, Y: 3638, Z: 13}} {
				got, gzipped, err := a.Tile(tile)
				if err == nil && gzipped && got != nil {
					got, err = Unpack(got)
				}
				if err == nil && len(got) > maxTile {
					t.Fatalf("%d bytes", len(got))
				}
			}
			if e.run == 0 {
				_, _ = a.leaf(e) // it may be damaged
			}
		}
	})
}

func FuzzReadDirectory(f *testing.F) {
	f.Add([]byte{1, 0, 1, 1, 1})
	f.Add([]byte{2, 5, 1, 1, 0, 9, 9, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := readDirectory(b)
		if err != nil {
			return
		}
		var p packer
		packed, err := p.directory(entries)
		if err != nil {
			t.Fatal(err)
		}
		again, err := directory(packed, compressionGzip)
		if err != nil || len(again) != len(entries) {
			t.Fatalf("%d entries, %d after a round trip: %v", len(entries), len(again), err)
		}
		for i := range again {
			if again[i] != entries[i] {
				t.Fatalf("entry %d: %+v, %+v after a round trip", i, entries[i], again[i])
			}
		}
	})
}

// TestAHostileArchiveIsRefused damages an archive in ways that a reader may stumble over.
func TestAHostileArchiveIsRefused(t *testing.T) {
	t.Parallel()
	good := archived(t, view(t, pointLayer, points(3, 20, 0.02)...), ArchiveRequest{Layers: []string{"events"}, MinZoom: 10, MaxZoom: 13, Lang: layers.English})
	h := opened(t, good).header
	var p packer
	var bomb bytes.Buffer
	w, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, maxMetadata+1)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	with := func(change func(h *header)) []byte {
		changed := h
		change(&changed)
		return append(changed.append(nil), good[headerSize:]...)
	}
	for want, b := range map[string][]byte{
		"does not begin with PMTiles":   []byte("SQLite format 3\x00" + strings.Repeat("x", 200)),
		"version 2":                     append([]byte("PMTiles\x02"), good[8:]...),
		"it is cut off":                 good[:len(good)-1],
		"at most 16257":                 with(func(h *header) { h.root.length = 20000 }),
		"end beyond the end":            with(func(h *header) { h.leaves = section{1 << 62, 1 << 62} }),
		"compression 3":                 with(func(h *header) { h.internal = 3 }),
		"tiles have compression 4":      with(func(h *header) { h.tile = 4 }),
		"of kind 6":                     with(func(h *header) { h.kind = 6 }),
		"zooms are 5 to 4":              with(func(h *header) { h.minZoom, h.maxZoom = 5, 4 }),
		"its root directory":            with(func(h *header) { h.root = h.data }),
		"its metadata: gzip: more than": append(with(func(h *header) { h.metadata = section{uint64(len(good)), uint64(bomb.Len())} }), bomb.Bytes()...),
	} {
		if _, err := newArchive(bytes.NewReader(b), int64(len(b))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected %q: %v", want, err)
		}
	}
	// A root that leads to a leaf that leads to itself.
	leaf, err := p.directory([]entry{{id: 0, offset: 0, length: 100, run: 0}})
	if err != nil {
		t.Fatal(err)
	}
	leaf = bytes.Clone(leaf)
	if leaf, err = p.directory([]entry{{id: 0, offset: 0, length: uint32(len(leaf)), run: 0}}); err != nil {
		t.Fatal(err)
	}
	loop := header{internal: compressionGzip, tile: compressionGzip, kind: kindMVT, maxZoom: 4, root: section{headerSize, uint64(len(leaf))}, leaves: section{headerSize, uint64(len(leaf))}}
	a := opened(t, append(loop.append(nil), leaf...))
	if _, _, err := a.Tile(maptile.New(1, 1, 3)); err == nil || !strings.Contains(err.Error(), "directories deep") {
		t.Errorf("a loop: %v", err)
	}
}
