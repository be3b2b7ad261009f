package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEngineBinary says where machines have ferry. What is not there, or is another program, is told before anything is made.
func TestEngineBinary(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	installed, other := filepath.Join(t.TempDir(), "it's ferry"), filepath.Join(t.TempDir(), "ferry")
	if err := os.Symlink(own, installed); err != nil {
		t.Fatal(err)
	}
	put(t, other, "another program")
	for path, found := range map[string]bool{installed: true, other: false, filepath.Join(t.TempDir(), "none"): false} {
		_, file := badText(t)
		w, n := &workshop{machines: []string{"1", "1"}}, &events{}
		err := run(t.Context(), t, file, Options{Engine: somewhere, EngineBinary: path, engine: w, Reporter: n})
		if found && (err != nil || len(w.answers) == 0) {
			t.Errorf("%s: %v", path, err)
		}
		if !found && (err == nil || !strings.Contains(err.Error(), "this ferry is not at "+path+", where --engine-binary has it") || n.count.Load() > 0) {
			t.Errorf("%s: %v, after %d events", path, err, n.count.Load())
		}
	}
}
