package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"shapan/layers"
	"shapan/layers/gpkg"
)

// recordFlags say where the record is.
type recordFlags struct {
	Data string `help:"Folder that holds the record, the file shapan.gpkg." default:"./data" placeholder:"DIR"`
}

// path returns the record's file.
func (r recordFlags) path() string { return filepath.Join(r.Data, "shapan.gpkg") }

// openOrMake opens the record, and makes an empty one where there is none.
func (r recordFlags) openOrMake(ctx context.Context) (*gpkg.Store, error) {
	const remedy = "choose another folder with --data, or let this user write there"
	if err := os.MkdirAll(r.Data, 0o750); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be made: %w; %s", r.Data, err, remedy)
	}
	probe, err := os.CreateTemp(r.Data, ".writable-*")
	if err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be written: %w; %s", r.Data, err, remedy)
	}
	probe.Close()
	os.Remove(probe.Name())
	return r.openFile(ctx)
}

// open opens the record that is there.
func (r recordFlags) open(ctx context.Context) (*gpkg.Store, error) {
	if _, err := os.Stat(r.path()); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no record at %s: make one with 'shapan serve' or 'shapan fixtures', or say where it is with --data", r.path())
	}
	return r.openFile(ctx)
}

func (r recordFlags) openFile(ctx context.Context) (*gpkg.Store, error) {
	store, err := gpkg.Open(ctx, r.path())
	if errors.Is(err, layers.ErrUnavailable) {
		return nil, fmt.Errorf("the record cannot be opened now: %w; choose another folder with --data, or see to the file", err)
	}
	if err != nil {
		return nil, fmt.Errorf("the record cannot be opened: %w; move the file away, or choose another folder with --data", err)
	}
	return store, nil
}

// read opens the record that is there and takes one state of it into memory. The caller closes the store.
func (r recordFlags) read(ctx context.Context) (*gpkg.Store, *layers.Snapshot, error) {
	store, err := r.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	live, err := layers.Open(ctx, store, layers.LiveConfig{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return store, live.Snapshot(), nil
}

// everything is the scope of who sits at the record's own machine.
func everything(s *layers.Snapshot) *layers.View {
	return s.View(layers.Scope{Audience: layers.Restricted})
}
