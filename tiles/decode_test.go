package tiles

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// A reader of vector tiles that takes nothing but what the specification (MVT 2.1) allows.

type readTile []readLayer

type readLayer struct {
	name     string
	features []readFeature
}

type readFeature struct {
	id    uint64
	kind  geomType
	tags  map[string]any
	parts [][]pos // points in one part; lines; rings
}

func (t readTile) layer(name string) readLayer {
	for _, l := range t {
		if l.name == name {
			return l
		}
	}
	return readLayer{}
}

type message struct {
	b   []byte
	err error
}

func (m *message) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
		m.b = nil
	}
}

func (m *message) uvarint() uint64 {
	v, n := binary.Uvarint(m.b)
	if n <= 0 {
		m.fail("bad varint")
		return 0
	}
	m.b = m.b[n:]
	return v
}

func (m *message) bytes() []byte {
	n := m.uvarint()
	if n > uint64(len(m.b)) {
		m.fail("length %d of %d bytes", n, len(m.b))
		return nil
	}
	b := m.b[:n]
	m.b = m.b[n:]
	return b
}

func readStrict(b []byte) (readTile, error) {
	m := message{b: b}
	var t readTile
	names := map[string]bool{}
	for len(m.b) > 0 {
		if tag := m.uvarint(); tag != 3<<3|2 {
			return nil, fmt.Errorf("tile field %d", tag)
		}
		l, err := readStrictLayer(m.bytes())
		if err != nil {
			return nil, fmt.Errorf("layer %q: %w", l.name, err)
		}
		if names[l.name] {
			return nil, fmt.Errorf("layer %q twice", l.name)
		}
		names[l.name] = true
		t = append(t, l)
	}
	return t, m.err
}

func readStrictLayer(b []byte) (l readLayer, err error) {
	m := message{b: b}
	var keys []string
	var values []any
	var features [][]byte
	seen := map[uint64]int{}
	for len(m.b) > 0 {
		tag := m.uvarint()
		seen[tag]++
		switch tag {
		case 15 << 3:
			if v := m.uvarint(); v != 2 {
				m.fail("version %d", v)
			}
		case 1<<3 | 2:
			l.name = string(m.bytes())
		case 2<<3 | 2:
			features = append(features, m.bytes())
		case 3<<3 | 2:
			keys = append(keys, string(m.bytes()))
		case 4<<3 | 2:
			v, err := readValue(m.bytes())
			if err != nil {
				return l, err
			}
			values = append(values, v)
		case 5 << 3:
			if v := m.uvarint(); v != 4096 {
				m.fail("extent %d", v)
			}
		default:
			m.fail("layer field %d", tag)
		}
	}
	if m.err != nil {
		return l, m.err
	}
	if seen[15<<3] != 1 || seen[1<<3|2] != 1 || seen[5<<3] != 1 || len(features) == 0 || l.name == "" {
		return l, errors.New("version, name, extent once and a feature are needed")
	}
	if err := distinct(keys); err != nil {
		return l, err
	}
	if err := distinct(values); err != nil {
		return l, err
	}
	ids := map[uint64]bool{}
	usedKeys, usedValues := map[uint64]bool{}, map[uint64]bool{}
	for _, fb := range features {
		f, err := readFeatureStrict(fb, keys, values, usedKeys, usedValues)
		if err != nil {
			return l, fmt.Errorf("feature %d: %w", f.id, err)
		}
		if f.id != 0 && ids[f.id] {
			return l, fmt.Errorf("id %d twice", f.id)
		}
		ids[f.id] = true
		l.features = append(l.features, f)
	}
	if len(usedKeys) != len(keys) || len(usedValues) != len(values) {
		return l, fmt.Errorf("%d of %d keys and %d of %d values used", len(usedKeys), len(keys), len(usedValues), len(values))
	}
	return l, nil
}

func distinct[T comparable](list []T) error {
	seen := map[T]bool{}
	for _, v := range list {
		if seen[v] {
			return fmt.Errorf("%v twice in a table", v)
		}
		seen[v] = true
	}
	return nil
}

func readValue(b []byte) (v any, err error) {
	m := message{b: b}
	switch tag := m.uvarint(); tag {
	case 1<<3 | 2:
		s := m.bytes()
		if !utf8.Valid(s) {
			m.fail("text is not UTF-8")
		}
		v = string(s)
	case 3<<3 | 1:
		if len(m.b) != 8 {
			return nil, errors.New("double needs 8 bytes")
		}
		v = math.Float64frombits(binary.LittleEndian.Uint64(m.b))
		m.b = nil
	case 4 << 3:
		v = int64(m.uvarint())
	case 6 << 3:
		u := m.uvarint()
		v = int64(u>>1) ^ -int64(u&1)
	case 7 << 3:
		u := m.uvarint()
		if u > 1 {
			m.fail("bool %d", u)
		}
		v = u == 1
	default:
		m.fail("value field %d", tag)
	}
	if len(m.b) > 0 {
		m.fail("value with more than one field")
	}
	return v, m.err
}

func readFeatureStrict(b []byte, keys []string, values []any, usedKeys, usedValues map[uint64]bool) (f readFeature, err error) {
	m := message{b: b}
	var geom []byte
	f.tags = map[string]any{}
	seen := map[uint64]bool{}
	for len(m.b) > 0 {
		tag := m.uvarint()
		if seen[tag] {
			m.fail("feature field %d twice", tag)
		}
		seen[tag] = true
		switch tag {
		case 1 << 3:
			f.id = m.uvarint()
		case 2<<3 | 2:
			tags := message{b: m.bytes()}
			for len(tags.b) > 0 {
				k, v := tags.uvarint(), tags.uvarint()
				if tags.err != nil || k >= uint64(len(keys)) || v >= uint64(len(values)) {
					return f, errors.New("tags out of range")
				}
				if _, twice := f.tags[keys[k]]; twice {
					return f, fmt.Errorf("key %s twice", keys[k])
				}
				f.tags[keys[k]] = values[v]
				usedKeys[k], usedValues[v] = true, true
			}
		case 3 << 3:
			f.kind = geomType(m.uvarint())
		case 4<<3 | 2:
			geom = m.bytes()
		default:
			m.fail("feature field %d", tag)
		}
	}
	if m.err != nil {
		return f, m.err
	}
	f.parts, err = readGeometry(f.kind, geom)
	return f, err
}

func readGeometry(kind geomType, b []byte) (parts [][]pos, err error) {
	if len(b) == 0 {
		return nil, errors.New("no geometry")
	}
	m := message{b: b}
	var at pos
	next := func() pos {
		for _, v := range []*int64{&at.x, &at.y} {
			u := m.uvarint()
			*v += int64(u>>1) ^ -int64(u&1)
		}
		return at
	}
	expect := func(id uint64, least uint64) uint64 {
		u := m.uvarint()
		if u&7 != id || u>>3 < least {
			m.fail("command %d x %d: expected %d", u&7, u>>3, id)
		}
		return u >> 3
	}
	for len(m.b) > 0 {
		n := expect(1, 1)
		if kind != typePoint && n != 1 {
			m.fail("%d moves", n)
		}
		var part []pos
		for range n {
			part = append(part, next())
			if m.err != nil {
				return nil, m.err
			}
		}
		if kind == typePoint {
			if parts = append(parts, part); len(m.b) > 0 {
				m.fail("points go on after their command")
			}
			continue
		}
		least := uint64(1)
		if kind == typePolygon {
			least = 2
		}
		for range expect(2, least) {
			before := at
			if part = append(part, next()); at == before {
				m.fail("a step of no length")
			}
			if m.err != nil {
				return nil, m.err
			}
		}
		if kind == typePolygon {
			if expect(7, 1) != 1 {
				m.fail("closed more than once")
			}
			if part[0] == part[len(part)-1] {
				m.fail("a ring repeats its first point")
			}
		}
		parts = append(parts, part)
	}
	if m.err != nil {
		return nil, m.err
	}
	return parts, checkParts(kind, parts)
}

func checkParts(kind geomType, parts [][]pos) error {
	for i, part := range parts {
		for _, p := range part {
			if kind == typePoint && !p.inside() {
				return fmt.Errorf("point %v outside the tile", p)
			}
			if p.x < -64 || p.y < -64 || p.x > 4160 || p.y > 4160 {
				return fmt.Errorf("position %v outside the buffer", p)
			}
		}
		if kind == typePolygon {
			if a := area2(part); a == 0 || i == 0 && a < 0 {
				return fmt.Errorf("ring %d has area %d", i, a)
			}
		}
	}
	if kind < typePoint || kind > typePolygon {
		return fmt.Errorf("geometry type %d", kind)
	}
	return nil
}

// area2 is twice the area by the surveyor's formula.
func area2(ring []pos) (a int64) {
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		a += p.x*q.y - q.x*p.y
	}
	return a
}
