package postgis

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shapan/geo"
	"shapan/layers"

	"github.com/jackc/pgx/v5"
)

// table is a layer as it stands in the database.
type table struct {
	layer    layers.Layer
	number   int32 // in the log
	schema   string
	name     string
	key      string // the column of the ids
	geometry string // the geometry column; "" where the layer has none
	crs      geo.CRS
	zone     string // of times without one; "" for none
	adopted  bool
	columns  []string          // of the fields, in order
	types    map[string]string // the columns that the table has, with their types as SQL
	missing  []string          // those of the catalogue that it has not
	whole    bool              // whether it is partitioned, so that no index keeps ids unique
	serial   string            // the sequence of ids, as SQL; "" where there is none

	read string // the columns as Load, Watch and Put read them
}

// catalogue is the layers of the record, in order, as of a version.
type catalogue struct {
	version int64
	tables  []*table
}

func (c *catalogue) table(layer string) *table {
	for _, t := range c.tables {
		if t.layer.Name == layer {
			return t
		}
	}
	return nil
}

func (c *catalogue) numbered(n int32) *table {
	for _, t := range c.tables {
		if t.number == n {
			return t
		}
	}
	return nil
}

// same tells whether the tables of two catalogues have the same columns, of the same types.
func (c *catalogue) same(d *catalogue) bool {
	return slices.EqualFunc(c.tables, d.tables, func(a, b *table) bool {
		return a.number == b.number && a.whole == b.whole && maps.Equal(a.types, b.types)
	})
}

// find is table with an error that offers the layers there are.
func (c *catalogue) find(layer string) (*table, error) {
	if t := c.table(layer); t != nil {
		return t, nil
	}
	var names []string
	for _, t := range c.tables {
		names = append(names, t.layer.Name)
	}
	return nil, layers.NotFound("%v", layers.Unknown("layer", layer, names))
}

// catalogueQuery returns the whole catalogue as one JSON text a layer.
const catalogueQuery = `
SELECT l.number, json_build_object(
	'name', l.name, 'title', json_build_object('zh', coalesce(l.title_zh, ''), 'en', coalesce(l.title_en, '')), 'kind', l.kind, 'audience', l.audience,
	'writable', l.writable, 'min_zoom', l.min_zoom, 'max_zoom', l.max_zoom, 'precision', l."precision", 'time_field', coalesce(l.time_field, ''),
	'cluster', l.cluster, 'color_by', coalesce(l.color_by, ''), 'personal', l.personal,
	'fields', coalesce((SELECT json_agg(json_build_object(
		'name', f.name, 'title', json_build_object('zh', coalesce(f.title_zh, ''), 'en', coalesce(f.title_en, '')), 'type', f.type, 'audience', f.audience,
		'unit', coalesce(f.unit, ''), 'required', f.required, 'default', coalesce(f.default_value, ''), 'in_tiles', f.in_tiles,
		'codes', (SELECT json_agg(json_build_object('value', c.value,
			'title', json_build_object('zh', coalesce(c.title_zh, ''), 'en', coalesce(c.title_en, '')), 'color', coalesce(c.color, ''))
			ORDER BY c."position", c.value) FROM shapan.codes c WHERE c.layer = f.layer AND c.field = f.name)
		) ORDER BY f."position", f.name) FROM shapan.fields f WHERE f.layer = l.name), '[]')),
	coalesce((SELECT array_agg(f.column_name ORDER BY f."position", f.name) FROM shapan.fields f WHERE f.layer = l.name), '{}'),
	l.table_schema, l.table_name, l.key_column, coalesce(l.geometry_column, ''), l.crs, coalesce(l.time_zone, ''), l.adopted,
	coalesce((SELECT json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)) FROM pg_attribute a
		WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped), '{}'),
	coalesce(t.relkind = 'p', false), coalesce(pg_get_serial_sequence(format('%I.%I', l.table_schema, l.table_name),
		(SELECT attname::text FROM pg_attribute WHERE attrelid = t.oid AND attname = l.key_column)), '')
FROM shapan.layers l LEFT JOIN pg_class t ON t.oid = to_regclass(format('%I.%I', l.table_schema, l.table_name))
ORDER BY l.number`

// readCatalogue reads the layers of the record.
func readCatalogue(ctx context.Context, tx pgx.Tx, version int64) (*catalogue, error) {
	rows, err := tx.Query(ctx, catalogueQuery)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	c := &catalogue{version: version}
	for rows.Next() {
		t := new(table)
		var schema, types []byte
		var crs string
		if err := rows.Scan(&t.number, &schema, &t.columns, &t.schema, &t.name, &t.key, &t.geometry, &crs, &t.zone, &t.adopted, &types, &t.whole, &t.serial); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(schema, &t.layer); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(types, &t.types); err != nil {
			return nil, err
		}
		if t.crs, err = geo.ParseCRS(crs); err != nil {
			t.crs = geo.CRS(crs) // a system that PostGIS knows and we do not
		}
		t.prepare()
		c.tables = append(c.tables, t)
	}
	return c, rows.Err()
}

// gone tells whether another program has removed the table.
func (t *table) gone() bool { return slices.Contains(t.missing, t.key) }

// relation returns the table's name as SQL.
func (t *table) relation() string { return quote(t.schema) + "." + quote(t.name) }

// prepare writes the list of what is read: the key, the geometry, whether it had to be mended, the fields.
func (t *table) prepare() {
	for _, name := range append([]string{t.key}, t.columns...) {
		if _, ok := t.types[name]; !ok {
			t.missing = append(t.missing, name)
		}
	}
	if _, ok := t.types[t.geometry]; t.geometry != "" && !ok {
		t.missing = append(t.missing, t.geometry)
	}
	geometry, mended := t.geometries()
	read := []string{"t." + quote(t.key) + "::bigint", geometry, mended}
	for i, name := range t.columns {
		if slices.Contains(t.missing, name) {
			read = append(read, "NULL::"+columnType(t.layer.Fields[i].Type))
			continue
		}
		read = append(read, t.column(name, t.layer.Fields[i].Type))
	}
	t.read = strings.Join(read, ", ")
}

// geometries returns the expressions of the geometry and of whether it was mended. Only areas can be invalid in a way
// that drawing minds, and looking costs, so points and lines are taken as they are.
func (t *table) geometries() (geometry, mended string) {
	if t.geometry == "" || slices.Contains(t.missing, t.geometry) {
		return "NULL::bytea", "false"
	}
	g := "t." + quote(t.geometry)
	declared := strings.ToLower(t.types[t.geometry])
	if strings.HasPrefix(declared, "geography") {
		g += "::geometry"
	}
	if !strings.HasSuffix(declared, ",4326)") && t.crs != geo.GCJ02 && t.crs != geo.BD09 {
		g = wgs84(g, t.crs)
	}
	if t.layer.Kind != layers.Polygon && t.layer.Kind != layers.Mixed {
		return g, "false"
	}
	return fmt.Sprintf("CASE WHEN ST_IsValid(%s) THEN %s ELSE shapan.mended(%s) END", g, g, g), fmt.Sprintf("NOT ST_IsValid(%s)", g)
}

// wgs84 returns the expression of a geometry in WGS-84. CGCS2000 is the same here; a geometry that states no reference
// system is in that of the layer.
func wgs84(g string, crs geo.CRS) string {
	srid := strings.TrimPrefix(string(crs), "EPSG:")
	stated := fmt.Sprintf("CASE ST_SRID(%s) WHEN 0 THEN ST_SetSRID(%s, %s) ELSE %s END", g, g, srid, g)
	return fmt.Sprintf("CASE WHEN ST_SRID(%s) = 4326 THEN %s WHEN ST_SRID(%s) = 4490 OR ST_SRID(%s) = 0 AND %s IN (4326, 4490) THEN ST_SetSRID(%s, 4326) ELSE shapan.in_wgs84(%s) END",
		g, g, g, g, srid, g, stated)
}

// column returns the expression that reads a field's column as the field's type. It says the type where the column has it
// already, too: another program may give the column another while readers go on.
func (t *table) column(name string, f layers.FieldType) string {
	c := "t." + quote(name)
	declared := t.types[name]
	switch f {
	case layers.Time:
		if declared == "timestamp without time zone" || strings.HasPrefix(declared, "timestamp(") && strings.HasSuffix(declared, "without time zone") {
			return c + " AT TIME ZONE " + literal(t.zone)
		}
	case layers.Strings:
		return c + "::text[]"
	}
	return c + "::" + columnType(f)
}

// columnType returns the type of a field's column.
func columnType(t layers.FieldType) string {
	switch t {
	case layers.Int:
		return "bigint"
	case layers.Float:
		return "double precision"
	case layers.Bool:
		return "boolean"
	case layers.Time:
		return "timestamp with time zone"
	case layers.Date:
		return "date"
	case layers.Strings:
		return "text[]"
	}
	return "text"
}

// quote writes a name as an SQL identifier.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal writes a text as an SQL literal.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// maxName is how many bytes of a name PostgreSQL keeps.
const maxName = 63

// free returns the name, shortened to what PostgreSQL keeps, or the name with a number, so that it is none of the taken
// ones.
func free(name string, taken func(string) bool) string {
	for i := 1; ; i++ {
		suffix := ""
		if i > 1 {
			suffix = fmt.Sprintf("_%d", i)
		}
		if try := shorten(name, maxName-len(suffix)) + suffix; !taken(try) {
			return try
		}
	}
}

// shorten cuts a text to n bytes between two of its characters.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := 0
	for i := range s {
		if i > n {
			break
		}
		cut = i
	}
	return s[:cut]
}

// columnNames returns the columns of the fields: those that the fields had, else the field's own name where it is free.
func columnNames(l, old *layers.Layer, had []string) []string {
	taken := append([]string{"id", "geom", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}, had...)
	names := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		if old != nil {
			if j := old.Index(f.Name); j >= 0 {
				names[i] = had[j]
				continue
			}
		}
		names[i] = free(f.Name, func(s string) bool { return slices.Contains(taken, s) })
		taken = append(taken, names[i])
	}
	return names
}
