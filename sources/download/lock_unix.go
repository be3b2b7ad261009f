//go:build unix

package download

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the file for this process, or returns errLocked if another one, or this one, has it.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return errLocked
	}
	return err
}
