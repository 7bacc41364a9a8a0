package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func (c *Cluster) data() string { return filepath.Join(c.config.Dir, "data") }

func (c *Cluster) logFile() string { return filepath.Join(c.config.Dir, "log") }

// made tells whether the folder holds a cluster.
func (c *Cluster) made() bool { return isFile(filepath.Join(c.data(), "PG_VERSION")) }

// prepare makes the folder, and gives it to who runs the server: PostgreSQL refuses to run as root.
func (c *Cluster) prepare() error {
	dir := c.config.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the folder of PostgreSQL cannot be made, choose another: %w", err)
	}
	if err := c.onlyOurs(); err != nil {
		return err
	}
	if os.Getuid() != 0 {
		const writeAndEnter = 2 | 1
		if err := syscall.Access(dir, writeAndEnter); err != nil {
			return fmt.Errorf("this user may not write %s, choose another folder: %w", dir, err)
		}
		return nil
	}
	owner, name, err := unprivileged()
	if err != nil {
		return err
	}
	c.owner = owner
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("the folder of PostgreSQL cannot be given to user %s, choose another: %w", name, err)
	}
	return c.openWay(name)
}

// onlyOurs fails where the folder holds what this package did not put there: it is about to have another owner.
func (c *Cluster) onlyOurs() error {
	entries, err := os.ReadDir(c.config.Dir)
	if err != nil {
		return fmt.Errorf("the folder of PostgreSQL cannot be read, choose another: %w", err)
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == "data", name == "log", strings.HasPrefix(name, newData), strings.HasPrefix(name, passwordFile):
		default:
			return fmt.Errorf("%s holds other things (%s): give PostgreSQL a folder of its own", c.config.Dir, name)
		}
	}
	return nil
}

// unprivileged returns the user who runs the server instead of root.
func unprivileged() (*syscall.Credential, string, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, "", err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, "", err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, name, nil
	}
	return nil, "", errors.New("root may not run PostgreSQL, and there is neither a user postgres nor nobody: run this as another user")
}

// openWay sees that who runs the server can come to the folder: tests get folders that only their user may enter. Those
// among the temporary ones are opened for passing through, others are not ours to change.
func (c *Cluster) openWay(name string) error {
	for up := filepath.Dir(c.config.Dir); up != "/"; up = filepath.Dir(up) {
		info, err := os.Stat(up)
		if err != nil {
			return err
		}
		if c.mayEnter(info) {
			continue
		}
		if !strings.HasPrefix(up, filepath.Clean(os.TempDir())+"/") {
			return fmt.Errorf("user %s, who runs PostgreSQL, may not enter %s: choose another folder than %s", name, up, c.config.Dir)
		}
		if err := os.Chmod(up, info.Mode().Perm()|0o011); err != nil {
			return err
		}
	}
	return nil
}

// mayEnter tells whether who runs the server may pass through a folder.
func (c *Cluster) mayEnter(info fs.FileInfo) bool {
	mode := info.Mode().Perm()
	if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid == c.owner.Uid {
		return mode&0o100 != 0
	} else if ok && s.Gid == c.owner.Gid {
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

const (
	newData      = "new-"      // begins the name of a data folder that is being made
	passwordFile = "password-" // begins the name of the file that initdb reads the password from
)

// fill makes the data folder by a program that fills a new one. It has its name only when it is whole, so that a start
// that was broken off can be tried again.
func (c *Cluster) fill(program func(data string) error) error {
	remains, err := filepath.Glob(filepath.Join(c.config.Dir, newData+"*"))
	if err != nil {
		return err
	}
	for _, r := range remains {
		if err := os.RemoveAll(r); err != nil {
			return err
		}
	}
	data := filepath.Join(c.config.Dir, newData+"data")
	if err := program(data); err != nil {
		return errors.Join(err, os.RemoveAll(data))
	}
	return os.Rename(data, c.data())
}

// init fills a folder with an empty cluster.
func (c *Cluster) init(ctx context.Context, data string) error {
	args := []string{"-D", data, "-U", "postgres", "-E", "UTF8", "--lc-messages", "C"}
	if !c.config.Durable {
		args = append(args, "--no-sync")
	}
	if c.config.Password == "" {
		args = append(args, "-A", "trust")
	} else {
		file, err := c.passwordFile()
		if err != nil {
			return err
		}
		defer os.Remove(file)
		args = append(args, "-A", "scram-sha-256", "--pwfile", file)
	}
	err := c.run(ctx, "initdb", append(args, "--locale", "C.UTF-8")...)
	if err != nil && strings.Contains(err.Error(), "invalid locale name") {
		err = c.run(ctx, "initdb", append(args, "--locale", "C")...)
	}
	return err
}

// passwordFile writes the password into a file for initdb: an argument could be read by everybody.
func (c *Cluster) passwordFile() (string, error) {
	if strings.ContainsAny(c.config.Password, "\n\r\x00") {
		return "", errors.New("the password of PostgreSQL must be one line")
	}
	file, err := os.CreateTemp(c.config.Dir, passwordFile+"*")
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(c.config.Password + "\n")
	if err == nil && c.owner != nil {
		err = file.Chown(int(c.owner.Uid), int(c.owner.Gid))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// Own gives a folder to who runs the server, for a tablespace.
func (c *Cluster) Own(dir string) error {
	if c.owner == nil {
		return nil
	}
	return os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid))
}
