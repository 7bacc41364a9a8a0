package gpkg

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"shapan/layers"
)

// foundation makes the tables of an empty record: those that OGC 12-128r19 (GeoPackage 1.3) asks for, the catalogue
// and the log. The catalogue stands in gpkg_contents so that GIS programs do not list the log as a layer.
var foundation = []string{
	fmt.Sprintf("PRAGMA application_id = %d", applicationID),
	fmt.Sprintf("PRAGMA user_version = %d", userVersion),
	`CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
		organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)`,
	`INSERT INTO gpkg_spatial_ref_sys VALUES
		('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
		('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
		('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]', 'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid')`,
	`CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
		description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
		min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
		CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))`,
	`CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
		geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
		CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
		CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
		CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))`,
	`CREATE TABLE shapan_layers (position INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT NOT NULL UNIQUE,
		table_name TEXT NOT NULL UNIQUE, columns TEXT NOT NULL, schema TEXT NOT NULL)`,
	`INSERT INTO gpkg_contents (table_name, data_type, identifier, description)
		VALUES ('shapan_layers', 'attributes', 'shapan_layers', 'the schemas of the record')`,
	`CREATE TABLE shapan_changes (seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, layer TEXT NOT NULL,
		fid INTEGER NOT NULL, op TEXT NOT NULL)`,
}

// writesTable keeps the keys of writes, and what the writes came to; at is in seconds since 1970. Records of the first
// version have no such table, so it is made at each start where it is missing.
const writesTable = `CREATE TABLE IF NOT EXISTS shapan_writes (key TEXT NOT NULL PRIMARY KEY, digest TEXT NOT NULL,
	seq INTEGER NOT NULL, ids TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID`

// What stands in the log's column op.
const (
	logPut     = "put"
	logDelete  = "delete"
	logCatalog = "catalogue" // the layer was defined or dropped, or its log may have a gap
)

// table is a layer as it stands in the file.
type table struct {
	layer   layers.Layer
	name    string   // of the SQLite table
	columns []string // of the fields, in order
	missing []string // those that another program has removed

	all, some, one, insert, upsert, update, remove string // statements
}

// catalogue is the layers of the file, in order.
type catalogue struct {
	tables []*table
}

func (c *catalogue) table(layer string) *table {
	for _, t := range c.tables {
		if t.layer.Name == layer {
			return t
		}
	}
	return nil
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

// catalogue reads the layers of the file.
func (n *session) catalogue() (*catalogue, error) {
	c := new(catalogue)
	err := n.each("SELECT name, table_name, columns, schema FROM shapan_layers ORDER BY position", nil, func(row []driver.Value) error {
		t := &table{name: text(row[1])}
		if err := json.Unmarshal([]byte(text(row[3])), &t.layer); err != nil {
			return unreadable(text(row[0])).Because(err)
		}
		if err := json.Unmarshal([]byte(text(row[2])), &t.columns); err != nil || len(t.columns) != len(t.layer.Fields) {
			return unreadable(text(row[0]))
		}
		c.tables = append(c.tables, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range c.tables {
		present, err := n.columnsOf(t.name)
		if err != nil {
			return nil, err
		}
		for _, name := range append([]string{"fid"}, t.columns...) {
			if !slices.ContainsFunc(present, func(p string) bool { return strings.EqualFold(p, name) }) {
				t.missing = append(t.missing, name)
			}
		}
		t.prepare()
	}
	return c, nil
}

func unreadable(layer string) *layers.Error {
	return &layers.Error{Kind: layers.ErrUnavailable, Detail: fmt.Sprintf("the schema of layer %s in the record is damaged", layer)}
}

func (n *session) columnsOf(table string) (names []string, err error) {
	err = n.each("SELECT name FROM pragma_table_info(?)", []driver.Value{table}, func(row []driver.Value) error {
		names = append(names, text(row[0]))
		return nil
	})
	return names, err
}

// prepare writes the statements of the layer. Columns are read as expressions: as plain columns the driver would turn
// their texts into times by its own rules.
func (t *table) prepare() {
	name, geom := quote(t.name), "NULL"
	columns, marks := []string{"fid"}, []string{"?"}
	if t.layer.Kind != layers.None {
		columns, marks, geom = append(columns, "geom"), append(marks, "?"), "geom"
	}
	read := []string{"fid", geom}
	for _, c := range t.columns {
		q := quote(c)
		columns, marks = append(columns, q), append(marks, "?")
		if slices.Contains(t.missing, c) {
			read = append(read, "NULL")
		} else {
			read = append(read, "+"+q)
		}
	}
	var set, excluded []string
	for _, c := range columns[1:] {
		set, excluded = append(set, c+" = ?"), append(excluded, c+" = excluded."+c)
	}
	if len(set) == 0 {
		set, excluded = []string{"fid = fid"}, []string{"fid = excluded.fid"}
	}
	t.all = fmt.Sprintf("SELECT %s FROM %s", strings.Join(read, ", "), name)
	t.one = t.all + " WHERE fid = ?"
	t.some = t.all + " WHERE fid IN (SELECT value FROM json_each(?))"
	t.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", name, strings.Join(columns, ", "), strings.Join(marks, ", "))
	t.upsert = t.insert + " ON CONFLICT (fid) DO UPDATE SET " + strings.Join(excluded, ", ")
	t.update = fmt.Sprintf("UPDATE %s SET %s WHERE fid = ?", name, strings.Join(set, ", "))
	t.remove = fmt.Sprintf("DELETE FROM %s WHERE fid = ?", name)
}

// gone tells whether another program has removed the table.
func (t *table) gone() bool { return slices.Contains(t.missing, "fid") }

// quote writes a name as an SQL identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal writes a text as an SQL literal.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// free returns the name, or the name with a number, so that it is none of the taken ones. SQLite takes letters of either
// case for the same.
func free(name string, taken []string) string {
	for i, try := 2, name; ; i++ {
		if !slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, try) }) {
			return try
		}
		try = fmt.Sprintf("%s_%d", name, i)
	}
}

// tableName returns the table for a new layer: named as the layer where SQLite and GeoPackage leave the name free.
func (n *session) tableName(layer string) (string, error) {
	var taken []string
	err := n.each("SELECT name FROM sqlite_master", nil, func(row []driver.Value) error {
		taken = append(taken, text(row[0]))
		return nil
	})
	lower := strings.ToLower(layer)
	for _, reserved := range []string{"sqlite_", "gpkg_", "rtree_", "shapan_"} {
		if strings.HasPrefix(lower, reserved) {
			layer = "layer_" + layer
		}
	}
	return free(layer, taken), err
}

// columnNames returns the columns of the fields: those that the fields had, else the field's own name where it is free.
func columnNames(l, old *layers.Layer, had []string) []string {
	names := make([]string, len(l.Fields))
	taken := append([]string{"fid", "geom", "rowid", "oid", "_rowid_"}, had...)
	for i, f := range l.Fields {
		if j := indexIn(old, f.Name); j >= 0 {
			names[i] = had[j]
			continue
		}
		names[i] = free(f.Name, taken)
		taken = append(taken, names[i])
	}
	return names
}

func indexIn(l *layers.Layer, field string) int {
	if l == nil {
		return -1
	}
	return l.Index(field)
}

// columnType returns the GeoPackage type of a field's column.
func columnType(t layers.FieldType) string {
	switch t {
	case layers.Int:
		return "INTEGER"
	case layers.Float:
		return "REAL"
	case layers.Bool:
		return "BOOLEAN"
	case layers.Time:
		return "DATETIME"
	case layers.Date:
		return "DATE"
	}
	return "TEXT"
}

// create makes the table of a layer, its triggers and its row of gpkg_contents.
func (n *session) create(t *table) error {
	columns := []string{"fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"}
	kind := "attributes"
	var srs driver.Value
	if t.layer.Kind != layers.None {
		kind, srs = "features", int64(4326)
		columns = append(columns, "geom "+geometryType(t.layer.Kind))
	}
	for i, c := range t.columns {
		columns = append(columns, quote(c)+" "+columnType(t.layer.Fields[i].Type))
	}
	if err := n.once(fmt.Sprintf("CREATE TABLE %s (%s)", quote(t.name), strings.Join(columns, ", "))); err != nil {
		return err
	}
	err := n.once("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, ?, ?, ?, ?)",
		t.name, kind, t.name, t.layer.Title.In(layers.Chinese), srs)
	if err != nil || kind == "attributes" {
		return err
	}
	return n.once("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, 4326, 0, 0)", t.name, geometryType(t.layer.Kind))
}

// geometryType returns GeoPackage's name for what a layer holds. Lines and polygons may be single or multiple, and no
// name but GEOMETRY stands for both.
func geometryType(k layers.GeometryKind) string {
	if k == layers.Point {
		return "POINT"
	}
	return "GEOMETRY"
}

// drop removes the table of a layer and what is registered of it.
func (n *session) drop(t *table) error {
	for _, q := range []string{"DELETE FROM gpkg_geometry_columns WHERE table_name = ?", "DELETE FROM gpkg_contents WHERE table_name = ?"} {
		if err := n.once(q, t.name); err != nil {
			return err
		}
	}
	if err := n.once("DELETE FROM shapan_layers WHERE name = ?", t.layer.Name); err != nil {
		return err
	}
	return n.once("DROP TABLE IF EXISTS " + quote(t.name))
}

// triggers returns the statements, by name, that make the triggers which log every change of the layer, whoever makes it.
func (t *table) triggers() map[string]string {
	out := map[string]string{}
	add := func(name, when, row, op string) {
		trigger := "shapan_log_" + name + "_" + t.name
		out[trigger] = fmt.Sprintf("CREATE TRIGGER %s AFTER %s BEGIN INSERT INTO shapan_changes (layer, fid, op) VALUES (%s, %s.fid, '%s'); END",
			quote(trigger), when, literal(t.layer.Name), row, op)
	}
	on := " ON " + quote(t.name)
	add("insert", "INSERT"+on, "NEW", logPut)
	add("update", "UPDATE"+on, "NEW", logPut)
	add("delete", "DELETE"+on, "OLD", logDelete)
	add("renumber", "UPDATE OF fid"+on+" WHEN OLD.fid <> NEW.fid", "OLD", logDelete)
	return out
}

// mend makes the triggers that are missing, because the layer is new or another program has made its table anew, and
// logs that what followed the layer must load it again. It returns the layers whose triggers it made.
func (n *session) mend(c *catalogue) (mended []string, err error) {
	have := map[string]bool{}
	err = n.each("SELECT name FROM sqlite_master WHERE type = 'trigger'", nil, func(row []driver.Value) error {
		have[text(row[0])] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range c.tables {
		made := false
		for name, statement := range t.triggers() {
			if have[name] || t.gone() {
				continue
			}
			if err := n.once(statement); err != nil {
				return nil, err
			}
			made = true
		}
		if !made {
			continue
		}
		if err := n.logCatalogue(t.layer.Name); err != nil {
			return nil, err
		}
		mended = append(mended, t.layer.Name)
	}
	return mended, nil
}

func (n *session) logCatalogue(layer string) error {
	return n.run("INSERT INTO shapan_changes (layer, fid, op) VALUES (?, 0, ?)", layer, logCatalog)
}

// state returns the number of the file's state.
func (n *session) state() (layers.Seq, error) {
	seq, err := n.number("SELECT seq FROM sqlite_sequence WHERE name = 'shapan_changes'")
	return layers.Seq(seq), err
}
