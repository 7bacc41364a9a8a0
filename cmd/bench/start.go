package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// heap returns the bytes in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// startToReady is B11: from starting the program on a filled record to its first good answer of /readyz.
func startToReady(ctx context.Context, s setting) ([]row, error) {
	dir, err := os.MkdirTemp("", "shapan-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	first, err := startOnce(ctx, s.program, dir)
	if err != nil {
		return nil, err
	}
	var later []time.Duration
	for range s.rounds {
		d, err := startOnce(ctx, s.program, dir)
		if err != nil {
			return nil, err
		}
		later = append(later, d)
	}
	return []row{{"B11", "start to ready, embedded", median(later).Round(time.Millisecond).String(),
		fmt.Sprintf("%v the first time, filling the record", first.Round(time.Millisecond)), "-", "< 1 s"}}, nil
}

// startOnce starts the program, waits until it is ready, and stops it.
func startOnce(ctx context.Context, program, dir string) (time.Duration, error) {
	begun := time.Now()
	cmd := exec.CommandContext(ctx, program, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	errs, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s ('make build' makes it): %w", program, err)
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, errs)
		_ = cmd.Wait()
	}()
	lines := bufio.NewScanner(errs)
	for lines.Scan() {
		url, ok := strings.CutPrefix(lines.Text(), "listening on ")
		if !ok {
			continue
		}
		resp, err := http.Get(url + "/readyz")
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		return time.Since(begun), nil
	}
	return 0, errors.New("the program ended before it listened")
}

// unpacked unpacks a body where it is gzip.
func unpacked(body []byte) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
