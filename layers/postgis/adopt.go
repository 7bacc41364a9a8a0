package postgis

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// Adoption says how a table of somebody else becomes a layer. Only Table is needed.
type Adoption struct {
	Table    string // as SQL: town.trees, public."Odd Name"
	Layer    string // its name; "": the table's
	Title    string // in Chinese; "": the table's comment, else its name
	Key      string // the column of the ids; "": the primary key
	Geometry string // the geometry column; "": the only one
	CRS      geo.CRS
	Zone     string // IANA name of the zone of times that state none; "": such columns are refused
	Audience layers.Audience
	Writable bool // whether the service may write it
}

// Adopted is a table as a layer: its schema, and what a person should know of it.
type Adopted struct {
	Layer layers.Layer
	CRS   geo.CRS  // that the positions are read in
	Notes []string // columns that are left out, and why
}

// Adopt makes a layer of a table that exists: its columns become fields, triggers tell of its changes, the service may
// read it. The table stays its owner's; dropping the layer takes the triggers away again and nothing else. It fails with
// ErrInvalid, and what to do, where the table cannot be a layer. try decides by the schema and up to 10,000 positions, as
// they stand in the table, whether it is as expected: its error stops the adoption, and leaves no trace.
func (s *Store) Adopt(ctx context.Context, a Adoption, try func(Adopted, []orb.Point) error) (Adopted, error) {
	var out Adopted
	var refused error
	p := &put{store: s}
	err := s.alone(ctx, p, func(ctx context.Context) error {
		t, notes, err := p.inspect(ctx, a)
		if err != nil {
			return err
		}
		out = Adopted{Layer: t.layer, CRS: t.crs, Notes: notes}
		points, err := p.sample(ctx, t)
		if err != nil {
			return err
		}
		if try != nil {
			if refused = try(out, points); refused != nil {
				return refused
			}
		}
		return p.take(ctx, t, a.Writable)
	})
	if refused != nil {
		err = refused // as the caller said it
	}
	return out, err
}

// foreign is a table that is to be adopted, as the database describes it.
type foreign struct {
	oid                   uint32
	kind                  string
	schema, name, comment string
	owned                 bool
	ours                  bool
}

// inspect finds out how a table can be a layer.
func (p *put) inspect(ctx context.Context, a Adoption) (*table, []string, error) {
	f, err := p.foreign(ctx, a.Table)
	if err != nil {
		return nil, nil, err
	}
	columns, err := p.columns(ctx, f.oid)
	if err != nil {
		return nil, nil, err
	}
	t := &table{schema: f.schema, name: f.name, adopted: true, zone: a.Zone}
	t.layer = layers.Layer{Name: a.Layer, Title: layers.Text{layers.Chinese: a.Title}, Audience: a.Audience, Writable: a.Writable, MaxZoom: 18}
	if t.layer.Name == "" {
		t.layer.Name = fieldName(f.name, nil)
	}
	if a.Title == "" {
		t.layer.Title[layers.Chinese] = f.comment
		if f.comment == "" {
			t.layer.Title[layers.Chinese] = f.name
		}
	}
	if p.known.table(t.layer.Name) != nil {
		return nil, nil, layers.Invalid("layer", "a layer named %s exists: choose another name with --name", t.layer.Name)
	}
	if t.key, err = p.keyOf(ctx, f, columns, a.Key); err != nil {
		return nil, nil, err
	}
	if t.geometry, err = geometryOf(f, columns, a.Geometry); err != nil {
		return nil, nil, err
	}
	if err := p.shape(ctx, t, a.CRS); err != nil {
		return nil, nil, err
	}
	notes, err := p.mapColumns(ctx, t, columns)
	if err != nil {
		return nil, nil, err
	}
	return t, notes, t.layer.Validate()
}

// foreign finds a table and refuses what cannot be a layer.
func (p *put) foreign(ctx context.Context, name string) (f foreign, err error) {
	err = p.tx.QueryRow(ctx, `SELECT c.oid, c.relkind::text, n.nspname::text, c.relname::text, coalesce(obj_description(c.oid, 'pg_class'), ''),
		pg_has_role(c.relowner, 'USAGE'), EXISTS (SELECT FROM shapan.layers l WHERE l.table_schema = n.nspname AND l.table_name = c.relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`, name).
		Scan(&f.oid, &f.kind, &f.schema, &f.name, &f.comment, &f.owned, &f.ours)
	if errors.Is(err, pgx.ErrNoRows) || class(err) == "42" {
		return f, &layers.Error{Kind: layers.ErrNotFound, Field: "table",
			Detail: fmt.Sprintf(`there is no table %.100s: expected a name such as town.trees or public."Odd Name"`, name)}
	}
	kinds := map[string]string{"v": "a view", "m": "a materialized view", "f": "a foreign table", "i": "an index", "S": "a sequence"}
	switch {
	case err != nil:
		return f, err
	case f.ours || f.schema == "shapan":
		return f, layers.Invalid("table", "%s.%s belongs to the record already", f.schema, f.name)
	case kinds[f.kind] != "":
		return f, layers.Invalid("table", "%s.%s is %s, which tells nobody of its changes: adopt the table that it is made from", f.schema, f.name, kinds[f.kind])
	case !f.owned:
		return f, &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("the triggers on %s.%s are its owner's to make: run the command as a user that owns it", f.schema, f.name)}
	}
	return f, nil
}

// columnInfo is a column of a table that is to be adopted.
type columnInfo struct {
	Name    string
	Type    string // the base type's name in pg_type
	SQL     string // as SQL writes it
	Class   string // b base, d domain, e enum, ...
	Comment string
	Primary bool // it is the whole primary key
	Unique  bool // it is never null and has a unique index of its own
	Codes   []string
}

func (p *put) columns(ctx context.Context, table uint32) ([]columnInfo, error) {
	rows, err := p.tx.Query(ctx, `SELECT a.attname::text, b.typname::text, format_type(a.atttypid, a.atttypmod), b.typtype::text, coalesce(col_description(a.attrelid, a.attnum), ''),
		coalesce(bool_or(i.indisprimary), false), coalesce(bool_or(i.indisunique AND i.indpred IS NULL) AND bool_and(a.attnotnull), false),
		coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid), '{}')
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
		LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
		WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
		GROUP BY a.attrelid, a.attnum, a.attname, b.typname, a.atttypid, a.atttypmod, b.typtype, b.oid ORDER BY a.attnum`, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[columnInfo])
}

// key chooses the column of the ids.
func (p *put) keyOf(ctx context.Context, f foreign, columns []columnInfo, wanted string) (string, error) {
	whole := func(c columnInfo) bool { return c.Type == "int2" || c.Type == "int4" || c.Type == "int8" }
	for _, rule := range []func(columnInfo) bool{
		func(c columnInfo) bool { return c.Name == wanted && wanted != "" },
		func(c columnInfo) bool { return c.Primary && wanted == "" },
		func(c columnInfo) bool { return c.Unique && wanted == "" },
	} {
		for _, c := range columns {
			if rule(c) && whole(c) && (c.Primary || c.Unique) {
				return c.Name, nil
			}
		}
	}
	free := free("shapan_id", func(s string) bool {
		return slices.ContainsFunc(columns, func(c columnInfo) bool { return c.Name == s })
	})
	return "", layers.Invalid("key", "%s.%s has no column of whole numbers that is unique and never empty, by which its rows could be told apart: have its owner run\n  ALTER TABLE %s.%s ADD COLUMN %s bigint GENERATED BY DEFAULT AS IDENTITY UNIQUE;\nand try again",
		f.schema, f.name, quote(f.schema), quote(f.name), free)
}

// geometryOf chooses the geometry column; "" where the table has none.
func geometryOf(f foreign, columns []columnInfo, wanted string) (string, error) {
	var names []string
	for _, c := range columns {
		if c.Type == "geometry" || c.Type == "geography" {
			names = append(names, c.Name)
		}
	}
	switch {
	case wanted != "" && !slices.Contains(names, wanted):
		return "", layers.Invalid("geometry", "%s.%s has no geometry column %q: it has %q", f.schema, f.name, wanted, names)
	case wanted != "":
		return wanted, nil
	case len(names) > 1:
		return "", layers.Invalid("geometry", "%s.%s has the geometry columns %q: choose one with --geometry", f.schema, f.name, names)
	case len(names) == 1:
		return names[0], nil
	}
	return "", nil
}

// shape finds out what geometry a table holds, and in which reference system.
func (p *put) shape(ctx context.Context, t *table, stated geo.CRS) error {
	t.crs, t.layer.Kind = geo.WGS84, layers.None
	if t.geometry == "" {
		return nil
	}
	var srids []int64
	var kinds []string
	err := p.tx.QueryRow(ctx, fmt.Sprintf(`SELECT coalesce(array_agg(DISTINCT ST_SRID(g)), '{}'), coalesce(array_agg(DISTINCT GeometryType(ST_Force2D(g))), '{}')
		FROM (SELECT %s::geometry AS g FROM %s WHERE %s IS NOT NULL) x`, quote(t.geometry), t.relation(), quote(t.geometry))).Scan(&srids, &kinds)
	if err != nil {
		return err
	}
	t.layer.Kind = kindOf(kinds)
	if len(kinds) == 0 {
		var declared string
		err := p.tx.QueryRow(ctx, `SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2`, t.relation(), t.geometry).Scan(&declared)
		if err != nil {
			return err
		}
		t.layer.Kind = declaredKind(declared)
	}
	srids = slices.DeleteFunc(srids, func(n int64) bool { return n == 0 })
	switch {
	case stated != "":
		t.crs = stated
	case len(srids) == 0 && len(kinds) > 0:
		return layers.Invalid("crs", "the positions of %s state no reference system: say it with --crs, such as --crs EPSG:4547", t.relation())
	case len(srids) > 0:
		t.crs = geo.CRS("EPSG:" + itoa(srids[0]))
	}
	return nil
}

// kindOf returns the kind of a layer by what its rows are.
func kindOf(types []string) layers.GeometryKind {
	kind := layers.GeometryKind("")
	for _, t := range types {
		k := map[string]layers.GeometryKind{"POINT": layers.Point, "LINESTRING": layers.Line, "MULTILINESTRING": layers.Line,
			"POLYGON": layers.Polygon, "MULTIPOLYGON": layers.Polygon}[t]
		if k == "" || kind != "" && k != kind {
			return layers.Mixed
		}
		kind = k
	}
	return kind
}

// declaredKind returns the kind of a layer that is empty by the type of its column.
func declaredKind(declared string) layers.GeometryKind {
	word := regexp.MustCompile(`\((\w+?)(Z|M|ZM)?,`).FindStringSubmatch(declared)
	if word == nil || strings.EqualFold(word[1], "geometry") {
		return layers.Mixed
	}
	return kindOf([]string{strings.ToUpper(word[1])})
}

// mapColumns makes fields of the columns.
func (p *put) mapColumns(ctx context.Context, t *table, columns []columnInfo) (notes []string, err error) {
	var zoneless []string
	taken := map[string]bool{"id": true, "geometry": true}
	times := 0
	for _, c := range columns {
		if c.Name == t.key || c.Name == t.geometry {
			continue
		}
		f, why := fieldOf(c)
		if why != "" {
			notes = append(notes, fmt.Sprintf("column %s is left out: %s", quote(c.Name), why))
			continue
		}
		if c.Type == "timestamp" {
			zoneless = append(zoneless, c.Name)
		}
		f.Name = fieldName(c.Name, taken)
		f.Title = layers.Text{layers.Chinese: c.Comment}
		if c.Comment == "" {
			f.Title[layers.Chinese] = c.Name
		}
		f.Audience = t.layer.Audience
		f.InTiles = t.layer.Audience < layers.Restricted && f.Type != layers.Strings
		if f.Type == layers.Time || f.Type == layers.Date {
			times++
			t.layer.TimeField = f.Name
		}
		t.layer.Fields, t.columns = append(t.layer.Fields, f), append(t.columns, c.Name)
		if len(t.layer.Fields) > layers.MaxFields {
			return nil, layers.Invalid("table", "%s has more than %d columns", t.relation(), layers.MaxFields)
		}
	}
	if times > 1 {
		t.layer.TimeField = ""
		notes = append(notes, "several columns hold times: none is taken for the time that datetime= asks about")
	}
	if len(zoneless) > 0 && t.zone == "" {
		return nil, layers.Invalid("time-zone", "the columns %q hold times without a zone: say which it is with --time-zone, such as Asia/Shanghai", zoneless)
	}
	if t.zone != "" {
		if _, err := time.LoadLocation(t.zone); err != nil {
			return nil, layers.Invalid("time-zone", "%q is no time zone: expected a name such as Asia/Shanghai", t.zone)
		}
	}
	return notes, nil
}

// fieldOf returns the field that a column becomes, or why it becomes none.
func fieldOf(c columnInfo) (f layers.Field, why string) {
	switch c.Type {
	case "int2", "int4", "int8", "oid":
		f.Type = layers.Int
	case "float4", "float8", "numeric", "money":
		f.Type = layers.Float
		if c.Type == "money" {
			return f, "amounts of money depend on the server's language: make it numeric"
		}
	case "bool":
		f.Type = layers.Bool
	case "timestamp", "timestamptz":
		f.Type = layers.Time
	case "date":
		f.Type = layers.Date
	case "_text", "_varchar", "_bpchar":
		f.Type = layers.Strings
	case "text", "varchar", "bpchar", "name", "char", "uuid", "json", "jsonb", "xml", "inet", "cidr", "macaddr", "citext", "time", "timetz", "interval", "bit", "varbit":
		f.Type = layers.String
	case "geometry", "geography":
		return f, "a layer has one geometry"
	default:
		if c.Class != "e" || len(c.Codes) == 0 {
			return f, fmt.Sprintf("a %s is none of the types that a field has", c.SQL)
		}
		f.Type = layers.Enum
		for _, code := range c.Codes {
			f.Codes = append(f.Codes, layers.Code{Value: code})
		}
	}
	return f, ""
}

// fieldName makes a word of a column's name that may name a field, and that is not taken.
func fieldName(column string, taken map[string]bool) string {
	name := strings.Trim(regexp.MustCompile(`[^\p{L}\p{N}_]+`).ReplaceAllString(column, "_"), "_")
	if r := []rune(name); len(r) > 56 {
		name = string(r[:56])
	}
	if !regexp.MustCompile(`^\p{L}`).MatchString(name) {
		name = "f_" + name
	}
	name = free(name, func(s string) bool { return taken[s] })
	if taken != nil {
		taken[name] = true
	}
	return name
}

// sample returns positions as they stand in the table, for who looks whether their datum is the stated one.
func (p *put) sample(ctx context.Context, t *table) ([]orb.Point, error) {
	if t.geometry == "" {
		return nil, nil
	}
	rows, err := p.tx.Query(ctx, fmt.Sprintf(`SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(ST_Force2D(%s::geometry)) AS p FROM %s
		WHERE %s IS NOT NULL AND NOT ST_IsEmpty(%s::geometry) LIMIT 10000) x WHERE p IS NOT NULL AND NOT ST_IsEmpty(p)`,
		quote(t.geometry), t.relation(), quote(t.geometry), quote(t.geometry)))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (out orb.Point, err error) {
		err = row.Scan(&out[0], &out[1])
		return out, err
	})
}

// take writes the layer into the catalogue and installs what watches the table.
func (p *put) take(ctx context.Context, t *table, writable bool) error {
	if writable && t.crs != geo.WGS84 && t.crs != geo.CGCS2000 {
		return layers.Invalid("writable", "%s is kept in %s: a layer that the service writes is in EPSG:4326 or EPSG:4490", t.relation(), t.crs)
	}
	if err := p.exec(ctx, insertLayer, layerRow(t)...); err != nil {
		return err
	}
	if err := p.describe(ctx, t); err != nil {
		return err
	}
	rights := "SELECT"
	if writable {
		rights = "SELECT, INSERT, UPDATE, DELETE"
	}
	for _, q := range []string{
		fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s, %s", quote(t.schema), RoleOwner, RoleService),
		fmt.Sprintf("GRANT SELECT ON %s TO %s", t.relation(), RoleOwner), // the trigger that logs TRUNCATE reads the ids
		fmt.Sprintf("GRANT %s ON %s TO %s", rights, t.relation(), RoleService),
		fmt.Sprintf("SELECT shapan.watch_table(%s::regclass, number, %s) FROM shapan.layers WHERE name = %s", literal(t.relation()), literal(t.key), literal(t.layer.Name)),
	} {
		if err := p.exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
