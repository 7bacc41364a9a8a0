package api

import (
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"shapan/layers"

	"github.com/gorilla/mux"
)

// page serves the built pages: /ui/wall is wall.html and so on, what has an ending a file by its name.
func (s *Server) page(w http.ResponseWriter, c *call) error {
	name := path.Clean("/" + mux.Vars(c.Request)["page"])[1:]
	if s.Pages == nil {
		return &problem{Status: http.StatusNotFound, Detail: "this build has no pages: `make build` makes them"}
	}
	if name != "" && !strings.Contains(name, ".") {
		name += ".html"
	}
	b, err := fs.ReadFile(s.Pages, name)
	if err != nil {
		return &layers.Error{Kind: layers.ErrNotFound, Detail: fmt.Sprintf("there is no page %.100q: there are /ui/wall, /ui/dispatch and /ui/analysis", name)}
	}
	if strings.HasPrefix(name, "assets/") { // their names carry a digest of their content
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	weakTag(w, string(b))
	return writeBody(w, c, http.StatusOK, contentType(name), b)
}

// contentType returns the media type by a file's ending; not the system's table, which differs between machines.
func contentType(name string) string {
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
		".woff2": "font/woff2", ".map": "application/json", ".txt": "text/plain; charset=utf-8",
	}
	if t, ok := types[path.Ext(name)]; ok {
		return t
	}
	return "application/octet-stream"
}

// urlName escapes a name for a path, and for filename*= of RFC 6266.
func urlName(s string) string { return url.PathEscape(s) }

// urlNames is urlName of several, with commas between.
func urlNames(names []string) string {
	var out []string
	for _, name := range names {
		out = append(out, urlName(name))
	}
	return strings.Join(out, ",")
}

// landing answers a person with a page of links and a client with OGC API's JSON.
func (s *Server) landing(w http.ResponseWriter, c *call) error {
	format := c.params.text("f")
	if err := c.params.done(); err != nil {
		return err
	}
	base := s.base(c.Request)
	w.Header().Set("Vary", "Authorization, Accept")
	if format == "html" || format == "" && strings.Contains(c.Header.Get("Accept"), "text/html") {
		var b strings.Builder
		err := landingPage.Execute(&b, map[string]any{"Tables": c.view.Tables(), "Seq": c.view.Seq, "Version": s.Version})
		if err != nil {
			return fmt.Errorf("landing page: %w", err)
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'")
		return writeBody(w, c, http.StatusOK, "text/html; charset=utf-8", []byte(b.String()))
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{
		"title": "沙盘 Shapan", "description": "街道一张图 · the one map of a subdistrict",
		"links": []link{
			{base + "/", "self", "application/json", "This document"},
			{base + "/conformance", "conformance", "application/json", "Conformance"},
			{base + "/collections", "data", "application/json", "Layers"},
			{base + "/tiles", relTilesets, "application/json", "Tiles of all layers"},
			{base + "/tileMatrixSets", relTilingSchemes, "application/json", "Tiling schemes"},
			{base + "/style.json", "styles", "application/json", "Map style"},
			{base + "/stream", "monitor", "text/event-stream", "Changes"},
			{base + "/ui/wall", "alternate", "text/html", "Wall"},
			{base + "/ui/dispatch", "alternate", "text/html", "Dispatch desk"},
			{base + "/ui/analysis", "alternate", "text/html", "Analysis"},
		},
	})
}

// landingPage is the page for a person: where to go, and what is here.
var landingPage = template.Must(template.New("landing").Parse(`<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>沙盘 Shapan</title>
<style>body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;background:#0b1220;color:#e6edf6;max-width:52rem;margin:3rem auto;padding:0 1rem}
a{color:#7cc4ff}table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;border-bottom:1px solid #24324a;text-align:left}small{color:#9fb0c6}</style></head>
<body><h1>沙盘 <small>Shapan · 一张图 one map</small></h1>
<p><a href="/ui/wall">大屏 Wall</a> · <a href="/ui/dispatch">调度台 Dispatch</a> · <a href="/ui/analysis">数据分析 Analysis</a> · <a href="/collections">图层 Layers (JSON)</a> · <a href="/style.json">样式 Style</a> · <a href="/readyz">状态 Status</a> · <a href="/metrics">指标 Metrics</a></p>
<table><tr><th>图层 Layer</th><th>名称 Title</th><th>数量 Features</th><th></th></tr>
{{range .Tables}}<tr><td><a href="/collections/{{.Layer.Name}}">{{.Layer.Name}}</a></td><td>{{.Layer.Title.In "zh"}} {{.Layer.Title.In "en"}}</td><td>{{.Len}}</td>
<td><a href="/collections/{{.Layer.Name}}/items?limit=10">items</a> <a href="/export/{{.Layer.Name}}.geojson">geojson</a> <a href="/export/{{.Layer.Name}}.csv">csv</a></td></tr>{{end}}</table>
<p><small>版本 version {{.Version}} · 状态号 state {{.Seq}} · 未带令牌只能看到公开图层 without a token only public layers are shown</small></p></body></html>
`))

// conformance lists the parts of OGC's standards that the service keeps.
func (s *Server) conformance(w http.ResponseWriter, c *call) error {
	if err := c.params.done(); err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{"conformsTo": []string{
		"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
		"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
		"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
		"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
		"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
		"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
		"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
		"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
		"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
		"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/collections-selection",
		"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
		"http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
		"http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
		"http://www.opengis.net/spec/tms/2.0/conf/tilematrixsetlimits",
		"http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixsetlimits",
		"http://www.opengis.net/spec/tms/2.0/conf/tilesetmetadata",
		"http://www.opengis.net/spec/tms/2.0/conf/json-tilesetmetadata",
	}})
}
