package api

import (
	"net/netip"
	"slices"
	"strings"
)

// client names whom a call is counted for where clients take turns: the holder of its token, else the address that it
// comes from. Who has an address of IPv6 has 2^64 of them, so these are counted as one.
func (s *Server) client(c *call) string {
	if c.caller.name != "" {
		return "token " + c.caller.name
	}
	at, ok := address(c.RemoteAddr)
	if !ok {
		return "unknown"
	}
	from := s.origin(at, c.Header.Values("X-Forwarded-For"))
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			return p.String()
		}
	}
	return from.String()
}

// origin returns the address that a request came from before it came through proxies that are trusted: each adds to the
// end of X-Forwarded-For whom it heard, and what stands before the first that is not trusted may be anybody's invention.
func (s *Server) origin(at netip.Addr, forwarded []string) netip.Addr {
	said := strings.Split(strings.Join(forwarded, ","), ",")
	for _, text := range slices.Backward(said) {
		if !s.trusts(at) {
			return at
		}
		from, ok := address(strings.TrimSpace(text))
		if !ok {
			return at
		}
		at = from
	}
	return at
}

// address reads an address, with or without a port.
func address(text string) (netip.Addr, bool) {
	at, err := netip.ParseAddr(text)
	if err != nil {
		var with netip.AddrPort
		with, err = netip.ParseAddrPort(text)
		at = with.Addr()
	}
	return at.Unmap().WithZone(""), err == nil
}

// trusts tells whether a proxy is believed.
func (s *Server) trusts(at netip.Addr) bool {
	if s.Proxies == nil {
		return at.IsLoopback()
	}
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}
