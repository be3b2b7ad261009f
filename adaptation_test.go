package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/train"
)

// TestMLMOnSwahili adapts multilingual-e5-small to 150 sentences of news: it then guesses the words of 50 others better. Those are
// guessed by a new head in both cases, with the same masks, at a learning rate of next to nothing.
func TestMLMOnSwahili(t *testing.T) {
	models, data := modelsFolder(t), dataFolder(t)
	news, err := os.ReadFile(filepath.Join(data, "bitext/ntrex128/newstest2019-ref.swa.txt"))
	if err != nil {
		t.Skipf("FERRY_DATA has no NTREX-128: %v", err)
	}
	lines := strings.SplitAfter(string(news), "\n")
	folder := t.TempDir()
	for name, some := range map[string][]string{"adapt.txt": lines[:150], "held.txt": lines[1500:1550], "pipeline.yaml": {mlmOnSwahili}} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(strings.Join(some, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, filepath.Join(folder, "pipeline.yaml"), map[string]string{"FERRY_MODELS": models})
	loss := func(step string) (mean float64) {
		rows := readParquet(t, filepath.Join(folder, "out", step+".parquet"))
		for _, row := range rows {
			x, err := strconv.ParseFloat(row[train.MLMLoss], 64)
			if err != nil {
				t.Fatal(err)
			}
			mean += x / float64(len(rows))
		}
		return mean
	}
	before, after := loss("before"), loss("after")
	t.Logf("the loss of held-out text is %.3f before, %.3f after", before, after)
	if !(after < before-0.2) {
		t.Error("it does not fall")
	}
}

const mlmOnSwahili = `
sources:
  adapt: {kind: text, path: adapt.txt, language: sw}
  held: {kind: text, path: held.txt, language: sw}
models:
  e5: {kind: pretrained, path: "${FERRY_MODELS}/multilingual-e5-small"}
stages:
  adapted: {kind: mlm, from: adapt, model: e5, freeze_embeddings: true, max_tokens: 32, learning_rate: 3.0e-4, batch: 16}
  before: {kind: mlm, from: held, model: e5, freeze_embeddings: true, max_tokens: 32, learning_rate: 1.0e-12}
  after: {kind: mlm, from: held, model: adapted, freeze_embeddings: true, max_tokens: 32, learning_rate: 1.0e-12}
sinks:
  before: {kind: parquet, from: before.training, path: out/before.parquet}
  after: {kind: parquet, from: after.training, path: out/after.parquet}
`
