package layers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// square returns a square of a hundredth of a degree, x and y such squares from a corner of the town.
func square(x, y, wide float64) orb.Polygon {
	const d = 0.01
	west, south := 114+x*d, 30+y*d
	return orb.Polygon{{{west, south}, {west + wide*d, south}, {west + wide*d, south + d}, {west, south + d}, {west, south}}}
}

// town returns two grids side by side in one community, and, apart from them, a zone of another community.
func town(t *testing.T) *Snapshot {
	t.Helper()
	text := func(names ...string) (fields []Field) {
		for _, n := range names {
			fields = append(fields, Field{Name: n, Type: String})
		}
		return fields
	}
	values := func(texts ...string) (v []Value) {
		for _, s := range texts {
			v = append(v, TextValue(s))
		}
		return v
	}
	return load(t, 1, []Layer{
		{Name: "subdistricts", Kind: Polygon, Fields: text("code")},
		{Name: "communities", Kind: Polygon, Fields: text("code")},
		{Name: "zones", Kind: Polygon, Fields: text("code", "community")},
		{Name: "grids", Kind: Polygon, Fields: text("code", "community", "zone")},
		{Name: "responders", Kind: Point, Audience: Internal, Fields: text("code", "role", "grid", "partner")},
	}, map[string][]Feature{
		"subdistricts": {{ID: 420106001, Geometry: square(0, 0, 3), Values: values("420106001")}},
		"communities": {{ID: 420106001001, Geometry: square(0, 0, 2), Values: values("420106001001")},
			{ID: 420106001002, Geometry: square(2, 0, 1), Values: values("420106001002")}},
		"zones": {{ID: 7, Geometry: square(0, 0, 2), Values: values("42010600100101", "420106001001")}, // its id is not its code
			{ID: 42010600100201, Geometry: square(2, 0, 1), Values: values("42010600100201", "420106001002")}},
		"grids": {{ID: 420106001001002, Geometry: square(0, 0, 1), Values: values("420106001001002", "420106001001", "42010600100101")},
			{ID: 420106001001001, Geometry: square(1, 0, 1), Values: values("420106001001001", "420106001001", "42010600100101")}},
		"responders": {{ID: 5, Values: values("R5", "grid_leader", "420106001001001", "R6")}, {ID: 6, Values: values("R6", "cadre", "", "")}},
	})
}

// code returns the code of a row, "" of none.
func code(r Row) string {
	if r.IsZero() {
		return ""
	}
	return r.Get("code").Text()
}

func TestLocate(t *testing.T) {
	t.Parallel()
	s := town(t)
	for _, c := range []struct {
		name                         string
		p                            orb.Point
		grid, zone, community        string
		also                         []string
		leader, partner, nearest     string
		border, borderTo, nearMetres float64 // metres; a span where rounding decides
	}{
		{"inside", orb.Point{114.015, 30.001}, "420106001001001", "42010600100101", "420106001001", nil, "R5", "R6", "", 110, 111, 0},
		{"on the shared border", orb.Point{114.01, 30.005}, "420106001001001", "42010600100101", "420106001001", []string{"420106001001002"}, "R5", "R6", "", 0, 0, 0},
		{"without a leader", orb.Point{114.001, 30.005}, "420106001001002", "42010600100101", "420106001001", nil, "", "", "", 96, 97, 0},
		{"in a community without grids", orb.Point{114.025, 30.005}, "", "42010600100201", "420106001002", nil, "", "", "420106001001001", 0, 0, 482},
		{"outside", orb.Point{113.99, 30.005}, "", "", "", nil, "", "", "420106001001002", 0, 0, 965},
	} {
		place := Locate(s.View(everything), c.p)
		var also []string
		for _, r := range place.Also {
			also = append(also, code(r))
		}
		got := []string{code(place.Grid), code(place.Zone), code(place.Community), code(place.Leader), code(place.Partner), code(place.Nearest)}
		want := []string{c.grid, c.zone, c.community, c.leader, c.partner, c.nearest}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if diff := cmp.Diff(c.also, also); diff != "" {
			t.Errorf("%s: also %s", c.name, diff)
		}
		if place.Border < c.border || place.Border > c.borderTo || place.NearestMetres < c.nearMetres-1 || place.NearestMetres > c.nearMetres+1 {
			t.Errorf("%s: %.1f m from the border, %.1f m from the nearest", c.name, place.Border, place.NearestMetres)
		}
		if place.Outside() != (c.grid == "") {
			t.Errorf("%s: outside is %v", c.name, place.Outside())
		}
	}
}

func TestLocateShowsNoHiddenLeaders(t *testing.T) {
	t.Parallel()
	if place := Locate(town(t).View(Scope{}), orb.Point{114.015, 30.005}); place.Grid.IsZero() || !place.Leader.IsZero() || !place.Partner.IsZero() {
		t.Errorf("the public sees %v %v", place.Leader, place.Partner)
	}
	empty := &Snapshot{}
	if place := Locate(empty.View(everything), orb.Point{}); !place.Outside() || !place.Nearest.IsZero() {
		t.Errorf("a map without areas has %+v", place)
	}
}

// A position of a day is in the area that is valid on it; every area counts where no day is asked about.
func TestLocateAsOfADay(t *testing.T) {
	t.Parallel()
	day := func(d int) Value { return DateValue(time.Date(2020, 5, d, 0, 0, 0, 0, time.UTC)) }
	fields := []Field{{Name: "code", Type: String}, {Name: "valid_from", Type: Date}, {Name: "valid_to", Type: Date}}
	s := load(t, 1, []Layer{{Name: "grids", Kind: Polygon, Fields: fields}}, map[string][]Feature{"grids": {
		{ID: 1, Geometry: square(0, 0, 2), Values: []Value{TextValue("whole"), {}, day(10)}},
		{ID: 2, Geometry: square(0, 0, 1), Values: []Value{TextValue("west"), day(10), {}}},
		{ID: 3, Geometry: square(1, 0, 1), Values: []Value{TextValue("east"), day(12), {}}},
	}})
	china := func(d, hour int) time.Time { return time.Date(2020, 5, d, hour, 0, 0, 0, time.FixedZone("", 8*3600)) }
	for _, c := range []struct {
		when          time.Time
		x             float64
		grid, nearest string
	}{
		{time.Time{}, 114.005, "west", ""}, {time.Time{}, 114.015, "east", ""},
		{china(9, 23), 114.005, "whole", ""}, {china(10, 0), 114.005, "west", ""},
		{china(9, 23), 114.015, "whole", ""}, {china(10, 0), 114.015, "", "west"}, {china(11, 23), 114.015, "", "west"}, {china(12, 0), 114.015, "east", ""},
	} {
		place := NewLocator(s.View(everything), c.when).Locate(orb.Point{c.x, 30.005})
		if code(place.Grid) != c.grid || code(place.Nearest) != c.nearest {
			t.Errorf("%v at %g: in %q, nearest %q; want %q, %q", c.when, c.x, code(place.Grid), code(place.Nearest), c.grid, c.nearest)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	l := Layer{Name: "events", Kind: Mixed, Fields: []Field{
		{Name: "grid", Type: String, Default: "grid()"},
		{Name: "zone", Type: String, Default: "zone()"},
		{Name: "community", Type: String, Default: "community()"},
		{Name: "at", Type: Time, Default: "now()"},
		{Name: "day", Type: Date, Default: "now()"},
		{Name: "level", Type: Int, Default: "3"},
		{Name: "title", Type: String},
	}}
	v, now := town(t).View(Scope{}), time.Date(2017, 12, 4, 8, 30, 0, 0, time.FixedZone("", 8*3600))
	inGrid := []Value{TextValue("420106001001002"), TextValue("42010600100101"), TextValue("420106001001")}
	rest := []Value{TimeValue(now), DateValue(now), IntValue(3), {}}
	for _, c := range []struct {
		name string
		f    Feature
		want []Value
	}{
		{"in a grid", Feature{Geometry: orb.Point{114.005, 30.005}}, append(inGrid[:3:3], rest...)},
		{"a line by its middle", Feature{Geometry: orb.LineString{{114.001, 30.001}, {114.009, 30.009}}}, append(inGrid[:3:3], rest...)},
		{"outside", Feature{Geometry: orb.Point{0, 0}}, append(make([]Value, 3), rest...)},
		{"nowhere", Feature{}, append(make([]Value, 3), rest...)},
		{"given", Feature{Geometry: orb.Point{114.005, 30.005}, Values: []Value{TextValue("x"), TextValue("y"), TextValue("z"), TimeValue(start), DateValue(start), IntValue(1), TextValue("")}},
			[]Value{TextValue("x"), TextValue("y"), TextValue("z"), TimeValue(start), DateValue(start), IntValue(1), TextValue("")}},
	} {
		if c.f.Values == nil {
			c.f.Values = make([]Value, len(l.Fields))
		}
		if err := l.Defaults(v, &c.f, now); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for i := range c.want {
			if c.f.Values[i] != c.want[i] {
				t.Errorf("%s: %s is %s, want %s", c.name, l.Fields[i].Name, c.f.Values[i].describe(), c.want[i].describe())
			}
		}
	}
	wantKind(t, "too few values", l.Defaults(v, &Feature{}, now), ErrInvalid)
	l.Fields[5].Default = "three"
	wantKind(t, "a default that is no number", l.Defaults(v, &Feature{Values: make([]Value, 7)}, now), ErrInvalid)
}
