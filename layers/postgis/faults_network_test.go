package postgis

import (
	"context"
	"strings"
	"testing"
	"time"

	"shapan/layers"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxy is a network between a store and its server, which spoils what passes.
type proxy struct {
	*toxiproxy.Proxy
	t *testing.T
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &proxy{Proxy: toxiproxy.NewProxy(api, t.Name(), "127.0.0.1:0", upstream), t: t}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.healthy()
		p.Stop()
	})
	return p
}

// toxic spoils the connections there are and those to come.
func (p *proxy) toxic(definition string) {
	p.t.Helper()
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(definition)); err != nil {
		p.t.Fatal(err)
	}
}

// healthy takes back what spoils.
func (p *proxy) healthy() { p.Toxics.ResetToxics(context.Background()) }

// TestFaultSlowNetworks: everything works, only slower.
func TestFaultSlowNetworks(t *testing.T) {
	fault(t)
	for name, toxics := range map[string][]string{
		"latency":   {`{"type": "latency", "stream": "downstream", "attributes": {"latency": 200, "jitter": 20}}`},
		"bandwidth": {`{"type": "bandwidth", "stream": "downstream", "attributes": {"rate": 20}}`, `{"type": "bandwidth", "stream": "upstream", "attributes": {"rate": 20}}`},
		"slicer": {`{"type": "slicer", "stream": "downstream", "attributes": {"average_size": 20, "size_variation": 10, "delay": 100}}`,
			`{"type": "slicer", "stream": "upstream", "attributes": {"average_size": 20, "size_variation": 10, "delay": 100}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := database(t)
			proxy := newProxy(t, server.Cluster(t).Host())
			r := newRig(t, via(t, direct, proxy.Listen), direct, Config{Patience: 10 * time.Second})
			for _, toxic := range toxics {
				proxy.toxic(toxic)
			}
			stop := r.writing(2)
			r.await(30*time.Second, "writes are done", func() bool { return r.count(written) > 2 })
			b := layers.NewBuilder()
			if _, err := r.store.Load(t.Context(), b); err != nil {
				t.Error(err, layers.Cause(err))
			}
			stop()
			if n := r.count(written); n != len(r.ledger) {
				t.Errorf("%d of %d writes were done", n, len(r.ledger))
			}
			r.await(5*time.Second, "memory has caught up", func() bool { return r.live.Health().Fault == nil && r.live.Snapshot().Seq == r.newest() })
			proxy.healthy()
			r.finish()
		})
	}
}

// TestFaultNetworkThatSwallowsEverything: connections stay open and nothing passes, as when a cable is pulled.
func TestFaultNetworkThatSwallowsEverything(t *testing.T) {
	fault(t)
	direct := database(t)
	proxy := newProxy(t, server.Cluster(t).Host())
	r := newRig(t, via(t, direct, proxy.Listen), direct, Config{})
	stop := r.writing(2)
	for range 2 {
		before := r.count(written)
		r.await(10*time.Second, "writers are at work", func() bool { return r.count(written) > before+10 })
		proxy.toxic(`{"name": "up", "type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`)
		proxy.toxic(`{"name": "down", "type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`)
		r.fails(4*shortPatience + time.Second)
		refused := r.count(unwritten) + r.count(unknown)
		r.await(10*time.Second, "writes fail", func() bool { return r.count(unwritten)+r.count(unknown) > refused })
		r.reads()
		proxy.healthy()
		r.heals()
	}
	stop()
	r.finish()
}

// TestFaultNetworkThatResets: every connection is reset shortly after its first answer.
func TestFaultNetworkThatResets(t *testing.T) {
	fault(t)
	direct := database(t)
	proxy := newProxy(t, server.Cluster(t).Host())
	r := newRig(t, via(t, direct, proxy.Listen), direct, Config{})
	r.grown(1)
	stop := r.writing(2)
	for range 3 {
		proxy.toxic(`{"name": "up", "type": "reset_peer", "stream": "upstream", "attributes": {"timeout": 30}}`)
		r.fails(3 * time.Second)
		proxy.healthy()
		r.heals()
	}
	stop()
	r.finish()
}
