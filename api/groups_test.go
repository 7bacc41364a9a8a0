package api_test

import (
	"net/url"
	"strings"
	"testing"
)

type groupsAnswer struct {
	Layer   string
	Matched int
	By      []string
	Groups  []struct {
		Key   []string
		Title []map[string]string
		Count int
		Sum   *float64
		Mean  *float64
	}
}

// Groups add up to what matches, each holds what its key chooses, and they come in order.
func TestGroupsAddUpAndTheirKeysChooseThem(t *testing.T) {
	t.Parallel()
	s := reading(t)
	const some = "scope=" + limitedTo + "&datetime=2017-01-01/2017-06-30"
	matched := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&"+some, 200)).NumberMatched
	for _, by := range []string{"level", "domain", "request", "grid", "source,level", "self_found", "community", "domain,stage,level"} {
		a := decode[groupsAnswer](t, s.get(t, "viewer", "/analytics/groups/events?"+some+"&by="+by, 200))
		sum := 0
		for i, g := range a.Groups {
			sum += g.Count
			if i > 3 {
				continue
			}
			q := url.Values{}
			for n, field := range strings.Split(by, ",") {
				q.Set(field, g.Key[n])
				if g.Title[n]["zh"] == "" || g.Title[n]["en"] == "" {
					t.Errorf("by %s: %v has no title", by, g.Key)
				}
			}
			if n := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&"+some+"&"+q.Encode(), 200)).NumberMatched; n != g.Count {
				t.Errorf("by %s: %v has %d, its key chooses %d", by, g.Key, g.Count, n)
			}
		}
		if sum != matched || a.Matched != matched {
			t.Errorf("by %s: the groups add up to %d, matched %d, want %d", by, sum, a.Matched, matched)
		}
	}
}

func TestGroupsByTimeAreOfChina(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for _, x := range []struct{ by, first, zh, en string }{
		{"month", "2017-01", "2017年1月", "Jan 2017"}, {"day", "2017-01-01", "2017-01-01", "2017-01-01"}, {"week", "2016-12-26", "2016-12-26 起一周", "week of 2016-12-26"},
		{"hour", "0", "0时", "00:00"}, {"weekday", "1", "周一", "Monday"},
	} {
		a := decode[groupsAnswer](t, s.get(t, "viewer", "/analytics/groups/events?datetime=2017-01-01/2017-12-31&by="+x.by, 200))
		if g := a.Groups[0]; g.Key[0] != x.first || g.Title[0]["zh"] != x.zh || g.Title[0]["en"] != x.en {
			t.Errorf("by %s: the first is %v %v", x.by, g.Key, g.Title)
		}
		if want := map[string]int{"month": 12, "day": 365, "week": 53, "hour": 24, "weekday": 7}[x.by]; len(a.Groups) != want {
			t.Errorf("by %s: %d groups, want %d", x.by, len(a.Groups), want)
		}
	}
	a := decode[groupsAnswer](t, s.get(t, "viewer", "/analytics/groups/events?by=day&datetime=2017-05-01/2017-05-31", 200))
	for _, g := range a.Groups {
		if n := decode[featureCollection](t, s.get(t, "viewer", "/collections/events/items?limit=1&datetime="+g.Key[0], 200)).NumberMatched; n != g.Count {
			t.Errorf("%s has %d, the day has %d", g.Key[0], g.Count, n)
		}
	}
}

func TestGroupsFollowTheOrderOfCodesAndAddWeights(t *testing.T) {
	t.Parallel()
	s := reading(t)
	a := decode[groupsAnswer](t, s.get(t, "viewer", "/analytics/groups/events?by=severity", 200))
	var order []string
	for _, g := range a.Groups {
		order = append(order, g.Key[0])
	}
	if strings.Join(order, " ") != "low moderate high critical" {
		t.Errorf("severities come as %v", order)
	}
	b := decode[groupsAnswer](t, s.get(t, "", "/analytics/groups/grids?by=community&weight=households", 200))
	sum := 0.0
	for _, g := range b.Groups {
		sum += *g.Sum
		if *g.Mean*float64(g.Count)-*g.Sum > 0.01 || g.Title[0]["zh"] == g.Key[0] {
			t.Errorf("%v: sum %g, mean %g of %d, title %v", g.Key, *g.Sum, *g.Mean, g.Count, g.Title)
		}
	}
	if len(b.Groups) != 12 || sum != 23736 {
		t.Errorf("%d communities with %g households", len(b.Groups), sum)
	}
	last := decode[groupsAnswer](t, s.get(t, "viewer", "/analytics/groups/events?by=request", 200)).Groups
	if g := last[len(last)-1]; g.Key[0] != "null()" || g.Title[0]["zh"] != "未填" {
		t.Errorf("what has no request comes last, %v %v did", g.Key, g.Title)
	}
}

func TestGroupsRefuse(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for query, want := range map[string]string{
		"": "by is needed", "by=levle": "level", "by=code": "10000", "by=level,domain,stage,source": "1 to 3", "by=level&weight=title": "number", "by=level&weight=nothing": "field",
	} {
		if r := s.get(t, "viewer", "/analytics/groups/events?"+query, 400); !strings.Contains(string(r.body), want) {
			t.Errorf("%q: %s, want it to say %s", query, r.body, want)
		}
	}
	s.get(t, "", "/analytics/groups/grids?by=hour", 400)
	s.get(t, "", "/analytics/groups/events?by=level", 404)
}
