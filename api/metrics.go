package api

import (
	"net/http"
	"strconv"
	"time"

	"shapan/layers"
	"shapan/tiles"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what the service counts. Labels are route templates, methods and statuses: never what a caller wrote.
type metrics struct {
	handler  http.Handler
	requests *prometheus.HistogramVec
	streams  prometheus.Gauge
	dropped  prometheus.Counter
	writes   *prometheus.HistogramVec
	tiles    *tileMetrics
}

func newMetrics(reg *prometheus.Registry, live *layers.Live, cache *tiles.Cache) *metrics {
	m := &metrics{
		handler: promhttp.HandlerFor(reg, promhttp.HandlerOpts{}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shapan_http_request_seconds", Help: "Time to answer a request, in seconds.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 30},
		}, []string{"route", "method", "status"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "shapan_streams", Help: "Open change streams."}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "shapan_streams_dropped_total", Help: "Streams told to load again because they were too far behind."}),
		writes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shapan_write_seconds", Help: "Time from a write's arrival until it is durable and in memory, in seconds.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .5, 1, 5},
		}, []string{"layer"}),
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	reg.MustRegister(m.requests, m.streams, m.dropped, m.writes,
		gauge("shapan_seq", "Number of the state of the record that is in memory.", func() float64 { return float64(live.Snapshot().Seq) }),
		gauge("shapan_features", "Features in memory.", func() float64 { return float64(live.Snapshot().Features()) }),
		gauge("shapan_data_age_seconds", "Seconds since the record last confirmed that memory is up to date.", func() float64 { return live.Age().Seconds() }),
		gauge("shapan_record_up", "1 while the record answers, else 0.", func() float64 {
			if live.Health().Fault != nil {
				return 0
			}
			return 1
		}),
		gauge("shapan_on_copy", "1 while memory is from the local copy, because the record has not answered since the start, else 0.", func() float64 {
			if live.Health().Copy.IsZero() {
				return 0
			}
			return 1
		}),
	)
	m.tiles = newTileMetrics(reg, cache)
	return m
}

func (m *metrics) observe(route, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodPut:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}
