package exchange

import (
	"encoding/binary"
	"fmt"
	"math"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// wkbReader reads well-known binary into orb. By hand because orb's decoder takes no heights and go-geom's follows a
// hostile blob as deep as it nests; here the depth is that of the geometry types.
type wkbReader struct {
	data  []byte
	order binary.ByteOrder
	left  int // positions that may still come
	err   error
}

// wkbOf reads a geometry; heights and measures are dropped, and an empty geometry is nil.
func wkbOf(data []byte) (orb.Geometry, error) {
	r := &wkbReader{data: data, left: geo.MaxPositions}
	g := r.geometry()
	if r.err != nil {
		return nil, r.err
	}
	if p, ok := g.(orb.Point); ok && (math.IsNaN(p[0]) || math.IsNaN(p[1])) {
		return nil, nil // how GeoPackage writes POINT EMPTY
	}
	return g, nil
}

func (r *wkbReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.data = nil
}

// take returns the next n bytes, zeros after a failure.
func (r *wkbReader) take(n int) []byte {
	if len(r.data) < n {
		r.fail("the geometry's bytes end too early")
		return make([]byte, n)
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *wkbReader) uint32() uint32 { return r.order.Uint32(r.take(4)) }

// count returns how many parts follow, each of at least size bytes.
func (r *wkbReader) count(size int) int {
	n := int(r.uint32())
	if n > r.left || n*size > len(r.data) {
		r.fail("the geometry says it has %d parts, more than its bytes hold or than are allowed", n)
		return 0
	}
	return n
}

// header reads the byte order and the type: its number (1 to 7) and how many numbers a position has.
func (r *wkbReader) header() (kind uint32, dims int) {
	r.order = binary.LittleEndian
	if r.take(1)[0] == 0 {
		r.order = binary.BigEndian
	}
	code := r.uint32()
	dims = 2
	for _, flag := range []uint32{1 << 31, 1 << 30} { // of PostGIS: heights, measures
		if code&flag != 0 {
			dims++
		}
	}
	if code&(1<<29) != 0 { // of PostGIS: a system follows
		r.take(4)
	}
	code &= 1<<29 - 1
	switch code / 1000 {
	case 1, 2:
		dims++
	case 3:
		dims += 2
	}
	return code % 1000, dims
}

func (r *wkbReader) geometry() orb.Geometry {
	kind, dims := r.header()
	switch kind {
	case 1:
		return r.position(dims)
	case 2:
		return orb.LineString(r.run(dims))
	case 3:
		return r.polygon(dims)
	case 4:
		return orb.MultiPoint(membersOf(r, 1, r.position))
	case 5:
		return orb.MultiLineString(membersOf(r, 2, func(dims int) orb.LineString { return r.run(dims) }))
	case 6:
		return orb.MultiPolygon(membersOf(r, 3, r.polygon))
	}
	r.fail("geometry type %d: expected points, lines or polygons; curves, surfaces and collections are not read", kind)
	return nil
}

// membersOf reads the members of a multi geometry, each with a header that must say kind.
func membersOf[T any](r *wkbReader, kind uint32, one func(dims int) T) []T {
	out := make([]T, 0, r.count(5))
	for range cap(out) {
		k, dims := r.header()
		if k != kind {
			r.fail("a part of type %d stands in a multi geometry of type %d", k, kind)
		}
		if r.err != nil {
			break
		}
		out = append(out, one(dims))
	}
	return out
}

func (r *wkbReader) polygon(dims int) orb.Polygon {
	out := make(orb.Polygon, 0, r.count(4))
	for range cap(out) {
		if r.err != nil {
			break
		}
		out = append(out, orb.Ring(r.run(dims)))
	}
	return out
}

func (r *wkbReader) run(dims int) []orb.Point {
	out := make([]orb.Point, r.count(8*dims))
	r.left -= len(out)
	for i := range out {
		out[i] = r.position(dims)
	}
	return out
}

func (r *wkbReader) position(dims int) orb.Point {
	b := r.take(8 * dims)
	return orb.Point{math.Float64frombits(r.order.Uint64(b)), math.Float64frombits(r.order.Uint64(b[8:]))}
}

// gpkgGeometry reads a GeoPackage geometry (OGC 12-128, 2.1.3): a header of 8 bytes, an envelope, well-known binary.
func gpkgGeometry(blob []byte) (orb.Geometry, error) {
	if len(blob) < 8 || blob[0] != 'G' || blob[1] != 'P' {
		return nil, fmt.Errorf("the geometry does not begin as a GeoPackage geometry does")
	}
	flags := blob[3]
	if flags&(1<<5) != 0 {
		return nil, fmt.Errorf("the geometry is of an extension of GeoPackage that is not read")
	}
	if flags&(1<<4) != 0 {
		return nil, nil // empty
	}
	envelope := flags >> 1 & 7
	if envelope > 4 {
		return nil, fmt.Errorf("the geometry's envelope has the unknown kind %d", envelope)
	}
	start := 8 + [...]int{0, 32, 48, 48, 64}[envelope]
	if len(blob) < start {
		return nil, fmt.Errorf("the geometry's bytes end too early")
	}
	return wkbOf(blob[start:])
}
