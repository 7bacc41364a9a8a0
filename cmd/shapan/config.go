package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	kongyaml "github.com/alecthomas/kong-yaml"
	"gopkg.in/yaml.v3"

	"shapan/layers"
)

// defaultConfig is the configuration file that is read without being asked for.
const defaultConfig = "shapan.yaml"

// configFile answers flags from the configuration file, where neither the command line nor the environment does.
type configFile struct {
	path string
	keys []string // the file's own keys
	yaml kong.Resolver
	env  func(string) (string, bool)
}

// openConfig reads the file named by --config, else by SHAPAN_CONFIG, else shapan.yaml where it exists. It looks at the
// arguments itself because the parser needs the file in order to parse them.
func openConfig(args []string, env func(string) (string, bool)) (*configFile, error) {
	path, named := env("SHAPAN_CONFIG")
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			path, named = value, true
		} else if arg == "--config" && i+1 < len(args) {
			path, named = args[i+1], true
		}
	}
	if path == "" {
		path, named = defaultConfig, false
	}
	data, err := os.ReadFile(path)
	if !named && errors.Is(err, fs.ErrNotExist) {
		data, err = nil, nil
	}
	if err != nil {
		return nil, misused("the configuration file cannot be read: %v", err)
	}
	c := &configFile{path: path, env: env}
	if c.yaml, err = kongyaml.Loader(bytes.NewReader(data)); err != nil {
		return nil, misused("%s: expected 'flag: value' lines in YAML: %v", path, err)
	}
	var keys map[string]any
	if err := yaml.Unmarshal(data, &keys); err != nil {
		return nil, misused("%s: expected 'flag: value' lines in YAML: %v", path, err)
	}
	for key := range keys {
		c.keys = append(c.keys, key)
	}
	slices.Sort(c.keys)
	return c, nil
}

// Validate refuses keys that are no flag of any command.
func (c *configFile) Validate(app *kong.Application) error {
	var known []string
	var walk func(*kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			known = append(known, f.Name)
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(app.Node)
	slices.Sort(known)
	known = slices.Compact(known)
	for _, key := range c.keys {
		if !slices.Contains(known, key) {
			return misused("%s: %w", c.path, layers.Unknown("key", key, known))
		}
	}
	return nil
}

// Resolve answers one flag from the file, or nil.
func (c *configFile) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := c.env(name); set {
			return nil, nil
		}
	}
	return c.yaml.Resolve(ctx, ctx.Path[0], flag) // as seen from the root: the keys of the file are bare flags
}

// printConfig prints the flags of the chosen command as a configuration file.
func printConfig(w io.Writer, parsed *kong.Context) error {
	for _, flag := range parsed.Flags() {
		if flag.Name == "help" || flag.Name == "config" || flag.Name == "print-config" {
			continue
		}
		value := parsed.FlagValue(flag)
		if s, ok := value.(string); ok {
			value = redact(s, flag.Tag.Has("secret"))
		}
		if v := reflect.ValueOf(value); v.Kind() == reflect.Slice && v.Len() == 0 {
			value = []string{}
		}
		if s, ok := value.(fmt.Stringer); ok {
			value = s.String()
		}
		line, err := yaml.Marshal(map[string]any{flag.Name: value})
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// namedPassword finds a password that is given by name, as the addresses of databases may.
var namedPassword = regexp.MustCompile(`(?i)password\s*=`)

// redact hides a secret, and the password of an address. Of an address that cannot be read all is hidden.
func redact(s string, secret bool) string {
	u, err := url.Parse(s)
	switch {
	case secret && s != "", namedPassword.MatchString(s):
		return "***"
	case err == nil && u.User != nil:
		return u.Redacted()
	case strings.Contains(s, "://") && strings.Contains(s, "@"):
		return "***"
	}
	return s
}
