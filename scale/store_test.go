package scale

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// apart is ferry in a folder that, with all that is in it and ferry itself, is where no other process sees it.
func apart(t *testing.T, folder string, args ...string) *exec.Cmd {
	t.Helper()
	if out, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		t.Skipf("this user may not hide a folder from others: %v: %s", err, out)
	}
	if err := os.Link(ferry, filepath.Join(folder, "ferry")); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	hidden := t.TempDir()
	c := exec.Command("unshare", append([]string{"--mount", "sh", "-c", `mount --bind "$0" "$1" && cd "$1" && shift && exec ./ferry "$@"`, folder, hidden}, args...)...)
	c.Env = append(os.Environ(), "FERRY_CACHE="+t.TempDir())
	return c
}

// TestStoreKilled kills ferry, and then executors, in the middle of a run in which they share a store and nothing else: what was put into the store is not made again.
func TestStoreKilled(t *testing.T) {
	c := spark(t)
	alone, folder, store := embeddingIn(t, 16_000), embeddingIn(t, 16_000), t.TempDir()
	if out, err := command(alone, "run").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	notes := func() map[string]time.Time {
		found, err := filepath.Glob(filepath.Join(store, "cache/embed-*/task-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		times := map[string]time.Time{}
		for _, file := range found {
			if info, err := os.Stat(file); err == nil {
				times[file] = info.ModTime()
			}
		}
		return times
	}
	kept := map[string]time.Time{}
	for _, interfere := range []func(run *exec.Cmd){func(run *exec.Cmd) { run.Process.Kill() }, func(*exec.Cmd) { c.killExecutors(t) }} {
		var said bytes.Buffer
		run := apart(t, folder, "run", "--engine", c.Address, "--set", "store=file://"+store)
		run.Stdout, run.Stderr = &said, &said
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- run.Wait() }()
		for len(notes()) == len(kept) {
			select {
			case err := <-ended:
				t.Fatalf("it ended before anything was done: %v: %s", err, said.String())
			case <-time.After(50 * time.Millisecond):
			}
		}
		interfere(run)
		if err := <-ended; err != nil && len(kept) > 0 {
			t.Fatalf("%v: %s", err, said.String())
		}
		now := notes()
		for file, at := range kept {
			if !now[file].Equal(at) {
				t.Errorf("%s was made again", file)
			}
		}
		kept = now
	}
	same(t, folder, outputs(t, alone))
	if left, err := filepath.Glob(filepath.Join(store, "tasks/*/*/*")); err != nil || len(left) > 0 {
		t.Errorf("left in the store: %v, %v", left, err)
	}
}

// TestSent has runs on executors that do not see ferry: it is sent to them, no session keeps it when its run has ended, and later runs find
// it where the first has brought it.
func TestSent(t *testing.T) {
	c := spark(t)
	program, err := os.ReadFile(ferry)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("ferry-%x", sha256.Sum256(program))[:len("ferry-")+16]
	kept := func() []string {
		files, err := filepath.Glob(filepath.Join(os.TempDir(), "artifacts-*/*/files", name))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	stale := kept() // by servers that were killed
	var before []string
	for i := range 3 {
		out, err := apart(t, embeddingIn(t, 4_000), "run", "--engine", c.Address, "--set", "store=file://"+t.TempDir()).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if files := kept(); !slices.Equal(files, stale) {
			t.Errorf("the server keeps %v, and others %v", files, stale)
		}
		brought, err := filepath.Glob(filepath.Join(scratch, "work/*/*/*", name))
		if err != nil || len(brought) == 0 || i == 2 && !slices.Equal(brought, before) {
			t.Errorf("brought are %v, and were %v, %v", brought, before, err)
		}
		before = brought
	}
}
