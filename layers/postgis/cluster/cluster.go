// Package cluster runs a private PostgreSQL with PostGIS in a folder, for tests, measurements and a first try. It needs
// the server's programs, and no server that runs already.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Config says what a cluster is to be. Dir is needed.
type Config struct {
	Dir      string            // where it keeps everything, and nothing else is kept; made where it is missing
	Port     int               // on 127.0.0.1; 0: a free one
	Durable  bool              // what is committed survives the loss of power; tests mostly need not
	Password string            // of the superuser postgres; empty: whoever reaches the port is let in
	Settings map[string]string // of the server, besides our own
	Keep     bool              // it goes on running when this process ends
}

// Cluster is a server in a folder. URL, URLOf, Host, Log, Exec, Create and Drop may be called at the same time; the other
// methods by one goroutine at a time.
type Cluster struct {
	config Config
	bin    string
	owner  *syscall.Credential // who runs it; nil: this user
	server *process            // nil: it was never started, or stopped
	frozen *freezer            // nil: it is not frozen
	logged int64               // the size of the log when the server was started
}

const patience = 2 * time.Minute // with a server that starts or stops; one that crashed has its log to read again

// Start starts the cluster of a folder, and makes it where the folder is empty. It returns when the server answers. The
// server ends with this process, however that ends, unless Keep is set.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	c := &Cluster{config: config, bin: bin}
	if err := c.begin(ctx, func(data string) error { return c.init(ctx, data) }); err != nil {
		return nil, err
	}
	return c, nil
}

// Standby makes a server that follows this one, in an empty folder and on a port of its own, and starts it. It reads what
// is committed here, and takes no writes until it is promoted.
func (c *Cluster) Standby(ctx context.Context, dir string) (*Cluster, error) {
	s := &Cluster{config: c.config, bin: c.bin}
	s.config.Dir, s.config.Port = dir, 0
	if s.made() {
		return nil, fmt.Errorf("%s holds a PostgreSQL already: choose an empty folder for the standby", dir)
	}
	err := s.begin(ctx, func(data string) error {
		args := []string{"-d", address("postgres", "", c.Host(), ""), "-D", data, "-R", "-X", "stream", "-c", "fast"}
		if !c.config.Durable {
			args = append(args, "--no-sync")
		}
		return s.run(ctx, "pg_basebackup", args...)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// begin starts the server, after its data folder was made by a program where there is none.
func (c *Cluster) begin(ctx context.Context, program func(data string) error) (err error) {
	if c.config.Dir == "" {
		return errors.New("PostgreSQL needs a folder")
	}
	if c.config.Dir, err = filepath.Abs(c.config.Dir); err != nil {
		return err
	}
	if err := c.prepare(); err != nil {
		return err
	}
	if !c.made() {
		if err := c.tryPort(); err != nil { // now, rather than when everything is made
			return err
		}
		if err := c.fill(program); err != nil {
			return err
		}
	}
	if c.config.Port != 0 {
		return c.Restart(ctx)
	}
	for range 5 { // another program may take the port that was free
		if c.config.Port, err = freePort(); err != nil {
			return err
		}
		if err = c.Restart(ctx); !errors.Is(err, errBusy) {
			return err
		}
	}
	return err
}

// Restart starts the server again, in the same folder and on the same port, when it was stopped or has ended by itself.
func (c *Cluster) Restart(ctx context.Context) error {
	if c.server != nil && !c.server.over() {
		return errors.New("PostgreSQL runs: stop it before it is started again")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := c.launch(ctx)
		if !errors.Is(err, errRemains) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// launch starts the server once and waits until it answers. A server that does not answer is ended.
func (c *Cluster) launch(ctx context.Context) error {
	log, err := c.openLog()
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := c.command(context.Background(), "postgres", c.arguments()...) // it lives until it is stopped
	cmd.Stdout, cmd.Stderr = log, log
	if c.config.Keep {
		cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Setsid = false, true
	} else {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	}
	if c.server, err = launch(cmd); err != nil {
		c.server = nil
		return fmt.Errorf("PostgreSQL cannot be started: %w", err)
	}
	if err := c.await(ctx); err != nil {
		return errors.Join(err, c.Stop("immediate"))
	}
	return nil
}

// arguments returns the settings of the server, as arguments: the files of the folder stay as they were made.
func (c *Cluster) arguments() []string {
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "port": strconv.Itoa(c.config.Port),
		"unix_socket_directories": "", // the path of a socket may have 107 bytes, the folders of tests are longer
		"shared_buffers":          "64MB", "max_connections": "100", "jit": "off", "autovacuum": "on",
		"wal_level": "replica", "max_wal_senders": "5", "hot_standby": "on",
		"timezone": "Asia/Shanghai", "log_timezone": "Asia/Shanghai", "log_min_messages": "warning",
	}
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		settings[name] = "on"
		if !c.config.Durable {
			settings[name] = "off"
		}
	}
	if !c.config.Durable { // many of them run at the same time, and none for long
		settings["min_wal_size"], settings["max_wal_size"] = "32MB", "256MB"
	}
	maps.Copy(settings, c.config.Settings)
	args := []string{"-D", c.data()}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

// await waits until the server takes questions.
func (c *Cluster) await(ctx context.Context) error {
	for {
		err := c.answers(ctx)
		var refused *pgconn.PgError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &refused) && (refused.Code == "28P01" || refused.Code == "28000"):
			return fmt.Errorf("the PostgreSQL in %s was made with another password: give that one, or choose another folder", c.config.Dir)
		}
		select {
		case <-c.server.ended:
			return c.notStarted()
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, c.Log())
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

// Stop stops the server: "smart" waits until everybody has gone, "fast" ends connections, "immediate" is as a crash. A
// frozen server is thawed; one that has ended is left alone.
func (c *Cluster) Stop(mode string) error {
	signal, ok := map[string]syscall.Signal{"smart": syscall.SIGTERM, "fast": syscall.SIGINT, "immediate": syscall.SIGQUIT}[mode]
	if !ok {
		return fmt.Errorf("stop %q: expected smart, fast or immediate", mode)
	}
	if c.server == nil {
		return nil
	}
	if err := errors.Join(c.Thaw(), c.Signal(signal)); err != nil {
		return err
	}
	select {
	case <-c.server.ended:
		c.server = nil
		return nil
	case <-time.After(patience):
		return fmt.Errorf("PostgreSQL did not end:\n%s", c.Log())
	}
}

// Signal sends a signal to the server's first process, which starts and ends the others. After SIGKILL, Restart starts it
// again as after a crash.
func (c *Cluster) Signal(signal syscall.Signal) error {
	if c.server == nil || c.server.over() {
		return nil
	}
	if err := c.server.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %v to PostgreSQL: %w", signal, err)
	}
	return nil
}

// Freeze stops the server and all its processes in their tracks: connections stay open, and nothing answers. They go on
// after Thaw, and when this process ends.
func (c *Cluster) Freeze() error {
	if c.server == nil || c.server.over() || c.frozen != nil {
		return nil
	}
	f, err := c.freezer()
	if err != nil {
		return err
	}
	c.frozen = f
	first := c.server.cmd.Process.Pid
	if err := f.freeze(first); err != nil { // it starts no others from here
		return errors.Join(err, c.Thaw())
	}
	pids, err := children(first)
	if err != nil {
		return errors.Join(err, c.Thaw())
	}
	for _, pid := range pids {
		if err := f.freeze(pid); err != nil {
			return errors.Join(err, c.Thaw())
		}
	}
	return nil
}

// Thaw lets a frozen server go on.
func (c *Cluster) Thaw() error {
	if c.frozen == nil {
		return nil
	}
	f := c.frozen
	c.frozen = nil
	return f.thaw()
}

// Promote makes a standby a server that takes writes, and returns when it does.
func (c *Cluster) Promote(ctx context.Context) error {
	return c.run(ctx, "pg_ctl", "promote", "-w", "-D", c.data())
}

// URL returns the address of a database, for the superuser.
func (c *Cluster) URL(database string) string {
	return c.URLOf("postgres", c.config.Password, database)
}

// URLOf returns the address of a database for a user.
func (c *Cluster) URLOf(user, password, database string) string {
	return address(user, password, c.Host(), database)
}

func address(user, password, host, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Host: host, Path: "/" + database, RawQuery: "sslmode=disable"}
	if password != "" {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// Host returns the server's host and port.
func (c *Cluster) Host() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.config.Port)) }

// Exec runs a statement as the superuser.
func (c *Cluster) Exec(ctx context.Context, database, statement string) error {
	conn, err := pgx.Connect(ctx, c.URL(database))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// Create makes a database: a copy of template, which nobody may be connected to, or an empty one where template is empty.
func (c *Cluster) Create(ctx context.Context, name, template string) error {
	statement := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize()
	if template != "" {
		statement += " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	}
	return c.Exec(ctx, "postgres", statement)
}

// Drop removes a database, where there is one, and ends the connections to it.
func (c *Cluster) Drop(ctx context.Context, name string) error {
	return c.Exec(ctx, "postgres", "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}
