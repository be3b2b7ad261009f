package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestPlanEngine holds what a plan says of an engine, which nobody has to reach for that, against what it is given then.
func TestPlanEngine(t *testing.T) {
	for name, make := range map[string]func(*testing.T) (folder, file string){"whole": whole, "parts": divisible, "bad": badText} {
		folder, file := make(t)
		for range 2 { // without anything, and with what sources made
			plan, err := loadSmall(t, file, "engine=sc://127.0.0.1:1").Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var mutex sync.Mutex
			given := map[string]int{}
			w := &workshop{before: func(l TaskLine) error {
				mutex.Lock()
				defer mutex.Unlock()
				for _, step := range l.Steps {
					given[step]++
				}
				return nil
			}}
			if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w}); err != nil {
				t.Fatal(err)
			}
			for _, u := range plan.units {
				place, got, n := plan.engine.place(u), given[u.name()], 0
				if _, err := fmt.Sscanf(place, "at the engine in %d", &n); err == nil && strings.HasSuffix(place, "merges") {
					n++
				}
				there := strings.HasPrefix(place, "at the engine")
				if large := strings.HasSuffix(place, " if it is large"); got > 0 != there && !large || n > 0 && n != got && !large {
					t.Errorf("%s: %s is planned %q, and %d tasks are given", name, u.name(), place, got)
				}
			}
			forgetStages(t, folder)
		}
	}
}

// forgetStages removes what was made, but for what sources made.
func forgetStages(t *testing.T, folder string) {
	t.Helper()
	results, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range append(results, filepath.Join(folder, "out")) {
		if kind, _, _ := strings.Cut(filepath.Base(result), "-"); slices.Contains([]string{"jsonl", "bitext", "mtop"}, kind) {
			continue
		}
		if err := os.RemoveAll(result); err != nil {
			t.Fatal(err)
		}
	}
}
