//go:build linux && amd64

package crash

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ferry-clir/ferry/commands"
)

// A fault is what the system refuses from some call on, and what ferry should say then.
type fault struct {
	name  string
	errno syscall.Errno
	hits  func(call) bool
	says  string // what to do
}

func (c call) is(names ...string) bool { return c.writes && slices.Contains(names, c.name) }

func opensNotes(c call) bool { return c.name == "open" && filepath.Base(c.path) == "notes.jsonl" }

var faults = []fault{
	{"full disk", syscall.ENOSPC, func(c call) bool { return c.is("write", "writev", "copy", "allocate", "open", "mkdir") }, "free some of it"},
	{"failing disk", syscall.EIO, func(c call) bool { return c.is("sync") }, "look into the system's log"},
	{"read-only disk", syscall.EROFS, func(c call) bool { return c.is("open", "mkdir", "rename", "unlink", "link", "truncate", "chmod") }, "choose other paths"},
	{"no right to write", syscall.EACCES, func(c call) bool { return c.is("open", "mkdir", "rename", "unlink", "link") }, "whoever runs ferry has no right to it"},
	{"too many open files", syscall.EMFILE, func(c call) bool { return c.name == "open" }, "raise the limit"},
	{"vanished input", syscall.ENOENT, opensNotes, "notes.jsonl"},
	{"unreadable input", syscall.EACCES, opensNotes, "whoever runs ferry has no right to it"},
}

// TestFaults lets the system refuse, from one call on, what a run asks of it. The run must end soon, with an error that names the
// file and what to do, and leave outputs that are whole or absent; the next run must end with the files of a run in peace. What
// ferry can do without may fail and no one the wiser. Without FERRY_CRASH=all it tries one call a fault, else up to 60.
func TestFaults(t *testing.T) {
	traceable(t)
	want := inPeace(t)
	calls := watch(t)
	random := rand.New(rand.NewPCG(3, 4))
	tried, harmless := map[string]int{}, map[string]int{}
	for _, f := range faults {
		hits := len(slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return !f.hits(c) }))
		if hits == 0 {
			t.Errorf("%s: nothing to refuse", f.name)
			continue
		}
		numbers := random.Perm(hits)[:1]
		if everything() {
			numbers = random.Perm(hits)[:min(hits, 60)]
		}
		for _, number := range numbers {
			t.Run(fmt.Sprintf("%s from %d on", f.name, number), func(t *testing.T) {
				tried[f.name]++
				if f.try(t, want, number) {
					harmless[f.name]++
				}
			})
		}
	}
	t.Logf("faults tried: %v\nof which runs ended well all the same: %v", tried, harmless)
}

// try lets calls fail after so many, and tells whether the run ended well all the same.
func (f fault) try(t *testing.T, want map[string]string, after int) bool {
	trial := &tracer{folder: newFolder(t)}
	seen, first := 0, ""
	trial.decide = func(c call) action {
		if !f.hits(c) {
			return action{}
		}
		seen++
		if seen <= after {
			return action{}
		}
		if first == "" {
			first = c.name + " " + c.path
		}
		return action{errno: f.errno}
	}
	e, err := trial.run(arguments(1)...)
	if err != nil || e.hung || !e.status.Exited() || strings.Contains(e.said, "goroutine ") {
		t.Fatalf("%v, hung: %v, %v\n%s", e.status, e.hung, err, e.said)
	}
	defer func() {
		if t.Failed() {
			t.Log("refused from here on: ", first)
		}
	}()
	got := filesOf(t, trial.folder)
	for name, sum := range got {
		if strings.HasPrefix(name, "out/") && sum != want[name] && !strings.Contains(name, ".part-") { // which cannot be removed
			t.Errorf("%s is there and not as it should be", name)
		}
	}
	failed := commands.Failed
	if f.errno == syscall.ENOSPC {
		failed = commands.NoRoom
	}
	if code := e.status.ExitStatus(); code == 0 {
		if found := differences(got, want); len(found) > 0 {
			t.Errorf("the run ended well, but:\n%s", strings.Join(found, "\n"))
		}
	} else if mistake := code == 2 && strings.Contains(e.said, "pipeline.yaml:"); code != failed && !mistake || !strings.Contains(e.said, f.errno.Error()) ||
		!mistake && !strings.Contains(e.said, f.says) || !strings.Contains(e.said, trial.folder+"/") && !strings.Contains(e.said, "pipeline.yaml:") { // as it was named
		t.Errorf("ended with %d and said:\n%s", code, e.said)
	}
	trial.decide = nil
	again(t, trial.folder, want, 1)
	return e.status.ExitStatus() == 0
}
