package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the plan of the house: which packages of this module each package may import. Tests may also import what
// testMayImport says. cmd joins the parts and may import everything.
var mayImport = map[string][]string{
	"geo":             {},
	"layers":          {"geo"},
	"layers/cql2":     {"geo", "layers"},
	"layers/dispatch": {"geo", "layers"},
	"layers/duty":     {"layers", "layers/dispatch"},
	"layers/reach":    {"geo", "layers"},
	"layers/kpi":      {"geo", "layers", "layers/worktime"},
	"layers/worktime": {},
	"layers/border":   {},
	"layers/postgis":  {"geo", "layers", "layers/border"},
	"layers/gpkg":     {"geo", "layers", "layers/border"},

	"layers/postgis/cluster":             {},
	"layers/postgis/cluster/clustertest": {"layers/postgis/cluster"},
	"layers/exchange":                    {"geo", "layers"},
	"layers/checkup":                     {"geo", "layers", "layers/exchange"},
	"layers/storetest":                   {"geo", "layers"},
	"fixtures":                           {"geo", "layers"},
	"tiles":                              {"geo", "layers"},
	"api/web":                            {},
	"api":                                {"geo", "layers", "layers/cql2", "layers/dispatch", "layers/reach", "layers/kpi", "layers/worktime", "layers/exchange", "tiles"},
	"cmd/shapan":                         {"*"},
	"cmd/bench":                          {"*"},
	"cmd/postgis":                        {"*"},
}

// testMayImport is what tests may import besides: the sample, the promises of a record, and for api and tiles the
// embedded record that makes them whole.
var testMayImport = map[string][]string{
	"layers":          {"fixtures", "layers/storetest"},
	"layers/cql2":     {"fixtures"},
	"layers/dispatch": {"fixtures", "layers/gpkg"},
	"layers/duty":     {"fixtures", "layers/gpkg", "layers/postgis", "layers/postgis/cluster/clustertest"},
	"layers/reach":    {"fixtures", "layers/dispatch"},
	"layers/kpi":      {"fixtures"},
	"layers/postgis":  {"fixtures", "layers/storetest", "layers/postgis/cluster", "layers/postgis/cluster/clustertest"},
	"layers/gpkg":     {"fixtures", "layers/storetest"},
	"layers/exchange": {"fixtures"},
	"layers/checkup":  {"fixtures"},
	"tiles":           {"fixtures", "layers/gpkg", "layers/storetest"},
	"api":             {"api/web", "fixtures", "layers/gpkg", "layers/storetest"},
}

// outside says which packages alone may import something from outside the module, by the beginning of its path.
var outside = map[string][]string{
	"database/sql":                         {"layers/gpkg", "layers/postgis", "layers/exchange", "layers/storetest"},
	"modernc.org/":                         {"layers/gpkg", "layers/exchange"},
	"github.com/jackc/":                    {"layers/postgis", "layers/postgis/cluster", "cmd/bench", "cmd/postgis"},
	"net/http":                             {"api", "api/web", "cmd/shapan", "cmd/bench"},
	"github.com/pressly/goose":             {"layers/postgis"},
	"github.com/twpayne/go-geom":           {"layers/border", "layers/postgis", "layers/gpkg"},
	"github.com/gorilla/":                  {"api", "cmd/bench"},
	"github.com/prometheus/":               {"api", "cmd/shapan", "cmd/bench"},
	"github.com/alecthomas/":               {"cmd/shapan"},
	"github.com/schollz/":                  {"cmd/shapan", "cmd/bench"},
	"os/exec":                              {"cmd/shapan", "cmd/bench", "cmd/postgis", "layers/postgis/cluster"},
	"embed":                                {"api/web", "fixtures", "api", "layers/postgis"},
	"github.com/paulmach/orb/encoding/mvt": {"tiles", "cmd/bench"},
	"github.com/peterstace/":               {"layers/checkup"},
	"github.com/6tail/":                    {"layers/worktime"},
	"google.golang.org/protobuf":           {"layers/exchange"},
}

// rooms are the folders that may stand at the top.
var rooms = []string{"api", "cmd", "docs", "fixtures", "geo", "layers", "tiles"}

// source is one parsed Go file of the module.
type source struct {
	path    string // from the top, with slashes
	pkg     string // its folder
	test    bool
	file    *ast.File
	imports []string
}

// sources parses the whole module.
func sources(t *testing.T) []source {
	t.Helper()
	root := os.DirFS("../..")
	var all []source
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || path != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: path, pkg: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go"), file: file}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, name)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportsFollowThePlan(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		allowed, known := mayImport[s.pkg]
		if !known {
			t.Errorf("%s: package %s is not in the plan of the house", s.path, s.pkg)
			continue
		}
		if slices.Contains(allowed, "*") {
			continue
		}
		for _, name := range s.imports {
			room, inside := strings.CutPrefix(name, "shapan/")
			ok := !inside || room == s.pkg || slices.Contains(allowed, room) || s.test && slices.Contains(testMayImport[s.pkg], room)
			if !ok {
				t.Errorf("%s imports %s: %s may import %q", s.path, name, s.pkg, allowed)
			}
		}
	}
}

func TestOutsideImportsStayAtTheEdge(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, name := range s.imports {
			for prefix, packages := range outside {
				if strings.HasPrefix(name, prefix) && !slices.Contains(packages, s.pkg) {
					t.Errorf("%s imports %s: only %q may", s.path, name, packages)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		said[s.pkg] = said[s.pkg] || s.file.Doc != nil && len(strings.Fields(s.file.Doc.Text())) >= 6
	}
	for _, pkg := range slices.Sorted(maps.Keys(said)) {
		if !said[pkg] {
			t.Errorf("package %s has no comment that says what it owns", pkg)
		}
	}
}

func TestNoInitAndNoExitBelowTheCommands(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s has a func init: state belongs to values that somebody makes", s.path)
				}
			case *ast.SelectorExpr:
				pkg, ok := n.X.(*ast.Ident)
				if !ok || strings.HasPrefix(s.pkg, "cmd/") {
					return true
				}
				if call := pkg.Name + "." + n.Sel.Name; call == "os.Exit" || call == "log.Fatal" || call == "log.Fatalf" {
					t.Errorf("%s calls %s: only a command may end the program", s.path, call)
				}
			}
			return true
		})
	}
}

func TestTopLevelHasOnlyRooms(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		top, _, found := strings.Cut(s.path, "/")
		if !found || !slices.Contains(rooms, top) {
			t.Errorf("%s: Go files stand in %q", s.path, rooms)
		}
	}
}
