package kpi

import (
	"time"

	"shapan/layers"
)

// Unit is what a value is in.
type Unit string

// The units: percent, days, hours (of work, or of the day), and plain numbers.
const (
	Percent Unit = "%"
	Days    Unit = "d"
	Hours   Unit = "h"
	Count   Unit = "count"
)

// Better is which way a figure should go.
type Better string

// The directions; Neither is for what is neither good nor bad.
const (
	Up      Better = "up"
	Down    Better = "down"
	Neither Better = ""
)

// Definition says what a figure is. Its records are those of its group in the window that meet the terms.
type Definition struct {
	ID      string
	Title   layers.Text
	Formula layers.Text
	Unit    Unit
	Better  Better

	group group
	of    []layers.Term // what the denominator must meet, beyond the group
	hit   []layers.Term // what the numerator must meet, beyond the denominator
	value value
}

// group is the events that a figure looks at: those of which a time is in the window, or, where standing, before its end.
type group struct {
	at       string // the field
	standing bool
	terms    []layers.Term
}

// value is how a figure comes of its records.
type value struct {
	kind    valueKind
	from    string // of a duration: the fields that it goes from and to
	to      string
	working bool                  // whether only working time counts
	average func([]spell) float64 // of durations, in nanoseconds
	per     sizeOf                // of a rate
}

type valueKind uint8

const (
	ratio    valueKind = iota // numerator / denominator, in percent
	number                    // the numerator
	duration                  // an average of durations
	peak                      // the hour of the day with the most
	rate                      // the numerator per size of the area and week
)

// sizeOf is what rates are per.
type sizeOf uint8

const (
	perThousandHouseholds sizeOf = iota
	perHectare
)

// until stands among the values of a term for the end of the window.
const until = "until()"

// resolve returns the terms with the end of the window in place of until.
func resolve(terms []layers.Term, w Window) []layers.Term {
	out := make([]layers.Term, len(terms))
	for i, t := range terms {
		if len(t.Values) == 1 && t.Values[0] == until {
			t.Values = []string{stamp(w.To)}
		}
		out[i] = t
	}
	return out
}

// stamp writes a moment as terms have it.
func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }

// window returns the terms that say that an event is of the group in a window.
func (g group) window(w Window) []layers.Term {
	terms := []layers.Term{{Field: g.at, Op: layers.Less, Values: []string{stamp(w.To)}}}
	if !g.standing {
		terms = append([]layers.Term{{Field: g.at, Op: layers.AtLeast, Values: []string{stamp(w.From)}}}, terms...)
	}
	return append(terms, resolve(g.terms, w)...)
}

// denominator returns the terms beyond the group's window that the denominator's records meet, numerator those of its own.
func (d *Definition) denominator(w Window) []layers.Term { return resolve(d.of, w) }
func (d *Definition) numerator(w Window) []layers.Term   { return resolve(d.hit, w) }

// records returns the terms that choose the numerator's records in a window; of a peak, which no term can say, the denominator's.
func (d *Definition) records(w Window) []layers.Term {
	return append(append(d.group.window(w), d.denominator(w)...), d.numerator(w)...)
}

// fields returns the names of the fields that the figure needs, and those of them that must be times.
func (d *Definition) fields() (all, times []string) {
	times = []string{d.group.at}
	if d.value.kind == duration {
		times = append(times, d.value.from, d.value.to)
	}
	all = append(all, times...)
	for _, terms := range [][]layers.Term{d.group.terms, d.of, d.hit} {
		for _, t := range terms {
			all = append(all, t.Field)
			if t.Than != "" {
				all = append(all, t.Than)
			}
		}
	}
	return all, times
}

// lacks says why the figure cannot be worked out of a layer, or nil.
func (d *Definition) lacks(l *layers.Layer) layers.Text {
	all, times := d.fields()
	for _, name := range all {
		if l.Index(name) < 0 {
			return words("图层 "+l.Name+" 没有字段 "+name+"，无从计算", "layer "+l.Name+" has no field "+name+" to work it out of")
		}
	}
	for _, name := range times {
		if l.Fields[l.Index(name)].Type != layers.Time {
			return words("字段 "+name+" 不是时间", "field "+name+" is not a time")
		}
	}
	return nil
}

func words(zh, en string) layers.Text { return layers.Text{layers.Chinese: zh, layers.English: en} }
