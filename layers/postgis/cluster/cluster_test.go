package cluster

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The test program becomes the owner of a cluster in the folder childOf, until it is killed; childFrozen: of a frozen one.
const (
	childOf     = "SHAPAN_CLUSTER_CHILD"
	childFrozen = "SHAPAN_CLUSTER_FROZEN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childOf); dir != "" {
		own(dir, os.Getenv(childFrozen) != "")
	}
	os.Exit(m.Run())
}

// own starts a cluster, prints the ids of its processes on a line, and waits.
func own(dir string, frozen bool) {
	c, err := Start(context.Background(), Config{Dir: dir})
	var pids []int
	if err == nil {
		pids, err = children(c.server.cmd.Process.Pid)
	}
	if err == nil && frozen {
		err = c.Freeze()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(strings.Trim(fmt.Sprint(append(pids, c.server.cmd.Process.Pid)), "[]"))
	time.Sleep(time.Minute)
	os.Exit(1)
}

func begin(t *testing.T, config Config) *Cluster {
	t.Helper()
	config.Dir = t.TempDir()
	c, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	stopAtEnd(t, c)
	return c
}

func stopAtEnd(t *testing.T, c *Cluster) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Stop("immediate"); err != nil {
			t.Error(err)
		}
	})
}

// ask returns the answer of a question within a time.
func ask(ctx context.Context, within time.Duration, url, question string) (answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, question).Scan(&answer)
	return answer, err
}

const (
	short = 500 * time.Millisecond
	long  = 20 * time.Second
)

func TestItHasPostGISAndMakesDatabases(t *testing.T) {
	t.Parallel()
	c := begin(t, Config{})
	if err := c.Create(t.Context(), "first", ""); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(t.Context(), "first", "CREATE EXTENSION postgis"); err != nil {
		t.Fatal(err)
	}
	if err := c.Create(t.Context(), `a "copy"/of?it`, "first"); err != nil {
		t.Fatal(err)
	}
	answer, err := ask(t.Context(), long, c.URL(`a "copy"/of?it`), "SELECT postgis_version()")
	if err != nil || !strings.HasPrefix(answer, "3.") {
		t.Errorf("the copy of a database says %q, %v", answer, err)
	}
	for range 2 {
		if err := c.Drop(t.Context(), `a "copy"/of?it`); err != nil {
			t.Error(err)
		}
	}
	for question, expected := range map[string]string{
		"SHOW fsync": "off", "SHOW jit": "off", "SHOW timezone": "Asia/Shanghai", "SHOW server_encoding": "UTF8",
		"SHOW listen_addresses": "127.0.0.1", "SHOW unix_socket_directories": "",
	} {
		if answer, err := ask(t.Context(), long, c.URL("postgres"), question); err != nil || answer != expected {
			t.Errorf("%s: %q, %v, expected %q", question, answer, err, expected)
		}
	}
	if _, err := Start(t.Context(), Config{Dir: c.config.Dir}); err == nil || !strings.Contains(err.Error(), "already: stop that one first") {
		t.Errorf("a folder whose server runs: %v", err)
	}
}

func TestItsCrashesAreTold(t *testing.T) {
	t.Parallel()
	c := begin(t, Config{})
	if lines, err := c.Crashes(); err != nil || len(lines) > 0 {
		t.Errorf("a server that runs well: %q, %v", lines, err)
	}
	conn, err := pgx.Connect(t.Context(), c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := syscall.Kill(int(conn.PgConn().PID()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a connection whose backend was killed answers")
	}
	var lines []string
	for deadline := time.Now().Add(long); len(lines) == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if lines, err = c.Crashes(); err != nil {
			t.Fatal(err)
		}
	}
	if len(lines) == 0 || !strings.Contains(lines[0], "terminated by signal 9") {
		t.Errorf("after a backend was killed: %q", lines)
	}
}

func TestItCanBeFrozenAndKilled(t *testing.T) {
	t.Parallel()
	c := begin(t, Config{Password: `it's "100%" @ma:p/`, Durable: true, Settings: map[string]string{"max_connections": "20"}})
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	if answer, err := ask(t.Context(), short, c.URL("postgres"), "SHOW max_connections"); err == nil {
		t.Errorf("a frozen server answers %q", answer)
	}
	if err := c.Thaw(); err != nil {
		t.Fatal(err)
	}
	if answer, err := ask(t.Context(), long, c.URL("postgres"), "SHOW max_connections"); err != nil || answer != "20" {
		t.Errorf("after it was thawed: %q, %v", answer, err)
	}
	if err := c.Exec(t.Context(), "postgres", "CREATE TABLE a AS SELECT 'here' AS b"); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(t.Context()); err == nil {
		t.Error("a server that runs is started again")
	}
	if err := c.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.server.ended
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if answer, err := ask(t.Context(), long, c.URL("postgres"), "SELECT b FROM a"); err != nil || answer != "here" {
		t.Errorf("after it was killed: %q, %v", answer, err)
	}
	if err := c.Stop("fast"); err != nil {
		t.Fatal(err)
	}
	wrong := c.config
	wrong.Password = "wrong"
	if _, err := Start(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "made with another password") {
		t.Errorf("a wrong password: %v", err)
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Errorf("after a start that failed: %v", err)
	}
}

func TestAStandbyFollowsAndTakesOver(t *testing.T) {
	t.Parallel()
	c := begin(t, Config{Password: "secret"})
	s, err := c.Standby(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stopAtEnd(t, s)
	if err := c.Exec(t.Context(), "postgres", "CREATE TABLE a AS SELECT 'here' AS b"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(long)
	for answer := ""; answer != "here"; {
		if answer, err = ask(t.Context(), long, s.URL("postgres"), "SELECT b FROM a"); time.Now().After(deadline) {
			t.Fatalf("the standby says %q, %v", answer, err)
		}
	}
	if err := s.Exec(t.Context(), "postgres", "INSERT INTO a VALUES ('there')"); err == nil {
		t.Error("a standby takes a write")
	}
	if err := c.Stop("immediate"); err != nil {
		t.Fatal(err)
	}
	if err := s.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), "postgres", "INSERT INTO a VALUES ('there')"); err != nil {
		t.Error(err)
	}
	if _, err := c.Standby(t.Context(), s.config.Dir); err == nil {
		t.Error("a standby is made over a server")
	}
}

func TestItEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	for name, frozen := range map[string]string{"running": "", "frozen": "1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childOf+"="+t.TempDir(), childFrozen+"="+frozen)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan()
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait()
			pids := strings.Fields(lines.Text())
			if len(pids) < 3 {
				t.Fatalf("the owner says %q", lines.Text())
			}
			for _, text := range pids {
				gone(t, text)
			}
		})
	}
}

// gone waits until a process has ended. One that nobody asks how it ended stays as a zombie; it has ended.
func gone(t *testing.T, text string) {
	t.Helper()
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("the owner says %q", text)
	}
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if state, _, ok := stat(pid); !ok || state == "Z" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d of the server outlives its owner", pid)
		}
	}
}

func TestWhatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for part, config := range map[string]Config{
		"is in use: give another port":  {Dir: t.TempDir(), Port: l.Addr().(*net.TCPAddr).Port},
		"cannot be made":                {Dir: filepath.Join(file, "folder")},
		"a folder of its own":           {Dir: filepath.Dir(file)},
		"/proc/shapan":                  {Dir: "/proc/shapan"},
		"needs a folder":                {},
		"must be one line":              {Dir: t.TempDir(), Password: "a\nb"},
		"invalid value for parameter":   {Dir: t.TempDir(), Settings: map[string]string{"shared_buffers": "many"}},
		"give another, or 0 for a free": {Dir: t.TempDir(), Port: 70000},
	} {
		if c, err := Start(t.Context(), config); err == nil || c != nil || !strings.Contains(err.Error(), part) {
			t.Errorf("expected an error with %q: %v", part, err)
		}
	}
	if err := new(Cluster).Stop("soon"); err == nil {
		t.Error("an unknown way to stop is taken")
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	touch := func(names ...string) {
		for _, name := range names {
			name = filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	expect := func(bin string) {
		t.Helper()
		if found, err := find(root, filepath.Join(root, "opt/bin")); err != nil || found != filepath.Join(root, bin) {
			t.Errorf("found %q, %v, expected %q", found, err, bin)
		}
	}
	touch("usr/lib/postgresql/17/bin/postgres", "usr/lib/postgresql/17/bin/initdb")
	if _, err := find(root, ""); err == nil || !strings.Contains(err.Error(), "sudo apt-get update && sudo apt-get install -y") {
		t.Errorf("a server without PostGIS: %v", err)
	}
	touch("opt/bin/postgres", "opt/bin/initdb", "opt/share/extension/postgis.control")
	expect("opt/bin")
	for _, version := range []string{"9", "16"} {
		touch("usr/lib/postgresql/"+version+"/bin/postgres", "usr/lib/postgresql/"+version+"/bin/initdb",
			"usr/share/postgresql/"+version+"/extension/postgis.control")
	}
	expect("usr/lib/postgresql/16/bin")
}
