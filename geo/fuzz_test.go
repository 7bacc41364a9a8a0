package geo

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// positionsOf reads positions out of bytes, sixteen each, as they come: infinities and NaN among them.
func positionsOf(data []byte) []orb.Point {
	var out []orb.Point
	for ; len(data) >= 16 && len(out) < 200; data = data[16:] {
		out = append(out, orb.Point{
			math.Float64frombits(binary.LittleEndian.Uint64(data)), math.Float64frombits(binary.LittleEndian.Uint64(data[8:])),
		})
	}
	return out
}

// bytesOf writes positions as positionsOf reads them.
func bytesOf(points ...orb.Point) []byte {
	var out []byte
	for _, p := range points {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(p[0]))
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(p[1]))
	}
	return out
}

func FuzzWorldKeepsPositions(f *testing.F) {
	f.Add(114.3036, 30.5637)
	f.Add(180.0, -85.06)
	f.Add(math.NaN(), math.Inf(-1))
	f.Fuzz(func(t *testing.T, lon, lat float64) {
		x, y := World(orb.Point{lon, lat})
		back := Unworld(x, y)
		if Validate(back) != nil {
			t.Fatalf("World(%v, %v) is the place %v, which is none", lon, lat, back)
		}
		if math.Abs(lon) < 180 && math.Abs(lat) < MaxLatitude && (math.Abs(back[0]-lon) > 1e-7 || math.Abs(back[1]-lat) > 1e-7) {
			t.Errorf("%v, %v came back as %v", lon, lat, back)
		}
	})
}

func FuzzNoGeometryBreaksTheMeasures(f *testing.F) {
	f.Add(bytesOf(orb.Point{0, 0}, orb.Point{1, 0}, orb.Point{1, 1}, orb.Point{0, 0}))
	f.Add(bytesOf(orb.Point{179, 89}, orb.Point{-179, 90}, orb.Point{0, -90}, orb.Point{179, 89}))
	f.Fuzz(func(t *testing.T, data []byte) {
		points := positionsOf(data)
		g := orb.Polygon{points}
		if Validate(g) != nil {
			return
		}
		at := Interior(g)
		if d := DistanceTo(at, g); !(d >= 0) {
			t.Errorf("distance %v to %v", d, g)
		}
		if a := Area(g); !(a >= 0) || a > 5.2e14 {
			t.Errorf("area %v of %v: the globe has 5.1e14", a, g)
		}
		if l := Length(g); !(l > 0) {
			t.Errorf("outline of %v metres of %v", l, g)
		}
		if !Touches(g.Bound(), g) {
			t.Errorf("%v does not touch its own bound", g)
		}
	})
}

func FuzzNearestIsTheScan(f *testing.F) {
	f.Add(114.3, 30.56, bytesOf(orb.Point{114.31, 30.57}, orb.Point{114.29, 30.55}, orb.Point{-66, -30}))
	f.Add(180.0, 0.0, bytesOf(orb.Point{-179.9, 0}, orb.Point{179.8, 0}, orb.Point{0, 90}))
	f.Fuzz(func(t *testing.T, lon, lat float64, data []byte) {
		p := orb.Point{lon, lat}
		if Validate(p) != nil {
			return
		}
		var index Index
		var points []orb.Point
		for _, q := range positionsOf(data) {
			if Validate(q) == nil {
				index.Insert(orb.Bound{Min: q, Max: q}, uint32(len(points)))
				points = append(points, q)
			}
		}
		var got, want []float64
		for _, q := range points {
			want = append(want, Distance(p, q))
		}
		slices.Sort(want)
		index.Nearest(p, func(row uint32) float64 { return Distance(p, points[row]) }, func(_ uint32, metres float64) bool {
			got = append(got, metres)
			return true
		})
		if !slices.Equal(got, want) {
			t.Errorf("from %v: %v, the scan says %v", p, got, want)
		}
	})
}
