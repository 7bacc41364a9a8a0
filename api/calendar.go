package api

import (
	"fmt"
	"net/http"
	"time"

	"shapan/layers"
)

// calendarDays bounds what is asked of the calendar at once.
const calendarDays = 800

// calendarAnswer is the answer of /calendar.
type calendarAnswer struct {
	Hours [][2]string   `json:"hours"` // of a working day: from and to
	Days  []calendarDay `json:"days"`
}

type calendarDay struct {
	Date      string `json:"date"`
	Working   bool   `json:"working"`
	Title     string `json:"title,omitempty"` // of the holiday, or of the one that the day is worked for
	Published bool   `json:"published"`       // false: the year's notice is not known, and Monday to Friday are worked
}

// workCalendar answers /calendar?from=&to=: which days are worked, and when. Without dates it is the month from today on.
func (s *Server) workCalendar(w http.ResponseWriter, c *call) error {
	from, to := c.params.instant("from", c.params.text("from"), false), c.params.instant("to", c.params.text("to"), false)
	if err := c.params.done(); err != nil {
		return err
	}
	if from.IsZero() {
		from = s.Clock()
	}
	from = midnight(from)
	if to.IsZero() {
		to = from.AddDate(0, 1, 0)
	}
	days := int((midnight(to).Unix()-from.Unix())/(24*60*60)) + 1 // a Duration ends after 292 years
	if days < 1 || days > calendarDays {
		return layers.Invalid("to", "from %s to %s is %d days: expected 1 to %d, the first before the last", from.Format(time.DateOnly), to.In(chinaTime).Format(time.DateOnly), days, calendarDays)
	}
	out := calendarAnswer{Hours: [][2]string{}, Days: make([]calendarDay, days)}
	for _, h := range s.calendar.Hours() {
		out.Hours = append(out.Hours, [2]string{clock(h.From), clock(h.To)})
	}
	for i := range out.Days {
		d := s.calendar.Day(from.AddDate(0, 0, i))
		out.Days[i] = calendarDay{d.Date.Format(time.DateOnly), d.Working, d.Title, d.Published}
	}
	weakTag(w, from, days, out.Hours, s.Version)
	return writeJSON(w, c, http.StatusOK, out)
}

// midnight returns the begin of a moment's day in China.
func midnight(t time.Time) time.Time {
	y, m, d := t.In(chinaTime).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, chinaTime)
}

// clock writes a time of the day.
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}
