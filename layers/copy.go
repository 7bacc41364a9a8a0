package layers

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb"
)

// A copy of a snapshot is copyMagic and then one frame of zstd, whose checksum is over everything in it: the header; for
// each layer its schema and its chunks as they stand in memory; and the number of features. So it is read about as fast
// as it is decompressed, and what is damaged or cut off is not taken for a map.

// copyMagic begins a copy; its number is the version of what follows.
const copyMagic = "shapan copy 1\n"

// The bounds of what is read before it is known to be good.
const (
	maxCopyHeader = 8 << 10
	maxCopySchema = 16 << 20
	maxCopyChunks = math.MaxUint32/chunkRows - 1
	copyStep      = 1 << 20 // memory for long parts is taken in steps, so that a length alone takes none
)

// Copy says what a copy of a snapshot is of.
type Copy struct {
	Origin string    `json:"origin"` // the identity of its record, in the record's own words; empty where it has none
	Seq    Seq       `json:"seq"`    // the state of the record
	At     time.Time `json:"at"`     // when the record last said that this was its state
}

// WriteCopy writes everything of a snapshot, the service's own layers included, as ReadCopy reads it. It takes no memory
// worth mentioning, and fails where w does. The copy holds digests of tokens and personal data: it is not for everybody.
func WriteCopy(w io.Writer, s *Snapshot, origin string, at time.Time) error {
	if _, err := io.WriteString(w, copyMagic); err != nil {
		return err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	c := copyWriter{out: z}
	err = c.snapshot(s, Copy{Origin: origin, Seq: s.Seq, At: at})
	if e := z.Close(); err == nil {
		err = e
	}
	return err
}

// copyWriter gathers what is written, piece by piece.
type copyWriter struct {
	out io.Writer
	buf []byte
}

func (w *copyWriter) flush() error {
	_, err := w.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *copyWriter) uvarint(n int)  { w.buf = binary.AppendUvarint(w.buf, uint64(n)) }
func (w *copyWriter) varint(n int64) { w.buf = binary.AppendVarint(w.buf, n) }
func (w *copyWriter) bits(x float64) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(x))
}
func (w *copyWriter) text(s string)   { w.uvarint(len(s)); w.buf = append(w.buf, s...) }
func (w *copyWriter) code(b geomCode) { w.buf = append(w.buf, byte(b)) }

func (w *copyWriter) json(v any, most int) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > most {
		return Invalid("", "a copy cannot hold this: %d bytes of JSON, at most %d are allowed", len(b), most)
	}
	w.text(string(b))
	return w.flush()
}

func (w *copyWriter) snapshot(s *Snapshot, about Copy) error {
	if err := w.json(about, maxCopyHeader); err != nil {
		return err
	}
	for _, t := range s.tables {
		w.uvarint(1)
		if err := w.json(t.layer, maxCopySchema); err != nil {
			return err
		}
		for _, c := range t.chunks {
			if err := w.chunk(t, c); err != nil {
				return err
			}
		}
		w.uvarint(0)
	}
	w.uvarint(0)
	w.uvarint(s.Features())
	return w.flush()
}

func (w *copyWriter) chunk(t *table, c *chunk) error {
	w.uvarint(len(c.ids))
	last := int64(0)
	for _, id := range c.ids {
		w.varint(id - last)
		last = id
	}
	for i := range c.lon {
		w.bits(c.lon[i])
	}
	for i := range c.lat {
		w.bits(c.lat[i])
	}
	for _, s := range c.shapes {
		if err := w.shape(s); err != nil {
			return err
		}
	}
	for f, kind := range t.kinds {
		w.column(kind, &c.cols[f])
		if err := w.flush(); err != nil {
			return err
		}
	}
	return w.flush()
}

// geomCode says in a copy which geometry follows.
type geomCode uint8

const (
	codeNone geomCode = iota
	codePoint
	codeMultiPoint
	codeLine
	codeMultiLine
	codePolygon
	codeMultiPolygon
)

func (w *copyWriter) shape(s *Shape) error {
	if s == nil {
		w.code(codeNone)
		return nil
	}
	switch g := s.Geometry.(type) {
	case orb.Point:
		w.code(codePoint)
		w.positions(orb.MultiPoint{g})
	case orb.MultiPoint:
		w.code(codeMultiPoint)
		w.positions(g)
	case orb.LineString:
		w.code(codeLine)
		w.positions(orb.MultiPoint(g))
	case orb.MultiLineString:
		w.code(codeMultiLine)
		w.uvarint(len(g))
		for _, l := range g {
			w.positions(orb.MultiPoint(l))
		}
	case orb.Polygon:
		w.code(codePolygon)
		w.polygon(g)
	case orb.MultiPolygon:
		w.code(codeMultiPolygon)
		w.uvarint(len(g))
		for _, p := range g {
			w.polygon(p)
		}
	default:
		return fmt.Errorf("a copy cannot hold a %T", g)
	}
	return w.flush()
}

func (w *copyWriter) polygon(p orb.Polygon) {
	w.uvarint(len(p))
	for _, ring := range p {
		w.positions(orb.MultiPoint(ring))
	}
}

func (w *copyWriter) positions(ps orb.MultiPoint) {
	w.uvarint(len(ps))
	for _, p := range ps {
		w.bits(p[0])
		w.bits(p[1])
	}
}

func (w *copyWriter) column(kind valueKind, c *column) {
	switch {
	case kind == kindFloat:
		for _, x := range c.floats {
			w.bits(x)
		}
	case kind != kindText && kind != kindList:
		w.numbers(&c.nums)
	case c.ends == nil:
		w.uvarint(len(c.texts))
		for _, s := range c.texts {
			w.text(s)
		}
		w.numbers(&c.nums)
	default:
		w.uvarint(0)
		begin := uint32(0)
		for _, end := range c.ends {
			w.uvarint(int(end - begin))
			begin = end
		}
		w.buf = append(w.buf, c.run...)
	}
}

func (w *copyWriter) numbers(n *numbers) {
	switch {
	case n.w1 != nil:
		w.uvarint(1)
		for _, v := range n.w1 {
			w.buf = append(w.buf, byte(v))
		}
	case n.w2 != nil:
		w.uvarint(2)
		for _, v := range n.w2 {
			w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(v))
		}
	case n.w4 != nil:
		w.uvarint(4)
		for _, v := range n.w4 {
			w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(v))
		}
	case n.w8 != nil:
		w.uvarint(8)
		for _, v := range n.w8 {
			w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(v))
		}
	default:
		w.uvarint(0)
	}
	w.varint(n.base)
	w.varint(n.scale)
}
