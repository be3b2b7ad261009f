package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// training makes a folder with a pipeline that does little else.
func training(t *testing.T) (folder, file string) {
	t.Helper()
	folder = t.TempDir()
	file = filepath.Join(folder, "pipeline.yaml")
	put(t, file, `
sources:
  bitext: {kind: bitext, path: "sample:bitext/phrasebook.{source}-{target}", languages: [en, sw]}
models:
  teacher: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 32, layers: 1, heads: 2, ffn: 32, max_tokens: 32}
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 32, layers: 1, heads: 2, ffn: 32, max_tokens: 32, draw: 1}
stages:
  pairs: {kind: tokenize, from: bitext, teacher: teacher, student: start, max_tokens: 24}
  student: {kind: distill, from: pairs, teacher: teacher, student: start, losses: {ot: 1}, epochs: 0.5, batch: 16, micro_batch: 4}
sinks:
  curve: {kind: parquet, from: student.training, path: out/training.parquet}
  student: {kind: model, from: student, path: out/student}
`)
	return folder, file
}

// trained are the outputs of a training that nothing interrupts.
func trained(t *testing.T) map[string]string {
	t.Helper()
	folder, file := training(t)
	if err := run(t.Context(), t, withStore(t, file, ""), Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	return outputs(t, folder)
}

// trainUntil trains, saves after each step, and is cancelled once stop, which is asked after each, says so.
func trainUntil(t *testing.T, file string, stop func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := run(ctx, t, file, Options{Workers: 1, Checkpoint: 1, Reporter: &events{progress: func(step string) {
		if step == "stages.student" && stop() {
			cancel()
		}
	}}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("it was not cancelled: %v", err)
	}
}

// statesIn are the names of states in a folder store that have a note, and how far each is.
func statesIn(t *testing.T, store string) (files []string, steps []int) {
	t.Helper()
	notes, err := filepath.Glob(filepath.Join(store, "cache/distill-*/checkpoint-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range notes {
		files, steps = append(files, strings.TrimSuffix(note, ".json")), append(steps, stepsOf(t, note))
	}
	return files, steps
}

// stopAfter trains until a state of that many steps at least is in a folder store, and returns the last one that is. It removes others,
// which a training that is cancelled may leave half-written or not yet removed.
func stopAfter(t *testing.T, file, store string, least int) (state string, steps int) {
	t.Helper()
	trained := 0
	trainUntil(t, file, func() bool {
		trained++
		arrived := func() bool {
			_, steps := statesIn(t, store)
			return len(steps) > 0 && slices.Max(steps) >= least
		}
		return trained > least && within(arrived) || arrived()
	})
	files, all := statesIn(t, store)
	for i := range files {
		if all[i] > steps {
			state, steps = files[i], all[i]
		}
	}
	others, err := filepath.Glob(filepath.Join(store, "cache/distill-*/checkpoint-*"))
	if err != nil || steps < least {
		t.Fatalf("there are states of %v steps: %v, %v", all, others, err)
	}
	for _, other := range others {
		if !strings.HasPrefix(other, state) {
			os.Remove(other)
		}
	}
	return state, steps
}

// within waits until something is so, and tells whether it was within a minute.
func within(so func() bool) bool {
	for began := time.Now(); !so(); time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			return false
		}
	}
	return true
}

// stepsOf reads how far a state is from the name of its note.
func stepsOf(t *testing.T, note string) (steps int) {
	t.Helper()
	if _, err := fmt.Sscanf(path.Base(note), "checkpoint-%d-", &steps); err != nil {
		t.Error(note, err)
	}
	return steps
}

// trainOn lets a training end that saves nothing any more, and returns how far the state was that it began from, 0 for none.
func trainOn(t *testing.T, folder, file string, w *watcher) int {
	t.Helper()
	var from advance
	w.events.progress = func(step string) {
		notes, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/distill-*/checkpoint-expense.json"))
		if step != "stages.student" || err != nil || len(notes) == 0 {
			return
		}
		if data, err := os.ReadFile(notes[0]); err != nil || json.Unmarshal(data, &from) != nil {
			t.Error(err)
		}
	}
	if err := run(t.Context(), t, file, Options{Checkpoint: time.Hour, Reporter: &w.events}); err != nil {
		t.Fatal(err)
	}
	return from.Steps
}
