package layers

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

func trialRule() Rule {
	return Rule{Check: "grids.overlap", Level: LevelError, Title: Both("重叠", "Overlaps"), Kept: Both("{of} 个", "{of} looked at"),
		Broken: Both("{of} 个中 {n} 个。", "{n} of {of}."), Remedy: Both("改正", "mend it")}
}

func TestRuleTellsWhatTheTallyComesTo(t *testing.T) {
	t.Parallel()
	rule, tally := trialRule(), Tally{Looked: 30}
	want := Finding{Check: "grids.overlap", Title: rule.Title, Layer: "grids", Detail: Both("30 个", "30 looked at")}
	if diff := cmp.Diff(want, rule.Finding("grids", tally)); diff != "" {
		t.Errorf("a rule that is kept: %s", diff)
	}
	for i := range int64(12) {
		tally.Add(Both("第 %d", "number %d", i), i, i/2)
	}
	want = Finding{Check: "grids.overlap", Level: LevelError, Title: rule.Title, Layer: "grids", Count: 12, IDs: []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		Detail: Both("30 个中 12 个。例如：第 0", "12 of 30. For example: number 0"), Remedy: rule.Remedy}
	if diff := cmp.Diff(want, rule.Finding("grids", tally)); diff != "" {
		t.Errorf("a rule that is broken: %s", diff)
	}
}

func TestRuleFindingsNameBrokenLayersOnly(t *testing.T) {
	t.Parallel()
	bad := LayerTally{Layer: "b", Tally: Tally{Looked: 2}}
	bad.Add(nil, 7)
	found := trialRule().Findings([]LayerTally{{Layer: "a", Tally: Tally{Looked: 3}}, bad})
	if len(found) != 1 || found[0].Layer != "b" || found[0].Count != 1 || Worst(found) != LevelError {
		t.Errorf("found %+v: expected one of layer b", found)
	}
	found = trialRule().Findings([]LayerTally{{Layer: "a", Tally: Tally{Looked: 3}}, {Layer: "b", Tally: Tally{Looked: 2}}})
	if len(found) != 1 || found[0].Layer != "" || found[0].Detail[English] != "5 looked at" || Worst(found) != LevelOK {
		t.Errorf("found %+v: expected one for both layers", found)
	}
}

func TestFindingInJSON(t *testing.T) {
	t.Parallel()
	f := trialRule().Finding("", Tally{Looked: 1})
	b, err := json.Marshal(f)
	want := `{"check":"grids.overlap","level":"ok","title":{"en":"Overlaps","zh":"重叠"},"count":0,"detail":{"en":"1 looked at","zh":"1 个"}}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	var back Finding
	if err := json.Unmarshal(b, &back); err != nil || !cmp.Equal(f, back) {
		t.Errorf("read back: %+v, %v", back, err)
	}
	var l Level
	if err := l.UnmarshalText([]byte("warning")); err != nil || l != LevelWarning {
		t.Errorf("warning reads as %v, %v", l, err)
	}
	if err := l.UnmarshalText([]byte("wrong")); err == nil {
		t.Error("wrong is no level")
	}
}

func TestCompareCounts(t *testing.T) {
	t.Parallel()
	s := load(t, 1, []Layer{{Name: "a", Kind: Point}, {Name: "b", Kind: Point}}, map[string][]Feature{
		"a": {{ID: 1, Geometry: orb.Point{1, 2}}, {ID: 2, Geometry: orb.Point{1, 2}}}, "b": {{ID: 1, Geometry: orb.Point{1, 2}}}})
	cases := map[string]struct {
		record  map[string]int
		changed map[string]bool
		want    []Level
	}{
		"equal":         {map[string]int{"a": 2, "b": 1}, nil, []Level{LevelOK}},
		"a row more":    {map[string]int{"a": 3, "b": 1}, nil, []Level{LevelError}},
		"a layer less":  {map[string]int{"a": 2}, nil, []Level{LevelError}},
		"a layer more":  {map[string]int{"a": 2, "b": 1, "c": 1}, nil, []Level{LevelError}},
		"written to":    {map[string]int{"a": 3, "b": 1}, map[string]bool{"a": true}, []Level{LevelOK, LevelNote}},
		"one is enough": {map[string]int{"a": 3, "b": 2}, map[string]bool{"a": true}, []Level{LevelError, LevelNote}},
	}
	for name, c := range cases {
		var got []Level
		for _, f := range CompareCounts(s, c.record, c.changed) {
			got = append(got, f.Level)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestUnreadableNamesRowsByLayer(t *testing.T) {
	t.Parallel()
	if found := Unreadable(nil); len(found) != 1 || found[0].Level != LevelOK {
		t.Errorf("no notes: %+v", found)
	}
	found := Unreadable([]Note{{"a", 1, "it is torn", false}, {"b", 2, "x", false}, {"a", 3, "y", false}, {"c", 0, "the table is gone", false}, {"a", 4, "z", true}})
	if len(found) != 4 || found[0].Count != 2 || !cmp.Equal(found[0].IDs, []int64{1, 3}) || found[0].Detail[English] != "2 rows cannot be read and are not on the map. For example: 1: it is torn." {
		t.Errorf("notes: %+v", found)
	}
	if f := found[3]; f.Check != "layers.adjusted" || f.Level != LevelWarning || !cmp.Equal(f.IDs, []int64{4}) {
		t.Errorf("a row that is shown otherwise: %+v", f)
	}
	if found[2].IDs != nil {
		t.Errorf("a note about a whole layer names rows: %v", found[2].IDs)
	}
}
