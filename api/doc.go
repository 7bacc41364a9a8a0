// Package api owns HTTP: routes, the grammar of parameters, identity, errors as problem documents, streams, metrics and
// the map style. It asks views and answers with bytes; it decides nothing about data.
package api
