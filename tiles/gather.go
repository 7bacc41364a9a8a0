package tiles

import (
	"context"

	"shapan/layers"
)

// Tally is what is known of the points in a cell.
type Tally struct {
	Count int     // points
	Known int     // those of them whose weight is not null; without a weight, all
	Sum   float64 // of the weights; without a weight, the count
	Max   float64 // the greatest weight; 0 where none is known
}

// add takes other points in.
func (t *Tally) add(o Tally) {
	if o.Known > 0 && (t.Known == 0 || o.Max > t.Max) {
		t.Max = o.Max
	}
	t.Count += o.Count
	t.Known += o.Known
	t.Sum += o.Sum
}

// gather is the one place where heat reads points. It calls add with every point of a table that is in the area and
// matches the filter (nil: all), alone or with others that are in the same bin: a square of 1<<shift world units that
// begins at a multiple of them. x and y are the place of a point of the group, or the north-west corner of its bin.
// weight is the position of the field that is summed, -1 for the count. The points come in an order that is the same for
// the same snapshot. It fails with ctx's error, and with that of add, which ends it.
func gather(ctx context.Context, t *layers.Table, a area, shift uint, f layers.Filter, weight int, add func(x, y uint32, group Tally) error) (err error) {
	n := 0
	t.Within(a.bound(), f, func(row layers.Row) bool {
		if n++; n%checkEvery == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		x, y, ok := row.World()
		if !ok || !a.holds(x, y) {
			return true
		}
		group := Tally{Count: 1, Known: 1, Sum: 1, Max: 1}
		if weight >= 0 {
			if w, known := row.Value(weight).Number(); known {
				group.Sum, group.Max = w, w
			} else {
				group = Tally{Count: 1}
			}
		}
		err = add(x, y, group)
		return err == nil
	})
	return err
}

// holds tells whether a place is in the area.
func (a area) holds(x, y uint32) bool {
	return int64(x) >= a.x0 && int64(x) < a.x1 && int64(y) >= a.y0 && int64(y) < a.y1
}
