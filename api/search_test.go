package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// foundThings is what /search answers, as far as the tests look at it.
type foundThings struct {
	Features []struct {
		ID         int64
		Geometry   struct{ Coordinates [2]float64 }
		Properties struct{ Layer, Title, Subtitle, Code string }
	}
	Matched int `json:"numberMatched"`
}

func TestSearchNamesWhatAndWhere(t *testing.T) {
	t.Parallel()
	s := reading(t)
	got := decode[foundThings](t, s.get(t, "viewer", "/search?q="+url.QueryEscape("siqingli 网格5"), 200))
	if len(got.Features) == 0 || got.Features[0].Properties.Layer != "grids" || got.Features[0].Properties.Subtitle != "四清里社区" {
		t.Fatalf("found %+v", got)
	}
	at := got.Features[0].Geometry.Coordinates
	card := decode[placeCard](t, s.get(t, "viewer", fmt.Sprintf("/locate?lon=%v&lat=%v", at[0], at[1]), 200))
	if card.Community == nil || card.Community.Code != "420106001021" && card.Community.Code[:9] != "420106001" {
		t.Errorf("the middle of the grid is in %+v", card.Community)
	}
	for _, q := range []string{"", "q=%20", "q=a&limit=0", "q=a&lon=1", "q=a&layers=nothing", "q=a&nothing=1"} {
		if r := s.do(t, "viewer", "GET", "/search?"+q, ""); r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Errorf("?%s is answered %d", q, r.StatusCode)
		}
	}
}

// namedEvent is an event with a title that no other has.
const namedEvent = `{"type":"Feature","geometry":{"type":"Point","coordinates":[114.308,30.5674]},"properties":{"title":"河马出没","domain":"urban","level":2}}`

func TestSearchFollowsWrites(t *testing.T) {
	t.Parallel()
	s := newService(t)
	count := func(who, q string) int {
		return decode[foundThings](t, s.get(t, who, "/search?layers=events&q="+url.QueryEscape(q), 200)).Matched
	}
	if n := count("dispatcher", "河马出没"); n != 0 {
		t.Fatalf("%d are found before", n)
	}
	made := s.do(t, "dispatcher", "POST", "/collections/events/items", namedEvent)
	if a, b := count("dispatcher", "河马出没"), count("dispatcher", "hmcm"); a != 1 || b != 1 {
		t.Errorf("after the write %d are found by name, %d by pinyin", a, b)
	}
	if n := count("limited", "河马出没"); n != 0 {
		t.Errorf("who sees another community finds %d", n)
	}
	s.do(t, "dispatcher", "DELETE", strings.TrimPrefix(made.Header.Get("Location"), s.URL), "")
	if n := count("dispatcher", "河马出没"); n != 0 {
		t.Errorf("%d are found after it was deleted", n)
	}
}
