//go:build linux && amd64

package crash

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pipelineFile has what there is of ways to write: row-wise steps in several shards, training with checkpoints, bad rows, a
// table, a model and a report.
const pipelineFile = `
name: crash
seed: 3
max_bad_rows: 2
sources:
  notes:  {kind: jsonl, path: notes.jsonl, language: en}
  mtop:   {kind: mtop, path: "sample:mtop", split: eval, documents: en, queries: sw}
  bitext: {kind: bitext, path: "sample:bitext/phrasebook.{source}-{target}", languages: [en, sw]}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8, max_tokens: 8}
stages:
  pairs:   {kind: tokenize, from: bitext, teacher: base, student: base, max_tokens: 8}
  student: {kind: distill, from: pairs, teacher: base, student: base, losses: {pooled_mse: 1}, batch: 256, epochs: 1}
  vectors: {kind: embed, from: notes, model: base}
  queries: {kind: embed, from: mtop.queries, model: student}
  hits:    {kind: search, queries: queries, documents: vectors, top: 2}
  scores:  {kind: evaluate, hits: hits, judgments: mtop.judgments, measures: [nDCG@10]}
sinks:
  vectors: {kind: parquet, from: vectors, path: out/vectors.parquet}
  student: {kind: model, from: student, path: out/student}
  report:  {kind: report, from: scores, path: out/report}
`

// arguments of a run that saves the state of training after each step.
func arguments(workers int) []string {
	return []string{"run", "--checkpoint", "1ns", "--workers", fmt.Sprint(workers)}
}

// newFolder makes a folder with the pipeline and what it reads.
func newFolder(t *testing.T) string {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fill(t, folder)
	return folder
}

// fill puts the pipeline and what it reads into a folder.
func fill(t *testing.T, folder string) {
	t.Helper()
	var notes bytes.Buffer
	for i := range 1000 {
		if i%400 == 300 {
			fmt.Fprintln(&notes, `{"id": "bad`)
		} else {
			fmt.Fprintf(&notes, "{\"id\": \"%d\", \"text\": \"note %d\"}\n", i, i)
		}
	}
	for name, text := range map[string]string{"pipeline.yaml": pipelineFile, "notes.jsonl": notes.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// peaceful are the files that a run in peace leaves.
var peaceful map[string]string

// inPeace runs the pipeline to its end, once for all tests, and returns what is there then.
func inPeace(t *testing.T) map[string]string {
	t.Helper()
	if peaceful != nil {
		return peaceful
	}
	trial := &tracer{folder: newFolder(t)}
	if e, err := trial.run(arguments(2)...); err != nil || e.status != 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	files := filesOf(t, trial.folder)
	for _, want := range []string{"out/student/model.safetensors", "out/report/report.html", "out/vectors.parquet", "out/crash.manifest.json", ".ferry/quarantine/crash.parquet"} {
		if files[want] == "" {
			t.Fatalf("there is no %s", want)
		}
	}
	peaceful = files
	return files
}

// records are of runs, of which there were more where one was killed.
var records = regexp.MustCompile(`^\.ferry/runs/crash/\d.*\.json$`)

// filesOf are hashes of all files in a folder, but for the records of runs and what tells times.
func filesOf(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, folder+"/")
		if err != nil || d.IsDir() || records.MatchString(name) {
			return err
		}
		data, err := os.ReadFile(path)
		if name == ".ferry/hashes.json" || d.Name() == "lock" {
			data = nil // of paths and processes
		}
		files[name] = fmt.Sprintf("%x", sha256.Sum256(timeless(data)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// timeless is a JSON file without what differs between two runs that do the same; other files are left as they are.
func timeless(data []byte) []byte {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return data
	}
	forget(fields)
	data, _ = json.Marshal(fields) // of what was JSON
	return data
}

func forget(value any) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			forget(v)
		}
	case map[string]any:
		maps.DeleteFunc(value, func(name string, _ any) bool {
			return slices.Contains([]string{"started", "seconds", "cpu_seconds", "cpu", "memory", "cached", "workers"}, strings.ToLower(name))
		})
		for _, v := range value {
			forget(v)
		}
	}
}

// differences lists the files that are missing, too many or not the same.
func differences(got, want map[string]string) (names []string) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case got[name] == "":
			names = append(names, name+" is missing")
		case want[name] == "":
			names = append(names, name+" is left over")
		case got[name] != want[name]:
			names = append(names, name+" differs")
		}
	}
	return names
}
