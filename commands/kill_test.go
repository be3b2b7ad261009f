package commands

import (
	"crypto/sha256"
	"encoding/gob"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKill kills a run with SIGKILL while it trains, several times, and lets it end then: it goes on from the last
// checkpoint each time, leaves the same bytes as a run in peace, and no checkpoint.
func TestKill(t *testing.T) {
	short := []string{"run", "--workers", "2", "--set", "stages.teacher.epochs=0.5", "--set", "stages.student.epochs=0.5"}
	testKill(t, starter, short, "train", "train", "distill", "distill")
}

// TestKillAdversarial does so with a discriminator and its queue, and with adapters.
func TestKillAdversarial(t *testing.T) {
	testKill(t, []byte(`
sources:
  mtop: {kind: mtop, path: "sample:mtop", documents: en, queries: [en, sw, hi]}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json"}
stages:
  shared: {kind: adversarial, from: mtop.queries, model: base, queue: 100, batch: 16, adapter: lora, targets: [query, output]}
sinks:
  model: {kind: model, from: shared, path: out/model}
  curve: {kind: parquet, from: shared.training, path: out/curve.parquet}
`), []string{"run", "--workers", "2"}, "adversarial", "adversarial")
}

// testKill kills a run of a file five steps further into stages of those kinds, one after the other.
func testKill(t *testing.T, file []byte, args []string, kinds ...string) {
	peace, folder := t.TempDir(), t.TempDir()
	for _, f := range []string{peace, folder} {
		if err := os.WriteFile(filepath.Join(f, "pipeline.yaml"), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := ferry(peace, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	often := append(args, "--checkpoint", "1ns")
	for _, kind := range kinds {
		killAfterSteps(t, folder, kind, often)
	}
	if out, err := ferry(folder, often...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, got := hashesOf(t, filepath.Join(peace, "out")), hashesOf(t, filepath.Join(folder, "out"))
	if len(want) == 0 || !maps.Equal(got, want) {
		t.Errorf("outputs differ: %v, want %v", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/*checkpoint*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// killAfterSteps lets a run take five more steps of a training stage.
func killAfterSteps(t *testing.T, folder, kind string, args []string) {
	before := savedStep(folder, kind)
	command := ferry(folder, args...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- command.Wait() }()
	first := 0
	for savedStep(folder, kind) < before+5 {
		if step := savedStep(folder, kind); first == 0 && step != before {
			first = step
		}
		select {
		case err := <-ended:
			t.Fatalf("%s: the run ended before it was killed: %v", kind, err)
		case <-time.After(100 * time.Microsecond):
		}
	}
	command.Process.Kill()
	<-ended
	if first < before {
		t.Errorf("%s: after step %d came step %d", kind, before, first)
	}
}

// savedStep reads the step of a checkpoint of that kind of stage, 0 without one.
func savedStep(folder, kind string) int {
	var state struct{ Step int }
	found, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache", kind+"-*", "checkpoint"))
	if len(found) == 0 {
		return 0
	}
	f, err := os.Open(found[0])
	if err != nil {
		return 0
	}
	defer f.Close()
	if gob.NewDecoder(f).Decode(&state) != nil {
		return 0
	}
	return state.Step
}

// hashesOf are the hashes of all files in a folder but for the manifest, which tells times.
func hashesOf(t *testing.T, folder string) map[string][32]byte {
	t.Helper()
	hashes := map[string][32]byte{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(d.Name(), "manifest") {
			return err
		}
		data, err := os.ReadFile(path)
		hashes[strings.TrimPrefix(path, folder)] = sha256.Sum256(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}
