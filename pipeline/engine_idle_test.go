package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestEngineSilent has no task end until the user is told that none does.
func TestEngineSilent(t *testing.T) {
	defer func(before time.Duration) { longSilence = before }(longSilence)
	longSilence = 10 * time.Millisecond
	_, file := badText(t)
	told := make(chan struct{})
	tell := sync.OnceFunc(func() { close(told) })
	w := &workshop{before: func(TaskLine) error {
		select {
		case <-told:
			return nil
		case <-time.After(30 * time.Second):
			return errors.New("nobody was told")
		}
	}}
	reporter := &events{warn: func(step, warning string) {
		if step == "engine" && strings.Contains(warning, "no task has ended") {
			tell()
		}
	}}
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w, Reporter: reporter}); err != nil {
		t.Error(err)
	}
}

// TestEngineUnneeded runs with an engine that nobody reaches: it is not asked for what is done, or is done here, and without it nothing
// is begun that needs it.
func TestEngineUnneeded(t *testing.T) {
	file := putSmall(t)
	p := loadSmall(t, file, "engine=sc://127.0.0.1:1")
	for _, made := range []string{"out", ".ferry/cache"} {
		if err := p.Run(t.Context(), Options{Reporter: &events{}}); err != nil {
			t.Fatalf("before %s was removed: %v", made, err)
		}
		for _, folder := range []string{"out", made} {
			if err := os.RemoveAll(filepath.Join(filepath.Dir(file), folder)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var told events
	if err := p.Run(t.Context(), Options{Reporter: &told}); err == nil || !strings.Contains(err.Error(), "connecting to the engine at sc://127.0.0.1:1") {
		t.Error(err)
	}
	if told.count.Load() != 1 {
		t.Error("something else was begun than the engine")
	}
}
