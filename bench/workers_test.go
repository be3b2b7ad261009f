package bench

import (
	"testing"
)

// tokenized is text on the disk that goes through the tokenizer of XLM-R into Arrow.
var tokenized = benchmark{name: "tokenize-workers", variant: "NTREX-128 from disk to Arrow, ferry run", work: tokenizingFiles}

// workers compares two workers on two cores with one on one.
func workers(t *testing.T) []line {
	var one, two measurement
	single, double := startChild(t, tokenized.id(), 1), startChild(t, tokenized.id(), 2)
	defer single.stop()
	defer double.stop()
	for range 3 {
		single.measure(t, &one)
		double.measure(t, &two)
	}
	wall, _, disturbed := one.rates()
	alone := one.lines(tokenized, "MB/s", 1, nil)
	return append(alone, two.lines(tokenized, "MB/s", 2, []peerLine{{Peer: "ferry", Variant: "one worker", Value: wall, Disturbed: disturbed, PeakRSS: one.peakMemory}})...)
}

func tokenizingFiles(threads int) (task, error) {
	t, err := running("tokenized", `
sources: {ntrex: {kind: mmarco, path: ../ntrex, documents: [en]}}
models: {xlmr: {kind: random, tokenizer: ../tokenizer.json, hidden: 8, layers: 1, heads: 1, ffn: 8}}
stages: {tokens: {kind: tokenize, from: ntrex.documents, model: xlmr}}
sinks: {out: {kind: parquet, from: tokens, path: out.parquet, compression: none}}
`, threads)
	if err != nil {
		return t, err
	}
	t.size, err = sizeOf(absolute(inputs, "ntrex/collections/*.tsv"))
	return t, err
}
