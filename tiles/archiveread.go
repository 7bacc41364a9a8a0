package tiles

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"shapan/layers"

	"github.com/maypok86/otter/v2"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// kindMVT is the number of vector tiles among the kinds of an archive.
const kindMVT = 1

// archiveKinds are the endings and media types of tiles by their number in an archive.
var archiveKinds = map[uint8]struct{ ext, media string }{
	kindMVT: {"mvt", "application/vnd.mapbox-vector-tile"}, 2: {"png", "image/png"}, 3: {"jpg", "image/jpeg"}, 4: {"webp", "image/webp"},
}

// Archive is a PMTiles 3 file that is read from. It is safe for any number of goroutines; make it with OpenArchive.
type Archive struct {
	MinZoom, MaxZoom int
	Bound            orb.Bound // lon/lat degrees, as the file has it
	Center           orb.Point // lon/lat degrees
	CenterZoom       int
	Ext, MediaType   string // of the tiles: mvt, png, jpg or webp
	ID               string // names the file's content: another file, another ID
	Metadata         ArchiveMetadata

	file   io.ReaderAt
	header header
	root   []entry
	leaves *otter.Cache[uint64, []entry] // by their offset in the leaf directories
}

// ArchiveMetadata is what an archive tells of itself, as far as it is used.
type ArchiveMetadata struct {
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Attribution string             `json:"attribution"`
	Layers      []LayerDescription `json:"vector_layers"`
	Audience    layers.Audience    `json:"shapan:audience"` // who may see it, of an archive of ours; of others: everyone
}

// leafMemory bounds the directories that are kept, in bytes.
const leafMemory = 32 << 20

// OpenArchive reads the beginning of a PMTiles 3 archive. It keeps the file, which the caller closes after the last use,
// and which must not change. It says what is wrong with a file that is not such an archive, or is of a kind or compression
// that is not read.
func OpenArchive(f *os.File) (*Archive, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", f.Name())
	}
	a, err := newArchive(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	a.ID += fmt.Sprintf("-%x", info.ModTime().UnixNano()) // equal beginnings do not make equal tiles
	return a, nil
}

func newArchive(file io.ReaderAt, size int64) (*Archive, error) {
	head := make([]byte, min(size, headerSize))
	if _, err := file.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	h, err := readHeader(head)
	if err != nil {
		return nil, err
	}
	if err := h.check(size); err != nil {
		return nil, err
	}
	kind, known := archiveKinds[h.kind]
	if !known {
		return nil, fmt.Errorf("its tiles are of kind %d: expected 1 (vector tiles), 2 (PNG), 3 (JPEG) or 4 (WebP)", h.kind)
	}
	a := &Archive{
		MinZoom: int(h.minZoom), MaxZoom: int(h.maxZoom), Bound: h.bound, Center: h.center, CenterZoom: int(h.centerZoom),
		Ext: kind.ext, MediaType: kind.media, file: file, header: h,
	}
	root, err := a.read(h.root, maxRootSize)
	if err != nil {
		return nil, fmt.Errorf("its root directory: %w", err)
	}
	if a.root, err = directory(root, h.internal); err != nil {
		return nil, fmt.Errorf("its root directory: %w", err)
	}
	if err := a.readMetadata(); err != nil {
		return nil, fmt.Errorf("its metadata: %w", err)
	}
	sum := sha256.Sum256(append(head, root...))
	a.ID = hex.EncodeToString(sum[:8])
	a.leaves, err = otter.New(&otter.Options[uint64, []entry]{
		MaximumWeight: leafMemory,
		Weigher:       func(_ uint64, e []entry) uint32 { return uint32(64 + 24*len(e)) },
	})
	return a, err
}

// read reads a part of the file whose place was checked.
func (a *Archive) read(s section, most uint64) ([]byte, error) {
	if s.length > most {
		return nil, fmt.Errorf("it has %d bytes: at most %d are allowed", s.length, most)
	}
	b := make([]byte, s.length)
	if n, err := a.file.ReadAt(b, int64(s.offset)); n < len(b) {
		return nil, err
	}
	return b, nil
}

func directory(b []byte, c compression) ([]entry, error) {
	b, err := unpack(b, c, maxDirectory)
	if err != nil {
		return nil, err
	}
	return readDirectory(b)
}

func (a *Archive) readMetadata() error {
	b, err := a.read(a.header.metadata, maxMetadata)
	if err != nil || len(b) == 0 {
		return err
	}
	if b, err = unpack(b, a.header.internal, maxMetadata); err != nil {
		return err
	}
	var loose struct {
		ArchiveMetadata
		Layers json.RawMessage `json:"vector_layers"`
	}
	var other *json.UnmarshalTypeError // some makers have their own idea of a member: the tiles are good without
	if err := json.Unmarshal(b, &loose); err != nil && !errors.As(err, &other) {
		return err
	}
	a.Metadata = loose.ArchiveMetadata
	if json.Unmarshal(loose.Layers, &a.Metadata.Layers) != nil {
		a.Metadata.Layers = nil
	}
	return nil
}

// Covers tells whether an address is one that the archive may have a tile at.
func (a *Archive) Covers(t maptile.Tile) bool {
	if int(t.Z) < a.MinZoom || int(t.Z) > a.MaxZoom {
		return false
	}
	return t.X>>t.Z == 0 && t.Y>>t.Z == 0
}

// Tile returns the bytes of a tile, and whether they are compressed with gzip; nil where the archive has none. It fails
// where the file is damaged.
func (a *Archive) Tile(t maptile.Tile) (b []byte, gzipped bool, err error) {
	if !a.Covers(t) {
		return nil, false, nil
	}
	id, entries := tileID(t), a.root
	for range maxDepth {
		e, ok := find(entries, id)
		if !ok {
			return nil, false, nil
		}
		if e.run > 0 {
			b, err := a.in(a.header.data, e, maxTile)
			if err != nil {
				return nil, false, fmt.Errorf("archive: tile %d/%d/%d: %w", t.Z, t.X, t.Y, err)
			}
			return b, a.header.tile == compressionGzip, nil
		}
		if entries, err = a.leaf(e); err != nil {
			return nil, false, fmt.Errorf("archive: directory of tile %d/%d/%d: %w", t.Z, t.X, t.Y, err)
		}
	}
	return nil, false, fmt.Errorf("archive: tile %d/%d/%d is more than %d directories deep: the file is damaged", t.Z, t.X, t.Y, maxDepth)
}

// leaf returns a leaf directory.
func (a *Archive) leaf(e entry) ([]entry, error) {
	if entries, ok := a.leaves.GetIfPresent(e.offset); ok {
		return entries, nil
	}
	b, err := a.in(a.header.leaves, e, maxDirectory)
	if err != nil {
		return nil, err
	}
	entries, err := directory(b, a.header.internal)
	if err == nil {
		a.leaves.Set(e.offset, entries)
	}
	return entries, err
}

// in reads what an entry names in a section of the file.
func (a *Archive) in(s section, e entry, most uint64) ([]byte, error) {
	if e.offset > s.length || uint64(e.length) > s.length-e.offset {
		return nil, fmt.Errorf("%d bytes at %d of a section that has %d", e.length, e.offset, s.length)
	}
	return a.read(section{s.offset + e.offset, uint64(e.length)}, most)
}

// Unpack returns the bytes of a tile of an archive that is compressed with gzip. It fails where they are damaged, or
// more than 8 MiB.
func Unpack(tile []byte) ([]byte, error) { return unpack(tile, compressionGzip, maxTile) }
