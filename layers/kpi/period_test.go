package kpi_test

import (
	"testing"
	"time"

	"shapan/layers/kpi"
	"shapan/layers/worktime"
)

func window(t *testing.T, from, to string) kpi.Window {
	t.Helper()
	read := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", s, worktime.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	return kpi.Window{From: read(from), To: read(to)}
}

func TestBaselines(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ from, to, yearFrom, yearTo, prevFrom, prevTo string }{
		{"2017-07-01 00:00", "2017-10-01 00:00", "2016-07-01 00:00", "2016-10-01 00:00", "2017-04-01 00:00", "2017-07-01 00:00"},
		{"2017-01-01 00:00", "2018-01-01 00:00", "2016-01-01 00:00", "2017-01-01 00:00", "2016-01-01 00:00", "2017-01-01 00:00"},
		{"2017-03-01 00:00", "2017-04-01 00:00", "2016-03-01 00:00", "2016-04-01 00:00", "2017-02-01 00:00", "2017-03-01 00:00"},
		{"2017-12-02 00:00", "2018-01-01 00:00", "2016-12-02 00:00", "2017-01-01 00:00", "2017-11-02 00:00", "2017-12-02 00:00"},
		{"2016-02-29 00:00", "2016-03-01 00:00", "2015-02-28 00:00", "2015-03-01 00:00", "2016-02-28 00:00", "2016-02-29 00:00"},
		{"2017-12-04 08:00", "2017-12-04 20:30", "2016-12-04 08:00", "2016-12-04 20:30", "2017-12-03 19:30", "2017-12-04 08:00"},
	} {
		w := window(t, x.from, x.to)
		if got, want := w.YearBefore(worktime.Zone()), window(t, x.yearFrom, x.yearTo); !got.From.Equal(want.From) || !got.To.Equal(want.To) {
			t.Errorf("a year before %v: %v, want %v", w, got, want)
		}
		if got, want := w.Previous(worktime.Zone()), window(t, x.prevFrom, x.prevTo); !got.From.Equal(want.From) || !got.To.Equal(want.To) {
			t.Errorf("before %v: %v, want %v", w, got, want)
		}
	}
	w := window(t, "2017-12-01 00:00", "2018-01-01 00:00")
	if cut := w.Until(window(t, "2017-12-04 10:00", "2017-12-04 10:00").To); cut.To.Day() != 4 || cut.From != w.From {
		t.Errorf("until the 4th: %v", cut)
	}
	if cut := w.Until(w.From.AddDate(0, -1, 0)); cut.From.After(cut.To) {
		t.Errorf("a window that has not begun: %v", cut)
	}
}
