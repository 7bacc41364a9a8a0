package api

import (
	"net/http"
	"time"
)

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, c *call) error {
	if err := c.params.done(); err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{"status": "alive"})
}

// readiness is the body of /readyz.
type readiness struct {
	Status string  `json:"status"` // ready or degraded
	Reason string  `json:"reason,omitempty"`
	Since  string  `json:"since,omitempty"`
	Seq    uint64  `json:"seq"`
	Age    float64 `json:"age_seconds"`    // since the record last confirmed that memory is up to date
	Copy   string  `json:"copy,omitempty"` // of which moment the local copy is that is shown; absent: memory came from the record
	Notes  int     `json:"rows_left_out,omitempty"`
}

// staleAfter is the age of data at which the service calls itself degraded.
const staleAfter = 10 * time.Second

// readyz says whether memory follows the record. Degraded still answers 200: reading goes on.
func (s *Server) readyz(w http.ResponseWriter, c *call) error {
	if err := c.params.done(); err != nil {
		return err
	}
	h := s.Live.Health()
	out := readiness{Status: "ready", Seq: uint64(h.Seq), Age: h.Age.Seconds(), Notes: len(h.Notes)}
	switch {
	case !h.Copy.IsZero():
		out.Copy = h.Copy.Format(time.RFC3339)
		out.Status, out.Since = "degraded", h.Since.Format(time.RFC3339)
		out.Reason = "the record cannot be reached; this is the local copy of " + out.Copy
		if h.Fault != nil {
			out.Reason += " (" + problemOf(h.Fault).Detail + ")"
		}
	case h.Fault != nil:
		out.Status, out.Reason, out.Since = "degraded", problemOf(h.Fault).Detail, h.Since.Format(time.RFC3339)
	case h.Age > staleAfter:
		out.Status, out.Reason = "degraded", "the record has not answered for a while"
	}
	return writeJSON(w, c, http.StatusOK, out)
}
