package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"shapan/geo"
	"shapan/layers"
	"shapan/layers/dispatch"

	"github.com/paulmach/orb"
)

// What POST /positions takes at once.
const (
	mostFixes    = 1000
	mostFixBytes = 1 << 20
	linesType    = "application/x-ndjson"
)

// fixBody is one fix as it is sent. Pointers tell what is missing.
type fixBody struct {
	Responder name       `json:"responder"` // id or code
	Lon       *float64   `json:"lon"`
	Lat       *float64   `json:"lat"`
	At        *time.Time `json:"at"` // RFC 3339
	AccuracyM *float64   `json:"accuracy_m"`
	Activity  string     `json:"activity"`
}

// refusedFix is a fix that was not taken.
type refusedFix struct {
	Index     int         `json:"index"` // in what was sent, from 0
	Responder string      `json:"responder,omitempty"`
	Code      string      `json:"reason_code"`
	Reason    layers.Text `json:"reason"`
}

// positionsAnswer is what became of a batch of fixes.
type positionsAnswer struct {
	Accepted int            `json:"accepted"`
	Rejected int            `json:"rejected"`
	Written  int            `json:"written"` // responders whose newest fix is kept by this very request
	Reasons  map[string]int `json:"reasons"` // how many fixes were refused, by reason code
	Refused  []refusedFix   `json:"refused"` // in the order in which they were sent
	Seq      layers.Seq     `json:"seq"`
}

// positions takes the fixes of responders: those that can be are kept, the newest of each, in one write; each of the others
// gets its reason. What is sent once more changes nothing: the fixes that are kept already count as accepted.
func (s *Server) positions(w http.ResponseWriter, c *call) error {
	if c.caller.name == "" {
		return &problem{Status: http.StatusUnauthorized, Detail: "sending positions needs a token: send the header Authorization: Bearer TOKEN"}
	}
	t, err := c.mayWrite(c.view.Table(dispatch.ResponderLayer))
	if err != nil {
		return err
	}
	crs := c.params.crs("crs")
	if err := c.params.done(); err != nil {
		return err
	}
	c.Body = http.MaxBytesReader(w, c.Body, mostFixBytes)
	b, err := c.body("application/json", linesType)
	if err != nil {
		return err
	}
	list, err := fixes(b, c.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	var reports []dispatch.Report
	var sent []int // where each report stands in the list
	for i := range list {
		if r, ok := list[i].report(crs); ok {
			reports, sent = append(reports, r), append(sent, i)
		}
	}
	view, reasons, written, err := s.keep(c, t, reports)
	if err != nil {
		return err
	}
	out := positionsAnswer{Written: written, Reasons: map[string]int{}, Refused: []refusedFix{}, Seq: view.Seq}
	for i, k := 0, 0; i < len(list); i++ {
		why := dispatch.Unreadable
		if k < len(sent) && sent[k] == i {
			why, k = reasons[k], k+1
		}
		if why == "" {
			out.Accepted++
			continue
		}
		out.Rejected, out.Reasons[why] = out.Rejected+1, out.Reasons[why]+1
		out.Refused = append(out.Refused, refusedFix{i, clipped(string(list[i].Responder)), why, dispatch.Refusal(why)})
	}
	return writeJSON(w, c, http.StatusOK, out)
}

// keep judges reports and writes those that count, once more by what is known then where somebody else was faster. It returns
// the view that has them.
func (s *Server) keep(c *call, t *layers.Table, reports []dispatch.Report) (v *layers.View, reasons []string, written int, err error) {
	parameters := s.parameters()
	v = c.view
	const tries = 5
	for try := 1; ; try++ {
		tracks, err := s.Live.Snapshot().Service().Table(dispatch.TrackLayer)
		if err != nil {
			tracks = nil // a record without tracks keeps the newest fix alone
		}
		changes, reasons, err := dispatch.Move(v, tracks, &parameters.Parameters, reports, s.Clock())
		if err != nil || len(changes) == 0 {
			return v, reasons, 0, err
		}
		judged := v.Seq
		seq, err := s.putAll(c, t, changes)
		v = s.Live.Snapshot().View(c.caller.scope)
		if err == nil && seq <= judged {
			return v, reasons, 0, nil // the record knows the key: this request was done before
		}
		if err == nil {
			return v, reasons, kept(changes), nil
		}
		if !errors.Is(err, layers.ErrConflict) || try == tries {
			return v, nil, 0, err
		}
	}
}

// kept counts the responders whose newest fix is in changes.
func kept(changes []layers.Change) (n int) {
	for _, c := range changes {
		if c.Layer == dispatch.ResponderLayer {
			n++
		}
	}
	return n
}

// fixes reads a JSON array or, as the content type says, lines of JSON. One that is no fix is there, empty, and stops no
// other.
func fixes(b []byte, contentType string) ([]fixBody, error) {
	var out []fixBody
	add := func(raw json.RawMessage) error {
		if len(out) == mostFixes {
			return layers.Invalid("", "more than %d positions came: expected at most that many in a request", mostFixes)
		}
		var f fixBody
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		err := d.Decode(&f)
		if _, more := d.Token(); err != nil || !errors.Is(more, io.EOF) {
			f = fixBody{Responder: f.Responder}
		}
		out = append(out, f)
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind == linesType { // body has looked at the type
		for line := range bytes.Lines(b) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				if err := add(line); err != nil {
					return nil, err
				}
			}
		}
		return out, nil
	}
	return out, eachMember(b, add)
}

// eachMember calls fn with the members of a JSON array, until it fails. The slices are good until the next call.
func eachMember(b []byte, fn func(json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if first, err := d.Token(); err != nil || first != json.Delim('[') {
		return layers.Invalid("", "the body is not a JSON array: expected one of objects")
	}
	var raw json.RawMessage
	for d.More() {
		if err := d.Decode(&raw); err != nil {
			return layers.Invalid("", "the body is not JSON from byte %d on: %.200s", d.InputOffset(), err.Error())
		}
		if err := fn(raw); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return layers.Invalid("", "the JSON array in the body has no end")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return layers.Invalid("", "something follows the JSON array in the body")
	}
	return nil
}

// report returns what was sent as the ranking has it; false where something is missing or cannot be.
func (f *fixBody) report(crs geo.CRS) (dispatch.Report, bool) {
	if f.Responder == "" || f.Lon == nil || f.Lat == nil || f.At == nil || f.AccuracyM == nil || f.At.Year() < 1970 || f.At.Year() > 9999 {
		return dispatch.Report{}, false
	}
	at := geo.ToWGS84Point(crs, orb.Point{*f.Lon, *f.Lat})
	fix := dispatch.Fix{At: at, When: f.At.Truncate(time.Microsecond), AccuracyM: *f.AccuracyM}
	return dispatch.Report{Responder: string(f.Responder), Fix: fix, Activity: f.Activity}, true
}

// clipped is a text short enough to be told back.
func clipped(s string) string {
	const most = 40
	for i := range s {
		if i >= most {
			return s[:i] + "…"
		}
	}
	return s
}
