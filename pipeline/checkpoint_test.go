package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCancelledTraining cancels training after some steps: it saves its state, and the next run goes on from there to the
// same bytes.
func TestCancelledTraining(t *testing.T) {
	whole, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := folderWith(t, "whole.yaml")
	if want := "stages.transported: will run, was not made before\n"; !strings.HasPrefix(why(t, file), want) {
		t.Errorf("%s\nwant %s", why(t, file), want)
	}
	steps := 0
	train := func(stop int) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		steps = 0
		return run(ctx, t, file, Options{Checkpoint: time.Hour, Reporter: &events{progress: func(step string) {
			if step != "stages.transported" {
				return
			}
			if steps++; steps == stop {
				cancel()
			}
		}}})
	}
	if err := train(5); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if saved, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/distill-*/checkpoint")); err != nil || len(saved) == 0 {
		t.Errorf("states that were saved: %v, %v", saved, err)
	}
	if want := "stages.transported: will go on from the saved state of training after 5 steps, was not made before\n"; !strings.HasPrefix(why(t, file), want) {
		t.Errorf("%s\nwant %s", why(t, file), want)
	}
	if err := os.RemoveAll(filepath.Join(folder, ".ferry/runs")); err != nil { // as if it had been killed
		t.Fatal(err)
	}
	if want := "stages.transported: will go on from the saved state of training after 5 steps, was not made before\n"; !strings.HasPrefix(why(t, file), want) {
		t.Errorf("%s\nwant %s", why(t, file), want)
	}
	if err := train(0); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), outputs(t, whole))
}

// why says for what reasons stages.transported would run.
func why(t *testing.T, file string) string {
	t.Helper()
	plan, err := loadSmall(t, file).Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := plan.Why(&text, "stages.transported"); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestDamagedCheckpoint begins training anew where the state of it is not one.
func TestDamagedCheckpoint(t *testing.T) {
	folder, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	want := outputs(t, folder)
	models, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/distill-*/model"))
	if err != nil || len(models) == 0 {
		t.Fatalf("%v, %v", models, err)
	}
	for _, trained := range models {
		put(t, filepath.Join(filepath.Dir(trained), "checkpoint"), "ferry training state 0")
	}
	notes, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/done.json"))
	for _, note := range notes { // nothing is done any more
		if err := os.Remove(note); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), want)
	if left, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/checkpoint")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
