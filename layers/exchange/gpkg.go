package exchange

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shapan/layers"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// featureTable is one table of an opened GeoPackage.
type featureTable struct {
	db       *sql.DB
	name     string
	geometry string // the geometry column; empty: none
	key      string // the primary key; empty: none
	srs      int
	columns  []column
}

// openGPKG opens a table of a GeoPackage, read-only, and returns its title.
func openGPKG(path string, o Options) (f format, title string, err error) {
	if _, err := os.Stat(path); err != nil {
		return f, "", err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return f, "", err
	}
	dsn := url.URL{Scheme: "file", Path: abs, RawQuery: "mode=ro&_pragma=query_only(1)&_pragma=trusted_schema(0)&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return f, "", err
	}
	db.SetMaxOpenConns(1)
	t := &featureTable{db: db}
	if err = t.choose(o.Layer); err == nil {
		err = t.describe()
	}
	if err == nil && t.geometry != "" {
		f.crs, err = t.system()
	}
	if err != nil {
		return f, "", errors.Join(err, db.Close())
	}
	f.unit, f.columns, f.records, f.close = "record", t.columns, t.records, db.Close
	return f, t.name, nil
}

// choose finds the table: the one of this name, or the only one.
func (t *featureTable) choose(want string) error {
	rows, err := t.db.Query(`SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes') ORDER BY data_type DESC, table_name`)
	if err != nil {
		return layers.Invalid("", "the file is no GeoPackage: it has no table gpkg_contents that can be read")
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if name == want {
			t.name = name
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	switch {
	case t.name != "":
		return nil
	case want != "":
		return layers.Unknown("table of the GeoPackage", want, names)
	case len(names) == 1:
		t.name = names[0]
		return nil
	case len(names) == 0:
		return layers.Invalid("", "the GeoPackage has no table of features")
	}
	return layers.Invalid("layer", "the GeoPackage has %d tables: say which one to read, of %q", len(names), names)
}

// describe reads the table's columns.
func (t *featureTable) describe() error {
	err := t.db.QueryRow(`SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?`, t.name).Scan(&t.geometry, &t.srs)
	if err != nil && !errors.Is(err, sql.ErrNoRows) && !strings.Contains(err.Error(), "no such table") {
		return err
	}
	rows, err := t.db.Query(`SELECT name, type, pk FROM pragma_table_info(?)`, t.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, kind string
		var key int
		if err := rows.Scan(&name, &kind, &key); err != nil {
			return err
		}
		switch {
		case strings.EqualFold(name, t.geometry):
			t.geometry = name
		case key == 1 && strings.EqualFold(kind, "INTEGER"):
			t.key = name
		default:
			t.columns = append(t.columns, column{name: name, kind: gpkgType(kind)})
		}
	}
	if len(t.columns) > 2*layers.MaxFields {
		return layers.Invalid("", "the table has %d columns: at most %d are allowed", len(t.columns), layers.MaxFields)
	}
	return rows.Err()
}

// gpkgType returns the field type of a column type of GeoPackage; empty where the values decide.
func gpkgType(kind string) layers.FieldType {
	kind, _, _ = strings.Cut(strings.ToUpper(kind), "(")
	switch strings.TrimSpace(kind) {
	case "BOOLEAN":
		return layers.Bool
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER":
		return layers.Int
	case "FLOAT", "DOUBLE", "REAL":
		return layers.Float
	case "TEXT":
		return layers.String
	case "DATE":
		return layers.Date
	case "DATETIME":
		return layers.Time
	}
	return ""
}

// system returns the coordinate system that the table states; empty where it states that it has none.
func (t *featureTable) system() (string, error) {
	if t.srs == -1 || t.srs == 0 {
		return "", nil
	}
	var organization string
	var code int
	err := t.db.QueryRow(`SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?`, t.srs).Scan(&organization, &code)
	if err != nil {
		return "", layers.Invalid("crs", "the GeoPackage does not say what its srs_id %d is; give the system with --crs", t.srs)
	}
	if strings.EqualFold(organization, "EPSG") && code == 4979 { // WGS-84 with heights
		code = 4326
	}
	return organization + ":" + strconv.Itoa(code), nil
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// records yields the rows of the table.
func (t *featureTable) records(yield func(raw, error) bool) {
	names := make([]string, len(t.columns))
	selected := []string{"NULL", "NULL"}
	if t.key != "" {
		selected[0] = quoteName(t.key)
	}
	if t.geometry != "" {
		selected[1] = quoteName(t.geometry)
	}
	for i, c := range t.columns {
		names[i] = c.name
		selected = append(selected, quoteName(c.name))
	}
	rows, err := t.db.Query("SELECT " + strings.Join(selected, ", ") + " FROM " + quoteName(t.name))
	if err != nil {
		yield(raw{}, fmt.Errorf("read GeoPackage: %w", err))
		return
	}
	defer rows.Close()
	cells := make([]any, len(selected))
	into := make([]any, len(selected))
	for i := range cells {
		into[i] = &cells[i]
	}
	for n := 1; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			yield(raw{}, fmt.Errorf("read GeoPackage: %w", err))
			return
		}
		if !yield(t.record(n, names, cells), nil) {
			return
		}
	}
	if err := rows.Err(); err != nil {
		yield(raw{}, fmt.Errorf("read GeoPackage: %w", err))
	}
}

// record makes a record of the cells: the key, the geometry and the columns.
func (t *featureTable) record(n int, names []string, cells []any) (r raw) {
	r = raw{line: n, names: names, values: make([]any, len(names))}
	r.id, _ = wholeID(cells[0])
	switch g := cells[1].(type) {
	case nil:
	case []byte:
		if r.geometry, r.err = gpkgGeometry(g); r.err != nil {
			return r
		}
	default:
		r.err = fmt.Errorf("the geometry is no blob")
		return r
	}
	for i, c := range cells[2:] {
		if b, isBlob := c.([]byte); isBlob {
			r.err = fmt.Errorf("column %s holds %d bytes that are no text", names[i], len(b))
			return r
		}
		if s, isText := c.(string); isText && t.columns[i].kind == layers.Time {
			if at, ok := timeOf(s, time.UTC); ok { // GeoPackage has times in UTC
				c = at
			}
		}
		r.values[i] = c
	}
	return r
}
