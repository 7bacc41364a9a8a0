// Command shapan serves the one map of a subdistrict and looks after its record: it joins the parts of the service and
// is its command line.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	console := console{out: os.Stdout, err: os.Stderr, env: os.LookupEnv}
	os.Exit(run(ctx, os.Args[1:], console))
}

// console is where a command finds the world around it. What a program may want to read goes to out, alone; all else
// goes to err.
type console struct {
	out, err io.Writer
	env      func(string) (string, bool)
}

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2
)
