package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// wholeFile is a file that gets its name only when it is whole, so that nobody reads half of it.
type wholeFile struct {
	*bufio.Writer
	file *os.File
	name string
}

// createWhole begins a file. The caller keeps or discards it.
func createWhole(name string) (*wholeFile, error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", name, err)
	}
	return &wholeFile{bufio.NewWriterSize(file, 1<<16), file, name}, nil
}

// keep finishes the file and gives it its name.
func (w *wholeFile) keep() error {
	err := w.Flush()
	if err == nil {
		err = w.file.Chmod(0o644)
	}
	if err == nil {
		err = w.file.Sync()
	}
	if closed := w.file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(w.file.Name(), w.name)
	}
	if dir, e := os.Open(filepath.Dir(w.name)); e == nil {
		_ = dir.Sync() // so that the name survives a power cut too; not every system can
		dir.Close()
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", w.name, err)
	}
	return nil
}

// discard removes what is not whole; after keep it does nothing.
func (w *wholeFile) discard() {
	w.file.Close()
	os.Remove(w.file.Name())
}
