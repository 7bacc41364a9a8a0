package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shapan/layers/postgis/cluster"
	"shapan/layers/postgis/cluster/clustertest"
)

// readyAnswer is what /readyz answers.
type readyAnswer struct{ Status, Reason, Copy string }

func (s *server) ready(t *testing.T) (r readyAnswer) {
	t.Helper()
	code, _, body := s.do(t, "GET", "/readyz", "", "")
	if err := json.Unmarshal([]byte(body), &r); code != 200 || err != nil {
		t.Fatalf("readyz: %d %v %s", code, err, body)
	}
	return r
}

// The service starts without its database from the copy that it has kept, says so, and comes back to the database by
// itself; what is no whole copy it does not serve.
func TestStartsWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	db := clustertest.Own(t, cluster.Config{})
	if err := db.Exec(t.Context(), "postgres", "CREATE DATABASE map"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"--database-url", db.URL("map"), "--state", "state", "--copy-every", "1s"}
	s := start(t, dir, args...)
	path := filepath.Join(dir, "state", "shapan.copy")
	eventually(t, "there is a copy", func() bool { _, err := os.Stat(path); return err == nil })
	token, before := s.admin, s.matched(t, "events", s.admin)
	if code, _, body := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 201 {
		t.Fatalf("POST: %d %s", code, body)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the copy: %v %v, want mode 0600", info, err)
	}
	if err := db.Stop("immediate"); err != nil {
		t.Fatal(err)
	}
	t.Run("no copy", func(t *testing.T) { refusesToStart(t, dir, db.URL("map"), nil, "holds none yet") })
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("half a copy", func(t *testing.T) { refusesToStart(t, dir, db.URL("map"), whole[:len(whole)/2], "not whole") })

	s = start(t, dir, args...)
	if r := s.ready(t); r.Status != "degraded" || r.Copy == "" || !strings.Contains(r.Reason, "local copy of "+r.Copy) {
		t.Errorf("readyz without the database: %+v", r)
	}
	if !strings.Contains(s.log.String(), "serving its local copy") {
		t.Errorf("the log does not tell of the copy:\n%s", s.log)
	}
	if n := s.matched(t, "events", token); n != before+1 {
		t.Errorf("%d events of the copy, want %d", n, before+1)
	}
	if code, header, body := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 503 || header.Get("Retry-After") == "" {
		t.Errorf("a write without the database: %d %s, want 503 and when to try again", code, body)
	}
	s.kill()

	s = start(t, dir, args...) // a copy serves more than one start
	back := time.Now()
	if err := db.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the record is served again", func() bool { return s.ready(t).Status == "ready" })
	t.Logf("the record was served %v after it was told to start", time.Since(back).Round(time.Millisecond))
	if code, _, body := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 201 {
		t.Errorf("a write when the database is back: %d %s", code, body)
	}
	if n := s.matched(t, "events", token); n != before+2 || !strings.Contains(s.log.String(), "the record answers again") {
		t.Errorf("%d events when the database is back, want %d\n%s", n, before+2, s.log)
	}
}

// refusesToStart starts the service without its database, with a copy that is none; nil: with no copy.
func refusesToStart(t *testing.T, dir, url string, copied []byte, want string) {
	t.Helper()
	state := t.TempDir()
	if copied != nil {
		write(t, filepath.Join(state, "shapan.copy"), string(copied))
	}
	r := shapan(t, dir, nil, "serve", "--listen", "127.0.0.1:0", "--database-url", url, "--state", state)
	if r.code != 1 || !strings.Contains(r.err, want) {
		t.Errorf("exit %d, expected 1 and %q in:\n%s", r.code, want, r.err)
	}
}

func TestStateFlags(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	write(t, filepath.Join(dir, "a-file"), "")
	for want, args := range map[string][]string{
		"choose another folder with --state": {"--state", "a-file/state"},
		"--copy-every":                       {"--state", "state", "--copy-every", "10ms"},
	} {
		if r := shapan(t, dir, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...); r.code == 0 || !strings.Contains(r.err, want) {
			t.Errorf("%q: exit %d, expected %q in:\n%s", args, r.code, want, r.err)
		}
	}
	s := start(t, dir, "--state", "state") // a file as the record is copied as well
	eventually(t, "there is a copy", func() bool { _, err := os.Stat(filepath.Join(dir, "state", "shapan.copy")); return err == nil })
	if r := s.ready(t); r.Status != "ready" || r.Copy != "" {
		t.Errorf("readyz: %+v", r)
	}
}
