package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestRealVocabulary trims real models to a corpus, which must not change an answer by a bit, and extends one, which must lower
// its fertility; FERRY_PEERS then compares with transformers.
func TestRealVocabulary(t *testing.T) {
	out, models := t.TempDir(), modelsFolder(t)
	all, err := os.ReadFile(filepath.Join(dataFolder(t), "bitext", "ntrex128", "newstest2019-ref.swa.txt"))
	if err != nil {
		t.Skip(err)
	}
	texts := filepath.Join(out, "texts.txt")
	lines := strings.SplitAfterN(string(all), "\n", 121)
	if err := os.WriteFile(texts, []byte(strings.Join(lines[:120], "")), 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, "testdata/real/vocabulary.yaml", map[string]string{"FERRY_MODELS": models, "OUT": out, "TEXTS": texts})
	for _, name := range []string{"e5", "minilm"} {
		large, small := readParquet(t, filepath.Join(out, name+"_vectors.parquet")), readParquet(t, filepath.Join(out, name+"_small_vectors.parquet"))
		if len(large) != 120 || len(small) != 120 {
			t.Fatalf("%s: %d and %d rows", name, len(large), len(small))
		}
		for i := range large {
			if large[i]["vector"] != small[i]["vector"] {
				t.Fatalf("%s: row %d has another vector after trimming", name, i)
			}
		}
	}
	audit := readParquet(t, filepath.Join(out, "audit.parquet"))
	before, _ := strconv.ParseFloat(audit[0]["fertility"], 64)
	after, _ := strconv.ParseFloat(audit[1]["fertility"], 64)
	if t.Logf("fertility is %.3f, was %.3f", after, before); after <= 1 || after > before-0.1 {
		t.Errorf("fertility is %v, was %v", after, before)
	}
	peers := os.Getenv("FERRY_PEERS")
	if peers == "" {
		t.Log("FERRY_PEERS names no Python with transformers to compare with")
		return
	}
	output, err := exec.Command(peers, "testdata/real/check_vocabulary.py", out, texts, models).CombinedOutput()
	if err != nil {
		t.Fatalf("check_vocabulary.py: %v\n%s", err, output)
	}
	t.Logf("%s", output)
}
