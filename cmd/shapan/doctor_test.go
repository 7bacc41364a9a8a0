package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shapan/layers"

	"github.com/google/go-cmp/cmp"
)

// damage alters the record in dir as another program would.
func damage(t *testing.T, dir, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "data", "shapan.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// diagnosis runs the doctor and returns its report, the findings that are not ok by check, and its exit code.
func diagnosis(t *testing.T, dir string, args ...string) (report, map[string]layers.Finding, int) {
	t.Helper()
	r := shapan(t, dir, nil, append([]string{"doctor", "--json"}, args...)...)
	var doc report
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatalf("stdout is no JSON document: %v\n%.500s\n%s", err, r.out, r.err)
	}
	bad := map[string]layers.Finding{}
	for _, f := range doc.Findings {
		if f.Level != layers.LevelOK {
			bad[f.Check] = f
		}
	}
	return doc, bad, r.code
}

func TestDoctorFindsTheSampleHealthy(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	r := shapan(t, dir, nil, "doctor")
	if r.code != 0 || r.err != "" {
		t.Errorf("exit %d, stderr %q: expected 0 and nothing", r.code, r.err)
	}
	for _, want := range []string{"记录库\n", "街道、社区、网格\n", "人员\n", "119 个网格互不重叠", "\n结论", "健康", "错误 0"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the page has no %q:\n%s", want, r.out)
		}
	}
	if strings.Contains(r.out, "%!") {
		t.Errorf("a sentence is badly made:\n%s", r.out)
	}
	english := must(t, dir, "doctor", "--lang", "en")
	if !strings.Contains(english, "Verdict: healthy. Errors 0") || regexp.MustCompile(`\p{Han}|%!`).MatchString(english) {
		t.Errorf("the page in English:\n%s", english)
	}
	doc, bad, code := diagnosis(t, dir)
	if code != 0 || doc.Verdict != "healthy" || doc.Seq == 0 || doc.Record != filepath.Join("data", "shapan.gpkg") || doc.Version == "" || doc.At.IsZero() {
		t.Errorf("exit %d, report %+v", code, doc)
	}
	for check, n := range map[string]int{"positions.grid": 120, "positions.far": 5, "positions.outside": 174} {
		if bad[check].Count != n {
			t.Errorf("%s counts %d: expected the sample's %d", check, bad[check].Count, n)
		}
	}
	if r := shapan(t, dir, nil, "doctor", "--strict"); r.code != 1 {
		t.Errorf("with --strict: exit %d, expected 1 for the warnings", r.code)
	}
}

func TestDoctorFindsDamage(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		damage string
		want   map[string]layers.Level
		code   int
	}{
		"a trigger dropped": {"DROP TRIGGER shapan_log_update_grids", map[string]layers.Level{"layers.mended": layers.LevelWarning}, 0},
		"a column removed":  {"ALTER TABLE facilities DROP COLUMN tier", map[string]layers.Level{"layers.columns": layers.LevelError}, 1},
		"a wrong srs_id":    {"UPDATE gpkg_geometry_columns SET srs_id = 0 WHERE table_name = 'grids'", map[string]layers.Level{"layers.srs": layers.LevelError}, 1},
		"an unreadable geometry": {"UPDATE facilities SET geom = x'4750' WHERE fid = 1",
			map[string]layers.Level{"layers.rows": layers.LevelError, "layers.counts": layers.LevelError}, 1},
		"no geometry column": {"ALTER TABLE facilities DROP COLUMN geom", map[string]layers.Level{"record.loads": layers.LevelError, "layers.columns": layers.LevelError}, 1},
		"a grid removed": {"DELETE FROM grids WHERE fid = 420106001001001", map[string]layers.Level{"codes.reference": layers.LevelError,
			"communities.gap": layers.LevelError, "responders.reference": layers.LevelError, "zones.gap": layers.LevelWarning}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := sample(t)
			damage(t, dir, c.damage)
			doc, bad, code := diagnosis(t, dir)
			if code != c.code || (doc.Verdict == "healthy") != (code == 0) {
				t.Errorf("exit %d, verdict %s: expected exit %d", code, doc.Verdict, c.code)
			}
			got := map[string]layers.Level{}
			for check, f := range bad {
				if !strings.HasPrefix(check, "positions.") {
					got[check] = f.Level
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDoctorOnWhatIsNoRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	doc, bad, code := diagnosis(t, dir)
	if code != 1 || doc.Verdict != "unhealthy" || !strings.Contains(bad["record.opens"].Detail[layers.English], "there is no record") {
		t.Errorf("no record: exit %d, %+v", code, doc)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("the doctor made a folder")
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "data", "shapan.gpkg"), strings.Repeat("no database. ", 1000))
	if r := shapan(t, dir, nil, "doctor"); r.code != 1 || !strings.Contains(r.out, "打开记录库") || !strings.Contains(r.out, "不健康") {
		t.Errorf("not a record: exit %d\n%s%s", r.code, r.out, r.err)
	}
	doc, bad, code = diagnosis(t, dir, "--database-url", "postgres://user:hush@127.0.0.1:1/map")
	if code != 1 || bad["record.loads"].Level != layers.LevelError || strings.Contains(doc.Record, "hush") {
		t.Errorf("a database that is away: exit %d, %+v", code, doc)
	}
	if r := shapan(t, dir, nil, "doctor", "--database-url", "nonsense"); r.code != 2 || r.out != "" {
		t.Errorf("no address of a database: exit %d\n%s", r.code, r.out)
	}
	if r := shapan(t, dir, nil, "doctor", "--lang", "fr"); r.code != 2 || r.out != "" {
		t.Errorf("a language that there is none of: exit %d\n%s", r.code, r.out)
	}
}

// TestDoctorBesideARunningService: a record that a service holds open is examined as it is, and stays in use.
func TestDoctorBesideARunningService(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	token := strings.TrimSpace(must(t, dir, "token", "create", "--role", "admin", "--name", "writer"))
	s := start(t, dir)
	if code, _, body := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 201 {
		t.Fatalf("POST: %d %s", code, body)
	}
	doc, bad, code := diagnosis(t, dir)
	if code != 0 {
		t.Errorf("exit %d, %v", code, bad)
	}
	if !slices.ContainsFunc(doc.Findings, func(f layers.Finding) bool {
		return f.Check == "layers.counts" && f.Level == layers.LevelOK
	}) {
		t.Error("the counts were not compared")
	}
	if code, _, body := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 201 {
		t.Errorf("POST after the examination: %d %s", code, body)
	}
}
