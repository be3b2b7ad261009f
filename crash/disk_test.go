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
// do, and leave outputs that are whole or absent; the last must end with the files of a run in peace. The status tells the truth, and the
// plan needs no room.
func TestSmallDisk(t *testing.T) {
	if os.Getenv(apart) == "" {
		runApart(t)
		return
	}
	want := inPeace(t)
	sizes := []int{4800} // of which the sample corpora take 4400
	if everything() {
		sizes = []int{400, 2000, 4000, 4400, 4500, 4600, 4700, 4800, 4900, 5000, 5100, 5200, 5300, 5400, 5600}
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
				saysFailed(t, folder)
			}
			mount(t, folder, unix.MS_REMOUNT|unix.MS_RDONLY, size)
			fails(t, trial, want, commands.Failed, syscall.EROFS.Error(), "choose other paths")
			mount(t, folder, unix.MS_REMOUNT, 1<<16)
			again(t, folder, want, 2)
			mount(t, folder, unix.MS_REMOUNT|unix.MS_RDONLY, 1<<16)
			ends(t, folder, commands.Done, []string{"0 steps to run"}, "plan")
			ends(t, folder, commands.Failed, []string{"nothing can be written to the work folder", syscall.EROFS.Error()}, "status")
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

// saysFailed looks at the status after a run that failed for want of disk: it knows how that ended, that nobody could write it down, or
// of no run, since there was no room for the sample corpora.
func saysFailed(t *testing.T, folder string) {
	t.Helper()
	e, err := (&tracer{folder: folder}).run("status")
	if err != nil || !strings.Contains(e.said, " failed at ") && !strings.Contains(e.said, "nothing can be written to the work folder") && !strings.Contains(e.said, "  last  none") {
		t.Errorf("%v, the status is %v:\n%s", err, e.status, e.said)
	}
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
