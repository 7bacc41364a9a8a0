// Command postgis runs a private PostgreSQL with PostGIS beside the service, for a first try, for measurements and for
// tests: it starts the server in a folder, makes the record's database there, runs a command and stops the server when
// the command ends.
//
//	go run ./cmd/postgis --dir data/postgis --exec 'bin/shapan serve'
//
// The command finds two addresses in its environment: SHAPAN_DATABASE_URL of a user who may do what the service does, and
// SHAPAN_OWNER_URL of the owner, who may do everything. Signals are passed on to it, and its exit code is ours.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"shapan/layers/postgis/cluster"
)

func main() {
	runtime.LockOSThread() // commands are told when the thread ends that started them: see start
	code, err := run(os.Args[1:], os.Stderr)
	if err != nil {
		fmt.Fprintf(os.Stderr, "postgis: %v\n", err)
	}
	os.Exit(code)
}

// The exit codes, besides those of the command.
const (
	exitFailed = 1
	exitMisuse = 2
)

// options are what the command line says.
type options struct {
	dir     string
	durable bool
	first   string
	exec    string
}

func parse(args []string, out io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("postgis", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.dir, "dir", "", "`folder` that keeps the database and its passwords; without it a temporary one that is removed at the end")
	flags.BoolVar(&o.durable, "durable", false, "what is written survives the loss of power, too")
	flags.StringVar(&o.first, "first", "", "shell `command` that fills a new database, as its owner; the database is kept only if it succeeds")
	flags.StringVar(&o.exec, "exec", "", "shell `command` to run beside the server")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.exec == "" || flags.NArg() > 0 {
		fmt.Fprintln(out, "expected --exec and one command in quotes, such as --exec 'bin/shapan serve'")
		flags.Usage()
		return o, flag.ErrHelp
	}
	return o, nil
}

// run runs the command beside the server and returns the exit code.
func run(args []string, out io.Writer) (code int, err error) {
	o, err := parse(args, out)
	if err != nil {
		return exitMisuse, nil // parse has said what is wrong
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "shapan-postgis-*"); err != nil {
			return exitFailed, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	}
	s, err := o.start(signals)
	if err != nil {
		return exitFailed, err
	}
	defer func() { err = errors.Join(err, s.cluster.Stop("fast")) }()
	if code, err := s.ready(o.first); err != nil || code != 0 {
		return max(code, exitFailed), err
	}
	s.explain(out)
	return s.command(o.exec, s.environment(database))
}

// server is the running PostgreSQL and who may come in.
type server struct {
	dir     string
	cluster *cluster.Cluster
	access  access
	signals <-chan os.Signal
}

// start starts the server. A signal breaks it off.
func (o options) start(signals <-chan os.Signal) (*server, error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the folder of the database cannot be made: %w; choose another with --dir", err)
	}
	s := &server{dir: dir, signals: signals}
	if s.access, err = openAccess(s.passwords(), filepath.Join(dir, "server")); err != nil {
		return nil, err
	}
	ctx, cancel := s.untilSignal()
	defer cancel()
	s.cluster, err = cluster.Start(ctx, cluster.Config{Dir: filepath.Join(dir, "server"), Port: s.access.port, Durable: o.durable, Password: s.access.owner})
	if err != nil {
		return nil, because(ctx, err)
	}
	if err := s.access.save(s.passwords()); err != nil { // the port may be another now
		return nil, errors.Join(err, s.cluster.Stop("fast"))
	}
	return s, nil
}

// passwords is the file that keeps the passwords, which psql and others read, too.
func (s *server) passwords() string { return filepath.Join(s.dir, "pgpass") }

// untilSignal returns a context that ends with the next signal, until it is cancelled.
func (s *server) untilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		select {
		case sig := <-s.signals:
			cancel(fmt.Errorf("stopped by the signal %s", sig))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// because returns why a context ended, where that is the reason of an error.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// explain says how to look at the database with other programs.
func (s *server) explain(out io.Writer) {
	fmt.Fprintf(out, "The record is in PostgreSQL on 127.0.0.1 port %d, database %s, user %s; the password stands in %s.\n", s.access.port, database, user, s.passwords())
	fmt.Fprintf(out, "  psql: PGPASSFILE=%s psql -h 127.0.0.1 -p %d -U %s %s\n", s.passwords(), s.access.port, user, database)
	fmt.Fprintf(out, "  QGIS: add a PostGIS connection with these values; the layers are the tables of the schema shapan\n")
}
