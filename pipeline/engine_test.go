package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

const somewhere = "sc://somewhere"

// sameAsAlone compares what lies in two folders after a run of each.
func sameAsAlone(t *testing.T, folder, alone string) {
	t.Helper()
	compare(t, outputs(t, folder), outputs(t, alone))
	compare(t, cacheSums(t, folder), cacheSums(t, alone))
	if got, want := stepCounts(t, folder), stepCounts(t, alone); got != want {
		t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
	}
	parts := unfinished(t, folder)
	left, err := filepath.Glob(filepath.Join(folder, ".ferry/tasks/*"))
	if err != nil || len(parts)+len(left) > 0 {
		t.Errorf("left behind: %v %v, %v", parts, left, err)
	}
}

// TestEngine has an engine do what can be done elsewhere: all is as a run leaves it that does everything itself, and which
// makes nothing again afterwards.
func TestEngine(t *testing.T) {
	alone, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := folderWith(t, "whole.yaml")
	var w workshop
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: &w}); err != nil {
		t.Fatal(err)
	}
	sameAsAlone(t, folder, alone)
	done := w.outcomes()
	for _, step := range []string{"stages.teacher", "stages.pairs", "stages.transported", "stages.documents", "stages.queries", "stages.hits"} {
		if done[step+" "+taskDone] == 0 {
			t.Errorf("%s was not made elsewhere: %v", step, done)
		}
	}
	var o order
	if err := run(t.Context(), t, file, Options{Reporter: &o}); err != nil || len(o.told) > 0 {
		t.Errorf("a run makes again %q: %v", o.told, err)
	}
}

// TestEngineLargest has trainings done on the machine with the most cores, once each, or anywhere if that is gone; where all are alike, or
// the engine would end one for the other, nobody is asked to leave anything to others.
func TestEngineLargest(t *testing.T) {
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skipf("machines are found by a shell that locks: %v", err)
	}
	want := trained(t)
	for _, c := range []struct {
		machines []string
		races    bool
		gone     int
		left     int // by how many
		chosen   []string
	}{
		{[]string{"1", "8", "8"}, false, 0, 2, []string{"8"}},
		{[]string{"8", "1"}, false, 1, 2, nil},
		{[]string{"8", "1"}, true, 0, 0, nil},
		{[]string{"2", "2"}, false, 0, 0, nil},
	} {
		folder, file := training(t)
		w := &workshop{machines: c.machines, races: c.races, gone: c.gone, lock: t.TempDir()}
		w.before = func(l TaskLine) error { // training goes on until all others have looked
			if slices.Contains(l.Steps, "stages.student") {
				within(func() bool { return w.outcomes()[" "+taskLeft] >= c.left })
			}
			return nil
		}
		if err := run(t.Context(), t, withStore(t, file, ""), Options{Engine: somewhere, engine: w}); err != nil {
			t.Fatal(err)
		}
		compare(t, outputs(t, folder), want)
		if n := w.outcomes(); n["stages.student "+taskDone] != 1 || n[" "+taskLeft] != c.left || !slices.Equal(w.chosen, c.chosen) {
			t.Errorf("%v, %d gone: %v, on machines %v", c.machines, c.gone, n, w.chosen)
		}
	}
}

// TestEngineGoesOn loses the engine after three tasks: the run says so, and the next one, with or without it, does what is missing
// and nothing else.
func TestEngineGoesOn(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{somewhere, LocalEngine} {
		folder, file := badText(t)
		var tries atomic.Int32
		lost := &workshop{}
		lost.before = func(TaskLine) error {
			if tries.Add(1) <= 3 {
				return nil
			}
			within(func() bool { return lost.outcomes()["stages.vectors "+taskDone] == 3 })
			return errors.New("the lights went out")
		}
		err := run(t.Context(), t, file, Options{Engine: somewhere, engine: lost})
		if err == nil || !strings.Contains(err.Error(), "having tasks done at sc://somewhere: the lights went out; what is finished is kept") {
			t.Errorf("the run ends with %v", err)
		}
		made, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/*.arrow"))
		if err != nil || len(made) < 3 {
			t.Fatalf("%v, %v", made, err)
		}
		before := changedAt(t, made)
		w := &workshop{}
		if err := run(t.Context(), t, file, Options{Engine: again, engine: w}); err != nil {
			t.Fatal(err)
		}
		if after := changedAt(t, made); !slices.Equal(after, before) {
			t.Error("what was there was made again")
		}
		if again == LocalEngine && len(w.answers) > 0 || again == somewhere && len(w.answers) == 0 {
			t.Errorf("%s does %v", again, w.outcomes())
		}
		sameAsAlone(t, folder, alone)
	}
}

// TestEngineSeconds has two steps done in one wave, and says of both how long they took.
func TestEngineSeconds(t *testing.T) {
	folder, file := badText(t)
	began := time.Now()
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: &workshop{}}); err != nil {
		t.Fatal(err)
	}
	took, all := time.Since(began).Seconds(), 0.0
	for _, s := range manifestIn(t, folder).Steps {
		if !strings.HasPrefix(s.Step, "stages.") {
			continue
		}
		if all += s.Seconds; s.Seconds <= 0 || s.CPU <= 0 {
			t.Errorf("%s took %v s, and %v s of CPU", s.Step, s.Seconds, s.CPU)
		}
	}
	if all > took {
		t.Errorf("both took %v s, of %v", all, took)
	}
}

var shortElsewhere = regexp.MustCompile(`^stages\.(\w+): ferry has taken 967\.4 GB of memory for stages\.(\w+), and memory: 900GiB .*allows less`)

// TestEngineShort has a step on another machine take more memory than the pipeline allows, from its first progress on: the run ends as
// one does that takes it itself. The training would go on for long.
func TestEngineShort(t *testing.T) {
	for _, store := range []string{"", "file://" + t.TempDir()} {
		t.Setenv("FERRY_CACHE", t.TempDir())
		folder := t.TempDir()
		file := filepath.Join(folder, "pipeline.yaml")
		put(t, file, small)
		put(t, filepath.Join(folder, "documents.jsonl"), lines(40, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
		var trains atomic.Bool
		full := make(chan struct{})
		fill := sync.OnceFunc(func() { close(full) })
		w := &workshop{apart: store != "", takes: func() int64 {
			if !trains.Load() {
				return 0
			}
			fill()
			return 901 << 30
		}, slowly: func(step string) {
			if step == "stages.student" {
				trains.Store(true)
				<-full
			}
		}}
		err := loadSmall(t, file, "memory=900GiB", "store="+store, "stages.student.epochs=1000").Run(t.Context(), Options{Reporter: &events{}, Engine: somewhere, engine: w})
		if got := shortage(t, err); !shortElsewhere.MatchString(got) {
			t.Error(got)
		}
	}
}

func changedAt(t *testing.T, files []string) (times []time.Time) {
	t.Helper()
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, info.ModTime())
	}
	return times
}

// TestEngineTriesAgain has each task fail on three machines, and a file be gone on a fourth.
func TestEngineTriesAgain(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := badText(t)
	var mutex sync.Mutex
	tries := map[int]int{}
	w := &workshop{before: func(l TaskLine) error {
		mutex.Lock()
		defer mutex.Unlock()
		if tries[*l.Shard]++; tries[*l.Shard] < 4 {
			return errors.New("no such luck")
		}
		return nil
	}}
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w}); err != nil {
		t.Fatal(err)
	}
	sameAsAlone(t, folder, alone)
	if done := w.outcomes(); len(done) != 1 || done["stages.vectors "+taskDone] != len(tries) {
		t.Errorf("%v, of %d tasks", done, len(tries))
	}
}

// TestEngineFails damages a shard, which no machine can read: the run ends with the words of the one task that failed, what
// others have made stays, and when the shard is made again the run goes on.
func TestEngineFails(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := badText(t)
	w := &workshop{before: func(l TaskLine) error {
		if *l.Shard != 1 {
			return nil
		}
		shards, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/jsonl-*/documents-00001.arrow"))
		if err != nil || len(shards) != 1 {
			return fmt.Errorf("%v: %w", shards, err)
		}
		info, err := os.Stat(shards[0])
		if err != nil {
			return err
		}
		return os.WriteFile(shards[0], make([]byte, info.Size()), 0o666)
	}}
	err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w})
	if err == nil || !strings.HasPrefix(err.Error(), "stages.cleaned: reading own.documents: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the run ends with %v", err)
	}
	if bad := quarantined(t, folder); len(bad) != 6 {
		t.Errorf("quarantine is %q", bad)
	}
	sources, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/jsonl-*"))
	if err != nil || len(sources) != 1 || os.RemoveAll(sources[0]) != nil {
		t.Fatal(sources, err)
	}
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: &workshop{}}); err != nil {
		t.Fatal(err)
	}
	sameAsAlone(t, folder, alone)
}

// TestEngineInterrupted ends a run while tasks are done elsewhere: they are given up, too.
func TestEngineInterrupted(t *testing.T) {
	_, file := badText(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	var while string
	w := &workshop{before: func(l TaskLine) error {
		while = l.While
		if _, err := os.Stat(while); err != nil {
			t.Error(err)
		}
		cancel(interrupted)
		<-ctx.Done()
		return context.Cause(ctx)
	}}
	if err := run(ctx, t, file, Options{Engine: somewhere, engine: w}); !errors.Is(err, interrupted) {
		t.Errorf("the run ends with %v", err)
	}
	if _, err := os.Stat(while); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("tasks are still wanted: %v", err)
	}
}

// TestEngineWithStore has machines do tasks that have nothing in common with the one that leads the run but a store: there are the
// bytes of a run in one place, all that can be made elsewhere is, and nothing stays there but what others can use.
func TestEngineWithStore(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		make    func(*testing.T) (folder, file string)
		steps   []string // made elsewhere
	}{
		"s3":    {objectstest.Serve(t).Address("p"), badText, []string{"stages.vectors"}},
		"file":  {"file://" + t.TempDir(), whole, []string{"stages.teacher", "stages.pairs", "stages.transported", "stages.documents", "stages.queries", "stages.hits"}},
		"parts": {"file://" + t.TempDir(), divisible, cutSteps},
	} {
		t.Run(name, func(t *testing.T) {
			alone, file := c.make(t)
			if err := run(t.Context(), t, withStore(t, file, ""), Options{}); err != nil {
				t.Fatal(err)
			}
			t.Setenv("FERRY_CACHE", t.TempDir())
			folder, file := c.make(t)
			w := &workshop{apart: true}
			if err := run(t.Context(), t, withStore(t, file, c.address), Options{Engine: somewhere, engine: w}); err != nil {
				t.Fatal(err)
			}
			compare(t, outputs(t, folder), outputs(t, alone))
			if got, want := quarantined(t, folder), quarantined(t, alone); !slices.Equal(got, want) {
				t.Errorf("quarantine is %q, want %q", got, want)
			}
			for _, step := range c.steps {
				if w.outcomes()[step+" "+taskDone] == 0 {
					t.Errorf("%s was not made elsewhere: %v", step, w.outcomes())
				}
			}
			left, err := filepath.Glob(filepath.Join(os.Getenv("FERRY_CACHE"), "tasks-*/work/*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			again := &workshop{apart: true}
			var o order
			if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: again, Reporter: &o}); err != nil || len(again.answers)+len(o.told) > 0 {
				t.Errorf("a run makes again %v %v: %v", again.outcomes(), o.told, err)
			}
		})
	}
}
