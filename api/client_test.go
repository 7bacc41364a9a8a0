package api

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestACallIsCountedForItsTokenOrForWhereItComesFrom(t *testing.T) {
	t.Parallel()
	within := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	for _, c := range []struct {
		name, token, remote string
		proxies             []netip.Prefix
		forwarded           []string
		want                string
	}{
		{"a token", "wall", "198.51.100.7:1", nil, nil, "token wall"},
		{"an address", "", "198.51.100.7:1", nil, nil, "198.51.100.7"},
		{"an address that pretends", "", "198.51.100.7:1", nil, []string{"203.0.113.9"}, "198.51.100.7"},
		{"a proxy on this machine", "", "127.0.0.1:1", nil, []string{"203.0.113.9"}, "203.0.113.9"},
		{"a proxy that tells the port", "", "127.0.0.1:1", nil, []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"a proxy that says nothing", "", "127.0.0.1:1", nil, nil, "127.0.0.1"},
		{"a proxy that says nonsense", "", "[::1]:1", nil, []string{"nonsense"}, "::/64"},
		{"what the client pretends to the proxy", "", "127.0.0.1:1", nil, []string{"192.0.2.1, 203.0.113.9"}, "203.0.113.9"},
		{"two proxies", "", "10.0.0.1:1", within, []string{"192.0.2.1, 203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"all of them proxies", "", "10.0.0.1:1", within, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"this machine is not among the proxies", "", "127.0.0.1:1", within, []string{"203.0.113.9"}, "127.0.0.1"},
		{"no proxy is believed", "", "127.0.0.1:1", []netip.Prefix{}, []string{"203.0.113.9"}, "127.0.0.1"},
		{"IPv6 counts by network", "", "[2001:db8:2:3:4:5:6:7]:1", nil, nil, "2001:db8:2:3::/64"},
		{"IPv4 within IPv6", "", "[::ffff:198.51.100.7]:1", nil, nil, "198.51.100.7"},
		{"no address", "", "@", nil, nil, "unknown"},
	} {
		s := &Server{Config: Config{Proxies: c.proxies}}
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := s.client(&call{Request: r, caller: caller{name: c.token}}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
