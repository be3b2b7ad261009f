//go:build linux || darwin

package host

import "golang.org/x/sys/unix"

// freeBytes are what a user may still write to the disk of a folder, -1 if that is not known.
func freeBytes(folder string) int64 {
	var stat unix.Statfs_t
	if unix.Statfs(folder, &stat) != nil {
		return -1
	}
	return int64(stat.Bavail) * int64(stat.Bsize)
}
