package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"shapan/layers"
)

// stateFlags say where the local copy of the map is kept.
type stateFlags struct {
	State     string        `help:"Folder for a local copy of the map, so that the service can start while the database is away. Empty: none." placeholder:"DIR"`
	CopyEvery time.Duration `name:"copy-every" help:"How often the local copy is renewed, at most." default:"1m" placeholder:"DURATION"`
}

// copyPath returns the copy's file.
func (s stateFlags) copyPath() string { return filepath.Join(s.State, "shapan.copy") }

// prepare makes the folder. Only its owner may look into it: the copy holds personal data and digests of tokens.
func (s stateFlags) prepare() error {
	if s.CopyEvery < time.Second {
		return misused("--copy-every %s: expected at least 1s", s.CopyEvery)
	}
	if s.State == "" {
		return nil
	}
	if err := os.MkdirAll(s.State, 0o700); err != nil {
		return fmt.Errorf("the state folder %s cannot be made: %w; choose another folder with --state", s.State, err)
	}
	return nil
}

// forgives tells whether the service may start although the record answered with err: it is away, and there may be a copy.
func (s stateFlags) forgives(err error) bool {
	return s.State != "" && errors.Is(err, layers.ErrUnavailable)
}

// originOf returns the identity of a record, or "" where it has none or has not told it yet.
func originOf(store layers.Store) string {
	if o, ok := store.(interface{ Origin() string }); ok {
		return o.Origin()
	}
	return ""
}

// fallback returns what reads the copy while the record is away; nil: none is kept.
func (s stateFlags) fallback(store layers.Store) func(*layers.Builder) (layers.Copy, error) {
	if s.State == "" {
		return nil
	}
	return func(b *layers.Builder) (layers.Copy, error) {
		f, err := os.Open(s.copyPath())
		if errors.Is(err, fs.ErrNotExist) {
			return layers.Copy{}, fmt.Errorf("the state folder %s holds none yet", s.State)
		}
		if err != nil {
			return layers.Copy{}, err
		}
		defer f.Close()
		about, err := layers.ReadCopy(f, b)
		if err != nil {
			return about, fmt.Errorf("%s: %w", s.copyPath(), err)
		}
		if is := originOf(store); is != "" && about.Origin != is { // a record that is away from the start has not told it
			return about, layers.Invalid("state", "%s is the copy of another record", s.copyPath())
		}
		return about, nil
	}
}

// keeper returns what keeps the copy until its context ends; nil: none is kept.
func (s stateFlags) keeper(live *layers.Live, store layers.Store) func(context.Context) error {
	if s.State == "" {
		return nil
	}
	return func(ctx context.Context) error {
		return live.KeepCopy(ctx, s.copyPath(), func() string { return originOf(store) }, s.CopyEvery)
	}
}
