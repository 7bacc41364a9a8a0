package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The database of the record, and the user that the service comes in as. The owner is the superuser postgres.
const (
	database   = "shapan"
	unfinished = "shapan_new" // its name until it is filled
	user       = "shapan"
	owner      = "postgres"
)

// access is where the server listens and the passwords of its users. It is kept in a file in the form that PostgreSQL's
// programs read (https://www.postgresql.org/docs/15/libpq-pgpass.html).
type access struct {
	port           int
	owner, service string
}

// openAccess reads the file, or makes new passwords where there is neither a file nor a server. The port is the one of
// the last time, or a free one where that is taken.
func openAccess(file, server string) (a access, err error) {
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Join(server, "data")); err == nil {
			return a, fmt.Errorf("%s is missing, which holds the passwords of the database in %s: put it back, or move that folder away", file, server)
		}
		a = access{owner: rand.Text(), service: rand.Text()}
	case err != nil:
		return a, fmt.Errorf("the passwords of the database cannot be read: %w", err)
	default:
		if a, err = parseAccess(string(text)); err != nil {
			return a, fmt.Errorf("%s: %w", file, err)
		}
	}
	if a.port, err = freePort(a.port); err != nil {
		return a, err
	}
	if text == nil {
		err = a.save(file) // before a server has them
	}
	return a, err
}

func parseAccess(text string) (a access, err error) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 5 {
			continue
		}
		switch f[3] {
		case owner:
			a.owner = f[4]
		case user:
			a.service = f[4]
		}
		if a.port, err = strconv.Atoi(f[1]); err != nil {
			return a, fmt.Errorf("expected a port, %q came", f[1])
		}
	}
	if a.owner == "" || a.service == "" {
		return a, fmt.Errorf("expected the lines 127.0.0.1:PORT:*:USER:PASSWORD of %s and %s", owner, user)
	}
	return a, nil
}

// save writes the file, for this user alone.
func (a access) save(file string) error {
	text := fmt.Sprintf("127.0.0.1:%d:*:%s:%s\n127.0.0.1:%d:*:%s:%s\n", a.port, owner, a.owner, a.port, user, a.service)
	draft := file + ".new"
	err := os.WriteFile(draft, []byte(text), 0o600)
	if err == nil {
		err = os.Rename(draft, file)
	}
	if err != nil {
		return fmt.Errorf("the passwords of the database cannot be kept: %w; choose another folder with --dir", err)
	}
	return nil
}

// freePort returns the wanted port if it is free, else one that is.
func freePort(wanted int) (int, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", wanted))
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return 0, err
		}
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
