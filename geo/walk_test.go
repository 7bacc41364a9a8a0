package geo

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// town makes a town: streets on a bent lattice with gaps, which meet at their vertices, and a railway through it.
func town(r *rand.Rand, side int) []Way {
	corner := make([][]orb.Point, side)
	for i := range corner {
		for j := range side {
			corner[i] = append(corner[i], orb.Point{114.3 + float64(i)*0.001 + r.Float64()*0.0003, 30.55 + float64(j)*0.001 + r.Float64()*0.0003})
		}
	}
	var ways []Way
	add := func(a, b orb.Point) {
		if r.IntN(5) > 0 {
			ways = append(ways, Way{ID: int64(len(ways) + 1), Lines: orb.MultiLineString{{a, between(a, b, 0.4), b}}})
		}
	}
	for i := range side {
		for j := range side {
			if i > 0 {
				add(corner[i-1][j], corner[i][j])
			}
			if j > 0 {
				add(corner[i][j-1], corner[i][j])
			}
		}
	}
	rail := orb.LineString{{114.2999, 30.5525}, {114.31, 30.5545}}
	return append(ways, Way{ID: 100_000, Lines: orb.MultiLineString{rail}, Barrier: true})
}

// oracle is what a walk should find: the distances from a stand to others, by relaxing every edge until nothing changes.
func oracle(ways []Way, from Stand, to []Stand) []float64 {
	metres := map[int64]float64{}
	at := func(p orb.Point) float64 {
		if d, ok := metres[placeKey(p)]; ok {
			return d
		}
		return math.Inf(1)
	}
	var pieces [][2]orb.Point
	for _, w := range ways {
		for _, line := range w.Lines {
			for i := 1; i < len(line) && !w.Barrier; i++ {
				pieces = append(pieces, [2]orb.Point{line[i-1], line[i]})
			}
		}
	}
	on := func(s Stand, e [2]orb.Point) bool { return DistanceTo(s.On, orb.LineString{e[0], e[1]}) < 1e-4 }
	for _, e := range pieces {
		if on(from, e) {
			for _, end := range e {
				metres[placeKey(end)] = min(at(end), from.Metres+Distance(from.On, end))
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, e := range pieces {
			d := Distance(e[0], e[1])
			for _, way := range [][2]orb.Point{{e[0], e[1]}, {e[1], e[0]}} {
				if far := at(way[0]) + d; far < at(way[1])-1e-9 {
					metres[placeKey(way[1])], changed = far, true
				}
			}
		}
	}
	out := make([]float64, len(to))
	for i, s := range to {
		out[i] = math.Inf(1)
		for _, e := range pieces {
			if !on(s, e) {
				continue
			}
			if on(from, e) {
				out[i] = min(out[i], from.Metres+Distance(from.On, s.On)+s.Metres)
			}
			for _, end := range e {
				out[i] = min(out[i], at(end)+Distance(end, s.On)+s.Metres)
			}
		}
	}
	return out
}

func stands(r *rand.Rand, n *Network, count, side int) (all []Stand) {
	for len(all) < count {
		p := orb.Point{114.3 + r.Float64()*0.001*float64(side), 30.55 + r.Float64()*0.001*float64(side)}
		if s, ok := n.Stand(p, 500); ok {
			all = append(all, s)
		}
	}
	return all
}

// TestWalksAreTheShortest compares walks over random towns with the oracle: order, distance, and the length of the route.
func TestWalksAreTheShortest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(90, 1))
	found := 0
	for range 25 {
		const side = 7
		ways := town(r, side)
		n := new(Network).With(ways...)
		people := stands(r, n, 30, side)
		from, targets := people[0], people[1:]
		want := oracle(ways, from, targets)
		walk := n.Walk(from)
		var last Found
		var met []int
		limit := 300 + 2000*r.Float64()
		for _, limit := range []float64{limit, math.Inf(1)} { // a walk may be asked again
			met, last = met[:0], Found{}
			walk.To(targets, limit, func(f Found) bool {
				if math.Abs(f.Metres-want[f.Target]) > 0.01 {
					t.Fatalf("target %d: %.3f m, want %.3f", f.Target, f.Metres, want[f.Target])
				}
				if f.Metres < last.Metres || f.Metres > limit {
					t.Fatalf("%.3f m comes after %.3f, the limit is %.3f", f.Metres, last.Metres, limit)
				}
				route := walk.Route(f, targets[f.Target])
				if math.Abs(Length(route)-f.Metres) > 0.01 || route[0] != from.At || route[len(route)-1] != targets[f.Target].At {
					t.Fatalf("a route of %.3f m from %v to %v, want %.3f", Length(route), route[0], route[len(route)-1], f.Metres)
				}
				met, last = append(met, f.Target), f
				found++
				return true
			})
			for i, d := range want {
				if d < limit-0.01 && !slices.Contains(met, i) {
					t.Fatalf("target %d at %.3f m is not found within %.3f", i, d, limit)
				}
			}
		}
	}
	if found < 500 {
		t.Fatalf("only %d targets were found", found)
	}
}

// TestWalkStopsWhenItsCallerDoes sees that what is asked for first comes first, and that less is looked at then.
func TestWalkStopsWhenItsCallerDoes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(91, 1))
	n := new(Network).With(town(r, 30)...)
	targets := stands(r, n, 200, 30)
	from, _ := n.Stand(orb.Point{114.315, 30.565}, 500)
	var all, few []Found
	whole := n.Walk(from)
	whole.To(targets, math.Inf(1), func(f Found) bool { all = append(all, f); return true })
	short := n.Walk(from)
	short.To(targets, math.Inf(1), func(f Found) bool { few = append(few, f); return len(few) < 5 })
	if len(few) != 5 || !slices.Equal(few, all[:5]) {
		t.Errorf("first %v, want %v", few, all[:min(5, len(all))])
	}
	if len(short.reached) > len(whole.reached)/4 {
		t.Errorf("%d nodes are reached for five, %d for all", len(short.reached), len(whole.reached))
	}
}

// TestNetworksAreWhatWasPut compares a network that was changed way by way with one that is made at once.
func TestNetworksAreWhatWasPut(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(92, 1))
	const side = 6
	now := map[int64]Way{}
	n := new(Network)
	for range 40 {
		var changes []Way
		for _, w := range town(r, side) {
			if r.IntN(3) > 0 {
				continue
			}
			if r.IntN(4) == 0 {
				w.Lines = nil
			}
			changes = append(changes, w)
			if now[w.ID] = w; w.Lines == nil {
				delete(now, w.ID)
			}
		}
		before := n
		had := n.Len()
		n = n.With(changes...)
		if before.Len() != had {
			t.Fatalf("a published network changed from %d ways to %d", had, before.Len())
		}
		var ways []Way
		for _, w := range now {
			ways = append(ways, w)
		}
		fresh := new(Network).With(ways...)
		if n.Len() != len(ways) || n.index.Len() != fresh.index.Len() || n.walls.Len() != fresh.walls.Len() {
			t.Fatalf("%d ways, %d edges, %d walls; want %d, %d, %d", n.Len(), n.index.Len(), n.walls.Len(), len(ways), fresh.index.Len(), fresh.walls.Len())
		}
		p := orb.Point{114.303, 30.553}
		a, okA := n.Stand(p, 1000)
		b, okB := fresh.Stand(p, 1000)
		if okA != okB || a.On != b.On || n.Crossings(p, orb.Point{114.305, 30.556}) != fresh.Crossings(p, orb.Point{114.305, 30.556}) {
			t.Fatalf("stands at %v (%v), want %v (%v)", a.On, okA, b.On, okB)
		}
		if !okA {
			continue
		}
		reach := func(n *Network, s Stand) (metres float64) {
			n.Walk(s).Within(700, func(s Stretch) bool { metres += s.Till - s.From; return true })
			return metres
		}
		if x, y := reach(n, a), reach(fresh, b); math.Abs(x-y) > 0.01 {
			t.Fatalf("%.2f m of streets are reached, want %.2f", x, y)
		}
	}
}

// TestBarriersAreNotCrossed stands beside a railway: the nearest street is on its other side.
func TestBarriersAreNotCrossed(t *testing.T) {
	t.Parallel()
	n := new(Network).With(
		Way{ID: 1, Lines: orb.MultiLineString{{{114.30, 30.5600}, {114.31, 30.5600}}}},
		Way{ID: 2, Lines: orb.MultiLineString{{{114.30, 30.5640}, {114.31, 30.5640}}}},
		Way{ID: 3, Lines: orb.MultiLineString{{{114.29, 30.5610}, {114.32, 30.5610}}}, Barrier: true},
	)
	p := orb.Point{114.305, 30.5615}
	s, ok := n.Stand(p, 500)
	if !ok || s.On[1] != 30.5640 || math.Abs(s.Metres-Distance(p, s.On)) > 0.01 {
		t.Errorf("stands at %v, %.1f m, %v; want the street on this side", s.On, s.Metres, ok)
	}
	if s, ok := n.Stand(p, 100); ok {
		t.Errorf("stands at %v within 100 m, where only a street behind the railway is", s.On)
	}
	if c := n.Crossings(p, orb.Point{114.305, 30.5600}); c != 1 {
		t.Errorf("%d barriers are crossed, want 1", c)
	}
	if c := n.Crossings(p, s.On); c != 0 {
		t.Errorf("%d barriers are crossed, want none", c)
	}
	south, _ := n.Stand(orb.Point{114.305, 30.5599}, 500)
	n.Walk(s).To([]Stand{south}, math.Inf(1), func(f Found) bool {
		t.Errorf("the other side is reached in %.1f m", f.Metres)
		return false
	})
}

// TestStretchesAreWhatIsReached sees that every stretch begins and ends as far away as it says, and that nothing is
// missing and nothing twice.
func TestStretchesAreWhatIsReached(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(93, 1))
	const side = 6
	for range 10 {
		ways := town(r, side)
		n := new(Network).With(ways...)
		from := stands(r, n, 1, side)[0]
		limit := from.Metres + 600*r.Float64()
		var ends []Stand
		var metres []float64
		total := 0.0
		n.Walk(from).Within(limit, func(s Stretch) bool {
			for i, d := range []float64{s.From, s.Till} {
				if d > limit+1e-6 {
					t.Fatalf("a stretch reaches %.3f m, the limit is %.3f", d, limit)
				}
				end := Stand{At: s.Line[i], On: s.Line[i]}
				ends, metres = append(ends, end), append(metres, d)
			}
			if math.Abs(Length(s.Line)-(s.Till-s.From)) > 0.01 {
				t.Fatalf("a stretch of %.3f m from %.3f to %.3f", Length(s.Line), s.From, s.Till)
			}
			total += s.Till - s.From
			return true
		})
		for i, d := range oracle(ways, from, ends) {
			if math.Abs(d-metres[i]) > 0.05 {
				t.Fatalf("the end of a stretch is %.3f m away, it says %.3f", d, metres[i])
			}
		}
		// The same by small pieces: each is reached where its middle is.
		var middles []Stand
		var lengths []float64
		for _, w := range ways {
			for _, line := range w.Lines {
				for i := 1; i < len(line) && !w.Barrier; i++ {
					const parts = 20
					for k := range parts {
						m := between(line[i-1], line[i], (float64(k)+0.5)/parts)
						middles, lengths = append(middles, Stand{At: m, On: m}), append(lengths, Distance(line[i-1], line[i])/parts)
					}
				}
			}
		}
		want := 0.0
		for i, d := range oracle(ways, from, middles) {
			if d <= limit {
				want += lengths[i]
			}
		}
		if math.Abs(total-want) > 0.02*want+20 {
			t.Fatalf("%.1f m of streets are reached, want about %.1f", total, want)
		}
	}
}

func TestNetworkOfNothing(t *testing.T) {
	t.Parallel()
	n := new(Network)
	if _, ok := n.Stand(orb.Point{114.3, 30.56}, math.Inf(1)); ok || n.Len() != 0 || n.Crossings(orb.Point{0, 0}, orb.Point{1, 1}) != 0 {
		t.Error("a network without ways has something")
	}
	n = n.With(Way{ID: 1}, Way{ID: 2, Lines: orb.MultiLineString{{}, {{114.3, 30.56}}, {{114.3, 30.56}, {114.3, 30.56}}}})
	if _, ok := n.Stand(orb.Point{114.3, 30.56}, math.Inf(1)); ok || n.Len() != 0 {
		t.Error("ways without length are walked")
	}
}

// TestWalksOfSeveralBeginnings compares a walk from several positions with the nearest of walks from each.
func TestWalksOfSeveralBeginnings(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(95, 1))
	const side = 7
	n := new(Network).With(town(r, side)...)
	all := stands(r, n, 60, side)
	from, targets := all[:6], all[6:]
	want := make([]float64, len(targets))
	for i := range want {
		want[i] = math.Inf(1)
	}
	for _, s := range from {
		n.Walk(s).To(targets, math.Inf(1), func(f Found) bool { want[f.Target] = min(want[f.Target], f.Metres); return true })
	}
	found := 0
	w := n.Walk(from...)
	w.To(targets, math.Inf(1), func(f Found) bool {
		route := w.Route(f, targets[f.Target])
		begins := slices.ContainsFunc(from, func(s Stand) bool { return s.At == route[0] })
		if math.Abs(f.Metres-want[f.Target]) > 1e-6 || math.Abs(Length(route)-f.Metres) > 0.01 || !begins {
			t.Fatalf("target %d: %.3f m by a route of %.3f from %v, want %.3f", f.Target, f.Metres, Length(route), route[0], want[f.Target])
		}
		found++
		return true
	})
	reachable := 0
	for _, d := range want {
		if d < math.Inf(1) {
			reachable++
		}
	}
	if found != reachable || found < 30 {
		t.Fatalf("%d targets are found, want %d", found, reachable)
	}
}

// BenchmarkWalk goes from the middle of a town of some 9,000 nodes to the five nearest of 119 people, and to all of them.
func BenchmarkWalk(b *testing.B) {
	r := rand.New(rand.NewPCG(2, 5))
	n := new(Network).With(town(r, 60)...)
	at := func(i, j int) orb.Point { return orb.Point{114.3 + float64(i)*0.001, 30.55 + float64(j)*0.001} }
	from, ok := n.Stand(at(30, 30), 1000)
	if !ok {
		b.Fatal("the town has no middle")
	}
	var people []Stand
	for len(people) < 119 {
		if s, ok := n.Stand(at(r.IntN(60), r.IntN(60)), 1000); ok {
			people = append(people, s)
		}
	}
	for name, k := range map[string]int{"to the fifth": 5, "to all": 119} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				left := k
				n.Walk(from).To(people, math.Inf(1), func(Found) bool { left--; return left > 0 })
			}
		})
	}
}
