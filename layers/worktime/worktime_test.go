package worktime_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"shapan/layers/worktime"
)

// at reads a moment in China.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	m, err := time.ParseInLocation("2006-01-02 15:04", text, worktime.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The notices of the State Council for 2017 and 2018, day by day where they differ from the week.
func TestHolidaysAndDaysWorkedInReturn(t *testing.T) {
	t.Parallel()
	c := worktime.New()
	for date, want := range map[string]bool{
		"2017-01-22": true, "2017-01-27": false, "2017-02-02": false, "2017-02-03": true, "2017-02-04": true, "2017-05-01": false, "2017-05-27": true,
		"2017-09-30": true, "2017-10-01": false, "2017-10-06": false, "2017-10-08": false, "2017-10-09": true, "2017-12-30": false, "2018-01-01": false,
		"2018-02-11": true, "2018-02-15": false, "2018-02-24": true, "2016-02-06": true, "2016-06-12": true,
	} {
		if d := c.Day(at(t, date+" 23:59")); d.Working != want || !d.Published || d.Date.Format(time.DateOnly) != date {
			t.Errorf("%s: working %v, published %v, want %v", date, d.Working, d.Published, want)
		}
	}
	if got := c.Day(at(t, "2017-10-02 08:00")).Title; got != "国庆节" {
		t.Errorf("2 October is %q", got)
	}
}

func TestAYearWithoutANoticeSaysSoAndGoesByTheWeek(t *testing.T) {
	t.Parallel()
	c := worktime.New()
	for date, want := range map[string]bool{"2039-10-03": true, "2039-10-01": false, "1999-10-01": true, "2099-12-31": true} {
		if d := c.Day(at(t, date+" 12:00")); d.Published || d.Working != want {
			t.Errorf("%s: published %v, working %v, want false, %v", date, d.Published, d.Working, want)
		}
	}
}

func TestWorkingTimeBetween(t *testing.T) {
	t.Parallel()
	c := worktime.New()
	for _, x := range []struct {
		from, to string
		want     time.Duration
	}{
		{"2017-12-04 08:00", "2017-12-04 18:00", 7 * time.Hour},
		{"2017-12-04 11:30", "2017-12-04 14:00", time.Hour},
		{"2017-12-04 12:00", "2017-12-04 13:30", 0},
		{"2017-12-01 17:00", "2017-12-04 09:30", time.Hour},               // over a weekend
		{"2017-09-29 17:30", "2017-10-09 09:00", 7 * time.Hour},           // 30 September, a Saturday, is worked
		{"2017-12-04 00:00", "2017-12-11 00:00", 35 * time.Hour},          // a week
		{"2016-01-01 00:00", "2017-01-01 00:00", 250 * 7 * time.Hour},     // 366 days less 105 of weekends and 11 statutory holidays
		{"2039-03-07 00:00", "2039-03-14 00:00", 35 * time.Hour},          // by the week
		{"2040-12-31 12:00", "2041-01-01 12:00", (4 + 3) * time.Hour},     // over the end of the list
		{"2001-12-31 12:00", "2002-01-04 00:00", (4 + 0 + 0) * time.Hour}, // over its begin
	} {
		if got := c.Between(at(t, x.from), at(t, x.to)); got != x.want {
			t.Errorf("%s to %s: %s, want %s", x.from, x.to, got, x.want)
		}
		if got := c.Between(at(t, x.to), at(t, x.from)); got != -x.want {
			t.Errorf("%s back to %s: %s, want %s", x.to, x.from, got, -x.want)
		}
	}
}

// Between against counting minute by minute, and Add as its inverse.
func TestBetweenAndAddAgreeWithCounting(t *testing.T) {
	t.Parallel()
	c := worktime.New()
	rng := rand.New(rand.NewPCG(1, 2))
	begin := at(t, "2017-09-25 00:00")
	works := func(m time.Time) bool {
		since := m.Sub(c.Day(m).Date)
		for _, h := range c.Hours() {
			if since >= h.From && since < h.To {
				return c.Day(m).Working
			}
		}
		return false
	}
	for range 60 {
		from := begin.Add(time.Duration(rng.IntN(20*24*60)) * time.Minute)
		to := from.Add(time.Duration(rng.IntN(9*24*60)) * time.Minute)
		sum := time.Duration(0)
		for m := from; m.Before(to); m = m.Add(time.Minute) {
			if works(m) {
				sum += time.Minute
			}
		}
		if got := c.Between(from, to); got != sum {
			t.Fatalf("%s to %s: %s, counted %s", from, to, got, sum)
		}
		end := c.Add(from, sum)
		if got := c.Between(from, end); got != sum || end.After(to) {
			t.Fatalf("%s and %s of work: ends %s, which is %s", from, sum, end, got)
		}
	}
}

func TestLimitsByUnit(t *testing.T) {
	t.Parallel()
	c := worktime.New()
	for _, x := range []struct {
		from   string
		amount float64
		unit   worktime.Unit
		want   string
	}{
		{"2017-12-04 10:00", 5, worktime.WorkingHours, "2017-12-04 16:30"},
		{"2017-12-04 16:30", 5, worktime.WorkingHours, "2017-12-05 14:30"},
		{"2017-12-01 10:00", 1, worktime.WorkingDays, "2017-12-04 10:00"},
		{"2017-09-29 10:00", 5, worktime.WorkingDays, "2017-10-12 10:00"},
		{"2017-12-04 10:00", 1.5, worktime.WorkingDays, "2017-12-05 15:00"},
		{"2017-12-30 23:00", 2, worktime.EmergencyHours, "2017-12-31 01:00"},
		{"2017-12-02 23:00", 0, worktime.WorkingHours, "2017-12-02 23:00"},
	} {
		if got := c.Due(at(t, x.from), x.amount, x.unit); !got.Equal(at(t, x.want)) {
			t.Errorf("%s and %g %s: %s, want %s", x.from, x.amount, x.unit, got, x.want)
		}
	}
}

func TestHoursAreRead(t *testing.T) {
	t.Parallel()
	hours, err := worktime.ParseHours("08:30-12:00, 14:00-17:30")
	if err != nil || len(hours) != 2 || hours[1].From != 14*time.Hour {
		t.Fatalf("%v, %v", hours, err)
	}
	if got := worktime.New(hours...).Between(at(t, "2017-12-04 00:00"), at(t, "2017-12-05 00:00")); got != 7*time.Hour {
		t.Errorf("a day has %s", got)
	}
	for _, text := range []string{"", "9-12", "12:00-09:00", "09:00-12:00,11:00-13:00", "13:00-14:00,09:00-12:00", "09:00"} {
		if hours, err := worktime.ParseHours(text); err == nil {
			t.Errorf("%q is read as %v", text, hours)
		}
	}
}

func BenchmarkBetween(b *testing.B) {
	c := worktime.New()
	from := time.Date(2017, 7, 3, 10, 0, 0, 0, worktime.Zone())
	to := from.Add(50 * time.Hour)
	for b.Loop() {
		c.Between(from, to)
	}
}
