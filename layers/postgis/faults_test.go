package postgis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/layers"
	"shapan/layers/postgis/cluster"
	"shapan/layers/postgis/cluster/clustertest"
	"shapan/layers/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// outcome is what a Put said of its write.
type outcome string

const (
	written   outcome = "written"
	unwritten outcome = "nothing was written"
	unknown   outcome = "not known"
)

// attempt is a write of the ledger: one feature, whose name no other write gives.
type attempt struct {
	key    layers.Key
	change layers.Change
	said   outcome
	err    error
}

// rig is a record that a test breaks: a store and its memory, and a ledger of what every Put said, which the record is
// held to at the end.
type rig struct {
	*testing.T
	name   string // of its sessions in the database
	direct string // the record's address past whatever is in between
	config Config
	store  *Store
	live   *layers.Live
	end    func() // ends Run

	once   sync.Once // of what would be said again and again
	mu     sync.Mutex
	ledger []*attempt
	next   int
}

// fault begins a test that breaks something: at the same time as others, for it waits more than it works, and not in a
// short run: make test-faults runs it, without the race detector.
func fault(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("make test-faults runs it")
	}
	t.Parallel()
}

// shortPatience is that of the stores under test: so short that a test of what never answers is short too.
const shortPatience = time.Second

// ownRecord starts a server that the test may break, with a record in it, and returns it with the record's address.
func ownRecord(t *testing.T, config cluster.Config) (*cluster.Cluster, string) {
	t.Helper()
	if config.Dir == "" {
		config.Dir = t.TempDir()
	}
	if err := blank.copy(config.Dir); err != nil {
		t.Fatal(err)
	}
	c := clustertest.Own(t, config)
	return c, c.URL("record")
}

// blank is a server with an empty record that stands still, of which the tests' own are copies: making one takes seconds.
var blank original

type original struct {
	mu  sync.Mutex
	dir string
}

// copy copies the server into a folder.
func (o *original) copy(dir string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dir == "" {
		if err := o.make(); err != nil {
			return err
		}
	}
	out, err := exec.Command("cp", "-a", filepath.Join(o.dir, "data"), dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copy the server: %w\n%s", err, out)
	}
	return nil
}

func (o *original) make() (err error) {
	ctx := context.Background()
	if o.dir, err = os.MkdirTemp("", "shapan-original-*"); err != nil {
		return err
	}
	c, err := cluster.Start(ctx, cluster.Config{Dir: o.dir})
	if err != nil {
		return err
	}
	if err = c.Exec(ctx, "postgres", "CREATE DATABASE record"); err == nil {
		err = migrate(ctx, c.URL("record"))
	}
	return errors.Join(err, c.Stop("fast"))
}

func (o *original) remove() error {
	if o.dir == "" {
		return nil
	}
	return os.RemoveAll(o.dir)
}

// newRig opens the record at an address and follows it. All goroutines that the store starts from here on are the test's,
// and are counted at the end.
func newRig(t *testing.T, address, direct string, config Config) *rig {
	t.Helper()
	r := &rig{T: t, name: "rig_" + t.Name(), direct: direct, config: config}
	r.name = r.name[:min(len(r.name), 60)]
	if r.config.Patience == 0 {
		r.config.Patience = shortPatience
	}
	if r.config.Connections == 0 {
		r.config.Connections = 4
	}
	r.config.Log = quiet
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("rig", r.name)))
	first := openAt(t, direct, Config{}) // with the shortPatience of every day
	if _, err := first.Put(t.Context(), layers.Key{}, []layers.Change{defined("trial")}); err != nil {
		t.Fatal(err, layers.Cause(err))
	}
	r.must(first.Close())
	var err error
	if r.store, err = Open(context.Background(), with(t, address, "application_name", r.name), r.config); err != nil {
		t.Fatal(err)
	}
	r.follow()
	return r
}

func defined(name string) layers.Change {
	l := storetest.Layer(name, layers.Point)
	return layers.Change{Op: layers.Define, Layer: name, Schema: &l}
}

// follow opens the memory and keeps it up to date.
func (r *rig) follow() {
	r.Helper()
	var err error
	for range 3 { // the shortPatience is short
		if r.live, err = layers.Open(context.Background(), r.store, layers.LiveConfig{Log: quiet}); err == nil {
			break
		}
	}
	if err != nil {
		r.Fatal(err, layers.Cause(err))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := r.live.Run(ctx); !errors.Is(err, context.Canceled) {
			r.Errorf("run ended with %v", err)
		}
	})
	r.end = func() { cancel(); run.Wait() }
}

// with returns an address with a parameter more.
func with(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// via returns an address with another host, or several.
func via(t *testing.T, address string, hosts ...string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = strings.Join(hosts, ",")
	return u.String()
}

// put writes one new feature and keeps what was said of it.
func (r *rig) put() *attempt {
	a := r.insertion()
	r.try(a)
	r.mu.Lock()
	r.ledger = append(r.ledger, a)
	r.mu.Unlock()
	return a
}

// insertion makes a write of one new feature. Every other has no key.
func (r *rig) insertion() *attempt {
	r.mu.Lock()
	r.next++
	n := r.next
	r.mu.Unlock()
	f := storetest.Feature(0, n)
	a := &attempt{change: layers.Change{Op: layers.Insert, Layer: "trial", Feature: f}}
	f.Values[0] = layers.TextValue(fmt.Sprintf("w%d", n))
	if n%2 == 0 {
		a.key = layers.Key{Name: fmt.Sprintf("key %d", n), Digest: "d"}
	}
	return a
}

// try makes an attempt and takes what is said of it. Whatever fails says whether it was written, and in bounded time.
func (r *rig) try(a *attempt) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	begun := time.Now()
	_, a.err = r.live.Put(ctx, a.key, []layers.Change{a.change})
	took := time.Since(begun)
	a.said = written
	if a.err == nil {
		return
	}
	if limit := 2*r.config.Patience + 2*time.Second; took > limit {
		r.Errorf("a put failed after %v, want at most %v: %v", took, limit, a.err)
	}
	a.said = unwritten
	switch {
	case !errors.Is(a.err, layers.ErrUnavailable):
		r.Errorf("a put failed with %v, want ErrUnavailable", a.err)
	case strings.Contains(a.err.Error(), string(unknown)):
		a.said = unknown
	case !strings.Contains(a.err.Error(), string(unwritten)):
		r.once.Do(func() { r.Errorf("a put does not say whether it was done: %v (cause: %v)", a.err, layers.Cause(a.err)) })
	}
}

// writing keeps n writers at work until the returned function is called.
func (r *rig) writing(n int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var writers sync.WaitGroup
	for range n {
		writers.Go(func() {
			for ctx.Err() == nil {
				if a := r.put(); a.said != written {
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	return func() { cancel(); writers.Wait() }
}

// count returns how many attempts had an outcome.
func (r *rig) count(o outcome) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.ledger {
		if a.said == o {
			n++
		}
	}
	return n
}

// await fails the test unless cond comes true in time, and returns how long it took.
func (r *rig) await(limit time.Duration, what string, cond func() bool) time.Duration {
	r.Helper()
	begun := time.Now()
	for !cond() {
		if time.Since(begun) > limit {
			h := r.live.Health()
			r.Fatalf("%s: not within %v (memory is at %d, fault: %v, cause: %v)\n%s", what, limit, h.Seq, h.Fault, layers.Cause(h.Fault), strings.Join(r.goroutines(), "\n"))
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(begun)
}

// fails waits until memory says that the record does not answer. Readers are served meanwhile.
func (r *rig) fails(limit time.Duration) {
	r.Helper()
	took := r.await(limit, "memory says that the record is away", func() bool { return r.live.Health().Fault != nil })
	r.Logf("the fault is told after %v", took.Round(time.Millisecond))
	r.reads()
}

// reads fails the test unless memory answers.
func (r *rig) reads() {
	r.Helper()
	if r.live.Snapshot().Features() == 0 {
		r.Error("nothing is left in memory")
	}
}

// heals waits until writes are taken again and memory has caught up with the record. The issue allows 5 s.
func (r *rig) heals() {
	r.Helper()
	begun := time.Now()
	r.await(5*time.Second, "writes are taken again", func() bool { return r.put().said == written })
	wrote, reached := time.Since(begun), r.newest()
	r.await(5*time.Second-wrote, "memory has caught up", func() bool {
		h := r.live.Health()
		return h.Fault == nil && h.Seq >= reached
	})
	r.Logf("healed: writes after %v, memory after %v", wrote.Round(time.Millisecond), time.Since(begun).Round(time.Millisecond))
}

// ask scans the answer of a question that is put past the faults.
func (r *rig) ask(question string, args ...any) (answer int64) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.direct)
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, question, args...).Scan(&answer); err != nil {
		r.Fatal(question, err)
	}
	return answer
}

// exec runs a statement past the faults.
func (r *rig) exec(statement string) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.direct)
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		r.Fatal(statement, err)
	}
}

func (r *rig) newest() layers.Seq { return seqOf(r.ask("SELECT max(seq) FROM shapan.commits")) }

// settle sends the writes again of which it is not known whether they were done.
func (r *rig) settle() {
	r.Helper()
	for _, a := range r.ledger {
		if a.said == unknown && a.key.Name != "" {
			if r.try(a); a.said != written {
				r.Errorf("sent again, it fails: %v (cause: %v)", a.err, layers.Cause(a.err))
			}
		}
	}
}

// finish holds the record to what was said of it, memory to the record, and looks for what was left behind.
func (r *rig) finish() {
	r.Helper()
	r.settle()
	r.judge()
	r.same()
	r.close()
}

// judge compares the ledger with the record.
func (r *rig) judge() {
	r.Helper()
	conn, err := pgx.Connect(r.Context(), r.direct)
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Close(context.Background())
	there := map[string]int{}
	rows, err := conn.Query(r.Context(), `SELECT "string" FROM shapan.trial`)
	if err != nil {
		r.Fatal(err)
	}
	titles, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		r.Fatal(err)
	}
	for _, title := range titles {
		there[title]++
	}
	for _, a := range r.ledger {
		title := a.change.Feature.Values[0].Text()
		n := there[title]
		switch {
		case n > 1, a.said == written && n != 1, a.said == unwritten && n != 0:
			r.Errorf("the put of %s (key %q) said %q and stands in the record %d times: %v", title, a.key.Name, a.said, n, a.err)
		}
	}
	r.Logf("%d puts: %d written, %d not, %d not known", len(r.ledger), r.count(written), r.count(unwritten), r.count(unknown))
}

// same compares memory with the record.
func (r *rig) same() {
	r.Helper()
	r.await(5*time.Second, "memory has caught up", func() bool { return r.live.Health().Fault == nil && r.live.Snapshot().Seq == r.newest() })
	fresh := openAt(r.T, r.direct, Config{})
	want, seq := storetest.Contents(r.T, fresh)
	r.must(fresh.Close())
	got := map[string]map[int64]string{}
	s := r.live.Snapshot()
	for _, table := range s.View(layers.Scope{Audience: layers.Restricted}).Tables() {
		got[table.Layer.Name] = map[int64]string{}
		table.Each(nil, func(row layers.Row) bool {
			got[table.Layer.Name][row.ID()] = row.ETag()
			return true
		})
	}
	if diff := cmp.Diff(want, got); diff != "" || s.Seq != seq {
		r.Errorf("memory at %d, the record at %d (-record +memory):\n%s", s.Seq, seq, diff)
	}
}

// close closes the store, which must not take long, and looks for goroutines and sessions that are left.
func (r *rig) close() {
	r.Helper()
	r.shut()
	r.await(5*time.Second, "no session is left", func() bool {
		return r.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", r.name) == 0
	})
}

// shut closes the store whatever the server does, and looks for goroutines that are left.
func (r *rig) shut() {
	r.Helper()
	begun := time.Now()
	r.end()
	if err := r.store.Close(); err != nil {
		r.Error(err)
	}
	if took := time.Since(begun); took > 4*time.Second {
		r.Errorf("closing took %v", took)
	}
	pprof.SetGoroutineLabels(context.Background())
	var left []string
	deadline := time.Now().Add(3 * time.Second)
	for left = r.goroutines(); len(left) > 0 && time.Now().Before(deadline); left = r.goroutines() {
		time.Sleep(20 * time.Millisecond)
	}
	if len(left) > 0 {
		r.Errorf("goroutines are left:\n%s", strings.Join(left, "\n\n"))
	}
}

// goroutines returns the stacks of this test's goroutines, which inherit its label. A server that was started anew is
// watched by one until it ends.
func (r *rig) goroutines() []string {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		r.Fatal(err)
	}
	stacks := strings.Split(b.String(), "\n\n")
	return slices.DeleteFunc(stacks, func(s string) bool {
		return !strings.Contains(s, fmt.Sprintf("%q:%q", "rig", r.name)) || strings.Contains(s, "postgis/cluster.") || strings.Contains(s, "os/exec.") || strings.Contains(s, "toxiproxy")
	})
}
