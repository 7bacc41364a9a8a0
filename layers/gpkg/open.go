// Package gpkg keeps the record in one OGC GeoPackage file, which GIS programs may read and edit while it is in use.
package gpkg

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"shapan/layers"

	"modernc.org/sqlite"
)

// Store is a record in a GeoPackage file. It implements layers.Store.
type Store struct {
	path    string
	db      *sql.DB
	gate    chan struct{} // holds one token while a writer is at work; guards writer, known, mended and trimmed
	writer  *session
	known   *catalogue // what the writer knows of the file's layers; nil: to be read again
	mended  []string   // the layers whose triggers were missing and have been made again
	version int64      // the file's data_version when known was read
	trimmed layers.Seq // the state at which the log was last shortened
	keep    layers.Seq // how many rows of the log are kept
	every   layers.Seq // after how many more rows it is shortened again

	mu   sync.Mutex    // guards news
	news chan struct{} // closed and replaced by each commit
}

const (
	applicationID = 0x47504B47 // "GPKG"
	userVersion   = 10300      // GeoPackage 1.3
	patience      = 5 * time.Second
	keptChanges   = 1_000_000
	trimEvery     = 10_000
)

// Open opens the record in the file at path, or makes the file, and its directory, where there is none. It fails with
// ErrInvalid where the file is something else (no GeoPackage, or one that another program made) and with ErrUnavailable
// where it cannot be read and written.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := prepare(path); err != nil {
		return nil, err
	}
	s := &Store{path: path, gate: make(chan struct{}, 1), keep: keptChanges, every: trimEvery, news: make(chan struct{})}
	d := new(sqlite.Driver)
	if err := registerFunctions(d); err != nil {
		return nil, unavailable(err)
	}
	s.db = sql.OpenDB(&source{d, dataSource(path)})
	s.db.SetMaxIdleConns(4)
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// prepare makes the directory and sees whether the file may be written.
func prepare(path string) error {
	if path == "" {
		return layers.Invalid("path", "the record's file has no name")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return unopened(path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return unopened(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return layers.Invalid("path", "%s is not a file", path)
	}
	return nil
}

// unopened says why the file could not be opened.
func unopened(path string, err error) error {
	why := "it cannot be opened for reading and writing"
	switch {
	case errors.Is(err, fs.ErrPermission):
		why = "this user may not read and write it; change its owner or mode"
	case strings.Contains(err.Error(), "read-only file system"):
		why = "it is on a file system that is read-only"
	case strings.Contains(err.Error(), "is a directory"), strings.Contains(err.Error(), "not a directory"):
		why = "a part of the path is a directory where a file is expected, or a file where a directory is"
	}
	return &layers.Error{Kind: layers.ErrUnavailable, Field: "path", Detail: fmt.Sprintf("the record %s: %s", path, why), Cause: err}
}

// dataSource writes the path as SQLite's URI, with what each connection is set to.
func dataSource(path string) string {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&_pragma=synchronous(FULL)&_pragma=cache_size(-8000)", escaped, patience.Milliseconds())
}

// source opens the connections of one store through a driver of its own, so that nothing is registered for the process.
type source struct {
	driver *sqlite.Driver
	name   string
}

func (s *source) Connect(context.Context) (driver.Conn, error) { return s.driver.Open(s.name) }
func (s *source) Driver() driver.Driver                        { return s.driver }

// start sees what the file is, makes the tables of an empty one and the triggers that are missing.
func (s *Store) start(ctx context.Context) (err error) {
	if s.writer, err = s.session(ctx); err != nil {
		return s.notRecord(err)
	}
	w := s.writer
	app, err := w.number("PRAGMA application_id")
	if err != nil {
		return s.notRecord(err)
	}
	tables, err := w.number("SELECT count(*) FROM sqlite_master")
	if err != nil {
		return s.notRecord(err)
	}
	if tables > 0 && app != applicationID {
		return layers.Invalid("path", "%s is an SQLite file but not a GeoPackage", s.path)
	}
	if tables > 0 {
		ours, err := w.number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('shapan_layers', 'shapan_changes')")
		if err != nil {
			return unavailable(err)
		}
		if ours != 2 {
			return layers.Invalid("path", "%s is a GeoPackage but not a record: import it into one", s.path)
		}
	}
	// Before the WAL begins, so that the identity stands in the file itself, where GDAL looks for it.
	err = s.write(ctx, func() error {
		n, err := w.number("SELECT count(*) FROM sqlite_master")
		if err == nil && n == 0 {
			err = w.script(foundation)
		}
		if err != nil {
			return err
		}
		return w.once(writesTable)
	})
	if err != nil {
		return err
	}
	return unavailable(w.each("PRAGMA journal_mode = WAL", nil, func([]driver.Value) error { return nil }))
}

// notRecord says that the file cannot be read as SQLite.
func (s *Store) notRecord(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == codeNotADatabase {
		return layers.Invalid("path", "%s is not a GeoPackage", s.path)
	}
	return unavailable(err)
}

// Close closes the file. No other method may be at work.
func (s *Store) Close() error {
	if s.writer != nil {
		s.writer.close()
	}
	return s.db.Close()
}

// Where returns the record's file, for a person.
func (s *Store) Where() string { return s.path }

// Empty tells whether the record has no layers yet.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	r, err := s.session(ctx)
	if err != nil {
		return false, unavailable(err)
	}
	defer r.close()
	n, err := r.number("SELECT count(*) FROM shapan_layers")
	if err != nil {
		return false, unavailable(err)
	}
	return n == 0, nil
}

// signal returns a channel that is closed by the next commit of this store.
func (s *Store) signal() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}

func (s *Store) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.news)
	s.news = make(chan struct{})
}
