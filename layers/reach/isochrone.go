package reach

import (
	"cmp"
	"context"
	"math"
	"slices"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// Speeds of walking, metres in a second.
const (
	Walking = 1.2
	Elderly = 1.0
)

// Limits of what may be asked.
const (
	MaxMinutes = 60
	MaxRings   = 6
)

const (
	stepOn = 300.0 // metres from a position to the street at most
	beside = 50.0  // metres from the street that an area holds at most
)

// Question asks what is within reach of a position.
type Question struct {
	At      orb.Point // lon/lat degrees
	Minutes []float64 // above 0, at most MaxMinutes; at most MaxRings of them
	Speed   float64   // metres in a second, 0.3 to 3; 0: Walking
}

// Isochrone is what is within reach.
type Isochrone struct {
	At     orb.Point
	Speed  float64   // metres in a second
	Street orb.Point // where one steps onto the street
	Metres float64   // from At to there
	Rings  []Ring    // the shortest first
}

// Ring is what is within some minutes.
type Ring struct {
	Minutes    float64
	Metres     float64          // the same on foot
	Area       orb.MultiPolygon // lon/lat degrees: what is at most 50 m beside the streets that are reached
	Hectares   float64
	Stretches  []geo.Stretch // of the streets
	Streets    float64       // their length, metres
	Facilities []Count       // by category, those whose own way on foot is not longer
	Buildings  int
	Households int // of these buildings
}

// Count is a number of facilities of a category.
type Count struct {
	Category string
	N        int
	Nearest  float64 // metres on foot to the nearest
}

// Find answers the question on a network of the view's streets. It fails with ErrInvalid for a question that cannot be,
// with ErrNotFound where no street is within 300 m of the position, and with ctx's error.
func Find(ctx context.Context, v *layers.View, n *geo.Network, q Question) (*Isochrone, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	from, ok := stand(n, q.At)
	if !ok {
		return nil, layers.NotFound("no street is within %.0f m of the position: there is nothing to walk on", stepOn)
	}
	out := &Isochrone{At: q.At, Speed: q.Speed, Street: from.On, Metres: from.Metres}
	walk := n.Walk(from)
	farthest := q.Minutes[len(q.Minutes)-1] * 60 * q.Speed
	facilities, err := near(ctx, v, n, walk, "facilities", q.At, farthest)
	if err != nil {
		return nil, err
	}
	buildings, err := near(ctx, v, n, walk, "buildings", q.At, farthest)
	if err != nil {
		return nil, err
	}
	for _, minutes := range q.Minutes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r := Ring{Minutes: minutes, Metres: minutes * 60 * q.Speed}
		area := geo.Reach{Limit: r.Metres, Beside: beside}
		walk.Within(r.Metres, func(s geo.Stretch) bool {
			area.Add(s)
			r.Stretches = append(r.Stretches, s)
			r.Streets += s.Till - s.From
			return true
		})
		r.Area = area.Area()
		r.Hectares = geo.Area(r.Area) / 1e4
		r.count(facilities, buildings)
		out.Rings = append(out.Rings, r)
	}
	return out, nil
}

// check fills in what is left open and says what is wrong, or nil.
func (q *Question) check() error {
	if q.Speed == 0 {
		q.Speed = Walking
	}
	if !(q.Speed >= 0.3 && q.Speed <= 3) {
		return layers.Invalid("speed", "speed is %g: expected 0.3 to 3 metres in a second", q.Speed)
	}
	if len(q.Minutes) == 0 || len(q.Minutes) > MaxRings {
		return layers.Invalid("minutes", "%d times came: expected 1 to %d, with commas between", len(q.Minutes), MaxRings)
	}
	q.Minutes = slices.Clone(q.Minutes)
	slices.Sort(q.Minutes)
	q.Minutes = slices.Compact(q.Minutes)
	for _, m := range q.Minutes {
		if !(m > 0 && m <= MaxMinutes) {
			return layers.Invalid("minutes", "minutes is %g: expected more than 0 and at most %d", m, MaxMinutes)
		}
	}
	return nil
}

func stand(n *geo.Network, p orb.Point) (geo.Stand, bool) {
	if n == nil {
		return geo.Stand{}, false
	}
	return n.Stand(p, stepOn)
}

// reached is a feature and how far it is on foot.
type reached struct {
	row    layers.Row
	metres float64
}

// near returns the features of a layer that are at most so far on foot, the nearest first; none where the caller does not
// see the layer.
func near(ctx context.Context, v *layers.View, n *geo.Network, walk *geo.Walk, layer string, at orb.Point, metres float64) (out []reached, err error) {
	t, err := v.Table(layer)
	if err != nil {
		return nil, nil
	}
	rows, stands, err := stood(ctx, t, n, around(at, metres))
	if err != nil {
		return nil, err
	}
	walk.To(stands, metres, func(f geo.Found) bool {
		out = append(out, reached{rows[f.Target], f.Metres})
		return true
	})
	return out, nil
}

// stood returns the features of a bound from which a street is reached, with where it is.
func stood(ctx context.Context, t *layers.Table, n *geo.Network, b orb.Bound) (rows []layers.Row, stands []geo.Stand, err error) {
	t.Within(b, nil, func(r layers.Row) bool {
		if len(rows)%64 == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		if g := r.Geometry(); g != nil {
			if s, ok := stand(n, g.Bound().Center()); ok {
				rows, stands = append(rows, r), append(stands, s)
			}
		}
		return true
	})
	return rows, stands, err
}

// around returns a bound that holds all that is so far away.
func around(p orb.Point, metres float64) orb.Bound {
	high := metres / 110_000 // a degree of latitude is longer than that everywhere
	wide := high / max(math.Cos((math.Abs(p[1])+high)*math.Pi/180), 0.01)
	return orb.Bound{Min: orb.Point{max(p[0]-wide, -180), max(p[1]-high, -90)}, Max: orb.Point{min(p[0]+wide, 180), min(p[1]+high, 90)}}
}

// count counts what is within the ring.
func (r *Ring) count(facilities, buildings []reached) {
	at := map[string]int{}
	for _, f := range facilities {
		if f.metres > r.Metres {
			break
		}
		category := f.row.Get("category").Text()
		i, known := at[category]
		if !known {
			i = len(r.Facilities)
			at[category] = i
			r.Facilities = append(r.Facilities, Count{Category: category, Nearest: f.metres})
		}
		r.Facilities[i].N++
	}
	slices.SortFunc(r.Facilities, func(a, b Count) int { return cmp.Compare(a.Category, b.Category) })
	for _, b := range buildings {
		if b.metres > r.Metres {
			break
		}
		r.Buildings++
		r.Households += int(b.row.Get("households").Int())
	}
}
