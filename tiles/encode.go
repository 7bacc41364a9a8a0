package tiles

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf8"

	"shapan/layers"
)

// The field tags of the Mapbox Vector Tile Specification 2.1 (vector_tile.proto): number<<3 | wire type, which is 0 for a varint.
const (
	tagTileLayer     = 3<<3 | 2
	tagLayerVersion  = 15 << 3
	tagLayerName     = 1<<3 | 2
	tagLayerFeature  = 2<<3 | 2
	tagLayerKey      = 3<<3 | 2
	tagLayerValue    = 4<<3 | 2
	tagLayerExtent   = 5 << 3
	tagFeatureID     = 1 << 3
	tagFeatureTags   = 2<<3 | 2
	tagFeatureType   = 3 << 3
	tagFeatureShape  = 4<<3 | 2
	tagValueString   = 1<<3 | 2
	tagValueDouble   = 3<<3 | 1
	tagValueInt      = 4 << 3
	tagValueSint     = 6 << 3
	tagValueBool     = 7 << 3
	specVersion      = 2
	commandMove      = 1
	commandLine      = 2
	commandClosePath = 7
)

// geomType is the type of a feature's geometry in a tile.
type geomType byte

const (
	typePoint geomType = iota + 1
	typeLine
	typePolygon
)

// writer writes one layer of a tile. Geometry and tags are gathered first; feature writes them and starts the next.
type writer struct {
	name     string
	given    []key    // the keys that may come, by slot
	slots    []uint32 // the key's number + 1 by slot; 0: not yet in the tile
	memo     []memo   // the last value by slot: neighbours in a table are often equal
	known    dictionary
	keyCount uint32
	features []byte
	keys     []byte
	values   []byte
	tags     []byte
	pairs    []pair   // what tags says
	last     []pair   // what the tags of the feature before said
	copied   []uint32 // by another writer's number of a value: the number here + 1
	copies   uint32   // values that were copied
	geom     []byte
	cursor   pos
}

// pair is a key, by its slot, and the number of a value.
type pair struct {
	slot   int
	number uint32
}

// key is a key of features and what its values are: String, Int, Float or Bool.
type key struct {
	name string
	form layers.FieldType
}

type memo struct {
	value  layers.Value
	number uint32
	known  bool
}

// start makes the writer ready for a layer whose features have some of the keys. It keeps the slice.
func (w *writer) start(name string, keys []key) {
	w.name, w.given, w.keyCount = name, keys, 0
	w.slots = append(w.slots[:0], make([]uint32, len(keys))...)
	w.memo = append(w.memo[:0], make([]memo, len(keys))...)
	w.known.reset()
	w.features, w.keys, w.values = w.features[:0], w.keys[:0], w.values[:0]
	w.copied, w.copies = w.copied[:0], 0
	w.drop()
}

// drop forgets the feature that was being gathered.
func (w *writer) drop() {
	w.last, w.pairs = w.pairs, w.last[:0]
	w.tags, w.geom, w.cursor = w.tags[:0], w.geom[:0], pos{}
}

// size returns about how many bytes the layer has so far.
func (w *writer) size() int { return len(w.features) + len(w.keys) + len(w.values) + len(w.name) + 16 }

// tag adds a value that is not null, and what its key says, to the feature.
func (w *writer) tag(slot int, v layers.Value) {
	if m := &w.memo[slot]; !m.known || m.value != v {
		*m = memo{v, w.number(w.given[slot].form, v), true}
	}
	w.pair(slot, w.memo[slot].number)
}

// pair adds a key and the number of its value to the feature.
func (w *writer) pair(slot int, number uint32) {
	if w.slots[slot] == 0 {
		w.keyCount++
		w.slots[slot] = w.keyCount
		w.keys = appendText(w.keys, tagLayerKey, w.given[slot].name)
	}
	w.tags = binary.AppendUvarint(w.tags, uint64(w.slots[slot]-1))
	w.tags = binary.AppendUvarint(w.tags, uint64(number))
	w.pairs = append(w.pairs, pair{slot, number})
}

// copyTags adds what the last feature of another writer was tagged with. A writer whose tags are copied, always from the
// same one with the same keys, need not look values up: that one knows which are equal.
func (w *writer) copyTags(from *writer) {
	for _, p := range from.last {
		for int(p.number) >= len(w.copied) {
			w.copied = append(w.copied, 0)
		}
		n := &w.copied[p.number]
		if *n == 0 {
			w.copies++
			*n = w.copies
			w.values = appendValue(w.values, w.given[p.slot].form, from.known.known[p.number])
		}
		w.pair(p.slot, *n-1)
	}
}

// number returns the number of a value in the layer's table of values, which holds each once.
func (w *writer) number(form layers.FieldType, v layers.Value) uint32 {
	n, fresh := w.known.number(v)
	if fresh {
		w.values = appendValue(w.values, form, v)
	}
	return n
}

// appendValue appends a value as a message of the layer: whole numbers as int, negative ones as sint, which is shorter.
func appendValue(dst []byte, form layers.FieldType, v layers.Value) []byte {
	var b [16]byte
	msg := b[:0]
	switch n := v.Int(); {
	case form == layers.Float:
		x, _ := v.Number()
		msg = binary.LittleEndian.AppendUint64(append(msg, tagValueDouble), math.Float64bits(x))
	case form == layers.Bool:
		msg = append(msg, tagValueBool, byte(n)) // 0 or 1
	case form == layers.Int && n < 0:
		msg = binary.AppendVarint(append(msg, tagValueSint), n)
	case form == layers.Int:
		msg = binary.AppendUvarint(append(msg, tagValueInt), uint64(n))
	default:
		return appendTextValue(dst, v.Text())
	}
	return appendBytes(dst, tagLayerValue, msg)
}

func appendTextValue(dst []byte, s string) []byte {
	if !utf8.ValidString(s) { // no layer takes such a text; a tile with one could not be read at all
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	n := 1 + uvarintLen(uint64(len(s))) + len(s)
	return appendText(binary.AppendUvarint(append(dst, tagLayerValue), uint64(n)), tagValueString, s)
}

// feature writes what was gathered as a feature, where it has any geometry; id 0 stands for none.
func (w *writer) feature(id uint64, kind geomType) {
	if len(w.geom) == 0 {
		w.drop()
		return
	}
	n := 2 + 1 + uvarintLen(uint64(len(w.geom))) + len(w.geom)
	if id != 0 {
		n += 1 + uvarintLen(id)
	}
	if len(w.tags) > 0 {
		n += 1 + uvarintLen(uint64(len(w.tags))) + len(w.tags)
	}
	f := binary.AppendUvarint(append(w.features, tagLayerFeature), uint64(n))
	if id != 0 {
		f = binary.AppendUvarint(append(f, tagFeatureID), id)
	}
	if len(w.tags) > 0 {
		f = appendBytes(f, tagFeatureTags, w.tags)
	}
	f = append(f, tagFeatureType, byte(kind))
	w.features = appendBytes(f, tagFeatureShape, w.geom)
	w.drop()
}

// mark returns where the layer's features end now.
func (w *writer) mark() int { return len(w.features) }

// undo takes back the features since a mark. They must not have had tags of their own.
func (w *writer) undo(mark int) { w.features = w.features[:mark] }

// points adds points to the feature.
func (w *writer) points(at ...pos) {
	w.command(commandMove, len(at))
	for _, p := range at {
		w.step(p)
	}
}

// line adds a line of at least two positions, no two in a row equal.
func (w *writer) line(at []pos) {
	w.command(commandMove, 1)
	w.step(at[0])
	w.command(commandLine, len(at)-1)
	for _, p := range at[1:] {
		w.step(p)
	}
}

// ring adds a ring of at least three positions, the first not repeated at the end.
func (w *writer) ring(at []pos) {
	w.line(at)
	w.command(commandClosePath, 1)
}

func (w *writer) command(id, count int) {
	w.geom = binary.AppendUvarint(w.geom, uint64(id)|uint64(count)<<3)
}

// step moves the cursor: both deltas in zigzag form.
func (w *writer) step(p pos) {
	w.geom = binary.AppendVarint(w.geom, p.x-w.cursor.x)
	w.geom = binary.AppendVarint(w.geom, p.y-w.cursor.y)
	w.cursor = p
}

// appendTo appends the layer to a tile; a layer without features is left out.
func (w *writer) appendTo(tile []byte) []byte {
	if len(w.features) == 0 {
		return tile
	}
	n := 2 + 1 + uvarintLen(uint64(len(w.name))) + len(w.name) + len(w.features) + len(w.keys) + len(w.values) + 1 + uvarintLen(Extent)
	tile = binary.AppendUvarint(append(tile, tagTileLayer), uint64(n))
	tile = append(tile, tagLayerVersion, specVersion)
	tile = appendText(tile, tagLayerName, w.name)
	tile = append(append(append(tile, w.features...), w.keys...), w.values...)
	return binary.AppendUvarint(append(tile, tagLayerExtent), Extent)
}

func appendBytes(dst []byte, tag byte, b []byte) []byte {
	return append(binary.AppendUvarint(append(dst, tag), uint64(len(b))), b...)
}

func appendText(dst []byte, tag byte, s string) []byte {
	return append(binary.AppendUvarint(append(dst, tag), uint64(len(s))), s...)
}

func uvarintLen(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}
