// Package bench measures ferry beside the programs that a user would run instead: same inputs, same number of threads,
// in turns. It is nothing but tests, so that no program carries it; `make bench-engine`, `bench-ingest` and `bench-ot` run it.
//
// Vocabulary: a benchmark is a name of design and table, such as forward-f32-384; a variant is what exactly was done; a
// peer is the other program; a round is what one side measures until it is the other's turn; a repetition is one
// timed stretch, calm if nobody else used the machine.
package bench

import (
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

var engine = []comparison{
	{script: []string{"encoder_forward.py", "--sizes", "small", "--sequences", "96", "--batch", "16", "--only", "freezing,onnxruntime"},
		last: "int8 dynamic fused", weight: 5, unit: "tokens/s", benches: []benchmark{
			{"forward-f32-384", "12 x 384, 96 sequences", "*/f32*", "", forward(384, 96, encoder.Float32)},
			{"forward-bf16-384", "12 x 384, 96 sequences", "*/bf16*", "avx512_bf16", forward(384, 96, encoder.BFloat16)},
			{"forward-int8-384", "12 x 384, 96 sequences", "*/int8*", "avx512_vnni", forward(384, 96, encoder.Int8)},
		}},
	{script: []string{"train_step.py"}, last: "bf16 autocast, embeddings trained", weight: 6, unit: "tokens/s", benches: []benchmark{
		{"train-f32-frozen", "12 x 384, batches of 32", "f32*frozen", "", training(encoder.Frozen{Embeddings: true}, encoder.Float32)},
		{"train-f32-trained", "12 x 384, batches of 32", "f32*trained", "", training(encoder.Frozen{}, encoder.Float32)},
		{"train-bf16-frozen", "12 x 384, batches of 32", "bf16*frozen", "avx512_bf16", training(encoder.Frozen{Embeddings: true}, encoder.BFloat16)},
		{"train-bf16-trained", "12 x 384, batches of 32", "bf16*trained", "avx512_bf16", training(encoder.Frozen{}, encoder.BFloat16)},
	}},
	{script: []string{"encoder_forward.py", "--sizes", "base", "--sequences", "64", "--batch", "16", "--only", "freezing,onnxruntime"},
		last: "int8 dynamic fused", weight: 6, unit: "tokens/s", benches: []benchmark{
			{"forward-f32-768", "12 x 768, 64 sequences", "*/f32*", "", forward(768, 64, encoder.Float32)},
			{"forward-bf16-768", "12 x 768, 64 sequences", "*/bf16*", "avx512_bf16", forward(768, 64, encoder.BFloat16)},
			{"forward-int8-768", "12 x 768, 64 sequences", "*/int8*", "avx512_vnni", forward(768, 64, encoder.Int8)},
		}},
}

// TestEngine writes build/bench/engine.jsonl. FERRY_BENCH=engine asks for it, or engine:<benchmark>,... for some.
func TestEngine(t *testing.T) {
	wanted := asked(t, "engine")
	lines := gemm()
	for threads := 1; threads <= 2 && wanted("open"); threads++ {
		lines = append(lines, opening(t, threads))
	}
	report(t, "engine", append(lines, compare(t, engine, wanted)...))
}
