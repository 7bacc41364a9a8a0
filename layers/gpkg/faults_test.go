package gpkg

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/storetest"
)

// childEnv names the file that a child process writes to until it is killed.
const childEnv = "GPKG_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := writeForEver(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// childBatch is how many features the child puts at once.
const childBatch = 5

// writeForEver puts batches of features and prints the number of each that was acknowledged.
func writeForEver(path string) error {
	s, err := Open(context.Background(), path)
	if err != nil {
		return err
	}
	l := storetest.Layer("trial", layers.Point)
	b := layers.NewBuilder()
	if _, err := s.Load(context.Background(), b); err != nil {
		return err
	}
	next := b.Snapshot(0).Features()/childBatch + 1
	if next == 1 {
		if _, err := s.Put(context.Background(), layers.Key{}, []layers.Change{{Op: layers.Define, Layer: l.Name, Schema: &l}}); err != nil {
			return err
		}
	}
	for n := next; ; n++ {
		if _, err := s.Put(context.Background(), layers.Key{}, numbered(n)); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// numbered returns the n-th batch, from 1.
func numbered(n int) []layers.Change {
	changes := make([]layers.Change, childBatch)
	for i := range changes {
		id := (n-1)*childBatch + i + 1
		changes[i] = layers.Change{Op: layers.Insert, Layer: "trial", Feature: storetest.Feature(int64(id), id)}
	}
	return changes
}

func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.gpkg")
	for round, life := range []time.Duration{150, 30, 220, 90, 310, 60} {
		acknowledged := killAfter(t, path, life*time.Millisecond)
		s := openFile(t, path)
		if empty, err := s.Empty(t.Context()); err != nil || empty {
			if acknowledged > 0 {
				t.Fatalf("round %d: the record is empty: %v", round, err)
			}
			s.Close()
			continue
		}
		got, _ := storetest.Contents(t, s)
		n := len(got["trial"])
		if n%childBatch != 0 || n < acknowledged*childBatch {
			t.Errorf("round %d: %d features, want whole batches of %d and at least %d", round, n, childBatch, acknowledged*childBatch)
		}
		for id, etag := range got["trial"] {
			if want := storetest.Feature(id, int(id)).ETag(); etag != want || id > int64(n) {
				t.Errorf("round %d: feature %d of %d is not as it was put", round, id, n)
			}
		}
		s.Close()
	}
}

// killAfter runs the child, kills it and returns the last number that it printed. Its life begins with its first print.
func killAfter(t *testing.T, path string, life time.Duration) (last int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(10*time.Second, func() { child.Process.Kill() })
	defer kill.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Errorf("the child says %q", lines.Text())
			break
		}
		if last == 0 {
			kill.Reset(life)
		}
		last = n
	}
	child.Wait()
	return last
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted: %s", out)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	s := openFile(t, filepath.Join(dir, "record.gpkg"))
	mustPut(t, s, trial())
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	written := 0
	var err error
	for written < 10_000 {
		if _, err = s.Put(t.Context(), layers.Key{}, numbered(written+1)); err != nil {
			break
		}
		written++
	}
	if !errors.Is(err, layers.ErrUnavailable) || !strings.Contains(err.Error(), "full") {
		t.Fatalf("after %d puts: got %v, want ErrUnavailable and that the disk is full", written, err)
	}
	if _, err := s.Put(t.Context(), layers.Key{}, bulk(4000)); !errors.Is(err, layers.ErrUnavailable) {
		t.Errorf("a large put: got %v, want ErrUnavailable", err)
	}
	whole := func() {
		t.Helper()
		if got, _ := storetest.Contents(t, s); len(got["trial"]) != written*childBatch {
			t.Errorf("%d features, want the %d that were acknowledged", len(got["trial"]), written*childBatch)
		}
	}
	whole()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, numbered(written+1)...)
	written++
	whole()
	s.Close()
	s = openFile(t, filepath.Join(dir, "record.gpkg"))
	whole()
}

// trial defines the layer that the tests write to.
func trial() layers.Change {
	l := storetest.Layer("trial", layers.Point)
	return layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l}
}

// bulk returns n inserts whose ids the record gives.
func bulk(n int) []layers.Change {
	changes := make([]layers.Change, n)
	for i := range changes {
		changes[i] = layers.Change{Op: layers.Insert, Layer: "trial", Feature: storetest.Feature(0, i)}
	}
	return changes
}

func mustPut(t testing.TB, s *Store, changes ...layers.Change) layers.Seq {
	t.Helper()
	seq, err := s.Put(t.Context(), layers.Key{}, changes)
	if err != nil {
		t.Fatalf("put: %v", err)
	}
	return seq
}

// outside opens the file as another program would.
func outside(t *testing.T, s *Store) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", s.path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec1(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// watched follows the store and returns what it is told, one change a value, and its end.
func watched(t *testing.T, s *Store, after layers.Seq) (<-chan layers.Change, <-chan error) {
	t.Helper()
	told, ended := make(chan layers.Change, 100), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- s.Watch(ctx, after, func(changes []layers.Change, _ bool) error {
			for _, c := range changes {
				told <- c
			}
			return nil
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return told, ended
}

func TestOutsideEdits(t *testing.T) {
	t.Parallel()
	s := openFile(t, filepath.Join(t.TempDir(), "record.gpkg"))
	after := mustPut(t, s, append([]layers.Change{trial()}, numbered(1)...)...)
	told, _ := watched(t, s, after)
	db := outside(t, s)
	for _, c := range []struct {
		edit string
		want []string
	}{
		{`UPDATE trial SET "int" = 99 WHERE fid = 2`, []string{"update 2"}},
		{`DELETE FROM trial WHERE fid = 3`, []string{"delete 3"}},
		{`INSERT INTO trial (fid, geom, "string") SELECT 50, geom, '外' FROM trial WHERE fid = 1`, []string{"update 50"}},
		{`INSERT OR REPLACE INTO trial (fid, geom) SELECT 50, geom FROM trial WHERE fid = 1`, []string{"update 50"}},
		{`UPDATE trial SET fid = 60 WHERE fid = 50`, []string{"delete 50", "update 60"}},
		{`UPDATE trial SET geom = x'00' WHERE fid = 60`, []string{"delete 60"}},
	} {
		exec1(t, db, c.edit)
		got := map[string]bool{}
		for range c.want {
			select {
			case change := <-told:
				got[fmt.Sprintf("%s %d", change.Op, change.ID)] = true
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: nothing was told", c.edit)
			}
		}
		for _, w := range c.want {
			if !got[w] {
				t.Errorf("%s: told %v, want %v", c.edit, got, c.want)
			}
		}
	}
	b := layers.NewBuilder()
	if _, err := s.Load(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if notes := b.Notes(); len(notes) != 1 || notes[0].ID != 60 {
		t.Errorf("load noted %v, want the unreadable geometry of 60", notes)
	}
}

func TestTableMadeAnew(t *testing.T) {
	t.Parallel()
	s := openFile(t, filepath.Join(t.TempDir(), "record.gpkg"))
	after := mustPut(t, s, append([]layers.Change{trial()}, numbered(1)...)...)
	_, ended := watched(t, s, after)
	time.Sleep(2 * poll)
	db := outside(t, s)
	exec1(t, db, `CREATE TABLE other AS SELECT * FROM trial WHERE fid < 3`)
	exec1(t, db, `DROP TABLE trial`)
	exec1(t, db, `CREATE TABLE trial (fid INTEGER PRIMARY KEY, geom POINT, "string" TEXT)`)
	exec1(t, db, `INSERT INTO trial SELECT fid, geom, "string" FROM other`)
	select {
	case err := <-ended:
		if !errors.Is(err, layers.ErrStale) {
			t.Errorf("watch ended with %v, want ErrStale", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("watch did not see that the table was made anew")
	}
	got, seq := storetest.Contents(t, s)
	if len(got["trial"]) != 2 {
		t.Errorf("%d features, want 2", len(got["trial"]))
	}
	told, _ := watched(t, s, seq)
	exec1(t, db, `DELETE FROM trial WHERE fid = 1`)
	select {
	case c := <-told:
		if c.Op != layers.Delete || c.ID != 1 {
			t.Errorf("told of %s %d, want delete 1", c.Op, c.ID)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the new table's log does not go on")
	}
}

func TestLocked(t *testing.T) {
	t.Parallel()
	s := openFile(t, filepath.Join(t.TempDir(), "record.gpkg"))
	mustPut(t, s, trial())
	if err := s.writer.run("PRAGMA busy_timeout = 50"); err != nil {
		t.Fatal(err)
	}
	db := outside(t, s)
	exec1(t, db, "BEGIN IMMEDIATE")
	if _, err := s.Put(t.Context(), layers.Key{}, numbered(1)); !errors.Is(err, layers.ErrUnavailable) || !strings.Contains(err.Error(), "another program") {
		t.Errorf("got %v, want ErrUnavailable and that another program has the lock", err)
	}
	exec1(t, db, "ROLLBACK")
	mustPut(t, s, numbered(1)...)
}

func TestLogIsShortened(t *testing.T) {
	t.Parallel()
	s := openFile(t, filepath.Join(t.TempDir(), "record.gpkg"))
	s.keep, s.every = 100, 1000
	after := mustPut(t, s, trial())
	mustPut(t, s, bulk(1000)...)
	seq := mustPut(t, s, numbered(500)...)
	_, ended := watched(t, s, after)
	select {
	case err := <-ended:
		if !errors.Is(err, layers.ErrStale) {
			t.Errorf("watch ended with %v, want ErrStale", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("watch goes on from a state that is no longer kept")
	}
	told, _ := watched(t, s, seq-50)
	if c := <-told; c.Seq != seq-49 {
		t.Errorf("told of %d, want %d", c.Seq, seq-49)
	}
}

func TestSpatialIndexOfAnotherProgram(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	s := openFile(t, filepath.Join(t.TempDir(), "record.gpkg"))
	mustPut(t, s, append([]layers.Change{trial()}, numbered(1)...)...)
	out, err := exec.Command("ogrinfo", s.path, "-sql", "SELECT CreateSpatialIndex('trial', 'geom')").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mustPut(t, s, append(numbered(2), layers.Change{Op: layers.Delete, Layer: "trial", ID: 1},
		layers.Change{Op: layers.Update, Layer: "trial", ID: 2, Feature: storetest.Feature(2, 77)})...)
	if n, err := s.writer.number("SELECT count(*) FROM rtree_trial_geom"); err != nil || n != 2*childBatch-1 {
		t.Errorf("the index holds %d features, want %d: %v", n, 2*childBatch-1, err)
	}
}

// needGDAL skips the test where GDAL is missing.
func needGDAL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("ogrinfo (GDAL) is not installed")
	}
}

func TestReadByGDAL(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	s := openFile(t, filepath.Join(t.TempDir(), "record.gpkg"))
	changes := []layers.Change{trial()}
	for n := 1; n <= 20; n++ {
		changes = append(changes, numbered(n)...)
	}
	for _, c := range changes[1:] { // to the millisecond: GDAL reads microseconds too, but calls them non-conformant
		c.Feature.Values[4] = layers.TimeValue(c.Feature.Values[4].Time().Truncate(time.Millisecond))
	}
	mustPut(t, s, changes...)
	for _, args := range [][]string{{"-al", "-so"}, {"-al"}} {
		out, err := exec.Command("ogrinfo", append(args, s.path)...).CombinedOutput()
		text := string(out)
		if err != nil || strings.Contains(text, "Warning") || strings.Contains(text, "ERROR") {
			t.Errorf("ogrinfo %v: %v\n%.2000s", args, err, text)
		}
		for _, want := range []string{"Layer name: trial", "Geometry: Point", "Feature Count: 100", "time: DateTime", "date: Date", "bool: Integer(Boolean)"} {
			if !strings.Contains(text, want) {
				t.Errorf("ogrinfo %v does not say %q\n%.2000s", args, want, text)
			}
		}
		if strings.Contains(text, "shapan_changes") {
			t.Errorf("ogrinfo %v lists the log as a layer", args)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	database := func(name, script string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		exec1(t, db, script)
		return path
	}
	for name, c := range map[string]struct {
		path string
		kind error
		says string
	}{
		"no database":       {write("a.txt", strings.Repeat("name,lon,lat\n", 100)), layers.ErrInvalid, "not a GeoPackage"},
		"another database":  {database("b.db", "CREATE TABLE a (b)"), layers.ErrInvalid, "not a GeoPackage"},
		"another's":         {database("c.gpkg", "PRAGMA application_id = 1196444487; CREATE TABLE gpkg_contents (a)"), layers.ErrInvalid, "not a record"},
		"a directory":       {dir, layers.ErrUnavailable, "directory"},
		"a file as the dir": {filepath.Join(write("d", "x"), "e.gpkg"), layers.ErrUnavailable, "directory"},
		"no name":           {"", layers.ErrInvalid, "no name"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), c.path)
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v that says %q", err, c.kind, c.says)
			}
		})
	}
	made := openFile(t, filepath.Join(dir, "new", "部 门", "re#co?rd%20.gpkg"))
	if empty, err := made.Empty(t.Context()); err != nil || !empty {
		t.Errorf("a new record: empty %v, %v", empty, err)
	}
	if _, err := os.Stat(made.path); err != nil {
		t.Error(err)
	}
}
