package pipeline

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad decodes any bytes: whatever Load says of them, it returns.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("../testdata/yaml/*.yaml")
	if err != nil || len(files) < 20 {
		f.Fatalf("only %d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "stages.hits.top=5")
	}
	f.Fuzz(func(t *testing.T, text []byte, assignment string) {
		file := filepath.Join(t.TempDir(), "pipeline.yaml")
		if err := os.WriteFile(file, text, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, sets := range [][]string{nil, {assignment}} {
			p, err := Load(file, sets, func(name string) (string, bool) { return name, len(name) > 3 })
			if p == nil && err == nil {
				t.Error("neither a pipeline nor an error")
			}
		}
	})
}
