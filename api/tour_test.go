package api_test

import (
	"strings"
	"testing"

	"shapan/api"
)

func TestTourSaysWhereItIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"no stops":          {`{}`, "0 stops"},
		"not JSON":          {"{\n\"stops\": [\n  {\"seconds\": }\n]}", "line 3: "},
		"unknown member":    {"{\n\"stops\": [{}],\n\"speed\": 3}", `unknown field "speed"`},
		"unknown word":      {"{\"stops\": [\n {\"seconds\": 20},\n {\"scope\": \"420106001020\", \"second\": 20}]}", `line 3: stop 2: json: unknown field "second"`},
		"too short":         {"{\"stops\": [\n {\"seconds\": 20},\n\n {\"seconds\": 1}]}", "line 4: stop 2: seconds 1: expected 5 to 3600"},
		"a kind of value":   {"{\"stops\": [\n {\"seconds\": \"20\"}]}", "line 2: stop 1: "},
		"scope":             {`{"stops": [{"scope": "新河"}]}`, "expected the code of an area"},
		"view":              {`{"stops": [{"view": "somewhere"}]}`, "expected zoom/lat/lon"},
		"two places":        {`{"stops": [{"view": "15/30.5/114.3", "scope": "420106001020"}]}`, "expected one of the two"},
		"panel":             {`{"stops": [{"panel": "<b>"}]}`, "expected the name of a panel"},
		"more after it":     {"{\"stops\": [{}]}\n{}", "line 2: expected nothing after the tour"},
		"equal stops twice": {"{\"stops\": [\n{},\n{},\n{\"seconds\": 4}]}", "line 4: stop 3"},
	} {
		_, err := api.ParseTour([]byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func TestTourIsServed(t *testing.T) {
	t.Parallel()
	tour, err := api.ParseTour([]byte(`{"stops": [{"scope": "420106001020", "layers": ["events"], "heat": false, "panel": "events"}, {"view": "15/30.5/114.3", "seconds": 40}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if s := tour.Stops[0]; s.Seconds != 20 || s.Heat == nil || *s.Heat {
		t.Errorf("%+v: want the usual seconds and no heat", s)
	}
	got := decode[api.Tour](t, reading(t).get(t, "", "/tour.json", 200))
	if len(got.Stops) != 13 || got.Stops[0].Scope == "" || got.Stops[12].Scope != "" {
		t.Errorf("%+v: want twelve communities and then all of the map", got.Stops)
	}
}

func FuzzParseTour(f *testing.F) {
	f.Add([]byte(`{"stops": [{"scope": "420106001020", "seconds": 20}]}`))
	f.Add([]byte("{\"stops\": [\n1, {\"view\": 3}]}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tour, err := api.ParseTour(b)
		if err == nil && len(tour.Stops) == 0 {
			t.Error("a tour without stops is none")
		}
	})
}
