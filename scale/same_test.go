package scale

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// corpora is a pipeline over all four data sets, with a real model if FERRY_MODELS names a folder of them.
func corpora(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/corpora.yaml")
	if err != nil {
		t.Fatal(err)
	}
	models := os.Getenv("FERRY_MODELS")
	if models == "" {
		t.Log("FERRY_MODELS is not set: with a random model")
		return string(text)
	}
	models, err = filepath.Abs(models)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "  reader: ") {
			line = fmt.Sprintf("  reader: {kind: pretrained, path: %q}\n", filepath.Join(models, "all-minilm-l6-v2"))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}

// TestSame runs a pipeline on this machine, on Spark, in four processes, and on Spark where executors share a store with ferry and
// nothing else, no folder and no program: all make the same bytes, and a run afterwards makes nothing.
func TestSame(t *testing.T) {
	c := spark(t)
	text := "store: ${STORE:-}\n" + corpora(t) // as it stands, since reports show it
	alone, engine, shares := pipelineIn(t, text), pipelineIn(t, text), pipelineIn(t, text)
	if out, err := command(alone, "run").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := outputs(t, alone)
	if out, err := command(engine, "run", "--engine", c.Address).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	same(t, engine, want)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			if out, err := command(shares, "run", "--tasks", fmt.Sprintf("%d/4", i+1)).CombinedOutput(); err != nil {
				t.Errorf("share %d: %v: %s", i+1, err, out)
			}
		})
	}
	all.Wait()
	same(t, shares, want)
	for _, folder := range []string{engine, shares} {
		if out, err := command(folder, "plan", "--json").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("there are still tasks: %s, %v", out, err)
		}
	}
	t.Run("apart", func(t *testing.T) {
		folder := pipelineIn(t, text)
		t.Setenv("STORE", objectstest.Serve(t).Address("p")+"&anonymous=true") // else executors would need credentials
		if out, err := apart(t, folder, "run", "--engine", c.Address).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		same(t, folder, want)
		if out, err := apart(t, folder, "plan", "--json").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("there are still tasks: %s, %v", out, err)
		}
	})
}
