package geo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

func boxAround(r *rand.Rand, p orb.Point, size float64) orb.Bound {
	b := orb.Bound{Min: p, Max: p}
	b.Max[0] = min(180, p[0]+size*r.Float64())
	b.Max[1] = min(90, p[1]+size*r.Float64())
	return b
}

// within tells, by brute force, whether two bounds meet; q may cross the antimeridian.
func within(b, q orb.Bound) bool {
	if q.Min[0] > q.Max[0] {
		return within(b, orb.Bound{Min: q.Min, Max: orb.Point{180, q.Max[1]}}) || within(b, orb.Bound{Min: orb.Point{-180, q.Min[1]}, Max: q.Max})
	}
	return b.Min[0] <= q.Max[0] && b.Max[0] >= q.Min[0] && b.Min[1] <= q.Max[1] && b.Max[1] >= q.Min[1]
}

func TestSearchIsBruteForceAndCopiesAreApart(t *testing.T) {
	t.Parallel()
	r := seeded(9)
	index, rows := new(Index), map[uint32]orb.Bound{}
	type version struct {
		index *Index
		rows  map[uint32]orb.Bound
	}
	var versions []version
	for step := range 3000 {
		row := uint32(r.IntN(600))
		if b, ok := rows[row]; ok {
			index.Delete(b, row)
			delete(rows, row)
		} else {
			b := boxAround(r, anywhere(r), 20*r.Float64())
			index.Insert(b, row)
			rows[row] = b
		}
		if step%300 == 0 {
			kept := map[uint32]orb.Bound{}
			for k, v := range rows {
				kept[k] = v
			}
			versions = append(versions, version{index, kept})
			index = index.Copy()
		}
	}
	for _, v := range append(versions, version{index, rows}) {
		if v.index.Len() != len(v.rows) {
			t.Fatalf("Len %d, want %d", v.index.Len(), len(v.rows))
		}
		for range 20 {
			q := boxAround(r, anywhere(r), 60)
			if r.IntN(3) == 0 {
				q.Min[0], q.Max[0] = 100+80*r.Float64(), -100-80*r.Float64()
			}
			got := map[uint32]int{}
			v.index.Search(q, func(row uint32) bool { got[row]++; return true })
			for row, b := range v.rows {
				want := 0
				if within(b, q) {
					want = 1
				}
				if got[row] != want {
					t.Fatalf("search %v: row %d with %v came %d times, want %d", q, row, b, got[row], want)
				}
			}
		}
	}
}

func TestSearchStops(t *testing.T) {
	t.Parallel()
	x := new(Index)
	for row := range uint32(100) {
		x.Insert(orb.Bound{Min: orb.Point{-180, 0}, Max: orb.Point{180, 0}}, row)
	}
	for _, q := range []orb.Bound{{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}, {Min: orb.Point{170, 0}, Max: orb.Point{-170, 1}}} {
		n := 0
		x.Search(q, func(uint32) bool { n++; return n < 7 })
		if n != 7 {
			t.Errorf("%v: %d rows came after the caller said stop at 7", q, n)
		}
	}
}

func TestNearestIsBruteForceEverywhere(t *testing.T) {
	t.Parallel()
	r := seeded(10)
	for round := range 60 {
		points := make([]orb.Point, 300)
		x := new(Index)
		centre := anywhere(r)
		for i := range points {
			points[i] = anywhere(r)
			if round%2 == 0 { // crowded
				points[i] = orb.Point{wrap(centre[0] + r.Float64()*0.2 - 0.1), max(-90, min(90, centre[1]+r.Float64()*0.2-0.1))}
			}
			if i > 0 && r.IntN(10) == 0 {
				points[i] = points[r.IntN(i)] // ties
			}
			x.Insert(orb.Bound{Min: points[i], Max: points[i]}, uint32(i))
		}
		p := anywhere(r)
		if round%3 == 0 {
			p = points[r.IntN(len(points))]
		}
		metres := func(row uint32) float64 { return Distance(p, points[row]) }
		want := make([]uint32, len(points))
		for i := range want {
			want[i] = uint32(i)
		}
		slices.SortFunc(want, func(a, b uint32) int {
			if da, db := metres(a), metres(b); da != db {
				if da < db {
					return -1
				}
				return 1
			}
			return int(a) - int(b)
		})
		var got []uint32
		x.Nearest(p, metres, func(row uint32, _ float64) bool { got = append(got, row); return true })
		if !slices.Equal(got, want) {
			t.Fatalf("round %d from %v: order differs from brute force", round, p)
		}
		n := 0
		x.Nearest(p, metres, func(uint32, float64) bool { n++; return n < 5 })
		if n != 5 {
			t.Fatalf("%d rows came after the caller said stop at 5", n)
		}
	}
}

func checkLowerBound(t *testing.T, p, lo, hi orb.Point, u, v float64) {
	t.Helper()
	b := orb.Bound{Min: lo, Max: hi}
	q := orb.Point{lo[0] + u*(hi[0]-lo[0]), lo[1] + v*(hi[1]-lo[1])}
	pl := planeAt(p)
	if bound, d := lowerBound(p, pl.sin, pl.cos, b), Distance(p, q); !(bound <= d+1e-4) {
		t.Fatalf("from %v to box %v: the bound %.6f is above %.6f of %v", p, b, bound, d, q)
	}
}

func TestLowerBoundIsBelow(t *testing.T) {
	t.Parallel()
	r := seeded(11)
	for range 40000 {
		p := anywhere(r)
		b := boxAround(r, anywhere(r), []float64{0, 1e-6, 0.01, 1, 30, 180}[r.IntN(6)])
		if r.IntN(2) == 0 {
			b = boxAround(r, orb.Point{max(-180, min(180, p[0]+r.NormFloat64()*0.01)), max(-90, min(90, p[1]+r.NormFloat64()*0.01))}, 0.01)
		}
		checkLowerBound(t, p, b.Min, b.Max, float64(r.IntN(3))/2, float64(r.IntN(3))/2)
	}
}

func FuzzLowerBound(f *testing.F) {
	f.Add(114.3, 30.5, 114.2, 30.4, 0.1, 0.1, 0.5, 0.5)
	f.Add(179.9, 89.9, -180.0, -90.0, 360.0, 180.0, 1.0, 1.0)
	f.Fuzz(func(t *testing.T, px, py, x, y, w, h, u, v float64) {
		for _, n := range []float64{px, py, x, y, w, h, u, v} {
			if n != n || n < -360 || n > 360 {
				t.Skip()
			}
		}
		in := func(v, most float64) float64 { return max(-most, min(most, v)) }
		lo := orb.Point{in(x, 180), in(y, 90)}
		hi := orb.Point{in(lo[0]+max(w, 0), 180), in(lo[1]+max(h, 0), 90)}
		checkLowerBound(t, orb.Point{in(px, 180), in(py, 90)}, lo, hi, in(max(u, 0), 1), in(max(v, 0), 1))
	})
}

func ExampleIndex_Nearest() {
	places := []orb.Point{{114.30, 30.57}, {114.31, 30.56}, {114.32, 30.58}}
	index := new(Index)
	for row, p := range places {
		index.Insert(orb.Bound{Min: p, Max: p}, uint32(row))
	}
	from := orb.Point{114.308, 30.5674}
	index.Nearest(from, func(row uint32) float64 { return Distance(from, places[row]) }, func(row uint32, metres float64) bool {
		fmt.Printf("%d: %.0f m\n", row, metres)
		return true
	})
	// Output:
	// 0: 820 m
	// 1: 843 m
	// 2: 1810 m
}

// scatter places n points as a district has them.
func scatter(n int) ([]orb.Point, *Index) {
	r := seeded(12)
	points := make([]orb.Point, n)
	x := new(Index)
	for i := range points {
		points[i] = orb.Point{114.30 + 0.1*r.Float64(), 30.53 + 0.1*r.Float64()}
		x.Insert(orb.Bound{Min: points[i], Max: points[i]}, uint32(i))
	}
	return points, x
}

func BenchmarkFiveNearestOf200000(b *testing.B) {
	points, x := scatter(200_000)
	r := seeded(13)
	b.ReportAllocs()
	for b.Loop() {
		p := orb.Point{114.30 + 0.1*r.Float64(), 30.53 + 0.1*r.Float64()}
		n := 0
		x.Nearest(p, func(row uint32) float64 { return Distance(p, points[row]) }, func(uint32, float64) bool { n++; return n < 5 })
	}
}

// BenchmarkFiveNearestOf200000Naive measures every point.
func BenchmarkFiveNearestOf200000Naive(b *testing.B) {
	points, _ := scatter(200_000)
	r := seeded(13)
	type found struct {
		metres float64
		row    int
	}
	for b.Loop() {
		p := orb.Point{114.30 + 0.1*r.Float64(), 30.53 + 0.1*r.Float64()}
		var best []found
		for row, q := range points {
			d := Distance(p, q)
			if len(best) < 5 || d < best[4].metres {
				at, _ := slices.BinarySearchFunc(best, d, func(f found, d float64) int {
					if f.metres < d {
						return -1
					}
					return 1
				})
				best = slices.Insert(best, at, found{d, row})
				best = best[:min(len(best), 5)]
			}
		}
	}
}
