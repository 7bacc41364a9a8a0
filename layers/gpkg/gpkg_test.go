package gpkg

import (
	"path/filepath"
	"testing"

	"shapan/layers"
	"shapan/layers/storetest"
)

func open(t *testing.T, dir string) layers.Store {
	t.Helper()
	return openFile(t, filepath.Join(dir, "record.gpkg"))
}

func openFile(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestPromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}
