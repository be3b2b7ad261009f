//go:build linux && amd64

package crash

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A call is a system call that is about to happen.
type call struct {
	name   string
	path   string // of the file, absolute
	to     string // that it gets, of a rename or link
	size   uint64 // bytes that a write has
	writes bool   // it changes a file, or makes one; or else only opens one
}

// A shape says where a system call's file stands among its arguments.
type shape struct {
	name string
	file int // argument with the file, a descriptor; of a call by path the descriptor of the folder, none if below 0
	path int // argument with the path below it, 0 for none
	to   int // argument with the other path, after its folder's descriptor; 0 for none
}

var shapes = map[uint64]shape{
	unix.SYS_WRITE: {name: "write"}, unix.SYS_PWRITE64: {name: "write"}, unix.SYS_WRITEV: {name: "writev"},
	unix.SYS_COPY_FILE_RANGE: {name: "copy", file: 2}, unix.SYS_SENDFILE: {name: "copy"},
	unix.SYS_FTRUNCATE: {name: "truncate"}, unix.SYS_FALLOCATE: {name: "allocate"},
	unix.SYS_FSYNC: {name: "sync"}, unix.SYS_FDATASYNC: {name: "sync"},
	unix.SYS_OPENAT: {name: "open", path: 1}, unix.SYS_MKDIRAT: {name: "mkdir", path: 1}, unix.SYS_UNLINKAT: {name: "unlink", path: 1},
	unix.SYS_RENAMEAT: {name: "rename", path: 1, to: 3}, unix.SYS_RENAMEAT2: {name: "rename", path: 1, to: 3}, unix.SYS_LINKAT: {name: "link", path: 1, to: 3},
	unix.SYS_MKDIR: {name: "mkdir", file: -1}, unix.SYS_UNLINK: {name: "unlink", file: -1}, unix.SYS_RMDIR: {name: "unlink", file: -1},
	unix.SYS_CHMOD: {name: "chmod", file: -1}, unix.SYS_FCHMODAT: {name: "chmod", path: 1},
}

// call describes the call that a thread enters, if it is about a file below the folder and may change anything.
func (t *tracer) call(thread int, r *syscall.PtraceRegs) (c call, ok bool) {
	s, ok := shapes[r.Orig_rax]
	if !ok {
		return c, false
	}
	arguments := [...]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8}
	c = call{name: s.name, writes: true}
	if s.path == 0 && s.file >= 0 {
		c.path, c.size = t.descriptor(arguments[s.file]), r.Rdx
		return c, t.below(c.path)
	}
	if s.file < 0 {
		c.path = t.resolve(thread, unix.AT_FDCWD, arguments[0])
	} else {
		c.path = t.resolve(thread, int32(arguments[s.file]), arguments[s.path])
	}
	if s.to > 0 {
		c.to = t.resolve(thread, int32(arguments[s.to-1]), arguments[s.to])
	}
	_, err := os.Lstat(c.path)
	there := err == nil
	switch s.name {
	case "open":
		flags := int(r.Rdx)
		c.writes = flags&unix.O_CREAT != 0 && !there || flags&unix.O_TRUNC != 0
	case "mkdir":
		c.writes = !there
	default:
		c.writes = there
	}
	return c, t.below(c.path)
}

func (t *tracer) below(path string) bool { return strings.HasPrefix(path, t.folder+"/") }

func (t *tracer) descriptor(fd uint64) string {
	path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", t.pid, int32(fd)))
	return path
}

// resolve reads a path that a process has at an address, and makes it absolute.
func (t *tracer) resolve(thread int, folder int32, address uint64) string {
	var path []byte
	for word := make([]byte, 64); len(path) < unix.PathMax; {
		n, err := syscall.PtracePeekData(thread, uintptr(address)+uintptr(len(path)), word)
		path = append(path, word[:n]...)
		if i := bytes.IndexByte(path, 0); i >= 0 || err != nil || n == 0 {
			path = path[:max(i, 0)]
			break
		}
	}
	switch {
	case filepath.IsAbs(string(path)):
		return filepath.Clean(string(path))
	case folder == unix.AT_FDCWD:
		return filepath.Join(t.folder, string(path))
	}
	return filepath.Join(t.descriptor(uint64(folder)), string(path))
}
