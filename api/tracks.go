package api

import (
	"fmt"
	"net/http"
	"time"

	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// maxPurpose bounds the purpose of looking at a track, in bytes.
const maxPurpose = 500

// track answers /tracks/{responder}?purpose=&datetime=: where somebody was on duty, in a day or what is asked. Who asks is
// written to the record first; without that there is no answer.
func (s *Server) track(w http.ResponseWriter, c *call) error {
	if c.caller.name == "" {
		return &problem{Status: http.StatusUnauthorized, Detail: "tracks need a token: send the header Authorization: Bearer TOKEN"}
	}
	if c.caller.scope.Audience < layers.Restricted {
		return &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("a token of the role %s does not see tracks: dispatcher and admin do", c.caller.role)}
	}
	purpose := c.params.text("purpose")
	if purpose == "" || len(purpose) > maxPurpose {
		return layers.Invalid("purpose", "purpose: expected up to %d bytes that say what the track is looked at for; it is kept, and shown to whose track it is", maxPurpose)
	}
	now := s.Clock()
	from, to := c.params.interval("datetime")
	if to.IsZero() {
		to = now
	}
	if from.IsZero() {
		from = to.AddDate(0, 0, -1)
	}
	if err := c.params.done(); err != nil {
		return err
	}
	if from.After(to) || from.Year() < 1970 || to.Year() > 9999 {
		return layers.Invalid("datetime", "datetime is from %s to %s: expected an interval that begins before it ends", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	who, err := dispatch.Responder(c.view, mux.Vars(c.Request)["responder"])
	if err != nil {
		return err
	}
	tracks, err := s.Live.Snapshot().Service().Table(dispatch.TrackLayer)
	if err != nil {
		return layers.NotFound("this record keeps no tracks")
	}
	if err := s.noteRead(c, who, purpose, from, to, now); err != nil {
		return err
	}
	out := geojson.NewFeatureCollection()
	out.Features = []*geojson.Feature{}
	for _, at := range dispatch.Track(tracks, &s.parameters().Parameters, who.ID(), from, to, now) {
		f := geojson.NewFeature(orb.Point{roundTo(at.At[0], 1e6), roundTo(at.At[1], 1e6)})
		f.Properties = geojson.Properties{"at": at.When.UTC().Format(time.RFC3339), "coarse": at.Coarse}
		out.Append(f)
	}
	w.Header()["Cache-Control"] = []string{"no-store"}
	return writeJSON(w, c, http.StatusOK, out)
}

// noteRead writes down who looks at whose track, and what for.
func (s *Server) noteRead(c *call, who layers.Row, purpose string, from, to, now time.Time) error {
	t, err := c.view.Table(dispatch.ReadLayer)
	if err != nil {
		return err
	}
	f := layers.Feature{Values: make([]layers.Value, len(t.Layer.Fields))}
	for name, v := range map[string]layers.Value{"at": layers.TimeValue(now), "responder": layers.TextValue(who.Get("code").Text()), "community": who.Get("community"),
		"by": layers.TextValue(c.caller.name), "purpose": layers.TextValue(purpose), "from": layers.TimeValue(from), "to": layers.TimeValue(to)} {
		if i := t.Layer.Index(name); i >= 0 {
			f.Values[i] = v
		}
	}
	_, err = s.putAll(c, t, []layers.Change{{Op: layers.Insert, Layer: dispatch.ReadLayer, Feature: &f}})
	return err
}
