package api

import (
	"net/http"

	"shapan/layers"
)

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
	filter := c.params.filter(t)
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
