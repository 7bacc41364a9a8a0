package kpi

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// spell is a duration that ended, or that had lasted so long when it was last looked at.
type spell struct {
	lasted time.Duration
	ended  bool
}

// survivalMedian returns the median duration after Kaplan and Meier (1958): the least at which the estimated share of those
// that last longer is below a half, or the middle of where it is a half. Spells that have not ended count for as long as they
// are known to have lasted; where all have, it is the ordinary median. It is NaN where the share stays above a half. The spells
// are put in order.
func survivalMedian(spells []spell) float64 {
	const exact = 1e-9
	slices.SortFunc(spells, func(a, b spell) int { return cmp.Compare(a.lasted, b.lasted) })
	share, half := 1.0, math.NaN()
	for i := 0; i < len(spells); {
		at, ended, next := spells[i].lasted, 0, i
		for ; next < len(spells) && spells[next].lasted == at; next++ {
			if spells[next].ended {
				ended++
			}
		}
		atRisk := len(spells) - i // those that end at a time are at risk at it, and so are those last seen at it
		share *= 1 - float64(ended)/float64(atRisk)
		switch {
		case share < 0.5-exact && math.IsNaN(half):
			return float64(at)
		case share < 0.5-exact:
			return (half + float64(at)) / 2
		case share <= 0.5+exact && math.IsNaN(half):
			half = float64(at)
		}
		i = next
	}
	return half
}

// median returns the middle of the durations that ended, between the two in the middle where they are even; NaN where there
// are none. The spells are put in order.
func median(spells []spell) float64 {
	ended := make([]time.Duration, 0, len(spells))
	for _, s := range spells {
		if s.ended {
			ended = append(ended, s.lasted)
		}
	}
	if len(ended) == 0 {
		return math.NaN()
	}
	slices.Sort(ended)
	n := len(ended)
	return (float64(ended[(n-1)/2]) + float64(ended[n/2])) / 2
}

// mean returns the mean of the durations that ended; NaN where there are none.
func mean(spells []spell) float64 {
	sum, n := time.Duration(0), 0
	for _, s := range spells {
		if s.ended {
			sum, n = sum+s.lasted, n+1
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return float64(sum) / float64(n)
}
