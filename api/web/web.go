// Package web holds the pages: TypeScript in src, and the built files, which the binary carries.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS returns the built pages: wall.html and assets. Before the pages are built it holds none.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return dist // unreachable: the folder is embedded above
	}
	return sub
}

// Built tells whether the pages were built when the binary was.
func Built() bool {
	_, err := fs.Stat(FS(), "wall.html")
	return err == nil
}
