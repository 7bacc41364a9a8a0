package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"shapan/layers"

	"github.com/gorilla/mux"
)

// Limits of the remote control of walls. A command is a few words for whoever looks at a wall now, and nothing is recorded.
const (
	maxWalls     = 64               // names in use at once
	maxListeners = 16               // pages that listen under one name
	keepCommand  = 30 * time.Second // how long the last command waits for a wall that connects again
	commandRate  = 10               // commands for one wall in a second
	commandBurst = 20               // and how many may come at once
)

// wallCommand is what a wall is told to do. To says what with: a word, a code or what the address of the wall would say.
type wallCommand struct {
	Seq    int64  `json:"seq,omitempty"` // rises with each command, also over restarts of the service
	Do     string `json:"do"`
	To     string `json:"to"`
	Window string `json:"window,omitempty"` // of playback: the period that it covers
	Speed  string `json:"speed,omitempty"`  // of playback: seconds of the past in a second
}

// wallName is what a wall may be called.
var wallName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,31}$`)

// commandForm is what the argument of a command looks like, and how that is said.
type commandForm struct {
	to       *regexp.Regexp
	expected string
}

// commandForms are the commands that there are.
var commandForms = map[string]commandForm{
	"scope":    {regexp.MustCompile(`^(?:|\d{6,18})$`), "the code of an area, or nothing for all of it"},
	"view":     {regexp.MustCompile(`^(?:-?\d{1,3}(\.\d{1,9})?(/-?\d{1,3}(\.\d{1,9})?){2,4})$`), "zoom/lat/lon, or zoom/lat/lon/bearing/pitch"},
	"layers":   {regexp.MustCompile(`^(?:[\p{L}\p{N}_-]*(?:,[\p{L}\p{N}_-]+)*)$`), "names of layers with commas between"},
	"tour":     {regexp.MustCompile(`^(?:start|pause|next|prev|stop)$`), "start, pause, next, prev or stop"},
	"playback": {regexp.MustCompile(`^(?:live|play|pause|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)$`), "live, play, pause or an instant such as 2017-12-04T08:00:00+08:00"},
	"incident": {regexp.MustCompile(`^(?:|\d{1,18})$`), "the id of an event, or nothing to leave it"},
	"home":     {regexp.MustCompile(`^(?:)$`), "nothing"},
	"mode":     {regexp.MustCompile(`^[a-z]{0,20}$`), "the name of a way to paint areas, or nothing"},
	"hide":     {regexp.MustCompile(`^(?:[a-z-]*(?:,[a-z-]+)*)$`), "names of panels with commas between, all, or nothing"},
	"reload":   {regexp.MustCompile(`^(?:)$`), "nothing"},
	"seen":     {regexp.MustCompile(`^$`), "nothing"},
}

// check says what is wrong with a command.
func (m wallCommand) check() error {
	form, ok := commandForms[m.Do]
	if !ok {
		return layers.Unknown("command", m.Do, slices.Sorted(maps.Keys(commandForms)))
	}
	if len(m.To) > 1000 || !form.to.MatchString(m.To) {
		return layers.Invalid("to", "command %s to %.80q: expected %s", m.Do, m.To, form.expected)
	}
	if m.Do != "playback" && (m.Window != "" || m.Speed != "") {
		return layers.Invalid("window", "command %s has a window or a speed: only playback takes them", m.Do)
	}
	if m.Window != "" && !slices.Contains([]string{"1h", "1d", "7d", "30d"}, m.Window) {
		return layers.Invalid("window", "window %.40q: expected 1h, 1d, 7d or 30d", m.Window)
	}
	if n, err := strconv.Atoi(m.Speed); m.Speed != "" && (err != nil || n < 1 || n > 86_400) {
		return layers.Invalid("speed", "speed %.40q: expected a whole number from 1 to 86400, seconds of the past in a second", m.Speed)
	}
	return nil
}

// wall is one name and who listens under it.
type wall struct {
	listeners map[chan wallCommand]struct{}
	last      wallCommand // the zero Seq: none
	at        time.Time   // of last
	left      time.Time   // when a listener left last, or the wall was named
	allowance float64     // commands that may come now
	counted   time.Time   // as of when
}

// wallRooms are the walls that are listened to or were spoken to a moment ago.
type wallRooms struct {
	mu    sync.Mutex
	walls map[string]*wall
}

// room returns a wall by its name and forgets those that nobody needs; the caller holds the lock.
func (r *wallRooms) room(name string, now time.Time) (*wall, error) {
	if !wallName.MatchString(name) {
		return nil, layers.Invalid("name", "wall %.40q: expected a name of up to 32 letters, digits, - _ and .", name)
	}
	if found := r.walls[name]; found != nil {
		return found, nil
	}
	for other, w := range r.walls {
		if len(w.listeners) == 0 && now.Sub(w.at) > keepCommand && now.Sub(w.left) > keepCommand {
			delete(r.walls, other)
		}
	}
	if len(r.walls) >= maxWalls {
		return nil, &problem{Status: http.StatusTooManyRequests, Detail: fmt.Sprintf("%d walls have names already", maxWalls), expected: true}
	}
	if r.walls == nil {
		r.walls = map[string]*wall{}
	}
	w := &wall{listeners: map[chan wallCommand]struct{}{}, left: now, allowance: commandBurst, counted: now}
	r.walls[name] = w
	return w, nil
}

// say gives a command to all who listen and keeps it a while for one who connects again. One who does not keep up is
// dropped. It returns the command with its number, and how many heard it.
func (r *wallRooms) say(name string, m wallCommand, now time.Time) (wallCommand, int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, err := r.room(name, now)
	if err != nil {
		return m, 0, err
	}
	w.allowance = min(commandBurst, w.allowance+now.Sub(w.counted).Seconds()*commandRate)
	w.counted = now
	if w.allowance < 1 {
		return m, 0, &problem{Status: http.StatusTooManyRequests, Detail: fmt.Sprintf("wall %s is told more than %d things a second", name, commandRate), expected: true}
	}
	w.allowance--
	m.Seq = max(w.last.Seq+1, now.UnixMilli())
	w.last, w.at = m, now
	for l := range w.listeners {
		select {
		case l <- m:
		default:
			delete(w.listeners, l)
			close(l)
		}
	}
	return m, len(w.listeners), nil
}

// listen begins to listen. after is the last number that the listener has seen, 0 for one that is new: what was said since
// comes first. leave ends it. The channel is closed on one who does not keep up.
func (r *wallRooms) listen(name string, after int64, now time.Time) (heard <-chan wallCommand, at int64, leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, err := r.room(name, now)
	if err != nil {
		return nil, 0, nil, err
	}
	if len(w.listeners) >= maxListeners {
		return nil, 0, nil, &problem{Status: http.StatusTooManyRequests, Detail: fmt.Sprintf("%d pages listen as wall %s already", maxListeners, name), expected: true}
	}
	l := make(chan wallCommand, commandBurst)
	at = max(w.last.Seq, now.UnixMilli())
	if after > 0 && w.last.Seq > after && now.Sub(w.at) <= keepCommand {
		l <- w.last
		at = after
	}
	w.listeners[l] = struct{}{}
	return l, at, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(w.listeners, l)
		w.left = now
	}, nil
}

// names returns the walls that somebody listens to, in order, with how many do.
func (r *wallRooms) names() []wallEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []wallEntry{}
	for name, w := range r.walls {
		if len(w.listeners) > 0 {
			all = append(all, wallEntry{Name: name, Listeners: len(w.listeners)})
		}
	}
	slices.SortFunc(all, func(a, b wallEntry) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// wallEntry is a wall as /walls lists it.
type wallEntry struct {
	Name      string `json:"name"`
	Listeners int    `json:"listeners"`
}

// drives fails for callers who may not tell a wall what to show.
func (c *call) drives() error {
	if c.caller.name == "" {
		return &problem{Status: http.StatusUnauthorized, Detail: "walls are driven with a token: send the header Authorization: Bearer TOKEN"}
	}
	if !c.caller.write {
		return &layers.Error{Kind: layers.ErrForbidden, Detail: fmt.Sprintf("a token of the role %s does not drive walls: dispatcher and admin do", c.caller.role)}
	}
	return nil
}

// listWalls answers which walls listen.
func (s *Server) listWalls(w http.ResponseWriter, c *call) error {
	if err := c.drives(); err != nil {
		return err
	}
	if err := c.params.done(); err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusOK, map[string]any{"walls": s.walls.names()})
}

// command takes a command for a wall.
func (s *Server) command(w http.ResponseWriter, c *call) error {
	if err := c.drives(); err != nil {
		return err
	}
	if err := c.params.done(); err != nil {
		return err
	}
	b, err := c.body("application/json")
	if err != nil {
		return err
	}
	var m wallCommand
	if err := json.Unmarshal(b, &m); err != nil {
		return layers.Invalid("", `the body is no command: expected JSON such as {"do": "scope", "to": "420106001020"}`)
	}
	if err := m.check(); err != nil {
		return err
	}
	name := mux.Vars(c.Request)["name"]
	m, heard, err := s.walls.say(name, m, s.Clock())
	if err != nil {
		return err
	}
	return writeJSON(w, c, http.StatusAccepted, map[string]any{"wall": name, "seq": m.Seq, "listeners": heard})
}

// commands sends a wall what it is told, as server-sent events: hello at first, command, heartbeat while nobody says
// anything. Last-Event-ID brings what was said while the wall was away, if that is not long ago.
func (s *Server) commands(w http.ResponseWriter, c *call) error {
	if c.caller.name == "" {
		return &problem{Status: http.StatusUnauthorized, Detail: "walls listen with a token: send the header Authorization: Bearer TOKEN"}
	}
	after, err := strconv.ParseInt(c.Header.Get("Last-Event-ID"), 10, 64)
	if c.Header.Get("Last-Event-ID") != "" && (err != nil || after < 0) {
		return layers.Invalid("Last-Event-ID", "last event %.40q: expected the number of the last event seen", c.Header.Get("Last-Event-ID"))
	}
	if err := c.params.done(); err != nil {
		return err
	}
	done, err := s.openStream()
	if err != nil {
		return err
	}
	defer done()
	heard, at, leave, err := s.walls.listen(mux.Vars(c.Request)["name"], after, s.Clock())
	if err != nil {
		return err
	}
	defer leave()
	out := newEventWriter(w)
	if out.emit("hello", map[string]int64{"seq": at}, strconv.FormatInt(at, 10)) != nil {
		return nil // the client has gone
	}
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	for {
		name, data, id := "heartbeat", any(struct{}{}), ""
		select {
		case <-c.Context().Done():
			return nil
		case m, ok := <-heard:
			if !ok {
				return nil
			}
			name, data, id = "command", m, strconv.FormatInt(m.Seq, 10)
		case <-beat.C:
		}
		if _, err := identify(s.Live.Snapshot(), c.Request, s.Clock()); err != nil {
			return nil // the token was revoked
		}
		if out.emit(name, data, id) != nil {
			return nil
		}
	}
}
