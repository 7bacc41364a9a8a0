package api

import (
	"net/http"

	"shapan/layers"
	"shapan/layers/search"

	"github.com/paulmach/orb"
)

// searchAnswer is the answer of /search: a FeatureCollection of the middles of what was found, the best first.
type searchAnswer struct {
	Type     string         `json:"type"`
	Features []foundFeature `json:"features"`
	Matched  int            `json:"numberMatched"`
	Part     []string       `json:"partly_searched,omitempty"` // layers that are too large to be searched as a whole
	Seq      layers.Seq     `json:"seq"`
}

// foundFeature is one thing that was found.
type foundFeature struct {
	Type       string      `json:"type"`
	ID         int64       `json:"id"`
	Geometry   *foundPoint `json:"geometry"`       // nil: it has no place
	BBox       *[4]float64 `json:"bbox,omitempty"` // lon/lat degrees
	Properties foundCard   `json:"properties"`
}

// foundPoint is the middle of a feature's bound.
type foundPoint struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"`
}

// foundCard says what it is.
type foundCard struct {
	Layer      string `json:"layer"`
	LayerTitle string `json:"layer_title"`
	Code       string `json:"code"`
	Title      string `json:"title"`
	Subtitle   string `json:"subtitle"` // community and grid
	Stage      string `json:"stage,omitempty"`
	Score      int    `json:"score"` // 1 to 100
}

// search answers /search?q=: what has this code, name, pinyin or address.
func (s *Server) search(w http.ResponseWriter, c *call) error {
	q := search.Query{Text: c.params.text("q"), Layers: c.params.words("layers"), Limit: c.params.whole("limit", 1, 100, 10)}
	if c.params.text("lon") != "" || c.params.text("lat") != "" {
		at := c.params.place()
		q.Near = &at
	}
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	found, err := s.searcher.Find(c.view, q)
	if err != nil {
		return err
	}
	out := searchAnswer{Type: "FeatureCollection", Features: []foundFeature{}, Matched: found.Total, Part: found.Part, Seq: c.view.Seq}
	for _, h := range found.Hits {
		out.Features = append(out.Features, foundOf(c.view, h, lang))
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.RawQuery)
	return writeJSON(w, c, http.StatusOK, out)
}

// foundOf describes a hit.
func foundOf(v *layers.View, h search.Hit, lang layers.Lang) foundFeature {
	r := h.Row
	l := r.Layer()
	card := foundCard{Layer: l.Name, LayerTitle: l.Title.In(lang), Code: r.Get("code").Text(), Score: h.Score}
	if card.Title = r.Get("name").Text(); card.Title == "" {
		card.Title = r.Get("title").Text()
	}
	if card.Title == "" {
		card.Title = card.Code
	}
	for _, area := range []struct{ layer, field string }{{"communities", "community"}, {"grids", "grid"}} {
		name := v.Coded(area.layer, r.Get(area.field).Text())
		switch {
		case name.IsZero():
		case card.Subtitle == "":
			card.Subtitle = name.Get("name").Text()
		default:
			card.Subtitle += " · " + name.Get("name").Text()
		}
	}
	if i := l.Index("stage"); i >= 0 {
		card.Stage = r.Value(i).Text()
	}
	f := foundFeature{Type: "Feature", ID: r.ID(), Properties: card}
	if b, ok := r.Bound(); ok {
		middle, low, high := degrees(b.Center()), degrees(b.Min), degrees(b.Max)
		f.Geometry, f.BBox = &foundPoint{"Point", middle}, &[4]float64{low[0], low[1], high[0], high[1]}
	}
	return f
}

// degrees rounds a position to a centimetre, as answers have it.
func degrees(p orb.Point) [2]float64 { return [2]float64{roundTo(p[0], 1e7), roundTo(p[1], 1e7)} }
