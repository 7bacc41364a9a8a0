package dispatch

import (
	"sync"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Streets keeps the walking network of the layer streets: made once, and from then on brought up to date with the ways that
// changed. It is safe for any number of goroutines; the zero Streets is ready.
type Streets struct {
	mu      sync.Mutex
	table   *layers.Table // what network was made from
	network *geo.Network
}

// Network returns the network of a view's streets; nil where the view has no layer streets. A way is a barrier where its
// field barrier says so, else it can be walked unless its field foot is false.
func (s *Streets) Network(v *layers.View) *geo.Network {
	t, err := v.Table("streets")
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.table == t {
		return s.network
	}
	foot, barrier := t.Layer.Index("foot"), t.Layer.Index("barrier")
	var ways []geo.Way
	seen := map[int64]bool{}
	same := t.Changed(s.table, func(id int64) {
		if seen[id] {
			return
		}
		seen[id] = true
		if r, ok := t.Get(id); ok {
			ways = append(ways, way(r, foot, barrier))
		} else {
			ways = append(ways, geo.Way{ID: id})
		}
	})
	next := s.network
	if !same {
		next = new(geo.Network)
		t.Each(nil, func(r layers.Row) bool { ways = append(ways, way(r, foot, barrier)); return true })
	}
	if len(ways) > 0 || !same {
		next = next.With(ways...)
	}
	if same && t.LastSeq() < s.table.LastSeq() {
		return next // for a caller with an older view; the newest stays
	}
	s.table, s.network = t, next
	return next
}

// way returns a street as a way; one that can be neither walked nor is in the way has no lines.
func way(r layers.Row, foot, barrier int) geo.Way {
	w := geo.Way{ID: r.ID()}
	if barrier >= 0 {
		kind := r.Value(barrier).Text()
		w.Barrier = kind != "" && kind != "none"
	}
	if foot >= 0 && !w.Barrier {
		if v := r.Value(foot); !v.IsNull() && !v.Bool() {
			return w
		}
	}
	switch g := r.Geometry().(type) {
	case orb.LineString:
		w.Lines = orb.MultiLineString{g}
	case orb.MultiLineString:
		w.Lines = g
	}
	return w
}
