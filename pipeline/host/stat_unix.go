//go:build unix

package host

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// Links tells how many names a file has, and a number that it has in common with all of them on its disk.
func Links(file fs.FileInfo) (inode, names uint64) {
	stat, ok := file.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 1
	}
	return stat.Ino, uint64(stat.Nlink)
}

// LastChange is when anything about a file changed last, in nanoseconds: a time that nobody can set.
func LastChange(file string) int64 {
	var stat unix.Stat_t
	if unix.Stat(file, &stat) != nil {
		return 0
	}
	return stat.Ctim.Nano()
}
