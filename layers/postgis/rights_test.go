package postgis

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"shapan/layers"
	"shapan/layers/storetest"
)

// login makes a database user that is a member of a role and returns the address for it.
func login(t *testing.T, url, role string) string {
	t.Helper()
	name := "u_" + strings.ToLower(rand.Text())
	s := sessionAt(t, url)
	s.exec("CREATE ROLE " + name + " LOGIN IN ROLE " + role)
	t.Cleanup(func() {
		if err := server.Cluster(t).Exec(context.Background(), "postgres", "DROP ROLE IF EXISTS "+name); err != nil {
			t.Error(err)
		}
	})
	return strings.Replace(url, "postgres://postgres", "postgres://"+name, 1)
}

// guarded makes a record with a layer of each audience, and one with a field that is personal.
func guarded(t *testing.T) string {
	t.Helper()
	url := database(t)
	s := openAt(t, url, Config{})
	var changes []layers.Change
	for _, a := range []layers.Audience{layers.Public, layers.Restricted, layers.System} {
		l := storetest.Layer(a.String(), layers.Point)
		l.Audience = a
		changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l}, layers.Change{Op: layers.Insert, Layer: l.Name, Feature: storetest.Feature(1, 1)})
	}
	l := storetest.Layer("people", layers.Point)
	l.Fields[0].Audience = layers.Restricted
	changes = append(changes, layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	if _, err := s.Put(t.Context(), layers.Key{}, changes); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	return url
}

func TestTheServiceWritesFeaturesAndAltersNothing(t *testing.T) {
	t.Parallel()
	url := guarded(t)
	s := openAt(t, login(t, url, RoleService), Config{})
	changes := []layers.Change{{Op: layers.Insert, Layer: "public", Feature: storetest.Feature(0, 2)},
		{Op: layers.Update, Layer: "public", ID: 1, Feature: storetest.Feature(1, 7)}, {Op: layers.Delete, Layer: "restricted", ID: 1}}
	if _, err := s.Put(t.Context(), layers.Key{}, changes); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	if got, _ := storetest.Contents(t, s); len(got["public"]) != 2 || len(got["restricted"]) != 0 {
		t.Errorf("the record holds %v", got)
	}
	s.tidyUp(t.Context())
	l := storetest.Layer("more", layers.Point)
	for _, c := range []layers.Change{{Op: layers.Define, Layer: "more", Schema: &l}, {Op: layers.Drop, Layer: "public"}} {
		if _, err := s.Put(t.Context(), layers.Key{}, []layers.Change{c}); !errors.Is(err, layers.ErrForbidden) || !strings.Contains(err.Error(), RoleOwner) {
			t.Errorf("%s by the service: %v, want ErrForbidden and who may", c.Op, err)
		}
	}
	own := sessionAt(t, login(t, url, RoleService))
	for _, statement := range []string{"CREATE TABLE shapan.mine (a int)", "ALTER TABLE shapan.public ADD COLUMN mine int", "DROP TABLE shapan.public",
		"UPDATE shapan.commits SET seq = 1", "DELETE FROM shapan.changes", "UPDATE shapan.layers SET audience = 'public'", "TRUNCATE shapan.public"} {
		own.fails("42501", statement)
	}
}

func TestTheReaderReadsWhatIsNotPersonal(t *testing.T) {
	t.Parallel()
	s := sessionAt(t, login(t, guarded(t), RoleReader))
	s.exec("SELECT * FROM shapan.public", "SELECT * FROM shapan.layers", "SELECT id, geom, int FROM shapan.people", "SELECT count(*) FROM geometry_columns")
	for _, statement := range []string{"SELECT string FROM shapan.people", "SELECT * FROM shapan.people", "SELECT id FROM shapan.restricted", "SELECT id FROM shapan.system",
		"SELECT * FROM shapan.writes", "INSERT INTO shapan.public (geom) VALUES ('SRID=4326;POINT(1 2)')", "DELETE FROM shapan.public"} {
		s.fails("42501", statement)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	c := server.Cluster(t)
	_ = database(t) // the roles are there
	name := "m_" + strings.ToLower(rand.Text())
	if err := c.Exec(t.Context(), "postgres", "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Exec(context.Background(), "postgres", "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	url := c.URL(name)
	if steps, err := Migrations(t.Context(), url); err != nil || len(steps) == 0 || !steps[0].At.IsZero() {
		t.Errorf("before: %v, %v; want steps to come", steps, err)
	}
	if _, err := openAt(t, url, Config{}).Empty(t.Context()); !errors.Is(err, ErrNoRecord) {
		t.Errorf("a database without a record: %v", err)
	}
	stranger := login(t, url, RoleReader)
	if _, err := Migrate(t.Context(), stranger); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "CREATE EXTENSION postgis") {
		t.Errorf("by a user without rights: %v, want what an administrator has to run", err)
	}
	done := make(chan error, 3)
	for range cap(done) {
		go func() { done <- migrate(context.Background(), url) }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Errorf("several at once: %v (%v)", err, layers.Cause(err))
		}
	}
	if steps, err := Migrations(t.Context(), url); err != nil || steps[len(steps)-1].At.IsZero() {
		t.Errorf("after: %v, %v; want all applied", steps, err)
	}
	if steps, err := Migrate(t.Context(), url); err != nil || len(steps) != 0 {
		t.Errorf("again: %v, %v; want nothing to do", steps, err)
	}
	s := sessionAt(t, url)
	if n := s.number(`SELECT count(*) FROM pg_class c WHERE relnamespace = 'shapan'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations'
		AND obj_description(c.oid, 'pg_class') IS NULL`); n != 0 {
		t.Errorf("%d tables have no comment", n)
	}
	s.exec("INSERT INTO shapan.migrations (version_id, is_applied) VALUES (99999, true)")
	if _, err := openAt(t, url, Config{}).Load(t.Context(), layers.NewBuilder()); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a record of a newer program: %v", err)
	}
}
