package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb/maptile"
)

// matrixSet is a tile matrix set of OGC (17-083r4): a way to cut the world into tiles, with names for its levels.
type matrixSet struct {
	id          string
	title       layers.Text
	description layers.Text
	uri         string // of OGC's register; empty: it is not registered
	crs         string
	axes        []string // of the reference system, in its order
	scales      string   // the well-known scale set
	matrix      tiles.Matrix
	first       int // the zoom whose level is named 0
}

// lonLatWords says who can show tiles of longitudes and latitudes.
var lonLatWords = layers.Text{
	layers.Chinese: "矢量瓦片边长 4096 单位，y 轴向下（向南）。OpenLayers、SuperMap iClient 等可直接显示；MapLibre 只支持 Web 墨卡托，须用打过补丁的版本。世界坐标止于北纬、南纬 85.05°。",
	layers.English: "Vector tiles are 4096 units wide with y downwards, to the south. OpenLayers and SuperMap iClient show them; MapLibre knows only Web Mercator unless patched. Positions end at 85.05 degrees north and south.",
}

// sets are the tile matrix sets that there are. WebMercatorQuad and WorldCRS84Quad are those of OGC's register. Tianditu's
// w is WebMercatorQuad with the same numbers of levels; its c is CGCS2000Quad, whose level 1 is level 0 of WorldCRS84Quad,
// and for which OGC has no name.
var sets = []matrixSet{
	{
		id: "WebMercatorQuad", matrix: tiles.WebMercator,
		title:  layers.Text{layers.Chinese: "Web 墨卡托（天地图 w）", layers.English: "Web Mercator (Tianditu's w)"},
		uri:    "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
		crs:    "http://www.opengis.net/def/crs/EPSG/0/3857",
		axes:   []string{"E", "N"},
		scales: "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
	},
	{
		id: "WorldCRS84Quad", matrix: tiles.LonLat, first: 1,
		title:       layers.Text{layers.Chinese: "全球经纬度（WGS 84）", layers.English: "Longitude and latitude of the world (WGS 84)"},
		description: lonLatWords,
		uri:         "http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad",
		crs:         crs84,
		axes:        []string{"Lon", "Lat"},
		scales:      "http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad",
	},
	{
		id: "CGCS2000Quad", matrix: tiles.LonLat,
		title:       layers.Text{layers.Chinese: "全球经纬度（CGCS2000，天地图 c）", layers.English: "Longitude and latitude of the world (CGCS2000, Tianditu's c)"},
		description: lonLatWords,
		crs:         "http://www.opengis.net/def/crs/EPSG/0/4490",
		axes:        []string{"Lat", "Lon"},
		scales:      "http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad",
	},
}

// matrixSetCard is a tile matrix set in JSON (17-083r4, annex C).
type matrixSetCard struct {
	ID          string       `json:"id"`
	Title       string       `json:"title"`
	Description string       `json:"description,omitempty"`
	URI         string       `json:"uri,omitempty"`
	CRS         string       `json:"crs"`
	Axes        []string     `json:"orderedAxes"`
	Scales      string       `json:"wellKnownScaleSet"`
	Matrices    []matrixCard `json:"tileMatrices"`
	Links       []link       `json:"links"`
}

type matrixCard struct {
	ID     string     `json:"id"`
	Scale  float64    `json:"scaleDenominator"`
	Cell   float64    `json:"cellSize"` // of a pixel, in units of the reference system
	Corner string     `json:"cornerOfOrigin"`
	Origin [2]float64 `json:"pointOfOrigin"` // in the order of the axes
	Width  int        `json:"tileWidth"`
	Height int        `json:"tileHeight"`
	Cols   uint32     `json:"matrixWidth"`
	Rows   uint32     `json:"matrixHeight"`
}

// The sizes that the levels are made from.
const (
	earthRadius = 6378137.0 // metres, of EPSG:3857 and of the scale of degrees
	pixelSize   = 0.00028   // metres, of the standardized pixel
	tilePixels  = 256
)

// level names the level of a zoom.
func (m *matrixSet) level(zoom int) string { return strconv.Itoa(zoom - m.first) }

// matrices returns the levels, the coarsest first.
func (m *matrixSet) matrices() []matrixCard {
	var out []matrixCard
	around := 360.0 // units of the reference system in the width of the world
	if m.matrix == tiles.WebMercator {
		around = 2 * math.Pi * earthRadius
	}
	for zoom := m.matrix.MinZoom(); zoom <= geo.MaxTileZoom; zoom++ {
		cols, rows := m.matrix.Size(maptile.Zoom(zoom))
		pixels := float64(cols) * tilePixels
		card := matrixCard{
			ID: m.level(zoom), Scale: 2 * math.Pi * earthRadius / pixels / pixelSize, Cell: around / pixels,
			Corner: "topLeft", Width: tilePixels, Height: tilePixels, Cols: cols, Rows: rows,
		}
		card.Origin = [2]float64{-around / 2, around * float64(rows) / float64(cols) / 2}
		if m.axes[0] == "Lat" {
			card.Origin[0], card.Origin[1] = card.Origin[1], card.Origin[0]
		}
		out = append(out, card)
	}
	return out
}

// matrixSetOf returns the tile matrix set that the path names.
func (c *call) matrixSetOf() (*matrixSet, error) {
	id := mux.Vars(c.Request)["tms"]
	var ids []string
	for i := range sets {
		if sets[i].id == id {
			return &sets[i], nil
		}
		ids = append(ids, sets[i].id)
	}
	err := layers.Unknown("tile matrix set", id, ids).(*layers.Error)
	err.Kind = layers.ErrNotFound
	return nil, err
}

// address reads the level, row and column of a tile.
func (m *matrixSet) address(level, row, col string) (maptile.Tile, error) {
	outside := func(format string, args ...any) error {
		return &layers.Error{Kind: layers.ErrNotFound, Field: "tile", Detail: fmt.Sprintf(format, args...)}
	}
	least := m.matrix.MinZoom() - m.first
	n, err := strconv.ParseUint(level, 10, 8)
	if err != nil || int(n) < least || int(n)+m.first > geo.MaxTileZoom {
		return maptile.Tile{}, outside("tile matrix %.20q: expected a whole number from %d to %d in %s", level, least, geo.MaxTileZoom-m.first, m.id)
	}
	zoom := maptile.Zoom(int(n) + m.first)
	cols, rows := m.matrix.Size(zoom)
	y, err := strconv.ParseUint(row, 10, 32)
	if err != nil || y >= uint64(rows) {
		return maptile.Tile{}, outside("tile row %.20q: expected a whole number from 0 to %d in tile matrix %s of %s", row, rows-1, level, m.id)
	}
	x, err := strconv.ParseUint(col, 10, 32)
	if err != nil || x >= uint64(cols) {
		return maptile.Tile{}, outside("tile column %.20q: expected a whole number from 0 to %d in tile matrix %s of %s; the row comes before the column", col, cols-1, level, m.id)
	}
	return maptile.New(uint32(x), uint32(y), zoom), nil
}

// matrixSets lists the tile matrix sets.
func (s *Server) matrixSets(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	if err := c.jsonOnly(); err != nil {
		return err
	}
	type entry struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		URI   string `json:"uri,omitempty"`
		CRS   string `json:"crs"`
		Links []link `json:"links"`
	}
	at := s.base(c.Request) + "/tileMatrixSets"
	var list []entry
	for _, m := range sets {
		list = append(list, entry{m.id, m.title.In(lang), m.uri, m.crs, []link{{at + "/" + m.id, "self", "application/json", m.title.In(lang)}}})
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{
		"tileMatrixSets": list, "links": []link{{at, "self", "application/json", ""}},
	})
}

// matrixSet describes one tile matrix set.
func (s *Server) matrixSet(w http.ResponseWriter, c *call) error {
	lang := c.params.lang()
	if err := c.jsonOnly(); err != nil {
		return err
	}
	m, err := c.matrixSetOf()
	if err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusOK, matrixSetCard{
		ID: m.id, Title: m.title.In(lang), Description: m.description.In(lang), URI: m.uri, CRS: m.crs, Axes: m.axes, Scales: m.scales,
		Matrices: m.matrices(), Links: []link{{s.base(c.Request) + "/tileMatrixSets/" + m.id, "self", "application/json", ""}},
	})
}
