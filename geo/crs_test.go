package geo

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"
)

var systems = []CRS{WGS84, CGCS2000, GCJ02, BD09, WebMercator, GK114}

// The figures are PROJ's, by cs2cs from EPSG:4490 to EPSG:4547, to 0.01 mm.
func TestGaussKrugerIsProjs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ geographic, projected orb.Point }{
		{orb.Point{114.3080, 30.5674}, orb.Point{529547.33222, 3383054.18514}},
		{orb.Point{114.2938, 30.5586}, orb.Point{528187.62292, 3382074.95515}},
		{orb.Point{114.3203, 30.5766}, orb.Point{530724.41266, 3384077.41481}},
		{orb.Point{114.31, 30.563}, orb.Point{529740.54104, 3382566.91499}},
		{orb.Point{114, 0}, orb.Point{500000, 0}},
		{orb.Point{112.5, 45}, orb.Point{381729.72600, 4986039.21404}},
		{orb.Point{115.5, 20.25}, orb.Point{656735.03582, 2240752.94441}},
		{orb.Point{113.2, 60}, orb.Point{455360.72340, 6654342.71493}},
	} {
		got := FromWGS84Point(GK114, c.geographic)
		near(t, fmt.Sprint("easting of ", c.geographic), got[0], c.projected[0], 0.0001)
		near(t, fmt.Sprint("northing of ", c.geographic), got[1], c.projected[1], 0.0001)
		near(t, fmt.Sprint("back from ", c.projected), Distance(ToWGS84Point(GK114, c.projected), c.geographic), 0, 0.0001)
	}
}

func TestDatumOffsetsInWuhan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		crs    CRS
		at     orb.Point // the centroid, to the published four decimals
		metres float64   // away from it, read as WGS-84
	}{
		{GCJ02, orb.Point{114.3135, 30.5650}, 587},
		{BD09, orb.Point{114.3200, 30.5707}, 1208},
		{CGCS2000, centre, 0},
		{WGS84, centre, 0},
	} {
		got := FromWGS84Point(c.crs, centre)
		near(t, string(c.crs)+" lon", got[0], c.at[0], 0.00006)
		near(t, string(c.crs)+" lat", got[1], c.at[1], 0.00006)
		near(t, string(c.crs)+" metres", Distance(got, centre), c.metres, 1)
	}
}

func TestWebMercatorOfTheOutline(t *testing.T) {
	t.Parallel()
	b := FromWGS84(WebMercator, outline).Bound()
	for i, want := range []orb.Point{{12723128, 3575130}, {12726078, 3578608}} {
		got := []orb.Point{b.Min, b.Max}[i]
		near(t, "x", got[0], want[0], 0.6)
		near(t, "y", got[1], want[1], 0.6)
	}
}

func TestDatumRoundTripsStay(t *testing.T) {
	t.Parallel()
	r := seeded(6)
	for _, crs := range systems {
		for range 300 {
			p := orb.Point{112 + 4*r.Float64(), 18 + 30*r.Float64()}
			q := p
			for range 10 {
				q = ToWGS84Point(crs, FromWGS84Point(crs, q))
			}
			if d := Distance(p, q); d > 0.001 {
				t.Errorf("%s: %v comes back %.6f m away", crs, p, d)
			}
		}
	}
}

func TestShiftedDatumsLeaveTheWorldAlone(t *testing.T) {
	t.Parallel()
	for _, p := range []orb.Point{{-0.1, 51.5}, {139.7, 35.7}, {0, 0}, {-180, -90}} {
		for _, crs := range []CRS{GCJ02, BD09} {
			if got := FromWGS84Point(crs, p); got != p {
				t.Errorf("%s moves %v to %v", crs, p, got)
			}
			if got := ToWGS84Point(crs, p); got != p {
				t.Errorf("from %s moves %v to %v", crs, p, got)
			}
		}
	}
}

func TestConversionLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	in := orb.MultiPolygon{{outline.Clone()}}
	for _, crs := range systems {
		out := FromWGS84(crs, in)
		back := ToWGS84(crs, out).(orb.MultiPolygon)
		if !in.Equal(orb.MultiPolygon{{outline}}) {
			t.Fatalf("%s edited its input", crs)
		}
		near(t, string(crs), Area(back), Area(in), 0.01)
	}
	if FromWGS84(GCJ02, nil) != nil {
		t.Error("nothing is converted to something")
	}
}

func TestParseCRS(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]CRS{
		"wgs84": WGS84, "WGS-84": WGS84, "EPSG:4326": WGS84, "4326": WGS84, "urn:ogc:def:crs:EPSG::4326": WGS84,
		"http://www.opengis.net/def/crs/OGC/1.3/CRS84": WGS84, "CRS84": WGS84, "gcj02": GCJ02, "GCJ-02": GCJ02, " bd09 ": BD09,
		"BD-09": BD09, "epsg:4490": CGCS2000, "CGCS2000": CGCS2000, "EPSG:4547": GK114, "EPSG:3857": WebMercator,
	} {
		if got, err := ParseCRS(name); err != nil || got != want {
			t.Errorf("%q: %v %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "EPSG:", "EPSG:4549", "moon", "EPSG:43260", "/"} {
		if got, err := ParseCRS(name); err == nil {
			t.Errorf("%q is taken for %v", name, got)
		}
	}
}

func FuzzParseCRS(f *testing.F) {
	for _, s := range []string{"EPSG:4326", "gcj02", "", "urn:ogc:def:crs:EPSG::4547"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		crs, err := ParseCRS(s)
		if err != nil {
			return
		}
		if again, err := ParseCRS(crs.String()); err != nil || again != crs {
			t.Errorf("%q is %s, which is %s %v", s, crs, again, err)
		}
	})
}

func ExampleFromWGS84Point() {
	p := FromWGS84Point(GK114, orb.Point{114.3080, 30.5674})
	fmt.Printf("%.3f E, %.3f N\n", p[0], p[1])
	// Output: 529547.332 E, 3383054.185 N
}
