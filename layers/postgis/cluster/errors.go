package cluster

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

var (
	errBusy    = errors.New("give another port, or 0 for a free one")
	errRemains = errors.New("processes of the server that ran before have not ended yet")
)

// busy says that the port is taken.
func (c *Cluster) busy() error {
	return fmt.Errorf("port %d of 127.0.0.1 is in use: %w", c.config.Port, errBusy)
}

// tryPort says where the port that is asked for cannot be listened on.
func (c *Cluster) tryPort() error {
	if c.config.Port == 0 {
		return nil
	}
	err := tryPort(c.config.Port)
	if errors.Is(err, syscall.EADDRINUSE) {
		return c.busy()
	}
	if err != nil {
		return fmt.Errorf("PostgreSQL cannot listen on port %d, give another, or 0 for a free one: %w", c.config.Port, err)
	}
	return nil
}

// notStarted says why the server ended while it was started.
func (c *Cluster) notStarted() error {
	said := c.Log()
	switch {
	case strings.Contains(said, `lock file "postmaster.pid" already exists`):
		return fmt.Errorf("a PostgreSQL runs in %s already: stop that one first\n%s", c.config.Dir, said)
	case strings.Contains(said, "Address already in use"):
		return fmt.Errorf("%w\n%s", c.busy(), said)
	case strings.Contains(said, "pre-existing shared memory block"):
		return fmt.Errorf("PostgreSQL cannot be started: %w\n%s", errRemains, said)
	}
	return fmt.Errorf("PostgreSQL ended while it was started:\n%s", said)
}
