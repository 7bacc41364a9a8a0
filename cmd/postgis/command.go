package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// environment is ours and the addresses of a database.
func (s *server) environment(database string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") { // meant for another server
			env = append(env, v)
		}
	}
	return append(env, "SHAPAN_DATABASE_URL="+s.cluster.URLOf(user, s.access.service, database), "SHAPAN_OWNER_URL="+s.ownerURL(database))
}

// lastTime is how long the command's own children have when it has ended.
const lastTime = 15 * time.Second

// command runs a shell command until it and what it has started have ended, and returns its exit code. Signals are passed
// on to all of them: they are a process group of their own, so that a terminal's Ctrl-C reaches them once and not the
// server. When this program is killed, the command is told to stop.
func (s *server) command(line string, env []string) (code int, err error) {
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return exitFailed, err
	}
	group := cmd.Process.Pid
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-s.signals:
			if err := syscall.Kill(-group, sig.(syscall.Signal)); err != nil && !errors.Is(err, syscall.ESRCH) {
				return exitFailed, err
			}
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return exitFailed, err
			}
			return exitCode(cmd.ProcessState), await(group)
		}
	}
}

// exitCode returns the exit code as a shell does: 128 and the signal's number for who was ended by one.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// await waits until a process group has ended: a shell may end before what it runs.
func await(group int) error {
	for deadline := time.Now().Add(lastTime); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := syscall.Kill(-group, 0); errors.Is(err, syscall.ESRCH) {
			return nil
		}
	}
	if err := syscall.Kill(-group, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("what the command has started does not end: %w", err)
	}
	return nil
}
