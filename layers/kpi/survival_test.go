package kpi

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// weeks reads spells in weeks: a negative number is of a spell that had not ended when it was last looked at.
func weeks(lasted ...int) (out []spell) {
	for _, n := range lasted {
		out = append(out, spell{time.Duration(max(n, -n)) * 7 * 24 * time.Hour, n > 0})
	}
	return out
}

// The remission times of Freireich and others (1963), the textbook example of Kaplan-Meier: medians of 23 weeks with
// 6-mercaptopurine and 8 weeks with placebo.
func TestSurvivalMedianOfTheTextbook(t *testing.T) {
	t.Parallel()
	const week = float64(7 * 24 * time.Hour)
	drug := weeks(6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35)
	placebo := weeks(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
	if got := survivalMedian(drug) / week; got != 23 {
		t.Errorf("6-mercaptopurine: %g weeks, want 23", got)
	}
	if got := survivalMedian(placebo) / week; got != 8 {
		t.Errorf("placebo: %g weeks, want 8", got)
	}
}

func TestSurvivalMedianIsTheMedianWhereAllHaveEnded(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var all []spell
		for range 1 + rng.IntN(40) {
			all = append(all, spell{time.Duration(1 + rng.IntN(50)), true})
		}
		if got, want := survivalMedian(all), median(all); got != want {
			t.Fatalf("%v: %g, the median is %g", all, got, want)
		}
	}
}

func TestOpenSpellsNeverShortenTheSurvivalMedian(t *testing.T) {
	t.Parallel()
	closed := weeks(1, 2, 3, 4, 5)
	before := survivalMedian(closed)
	if after := survivalMedian(append(closed, weeks(-9, -9)...)); after <= before {
		t.Errorf("with two that last on: %g, without %g", after, before)
	}
	if got := survivalMedian(weeks(1, -2, -2, -2)); !math.IsNaN(got) {
		t.Errorf("most have not ended: %g, want none", got)
	}
	if !math.IsNaN(survivalMedian(nil)) || !math.IsNaN(median(nil)) || !math.IsNaN(mean(nil)) {
		t.Error("nothing has an average")
	}
}
