package postgis

import (
	"fmt"
	"testing"
	"time"

	"shapan/layers"
)

// single waits for the next change and fails the test unless it is the feature of trial that is wanted.
func (f *feed) single(want string) layers.Change {
	f.Helper()
	e := f.next()
	if len(e.changes) != 1 || line(e.changes[0]) != want {
		f.Fatalf("told %+v, want %s alone", e, want)
	}
	return e.changes[0]
}

func TestCommitsOutOfOrder(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 0)
	a, b, c := f.session(), f.session(), f.session()
	a.exec("BEGIN", insertOf("trial", 1))
	c.exec("BEGIN ISOLATION LEVEL REPEATABLE READ", insertOf("trial", 3))
	b.exec(insertOf("trial", 2))
	second := f.single("+2") // while the transactions that wrote first are open
	c.exec("COMMIT")
	third := f.single("+3")
	b.exec(insertOf("trial", 4))
	f.single("+4")
	a.exec("COMMIT")
	if first := f.single("+1"); first.Seq <= third.Seq || third.Seq <= second.Seq {
		t.Errorf("the numbers %d, %d, %d: want them in the order of the commits", second.Seq, third.Seq, first.Seq)
	}
	f.expect("")
}

func TestLongTransactionsDelayNobody(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 5)
	long := map[string]string{
		"it has begun":                  "BEGIN",
		"it has a number":               "BEGIN; SELECT pg_current_xact_id()",
		"it looks at one state":         "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM shapan.trial",
		"it is serializable":            "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM shapan.trial",
		"it has written":                "BEGIN; UPDATE shapan.trial SET \"int\" = 7 WHERE id = 1",
		"it has written in a savepoint": "BEGIN; SAVEPOINT a; DELETE FROM shapan.trial WHERE id = 2",
		"it has locked a row":           "BEGIN; SELECT * FROM shapan.trial WHERE id = 3 FOR UPDATE",
		"it is broken":                  "BEGIN; DELETE FROM shapan.trial WHERE id = 4; SELECT 1 / 0",
	}
	var open []*session
	for what, statements := range long {
		s := f.session()
		if err := s.try(statements); err != nil && code(err) != "22012" {
			t.Fatalf("%s: %v", what, err)
		}
		open = append(open, s)
	}
	s := f.session()
	for id := int64(100); id < 120; id++ {
		s.exec(insertOf("trial", id))
		f.single(fmt.Sprintf("+%d", id))
	}
	for _, s := range open {
		s.exec("COMMIT")
	}
	f.expect("+1 -2")
}

// Who demands the number of its commit before the end (SET CONSTRAINTS IMMEDIATE) makes those wait that commit: else numbers
// would be out of order. Readers wait for nobody, and what came before the number and after it is one commit.
func TestNumberedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 1)
	a, b, desk := f.session(), f.session(), f.session()
	a.exec("BEGIN", insertOf("trial", 2), "SET CONSTRAINTS ALL IMMEDIATE", insertOf("trial", 3))
	done := make(chan error, 1)
	go func() { done <- b.try(insertOf("trial", 4)) }()
	eventually(t, "the other commit waits for its number", func() bool {
		return desk.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`) == 1
	})
	if got, _ := contentsIn(t, f.store); len(got["trial"]) != 1 {
		t.Errorf("the record has %d features before anybody committed, want 1", len(got["trial"]))
	}
	a.exec(insertOf("trial", 5), "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	seqs := map[int64]layers.Seq{}
	for len(seqs) < 4 {
		for _, c := range f.next().changes {
			seqs[c.ID] = c.Seq
		}
	}
	if seqs[2] != seqs[3] || seqs[3] != seqs[5] || seqs[5] >= seqs[4] {
		t.Errorf("the numbers are %v, want one for 2, 3 and 5, and a greater one for 4", seqs)
	}
	f.expect("")
}

func contentsIn(t *testing.T, s *Store) (contents, layers.Seq) {
	t.Helper()
	b := layers.NewBuilder()
	seq, err := s.Load(t.Context(), b)
	if err != nil {
		t.Fatalf("load: %v (cause: %v)", err, layers.Cause(err))
	}
	return contentsOf(b.Snapshot(seq)), seq
}

func TestRollbacks(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 2)
	s := f.session()
	one, two, three := insertOf("trial", 101), insertOf("trial", 102), insertOf("trial", 103)
	for name, c := range map[string]struct {
		does []string
		told string
	}{
		"rolled back":                   {[]string{"BEGIN", one, "ROLLBACK"}, ""},
		"rolled back after the number":  {[]string{"BEGIN", one, "SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK"}, ""},
		"rolled back to a savepoint":    {[]string{"BEGIN", one, "SAVEPOINT a", two, "ROLLBACK TO a", "COMMIT"}, "+101"},
		"all rolled back to it":         {[]string{"BEGIN", "SAVEPOINT a", one, two, "ROLLBACK TO a", "COMMIT"}, ""},
		"written again after":           {[]string{"BEGIN", "SAVEPOINT a", one, "ROLLBACK TO a", two, "COMMIT"}, "+102"},
		"the same again":                {[]string{"BEGIN", "SAVEPOINT a", one, "ROLLBACK TO a", one, "COMMIT"}, "+101"},
		"released":                      {[]string{"BEGIN", "SAVEPOINT a", one, "RELEASE a", two, "COMMIT"}, "+101 +102"},
		"released and rolled back":      {[]string{"BEGIN", "SAVEPOINT a", one, "SAVEPOINT b", two, "RELEASE b", "ROLLBACK TO a", three, "COMMIT"}, "+103"},
		"the inner alone":               {[]string{"BEGIN", "SAVEPOINT a", one, "SAVEPOINT b", two, "ROLLBACK TO b", "RELEASE a", three, "COMMIT"}, "+101 +103"},
		"two of one name":               {[]string{"BEGIN", "SAVEPOINT a", one, "SAVEPOINT a", two, "ROLLBACK TO a", "RELEASE a", "ROLLBACK TO a", three, "COMMIT"}, "+103"},
		"nothing, then a savepoint":     {[]string{"BEGIN", "DELETE FROM shapan.trial WHERE false", "SAVEPOINT a", one, "ROLLBACK TO a", two, "COMMIT"}, "+102"},
		"numbered in a savepoint":       {[]string{"BEGIN", one, "SAVEPOINT a", "SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK TO a", two, "COMMIT"}, "+101 +102"},
		"numbered, written, undone":     {[]string{"BEGIN", "SAVEPOINT a", one, "SET CONSTRAINTS ALL IMMEDIATE", two, "ROLLBACK TO a", three, "COMMIT"}, "+103"},
		"numbered early, then deferred": {[]string{"BEGIN", "SET CONSTRAINTS ALL IMMEDIATE", one, "SET CONSTRAINTS ALL DEFERRED", two, "COMMIT"}, "+101 +102"},
		"settings forgotten":            {[]string{"BEGIN", one, "RESET ALL", two, "COMMIT"}, "+101 +102"},
		"truncated and rolled back":     {[]string{"BEGIN", "SAVEPOINT a", "TRUNCATE shapan.trial", "ROLLBACK TO a", "UPDATE shapan.trial SET \"int\" = 5 WHERE id = 1", "COMMIT"}, "+1"},
		"an error ends it":              {[]string{"BEGIN", one, "!SELECT 1 / 0", "COMMIT"}, ""},
		"an error in a savepoint":       {[]string{"BEGIN", one, "SAVEPOINT a", two, "!SELECT 1 / 0", "ROLLBACK TO a", three, "COMMIT"}, "+101 +103"},
		"chained":                       {[]string{"BEGIN", one, "ROLLBACK AND CHAIN", two, "COMMIT AND CHAIN", three, "ROLLBACK"}, "+102"},
	} {
		for _, q := range c.does {
			if q[0] == '!' {
				s.fails("22012", q[1:])
				continue
			}
			s.exec(q)
		}
		before := f.Failed()
		f.expect(c.told)
		if !before && f.Failed() {
			t.Errorf("that was %s", name)
		}
		s.exec("DELETE FROM shapan.trial WHERE id > 100")
		f.news()
	}
}

// A commit that fails after it was numbered leaves a gap, for which nobody waits.
func TestGapsInTheNumbers(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 1)
	s, other := f.session(), f.session()
	s.exec(`CREATE TABLE public.doomed (n int)`,
		`CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$`,
		`CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON public.doomed DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fail()`)
	drawn := func() int64 { return other.number("SELECT last_value FROM shapan.commit_numbers") }
	last := f.last
	for i := range int64(5) {
		before := drawn()
		s.exec("BEGIN", insertOf("trial", 10+i), "INSERT INTO public.doomed VALUES (1)")
		s.fails("23514", "COMMIT")
		if drawn() != before+1 {
			t.Fatal("the commit that failed was not numbered before: the test tests nothing")
		}
		begun := time.Now()
		other.exec(insertOf("trial", 100+i))
		c := f.single(fmt.Sprintf("+%d", 100+i))
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("after a gap, a change was told after %v", took)
		}
		if c.Seq < last+2 {
			t.Errorf("state %d after state %d: there is no gap", c.Seq, last)
		}
		last = c.Seq
	}
	f.expect("")
}

// Two programs that are serializable and write different features may exclude each other, for each reads the log's index
// where the other writes it. The one that is refused is told so, and its repetition succeeds: it loses nothing.
func TestSerializableWritersAtTheSameTime(t *testing.T) {
	t.Parallel()
	f := newFeed(t, 2)
	a, b := f.session(), f.session()
	for _, s := range []*session{a, b} {
		s.exec("BEGIN ISOLATION LEVEL SERIALIZABLE", "SELECT 1 FROM shapan.record")
	}
	a.exec(`UPDATE shapan.trial SET "int" = 10 WHERE id = 1`)
	b.exec(`UPDATE shapan.trial SET "int" = 20 WHERE id = 2`)
	a.exec("COMMIT")
	want := "+1 +2"
	if err := b.try("COMMIT"); err != nil {
		if code(err) != codeSerialization {
			t.Fatal(err)
		}
		want = "+1"
	}
	t.Logf("told %s", want)
	f.expect(want)
}
