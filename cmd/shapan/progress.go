package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far long work is, on a terminal; elsewhere it is silent.
type progress struct {
	bar *progressbar.ProgressBar // nil: silent
}

// newProgress begins a bar of total steps; -1 where the total is not known.
func newProgress(w io.Writer, total int64, what string) *progress {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
	)}
}

// add counts n steps.
func (p *progress) add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n) // what cannot be drawn is not worth failing for
	}
}

// set says that done of total steps are done.
func (p *progress) set(done, total int) {
	if p.bar != nil {
		p.bar.ChangeMax(total)
		_ = p.bar.Set(done)
	}
}

// done ends the bar.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
