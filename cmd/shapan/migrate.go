package main

import (
	"context"
	"fmt"
	"time"

	"shapan/layers/postgis"
)

// migrateCommand looks after the schema of a record in a database.
type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Make the record's schema, or bring it to this program's version."`
	Status migrateStatus `cmd:"" help:"List the steps of the schema: version, name, when it was applied."`
}

// Help teaches.
func (migrateCommand) Help() string {
	return `The record of a PostGIS database has a schema of its own, named shapan, and three roles: shapan_owner owns the tables,
shapan_service reads and writes features, shapan_reader reads what is not personal. 'migrate up' makes what is missing; a
superuser may always do it, another user is told what an administrator has to run first.

    shapan migrate up --database-url postgres://postgres@db.example/map
    shapan migrate status --database-url postgres://shapan@db.example/map

It also adds the layers, fields and codes that dispatching needs and an older record with responders lacks, and takes nothing
away; 'shapan serve' does the same for a record in a file. Make a backup before an upgrade; several servers that start at once take turns.`
}

// databaseFlag says where the database is.
type databaseFlag struct {
	DatabaseURL string `name:"database-url" help:"PostGIS database that holds the record, or is to hold it." placeholder:"URL"`
}

// check refuses an address that is missing or cannot be read.
func (d databaseFlag) check(ctx context.Context) error {
	if d.DatabaseURL == "" {
		return misused("--database-url is missing: only a record in a database has a schema to migrate; a record file is brought up to date when it is opened")
	}
	store, err := postgis.Open(ctx, d.DatabaseURL, postgis.Config{}) // does not connect
	if err != nil {
		return misused("--database-url: %w", err)
	}
	return store.Close()
}

// migrateUp brings the schema up to date.
type migrateUp struct {
	databaseFlag
}

// Run applies the steps that are missing.
func (m migrateUp) Run(ctx context.Context, console console) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	done, err := postgis.Migrate(ctx, m.DatabaseURL)
	if err != nil {
		return err
	}
	for _, step := range done {
		fmt.Fprintf(console.err, "applied %d %s\n", step.Version, step.Name)
	}
	if err := m.layersUp(ctx, console); err != nil {
		return err
	}
	fmt.Fprintln(console.err, "the record's schema is up to date")
	return nil
}

// migrateStatus lists the steps.
type migrateStatus struct {
	databaseFlag
}

// Run prints the steps on stdout, a line each, fields apart by tabs. It fails where some are still to come.
func (m migrateStatus) Run(ctx context.Context, console console) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	steps, err := postgis.Migrations(ctx, m.DatabaseURL)
	if err != nil {
		return err
	}
	pending := 0
	for _, step := range steps {
		applied := "pending"
		if step.At.IsZero() {
			pending++
		} else {
			applied = step.At.Format(time.RFC3339)
		}
		fmt.Fprintf(console.out, "%d\t%s\t%s\n", step.Version, step.Name, applied)
	}
	if pending > 0 {
		return fmt.Errorf("%d steps are still to come: run 'shapan migrate up'", pending)
	}
	return nil
}
