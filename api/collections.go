package api

import (
	"net/http"

	"shapan/layers"
)

// layerCard is a layer as /collections shows it.
type layerCard struct {
	ID          string                `json:"id"`
	Title       string                `json:"title"`
	Titles      layers.Text           `json:"titles"`
	ItemType    string                `json:"itemType"`
	Geometry    layers.GeometryKind   `json:"geometry"`
	Audience    layers.Audience       `json:"audience"`
	Writable    bool                  `json:"writable"` // by this caller
	MinZoom     int                   `json:"minzoom"`
	MaxZoom     int                   `json:"maxzoom"`
	Count       int                   `json:"count"`
	TimeField   string                `json:"time_field,omitempty"`
	Personal    bool                  `json:"personal,omitempty"` // features are persons; who may not see them gets counts from /heat
	Fields      []layers.Field        `json:"fields"`
	Extent      map[string]extentCard `json:"extent,omitempty"`
	CRS         []string              `json:"crs"`
	Links       []link                `json:"links"`
	LastChanged layers.Seq            `json:"seq"`
}

type extentCard struct {
	BBox [][4]float64 `json:"bbox"`
	CRS  string       `json:"crs"`
}

const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

func (s *Server) card(c *call, t *layers.Table, lang layers.Lang) layerCard {
	l := &t.Layer
	self := s.base(c.Request) + "/collections/" + urlName(l.Name)
	out := layerCard{
		ID: l.Name, Title: l.Title.In(lang), Titles: l.Title, ItemType: "feature", Geometry: l.Kind, Audience: l.Audience,
		Writable: l.Writable && c.caller.write, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, Count: t.Len(),
		TimeField: l.TimeField, Personal: l.Personal, Fields: l.Fields, CRS: []string{crs84}, LastChanged: t.LastSeq(),
		Links: []link{
			{self, "self", "application/json", ""},
			{self + "/items", "items", geoJSONType, ""},
			{self + "/tiles", relTilesets, "application/json", "OGC API - Tiles"},
			{s.base(c.Request) + "/xyz/" + urlName(l.Name) + ".json", "tiles", "application/json", "TileJSON"},
			{s.base(c.Request) + "/export/" + urlName(l.Name) + ".geojson", "enclosure", geoJSONType, ""},
		},
	}
	if b, ok := t.Bound(); ok {
		out.Extent = map[string]extentCard{"spatial": {[][4]float64{{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}}, crs84}}
	}
	return out
}

// collections lists the layers that the caller may see.
func (s *Server) collections(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.caller.write, c.URL.RawQuery)
	if unchanged(w, c) {
		return writeBody(w, c, http.StatusNotModified, "application/json", nil)
	}
	cards := make([]layerCard, 0, len(c.view.Tables()))
	for _, t := range c.view.Tables() {
		cards = append(cards, s.card(c, t, lang))
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{
		"collections": cards, "seq": c.view.Seq,
		"links": []link{{s.base(c.Request) + "/collections", "self", "application/json", ""}},
	})
}

// collection describes one layer.
func (s *Server) collection(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	if err := c.params.done(); err != nil {
		return err
	}
	t, err := c.anyTable()
	if err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusOK, s.card(c, t, lang))
}
