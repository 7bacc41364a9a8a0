// Package clustertest gives tests databases of their own in one private PostgreSQL for each test process.
package clustertest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"shapan/layers/postgis/cluster"
)

// Server is a PostgreSQL that the tests of a process share. It is started by the first test that asks for it. The zero
// value is ready.
type Server struct {
	mu       sync.Mutex
	cluster  *cluster.Cluster
	dir      string
	template bool
}

// template is the database that the tests' databases are copies of.
const template = "shapan_template"

// Close stops the server, where one was started, and removes its folder. TestMain calls it when the tests are over.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil {
		return nil
	}
	return errors.Join(s.cluster.Stop("immediate"), os.RemoveAll(s.dir))
}

// Cluster returns the running server.
func (s *Server) Cluster(t testing.TB) *cluster.Cluster {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster != nil {
		return s.cluster
	}
	var err error
	if s.dir, err = os.MkdirTemp("", "shapan-cluster-*"); err != nil {
		t.Fatal(err)
	}
	if s.cluster, err = cluster.Start(context.Background(), cluster.Config{Dir: s.dir}); err != nil {
		t.Fatal(err)
	}
	return s.cluster
}

// Database makes a database for a test and returns its address for the superuser; it is dropped when the test ends. It is
// a copy of one that fill has filled, once for all tests.
func (s *Server) Database(t testing.TB, fill func(ctx context.Context, url string) error) string {
	t.Helper()
	c := s.Cluster(t)
	ctx := context.Background()
	s.mu.Lock()
	if !s.template {
		err := c.Exec(ctx, "postgres", "CREATE DATABASE "+template)
		if err == nil {
			err = fill(ctx, c.URL(template))
		}
		if err != nil {
			s.mu.Unlock()
			t.Fatalf("the database that tests copy: %v", err)
		}
		s.template = true
	}
	name := "t_" + strings.ToLower(rand.Text())
	err := c.Exec(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)) // one copy at a time
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Exec(ctx, "postgres", fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)); err != nil {
			t.Logf("drop the database: %v", err)
		}
	})
	return c.URL(name)
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
		_ = c.Thaw() // a frozen server cannot end; one that was stopped has no processes
		if err := c.Stop("immediate"); err != nil {
			t.Error(err)
		}
	})
	return c
}
