package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// run runs a pipeline file, and makes sure that every record batch is released, whatever the end.
func run(ctx context.Context, t testing.TB, file string, o Options) error {
	t.Helper()
	p, err := Load(file, nil, os.LookupEnv)
	if err != nil {
		return err
	}
	if err := p.Check(ctx); err != nil {
		return err
	}
	if o.Reporter == nil {
		o.Reporter = &events{}
	}
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	o.Allocator = checked
	return p.Run(ctx, o)
}

// events is a Reporter that counts what it is told, and calls at for each, and progress for steps that go on.
type events struct {
	count    atomic.Int64
	at       func(n int64)
	progress func(step string)
	warn     func(step, warning string)
	warned   sync.Map // by step and text
}

func (e *events) tell() {
	if n := e.count.Add(1); e.at != nil {
		e.at(n)
	}
}
func (e *events) Planned([]Planned)         {}
func (e *events) Present(string, Finished)  {}
func (e *events) Trained(string, float64)   {}
func (e *events) Started(string)            { e.tell() }
func (e *events) Finished(string, Finished) { e.tell() }
func (e *events) Failed(string, error)      { e.tell() }

func (e *events) Warned(step, warning string) {
	e.warned.Store(step+": "+warning, true)
	if e.warn != nil {
		e.warn(step, warning)
	}
}

func (e *events) warnings() (all []string) {
	e.warned.Range(func(warning, _ any) bool { all = append(all, warning.(string)); return true })
	slices.Sort(all)
	return all
}

func (e *events) Progress(step string, _, _ int64, _ string) {
	e.tell()
	if e.progress != nil {
		e.progress(step)
	}
}

// folderWith makes a folder with testdata/whole.yaml as pipeline.yaml.
func folderWith(t testing.TB, yaml string) (folder, file string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", yaml))
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	file = filepath.Join(folder, "pipeline.yaml")
	put(t, file, string(text))
	return folder, file
}

// outputs are the hashes of all files below out but the manifest.
func outputs(t *testing.T, folder string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	root := filepath.Join(folder, "out")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".manifest.json") {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		sums[filepath.ToSlash(name)] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func compare(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range maps.Keys(want) {
		if got[name] != want[name] {
			t.Errorf("%s has other bytes", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// anyWorkers runs a pipeline file of testdata beside other files, given by name, with one worker and with three, each in a folder of its
// own, and expects the same bytes. It returns the folder of the second run and what that one told.
func anyWorkers(t *testing.T, yaml string, files map[string]string) (folder string, told *events) {
	t.Helper()
	var first map[string]string
	for _, workers := range []int{1, 3} {
		var file string
		folder, file = folderWith(t, yaml)
		for name, text := range files {
			put(t, filepath.Join(folder, name), text)
		}
		told = &events{}
		if err := run(t.Context(), t, file, Options{Workers: workers, Reporter: told}); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = outputs(t, folder)
		}
	}
	compare(t, outputs(t, folder), first)
	return folder, told
}

// unfinished lists the files and folders below folder that were not given their names.
func unfinished(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), ".part-") {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestDeterminism runs one pipeline with one worker, with four in another folder, and once more while it is cancelled
// again and again. All must end with the same bytes.
func TestDeterminism(t *testing.T) {
	one, file := folderWith(t, "whole.yaml")
	counted := &events{}
	if err := run(t.Context(), t, file, Options{Workers: 1, Reporter: counted}); err != nil {
		t.Fatal(err)
	}
	want := outputs(t, one)
	if len(want) < 16 {
		t.Fatalf("only %d files were written: %v", len(want), want)
	}
	t.Run("workers", func(t *testing.T) {
		four, file := folderWith(t, "whole.yaml")
		if err := run(t.Context(), t, file, Options{Workers: 4}); err != nil {
			t.Fatal(err)
		}
		compare(t, outputs(t, four), want)
	})
	t.Run("cancelled", func(t *testing.T) { testCancelled(t, counted.count.Load(), want) })
}

func testCancelled(t *testing.T, all int64, want map[string]string) {
	folder, file := folderWith(t, "whole.yaml")
	before := runtime.NumGoroutine()
	stop := errors.New("stop")
	cancelled := 0
	for moment := int64(1); ; moment += max(1, all/7) {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := run(ctx, t, file, Options{Workers: 3, Reporter: &events{at: func(n int64) {
			if n == moment {
				cancel(stop)
			}
		}}})
		cancel(nil)
		if found := unfinished(t, folder); len(found) > 0 {
			t.Errorf("left behind after being cancelled at event %d: %v", moment, found)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, stop) {
			t.Fatalf("cancelled at event %d: %v", moment, err)
		}
		cancelled++
	}
	if cancelled < 4 {
		t.Errorf("cancelled only %d times", cancelled)
	}
	compare(t, outputs(t, folder), want)
	if !within(func() bool { return runtime.NumGoroutine() <= before }) {
		after := runtime.NumGoroutine()
		stacks := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
	}
}

// order is a Reporter that notes which steps have started and finished, in order.
type order struct {
	quiet
	mutex sync.Mutex
	told  []string
}

type quiet struct{ Reporter }

func (quiet) Planned([]Planned)                     {}
func (quiet) Present(string, Finished)              {}
func (quiet) Trained(string, float64)               {}
func (quiet) Failed(string, error)                  {}
func (quiet) Warned(string, string)                 {}
func (quiet) Progress(string, int64, int64, string) {}

func (o *order) tell(what string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.told = append(o.told, what)
}
func (o *order) Started(step string)              { o.tell(step + " starts") }
func (o *order) Finished(step string, _ Finished) { o.tell(step + " ends") }

// TestStarts makes sure that a step is said to start, and its time counted, when it has what it needs and not before.
func TestStarts(t *testing.T) {
	_, file := folderWith(t, "whole.yaml")
	var o order
	if err := run(t.Context(), t, file, Options{Workers: 2, Reporter: &o}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ first, then string }{
		{"sources.bitext.pairs starts", "stages.pairs starts"},
		{"stages.transported ends", "stages.queries starts"},
		{"stages.hits starts", "stages.scores starts"},
		{"stages.transported ends", "sinks.student starts"},
	} {
		first, then := slices.Index(o.told, c.first), slices.Index(o.told, c.then)
		if first < 0 || then < first {
			t.Errorf("%q should come before %q in %q", c.first, c.then, o.told)
		}
	}
}
