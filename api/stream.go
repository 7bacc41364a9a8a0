package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"shapan/layers"
)

// streamChange is one change on a stream: what to fetch again, never the content.
type streamChange struct {
	Layer  string       `json:"layer"`
	ID     int64        `json:"id"`
	Op     string       `json:"op"`
	Bounds [][4]float64 `json:"bounds"` // west, south, east, north: where it was and is
}

// streamEvent is the data of an event on a stream.
type streamEvent struct {
	Seq     layers.Seq     `json:"seq"`
	At      string         `json:"at"`
	Age     float64        `json:"age_seconds"`
	Changes []streamChange `json:"changes,omitempty"`
}

// stream sends changes as server-sent events (HTML Living Standard §9.2): hello at first, changes as they come,
// heartbeat while nothing changes, reload when the follower has missed some and must fetch everything again.
// Last-Event-ID resumes after the last number seen.
func (s *Server) stream(w http.ResponseWriter, c *call) error {
	after := c.view.Seq
	resumed := c.params.text("after")
	if h := c.Header.Get("Last-Event-ID"); h != "" {
		resumed = h
	}
	if err := c.params.done(); err != nil {
		return err
	}
	if resumed != "" {
		n, err := strconv.ParseUint(resumed, 10, 64)
		if err != nil {
			return layers.Invalid("Last-Event-ID", "last event %.40q: expected the number of the last event seen", resumed)
		}
		after = layers.Seq(n)
	}
	done, err := s.openStream()
	if err != nil {
		return err
	}
	defer done()
	out := newEventWriter(w)
	if err := out.send("hello", s.event(c.view.Seq), nil); err != nil {
		return nil // the client has gone
	}
	err = s.Live.Follow(c.Context(), after, s.Heartbeat, func(snapshot *layers.Snapshot, news []layers.Applied) error {
		return s.forward(out, c, snapshot, news)
	})
	if errors.Is(err, layers.ErrStale) {
		s.metrics.dropped.Inc()
		_ = out.send("reload", s.event(s.Live.Snapshot().Seq), nil)
	}
	return nil
}

// openStream takes one of the places for open streams; done gives it back.
func (s *Server) openStream() (done func(), err error) {
	select {
	case s.streams <- struct{}{}:
	default:
		return nil, &problem{Status: http.StatusServiceUnavailable, Detail: fmt.Sprintf("%d streams are open already", s.MaxStream)}
	}
	s.metrics.streams.Inc()
	return func() {
		s.metrics.streams.Dec()
		<-s.streams
	}, nil
}

// forward sends what this caller may be told of. The caller is identified anew, so that a revoked token ends its stream.
func (s *Server) forward(out *eventWriter, c *call, snapshot *layers.Snapshot, news []layers.Applied) error {
	who, err := identify(snapshot, c.Request, s.Clock())
	if err != nil {
		return err
	}
	e := s.event(snapshot.Seq)
	if len(news) == 0 {
		return out.send("heartbeat", e, nil)
	}
	view := snapshot.View(who.scope)
	const batch = 1000
	for len(news) > 0 {
		n := min(batch, len(news))
		e.Changes = e.Changes[:0]
		for _, a := range news[:n] {
			if view.Sees(a) {
				e.Changes = append(e.Changes, changeOf(a))
			}
		}
		last := news[n-1].Seq
		news = news[n:]
		if len(e.Changes) == 0 {
			continue
		}
		e.Seq = last
		resume := &last
		if len(news) > 0 && news[0].Seq == last {
			resume = nil // a client that resumed after this event would miss the rest of the same write
		}
		if err := out.send("changes", e, resume); err != nil {
			return err
		}
	}
	return nil
}

func changeOf(a layers.Applied) streamChange {
	c := streamChange{Layer: a.Layer, ID: a.ID, Op: a.Op.String(), Bounds: [][4]float64{}}
	for _, b := range a.Bounds {
		c.Bounds = append(c.Bounds, [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]})
	}
	return c
}

func (s *Server) event(seq layers.Seq) streamEvent {
	return streamEvent{Seq: seq, At: s.Clock().UTC().Format(time.RFC3339Nano), Age: s.Live.Age().Seconds()}
}

// eventWriter writes server-sent events. A client that does not read within streamPatience is dropped.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

const streamPatience = 20 * time.Second

// newEventWriter begins an answer of events.
func newEventWriter(w http.ResponseWriter) *eventWriter {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	return &eventWriter{w: w, control: http.NewResponseController(w)}
}

// send writes one event and flushes it; id, where given, is what the client resumes after.
func (e *eventWriter) send(name string, data streamEvent, id *layers.Seq) error {
	if name == "hello" || name == "heartbeat" {
		id = &data.Seq
	}
	if id == nil {
		return e.emit(name, data, "")
	}
	return e.emit(name, data, strconv.FormatUint(uint64(*id), 10))
}

// emit is send for data of any kind; the empty id is none.
func (e *eventWriter) emit(name string, data any, id string) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(streamPatience)) // unsupported only in tests without a connection
	if id != "" {
		if _, err := fmt.Fprintf(e.w, "id: %s\n", id); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(e.w, "event: %s\ndata: %s\n\n", name, body); err != nil {
		return err
	}
	return e.control.Flush()
}
