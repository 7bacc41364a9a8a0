package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

type kpiPoint struct {
	Value       *float64
	Numerator   float64
	Denominator float64
	Records     string
}

type kpiFigure struct {
	ID, Unit, Better       string
	Title, Formula, Reason map[string]string
	kpiPoint
	Baseline  kpiPoint
	Change    struct{ Absolute, Relative, Points *float64 }
	Small     bool
	RecordsOf string `json:"records_of"`
}

type kpiAnswer struct {
	Period, Baseline struct{ Start, End, Kind string }
	Scope            string
	Seq              uint64
	KPIs             []kpiFigure
	Areas            []struct {
		Code, Name string
		KPIs       []kpiFigure
	}
}

// figure returns the figure of an id.
func figure(t *testing.T, all []kpiFigure, id string) *kpiFigure {
	t.Helper()
	for i := range all {
		if all[i].ID == id {
			return &all[i]
		}
	}
	t.Fatalf("no figure %s", id)
	return nil
}

func text(x *float64, format string) string {
	if x == nil {
		return "null"
	}
	return fmt.Sprintf(format, *x)
}

// quarter is the period whose figures were published, beside the same of the year before.
const quarter = "/analytics/kpi?period=2017-07-01/2017-09-30"

func TestPublishedFiguresComeOutOfTheEndpoint(t *testing.T) {
	t.Parallel()
	a := decode[kpiAnswer](t, reading(t).get(t, "viewer", quarter, 200))
	complaints, found := figure(t, a.KPIs, "complaints_filed"), figure(t, a.KPIs, "active_discoveries")
	spot, took := figure(t, a.KPIs, "on_spot_rate"), figure(t, a.KPIs, "handling_mean")
	got := []string{
		text(complaints.Change.Relative, "%+.2f %%"), text(found.Change.Relative, "%+.2f %%"), text(spot.Change.Relative, "%+.2f %%"), text(spot.Change.Points, "%+.2f pp"),
		text(took.Change.Absolute, "%.2f d"), text(took.Change.Relative, "%.2f %%"),
	}
	want := []string{"+86.21 %", "+274.71 %", "+3.29 %", "+3.00 pp", "-1.79 d", "-48.25 %"}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("got %s, want %s", got, want)
	}
	if a.Baseline.Start != "2016-07-01T00:00:00+08:00" || a.Baseline.End != "2016-09-30T23:59:59.999999+08:00" || a.Baseline.Kind != "year" {
		t.Errorf("baseline %+v", a.Baseline)
	}
}

func TestRecordsAreThoseOfTheNumerator(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for _, path := range []string{quarter, quarter + "&scope=" + limitedTo + "&level=%3E%3D2&baseline=previous", quarter + "&by=community&id=red_lights,closing_on_time,handling_mean"} {
		a := decode[kpiAnswer](t, s.get(t, "viewer", path, 200))
		all := a.KPIs
		for _, area := range a.Areas {
			all = append(all, area.KPIs...)
		}
		for _, f := range all {
			for n, p := range []kpiPoint{f.kpiPoint, f.Baseline} {
				if n == 1 && f.Title == nil {
					continue // areas have no links to the records of the baseline
				}
				if p.Records == "" {
					if f.Value != nil || f.Reason["zh"] == "" || f.Reason["en"] == "" {
						t.Errorf("%s has neither records nor a reason", f.ID)
					}
					continue
				}
				want := p.Numerator
				if f.RecordsOf == "denominator" {
					want = p.Denominator
				}
				items := decode[featureCollection](t, s.get(t, "viewer", p.Records+"&limit=1&properties=code", 200))
				if float64(items.NumberMatched) != want {
					t.Errorf("%s: %d records, the figure counts %g: %s", f.ID, items.NumberMatched, want, p.Records)
				}
			}
		}
	}
}

func TestFiguresHoldTogether(t *testing.T) {
	t.Parallel()
	s := reading(t)
	a := decode[kpiAnswer](t, s.get(t, "viewer", quarter, 200))
	n := func(id string) float64 { return figure(t, a.KPIs, id).Numerator }
	for _, f := range a.KPIs {
		if f.Numerator > f.Denominator && !strings.HasPrefix(f.ID, "per_") {
			t.Errorf("%s: %g of %g", f.ID, f.Numerator, f.Denominator)
		}
		if f.Title["zh"] == "" || f.Title["en"] == "" || f.Formula["zh"] == "" || f.Formula["en"] == "" {
			t.Errorf("%s lacks words", f.ID)
		}
		if f.Unit == "%" && f.Value != nil && (*f.Value < 0 || *f.Value > 100) {
			t.Errorf("%s is %g %%", f.ID, *f.Value)
		}
	}
	due := figure(t, a.KPIs, "closing_rate").Denominator
	for name, sides := range map[string][2]float64{
		"closed in time and late are closed":   {n("closing_on_time") + n("closing_late"), n("closing_rate")},
		"disposed and overdue are due":         {n("disposal_rate") + n("disposal_overdue"), due},
		"red lights are of ours and of others": {n("red_lights_grid") + n("red_lights_public"), n("red_lights")},
	} {
		if sides[0] != sides[1] {
			t.Errorf("%s: %g and %g", name, sides[0], sides[1])
		}
	}
}

func TestAreasAddUpToTheWhole(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for _, by := range []string{"community", "zone", "grid"} {
		for _, scope := range []string{"", "&scope=" + limitedTo} {
			a := decode[kpiAnswer](t, s.get(t, "viewer", quarter+"&by="+by+scope, 200))
			for i, f := range a.KPIs {
				sum := 0.0
				for _, area := range a.Areas {
					sum += area.KPIs[i].Numerator
				}
				if f.ID != "peak_hour" && sum != f.Numerator {
					t.Errorf("by %s%s: the areas have %g of %s, the whole %g", by, scope, sum, f.ID, f.Numerator)
				}
			}
		}
	}
	a := decode[kpiAnswer](t, s.get(t, "viewer", quarter+"&by=community", 200))
	for _, area := range a.Areas {
		if area.Code != limitedTo {
			continue
		}
		alone := decode[kpiAnswer](t, s.get(t, "viewer", quarter+"&scope="+limitedTo, 200))
		for i, f := range alone.KPIs {
			if got, want := text(area.KPIs[i].Value, "%g"), text(f.Value, "%g"); got != want {
				t.Errorf("%s of %s: %s as an area, %s as the scope", f.ID, area.Name, got, want)
			}
		}
	}
}

func TestFiguresAreOnlyOfWhatTheCallerSees(t *testing.T) {
	t.Parallel()
	s := reading(t)
	s.get(t, "", quarter, 404)
	limited := decode[kpiAnswer](t, s.get(t, "limited", quarter+"&by=community", 200))
	whole := decode[kpiAnswer](t, s.get(t, "dispatcher", quarter+"&scope="+limitedTo, 200))
	if len(limited.Areas) != 1 || limited.Areas[0].Code != limitedTo {
		t.Errorf("the limited caller sees the areas %+v", limited.Areas)
	}
	for i, f := range whole.KPIs {
		if got, want := text(limited.KPIs[i].Value, "%g"), text(f.Value, "%g"); got != want {
			t.Errorf("%s: %s to the limited caller, %s in that scope", f.ID, got, want)
		}
	}
}

func TestFiguresOfTheUsualPeriodAndTheirETag(t *testing.T) {
	t.Parallel()
	s := reading(t)
	r := s.get(t, "viewer", "/analytics/kpi", 200)
	a := decode[kpiAnswer](t, r)
	if a.Period.Start != "2017-12-02T00:00:00+08:00" || a.Period.End != "2017-12-31T23:59:59.999999+08:00" {
		t.Errorf("the usual period is %+v", a.Period)
	}
	again := s.do(t, "viewer", http.MethodGet, "/analytics/kpi", "", "If-None-Match", r.Header.Get("ETag"))
	if again.StatusCode != 304 {
		t.Errorf("asked again: %d", again.StatusCode)
	}
	self := decode[kpiAnswer](t, s.get(t, "viewer", "/analytics/kpi?period="+url.QueryEscape(a.Period.Start+"/"+a.Period.End), 200))
	if self.Period != a.Period {
		t.Errorf("the period of an answer asks for %+v", self.Period)
	}
}

func TestKPIRefusesInSentences(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for query, want := range map[string]string{
		"period=2017-07-01/..": "both", "period=2017-09-30/2017-07-01": "the earlier first", "period=soon": "period", "baseline=yesterday": "baseline", "by=street": "community",
		"id=closing_rat": "closing_rate", "scope=12": "scope", "levle=3": "level",
	} {
		if want == "both" {
			want = "two days"
		}
		if r := s.get(t, "viewer", "/analytics/kpi?"+query, 400); !strings.Contains(string(r.body), want) {
			t.Errorf("%s: %s", query, r.body)
		}
	}
}
