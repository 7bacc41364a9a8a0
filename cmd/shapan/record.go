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
	"shapan/layers/postgis"
)

// recordFlags say where the record is.
type recordFlags struct {
	Data        string `help:"Folder that holds the record, the file shapan.gpkg." default:"./data" placeholder:"DIR"`
	DatabaseURL string `name:"database-url" help:"PostGIS database that holds the record instead, such as postgres://shapan@db.example/map; several hosts by commas." placeholder:"URL"`
}

// record is a record of either kind.
type record interface {
	layers.Store
	Empty(context.Context) (bool, error) // whether it has no layers yet
	Where() string                       // for a person
	Close() error
}

// path returns the record's file.
func (r recordFlags) path() string { return filepath.Join(r.Data, "shapan.gpkg") }

// openOrMake opens the record, and makes an empty one where there is none.
func (r recordFlags) openOrMake(ctx context.Context, log *slog.Logger) (record, error) {
	if r.DatabaseURL != "" {
		return r.openDatabase(ctx, log, true)
	}
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
func (r recordFlags) open(ctx context.Context) (record, error) {
	if r.DatabaseURL != "" {
		return r.openDatabase(ctx, slog.New(slog.DiscardHandler), false)
	}
	if _, err := os.Stat(r.path()); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no record at %s: make one with 'shapan serve' or 'shapan fixtures', or say where it is with --data or --database-url", r.path())
	}
	return r.openFile(ctx)
}

func (r recordFlags) openFile(ctx context.Context) (record, error) {
	store, err := gpkg.Open(ctx, r.path())
	if errors.Is(err, layers.ErrUnavailable) {
		return nil, fmt.Errorf("the record cannot be opened now: %w; choose another folder with --data, or see to the file", err)
	}
	if err != nil {
		return nil, fmt.Errorf("the record cannot be opened: %w; move the file away, or choose another folder with --data", err)
	}
	return store, nil
}

// openDatabase opens the record of a database. Where the database has none, it is made if wanted and allowed. A database
// that is away is no error here: what is asked first tells it.
func (r recordFlags) openDatabase(ctx context.Context, log *slog.Logger, make bool) (record, error) {
	store, err := postgis.Open(ctx, r.DatabaseURL, postgis.Config{Log: log})
	if err != nil {
		return nil, misused("--database-url: %w", err)
	}
	_, err = store.Empty(ctx)
	if errors.Is(err, postgis.ErrNoRecord) && make {
		log.Info("the database holds no record: making it", "database", store.Where())
		if _, err = postgis.Migrate(ctx, r.DatabaseURL); errors.Is(err, layers.ErrInvalid) {
			err = fmt.Errorf("%w, or run 'shapan migrate up' with a database user that may", err)
		}
	}
	if err != nil && !errors.Is(err, layers.ErrUnavailable) {
		store.Close()
		return nil, fmt.Errorf("the record cannot be opened: %w", err)
	}
	return store, nil
}

// read opens the record that is there and takes one state of it into memory. The caller closes the store.
func (r recordFlags) read(ctx context.Context) (record, *layers.Snapshot, error) {
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
