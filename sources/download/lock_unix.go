//go:build unix

package download

import (
	"os"

	"golang.org/x/sys/unix"
)

// LockFile takes the file for this process, or returns ErrLocked if another one, or this one, has it.
func LockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return ErrLocked
	}
	return err
}
