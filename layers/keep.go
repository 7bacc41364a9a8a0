package layers

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"
)

// KeepCopy keeps the file at path a copy of memory, to start from while the record is away, until ctx ends; then it
// returns ctx's error. It writes when memory has another state than the file, at most once in every (0: a minute), and
// once more at the end. A file is replaced as a whole or not at all, and only its owner may read it. What fails is logged
// and tried again. Memory that came from a copy is not copied. origin names the record; it is asked at each copy.
func (l *Live) KeepCopy(ctx context.Context, path string, origin func() string, every time.Duration) error {
	if every <= 0 {
		every = time.Minute
	}
	k := keeper{Live: l, path: path, origin: origin}
	k.sweep()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		k.keep()
		select {
		case <-ctx.Done():
			k.keep()
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// keeper is one KeepCopy at work.
type keeper struct {
	*Live
	path   string
	origin func() string
	kept   moment // what the file holds
}

// moment names a state of memory: its number, and how often memory had been loaded, for what is loaded again may have the
// same number. Its zero is no state, as no record counts from it.
type moment struct {
	seq   Seq
	loads int
}

// keep writes a copy where there is something new to copy.
func (k *keeper) keep() {
	s, at, now, ok := k.state()
	if !ok || now == k.kept {
		return
	}
	begun := k.clock()
	size, err := replaceFile(k.path, func(w io.Writer) error { return WriteCopy(w, s, k.origin(), at) })
	if err != nil {
		k.log.Error("the local copy cannot be written; the one before stays", "path", k.path, "error", err)
		return
	}
	k.kept = now
	k.log.Debug("local copy written", "path", k.path, "seq", s.Seq, "bytes", size, "took", k.clock().Sub(begun).Round(time.Millisecond))
}

// state returns what to copy: the snapshot, the time at which the record said that it is up to date, and its name. ok is
// false where memory came from a copy itself.
func (k *keeper) state() (s *Snapshot, at time.Time, now moment, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s = k.Snapshot()
	return s, time.Unix(0, k.seen.Load()), moment{s.Seq, k.loads}, k.copied == nil
}

// sweep removes what a process that was killed while it wrote has left.
func (k *keeper) sweep() {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(k.path), partOf(k.path)))
	if err != nil {
		return // a folder whose name is a pattern: what is left there does no harm
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			k.log.Warn("a part of an old local copy cannot be removed", "path", name, "error", err)
		}
	}
}

// partOf returns the pattern of the names of a file in the making.
func partOf(path string) string { return "." + filepath.Base(path) + "-*" }

// replaceFile gives a file new content, all or none of it: another file in the same folder takes its name when it is whole
// and on the disk. It returns the file's size in bytes. Only the file's owner may read it.
func replaceFile(path string, write func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), partOf(path)) // for its owner only
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err := f.Close(); err != nil {
		return 0, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return 0, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	return info.Size(), dir.Sync()
}
