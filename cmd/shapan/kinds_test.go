package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shapan/layers/postgis/cluster/clustertest"
)

// kind is a kind of record. The commands find it by the folder that they run in.
type kind struct {
	name   string
	empty  func(*testing.T) string         // makes a folder whose record is still to be made
	sample func(*testing.T) string         // makes a folder whose record holds the sample
	gdal   func(*testing.T, string) string // says how GDAL names the record of a folder,
	schema string                          // and what stands before the names of its layers there
}

var kinds = []kind{
	{"gpkg", (*testing.T).TempDir, sample, func(_ *testing.T, dir string) string { return filepath.Join(dir, "data", "shapan.gpkg") }, ""},
	{"postgis", emptyDatabase, sampleDatabase, gdalDatabase, "shapan."},
}

// both runs a test on either kind of record.
func both(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}

// databases is the PostgreSQL that the tests share.
var databases clustertest.Server

// fillDatabase makes the record that tests copy, by a real first run.
func fillDatabase(ctx context.Context, url string) error {
	path, err := binary()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, "fixtures", "--database-url", url)
	cmd.Env = environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("shapan fixtures: %w\n%s", err, out)
	}
	return nil
}

// sampleDatabase returns a folder whose record is a database that holds the sample.
func sampleDatabase(t *testing.T) string {
	t.Helper()
	return inDatabase(t, databases.Database(t, fillDatabase))
}

// emptyDatabase returns a folder whose record is to be made in an empty database.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	return inDatabase(t, databases.Empty(t))
}

// inDatabase returns a folder in which commands find their record in a database.
func inDatabase(t *testing.T, url string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "shapan.yaml"), "database-url: "+url+"\n")
	return dir
}

// addressIn returns the address of the database that the record of a folder is in.
func addressIn(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "shapan.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(string(text), "database-url: "))
}

func gdalDatabase(t *testing.T, dir string) string {
	t.Helper()
	return strings.Replace(addressIn(t, dir), "postgres:", "postgresql:", 1)
}

// environment is ours without what would lead the commands to another record.
func environment() []string {
	var out []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SHAPAN_") && !strings.HasPrefix(v, "PG") {
			out = append(out, v)
		}
	}
	return out
}
