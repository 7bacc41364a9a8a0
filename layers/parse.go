package layers

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Parse reads a value of the field from JSON data as encoding/json with UseNumber yields it: nil, string, bool,
// json.Number, float64, []any. A time without a zone is refused rather than guessed.
func (f *Field) Parse(data any) (Value, error) {
	switch x := data.(type) {
	case nil:
		return Value{}, nil
	case string:
		if f.Type == Int || f.Type == Float || f.Type == Bool || f.Type == Strings {
			return Value{}, Invalid(f.Name, "field %s expects a %s, the text %q came", f.Name, f.Type, clip(x))
		}
		if f.Type == String || f.Type == Enum {
			return f.text(x)
		}
		return f.ParseText(x)
	case bool:
		if f.Type == Bool {
			return BoolValue(x), nil
		}
	case json.Number:
		return f.number(string(x))
	case float64:
		return f.number(strconv.FormatFloat(x, 'f', -1, 64))
	case []any:
		return f.list(x)
	}
	return Value{}, Invalid(f.Name, "field %s expects a %s, %T came", f.Name, f.Type, data)
}

func (f *Field) list(members []any) (Value, error) {
	if f.Type != Strings {
		return Value{}, Invalid(f.Name, "field %s expects a %s, a list came", f.Name, f.Type)
	}
	texts := make([]string, len(members))
	for i, m := range members {
		s, ok := m.(string)
		if !ok || strings.ContainsAny(s, listSeparator+"\x00") {
			return Value{}, Invalid(f.Name, "field %s expects a list of texts without control characters", f.Name)
		}
		texts[i] = s
	}
	return f.checked(ListValue(texts))
}

// ParseText reads a value of the field from text, as in a query string or a CSV cell. Text around it is not trimmed for
// strings; the empty text is the empty string for String and null for every other type.
func (f *Field) ParseText(s string) (Value, error) {
	if f.Type == String {
		return f.text(s)
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return Value{}, nil
	}
	switch f.Type {
	case Int, Float:
		return f.number(s)
	case Bool:
		switch strings.ToLower(s) {
		case "true", "1", "yes", "是":
			return BoolValue(true), nil
		case "false", "0", "no", "否":
			return BoolValue(false), nil
		}
		return Value{}, Invalid(f.Name, "field %s expects true or false, %q came", f.Name, clip(s))
	case Time:
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return Value{}, Invalid(f.Name, "field %s expects a time with its zone such as 2017-12-04T08:30:00+08:00, %q came", f.Name, clip(s))
		}
		return f.checked(Value{kind: kindTime, n: t.UnixMicro()})
	case Date:
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return Value{}, Invalid(f.Name, "field %s expects a date such as 2017-12-04, %q came", f.Name, clip(s))
		}
		return f.checked(Value{kind: kindDate, n: t.UnixMicro()})
	case Strings:
		var members []any
		for part := range strings.SplitSeq(s, ";") {
			members = append(members, strings.TrimSpace(part))
		}
		return f.list(members)
	}
	return f.text(s)
}

// text makes a String or Enum value, or says why the text cannot be one.
func (f *Field) text(s string) (Value, error) {
	return f.checked(TextValue(s))
}

// checked returns the value if the field can have it.
func (f *Field) checked(v Value) (Value, error) {
	if err := f.check(v, true); err != nil {
		return Value{}, err
	}
	return v, nil
}

func (f *Field) number(s string) (Value, error) {
	switch f.Type {
	case Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n != math.MinInt64 {
			return IntValue(n), nil
		}
		if x, err := strconv.ParseFloat(s, 64); err == nil && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return IntValue(int64(x)), nil
		}
		return Value{}, Invalid(f.Name, "field %s expects a whole number, %q came", f.Name, clip(s))
	case Float:
		if x, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
			return FloatValue(x), nil
		}
		return Value{}, Invalid(f.Name, "field %s expects a finite number, %q came", f.Name, clip(s))
	}
	return Value{}, Invalid(f.Name, "field %s expects a %s, the number %s came", f.Name, f.Type, clip(s))
}
