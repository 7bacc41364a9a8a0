// Package cluster runs a private PostgreSQL with PostGIS in a folder, for tests, measurements and a first try. It needs
// the server's programs, and no server that runs already.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config says what a cluster is to be. Dir is needed.
type Config struct {
	Dir      string            // where it keeps everything; made where it is missing
	Port     int               // on 127.0.0.1; 0: a free one
	Durable  bool              // what is committed survives the loss of power; tests mostly need not
	Password string            // of the superuser postgres; empty: whoever reaches the port is let in
	Settings map[string]string // of the server, besides our own
	Keep     bool              // it goes on running when this process ends
}

// Cluster is a running server. Its methods may be called by one goroutine at a time.
type Cluster struct {
	config Config
	bin    string
	owner  *syscall.Credential // who runs it; nil: this user
	server *process            // nil: it is stopped
}

// Find returns the folder of the newest server programs for which PostGIS is installed. The error says how to install
// them.
func Find() (bin string, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return versionOf(b) - versionOf(a) })
	for _, program := range found {
		extension := fmt.Sprintf("/usr/share/postgresql/%d/extension/postgis.control", versionOf(program))
		if _, err := os.Stat(extension); err == nil {
			return filepath.Dir(program), nil
		}
	}
	return "", errors.New("PostgreSQL with PostGIS is not installed. On Debian or Ubuntu:\n" +
		"  sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql postgresql-postgis")
}

// versionOf returns the major version in the path of a server program.
func versionOf(program string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(program))))
	if err != nil {
		return 0
	}
	return n
}

// Start starts the cluster of a folder, and makes it where the folder holds none. It returns when the server answers.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	c := &Cluster{config: config, bin: bin}
	if c.config.Dir, err = filepath.Abs(config.Dir); err != nil {
		return nil, err
	}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if c.config.Port == 0 {
		if c.config.Port, err = freePort(); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(filepath.Join(c.data(), "PG_VERSION")); err != nil {
		if err := c.init(ctx); err != nil {
			return nil, err
		}
	}
	return c, c.Restart(ctx)
}

func (c *Cluster) data() string { return filepath.Join(c.config.Dir, "data") }

func (c *Cluster) logFile() string { return filepath.Join(c.config.Dir, "log") }

// prepare makes the folder, and gives it to who runs the server: PostgreSQL refuses to run as root.
func (c *Cluster) prepare() error {
	if err := os.MkdirAll(c.config.Dir, 0o755); err != nil {
		return fmt.Errorf("the folder of the database cannot be made: %w", err)
	}
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return err
		}
		c.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return c.own(c.config.Dir)
	}
	return errors.New("root may not run PostgreSQL, and there is neither a user postgres nor nobody: run this as another user")
}

// Own gives a folder to who runs the server, for a tablespace.
func (c *Cluster) Own(dir string) error {
	if c.owner == nil {
		return nil
	}
	return c.own(dir)
}

// own gives the folder to who runs the server, and lets that user come to it through the folders above that are ours.
func (c *Cluster) own(dir string) error {
	if err := os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
		return err
	}
	for up := filepath.Dir(dir); up != "/" && up != os.TempDir(); up = filepath.Dir(up) {
		info, err := os.Stat(up)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 && strings.HasPrefix(up, os.TempDir()+"/") {
			if err := os.Chmod(up, info.Mode().Perm()|0o011); err != nil {
				return err
			}
		}
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// command makes a command of the server's programs, run by who runs the server.
func (c *Cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), args...)
	cmd.Dir = c.config.Dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGPASSWORD="+c.config.Password)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return cmd
}

func (c *Cluster) init(ctx context.Context) error {
	args := []string{"-D", c.data(), "-U", "postgres", "-E", "UTF8", "--locale", "C.UTF-8"}
	if !c.config.Durable {
		args = append(args, "--no-sync")
	}
	if c.config.Password == "" {
		args = append(args, "-A", "trust")
	}
	if c.config.Password != "" {
		file, err := os.CreateTemp(c.config.Dir, "password-*")
		if err != nil {
			return err
		}
		defer os.Remove(file.Name())
		_, err = file.WriteString(c.config.Password + "\n")
		if err == nil && c.owner != nil {
			err = file.Chown(int(c.owner.Uid), int(c.owner.Gid))
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		args = append(args, "-A", "scram-sha-256", "--pwfile", file.Name())
	}
	out, err := c.command(ctx, "initdb", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, lastLines(string(out)))
	}
	return nil
}

// Restart starts the server again, in the same folder and on the same port, after Stop or Kill.
func (c *Cluster) Restart(ctx context.Context) error {
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "port": strconv.Itoa(c.config.Port), "unix_socket_directories": c.config.Dir,
		"shared_buffers": "64MB", "max_connections": "100", "wal_level": "replica", "max_wal_senders": "5", "hot_standby": "on", "jit": "off",
		"timezone": "Asia/Shanghai", "log_min_messages": "warning", "log_timezone": "Asia/Shanghai",
	}
	if !c.config.Durable {
		for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			settings[name] = "off"
		}
	}
	for name, value := range c.config.Settings {
		settings[name] = value
	}
	args := []string{"-D", c.data()}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := c.command(context.Background(), "postgres", args...) // it lives until it is stopped
	cmd.Stdout, cmd.Stderr = log, log
	if c.config.Keep {
		cmd.SysProcAttr.Setsid = true
	} else {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	}
	if c.server, err = launch(cmd); err != nil {
		return err
	}
	return c.await(ctx)
}

// await waits until the server takes questions.
func (c *Cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := c.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.server.ended:
			return fmt.Errorf("PostgreSQL ended while it was started:\n%s", c.said())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, c.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answers fails unless it is this server, and not another on its port, that answers.
func (c *Cluster) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	var folder string
	err = conn.QueryRow(ctx, "SHOW data_directory").Scan(&folder)
	if err == nil && folder != c.data() {
		err = fmt.Errorf("the server on port %d is another one", c.config.Port)
	}
	return errors.Join(err, conn.Close(ctx))
}

func (c *Cluster) said() string {
	b, err := os.ReadFile(c.logFile())
	if err != nil {
		return err.Error()
	}
	return lastLines(string(b))
}

func lastLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// URL returns the address of a database, for the superuser.
func (c *Cluster) URL(database string) string {
	return c.URLOf("postgres", c.config.Password, database)
}

// URLOf returns the address of a database for a user.
func (c *Cluster) URLOf(user, password, database string) string {
	if password != "" {
		user += ":" + password
	}
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", user, c.Host(), database)
}

// Host returns the server's host and port.
func (c *Cluster) Host() string { return "127.0.0.1:" + strconv.Itoa(c.config.Port) }

// Log returns the last lines that the server wrote.
func (c *Cluster) Log() string { return c.said() }

// Exec runs a statement as the superuser.
func (c *Cluster) Exec(ctx context.Context, database, statement string) error {
	conn, err := pgx.Connect(ctx, c.URL(database))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// Stop stops the server: "smart" waits until everybody has gone, "fast" ends connections, "immediate" is as a crash.
func (c *Cluster) Stop(mode string) error {
	signal, ok := map[string]syscall.Signal{"smart": syscall.SIGTERM, "fast": syscall.SIGINT, "immediate": syscall.SIGQUIT}[mode]
	if !ok {
		return fmt.Errorf("stop %q: expected smart, fast or immediate", mode)
	}
	return c.end(signal)
}

func (c *Cluster) end(signal syscall.Signal) error {
	if c.server == nil {
		return nil
	}
	if err := c.server.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.server.ended:
		c.server = nil
		return nil
	case <-time.After(time.Minute):
		return fmt.Errorf("PostgreSQL did not end:\n%s", c.said())
	}
}

// Freeze stops the server and all its processes in their tracks: connections stay open, and nothing answers.
func (c *Cluster) Freeze() error { return c.signalAll(syscall.SIGSTOP) }

// Thaw lets them go on.
func (c *Cluster) Thaw() error { return c.signalAll(syscall.SIGCONT) }

// signalAll signals the server, and then its processes: one that is stopped makes no more of them.
func (c *Cluster) signalAll(signal syscall.Signal) error {
	if c.server == nil {
		return nil
	}
	server := c.server.cmd.Process.Pid
	if err := syscall.Kill(server, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	for range 2 { // one may have been in the making
		pids, err := childrenOf(server)
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
	}
	return nil
}

// childrenOf returns the processes that a process has started.
func childrenOf(parent int) (pids []int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, stat := range stats {
		b, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended meanwhile
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// Standby makes a server that follows this one, in a folder of its own, and starts it.
func (c *Cluster) Standby(ctx context.Context, dir string) (*Cluster, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Cluster{config: c.config, bin: c.bin}
	s.config.Dir, s.config.Port = dir, port
	if err := s.prepare(); err != nil {
		return nil, err
	}
	out, err := s.command(ctx, "pg_basebackup", "-d", c.URL(""), "-D", s.data(), "-R", "-X", "stream", "-c", "fast").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w\n%s", err, lastLines(string(out)))
	}
	return s, s.Restart(ctx)
}

// Promote makes a standby the server that takes writes.
func (c *Cluster) Promote(ctx context.Context) error {
	out, err := c.command(ctx, "pg_ctl", "promote", "-w", "-D", c.data()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pg_ctl promote: %w\n%s", err, lastLines(string(out)))
	}
	return nil
}

// process is a command that runs.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
}

// launch starts a command from a thread that lives as long as the command does: the kernel sends the signal of a parent's
// death when the thread ends that started the child, not the process.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		defer close(p.ended)
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended stands in its log
		}
	}()
	return p, <-started
}
