package layers

import (
	"context"
	"slices"
	"time"
)

// Step is a part of a time that features are grouped by, in China's zone; the zero Step is the value as it is.
type Step string

// The steps. Weeks begin on Monday; Weekday is 1 (Monday) to 7, Hour is 0 to 23.
const (
	Whole   Step = ""
	ByDay   Step = "day"
	ByWeek  Step = "week"
	ByMonth Step = "month"
	ByHour  Step = "hour"
	Weekday Step = "weekday"
)

// Limits on groups: of parts of a key, and of groups in an answer.
const (
	MaxGroupKeys = 3
	MaxGroups    = 10_000
)

// GroupKey is a part of what features are grouped by.
type GroupKey struct {
	Field int // position in the view's Layer.Fields
	Step  Step
}

// GroupQuery asks for groups.
type GroupQuery struct {
	Filter Filter
	By     []GroupKey // 1 to MaxGroupKeys
	Weight int        // the numeric field that is added up; -1: none
}

// Group is the features that have the same key.
type Group struct {
	Key     []Value // a part each: of days, weeks and months the date on which they begin
	Count   int
	Sum     float64 // of the weights that are not null
	Weighed int     // how many those are
}

// Group counts the features that match by key, in the order of the keys: enums in the order of their codes, null last. It fails
// with ErrInvalid where there are more than MaxGroups, or where a key cannot be, and with ctx's error.
func (t *Table) Group(ctx context.Context, q GroupQuery) ([]Group, error) {
	if err := t.checkGroups(q); err != nil {
		return nil, err
	}
	groups, looked := map[[MaxGroupKeys]Value]*Group{}, 0
	var err error
	t.Each(q.Filter, func(r Row) bool {
		if looked++; looked%1024 == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		var key [MaxGroupKeys]Value
		for i, by := range q.By {
			key[i] = by.Step.of(r.Value(by.Field))
		}
		g := groups[key]
		if g == nil {
			if len(groups) == MaxGroups {
				err = Invalid("by", "there are more than %d groups: choose fewer features, or group by something coarser", MaxGroups)
				return false
			}
			g = &Group{Key: slices.Clone(key[:len(q.By)])}
			groups[key] = g
		}
		g.Count++
		if q.Weight >= 0 {
			if x, ok := r.Value(q.Weight).Number(); ok {
				g.Sum += x
				g.Weighed++
			}
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	out := make([]Group, 0, len(groups))
	for _, g := range groups {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int { return t.compareGroups(q.By, a, b) })
	return out, nil
}

// checkGroups says why a question cannot be asked, or nil.
func (t *Table) checkGroups(q GroupQuery) error {
	if len(q.By) == 0 || len(q.By) > MaxGroupKeys {
		return Invalid("by", "by names %d things: expected 1 to %d", len(q.By), MaxGroupKeys)
	}
	for _, by := range q.By {
		f := &t.Layer.Fields[by.Field]
		switch {
		case by.Step == Whole:
		case f.Type != Time && f.Type != Date:
			return Invalid("by", "field %s is no time, so that it has no %s", f.Name, by.Step)
		case f.Type == Date && by.Step == ByHour:
			return Invalid("by", "field %s is a day, so that it has no hour", f.Name)
		}
	}
	if q.Weight < 0 {
		return nil
	}
	if f := &t.Layer.Fields[q.Weight]; !slices.Contains([]FieldType{Int, Float, Bool}, f.Type) {
		return Invalid("weight", "field %s is a %s: expected a number to add up", f.Name, f.Type)
	}
	return nil
}

// compareGroups orders groups by their keys.
func (t *Table) compareGroups(by []GroupKey, a, b Group) int {
	for i, k := range by {
		v, w := a.Key[i], b.Key[i]
		if v == w {
			continue
		}
		if v.IsNull() || w.IsNull() {
			return -v.Compare(w)
		}
		f := &t.Layer.Fields[k.Field]
		if f.Type == Enum {
			if o := compare(int64(f.place(v.s)), int64(f.place(w.s))); o != 0 {
				return o
			}
		}
		if o := v.Compare(w); o != 0 {
			return o
		}
	}
	return 0
}

// place returns where a code stands among those of the field; one that it does not have stands behind them.
func (f *Field) place(code string) int {
	if i := f.code(code); i >= 0 {
		return i
	}
	return len(f.Codes)
}

// of returns the part of a value that the step is about.
func (s Step) of(v Value) Value {
	if s == Whole || v.IsNull() {
		return v
	}
	at := v.Time()
	if v.kind == kindTime {
		at = at.In(time.FixedZone("", 8*3600)) // without a name it is shared, and not made anew for each
	}
	weekday := (int(at.Weekday()) + 6) % 7 // days since Monday
	switch s {
	case ByDay:
		return DateValue(at)
	case ByWeek:
		return DateValue(at.AddDate(0, 0, -weekday))
	case ByMonth:
		return DateValue(at.AddDate(0, 0, 1-at.Day()))
	case ByHour:
		return IntValue(int64(at.Hour()))
	case Weekday:
		return IntValue(int64(weekday + 1))
	}
	return v
}
