package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
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

// trainUntil trains, saves after each step, and is cancelled once stop says so.
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

// TestStoreStates stops a training whose states are in a store. Another user goes on from the last of them, from an older one where it
// is damaged, and anew where all are, to the bytes of a training in peace; then none is left.
func TestStoreStates(t *testing.T) {
	want, store := trained(t), t.TempDir()
	_, file := training(t)
	withStore(t, file, "file://"+store)
	stopAfter := func(least int) (state string, steps int) {
		trainUntil(t, file, func() bool {
			_, steps := statesIn(t, store)
			return len(steps) > 0 && slices.Max(steps) >= least
		})
		files, all := statesIn(t, store)
		if len(files) != 1 {
			t.Fatalf("there are states of %v steps", all)
		}
		return files[0], all[0]
	}
	old, before := stopAfter(3)
	kept := map[string][]byte{}
	for _, name := range []string{old, old + ".json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kept[name] = data
	}
	last, now := stopAfter(before + 3)
	restore, err := os.ReadFile(last + ".json")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		damage   func()
		from     int
		warnings int
	}{
		{"whole", func() {}, now, 0},
		{"altered", func() { flip(t, store, func(path string) bool { return path == last }) }, before, 1},
		{"half", func() { put(t, last, string(whole[:len(whole)/2])) }, before, 1},
		{"without a note", func() { os.Remove(last + ".json") }, before, 0},
		{"a note that is none", func() { put(t, last+".json", "{") }, before, 1},
		{"all altered", func() { flip(t, store, func(path string) bool { return path == last || path == old }) }, 0, 2},
	} {
		kept[last], kept[last+".json"] = whole, restore
		for name, data := range kept {
			put(t, name, string(data))
		}
		for _, done := range []string{"cache/distill-*/done.json", "cache/distill-*/model"} {
			found, _ := filepath.Glob(filepath.Join(store, done))
			for _, path := range found {
				os.RemoveAll(path)
			}
		}
		c.damage()
		folder, file := training(t)
		var w watcher
		if from := trainOn(t, folder, withStore(t, file, "file://"+store), &w); from != c.from || w.warned("a state of training cannot be used") != c.warnings {
			t.Errorf("%s: it goes on from step %d, not %d: %q", c.name, from, c.from, w.events.warnings())
		}
		compare(t, outputs(t, folder), want)
		if left, err := filepath.Glob(filepath.Join(store, "cache/*/checkpoint-*")); err != nil || len(left) > 0 {
			t.Errorf("%s: left in the store: %v, %v", c.name, left, err)
		}
	}
}

// TestStoreStatesHere prefers the state of this machine, which is as far, to that of the store.
func TestStoreStatesHere(t *testing.T) {
	store := t.TempDir()
	folder, file := training(t)
	withStore(t, file, "file://"+store)
	trainUntil(t, file, func() bool { files, _ := statesIn(t, store); return len(files) > 0 })
	if flip(t, store, func(name string) bool {
		return strings.Contains(name, "checkpoint-") && !strings.HasSuffix(name, ".json")
	}) == 0 {
		t.Fatal("nothing was damaged")
	}
	var w watcher
	if from := trainOn(t, folder, file, &w); from == 0 || len(w.events.warnings()) > 0 {
		t.Errorf("it goes on from step %d: %q", from, w.events.warnings())
	}
}

// TestVerifyStates finds states of training that are damaged, and removes them with their notes.
func TestVerifyStates(t *testing.T) {
	store := t.TempDir()
	_, file := training(t)
	trainUntil(t, withStore(t, file, "file://"+store), func() bool { files, _ := statesIn(t, store); return len(files) > 0 })
	files, _ := statesIn(t, store)
	verify := func(remove bool, damages int) {
		t.Helper()
		v, err := Verify(t.Context(), []string{"file://" + store}, VerifyOptions{Remove: remove})
		if err != nil || len(v.Damages) != damages {
			t.Errorf("%s: %+v, %v", v, v.Damages, err)
		}
	}
	verify(false, 0)
	flip(t, store, func(name string) bool { return name == files[0] })
	verify(false, 1)
	verify(true, 1)
	if left, _ := statesIn(t, store); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	put(t, files[0]+".json", "{")
	verify(true, 1)
	verify(false, 0)
}

// TestStoreStatesFaults trains where every third request for a state fails in one of several ways: the next user begins where the last
// state was that the first could put.
func TestStoreStatesFaults(t *testing.T) {
	want, server := trained(t), objectstest.Serve(t)
	var mutex sync.Mutex
	var noted []int // steps of the notes that arrived
	kinds, asked := []objectstest.Fault{objectstest.Failed, objectstest.Reset, objectstest.Cut}, 0
	server.Break(func(r *http.Request) objectstest.Fault {
		mutex.Lock()
		defer mutex.Unlock()
		if !strings.Contains(r.URL.Path, "/checkpoint-") {
			return objectstest.None
		}
		if asked++; asked%3 == 0 {
			return kinds[asked/3%len(kinds)]
		}
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".json") {
			noted = append(noted, stepsOf(t, r.URL.Path))
		}
		return objectstest.None
	})
	arrive := func(n int) { // training waits for what it has saved to be put
		for began := time.Now(); ; time.Sleep(time.Millisecond) {
			mutex.Lock()
			arrived := len(noted)
			mutex.Unlock()
			if arrived >= n || time.Since(began) > time.Minute {
				return
			}
		}
	}
	_, file := training(t)
	steps := 0
	trainUntil(t, withStore(t, file, server.Address("p")), func() bool {
		if steps++; steps == 6 {
			arrive(2)
		}
		return steps == 6
	})
	first := len(noted)
	folder, file := training(t)
	steps = 0
	last := &events{progress: func(step string) {
		if steps++; step == "stages.student" && steps >= 10 {
			arrive(first + 1)
		}
	}}
	if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{Checkpoint: 1, Reporter: last}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), want)
	if len(noted) == first || slices.Min(noted[first:]) <= noted[first-2] { // the last one may not have arrived
		t.Errorf("states of %v steps, and then of %v", noted[:first], noted[first:])
	}
	if all := server.Names(t); slices.ContainsFunc(all, func(name string) bool { return strings.Contains(name, "/checkpoint-") }) {
		t.Errorf("states are left: %v", all)
	}
}

// TestStoreStatesRefused trains where no state can be put: that is said once, and training ends as it does without.
func TestStoreStatesRefused(t *testing.T) {
	want, server := trained(t), objectstest.Serve(t)
	for fault, says := range map[objectstest.Fault]string{objectstest.Refused: "can be read only", objectstest.Expired: "a state of training is not in the store: "} {
		server.Break(func(r *http.Request) objectstest.Fault {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/checkpoint-") {
				return fault
			}
			return objectstest.None
		})
		folder, file := training(t)
		var w watcher
		if err := run(t.Context(), t, withStore(t, file, server.Address(fmt.Sprint(fault))), Options{Checkpoint: 1, Reporter: &w.events}); err != nil {
			t.Fatal(err)
		}
		if w.warned(says) != 1 || len(w.events.warnings()) != 1 {
			t.Errorf("warnings are %q", w.events.warnings())
		}
		compare(t, outputs(t, folder), want)
	}
}

// TestStoreStatesApart gives up a training of an executor that has nothing but a store: the next one goes on where that was, and tells what
// both took.
func TestStoreStatesApart(t *testing.T) {
	want, store := trained(t), t.TempDir()
	t.Setenv("FERRY_CACHE", t.TempDir())
	folder, file := training(t)
	withStore(t, file, "file://"+store)
	lines := planned(t, file)
	for lines[0].Kind != "distill" {
		execute(t, lines[0])
		lines = planned(t, file)
	}
	l := lines[0]
	l.Pipeline, l.Work = "/nowhere/pipeline.yaml", "/nowhere/.ferry"
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	steps := 0
	e := NewExecutor(Options{Workers: 1, Checkpoint: time.Hour, Reporter: &events{progress: func(string) {
		if steps++; steps == 5 {
			giveUp()
		}
	}}})
	if answer, err := e.Do(ctx, text); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", answer, err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	files, at := statesIn(t, store)
	if len(files) != 1 || at[0] < 4 {
		t.Fatalf("there are states of %v steps", at)
	}
	var spent advance
	if data, err := os.ReadFile(files[0] + ".json"); err != nil || json.Unmarshal(data, &spent) != nil || spent.CPU <= 0 {
		t.Errorf("what that took is %+v, %v", spent, err)
	}
	if answers := execute(t, l); answers[0].Outcome != taskDone {
		t.Errorf("%+v", answers)
	}
	var n note
	if data, err := os.ReadFile(filepath.Join(store, "cache", l.Key, "done.json")); err != nil || json.Unmarshal(data, &n) != nil || n.CPU <= spent.CPU || n.Seconds <= spent.Seconds {
		t.Errorf("the step took %v s, %v s of CPU: %v; before it was given up %+v", n.Seconds, n.CPU, err, spent)
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), want)
}
