package api_test

import (
	"strings"
	"testing"
)

func TestCalendarTellsWorkingDaysAndHours(t *testing.T) {
	t.Parallel()
	s := reading(t)
	type calendar struct {
		Hours [][]string
		Days  []struct {
			Date, Title        string
			Working, Published bool
		}
	}
	a := decode[calendar](t, s.get(t, "", "/calendar?from=2017-09-29&to=2017-10-09", 200))
	got := ""
	for _, d := range a.Days {
		got += map[bool]string{true: "工", false: "休"}[d.Working]
		if !d.Published {
			t.Errorf("%s is not published", d.Date)
		}
	}
	if got != "工工休休休休休休休休工" || a.Days[2].Title != "国庆节" || a.Days[1].Date != "2017-09-30" {
		t.Errorf("around the national day: %s, %+v", got, a.Days)
	}
	if len(a.Hours) != 2 || strings.Join(a.Hours[0], "-") != "09:00-12:00" || strings.Join(a.Hours[1], "-") != "13:30-17:30" {
		t.Errorf("hours %v", a.Hours)
	}
	if far := decode[calendar](t, s.get(t, "", "/calendar?from=2038-10-01&to=2038-10-01", 200)).Days[0]; far.Published || !far.Working {
		t.Errorf("a Friday of a year without a notice: %+v", far)
	}
	if n := len(decode[calendar](t, s.get(t, "", "/calendar", 200)).Days); n < 29 || n > 32 {
		t.Errorf("%d days from today", n)
	}
	for query, want := range map[string]string{"from=2017-01-01&to=2020-01-01": "800", "from=2017-01-02&to=2017-01-01": "1 to 800", "from=0001-01-01&to=9999-01-01": "3651695 days", "from=soon": "from"} {
		if r := s.get(t, "", "/calendar?"+query, 400); !strings.Contains(string(r.body), want) {
			t.Errorf("%s: %s", query, r.body)
		}
	}
}
