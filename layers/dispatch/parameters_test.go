package dispatch_test

import (
	"encoding/json"
	"errors"
	"testing"

	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/google/go-cmp/cmp"
)

func TestParametersReadOverTheDefaults(t *testing.T) {
	t.Parallel()
	whole, err := json.Marshal(dispatch.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`{}`, string(whole)} {
		p, err := dispatch.ParseParameters([]byte(s))
		if d := cmp.Diff(dispatch.Defaults(), p); err != nil || d != "" {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
	}
	want := dispatch.Defaults()
	want.WalkMps = 1
	want.Policies[dispatch.Balanced] = []float64{0, 1, 1, 1, 1, 1}
	want.MobiliseMin["desk"] = 3
	p, err := dispatch.ParseParameters([]byte(`{"walk_mps":1,"policies":{"balanced":[0,1,1,1,1,1]},"mobilise_min":{"desk":3}}`))
	if d := cmp.Diff(want, p); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{``, `[]`, `{"walk_mps":0}`, `{"walk_mps":"fast"}`, `{"wlak_mps":1}`, `{"fresh_s":901}`, `{"circuity":1.1}`, `{"max_tasks":0}`,
		`{"policies":{"balanced":[1,2]}}`, `{"policies":{"other":[0,0,0,0,0,0]}}`, `{"policies":{"balanced":[-1,0,0,0,0,0]}}`, `{"policy_by_level":["balanced"]}`,
		`{"policy_by_level":["x","x","x","x","x"]}`, `{"ack_min":[1]}`, `{"lease_s":1}`, `{} {}`, `{"mobilise_min":{"desk":-1}}`} {
		if _, err := dispatch.ParseParameters([]byte(s)); !errors.Is(err, layers.ErrConstraint) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestTheNewestValidParametersCount(t *testing.T) {
	t.Parallel()
	w := example(t)
	set := func(id int64, version, parameters string) {
		w.add(dispatch.ParameterLayer, id, nil, map[string]layers.Value{"version": text(version), "parameters": text(parameters)})
	}
	ask := func() *dispatch.Answer { return rank(t, w.view(), nil, dispatch.Question{At: centre}) }
	if a := ask(); a.Parameters != "default-1" || len(a.Notes) > 0 {
		t.Errorf("of a record without: %s %q", a.Parameters, a.Notes)
	}
	before := ask()
	set(2, "slow", `{"walk_mps":0.6}`)
	set(1, "slower", `{"walk_mps":0.3}`)
	after := ask()
	if after.Parameters != "slow" || after.InputHash == before.InputHash || after.Lists[0].Candidates[0].Terms.ETA <= before.Lists[0].Candidates[0].Terms.ETA {
		t.Errorf("parameters %s: %+v", after.Parameters, after.Lists[0].Candidates[0])
	}
	set(3, "broken", `{"walk_mps":0}`)
	if a := ask(); a.Parameters != "slow" || len(a.Notes) != 1 {
		t.Errorf("after a row that is not valid: %s %q", a.Parameters, a.Notes)
	}
}

func FuzzParseParameters(f *testing.F) {
	f.Add([]byte(`{"walk_mps":1,"policies":{"balanced":[0,1,1,1,1,1]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := dispatch.ParseParameters(data)
		if err != nil {
			return
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := dispatch.ParseParameters(b)
		if d := cmp.Diff(p, again); err != nil || d != "" {
			t.Errorf("%v, round trip (-want +got):\n%s", err, d)
		}
	})
}
