package cluster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

const (
	longLog = 1 << 20 // from this size on, a log is begun anew when the server starts
	tailLog = 16 << 10
)

// openLog opens the log for one run of the server and remembers where the run begins. It is opened as this user, who may
// be root, in a folder of another: links are not followed.
func (c *Cluster) openLog() (*os.File, error) {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return nil, fmt.Errorf("the log of PostgreSQL cannot be written: %w", err)
	}
	info, err := log.Stat()
	if err == nil && info.Size() > longLog {
		err = log.Truncate(0)
		c.logged = 0
	} else if err == nil {
		c.logged = info.Size()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the log of PostgreSQL cannot be written: %w", err), log.Close())
	}
	return log, nil
}

// Log returns the last lines that the server wrote since it was started.
func (c *Cluster) Log() string {
	log, err := os.Open(c.logFile())
	if err != nil {
		return err.Error()
	}
	defer log.Close()
	end, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err.Error()
	}
	from := max(c.logged, end-tailLog)
	b, err := io.ReadAll(io.NewSectionReader(log, from, end-from))
	if err != nil {
		return err.Error()
	}
	return lastLines(string(b))
}

// Crashes returns the lines of the log that tell of a process of the server that ended otherwise than it should, and made the
// server recover, at most 20; none: nothing of that happened since the server was started.
func (c *Cluster) Crashes() ([]string, error) {
	log, err := os.Open(c.logFile())
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if _, err := log.Seek(c.logged, io.SeekStart); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(log) // a line may be of any length: it has the statement
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "was terminated by signal") || strings.Contains(line, "PANIC:") || len(lines) > 0 && strings.Contains(line, "DETAIL:") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines[:min(len(lines), 20)], nil
}

func lastLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}
