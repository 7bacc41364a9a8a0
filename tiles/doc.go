// Package tiles draws views: vector tiles, clusters, heat and its pictures, and the cache of what was drawn. Vector
// tiles are written by hand rather than through features of a library, because drawing straight from the columns of a
// view, with no object per feature, is what the project exists for.
package tiles
