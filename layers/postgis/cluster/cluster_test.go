package cluster

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// childOf tells the test program to be the owner of a cluster in a folder, until it is killed.
const childOf = "SHAPAN_CLUSTER_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childOf); dir != "" {
		c, err := Start(context.Background(), Config{Dir: dir})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(c.server.cmd.Process.Pid)
		time.Sleep(time.Minute)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func begin(t *testing.T, config Config) *Cluster {
	t.Helper()
	config.Dir = t.TempDir()
	c, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Thaw()
		if err := c.Stop("immediate"); err != nil {
			t.Error(err)
		}
	})
	return c
}

// ask returns the answer of a question within half a second.
func ask(ctx context.Context, url, question string) (answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, question).Scan(&answer)
	return answer, err
}

func TestItHasPostGISAndCanBeFrozen(t *testing.T) {
	t.Parallel()
	c := begin(t, Config{Password: "a 'secret'?"[2:10]})
	if err := c.Exec(t.Context(), "postgres", "CREATE EXTENSION postgis"); err != nil {
		t.Fatal(err)
	}
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	if answer, err := ask(t.Context(), c.URL("postgres"), "SELECT postgis_version()"); err == nil {
		t.Errorf("a frozen server answers %q", answer)
	}
	if err := c.Thaw(); err != nil {
		t.Fatal(err)
	}
	if answer, err := ask(t.Context(), c.URL("postgres"), "SELECT postgis_version()"); err != nil || !strings.HasPrefix(answer, "3.") {
		t.Errorf("after it was thawed: %q, %v", answer, err)
	}
	if _, err := ask(t.Context(), c.URLOf("postgres", "wrong", "postgres"), "SELECT 'in'"); err == nil {
		t.Error("a wrong password is taken")
	}
}

func TestAStandbyFollowsAndTakesOver(t *testing.T) {
	t.Parallel()
	c := begin(t, Config{})
	s, err := c.Standby(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop("immediate"); err != nil {
			t.Error(err)
		}
	})
	if err := c.Exec(t.Context(), "postgres", "CREATE TABLE a AS SELECT 'here' AS b"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for answer := ""; answer != "here"; {
		if answer, err = ask(t.Context(), s.URL("postgres"), "SELECT b FROM a"); time.Now().After(deadline) {
			t.Fatalf("the standby says %q, %v", answer, err)
		}
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
	if err := c.Restart(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestItEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childOf+"="+t.TempDir())
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	pid, err := strconv.Atoi(lines.Text())
	if err != nil {
		t.Fatalf("the owner says %q", lines.Text())
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server outlives its owner")
		}
	}
}

func TestWhatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	c := begin(t, Config{})
	_, err := Start(t.Context(), Config{Dir: t.TempDir(), Port: c.config.Port})
	if err == nil || !strings.Contains(err.Error(), "already in use") {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := c.Stop("soon"); err == nil {
		t.Error("an unknown way to stop is taken")
	}
}
