//go:build unix

package host

import "golang.org/x/sys/unix"

// OpenFiles is how many files the process may have open; 0 if that is not known.
func OpenFiles() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur)
}
