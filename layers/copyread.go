package layers

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"time"

	"shapan/geo"

	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb"
)

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
		features += t.table.ids.Len()
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
		r.must(whole && len(t.table.chunks) < maxCopyChunks) // only the last chunk may be short
		c := r.chunk(t, rows)
		if r.err == nil {
			r.fail(t.take(c))
		}
		whole = rows == chunkRows
	}
}

func (r *copyReader) chunk(t *TableBuilder, rows int) *chunk {
	c := &chunk{ids: make([]int64, rows), cols: make([]column, len(t.table.kinds))}
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
	for f, kind := range t.table.kinds {
		if r.err != nil {
			return nil
		}
		c.cols[f] = r.column(t, f, kind, rows)
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
	c.lon, c.lat = lon, lat
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
func (r *copyReader) column(t *TableBuilder, field int, kind valueKind, rows int) (c column) {
	switch kind {
	case kindText, kindList:
		if n := r.uvarint(rows); n > 0 {
			return r.dictionary(t, field, kind, rows, n)
		}
		c = r.run(rows)
	case kindFloat:
		c.floats = r.floats(rows)
	default:
		c.nums = r.numbers(rows)
	}
	for i := 0; i < rows && r.err == nil; i++ {
		v := c.value(kind, i)
		r.fail(t.rules.Fields[field].check(v, true))
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
func (r *copyReader) dictionary(t *TableBuilder, field int, kind valueKind, rows, distinct int) (c column) {
	c.texts = make([]string, distinct)
	for i := range c.texts {
		s := t.Text(field, r.bytes(r.uvarint(MaxText)))
		c.texts[i] = s
		if s != nullText {
			r.fail(t.rules.Fields[field].check(Value{kind: kind, s: s}, true))
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
