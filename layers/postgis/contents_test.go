package postgis

import (
	"strings"
	"testing"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// zoo is a table of somebody else with one row of each thing that a geometry column may hold.
var zoo = []struct {
	geometry string // as EWKT; "": null
	shown    bool   // the row is on the map
	note     string // what is noted of it; "": nothing
}{
	{"SRID=4326;POINT(114.31 30.56)", true, ""},
	{"", true, "no geometry"},
	{"SRID=4326;POINT EMPTY", true, "no geometry"},
	{"SRID=4326;POLYGON EMPTY", true, "no geometry"},
	{"SRID=4326;POLYGON((114.3 30.5, 114.4 30.6, 114.4 30.5, 114.3 30.6, 114.3 30.5))", true, "mended"},
	{"SRID=4326;POINT Z (114.31 30.56 21)", true, ""},
	{"SRID=4326;POINT ZM (114.31 30.56 21 5)", true, ""},
	{"SRID=4326;LINESTRING M (114.31 30.56 1, 114.32 30.56 2)", true, ""},
	{"SRID=4326;MULTIPOLYGON Z (((114.3 30.5 1, 114.4 30.5 1, 114.4 30.6 1, 114.3 30.5 1)))", true, ""},
	{"SRID=4490;POINT(114.31 30.56)", true, ""},
	{"SRID=4547;POINT(529740.5 3382164.5)", true, ""},
	{"SRID=3857;POINT(12724931 3575738)", true, ""},
	{"POINT(114.31 30.56)", true, ""},
	{"SRID=998000;POINT(114.31 30.56)", true, "does not know"},
	{"SRID=4326;MULTIPOINT(114.31 30.56, 114.32 30.57)", true, ""},
	{"SRID=4326;GEOMETRYCOLLECTION(POINT(114.31 30.56))", false, "collection"},
	{"SRID=4326;CIRCULARSTRING(114.31 30.56, 114.32 30.57, 114.33 30.56)", false, "curves"},
	{"SRID=4326;POINT(1e300 30.56)", false, "longitude"},
	{"SRID=4326;POINT(500 99)", false, "longitude"},
	{"SRID=4326;LINESTRING(114.31 30.56, 114.32 30.57)", true, ""},
}

// adoptZoo makes the table and adopts it.
func adoptZoo(t *testing.T, s *Store) {
	t.Helper()
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := s.pool.Exec(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	exec(`CREATE TABLE public."动物 园" (id bigint PRIMARY KEY, g geometry)`)
	for i, z := range zoo {
		exec(`INSERT INTO public."动物 园" VALUES ($1, ST_GeomFromEWKT(nullif($2, '')))`, i+1, z.geometry)
	}
	if _, err := s.Adopt(t.Context(), Adoption{Table: `"动物 园"`, Layer: "zoo", CRS: geo.WGS84}, nil); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
}

// loaded returns a layer as it is loaded, and the notes about it by id.
func loaded(t *testing.T, s *Store, layer string) (*layers.Table, map[int64]layers.Note) {
	t.Helper()
	b := layers.NewBuilder()
	seq, err := s.Load(t.Context(), b)
	if err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	notes := map[int64]layers.Note{}
	for _, n := range b.Notes() {
		if _, twice := notes[n.ID]; twice || n.Layer != layer {
			t.Errorf("another note: %+v", n)
		}
		notes[n.ID] = n
	}
	table, err := b.Snapshot(seq).View(layers.Scope{Audience: layers.Restricted}).Table(layer)
	if err != nil {
		t.Fatal(err)
	}
	return table, notes
}

func TestEveryGeometryIsShownMendedOrRefused(t *testing.T) {
	t.Parallel()
	s := openAt(t, database(t), Config{})
	adoptZoo(t, s)
	table, notes := loaded(t, s, "zoo")
	for i, z := range zoo {
		id := int64(i + 1)
		row, shown := table.Get(id)
		note := notes[id]
		if shown != z.shown || (z.note == "") != (note.Reason == "") || !strings.Contains(note.Reason, z.note) || note.Reason != "" && note.Shown != z.shown {
			t.Errorf("%s: shown %v, noted %+v; want shown %v and a note that says %q", z.geometry, shown, note, z.shown, z.note)
		}
		if !shown {
			continue
		}
		if p, ok := row.Geometry().(orb.Point); ok {
			if far := geo.Distance(p, orb.Point{114.31, 30.56}); far > 100 {
				t.Errorf("%s is %.0f m from where it is", z.geometry, far)
			}
		}
	}
}

func TestValuesThatNoFieldHolds(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 0)
	s := f.session()
	s.exec(`CREATE TABLE public.odd (id int PRIMARY KEY, at timestamptz, day date, f float8, n bigint, m numeric, list text[], clock timestamp)`,
		`INSERT INTO odd VALUES (1, '2017-12-04 08:00+08', '2017-12-04', 1.5, 7, 2.5, '{a,b}', '2017-12-04 08:00')`,
		`INSERT INTO odd VALUES (2, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL), (3, NULL, '-infinity', NULL, NULL, NULL, NULL, NULL),
			(4, NULL, NULL, 'NaN', NULL, NULL, NULL, NULL), (5, NULL, NULL, '-Infinity', NULL, NULL, NULL, NULL),
			(6, NULL, NULL, NULL, -9223372036854775808, NULL, NULL, NULL), (7, NULL, NULL, NULL, NULL, 'NaN', NULL, NULL),
			(8, NULL, NULL, NULL, NULL, NULL, '{a,NULL}', NULL), (9, '0044-03-15 12:00 BC', NULL, NULL, NULL, NULL, NULL, NULL),
			(10, NULL, NULL, NULL, NULL, 1e400, NULL, NULL), (11, NULL, NULL, NULL, NULL, 3.5, NULL, NULL)`)
	if _, err := f.store.Adopt(t.Context(), Adoption{Table: "odd"}, nil); err == nil || !strings.Contains(err.Error(), "--time-zone") {
		t.Fatalf("times without a zone: %v, want what to do", err)
	}
	if _, err := f.store.Adopt(t.Context(), Adoption{Table: "odd", Zone: "Asia/Shanghai"}, nil); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	table, notes := loaded(t, f.store, "odd")
	if row, ok := table.Get(1); !ok || row.Get("at").String() != "2017-12-04T00:00:00Z" || row.Get("clock").String() != "2017-12-04T00:00:00Z" ||
		row.Get("day").String() != "2017-12-04" || row.Get("m").String() != "2.5" || row.Get("list").String() != "a; b" {
		t.Errorf("row 1 is %v", row.Feature())
	}
	for id := int64(2); id <= 9; id++ { // each is shown without the value
		if _, shown := table.Get(id); !shown || !notes[id].Shown {
			t.Errorf("row %d: shown %v, noted %+v", id, shown, notes[id])
		}
	}
	// A number that PostgreSQL itself cannot convert costs its row, and no other.
	if _, shown := table.Get(10); shown || notes[10].Reason == "" || notes[10].Shown {
		t.Errorf("row 10: shown %v, noted %+v", shown, notes[10])
	}
	if row, shown := table.Get(11); !shown || row.Get("m").String() != "3.5" {
		t.Error("row 11, beside one that cannot be read, is missing")
	}
	if len(notes) != 9 {
		t.Errorf("%d notes, want 9", len(notes))
	}
}

func TestARowThatTurnsBadLeavesTheMapAndComesBack(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 0)
	s := f.session()
	s.exec("CREATE TABLE public.turn (id int PRIMARY KEY, g geometry)", "INSERT INTO turn VALUES (1, 'SRID=4326;POINT(114.31 30.56)')")
	if _, err := f.store.Adopt(t.Context(), Adoption{Table: "turn"}, nil); err != nil {
		t.Fatal(err)
	}
	l := live(t, f.store)
	shown := func() bool { return has(t, l, "turn", 1) }
	if !shown() {
		t.Fatal("the row is not on the map")
	}
	s.exec("UPDATE turn SET g = 'SRID=4326;GEOMETRYCOLLECTION(POINT(1 2))'")
	eventually(t, "the row has left the map", func() bool { return !shown() })
	s.exec("UPDATE turn SET g = 'SRID=4326;POINT(114.32 30.56)'")
	eventually(t, "the row is back", shown)
}

// A damaged row is looked for over the connection that met it: a load with two connections comes to its end.
func TestTwoConnectionsAreEnoughForADamagedRow(t *testing.T) {
	t.Parallel()
	url := database(t)
	s := openAt(t, url, Config{Connections: 1})
	for _, statement := range []string{`CREATE TABLE public.odd (id int PRIMARY KEY, m numeric)`, `INSERT INTO odd VALUES (1, 1e400), (2, 3.5)`} {
		if _, err := s.pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Adopt(t.Context(), Adoption{Table: "odd"}, nil); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	table, notes := loaded(t, s, "odd")
	if _, shown := table.Get(1); shown || notes[1].Reason == "" {
		t.Errorf("row 1: shown %v, noted %+v", shown, notes[1])
	}
	if row, shown := table.Get(2); !shown || row.Get("m").String() != "3.5" {
		t.Errorf("row 2: shown %v", shown)
	}
}

// Whoever inserts by SQL gets the defaults that the service gives, as far as the database can know them.
func TestDefaultsOfOthers(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 0)
	l := layers.Layer{Name: "calls", Kind: layers.Point, MaxZoom: 18, Fields: []layers.Field{
		{Name: "code", Type: layers.String, Required: true, Default: "serial()"}, {Name: "at", Type: layers.Time, Required: true, Default: "now()"},
		{Name: "day", Type: layers.Date, Default: "now()"}, {Name: "level", Type: layers.Int, Required: true, Default: "2"},
		{Name: "open", Type: layers.Bool, Default: "true"}, {Name: "kind", Type: layers.Enum, Codes: []layers.Code{{Value: "a'b"}}, Default: "a'b"},
		{Name: "grid", Type: layers.String, Default: "grid()"}, {Name: "note", Type: layers.String},
	}}
	f.put(layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	s := f.session()
	before := time.Now().Add(-time.Minute)
	s.exec(`INSERT INTO shapan.calls (geom) VALUES ('SRID=4326;POINT(114.31 30.56)')`)
	l.Fields[3].Default = ""
	l.Fields[4].Default = "false"
	f.put(layers.Change{Op: layers.Define, Layer: l.Name, Schema: &l})
	s.exec(`INSERT INTO shapan.calls (geom, level) VALUES ('SRID=4326;POINT(114.31 30.56)', 5)`)
	table, _ := loaded(t, f.store, "calls")
	for id, want := range map[int64]string{1: "2 true a'b null null", 2: "5 false a'b null null"} {
		row, shown := table.Get(id)
		if !shown {
			t.Fatalf("row %d is not on the map", id)
		}
		got := row.Get("level").String() + " " + row.Get("open").String() + " " + row.Get("kind").String()
		for _, empty := range []string{"grid", "note"} {
			if row.Get(empty).IsNull() {
				got += " null"
			}
		}
		if at := row.Get("at").Time(); got != want || at.Before(before) || len(row.Get("code").Text()) != 20 || row.Get("day").IsNull() {
			t.Errorf("row %d is %v", id, row.Feature())
		}
	}
	s.fails("23502", `INSERT INTO shapan.calls (geom) VALUES ('SRID=4326;POINT(114.31 30.56)')`)
}
