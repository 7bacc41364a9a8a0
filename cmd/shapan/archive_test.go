package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shapan/layers"
	"shapan/tiles"

	"github.com/paulmach/orb/encoding/mvt"
)

// TestArchiveGoesOnAfterAKill kills the program in the middle of its work, runs it again, and compares the file with one
// that was written at once. Then it serves the file as a basemap.
func TestArchiveGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	args := []string{"archive", "map.pmtiles", "--layers", "grids,buildings", "--zooms", "12-19"}
	must(t, dir, append([]string{"archive", "whole.pmtiles"}, args[2:]...)...)
	killed := false
	for range 5 { // the machine may be too fast for a first try
		if killed = killArchive(t, dir, args, 1<<18); killed {
			break
		}
		os.Remove(filepath.Join(dir, "map.pmtiles"))
	}
	if !killed {
		t.Fatal("the program was never killed while it worked")
	}
	if _, err := os.Stat(filepath.Join(dir, "map.pmtiles")); !os.IsNotExist(err) {
		t.Fatalf("half of an archive has the name of a whole one: %v", err)
	}
	r := shapan(t, dir, nil, args...)
	if r.code != 0 || !strings.Contains(r.err, "going on after ") || strings.Contains(r.err, "anew") {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "whole.pmtiles"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "map.pmtiles"))
	if err != nil || !bytes.Equal(got, whole) {
		t.Fatalf("%d bytes, written at once %d: %v", len(got), len(whole), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	s := start(t, dir, "--basemap", "map.pmtiles")
	tile := func(path string) string {
		code, _, body := s.do(t, "GET", path, "", "")
		if code != 200 {
			t.Fatalf("GET %s: %d", path, code)
		}
		return body
	}
	if base := tile("/basemap/16/53577/26917.mvt"); base != tile("/xyz/grids,buildings/16/53577/26917.mvt") {
		t.Error("the basemap's tile is not the service's own")
	}
}

// killArchive runs the program until its part file has some bytes, and kills it; false where it was done before.
func killArchive(t *testing.T, dir string, args []string, size int64) bool {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, kill := context.WithTimeout(t.Context(), time.Minute)
	defer kill()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = dir, environment()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			return false
		case <-time.After(time.Millisecond):
			if info, err := os.Stat(filepath.Join(dir, "map.pmtiles.part")); err == nil && info.Size() > size {
				kill()
				return <-ended != nil
			}
		}
	}
}

func TestAnArchiveIsForItsAudience(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	must(t, dir, "archive", "public.pmtiles", "--zooms", "14")
	must(t, dir, "archive", "internal.pmtiles", "--zooms", "14", "--audience", "internal", "--lang", "en")
	s := start(t, dir, "--basemap", "public.pmtiles")
	_, _, about := s.do(t, "GET", "/basemap.json", "", "")
	if strings.Contains(about, "events") || strings.Contains(about, "responders") || !strings.Contains(about, "grids") {
		t.Errorf("what the public's file has: %.300s", about)
	}
	code, _, body := s.do(t, "GET", "/basemap/14/13394/6729.mvt", "", "")
	drawn, err := mvt.Unmarshal([]byte(body))
	if code != 200 || err != nil {
		t.Fatal(code, err)
	}
	for _, l := range drawn {
		if l.Name == "events" || l.Name == "responders" {
			t.Errorf("the public's file has %s", l.Name)
		}
	}
	file, err := os.Open(filepath.Join(dir, "internal.pmtiles"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	internal, err := tiles.OpenArchive(file)
	if err != nil {
		t.Fatal(err)
	}
	about = fmt.Sprint(internal.Metadata)
	if !strings.Contains(about, "Events") || strings.Contains(about, "phone") || internal.Metadata.Audience != layers.Internal {
		t.Errorf("what the file for those within has: %.300s", about)
	}
	write(t, filepath.Join(dir, "text.pmtiles"), "PMTiles, it says here, and no more")
	fails(t, dir, map[string]wrong{
		"not for the public": {[]string{"archive", "x.pmtiles", "--layers", "events"}, 2, `unknown layer "events"`},
		"for nobody":         {[]string{"archive", "x.pmtiles", "--audience", "restricted"}, 2, "public"},
		"no such zooms":      {[]string{"archive", "x.pmtiles", "--zooms", "16-10"}, 2, "10-16"},
		"nothing there":      {[]string{"archive", "x.pmtiles", "--layers", "grids", "--zooms", "3-5"}, 2, "nothing to archive"},
		"no such scope":      {[]string{"archive", "x.pmtiles", "--layers", "grids", "--scope", "12"}, 2, "--scope"},
		"no such folder":     {[]string{"archive", "nowhere/x.pmtiles"}, 1, "cannot be written"},
		"not an archive":     {[]string{"serve", "--listen", "127.0.0.1:0", "--basemap", "text.pmtiles"}, 2, "version"},
		"not for everyone":   {[]string{"serve", "--listen", "127.0.0.1:0", "--basemap", "internal.pmtiles"}, 2, "--audience public"},
		"no such basemap":    {[]string{"serve", "--listen", "127.0.0.1:0", "--basemap", "none.pmtiles"}, 2, "--basemap"},
	})
	if left, _ := filepath.Glob(filepath.Join(dir, "x.pmtiles*")); len(left) > 0 {
		t.Errorf("what failed left %v", left)
	}
}
