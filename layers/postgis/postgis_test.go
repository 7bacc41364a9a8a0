package postgis

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"shapan/layers"
	"shapan/layers/postgis/cluster/clustertest"
	"shapan/layers/storetest"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// server is the PostgreSQL that the tests share.
var server clustertest.Server

func TestMain(m *testing.M) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // what the proxies of the tests say
	code := m.Run()
	if err := errors.Join(server.Close(), blank.remove()); err != nil {
		slog.Error("the tests' PostgreSQL", "error", err)
		code = 1
	}
	const proxy = "github.com/Shopify/toxiproxy/v2" // one that is closed in the middle leaves goroutines of its own
	proxies := []goleak.Option{
		goleak.IgnoreAnyFunction(proxy + "/toxics.(*ToxicStub).Run"),
		goleak.IgnoreAnyFunction(proxy + ".(*ToxicLink).read"),
		goleak.IgnoreAnyFunction(proxy + ".(*ToxicLink).write"),
	}
	if err := goleak.Find(proxies...); err != nil && code == 0 {
		slog.Error("goroutines are left when the tests are over", "error", err)
		code = 1
	}
	os.Exit(code)
}

// quiet drops the log.
var quiet = slog.New(slog.DiscardHandler)

func migrate(ctx context.Context, url string) error {
	_, err := Migrate(ctx, url)
	return err
}

// database returns the address of a new record.
func database(t testing.TB) string {
	t.Helper()
	return server.Database(t, migrate)
}

// openAt opens the record of a database.
func openAt(t testing.TB, url string, config Config) *Store {
	t.Helper()
	if config.Log == nil {
		config.Log = quiet
	}
	s, err := Open(context.Background(), url, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestPromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, dir string) layers.Store {
		file := filepath.Join(dir, "url")
		url, err := os.ReadFile(file)
		if err != nil {
			url = []byte(database(t))
			if err := os.WriteFile(file, url, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return openAt(t, string(url), Config{Connections: 3})
	})
}
