package pipeline

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/content"
)

// TestForecast doubles the rows of a pipeline that was run: what reads them is going to take twice of what it took, what was never
// run is unknown, and sizes are those of the files.
func TestForecast(t *testing.T) {
	file := putSmall(t)
	known := loadSmall(t, file).knownSteps()
	var last int64
	for _, path := range []string{"out/vectors.parquet", ".ferry/cache/embed-*/*.arrow"} {
		files, err := filepath.Glob(filepath.Join(filepath.Dir(file), path))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		last = 0
		for _, f := range files {
			c, err := content.Read(t.Context(), f, nil)
			if err != nil {
				t.Fatal(err)
			}
			last += c.Bytes
		}
		step := map[bool]string{true: "sinks.vectors", false: "stages.vectors"}[strings.HasPrefix(path, "out")]
		if got := known[step].Bytes; got != last {
			t.Errorf("%s: %d bytes are remembered, there are %d", step, got, last)
		}
	}
	put(t, filepath.Join(filepath.Dir(file), "documents.jsonl"), lines(80, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
	// The source alone is made, so that its rows are known.
	text := strings.Replace(small, "sinks:\n", "  again: {kind: embed, from: documents, model: student, title: true}\nsinks:\n  rows: {kind: parquet, from: documents, path: out/rows.parquet}\n  again: {kind: parquet, from: again, path: out/again.parquet}\n", 1)
	only := filepath.Join(filepath.Dir(file), "only.yaml")
	put(t, only, "name: only\nsources:\n  documents: {kind: jsonl, path: documents.jsonl}\nsinks:\n  rows: {kind: parquet, from: documents, path: elsewhere/rows.parquet}\n")
	rerun(t, only)
	put(t, file, text)
	plan, err := loadSmall(t, file).Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range plan.units {
		f, ok := u.forecast(plan.known)
		switch name := u.name(); name {
		case "stages.vectors", "sinks.vectors":
			if was := known[name]; !ok || math.Abs(f.seconds-2*was.Seconds) > 1e-9 || f.bytes != 2*was.Bytes {
				t.Errorf("%s: %v, %v, and last %+v", name, f, ok, was)
			}
		case "stages.again", "sinks.again":
			if ok {
				t.Errorf("%s was never run, and is said to take %v", name, f)
			}
		}
	}
	var drawn strings.Builder
	if err := plan.Write(&drawn); err != nil || !strings.Contains(drawn.String(), "these take about ") || !strings.Contains(drawn.String(), "; unknown for 3 of them\n") {
		t.Errorf("%v:\n%s", err, drawn.String())
	}
}
