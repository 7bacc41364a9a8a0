package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"shapan/api"
	"shapan/fixtures"
	"shapan/layers"
	"shapan/tiles"

	"github.com/prometheus/client_golang/prometheus"
)

// sampled is a record that is made anew at each load: a sample and one admin's token. It
// takes no writes.
type sampled struct {
	fixtures.Options
	token *layers.Feature
}

// Load makes the sample.
func (s *sampled) Load(ctx context.Context, b *layers.Builder) (layers.Seq, error) {
	tables := map[string]*layers.TableBuilder{}
	for _, l := range append(fixtures.Catalogue(), api.TokenLayer()) {
		t, err := b.Layer(l)
		if err != nil {
			return 0, err
		}
		tables[l.Name] = t
	}
	s.token.ID = 1
	tables[api.TokenLayer().Name].Add(*s.token)
	err := fixtures.Generate(ctx, s.Options, func(layer string, f layers.Feature) error {
		tables[layer].Add(f)
		return nil
	})
	return 1, err
}

// Watch reports nothing.
func (s *sampled) Watch(ctx context.Context, _ layers.Seq, _ func([]layers.Change, bool) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// Put refuses.
func (s *sampled) Put(context.Context, layers.Key, []layers.Change) (layers.Seq, error) {
	return 0, layers.ErrUnavailable
}

// world is a service on a free port.
type world struct {
	live  *layers.Live
	url   string
	token string
	close func()
}

// newWorld serves a sample with a tile cache of some bytes.
func newWorld(ctx context.Context, sample fixtures.Options, cache int64) (*world, error) {
	secret, token, err := api.NewToken("bench", "admin", nil, time.Time{}, time.Unix(0, 0))
	if err != nil {
		return nil, err
	}
	return serveStore(ctx, &sampled{sample, &token}, secret, cache)
}

// serveStore serves a record.
func serveStore(ctx context.Context, store layers.Store, secret string, cache int64) (*world, error) {
	live, err := layers.Open(ctx, store, layers.LiveConfig{Log: quiet()})
	if err != nil {
		return nil, err
	}
	drawn, err := tiles.New(tiles.CacheConfig{Bytes: cache})
	if err != nil {
		return nil, err
	}
	server, err := api.New(api.Config{Live: live, Cache: drawn, Registry: prometheus.NewRegistry(), Log: quiet()})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	go live.Run(ctx)
	url, stop, err := listen(server.Handler())
	if err != nil {
		cancel()
		return nil, err
	}
	return &world{live, url, secret, func() { stop(); cancel() }}, nil
}

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// listen serves a handler on a free port of this machine.
func listen(h http.Handler) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return "http://" + l.Addr().String(), func() { server.Close() }, nil
}

// newClient returns a client that keeps its connections and does not unpack answers.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
}

// get fetches one address as gzip where there is a choice.
func get(client *http.Client, url, token string) (int, http.Header, []byte, error) {
	return getAs(client, url, token, "gzip")
}

// getAs fetches one address in a coding where there is a choice.
func getAs(client *http.Client, url, token, coding string) (int, http.Header, []byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Accept-Encoding", coding)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 400 {
		err = errors.New(url + ": " + resp.Status + " " + string(body))
	}
	return resp.StatusCode, resp.Header, body, err
}

// rate drives some addresses with 8 clients for a while, each beginning elsewhere, and returns requests per second.
func rate(urls []string, token string, d time.Duration) (float64, error) {
	return rateAs(urls, token, "gzip", d)
}

// rateAs is rate in a coding.
func rateAs(urls []string, token, coding string, d time.Duration) (float64, error) {
	client := newClient()
	defer client.CloseIdleConnections()
	return drive(len(urls), d, func(i int) error {
		_, _, _, err := getAs(client, urls[i], token, coding)
		return err
	})
}

// drive does n things in turn with 8 clients for a while, each beginning elsewhere, and returns how many are done a second.
func drive(n int, d time.Duration, do func(i int) error) (float64, error) {
	const clients = 8
	type outcome struct {
		n   int
		err error
	}
	done := make(chan outcome, clients)
	begun := time.Now()
	for c := range clients {
		go func() {
			var o outcome
			for i := c * n / clients; o.err == nil && time.Since(begun) < d; i++ {
				o.err = do(i % n)
				o.n++
			}
			done <- o
		}()
	}
	total := 0
	var err error
	for range clients {
		o := <-done
		total += o.n
		err = errors.Join(err, o.err)
	}
	return float64(total) / time.Since(begun).Seconds(), err
}

// duel alternates two sides and returns the median rate of each and the median of their ratios.
func duel(s setting, ours, theirs func() (float64, error)) (a, b, ratio float64, err error) {
	var as, bs, ratios []float64
	for range s.rounds {
		x, err := ours()
		if err != nil {
			return 0, 0, 0, err
		}
		y, err := theirs()
		if err != nil {
			return 0, 0, 0, err
		}
		as, bs, ratios = append(as, x), append(bs, y), append(ratios, x/y)
	}
	return median(as), median(bs), median(ratios), nil
}
