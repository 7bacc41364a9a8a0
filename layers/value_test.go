package layers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

func TestValuesAsJSONParseBack(t *testing.T) {
	t.Parallel()
	r := seeded(2)
	l := things("things", None, Public)
	for range 3000 {
		field := &l.Fields[r.IntN(len(l.Fields))]
		v := anyValue(r, field)
		checkJSON(t, field, v)
	}
}

// checkJSON writes a value as JSON and reads it again by its field.
func checkJSON(t *testing.T, field *Field, v Value) {
	t.Helper()
	b := v.AppendJSON(nil)
	if !json.Valid(b) {
		t.Fatalf("%s is not JSON: %s", v.describe(), b)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var data any
	if err := d.Decode(&data); err != nil {
		t.Fatal(err)
	}
	back, err := field.Parse(data)
	if err != nil || back.Compare(v) != 0 || back.kind != v.kind {
		t.Fatalf("field of %s: %s comes back as %s %v", field.Type, b, back.describe(), err)
	}
}

func TestValuesAsTextParseBack(t *testing.T) {
	t.Parallel()
	r := seeded(3)
	l := things("things", None, Public)
	for range 3000 {
		field := &l.Fields[r.IntN(len(l.Fields))]
		v := anyValue(r, field)
		back, err := field.ParseText(v.String())
		if field.Type == String && v.IsNull() {
			v = TextValue("") // the empty text is a text
		}
		if err != nil || back.Compare(v) != 0 {
			t.Fatalf("field of %s: %q comes back as %s %v", field.Type, v.String(), back.describe(), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "1", "-9223372036854775808", "1e3", "NaN", "2017-12-04T08:30:00+08:00", "9999-12-31T23:59:59-08:00",
		"0001-01-01T00:00:00+08:00", "2017-12-04", "0000-01-01", "a;b", "是", "a\x00b", "\xff", "0x1p-2", "\x1f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := things("things", None, Public)
		for i := range l.Fields {
			field := &l.Fields[i]
			if v, err := field.ParseText(s); err == nil {
				if err := field.check(v, true); err != nil {
					t.Errorf("%s %q is read but not allowed: %v", field.Type, s, err)
				}
				checkJSON(t, field, v)
			} else if !v.IsNull() {
				t.Errorf("%s %q: a value came with the error %v", field.Type, s, err)
			}
			for _, data := range []any{s, json.Number(s), []any{s}, []any{s, s}} {
				if v, err := field.Parse(data); err == nil {
					checkJSON(t, field, v)
				}
			}
		}
	})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ  FieldType
		data any
	}{
		{Int, "1"}, {Int, 1.5}, {Int, true}, {Int, json.Number("9223372036854775808")}, {Int, json.Number("-9223372036854775808")},
		{Float, json.Number("1e999")}, {Float, "1"}, {Float, math.NaN()}, {Bool, "true"}, {Bool, json.Number("1")}, {Time, "2017-12-04T08:30:00"},
		{Time, "2017-12-04"}, {Time, json.Number("1512347400")}, {Time, "9999-12-31T23:59:59-08:00"}, {Time, "0001-01-01T00:00:00+08:00"},
		{Date, "2017-02-30"}, {Date, "0000-01-01"}, {Enum, "d"}, {Enum, ""}, {Strings, "a"}, {Strings, []any{1.0}}, {Strings, []any{"a\x1fb"}},
		{Strings, []any{"\x00"}}, {String, true}, {String, json.Number("1")}, {String, "\x00"}, {String, "\xff"}, {String, map[string]any{}},
		{String, []any{"a"}}, {String, string(make([]byte, MaxText+1))},
	} {
		field := Field{Name: "f", Type: c.typ}
		if c.typ == Enum {
			field.Codes = []Code{{Value: "a"}}
		}
		v, err := field.Parse(c.data)
		if err == nil || !v.IsNull() {
			t.Errorf("%s takes %T %.40v as %s", c.typ, c.data, c.data, v.describe())
			continue
		}
		wantKind(t, fmt.Sprintf("%s %.40v", c.typ, c.data), err, ErrInvalid)
	}
}

func FuzzAppendText(f *testing.F) {
	for _, s := range []string{"", "积玉桥", "\"\\\n\x7f\u2028", "\xff\xc0", "a\x00b", "\ufffd", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := AppendText([]byte("x"), s)[1:]
		if !json.Valid(b) {
			t.Fatalf("%q is written as %s", s, b)
		}
		var back string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if utf8.ValidString(s) && back != s || !utf8.ValidString(back) {
			t.Fatalf("%q comes back as %q", s, back)
		}
	})
}

func FuzzAppendNumber(f *testing.F) {
	for _, x := range []float64{0, 0.1, 1e-7, 1e21, math.MaxFloat64, math.SmallestNonzeroFloat64, -114.308} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Skip()
		}
		var back float64
		if err := json.Unmarshal(AppendNumber(nil, x), &back); err != nil || back != x {
			t.Fatalf("%v is written as %s: %v %v", x, AppendNumber(nil, x), back, err)
		}
	})
}

func TestCompareIsAnOrder(t *testing.T) {
	t.Parallel()
	r := seeded(4)
	l := things("things", None, Public)
	for i := range l.Fields {
		field := &l.Fields[i]
		for range 500 {
			a, b, c := anyValue(r, field), anyValue(r, field), anyValue(r, field)
			if a.Compare(b) != -b.Compare(a) || a.Compare(a) != 0 {
				t.Errorf("%s and %s are not opposite", a.describe(), b.describe())
			}
			if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
				t.Errorf("%s <= %s <= %s, but not the first to the last", a.describe(), b.describe(), c.describe())
			}
			if a.IsNull() && a.Compare(b) > 0 {
				t.Errorf("null is above %s", b.describe())
			}
		}
	}
	if IntValue(2).Compare(FloatValue(2)) != 0 || IntValue(3).Compare(FloatValue(2.5)) != 1 {
		t.Error("numbers of two kinds are not compared as numbers")
	}
}

func TestValuesGiveWhatTheyWereMadeOf(t *testing.T) {
	t.Parallel()
	wuhan := time.FixedZone("", 8*3600)
	for _, c := range []struct {
		v    Value
		any  any
		text string
	}{
		{Null(), nil, ""},
		{TextValue("街道"), "街道", "街道"},
		{IntValue(-7), int64(-7), "-7"},
		{FloatValue(0.5), 0.5, "0.5"},
		{BoolValue(true), true, "true"},
		{TimeValue(time.Date(2017, 12, 4, 8, 30, 0, 123456789, wuhan)), time.Date(2017, 12, 4, 0, 30, 0, 123456000, time.UTC), "2017-12-04T00:30:00.123456Z"},
		{DateValue(time.Date(2017, 12, 4, 0, 30, 0, 0, wuhan)), time.Date(2017, 12, 4, 0, 0, 0, 0, time.UTC), "2017-12-04"},
		{ListValue([]string{"a", "b"}), []string{"a", "b"}, "a; b"},
		{TimeValue(time.Time{}), nil, ""}, {DateValue(time.Time{}), nil, ""}, {FloatValue(math.Inf(-1)), nil, ""},
	} {
		if diff := cmp.Diff(c.any, c.v.Any()); diff != "" {
			t.Errorf("%s: %s", c.v.describe(), diff)
		}
		if got := c.v.String(); got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
	}
}

func TestETagIsEqualWhenFeaturesAre(t *testing.T) {
	t.Parallel()
	r := seeded(5)
	l := things("things", Mixed, Public)
	seen := map[string]int64{}
	for id := int64(1); id <= 500; id++ {
		f := anyFeature(r, &l, id)
		same := Feature{ID: f.ID, Geometry: orb.Clone(f.Geometry), Values: append([]Value(nil), f.Values...)}
		if f.ETag() != same.ETag() {
			t.Fatalf("the copy of %v has another ETag", f)
		}
		if other, ok := seen[f.ETag()]; ok {
			t.Fatalf("%d and %d share an ETag", id, other)
		}
		seen[f.ETag()] = id
		for i := range l.Fields {
			changed := same
			changed.Values = append([]Value(nil), f.Values...)
			changed.Values[i] = anyValue(r, &l.Fields[i])
			if (changed.ETag() == f.ETag()) != (changed.Values[i] == f.Values[i]) {
				t.Fatalf("%s: %s and %s", l.Fields[i].Name, f.Values[i].describe(), changed.Values[i].describe())
			}
		}
		moved := same
		moved.Geometry = anyGeometry(r, Mixed)
		if moved.ETag() == f.ETag() && !orb.Equal(orb.Collection{moved.Geometry}, orb.Collection{f.Geometry}) {
			t.Fatalf("%v and %v share an ETag", moved.Geometry, f.Geometry)
		}
	}
}

func TestETagTellsNeighboursApart(t *testing.T) {
	t.Parallel()
	a := Feature{ID: 1, Values: []Value{TextValue("a"), TextValue("")}}
	for _, b := range []Feature{
		{ID: 1, Values: []Value{TextValue(""), TextValue("a")}},
		{ID: 1, Values: []Value{TextValue("a"), {}}},
		{ID: 1, Values: []Value{TextValue(`a","`), {}}},
		{ID: 11, Values: []Value{TextValue("a"), TextValue("")}},
	} {
		if a.ETag() == b.ETag() {
			t.Errorf("%v and %v share an ETag", a, b)
		}
	}
	one, text := Feature{ID: 1, Values: []Value{IntValue(1)}}, Feature{ID: 1, Values: []Value{BoolValue(true)}}
	if one.ETag() == text.ETag() {
		t.Error("values of two kinds share an ETag")
	}
}
