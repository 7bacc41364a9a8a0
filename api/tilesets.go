package api

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// The relations of links that OGC API - Tiles (20-057) adds.
const (
	relTilesets      = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
	relTilingScheme  = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
	relTilingSchemes = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
	relGeodata       = "http://www.opengis.net/def/rel/ogc/1.0/geodata"
)

// form checks that the caller takes the one form that an answer has, by the parameter f or else by Accept.
func (c *call) form(name, mediaType string) error {
	f := c.params.text("f")
	if f == name {
		return nil
	}
	if f != "" {
		return layers.Invalid("f", "parameter f is %.40q: expected %s", f, name)
	}
	if !accepts(c.Header.Get("Accept"), mediaType) {
		return &problem{Status: http.StatusNotAcceptable, Detail: fmt.Sprintf("the answer is %s, which the header Accept does not allow", mediaType)}
	}
	return nil
}

// jsonOnly is form for JSON, and checks that no other parameter is left.
func (c *call) jsonOnly() error {
	if err := c.form("json", "application/json"); err != nil {
		return err
	}
	return c.params.done()
}

// accepts tells whether a header Accept allows a media type (RFC 9110 §12.5.1, without weighing).
func accepts(header, mediaType string) bool {
	if header == "" {
		return true
	}
	group, _, _ := strings.Cut(mediaType, "/")
	for _, part := range strings.Split(header, ",") {
		name, with, err := mime.ParseMediaType(part)
		if err != nil || name != mediaType && name != group+"/*" && name != "*/*" {
			continue
		}
		if q, weighed := with["q"]; !weighed || strings.Trim(q, "0.") != "" {
			return true
		}
	}
	return false
}

// templated is a link whose address has places to fill in.
type templated struct {
	link
	Templated bool `json:"templated"`
}

// tilesetCard is a tileset in JSON (17-083r4, annex D). A list of tilesets has less of it.
type tilesetCard struct {
	Title      string         `json:"title"`
	DataType   string         `json:"dataType"`
	CRS        string         `json:"crs"`
	URI        string         `json:"tileMatrixSetURI,omitempty"`
	Definition string         `json:"tileMatrixSetDefinition"`
	MediaTypes []string       `json:"mediaTypes,omitempty"`
	Limits     []limitsCard   `json:"tileMatrixSetLimits,omitempty"` // none: there are no features
	Bound      *boundCard     `json:"boundingBox,omitempty"`
	Layers     []tilesetLayer `json:"layers,omitempty"`
	Links      []any          `json:"links"`
}

type limitsCard struct {
	Matrix string `json:"tileMatrix"`
	MinRow uint32 `json:"minTileRow"`
	MaxRow uint32 `json:"maxTileRow"`
	MinCol uint32 `json:"minTileCol"`
	MaxCol uint32 `json:"maxTileCol"`
}

type boundCard struct {
	LowerLeft  orb.Point `json:"lowerLeft"`
	UpperRight orb.Point `json:"upperRight"`
	CRS        string    `json:"crs"`
}

func newBoundCard(b orb.Bound) *boundCard { return &boundCard{b.Min, b.Max, crs84} }

// tilesetLayer is a layer of a tileset.
type tilesetLayer struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	DataType   string     `json:"dataType"`
	Dimension  *int       `json:"geometryDimension,omitempty"` // none: any
	MinMatrix  string     `json:"minTileMatrix"`
	MaxMatrix  string     `json:"maxTileMatrix"`
	Bound      *boundCard `json:"boundingBox,omitempty"`
	Properties struct {
		Type       string                   `json:"type"`
		Properties map[string]propertyTitle `json:"properties"`
	} `json:"propertiesSchema"`
}

type propertyTitle struct {
	Title string `json:"title"`
	Type  string `json:"type"`
}

// dataset is what the tiles under an address are made from: one layer, or all, or those of the parameter collections.
type dataset struct {
	tables []*layers.Table
	names  []string
	home   string // the address of the layer, or of the landing page
	at     string // the address of the tilesets
	query  string // of the addresses of its tiles: begins with ?
}

// dataset reads which layers the tiles of a path are of.
func (s *Server) dataset(c *call) (d dataset, err error) {
	if name := mux.Vars(c.Request)["layer"]; name != "" {
		d.home = s.base(c.Request) + "/collections/" + urlName(name)
		d.at = d.home + "/tiles"
		d.tables, d.names, err = c.tilesOf([]string{name})
		return d, err
	}
	d.home, d.at = s.base(c.Request)+"/", s.base(c.Request)+"/tiles"
	var names []string
	if list := c.params.text("collections"); list != "" {
		names = strings.Split(list, ",")
		d.query = "?collections=" + url.QueryEscape(list)
	} else {
		for _, t := range c.view.Tables() {
			if t.Layer.Drawn() {
				names = append(names, t.Layer.Name)
			}
		}
	}
	d.tables, d.names, err = c.tilesOf(names)
	return d, err
}

// title names the tiles.
func (d *dataset) title(lang layers.Lang) string {
	var titles []string
	for _, t := range d.tables {
		titles = append(titles, t.Layer.Title.In(lang))
	}
	return strings.Join(titles, layers.Text{layers.Chinese: "、", layers.English: ", "}.In(lang))
}

// tilesets lists the tilesets of a layer, or of several: one for each tile matrix set.
func (s *Server) tilesets(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	d, err := s.dataset(c)
	if err != nil {
		return err
	}
	if err := c.jsonOnly(); err != nil {
		return err
	}
	list := []tilesetCard{}
	for i := range sets {
		card := s.tilesetCard(c, &d, &sets[i], lang)
		card.Title = sets[i].title.In(lang)
		list = append(list, card)
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{
		"tilesets": list,
		"links":    []link{{d.at + d.query, "self", "application/json", ""}, {d.home, relGeodata, "application/json", ""}},
	})
}

// tileset describes the tiles of a layer, or of several, in one tile matrix set.
func (s *Server) tileset(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	d, err := s.dataset(c)
	if err != nil {
		return err
	}
	if err := c.jsonOnly(); err != nil {
		return err
	}
	m, err := c.matrixSetOf()
	if err != nil {
		return err
	}
	about, err := tiles.Describe(c.view, d.names, lang)
	if err != nil {
		return err
	}
	weakTag(w, c.view.Seq, c.view.Key(), c.URL.Path, c.URL.RawQuery, s.base(c.Request))
	card := s.tilesetCard(c, &d, m, lang)
	card.describe(m, about)
	return writeJSON(w, c, http.StatusOK, card)
}

// tilesetCard makes what a list tells of a tileset.
func (s *Server) tilesetCard(c *call, d *dataset, m *matrixSet, lang layers.Lang) tilesetCard {
	at, scheme := d.at+"/"+m.id, s.base(c.Request)+"/tileMatrixSets/"+m.id
	more := "?f=mvt"
	if d.query != "" {
		more = d.query + "&f=mvt"
	}
	links := []any{
		link{at + d.query, "self", "application/json", ""},
		link{scheme, relTilingScheme, "application/json", m.title.In(lang)},
		templated{link{at + "/{tileMatrix}/{tileRow}/{tileCol}" + more, "item", tileType, "Mapbox Vector Tiles"}, true},
		link{d.home, relGeodata, "application/json", ""},
	}
	if m.matrix == tiles.WebMercator {
		links = append(links, link{s.base(c.Request) + "/xyz/" + urlNames(d.names) + ".json", "alternate", "application/json", "TileJSON"})
	}
	return tilesetCard{Title: d.title(lang), DataType: "vector", CRS: m.crs, URI: m.uri, Definition: scheme, MediaTypes: []string{tileType}, Links: links}
}

// describe fills in what the description of the layers tells.
func (t *tilesetCard) describe(m *matrixSet, d tiles.Description) {
	if !d.Empty {
		t.Bound = newBoundCard(d.Bound)
		for zoom := max(d.MinZoom, m.matrix.MinZoom()); zoom <= geo.MaxTileZoom; zoom++ { // above MaxZoom the tiles are there too
			lo, hi := m.matrix.Tile(d.Bound.LeftTop(), maptile.Zoom(zoom)), m.matrix.Tile(d.Bound.RightBottom(), maptile.Zoom(zoom))
			t.Limits = append(t.Limits, limitsCard{m.level(zoom), lo.Y, hi.Y, lo.X, hi.X})
		}
	}
	for _, l := range d.Layers {
		out := tilesetLayer{ID: l.ID, Title: l.Description, DataType: "vector", MinMatrix: m.level(max(l.MinZoom, m.matrix.MinZoom())), MaxMatrix: m.level(l.MaxZoom)}
		if l.Dimension >= 0 {
			out.Dimension = &l.Dimension
		}
		if l.Bound != (orb.Bound{}) {
			out.Bound = newBoundCard(l.Bound)
		}
		out.Properties.Type, out.Properties.Properties = "object", map[string]propertyTitle{}
		for key, title := range l.Fields {
			out.Properties.Properties[key] = propertyTitle{title, jsonTypes[l.Types[key]]}
		}
		t.Layers = append(t.Layers, out)
	}
}

// jsonTypes names what a tile holds in JSON Schema.
var jsonTypes = map[layers.FieldType]string{layers.String: "string", layers.Int: "integer", layers.Float: "number", layers.Bool: "boolean"}

// tile answers a vector tile of a tile matrix set. It takes the filters of /xyz.
func (s *Server) tile(w http.ResponseWriter, c *call) error {
	m, err := c.matrixSetOf()
	if err != nil {
		return err
	}
	v := mux.Vars(c.Request)
	tile, err := m.address(v["matrix"], v["row"], v["col"])
	if err != nil {
		return err
	}
	d, err := s.dataset(c)
	if err != nil {
		return err
	}
	if err := c.form("mvt", tileType); err != nil {
		return err
	}
	return s.vector(w, c, m.matrix, tile, d.tables, d.names)
}
