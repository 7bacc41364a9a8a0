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
	at, err := netip.ParseAddrPort(c.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	from := s.origin(at.Addr().Unmap().WithZone(""), c.Header.Values("X-Forwarded-For"))
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
		from, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return at
		}
		at = from.Unmap().WithZone("")
	}
	return at
}

func (s *Server) trusts(at netip.Addr) bool {
	if s.Proxies == nil {
		return at.IsLoopback()
	}
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}
