package geo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/btree"
)

// Way is a line of a network, as it is drawn on the map.
type Way struct {
	ID      int64               // the way's own, at least 1
	Lines   orb.MultiLineString // lon/lat degrees; none: the way is gone
	Barrier bool                // it cannot be crossed on foot, nor walked along; else it can be walked both ways
}

// Network is what can be walked, as a graph: its nodes are the vertices of ways, and ways meet where they have a vertex in
// common (to 1e-7 degrees, a centimetre), as in OpenStreetMap. Ways that cross without one do not meet: one is above the
// other. It is immutable and safe for any number of readers; With makes the next one. The zero Network has no ways.
type Network struct {
	version int32
	nodes   pages[node]
	edges   pages[edge]
	spare   []int32                   // edges to be used again
	places  btree.Map[int64, int32]   // the node of each place
	ways    btree.Map[int64, []int32] // the edges of each way
	index   Index                     // edges that are walked
	walls   Index                     // edges of barriers
}

// node is where edges meet.
type node struct {
	at    orb.Point
	edges []int32 // not edited, but replaced
}

// edge is a straight piece of a way.
type edge struct {
	a, b   int32 // nodes
	metres float64
	way    int64
}

// placeKey names a position to 1e-7 degrees.
func placeKey(p orb.Point) int64 {
	return int64(math.Round(p[0]*1e7))<<32 | int64(uint32(int32(math.Round(p[1]*1e7))))
}

// With returns the network with some ways in place of those of the same ids. What a way costs depends on its own length
// alone, not on that of the network.
func (n *Network) With(ways ...Way) *Network {
	next := &Network{version: n.version + 1, nodes: n.nodes.copy(), edges: n.edges.copy(), spare: slices.Clone(n.spare),
		places: *n.places.Copy(), ways: *n.ways.Copy(), index: *n.index.Copy(), walls: *n.walls.Copy()}
	for _, w := range ways {
		next.remove(w.ID)
		next.add(w)
	}
	return next
}

// Len returns the number of ways.
func (n *Network) Len() int { return n.ways.Len() }

func (n *Network) add(w Way) {
	var edges []int32
	for _, line := range w.Lines {
		for i := 1; i < len(line); i++ {
			if a, b := n.node(line[i-1]), n.node(line[i]); a != b {
				edges = append(edges, n.join(a, b, w))
			}
		}
	}
	if len(edges) > 0 {
		n.ways.Set(w.ID, edges)
	}
}

// join makes an edge.
func (n *Network) join(a, b int32, w Way) int32 {
	at := n.edges.n
	if last := len(n.spare) - 1; last >= 0 {
		at, n.spare = n.spare[last], n.spare[:last]
	}
	p, q := n.nodes.get(a).at, n.nodes.get(b).at
	*n.edges.set(at, n.version) = edge{a, b, Distance(p, q), w.ID}
	bound := orb.MultiPoint{p, q}.Bound()
	if w.Barrier {
		n.walls.Insert(bound, uint32(at))
		return at
	}
	n.index.Insert(bound, uint32(at))
	for _, i := range []int32{a, b} {
		to := n.nodes.set(i, n.version)
		to.edges = append(slices.Clip(to.edges), at)
	}
	return at
}

// node returns the node of a place, and makes it where there is none. Nodes stay when their edges go: places come back.
func (n *Network) node(p orb.Point) int32 {
	key := placeKey(p)
	if i, ok := n.places.Get(key); ok {
		return i
	}
	i := n.nodes.n
	n.nodes.set(i, n.version).at = p
	n.places.Set(key, i)
	return i
}

func (n *Network) remove(way int64) {
	edges, ok := n.ways.Delete(way)
	if !ok {
		return
	}
	for _, at := range edges {
		e := n.edges.get(at)
		bound := orb.MultiPoint{n.nodes.get(e.a).at, n.nodes.get(e.b).at}.Bound()
		n.walls.Delete(bound, uint32(at))
		n.index.Delete(bound, uint32(at))
		for _, i := range []int32{e.a, e.b} {
			from := n.nodes.set(i, n.version)
			from.edges = slices.DeleteFunc(slices.Clone(from.edges), func(other int32) bool { return other == at })
		}
		n.spare = append(n.spare, at)
	}
}

// ends returns the ends of an edge.
func (n *Network) ends(at int32) (a, b orb.Point) {
	e := n.edges.get(at)
	return n.nodes.get(e.a).at, n.nodes.get(e.b).at
}

// Stand is a position at the side of the network: where one who stands there would step onto it.
type Stand struct {
	At     orb.Point // the position itself, lon/lat degrees
	On     orb.Point // the nearest place on the network that is reached without crossing a barrier
	Metres float64   // from At to On
	edge   int32
	along  float64 // metres from the edge's first end to On
}

// standTries is how many edges are looked at for one that no barrier is before.
const standTries = 32

// Stand finds where one at p steps onto the network: the nearest edge that is not behind a barrier, at most within metres
// away. ok is false where there is none.
func (n *Network) Stand(p orb.Point, within float64) (s Stand, ok bool) {
	tries := 0
	n.index.Nearest(p, func(at uint32) float64 {
		a, b := n.ends(int32(at))
		return DistanceTo(p, orb.LineString{a, b})
	}, func(at uint32, metres float64) bool {
		if tries++; metres > within || tries > standTries {
			return false
		}
		s = n.standOn(p, int32(at), metres)
		ok = n.Crossings(p, s.On) == 0
		return !ok
	})
	return s, ok
}

// standOn returns the stand at the nearest place of an edge.
func (n *Network) standOn(p orb.Point, at int32, metres float64) Stand {
	a, b := n.ends(at)
	wide := math.Cos(p[1] * radian)
	dx, dy := (b[0]-a[0])*wide, b[1]-a[1]
	t := ((p[0]-a[0])*wide*dx + (p[1]-a[1])*dy) / (dx*dx + dy*dy)
	t = max(0, min(1, t))
	return Stand{At: p, On: between(a, b, t), Metres: metres, edge: at, along: t * n.edges.get(at).metres}
}

func between(a, b orb.Point, t float64) orb.Point {
	return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
}

// Crossings returns how many barriers, counted as ways, the straight line between two positions crosses.
func (n *Network) Crossings(p, q orb.Point) int {
	if p == q {
		return 0
	}
	var crossed []int64
	n.walls.Search(orb.MultiPoint{p, q}.Bound(), func(at uint32) bool {
		a, b := n.ends(int32(at))
		if way := n.edges.get(int32(at)).way; cross(p, q, a)*cross(p, q, b) <= 0 && cross(a, b, p)*cross(a, b, q) < 0 && !slices.Contains(crossed, way) {
			crossed = append(crossed, way)
		}
		return true
	})
	return len(crossed)
}
