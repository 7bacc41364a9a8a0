package api

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"shapan/layers"
	"shapan/layers/dispatch"
	"shapan/layers/worktime"
	"shapan/tiles"

	"github.com/prometheus/client_golang/prometheus"
)

// Config is what a Server is made from. Live, Cache and Registry are needed; the zero value of the rest works.
type Config struct {
	Live     *layers.Live
	Cache    *tiles.Cache
	Registry *prometheus.Registry // metrics are registered in it and /metrics shows it

	Streets *dispatch.Streets // the walking network, shared with who else needs it; nil: its own

	Pages     fs.FS            // the built pages (web.FS()); nil: no pages
	Log       *slog.Logger     // nil: slog.Default()
	Clock     func() time.Time // nil: time.Now
	Version   string           // shown on the landing page
	PublicURL string           // such as https://map.example/shapan; empty: from the request's Host
	Proxies   []netip.Prefix   // proxies whose X-Forwarded-For is believed; nil: those on this machine
	MaxBody   int64            // bytes of a request body; 0: 8 MiB
	MaxStream int              // open streams at once; 0: 1000
	Basemap   *tiles.Archive   // under our layers, for everyone; nil: none
	Tour      *Tour            // where the wall goes by itself; nil: from community to community
	Hours     []worktime.Span  // of a working day; nil: those of worktime.Office
	Heartbeat time.Duration    // between signs of life on a stream; 0: 5 s
}
