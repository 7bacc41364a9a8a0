package postgis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
)

// become acts as the owner of the tables for the rest of the transaction, for only the owner makes and alters them.
func (p *put) become(ctx context.Context) error {
	if p.owner {
		return nil
	}
	var may bool
	if err := p.tx.QueryRow(ctx, "SELECT pg_has_role(current_user, $1, 'MEMBER')", RoleOwner).Scan(&may); err != nil {
		return err
	}
	if !may {
		return &layers.Error{Kind: layers.ErrForbidden,
			Detail: "this database user may not make, alter or drop layers: run the command with a user that is a member of " + RoleOwner}
	}
	_, err := p.tx.Exec(ctx, "SET LOCAL ROLE "+RoleOwner)
	p.owner = err == nil
	return err
}

// define makes a layer or replaces its schema.
func (p *put) define(ctx context.Context, c *layers.Change) error {
	if err := c.CheckSchema(); err != nil {
		return err
	}
	old := p.known.table(c.Schema.Name)
	if old != nil && old.adopted {
		return layers.Invalid("name", "layer %s is a table of another owner: drop the layer, which leaves the table, and adopt it anew", c.Schema.Name)
	}
	if err := p.become(ctx); err != nil {
		return err
	}
	var err error
	switch {
	case old == nil:
		err = p.make(ctx, c.Schema)
	case old.gone():
		err = p.remake(ctx, c.Schema, old)
	default:
		var filled bool
		if err = p.tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+old.relation()+")").Scan(&filled); err != nil {
			return err
		}
		if filled {
			err = p.alter(ctx, c.Schema, old)
		} else {
			err = p.remake(ctx, c.Schema, old)
		}
	}
	if err != nil {
		return err
	}
	return p.reread(ctx)
}

// drop removes a layer; the table of an adopted one stays, without what watches it.
func (p *put) drop(ctx context.Context, layer string) error {
	t, err := p.known.find(layer)
	if err != nil {
		return err
	}
	if t.adopted {
		err = p.exec(ctx, "SELECT shapan.unwatch_table(relid) FROM pg_partition_tree(to_regclass($1)) UNION ALL SELECT shapan.unwatch_table(to_regclass($1)) WHERE to_regclass($1) IS NOT NULL", t.relation())
		if code(err) == codePrivilege {
			return &layers.Error{Kind: layers.ErrForbidden,
				Detail: fmt.Sprintf("the triggers on %s are its owner's to remove: run the command as a user that owns it", t.relation()), Cause: err}
		}
		if err == nil && !t.gone() {
			err = p.exec(ctx, fmt.Sprintf("REVOKE ALL ON %s FROM %s, %s", t.relation(), RoleOwner, RoleService))
		}
	} else if err = p.become(ctx); err == nil {
		err = p.exec(ctx, "DROP TABLE IF EXISTS "+t.relation())
	}
	if err != nil {
		return err
	}
	if err := p.exec(ctx, "DELETE FROM shapan.layers WHERE name = $1", layer); err != nil {
		return err
	}
	return p.reread(ctx)
}

func (p *put) exec(ctx context.Context, statement string, args ...any) error {
	_, err := p.tx.Exec(ctx, statement, args...)
	return err
}

// reread takes up the catalogue after this transaction changed it. Others do not see it yet, so it is not shared.
func (p *put) reread(ctx context.Context) (err error) {
	p.known, err = readCatalogue(ctx, p.tx, -1)
	return err
}

// make makes a new layer, last of all.
func (p *put) make(ctx context.Context, l *layers.Layer) error {
	name, err := p.tableName(ctx, l.Name)
	if err != nil {
		return err
	}
	t := newTable(l, name)
	if err := p.exec(ctx, insertLayer, layerRow(t)...); err != nil {
		return err
	}
	return p.build(ctx, t, 1)
}

// newTable returns the table that a layer is to have.
func newTable(l *layers.Layer, name string) *table {
	t := &table{layer: *l, schema: "shapan", name: name, key: "id", crs: "EPSG:4326", columns: columnNames(l, nil, nil)}
	if l.Kind != layers.None {
		t.geometry = "geom"
	}
	return t
}

// tableName returns the table for a new layer: named as the layer where that is free.
func (p *put) tableName(ctx context.Context, layer string) (string, error) {
	rows, err := p.tx.Query(ctx, "SELECT relname::text FROM pg_class WHERE relnamespace = 'shapan'::regnamespace")
	if err != nil {
		return "", err
	}
	taken, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return free(layer, func(s string) bool { return slices.Contains(taken, s) }), err
}

const insertLayer = `INSERT INTO shapan.layers (name, title_zh, title_en, kind, audience, writable, min_zoom, max_zoom, "precision",
	time_field, cluster, color_by, table_schema, table_name, key_column, geometry_column, crs, time_zone, adopted, personal)
	VALUES ($1, nullif($2, ''), nullif($3, ''), $4, $5, $6, $7, $8, $9, nullif($10, ''), $11, nullif($12, ''), $13, $14, $15, nullif($16, ''), $17, nullif($18, ''), $19, $20)`

const updateLayer = `UPDATE shapan.layers SET title_zh = nullif($2, ''), title_en = nullif($3, ''), kind = $4, audience = $5, writable = $6, min_zoom = $7,
	max_zoom = $8, "precision" = $9, time_field = nullif($10, ''), cluster = $11, color_by = nullif($12, ''), table_schema = $13, table_name = $14,
	key_column = $15, geometry_column = nullif($16, ''), crs = $17, time_zone = nullif($18, ''), adopted = $19, personal = $20 WHERE name = $1`

// layerRow returns a layer as the catalogue holds it.
func layerRow(t *table) []any {
	l := &t.layer
	return []any{l.Name, l.Title[layers.Chinese], l.Title[layers.English], string(l.Kind), l.Audience.String(), l.Writable, l.MinZoom, l.MaxZoom, l.Precision,
		l.TimeField, l.Cluster, l.ColorBy, t.schema, t.name, t.key, t.geometry, string(t.crs), t.zone, t.adopted, l.Personal}
}

// describe writes the fields and codes of a layer into the catalogue, in place of those that stand there.
func (p *put) describe(ctx context.Context, t *table) error {
	if err := p.exec(ctx, "DELETE FROM shapan.fields WHERE layer = $1", t.layer.Name); err != nil {
		return err
	}
	var fields, codes [][]any
	for i, f := range t.layer.Fields {
		fields = append(fields, []any{t.layer.Name, i + 1, f.Name, t.columns[i], nullable(f.Title[layers.Chinese]), nullable(f.Title[layers.English]), string(f.Type),
			f.Audience.String(), nullable(f.Unit), f.Required, nullable(f.Default), f.InTiles})
		for j, c := range f.Codes {
			codes = append(codes, []any{t.layer.Name, f.Name, j + 1, c.Value, nullable(c.Title[layers.Chinese]), nullable(c.Title[layers.English]), nullable(c.Color)})
		}
	}
	_, err := p.tx.CopyFrom(ctx, pgx.Identifier{"shapan", "fields"}, []string{"layer", "position", "name", "column_name", "title_zh", "title_en", "type",
		"audience", "unit", "required", "default_value", "in_tiles"}, pgx.CopyFromRows(fields))
	if err != nil || len(codes) == 0 {
		return err
	}
	_, err = p.tx.CopyFrom(ctx, pgx.Identifier{"shapan", "codes"}, []string{"layer", "field", "position", "value", "title_zh", "title_en", "color"}, pgx.CopyFromRows(codes))
	return err
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// build makes the table of a layer that stands in the catalogue; its ids begin at first.
func (p *put) build(ctx context.Context, t *table, first int64) error {
	columns := []string{fmt.Sprintf("id bigint GENERATED BY DEFAULT AS IDENTITY (START WITH %d) PRIMARY KEY CHECK (id BETWEEN 1 AND %d)", first, int64(layers.MaxID))}
	if t.layer.Kind != layers.None {
		columns = append(columns, geometryColumn(t.layer.Kind))
	}
	for i, f := range t.layer.Fields {
		c := quote(t.columns[i]) + " " + columnType(f.Type)
		if f.Required {
			c += " NOT NULL"
		}
		columns = append(columns, c)
	}
	if err := p.exec(ctx, fmt.Sprintf("CREATE TABLE %s (%s)", t.relation(), strings.Join(columns, ", "))); err != nil {
		return err
	}
	if t.layer.Kind != layers.None {
		if err := p.exec(ctx, fmt.Sprintf("CREATE INDEX ON %s USING gist (geom)", t.relation())); err != nil {
			return err
		}
	}
	if err := p.describe(ctx, t); err != nil {
		return err
	}
	if err := p.exec(ctx, "SELECT shapan.watch_table($1::text::regclass, number, 'id') FROM shapan.layers WHERE name = $2", t.relation(), t.layer.Name); err != nil {
		return err
	}
	return p.finishTable(ctx, t)
}

// geometryColumn returns the geometry column of a layer. Lines and areas may be single or multiple, and no type but
// Geometry stands for both.
func geometryColumn(k layers.GeometryKind) string {
	kinds := map[layers.GeometryKind]string{
		layers.Line:    "'LINESTRING', 'MULTILINESTRING'",
		layers.Polygon: "'POLYGON', 'MULTIPOLYGON'",
		layers.Mixed:   "'POINT', 'MULTIPOINT', 'LINESTRING', 'MULTILINESTRING', 'POLYGON', 'MULTIPOLYGON'",
	}
	if k == layers.Point {
		return "geom geometry(Point, 4326) NOT NULL"
	}
	return fmt.Sprintf("geom geometry(Geometry, 4326) NOT NULL CHECK (GeometryType(geom) IN (%s))", kinds[k])
}

// finishTable says what a table and its columns are, what they are where nothing is said, and who may read and write it.
func (p *put) finishTable(ctx context.Context, t *table) error {
	statements := []string{
		fmt.Sprintf("COMMENT ON TABLE %s IS %s", t.relation(), literal(bilingual(t.layer.Title, t.layer.Name))),
		fmt.Sprintf("REVOKE ALL ON %s FROM %s, %s", t.relation(), RoleService, RoleReader),
		fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s", t.relation(), RoleService),
	}
	readable := []string{"id"}
	if t.layer.Kind != layers.None {
		readable = append(readable, "geom")
	}
	for i, f := range t.layer.Fields {
		statements = append(statements, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", t.relation(), quote(t.columns[i]), literal(fieldComment(f))),
			fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s %s", t.relation(), quote(t.columns[i]), columnDefault(&f)))
		if f.Audience < layers.Restricted {
			readable = append(readable, quote(t.columns[i]))
		}
	}
	if t.layer.Audience < layers.Restricted {
		grant := "SELECT" // of the whole table, which GIS programs expect, where nothing of it is personal
		if len(readable) < len(t.columns)+2 {
			grant = fmt.Sprintf("SELECT (%s)", strings.Join(readable, ", "))
		}
		statements = append(statements, fmt.Sprintf("GRANT %s ON %s TO %s", grant, t.relation(), RoleReader))
	}
	statements = append(statements, fmt.Sprintf("DO $grant$ BEGIN EXECUTE 'GRANT USAGE, SELECT, UPDATE ON SEQUENCE ' || pg_get_serial_sequence(%s, 'id') || ' TO %s'; END $grant$",
		literal(t.relation()), RoleService))
	var several pgx.Batch
	for _, s := range statements {
		several.Queue(s)
	}
	return p.tx.SendBatch(ctx, &several).Close()
}

// bilingual returns a title in both languages, Chinese first.
func bilingual(t layers.Text, name string) string {
	zh, en := t[layers.Chinese], t[layers.English]
	switch {
	case zh != "" && en != "":
		return zh + " / " + en
	case zh+en != "":
		return zh + en
	}
	return name
}

// fieldComment says what a column is: its titles, its unit, its codes.
func fieldComment(f layers.Field) string {
	s := bilingual(f.Title, f.Name)
	if f.Unit != "" {
		s += " (" + f.Unit + ")"
	}
	for i, c := range f.Codes {
		if i == 0 {
			s += ": "
		} else {
			s += ", "
		}
		s += c.Value
		if zh := c.Title[layers.Chinese]; zh != "" {
			s += " " + zh
		}
	}
	return s
}

// columnDefault returns what sets the default of a field for those who write past the service. An area is not known to the
// database, and a list has no text of its own: those stay empty.
func columnDefault(f *layers.Field) string {
	switch {
	case f.Default == "serial()":
		return "SET DEFAULT to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDDHH24MISSUS')"
	case f.Default == "now()" && f.Type == layers.Date:
		return "SET DEFAULT (now() AT TIME ZONE 'Asia/Shanghai')::date"
	case f.Default == "now()":
		return "SET DEFAULT now()"
	case f.Default == "" || f.Type == layers.Strings || strings.HasSuffix(f.Default, "()"):
		return "DROP DEFAULT"
	}
	return fmt.Sprintf("SET DEFAULT %s::%s", literal(f.Default), columnType(f.Type))
}

// remake makes an empty layer anew in its old place; ids that were given are not given again.
func (p *put) remake(ctx context.Context, l *layers.Layer, old *table) error {
	first, err := p.nextID(ctx, old)
	if err != nil {
		return err
	}
	if err := p.exec(ctx, "DROP TABLE IF EXISTS "+old.relation()); err != nil {
		return err
	}
	t := newTable(l, old.name)
	if err := p.exec(ctx, updateLayer, layerRow(t)...); err != nil {
		return err
	}
	return p.build(ctx, t, first)
}

// alter replaces the schema of a layer that has features.
func (p *put) alter(ctx context.Context, l *layers.Layer, old *table) error {
	if err := l.Replaces(&old.layer); err != nil {
		return err
	}
	t := *old
	t.layer, t.columns = *l, columnNames(l, &old.layer, old.columns)
	for i, c := range t.columns {
		f := l.Fields[i]
		if j := old.layer.Index(f.Name); j < 0 || slices.Contains(old.missing, c) {
			if err := p.exec(ctx, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", t.relation(), quote(c), columnType(f.Type))); err != nil {
				return err
			}
		} else if old.layer.Fields[j].Required && !f.Required {
			if err := p.exec(ctx, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", t.relation(), quote(c))); err != nil {
				return err
			}
		}
		if err := p.require(ctx, &t, i); err != nil {
			return err
		}
	}
	if err := p.exec(ctx, updateLayer, layerRow(&t)...); err != nil {
		return err
	}
	if err := p.describe(ctx, &t); err != nil {
		return err
	}
	return p.finishTable(ctx, &t)
}

// require makes a required column one that is never empty, unless rows that are older than the rule are.
func (p *put) require(ctx context.Context, t *table, i int) error {
	if !t.layer.Fields[i].Required {
		return nil
	}
	c := quote(t.columns[i])
	var empty bool
	if err := p.tx.QueryRow(ctx, fmt.Sprintf("SELECT EXISTS (SELECT FROM %s WHERE %s IS NULL)", t.relation(), c)).Scan(&empty); err != nil || empty {
		return err
	}
	return p.exec(ctx, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", t.relation(), c))
}
