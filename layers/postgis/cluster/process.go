package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a command that runs.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // how; to be read when it has ended
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
			p.err = cmd.Wait()
		}
	}()
	return p, <-started
}

// over tells whether the process has ended.
func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// command makes a command of the server's programs, run by who runs the server. It has a process group of its own: the
// Ctrl-C that a terminal sends to this program is not meant for it.
func (c *Cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), args...)
	cmd.Dir = c.config.Dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") { // PGOPTIONS, PGDATA and others are meant for other servers
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "HOME="+c.config.Dir)
	if c.config.Password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+c.config.Password)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner, Setpgid: true}
	return cmd
}

// run runs one of the server's programs to its end. The error has what it said.
func (c *Cluster) run(ctx context.Context, program string, args ...string) error {
	var said bytes.Buffer
	cmd := c.command(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.WaitDelay = 5 * time.Second // its children may hold the output open
	p, err := launch(cmd)
	if err == nil {
		<-p.ended
		err = p.err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", program, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, lastLines(said.String()))
	}
	return nil
}

// freezer is a small program that lets frozen processes go on, as soon as it is told to or this process ends: a frozen
// server does not take the signal of its parent's death.
type freezer struct {
	process *process
	tell    io.WriteCloser
}

const thaw = `while read -r pid; do pids="$pids $pid"; done; kill -CONT $pids 2>/dev/null`

func (c *Cluster) freezer() (*freezer, error) {
	cmd := c.command(context.Background(), "")
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", thaw}
	tell, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p, err := launch(cmd)
	if err != nil {
		return nil, err
	}
	return &freezer{p, tell}, nil
}

// freeze stops a process and waits until it stands still. One that has ended stands still.
func (f *freezer) freeze(pid int) error {
	if _, err := fmt.Fprintln(f.tell, pid); err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	for range 1000 {
		state, _, ok := stat(pid)
		if !ok || strings.Contains("TtZX", state) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("process %d does not stop", pid)
}

// thaw lets all of them go on.
func (f *freezer) thaw() error {
	err := f.tell.Close()
	<-f.process.ended
	return err
}

// children returns the processes that a process has started.
func children(parent int) ([]int, error) {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			return nil, err
		}
		if _, by, ok := stat(pid); ok && by == parent {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// stat returns the state of a process and its parent; not ok: it has ended.
func stat(pid int) (state string, parent int, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, false
	}
	_, err = fmt.Sscan(string(b[bytes.LastIndexByte(b, ')')+1:]), &state, &parent) // the name may hold brackets
	return state, parent, err == nil
}
