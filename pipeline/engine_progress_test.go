package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// told hands on what a run tells of a training.
type told struct {
	events
	messages chan string
	loss     chan float64
}

func newTold() *told { return &told{messages: make(chan string, 1), loss: make(chan float64, 1)} }

func (n *told) Progress(step string, done, total int64, message string) {
	if step == "stages.student" {
		select {
		case n.messages <- message:
		default:
		}
	}
}

func (n *told) Trained(step string, loss float64) {
	select {
	case n.loss <- loss:
	default:
	}
}

// await waits for a message that begins so.
func (n *told) await(begin string) error {
	last := ""
	for end := time.After(30 * time.Second); ; {
		select {
		case last = <-n.messages:
			if strings.HasPrefix(last, begin) {
				return nil
			}
		case <-end:
			return errors.New("nobody told " + begin + ", but " + last)
		}
	}
}

func fast(t *testing.T) {
	every, unheard := whileEvery, longUnheard
	t.Cleanup(func() { whileEvery, longUnheard = every, unheard })
	whileEvery = 10 * time.Millisecond
}

// TestEngineProgress has a training wait for a machine, and be at work there: the run tells the one from the other, and how far it is.
func TestEngineProgress(t *testing.T) {
	fast(t)
	for _, store := range []string{"", "file://" + t.TempDir()} {
		t.Setenv("FERRY_CACHE", t.TempDir())
		_, file := training(t)
		n := newTold()
		w := &workshop{apart: store != "", before: func(l TaskLine) error {
			if l.Shard != nil {
				return nil
			}
			return n.await("seconds of waiting for a free core at sc://somewhere")
		}, slowly: func(step string) {
			if step != "stages.student" {
				return
			}
			if err := n.await("steps, loss "); err != nil {
				t.Error(err)
			}
		}}
		if err := run(t.Context(), t, withStore(t, file, store), Options{Engine: somewhere, engine: w, Reporter: n}); err != nil {
			t.Fatal(err)
		}
		if loss := <-n.loss; loss <= 0 {
			t.Errorf("the loss is %v", loss)
		}
		for _, tasks := range []string{filepath.Join(filepath.Dir(file), ".ferry/tasks/*"), strings.TrimPrefix(store, "file://") + "/tasks/*/*/*"} {
			if left, err := filepath.Glob(tasks); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		}
	}
}

// TestEngineUnheard has a process that makes a step begin, and be lost, and another one take its place, in a time in which nobody is
// late.
func TestEngineUnheard(t *testing.T) { synctest.Test(t, testEngineUnheard) }

func testEngineUnheard(t *testing.T) {
	fast(t)
	longUnheard = 50 * time.Millisecond
	n, while := newTold(), filepath.Join(t.TempDir(), whileMark)
	r := &Run{options: Options{Reporter: n}, remote: &remote{address: somewhere}}
	u := &unit{step: &Step{Section: "stages", Name: "student"}}
	ctx, stop := context.WithCancel(t.Context())
	var telling sync.WaitGroup
	telling.Go(func() { r.tellWaiting(ctx, u, while) })
	defer telling.Wait()
	defer stop()
	for _, c := range []struct{ text, told string }{
		{"", "seconds of waiting for a free core"},
		{`{"seconds": 7, "message": "", "do`, "seconds of waiting for a free core"},
		{`{"seconds": 7, "message": ""}`, "seconds of work at"},
		{`{"seconds": 9, "message": "steps, loss 0.1"}`, "steps, loss 0.1"},
		{`{"seconds": 9, "message": "steps, loss 0.1"}`, "seconds without a word from the process that makes it at sc://somewhere"},
		{`{"seconds": 1, "message": "steps, loss 0.2"}`, "steps, loss 0.2"},
	} {
		if err := os.WriteFile(while+progressName, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := n.await(c.told); err != nil {
			t.Errorf("after %s: %v", c.text, err)
		}
	}
}
