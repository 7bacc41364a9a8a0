package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/exchange"

	"github.com/gorilla/mux"
)

// writable returns the layer that the path names when this caller may write it.
func (c *call) writable() (*layers.Table, error) {
	if c.caller.name == "" {
		return nil, &problem{Status: http.StatusUnauthorized, Detail: "writing needs a token: send the header Authorization: Bearer TOKEN"}
	}
	return c.mayWrite(c.table())
}

// mayWrite returns a layer that was looked up when the caller, who has a token, may write it.
func (c *call) mayWrite(t *layers.Table, err error) (*layers.Table, error) {
	if err != nil {
		return nil, err
	}
	if !c.caller.write {
		return nil, &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("a token of the role %s does not write: dispatcher and admin do", c.caller.role)}
	}
	if !t.Layer.Writable {
		return nil, &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("layer %s takes no writes here: it is kept in the record by its owner", t.Layer.Name)}
	}
	if t.Layer.Name == dispatch.ParameterLayer && c.caller.role != "admin" {
		return nil, &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("a token of the role %s does not set parameters: admin does", c.caller.role)}
	}
	return t, nil
}

// body reads a request's JSON of one of the media types.
func (c *call) body(types ...string) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if c.Header.Get("Content-Type") != "" && (err != nil || !strings.Contains(strings.Join(types, " "), kind)) {
		return nil, &problem{Status: http.StatusUnsupportedMediaType, Detail: fmt.Sprintf("content type %.80q: expected %s", c.Header.Get("Content-Type"), strings.Join(types, " or "))}
	}
	b, err := io.ReadAll(c.Body)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, layers.Invalid("", "the body ended before it was whole")
	}
	c.sent = b
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, layers.Invalid("", "the body is empty: expected %s", strings.Join(types, " or "))
	}
	return b, nil
}

// put writes one change and measures it.
func (s *Server) put(c *call, t *layers.Table, change layers.Change) (*layers.Change, error) {
	if change.Feature != nil && !t.Admits(change.Feature) {
		return nil, &layers.Error{Kind: layers.ErrForbidden, Detail: "the feature lies in a community that this token does not cover"}
	}
	if change.Feature != nil && t.Layer.Name == dispatch.ParameterLayer {
		if err := dispatch.CheckRow(&t.Layer, change.Feature); err != nil {
			return nil, err
		}
	}
	if change.Feature != nil && t.Layer.Name == dispatch.ResponderLayer {
		was, _ := t.Get(change.ID) // nothing where it is new
		dispatch.BeginDuty(&t.Layer, change.Feature, was, s.Clock())
		dispatch.EndDuty(c.view, &t.Layer, change.Feature, was)
	}
	changes := []layers.Change{change}
	if _, err := s.putAll(c, t, changes); err != nil {
		return nil, err
	}
	return &changes[0], nil
}

// putAll writes changes, all or none, and measures them as a write of one layer. It returns the state that has them: that of
// then, where they were written before under their key.
func (s *Server) putAll(c *call, t *layers.Table, changes []layers.Change) (layers.Seq, error) {
	begun := s.Clock()
	key, err := c.key()
	if err != nil {
		return 0, err
	}
	seq, err := s.Live.Put(c.Context(), key, changes)
	if err != nil {
		return 0, err
	}
	s.metrics.writes.WithLabelValues(t.Layer.Name).Observe(s.Clock().Sub(begun).Seconds())
	return seq, nil
}

// key names the write that a caller may send again, by the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).
// It is the caller's own: two tokens may use the same word. The digest is of what was sent, so defaults such as now() do
// not tell a second try from the first.
func (c *call) key() (layers.Key, error) {
	const most = 200
	word := c.Header.Get("Idempotency-Key")
	if word == "" {
		return layers.Key{}, nil
	}
	if len(word) > most {
		return layers.Key{}, layers.Invalid("Idempotency-Key", "an Idempotency-Key of %d bytes: expected at most %d", len(word), most)
	}
	h := sha256.New()
	fmt.Fprintln(h, c.Method, c.URL.Path, c.Header.Get("If-Match"))
	h.Write(c.sent)
	owner := sha256.Sum256([]byte(c.caller.name))
	return layers.Key{Name: hex.EncodeToString(owner[:8]) + " " + word, Digest: hex.EncodeToString(h.Sum(nil))}, nil
}

// unlessDone returns the reason why a write is refused, or nil where the record says that this very write was done before
// under its key: then the answer was lost, and what the write asked for came to pass.
func (s *Server) unlessDone(c *call, t *layers.Table, why error) error {
	id, err := strconv.ParseInt(mux.Vars(c.Request)["id"], 10, 64)
	if err != nil {
		return why
	}
	return s.unlessDoneBy(c, why, never(t.Layer.Name, id))
}

// unlessDoneBy is unlessDone for a write of any number of changes. Only the record knows its keys, so it is offered as many
// changes once more, the first of which it can never make.
func (s *Server) unlessDoneBy(c *call, why error, changes ...layers.Change) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	if key.Name == "" {
		return why
	}
	_, err = s.Live.Put(c.Context(), key, changes)
	if err == nil || errors.Is(err, layers.ErrUnavailable) {
		return err
	}
	return why
}

// never is a change that no record can make.
func never(layer string, id int64) layers.Change {
	return layers.Change{Op: layers.Delete, Layer: layer, ID: id, IfMatch: "no feature has this"}
}

// create makes a feature of a GeoJSON Feature; the record gives the id where none came.
func (s *Server) create(w http.ResponseWriter, c *call) error {
	t, err := c.writable()
	if err != nil {
		return err
	}
	if err := c.params.done(); err != nil {
		return err
	}
	b, err := c.body("application/geo+json", "application/json")
	if err != nil {
		return err
	}
	f, err := exchange.ReadFeature(b, &t.Layer)
	if err != nil {
		return err
	}
	if err := t.Layer.Defaults(c.view, &f, s.Clock()); err != nil {
		return err
	}
	done, err := s.put(c, t, layers.Change{Op: layers.Insert, Layer: t.Layer.Name, ID: f.ID, Feature: &f})
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("%s/collections/%s/items/%d", s.base(c.Request), t.Layer.Name, done.ID))
	return s.written(w, c, t, done.ID, http.StatusCreated)
}

// patch changes a feature by a merge patch (RFC 7396) of its GeoJSON. With If-Match it is refused when somebody else
// was faster; without, it is applied to what the feature is now.
func (s *Server) patch(w http.ResponseWriter, c *call) error {
	t, err := c.writable()
	if err != nil {
		return err
	}
	if err := c.params.done(); err != nil {
		return err
	}
	b, err := c.body("application/merge-patch+json", "application/geo+json", "application/json")
	if err != nil {
		return err
	}
	const tries = 5
	for try := 1; ; try++ {
		r, err := c.row(t)
		var old layers.Feature
		if err == nil {
			old = r.Feature()
			err = c.ifMatch(old.ETag())
		}
		if err != nil {
			if err := s.unlessDone(c, t, err); err != nil {
				return err
			}
			return s.written(w, c, t, old.ID, http.StatusOK)
		}
		f, err := exchange.Merge(b, &t.Layer, old)
		if err != nil {
			return err
		}
		_, err = s.put(c, t, layers.Change{Op: layers.Update, Layer: t.Layer.Name, ID: old.ID, Feature: &f, IfMatch: old.ETag()})
		if errors.Is(err, layers.ErrConflict) && c.Header.Get("If-Match") == "" && try < tries {
			if t, err = s.Live.Snapshot().View(c.caller.scope).Table(t.Layer.Name); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return precondition(c, err)
		}
		return s.written(w, c, t, old.ID, http.StatusOK)
	}
}

// remove deletes a feature.
func (s *Server) remove(w http.ResponseWriter, c *call) error {
	t, err := c.writable()
	if err != nil {
		return err
	}
	if err := c.params.done(); err != nil {
		return err
	}
	if err := s.delete(c, t); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) delete(c *call, t *layers.Table) error {
	r, err := c.row(t)
	if err != nil {
		return s.unlessDone(c, t, err)
	}
	change := layers.Change{Op: layers.Delete, Layer: t.Layer.Name, ID: r.ID()}
	if c.Header.Get("If-Match") != "" {
		if err := c.ifMatch(r.ETag()); err != nil {
			return s.unlessDone(c, t, err)
		}
		change.IfMatch = r.ETag()
	}
	_, err = s.put(c, t, change)
	return precondition(c, err)
}

// ifMatch compares the If-Match header, where there is one, with a feature's ETag (RFC 9110 §13.1.1).
func (c *call) ifMatch(tag string) error {
	header := c.Header.Get("If-Match")
	if header == "" || strings.TrimSpace(header) == "*" {
		return nil
	}
	for _, have := range strings.Split(header, ",") {
		if strings.TrimSpace(have) == `"`+tag+`"` {
			return nil
		}
	}
	return failedPrecondition()
}

func failedPrecondition() error {
	return &problem{Status: http.StatusPreconditionFailed, Detail: "the feature has changed since you read it: read it again and decide anew"}
}

// precondition turns a conflict that If-Match was to prevent into 412.
func precondition(c *call, err error) error {
	if errors.Is(err, layers.ErrConflict) && c.Header.Get("If-Match") != "" {
		return failedPrecondition()
	}
	return err
}

// written answers with the feature as it is in memory after a write.
func (s *Server) written(w http.ResponseWriter, c *call, t *layers.Table, id int64, status int) error {
	view := s.Live.Snapshot().View(c.caller.scope)
	w.Header().Set("Shapan-Seq", fmt.Sprint(view.Seq))
	now, err := view.Table(t.Layer.Name)
	if err != nil {
		return err
	}
	r, ok := now.Get(id)
	if !ok {
		w.WriteHeader(http.StatusNoContent) // written, and deleted again by somebody else since
		return nil
	}
	w.Header().Set("ETag", `"`+r.ETag()+`"`)
	return writeBody(w, c, status, geoJSONType, exchange.AppendRow(nil, r, allFields(&now.Layer), nil))
}

// allFields returns the position of every field.
func allFields(l *layers.Layer) []int {
	out := make([]int, len(l.Fields))
	for i := range out {
		out[i] = i
	}
	return out
}
