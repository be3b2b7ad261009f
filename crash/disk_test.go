//go:build linux && amd64

package crash

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ferry-clir/ferry/commands"
)

// apart is set where this process may mount what it likes, and no other sees it.
const apart = "FERRY_CRASH_APART"

// TestSmallDisk runs on disks that are too small, then read-only, then large enough. A run on the first two must say so, and what to
// do, and leave outputs that are whole or absent; the last must end with the files of a run in peace.
func TestSmallDisk(t *testing.T) {
	if os.Getenv(apart) == "" {
		runApart(t)
		return
	}
	want := inPeace(t)
	sizes := []int{900}
	if everything() {
		sizes = []int{100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 1800, 2000}
	}
	full := 0
	for _, size := range sizes {
		t.Run(fmt.Sprint(size, " KiB"), func(t *testing.T) {
			folder := t.TempDir()
			mount(t, folder, 0, size)
			defer unix.Unmount(folder, 0)
			fill(t, folder)
			trial := &tracer{folder: folder}
			if fails(t, trial, want, commands.NoRoom, syscall.ENOSPC.Error(), "free some of it") {
				full++
			}
			mount(t, folder, unix.MS_REMOUNT|unix.MS_RDONLY, size)
			fails(t, trial, want, commands.Failed, syscall.EROFS.Error(), "choose other paths")
			mount(t, folder, unix.MS_REMOUNT, 1<<16)
			again(t, folder, want, 2)
		})
	}
	t.Logf("disks tried: %d, of which too small for a run: %d", len(sizes), full)
	if full == 0 {
		t.Error("no disk was too small")
	}
}

// mount makes a folder a disk of so many KiB in memory, or changes it.
func mount(t *testing.T, folder string, flags uintptr, size int) {
	t.Helper()
	if err := unix.Mount("small", folder, "tmpfs", flags, fmt.Sprintf("size=%dk", size)); err != nil {
		t.Fatal(err)
	}
}

// fails runs a pipeline and tells whether it failed, which it must do with this exit code and these words, if it does.
func fails(t *testing.T, trial *tracer, want map[string]string, code int, words ...string) bool {
	t.Helper()
	e, err := trial.run(arguments(2)...)
	if err != nil || e.hung || !e.status.Exited() || strings.Contains(e.said, "goroutine ") {
		t.Fatalf("%v, hung: %v, %v\n%s", e.status, e.hung, err, e.said)
	}
	if e.status.ExitStatus() == 0 {
		return false
	}
	if e.status.ExitStatus() != code {
		t.Errorf("ended with %d, want %d:\n%s", e.status.ExitStatus(), code, e.said)
	}
	for _, word := range append(words, trial.folder+"/") {
		if !strings.Contains(e.said, word) {
			t.Errorf("ended with %d and said nothing of %q:\n%s", e.status.ExitStatus(), word, e.said)
		}
	}
	for name, sum := range filesOf(t, trial.folder) {
		if strings.HasPrefix(name, "out/") && sum != want[name] && !strings.Contains(name, ".part-") { // which cannot be removed
			t.Errorf("%s is there and not as it should be", name)
		}
	}
	return true
}

// runApart runs a test in a process of its own that may mount, as whoever runs it.
func runApart(t *testing.T) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	inner := exec.Command(program, "-test.run", "^"+t.Name()+"$", "-test.v")
	inner.Env = append(os.Environ(), apart+"=1")
	inner.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	said, err := inner.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skip("skipped, since a process may not mount a disk of its own here: ", err)
	case err != nil:
		t.Errorf("%v\n%s", err, said)
	default:
		t.Logf("%s", bytes.TrimSpace(said))
	}
}

// ends runs ferry in a folder, which has to end with that exit code and these words.
func ends(t *testing.T, folder string, code int, words []string, args ...string) {
	t.Helper()
	e, err := (&tracer{folder: folder}).run(args...)
	if err != nil || e.hung || !e.status.Exited() || e.status.ExitStatus() != code {
		t.Fatalf("%s: %v, hung: %v, %v; want exit code %d\n%s", args, e.status, e.hung, err, code, e.said)
	}
	for _, word := range words {
		if !strings.Contains(e.said, word) {
			t.Errorf("%s ended with %d and said nothing of %q:\n%s", args, code, word, e.said)
		}
	}
}
