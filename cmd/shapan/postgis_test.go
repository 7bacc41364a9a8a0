package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shapan/layers/postgis"
	"shapan/layers/postgis/cluster"
	"shapan/layers/postgis/cluster/clustertest"

	"github.com/jackc/pgx/v5"
)

// psql runs statements in a database, as another program would.
func psql(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// asked returns the one number that a question has as its answer.
func asked(t *testing.T, url, question string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), question).Scan(&n); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return n
}

// as makes a database user, a member of the given roles, and returns the address for it.
func as(t *testing.T, address string, roles ...string) string {
	t.Helper()
	name := "u_" + strings.ToLower(rand.Text())
	psql(t, address, "CREATE ROLE "+name+" LOGIN")
	t.Cleanup(func() {
		if err := databases.Cluster(t).Exec(context.Background(), "postgres", "DROP ROLE "+name); err != nil {
			t.Error(err)
		}
	})
	for _, r := range roles {
		psql(t, address, "GRANT "+r+" TO "+name)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(name)
	return u.String()
}

// admin makes a token that may do everything.
func admin(t *testing.T, dir string) string {
	t.Helper()
	return strings.TrimSpace(must(t, dir, "token", "create", "--role", "admin", "--name", "writer"))
}

// titles returns the titles of the events whose title begins as given.
func titles(t *testing.T, dir, begin string) []string {
	t.Helper()
	var c struct {
		Features []struct {
			Properties struct {
				Title string `json:"title"`
			} `json:"properties"`
		} `json:"features"`
	}
	if err := json.Unmarshal([]byte(must(t, dir, "export", "events")), &c); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range c.Features {
		if strings.HasPrefix(f.Properties.Title, begin) {
			out = append(out, f.Properties.Title)
		}
	}
	return out
}

func TestKillDuringWritesKeepsEveryAcknowledgedOne(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		token := admin(t, dir)
		s := start(t, dir)
		var mu sync.Mutex
		var acknowledged []string
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := 0; ; i++ {
					title := fmt.Sprintf("kill-%d-%d", w, i)
					req, err := http.NewRequest("POST", s.url+"/collections/events/items", strings.NewReader(strings.Replace(newEvent, `"e2e"`, `"`+title+`"`, 1)))
					if err != nil {
						t.Error(err)
						return
					}
					req.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/geo+json"}}
					resp, err := http.DefaultClient.Do(req)
					if err != nil {
						return // it was killed
					}
					resp.Body.Close()
					if resp.StatusCode != 201 {
						t.Errorf("a write: %d", resp.StatusCode)
						return
					}
					mu.Lock()
					acknowledged = append(acknowledged, title)
					mu.Unlock()
				}
			})
		}
		eventually(t, "forty writes are acknowledged", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(acknowledged) >= 40
		})
		s.kill()
		writers.Wait()
		kept := titles(t, dir, "kill-")
		for _, title := range acknowledged {
			if !slices.Contains(kept, title) {
				t.Errorf("%s was acknowledged, and is lost", title)
			}
		}
		if len(kept) > len(acknowledged)+4 {
			t.Errorf("%d writes are kept of %d acknowledged and at most 4 under way", len(kept), len(acknowledged))
		}
		again := start(t, dir)
		if code, _, body := again.do(t, "POST", "/collections/events/items", token, newEvent); code != 201 {
			t.Errorf("a write after the restart: %d %s", code, body)
		}
	})
}

func TestAnEditOfAnotherProgramIsOnTheMapAtOnce(t *testing.T) {
	t.Parallel()
	dir := sampleDatabase(t)
	token := admin(t, dir)
	s := start(t, dir)
	lines, _ := s.stream(t, token)
	var took []time.Duration
	for i := range 5 { // one may meet a busy moment of the machine
		_, _, before := s.do(t, "GET", eventTile, token, "")
		psql(t, addressIn(t, dir), fmt.Sprintf(`INSERT INTO shapan.events (code, reported_at, title, domain, category, level, severity, source, stage, geom)
			VALUES ('psql-%[1]d', now(), 'psql %[1]d', 'urban', 'broken_facility', 2, 'high', 'patrol', 'reported', ST_SetSRID(ST_MakePoint(114.308, 30.5674), 4326))`, i))
		begun := time.Now()
		if data := nextEvent(t, lines, "changes"); !strings.Contains(data, `"layer":"events"`) || !strings.Contains(data, `"op":"insert"`) {
			t.Errorf("the stream says %s: expected the insert into events", data)
		}
		took = append(took, time.Since(begun))
		if _, _, after := s.do(t, "GET", eventTile, token, ""); after == before {
			t.Error("the tile is as before: expected the event in it")
		}
	}
	if slices.Sort(took); took[2] > time.Second {
		t.Errorf("edits were told after %v: expected less than a second", took)
	}
	if n := len(titles(t, dir, "psql ")); n != 5 {
		t.Errorf("%d events of the other program are exported: expected 5", n)
	}
}

func TestTheServicesUserServesAndWritesAndAltersNothing(t *testing.T) {
	t.Parallel()
	owner := sampleDatabase(t)
	dir := inDatabase(t, as(t, addressIn(t, owner), postgis.RoleService))
	token := admin(t, dir)
	s := start(t, dir)
	if code, _, body := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 201 {
		t.Errorf("a write of the service: %d %s", code, body)
	}
	clinics(t, dir, "c.csv", "wgs84", false)
	must(t, dir, "load", "facilities", "c.csv")
	write(t, filepath.Join(dir, "trees.json"), `{"name": "trees", "title": {"zh": "行道树"}, "kind": "point", "audience": "public", "min_zoom": 13, "max_zoom": 18}`)
	const remedy = "member of " + postgis.RoleOwner
	fails(t, dir, map[string]wrong{
		"layer add":       {[]string{"layer", "add", "trees.json"}, 1, remedy},
		"layer drop":      {[]string{"layer", "drop", "grids", "--yes"}, 1, remedy},
		"layer partition": {[]string{"layer", "partition", "events"}, 1, remedy},
		"load --create":   {[]string{"load", "trees", "c.csv", "--create"}, 1, remedy},
		"fixtures":        {[]string{"fixtures", "--replace"}, 1, remedy},
		"migrate up":      {[]string{"migrate", "up"}, 1, "GRANT " + postgis.RoleOwner},
	})
}

func TestMigrateMakesTheRecordAndTellsOfIt(t *testing.T) {
	t.Parallel()
	dir := emptyDatabase(t)
	weak := inDatabase(t, as(t, addressIn(t, dir)))
	const remedy = "shapan migrate up"
	for name, c := range map[string]wrong{
		"serve without rights": {[]string{"serve", "--listen", "127.0.0.1:0"}, 1, remedy},
		"fixtures":             {[]string{"fixtures"}, 1, remedy},
		"layer list":           {[]string{"layer", "list"}, 1, remedy},
		"migrate up":           {[]string{"migrate", "up"}, 1, "CREATE EXTENSION postgis"},
	} {
		if r := shapan(t, weak, nil, c.args...); r.code != c.code || !strings.Contains(r.err, c.want) || r.out != "" {
			t.Errorf("%s: exit %d (expected %d), stdout %q, stderr (expected %q in it):\n%s", name, r.code, c.code, r.out, c.want, r.err)
		}
	}
	status := func(code int, line string) {
		t.Helper()
		if r := shapan(t, dir, nil, "migrate", "status"); r.code != code || !regexp.MustCompile(line).MatchString(r.out) {
			t.Errorf("migrate status: exit %d, expected %d and %q in:\n%s%s", r.code, code, line, r.out, r.err)
		}
	}
	status(1, `^1\t\S+\tpending\n`)
	if r := shapan(t, dir, nil, "migrate", "up"); r.code != 0 || r.out != "" || !strings.HasPrefix(r.err, "applied 1 ") {
		t.Errorf("migrate up: exit %d, stdout %q:\n%s", r.code, r.out, r.err)
	}
	status(0, `^1\t\S+\t\d{4}-\d\d-\d\dT`)
	if r := shapan(t, dir, nil, "migrate", "up"); r.code != 0 || r.err != "the record's schema is up to date\n" {
		t.Errorf("migrate up again: exit %d:\n%s", r.code, r.err)
	}
	service := inDatabase(t, as(t, addressIn(t, dir), postgis.RoleService))
	if r := shapan(t, service, nil, "serve", "--listen", "127.0.0.1:0", "--no-sample"); r.code != 1 || !strings.Contains(r.err, "member of "+postgis.RoleOwner) {
		t.Errorf("serving a record without layers with the rights of the service: exit %d:\n%s", r.code, r.err)
	}
	token := admin(t, dir) // who may alter tables makes the layer of tokens
	if code, _, body := start(t, service).do(t, "GET", "/collections", token, ""); code != 200 {
		t.Errorf("serving it then: %d %s", code, body)
	}
}

func TestADatabaseThatCannotBeHadIsToldWithoutThePassword(t *testing.T) {
	t.Parallel()
	c := clustertest.Own(t, cluster.Config{Password: "right-hush"})
	const hush = "wrong-hush"
	closed := strings.Replace(c.URLOf("postgres", hush, "postgres"), c.Host(), "127.0.0.1:1", 1)
	for name, url := range map[string]struct{ url, want string }{
		"wrong password":      {c.URLOf("postgres", hush, "postgres"), "refuses this user or password"},
		"in keywords":         {strings.Replace("host=127.0.0.1 port=PORT user=postgres dbname=postgres sslmode=disable password="+hush, "PORT", c.Host()[len("127.0.0.1:"):], 1), "refuses this user or password"},
		"no such database":    {c.URLOf("postgres", "right-hush", "nowhere"), "does not exist"},
		"nobody answers":      {closed, "cannot be reached"},
		"no such host":        {strings.Replace(closed, "127.0.0.1:1", "db.invalid", 1), "cannot be reached"},
		"of two hosts":        {strings.Replace(closed, "127.0.0.1:1", "127.0.0.1:1,127.0.0.1:2", 1), "cannot be reached"},
		"no address":          {"postgres://shapan:" + hush + "@:x/map", "expected postgres://"},
		"an odd escape":       {"postgres://shapan:%zz" + hush + "@h/map", "expected postgres://"},
		"an odd keyword form": {"host=127.0.0.1 port=1 password='" + hush, "expected postgres://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := 1
			if strings.HasPrefix(url.want, "expected") {
				code = 2
			}
			for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"layer", "list"}, {"fixtures"}, {"migrate", "up"}, {"migrate", "status"}} {
				r := shapan(t, t.TempDir(), []string{"SHAPAN_DATABASE_URL=" + url.url}, args...)
				if r.code != code || !strings.Contains(r.err, url.want) || r.out != "" {
					t.Errorf("%q: exit %d (expected %d), stdout %q, stderr (expected %q in it):\n%s", args, r.code, code, r.out, url.want, r.err)
				}
				if strings.Contains(r.err, "hush") {
					t.Errorf("%q shows the password:\n%s", args, r.err)
				}
				if n := strings.Count(r.err, "\n"); n > 4 {
					t.Errorf("%q says it in %d lines: expected a sentence, a cause and a line for each host:\n%s", args, n, r.err)
				}
			}
		})
	}
}
