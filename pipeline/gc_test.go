package pipeline

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// loadSmall reads and checks putSmall's pipeline with changes.
func loadSmall(t *testing.T, file string, sets ...string) *Pipeline {
	t.Helper()
	p, err := Load(file, sets, os.LookupEnv)
	if err == nil {
		err = p.Check(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rerun runs that pipeline with changes and returns the steps that were made.
func rerun(t *testing.T, file string, sets ...string) []string {
	t.Helper()
	record := &Record{}
	if err := loadSmall(t, file, sets...).Run(t.Context(), Options{Workers: 2, Reporter: &events{}, Record: record}); err != nil {
		t.Fatal(err)
	}
	steps, err := record.steps()
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(steps, func(_ string, s madeStep) bool { return !s.Made })
	return slices.Sorted(maps.Keys(steps))
}

// cached are the keys in the cache.
func cached(t *testing.T, file string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(filepath.Dir(file), ".ferry/cache"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// less are the names of a that b has not.
func less(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(name string) bool { return slices.Contains(b, name) })
}

// TestGC removes what the first of three runs alone made, and with it nothing that the others need, that another pipeline made, or
// that ferry has not written.
func TestGC(t *testing.T) {
	file := putSmall(t)
	first := cached(t, file)
	rerun(t, file, "stages.student.learning_rate=0.001")
	other := filepath.Join(filepath.Dir(file), "other.yaml")
	put(t, other, "sources:\n  documents: {kind: jsonl, path: documents.jsonl, max_line: 2000}\nsinks:\n  rows: {kind: parquet, from: documents, path: elsewhere/rows.parquet}\n")
	rerun(t, other)
	foreign := filepath.Join(filepath.Dir(file), ".ferry/cache/notes")
	put(t, filepath.Join(foreign, "mine.txt"), "mine")
	link := filepath.Join(filepath.Dir(file), ".ferry/cache/embed-000000000000000000000000")
	put(t, filepath.Join(filepath.Dir(file), "archive/done.json"), "{}")
	if err := os.Symlink(filepath.Join(filepath.Dir(file), "archive"), link); err != nil {
		t.Fatal(err)
	}
	all := cached(t, file)

	p := loadSmall(t, file, "stages.student.learning_rate=0.001")
	for _, o := range []GCOptions{{}, {DryRun: true}, {Last: 1, DryRun: true}, {Last: 2}} {
		c, err := p.GC(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if o.Last != 1 && len(c.Removed) > 0 || o.Last == 1 && len(c.Removed) == 0 {
			t.Errorf("%+v: to be removed are %v", o, c.Removed)
		}
		if now := cached(t, file); !slices.Equal(now, all) {
			t.Errorf("%+v removed %v", o, less(all, now))
		}
		if !slices.Equal(c.Foreign, []string{".ferry/cache/embed-000000000000000000000000", ".ferry/cache/notes"}) {
			t.Errorf("foreign: %q", c.Foreign)
		}
	}
	_, unlock, err := lock(p.Work)
	if err != nil {
		t.Fatal(err)
	}
	var busy *Busy
	if _, err := p.GC(t.Context(), GCOptions{Last: 1}); !errors.As(err, &busy) {
		t.Errorf("while a run is at work: %v", err)
	}
	unlock()

	c, err := p.GC(t.Context(), GCOptions{Last: 1})
	if err != nil {
		t.Fatal(err)
	}
	// The student, and all that follows from it, is what the first run alone has made.
	alone := slices.DeleteFunc(slices.Clone(first), func(name string) bool {
		kind, _, _ := strings.Cut(name, "-")
		return kind != "distill" && kind != "embed" && kind != "parquet" && kind != "model"
	})
	if gone := less(all, cached(t, file)); !slices.Equal(gone, alone) {
		t.Errorf("removed %v, want %v", gone, alone)
	}
	if c.Freed <= 0 {
		t.Errorf("freed %d bytes", c.Freed)
	}
	for _, path := range []string{filepath.Join(foreign, "mine.txt"), filepath.Join(link, "done.json")} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if made := rerun(t, file, "stages.student.learning_rate=0.001"); made != nil {
		t.Errorf("made again: %v", made)
	}
	if made := rerun(t, other); made != nil {
		t.Errorf("made again of the other pipeline: %v", made)
	}
}

// TestGCKilled has gc killed after it has removed each file: what it leaves is made again, to the byte.
func TestGCKilled(t *testing.T) {
	file := putSmall(t)
	s := openStore(filepath.Join(filepath.Dir(file), ".ferry"), memory.DefaultAllocator)
	out := filepath.Join(filepath.Dir(file), "out")
	model, err := os.ReadFile(filepath.Join(out, "student/model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for k, n := range notes(t, s) {
		if len(n.Model) == 0 {
			continue
		}
		if err := os.Remove(filepath.Join(s.folder(k), "done.json")); err != nil { // the first to go
			t.Fatal(err)
		}
		for name := range n.Model {
			if err := os.Remove(filepath.Join(s.model(k), name)); err != nil {
				t.Fatal(err)
			}
			os.RemoveAll(filepath.Join(out, "student"))
			if made := rerun(t, file); !slices.Contains(made, "stages.student") {
				t.Errorf("without %s of the model %v were made", name, made)
			}
			if again, err := os.ReadFile(filepath.Join(out, "student/model.safetensors")); err != nil || string(again) != string(model) {
				t.Errorf("without %s of the model another one was made: %v", name, err)
			}
		}
	}
}

// TestGCKeeps keeps the checkpoint of a run that was killed, and everything while it is not known what a pipeline needs.
func TestGCKeeps(t *testing.T) {
	file := putSmall(t)
	p := loadSmall(t, file, "stages.student.learning_rate=0.001")
	s, units, err := p.layOut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// A run of other learning rate is killed in training: no more is there than how it began.
	r := &Run{pipeline: p, units: units, options: Options{Record: &Record{}}}
	if _, err := p.begin(r.options.Record, Owner{PID: 1, Host: "elsewhere"}); err != nil {
		t.Fatal(err)
	}
	if err := r.rememberSteps(); err != nil {
		t.Fatal(err)
	}
	var checkpoint string
	for _, u := range units {
		if u.name() == "stages.student" {
			checkpoint = filepath.Join(s.folder(u.key), "checkpoint")
			put(t, checkpoint, "a state")
		}
	}
	c, err := loadSmall(t, file).GC(t.Context(), GCOptions{Last: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(checkpoint); err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(c.Kept, func(r CachedResult) bool { return r.Because == "runs of small, with a checkpoint to go on from" }) {
		t.Errorf("kept: %v", c.Kept)
	}
	put(t, filepath.Join(p.Work, "runs/old/20260102T030405.000000Z.json"), `{"outcome": "succeeded"}`)
	if _, err := p.GC(t.Context(), GCOptions{}); err == nil || !strings.Contains(err.Error(), "what the runs of old have made, which an older ferry ran") {
		t.Errorf("with runs of which nothing is known: %v", err)
	}
}

// TestGCTasks keeps what one of several processes has made, though the first, which has the record, never began, until the pipeline
// has a run of its own.
func TestGCTasks(t *testing.T) {
	file := putSmall(t)
	before := cached(t, file)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var both sync.WaitGroup
	for number := 2; number <= 3; number++ {
		p := loadSmall(t, file, "seed=99")
		both.Go(func() { _ = p.Run(ctx, Options{Share: Share{number, 3}, Wait: time.Hour, Reporter: &events{}}) }) // in vain
	}
	made := within(func() bool {
		return slices.ContainsFunc(less(cached(t, file), before), func(name string) bool {
			notes, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".ferry/cache", name, "*.json"))
			return err == nil && len(notes) > 0
		})
	})
	cancel()
	both.Wait()
	if !made {
		t.Fatal("the processes made nothing")
	}
	for _, removes := range []bool{false, true} {
		c, err := loadSmall(t, file).GC(t.Context(), GCOptions{Last: 1, DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		if (len(c.Removed) > 0) != removes {
			t.Errorf("to be removed: %v", c.Removed)
		}
		rerun(t, file)
	}
}
