package api

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"shapan/layers"
	"shapan/layers/reach"

	"github.com/paulmach/orb/geojson"
)

// walkMethod says how distances of these answers come about.
var walkMethod = layers.Text{layers.Chinese: "沿步行路网", layers.English: "along the walking network"}

// counted is the facilities of one category within reach.
type counted struct {
	Category string  `json:"category"`
	Title    string  `json:"title"`
	Count    int     `json:"count"`
	Nearest  float64 `json:"nearest_metres"`
}

// isochrone answers /isochrone?lon=&lat=&minutes=5,10,15: what is within reach on foot, a feature for each time, the
// longest first so that the shorter ones are drawn over it.
func (s *Server) isochrone(w http.ResponseWriter, c *call) error {
	q := reach.Question{At: c.params.place(), Speed: c.params.number("speed", 0.3, 3, reach.Walking), Minutes: c.params.numbers("minutes", "5,10,15")}
	streets := c.params.text("streets") == "true"
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.RawQuery)
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, geoJSONType, nil)
	}
	found, err := reach.Find(c.Context(), c.view, s.Streets.Network(c.view), q)
	if err != nil {
		return err
	}
	titles := categoryTitles(c.view, lang)
	out := geojson.NewFeatureCollection()
	for i := len(found.Rings) - 1; i >= 0; i-- {
		r := &found.Rings[i]
		facilities := []counted{}
		for _, f := range r.Facilities {
			facilities = append(facilities, counted{f.Category, titles[f.Category], f.N, roundTo(f.Nearest, 10)})
		}
		f := geojson.NewFeature(r.Area)
		f.Properties = geojson.Properties{"minutes": r.Minutes, "metres": roundTo(r.Metres, 10), "area_ha": roundTo(r.Hectares, 100), "streets_metres": roundTo(r.Streets, 10),
			"facilities": facilities, "buildings": r.Buildings, "households": r.Households}
		out.Append(f)
	}
	if streets {
		for _, stretch := range found.Rings[len(found.Rings)-1].Stretches {
			f := geojson.NewFeature(stretch.Line)
			f.Properties = geojson.Properties{"street": stretch.Way, "from_minutes": roundTo(stretch.From/found.Speed/60, 100), "to_minutes": roundTo(stretch.Till/found.Speed/60, 100)}
			out.Append(f)
		}
	}
	out.ExtraMembers = geojson.Properties{"method": "network", "method_title": walkMethod.In(lang), "speed": found.Speed,
		"street": found.Street, "to_street_metres": roundTo(found.Metres, 10), "seq": c.view.Seq}
	body, err := out.MarshalJSON()
	if err != nil {
		return err
	}
	return writeBody(w, c, http.StatusOK, geoJSONType, body)
}

// numbers reads numbers with commas between.
func (p *params) numbers(name, otherwise string) (all []float64) {
	s := p.text(name)
	if s == "" {
		s = otherwise
	}
	for part := range strings.SplitSeq(s, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || math.IsInf(x, 0) || len(all) >= 100 {
			p.fail(layers.Invalid(name, "parameter %s: %.60q: expected numbers with commas between, such as %s", name, s, otherwise))
			return nil
		}
		all = append(all, x)
	}
	return all
}

// categoryTitles returns the titles of the categories of facilities.
func categoryTitles(v *layers.View, lang layers.Lang) map[string]string {
	out := map[string]string{}
	t, err := v.Table("facilities")
	if err != nil {
		return out
	}
	if i := t.Layer.Index("category"); i >= 0 {
		for _, c := range t.Layer.Fields[i].Codes {
			out[c.Value] = c.Title.In(lang)
		}
	}
	return out
}

// covered is the answer of /analytics/coverage.
type covered struct {
	Method     string            `json:"method"`
	Formula    string            `json:"formula"`
	Speed      float64           `json:"speed"` // metres in a second
	Households int               `json:"households"`
	Apart      int               `json:"households_apart"` // from which no street is reached: not covered
	Categories []coveredCategory `json:"categories"`
	Areas      []coveredArea     `json:"areas"`
	Seq        layers.Seq        `json:"seq"`
}

type coveredCategory struct {
	Category   string   `json:"category"`
	Title      string   `json:"title"`
	Minutes    float64  `json:"minutes"`
	Facilities int      `json:"facilities"`
	Covered    int      `json:"households_covered"`
	Uncovered  int      `json:"households_uncovered"`
	Share      *float64 `json:"share"` // null where nobody lives there
	P50        *float64 `json:"p50_minutes"`
	P95        *float64 `json:"p95_minutes"`
}

type coveredArea struct {
	Code       string              `json:"code"`
	Name       string              `json:"name"`
	Households int                 `json:"households"`
	Small      bool                `json:"small,omitempty"` // fewer than 30 households: the shares may be chance
	Shares     map[string]*float64 `json:"shares"`
	Gaps       []string            `json:"gaps"` // categories that no household of it has within reach
}

var coverageFormula = layers.Text{
	layers.Chinese: "覆盖率 = 步行时限内可到达该类设施的户数 ÷ 总户数；时限取设施的生活圈层级；按建筑逐栋沿路网计算",
	layers.English: "share = households that reach a facility of the category on foot within its time / all households; the time is the tier of the facilities; building by building along the streets",
}

// coverage answers /analytics/coverage: for how many households each category of facilities is near enough.
func (s *Server) coverage(w http.ResponseWriter, c *call) error {
	buildings, err := c.view.Table("buildings")
	if err != nil {
		return err
	}
	area := c.params.text("by")
	if area == "" {
		area = "community"
	}
	speed := c.params.number("speed", 0.3, 3, reach.Walking)
	scope := c.params.text("scope")
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	filter, err := buildings.Compile(layers.Query{Area: scope})
	if err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.RawQuery)
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, "application/json", nil)
	}
	found, err := reach.Cover(c.Context(), c.view, s.Streets.Network(c.view), area, filter, speed)
	if err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusOK, coveredOf(c.view, found, area, lang))
}

func coveredOf(v *layers.View, found *reach.Coverage, area string, lang layers.Lang) covered {
	titles := categoryTitles(v, lang)
	names := areaNames(v, map[string]string{"community": "communities", "grid": "grids"}[area])
	out := covered{Method: walkMethod.In(lang), Formula: coverageFormula.In(lang), Speed: found.Speed, Households: found.Households, Apart: found.Apart,
		Categories: []coveredCategory{}, Areas: []coveredArea{}, Seq: v.Seq}
	for _, k := range found.Categories {
		out.Categories = append(out.Categories, coveredCategory{k.Code, titles[k.Code], k.Minutes, k.Number, k.Covered, k.Uncover,
			share(k.Covered, found.Households), known(k.P50), known(k.P95)})
	}
	for _, a := range found.Areas {
		card := coveredArea{Code: a.Code, Name: names[a.Code], Households: a.Households, Small: a.Households < 30, Shares: map[string]*float64{}, Gaps: []string{}}
		for i, n := range a.Covered {
			code := found.Categories[i].Code
			card.Shares[code] = share(n, a.Households)
			if n == 0 {
				card.Gaps = append(card.Gaps, code)
			}
		}
		out.Areas = append(out.Areas, card)
	}
	return out
}

// areaNames returns the names of the areas of a layer by their code.
func areaNames(v *layers.View, layer string) map[string]string {
	out := map[string]string{}
	if t, err := v.Table(layer); err == nil {
		t.Each(nil, func(r layers.Row) bool { out[r.Get("code").Text()] = r.Get("name").Text(); return true })
	}
	return out
}

// share returns a part of a whole to four decimals; nil where there is no whole.
func share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	x := roundTo(float64(part)/float64(whole), 10_000)
	return &x
}

// known returns a number to two decimals; nil for NaN.
func known(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	x = roundTo(x, 100)
	return &x
}
