//go:build unix

package download

import (
	"os"

	"golang.org/x/sys/unix"
)

// LockFile takes the file for this process, or returns ErrLocked if another one, or this one, has it.
func LockFile(f *os.File) error { return flock(f, unix.LOCK_EX) }

// ShareFile takes the file for all that take it in this way, or returns ErrLocked if a process has it for itself.
func ShareFile(f *os.File) error { return flock(f, unix.LOCK_SH) }

func flock(f *os.File, how int) error {
	err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return ErrLocked
	}
	return err
}

// Held tells whether a process, this one included, has taken the file. It is not taken by that.
func Held(f *os.File) (bool, error) {
	err := ShareFile(f)
	if err == ErrLocked {
		return true, nil
	}
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_UN)
	}
	return false, err
}
