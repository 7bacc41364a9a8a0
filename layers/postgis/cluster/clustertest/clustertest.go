// Package clustertest gives tests databases of their own in one private PostgreSQL for each test process.
package clustertest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"shapan/layers/postgis/cluster"
)

// Server is a PostgreSQL that the tests of a process share. It is started by the first test that asks for it. The zero
// value is ready.
type Server struct {
	mu      sync.Mutex
	cluster *cluster.Cluster
	dir     string
	failed  error // why it could not be started: it is not tried by every test
	filled  bool  // the template is there
	broken  error // why it could not be filled
}

// template is the database that the tests' databases are copies of.
const template = "shapan_template"

// Close stops the server, where one was started, and removes its folder. TestMain calls it when the tests are over. A server
// that crashed meanwhile, which may be why tests failed, is told with the lines of its log: they are gone with the folder.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil {
		return nil
	}
	if lines, err := s.cluster.Crashes(); err != nil || len(lines) > 0 {
		slog.Warn("the tests' PostgreSQL crashed and recovered\n"+strings.Join(lines, "\n"), "error", err)
	}
	return errors.Join(s.cluster.Stop("immediate"), os.RemoveAll(s.dir))
}

// Cluster returns the running server. Where PostgreSQL is not installed the test fails with the line that installs it.
func (s *Server) Cluster(t testing.TB) *cluster.Cluster {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil && s.failed == nil {
		s.cluster, s.failed = s.start()
	}
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	return s.cluster
}

func (s *Server) start() (*cluster.Cluster, error) {
	dir, err := os.MkdirTemp("", "shapan-cluster-*")
	if err != nil {
		return nil, err
	}
	c, err := cluster.Start(context.Background(), cluster.Config{Dir: dir})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.dir = dir
	return c, nil
}

// Database makes a database for a test and returns its address for the superuser; it is dropped when the test ends. It is
// a copy of one that fill has filled, once for all tests; so all tests give the same fill.
func (s *Server) Database(t testing.TB, fill func(ctx context.Context, url string) error) string {
	t.Helper()
	c := s.Cluster(t)
	name := nameFor(t.Name())
	if err := s.copyTo(c, name, fill); err != nil {
		t.Fatal(err)
	}
	return lent(t, c, name)
}

// Empty makes a database without anything in it for a test, as Database does.
func (s *Server) Empty(t testing.TB) string {
	t.Helper()
	c := s.Cluster(t)
	name := nameFor(t.Name())
	if err := c.Create(context.Background(), name, ""); err != nil {
		t.Fatal(err)
	}
	return lent(t, c, name)
}

// lent returns the address of a database that is dropped when the test ends.
func lent(t testing.TB, c *cluster.Cluster, name string) string {
	t.Cleanup(func() {
		if err := c.Drop(context.Background(), name); err != nil {
			t.Logf("drop the database: %v", err)
		}
	})
	return c.URL(name)
}

// copyTo copies the template, which is filled before the first copy. One copy is made at a time.
func (s *Server) copyTo(c *cluster.Cluster, name string, fill func(ctx context.Context, url string) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := context.Background()
	if !s.filled {
		s.filled = true
		if s.broken = c.Create(ctx, template, ""); s.broken == nil {
			s.broken = fill(ctx, c.URL(template))
		}
	}
	if s.broken != nil {
		return fmt.Errorf("the database that tests copy: %w", s.broken)
	}
	return c.Create(ctx, name, template)
}

// nameFor makes a name for a test's database that no other has: the server's log and pg_stat_activity tell the test by it.
func nameFor(test string) string {
	const longest = 63 - 1 - 13 // of PostgreSQL's 63 bytes
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(test))
	return plain[:min(len(plain), longest)] + "_" + strings.ToLower(rand.Text()[:13])
}

// Own starts a server that one test may break. It is stopped when the test ends.
func Own(t testing.TB, config cluster.Config) *cluster.Cluster {
	t.Helper()
	if config.Dir == "" {
		config.Dir = t.TempDir()
	}
	c, err := cluster.Start(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop("immediate"); err != nil {
			t.Error(err)
		}
	})
	return c
}
