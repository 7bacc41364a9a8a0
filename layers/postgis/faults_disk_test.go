package postgis

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/postgis/cluster"
	"shapan/layers/postgis/cluster/clustertest"
	"shapan/layers/storetest"
)

// smallDisk mounts a disk of some megabytes on a new folder.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+itoa(megabytes)+"m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted: %s", out)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill writes hundreds of features at once until that fails, and returns how many were written, and the failure.
func (r *rig) fill() (written int64, err error) {
	const each = 500
	changes := make([]layers.Change, each)
	for ; written < 200*each; written += each {
		for i := range changes {
			f := storetest.Feature(0, i)
			f.Values[0] = layers.TextValue("bulk" + strings.Repeat("!", 500))
			changes[i] = layers.Change{Op: layers.Insert, Layer: "trial", Feature: f}
		}
		if _, err := r.store.Put(context.Background(), layers.Key{}, changes); err != nil {
			return written, err
		}
	}
	return written, nil
}

// TestFaultFullDisk: the disk of a layer's table is full. Nothing is written by halves, the map is served, and writes are taken
// again when there is room.
func TestFaultFullDisk(t *testing.T) {
	fault(t)
	disk := smallDisk(t, 8)
	c, url := ownRecord(t, cluster.Config{})
	r := newRig(t, url, url, Config{Patience: 10 * time.Second})
	r.grown(3)
	r.must(c.Own(disk))
	r.exec("CREATE TABLESPACE small LOCATION '" + disk + "'")
	r.exec("ALTER TABLE shapan.trial SET TABLESPACE small")
	ballast := filepath.Join(disk, "ballast")
	r.must(os.WriteFile(ballast, make([]byte, 6<<20), 0o644))
	bulk, err := r.fill()
	if !errors.Is(err, layers.ErrUnavailable) || !strings.Contains(err.Error(), "full disk") || !strings.Contains(err.Error(), string(unwritten)) {
		t.Errorf("after %d features: got %v (cause: %v), want that the disk is full", bulk, err, layers.Cause(err))
	}
	if n := r.ask(`SELECT count(*) FROM shapan.trial WHERE "string" LIKE 'bulk%'`); n != bulk {
		t.Errorf("the record has %d features, want the %d that were acknowledged", n, bulk)
	}
	r.reads()
	r.must(os.Remove(ballast))
	r.heals()
	r.finish()
}

// TestFaultFullDiskOfTheLog: the server's own log has no room, and the server ends. It heals as after a crash.
func TestFaultFullDiskOfTheLog(t *testing.T) {
	fault(t)
	disk, dir := smallDisk(t, 60), t.TempDir()
	if err := blank.copy(dir); err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join(dir, "data", "pg_wal")
	for _, args := range [][]string{{"cp", "-a", logs, disk}, {"rm", "-r", logs}, {"ln", "-s", filepath.Join(disk, "pg_wal"), logs}, {"chmod", "755", disk}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", args, out)
		}
	}
	c := clustertest.Own(t, cluster.Config{Dir: dir, Durable: true})
	r := newRig(t, c.URL("record"), c.URL("record"), Config{Patience: 10 * time.Second})
	r.grown(3)
	r.exec("SELECT pg_switch_wal()") // the log goes on in a new file of 16 MB
	ballast := filepath.Join(disk, "ballast")
	var space syscall.Statfs_t
	r.must(syscall.Statfs(disk, &space))
	r.must(os.WriteFile(ballast, make([]byte, max(0, int64(space.Bavail)*space.Bsize-1<<20)), 0o644))
	r.exec("SELECT pg_logical_emit_message(false, 'ballast', repeat('x', 13000000))")
	bulk, err := r.fill()
	if !errors.Is(err, layers.ErrUnavailable) {
		t.Errorf("after %d features: got %v (cause: %v), want ErrUnavailable", bulk, err, layers.Cause(err))
	}
	t.Logf("after %d features: %v (cause: %v)", bulk, err, layers.Cause(err))
	r.reads()
	r.must(os.Remove(ballast))
	r.must(c.Stop("immediate"))
	r.must(c.Restart(context.Background()))
	r.heals()
	if n := r.ask(`SELECT count(*) FROM shapan.trial WHERE "string" LIKE 'bulk%'`); n != bulk && !strings.Contains(err.Error(), string(unknown)) {
		t.Errorf("the record has %d features, want the %d that were acknowledged", n, bulk)
	}
	r.finish()
}
