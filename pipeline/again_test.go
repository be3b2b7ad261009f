package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// planOf draws the plan of a pipeline file.
func planOf(t *testing.T, file string) string {
	t.Helper()
	p, err := Load(file, nil, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	plan, err := p.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := plan.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGoesOn cancels an embedding of five shards, of which two are in work at a time, after one: the plan says so, and the next run
// keeps what there is.
func TestGoesOn(t *testing.T) {
	folder, file := folderWith(t, "tiny.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, strings.Replace(string(text), "documents: sw", "documents: [de, en, es, hi, sw, th]", 1))
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/embed-*"))
	if err != nil || len(made) != 1 || os.RemoveAll(made[0]) != nil || os.RemoveAll(filepath.Join(folder, "out")) != nil {
		t.Fatalf("%v, %v", made, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = run(ctx, t, file, Options{Workers: 1, Reporter: &events{progress: func(string) {
		if notes, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache/embed-*/task-*.json")); len(notes) > 0 {
			cancel()
		}
	}}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if plan := planOf(t, file); !regexp.MustCompile(`stages.documents \(embed\): will go on after [12] of 5 shards`).MatchString(plan) {
		t.Errorf("the plan is\n%s", plan)
	}
	shards, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/embed-*/vectors-*.arrow"))
	if err != nil || len(shards) == 0 {
		t.Fatalf("%v, %v", shards, err)
	}
	before := make([]os.FileInfo, len(shards))
	for i, shard := range shards {
		if before[i], err = os.Stat(shard); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	for i, shard := range shards {
		after, err := os.Stat(shard)
		if err != nil || !after.ModTime().Equal(before[i].ModTime()) || !os.SameFile(before[i], after) {
			t.Errorf("%s was made again: %v", shard, err)
		}
	}
}

// TestHeals takes away parts of the cache that the next run needs, one after the other.
func TestHeals(t *testing.T) {
	folder, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	want := outputs(t, folder)
	for _, lost := range []string{"embed-*/vectors-00001.arrow", "distill-*/model", "mtop-*/queries-00000.arrow", "search-*", "../hashes.json"} {
		found, err := filepath.Glob(filepath.Join(folder, ".ferry/cache", lost))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", lost, err)
		}
		for _, path := range append(found, filepath.Join(folder, "out/report"), filepath.Join(folder, "out/student"), filepath.Join(folder, "out/tokens.parquet")) {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
		if err := run(t.Context(), t, file, Options{}); err != nil {
			t.Fatalf("without %s: %v", lost, err)
		}
		compare(t, outputs(t, folder), want)
	}
}

// TestSweeps runs where a run was killed while it wrote: what it left half-written goes, and nothing else does.
func TestSweeps(t *testing.T) {
	folder, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(folder, "out/.mine.part-00000000")
	put(t, kept, "somebody else's")
	left := []string{
		filepath.Join(folder, "out/.tokens.parquet.part-0123abcd"), filepath.Join(folder, "out/report/runs/.hits.sw.run.part-0123abcd"),
		filepath.Join(folder, "out/.student.part-0123abcd/config.json"),
	}
	notes, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/done.json"))
	if err != nil || len(notes) == 0 {
		t.Fatalf("%v, %v", notes, err)
	}
	for _, note := range notes { // nothing is done any more
		if err := os.Remove(note); err != nil {
			t.Fatal(err)
		}
		left = append(left, filepath.Join(filepath.Dir(note), ".vectors-00000.arrow.part-0123abcd"))
	}
	for _, part := range left {
		put(t, part, "half")
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, part := range left {
		if _, err := os.Stat(part); err == nil {
			t.Errorf("%s is still there", part)
		}
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

// TestDamagedNotes runs where notes of the cache are empty or spoiled: it says so of each, and makes again what they told of.
func TestDamagedNotes(t *testing.T) {
	folder, file := folderWith(t, "tiny.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	want := outputs(t, folder)
	notes, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/done.json"))
	if err != nil || len(notes) == 0 {
		t.Fatalf("%v, %v", notes, err)
	}
	for i, note := range notes {
		put(t, note, []string{"", "{\"Coun", "\x00\x00"}[i%3])
	}
	if v, err := Verify(t.Context(), []string{filepath.Join(folder, ".ferry")}, VerifyOptions{}); err != nil || len(v.Damages) != len(notes) {
		t.Errorf("of %d damaged notes: %+v, %v", len(notes), v, err)
	}
	told := &events{}
	if err := run(t.Context(), t, file, Options{Reporter: told}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), want)
	for _, note := range notes {
		if !slices.ContainsFunc(told.warnings(), func(w string) bool { return strings.HasPrefix(w, "cache: "+note+" is damaged (") }) {
			t.Errorf("nothing is said of %s: %q", note, told.warnings())
		}
	}
}

// TestCopiedFolder runs in a copy of a folder, cache included: what it writes goes into the copy.
func TestCopiedFolder(t *testing.T) {
	folder, file := folderWith(t, "tiny.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(copied, "out")); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), t, filepath.Join(copied, "pipeline.yaml"), Options{}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, copied), outputs(t, folder))
}

// TestTwins has two steps that make the same: one does the work.
func TestTwins(t *testing.T) {
	folder, file := folderWith(t, "tiny.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("\nsinks:\n"), []byte("\n  again: {kind: embed, from: mtop, model: start}\nsinks:\n  again: {kind: parquet, from: again, path: out/again.parquet}\n"), 1)
	text = bytes.Replace(text, []byte("mtop.documents"), []byte("mtop"), 1)
	put(t, file, string(text))
	if plan := planOf(t, file); !strings.Contains(plan, "stages.again (embed): the same as stages.documents") || !strings.Contains(plan, "\n4 steps to run, 0 done, 1 the same as others\n") {
		t.Errorf("the plan is\n%s", plan)
	}
	made := &events{}
	if err := run(t.Context(), t, file, Options{Reporter: made}); err != nil {
		t.Fatal(err)
	}
	sums := outputs(t, folder)
	if sums["again.parquet"] == "" || sums["again.parquet"] != sums["documents.parquet"] {
		t.Errorf("the files are %v", sums)
	}
	if plan := planOf(t, file); !strings.Contains(plan, "\n0 steps to run, ") || !strings.Contains(plan, "stages.again (embed): done, 358 rows") {
		t.Errorf("afterwards the plan is\n%s", plan)
	}
}

// TestInputChanges adds to a file after its hash was taken and before it is read: what is read then must not be kept
// under the key of what was hashed.
func TestInputChanges(t *testing.T) {
	folder := t.TempDir()
	file, data := filepath.Join(folder, "pipeline.yaml"), filepath.Join(folder, "d.jsonl")
	put(t, file, "sources: {d: {kind: jsonl, path: d.jsonl, language: en}}\nsinks: {d: {kind: parquet, from: d, path: out/d.parquet}}\n")
	put(t, data, `{"id": "d1", "text": "noon"}`+"\n")
	err := run(t.Context(), t, file, Options{Reporter: &events{at: func(n int64) {
		put(t, data, `{"id": "d1", "text": "midday"}`+"\n")
	}}})
	if err == nil || !strings.Contains(err.Error(), "d.jsonl: it changed meanwhile; run again when it is complete") {
		t.Fatal(err)
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	put(t, data, `{"id": "d1", "text": "noon"}`+"\n")
	if plan := planOf(t, file); !strings.Contains(plan, "sources.d.documents (jsonl): will run") {
		t.Errorf("the plan is\n%s", plan)
	}
}

// TestFirstError lets one shard fail while others wait: the error of the one is told, not that the others were
// cancelled because of it.
func TestFirstError(t *testing.T) {
	boom := errors.New("boom")
	schema, folder := schemas.Documents(), t.TempDir()
	file := func(n int) string { return filepath.Join(folder, fmt.Sprint(n)) }
	empty := func(number int) *tables.Writer {
		return &tables.Writer{Schema: schema, Allocator: memory.DefaultAllocator, File: file, Publish: func(tables.Shard) {}, First: number, Single: true, Always: true}
	}
	for i := range 4 {
		if err := empty(i).End(nil); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 100 {
		r := &Run{pipeline: &Pipeline{}, store: openStore(t.TempDir(), memory.DefaultAllocator), slots: make(chan struct{}, 4), cpu: newCPUTimes(), options: Options{Reporter: &events{}}}
		from := &unit{tables: map[string]*table{"documents": newTable("data", schema, openStore(folder, memory.DefaultAllocator), file)}}
		for i := range 4 {
			from.tables["documents"].publish(tables.Shard{Number: i})
		}
		source := &Step{Section: "sources", tables: []schemas.TableType{{Name: "documents", Schema: schema}}}
		var calls atomic.Int64
		failing := stageFunc(func(ctx context.Context, job stages.Job) error {
			if calls.Add(1) == 3 {
				return boom
			}
			<-ctx.Done()
			return ctx.Err()
		})
		u := &unit{step: &Step{Section: "stages", component: failing}, key: key(fmt.Sprint(round)), inputs: []input{{&edge{key: "from", ref: "data", step: source}, from}}}
		_, err := r.computeShards(t.Context(), u)
		if !errors.Is(err, boom) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

type stageFunc func(context.Context, stages.Job) error

func (stageFunc) Outputs(stages.Types) (stages.Outputs, []schemas.Mistake) {
	return stages.Outputs{}, nil
}
func (stageFunc) RowWise() string { return "from" }
func (f stageFunc) Run(ctx context.Context, job stages.Job) (*model.Model, error) {
	return nil, f(ctx, job)
}
