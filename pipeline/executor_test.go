package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// planned are the lines of the tasks that are not done.
func planned(t *testing.T, file string) (lines []TaskLine) {
	t.Helper()
	p, err := Load(file, nil, os.LookupEnv)
	if err == nil {
		err = p.Check(t.Context())
	}
	var text bytes.Buffer
	if err == nil {
		err = p.WriteTasks(t.Context(), &text, Options{Reporter: &events{}})
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		var l TaskLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

// execute has an executor do tasks, in that order, and makes sure that it gives back all memory.
func execute(t *testing.T, lines ...TaskLine) (answers []TaskAnswer) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	e := NewExecutor(Options{Workers: 1, Reporter: &events{}, Allocator: checked})
	defer e.Close()
	for _, l := range lines {
		if l.Pack != "" { // as on a machine that does not see them
			l.Pipeline, l.Work = "/nowhere/pipeline.yaml", "/nowhere/.ferry"
		}
		text, err := json.Marshal(l)
		if err != nil {
			t.Error(err)
		}
		answer, err := e.Do(t.Context(), text)
		if err != nil {
			t.Error(err)
		}
		answers = append(answers, answer)
	}
	return answers
}

// executeAll does the first wave of a plan until there are no tasks any more, the last task first, by two executors at the same
// time that do all of them both. It returns what was done, by key and shard, and the chains.
func executeAll(t *testing.T, file string) (chains map[string]int) {
	chains = map[string]int{}
	for waves := 0; ; waves++ {
		lines := planned(t, file)
		if len(lines) == 0 {
			return chains
		}
		if waves == 20 {
			t.Fatalf("there are still tasks: %v", lines)
		}
		lines = slices.DeleteFunc(lines, func(l TaskLine) bool { return l.Wave > 1 })
		slices.Reverse(lines)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				for _, a := range execute(t, lines...) {
					if a.Outcome == taskFailed {
						t.Errorf("%+v", a)
					}
				}
			})
		}
		both.Wait()
		for _, l := range lines {
			if l.Shard != nil {
				chains[strings.Join(l.Steps, " ")]++
			}
		}
	}
}

// TestTasks has executors do all tasks of a pipeline: what lies there then is what a run leaves, which makes nothing again.
func TestTasks(t *testing.T) {
	one, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	other, file := folderWith(t, "whole.yaml")
	executeAll(t, file)
	var o order
	if err := run(t.Context(), t, file, Options{Reporter: &o}); err != nil || len(o.told) > 0 {
		t.Errorf("a run makes again %q: %v", o.told, err)
	}
	compare(t, outputs(t, other), outputs(t, one))
	compare(t, cacheSums(t, other), cacheSums(t, one))
	if parts := unfinished(t, other); len(parts) > 0 {
		t.Errorf("left behind: %v", parts)
	}
}

// TestTasksInChains does so where one step goes on with the shards of another, and rows are bad.
func TestTasksInChains(t *testing.T) {
	one, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	other, file := badText(t)
	chains := executeAll(t, file)
	if n := chains["stages.cleaned stages.vectors"]; len(chains) != 1 || n < 3 {
		t.Errorf("the tasks of shards are %v", chains)
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Error(err)
	}
	compare(t, outputs(t, other), outputs(t, one))
	compare(t, cacheSums(t, other), cacheSums(t, one))
	if got, want := quarantined(t, other), quarantined(t, one); !slices.Equal(got, want) {
		t.Errorf("quarantine is %q, want %q", got, want)
	}
	if got, want := stepCounts(t, other), stepCounts(t, one); got != want {
		t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
	}
}

// TestTasksWithStore does so where executors of stages have no files but those of a store.
func TestTasksWithStore(t *testing.T) {
	one, file := badText(t)
	if err := run(t.Context(), t, withStore(t, file, ""), Options{}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FERRY_CACHE", t.TempDir())
	other, file := badText(t)
	if chains := executeAll(t, withStore(t, file, objectstest.Serve(t).Address("p"))); len(chains) != 1 {
		t.Errorf("the tasks of shards are %v", chains)
	}
	var o order
	if err := run(t.Context(), t, file, Options{Reporter: &o}); err != nil || len(o.told) > 0 {
		t.Errorf("a run makes again %q: %v", o.told, err)
	}
	compare(t, outputs(t, other), outputs(t, one))
	if got, want := quarantined(t, other), quarantined(t, one); !slices.Equal(got, want) {
		t.Errorf("quarantine is %q, want %q", got, want)
	}
}

// TestTaskAnswers looks at what is said of a task that is done, done again, and fails.
func TestTaskAnswers(t *testing.T) {
	folder, file := badText(t)
	lines := planned(t, file)
	got := execute(t, lines[0], lines[0])
	if got[0].Outcome != taskDone || got[0].Rows != 3000 || got[0].Key != lines[0].Key || got[0].Memory == 0 || got[1].Outcome != taskPresent || got[1].Rows != 3000 {
		t.Errorf("answers are %+v", got)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, strings.Replace(string(text), "10%", "2", 1))
	put(t, filepath.Join(folder, "own.jsonl"), strings.Repeat("{\n", 3))
	source := planned(t, file)[0]
	failed := execute(t, source)[0]
	if want := "3 of 3 rows could not be used, and max_bad_rows allows 2; the first is own.jsonl:1: "; failed.Outcome != taskFailed || !strings.Contains(failed.Error, want) || failed.Step != "sources.own.documents" {
		t.Errorf("answer is %+v", failed)
	}
	n, ok, err := openStore(filepath.Join(folder, ".ferry"), nil).read(key(source.Key), failedTask)
	if err != nil || !ok || n.Failure != failed.Error || len(n.Shards[quarantine]) != 1 {
		t.Errorf("note is %+v, %v, %v", n, ok, err)
	}
	put(t, file, string(text))
	put(t, filepath.Join(folder, "own.jsonl"), "{\"id\": \"1\", \"text\": \"noon\"}\n")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Error(err)
	}
}

// TestTasksElsewhere tells an executor of tasks that were planned for another machine, or are not wanted any more: it says so,
// so that they are tried elsewhere.
func TestTasksElsewhere(t *testing.T) {
	folder, file := badText(t)
	lines := planned(t, file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*TaskLine)
		want   string
	}{
		"binary":      {func(l *TaskLine) { l.Binary = strings.Repeat("0", 64) }, "this is another ferry than the one that planned the task"},
		"instruction": {func(l *TaskLine) { l.ISA = "abacus" }, "set FERRY_CPU=abacus"},
		"key":         {func(l *TaskLine) { l.Key += "0" }, "sources.own.documents is not as it was planned"},
		"file":        {func(l *TaskLine) { l.Pipeline += ".gone" }, "no such file"},
		"early":       {func(l *TaskLine) { *l = lines[1] }, "sources.own.documents is not there yet; its tasks come first"},
		"unwanted":    {func(l *TaskLine) { l.While = filepath.Join(folder, "gone") }, "given up by the process that leads the run"},
		"edited": {func(l *TaskLine) {
			put(t, file, strings.Replace(string(text), "language: en", "language: de", 1))
		}, "sources.own.documents is not as it was planned"},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, file, string(text))
			l := lines[0]
			test.change(&l)
			line, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			e := NewExecutor(Options{Reporter: &events{}})
			defer e.Close()
			answer, err := e.Do(t.Context(), line)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("answer is %+v, error %v", answer, err)
			}
		})
	}
	for _, line := range []string{"{", "{}", "[]", "null", `{"steps": 3}`} {
		e := NewExecutor(Options{Reporter: &events{}})
		if answer, err := e.Do(t.Context(), []byte(line)); err != nil || answer.Outcome != taskFailed || answer.Error == "" {
			t.Errorf("%s: %+v, %v", line, answer, err)
		}
	}
}

// manyShards is a pipeline whose source is there, in so many shards of a row.
func manyShards(t testing.TB, shards int) (file string) {
	folder := t.TempDir()
	file = filepath.Join(folder, "pipeline.yaml")
	put(t, file, `
sources:
  own: {kind: jsonl, table: documents, path: own.jsonl, language: en}
stages:
  cleaned: {kind: clean, from: own}
sinks:
  cleaned: {kind: parquet, from: cleaned, path: out/cleaned.parquet}
`)
	put(t, filepath.Join(folder, "own.jsonl"), "{\"id\": \"1\", \"text\": \"noon\"}\n")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(folder, ".ferry/cache")
	sources, err := filepath.Glob(filepath.Join(cache, "jsonl-*"))
	if err != nil || len(sources) != 1 {
		t.Fatalf("%v, %v", sources, err)
	}
	s, k := openStore(filepath.Join(folder, ".ferry"), nil), key(filepath.Base(sources[0]))
	n, _, err := s.read(k, done)
	if err != nil {
		t.Fatal(err)
	}
	first := n.Shards["documents"][0]
	for i := 1; i < shards; i++ {
		one := first
		one.Number = i
		n.Shards["documents"] = append(n.Shards["documents"], one)
		if err := os.Link(s.shard(k, "documents", 0), s.shard(k, "documents", i)); err != nil {
			t.Fatal(err)
		}
	}
	n.Counts.Out["documents"] = int64(shards)
	if err := s.write(k, done, n); err != nil {
		t.Fatal(err)
	}
	for _, made := range []string{"clean-*", "../../out"} {
		found, _ := filepath.Glob(filepath.Join(cache, made))
		for _, folder := range found {
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
		}
	}
	return file
}

// TestManyTasks plans a wave of 2,000 tasks.
func TestManyTasks(t *testing.T) {
	const shards = 2000
	lines := planned(t, manyShards(t, shards))
	if len(lines) != shards+2 {
		t.Fatalf("%d tasks", len(lines))
	}
	for i, l := range lines {
		whole := i >= shards
		if wave := 1 + max(0, i-shards+1); l.Wave != wave || whole != (l.Shard == nil) || !whole && (*l.Shard != i || l.Rows != 1 ||
			!slices.Equal(l.Writes, []string{fmt.Sprintf("%s/kept-%05d.arrow", l.Key, i)})) {
			t.Fatalf("task %d is %+v", i, l)
		}
	}
}

// BenchmarkPlanTasks plans a wave of 10,000.
func BenchmarkPlanTasks(b *testing.B) {
	file := manyShards(b, 10_000)
	for b.Loop() {
		p, err := Load(file, nil, os.LookupEnv)
		if err == nil {
			err = p.Check(b.Context())
		}
		var text bytes.Buffer
		if err == nil {
			err = p.WriteTasks(b.Context(), &text, Options{Reporter: &events{}})
		}
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(text.Len()), "bytes")
	}
	b.ReportMetric(float64(host.PeakMemory())/1e6, "peakMB")
}
