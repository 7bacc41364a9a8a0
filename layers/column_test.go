package layers

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func checkNumbers(t *testing.T, wide []int64) {
	t.Helper()
	n := packNumbers(wide)
	for i, want := range wide {
		if got := n.at(i); got != want {
			t.Fatalf("%d of %d: %d comes back as %d", i, len(wide), want, got)
		}
	}
}

func TestNumbersComeBack(t *testing.T) {
	t.Parallel()
	const lo, hi, null = math.MinInt64 + 1, math.MaxInt64, nullNumber
	for _, wide := range [][]int64{
		{}, {null}, {0}, {null, null}, {5, null, 5}, {lo, hi}, {lo, null, hi, 0}, {hi, hi - 1}, {lo, lo + 254, null},
		{0, 252}, {0, 253}, {0, 254}, {0, 255, null}, {0, 65532}, {0, 65533}, {0, 65534}, {0, 65535, null},
		{0, 1<<32 - 4}, {0, 1<<32 - 3}, {0, 1<<32 - 2}, {0, 1 << 32, null}, {1000, 2000, null, 255000}, {1, 1001, 254001},
		{1e6, 254e6, null}, {-1e6, 253e6}, {7, 7 + 1e6*65533}, {lo, lo + 1000}, {0, hi}, {-1, hi}, {0, 1_500_000}, {0, 1e6, 1e6 + 1},
	} {
		checkNumbers(t, wide)
	}
}

func TestNumbersTakeTheFewestBytes(t *testing.T) {
	t.Parallel()
	seconds := packNumbers([]int64{1512347400e6, nullNumber, 1512347400e6 + 200e6})
	if seconds.w1 == nil {
		t.Error("seconds within minutes take more than a byte")
	}
	if n := packNumbers([]int64{nullNumber, nullNumber}); n.w1 != nil || n.w2 != nil || n.w4 != nil || n.w8 != nil {
		t.Error("nulls take space")
	}
}

func FuzzNumbers(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0}, int64(1), int64(0))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 0x7f, 1, 0, 0, 0, 0, 0, 0, 0x80}, int64(1000), int64(5))
	f.Fuzz(func(t *testing.T, data []byte, scale, base int64) {
		var wide []int64
		for ; len(data) >= 8; data = data[8:] {
			wide = append(wide, int64(binary.LittleEndian.Uint64(data)))
		}
		for _, b := range data {
			wide = append(wide, int64(b)*scale+base)
		}
		checkNumbers(t, wide)
	})
}

func TestColumnsOfEveryKindComeBack(t *testing.T) {
	t.Parallel()
	r := seeded(1)
	l := things("things", None, Public)
	for _, rows := range []int{1, 2, 7, 300, chunkRows} {
		for i := range l.Fields {
			field := &l.Fields[i]
			values := make([]Value, rows)
			for n := range values {
				values[n] = anyValue(r, field)
			}
			kind := kindOf(field.Type)
			c := packColumn(kind, rows, func(n int) Value { return values[n] }, nil)
			for n, want := range values {
				if got := c.value(kind, n); got != want {
					t.Fatalf("%s, %d rows: %v comes back as %v", field.Type, rows, want.describe(), got.describe())
				}
			}
		}
	}
}

func TestFloatsKeepTheirBits(t *testing.T) {
	t.Parallel()
	values := []Value{FloatValue(math.Copysign(0, -1)), {}, FloatValue(math.NaN()), FloatValue(math.Inf(1)), FloatValue(0.1)}
	c := packColumn(kindFloat, len(values), func(n int) Value { return values[n] }, nil)
	for n, want := range values {
		if got := c.value(kindFloat, n); got != want {
			t.Errorf("%d: %v, want %v", n, got.describe(), want.describe())
		}
	}
}

// Chunks that share texts hold the same values as those that do not.
func TestChunksShareTexts(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 9))
	var before *column
	shared := 0
	for chunk := range 200 {
		values := make([]Value, chunkRows)
		words := 1 + rng.IntN(300)
		for i := range values {
			if rng.IntN(10) > 0 {
				values[i] = TextValue(fmt.Sprint(chunk/50*100 + rng.IntN(words)))
			}
		}
		c := packColumn(kindText, len(values), func(n int) Value { return values[n] }, before)
		for i, want := range values {
			if got := c.value(kindText, i); got != want {
				t.Fatalf("chunk %d, row %d: %v, expected %v", chunk, i, got, want)
			}
		}
		if before != nil && len(c.texts) > 0 && len(before.texts) > 0 && &c.texts[0] == &before.texts[0] {
			shared++
		}
		before = &c
	}
	if shared == 0 {
		t.Error("no two chunks share their texts")
	}
}
