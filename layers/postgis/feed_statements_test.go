package postgis

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"shapan/layers"
	"shapan/layers/postgis/cluster"
	"shapan/layers/postgis/cluster/clustertest"
	"shapan/layers/storetest"
)

// way is how a foreign program runs its statements.
type way struct {
	name          string
	first, before string // once for the session; before each statement
	after         string
}

var ways = []way{
	{name: "each committed by itself"},
	{name: "read committed", before: "BEGIN ISOLATION LEVEL READ COMMITTED", after: "COMMIT"},
	{name: "repeatable read", before: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", after: "COMMIT"},
	{name: "serializable", before: "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1", after: "COMMIT"},
	{name: "as a replica", first: "SET session_replication_role = replica"},
	{name: "constraints immediate from the beginning", before: "BEGIN; SET CONSTRAINTS ALL IMMEDIATE", after: "COMMIT"},
	{name: "constraints immediate at the end", before: "BEGIN", after: "SET CONSTRAINTS ALL IMMEDIATE; COMMIT"},
	{name: "in a savepoint", before: "BEGIN; SAVEPOINT a", after: "RELEASE a; COMMIT"},
	{name: "by somebody who may only write", first: "editor"},
}

// statement is a write by SQL to a layer of five features, and what is told of it.
type statement struct {
	name, sql, told string
}

var statements = []statement{
	{"insert one", insertOf("trial", 101), "+101"},
	{"insert many", `INSERT INTO shapan.trial (id, geom) SELECT n, ST_SetSRID(ST_MakePoint(116, 39), 4326) FROM generate_series(101, 104) n`, "+101 +102 +103 +104"},
	{"insert without an id", `INSERT INTO shapan.trial (geom) VALUES (ST_SetSRID(ST_MakePoint(116, 39), 4326))`, "+new"},
	{"copy", "", "+101 +102"},
	{"update", `UPDATE shapan.trial SET "int" = "int" + 1000 WHERE id < 3`, "+1 +2"},
	{"update of the place", `UPDATE shapan.trial SET geom = ST_Translate(geom, 1, 1) WHERE id = 3`, "+3"},
	{"update to the same", `UPDATE shapan.trial SET "int" = "int" WHERE id = 3`, "+3"},
	{"update of nothing", `UPDATE shapan.trial SET "int" = 1 WHERE id < 0`, ""},
	{"update of the key", `UPDATE shapan.trial SET id = id + 100 WHERE id IN (1, 2)`, "-1 -2 +101 +102"},
	{"keys that move up", `UPDATE shapan.trial SET id = id + 1000; UPDATE shapan.trial SET id = id - 999`,
		"-1 +2 +3 +4 +5 +6 -1001 -1002 -1003 -1004 -1005"},
	{"insert or update", `INSERT INTO shapan.trial (id, geom) SELECT n, ST_SetSRID(ST_MakePoint(116, 39), 4326) FROM generate_series(4, 7) n
		ON CONFLICT (id) DO UPDATE SET geom = excluded.geom`, "+4 +5 +6 +7"},
	{"insert or nothing", `INSERT INTO shapan.trial (id, geom) SELECT n, ST_SetSRID(ST_MakePoint(116, 39), 4326) FROM generate_series(4, 7) n
		ON CONFLICT (id) DO NOTHING`, "+6 +7"},
	{"delete", `DELETE FROM shapan.trial WHERE id IN (2, 4)`, "-2 -4"},
	{"truncate", `TRUNCATE shapan.trial`, "-1 -2 -3 -4 -5"},
	{"truncate and insert", `TRUNCATE shapan.trial; ` + insertOf("trial", 2), "-1 +2 -3 -4 -5"},
	{"merge", `MERGE INTO shapan.trial t USING (SELECT n FROM generate_series(3, 6) n) s ON t.id = s.n
		WHEN MATCHED AND n = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET "int" = 7
		WHEN NOT MATCHED THEN INSERT (id, geom) VALUES (n, ST_SetSRID(ST_MakePoint(116, 39), 4326))`, "-3 +4 +5 +6"},
	{"several parts of one statement", `WITH gone AS (DELETE FROM shapan.trial WHERE id < 3 RETURNING *), changed AS (UPDATE shapan.trial SET "int" = 9 WHERE id = 4 RETURNING id)
		INSERT INTO shapan.trial (id, geom) SELECT id + 100, geom FROM gone`, "-1 -2 +4 +101 +102"},
	{"a block that catches its error", `DO $$ BEGIN UPDATE shapan.trial SET "int" = 1 WHERE id = 1;
		BEGIN UPDATE shapan.trial SET "int" = 2 WHERE id = 2; PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END;
		DELETE FROM shapan.trial WHERE id = 3; END $$`, "+1 -3"},
	{"a function", `CREATE FUNCTION pg_temp.edit(n bigint) RETURNS void LANGUAGE sql AS $$ DELETE FROM shapan.trial WHERE id = n; UPDATE shapan.trial SET id = n WHERE id = n + 1 $$;
		SELECT pg_temp.edit(1); SELECT pg_temp.edit(4); DROP FUNCTION pg_temp.edit`, "+1 -2 +4 -5"},
	{"one feature again and again", `UPDATE shapan.trial SET "int" = 1 WHERE id = 1; UPDATE shapan.trial SET "int" = 2 WHERE id = 1; DELETE FROM shapan.trial WHERE id = 1;
		` + insertOf("trial", 1), "+1"},
	{"come and gone", insertOf("trial", 101) + `; DELETE FROM shapan.trial WHERE id = 101`, "-101"},
}

// Every kind of statement, in every way, is told once. One way there is in which none is told: what a subscription of logical
// replication applies fires no triggers by statement in PostgreSQL, TRUNCATE apart. A layer's table is not to be a
// subscriber's.
func TestStatements(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t, 5)
			s := f.session()
			if w.first == "editor" {
				w.first = editor(s)
			}
			if w.first != "" {
				s.exec(w.first)
			}
			desk := f.session()
			desk.exec("CREATE TABLE public.five AS SELECT * FROM shapan.trial")
			for _, c := range statements {
				desk.exec("BEGIN; DELETE FROM shapan.trial; INSERT INTO shapan.trial SELECT * FROM public.five; COMMIT")
				f.news()
				f.run(s, w, c)
			}
		})
	}
}

// run runs a statement in a way, and expects what is told of it.
func (f *feed) run(s *session, w way, c statement) {
	f.Helper()
	if w.before != "" {
		s.exec(w.before)
	}
	if c.sql == "" {
		s.copy(`COPY shapan.trial (id, geom) FROM STDIN`, "101\tSRID=4326;POINT(116 39)\n102\tSRID=4326;POINT(117 39)\n")
	} else {
		s.exec(c.sql)
	}
	if w.after != "" {
		s.exec(w.after)
	}
	told := c.told
	if strings.Contains(told, "new") {
		told = fmt.Sprintf("+%d", s.number("SELECT currval(pg_get_serial_sequence('shapan.trial', 'id'))"))
	}
	before := f.Failed()
	f.expect(told)
	if !before && f.Failed() {
		f.Errorf("that was %s, %s", c.name, w.name)
	}
}

// editor makes a user who may do no more than write the layer, and returns the statement that becomes it.
func editor(s *session) string {
	name := "editor_" + strings.ToLower(rand.Text())
	s.exec("CREATE ROLE "+name, "GRANT USAGE ON SCHEMA shapan TO "+name, "GRANT TEMPORARY ON DATABASE "+s.conn.Config().Database+" TO "+name,
		"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON shapan.trial TO "+name, "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA shapan TO "+name)
	return "SET ROLE " + name
}

func TestCascade(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 5)
	s := f.session()
	s.exec(`CREATE TABLE public.owners (id bigint PRIMARY KEY)`, `INSERT INTO public.owners VALUES (1), (2)`,
		`ALTER TABLE shapan.trial ADD FOREIGN KEY ("int") REFERENCES public.owners ON DELETE CASCADE ON UPDATE CASCADE NOT VALID`)
	s.exec(`UPDATE public.owners SET id = 20 WHERE id = 2`)
	f.expect("+2")
	s.exec(`DELETE FROM public.owners WHERE id = 1`)
	f.expect("-1")
}

// TRUNCATE removes what the transaction that truncates cannot see: rows that were committed after its first look. The
// trigger cannot see them either.
func TestTruncateOfWhatIsNotSeen(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t, 2)
			a, b := f.session(), f.session()
			a.exec("BEGIN ISOLATION LEVEL "+level, "SELECT count(*) FROM shapan.mark")
			b.exec(insertOf("trial", 3))
			f.expect("+3")
			a.exec("TRUNCATE shapan.trial", "COMMIT")
			f.expect("-1 -2 -3")
			b.exec(insertOf("trial", 4))
			f.expect("+4")
		})
	}
}

// A transaction that is prepared (PREPARE TRANSACTION) would hold the lock under which commits are numbered until somebody
// ends it, perhaps never. PostgreSQL refuses it, because numbering notifies: the program is told, and nothing waits.
func TestPreparedTransactionIsRefused(t *testing.T) {
	t.Parallel()
	c := clustertest.Own(t, cluster.Config{Settings: map[string]string{"max_prepared_transactions": "4"}})
	url := c.URL("postgres")
	if err := migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	f := feedAt(t, url, openAt(t, url, Config{Connections: 3}), 2)
	s := f.session()
	s.exec("BEGIN", insertOf("trial", 3))
	s.fails("0A000", "PREPARE TRANSACTION 'x'")
	f.expect("")
	s.exec("BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'of no layer'")
	s.exec(insertOf("trial", 3))
	f.expect("+3")
	s.exec("COMMIT PREPARED 'of no layer'")
}

// A write by SQL and one through the API are told alike.
func TestAPIAndSQLAlike(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 3)
	s := f.session()
	f.put(layers.Change{Op: layers.Update, Layer: "trial", ID: 1, Feature: storetest.Feature(1, 50)})
	f.expect("+1")
	s.exec(`UPDATE shapan.trial t SET (geom, string, "int") = (SELECT geom, string, "int" FROM shapan.trial WHERE id = 1) WHERE id = 2`)
	f.expect("+2")
	f.put(layers.Change{Op: layers.Delete, Layer: "trial", ID: 1})
	s.exec(`DELETE FROM shapan.trial WHERE id = 2`)
	f.expect("-1 -2")
}
