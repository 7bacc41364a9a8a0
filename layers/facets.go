package layers

import (
	"math"
	"math/bits"
)

// A key holds the fields that filters mostly ask about as small numbers, 32 bits for a point, so that a filter looks at
// four bytes instead of a row. A field takes part where its values are few: enums, booleans, and whole numbers, of which
// 0 to 13 are told apart (levels). What a key cannot tell is asked of the row, so that no answer depends on it.

// facet is a field's place in the key.
type facet struct {
	field int // in the record's layer
	kind  valueKind
	shift uint8
	bits  uint8
	codes map[string]uint32 // of an enum: the class of each
}

// The classes of a facet: 0 is null, the last one is any value that has no class of its own.
const classNull = 0

// maxBits keeps the classes of a facet within a byte.
const maxBits = 8

// wholes is how many whole numbers, from 0 on, have a class.
const (
	wholes    = 14
	wholeBits = 4
)

func (f *facet) other() uint32 { return 1<<f.bits - 1 }

// class returns the class of a value.
func (f *facet) class(v Value) uint32 {
	switch v.kind {
	case kindNull:
		return classNull
	case kindText:
		if c, ok := f.codes[v.s]; ok {
			return c
		}
	case kindBool:
		return 1 + uint32(v.n)
	case kindInt:
		if v.n >= 0 && v.n < wholes {
			return 1 + uint32(v.n)
		}
	}
	return f.other()
}

// of returns the class that a key holds.
func (f *facet) of(key uint32) uint32 { return key >> f.shift & f.other() }

// facets says what the keys of a layer hold.
type facets struct {
	list []facet
	time int // the layer's time field; -1: none
}

// facetsOf chooses the facets of a layer: of its fields with few values those that tiles carry first, while bits are left.
func facetsOf(l *Layer) facets {
	all := facets{time: l.Index(l.TimeField)}
	shift := 0
	for _, inTiles := range []bool{true, false} {
		for i, field := range l.Fields {
			f := facet{field: i, kind: kindOf(field.Type), shift: uint8(shift)}
			switch field.Type {
			case Enum:
				f.codes = make(map[string]uint32, len(field.Codes))
				for n, c := range field.Codes {
					f.codes[c.Value] = uint32(1 + n)
				}
				f.bits = uint8(bits.Len(uint(len(field.Codes) + 1)))
			case Bool:
				f.bits = 2
			case Int:
				f.bits = wholeBits
			}
			if f.bits == 0 || f.bits > maxBits || field.InTiles != inTiles || shift+int(f.bits) > 32 {
				continue
			}
			shift += int(f.bits)
			all.list = append(all.list, f)
		}
	}
	return all
}

// key returns the key and the day of a row.
func (f *facets) key(values []Value) (key uint32, day uint16) {
	for i := range f.list {
		key |= f.list[i].class(values[f.list[i].field]) << f.list[i].shift
	}
	if f.time >= 0 {
		day = dayOf(values[f.time])
	}
	return key, day
}

// keys fills in the keys and days of a chunk's rows.
func (f *facets) keys(c *chunk, kinds []valueKind, keys *[chunkRows]uint32, days *[chunkRows]uint16) {
	clear(keys[:])
	clear(days[:])
	for i := range f.list {
		facet := &f.list[i]
		column := &c.cols[facet.field]
		if facet.kind == kindText && column.ends == nil { // few texts: look each up once
			classes := make([]uint32, len(column.texts))
			for n, s := range column.texts {
				if s != nullText {
					classes[n] = facet.class(Value{kind: kindText, s: s})
				}
			}
			for row := range c.ids {
				keys[row] |= classes[column.nums.at(row)] << facet.shift
			}
			continue
		}
		for row := range c.ids {
			keys[row] |= facet.class(column.value(facet.kind, row)) << facet.shift
		}
	}
	if f.time >= 0 {
		for row := range c.ids {
			days[row] = dayOf(c.cols[f.time].value(kinds[f.time], row))
		}
	}
}

// The days of points: 0 is no time at all, the last one any day that has no number of its own.
const (
	dayNone  = 0
	dayOther = math.MaxUint16
)

// micros of a day, and by how much days begin earlier here than in UTC: they are those of China, in which windows are
// mostly asked for.
const (
	dayMicros  = 24 * 3600 * 1_000_000
	dayAdvance = 8 * 3600 * 1_000_000
)

// dayOf returns the day of a time: 1 for 1 January 1970 in China, and so on to 2149.
func dayOf(v Value) uint16 {
	if v.kind != kindTime && v.kind != kindDate {
		return dayNone
	}
	d := dayNumber(v.n)
	if d < 1 || d >= dayOther {
		return dayOther
	}
	return uint16(d)
}

// dayNumber returns the number of the day that an instant is in; it may be beyond those that points can have.
func dayNumber(micros int64) int64 {
	micros += dayAdvance
	day := micros / dayMicros
	if micros%dayMicros < 0 { // the division is to round down
		day--
	}
	return day + 1
}

// verdict is what a key and a day tell of a point. Verdicts of conditions that must all hold are joined by &.
type verdict uint8

const (
	no  verdict = 0
	ask verdict = 1 // look at the row
	yes verdict = 3
)

// question is a filter as it is asked of keys and days.
type question struct {
	facets []asked
	window bool
	first  uint16 // of the days that lie in the window as a whole
	last   uint16 // before first: none does
	askA   uint16 // the days that the window cuts, and dayOther
	askB   uint16
	rest   bool // there are conditions that only the row answers
	filter Filter
}

// asked is what the classes of a facet answer.
type asked struct {
	facet
	answer *[256]verdict // by class
}

// on returns what a key tells.
func (a *asked) on(key uint32) verdict { return a.answer[uint8(key>>(a.shift&31))&(1<<(a.bits&15)-1)] }

// ask returns the question of a filter. columns are the record's fields of the filter's.
func (f *facets) ask(filter Filter, columns []int) question {
	q := question{filter: filter}
	if filter == nil {
		return q
	}
	s, ok := filter.(*simple)
	if !ok {
		q.rest = true
		return q
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.value == nil || !q.add(f, c, columns[c.field]) {
			q.rest = true
		}
	}
	return q
}

// add takes a condition into the question, unless keys and days know nothing of it.
func (q *question) add(f *facets, c *condition, field int) bool {
	if field == f.time && (c.from != 0 || c.to != 0) && !q.window {
		q.between(c.from, c.to)
		return true
	}
	for _, facet := range f.list {
		if facet.field == field {
			q.facets = append(q.facets, asked{facet, facet.answers(c.value)})
			return true
		}
	}
	return false
}

// between makes the window of the question. A day that an end of it cuts is asked, unless the end is the day's own.
func (q *question) between(from, to int64) {
	q.window = true
	first, last := int64(1), int64(dayOther-1)
	if from > math.MinInt64 {
		first = dayNumber(from)
		if dayBegin(first) != from {
			q.askA = uint16(min(max(first, 0), dayOther))
			first++
		}
	}
	if to < math.MaxInt64 {
		last = dayNumber(to)
		if dayBegin(last+1)-1 != to {
			q.askB = uint16(min(max(last, 0), dayOther))
			last--
		}
	}
	if first > last || first >= dayOther || last < 1 {
		first, last = 1, 0
	}
	q.first, q.last = uint16(max(first, 1)), uint16(min(last, dayOther-1))
}

// dayBegin returns the first instant of a day.
func dayBegin(day int64) int64 { return (day-1)*dayMicros - dayAdvance }

// on returns what a day tells.
func (q *question) on(day uint16) verdict {
	switch {
	case day >= q.first && day <= q.last:
		return yes
	case day != dayNone && (day == q.askA || day == q.askB || day == dayOther):
		return ask
	}
	return no
}

// answers returns what each class of the facet answers to a condition.
func (f *facet) answers(holds func(Value) bool) *[256]verdict {
	a := new([256]verdict)
	set := func(class uint32, v Value) {
		if holds(v) {
			a[class] = yes
		}
	}
	set(classNull, Value{})
	switch f.kind {
	case kindBool:
		set(1, BoolValue(false))
		set(2, BoolValue(true))
	case kindInt:
		for n := range int64(wholes) {
			set(uint32(1+n), IntValue(n))
		}
	default:
		for code, class := range f.codes {
			set(class, TextValue(code))
		}
	}
	a[f.other()] = ask
	return a
}

// numbers returns what each class of the facet is as a number, NaN for null; nil where its field is not numeric.
func (f *facet) numbers() *[256]float64 {
	if f.kind != kindBool && f.kind != kindInt {
		return nil
	}
	numbers := new([256]float64)
	for class := range numbers {
		numbers[class] = float64(class - 1)
	}
	numbers[classNull] = math.NaN()
	return numbers
}
