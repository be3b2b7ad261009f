//go:build unix

package pipeline

import "golang.org/x/sys/unix"

// inode is a file's number, and when anything about it changed last, in nanoseconds: a time that nobody can set.
func inode(file string) (number uint64, changed int64) {
	var stat unix.Stat_t
	if unix.Stat(file, &stat) != nil {
		return 0, 0
	}
	return uint64(stat.Ino), stat.Ctim.Nano()
}
