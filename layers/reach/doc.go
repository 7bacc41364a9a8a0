// Package reach answers what can be reached on foot: from a position within some minutes (isochrones), and for how many
// households the facilities of everyday life are within their walking time (coverage). Both go along the streets; where
// there are none, there is no answer, for a circle would be a wrong one.
package reach
