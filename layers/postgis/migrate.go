package postgis

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// The roles of a record. They stand for what a database user may do, and cannot log in themselves: a user is made a
// member of one of them.
const (
	RoleOwner   = "shapan_owner"   // owns the tables; makes and drops layers
	RoleService = "shapan_service" // reads everything and writes features; may not alter tables
	RoleReader  = "shapan_reader"  // reads the layers and columns that are not personal
)

// Migration is a step of the record's schema.
type Migration struct {
	Version int64
	Name    string
	At      time.Time // when it was applied; zero: it is still to come
}

// Migrate brings the record's schema to this program's version and returns the steps that it took. It makes the roles and
// the extension where they are missing and the user may. Two that run at once take turns. It fails with ErrInvalid, and
// the lines to run, where the user may not do what is needed.
func Migrate(ctx context.Context, url string) ([]Migration, error) {
	db, err := sqlDatabase(url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := prepare(ctx, db); err != nil {
		return nil, err
	}
	p, err := migrations(db)
	if err != nil {
		return nil, err
	}
	results, err := p.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("the schema of the record could not be brought up to date: %w", unavailable(err))
	}
	var done []Migration
	for _, r := range results {
		done = append(done, Migration{Version: r.Source.Version, Name: fileName(r.Source.Path), At: time.Now()})
	}
	return done, nil
}

// Migrations returns the steps of the record's schema, applied or still to come, in order.
func Migrations(ctx context.Context, url string) ([]Migration, error) {
	db, err := sqlDatabase(url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var exists bool
	if err := db.QueryRowContext(ctx, "SELECT to_regclass('shapan.migrations') IS NOT NULL").Scan(&exists); err != nil {
		return nil, unavailable(err)
	}
	p, err := migrations(db)
	if err != nil {
		return nil, err
	}
	var out []Migration
	if !exists {
		for _, s := range p.ListSources() {
			out = append(out, Migration{Version: s.Version, Name: fileName(s.Path)})
		}
		return out, nil
	}
	statuses, err := p.Status(ctx)
	for _, s := range statuses {
		out = append(out, Migration{Version: s.Source.Version, Name: fileName(s.Source.Path), At: s.AppliedAt})
	}
	return out, unavailable(err)
}

func fileName(path string) string {
	if info, err := fs.Stat(migrationFiles, path); err == nil {
		return info.Name()
	}
	return path
}

// newestMigration returns the version that this program's schema has.
func newestMigration() (int64, error) {
	files, err := fs.ReadDir(migrationFiles, "migrations")
	if err != nil {
		return 0, err
	}
	newest := int64(0)
	for _, f := range files {
		v, err := goose.NumericComponent(f.Name())
		if err != nil {
			return 0, err
		}
		newest = max(newest, v)
	}
	return newest, nil
}

// sqlDatabase opens a database/sql pool, which the migration library asks for.
func sqlDatabase(url string) (*sql.DB, error) {
	c, err := settings(url, 20*time.Second)
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDB(*c.ConnConfig), nil
}

func migrations(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName("shapan.migrations"), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
}

// prepare makes what the migrations stand on: the extension, the roles, the schema.
func prepare(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("the driver's connection is of an unknown kind")
		}
		return pgx.BeginFunc(ctx, c.Conn(), func(tx pgx.Tx) error { return foundation(ctx, tx) })
	})
}

// foundation makes what is missing, one at a time among all servers. Roles are of the whole cluster, so another database
// may have made them.
func foundation(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(7237117, 3)"); err != nil {
		return unavailable(err)
	}
	steps := []struct{ have, statement, remedy string }{
		{"SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis')", "CREATE EXTENSION postgis",
			"CREATE EXTENSION postgis;  -- as a superuser, in this database"},
		{roleExists(RoleOwner), role(RoleOwner), "CREATE ROLE " + RoleOwner + " NOLOGIN;"},
		{roleExists(RoleService), role(RoleService), "CREATE ROLE " + RoleService + " NOLOGIN;"},
		{roleExists(RoleReader), role(RoleReader), "CREATE ROLE " + RoleReader + " NOLOGIN;"},
		{"SELECT pg_has_role(current_user, '" + RoleOwner + "', 'MEMBER')", "GRANT " + RoleOwner + " TO current_user",
			"GRANT " + RoleOwner + " TO THE_USER_THAT_MIGRATES;"},
		{"SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'shapan')", "CREATE SCHEMA shapan AUTHORIZATION " + RoleOwner,
			"CREATE SCHEMA shapan AUTHORIZATION " + RoleOwner + ";"},
		{"SELECT has_schema_privilege('shapan', 'CREATE')", "GRANT USAGE, CREATE ON SCHEMA shapan TO current_user",
			"GRANT USAGE, CREATE ON SCHEMA shapan TO THE_USER_THAT_MIGRATES;"},
	}
	for _, s := range steps {
		var have bool
		if err := tx.QueryRow(ctx, s.have).Scan(&have); err != nil {
			return unavailable(err)
		}
		if have {
			continue
		}
		if _, err := tx.Exec(ctx, s.statement); err != nil {
			if code(err) == codePrivilege {
				return &layers.Error{Kind: layers.ErrInvalid, Field: "database-url",
					Detail: "this database user may not prepare the record: have an administrator run\n  " + s.remedy + "\nand try again", Cause: err}
			}
			return unavailable(err)
		}
	}
	return nil
}

func roleExists(name string) string {
	return "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '" + name + "')"
}

// role makes a role, or takes it as it is where another database's migration was faster.
func role(name string) string {
	return "DO $$ BEGIN CREATE ROLE " + name + " NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
}
