//go:build unix

package mapped

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapPrivate maps the first size bytes of a file.
func mapPrivate(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
}

func unmap(data []byte) { unix.Munmap(data) }
