package api

import (
	"context"
	"net/http"

	"shapan/tiles"
)

// debugTile answers /debug/tile/{layers}/{z}/{x}/{y}.json: why a vector tile is as it is. It is for operators alone, who
// hold a token of the role admin; others learn nothing by it, not even which layers there are.
func (s *Server) debugTile(w http.ResponseWriter, c *call) error {
	switch c.caller.role {
	case "admin":
	case "":
		return &problem{Status: http.StatusUnauthorized, Detail: "this address is for operators: it needs a token of the role admin"}
	default:
		return &problem{Status: http.StatusForbidden, Detail: "this address is for operators: the token's role is " + c.caller.role + ", expected admin"}
	}
	tile, err := c.tileAddress()
	if err != nil {
		return err
	}
	tables, names, err := c.tileLayers()
	if err != nil {
		return err
	}
	r, key, err := c.tileRequest(tiles.Request{Layers: names, Tile: tile}, tables)
	if err != nil {
		return err
	}
	view := c.view
	report, err := inTurn(s, c, func(ctx context.Context) (*tiles.Report, error) { return s.Cache.Explain(ctx, view, r, key) })
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store") // times and the cache differ from one moment to the next
	return writeJSON(w, c, http.StatusOK, report)
}
