// Package geo owns geometry and the spatial index: metres on the ellipsoid, containment, nearest, tile addresses, world
// coordinates and datums.
//
// Positions are orb.Point{lon, lat} in degrees on WGS-84 unless a name says otherwise. An edge between two positions is
// straight in lon/lat, as RFC 7946 §3.1.1 has it. Distances are metres on the WGS-84 ellipsoid, areas square metres.
// Nothing here keeps or edits a geometry that it is given.
package geo
