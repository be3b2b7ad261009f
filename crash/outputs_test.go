//go:build linux && amd64

package crash

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadOnlyOutputs lets sinks write to a disk that is only read: a run must say so before it makes anything, and the plan and the
// doctor, too.
func TestReadOnlyOutputs(t *testing.T) {
	if os.Getenv(apart) == "" {
		runApart(t)
		return
	}
	folder := newFolder(t)
	out := filepath.Join(folder, "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	mount(t, out, unix.MS_RDONLY, 100)
	defer unix.Unmount(out, 0)
	const says = "sinks.vectors: nothing can be written to out: "
	ends(t, folder, 1, []string{says + syscall.EROFS.Error(), "choose other paths"}, "run")
	if _, err := os.Stat(filepath.Join(folder, ".ferry/cache")); err == nil {
		t.Error("something was made all the same")
	}
	ends(t, folder, 0, []string{"a run will be refused: " + says}, "plan")
	ends(t, folder, 1, []string{"outputs", says, "choose another path"}, "doctor")
}
