package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the real program, built once for all tests, with the flags of `make build`: with others nothing that was compiled
// there would serve here, and to compile the embedded database once more takes a minute.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "shapan-e2e-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "shapan")
	out, err := exec.Command("go", "build", "-trimpath", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if _, err := binary(); err != nil { // before the tests, so that none of them is charged for it
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := databases.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "the tests' PostgreSQL:", err)
		code = 1
	}
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// result is how a command ended.
type result struct {
	out, err string
	code     int
}

// shapan runs the program in a folder until it ends.
func shapan(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(environment(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// must runs the program and fails the test unless it succeeds; it returns stdout.
func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	r := shapan(t, dir, nil, args...)
	if r.code != 0 {
		t.Fatalf("shapan %q: exit %d\n%s", args, r.code, r.err)
	}
	return r.out
}

// server is a running service.
type server struct {
	cmd   *exec.Cmd
	url   string
	admin string // the token printed at the first start
	log   *lockedBuffer
	ended chan struct{}
}

// lockedBuffer gathers what a process says while somebody reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.WriteString(line + "\n")
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start starts the service on a free port and waits until it listens.
func start(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{cmd: exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...), log: new(lockedBuffer), ended: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env = dir, environment()
	errs, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan struct{})
	go func() {
		defer close(s.ended)
		lines := bufio.NewScanner(errs)
		for lines.Scan() {
			s.log.add(lines.Text())
			if token, ok := strings.CutPrefix(lines.Text(), "admin token: "); ok {
				s.admin = token
			}
			if url, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
				s.url = url
				close(listening)
			}
		}
		_ = s.cmd.Wait()
	}()
	t.Cleanup(s.kill)
	select {
	case <-listening:
	case <-s.ended:
		t.Fatalf("the service ended before it listened:\n%s", s.log)
	case <-time.After(time.Minute):
		t.Fatalf("the service did not listen within a minute:\n%s", s.log)
	}
	return s
}

// kill ends the service at once, as a crash would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// do sends a request and returns the status, the headers and the body.
func (s *server) do(t *testing.T, method, path, token, body string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/geo+json")
	}
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, s.log)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(data)
}

// matched returns numberMatched of a layer.
func (s *server) matched(t *testing.T, layer, token string) int {
	t.Helper()
	code, _, body := s.do(t, "GET", "/collections/"+layer+"/items?limit=1", token, "")
	var answer struct {
		NumberMatched int `json:"numberMatched"`
	}
	if err := json.Unmarshal([]byte(body), &answer); code != 200 || err != nil {
		t.Fatalf("items of %s: %d %v %.300s", layer, code, err, body)
	}
	return answer.NumberMatched
}

// seeded holds a record with the sample, made once by a real first start; tests copy it.
var seeded = sync.OnceValues(func() ([]byte, error) {
	path, err := binary()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "shapan-seed-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command(path, "fixtures", "--data", dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("shapan fixtures: %w\n%s", err, out)
	}
	return os.ReadFile(filepath.Join(dir, "shapan.gpkg"))
})

// sample returns a folder with a record that holds the sample.
func sample(t *testing.T) string {
	t.Helper()
	record, err := seeded()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "data", "shapan.gpkg"), string(record))
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newEvent is an event as a patrol would report it, beside the middle of the subdistrict.
const newEvent = `{"type": "Feature", "geometry": {"type": "Point", "coordinates": [114.308, 30.5674]},
	"properties": {"title": "e2e", "domain": "urban", "category": "broken_facility", "level": 2, "severity": "high", "source": "patrol", "stage": "reported"}}`

// eventTile is the tile that newEvent lies in.
const eventTile = "/xyz/events/17/107154/53837.mvt"

// nextEvent reads a stream until an event of the given kind comes and returns its data.
func nextEvent(t *testing.T, lines *bufio.Scanner, kind string) string {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == "event: "+kind && lines.Scan() {
			return strings.TrimPrefix(lines.Text(), "data: ")
		}
	}
	t.Fatalf("the stream ended before an event %q came: %v", kind, lines.Err())
	return ""
}

// stream opens a change stream and reads its greeting.
func (s *server) stream(t *testing.T, token string) (*bufio.Scanner, io.Closer) {
	t.Helper()
	req, err := http.NewRequest("GET", s.url+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	nextEvent(t, lines, "hello")
	return lines, resp.Body
}

func TestFirstStartServesTheSample(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		s := start(t, k.empty(t))
		if s.admin == "" || !regexp.MustCompile(`(?m)^wall: http://127\.0\.0\.1:\d+/ui/wall#token=\S+$`).MatchString(s.log.String()) {
			t.Fatalf("the first start prints an admin token and the wall's address:\n%s", s.log)
		}
		if n := s.matched(t, "grids", ""); n != 119 {
			t.Errorf("%d grids are served: expected 119", n)
		}
		if code, _, _ := s.do(t, "GET", "/collections/events/items", "", ""); code != 404 {
			t.Errorf("events without a token: %d: expected 404", code)
		}
		if n := s.matched(t, "events", s.admin); n < 10_000 {
			t.Errorf("%d events are served: expected about 12,000", n)
		}
	})
}

func TestAcknowledgedWriteSurvivesKillAndIsSeenAtOnce(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		token := strings.TrimSpace(must(t, dir, "token", "create", "--role", "admin", "--name", "writer"))
		s := start(t, dir)
		before := s.matched(t, "events", token)
		_, _, tileBefore := s.do(t, "GET", eventTile, token, "")
		lines, _ := s.stream(t, token)

		code, header, body := s.do(t, "POST", "/collections/events/items", token, newEvent)
		if code != 201 || header.Get("Location") == "" {
			t.Fatalf("POST: %d %s", code, body)
		}
		if data := nextEvent(t, lines, "changes"); !strings.Contains(data, `"layer":"events"`) || !strings.Contains(data, `"op":"insert"`) {
			t.Errorf("the stream says %s: expected the insert into events", data)
		}
		if _, _, tileAfter := s.do(t, "GET", eventTile, token, ""); tileAfter == tileBefore {
			t.Error("the next tile is as before: expected the event in it")
		}
		s.kill()

		again := start(t, dir)
		if n := again.matched(t, "events", token); n != before+1 {
			t.Errorf("%d events after kill -9 and restart: expected %d", n, before+1)
		}
		location := header.Get("Location")
		location = location[strings.Index(location, "/collections"):]
		if code, _, body := again.do(t, "GET", location, token, ""); code != 200 || !strings.Contains(body, `"e2e"`) {
			t.Errorf("the event after restart: %d %.300s", code, body)
		}
	})
}

func TestTermEndsStreamsAndExitsInTime(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		token := strings.TrimSpace(must(t, dir, "token", "create", "--role", "display", "--name", "wall"))
		s := start(t, dir)
		lines, _ := s.stream(t, token)
		begun := time.Now()
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // until the stream ends
		}
		<-s.ended
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("the stop took %v with one open stream: expected it to be ended at once", took)
		}
		if code := s.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d after SIGTERM: expected 0\n%s", code, s.log)
		}
	})
}

func TestTokensTakeEffectOnARunningService(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		s := start(t, dir)
		out := must(t, dir, "token", "create", "--role", "viewer", "--name", "desk", "--communities", "420106001005", "--expires", "1h")
		if !regexp.MustCompile(`^shapan_\S+\n$`).MatchString(out) {
			t.Fatalf("stdout of token create is %q: expected the token alone", out)
		}
		token := strings.TrimSpace(out)
		status := func() int {
			code, _, _ := s.do(t, "GET", "/collections/events/items?limit=1", token, "")
			return code
		}
		eventually(t, "the new token is taken", func() bool { return status() == 200 })
		if code, _, _ := s.do(t, "POST", "/collections/events/items", token, newEvent); code != 403 {
			t.Errorf("a viewer's POST: %d: expected 403", code)
		}
		if list := must(t, dir, "token", "list"); !strings.Contains(list, "desk\tviewer\t420106001005\t") || strings.Contains(list, token) {
			t.Errorf("token list:\n%s", list)
		}
		must(t, dir, "token", "revoke", "desk")
		eventually(t, "the revoked token is refused", func() bool { return status() == 401 })
		if r := shapan(t, dir, nil, "token", "revoke", "desk"); r.code != 1 || !strings.Contains(r.err, "no token named") {
			t.Errorf("revoking it again: exit %d, %s", r.code, r.err)
		}
		if r := shapan(t, dir, nil, "token", "create", "--role", "viewer", "--name", "x", "--communities", "420106001999"); r.code != 2 {
			t.Errorf("an unknown community: exit %d, %s", r.code, r.err)
		}
	})
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("within 15 s it is not so that %s", what)
}

// wrong is a command line that fails, and what it says.
type wrong struct {
	args []string
	code int
	want string
}

// fails checks that command lines fail as they should, and write nothing to stdout.
func fails(t *testing.T, dir string, cases map[string]wrong) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := shapan(t, dir, nil, c.args...)
			if r.code != c.code || !strings.Contains(r.err, c.want) || r.out != "" {
				t.Errorf("exit %d (expected %d), stdout %q, stderr (expected %q in it):\n%s", r.code, c.code, r.out, c.want, r.err)
			}
		})
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		dir := k.sample(t)
		s := start(t, dir)
		write(t, filepath.Join(dir, "bad.yaml"), "lissen: 127.0.0.1:1\n")
		write(t, filepath.Join(dir, "tour.json"), "{\"stops\": [\n  {\"seconds\": 1}]}")
		fails(t, dir, map[string]wrong{
			"no such tour":      {[]string{"serve", "--tour", "none.json"}, 2, "none.json"},
			"bad tour":          {[]string{"serve", "--tour", "tour.json"}, 2, "line 2: stop 1: seconds 1: expected 5 to 3600"},
			"port in use":       {[]string{"serve", "--listen", strings.TrimPrefix(s.url, "http://")}, 1, "is in use"},
			"no such address":   {[]string{"serve", "--listen", "nonsense"}, 2, "127.0.0.1:8080"},
			"no such layer":     {[]string{"export", "grid"}, 1, `did you mean "grids"`},
			"no such command":   {[]string{"sreve"}, 2, "unexpected argument sreve"},
			"no such flag":      {[]string{"serve", "--lisen", "x"}, 2, "--listen"},
			"wrong where":       {[]string{"export", "grids", "--where", "code"}, 2, "FIELD=VALUE"},
			"wrong bbox":        {[]string{"export", "grids", "--bbox", "1,2,3"}, 2, "west,south,east,north"},
			"no such file key":  {[]string{"serve", "--config", "bad.yaml"}, 2, `did you mean "listen"`},
			"no such config":    {[]string{"serve", "--config", "none.yaml"}, 2, "cannot be read"},
			"sample is there":   {[]string{"fixtures"}, 2, "--replace"},
			"negative cache":    {[]string{"serve", "--cache-mb", "-1"}, 2, "--cache-mb"},
			"negative drawings": {[]string{"serve", "--drawings", "-1"}, 2, "--drawings"},
			"nobody's proxy":    {[]string{"serve", "--proxies", "10.0.0.1,gateway"}, 2, "--proxies"},
			"foreign publicurl": {[]string{"serve", "--public-url", "map"}, 2, "https://map.example"},
		})
	})
}

func TestStartSaysWhatIsWrongWithAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a-file"), "")
	bad := filepath.Join(dir, "bad")
	if err := os.Mkdir(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(bad, "shapan.gpkg"), "this is no database, and long enough not to be taken for an empty one"+strings.Repeat(".", 4096))
	fails(t, dir, map[string]wrong{
		"data is a file": {[]string{"serve", "--listen", "127.0.0.1:0", "--data", "a-file"}, 1, "choose another folder with --data"},
		"not a record":   {[]string{"serve", "--listen", "127.0.0.1:0", "--data", "bad"}, 1, "move the file away"},
		"no record":      {[]string{"export", "grids", "--data", "nowhere"}, 1, "there is no record"},
	})
}

func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "shapan.yaml"), "listen: 127.0.0.1:1111\ncache-mb: 11\nlog-format: json\npublic-url: https://user:hush@map.example\n")
	env := []string{"SHAPAN_LISTEN=127.0.0.1:2222", "SHAPAN_CACHE_MB=22"}
	r := shapan(t, dir, env, "serve", "--listen", "127.0.0.1:3333", "--print-config")
	for _, want := range []string{"listen: 127.0.0.1:3333\n", "cache-mb: 22\n", "log-format: json\n", "connections: 4096\n"} {
		if r.code != 0 || !strings.Contains(r.out, want) {
			t.Errorf("exit %d, expected %q in:\n%s%s", r.code, want, r.out, r.err)
		}
	}
	if strings.Contains(r.out, "hush") {
		t.Errorf("--print-config shows a password:\n%s", r.out)
	}
}

func TestPrintConfigHidesThePasswordOfTheDatabase(t *testing.T) {
	t.Parallel()
	for url, shown := range map[string]string{
		"postgres://shapan@db.example/map":                        "postgres://shapan@db.example/map",
		"postgres://shapan:hush@db.example,other:5433/map":        "db.example",
		"postgres://db.example/map?user=shapan&password=hush":     "",
		"postgres://db.example/map?sslpassword=hush":              "",
		"postgres://shapan:x@db.example/map?password=hush":        "",
		"postgres://shapan:%zzhush@db.example/map":                "",
		"postgres://shapan:#hush@db.example/map":                  "",
		"host=db.example user=shapan password=hush dbname=map":    "",
		"host=db.example PassWord = 'hush' dbname=map":            "",
		"host=db.example user=shapan dbname=map":                  "host=db.example",
		"postgresql://shapan:hush@db.example/map?sslmode=require": "sslmode=require",
	} {
		for _, args := range [][]string{{"serve"}, {"migrate", "up"}} {
			r := shapan(t, t.TempDir(), []string{"SHAPAN_DATABASE_URL=" + url}, append(args, "--print-config")...)
			if r.code != 0 || strings.Contains(r.out+r.err, "hush") || !strings.Contains(r.out, "database-url: ") || !strings.Contains(r.out, shown) {
				t.Errorf("%q of %s: exit %d, expected %q and no password:\n%s%s", args, url, r.code, shown, r.out, r.err)
			}
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "serve", "load", "export", "fixtures", "layer", "token", "doctor", "migrate", "archive", "layer adopt", "layer partition"} {
		r := shapan(t, t.TempDir(), nil, strings.Fields(command+" --help")...)
		if r.code != 0 || !strings.Contains(r.out, "  shapan ") {
			t.Errorf("shapan %s --help: exit %d, expected an example in:\n%s%s", command, r.code, r.out, r.err)
		}
	}
	if r := shapan(t, t.TempDir(), nil, "version"); r.code != 0 || !strings.HasPrefix(r.out, "shapan ") {
		t.Errorf("version: exit %d, %q", r.code, r.out)
	}
}

func TestFullDiskIsToldAndRecoveredFrom(t *testing.T) {
	t.Parallel()
	dir := sample(t)
	small := filepath.Join(dir, "small")
	if err := os.Mkdir(small, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("a small disk needs the right to mount one: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
	record, err := os.ReadFile(filepath.Join(dir, "data", "shapan.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(small, "shapan.gpkg"), string(record))
	token := strings.TrimSpace(must(t, dir, "token", "create", "--role", "admin", "--name", "writer", "--data", "small"))
	s := start(t, dir, "--data", "small")
	before := s.matched(t, "events", token)
	filler := filepath.Join(small, "filler")
	_ = os.WriteFile(filler, make([]byte, 32<<20), 0o644) // fails when the disk is full, as it is meant to

	acknowledged := 0
	status, body := 0, ""
	for range 2000 {
		if status, _, body = s.do(t, "POST", "/collections/events/items", token, newEvent); status != 201 {
			break
		}
		acknowledged++
	}
	if status != 503 || !strings.Contains(body, "full") {
		t.Fatalf("a write to a full disk: %d %s: expected 503 and the reason", status, body)
	}
	if n := s.matched(t, "events", token); n != before+acknowledged {
		t.Errorf("%d events while the disk is full: expected the %d acknowledged ones", n, before+acknowledged)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if status, _, body = s.do(t, "POST", "/collections/events/items", token, newEvent); status != 201 {
		t.Errorf("a write after room was made: %d %s: expected 201", status, body)
	}
}
