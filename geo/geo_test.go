package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// outline is the published outline of the fixture subdistrict (WGS-84, estimated limits).
var outline = orb.Ring{
	{114.2938, 30.5586}, {114.2957, 30.5608}, {114.2977, 30.5627}, {114.2993, 30.5645}, {114.3008, 30.5667}, {114.3022, 30.5690},
	{114.3036, 30.5712}, {114.3050, 30.5733}, {114.3068, 30.5757}, {114.3084, 30.5777}, {114.3102, 30.5798}, {114.3122, 30.5822},
	{114.3140, 30.5808}, {114.3162, 30.5793}, {114.3182, 30.5779}, {114.3200, 30.5768}, {114.3203, 30.5766}, {114.3186, 30.5750},
	{114.3161, 30.5722}, {114.3146, 30.5702}, {114.3126, 30.5679}, {114.3125, 30.5641}, {114.3131, 30.5600}, {114.3132, 30.5558},
	{114.3118, 30.5556}, {114.3111, 30.5553}, {114.3106, 30.5559}, {114.3090, 30.5566}, {114.3063, 30.5571}, {114.3041, 30.5574},
	{114.3004, 30.5577}, {114.2990, 30.5576}, {114.2971, 30.5576}, {114.2954, 30.5577}, {114.2943, 30.5582}, {114.2938, 30.5586},
}

var centre = orb.Point{114.3080, 30.5674}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s = %.9g, want %.9g within %g", what, got, want, within)
	}
}

// anywhere returns a position of the globe, now and then a pole or the antimeridian.
func anywhere(r *rand.Rand) orb.Point {
	switch r.IntN(20) {
	case 0:
		return orb.Point{r.Float64()*360 - 180, 90}
	case 1:
		return orb.Point{r.Float64()*360 - 180, -90}
	case 2:
		return orb.Point{180, r.Float64()*180 - 90}
	case 3:
		return orb.Point{-180, r.Float64()*180 - 90}
	}
	return orb.Point{r.Float64()*360 - 180, r.Float64()*180 - 90}
}

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 2026)) }
