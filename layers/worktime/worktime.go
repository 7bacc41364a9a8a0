// Package worktime counts time as offices in China do: by working hours on working days. Which days are worked comes from the
// yearly notices of the State Council on holidays and the days worked in return (调休). All days are days of China's one zone.
package worktime

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
)

// Unit is what a time limit is counted in.
type Unit string

// The units of limits: hours of work, days of work, and hours that run day and night (紧急工作时).
const (
	WorkingHours   Unit = "working_hours"
	WorkingDays    Unit = "working_days"
	EmergencyHours Unit = "emergency_hours"
)

// Span is a stretch of a day, from midnight: From <= t < To.
type Span struct{ From, To time.Duration }

// Office returns the usual hours of an office: 9:00 to 12:00 and 13:30 to 17:30.
func Office() []Span {
	return []Span{{9 * time.Hour, 12 * time.Hour}, {13*time.Hour + 30*time.Minute, 17*time.Hour + 30*time.Minute}}
}

// ParseHours reads the hours of a working day, such as 09:00-12:00,13:30-17:30: in order, and apart.
func ParseHours(text string) ([]Span, error) {
	wrong := fmt.Errorf("hours %.60q: expected stretches of a day in order, such as 09:00-12:00,13:30-17:30", text)
	var all []Span
	for part := range strings.SplitSeq(text, ",") {
		first, last, ok := strings.Cut(strings.TrimSpace(part), "-")
		from, err1 := time.Parse("15:04", first)
		to, err2 := time.Parse("15:04", last)
		if !ok || err1 != nil || err2 != nil {
			return nil, wrong
		}
		midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
		s := Span{from.Sub(midnight), to.Sub(midnight)}
		if s.To <= s.From || len(all) > 0 && s.From < all[len(all)-1].To {
			return nil, wrong
		}
		all = append(all, s)
	}
	return all, nil
}

// Day is what a calendar says of a day.
type Day struct {
	Date      time.Time // its midnight in China
	Working   bool
	Title     string // of the holiday that it is, or that it is worked for, in Chinese; empty on an ordinary day
	Published bool   // whether the year's notice is known here; where not, Monday to Friday are worked
}

// The years that a Calendar lists day by day; before and after, it goes by the week.
const (
	firstYear = 2002
	lastYear  = 2040
)

// Calendar is a working calendar. It is only read, by any number of goroutines.
type Calendar struct {
	hours  []Span
	daily  time.Duration // of work on a day
	begin  int64         // the number of the first day listed, in days since 1970
	worked []int         // working days before each day listed, and one past the last
	named  map[int64]holiday
	years  map[int]bool // of known notices
}

type holiday struct {
	title string
	work  bool
}

// New returns the calendar of China with the hours of a working day, in order and not overlapping; none: Office.
func New(hours ...Span) *Calendar {
	if len(hours) == 0 {
		hours = Office()
	}
	c := &Calendar{hours: slices.Clone(hours), named: map[int64]holiday{}, years: map[int]bool{}}
	for _, h := range c.hours {
		c.daily += h.To - h.From
	}
	for year := firstYear; year <= lastYear; year++ {
		c.read(year)
	}
	c.begin = number(time.Date(firstYear, 1, 1, 0, 0, 0, 0, Zone()))
	n := 0
	for day := c.begin; day < number(time.Date(lastYear+1, 1, 1, 0, 0, 0, 0, Zone())); day++ {
		c.worked = append(c.worked, n)
		if c.works(day) {
			n++
		}
	}
	c.worked = append(c.worked, n)
	return c
}

// read takes in the notice of a year.
func (c *Calendar) read(year int) {
	for e := HolidayUtil.GetHolidaysByYear(year).Front(); e != nil; e = e.Next() {
		h, ok := e.Value.(*HolidayUtil.Holiday)
		if !ok {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, h.GetDay(), Zone())
		if err != nil {
			continue
		}
		c.named[number(day)] = holiday{h.GetName(), h.IsWork()}
		if day.YearDay() > 5 && day.YearDay() < 355 { // a New Year's holiday may stand in the notice of the year beside
			c.years[day.Year()] = true
		}
	}
}

// Zone is China's: one zone, without summer time since 1991.
func Zone() *time.Location { return time.FixedZone("Asia/Shanghai", zoneSeconds) }

const (
	zoneSeconds = 8 * 3600
	daySeconds  = 24 * 3600
	day         = 24 * time.Hour
)

// number returns the number of a moment's day in China, in days since 1970.
func number(t time.Time) int64 {
	s := t.Unix() + zoneSeconds
	n := s / daySeconds
	if s%daySeconds < 0 {
		n--
	}
	return n
}

// midnight returns the begin of a day.
func midnight(n int64) time.Time { return time.Unix(n*daySeconds-zoneSeconds, 0).In(Zone()) }

// works tells whether a day is worked.
func (c *Calendar) works(n int64) bool {
	if h, ok := c.named[n]; ok {
		return h.work
	}
	return weekdays(n+1)-weekdays(n) == 1
}

// weekdays returns how many days from Monday to Friday are before a day, counted from Monday 1969-12-29, which was day -3.
func weekdays(n int64) int64 {
	n += 3
	week := n / 7
	if n%7 < 0 {
		week--
	}
	return week*5 + min(n-week*7, 5)
}

// before returns how many working days are before a day, from some day on.
func (c *Calendar) before(n int64) int64 {
	end := c.begin + int64(len(c.worked)-1)
	switch {
	case n < c.begin:
		return weekdays(n) - weekdays(c.begin)
	case n > end:
		return int64(c.worked[len(c.worked)-1]) + weekdays(n) - weekdays(end)
	}
	return int64(c.worked[n-c.begin])
}

// Hours returns the hours of a working day. The slice is a copy.
func (c *Calendar) Hours() []Span { return slices.Clone(c.hours) }

// Day returns what is known of the day of a moment.
func (c *Calendar) Day(t time.Time) Day {
	n := number(t)
	d := Day{Date: midnight(n), Working: c.works(n), Title: c.named[n].title}
	d.Published = c.years[d.Date.Year()]
	return d
}

// passed returns the working time of a day until a moment of it, whether or not the day is worked.
func (c *Calendar) passed(since time.Duration) (sum time.Duration) {
	for _, h := range c.hours {
		sum += max(0, min(since, h.To)-h.From)
	}
	return sum
}

// until returns the working time before a moment, from some day on.
func (c *Calendar) until(t time.Time) time.Duration {
	n := number(t)
	sum := time.Duration(c.before(n)) * c.daily
	if c.works(n) {
		sum += c.passed(time.Duration(t.Unix()+zoneSeconds-n*daySeconds)*time.Second + time.Duration(t.Nanosecond()))
	}
	return sum
}

// Between returns the working time between two moments: negative where the second is the earlier.
func (c *Calendar) Between(from, to time.Time) time.Duration { return c.until(to) - c.until(from) }

// longest is how much working time Add adds at most, in days of 24 hours.
const longest = 3660

// Add returns the moment at which a working time has passed from a moment on: the earliest such. What is not positive adds
// nothing, and it adds at most ten years of hours.
func (c *Calendar) Add(from time.Time, work time.Duration) time.Time {
	if work <= 0 || c.daily <= 0 {
		return from
	}
	due := c.until(from) + min(work, longest*day)
	n := number(from)
	for c.workedThrough(n) < due {
		n++
	}
	left := due - time.Duration(c.before(n))*c.daily
	for _, h := range c.hours {
		if left <= h.To-h.From {
			return midnight(n).Add(h.From + left)
		}
		left -= h.To - h.From
	}
	return midnight(n).Add(day) // not reached: the day was chosen because the rest is done in it
}

// workedThrough returns the working time before the end of a day.
func (c *Calendar) workedThrough(n int64) time.Duration {
	return time.Duration(c.before(n+1)) * c.daily
}

// Due returns when a limit ends: hours of work, days of work (at the same time of the n-th working day after), or hours that
// run day and night. Parts of days of work count as parts of their hours.
func (c *Calendar) Due(from time.Time, amount float64, u Unit) time.Time {
	switch u {
	case WorkingHours:
		return c.Add(from, time.Duration(amount*float64(time.Hour)))
	case WorkingDays:
		whole := int(min(max(amount, 0), longest))
		at := from
		for range whole {
			for at = at.Add(day); !c.works(number(at)); {
				at = at.Add(day)
			}
		}
		return c.Add(at, time.Duration((max(amount, 0)-float64(whole))*float64(c.daily)))
	}
	return from.Add(time.Duration(amount * float64(time.Hour)))
}
