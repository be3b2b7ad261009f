package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// TestStoreStates stops a training whose states are in a store. Another user goes on from the last of them, from an older one where it
// is damaged, and anew where all are, to the bytes of a training in peace; then none is left.
func TestStoreStates(t *testing.T) {
	want, store := trained(t), t.TempDir()
	_, file := training(t)
	withStore(t, file, "file://"+store)
	old, before := stopAfter(t, file, store, 3)
	kept := map[string][]byte{}
	for _, name := range []string{old, old + ".json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kept[name] = data
	}
	last, now := stopAfter(t, file, store, before+3)
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
	stopAfter(t, file, store, 1)
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
	state, _ := stopAfter(t, withStore(t, file, "file://"+store), store, 1)
	verify := func(remove bool, damages int) {
		t.Helper()
		v, err := Verify(t.Context(), []string{"file://" + store}, VerifyOptions{Remove: remove})
		if err != nil || len(v.Damages) != damages {
			t.Errorf("%s: %+v, %v", v, v.Damages, err)
		}
	}
	verify(false, 0)
	flip(t, store, func(name string) bool { return name == state })
	verify(false, 1)
	verify(true, 1)
	if left, _ := statesIn(t, store); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	put(t, state+".json", "{")
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
	arrive := func(n int) bool { // training waits for what it has saved to be put
		return within(func() bool {
			mutex.Lock()
			defer mutex.Unlock()
			return len(noted) >= n
		})
	}
	_, file := training(t)
	steps := 0
	trainUntil(t, withStore(t, file, server.Address("p")), func() bool {
		steps++
		return steps > 2 && arrive(1) && steps > 5 && arrive(2)
	})
	first := len(noted)
	folder, file := training(t)
	steps = 0
	last := &events{progress: func(step string) {
		if step == "stages.student" {
			if steps++; steps > 5 {
				arrive(first + 1)
			}
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
		steps := 0
		w.events.progress = func(step string) { // training waits for what it has saved to be refused
			if step == "stages.student" {
				if steps++; steps > 2 {
					within(func() bool { return w.warned(says) > 0 })
				}
			}
		}
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
