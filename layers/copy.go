package layers

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"shapan/geo"

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

// ReadCopy adds every layer and feature of a copy to b, which must be empty, and returns what the copy is of. A file that
// is damaged, cut off, or no copy fails with ErrInvalid; what b then holds is not whole and must be thrown away. What the
// copy holds must keep the rules of its schemas, and takes no more memory than it has features for.
func ReadCopy(r io.Reader, b *Builder) (Copy, error) {
	magic := make([]byte, len(copyMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != copyMagic {
		return Copy{}, Invalid("", "this is no copy of a map, or one of another version of the program")
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return Copy{}, err
	}
	defer z.Close()
	c := copyReader{in: bufio.NewReaderSize(z, 1<<16)}
	about := c.snapshot(b)
	if c.err != nil {
		return Copy{}, Invalid("", "the copy is damaged or not whole").(*Error).Because(c.err)
	}
	return about, nil
}

// copyReader reads what copyWriter wrote. After the first error it reads nothing more and returns zeros.
type copyReader struct {
	in  *bufio.Reader
	buf []byte
	err error
}

var errDamaged = errors.New("what is read cannot have been written")

// fail notes an error; the first counts.
func (r *copyReader) fail(err error) {
	if r.err == nil && err != nil {
		r.err = err
	}
}

// must fails unless ok.
func (r *copyReader) must(ok bool) {
	if !ok {
		r.fail(errDamaged)
	}
}

// uvarint reads a number that is at most most.
func (r *copyReader) uvarint(most int) int {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r.in)
	r.fail(err)
	r.must(n <= uint64(most))
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *copyReader) varint() int64 {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadVarint(r.in)
	r.fail(err)
	return n
}

// bytes reads n bytes, which are good until the next call; none after an error.
func (r *copyReader) bytes(n int) []byte {
	r.buf = r.buf[:0]
	for len(r.buf) < n && r.err == nil {
		from, step := len(r.buf), min(n-len(r.buf), copyStep)
		r.buf = slices.Grow(r.buf, step)[:from+step]
		_, err := io.ReadFull(r.in, r.buf[from:])
		r.fail(err)
	}
	if r.err != nil {
		return nil
	}
	return r.buf
}

func (r *copyReader) json(v any, most int) {
	if b := r.bytes(r.uvarint(most)); r.err == nil {
		r.fail(json.Unmarshal(b, v))
	}
}

func (r *copyReader) snapshot(b *Builder) (about Copy) {
	r.json(&about, maxCopyHeader)
	features := 0
	for r.uvarint(1) == 1 && r.err == nil {
		var l Layer
		r.json(&l, maxCopySchema)
		if r.err != nil {
			return about
		}
		t, err := b.Layer(l)
		if err != nil {
			r.fail(err)
			return about
		}
		r.table(t)
		features += t.edit.ids.Len()
	}
	r.must(r.uvarint(math.MaxInt64) == features)
	if r.err == nil {
		_, err := r.in.ReadByte() // reading on to the end is what compares the checksum
		r.must(err != nil)
		if err != io.EOF {
			r.fail(err)
		}
	}
	return about
}

func (r *copyReader) table(t *TableBuilder) {
	for whole := true; r.err == nil; {
		rows := r.uvarint(chunkRows)
		if rows == 0 {
			return
		}
		r.must(whole && len(t.edit.chunks) < maxCopyChunks) // only the last chunk may be short
		c := r.chunk(t, rows)
		if r.err == nil {
			r.fail(t.take(c))
		}
		whole = rows == chunkRows
	}
}

func (r *copyReader) chunk(t *TableBuilder, rows int) *chunk {
	c := &chunk{ids: make([]int64, rows), cols: make([]column, len(t.edit.kinds))}
	last := int64(0)
	for i := range c.ids {
		last += r.varint()
		r.must(last >= 0 && last <= MaxID)
		c.ids[i] = last
	}
	switch t.rules.Kind {
	case Point:
		r.points(c)
	case None:
	default:
		c.shapes = make([]*Shape, rows)
		for i := range c.shapes {
			if g := r.geometry(t.rules.Kind); g != nil && r.err == nil {
				c.shapes[i] = NewShape(g)
			}
		}
	}
	for f, kind := range t.edit.kinds {
		if r.err != nil {
			return nil
		}
		c.cols[f] = r.column(t, &t.rules.Fields[f], kind, rows)
	}
	return c
}

// points reads the positions of a Point layer.
func (r *copyReader) points(c *chunk) {
	rows := len(c.ids)
	lon, lat := r.floats(rows), r.floats(rows)
	if r.err != nil {
		return
	}
	c.lon, c.lat, c.wx, c.wy = lon, lat, make([]uint32, rows), make([]uint32, rows)
	for i := range lon {
		if lon[i] != lon[i] && lat[i] != lat[i] {
			c.place(i, nil)
			continue
		}
		p := orb.Point{lon[i], lat[i]}
		r.fail(geo.Validate(p))
		c.place(i, p)
	}
}

func (r *copyReader) floats(n int) []float64 {
	b := r.bytes(8 * n)
	out := make([]float64, len(b)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return out
}

// geometry reads a geometry that a layer of this kind may have, or nil.
func (r *copyReader) geometry(kind GeometryKind) (g orb.Geometry) {
	left := MaxVertices
	switch geomCode(r.uvarint(int(codeMultiPolygon))) {
	case codeNone:
		return nil
	case codePoint:
		ps := r.positions(&left)
		if r.must(len(ps) == 1); r.err != nil {
			return nil
		}
		g = ps[0]
	case codeMultiPoint:
		g = orb.MultiPoint(r.positions(&left))
	case codeLine:
		g = orb.LineString(r.positions(&left))
	case codeMultiLine:
		var lines orb.MultiLineString
		for n := r.uvarint(left); n > 0 && r.err == nil; n-- {
			lines = append(lines, r.positions(&left))
		}
		g = lines
	case codePolygon:
		g = r.polygon(&left)
	case codeMultiPolygon:
		var polygons orb.MultiPolygon
		for n := r.uvarint(left); n > 0 && r.err == nil; n-- {
			polygons = append(polygons, r.polygon(&left))
		}
		g = polygons
	}
	if r.err != nil {
		return nil
	}
	r.must(kind.accepts(g))
	r.fail(geo.Validate(g))
	return g
}

func (r *copyReader) polygon(left *int) orb.Polygon {
	var p orb.Polygon
	for n := r.uvarint(*left); n > 0 && r.err == nil; n-- {
		p = append(p, r.positions(left))
	}
	return p
}

// positions reads a run of positions, of which left may still come.
func (r *copyReader) positions(left *int) []orb.Point {
	n := r.uvarint(*left)
	*left -= n
	b := r.bytes(16 * n)
	out := make([]orb.Point, len(b)/16)
	for i := range out {
		out[i][0] = math.Float64frombits(binary.LittleEndian.Uint64(b[16*i:]))
		out[i][1] = math.Float64frombits(binary.LittleEndian.Uint64(b[16*i+8:]))
	}
	return out
}

// column reads the values of a field, and fails where one of them is not a value of it.
func (r *copyReader) column(t *TableBuilder, f *Field, kind valueKind, rows int) (c column) {
	switch kind {
	case kindText, kindList:
		if n := r.uvarint(rows); n > 0 {
			return r.dictionary(t, f, kind, rows, n)
		}
		c = r.run(rows)
	case kindFloat:
		c.floats = r.floats(rows)
	default:
		c.nums = r.numbers(rows)
	}
	for i := 0; i < rows && r.err == nil; i++ {
		v := c.value(kind, i)
		r.fail(f.check(v))
		r.must(v.proper())
	}
	return c
}

// proper tells whether a value is held as the functions that make values hold it.
func (v Value) proper() bool {
	const day = int64(24 * time.Hour / time.Microsecond)
	switch v.kind {
	case kindBool:
		return v.n == 0 || v.n == 1
	case kindDate:
		return v.n%day == 0
	case kindFloat:
		return FloatValue(math.Float64frombits(uint64(v.n))) == v
	}
	return true
}

// dictionary reads texts of which few are distinct; each of those is checked once.
func (r *copyReader) dictionary(t *TableBuilder, f *Field, kind valueKind, rows, distinct int) (c column) {
	c.texts = make([]string, distinct)
	for i := range c.texts {
		s := t.shareBytes(r.bytes(r.uvarint(MaxText)))
		c.texts[i] = s
		if s != nullText {
			r.fail(f.check(Value{kind: kind, s: s}))
		}
	}
	c.nums = r.numbers(rows)
	for i := 0; i < rows && r.err == nil; i++ {
		code := c.nums.at(i)
		r.must(code >= 0 && code < int64(distinct))
	}
	return c
}

// run reads texts that stand one after another.
func (r *copyReader) run(rows int) (c column) {
	c.ends = make([]uint32, rows)
	end := 0
	for i := range c.ends {
		end += r.uvarint(MaxText)
		c.ends[i] = uint32(end)
	}
	c.run = string(r.bytes(end))
	return c
}

func (r *copyReader) numbers(rows int) (n numbers) {
	width := r.uvarint(8)
	b := r.bytes(width * rows)
	if r.err != nil {
		return n
	}
	switch width {
	case 0:
	case 1:
		n.w1 = make([]int8, rows)
		for i := range n.w1 {
			n.w1[i] = int8(b[i])
		}
	case 2:
		n.w2 = make([]int16, rows)
		for i := range n.w2 {
			n.w2[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
	case 4:
		n.w4 = make([]int32, rows)
		for i := range n.w4 {
			n.w4[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
		}
	case 8:
		n.w8 = make([]int64, rows)
		for i := range n.w8 {
			n.w8[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
	default:
		r.must(false)
	}
	n.base, n.scale = r.varint(), r.varint()
	return n
}
