package layers

import (
	"math"
	"slices"
	"strings"
)

// numbers is a run of whole numbers held in the fewest bytes that fit: 1, 2, 4 or 8 each, as multiples of a scale above
// a base. The smallest value of each width stands for null. It is built once by packNumbers and then only read.
type numbers struct {
	base, scale int64
	w1          []int8
	w2          []int16
	w4          []int32
	w8          []int64
}

// nullNumber stands for null among whole numbers that are not packed.
const nullNumber = math.MinInt64

// packNumbers packs the numbers; nullNumber is null. It does not keep the slice.
func packNumbers(wide []int64) numbers {
	lo, hi, scale := int64(math.MaxInt64), int64(math.MinInt64), int64(0)
	for _, v := range wide {
		if v != nullNumber {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if lo > hi {
		return numbers{}
	}
	for _, s := range []int64{1_000_000, 1000} {
		if scale == 0 && multiples(wide, s, lo) {
			scale = s
		}
	}
	scale = max(scale, 1)
	n := numbers{base: lo, scale: scale}
	span := uint64(hi-lo) / uint64(scale)
	switch {
	case hi-lo < 0: // the span does not fit: hold them as they are
		n.base, n.scale = 0, 1
		n.w8 = append([]int64(nil), wide...)
	case span < math.MaxUint8-1:
		n.w1 = narrow[int8](wide, lo, scale, math.MinInt8)
	case span < math.MaxUint16-1:
		n.w2 = narrow[int16](wide, lo, scale, math.MinInt16)
	case span < math.MaxUint32-1:
		n.w4 = narrow[int32](wide, lo, scale, math.MinInt32)
	default:
		n.base, n.scale = 0, 1
		n.w8 = append([]int64(nil), wide...)
	}
	return n
}

// multiples tells whether every number is a multiple of s above lo, and some number is not lo.
func multiples(wide []int64, s, lo int64) bool {
	some := false
	for _, v := range wide {
		if v == nullNumber {
			continue
		}
		if (v-lo)%s != 0 {
			return false
		}
		some = some || v != lo
	}
	return some
}

// narrow writes (v-lo)/scale counted from the width's second smallest value; the smallest is null.
func narrow[T int8 | int16 | int32](wide []int64, lo, scale int64, smallest T) []T {
	out := make([]T, len(wide))
	for i, v := range wide {
		out[i] = smallest
		if v != nullNumber {
			out[i] = T(int64(smallest) + 1 + (v-lo)/scale)
		}
	}
	return out
}

// at returns the i-th number, or nullNumber.
func (n *numbers) at(i int) int64 {
	switch {
	case n.w1 != nil:
		if v := n.w1[i]; v != math.MinInt8 {
			return n.base + (int64(v)-math.MinInt8-1)*n.scale
		}
	case n.w2 != nil:
		if v := n.w2[i]; v != math.MinInt16 {
			return n.base + (int64(v)-math.MinInt16-1)*n.scale
		}
	case n.w4 != nil:
		if v := n.w4[i]; v != math.MinInt32 {
			return n.base + (int64(v)-math.MinInt32-1)*n.scale
		}
	case n.w8 != nil:
		return n.w8[i]
	}
	return nullNumber
}

// column holds one field of the rows of a chunk. Whole numbers, times, dates and booleans stand in nums; floats in
// floats (NaN is null). Texts stand, when few are distinct, as codes in nums into texts; else one after another in run,
// which a row needs only the end of.
type column struct {
	nums   numbers
	floats []float64
	texts  []string
	run    string
	ends   []uint32
}

// nullText stands for a null among texts: no text may hold U+0000.
const nullText = "\x00"

// value returns the i-th value of a field of the given kind.
func (c *column) value(kind valueKind, i int) Value {
	switch kind {
	case kindText, kindList:
		if s := c.text(i); s != nullText {
			return Value{kind: kind, s: s}
		}
	case kindFloat:
		if x := c.floats[i]; x == x {
			return Value{kind: kindFloat, n: int64(math.Float64bits(x))}
		}
	default:
		if n := c.nums.at(i); n != nullNumber {
			return Value{kind: kind, n: n}
		}
	}
	return Value{}
}

// text returns the i-th text, or nullText.
func (c *column) text(i int) string {
	if c.ends == nil {
		return c.texts[c.nums.at(i)]
	}
	begin := uint32(0)
	if i > 0 {
		begin = c.ends[i-1]
	}
	return c.run[begin:c.ends[i]]
}

// packColumn packs one value of each row. before is the same field of the chunk before, or nil.
func packColumn(kind valueKind, rows int, value func(row int) Value, before *column) column {
	switch kind {
	case kindText, kindList:
		return packTexts(rows, value, before)
	case kindFloat:
		floats := make([]float64, rows)
		for i := range floats {
			floats[i] = math.NaN()
			if v := value(i); !v.IsNull() {
				floats[i] = math.Float64frombits(uint64(v.n))
			}
		}
		return column{floats: floats}
	}
	wide := make([]int64, rows)
	for i := range wide {
		wide[i] = nullNumber
		if v := value(i); !v.IsNull() {
			wide[i] = v.n
		}
	}
	return column{nums: packNumbers(wide)}
}

// maxCodes is how many distinct texts there may be for codes to take a byte each.
const maxCodes = 254

func packTexts(rows int, value func(row int) Value, before *column) column {
	codes := make(map[string]int64, 16)
	wide := make([]int64, rows)
	texts := make([]string, rows)
	for i := range texts {
		s := nullText
		if v := value(i); !v.IsNull() {
			s = v.s
		}
		texts[i] = s
		code, ok := codes[s]
		if !ok {
			code = int64(len(codes))
			codes[s] = code
		}
		wide[i] = code
	}
	if len(codes) > rows/2 || len(codes) > maxCodes {
		return packRun(texts)
	}
	distinct := make([]string, len(codes))
	for s, code := range codes {
		distinct[code] = s
	}
	if before != nil && len(before.texts) > 0 {
		distinct = joined(before.texts, distinct, wide)
	}
	return column{nums: packNumbers(wide), texts: distinct}
}

// joined returns the texts of the chunk before, which the two then share, with what they lack, and changes the codes
// accordingly; or the texts as they are, where those before are mostly others.
func joined(before, distinct []string, codes []int64) []string {
	known := make(map[string]int64, len(before)+len(distinct))
	for code, s := range before {
		known[s] = int64(code)
	}
	all := before[:len(before):len(before)]
	moved := make([]int64, len(distinct))
	for code, s := range distinct {
		at, ok := known[s]
		if !ok {
			at = int64(len(all))
			all = append(all, s)
		}
		moved[code] = at
	}
	if added := len(all) - len(before); added > 0 && (len(all) > maxCodes || len(all) > 2*len(distinct)) {
		return distinct
	}
	for i, code := range codes {
		codes[i] = moved[code]
	}
	return slices.Clip(all)
}

// packRun puts texts one after another. A chunk of texts of MaxText each is well within the range of the ends.
func packRun(texts []string) column {
	ends := make([]uint32, len(texts))
	end := 0
	for i, s := range texts {
		end += len(s)
		ends[i] = uint32(end)
	}
	return column{run: strings.Join(texts, ""), ends: ends}
}

// shares tells whether two columns are one and the same in memory, or both empty.
func (c *column) shares(o *column) bool {
	a, b := &c.nums, &o.nums
	return a.base == b.base && a.scale == b.scale && one(a.w1, b.w1) && one(a.w2, b.w2) && one(a.w4, b.w4) && one(a.w8, b.w8) &&
		one(c.floats, o.floats) && one(c.texts, o.texts) && one(c.ends, o.ends) && len(c.run) == len(o.run) && (len(c.run) == 0 || c.run == o.run)
}

// one tells whether two slices are the same memory.
func one[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }
