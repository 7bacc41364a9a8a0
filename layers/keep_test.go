package layers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb/maptile"
)

var errAway = errors.New("connection refused")

// copied returns a copy of a record with these things, as of copiedAt, to fall back on.
func copied(t *testing.T, seq Seq, changes ...Change) func(*Builder) (Copy, error) {
	t.Helper()
	var features []Feature
	for _, c := range changes {
		features = append(features, *c.Feature)
	}
	data := copyOf(t, load(t, seq, []Layer{things("things", Point, Public)}, map[string][]Feature{"things": features}))
	return func(b *Builder) (Copy, error) { return ReadCopy(bytes.NewReader(data), b) }
}

// A service whose record is away at the start serves the copy, says so, and comes back to the record, whatever its number.
func TestTheCopyIsServedUntilTheRecordAnswers(t *testing.T) {
	t.Parallel()
	for _, was := range []Seq{1, 2, 90} { // before the record's state, the same, and after it
		m := newMemory()
		m.seq, m.features[1] = 2, *thing(1, "of the record").Feature
		m.fault = errAway
		var now atomic.Int64
		now.Store(copiedAt.Add(time.Hour).UnixNano())
		l, err := Open(t.Context(), m, LiveConfig{Log: quiet, Clock: func() time.Time { return time.Unix(0, now.Load()) },
			Fallback: copied(t, was, thing(1, "of the copy"))})
		if err != nil {
			t.Fatal(err)
		}
		h := l.Health()
		if !h.Copy.Equal(copiedAt) || !errors.Is(h.Fault, ErrUnavailable) || h.Age != time.Hour || l.Age() != time.Hour || h.Seq != was || !h.Since.Equal(copiedAt.Add(time.Hour)) {
			t.Errorf("on the copy of state %d: %+v", was, h)
		}
		view := l.Snapshot().View(Scope{})
		rev := tableOf(t, l.Snapshot(), Scope{}, "things").TileRev(maptile.New(0, 0, 0))
		followed := make(chan error, 1)
		heard := make(chan struct{}, 1000)
		go func() {
			followed <- l.Follow(t.Context(), was, time.Millisecond, func(*Snapshot, []Applied) error { heard <- struct{}{}; return nil })
		}()
		<-heard
		follow(t, l)
		if _, err := l.Put(t.Context(), Key{}, []Change{thing(2, "x")}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a write on the copy: %v", err)
		}
		now.Add(int64(time.Minute))
		if nameOf(t, l.Snapshot(), 1) != "of the copy" || l.Age() != time.Hour+time.Minute {
			t.Errorf("a minute later: %q, age %v", nameOf(t, l.Snapshot(), 1), l.Age())
		}
		m.fail(nil)
		eventually(t, "the record is loaded", func() bool { return l.Health().Copy.IsZero() })
		if h := l.Health(); h.Fault != nil || h.Age != 0 || h.Seq != 2 || nameOf(t, l.Snapshot(), 1) != "of the record" {
			t.Errorf("after the copy of state %d: %+v", was, h)
		}
		wantKind(t, "a follower of the copy", <-followed, ErrStale)
		if v := l.Snapshot().View(Scope{}); v.Key() == view.Key() && tableOf(t, l.Snapshot(), Scope{}, "things").TileRev(maptile.New(0, 0, 0)) == rev {
			t.Errorf("a tile of the copy and one of the record are both revision %d of %s", rev, v.Key())
		}
		if seq, err := l.Put(t.Context(), Key{}, []Change{thing(2, "x")}); err != nil || seq != 3 || nameOf(t, l.Snapshot(), 2) != "x" {
			t.Errorf("a write after it: %d %v", seq, err)
		}
	}
}

// follow runs a Live until the test ends.
func follow(t *testing.T, l *Live) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func TestTheCopyIsForARecordThatIsAwayOnly(t *testing.T) {
	t.Parallel()
	never := func(*Builder) (Copy, error) { t.Error("the copy was asked for"); return Copy{}, nil }
	if _, err := Open(t.Context(), newMemory(), LiveConfig{Log: quiet, Fallback: never}); err != nil {
		t.Error(err)
	}
	broken := newMemory()
	broken.layer.Name = ""
	_, err := Open(t.Context(), broken, LiveConfig{Log: quiet, Fallback: never})
	wantKind(t, "a record that is broken", err, ErrInvalid)
	away := newMemory()
	away.fault = errAway
	_, err = Open(t.Context(), away, LiveConfig{Log: quiet})
	wantKind(t, "a record that is away, and no copy", err, ErrUnavailable)
	_, err = Open(t.Context(), away, LiveConfig{Log: quiet, Fallback: func(b *Builder) (Copy, error) { return ReadCopy(strings.NewReader("x"), b) }})
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no copy of a map") {
		t.Errorf("a record that is away, and a file that is no copy: %v", err)
	}
}

// held is what a file holds: its header and the name of thing 1; ok is false where it is no whole copy.
func held(t *testing.T, path string) (about Copy, name string, ok bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return about, "", false
	}
	defer f.Close()
	b := NewBuilder()
	if about, err = ReadCopy(f, b); err != nil {
		return about, "", false
	}
	return about, nameOf(t, b.Snapshot(about.Seq), 1), true
}

// keep keeps a copy until the test ends or end is called.
func keep(t *testing.T, l *Live, path string, every time.Duration) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.KeepCopy(ctx, path, func() string { return "the record" }, every) }()
	ended := false
	end = func() {
		if cancel(); !ended {
			ended = true
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("KeepCopy ends with %v", err)
			}
		}
	}
	t.Cleanup(end)
	return end
}

func put(t *testing.T, l *Live, name string) {
	t.Helper()
	if _, err := l.Put(t.Context(), Key{}, []Change{thing(1, name)}); err != nil {
		t.Fatal(err)
	}
}

func TestTheCopyFollowsMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "map.copy")
	left := filepath.Join(dir, ".map.copy-123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, _ := live(t, newMemory())
	end := keep(t, l, path, 5*time.Millisecond)
	holds := func(name string) func() bool {
		return func() bool { _, got, ok := held(t, path); return ok && got == name }
	}
	eventually(t, "there is a copy from the start", holds(""))
	for _, name := range []string{"a", "b", "c"} {
		put(t, l, name)
		eventually(t, "the copy has "+name, holds(name))
	}
	before, err := os.Stat(path)
	if err != nil || before.Mode().Perm() != 0o600 {
		t.Fatalf("the copy: %v %v, want mode 0600", before.Mode(), err)
	}
	time.Sleep(30 * time.Millisecond)
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("nothing changed, and the copy was written again: %v", err)
	}
	end()
	if about, _, _ := held(t, path); about.Origin != "the record" || about.Seq != 4 || time.Since(about.At) > time.Minute {
		t.Errorf("the copy is of %+v", about)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v are in the folder: want the copy alone", files)
	}
}

func TestTheCopyIsWrittenOnceMoreAtTheEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "map.copy")
	l, _ := live(t, newMemory())
	end := keep(t, l, path, time.Hour)
	eventually(t, "there is a copy from the start", func() bool { _, _, ok := held(t, path); return ok })
	put(t, l, "last")
	time.Sleep(20 * time.Millisecond)
	if _, name, _ := held(t, path); name != "" {
		t.Error("the copy was written again within the hour")
	}
	end()
	if _, name, _ := held(t, path); name != "last" {
		t.Errorf("the copy has %q at the end", name)
	}
}

// What came from a copy is not the record: the copy stays as it is until the record has been loaded.
func TestACopyIsNotCopied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "map.copy")
	m := newMemory()
	m.fault = errAway
	l, err := Open(t.Context(), m, LiveConfig{Log: quiet, Fallback: copied(t, 1, thing(1, "of the copy"))})
	if err != nil {
		t.Fatal(err)
	}
	follow(t, l)
	keep(t, l, path, 2*time.Millisecond)
	time.Sleep(30 * time.Millisecond)
	if _, err := os.Stat(path); err == nil {
		t.Error("a copy of the copy was written")
	}
	m.fail(nil)
	eventually(t, "the record is copied", func() bool { _, name, ok := held(t, path); return ok && name == "" })
}

// The moment of a copy is when the record last answered, not when the file was written.
func TestACopyIsAsOldAsTheRecordsLastAnswer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "map.copy")
	now := start
	l, err := Open(t.Context(), newMemory(), LiveConfig{Log: quiet, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	keep(t, l, path, time.Hour)()
	if about, _, ok := held(t, path); !ok || !about.At.Equal(start) {
		t.Errorf("the copy is of %+v, want %v", about, start)
	}
}

// Where a copy cannot be written, the one before stays whole, and is replaced as soon as that works.
func TestAFullDiskLeavesTheCopyThatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small disk needs the right to mount one: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	path := filepath.Join(dir, "map.copy")
	l, _ := live(t, newMemory())
	put(t, l, "before")
	keep(t, l, path, 2*time.Millisecond)
	eventually(t, "there is a copy", func() bool { _, _, ok := held(t, path); return ok })
	filler := filepath.Join(dir, "filler")
	_ = os.WriteFile(filler, make([]byte, 1<<20), 0o600) // fails when the disk is full, as it is meant to
	put(t, l, "after")
	time.Sleep(50 * time.Millisecond)
	if _, name, ok := held(t, path); !ok || name != "before" {
		t.Errorf("on a full disk the copy has %q, %v: want the one before", name, ok)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the copy is replaced", func() bool { _, name, ok := held(t, path); return ok && name == "after" })
}

// A folder that is gone is no reason to stop, and nothing is left of what could not be finished.
func TestKeepingGoesOnWithoutItsFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(dir, "map.copy")
	l, _ := live(t, newMemory())
	keep(t, l, path, 2*time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is a copy", func() bool { _, _, ok := held(t, path); return ok })
	if _, err := replaceFile(path, func(io.Writer) error { return errAway }); !errors.Is(err, errAway) {
		t.Errorf("a copy that fails: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v are in the folder: want the copy alone", files)
	}
}
