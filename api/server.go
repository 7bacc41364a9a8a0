package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/worktime"

	"github.com/cespare/xxhash/v2"
	"github.com/gorilla/mux"
	"github.com/klauspost/compress/gzhttp"
)

// Server answers HTTP from a layers.Live.
type Server struct {
	Config
	metrics    *metrics
	streams    chan struct{} // one place for each open stream
	walls      wallRooms     // the remote control of walls
	calendar   *worktime.Calendar
	versionTag uint64 // what the version adds to the ETag of drawings
	handler    http.Handler
}

// New makes a server and registers its metrics.
func New(c Config) (*Server, error) {
	if c.Live == nil || c.Cache == nil || c.Registry == nil {
		return nil, errors.New("api: Live, Cache and Registry are needed")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Streets == nil {
		c.Streets = new(dispatch.Streets)
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 8 << 20
	}
	if c.MaxStream <= 0 {
		c.MaxStream = 1000
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 5 * time.Second
	}
	s := &Server{Config: c, streams: make(chan struct{}, c.MaxStream), versionTag: xxhash.Sum64String(c.Version), calendar: worktime.New(c.Hours...)}
	s.metrics = newMetrics(c.Registry, c.Live, c.Cache)
	compress, err := gzhttp.NewWrapper(
		gzhttp.MinSize(1024),
		gzhttp.ExceptContentTypes([]string{"text/event-stream", tileType, pngType, "image/jpeg", "image/webp"}),
	)
	if err != nil {
		return nil, fmt.Errorf("api: compression: %w", err)
	}
	routes := s.routes()
	compressed := compress(routes)
	vectorTile := s.answer(tileRoute, s.vectorTile)
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tileOf(r) {
			vectorTile.ServeHTTP(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, ".mvt") || strings.HasSuffix(r.URL.Path, ".pbf") || strings.HasSuffix(r.URL.Path, ".png") {
			routes.ServeHTTP(w, r) // the cache keeps them compressed
			return
		}
		compressed.ServeHTTP(w, r)
	})
	return s, nil
}

// Handler returns the handler of the whole surface.
func (s *Server) Handler() http.Handler { return s.handler }

// tileRoute is where vector tiles are.
const tileRoute = "/xyz/{layers}/{z}/{x}/{y}.{ext:mvt|pbf}"

// routes is the whole surface, a line a route.
func (s *Server) routes() http.Handler {
	r := mux.NewRouter().UseEncodedPath()
	get := func(path string, h handler) {
		r.Handle(path, s.answer(path, h)).Methods(http.MethodGet, http.MethodHead)
	}
	get(tileRoute, s.vectorTile) // first, for the router looks in order
	get("/", s.landing)
	get("/conformance", s.conformance)
	get("/collections", s.collections)
	get("/collections/{layer}", s.collection)
	for _, at := range []string{"", "/collections/{layer}"} { // of all layers, and of one
		get(at+"/tiles", s.tilesets)
		get(at+"/tiles/{tms}", s.tileset)
		get(at+"/tiles/{tms}/{matrix}/{row}/{col}", s.tile)
	}
	get("/tileMatrixSets", s.matrixSets)
	get("/tileMatrixSets/{tms}", s.matrixSet)
	get("/collections/{layer}/items", s.items)
	get("/collections/{layer}/items/{id}", s.item)
	r.Handle("/collections/{layer}/items", s.answer("/collections/{layer}/items", s.create)).Methods(http.MethodPost)
	r.Handle("/collections/{layer}/items/{id}", s.answer("/collections/{layer}/items/{id}", s.patch)).Methods(http.MethodPatch)
	r.Handle("/collections/{layer}/items/{id}", s.answer("/collections/{layer}/items/{id}", s.remove)).Methods(http.MethodDelete)
	get("/xyz/{layers}.json", s.vectorJSON)
	get("/heat/{layer}/cells", s.heatCells)
	get("/heat/{layer}/cells.geojson", s.heatGeoJSON)
	get("/heat/{layer}/legend.json", s.heatLegend)
	get("/heat/{layer}.json", s.heatJSON)
	get("/heat/{layer}/{z}/{x}/{y:[^/@]+}@{scale:2}x.{ext:png}", s.heatTile)
	get("/heat/{layer}/{z}/{x}/{y}.{ext:mvt|png|json}", s.heatTile)
	get("/locate", s.locate)
	r.Handle("/locate", s.answer("/locate", s.locateMany)).Methods(http.MethodPost)
	get("/nearest/{layer}", s.nearest)
	get("/isochrone", s.isochrone)
	get("/analytics/coverage", s.coverage)
	get("/analytics/kpi", s.kpi)
	get("/analytics/groups/{layer}", s.groups)
	get("/dispatch", s.dispatch)
	r.Handle("/dispatch", s.answer("/dispatch", s.order)).Methods(http.MethodPost)
	r.Handle("/positions", s.answer("/positions", s.positions)).Methods(http.MethodPost)
	get("/tracks/{responder}", s.track)
	get("/export/{layer}.manifest.json", s.exportManifest)
	get("/export/{layer}.{ext:geojson|csv}", s.export)
	get("/calendar", s.workCalendar)
	get("/stream", s.stream)
	get("/walls", s.listWalls)
	get("/walls/{name}/commands", s.commands)
	r.Handle("/walls/{name}/commands", s.answer("/walls/{name}/commands", s.command)).Methods(http.MethodPost)
	get("/tour.json", s.tour)
	get("/basemap.json", s.basemapJSON)
	get("/basemap/{z}/{x}/{y}.{ext:[a-z]+}", s.basemapTile)
	get("/style.json", s.style)
	get("/ui/{page:.*}", s.page)
	get("/debug/tile/{layers}/{z}/{x}/{y}.json", s.debugTile)
	get("/healthz", s.healthz)
	get("/readyz", s.readyz)
	r.Handle("/metrics", s.metrics.handler).Methods(http.MethodGet)
	r.NotFoundHandler = s.answer("none", s.noRoute)
	r.MethodNotAllowedHandler = s.answer("none", s.noMethod)
	return r
}

// call is a request with what is known of its caller.
type call struct {
	*http.Request
	caller caller
	view   *layers.View // everything that this caller may see, in one state
	params *params
	sent   []byte // the body, once it was read
}

// handler answers a call, or returns why not; it has written nothing when it returns an error.
type handler func(http.ResponseWriter, *call) error

// requestTime bounds how long an ordinary answer may take to be written.
const requestTime = 60 * time.Second

// answer is the one adapter from handlers to HTTP: identity, security headers, errors, metrics.
func (s *Server) answer(route string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := s.Clock()
		rec := &recorder{ResponseWriter: w}
		secure(rec.Header())
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(requestTime)) // unsupported only in tests without a connection
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(rec, r.Body, s.MaxBody)
		}
		if err := s.run(rec, r, h); err != nil {
			s.fail(rec, r, err)
		}
		s.metrics.observe(route, r.Method, rec.code(), s.Clock().Sub(begun))
	})
}

// run identifies the caller, takes one view and calls the handler. A panic becomes an error: one request never stops
// the service.
func (s *Server) run(w http.ResponseWriter, r *http.Request, h handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	for name, v := range mux.Vars(r) { // the router matches them escaped: a layer's name may be in any script
		if plain, err := url.PathUnescape(v); err == nil {
			mux.Vars(r)[name] = plain
		}
	}
	w.Header()["Shapan-Age"] = []string{age(s.Live.Age())}
	snapshot := s.Live.Snapshot()
	caller, err := identify(snapshot, r, s.Clock())
	if err != nil {
		return err
	}
	p, err := newParams(r)
	if err != nil {
		return err
	}
	w.Header()["Shapan-Seq"] = []string{strconv.FormatUint(uint64(snapshot.Seq), 10)}
	view := snapshot.View(caller.scope)
	p.view = view
	return h(w, &call{Request: r, caller: caller, view: view, params: p})
}

// age writes the age of the data in seconds, to the millisecond.
func age(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Milliseconds())/1000, 'f', -1, 64)
}

// The header values that every answer has, shared by all: a handler replaces them and does not edit them. Scripts, styles,
// data and workers come from this host alone; the map library starts its worker from a blob.
var (
	policy = []string{"default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; " +
		"style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'"}
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	varyOfAll  = []string{"Authorization"}
	noCache    = []string{"no-cache"}
)

// secure sets the headers that every answer has.
func secure(h http.Header) {
	h["Content-Security-Policy"] = policy
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = noReferrer
	h["Vary"] = varyOfAll
	h["Cache-Control"] = noCache
}

func (s *Server) noRoute(_ http.ResponseWriter, c *call) error {
	return &layers.Error{Kind: layers.ErrNotFound, Detail: fmt.Sprintf("nothing is at %.200q: / lists what there is", c.URL.Path)}
}

func (s *Server) noMethod(_ http.ResponseWriter, c *call) error {
	return &problem{Status: http.StatusMethodNotAllowed, Detail: fmt.Sprintf("%s is not a method of this address", c.Method)}
}

// recorder remembers the status for the metrics.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status and passes it on.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
