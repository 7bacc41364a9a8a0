package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"shapan/api"
	"shapan/api/web"
	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/duty"
	"shapan/layers/worktime"
	"shapan/tiles"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
)

// serveCommand serves the map.
type serveCommand struct {
	recordFlags
	stateFlags
	Listen      string `help:"Address to serve on; port 0 takes a free one." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	PublicURL   string `name:"public-url" help:"Address that browsers reach the service at, behind a proxy." placeholder:"URL"`
	CacheMB     int64  `name:"cache-mb" help:"Memory for drawn tiles, in megabytes." default:"256"`
	Basemap     string `help:"Map to lay under the layers, for everyone: a PMTiles file of vector tiles or pictures." placeholder:"FILE.pmtiles"`
	Drawings    int    `help:"Tiles drawn at once; more wait, clients in turn. 0: one for each processor." default:"0"`
	Tour        string `help:"Where the wall goes by itself: a file of stops, see docs/wall.md. Without it: from community to community." placeholder:"FILE.json"`
	Proxies     string `help:"Proxies whose X-Forwarded-For tells where a request came from: addresses or networks by commas, or none." default:"127.0.0.0/8,::1" placeholder:"ADDRESS,..."`
	Connections int    `help:"Connections at once; more wait." default:"4096"`
	Streams     int    `help:"Open change streams at once; more are refused." default:"1000"`
	Hours       string `help:"Hours of a working day, by which working time is counted." default:"09:00-12:00,13:30-17:30" placeholder:"FROM-TO,..."`
	LogFormat   string `help:"How the log is written to stderr: ${enum}." enum:"text,json" default:"text"`
	Escalate    bool   `help:"Tell the next where nobody acknowledges, and age tracks. --no-escalate for a service that only shows the map beside another." default:"true" negatable:""`
	Sample      bool   `help:"Fill an empty record with the sample subdistrict." default:"true" negatable:""`
}

// Help teaches.
func (serveCommand) Help() string {
	return `The record is one file, shapan.gpkg in the data folder, or with --database-url a PostGIS database. Where there is none, it
is made and filled with the sample subdistrict, and an admin token and the address of the wall are printed, once.

    shapan serve
    shapan serve --database-url postgres://shapan:PASSWORD@db.example/map --no-sample
    shapan serve --database-url postgres://db.example/map --state /var/lib/shapan
    shapan serve --listen 127.0.0.1:0 --data /var/lib/shapan --log-format json
    shapan serve --basemap wuhan.pmtiles
    SHAPAN_LISTEN=127.0.0.1:9000 shapan serve

With --state a copy of the map is kept in a folder. Where the database is away at the start, the map is served from it, and
/readyz and the wall say so, until the database answers.

The service speaks plain HTTP and shows public layers to anyone who reaches it, so it listens on this machine only
unless told otherwise; put a proxy with TLS in front of it.`
}

// The limits of a connection. There is no limit on reading a whole request here, because it would end streams too: the
// handler sets one on bodies.
const (
	headerTime = 10 * time.Second
	bodyTime   = 60 * time.Second
	idleTime   = 2 * time.Minute
	headerSize = 64 << 10
	stopTime   = 10 * time.Second // to finish what is under way
)

// Run serves until the context ends.
func (s serveCommand) Run(ctx context.Context, console console) error {
	begun := time.Now()
	if err := s.check(); err != nil {
		return err
	}
	log := s.logger(console.err)
	listener, err := s.bind()
	if err != nil {
		return err
	}
	defer listener.Close()
	base, err := s.openBasemap()
	if err != nil {
		return err
	}
	tour, err := s.openTour()
	if err != nil {
		return err
	}
	host := publicHost(listener.Addr())
	store, err := s.openOrMake(ctx, log)
	if err != nil {
		return err
	}
	defer store.Close()
	made, err := s.fill(ctx, store, console)
	if err != nil && !s.forgives(err) {
		return err
	}
	live, err := layers.Open(ctx, store, layers.LiveConfig{Log: log, Fallback: s.fallback(store)})
	if err != nil {
		return err
	}
	if live, err = s.upToDate(ctx, store, live, log); err != nil {
		return err
	}
	streets := new(dispatch.Streets)
	handler, err := s.handler(live, streets, base, tour, log)
	if err != nil {
		return err
	}
	s.warn(listener.Addr(), log)
	made.print(console.err, s.address(host))
	fmt.Fprintf(console.err, "listening on http://%s\n", host)
	log.Info("ready", "start", time.Since(begun).Round(time.Millisecond), "features", live.Snapshot().Features(), "record", store.Where(), "version", version())
	err = serve(ctx, netutil.LimitListener(listener, s.Connections), handler, live, log, s.keeper(live, store), s.duty(live, streets, log))
	log.Info("stopped")
	return err
}

// duty is what is done by the clock; nil: nothing.
func (s serveCommand) duty(live *layers.Live, streets *dispatch.Streets, log *slog.Logger) func(context.Context) error {
	if !s.Escalate {
		return nil
	}
	return (&duty.Keeper{Live: live, Streets: streets, Log: log}).Run
}

// check refuses flags that make no sense.
func (s serveCommand) check() error {
	if s.CacheMB < 1 || s.CacheMB > 1<<20 {
		return misused("--cache-mb %d: expected 1 to %d", s.CacheMB, 1<<20)
	}
	if s.Drawings < 0 || s.Drawings > 1024 {
		return misused("--drawings %d: expected 1 to 1024, or 0 for one for each processor", s.Drawings)
	}
	if _, err := s.trusted(); err != nil {
		return err
	}
	if _, err := worktime.ParseHours(s.Hours); err != nil {
		return misused("--hours: %w", err)
	}
	if err := s.prepare(); err != nil {
		return err
	}
	if s.Connections < 1 || s.Streams < 1 {
		return misused("--connections %d --streams %d: expected at least 1", s.Connections, s.Streams)
	}
	if s.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return misused("--public-url %q: expected an address such as https://map.example/shapan", s.PublicURL)
	}
	return nil
}

// trusted returns the proxies that are believed; not nil, so that none is none.
func (s serveCommand) trusted() ([]netip.Prefix, error) {
	all := []netip.Prefix{}
	if s.Proxies == "none" {
		return all, nil
	}
	for text := range strings.SplitSeq(s.Proxies, ",") {
		text = strings.TrimSpace(text)
		if at, err := netip.ParseAddr(text); err == nil {
			text = fmt.Sprintf("%s/%d", at, at.BitLen())
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, misused("--proxies %q: expected addresses or networks such as 10.0.0.5,10.1.0.0/16, or none", s.Proxies)
		}
		all = append(all, p)
	}
	return all, nil
}

func (s serveCommand) logger(w io.Writer) *slog.Logger {
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// bind listens before anything else is done, so that a taken port is told at once.
func (s serveCommand) bind() (net.Listener, error) {
	l, err := net.Listen("tcp", s.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use: another program, or another shapan, listens there; choose another address with --listen, or stop it", s.Listen)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s may not be used by this user: choose a port above 1023 with --listen", s.Listen)
	case err != nil:
		return nil, misused("--listen %s: expected an address of this machine, such as 127.0.0.1:8080: %w", s.Listen, err)
	}
	return l, nil
}

// publicHost returns host:port as somebody on this machine can open it.
func publicHost(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return addr.String()
}

// address returns where browsers find the service.
func (s serveCommand) address(host string) string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	return "http://" + host
}

// warn says what an address that others can reach means.
func (s serveCommand) warn(addr net.Addr, log *slog.Logger) {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return
	}
	log.Warn("other machines can reach this address: without a token they see the public layers, and only those; "+
		"the traffic, tokens included, is not encrypted unless a proxy with TLS stands in front", "listen", addr.String())
}

// openBasemap opens the basemap, which is read as long as the program runs; nil where there is none.
func (s serveCommand) openBasemap() (*tiles.Archive, error) {
	if s.Basemap == "" {
		return nil, nil
	}
	file, err := os.Open(s.Basemap)
	if err != nil {
		return nil, misused("--basemap: %w", err)
	}
	base, err := tiles.OpenArchive(file)
	if err == nil && base.Metadata.Audience != layers.Public {
		err = fmt.Errorf("%s holds what is for the audience %s, and everyone sees a basemap: expected an archive made with --audience public", s.Basemap, base.Metadata.Audience)
	}
	if err != nil {
		file.Close()
		return nil, misused("--basemap: %w", err)
	}
	return base, nil
}

// openTour reads the file of the tour; nil where there is none.
func (s serveCommand) openTour() (*api.Tour, error) {
	if s.Tour == "" {
		return nil, nil
	}
	b, err := os.ReadFile(s.Tour)
	if err != nil {
		return nil, misused("--tour: %w", err)
	}
	tour, err := api.ParseTour(b)
	if err != nil {
		return nil, misused("--tour %s: %w", s.Tour, err)
	}
	return tour, nil
}

func (s serveCommand) handler(live *layers.Live, streets *dispatch.Streets, base *tiles.Archive, tour *api.Tour, log *slog.Logger) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	cache, err := tiles.New(tiles.CacheConfig{Bytes: s.CacheMB << 20, Drawings: s.Drawings})
	if err != nil {
		return nil, err
	}
	proxies, err := s.trusted()
	if err != nil {
		return nil, err
	}
	hours, err := worktime.ParseHours(s.Hours)
	if err != nil {
		return nil, err
	}
	server, err := api.New(api.Config{
		Live:      live,
		Streets:   streets,
		Cache:     cache,
		Registry:  registry,
		Pages:     web.FS(),
		Log:       log,
		Version:   version(),
		PublicURL: s.PublicURL,
		Basemap:   base,
		Tour:      tour,
		Proxies:   proxies,
		Hours:     hours,
		MaxStream: s.Streams,
	})
	if err != nil {
		return nil, err
	}
	return server.Handler(), nil
}

// serve answers until ctx ends; then it ends the streams, and gives what else is under way stopTime to finish. The
// record is followed until the last answer is written, because a write waits for it; so long go on the other works (nil: none),
// such as to keep the local copy.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, live *layers.Live, log *slog.Logger, works ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	streams, endStreams := context.WithCancel(context.Background())
	follow, stopFollowing := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:           bounded(streams, handler),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerSize,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	for _, work := range append(works, live.Run) {
		if work == nil {
			continue
		}
		group.Go(func() error {
			if err := work(follow); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		})
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		defer stopFollowing()
		log.Info("stopping", "patience", stopTime)
		endStreams()
		deadline, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		if err := server.Shutdown(deadline); err != nil {
			log.Warn("some answers were cut off", "error", err)
			return server.Close()
		}
		return nil
	})
	return group.Wait()
}

// bounded ends streams when the given context ends, and bounds the time in which a body must come.
func bounded(streams context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // every connection of net/http has it
		}
		if strings.HasSuffix(r.URL.Path, "/stream") || strings.HasSuffix(r.URL.Path, "/commands") {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(streams, cancel)()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}
