package api

import (
	"net/http"

	"shapan/layers"

	"github.com/paulmach/orb"
)

// areaCard is an area or person as /locate names it.
type areaCard struct {
	ID    int64  `json:"id"`
	Code  string `json:"code"`
	Name  string `json:"name"`
	Duty  string `json:"duty,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// cardOf names a row; nil where there is none.
func cardOf(r layers.Row) *areaCard {
	if r.IsZero() {
		return nil
	}
	name := r.Get("name").Text()
	if name == "" {
		name = r.Get("title").Text()
	}
	return &areaCard{ID: r.ID(), Code: r.Get("code").Text(), Name: name, Duty: r.Get("duty").Text(), Phone: r.Get("phone").Text()}
}

// located is the answer of /locate.
type located struct {
	Lon         float64     `json:"lon"` // WGS-84
	Lat         float64     `json:"lat"`
	Outside     bool        `json:"outside"` // in no grid
	Subdistrict *areaCard   `json:"subdistrict"`
	Community   *areaCard   `json:"community"`
	Zone        *areaCard   `json:"zone"`
	Grid        *areaCard   `json:"grid"`
	Border      *float64    `json:"border_metres,omitempty"` // to the border of the grid
	Also        []*areaCard `json:"also,omitempty"`          // grids that share the border the position is on
	Leader      *areaCard   `json:"leader,omitempty"`
	Partner     *areaCard   `json:"partner,omitempty"`
	Nearest     *nearestTo  `json:"nearest,omitempty"` // outside: the nearest grid
	Seq         layers.Seq  `json:"seq"`
	Reason      string      `json:"reason,omitempty"` // a sentence where the position is in no grid
}

type nearestTo struct {
	areaCard
	Metres float64 `json:"metres"`
}

// locate answers /locate?lon=&lat=: whose grid is this?
func (s *Server) locate(w http.ResponseWriter, c *call) error {
	at := c.params.place()
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.RawQuery)
	return writeJSON(w, c, http.StatusOK, locatedOf(c.view, at, lang))
}

func locatedOf(v *layers.View, at orb.Point, lang layers.Lang) located {
	p := layers.Locate(v, at)
	out := located{
		Lon: at[0], Lat: at[1], Outside: p.Outside(), Seq: v.Seq,
		Subdistrict: cardOf(p.Subdistrict), Community: cardOf(p.Community), Zone: cardOf(p.Zone), Grid: cardOf(p.Grid),
		Leader: cardOf(p.Leader), Partner: cardOf(p.Partner),
	}
	for _, r := range p.Also {
		out.Also = append(out.Also, cardOf(r))
	}
	if !p.Outside() {
		out.Border = &p.Border
		return out
	}
	out.Reason = layers.Text{layers.Chinese: "该位置不在任何网格内", layers.English: "the position is in no grid"}.In(lang)
	if near := cardOf(p.Nearest); near != nil {
		out.Nearest = &nearestTo{*near, p.NearestMetres}
	}
	return out
}

// nearest answers /nearest/{layer}: the features nearest to a position, with metres.
func (s *Server) nearest(w http.ResponseWriter, c *call) error {
	t, err := c.table()
	if err != nil {
		return err
	}
	at := c.params.place()
	k := c.params.whole("k", 1, 1000, 5)
	radius := c.params.number("radius", 0, 30_000_000, 0)
	fields := c.params.properties(&t.Layer)
	inside := c.params.within(c.view)
	q := c.params.selection(t)
	q.Within = inside
	filter := c.params.compile(t, q)
	if err := c.params.done(); err != nil {
		return err
	}
	if t.Layer.Kind == layers.None {
		return layers.Invalid("layer", "layer %s has no geometry, so nothing of it is near", t.Layer.Name)
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.Path, c.URL.RawQuery)
	e := newCollection(&t.Layer, fields)
	t.Nearest(at, filter, radius, func(r layers.Row, metres float64) bool {
		e.add(r, func(b []byte) []byte { return layers.AppendNumber(append(b, `,"distance":`...), roundTo(metres, 1000)) })
		return e.n < k
	})
	return writeBody(w, c, http.StatusOK, geoJSONType, e.close(nil))
}
