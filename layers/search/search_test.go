package search_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"shapan/fixtures"
	"shapan/layers"
	"shapan/layers/search"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// sample is the sample subdistrict, made once; tests only read it.
var sample = sync.OnceValues(func() (*layers.Snapshot, error) {
	b := layers.NewBuilder()
	tables := map[string]*layers.TableBuilder{}
	for _, l := range fixtures.Catalogue() {
		table, err := b.Layer(l)
		if err != nil {
			return nil, err
		}
		tables[l.Name] = table
	}
	err := fixtures.Generate(context.Background(), fixtures.Options{}, func(layer string, f layers.Feature) error {
		tables[layer].Add(f)
		return nil
	})
	return b.Snapshot(1), err
})

func view(t testing.TB, scope layers.Scope) *layers.View {
	t.Helper()
	s, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	return s.View(scope)
}

var everything = layers.Scope{Audience: layers.Restricted}

// names are what was found, as layer and name or title.
func names(found search.Found) (out []string) {
	for _, h := range found.Hits {
		name := h.Row.Get("name").Text() + h.Row.Get("title").Text()
		out = append(out, h.Row.Layer().Name+" "+name)
	}
	return out
}

// searcher is used by all tests at once, as it is by requests.
var searcher search.Searcher

func find(t testing.TB, v *layers.View, q search.Query) search.Found {
	t.Helper()
	found, err := searcher.Find(v, q)
	if err != nil {
		t.Fatalf("%q: %v", q.Text, err)
	}
	return found
}

func TestFindsFirst(t *testing.T) {
	t.Parallel()
	v := view(t, everything)
	for q, want := range map[string]string{
		"四清里":                   "communities 四清里社区",
		"siqingli":              "communities 四清里社区",
		"sql":                   "communities 四清里社区",
		"siql":                  "communities 四清里社区",
		"四清里 网格5":               "grids 四清里005网格",
		"四清里网格005":              "grids 四清里005网格",
		"siqingli wangge5":      "grids 四清里005网格",
		"420106001011003":       "grids 金地花园003网格",
		"420106001-f0122":       "facilities 金地花园食堂快餐十四",
		"420106001-F0122":       "facilities 金地花园食堂快餐十四",
		"F0122":                 "facilities 金地花园食堂快餐十四",
		"金地花园 3栋":               "buildings 3栋",
		"金地花园3号楼":               "buildings 3栋",
		"金地花园 3幢":               "buildings 3栋",
		"ljdd":                  "streets 临江大道",
		"网格长 011-003":           "responders 网格长 011-003",
		"011003-WG":             "responders 网格长 011-003",
		"420106001201712310011": "events 中山·消费投诉",
		"zhangshan":             "",
		"中山·消费投诉":               "events 中山·消费投诉",
		"jiyuqiao":              "subdistricts 积玉桥街道",
	} {
		got := ""
		if all := names(find(t, v, search.Query{Text: q, Limit: 1})); len(all) > 0 {
			got = all[0]
		}
		if got != want {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
}

func TestAnAddressIsOfItsCommunity(t *testing.T) {
	t.Parallel()
	v := view(t, everything)
	found := find(t, v, search.Query{Text: "金地花园 3栋", Layers: []string{"buildings"}, Limit: 50})
	if found.Total == 0 {
		t.Fatal("nothing was found")
	}
	for _, h := range found.Hits {
		if got := h.Row.Get("community").Text(); got != "420106001011" {
			t.Errorf("building %d is of %s", h.Row.ID(), got)
		}
		if got := h.Row.Get("name").Text(); got != "3栋" {
			t.Errorf("building %d is %s", h.Row.ID(), got)
		}
	}
}

func TestNearerComesFirstOfEquals(t *testing.T) {
	t.Parallel()
	v := view(t, everything)
	buildings, err := v.Table("buildings")
	if err != nil {
		t.Fatal(err)
	}
	row, _ := buildings.Get(300)
	b, _ := row.Bound()
	near := b.Center()
	found := find(t, v, search.Query{Text: row.Get("name").Text(), Layers: []string{"buildings"}, Near: &near, Limit: 1})
	if len(found.Hits) != 1 || found.Hits[0].Row.ID() != 300 {
		t.Errorf("found %v, want building 300", names(found))
	}
}

func TestNobodyFindsWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	public := view(t, layers.Scope{})
	for _, q := range []string{"420106001201712310011", "网格长", "消费投诉"} {
		if found := find(t, public, search.Query{Text: q}); found.Total != 0 {
			t.Errorf("the public finds %q: %v", q, names(found))
		}
	}
	limited := view(t, layers.Scope{Audience: layers.Internal, Communities: []string{"420106001020"}})
	for _, h := range find(t, limited, search.Query{Text: "wgz", Layers: []string{"responders"}, Limit: 100}).Hits {
		if got := h.Row.Get("community").Text(); got != "420106001020" {
			t.Errorf("somebody of %s is found", got)
		}
	}
}

func TestTheSameSearchFindsTheSame(t *testing.T) {
	t.Parallel()
	v := view(t, everything)
	var s search.Searcher
	near := orb.Point{114.308, 30.567}
	for _, q := range []string{"3栋", "shequ", "投诉", "420106001"} {
		want, err := s.Find(v, search.Query{Text: q, Limit: 20, Near: &near})
		if err != nil {
			t.Fatal(err)
		}
		again := find(t, v, search.Query{Text: q, Limit: 20, Near: &near})
		if diff := cmp.Diff(names(want), names(again)); diff != "" {
			t.Errorf("%q (-first +again):\n%s", q, diff)
		}
		if again.Total != want.Total || len(again.Hits) == 0 {
			t.Errorf("%q: %d, then %d", q, want.Total, again.Total)
		}
	}
}

func TestRefusesWhatCannotBeFound(t *testing.T) {
	t.Parallel()
	v := view(t, everything)
	var s search.Searcher
	for _, q := range []string{"", "  ", "·—!", strings.Repeat("网", search.MaxQuery+1), strings.Repeat("a1", 20), "\xff"} {
		if _, err := s.Find(v, search.Query{Text: q}); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%q: %v, want invalid", q, err)
		}
	}
	if _, err := s.Find(v, search.Query{Text: "x", Layers: []string{"nothing"}}); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("an unknown layer: %v", err)
	}
	if _, err := s.Find(v, search.Query{Text: "x", Layers: []string{"assignments"}}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a layer without geometry: %v", err)
	}
}

func FuzzFind(f *testing.F) {
	for _, q := range []string{"四清里 网格5", "ｓｑｌ", "é\u0301", "3栋", "a-b_c", "００５"} {
		f.Add(q)
	}
	v := view(f, everything)
	var s search.Searcher
	f.Fuzz(func(t *testing.T, q string) {
		found, err := s.Find(v, search.Query{Text: q})
		if err != nil && !errors.Is(err, layers.ErrInvalid) {
			t.Fatal(err)
		}
		if len(found.Hits) > 10 || len(found.Hits) > found.Total {
			t.Fatalf("%d hits of %d", len(found.Hits), found.Total)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	v := view(b, everything)
	for _, q := range []string{"sql", "四清里 网格5", "420106001201712310011", "shequ"} {
		b.Run(q, func(b *testing.B) {
			find(b, v, search.Query{Text: q}) // makes the index
			for b.Loop() {
				find(b, v, search.Query{Text: q})
			}
		})
	}
	b.Run("a new index", func(b *testing.B) {
		for b.Loop() {
			var s search.Searcher
			if _, err := s.Find(v, search.Query{Text: "sql"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
