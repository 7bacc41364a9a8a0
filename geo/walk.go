package geo

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Walk is a search for the shortest ways over a network from one position, or from the nearest of several (E. Dijkstra, Numerische Mathematik 1, 1959). It
// goes only as far as it is asked, so what it costs grows with the distance, and goes on from there when it is asked for
// more. It is for one goroutine.
type Walk struct {
	network *Network
	from    []Stand
	reached map[int32]reach // by node
	heap    []step
}

// reach is how a node is reached.
type reach struct {
	metres  float64
	edge    int32 // the last one; that of the beginning for the first nodes
	from    int32 // the node before; below 0: the beginning, counted from -1 downwards
	settled bool
}

// step is something that may be reached next: a node, or a target.
type step struct {
	metres float64
	node   int32 // -1: a target
	target int32 // -1: a node
	edge   int32
	from   int32
}

// Walk begins a search from stands of this network.
func (n *Network) Walk(from ...Stand) *Walk {
	w := &Walk{network: n, from: from, reached: map[int32]reach{}}
	for i, s := range from {
		e := n.edges.get(s.edge)
		w.push(step{s.Metres + s.along, e.a, -1, s.edge, int32(-1 - i)})
		w.push(step{s.Metres + e.metres - s.along, e.b, -1, s.edge, int32(-1 - i)})
	}
	return w
}

// Found is a target that was reached.
type Found struct {
	Target int     // its position among the targets
	Metres float64 // on foot, the ways from and to the network included
	last   int32   // the node before it; below 0: none, it is on the edge of the beginning
}

// To calls fn with the targets, stands of the same network, nearest first and by their position where distances are equal,
// until fn returns false, the next one is farther than limit metres, or no other can be reached.
func (w *Walk) To(targets []Stand, limit float64, fn func(Found) bool) {
	on := map[int32][]int32{} // targets by edge
	for i, t := range targets {
		on[t.edge] = append(on[t.edge], int32(i))
	}
	done := make([]bool, len(targets))
	offer := func(edge, from int32, metres float64) { // the targets of an edge from one of its ends
		for _, i := range on[edge] {
			along := targets[i].along
			if e := w.network.edges.get(edge); e.b == from {
				along = e.metres - along
			}
			w.push(step{metres + along + targets[i].Metres, -1, i, edge, from})
		}
	}
	for begin, s := range w.from {
		for _, i := range on[s.edge] {
			w.push(step{s.Metres + math.Abs(targets[i].along-s.along) + targets[i].Metres, -1, i, s.edge, int32(-1 - begin)})
		}
	}
	for node, r := range w.reached { // where an earlier call came to
		if r.settled {
			for _, edge := range w.network.nodes.get(node).edges {
				offer(edge, node, r.metres)
			}
		}
	}
	left := len(targets)
	for left > 0 && len(w.heap) > 0 && w.heap[0].metres <= limit {
		s := w.pop()
		if s.node < 0 {
			if done[s.target] {
				continue
			}
			done[s.target] = true
			if left--; !fn(Found{int(s.target), s.metres, s.from}) {
				break
			}
			continue
		}
		if w.settle(s) {
			for _, edge := range w.network.nodes.get(s.node).edges {
				offer(edge, s.node, s.metres)
			}
		}
	}
	w.heap = slices.DeleteFunc(w.heap, func(s step) bool { return s.node < 0 })
	for i := len(w.heap)/2 - 1; i >= 0; i-- {
		w.down(i)
	}
}

// settle takes a node as reached, and pushes those beyond; false where it was reached before.
func (w *Walk) settle(s step) bool {
	if w.reached[s.node].settled {
		return false
	}
	w.reached[s.node] = reach{s.metres, s.edge, s.from, true}
	for _, at := range w.network.nodes.get(s.node).edges {
		e := w.network.edges.get(at)
		to := e.a
		if to == s.node {
			to = e.b
		}
		metres := s.metres + e.metres
		if old, ok := w.reached[to]; ok && (old.settled || old.metres <= metres) {
			continue
		}
		w.reached[to] = reach{metres: metres}
		w.push(step{metres, to, -1, at, s.node})
	}
	return true
}

// Route returns the way to a target that To has found: from the beginning to the target's own position.
func (w *Walk) Route(f Found, target Stand) orb.LineString {
	line := orb.LineString{target.At, target.On}
	at := f.last
	for ; at >= 0; at = w.reached[at].from {
		line = append(line, w.network.nodes.get(at).at)
	}
	from := w.from[-1-at]
	line = append(line, from.On, from.At)
	slices.Reverse(line)
	return slices.CompactFunc(line, orb.Point.Equal)
}

// Stretch is a part of an edge that is reached, from its nearer end on.
type Stretch struct {
	Line       orb.LineString // two positions
	Way        int64
	From, Till float64 // metres on foot at its two ends
}

// Within calls fn with every stretch of the network that is at most limit metres away, until fn returns false. Parts of an
// edge that are reached from both its ends come from the end that is nearer to them; those of an edge on which one begins
// come from there, though another beginning may be nearer.
func (w *Walk) Within(limit float64, fn func(Stretch) bool) {
	for len(w.heap) > 0 && w.heap[0].metres <= limit {
		if s := w.pop(); s.node >= 0 {
			w.settle(s)
		}
	}
	nodes := make([]int32, 0, len(w.reached))
	for at, r := range w.reached {
		if r.settled && r.metres <= limit {
			nodes = append(nodes, at)
		}
	}
	slices.Sort(nodes)
	begun := map[int32]bool{}
	for _, s := range w.from {
		begun[s.edge] = true
		if !w.beginning(s, limit, fn) {
			return
		}
	}
	for _, at := range nodes {
		for _, edge := range w.network.nodes.get(at).edges {
			if !begun[edge] && !w.along(at, edge, limit, fn) {
				return
			}
		}
	}
}

// along hands on what is reached of an edge from one of its ends.
func (w *Walk) along(from, edge int32, limit float64, fn func(Stretch) bool) bool {
	e := w.network.edges.get(edge)
	to := e.a + e.b - from
	begin := w.reached[from].metres
	reach := min(e.metres, limit-begin)
	if other := w.reached[to]; other.settled { // the two meet where both are as far
		reach = min(reach, (other.metres-begin+e.metres)/2)
	}
	if reach <= 0 {
		return true
	}
	a, b := w.network.nodes.get(from).at, w.network.nodes.get(to).at
	return fn(Stretch{orb.LineString{a, between(a, b, reach/e.metres)}, e.way, begin, begin + reach})
}

// beginning hands on what is reached of the edge of a beginning.
func (w *Walk) beginning(from Stand, limit float64, fn func(Stretch) bool) bool {
	e := w.network.edges.get(from.edge)
	a, b := w.network.ends(from.edge)
	for _, end := range []struct {
		at     orb.Point
		metres float64
	}{{a, from.along}, {b, e.metres - from.along}} {
		reach := min(end.metres, limit-from.Metres)
		if reach <= 0 {
			continue
		}
		if !fn(Stretch{orb.LineString{from.On, between(from.On, end.at, reach/end.metres)}, e.way, from.Metres, from.Metres + reach}) {
			return false
		}
	}
	return true
}

// before orders steps: the nearest first; at the same distance nodes, then targets by their position.
func (s step) before(t step) bool {
	return cmp.Or(cmp.Compare(s.metres, t.metres), cmp.Compare(s.target, t.target), cmp.Compare(s.node, t.node),
		cmp.Compare(s.from, t.from), cmp.Compare(s.edge, t.edge)) < 0
}

func (w *Walk) push(s step) {
	w.heap = append(w.heap, s)
	for i := len(w.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !w.heap[i].before(w.heap[up]) {
			return
		}
		w.heap[i], w.heap[up] = w.heap[up], w.heap[i]
		i = up
	}
}

func (w *Walk) pop() step {
	top, last := w.heap[0], len(w.heap)-1
	w.heap[0] = w.heap[last]
	w.heap = w.heap[:last]
	w.down(0)
	return top
}

func (w *Walk) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(w.heap); c++ {
			if w.heap[c].before(w.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		w.heap[i], w.heap[least] = w.heap[least], w.heap[i]
		i = least
	}
}
