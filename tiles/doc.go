// Package tiles draws views: vector tiles, clusters, heat and its pictures, and the cache of what was drawn. Vector
// tiles are written by hand rather than through features of a library, because drawing straight from the columns of a
// view, with no object per feature, is what the project exists for.
//
// What holds of a vector tile, at every zoom and in either matrix (the tests are in laws_*_test.go):
//
//   - A tile is a function of the view, the layers, the address and the filters. While Rev is the same, so are its bytes.
//   - Positions are rounded down to a lattice that all tiles of a zoom share: one unit, and for lines and areas below the
//     layer's MaxZoom two. A point is in one tile. A line or an area is in each tile whose reach it meets in more than
//     rounding hides.
//   - Areas that share a border have the same positions on it, and go on in the next tile where they end in this one. No
//     border moves by more than a step of the lattice. What is drawn of a valid area is valid. An area of which nothing is
//     left is not drawn, and has no label.
//   - No tile is larger than MaxBytes. A tile that would be says how much it stands for: points crowd into clusters with
//     point_count; lines and areas that are left out are counted in a layer of its own, NAME_rest, by points that stand
//     where they would be, with feature_count. It is there only where something was left out. Other makers of tiles drop
//     features without a word, or merge them into shapes that nobody drew; a count for each cell is small, adds up, can be
//     shown, and leaves the features that are drawn as they are.
package tiles
