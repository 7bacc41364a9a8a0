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
// that last longer is at most a half. Spells that have not ended count for as long as they are known to have lasted. It is NaN
// where the share stays above a half. The spells are put in order.
func survivalMedian(spells []spell) float64 {
	slices.SortFunc(spells, func(a, b spell) int { return cmp.Compare(a.lasted, b.lasted) })
	share := 1.0
	for i := 0; i < len(spells); {
		at, ended, next := spells[i].lasted, 0, i
		for ; next < len(spells) && spells[next].lasted == at; next++ {
			if spells[next].ended {
				ended++
			}
		}
		atRisk := len(spells) - i // those that end at a time are at risk at it, and so are those last seen at it
		share *= 1 - float64(ended)/float64(atRisk)
		if share <= 0.5+1e-12 {
			return float64(at)
		}
		i = next
	}
	return math.NaN()
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
