package scale

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const training = `
sources:
  bitext: {kind: bitext, path: "sample:bitext/phrasebook.{source}-{target}", languages: [en, sw]}
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 128, layers: 2, heads: 4, ffn: 512, max_tokens: 64}
stages:
  pairs:   {kind: tokenize, from: bitext, teacher: start, student: start}
  student: {kind: distill, from: pairs, teacher: start, student: start, losses: {ot: 1}, epochs: 10}
sinks:
  student: {kind: model, from: student, path: out/student}
`

// TestTrainingKilled kills what trains on an executor, and the executor, once a state of it is in the store, which is all that executors
// share: another goes on from there.
func TestTrainingKilled(t *testing.T) {
	c := spark(t)
	alone, folder, store := pipelineIn(t, training), pipelineIn(t, training), t.TempDir()
	if out, err := command(alone, "run").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var said bytes.Buffer
	run := apart(t, folder, "run", "--checkpoint", "1s", "--engine", c.Address, "--set", "store=file://"+store)
	run.Stdout, run.Stderr = &said, &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	seen, killedAt := map[string]bool{}, 0
	var later []int // steps of states that came after
	for {
		found, err := filepath.Glob(filepath.Join(store, "cache/distill-*/checkpoint-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			var steps int
			if _, err := fmt.Sscanf(filepath.Base(file), "checkpoint-%d-", &steps); err != nil {
				t.Fatal(file, err)
			}
			if !seen[file] && killedAt > 0 {
				later = append(later, steps)
			}
			seen[file] = true
			if killedAt == 0 {
				killedAt = steps
				if out, err := exec.Command("pkill", "-KILL", "-f", "task --checkpoint 1s").CombinedOutput(); err != nil {
					t.Errorf("nothing trains: %v %s", err, out)
				}
				c.killExecutors(t)
			}
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %s", err, said.String())
			}
			if killedAt == 0 || len(later) == 0 {
				t.Errorf("the training was killed after %d steps, and states came later after %v: it was too short", killedAt, later)
			}
			for _, steps := range later {
				if steps <= killedAt {
					t.Errorf("it was killed after %d steps, and after %d again", killedAt, steps)
				}
			}
			same(t, folder, outputs(t, alone))
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
