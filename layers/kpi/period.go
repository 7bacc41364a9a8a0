package kpi

import "time"

// Window is a stretch of time: From <= t < To.
type Window struct{ From, To time.Time }

// Weeks returns its length in weeks.
func (w Window) Weeks() float64 { return w.To.Sub(w.From).Hours() / (7 * 24) }

// Until returns the part of the window that is before a moment; it may be empty, and never begins after it ends.
func (w Window) Until(t time.Time) Window {
	if w.To.After(t) {
		w.To = t
	}
	if w.From.After(w.To) {
		w.From = w.To
	}
	return w
}

// YearBefore returns the same period of the year before (同比), as calendars have it in a zone: 29 February becomes the 28th.
func (w Window) YearBefore(zone *time.Location) Window {
	return Window{monthsOn(w.From.In(zone), -12), monthsOn(w.To.In(zone), -12)}
}

// Previous returns the period just before (环比): as many months where the window is of whole months in a zone, else as long a
// time.
func (w Window) Previous(zone *time.Location) Window {
	from, to := w.From.In(zone), w.To.In(zone)
	if months := monthsBetween(from, to); months > 0 {
		return Window{monthsOn(from, -months), from}
	}
	return Window{from.Add(-to.Sub(from)), from}
}

// monthsBetween returns how many months there are from the begin of one to the begin of another; 0 where either is not one.
func monthsBetween(from, to time.Time) int {
	begins := func(t time.Time) bool {
		return t.Equal(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location()))
	}
	if !begins(from) || !begins(to) {
		return 0
	}
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}

// monthsOn moves a moment by months; a day that the month does not have becomes its last.
func monthsOn(t time.Time, months int) time.Time {
	moved := t.AddDate(0, months, 0)
	if moved.Day() != t.Day() {
		moved = moved.AddDate(0, 0, -moved.Day())
	}
	return moved
}
