package border_test

import (
	"testing"

	"shapan/layers/border"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
)

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	ring := orb.Ring{{0, 0}, {9, 0}, {9, 9}, {0, 0}}
	hole := orb.Ring{{5, 1}, {8, 1}, {8, 3}, {5, 1}}
	far := orb.Ring{{20, 0}, {29, 0}, {29, 9}, {20, 0}}
	for _, g := range []orb.Geometry{
		orb.Point{1, 2}, orb.MultiPoint{{1, 2}, {3, 4}}, orb.LineString{{1, 2}, {3, 4}}, orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}, {9, 0}}},
		orb.Polygon{ring, hole}, orb.MultiPolygon{{ring, hole}, {far}},
	} {
		there, err := border.FromOrb(g, 4326)
		if err != nil || there.SRID() != 4326 {
			t.Fatalf("%v: %v, srid %d", g, err, there.SRID())
		}
		back, err := border.ToOrb(there)
		if diff := cmp.Diff(g, back); err != nil || diff != "" {
			t.Errorf("%v: %v (-want +got):\n%s", g, err, diff)
		}
	}
	if _, err := border.FromOrb(orb.Collection{orb.Point{1, 2}}, 4326); err == nil {
		t.Error("a collection crosses the border")
	}
}

func TestHeightsGoAndNothingIsNil(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		g    geom.T
		want orb.Geometry
	}{
		"height":          {geom.NewPointFlat(geom.XYZ, []float64{1, 2, 3}), orb.Point{1, 2}},
		"height, measure": {geom.NewLineStringFlat(geom.XYZM, []float64{1, 2, 3, 4, 5, 6, 7, 8}), orb.LineString{{1, 2}, {5, 6}}},
		"measure":         {geom.NewPolygonFlat(geom.XYM, []float64{0, 0, 1, 9, 0, 1, 9, 9, 1, 0, 0, 1}, []int{12}), orb.Polygon{{{0, 0}, {9, 0}, {9, 9}, {0, 0}}}},
		"two polygons": {geom.NewMultiPolygonFlat(geom.XYZ, []float64{0, 0, 1, 9, 0, 1, 9, 9, 1, 0, 0, 1, 20, 0, 1, 29, 0, 1, 29, 9, 1, 20, 0, 1}, [][]int{{12}, {}, {24}}),
			orb.MultiPolygon{{{{0, 0}, {9, 0}, {9, 9}, {0, 0}}}, {{{20, 0}, {29, 0}, {29, 9}, {20, 0}}}}},
		"no point":    {geom.NewPointEmpty(geom.XY), nil},
		"no line":     {geom.NewLineString(geom.XY), nil},
		"no polygons": {geom.NewMultiPolygon(geom.XY), nil},
	} {
		got, err := border.ToOrb(c.g)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if _, err := border.ToOrb(geom.NewGeometryCollection()); err == nil {
		t.Error("a collection crosses the border")
	}
}
