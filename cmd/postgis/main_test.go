package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// role tells the test program to be another one: the command itself, or what it runs.
const role = "POSTGIS_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "program":
		os.Setenv(role, "guest")
		main()
	case "guest":
		if err := guest(os.Args[1:]); err != nil {
			fmt.Println("guest:", err)
			os.Exit(1)
		}
	}
}

// guest is a command that runs beside the server: "sql URL-VARIABLE STATEMENT" prints the text that it answers, "wait"
// prints the signals that it gets for a second after the first.
func guest(args []string) error {
	if args[0] == "wait" {
		got := make(chan os.Signal, 8)
		signal.Notify(got, os.Interrupt, syscall.SIGTERM)
		fmt.Println("waiting", os.Getenv("SHAPAN_DATABASE_URL"))
		fmt.Println("got", <-got)
		for {
			select {
			case sig := <-got:
				fmt.Println("got", sig, "again")
			case <-time.After(time.Second):
				return query("SHAPAN_DATABASE_URL", "SELECT 'the server is there'")
			}
		}
	}
	return query(args[1], args[2])
}

func query(variable, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv(variable))
	if err != nil {
		return err
	}
	var text string
	if err := conn.QueryRow(ctx, statement).Scan(&text); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	fmt.Println(text)
	return conn.Close(ctx)
}

// program makes the command, as its own process.
func program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), role+"=program", "ME="+os.Args[0])
	return cmd
}

// ran runs the command to its end and returns its exit code, what was printed and what it said itself.
func ran(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	cmd := program(args...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

func TestWhatIsWrittenIsThereAtTheNextStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "db")
	const first = `"$ME" sql SHAPAN_DATABASE_URL "CREATE TABLE kept AS SELECT 'kept'::text AS t"`
	if code, out, said := ran(t, "--dir", dir, "--first", first+"; exit 4", "--exec", "echo never"); code != 4 || strings.Contains(out, "never") {
		t.Fatalf("a first command that fails: exit %d, expected its 4\n%s%s", code, out, said)
	}
	code, out, said := ran(t, "--dir", dir, "--durable", "--first", first, "--exec", `"$ME" sql SHAPAN_OWNER_URL "GRANT SELECT ON kept TO shapan_service"; exit 3`)
	if code != 3 || strings.Contains(out, "guest:") {
		t.Fatalf("exit %d, expected the command's 3\n%s%s", code, out, said)
	}
	for _, want := range []string{"database shapan, user shapan", "PGPASSFILE=" + filepath.Join(dir, "pgpass") + " psql -h 127.0.0.1 -p "} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "pgpass")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the passwords: %v, %v: expected a file for its owner alone", info.Mode(), err)
	}
	code, out, said = ran(t, "--dir", dir, "--first", "echo never", "--exec", `"$ME" sql SHAPAN_DATABASE_URL "SELECT t FROM kept"`)
	if code != 0 || out != "kept\n" {
		t.Errorf("the second start: exit %d, %q\n%s", code, out, said)
	}
	for _, statement := range []string{"CREATE TABLE public.a (b int)", "CREATE TABLE shapan.a (b int)", "CREATE ROLE a", "DROP TABLE kept"} {
		code, out, _ = ran(t, "--dir", dir, "--exec", `"$ME" sql SHAPAN_DATABASE_URL "`+statement+`"`)
		if code != 1 || !strings.Contains(out, "SQLSTATE 42501") {
			t.Errorf("%s by the service's user: exit %d, %q: expected to be refused", statement, code, out)
		}
	}
	if err := os.Remove(filepath.Join(dir, "pgpass")); err != nil {
		t.Fatal(err)
	}
	if code, _, said = ran(t, "--dir", dir, "--exec", "true"); code != 1 || !strings.Contains(said, "pgpass is missing") {
		t.Errorf("without the passwords: exit %d\n%s", code, said)
	}
}

func TestSignalsGoToTheCommandFirst(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"interrupt": syscall.SIGINT, "terminate": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temporary := t.TempDir()
			if err := os.Chmod(filepath.Dir(temporary), 0o755); err != nil { // who runs the server is another user
				t.Fatal(err)
			}
			cmd := program("--exec", `"$ME" wait; echo "the shell ended with $?"`)
			cmd.Env = append(cmd.Env, "TMPDIR="+temporary)
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd.Stdout, cmd.Stderr = out, out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			said := func() string {
				b, err := os.ReadFile(out.Name())
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			}
			for deadline := time.Now().Add(time.Minute); !strings.Contains(said(), "waiting "); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the command was not started:\n%s", said())
				}
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Fatal("the command did not end")
			}
			text := said()
			if strings.Count(text, "got "+name) > 1 || strings.Contains(text, "again") || !strings.Contains(text, "the server is there") {
				t.Errorf("expected one signal, and the server until the end:\n%s", text)
			}
			if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
				t.Errorf("%v are left (%v): expected nothing", left, err)
			}
			address, _, _ := strings.Cut(text[strings.Index(text, "waiting ")+len("waiting "):], "\n")
			gone(t, address)
		})
	}
}

func TestTheServerEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := program("--dir", dir, "--exec", `exec "$ME" wait`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	gone(t, strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "waiting ")))
}

// gone fails unless nobody answers at an address soon.
func gone(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Port() == "" {
		t.Fatalf("%q is no address: %v", address, err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil && errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			conn.Close(t.Context())
		}
		if time.Now().After(deadline) {
			t.Fatal("the server outlives the program")
		}
	}
}

func TestACommandIsNeeded(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--dir", "x"}, {"--exec", "a", "b"}, {"--nonsense"}} {
		if code, out, said := ran(t, args...); code != 2 || out != "" || !strings.Contains(said, "-exec") {
			t.Errorf("%q: exit %d, %q\n%s", args, code, out, said)
		}
	}
}
