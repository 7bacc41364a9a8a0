package layers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"shapan/geo"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// house returns a snapshot with a public, an internal and a system layer of the same features.
func house(t testing.TB, r *rand.Rand) *Snapshot {
	t.Helper()
	ls := []Layer{things("open", Point, Public), things("work", Point, Internal), things("own", None, System)}
	features := map[string][]Feature{}
	for i := range ls {
		for id := int64(1); id <= 600; id++ {
			features[ls[i].Name] = append(features[ls[i].Name], anyFeature(r, &ls[i], id))
		}
	}
	return load(t, 5, ls, features)
}

func names(v *View) (out []string) {
	for _, t := range v.Tables() {
		out = append(out, t.Layer.Name)
	}
	return out
}

func TestViewsShowTheirAudience(t *testing.T) {
	t.Parallel()
	s := house(t, seeded(30))
	for _, c := range []struct {
		scope  Scope
		layers []string
		hidden []string // of the open layer's fields
	}{
		{Scope{}, []string{"open"}, []string{"phone", "secret"}},
		{Scope{Audience: Internal}, []string{"open", "work"}, []string{"phone", "secret"}},
		{Scope{Audience: Restricted}, []string{"open", "work"}, []string{"secret"}},
		{Scope{Audience: System}, []string{"open", "work"}, []string{"secret"}},
		{Scope{Audience: 200}, []string{"open", "work"}, []string{"secret"}},
	} {
		v := s.View(c.scope)
		if diff := cmp.Diff(c.layers, names(v)); diff != "" {
			t.Errorf("%v: %s", c.scope, diff)
		}
		tab, _ := v.Table("open")
		row, _ := tab.Get(1)
		for _, name := range c.hidden {
			if tab.Layer.Index(name) >= 0 || !row.Get(name).IsNull() {
				t.Errorf("%v: field %s is seen", c.scope, name)
			}
			_, err := tab.Compile(Query{Terms: []Term{{Field: name, Op: IsNull}}})
			wantKind(t, "filter by a hidden field", err, ErrInvalid)
		}
		if n := len(row.Feature().Values); n != len(tab.Layer.Fields) {
			t.Errorf("%v: %d values of %d fields", c.scope, n, len(tab.Layer.Fields))
		}
		_, err := v.Table("own")
		wantKind(t, "a system layer", err, ErrNotFound)
	}
	if got := names(s.Service()); !slices.Equal(got, []string{"own"}) {
		t.Errorf("the service's view has %v", got)
	}
}

func TestETagCoversHiddenFields(t *testing.T) {
	t.Parallel()
	s := house(t, seeded(31))
	open := tableOf(t, s, Scope{}, "open")
	all := tableOf(t, s, everything, "open")
	for id := int64(1); id <= 50; id++ {
		a, _ := open.Get(id)
		b, _ := all.Get(id)
		if a.ETag() != b.ETag() {
			t.Fatalf("feature %d has another ETag for the public", id)
		}
	}
}

func TestScopesOfCommunities(t *testing.T) {
	t.Parallel()
	s := house(t, seeded(32))
	scope := Scope{Audience: Internal, Communities: []string{"420106001001", "420106001002"}}
	open, work, whole := tableOf(t, s, scope, "open"), tableOf(t, s, scope, "work"), tableOf(t, s, everything, "work")
	if open.Len() != 600 {
		t.Errorf("a public layer shows %d of 600", open.Len())
	}
	in := func(r Row) bool { return slices.Contains(scope.Communities, r.Get("community").Text()) }
	want, seen, near := 0, 0, 0
	whole.Each(nil, func(r Row) bool {
		got, ok := work.Get(r.ID())
		if ok != in(r) || ok && got.ID() != r.ID() {
			t.Fatalf("feature %d of %q: seen %v", r.ID(), r.Get("community").Text(), ok)
		}
		if in(r) {
			want++
		}
		return true
	})
	check := func(r Row) bool {
		if !in(r) {
			t.Fatalf("feature %d of %q came", r.ID(), r.Get("community").Text())
		}
		seen++
		return true
	}
	work.Each(nil, check)
	work.Within(orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, nil, check)
	work.Nearest(orb.Point{114.3, 30.56}, nil, 0, func(r Row, _ float64) bool { near++; return check(r) })
	if work.Len() != want || work.Count(nil) != want || seen != want+2*near || near == 0 {
		t.Errorf("%d of %d, %d seen, %d near", work.Len(), want, seen, near)
	}
	if p := work.Page(PageQuery{Limit: 1000}); len(p.Rows) != want || p.Matched != want {
		t.Errorf("a page shows %d of %d", len(p.Rows), want)
	}
	if n := s.View(Scope{Audience: Internal, Communities: []string{"nowhere"}}).tables[1].Len(); n != 0 {
		t.Errorf("a scope of nowhere sees %d", n)
	}
}

func TestLayersWithoutCommunityAreClosedToScopes(t *testing.T) {
	t.Parallel()
	l := Layer{Name: "plain", Kind: None, Audience: Internal, Fields: []Field{{Name: "code", Type: String}}}
	s := load(t, 1, []Layer{l}, map[string][]Feature{"plain": {{ID: 1, Values: []Value{TextValue("x")}}}})
	if n := tableOf(t, s, Scope{Audience: Internal, Communities: []string{"", "x"}}, "plain").Len(); n != 0 {
		t.Errorf("%d features of no community are seen", n)
	}
}

func TestSees(t *testing.T) {
	t.Parallel()
	s := house(t, seeded(33))
	limited := Scope{Audience: Internal, Communities: []string{"a"}}
	for _, c := range []struct {
		scope Scope
		a     Applied
		want  bool
	}{
		{Scope{}, Applied{Layer: "open", areas: []string{"b"}}, true},
		{Scope{}, Applied{Layer: "work"}, false},
		{Scope{}, Applied{Layer: "nothing"}, false},
		{limited, Applied{Layer: "work", areas: []string{"b", "a"}}, true}, // it left: that must be told
		{limited, Applied{Layer: "work", areas: []string{"b"}}, false},
		{limited, Applied{Layer: "work"}, false},
		{limited, Applied{Layer: "open"}, true},
		{everything, Applied{Layer: "work"}, true},
		{everything, Applied{Layer: "own"}, false},
	} {
		if got := s.View(c.scope).Sees(c.a); got != c.want {
			t.Errorf("%v sees %v: %v", c.scope, c.a, got)
		}
	}
}

func TestScopeKeysNameClasses(t *testing.T) {
	t.Parallel()
	a := Scope{Audience: Internal, Communities: []string{"2", "1", "2"}}
	if a.Key() != (Scope{Audience: Internal, Communities: []string{"1", "2"}}).Key() {
		t.Error("the order of communities matters")
	}
	if a.Communities[0] != "2" {
		t.Error("Key edited its scope")
	}
	seen := map[string]bool{}
	for _, s := range []Scope{{}, {Audience: Internal}, {Audience: Restricted}, a, {Audience: Internal, Communities: []string{"1"}}} {
		if seen[s.Key()] {
			t.Errorf("two classes are called %q", s.Key())
		}
		seen[s.Key()] = true
	}
}

func TestUnknownNamesAreAnswered(t *testing.T) {
	t.Parallel()
	tab := tableOf(t, house(t, seeded(34)), Scope{}, "open")
	_, err := tab.Compile(Query{Terms: []Term{{Field: "comunity", Op: In, Values: []string{"x"}}}})
	if err == nil || !strings.Contains(err.Error(), `did you mean "community"`) {
		t.Errorf("%v", err)
	}
	_, err = tab.Compile(Query{Terms: []Term{{Field: "phone", Op: In, Values: []string{"x"}}}})
	if err == nil || strings.Contains(err.Error(), `mean "phone"`) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a message names hidden fields: %v", err)
	}
}

// anyTerm returns a condition on a field with the predicate that it stands for, on values.
func anyTerm(r *rand.Rand, f *Field) (Term, func(Value) bool) {
	term := Term{Field: f.Name, Op: []Comparison{In, Not, Less, AtMost, More, AtLeast, IsNull}[r.IntN(7)]}
	var values []Value
	for len(values) == 0 || term.Op == In && r.IntN(2) == 0 {
		if v := anyValue(r, f); !v.IsNull() {
			values = append(values, v)
			term.Values = append(term.Values, v.String())
		}
	}
	if term.Op == IsNull {
		return term, Value.IsNull
	}
	return term, func(v Value) bool {
		if v.IsNull() {
			return false
		}
		o := v.Compare(values[0])
		return map[Comparison]bool{In: slices.ContainsFunc(values, func(w Value) bool { return v.Compare(w) == 0 }),
			Not: o != 0, Less: o < 0, AtMost: o <= 0, More: o > 0, AtLeast: o >= 0}[term.Op]
	}
}

// anyQuery returns a query with the predicate that it stands for, on rows.
func anyQuery(r *rand.Rand, l *Layer) (Query, func(Row) bool) {
	var q Query
	var holds []func(Row) bool
	for range r.IntN(3) {
		i := r.IntN(len(l.Fields))
		term, hold := anyTerm(r, &l.Fields[i])
		if first := hold; r.IntN(4) == 0 && term.Op != IsNull {
			term.OrNull = true
			hold = func(v Value) bool { return v.IsNull() || first(v) }
		}
		q.Terms = append(q.Terms, term)
		holds = append(holds, func(row Row) bool { return hold(row.Get(term.Field)) })
	}
	if i, j := r.IntN(len(l.Fields)), r.IntN(len(l.Fields)); kindOf(l.Fields[i].Type) == kindOf(l.Fields[j].Type) {
		term := Term{Field: l.Fields[i].Name, Op: []Comparison{In, Not, Less, AtMost, More, AtLeast}[r.IntN(6)], Than: l.Fields[j].Name, OrNull: r.IntN(2) == 0}
		q.Terms = append(q.Terms, term, Term{Field: l.Fields[j].Name, Op: NotNull})
		holds = append(holds, func(row Row) bool {
			v, w := row.Get(term.Field), row.Get(term.Than)
			if v.IsNull() || w.IsNull() {
				return v.IsNull() && term.OrNull && !w.IsNull()
			}
			o := v.Compare(w)
			return map[Comparison]bool{In: o == 0, Not: o != 0, Less: o < 0, AtMost: o <= 0, More: o > 0, AtLeast: o >= 0}[term.Op]
		})
	}
	if r.IntN(3) == 0 {
		q.BBox = &orb.Bound{Min: orb.Point{114.29, 30.55}, Max: orb.Point{114.29 + 0.03*r.Float64(), 30.58}}
		if r.IntN(3) == 0 {
			q.BBox.Min[0], q.BBox.Max[0] = 170, -60
		}
		b := *q.BBox
		holds = append(holds, func(row Row) bool { return row.Geometry() != nil && geo.Touches(b, row.Geometry()) })
	}
	if r.IntN(4) == 0 {
		q.From = start.Add(time.Duration(r.IntN(5e5)) * time.Second)
		from := q.From
		holds = append(holds, func(row Row) bool { v := row.Get("at"); return !v.IsNull() && !v.Time().Before(from) })
		if r.IntN(2) == 0 {
			q.To = from.Add(100 * time.Hour)
			to := q.To
			holds = append(holds, func(row Row) bool { return !row.Get("at").Time().After(to) })
		}
	}
	if r.IntN(5) == 0 {
		q.Area = []string{"420106001", "420106002", "420106001001"}[r.IntN(3)]
		area := q.Area
		holds = append(holds, func(row Row) bool { return strings.HasPrefix(row.Get("community").Text(), area) })
	}
	return q, func(row Row) bool {
		return !slices.ContainsFunc(holds, func(h func(Row) bool) bool { return !h(row) })
	}
}

func ids(each func(func(Row) bool)) (out []int64) {
	each(func(r Row) bool { out = append(out, r.ID()); return true })
	slices.Sort(out)
	return out
}

func TestFiltersAreTheirPredicates(t *testing.T) {
	t.Parallel()
	r := seeded(35)
	tab := tableOf(t, house(t, r), everything, "work")
	for range 400 {
		q, holds := anyQuery(r, &tab.Layer)
		f, err := tab.Compile(q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		want := ids(func(fn func(Row) bool) { tab.Each(nil, func(r Row) bool { return !holds(r) || fn(r) }) })
		got := ids(func(fn func(Row) bool) { tab.Each(f, fn) })
		within := ids(func(fn func(Row) bool) { tab.Each(nil, func(r Row) bool { return f != nil && !f.Match(r) || fn(r) }) })
		if !slices.Equal(got, want) || !slices.Equal(within, want) || tab.Count(f) != len(want) {
			t.Fatalf("%+v chooses %d and %d, want %d", q, len(got), len(within), len(want))
		}
	}
}

func TestFilterKeys(t *testing.T) {
	t.Parallel()
	tab := tableOf(t, house(t, seeded(36)), everything, "work")
	key := func(q Query) string {
		f, err := tab.Compile(q)
		if err != nil {
			t.Fatal(err)
		}
		return f.Key()
	}
	a, b := Term{Field: "kind", Op: In, Values: []string{"a", "b"}}, Term{Field: "count", Op: More, Values: []string{"1"}}
	swapped := Term{Field: "kind", Op: In, Values: []string{"b", "a"}}
	if key(Query{Terms: []Term{a, b}}) != key(Query{Terms: []Term{b, swapped}}) {
		t.Error("the order of terms or values makes another key")
	}
	seen := map[string]bool{}
	for _, q := range []Query{{Terms: []Term{a}}, {Terms: []Term{b}}, {Terms: []Term{{Field: "kind", Op: In, Values: []string{`a" "b`[:1]}}}},
		{Area: "420106001"}, {From: start}, {To: start}, {BBox: &orb.Bound{}}} {
		if k := key(q); seen[k] {
			t.Errorf("two filters have the key %q", k)
		} else {
			seen[k] = true
		}
	}
	box := orb.Bound{Max: orb.Point{1, 1}}
	f, _ := tab.Compile(Query{BBox: &box})
	box.Max[0] = 50
	if b, ok := f.Bound(); !ok || b.Max[0] != 1 {
		t.Error("the filter shares the caller's bound")
	}
	if f, err := tab.Compile(Query{}); f != nil || err != nil {
		t.Errorf("the zero query is %v %v", f, err)
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	s := house(t, seeded(37))
	timeless := load(t, 1, []Layer{{Name: "plain", Kind: None}}, nil)
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for name, q := range map[string]Query{
		"no such field":   {Terms: []Term{{Field: "x", Op: In, Values: []string{"1"}}}},
		"no values":       {Terms: []Term{{Field: "count", Op: In}}},
		"two values":      {Terms: []Term{{Field: "count", Op: Less, Values: []string{"1", "2"}}}},
		"too many values": {Terms: []Term{{Field: "count", Op: In, Values: many}}},
		"an empty value":  {Terms: []Term{{Field: "count", Op: In, Values: []string{""}}}},
		"not a number":    {Terms: []Term{{Field: "count", Op: In, Values: []string{"one"}}}},
		"no such code":    {Terms: []Term{{Field: "kind", Op: In, Values: []string{"z"}}}},
		"no such op":      {Terms: []Term{{Field: "count", Op: "~", Values: []string{"1"}}}},
		"another type":    {Terms: []Term{{Field: "count", Op: Less, Than: "kind"}}},
		"no such other":   {Terms: []Term{{Field: "count", Op: Less, Than: "x"}}},
		"id above":        {Terms: []Term{{Field: "id", Op: More, Values: []string{"1"}}}},
		"id of letters":   {Terms: []Term{{Field: "id", Op: In, Values: []string{"one"}}}},
		"time backwards":  {From: start, To: start.Add(-time.Hour)},
		"area of letters": {Area: "42010600x"},
		"area too short":  {Area: "4201"},
		"area not known":  {Area: "420106001001001"},
	} {
		_, err := tableOf(t, s, everything, "work").Compile(q)
		wantKind(t, name, err, ErrInvalid)
	}
	_, err := tableOf(t, timeless, Scope{}, "plain").Compile(Query{From: start})
	wantKind(t, "a layer without time", err, ErrInvalid)
}

func TestFilterByID(t *testing.T) {
	t.Parallel()
	tab := tableOf(t, house(t, seeded(38)), everything, "work")
	f, err := tab.Compile(Query{Terms: []Term{{Field: "id", Op: In, Values: []string{"3", "599", "7000"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(func(fn func(Row) bool) { tab.Each(f, fn) }); !slices.Equal(got, []int64{3, 599}) {
		t.Errorf("%v", got)
	}
}

// sorted is the whole order by brute force.
func sorted(tab *Table, holds func(Row) bool, keys []SortKey) (out []int64) {
	var rows []Row
	tab.Each(nil, func(r Row) bool {
		if holds(r) {
			rows = append(rows, r)
		}
		return true
	})
	slices.SortStableFunc(rows, func(a, b Row) int {
		for _, k := range keys {
			if o := a.Value(k.Field).Compare(b.Value(k.Field)); o != 0 {
				if k.Descending {
					return -o
				}
				return o
			}
		}
		return int(a.ID() - b.ID())
	})
	for _, r := range rows {
		out = append(out, r.ID())
	}
	return out
}

func TestPagesAreTheSortedWhole(t *testing.T) {
	t.Parallel()
	r := seeded(39)
	tab := tableOf(t, house(t, r), everything, "work")
	for range 60 {
		q, holds := anyQuery(r, &tab.Layer)
		f, err := tab.Compile(q)
		if err != nil {
			t.Fatal(err)
		}
		var keys []SortKey
		for range r.IntN(3) {
			keys = append(keys, SortKey{Field: r.IntN(len(tab.Layer.Fields)), Descending: r.IntN(2) == 0})
		}
		want := sorted(tab, holds, keys)
		page := PageQuery{Filter: f, Sort: keys, Limit: 1 + r.IntN(200)}
		var got []int64
		for {
			p := tab.Page(page)
			for _, row := range p.Rows {
				got = append(got, row.ID())
			}
			if p.Matched != len(want) || len(p.Rows) > page.Limit || p.More != (len(got) < len(want)) {
				t.Fatalf("page %+v: matched %d of %d, more %v", page, p.Matched, len(want), p.More)
			}
			if !p.More {
				break
			}
			at := CursorAt(p.Rows[len(p.Rows)-1], keys)
			page.After = &at
		}
		if !slices.Equal(got, want) {
			t.Fatalf("pages by %v in %d: %v, want %v", keys, page.Limit, got, want)
		}
	}
}

func TestPageTakesAnyQuery(t *testing.T) {
	t.Parallel()
	tab := tableOf(t, house(t, seeded(40)), everything, "work")
	for _, limit := range []int{0, -1, -100} {
		if p := tab.Page(PageQuery{Limit: limit}); len(p.Rows) != 0 || !p.More || p.Matched != 600 {
			t.Errorf("limit %d: %d rows, more %v, matched %d", limit, len(p.Rows), p.More, p.Matched)
		}
	}
	tab.Page(PageQuery{Limit: 3, Sort: []SortKey{{Field: 0}}, After: &Cursor{ID: 5}}) // a cursor of another order
	empty := tableOf(t, load(t, 1, []Layer{things("things", Point, Public)}, nil), Scope{}, "things")
	if p := empty.Page(PageQuery{Limit: 3}); len(p.Rows) != 0 || p.More {
		t.Errorf("an empty table has the page %+v", p)
	}
	if _, ok := empty.Bound(); ok {
		t.Error("an empty table has a bound")
	}
	empty.Nearest(orb.Point{}, nil, 0, func(Row, float64) bool { t.Error("an empty table has a nearest"); return true })
}

// A walk by pages sees every feature that stays as it is exactly once, whatever happens to others meanwhile.
func TestPagesAreStableUnderWrites(t *testing.T) {
	t.Parallel()
	r := seeded(41)
	s := house(t, r)
	l := things("work", Point, Internal)
	keys := []SortKey{{Field: 1, Descending: true}, {Field: 0}}
	page := PageQuery{Sort: keys, Limit: 37}
	seen := map[int64]int{}
	for seq := Seq(6); ; seq++ {
		tab := tableOf(t, s, everything, "work")
		p := tab.Page(page)
		for _, row := range p.Rows {
			seen[row.ID()]++
		}
		if !p.More {
			break
		}
		at := CursorAt(p.Rows[len(p.Rows)-1], keys)
		page.After = &at
		f := anyFeature(r, &l, int64(501+r.IntN(200)))
		s, _, _ = s.apply([]Change{{Seq: seq, Op: Update, Layer: "work", ID: f.ID, Feature: &f}, {Seq: seq, Op: Delete, Layer: "work", ID: int64(501 + r.IntN(100))}})
	}
	for id := int64(1); id <= 500; id++ {
		if seen[id] != 1 {
			t.Errorf("feature %d came %d times", id, seen[id])
		}
	}
}

func TestRowsOfPointsAndShapes(t *testing.T) {
	t.Parallel()
	p := orb.Point{114.308, 30.5674}
	s := load(t, 1, []Layer{{Name: "points", Kind: Point}, {Name: "mixed", Kind: Mixed}, {Name: "none", Kind: None}}, map[string][]Feature{
		"points": {{ID: 1, Geometry: p}, {ID: 2}}, "mixed": {{ID: 1, Geometry: p}, {ID: 2}}, "none": {{ID: 1}},
	})
	x, y := geo.World(p)
	row, _ := tableOf(t, s, Scope{}, "points").Get(1)
	if q, ok := row.Point(); !ok || q != p || row.Shape() != nil {
		t.Errorf("point %v %v", q, ok)
	}
	if wx, wy, ok := row.World(); !ok || wx != x || wy != y {
		t.Errorf("world %d %d %v", wx, wy, ok)
	}
	row, _ = tableOf(t, s, Scope{}, "mixed").Get(1)
	if sh := row.Shape(); sh == nil || sh.Paths[0].Kind != PathPoints || sh.Paths[0].XY[0] != [2]uint32{x, y} {
		t.Errorf("shape %+v", sh)
	}
	for _, name := range []string{"points", "mixed", "none"} {
		id := int64(2)
		if name == "none" {
			id = 1
		}
		row, _ := tableOf(t, s, Scope{}, name).Get(id)
		_, hasPoint := row.Point()
		_, _, hasWorld := row.World()
		_, hasBound := row.Bound()
		if row.Geometry() != nil || row.Shape() != nil || hasPoint || hasWorld || hasBound {
			t.Errorf("%s: a feature without place has one", name)
		}
	}
}
