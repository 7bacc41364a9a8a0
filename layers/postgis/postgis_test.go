package postgis

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"testing"

	"shapan/layers"
	"shapan/layers/storetest"

	"github.com/jackc/pgx/v5"
)

func database_(t testing.TB) string {
	base := os.Getenv("PGDEV")
	conn, err := pgx.Connect(t.Context(), base+"/postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	name := "t" + rand.Text()
	if _, err := conn.Exec(t.Context(), fmt.Sprintf("CREATE DATABASE %q", name)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), base+"/postgres")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", name)); err != nil {
			t.Error(err)
		}
	})
	url := base + "/" + name
	if _, err := Migrate(t.Context(), url); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	return url
}

func TestPromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, dir string) layers.Store {
		file := dir + "/url"
		b, err := os.ReadFile(file)
		if err != nil {
			b = []byte(database_(t))
			os.WriteFile(file, b, 0o600)
		}
		s, err := Open(t.Context(), string(b), Config{Connections: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}
