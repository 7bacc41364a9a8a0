package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// placeCard is what /locate answers, as far as the tests look at it.
type placeCard struct {
	Outside                bool
	Grid, Leader, Partner  *struct{ Code, Duty string }
	Nearest                *struct{ Code string }
	Border                 *float64 `json:"border_metres"`
	Events                 *struct{ Metres, Count, Open float64 }
	Facilities             []facilityNear
	Note, Reason           string
	Error                  string
	Subdistrict, Community *struct{ Code string }
}

type facilityNear struct {
	Category string
	ID       int64
	Metres   float64
}

// somePlaces are places in and around the sample subdistrict.
func somePlaces(n int) (out [][2]float64) {
	random := rand.New(rand.NewPCG(11, 4))
	for range n {
		out = append(out, [2]float64{114.285 + random.Float64()*0.05, 30.54 + random.Float64()*0.05})
	}
	return out
}

func TestLocateCountsEventsAndNamesFacilities(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for _, p := range append(somePlaces(4), [2]float64{114.3105, 30.5767}) {
		at := fmt.Sprintf("lon=%v&lat=%v", p[0], p[1])
		got := decode[placeCard](t, s.get(t, "viewer", "/locate?facilities=50&"+at, 200))
		open := 0
		events := decode[featureCollection](t, s.get(t, "viewer", "/nearest/events?k=1000&radius=200&"+at, 200)).Features
		for _, f := range events {
			if f.Properties["closed_at"] == nil && f.Properties["cancelled_at"] == nil {
				open++
			}
		}
		if got.Events == nil || got.Events.Metres != 200 || len(events) == 1000 || int(got.Events.Count) != len(events) || int(got.Events.Open) != open {
			t.Errorf("%s: events %+v, want %d, %d open", at, got.Events, len(events), open)
		}
		var want []facilityNear
		known := map[any]bool{}
		for _, f := range decode[featureCollection](t, s.get(t, "viewer", "/nearest/facilities?k=1000&radius=1000&"+at, 200)).Features {
			if c := f.Properties["category"]; !known[c] {
				known[c] = true
				want = append(want, facilityNear{c.(string), f.ID, float64(int(f.Distance*10+0.5)) / 10})
			}
		}
		if diff := cmp.Diff(want, got.Facilities); diff != "" {
			t.Errorf("%s: %s", at, diff)
		}
		if few := decode[placeCard](t, s.get(t, "viewer", "/locate?facilities=2&"+at, 200)).Facilities; len(few) != min(2, len(want)) {
			t.Errorf("%s: %d facilities of at most 2", at, len(few))
		}
		if public := decode[placeCard](t, s.get(t, "", "/locate?"+at, 200)); public.Events != nil {
			t.Error("the public is told of events")
		}
	}
}

func TestLocateAsOfAnotherDay(t *testing.T) {
	t.Parallel()
	s := reading(t)
	at := "/locate?lon=114.3105&lat=30.5767"
	now := decode[placeCard](t, s.get(t, "viewer", at, 200))
	if now.Note != "" || now.Leader == nil || now.Grid == nil {
		t.Fatalf("now: %+v", now)
	}
	later := decode[placeCard](t, s.get(t, "viewer", at+"&at=2025-01-01", 200))
	if later.Grid == nil || later.Grid.Code != now.Grid.Code || later.Leader != nil || later.Events != nil || later.Facilities != nil || !strings.Contains(later.Note, "valid_to") {
		t.Errorf("later: %+v", later)
	}
	before := decode[placeCard](t, s.get(t, "viewer", at+"&at=1900-01-01T00:00:00Z&lang=en", 200))
	if before.Grid != nil || !before.Outside || before.Nearest != nil || before.Reason != "the position is in no grid" {
		t.Errorf("before there were grids: %+v", before)
	}
	s.get(t, "viewer", at+"&at=yesterday", 400)
	s.get(t, "viewer", at+"&facilities=51", 400)
}

func TestManyAreLocatedAsOneByOne(t *testing.T) {
	t.Parallel()
	s := reading(t)
	places := somePlaces(40)
	var list []string
	for _, p := range places {
		list = append(list, fmt.Sprintf(`{"name":"x","lon":%v,"lat":%v}`, p[0], p[1]))
	}
	for _, query := range []string{"", "?lang=en&facilities=3&crs=GCJ-02", "?at=2024-05-01"} {
		r := s.do(t, "viewer", "POST", "/locate"+query, "["+strings.Join(list, ",\n")+"]")
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("status %d: %.300s", r.StatusCode, r.body)
		}
		cards := decode[[]json.RawMessage](t, r)
		if len(cards) != len(places) {
			t.Fatalf("%d cards of %d places", len(cards), len(places))
		}
		for i, p := range places {
			one := s.get(t, "viewer", fmt.Sprintf("/locate?lon=%v&lat=%v&%s", p[0], p[1], strings.TrimPrefix(query, "?")), 200)
			if !bytes.Equal(bytes.TrimSpace(one.body), bytes.TrimSpace(cards[i])) {
				t.Errorf("%v: one is\n%s\nof many\n%s", p, one.body, cards[i])
			}
		}
	}
}

func TestATableIsLocatedRowByRow(t *testing.T) {
	t.Parallel()
	s := reading(t)
	places := somePlaces(20)
	body := "\ufeffname, LON ,lat\r\n"
	for i, p := range places {
		body += fmt.Sprintf("\"the \"\"%d\"\", 号\",%v,%v\r\n", i, p[0], p[1])
	}
	r := s.do(t, "viewer", "POST", "/locate", body+"bad,north,30\nshort\nlong,114.3,30.55,1\nlast,114.3105,30.5767\n", "Content-Type", "text/csv; charset=utf-8")
	rows, err := csv.NewReader(bytes.NewReader(r.body)).ReadAll()
	if err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/csv" || len(rows) != len(places)+5 {
		t.Fatalf("status %d, %d rows, %v: %.300s", r.StatusCode, len(rows), err, r.body)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	code := func(c *struct{ Code, Duty string }) (string, string) {
		if c == nil {
			return "", ""
		}
		return c.Code, c.Duty
	}
	for i, p := range append(places, [2]float64{114.3105, 30.5767}) {
		row := rows[1+i]
		if i == len(places) {
			row = rows[len(rows)-1]
		} else if row[0] != fmt.Sprintf("the \"%d\", 号", i) {
			t.Errorf("the row begins with %q", row[0])
		}
		one := decode[placeCard](t, s.get(t, "viewer", fmt.Sprintf("/locate?lon=%v&lat=%v", p[0], p[1]), 200))
		grid, _ := code(one.Grid)
		leader, duty := code(one.Leader)
		want := []string{grid, leader, duty, fmt.Sprint(one.Outside), fmt.Sprint(one.Events.Count), ""}
		var got []string
		for _, name := range []string{"grid", "leader", "leader_duty", "outside", "events", "error"} {
			got = append(got, row[column[name]])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: %s", p, diff)
		}
		if n := len(one.Facilities); n > 0 && strings.Count(row[column["facilities"]], "; ") != n-1 {
			t.Errorf("%v: facilities %q, want %d", p, row[column["facilities"]], n)
		}
	}
	for i, name := range []string{"bad", "short", "long"} {
		row := rows[len(places)+1+i]
		if row[0] != name || row[column["error"]] == "" || row[column["grid"]] != "" || len(row) != len(rows[0]) {
			t.Errorf("%q", row)
		}
	}
}

func TestBodiesThatCannotBeLocatedAreRefused(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for _, c := range []struct {
		role, kind, body string
		status           int
	}{
		{"", "application/json", "[]", 401},
		{"viewer", "application/xml", "<a/>", 415},
		{"viewer", "application/json", "", 400},
		{"viewer", "application/json", `{"lon":1}`, 400},
		{"viewer", "application/json", `[{"lon":114.3,"lat":30.5},`, 400},
		{"viewer", "application/json", "[" + strings.Repeat("{},", 100_000) + "{}]", 400},
		{"viewer", "application/json", strings.Repeat("[", 20_000), 400},
		{"viewer", "text/csv", "lon,lat\n" + strings.Repeat("1,1\n", 100_001), 400},
		{"viewer", "text/csv", "x,y\n1,1\n", 400},
		{"viewer", "text/csv", "lon,lat,Grid\n1,1,a\n", 400},
		{"viewer", "text/csv", "lon,lat\n\xff,1\n", 400},
		{"viewer", "text/csv", "lon,lat\n" + strings.Repeat(" ", 9<<20), 413},
	} {
		if r := s.do(t, c.role, "POST", "/locate", c.body, "Content-Type", c.kind); r.StatusCode != c.status {
			t.Errorf("%s %.40q: status %d, want %d: %.300s", c.kind, c.body, r.StatusCode, c.status, r.body)
		}
	}
	r := s.do(t, "viewer", "POST", "/locate", `[null, 7, {"lon":"1","lat":2}, {"lon":1e400,"lat":2}, {"lon":200,"lat":2}, {"lon":114.3105,"lat":30.5767}]`)
	cards := decode[[]placeCard](t, r)
	for i, c := range cards {
		if (c.Error == "") != (i == 5) || (c.Grid != nil) != (i == 5) {
			t.Errorf("%d: %+v", i, c)
		}
	}
	if empty := s.do(t, "viewer", "POST", "/locate", "[]"); string(empty.body) != "[]\n" || len(cards) != 6 {
		t.Errorf("%d cards; of nothing %q", len(cards), empty.body)
	}
	if table := s.do(t, "viewer", "POST", "/locate", "lon,lat\n", "Content-Type", "text/csv"); strings.Count(string(table.body), "\n") != 1 {
		t.Errorf("of an empty table %q", table.body)
	}
}
