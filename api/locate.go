package api

import (
	"net/http"
	"time"

	"shapan/geo"
	"shapan/layers"

	"github.com/paulmach/orb"
)

// What counts as near in /locate, in metres.
const (
	eventsWithin     = 200
	facilitiesWithin = 1000 // what a facility of daily life is to be within: 15 minutes on foot
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

// nearEvents is how many events are within eventsWithin.
type nearEvents struct {
	Metres float64 `json:"metres"`
	Count  int     `json:"count"`
	Open   int     `json:"open"` // neither closed nor cancelled
}

// nearFacility is the nearest facility of a category.
type nearFacility struct {
	Category string  `json:"category"`
	ID       int64   `json:"id"`
	Code     string  `json:"code"`
	Name     string  `json:"name"`
	Metres   float64 `json:"metres"` // as the crow flies, to 0.1
}

// located is the answer of /locate.
type located struct {
	Lon         float64        `json:"lon"` // WGS-84
	Lat         float64        `json:"lat"`
	Outside     bool           `json:"outside"` // in no grid
	Subdistrict *areaCard      `json:"subdistrict"`
	Community   *areaCard      `json:"community"`
	Zone        *areaCard      `json:"zone"`
	Grid        *areaCard      `json:"grid"`
	Border      *float64       `json:"border_metres,omitempty"` // to the border of the grid
	Also        []*areaCard    `json:"also,omitempty"`          // grids that share the border the position is on
	Leader      *areaCard      `json:"leader,omitempty"`
	Partner     *areaCard      `json:"partner,omitempty"`
	Nearest     *nearestTo     `json:"nearest,omitempty"`    // outside: the nearest grid
	Events      *nearEvents    `json:"events,omitempty"`     // for who sees events
	Facilities  []nearFacility `json:"facilities,omitempty"` // nearest first, one of each category
	Seq         layers.Seq     `json:"seq"`
	Reason      string         `json:"reason,omitempty"` // a sentence where the position is in no grid
	Note        string         `json:"note,omitempty"`   // of at=: what the record cannot tell of that day
}

type nearestTo struct {
	areaCard
	Metres float64 `json:"metres"`
}

// locateParams are the parameters that one position and many have in common. With at= the limits are those of that day, and
// what is not known of it stays out: people, events and facilities are as they are now.
func (s *Server) locateParams(c *call) *placer {
	p := &placer{view: c.view, when: s.Clock(), lang: c.params.lang(), kinds: c.params.whole("facilities", 0, 50, 5)}
	if text := c.params.text("at"); text != "" {
		p.past, p.when = true, c.params.instant("at", text, false)
	}
	p.locator = layers.NewLocator(p.view, p.when)
	if grids, err := p.view.Table("grids"); err == nil && p.past {
		p.note = lacking(&grids.Layer).In(p.lang)
	}
	return p
}

// lacking says what grids do not tell of their past; nil for nothing.
func lacking(grids *layers.Layer) layers.Text {
	from, to := grids.Index("valid_from") >= 0, grids.Index("valid_to") >= 0
	switch {
	case from && to:
		return nil
	case from:
		return layers.Text{layers.Chinese: "网格没有停用日期 (valid_to): 已撤销的网格不能排除", layers.English: "grids have no valid_to: those that were given up cannot be left out"}
	case to:
		return layers.Text{layers.Chinese: "网格没有启用日期 (valid_from): 后来启用的网格不能排除", layers.English: "grids have no valid_from: those that came later cannot be left out"}
	}
	return layers.Text{layers.Chinese: "网格没有启用和停用日期: 按现有界限回答", layers.English: "grids have neither valid_from nor valid_to: the limits of now answer"}
}

// locate answers /locate?lon=&lat=: whose grid is this?
func (s *Server) locate(w http.ResponseWriter, c *call) error {
	at := c.params.place()
	p := s.locateParams(c)
	if err := c.params.done(); err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.RawQuery, p.when.In(chinaTime).Format(time.DateOnly))
	return writeJSON(w, c, http.StatusOK, p.card(at))
}

// placer makes the cards of positions. It is for one goroutine.
type placer struct {
	view    *layers.View
	locator *layers.Locator
	when    time.Time
	past    bool // a day was asked about
	lang    layers.Lang
	kinds   int // categories of facilities to name
	note    string
}

// card says what is known of a position.
func (p *placer) card(at orb.Point) located {
	place := p.locator.Locate(at)
	out := located{
		Lon: at[0], Lat: at[1], Outside: place.Outside(), Seq: p.view.Seq, Note: p.note,
		Subdistrict: cardOf(place.Subdistrict), Community: cardOf(place.Community), Zone: cardOf(place.Zone), Grid: cardOf(place.Grid),
	}
	for _, r := range place.Also {
		out.Also = append(out.Also, cardOf(r))
	}
	if !p.past {
		out.Leader, out.Partner = cardOf(place.Leader), cardOf(place.Partner)
		out.Events, out.Facilities = p.events(at), p.facilities(at)
	}
	if !out.Outside {
		out.Border = &place.Border
		return out
	}
	out.Reason = layers.Text{layers.Chinese: "该位置不在任何网格内", layers.English: "the position is in no grid"}.In(p.lang)
	if near := cardOf(place.Nearest); near != nil {
		out.Nearest = &nearestTo{*near, place.NearestMetres}
	}
	return out
}

// events counts those near a position; nil for who does not see them one by one.
func (p *placer) events(at orb.Point) *nearEvents {
	t, err := p.view.Table("events")
	if err != nil || t.Counted() || t.Layer.Kind == layers.None {
		return nil
	}
	out := &nearEvents{Metres: eventsWithin}
	closed, cancelled := t.Layer.Index("closed_at"), t.Layer.Index("cancelled_at")
	empty := func(r layers.Row, field int) bool { return field < 0 || r.Value(field).IsNull() }
	t.Within(geo.Around(at, eventsWithin), nil, func(r layers.Row) bool {
		if geo.DistanceTo(at, r.Geometry()) > eventsWithin {
			return true
		}
		out.Count++
		if empty(r, closed) && empty(r, cancelled) {
			out.Open++
		}
		return true
	})
	return out
}

// facilities returns the nearest of each category, the nearest categories first.
func (p *placer) facilities(at orb.Point) (out []nearFacility) {
	t, err := p.view.Table("facilities")
	if err != nil || t.Counted() || t.Layer.Kind == layers.None || t.Layer.Index("category") < 0 || p.kinds == 0 {
		return nil
	}
	known := map[string]bool{}
	t.Nearest(at, nil, facilitiesWithin, func(r layers.Row, metres float64) bool {
		category := r.Get("category").Text()
		if !known[category] {
			known[category] = true
			out = append(out, nearFacility{category, r.ID(), r.Get("code").Text(), r.Get("name").Text(), roundTo(metres, 10)})
		}
		return len(out) < p.kinds
	})
	return out
}
