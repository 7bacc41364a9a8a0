package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"shapan/layers"
)

// TourStop is where the wall stays for a while: an area by its code, or a camera, or with neither all of the map.
type TourStop struct {
	Scope   string   `json:"scope,omitempty"`   // the code of an area
	View    string   `json:"view,omitempty"`    // zoom/lat/lon/bearing/pitch, WGS-84 degrees
	Seconds int      `json:"seconds,omitempty"` // how long; absent in a file: 20
	Layers  []string `json:"layers,omitempty"`  // layers that are shown meanwhile; absent: as they are
	Heat    *bool    `json:"heat,omitempty"`    // whether heat is shown; absent: as it is
	Panel   string   `json:"panel,omitempty"`   // the panel to look at
}

// Tour is where the wall goes by itself, stop by stop, over and over.
type Tour struct {
	Stops []TourStop `json:"stops"`
}

// Limits of a tour.
const (
	usualStop = 20 // seconds
	maxStop   = 3600
	minStop   = 5
	maxStops  = 500
)

// What the words of a stop look like.
var (
	stopScope = regexp.MustCompile(`^\d{6,18}$`)
	stopPanel = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)
)

// ParseTour reads a tour. What is wrong with it is named with its line and stop, both from 1.
func ParseTour(b []byte) (*Tour, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var file struct {
		Stops []json.RawMessage `json:"stops"`
	}
	if err := dec.Decode(&file); err != nil {
		return nil, tourFault(b, err, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line %d: expected nothing after the tour", lineAt(b, dec.InputOffset()))
	}
	if n := len(file.Stops); n == 0 || n > maxStops {
		return nil, fmt.Errorf(`the tour has %d stops: expected {"stops": [...]} with 1 to %d`, n, maxStops)
	}
	out := &Tour{}
	from := 0
	for i, raw := range file.Stops {
		at := from + bytes.Index(b[from:], raw) // the decoder copies what it read, byte by byte
		from = at + len(raw)
		stop, err := parseStop(raw)
		if err != nil {
			return nil, fmt.Errorf("line %d: stop %d: %w", lineAt(b, int64(at)), i+1, err)
		}
		out.Stops = append(out.Stops, stop)
	}
	return out, nil
}

func parseStop(raw []byte) (TourStop, error) {
	stop := TourStop{Seconds: usualStop}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&stop); err != nil {
		return stop, fmt.Errorf("%w; expected scope, view, seconds, layers, heat and panel", err)
	}
	switch {
	case stop.Scope != "" && stop.View != "":
		return stop, errors.New("scope and view are given: expected one of the two")
	case stop.Scope != "" && !stopScope.MatchString(stop.Scope):
		return stop, fmt.Errorf("scope %.40q: expected the code of an area, 6 to 18 digits", stop.Scope)
	case stop.View != "" && !commandForms["view"].to.MatchString(stop.View):
		return stop, fmt.Errorf("view %.40q: expected %s", stop.View, commandForms["view"].expected)
	case stop.Seconds < minStop || stop.Seconds > maxStop:
		return stop, fmt.Errorf("seconds %d: expected %d to %d", stop.Seconds, minStop, maxStop)
	case stop.Panel != "" && !stopPanel.MatchString(stop.Panel):
		return stop, fmt.Errorf("panel %.40q: expected the name of a panel, in small letters", stop.Panel)
	case len(stop.Layers) > 64:
		return stop, fmt.Errorf("%d layers: expected at most 64", len(stop.Layers))
	}
	return stop, nil
}

// tourFault says where JSON is wrong.
func tourFault(b []byte, err error, at int64) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	return fmt.Errorf("line %d: %w", lineAt(b, at), err)
}

// lineAt is the line, from 1, of a place in a text.
func lineAt(b []byte, offset int64) int {
	return 1 + bytes.Count(b[:min(int64(len(b)), max(0, offset))], []byte("\n"))
}

// tour answers where the wall goes by itself: what the service was given, else each community that the caller sees, and then
// all of the map.
func (s *Server) tour(w http.ResponseWriter, c *call) error {
	if err := c.params.done(); err != nil {
		return err
	}
	out := s.Tour
	if out == nil {
		out = communityTour(c.view)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("tour: %w", err)
	}
	weakTag(w, string(b))
	return writeBody(w, c, http.StatusOK, "application/json", b)
}

// communityTour goes from community to community.
func communityTour(v *layers.View) *Tour {
	out := &Tour{Stops: []TourStop{}}
	if t, err := v.Table("communities"); err == nil && t.Layer.Index("code") >= 0 {
		t.Each(nil, func(r layers.Row) bool {
			out.Stops = append(out.Stops, TourStop{Scope: r.Get("code").Text(), Seconds: usualStop})
			return len(out.Stops) < maxStops
		})
	}
	out.Stops = append(out.Stops, TourStop{Seconds: usualStop})
	return out
}
