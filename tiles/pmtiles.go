package tiles

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// The format of tile archives is PMTiles 3 (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md). It is read
// and written by hand because it is small, while the reference library for Go brings the clients of three clouds along.

// The sizes that the format gives.
const (
	headerSize  = 127
	maxRootSize = 16384 - headerSize // of the root directory, compressed
)

// Limits on what is read, so that a hostile file cannot exhaust memory.
const (
	maxDirectory = 1 << 20 // bytes of a directory, compressed or not
	maxMetadata  = 8 << 20 // bytes of the metadata, compressed or not
	maxTile      = 8 << 20 // bytes of a tile, compressed or not
	maxDepth     = 4       // of directories below each other
)

// MaxArchiveZoom is the deepest zoom that an archive may have.
const MaxArchiveZoom = 26

// compression is how a part of an archive is compressed.
type compression uint8

// The compressions that are read.
const (
	compressionNone compression = 1
	compressionGzip compression = 2
)

// header is the beginning of an archive.
type header struct {
	root, metadata, leaves, data section
	addressed, entries, contents uint64 // counts; 0: not known
	clustered                    bool
	internal, tile               compression
	kind                         uint8 // of the tiles: see archiveKinds
	minZoom, maxZoom             uint8
	bound                        orb.Bound
	centerZoom                   uint8
	center                       orb.Point
}

// section is a part of the file.
type section struct{ offset, length uint64 }

var magic = []byte("PMTiles\x03")

func (h *header) append(b []byte) []byte {
	b = append(b, magic...)
	for _, s := range []section{h.root, h.metadata, h.leaves, h.data} {
		b = binary.LittleEndian.AppendUint64(b, s.offset)
		b = binary.LittleEndian.AppendUint64(b, s.length)
	}
	for _, n := range []uint64{h.addressed, h.entries, h.contents} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	clustered := byte(0)
	if h.clustered {
		clustered = 1
	}
	b = append(b, clustered, byte(h.internal), byte(h.tile), h.kind, h.minZoom, h.maxZoom)
	b = appendPosition(appendPosition(b, h.bound.Min), h.bound.Max)
	return appendPosition(append(b, h.centerZoom), h.center)
}

// appendPosition writes a position in units of 1e-7 degrees.
func appendPosition(b []byte, p orb.Point) []byte {
	for _, v := range p {
		b = binary.LittleEndian.AppendUint32(b, uint32(int32(math.Round(v*1e7))))
	}
	return b
}

func readHeader(b []byte) (h header, err error) {
	if !bytes.HasPrefix(b, magic[:7]) || len(b) == 7 {
		return h, errors.New("not a PMTiles archive: it does not begin with PMTiles")
	}
	if b[7] != magic[7] {
		return h, fmt.Errorf("a PMTiles archive of version %d: expected version 3", b[7])
	}
	if len(b) < headerSize {
		return h, fmt.Errorf("a PMTiles archive of %d bytes: it is cut off", len(b))
	}
	for i, s := range []*section{&h.root, &h.metadata, &h.leaves, &h.data} {
		s.offset, s.length = binary.LittleEndian.Uint64(b[8+16*i:]), binary.LittleEndian.Uint64(b[16+16*i:])
	}
	for i, n := range []*uint64{&h.addressed, &h.entries, &h.contents} {
		*n = binary.LittleEndian.Uint64(b[72+8*i:])
	}
	h.clustered, h.internal, h.tile, h.kind, h.minZoom, h.maxZoom = b[96] == 1, compression(b[97]), compression(b[98]), b[99], b[100], b[101]
	h.bound = orb.Bound{Min: readPosition(b[102:]), Max: readPosition(b[110:])}
	h.centerZoom, h.center = b[118], readPosition(b[119:])
	return h, nil
}

func readPosition(b []byte) (p orb.Point) {
	for i := range p {
		p[i] = float64(int32(binary.LittleEndian.Uint32(b[4*i:]))) / 1e7
	}
	return p
}

// check says what is wrong with the header of a file of some size, or nil.
func (h *header) check(size int64) error {
	for _, s := range []struct {
		name string
		section
		most uint64
	}{
		{"root directory", h.root, maxRootSize}, {"metadata", h.metadata, maxMetadata}, {"leaf directories", h.leaves, math.MaxInt64}, {"tiles", h.data, math.MaxInt64},
	} {
		switch {
		case s.length > s.most:
			return fmt.Errorf("its %s have %d bytes: at most %d are allowed", s.name, s.length, s.most)
		case s.offset > uint64(size) || s.length > uint64(size)-s.offset:
			return fmt.Errorf("its %s end beyond the end of the file, which has %d bytes: it is cut off or damaged", s.name, size)
		}
	}
	if h.internal != compressionNone && h.internal != compressionGzip {
		return fmt.Errorf("its directories have compression %d: expected 1 (none) or 2 (gzip)", h.internal)
	}
	if h.tile != compressionNone && h.tile != compressionGzip {
		return fmt.Errorf("its tiles have compression %d: expected 1 (none) or 2 (gzip)", h.tile)
	}
	if h.minZoom > h.maxZoom || h.maxZoom > MaxArchiveZoom {
		return fmt.Errorf("its zooms are %d to %d: expected them in order and at most %d", h.minZoom, h.maxZoom, MaxArchiveZoom)
	}
	return nil
}

// entry is a line of a directory: run tiles of the same bytes, from id on; or, where run is 0, the directory of what
// follows id, at an offset in the leaf directories.
type entry struct {
	id, offset  uint64
	length, run uint32
}

// directory writes the entries, which are in order, and compresses them. The result is valid until the next call.
func (p *packer) directory(entries []entry) ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(entries)))
	last := uint64(0)
	for _, e := range entries {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	next := uint64(0)
	for i, e := range entries {
		if i > 0 && e.offset == next {
			b = append(b, 0)
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
		next = e.offset + uint64(e.length)
	}
	return p.pack(b)
}

// readDirectory reads the entries of a directory, decompressed.
func readDirectory(b []byte) ([]entry, error) {
	damaged := errors.New("a directory is damaged")
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			b = nil
			return math.MaxUint64
		}
		b = b[n:]
		return v
	}
	n := next()
	if n == 0 || n > uint64(len(b))/4 { // an entry has four numbers
		return nil, damaged
	}
	entries := make([]entry, n)
	last := uint64(0)
	for i := range entries {
		step := next()
		if i > 0 && step == 0 || step > math.MaxUint64-last {
			return nil, damaged
		}
		last += step
		entries[i].id = last
	}
	for i := range entries {
		run := next()
		if run > math.MaxUint32 {
			return nil, damaged
		}
		entries[i].run = uint32(run)
	}
	for i := range entries {
		length := next()
		if length == 0 || length > math.MaxUint32 {
			return nil, damaged
		}
		entries[i].length = uint32(length)
	}
	for i := range entries {
		at := next()
		switch {
		case at == math.MaxUint64, at == 0 && i == 0:
			return nil, damaged
		case at == 0:
			entries[i].offset = entries[i-1].offset + uint64(entries[i-1].length)
		default:
			entries[i].offset = at - 1
		}
	}
	if len(b) > 0 {
		return nil, damaged
	}
	return entries, nil
}

// find returns the entry that a tile is in or below; ok is false where there is none.
func find(entries []entry, id uint64) (e entry, ok bool) {
	at, exact := slices.BinarySearchFunc(entries, id, func(e entry, id uint64) int { return cmp.Compare(e.id, id) })
	if !exact {
		at--
	}
	if at < 0 {
		return e, false
	}
	e = entries[at]
	return e, e.run == 0 || id-e.id < uint64(e.run)
}

// packer compresses with gzip. Its memory is used again and again.
type packer struct {
	w   *gzip.Writer
	out bytes.Buffer
}

// pack compresses bytes that a reader has to decompress. The result is valid until the next call.
func (p *packer) pack(b []byte) ([]byte, error) {
	p.out.Reset()
	if p.w == nil {
		w, err := gzip.NewWriterLevel(&p.out, gzip.BestCompression)
		if err != nil {
			return nil, err
		}
		p.w = w
	}
	p.w.Reset(&p.out)
	if _, err := p.w.Write(b); err != nil {
		return nil, err
	}
	if err := p.w.Close(); err != nil {
		return nil, err
	}
	return p.out.Bytes(), nil
}

// unpack decompresses bytes to at most most.
func unpack(b []byte, c compression, most int) ([]byte, error) {
	if c == compressionNone {
		return b, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if len(out) > most {
		return nil, fmt.Errorf("gzip: more than %d bytes", most)
	}
	return out, nil
}

// tileID returns the number of a tile in an archive: all tiles of the zooms before, and then the place on the Hilbert
// curve of its zoom.
func tileID(t maptile.Tile) uint64 {
	id := (uint64(1)<<(2*t.Z) - 1) / 3
	x, y := t.X, t.Y
	for s := uint32(1) << t.Z >> 1; s > 0; s >>= 1 {
		right, down := x&s > 0, y&s > 0
		quarter := uint64(0)
		switch {
		case right && down:
			quarter = 2
		case right:
			quarter = 3
		case down:
			quarter = 1
		}
		id += quarter * uint64(s) * uint64(s)
		x, y = x&(s-1), y&(s-1)
		if !down { // the quarters at the curve's ends are turned
			if right {
				x, y = s-1-x, s-1-y
			}
			x, y = y, x
		}
	}
	return id
}
