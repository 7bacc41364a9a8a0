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
// begins at a multiple of them. x and y are the place of a point of the group, or the north-west corner of its bin or of a
// part of it. weight is the position of the field that is summed, -1 for the count. The points come in an order that is the
// same for the same snapshot. It fails with ctx's error, and with that of add, which ends it.
func gather(ctx context.Context, t *layers.Table, a area, shift uint, f layers.Filter, weight int, add func(x, y uint32, group Tally) error) error {
	var failed error
	err := t.Gather(ctx, layers.Gathering{Square: a.square(), Shift: shift, Filter: f, Weight: weight}, func(c *layers.Clump) bool {
		group := Tally{Count: c.N, Known: c.N, Sum: float64(c.N), Max: 1}
		if weight >= 0 {
			group.Known, group.Sum, group.Max = c.Weighted, c.Sum, 0
			if c.Weighted > 0 {
				group.Max = c.Max
			}
		}
		failed = add(c.X, c.Y, group)
		return failed == nil
	})
	if err != nil {
		return err
	}
	return failed
}
