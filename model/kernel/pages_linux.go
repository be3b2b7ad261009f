package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of a page that takes one entry of the processor's tables.
const hugePage = 2 << 20

// LargePages asks Linux to move x into pages of 2 MiB, which pays for memory that is read from end to end again and again:
// processors read ahead up to the end of a page, and find few pages without looking into memory. That copies x once. Where Linux
// is older than 6.1 or has no such pages free, nothing happens.
func LargePages(x []float32) {
	if size := uintptr(len(x)) * 4; size >= hugePage {
		// Pages in which x begins or ends are moved with what else of Go's heap is in them.
		first := uintptr(unsafe.Pointer(unsafe.SliceData(x)))
		from, to := first/hugePage*hugePage, (first+size+hugePage-1)/hugePage*hugePage
		unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_COLLAPSE)
	}
}
