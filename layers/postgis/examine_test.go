package postgis

import (
	"testing"

	"shapan/layers"
	"shapan/layers/storetest"
)

// examined returns the level of each check's findings.
func examined(t *testing.T, s *Store) map[string]layers.Level {
	t.Helper()
	b := layers.NewBuilder()
	seq, err := s.Load(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Examine(t.Context(), b.Snapshot(seq))
	if err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	levels := map[string]layers.Level{}
	for _, f := range found {
		levels[f.Check] = max(levels[f.Check], f.Level)
		if f.Title.In(layers.Chinese) == "" || f.Detail.In(layers.Chinese) == "" || f.Detail.In(layers.English) == "" {
			t.Errorf("%s says %q", f.Check, f.Detail)
		}
	}
	return levels
}

func TestExamine(t *testing.T) {
	t.Parallel()
	url := database(t)
	s := openAt(t, url, Config{})
	l := storetest.Layer("trial", layers.Point)
	changes := []layers.Change{{Op: layers.Define, Layer: l.Name, Schema: &l}}
	for n := range 20 {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: l.Name, Feature: storetest.Feature(0, n)})
	}
	if _, err := s.Put(t.Context(), layers.Key{}, changes); err != nil {
		t.Fatal(err)
	}
	// The tests' server is not durable, and its superuser may do everything.
	want := map[string]layers.Level{"record.durable": layers.LevelError, "record.user": layers.LevelNote}
	for check, level := range examined(t, s) {
		if level != want[check] {
			t.Errorf("a sound record: %s is %v, want %v", check, level, want[check])
		}
	}
	for _, c := range []struct {
		check, spoil string
		level        layers.Level
	}{
		{"layers.triggers", `ALTER TABLE shapan.trial DISABLE TRIGGER shapan_update`, layers.LevelError},
		{"layers.triggers", `ALTER TABLE shapan.trial ENABLE TRIGGER shapan_update; ALTER TABLE shapan.commits DISABLE TRIGGER number_commit`, layers.LevelError},
		{"layers.triggers", `ALTER TABLE shapan.commits ENABLE ALWAYS TRIGGER number_commit`, layers.LevelOK},
		{"layers.indexes", `DROP INDEX shapan.trial_geom_idx`, layers.LevelWarning},
		{"layers.rules", `DO $$ DECLARE n text; BEGIN SELECT conname INTO n FROM pg_constraint WHERE conname LIKE 'shapan_codes_%';
			EXECUTE format('ALTER TABLE shapan.trial DROP CONSTRAINT %I', n); END $$`, layers.LevelWarning},
		{"layers.systems", `ALTER TABLE shapan.trial ALTER COLUMN geom TYPE geometry(Point, 4490) USING ST_SetSRID(geom, 4490)`, layers.LevelError},
		{"layers.columns", `ALTER TABLE shapan.trial DROP COLUMN "float"`, layers.LevelError},
	} {
		if _, err := s.pool.Exec(t.Context(), c.spoil); err != nil {
			t.Fatalf("%s: %v", c.spoil, err)
		}
		if got := examined(t, s)[c.check]; got != c.level {
			t.Errorf("after %s: %s is %v, want %v", c.spoil, c.check, got, c.level)
		}
	}
}
