package postgis

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/storetest"
)

// newPartitioned makes a feed whose layer trial is split by month and has five features of two months.
func newPartitioned(t *testing.T) *feed {
	t.Helper()
	url := database(t)
	s := openAt(t, url, Config{Connections: 8})
	f := &feed{T: t, url: url, store: s}
	l := storetest.Layer("trial", layers.Point)
	l.TimeField = "time"
	changes := []layers.Change{{Op: layers.Define, Layer: l.Name, Schema: &l}, define("mark")}
	for n := int64(1); n <= 5; n++ {
		changes = append(changes, layers.Change{Op: layers.Insert, Layer: "trial", Feature: at(n, recent(-int(n)/3))})
	}
	f.put(changes...)
	if months, err := s.Partition(t.Context(), "trial"); err != nil || months < 4 {
		t.Fatalf("partition: %d months, %v (cause: %v)", months, err, layers.Cause(err))
	}
	f.follow()
	return f
}

// recent returns a moment in a month from now.
func recent(months int) time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()+time.Month(months), 10, 0, 0, 0, 0, time.UTC)
}

// at returns a feature of a moment.
func at(id int64, moment time.Time) *layers.Feature {
	f := storetest.Feature(id, int(id))
	f.Values[4] = layers.TimeValue(moment)
	return f
}

// row is the beginning of a statement's row: an id, a place and a time.
func row(id int64, months int) string {
	return fmt.Sprintf("(%d, ST_SetSRID(ST_MakePoint(116, 39), 4326), '%s')", id, recent(months).Format(time.RFC3339))
}

// monthOf returns the table of a month, as SQL.
func monthOf(months int) string { return "shapan." + quote("trial_y"+recent(months).Format("2006m01")) }

func TestPartitionedStatements(t *testing.T) {
	t.Parallel()
	f := newPartitioned(t)
	s, desk := f.session(), f.session()
	desk.exec("CREATE TABLE public.five AS SELECT * FROM shapan.trial")
	columns := ` (id, geom, "time") `
	this, before := monthOf(0), monthOf(-1)
	later := `"time" = "time" + interval '1 month'`
	for _, c := range []statement{
		{"insert", "INSERT INTO shapan.trial" + columns + "VALUES " + row(101, 0) + "," + row(102, -1) + "," + row(103, 90), "+101 +102 +103"},
		{"insert into a month", "INSERT INTO " + this + columns + "VALUES " + row(101, 0), "+101"},
		{"update", `UPDATE shapan.trial SET "int" = 9`, "+1 +2 +3 +4 +5"},
		{"update of a month", "UPDATE " + this + ` SET "int" = 9`, "+1 +2"},
		{"rows that move", "UPDATE shapan.trial SET " + later + " WHERE id IN (1, 3)", "+1 +3"},
		{"rows that move to the rest", `UPDATE shapan.trial SET "time" = NULL WHERE id IN (1, 3)`, "+1 +3"},
		{"rows that move with another key", "UPDATE shapan.trial SET id = id + 100, " + later + " WHERE id IN (1, 3)", "-1 -3 +101 +103"},
		{"update of the key in a month", "UPDATE " + before + " SET id = 103 WHERE id = 3", "-3 +103"},
		{"delete", "DELETE FROM shapan.trial WHERE id IN (2, 3)", "-2 -3"},
		{"delete in a month", "DELETE FROM " + before, "-3 -4 -5"},
		{"truncate", "TRUNCATE shapan.trial", "-1 -2 -3 -4 -5"},
		{"truncate a month", "TRUNCATE " + this, "-1 -2"},
		{"copy", "", "+101 +102"},
		{"merge", "MERGE INTO shapan.trial t USING (SELECT n FROM generate_series(1, 7) n) s ON t.id = s.n " +
			`WHEN MATCHED AND n = 1 THEN DELETE WHEN MATCHED AND n < 4 THEN UPDATE SET "int" = 3 WHEN MATCHED THEN DO NOTHING ` +
			"WHEN NOT MATCHED THEN INSERT (id, geom) VALUES (n, ST_SetSRID(ST_MakePoint(116, 39), 4326))", "-1 +2 +3 +6 +7"},
		{"merge that moves", "MERGE INTO shapan.trial t USING (VALUES (1), (3)) s (n) ON t.id = s.n WHEN MATCHED THEN UPDATE SET " + later, "+1 +3"},
		{"merge that moves with another key", "MERGE INTO shapan.trial t USING (VALUES (1), (3)) s (n) ON t.id = s.n WHEN MATCHED THEN UPDATE SET id = id + 100, " + later, "-1 -3 +101 +103"},
		{"delete and insert", "WITH gone AS (DELETE FROM " + this + " RETURNING *) INSERT INTO shapan.trial SELECT * FROM gone", "+1 +2"},
	} {
		desk.exec("BEGIN; DELETE FROM shapan.trial; INSERT INTO shapan.trial SELECT * FROM public.five; COMMIT")
		f.news()
		f.run(s, way{name: "partitioned"}, c)
	}
}

// What only moves from the rest into months that are made has not changed.
func TestMonthsToCome(t *testing.T) {
	t.Parallel()
	f := newPartitioned(t)
	s := f.session()
	s.exec(`INSERT INTO shapan.trial (id, geom, "time") VALUES `+row(101, -8)+","+row(102, -8)+","+row(103, -6), `INSERT INTO shapan.trial (id, geom) VALUES (104, ST_SetSRID(ST_MakePoint(1, 2), 4326))`)
	f.expect("+101 +102 +103 +104")
	if made := s.number("SELECT shapan.add_months('trial', $1::date)", recent(-8)); made < 6 {
		t.Errorf("%d months were made, want those from 8 months ago", made)
	}
	f.expect("")
	if in := s.number("SELECT count(*) FROM " + monthOf(-8)); in != 2 {
		t.Errorf("%d rows have moved to their month, want 2", in)
	}
	if rest := s.number("SELECT count(*) FROM shapan.trial_rest"); rest != 1 {
		t.Errorf("%d rows are left in the rest, want the one without a time", rest)
	}
	for _, relation := range []string{"shapan.trial_rest", monthOf(-8), monthOf(0), "shapan.trial"} {
		want := int64(5)
		if relation == "shapan.trial" {
			want = 4 // no row stands in it
		}
		if n := s.number("SELECT count(*) FROM pg_trigger WHERE tgrelid = $1::text::regclass AND tgenabled = 'A' AND tgname LIKE 'shapan_%'", relation); n != want {
			t.Errorf("%s has %d triggers that are always enabled, want %d", relation, n, want)
		}
	}
	s.exec(`UPDATE shapan.trial_rest SET "int" = 1`, "UPDATE "+monthOf(-8)+` SET "int" = 1`)
	f.expect("+101 +102 +104")
}

// No index keeps the ids of a layer that is split unique: Put does, and loses no write among many.
func TestPartitionedPutsAtOnce(t *testing.T) {
	t.Parallel()
	f := newPartitioned(t)
	const writers, each = 6, 12
	f.put(layers.Change{Op: layers.Insert, Layer: "trial", Feature: at(500, recent(0))}) // ids are given from here on
	var wg sync.WaitGroup
	var mu sync.Mutex
	last := map[int64]layers.Seq{}
	wrote := map[int64]string{}
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := int64(100 + i)
				feature := at(id, recent(-w%3))
				feature.Values[1] = layers.IntValue(int64(w))
				seq, err := f.store.Put(t.Context(), layers.Key{}, []layers.Change{{Op: layers.Upsert, Layer: "trial", ID: id, Feature: feature},
					{Op: layers.Insert, Layer: "trial", Feature: at(0, recent(-i%3))}})
				if err != nil {
					t.Errorf("put: %v (cause: %v)", err, layers.Cause(err))
					return
				}
				mu.Lock()
				if seq > last[id] {
					last[id], wrote[id] = seq, feature.ETag()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got, _ := storetest.Contents(t, f.store) // it fails where an id stands twice
	if n := 6 + each + writers*each; len(got["trial"]) != n {
		t.Errorf("%d features, want %d", len(got["trial"]), n)
	}
	for id, etag := range wrote {
		if got["trial"][id] != etag {
			t.Errorf("feature %d is not as the last write left it", id)
		}
	}
	f.news()
}

// Of two that put one new feature at the same time, the second replaces what the first put: neither is lost.
func TestPartitionedUpsertsOfOneFeature(t *testing.T) {
	t.Parallel()
	f := newPartitioned(t)
	desk := f.session()
	desk.exec("BEGIN; SELECT pg_advisory_xact_lock(7237118, number) FROM shapan.layers WHERE name = 'trial'")
	type outcome struct {
		feature *layers.Feature
		seq     layers.Seq
		err     error
	}
	done := make(chan outcome, 2)
	for i := range 2 {
		go func() {
			feature := at(50, recent(-i))
			seq, err := f.store.Put(t.Context(), layers.Key{}, []layers.Change{{Op: layers.Upsert, Layer: "trial", ID: 50, Feature: feature}})
			done <- outcome{feature, seq, err}
		}()
	}
	eventually(t, "both wait for their turn", func() bool {
		return desk.number(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7237118 AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 2
	})
	desk.exec("COMMIT")
	var last outcome
	for range 2 {
		o := <-done
		if o.err != nil {
			t.Fatalf("put: %v (cause: %v)", o.err, layers.Cause(o.err))
		}
		if o.seq > last.seq {
			last = o
		}
	}
	if got, _ := storetest.Contents(t, f.store); got["trial"][50] != last.feature.ETag() {
		t.Error("the feature is not as the last write left it")
	}
	f.news()
}
