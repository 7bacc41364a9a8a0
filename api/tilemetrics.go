package api

import (
	"strconv"
	"strings"
	"sync"

	"shapan/tiles"

	"github.com/prometheus/client_golang/prometheus"
)

// tileMetrics is what is counted of drawings, by kind, layer and zoom. A tile of several layers counts for the layer
// "several". Only layers that a caller was let see come here, so the labels are as many as the catalogue's names allow.
type tileMetrics struct {
	answers *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	bytes   *prometheus.CounterVec
	waits   prometheus.Histogram

	mu    sync.RWMutex
	known map[tileLabels]*tileCounts
}

type tileLabels struct {
	kind, layer string
	zoom        uint8
}

// tileCounts is what is counted under one set of labels.
type tileCounts struct {
	hits, misses, unchanged prometheus.Counter
	seconds                 prometheus.Observer
	bytes                   prometheus.Counter
}

func newTileMetrics(reg *prometheus.Registry, cache *tiles.Cache) *tileMetrics {
	labels := []string{"kind", "layer", "zoom"}
	m := &tileMetrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shapan_tile_answers_total", Help: "Tiles asked for, by where they came from: the cache (kept), the caller's own copy (unchanged), or neither (missing).",
		}, append(labels, "from")),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shapan_tile_draw_seconds", Help: "Time to draw a tile, in seconds, without waiting and packing.",
			Buckets: []float64{.0001, .0005, .0025, .01, .05, .25, 1, 5},
		}, labels),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shapan_tile_drawn_bytes_total", Help: "Bytes drawn, before packing."}, labels),
		waits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "shapan_tile_wait_seconds", Help: "Time from a request until its drawing begins, in seconds.",
			Buckets: []float64{.0001, .001, .01, .05, .1, .5, 1, 5, 10},
		}),
		known: map[tileLabels]*tileCounts{},
	}
	counter := func(name, help string, labels prometheus.Labels, value func(tiles.Stats) int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return float64(value(cache.Stats())) })
	}
	gauge := func(name, help string, value func(tiles.Stats) int64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value(cache.Stats())) })
	}
	const refusals = "Drawings refused: the client had too many waiting (429), or all had, or its turn came too late (503)."
	reg.MustRegister(m.answers, m.seconds, m.bytes, m.waits,
		counter("shapan_tile_cache_hits_total", "Tiles answered from the cache.", nil, func(s tiles.Stats) int64 { return s.Hits }),
		counter("shapan_tile_cache_misses_total", "Tiles that were not in the cache, or not in the form asked for.", nil, func(s tiles.Stats) int64 { return s.Misses }),
		counter("shapan_tile_draws_total", "Tiles drawn.", nil, func(s tiles.Stats) int64 { return s.Draws }),
		counter("shapan_tile_packs_total", "Forms of tiles made: compressed, or as drawn.", nil, func(s tiles.Stats) int64 { return s.Packs }),
		counter("shapan_tile_refused_total", refusals, prometheus.Labels{"status": "429"}, func(s tiles.Stats) int64 { return s.TooMany }),
		counter("shapan_tile_refused_total", refusals, prometheus.Labels{"status": "503"}, func(s tiles.Stats) int64 { return s.Busy }),
		gauge("shapan_tile_cache_bytes", "Bytes that the tile cache holds.", func(s tiles.Stats) int64 { return s.Bytes }),
		gauge("shapan_tile_drawing", "Tiles that are being drawn.", func(s tiles.Stats) int64 { return int64(s.Drawing) }),
		gauge("shapan_tile_waiting", "Drawings that wait for their turn.", func(s tiles.Stats) int64 { return int64(s.Waiting) }),
	)
	return m
}

// of returns the counts of a drawing's labels.
func (m *tileMetrics) of(key *tiles.Key) *tileCounts {
	l := tileLabels{key.Kind, key.Layers, uint8(key.Tile.Z)}
	if strings.Contains(l.layer, ",") {
		l.layer = "several"
	}
	m.mu.RLock()
	c := m.known[l]
	m.mu.RUnlock()
	if c != nil {
		return c
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l.layer = strings.Clone(l.layer)
	zoom := strconv.Itoa(int(l.zoom))
	answers := func(from string) prometheus.Counter { return m.answers.WithLabelValues(l.kind, l.layer, zoom, from) }
	c = &tileCounts{
		hits: answers("kept"), misses: answers("missing"), unchanged: answers("unchanged"),
		seconds: m.seconds.WithLabelValues(l.kind, l.layer, zoom), bytes: m.bytes.WithLabelValues(l.kind, l.layer, zoom),
	}
	m.known[l] = c
	return c
}
