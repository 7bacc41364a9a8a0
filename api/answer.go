package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strings"
)

// link is a link as OGC API has it.
type link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
}

// base returns the address that the service is reached at, without a slash at the end.
func (s *Server) base(r *http.Request) string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// writeJSON answers with a value as JSON.
func writeJSON(w http.ResponseWriter, c *call, status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return writeBody(w, c, status, "application/json", b.Bytes())
}

// writeBody answers with bytes, or with 304 where the caller has them: the ETag that the handler set, if any, is
// compared with If-None-Match.
func writeBody(w http.ResponseWriter, c *call, status int, contentType string, body []byte) error {
	if unchanged(w, c) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if c.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(body) // the client has gone: nobody is left to tell
	return nil
}

// unchanged tells whether the caller has the answer whose ETag is set (RFC 9110 §13.1.2, weak comparison).
func unchanged(w http.ResponseWriter, c *call) bool {
	tag := strings.TrimPrefix(w.Header().Get("ETag"), "W/")
	if tag == "" || c.Method != http.MethodGet && c.Method != http.MethodHead {
		return false
	}
	for have := range strings.SplitSeq(c.Header.Get("If-None-Match"), ",") {
		if have = strings.TrimPrefix(strings.TrimSpace(have), "W/"); have == tag || have == "*" {
			return true
		}
	}
	return false
}

// weakTag sets an ETag made of parts that together name the answer.
func weakTag(w http.ResponseWriter, parts ...any) {
	h := fnv.New64a()
	fmt.Fprintln(h, parts...)
	w.Header().Set("ETag", fmt.Sprintf(`W/"%x"`, h.Sum64()))
}

// with returns the query of a call with some parameters replaced; "" removes.
func (c *call) with(changes map[string]string) string {
	q := url.Values{}
	for k, v := range c.params.query {
		q[k] = v
	}
	for k, v := range changes {
		if v == "" {
			q.Del(k)
		} else {
			q.Set(k, v)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}
