package layers

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// valueKind is how a value is held.
type valueKind uint8

const (
	kindNull valueKind = iota
	kindText
	kindInt
	kindFloat
	kindBool
	kindTime
	kindDate
	kindList
)

// Value is one value of a field; the zero Value is null. It is small and never shares memory that somebody edits.
type Value struct {
	kind valueKind
	n    int64 // int, bool (0, 1), float (its bits), time and date (microseconds since 1970 UTC)
	s    string
}

// listSeparator stands between the members of a Strings value: U+001F, the unit separator of ASCII.
const listSeparator = "\x1f"

// The instants that every record and exchange format can hold: the years 1 to 9999, in microseconds since 1970 UTC.
const (
	leastMicros = -62135596800_000000
	mostMicros  = 253402300800_000000 - 1
)

// Null returns the missing value.
func Null() Value { return Value{} }

// TextValue returns a value of a String or Enum field.
func TextValue(s string) Value { return Value{kind: kindText, s: s} }

// IntValue returns a value of an Int field.
func IntValue(n int64) Value { return Value{kind: kindInt, n: n} }

// FloatValue returns a value of a Float field; NaN and infinities become null, for no exchange format can hold them.
func FloatValue(x float64) Value {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Value{}
	}
	return Value{kind: kindFloat, n: int64(math.Float64bits(x + 0))} // -0 + 0 is 0: records do not tell the two apart
}

// BoolValue returns a value of a Bool field.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: kindBool, n: 1}
	}
	return Value{kind: kindBool}
}

// TimeValue returns a value of a Time field, to the microsecond; the zero time becomes null.
func TimeValue(t time.Time) Value {
	if t.IsZero() {
		return Value{}
	}
	return Value{kind: kindTime, n: t.UnixMicro()}
}

// DateValue returns a value of a Date field: the calendar day of t in t's own zone; the zero time becomes null.
func DateValue(t time.Time) Value {
	if t.IsZero() {
		return Value{}
	}
	y, m, d := t.Date()
	return Value{kind: kindDate, n: time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMicro()}
}

// ListValue returns a value of a Strings field.
func ListValue(list []string) Value {
	return Value{kind: kindList, s: strings.Join(list, listSeparator)}
}

// IsNull tells whether the value is missing.
func (v Value) IsNull() bool { return v.kind == kindNull }

// Text returns the text of a String or Enum value; "" for others.
func (v Value) Text() string {
	if v.kind == kindText {
		return v.s
	}
	return ""
}

// Int returns an Int, or a Bool as 0 or 1; 0 for others.
func (v Value) Int() int64 {
	if v.kind == kindInt || v.kind == kindBool {
		return v.n
	}
	return 0
}

// Number returns an Int, Float or Bool as a number; ok is false for others.
func (v Value) Number() (x float64, ok bool) {
	switch v.kind {
	case kindInt, kindBool:
		return float64(v.n), true
	case kindFloat:
		return math.Float64frombits(uint64(v.n)), true
	}
	return 0, false
}

// Bool tells whether the value is a Bool that is true.
func (v Value) Bool() bool { return v.kind == kindBool && v.n == 1 }

// Time returns the instant of a Time, or midnight UTC of a Date; the zero time for others.
func (v Value) Time() time.Time {
	if v.kind == kindTime || v.kind == kindDate {
		return time.UnixMicro(v.n).UTC()
	}
	return time.Time{}
}

// List returns the members of a Strings value; nil for others.
func (v Value) List() []string {
	if v.kind != kindList || v.s == "" {
		return nil
	}
	return strings.Split(v.s, listSeparator)
}

// Any returns the value as encoding/json and database/sql know it: nil, string, int64, float64, bool, time.Time (Time
// and Date) or []string.
func (v Value) Any() any {
	switch v.kind {
	case kindText:
		return v.s
	case kindInt:
		return v.n
	case kindFloat:
		return math.Float64frombits(uint64(v.n))
	case kindBool:
		return v.n == 1
	case kindTime, kindDate:
		return v.Time()
	case kindList:
		return v.List()
	}
	return nil
}

// String returns the value as text: times as RFC 3339 in UTC, dates as 2006-01-02, lists joined with "; ", null as "".
func (v Value) String() string {
	switch v.kind {
	case kindText:
		return v.s
	case kindInt:
		return strconv.FormatInt(v.n, 10)
	case kindFloat:
		return strconv.FormatFloat(math.Float64frombits(uint64(v.n)), 'g', -1, 64)
	case kindBool:
		return strconv.FormatBool(v.n == 1)
	case kindTime:
		return v.Time().Format(time.RFC3339Nano)
	case kindDate:
		return v.Time().Format(time.DateOnly)
	case kindList:
		return strings.Join(v.List(), "; ")
	}
	return ""
}

// AppendJSON appends the value as JSON to dst and returns the longer slice.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case kindNull:
		return append(dst, "null"...)
	case kindInt:
		return strconv.AppendInt(dst, v.n, 10)
	case kindFloat:
		return AppendNumber(dst, math.Float64frombits(uint64(v.n)))
	case kindBool:
		return strconv.AppendBool(dst, v.n == 1)
	case kindTime:
		return append(v.Time().AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
	case kindDate:
		return append(v.Time().AppendFormat(append(dst, '"'), time.DateOnly), '"')
	case kindList:
		dst = append(dst, '[')
		for i, s := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendText(dst, s)
		}
		return append(dst, ']')
	}
	return AppendText(dst, v.s)
}

// AppendNumber appends a finite number as JSON: the shortest digits that read back as the same number.
func AppendNumber(dst []byte, x float64) []byte {
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, x, 'f', -1, 64)
}

// AppendText appends a string as JSON (RFC 8259): quotes, backslashes and controls escaped, bytes that are not UTF-8
// replaced by U+FFFD. By hand because encoding/json allocates for each value of a streamed export.
func AppendText(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
				i++
				continue
			}
			dst = append(dst, s[from:i]...)
			if c == '"' || c == '\\' {
				dst = append(dst, '\\', c)
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			dst = append(dst, s[from:i]...)
			if size == 1 {
				r = utf8.RuneError
			}
			dst = append(dst, fmt.Sprintf(`\u%04x`, r)...)
			from = i + size
		}
		i += size
	}
	return append(append(dst, s[from:]...), '"')
}

// describe names what came, for a message.
func (v Value) describe() string {
	return fmt.Sprintf("%s %q", [...]string{"null", "text", "whole number", "number", "true/false", "time", "date", "list"}[v.kind], clip(v.String()))
}

// kindOf returns how values of a field type are held.
func kindOf(t FieldType) valueKind {
	switch t {
	case Int:
		return kindInt
	case Float:
		return kindFloat
	case Bool:
		return kindBool
	case Time:
		return kindTime
	case Date:
		return kindDate
	case Strings:
		return kindList
	}
	return kindText
}

// Compare orders two values of one field: null first, then by number, time or text (by code point).
func (v Value) Compare(w Value) int {
	if v.kind != w.kind || v.kind == kindNull {
		x, okV := v.Number()
		y, okW := w.Number()
		if okV && okW {
			return compare(x, y)
		}
		return compare(int64(v.kind), int64(w.kind))
	}
	switch v.kind {
	case kindText, kindList:
		return strings.Compare(v.s, w.s)
	case kindFloat:
		return compare(math.Float64frombits(uint64(v.n)), math.Float64frombits(uint64(w.n)))
	}
	return compare(v.n, w.n)
}

func compare[N int64 | float64](a, b N) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
