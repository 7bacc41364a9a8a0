package tiles

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// ArchiveRequest says what an archive holds.
type ArchiveRequest struct {
	Layers  []string // as they stand in the tiles; each once
	MinZoom int
	MaxZoom int
	Filters map[string]layers.Filter // by layer; none or nil: everything
	Lang    layers.Lang              // of titles in the metadata
	Name    string                   // of the tiles, for people
	Mark    string                   // the drawing program's own version: what another has begun is not gone on with
}

// maxArchiveTiles bounds the addresses that an archive is drawn for.
const maxArchiveTiles = 20_000_000

// Archiver draws the tiles of a view into an archive (PMTiles 3). What is drawn is first gathered in a part file, so
// that the work can be stopped at any time, by kill -9 too, and gone on with by another Archiver with the same part file
// and the same request: the archive is the same, byte for byte, as one drawn at once. It needs little memory, whatever
// the number of tiles.
type Archiver struct {
	Total int64 // addresses to be looked at
	Done  int64 // addresses that are done, those of an earlier run included
	Anew  bool  // the part file was of another request, or of another state of the layers, and was emptied

	view    *layers.View
	request ArchiveRequest
	about   Description
	widest  layers.Audience // of what is drawn
	part    *os.File
	begin   int64  // where the records begin in the part file
	end     uint64 // of the tiles' bytes so far
	last    uint64 // the last tile in the part file
	any     bool   // there is a last tile
	known   map[digest]section
	packer  packer
	rootMax int // entries of an archive whose root has them all
	leafMin int // entries of a leaf directory, at least
	rootFit int // bytes of the root, at most
}

type digest [16]byte

// maxKnown bounds the tiles that are remembered in order to be written once. Equal tiles are mostly empty or small ones,
// which come early.
const maxKnown = 1 << 18

// NewArchiver begins to draw an archive, or goes on with it where the part file says that it was begun. The part file is
// the caller's: opened for reading and writing, and kept from others while the Archiver is used. It fails with
// ErrNotFound for a layer that the view does not show, with ErrForbidden for one that is Personal, and with ErrInvalid for zooms out of range, a layer named twice,
// more than 20 million tiles, or nothing to draw.
func NewArchiver(v *layers.View, r ArchiveRequest, part *os.File) (*Archiver, error) {
	a := &Archiver{view: v, request: r, part: part, known: map[digest]section{}, rootMax: 1 << 14, leafMin: 1 << 12, rootFit: maxRootSize}
	if err := a.describe(); err != nil {
		return nil, err
	}
	for z := a.about.MinZoom; z <= a.about.MaxZoom; z++ {
		a.Total += a.cover(maptile.Zoom(z)).count()
	}
	if a.Total > maxArchiveTiles {
		return nil, layers.Invalid("zooms", "zooms %d to %d have %d tiles over these layers: at most %d are allowed", a.about.MinZoom, a.about.MaxZoom, a.Total, maxArchiveTiles)
	}
	title, err := a.state()
	if err != nil {
		return nil, err
	}
	if err := a.resume(title); err != nil {
		return nil, fmt.Errorf("part of the archive: %w", err)
	}
	return a, nil
}

// describe finds what the archive tells of itself: the zooms asked for at which something is drawn, and the bound of the
// features that match.
func (a *Archiver) describe() (err error) {
	r := &a.request
	if r.MinZoom < 0 || r.MinZoom > r.MaxZoom || r.MaxZoom > geo.MaxTileZoom {
		return layers.Invalid("zooms", "zooms %d to %d: expected them in order, from 0 to %d", r.MinZoom, r.MaxZoom, geo.MaxTileZoom)
	}
	for i, name := range r.Layers {
		if slices.Contains(r.Layers[:i], name) {
			return layers.Invalid("layers", "layer %.60q is asked for twice: expected each name once", name)
		}
	}
	if a.about, err = Describe(a.view, r.Layers, r.Lang); err != nil {
		return err
	}
	for _, name := range r.Layers {
		t, err := a.view.Table(name)
		if err != nil {
			return err
		}
		a.widest = max(a.widest, t.Layer.Audience)
		for _, f := range t.Layer.Fields {
			if f.InTiles {
				a.widest = max(a.widest, f.Audience)
			}
		}
	}
	d := &a.about
	d.MinZoom, d.MaxZoom = max(d.MinZoom, r.MinZoom), r.MaxZoom
	kept := d.Layers[:0]
	for _, l := range d.Layers {
		l.MinZoom, l.MaxZoom = max(l.MinZoom, d.MinZoom), d.MaxZoom
		if l.MinZoom <= l.MaxZoom {
			kept = append(kept, l)
		}
	}
	d.Layers = kept
	if len(r.Filters) > 0 {
		if err := a.narrow(); err != nil {
			return err
		}
	}
	if d.Empty || len(d.Layers) == 0 {
		return layers.Invalid("layers", "there is nothing to archive: no feature of these layers is drawn at zooms %d to %d", r.MinZoom, r.MaxZoom)
	}
	return nil
}

// narrow sets the bound to that of the features that match.
func (a *Archiver) narrow() error {
	a.about.Bound, a.about.Empty = orb.Bound{}, true
	for _, name := range a.request.Layers {
		t, err := a.view.Table(name)
		if err != nil {
			return err
		}
		t.Each(a.request.Filters[name], func(row layers.Row) bool {
			if b, ok := row.Bound(); ok {
				a.about.include(b)
			}
			return true
		})
	}
	return nil
}

// rows is a rectangle of tiles of a zoom, both ends included.
type rows struct {
	z              maptile.Zoom
	x0, y0, x1, y1 uint32
}

func (r rows) count() int64 { return int64(r.x1-r.x0+1) * int64(r.y1-r.y0+1) }

// cover returns the tiles in which something may be drawn, what reaches over a border included.
func (a *Archiver) cover(z maptile.Zoom) rows {
	x0, y0 := geo.World(a.about.Bound.LeftTop())
	x1, y1 := geo.World(a.about.Bound.RightBottom())
	more, shift := margin(maptile.Tile{Z: z})+1, 32-z
	tile := func(v int64) uint32 { return uint32(max(min(v, worldSize-1), 0) >> shift) }
	return rows{z, tile(int64(x0) - more), tile(int64(y0) - more), tile(int64(x1) + more), tile(int64(y1) + more)}
}

// each calls fn with the tiles in the order of their numbers.
func (r rows) each(fn func(maptile.Tile) error) error { return r.under(maptile.Tile{}, fn) }

// under calls fn with the tiles that are under a tile of a lower zoom, or are it.
func (r rows) under(t maptile.Tile, fn func(maptile.Tile) error) error {
	up := r.z - t.Z
	if t.X < r.x0>>up || t.X > r.x1>>up || t.Y < r.y0>>up || t.Y > r.y1>>up {
		return nil
	}
	if up == 0 {
		return fn(t)
	}
	kids := [4]maptile.Tile{{X: 2 * t.X, Y: 2 * t.Y, Z: t.Z + 1}, {X: 2*t.X + 1, Y: 2 * t.Y, Z: t.Z + 1}, {X: 2 * t.X, Y: 2*t.Y + 1, Z: t.Z + 1}, {X: 2*t.X + 1, Y: 2*t.Y + 1, Z: t.Z + 1}}
	slices.SortFunc(kids[:], func(a, b maptile.Tile) int { return cmp.Compare(tileID(a), tileID(b)) })
	for _, kid := range kids {
		if err := r.under(kid, fn); err != nil {
			return err
		}
	}
	return nil
}

// state names the request and everything that its tiles are drawn from: equal states, equal archives.
func (a *Archiver) state() (string, error) {
	h := sha256.New()
	add := func(v any) error { return json.NewEncoder(h).Encode(v) }
	if err := add(map[string]any{"mark": a.request.Mark, "name": a.request.Name, "about": a.about.Layers, "from": a.about.MinZoom, "to": a.about.MaxZoom}); err != nil {
		return "", err
	}
	for _, name := range a.request.Layers {
		t, err := a.view.Table(name)
		if err != nil {
			return "", err
		}
		if err := add(t.Layer); err != nil {
			return "", err
		}
		a.content(h, t, a.request.Filters[name])
	}
	return "shapan archive, part, 1: " + hex.EncodeToString(h.Sum(nil)) + "\n", nil
}

// content adds the features that match to a hash, in the order in which they are drawn.
func (a *Archiver) content(h hash.Hash, t *layers.Table, f layers.Filter) {
	world := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	t.Within(world, f, func(row layers.Row) bool {
		fmt.Fprintf(h, "%d %s\n", row.ID(), row.ETag())
		return true
	})
}

// record is a tile in the part file. Its bytes follow, unless an earlier record has them.
type record struct {
	id, offset uint64
	length     uint32
}

const recordSize = 24

// append writes the record with a checksum of it and its bytes.
func (r record) append(b, tile []byte) []byte {
	from := len(b)
	b = binary.LittleEndian.AppendUint64(b, r.id)
	b = binary.LittleEndian.AppendUint64(b, r.offset)
	b = binary.LittleEndian.AppendUint32(b, r.length)
	table := crc32.MakeTable(crc32.Castagnoli)
	b = binary.LittleEndian.AppendUint32(b, crc32.Update(crc32.Checksum(b[from:], table), table, tile))
	return append(b, tile...)
}

// errPart ends the reading of a part file at the first record that is not whole.
var errPart = errors.New("the part file ends within a record, or is damaged")

// scan reads records and calls fn with each and its own bytes, nil where an earlier record has them, until the end. It
// returns how many bytes of whole records it has read. The slice is valid during the call.
func (a *Archiver) scan(fn func(r record, tile []byte) error) (whole int64, err error) {
	if _, err := a.part.Seek(a.begin, io.SeekStart); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(a.part, 1<<18)
	var head [recordSize]byte
	var tile, check []byte
	var end, last uint64
	for first := true; ; first = false {
		if _, err := io.ReadFull(in, head[:]); err == io.EOF {
			return whole, nil
		} else if err != nil {
			return whole, fmt.Errorf("%w: %w", errPart, err)
		}
		r := record{binary.LittleEndian.Uint64(head[:]), binary.LittleEndian.Uint64(head[8:]), binary.LittleEndian.Uint32(head[16:])}
		if r.length == 0 || r.length > maxTile || !first && r.id <= last || r.offset > end || r.offset < end && r.offset+uint64(r.length) > end {
			return whole, errPart
		}
		tile = tile[:0]
		if r.offset == end {
			tile = slices.Grow(tile, int(r.length))[:r.length]
			if _, err := io.ReadFull(in, tile); err != nil {
				return whole, fmt.Errorf("%w: %w", errPart, err)
			}
			end += uint64(r.length)
		}
		if check = r.append(check[:0], tile); string(check[:recordSize]) != string(head[:]) {
			return whole, errPart
		}
		if err := fn(r, tile); err != nil {
			return whole, err
		}
		whole += int64(recordSize + len(tile))
		last = r.id
	}
}

// resume finds what an earlier run has drawn, cuts off what it has not finished, and empties a part file of another
// state.
func (a *Archiver) resume(title string) error {
	head := make([]byte, len(title))
	n, err := a.part.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if a.begin = int64(len(title)); string(head[:n]) != title {
		a.Anew = n > 0
		if err := a.part.Truncate(0); err != nil {
			return err
		}
		if _, err := a.part.WriteAt([]byte(title), 0); err != nil {
			return err
		}
	}
	whole, err := a.scan(func(r record, tile []byte) error {
		a.note(r, tile)
		return nil
	})
	if err != nil && !errors.Is(err, errPart) {
		return err
	}
	if err := a.part.Truncate(a.begin + whole); err != nil {
		return err
	}
	rest := errors.New("not drawn yet")
	if err = a.each(func(t maptile.Tile) error {
		if !a.any || tileID(t) > a.last {
			return rest
		}
		a.Done++
		return nil
	}); err != rest {
		return err
	}
	return nil
}

// each calls fn with every tile to be looked at, in the order of their numbers.
func (a *Archiver) each(fn func(maptile.Tile) error) error {
	for z := a.about.MinZoom; z <= a.about.MaxZoom; z++ {
		if err := a.cover(maptile.Zoom(z)).each(fn); err != nil {
			return err
		}
	}
	return nil
}

// note remembers a record that is in the part file.
func (a *Archiver) note(r record, tile []byte) {
	a.last, a.any = r.id, true
	if len(tile) == 0 {
		return
	}
	a.end += uint64(len(tile))
	if len(a.known) < maxKnown {
		sum := sha256.Sum256(tile)
		a.known[digest(sum[:])] = section{r.offset, uint64(r.length)}
	}
}

// Draw draws what is not drawn yet. It calls progress, unless that is nil, after each address. When it fails, or ctx ends,
// what is drawn stays in the part file.
func (a *Archiver) Draw(ctx context.Context, progress func(done, total int64)) (err error) {
	if _, err := a.part.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	out := bufio.NewWriterSize(a.part, 1<<16)
	defer func() {
		if e := out.Flush(); err == nil {
			err = e
		}
	}()
	var buffer []byte
	last, any := a.last, a.any
	return a.each(func(t maptile.Tile) error {
		if any && tileID(t) <= last {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		tile, err := Vector(ctx, a.view, Request{Layers: a.request.Layers, Tile: t, Filters: a.request.Filters})
		if err != nil {
			return err
		}
		if len(tile) > 0 {
			if buffer, err = a.record(buffer[:0], t, tile); err != nil {
				return err
			}
			if _, err := out.Write(buffer); err != nil {
				return err
			}
		}
		if a.Done++; progress != nil {
			progress(a.Done, a.Total)
		}
		return nil
	})
}

// record appends the record of a tile that was drawn, and remembers it.
func (a *Archiver) record(b []byte, t maptile.Tile, raw []byte) ([]byte, error) {
	tile, err := a.packer.pack(raw)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(tile)
	r := record{tileID(t), a.end, uint32(len(tile))}
	if same, ok := a.known[digest(sum[:])]; ok {
		r.offset, tile = same.offset, nil
	}
	b = r.append(b, tile)
	a.note(r, tile)
	return b, nil
}

// WriteTo writes the archive of what is drawn: all of it, after Draw has returned nil. It fails with ErrInvalid where no
// tile has anything in it.
func (a *Archiver) WriteTo(w io.Writer) (int64, error) {
	if !a.any {
		return 0, layers.Invalid("layers", "there is nothing to archive: every tile of these zooms is empty")
	}
	h, root, leafSize, err := a.plan()
	if err != nil {
		return 0, err
	}
	metadata, err := a.metadata()
	if err != nil {
		return 0, err
	}
	h.root = section{headerSize, uint64(len(root))}
	h.metadata = section{h.root.offset + h.root.length, uint64(len(metadata))}
	h.leaves.offset = h.metadata.offset + h.metadata.length
	h.data = section{h.leaves.offset + h.leaves.length, a.end}
	out := &counter{w: w}
	for _, b := range [][]byte{h.append(nil), root, metadata} {
		if _, err := out.Write(b); err != nil {
			return out.n, err
		}
	}
	if h.leaves.length > 0 {
		write := func(leaf []byte) error { _, err := out.Write(leaf); return err }
		if _, _, err := a.directories(leafSize, write); err != nil {
			return out.n, err
		}
	}
	_, err = a.scan(func(_ record, tile []byte) error { _, err := out.Write(tile); return err })
	return out.n, err
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// plan decides how the directories are cut into leaves, and returns a header with the counts and the leaves' length, the
// root, and the number of entries in a leaf. Where all entries are in one directory, that is the root.
func (a *Archiver) plan() (h header, root []byte, leafSize int, err error) {
	at, zoom := a.about.Center()
	h = header{
		clustered: true, internal: compressionGzip, tile: compressionGzip, kind: kindMVT,
		minZoom: uint8(a.about.MinZoom), maxZoom: uint8(a.about.MaxZoom), bound: a.about.Bound, center: at, centerZoom: uint8(zoom),
	}
	var only []byte
	leaves, counts, err := a.directories(a.rootMax, func(leaf []byte) error { only = bytes.Clone(leaf); return nil })
	if err != nil {
		return h, nil, 0, err
	}
	h.addressed, h.entries, h.contents = counts.addressed, counts.entries, counts.contents
	if len(leaves) == 1 && len(only) <= a.rootFit {
		return h, only, 0, nil
	}
	for leafSize = a.leafMin; ; leafSize *= 2 {
		h.leaves.length = 0
		leaves, _, err := a.directories(leafSize, func(leaf []byte) error { h.leaves.length += uint64(len(leaf)); return nil })
		if err != nil {
			return h, nil, 0, err
		}
		if root, err = a.packer.directory(leaves); err != nil || len(root) <= a.rootFit {
			return h, bytes.Clone(root), leafSize, err
		}
	}
}

// directories calls fn with the leaf directories of so many entries each, and returns the entries of the root that lead
// to them. The slice is valid during the call.
func (a *Archiver) directories(leafSize int, fn func(leaf []byte) error) (root []entry, counts struct{ addressed, entries, contents uint64 }, err error) {
	var leaf []entry
	at := uint64(0)
	flush := func() error {
		b, err := a.packer.directory(leaf)
		if err != nil {
			return err
		}
		root = append(root, entry{id: leaf[0].id, offset: at, length: uint32(len(b))})
		at += uint64(len(b))
		leaf = leaf[:0]
		return fn(b)
	}
	_, err = a.scan(func(r record, tile []byte) error {
		counts.addressed++
		if len(tile) > 0 {
			counts.contents++
		}
		if n := len(leaf); n > 0 && leaf[n-1].offset == r.offset && leaf[n-1].id+uint64(leaf[n-1].run) == r.id {
			leaf[n-1].run++
			return nil
		}
		if len(leaf) == leafSize {
			if err := flush(); err != nil {
				return err
			}
		}
		counts.entries++
		leaf = append(leaf, entry{r.id, r.offset, r.length, 1})
		return nil
	})
	if err == nil {
		err = flush()
	}
	return root, counts, err
}

// metadata returns what a reader is told of the layers, and who may see them.
func (a *Archiver) metadata() ([]byte, error) {
	b, err := json.Marshal(map[string]any{"name": a.request.Name, "type": "overlay", "format": "pbf", "vector_layers": a.about.Layers, "shapan:audience": a.widest})
	if err != nil {
		return nil, err
	}
	return a.packer.pack(b)
}
