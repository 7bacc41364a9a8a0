package geo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// inverses are positions by geod_inverse of PROJ 9.1.1, which is Karney's own code: anywhere, within 11 km, within 11 m,
// nearly antipodal, within 300 km, on the edge of antipodal, and the special cases.
var inverses = []struct {
	a, b   orb.Point
	metres float64
}{
	{orb.Point{-125.6942973871793, -20.63016839343576}, orb.Point{-153.9229367996846, 17.569890992855367}, 5230122.177321402},
	{orb.Point{-128.0681699913225, -24.883932094482923}, orb.Point{-68.94654332330363, -49.85502242242394}, 5739929.950711283},
	{orb.Point{135.0494984064344, 2.8885300833502745}, orb.Point{-76.34240463953286, 27.3155417281852}, 15274678.670876354},
	{orb.Point{-158.1590060650009, 19.165892411018913}, orb.Point{52.966387629960764, 23.76485842495594}, 14185946.711588178},
	{orb.Point{131.03440909146548, 39.68450179707043}, orb.Point{-30.49325380378852, -26.305539989405613}, 17749148.211341146},
	{orb.Point{143.83188362086275, -63.12745355619538}, orb.Point{134.82474628841157, 34.0515780060105}, 10801833.311945736},
	{orb.Point{-48.35198991146922, 4.115312342334491}, orb.Point{-48.35050276483133, 4.026912127289433}, 9776.679217133},
	{orb.Point{-114.93850322738251, 39.21652024781457}, orb.Point{-114.91072053359727, 39.232840280547066}, 3006.392292471},
	{orb.Point{-137.49631982821364, 73.81150648336283}, orb.Point{-137.4448916423006, 73.79513104771988}, 2430.233068741},
	{orb.Point{115.89292317949736, 80.4675194941067}, orb.Point{115.87008146798671, 80.42443860052552}, 4829.134831032},
	{orb.Point{138.3094177913581, -16.40694100609716}, orb.Point{138.2396019725163, -16.31539476530436}, 12580.547902110},
	{orb.Point{-38.7435935191433, 36.56584832753282}, orb.Point{-38.82288610040124, 36.54564409399688}, 7444.457364543},
	{orb.Point{-23.887553881541095, -67.669664366606}, orb.Point{-23.887635738938425, -67.66975039552129}, 10.203822780},
	{orb.Point{17.1880076554408, -14.785727635643918}, orb.Point{17.187919575674794, -14.785815077848923}, 13.547135581},
	{orb.Point{-3.973283828709981, -44.1094260915201}, orb.Point{-3.973250185538674, -44.10951825006869}, 10.588437113},
	{orb.Point{-171.87734589998811, 19.712791188343047}, orb.Point{-171.87741229031232, 19.71278352740031}, 7.011545530},
	{orb.Point{-96.49552794496712, -40.358229538474816}, orb.Point{-96.49553095242105, -40.35828287125808}, 5.927661303},
	{orb.Point{-157.59078421727247, 15.579734373956706}, orb.Point{-157.5908424646354, 15.579647843479874}, 11.432823294},
	{orb.Point{117.66676488193372, -8.682658045089012}, orb.Point{-62.88675718885224, 7.930261967388303}, 19908526.542620655},
	{orb.Point{64.94399034544293, -36.021059600880676}, orb.Point{-115.4277153138035, 35.87624421221948}, 19978724.621884301},
	{orb.Point{26.289338499858218, 31.947483470134912}, orb.Point{-154.0831664744456, -31.196527846473135}, 19915985.390587740},
	{orb.Point{-158.77640904072825, -49.97896554866917}, orb.Point{20.482271403309113, 50.51543152561421}, 19929171.740665413},
	{orb.Point{-85.41121705252634, 10.267669570421617}, orb.Point{94.42667594972431, -11.25948236365149}, 19893324.793559849},
	{orb.Point{-57.58068519635637, -42.48472486630612}, orb.Point{121.41978136744635, 41.58987607408665}, 19880995.966722410},
	{orb.Point{161.17521928452203, 14.765671525467843}, orb.Point{160.5553021324267, 15.228289217172835}, 84056.619681276},
	{orb.Point{-16.853624506520873, 9.853161338247483}, orb.Point{-15.087347617385927, 8.651763319429577}, 235206.289695472},
	{orb.Point{33.97315575780664, 22.991261496818087}, orb.Point{33.710387745615115, 23.470632722513038}, 59512.230120390},
	{orb.Point{-39.25810687203824, -30.316107717847533}, orb.Point{-41.77461906483741, -28.087575873089737}, 347689.943912961},
	{orb.Point{23.882840534301096, -15.15866128224311}, orb.Point{25.02580247711696, -12.440073729092537}, 325172.861281824},
	{orb.Point{-143.47282751186526, -44.224383371300846}, orb.Point{-146.31982219186838, -45.04272383909342}, 243501.822852127},
	{orb.Point{-163.23023497760775, 72.27151496880695}, orb.Point{16.168837101058173, -72.27151496880695}, 19986630.601804022},
	{orb.Point{-92.12525614002496, 23.45251293247142}, orb.Point{87.47264726279397, -23.45251293247142}, 19989010.247051518},
	{orb.Point{160.08519423885747, 42.838607760090845}, orb.Point{-20.246674597336266, -42.838607760090845}, 19993766.584104721},
	{orb.Point{17.798367291853452, -5.832764300053842}, orb.Point{-162.8200013866556, 5.832764300053842}, 19968681.255229574},
	{orb.Point{42.33338978728597, 1.775471601534699}, orb.Point{-138.13995027042867, -1.775471601534699}, 19983255.835348703},
	{orb.Point{41.064835603852345, 48.47484683476525}, orb.Point{-139.03914973587928, -48.47484683476525}, 20002933.384060360},
	{orb.Point{0, 0}, orb.Point{179.5, 0}, 19980861.908890963},
	{orb.Point{0, 0}, orb.Point{179.3, 0}, 19959584.699233953},
	{orb.Point{0, 0}, orb.Point{180, 0}, 20003931.458625447},
	{orb.Point{0, 90}, orb.Point{77, -90}, 20003931.458625447},
	{orb.Point{3, 90}, orb.Point{50, 89}, 111693.864914200},
	{orb.Point{0, 0}, orb.Point{90, 0}, 10018754.171394622},
	{orb.Point{0, 30}, orb.Point{180, -30}, 20003931.458625447},
	{orb.Point{0, 30}, orb.Point{179.9, -30}, 20003008.421509411},
	{orb.Point{0, -90}, orb.Point{45, 45}, 14986910.107290467},
	{orb.Point{-180, 0}, orb.Point{180, 0}, 0.000000000},
}

func TestDistanceIsKarneys(t *testing.T) {
	t.Parallel()
	for _, g := range inverses {
		if d := Distance(g.a, g.b); !(math.Abs(d-g.metres) < 1e-7) {
			t.Errorf("%v %v: %.9f m, expected %.9f", g.a, g.b, d, g.metres)
		}
	}
}

func TestDistanceIsTheSameBothWays(t *testing.T) {
	t.Parallel()
	r := seeded(31)
	for range 5000 {
		a := anywhere(r)
		b := anywhere(r)
		if r.IntN(2) == 0 {
			b = orb.Point{a[0] + r.Float64()*0.2 - 0.1, max(-90, min(90, a[1]+r.Float64()*0.2-0.1))}
		}
		if there, back := Distance(a, b), Distance(b, a); there != back {
			t.Fatalf("%v %v: %v there, %v back", a, b, there, back)
		}
	}
}

// Where the chord gives way to the series the two agree.
func TestChordAndSeriesAgree(t *testing.T) {
	t.Parallel()
	r := seeded(32)
	for range 5000 {
		a := anywhere(r)
		b := orb.Point{a[0] + (r.Float64()-0.5)*0.3, max(-90, min(90, a[1]+(r.Float64()-0.5)*0.3))}
		if d, ok := chordArc(a, b); ok {
			near(t, "chord", d, inverse(a, b), 1e-7)
		}
	}
}

func TestDistanceToIsTheLeastAlongTheEdge(t *testing.T) {
	t.Parallel()
	r := seeded(33)
	for _, lat := range []float64{0, 30.57, 60, 85} {
		for _, size := range []float64{0.01, 0.05, 0.19, 0.5} {
			for range 10 {
				somewhere := func() orb.Point { return orb.Point{114 + r.Float64()*size, lat + r.Float64()*size} }
				p, a, b := somewhere(), somewhere(), somewhere()
				want := leastAlong(func(t float64) float64 {
					return Distance(p, orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])})
				})
				near(t, "edge", DistanceTo(p, orb.LineString{a, b}), want, 0.0002)
			}
		}
	}
}

func TestNearestLeavesOutWhatHasNoDistance(t *testing.T) {
	t.Parallel()
	x := new(Index)
	for row := range uint32(50) {
		p := orb.Point{114 + float64(row)*1e-4, 30}
		x.Insert(orb.Bound{Min: p, Max: p}, row)
	}
	for _, none := range []float64{math.NaN(), math.Inf(1)} {
		n := 0
		x.Nearest(orb.Point{114, 30}, func(row uint32) float64 {
			if row == 3 {
				return none
			}
			return Distance(orb.Point{114, 30}, orb.Point{114 + float64(row)*1e-4, 30})
		}, func(row uint32, _ float64) bool { n++; return row != 3 })
		if n != 49 {
			t.Errorf("%v: %d rows came, expected the 49 others", none, n)
		}
	}
}

// The sides of a box are bent on the Gauss-Krueger plane: its corners alone would cut off a kilometre.
func TestBoundCoversItsSides(t *testing.T) {
	t.Parallel()
	b := orb.Bound{Min: orb.Point{113.5, 30.2}, Max: orb.Point{115, 31.2}}
	out := FromWGS84(GK114, b).(orb.Bound).Pad(0.2)
	for i := range 1001 {
		s := float64(i) / 1000
		for _, p := range []orb.Point{{113.5 + 1.5*s, 30.2}, {113.5 + 1.5*s, 31.2}, {113.5, 30.2 + s}, {115, 30.2 + s}} {
			if q := FromWGS84Point(GK114, p); !out.Contains(q) {
				t.Fatalf("%v is %v, outside %v", p, q, out)
			}
		}
	}
}
