package postgis

import (
	"fmt"
	"strings"
	"testing"

	"shapan/layers"
	"shapan/layers/storetest"
)

// schema returns a layer as the map has it now.
func schema(t *testing.T, l *layers.Live, layer string) layers.Layer {
	t.Helper()
	table, err := l.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table(layer)
	if err != nil {
		t.Fatal(err)
	}
	return table.Layer
}

// follows fails the test unless a change that another program makes to a layer reaches the map.
func follows(s *session, l *layers.Live, layer string, id int64) {
	s.Helper()
	s.exec(insertOf(layer, id))
	eventually(s.T, "the map follows layer "+layer, func() bool { return has(s.T, l, layer, id) })
}

func TestTitlesAndCodesBySQL(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 6) // of the codes high, 高 and low
	l := live(t, f.store)
	s := f.session()
	s.exec("UPDATE shapan.layers SET title_zh = '新' WHERE name = 'trial'", "UPDATE shapan.fields SET title_en = 'Whole', unit = 'm' WHERE layer = 'trial' AND name = 'int'")
	eventually(t, "the map has the titles", func() bool {
		of := schema(t, l, "trial")
		return of.Title.In(layers.Chinese) == "新" && of.Fields[1].Title.In(layers.English) == "Whole" && of.Fields[1].Unit == "m"
	})
	s.fails("23514", `UPDATE shapan.trial SET enum = 'middle' WHERE id = 1`)
	s.exec(`INSERT INTO shapan.codes (layer, field, "position", value) VALUES ('trial', 'enum', 4, 'middle')`, `UPDATE shapan.trial SET enum = 'middle' WHERE id = 1`)
	value := func(id int64) string {
		table, err := l.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Table("trial")
		if err != nil {
			t.Fatal(err)
		}
		row, _ := table.Get(id)
		return row.Get("enum").Text()
	}
	eventually(t, "the map has the code and the value", func() bool {
		return len(schema(t, l, "trial").Fields[7].Codes) == 4 && value(1) == "middle"
	})
	s.fails("23514", "DELETE FROM shapan.codes WHERE value = 'middle'") // it is in use
	s.fails("23514", "UPDATE shapan.codes SET value = 'centre' WHERE value = 'middle'")
	s.exec("UPDATE shapan.trial SET enum = 'low' WHERE enum IN ('middle', '高')", "DELETE FROM shapan.codes WHERE value IN ('middle', '高') AND layer = 'trial'")
	eventually(t, "the map has two codes", func() bool { return len(schema(t, l, "trial").Fields[7].Codes) == 2 })
	s.fails("23514", "UPDATE shapan.trial SET enum = '高' WHERE id = 1")
	s.fails("23514", "DELETE FROM shapan.codes WHERE layer = 'trial'") // an enum without codes is none
	s.exec("BEGIN", "UPDATE shapan.layers SET title_zh = '又' WHERE name = 'trial'", "ROLLBACK")
	follows(s, l, "trial", 100)
	if got := schema(t, l, "trial").Title.In(layers.Chinese); got != "新" {
		t.Errorf("the title is %q, one that was rolled back", got)
	}
	s.exec("SET session_replication_role = replica", "UPDATE shapan.layers SET title_zh = '三' WHERE name = 'trial'")
	eventually(t, "the map has the title of a replica", func() bool { return schema(t, l, "trial").Title.In(layers.Chinese) == "三" })
	if notes := l.Health().Notes; len(notes) > 0 {
		t.Errorf("the map notes %v", notes)
	}
}

// Who alters the tables of the record behind its back costs the map that layer, or that field, and nothing else.
func TestTablesAlteredBySQL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does  string
		noted string // of trial, after another change of it was told or the record was loaded again; empty: none is
		shown int    // features of trial then
	}{
		"a column dropped":         {`ALTER TABLE shapan.trial DROP COLUMN "float"`, "has no column", 4},
		"the geometry dropped":     {`ALTER TABLE shapan.trial DROP COLUMN geom`, "has no column", 3},
		"a column renamed":         {`ALTER TABLE shapan.trial RENAME COLUMN string TO words`, "has no column", 4},
		"a column of another type": {`ALTER TABLE shapan.trial ALTER COLUMN "int" TYPE smallint, ALTER COLUMN string TYPE varchar(30)`, "", 4},
		"a column added":           {`ALTER TABLE shapan.trial ADD COLUMN more text DEFAULT 'x'`, "", 4},
		"the key dropped":          {`ALTER TABLE shapan.trial DROP COLUMN id CASCADE`, "is missing", 0},
		"the table dropped":        {`DROP TABLE shapan.trial`, "is missing", 0},
		"the table renamed":        {`ALTER TABLE shapan.trial RENAME TO elsewhere`, "is missing", 0},
		"the triggers dropped":     {`SELECT shapan.unwatch_table('shapan.trial')`, "", 4},
		"the layer removed":        {`DELETE FROM shapan.layers WHERE name = 'trial'`, "", -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t, 3)
			l := live(t, openAt(t, f.url, Config{Connections: 3}))
			s := f.session()
			follows(s, l, "mark", 1)
			s.exec(c.does)
			follows(s, l, "mark", 2)
			_ = s.try(insertOf("trial", 100)) // it fails where the table or the column is gone
			follows(s, l, "mark", 3)
			s.exec("UPDATE shapan.layers SET title_en = 'Mark' WHERE name = 'mark'") // the map is loaded again
			eventually(t, "the map is loaded again", func() bool { return schema(t, l, "mark").Title.In(layers.English) == "Mark" })
			follows(s, l, "mark", 4)
			noted := l.Health().Notes
			if c.noted == "" && len(noted) > 0 || c.noted != "" && !mentions(noted, c.noted) {
				t.Errorf("the map notes %v, want %q", noted, c.noted)
			}
			got := -1
			for _, table := range l.Snapshot().View(layers.Scope{Audience: layers.Restricted}).Tables() {
				if table.Layer.Name == "trial" {
					got = table.Len()
				}
			}
			if got != c.shown {
				t.Errorf("the map shows %d features of the layer, want %d", got, c.shown)
			}
		})
	}
}

func mentions(notes []layers.Note, what string) bool {
	for _, n := range notes {
		if n.Layer == "trial" && strings.Contains(n.Reason, what) {
			return true
		}
	}
	return false
}

// A column that gets another type is read as what it then is, by a reader that has not loaded since.
// What stands in no log is noticed all the same, without a change that follows.
func TestAQuietTableThatIsDropped(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 3)
	l := live(t, f.store)
	s := f.session()
	s.exec("DROP TABLE shapan.trial")
	eventually(t, "the map notes that the table is gone", func() bool { return mentions(l.Health().Notes, "trial") })
}

func TestColumnOfAnotherType(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 3)
	s := f.session()
	for i, kind := range []string{"smallint", "integer", "numeric", "real", "bigint"} {
		s.exec(fmt.Sprintf(`ALTER TABLE shapan.trial ALTER COLUMN "int" TYPE %s`, kind), fmt.Sprintf(`UPDATE shapan.trial SET "int" = %d WHERE id = 2`, 50+i))
		f.news()
		if want := numbered(int64(50 + i)); f.memory["trial"][2] != want {
			t.Errorf("as %s: the reader was told otherwise than the column holds", kind)
		}
	}
}

// numbered returns the ETag of the feature 2 of the tests with another whole number.
func numbered(n int64) string {
	f := storetest.Feature(2, 2)
	f.Values[1] = layers.IntValue(n)
	return f.ETag()
}
