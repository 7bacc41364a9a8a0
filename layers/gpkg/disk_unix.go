//go:build linux || darwin

package gpkg

import "syscall"

// freeBytes returns how many bytes this user may still write beside a file; ok is false where that is not known.
func freeBytes(path string) (n uint64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil || s.Bsize <= 0 {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
