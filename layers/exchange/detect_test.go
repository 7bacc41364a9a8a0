package exchange

import (
	"math"
	"strings"
	"testing"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// outline returns the subdistrict of the sample and positions spread evenly in it.
func outline(t *testing.T) (orb.Geometry, []orb.Point) {
	t.Helper()
	s, err := Open("../../fixtures/jiyuqiao.geojson", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	records, bad := readAll(t, s, &layers.Layer{Name: "a", Kind: layers.Polygon})
	if len(records) == 0 || len(bad) > 0 {
		t.Fatal(bad)
	}
	area := records[0].Feature.Geometry
	var points []orb.Point
	b := area.Bound()
	const side = 70
	for i := range side {
		for j := range side {
			p := orb.Point{b.Min[0] + (float64(i)+0.5)/side*(b.Max[0]-b.Min[0]), b.Min[1] + (float64(j)+0.5)/side*(b.Max[1]-b.Min[1])}
			if geo.Contains(area, p) {
				points = append(points, p)
			}
		}
	}
	return area, points
}

func TestDetectFindsTheDatum(t *testing.T) {
	t.Parallel()
	area, points := outline(t)
	for crs, outside := range map[geo.CRS]float64{geo.WGS84: 0, geo.GCJ02: 0.551, geo.BD09: 0.830} {
		shifted := make([]orb.Point, len(points))
		for i, p := range points {
			shifted[i] = geo.FromWGS84Point(crs, p)
		}
		guesses := Detect(shifted, area)
		if guesses[0].CRS != crs || guesses[0].Inside < 0.99 {
			t.Errorf("%s: %v", crs, guesses)
		}
		for _, g := range guesses {
			if g.CRS == geo.WGS84 && math.Abs(1-g.Inside-outside) > 0.01 {
				t.Errorf("%s read as WGS-84 lies outside by %.3f, want %.3f", crs, 1-g.Inside, outside)
			}
		}
	}
}

func TestAdviceIsASentence(t *testing.T) {
	t.Parallel()
	guesses := []Guess{{geo.GCJ02, 0.99}, {geo.WGS84, 0.449}, {geo.BD09, 0.1}}
	want := "55% of these positions lie outside 积玉桥街道; read as GCJ-02, nearly all lie inside: add --crs gcj02"
	if got := Advice(guesses, geo.CGCS2000, "积玉桥街道"); got != want {
		t.Errorf("got %q", got)
	}
	if got := Advice(guesses, geo.GCJ02, "x") + Advice(Detect(nil, orb.Polygon{}), geo.WGS84, "x") + Advice(guesses, geo.GK114, "x"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestSampleIsSpreadOverTheFile(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("x,y\n")
	for range 1000 {
		text.WriteString("1,2\n")
	}
	for range 1000 {
		text.WriteString("3,4\n")
	}
	points, err := openText(t, "a.csv", text.String(), Options{}).Sample(100)
	late := 0
	for _, p := range points {
		if p[0] == 3 {
			late++
		}
	}
	if err != nil || len(points) < 90 || late < 40 || late > 60 {
		t.Errorf("%d points, %d of them late, %v", len(points), late, err)
	}
}
