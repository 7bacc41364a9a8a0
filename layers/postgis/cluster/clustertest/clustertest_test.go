package clustertest

import (
	"regexp"
	"strings"
	"testing"
)

func TestNamesOfDatabasesArePlainAndDiffer(t *testing.T) {
	t.Parallel()
	for test, expected := range map[string]string{
		"TestPromises/put_twice":             `^testpromises_put_twice_[a-z0-9]{13}$`,
		"Test\"沙盘\"#01":                      `^test_____01_[a-z0-9]{13}$`,
		"Test" + strings.Repeat("Long", 100): `^test(long){11}l_[a-z0-9]{13}$`,
	} {
		name, other := nameFor(test), nameFor(test)
		if name == other || len(name) > 63 || !regexp.MustCompile(expected).MatchString(name) {
			t.Errorf("%s: %q and %q, expected %s", test, name, other, expected)
		}
	}
}
