package exchange

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"slices"

	"shapan/layers"

	"github.com/klauspost/compress/zlib"
	"google.golang.org/protobuf/encoding/protowire"
)

// The reader of OpenStreetMap's PBF format is our own, over protobuf's wire format: that of github.com/paulmach/osm, which
// fits best, ends the program where nodes are not packed densely or an index is wrong, unpacks without a bound, and does
// not build where there is a C compiler without zlib's headers. Ours follows the OpenStreetMap wiki's page "PBF Format" and
// reads only what streets need.

// What the format allows.
const (
	maxBlobHeader = 64 << 10
	maxBlob       = 32 << 20 // packed or not
)

// osmPlace is a position in units of 1e-7 degrees, longitude first: what OpenStreetMap itself keeps.
type osmPlace [2]int32

// osmWay is a way of an extract. It is valid until the next one comes.
type osmWay struct {
	id    int64
	tags  map[string]string
	nodes []int64
}

// osmScan reads an extract once. A kind without a function is skipped; an error of a function ends the reading.
type osmScan struct {
	node func(id int64, at osmPlace) error
	way  func(w *osmWay) error
	told func(done int64) // bytes; nil: nobody is told

	packed, block bytes.Buffer
	strings       [][]byte
	granularity   int64 // nanodegrees
	lat0, lon0    int64 // nanodegrees
	current       osmWay
}

// errBroken is what is wrong with a file that protobuf's rules do not allow.
var errBroken = layers.Invalid("", "the file is broken: it is no OpenStreetMap extract (.osm.pbf) that can be read")

// run reads the file.
func (s *osmScan) run(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 256<<10)
	s.current.tags = map[string]string{}
	for done := int64(0); ; {
		kind, size, err := s.blob(in)
		if err == io.EOF && done > 0 {
			return nil
		}
		if done == 0 && kind != "OSMHeader" {
			return layers.Invalid("", "the file does not begin as an OpenStreetMap extract (.osm.pbf) does")
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return layers.Invalid("", "the file ends too early, after %d bytes", done)
		}
		if err == nil {
			switch kind {
			case "OSMHeader":
				err = s.header(s.block.Bytes())
			case "OSMData":
				err = s.data(s.block.Bytes())
			}
		}
		if err != nil {
			return err
		}
		done += size
		if s.told != nil {
			s.told(done)
		}
	}
}

// blob reads the next blob into s.block, and returns its kind and how many bytes it took; io.EOF after the last one.
func (s *osmScan) blob(in io.Reader) (kind string, size int64, err error) {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return "", 0, err
	}
	head := int64(binary.BigEndian.Uint32(length[:]))
	if head > maxBlobHeader {
		return "", 0, errBroken
	}
	if err := s.fill(in, head); err != nil {
		return "", 0, err
	}
	body := int64(-1)
	err = eachField(s.packed.Bytes(), func(n protowire.Number, v uint64, b []byte) error {
		switch n {
		case 1:
			kind = string(b)
		case 3:
			body = int64(v)
		}
		return nil
	})
	if err != nil || body < 0 || body > maxBlob {
		return kind, 0, errBroken
	}
	if err := s.fill(in, body); err != nil {
		return kind, 0, err
	}
	return kind, 4 + head + body, s.unpack()
}

// fill reads size bytes into s.packed, which grows with what really comes.
func (s *osmScan) fill(in io.Reader, size int64) error {
	s.packed.Reset()
	n, err := s.packed.ReadFrom(io.LimitReader(in, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// unpack unpacks s.packed into s.block.
func (s *osmScan) unpack() error {
	s.block.Reset()
	return eachField(s.packed.Bytes(), func(n protowire.Number, _ uint64, b []byte) error {
		switch n {
		case 1:
			s.block.Write(b)
		case 3:
			z, err := zlib.NewReader(bytes.NewReader(b))
			if err != nil {
				return errBroken
			}
			if n, err := s.block.ReadFrom(io.LimitReader(z, maxBlob+1)); err != nil || n > maxBlob {
				return errBroken
			}
		case 4, 5, 6, 7:
			return layers.Invalid("", "the file is packed in a way that is not known here: expected zlib, as 'osmium cat' writes it")
		}
		return nil
	})
}

// header refuses what asks for more than is known here.
func (s *osmScan) header(b []byte) error {
	return eachField(b, func(n protowire.Number, _ uint64, b []byte) error {
		if feature := string(b); n == 4 && feature != "OsmSchema-V0.6" && feature != "DenseNodes" {
			return layers.Invalid("", "the file needs a reader that knows %s: expected an extract of the present state, such as 'osmium time-filter' makes", short(feature))
		}
		return nil
	})
}

// data reads a block of nodes, ways and relations.
func (s *osmScan) data(b []byte) error {
	s.strings, s.granularity, s.lat0, s.lon0 = s.strings[:0], 100, 0, 0
	err := eachField(b, func(n protowire.Number, v uint64, b []byte) error {
		switch n {
		case 1:
			return eachField(b, func(n protowire.Number, _ uint64, b []byte) error {
				if n == 1 {
					s.strings = append(s.strings, b)
				}
				return nil
			})
		case 17:
			s.granularity = int64(int32(v))
		case 19:
			s.lat0 = int64(v)
		case 20:
			s.lon0 = int64(v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachField(b, func(n protowire.Number, _ uint64, b []byte) error {
		if n != 2 {
			return nil
		}
		return eachField(b, func(n protowire.Number, _ uint64, b []byte) error {
			switch {
			case n == 1 && s.node != nil:
				return s.readNode(b)
			case n == 2 && s.node != nil:
				return s.readNodes(b)
			case n == 3 && s.way != nil:
				return s.readWay(b)
			}
			return nil
		})
	})
}

// readNode reads a node that stands alone.
func (s *osmScan) readNode(b []byte) error {
	var id, lat, lon int64
	err := eachField(b, func(n protowire.Number, v uint64, _ []byte) error {
		switch n {
		case 1:
			id = protowire.DecodeZigZag(v)
		case 8:
			lat = protowire.DecodeZigZag(v)
		case 9:
			lon = protowire.DecodeZigZag(v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.found(id, lat, lon)
}

// readNodes reads nodes that are packed densely: lists of differences.
func (s *osmScan) readNodes(b []byte) error {
	var ids, lats, lons []byte
	err := eachField(b, func(n protowire.Number, _ uint64, b []byte) error {
		switch n {
		case 1:
			ids = b
		case 8:
			lats = b
		case 9:
			lons = b
		}
		return nil
	})
	var id, lat, lon int64
	for err == nil && len(ids) > 0 {
		if !next(&ids, &id) || !next(&lats, &lat) || !next(&lons, &lon) {
			return errBroken
		}
		err = s.found(id, lat, lon)
	}
	return err
}

// next adds the next difference of a list to a value.
func next(list *[]byte, value *int64) bool {
	v, n := protowire.ConsumeVarint(*list)
	if n < 0 {
		return false
	}
	*list = (*list)[n:]
	*value += protowire.DecodeZigZag(v)
	return true
}

// found hands on a node.
func (s *osmScan) found(id, lat, lon int64) error {
	x, y := degrees7(s.lon0, s.granularity, lon), degrees7(s.lat0, s.granularity, lat)
	if math.Abs(x) > 180e7 || math.Abs(y) > 90e7 {
		return layers.Invalid("", "node %d does not lie on the earth: longitude %g, latitude %g", id, x/1e7, y/1e7)
	}
	return s.node(id, osmPlace{int32(x), int32(y)})
}

func degrees7(offset, granularity, v int64) float64 {
	return math.Round((float64(offset) + float64(granularity)*float64(v)) / 100)
}

// readWay reads a way and hands it on.
func (s *osmScan) readWay(b []byte) error {
	w := &s.current
	w.id, w.nodes = 0, w.nodes[:0]
	clear(w.tags)
	var keys, values, nodes []byte
	err := eachField(b, func(n protowire.Number, v uint64, b []byte) error {
		switch n {
		case 1:
			w.id = int64(v)
		case 2:
			keys = b
		case 3:
			values = b
		case 8:
			nodes = b
		}
		return nil
	})
	if err != nil {
		return err
	}
	for len(keys) > 0 {
		k, n := protowire.ConsumeVarint(keys)
		v, m := protowire.ConsumeVarint(values)
		if n < 0 || m < 0 || k >= uint64(len(s.strings)) || v >= uint64(len(s.strings)) {
			return errBroken
		}
		keys, values = keys[n:], values[m:]
		w.tags[string(s.strings[k])] = string(s.strings[v])
	}
	for node := int64(0); len(nodes) > 0; {
		if !next(&nodes, &node) {
			return errBroken
		}
		w.nodes = append(w.nodes, node)
	}
	return s.way(w)
}

// eachField calls fn with the fields of a message: a number, or bytes.
func eachField(b []byte, fn func(n protowire.Number, v uint64, b []byte) error) error {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return errBroken
		}
		b = b[size:]
		var v uint64
		var data []byte
		switch kind {
		case protowire.VarintType:
			v, size = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			data, size = protowire.ConsumeBytes(b)
		default:
			size = protowire.ConsumeFieldValue(n, kind, b)
		}
		if size < 0 {
			return errBroken
		}
		b = b[size:]
		if err := fn(n, v, data); err != nil {
			return err
		}
	}
	return nil
}

// osmPlaces are the positions of the nodes that ways need: 16 bytes for each.
type osmPlaces struct {
	ids []int64 // ascending
	at  []osmPlace
}

// maxPlaces bounds them: half a gigabyte.
const maxPlaces = 32 << 20

// nowhere is the place of a node that the extract has not.
var nowhere = osmPlace{math.MinInt32, math.MinInt32}

// want notes nodes, of which there may be limit.
func (p *osmPlaces) want(nodes []int64, limit int) error {
	if len(p.ids)+len(nodes) > cap(p.ids) {
		if err := p.settle(limit); err != nil { // often all that is needed: streets meet
			return err
		}
	}
	p.ids = append(p.ids, nodes...)
	return nil
}

// settle puts the nodes in order, each once.
func (p *osmPlaces) settle(limit int) error {
	slices.Sort(p.ids)
	p.ids = slices.Compact(p.ids)
	if len(p.ids) > limit {
		return layers.Invalid("", "the streets of the extract have more than %d nodes: cut what is needed out of it with 'osmium extract'", limit)
	}
	p.ids = slices.Grow(p.ids, len(p.ids)/2)
	return nil
}

// done ends the noting.
func (p *osmPlaces) done(limit int) error {
	if err := p.settle(limit); err != nil {
		return err
	}
	p.ids = slices.Clip(p.ids)
	p.at = slices.Repeat([]osmPlace{nowhere}, len(p.ids))
	return nil
}

// set notes where a node lies, if it is wanted.
func (p *osmPlaces) set(id int64, at osmPlace) error {
	if i, ok := slices.BinarySearch(p.ids, id); ok {
		p.at[i] = at
	}
	return nil
}

// get returns a node's position; ok is false where the extract has none.
func (p *osmPlaces) get(id int64) (at osmPlace, ok bool) {
	i, found := slices.BinarySearch(p.ids, id)
	if !found || p.at[i] == nowhere {
		return at, false
	}
	return p.at[i], true
}
