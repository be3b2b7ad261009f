package bench

import (
	"bytes"
	"encoding/json"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/scale"
)

// scaled is what TestScale runs; a shard takes seconds rather than minutes.
const scaled = `
sources:
  own: {kind: jsonl, table: documents, path: own.jsonl, language: en}
models:
  reader: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 256, layers: 6, heads: 4, ffn: 1024}
stages:
  cleaned: {kind: clean, from: own}
  vectors: {kind: embed, from: cleaned, model: reader}
sinks:
  vectors: {kind: parquet, from: vectors, path: out/vectors.parquet}
`

// A scaling is the program, a pipeline, and a cluster to run it on.
type scaling struct{ ferry, folder string }

// TestScale has so many passages embedded to compare workers, and in a run of ten minutes to tell what an engine costs.
const (
	scaledPassages = 12_000
	longPassages   = 250_000
)

// TestScale writes build/bench/scale.jsonl: what stages take, two workers of Spark beside one, and an engine beside none. FERRY_BENCH=scale
// asks for it, and SPARK_HOME says where Spark lies.
func TestScale(t *testing.T) {
	asked(t, "scale")
	home := os.Getenv("SPARK_HOME")
	if home == "" {
		t.Skip("SPARK_HOME names no Spark: run make bench-scale")
	}
	lines := costs(t)
	s := newScaling(t, scaled, map[string]iter.Seq[string]{"own.jsonl": drawn(scaledPassages)})
	cluster, err := scale.Start(t.Context(), home, t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Stop()
	s.run(t, "run", "--engine", cluster.Address) // the cluster compiles what it runs often
	one, _ := s.run(t, "run", "--engine", cluster.Address)
	if err := cluster.AddWorker(); err != nil {
		t.Fatal(err)
	}
	s.run(t, "run", "--engine", cluster.Address)
	two, _ := s.run(t, "run", "--engine", cluster.Address)
	lines = append(lines, two.beside("scale-workers", scaledPassages, "two workers of a core beside one", "one worker", one))
	s = newScaling(t, scaled, map[string]iter.Seq[string]{"own.jsonl": drawn(longPassages)})
	long, _ := s.run(t, "run", "--engine", cluster.Address)
	alone, _ := s.run(t, "run", "--workers", "2")
	report(t, "scale", append(lines, long.beside("scale-engine", longPassages, "two workers beside two goroutines", "no engine", alone)))
}

// newScaling builds ferry, and writes a pipeline and its passages, by file.
func newScaling(t *testing.T, pipeline string, passages map[string]iter.Seq[string]) scaling {
	t.Helper()
	s := scaling{filepath.Join(t.TempDir(), "ferry"), t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", s.ferry, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "pipeline.yaml"), []byte(pipeline), 0o666); err != nil {
		t.Fatal(err)
	}
	for file, texts := range passages {
		var rows bytes.Buffer
		out, n := json.NewEncoder(&rows), 0
		for text := range texts {
			n++
			if err := out.Encode(map[string]string{"id": strconv.Itoa(n), "text": text}); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(s.folder, file), rows.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// drawn yields so many passages of a hundred bytes.
func drawn(passages int) iter.Seq[string] {
	r := splitMix(7)
	vocabulary := words(&r)
	return func(yield func(string) bool) {
		for range passages {
			if !yield(passage(&r, vocabulary, 100)) {
				return
			}
		}
	}
}

// run runs the pipeline from nothing. It returns how long that took, and its steps.
func (s scaling) run(t *testing.T, args ...string) (repetition, []costedStep) {
	t.Helper()
	for _, made := range []string{".ferry", "out"} {
		if err := os.RemoveAll(filepath.Join(s.folder, made)); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(s.ferry, args...)
	command.Dir = s.folder
	idle := timed(func() { time.Sleep(3 * time.Second) }) // others are not told from Spark while it works
	start := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	took := repetition{Wall: time.Since(start).Seconds(), Others: idle.Others}
	var manifest struct{ Steps []costedStep }
	data, err := os.ReadFile(filepath.Join(s.folder, "out/pipeline.manifest.json"))
	if err == nil {
		err = json.Unmarshal(data, &manifest)
	}
	if err != nil {
		t.Fatal(err)
	}
	return took, manifest.Steps
}

// beside compares two runs by the clock, in passages a second.
func (ours repetition) beside(name string, passages float64, variant, peer string, theirs repetition) line {
	return line{Bench: name, Variant: variant, Threads: 2, Value: number(passages / ours.Wall), Unit: "passages/s", Peer: &peer,
		PeerValue: number(passages / theirs.Wall), Ratio: number(theirs.Wall / ours.Wall), Basis: "wall", Disturbed: max(ours.Others, theirs.Others) > calm}
}
