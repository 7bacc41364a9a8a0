package main

import (
	"strings"
	"testing"

	"shapan/fixtures"
	"shapan/layers"
)

// A record without the layers of dispatching gets them: in a file by serving it, in a database by migrating it.
func TestAnOlderRecordGetsWhatDispatchingNeeds(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		token := admin(t, dir)
		for _, name := range []string{fixtures.Assignments, fixtures.DispatchLog, "track_reads"} {
			must(t, dir, "layer", "drop", name, "--yes")
		}
		old := `{"name": "dispatch_log", "title": {"zh": "派遣记录"}, "kind": "none", "audience": "internal", "min_zoom": 0, "max_zoom": 0, "fields": [
			{"name": "action", "title": {"zh": "动作"}, "type": "enum", "codes": [{"value": "assigned", "title": {"zh": "派遣"}}]}]}`
		write(t, dir+"/old.json", old)
		must(t, dir, "layer", "add", "old.json")
		if k.name == "postgis" {
			if r := shapan(t, dir, nil, "migrate", "up"); r.code != 0 || !strings.Contains(r.err, "layer assignments\n") || !strings.Contains(r.err, "layer dispatch_log\n") {
				t.Errorf("exit %d: %s", r.code, r.err)
			}
		}
		s := start(t, dir)
		if told := strings.Contains(s.log.String(), "brought up to date"); told != (k.name == "gpkg") {
			t.Errorf("the log:\n%s", s.log)
		}
		for _, path := range []string{"/collections/assignments/items", "/collections/dispatch_log/items?action=arrived", "/collections/track_reads/items"} {
			if code, _, body := s.do(t, "GET", path, token, ""); code != 200 {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
	})
}

func TestASchemaGrowsByWhatItLacks(t *testing.T) {
	t.Parallel()
	for _, l := range serviceLayers() {
		old := l
		old.Fields = append([]layers.Field{{Name: "own", Type: layers.Int}}, l.Fields[:1]...)
		if n := len(old.Fields[1].Codes); n > 1 {
			old.Fields[1].Codes = old.Fields[1].Codes[:1]
		}
		out, ok := grown(&old, l.Fields)
		if err := out.Replaces(&old); !ok || err != nil || len(out.Fields) != len(l.Fields)+1 {
			t.Errorf("%s: %v, %v, %d fields", l.Name, ok, err, len(out.Fields))
		}
		for _, f := range l.Fields {
			if got := out.Fields[out.Index(f.Name)]; len(got.Codes) != len(f.Codes) {
				t.Errorf("%s.%s has %d codes: expected %d", l.Name, f.Name, len(got.Codes), len(f.Codes))
			}
		}
		if _, again := grown(&out, l.Fields); again {
			t.Errorf("%s grows again", l.Name)
		}
	}
}
