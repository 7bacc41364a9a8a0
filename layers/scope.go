package layers

import (
	"slices"
	"strings"
)

// Scope is what a caller may see.
type Scope struct {
	Audience    Audience // the widest of layers and fields; the zero Scope is the public's
	Communities []string // codes: features of layers that are not public are seen only in these; empty means everywhere
}

// Key names the class of scopes that see the same: equal keys, equal answers.
func (s Scope) Key() string {
	codes := slices.Clone(s.Communities)
	slices.Sort(codes)
	return s.Audience.String() + "|" + strings.Join(slices.Compact(codes), ",")
}

// areaField returns the position of the field that says which community a feature is in, or -1: "community", or, in
// the layer of the communities themselves, "code".
func (l *Layer) areaField() int {
	if l.Name == "communities" {
		return l.Index("code")
	}
	return l.Index("community")
}

// all tells whether a scope limits nothing in a layer.
func (s Scope) all(l *Layer) bool { return l.Audience == Public || len(s.Communities) == 0 }

// in tells whether a community is within the scope.
func (s Scope) in(community string) bool { return slices.Contains(s.Communities, community) }
