package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Install is the line that installs what Find looks for. The names are those of Debian and of Ubuntu alike: each release
// has one version of PostgreSQL, and this package depends on it.
const Install = "sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql-postgis"

// Find returns the folder of the newest server programs for which PostGIS is installed: of Debian's folders, or else the
// ones in the PATH. The error says how to install them.
func Find() (bin string, err error) {
	return find("/", os.Getenv("PATH"))
}

// find looks below a root, and in the folders of a PATH.
func find(root, path string) (string, error) {
	bins, err := filepath.Glob(filepath.Join(root, "usr/lib/postgresql/*/bin"))
	if err != nil {
		return "", err
	}
	slices.SortFunc(bins, func(a, b string) int { return cmp.Compare(versionOf(b), versionOf(a)) })
	for _, dir := range filepath.SplitList(path) {
		if program, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres")); err == nil {
			bins = append(bins, filepath.Dir(program))
		}
	}
	for _, bin := range bins {
		if isFile(filepath.Join(bin, "postgres")) && isFile(filepath.Join(bin, "initdb")) && hasPostGIS(root, bin) {
			return bin, nil
		}
	}
	return "", errors.New("PostgreSQL with PostGIS is not installed: on Debian or Ubuntu, run " + Install)
}

// versionOf returns the major version in the path of Debian's server programs.
func versionOf(bin string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	if err != nil {
		return 0
	}
	return n
}

// hasPostGIS tells whether the server of a folder finds the extension in its share folder.
func hasPostGIS(root, bin string) bool {
	const control = "extension/postgis.control"
	shares := []string{
		filepath.Join(root, fmt.Sprintf("usr/share/postgresql/%d", versionOf(bin))),
		filepath.Join(bin, "../share/postgresql"),
		filepath.Join(bin, "../share"),
	}
	if slices.ContainsFunc(shares, func(share string) bool { return isFile(filepath.Join(share, control)) }) {
		return true
	}
	share, err := exec.Command(filepath.Join(bin, "pg_config"), "--sharedir").Output()
	return err == nil && isFile(filepath.Join(strings.TrimSpace(string(share)), control))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
