package main

import (
	"context"
	"errors"
	"fmt"

	"shapan/layers/postgis"

	"github.com/jackc/pgx/v5"
)

// ready makes the database where it is missing, and brings it up to date. The exit code is that of the command that fills
// it: where that fails, the next start begins anew.
func (s *server) ready(first string) (code int, err error) {
	exists, err := s.prepare()
	if err != nil || exists {
		return 0, err
	}
	if first != "" {
		env := append(s.environment(unfinished), "SHAPAN_DATABASE_URL="+s.ownerURL(unfinished))
		if code, err := s.command(first, env); err != nil || code != 0 {
			return code, err
		}
	}
	return 0, s.ask(context.Background(), func(conn *pgx.Conn) error {
		_, err := conn.Exec(context.Background(), "ALTER DATABASE "+unfinished+" RENAME TO "+database)
		return err
	})
}

// prepare brings the database up to date, or makes one that is still to be filled. A signal breaks it off.
func (s *server) prepare() (exists bool, err error) {
	ctx, cancel := s.untilSignal()
	defer cancel()
	err = s.ask(ctx, func(conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists)
		if err != nil || exists {
			return err
		}
		_, dropped := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+unfinished+" WITH (FORCE)")
		_, made := conn.Exec(ctx, "CREATE DATABASE "+unfinished)
		return errors.Join(dropped, made)
	})
	name := database
	if !exists {
		name = unfinished
	}
	if err == nil {
		err = s.migrate(ctx, name)
	}
	return exists, because(ctx, err)
}

// migrate brings the record's schema and the service's user to what this program needs.
func (s *server) migrate(ctx context.Context, database string) error {
	if _, err := postgis.Migrate(ctx, s.ownerURL(database)); err != nil {
		return err
	}
	return s.ask(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, fmt.Sprintf(`DO $$ BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s') THEN CREATE ROLE %[1]s LOGIN IN ROLE %[2]s; END IF;
			ALTER ROLE %[1]s PASSWORD '%[3]s';
		END $$`, user, postgis.RoleService, s.access.service))
		return err
	})
}

// ask asks the server something as its superuser.
func (s *server) ask(ctx context.Context, question func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.ownerURL("postgres"))
	if err != nil {
		return fmt.Errorf("the server does not let us in: %w", err)
	}
	return errors.Join(question(conn), conn.Close(context.WithoutCancel(ctx)))
}

func (s *server) ownerURL(database string) string {
	return s.cluster.URLOf(owner, s.access.owner, database)
}
