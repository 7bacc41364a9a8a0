package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"shapan/layers"
)

// problem is an error as RFC 9457 has it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"` // the parameter or property at fault

	expected bool // nothing that the log needs
}

// Error returns the detail.
func (p *problem) Error() string { return p.Detail }

// statuses is the one table from the kinds of failure to HTTP.
var statuses = []struct {
	kind   error
	status int
}{
	{layers.ErrNotFound, http.StatusNotFound},
	{layers.ErrInvalid, http.StatusBadRequest},
	{layers.ErrConstraint, http.StatusUnprocessableEntity}, // is ErrInvalid too: the later line counts
	{layers.ErrConflict, http.StatusConflict},
	{layers.ErrStale, http.StatusGone},
	{layers.ErrUnavailable, http.StatusServiceUnavailable},
	{layers.ErrForbidden, http.StatusForbidden},
}

// problemOf turns an error into what the caller is told. The unexpected is told without its text.
func problemOf(err error) *problem {
	var p *problem
	var known *layers.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &tooLarge):
		p = &problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is larger than this service takes"}
	case errors.As(err, &known):
		p = &problem{Status: http.StatusInternalServerError, Detail: known.Detail, Field: known.Field}
		for _, s := range statuses {
			if errors.Is(known, s.kind) {
				p.Status = s.status
			}
		}
	case errors.Is(err, layers.ErrUnavailable):
		p = &problem{Status: http.StatusServiceUnavailable, Detail: "the record cannot be written now; reading goes on. Try again shortly"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = &problem{Status: http.StatusServiceUnavailable, Detail: "the answer took too long"}
	default:
		p = &problem{Status: http.StatusInternalServerError, Detail: "something went wrong here; the service's log says what"}
	}
	out := *p
	out.Type, out.Title = "about:blank", http.StatusText(out.Status)
	return &out
}

// clientGone is the status under which the metrics count a request whose client did not wait for its answer; nobody is
// left to read it.
const clientGone = 499

// fail answers with a problem document and logs what was not expected.
func (s *Server) fail(w *recorder, r *http.Request, err error) {
	p := problemOf(err)
	if r.Context().Err() != nil {
		p = &problem{Type: "about:blank", Title: "Client Closed Request", Status: clientGone, Detail: "the client has gone"}
	}
	if p.Status >= 500 && !p.expected {
		s.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", p.Status, "error", err, "cause", layers.Cause(err))
	}
	if w.status != 0 {
		return // the answer has begun; it ends short, which the client sees
	}
	h := w.Header()
	for _, name := range []string{"ETag", "Content-Encoding", "Location", "Last-Modified", "Content-Disposition"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="shapan"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", "2")
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone: nobody is left to tell
}
