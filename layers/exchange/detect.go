package exchange

import (
	"fmt"
	"math"
	"slices"

	"shapan/geo"

	"github.com/paulmach/orb"
)

// Guess is how well positions fit an area when they are read in one system.
type Guess struct {
	CRS    geo.CRS
	Inside float64 // share of the positions that lie in the area, 0 to 1
}

// Detect reads positions, taken as a file has them, as WGS-84, GCJ-02 and BD-09 and returns which share of them lies
// inside an area (polygons, WGS-84) each time: the best first, in that order where two are alike. In Wuhan GCJ-02 lies
// 0.6 km and BD-09 1.2 km beside WGS-84, so that a mix-up shows against an area of a few kilometres.
func Detect(points []orb.Point, within orb.Geometry) []Guess {
	guesses := make([]Guess, 0, 3)
	for _, crs := range []geo.CRS{geo.WGS84, geo.GCJ02, geo.BD09} {
		inside := 0
		for _, p := range points {
			if geo.Contains(within, geo.ToWGS84Point(crs, p)) {
				inside++
			}
		}
		guesses = append(guesses, Guess{CRS: crs, Inside: float64(inside) / float64(max(1, len(points)))})
	}
	slices.SortStableFunc(guesses, func(a, b Guess) int {
		switch {
		case a.Inside > b.Inside:
			return -1
		case a.Inside < b.Inside:
			return 1
		}
		return 0
	})
	return guesses
}

// Advice returns a sentence for the person when another system than the one that the positions were read in fits the
// area, named place, clearly better; empty otherwise.
func Advice(guesses []Guess, read geo.CRS, place string) string {
	if read == geo.CGCS2000 {
		read = geo.WGS84
	}
	i := slices.IndexFunc(guesses, func(g Guess) bool { return g.CRS == read })
	if i <= 0 || guesses[0].Inside < 0.5 || guesses[0].Inside-guesses[i].Inside < 0.1 {
		return ""
	}
	best := guesses[0]
	share := fmt.Sprintf("%.0f%% of them", math.Round(100*best.Inside))
	switch {
	case best.Inside == 1:
		share = "all of them"
	case best.Inside >= 0.95:
		share = "nearly all"
	}
	flag := map[geo.CRS]string{geo.WGS84: "wgs84", geo.GCJ02: "gcj02", geo.BD09: "bd09"}[best.CRS]
	return fmt.Sprintf("%.0f%% of these positions lie outside %s; read as %s, %s lie inside: add --crs %s",
		math.Round(100*(1-guesses[i].Inside)), place, best.CRS, share, flag)
}
