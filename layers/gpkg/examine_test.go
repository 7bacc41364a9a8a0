package gpkg

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/storetest"

	"github.com/google/go-cmp/cmp"
)

// patient returns the path of a record with a layer trial of three features.
func patient(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.gpkg")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustPut(t, s, append([]layers.Change{trial()}, numberedUpTo(3)...)...)
	return path
}

func numberedUpTo(n int) (changes []layers.Change) {
	for i := range n {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: "trial", Feature: storetest.Feature(int64(i+1), i+1)})
	}
	return changes
}

// examined opens a record, loads it and returns what is not well with it, by check.
func examined(t *testing.T, path string) map[string]layers.Finding {
	t.Helper()
	s := openFile(t, path)
	b := layers.NewBuilder()
	var snapshot *layers.Snapshot
	if seq, err := s.Load(t.Context(), b); err == nil {
		snapshot = b.Snapshot(seq)
	}
	var record layers.Examiner = s
	found, err := record.Examine(t.Context(), snapshot)
	if err != nil {
		t.Fatalf("examine: %v", err)
	}
	out := map[string]layers.Finding{}
	for _, f := range found {
		if f.Level != layers.LevelOK {
			out[f.Check] = f
		}
		for _, text := range []layers.Text{f.Title, f.Detail} {
			if text[layers.Chinese] == "" || text[layers.English] == "" {
				t.Errorf("%s is not told in both languages: %v", f.Check, text)
			}
		}
	}
	return out
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		damage string
		want   map[string]layers.Level
	}{
		"none":              {"SELECT 1", map[string]layers.Level{}},
		"a trigger dropped": {"DROP TRIGGER shapan_log_update_trial", map[string]layers.Level{"layers.mended": layers.LevelWarning}},
		"a trigger altered": {"DROP TRIGGER shapan_log_update_trial; CREATE TRIGGER shapan_log_update_trial AFTER UPDATE ON trial BEGIN SELECT 1; END",
			map[string]layers.Level{"layers.triggers": layers.LevelError}},
		"a column removed": {"ALTER TABLE trial DROP COLUMN \"string\"", map[string]layers.Level{"layers.columns": layers.LevelError}},
		"no geometry":      {"ALTER TABLE trial DROP COLUMN geom", map[string]layers.Level{"layers.columns": layers.LevelError}},
		"the table gone":   {"DROP TABLE trial", map[string]layers.Level{"layers.columns": layers.LevelError}},
		"a wrong srs_id":   {"UPDATE gpkg_geometry_columns SET srs_id = 0", map[string]layers.Level{"layers.srs": layers.LevelError}},
		"not declared": {"DELETE FROM gpkg_geometry_columns",
			map[string]layers.Level{"layers.srs": layers.LevelError}},
		"another user_version": {"PRAGMA user_version = 7", map[string]layers.Level{"record.version": layers.LevelWarning}},
		"a torn reference":     {"DELETE FROM gpkg_spatial_ref_sys WHERE srs_id = 4326", map[string]layers.Level{"record.references": layers.LevelWarning}},
		"a torn geometry":      {"UPDATE trial SET geom = x'00' WHERE fid = 2", map[string]layers.Level{"layers.counts": layers.LevelError}},
		"written in the future": {"UPDATE gpkg_contents SET last_change = '2999-01-01T00:00:00.000Z' WHERE table_name = 'trial'",
			map[string]layers.Level{"record.clock": layers.LevelWarning}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := patient(t)
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			exec1(t, db, c.damage)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			got := map[string]layers.Level{}
			for check, f := range examined(t, path) {
				got[check] = f.Level
				if f.Remedy[layers.English] == "" {
					t.Errorf("%s names no remedy", check)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRightsAndClockOfTheFile(t *testing.T) {
	t.Parallel()
	path := patient(t)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	found := examined(t, path)
	for _, check := range []string{"record.rights", "record.clock"} {
		if found[check].Level != layers.LevelWarning {
			t.Errorf("%s: %+v: expected a warning", check, found[check])
		}
	}
}

// TestMovingRecordIsNotAnError: what is written between the load and the examination is told and not judged.
func TestMovingRecordIsNotAnError(t *testing.T) {
	t.Parallel()
	s := openFile(t, patient(t))
	b := layers.NewBuilder()
	seq, err := s.Load(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, numberedUpTo(4)[3:]...)
	found, err := s.Examine(t.Context(), b.Snapshot(seq))
	if err != nil {
		t.Fatal(err)
	}
	if layers.Worst(found) != layers.LevelNote || !slices.ContainsFunc(found, func(f layers.Finding) bool { return f.Check == "layers.moving" }) {
		t.Errorf("found %+v: expected the note that it moved on", found)
	}
}
