package layers

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*Layer)
		want string // part of the message; empty: valid
	}{
		{"as it is", func(*Layer) {}, ""},
		{"a Chinese name", func(l *Layer) { l.Name = "网格_1" }, ""},
		{"no name", func(l *Layer) { l.Name = "" }, "layer name"},
		{"a name with a digit first", func(l *Layer) { l.Name = "1a" }, "layer name"},
		{"a name with a quote", func(l *Layer) { l.Name = `a"b` }, "layer name"},
		{"a long name", func(l *Layer) { l.Name = strings.Repeat("a", 64) }, "layer name"},
		{"no kind", func(l *Layer) { l.Kind = "" }, "geometry kind"},
		{"an odd kind", func(l *Layer) { l.Kind = "circle" }, "geometry kind"},
		{"many fields", func(l *Layer) { l.Fields = make([]Field, MaxFields+1) }, "at most 200"},
		{"a zoom below 0", func(l *Layer) { l.MinZoom = -1 }, "0 <= min"},
		{"zooms swapped", func(l *Layer) { l.MinZoom, l.MaxZoom = 9, 8 }, "0 <= min"},
		{"a zoom above 24", func(l *Layer) { l.MaxZoom = 25 }, "max <= 24"},
		{"a field twice", func(l *Layer) { l.Fields[1].Name = "code" }, "used twice"},
		{"a field called id", func(l *Layer) { l.Fields[1].Name = "id" }, "reserved"},
		{"a field called geometry", func(l *Layer) { l.Fields[1].Name = "geometry" }, "reserved"},
		{"a field without a name", func(l *Layer) { l.Fields[1].Name = "" }, "field name"},
		{"an odd type", func(l *Layer) { l.Fields[1].Type = "blob" }, "has type"},
		{"an enum without codes", func(l *Layer) { l.Fields[6].Codes = nil }, "codes"},
		{"codes without an enum", func(l *Layer) { l.Fields[0].Codes = []Code{{Value: "a"}} }, "codes"},
		{"a time field that is not there", func(l *Layer) { l.TimeField = "when" }, "time field"},
		{"a time field of text", func(l *Layer) { l.TimeField = "code" }, "time field"},
		{"a time field of days", func(l *Layer) { l.TimeField = "day" }, ""},
	} {
		l := things("things", Point, Public)
		c.edit(&l)
		err := l.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil {
			wantKind(t, c.name, err, ErrInvalid)
			_, err := NewBuilder().Layer(l)
			wantKind(t, "builder: "+c.name, err, ErrInvalid)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*Layer, *Feature)
		want string // part of the message; empty: valid
	}{
		{"as it is", func(*Layer, *Feature) {}, ""},
		{"a new feature", func(_ *Layer, f *Feature) { f.ID = 0 }, ""},
		{"an id below 0", func(_ *Layer, f *Feature) { f.ID = -1 }, "expected a number from 1"},
		{"the last id", func(_ *Layer, f *Feature) { f.ID = MaxID }, ""},
		{"an id above the last", func(_ *Layer, f *Feature) { f.ID = MaxID + 1 }, "expected a number from 1"},
		{"too few values", func(_ *Layer, f *Feature) { f.Values = f.Values[1:] }, "11 fields"},
		{"a required null", func(l *Layer, _ *Feature) { l.Fields[0].Required = true }, "required"},
		{"a required value", func(l *Layer, f *Feature) { l.Fields[0].Required = true; f.Values[0] = TextValue("") }, ""},
		{"text for a number", func(_ *Layer, f *Feature) { f.Values[1] = TextValue("1") }, "expects a int"},
		{"a whole number for a float", func(_ *Layer, f *Feature) { f.Values[2] = IntValue(1) }, "expects a float"},
		{"the number that stands for null", func(_ *Layer, f *Feature) { f.Values[1] = IntValue(math.MinInt64) }, "whole number"},
		{"the text that stands for null", func(_ *Layer, f *Feature) { f.Values[0] = TextValue("\x00") }, "NUL"},
		{"a text that is not UTF-8", func(_ *Layer, f *Feature) { f.Values[0] = TextValue("\xff") }, "UTF-8"},
		{"a long text", func(_ *Layer, f *Feature) { f.Values[0] = TextValue(strings.Repeat("a", MaxText+1)) }, "at most 65536"},
		{"the longest text", func(_ *Layer, f *Feature) { f.Values[0] = TextValue(strings.Repeat("a", MaxText)) }, ""},
		{"a code", func(_ *Layer, f *Feature) { f.Values[6] = TextValue("b") }, ""},
		{"no code", func(_ *Layer, f *Feature) { f.Values[6] = TextValue("z") }, "value of kind"},
		{"a year of five digits", func(_ *Layer, f *Feature) { f.Values[4] = TimeValue(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) }, "year"},
		{"no geometry", func(_ *Layer, f *Feature) { f.Geometry = nil }, "needs a geometry"},
		{"no geometry where none is", func(l *Layer, f *Feature) { l.Kind, f.Geometry = None, nil }, ""},
		{"a geometry where none is", func(l *Layer, _ *Feature) { l.Kind = None }, "holds none"},
		{"another geometry", func(_ *Layer, f *Feature) { f.Geometry = orb.LineString{{0, 0}, {1, 1}} }, "LineString came"},
		{"several points", func(_ *Layer, f *Feature) { f.Geometry = orb.MultiPoint{{0, 0}} }, "MultiPoint came"},
		{"several points in a mixed layer", func(l *Layer, f *Feature) { l.Kind, f.Geometry = Mixed, orb.MultiPoint{{0, 0}} }, ""},
		{"a collection", func(l *Layer, f *Feature) { l.Kind, f.Geometry = Mixed, orb.Collection{orb.Point{}} }, "GeometryCollection came"},
		{"a position off the globe", func(_ *Layer, f *Feature) { f.Geometry = orb.Point{30, 114} }, "swapped"},
		{"a position that is no number", func(_ *Layer, f *Feature) { f.Geometry = orb.Point{math.NaN(), 1} }, "position 1"},
	} {
		l := things("things", Point, Public)
		f := Feature{ID: 1, Geometry: orb.Point{114.3, 30.56}, Values: make([]Value, len(l.Fields))}
		c.edit(&l, &f)
		err := l.Check(&f)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil {
			wantKind(t, c.name, err, ErrInvalid)
		}
	}
}

func TestBuilderNotesWhatCannotBeShown(t *testing.T) {
	t.Parallel()
	b := NewBuilder()
	l := things("things", Point, Public)
	l.Fields[0].Required = true // a rule that may be younger than the rows
	tab, err := b.Layer(l)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Layer(l)
	wantKind(t, "a layer twice", err, ErrInvalid)
	values := make([]Value, len(l.Fields))
	tab.Add(Feature{ID: 1, Geometry: orb.Point{1, 1}, Values: values})
	tab.Add(Feature{ID: 2, Values: values}) // no place: still a feature
	tab.Add(Feature{ID: 1, Geometry: orb.Point{2, 2}, Values: values})
	tab.Add(Feature{ID: 0, Geometry: orb.Point{1, 1}, Values: values})
	tab.Add(Feature{ID: 3, Geometry: orb.LineString{{0, 0}, {1, 1}}, Values: values})
	tab.Add(Feature{ID: 4, Geometry: orb.Point{1, 1}})
	for i := range 2000 {
		b.Note("things", int64(100+i), fmt.Errorf("unreadable"))
	}
	if notes := b.Notes(); len(notes) != maxNotes || notes[0] != (Note{Layer: "things", ID: 1, Reason: "id 1 stands twice"}) {
		t.Errorf("%d notes, the first %v", len(notes), notes[0])
	}
	s := b.Snapshot(7)
	if s.Features() != 2 || s.Seq != 7 {
		t.Errorf("%d features in state %d", s.Features(), s.Seq)
	}
	if row, ok := tableOf(t, s, Scope{}, "things").Get(1); !ok || row.Geometry() != orb.Geometry(orb.Point{1, 1}) {
		t.Error("the later of two rows with one id won")
	}
}

func TestLayersAsJSONComeBack(t *testing.T) {
	t.Parallel()
	l := things("things", Point, Internal)
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var back Layer
	if err := json.Unmarshal(b, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(l) {
		t.Errorf("%v\n%+v\n%+v", err, back, l)
	}
	wantKind(t, "an odd audience", json.Unmarshal([]byte(`{"audience":"everyone"}`), &back), ErrInvalid)
}

func TestTextsFallBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text Text
		lang Lang
		want string
	}{{Text{"zh": "网格", "en": "Grid"}, English, "Grid"}, {Text{"zh": "网格"}, English, "网格"}, {Text{"en": "Grid"}, Chinese, "Grid"}, {nil, Chinese, ""}} {
		if got := c.text.In(c.lang); got != c.want {
			t.Errorf("%v in %s: %q", c.text, c.lang, got)
		}
	}
	f := Field{Type: Enum, Codes: []Code{{Value: "a", Title: Text{"zh": "甲"}}, {Value: "b"}}}
	for value, want := range map[string]string{"a": "甲", "b": "b", "c": "c"} {
		if got := f.CodeTitle(value, English); got != want {
			t.Errorf("%s is called %q, want %q", value, got, want)
		}
	}
}

func TestUnknownSuggests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		known []string
		want  string
	}{
		{"grd", []string{"grids", "grid"}, `did you mean "grid"?`},
		{"moon", []string{"grids"}, `known are ["grids"]`},
		{"x", nil, "none is known"},
		{strings.Repeat("界", 500), nil, "…"},
	} {
		if got := Unknown("layer", c.name, c.known).Error(); !strings.Contains(got, c.want) || len(got) > 300 {
			t.Errorf("%q", got)
		}
	}
}
