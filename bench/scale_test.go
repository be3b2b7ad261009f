package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/scale"
)

// scaled is what TestScale runs; a shard takes seconds rather than minutes.
const scaled = `
name: scaled
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
type scaling struct {
	ferry, folder string
	passages      float64
}

// TestScale writes build/bench/scale.jsonl: two workers of Spark beside one, an engine beside none, and what stages take. FERRY_BENCH=scale
// asks for it, and SPARK_HOME says where Spark lies.
func TestScale(t *testing.T) {
	asked(t, "scale")
	home := os.Getenv("SPARK_HOME")
	if home == "" {
		t.Skip("SPARK_HOME names no Spark: run make bench-scale")
	}
	s := newScaling(t, 12_000)
	alone, costs := s.run(t, "run", "--workers", "2")
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
	report(t, "scale", append(costs, s.beside("scale-workers", "two workers of a core beside one", two, "one worker", one),
		s.beside("scale-engine", "two workers beside two goroutines", two, "no engine", alone)))
}

// newScaling builds ferry and writes a pipeline of so many passages.
func newScaling(t *testing.T, passages int) scaling {
	t.Helper()
	s := scaling{filepath.Join(t.TempDir(), "ferry"), t.TempDir(), float64(passages)}
	if out, err := exec.Command("go", "build", "-o", s.ferry, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "pipeline.yaml"), []byte(scaled), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(s.folder, "own.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	w, r := bufio.NewWriter(f), splitMix(7)
	vocabulary := words(&r)
	for i := range passages {
		fmt.Fprintf(w, "{\"id\": \"%d\", \"text\": %q}\n", i, passage(&r, vocabulary, 100))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs the pipeline from nothing. It returns how long that took, and what each step took a million passages.
func (s scaling) run(t *testing.T, args ...string) (repetition, []line) {
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
	var manifest struct {
		Steps []struct {
			Step string
			CPU  float64 `json:"cpu_seconds"`
		}
	}
	data, err := os.ReadFile(filepath.Join(s.folder, "out/scaled.manifest.json"))
	if err == nil {
		err = json.Unmarshal(data, &manifest)
	}
	if err != nil {
		t.Fatal(err)
	}
	var costs []line
	for _, step := range manifest.Steps {
		costs = append(costs, line{Bench: "scale-cost", Variant: step.Step, Threads: 1, Value: number(step.CPU / s.passages * 1e6), Unit: "CPU s/million"})
	}
	return took, costs
}

// beside compares two runs by the clock, in passages a second.
func (s scaling) beside(name, variant string, ours repetition, peer string, theirs repetition) line {
	return line{Bench: name, Variant: variant, Threads: 2, Value: number(s.passages / ours.Wall), Unit: "passages/s", Peer: &peer,
		PeerValue: number(s.passages / theirs.Wall), Ratio: number(theirs.Wall / ours.Wall), Basis: "wall", Disturbed: max(ours.Others, theirs.Others) > calm}
}
