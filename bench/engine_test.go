// Package bench measures ferry beside the programs that a user would run instead: same inputs, same number of threads,
// in turns. It is nothing but tests, so that no program carries it; `make bench-engine` runs it.
//
// Vocabulary: a benchmark is a name of design and table, such as forward-f32-384; a variant is what exactly was done; a
// peer is the other program; a round is what one side measures until it is the other's turn; a repetition is one
// timed stretch, calm if nobody else used the machine.
package bench

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
)

// engineMinutes is how long TestEngine may take with peers; what a peer has not measured by then is skipped.
const engineMinutes = 14

// A comparison is a run of a peer's script, and the benchmarks that its variants belong to.
type comparison struct {
	script  []string
	last    string // the script's last variant that matters
	weight  int    // share of the time
	benches []benchmark
}

// A benchmark is work of ours that some variants of a peer's script do too.
type benchmark struct {
	name, variant string
	belongs       string // pattern of those variants' names
	needs         string // flag of the CPU without which it is not worth measuring
}

// same tells whether a variant of the peer does the work of b.
func (b benchmark) same(p peerLine) bool {
	matched, err := path.Match(b.belongs, p.Variant)
	return err == nil && matched
}

var comparisons = []comparison{
	{[]string{"encoder_forward.py", "--sizes", "small", "--sequences", "96", "--batch", "16", "--only", "freezing,onnxruntime"}, "int8 dynamic fused", 5,
		[]benchmark{
			{"forward-f32-384", "12 x 384, 96 sequences", "*/f32*", ""},
			{"forward-bf16-384", "12 x 384, 96 sequences", "*/bf16*", "avx512_bf16"},
			{"forward-int8-384", "12 x 384, 96 sequences", "*/int8*", "avx512_vnni"},
		}},
	{[]string{"train_step.py"}, "bf16 autocast, embeddings trained", 6,
		[]benchmark{
			{"train-f32-frozen", "12 x 384, batches of 32", "f32*frozen", ""},
			{"train-f32-trained", "12 x 384, batches of 32", "f32*trained", ""},
			{"train-bf16-frozen", "12 x 384, batches of 32", "bf16*frozen", "avx512_bf16"},
			{"train-bf16-trained", "12 x 384, batches of 32", "bf16*trained", "avx512_bf16"},
		}},
	{[]string{"encoder_forward.py", "--sizes", "base", "--sequences", "64", "--batch", "16", "--only", "freezing,onnxruntime"}, "int8 dynamic fused", 6,
		[]benchmark{
			{"forward-f32-768", "12 x 768, 64 sequences", "*/f32*", ""},
			{"forward-bf16-768", "12 x 768, 64 sequences", "*/bf16*", "avx512_bf16"},
			{"forward-int8-768", "12 x 768, 64 sequences", "*/int8*", "avx512_vnni"},
		}},
}

// TestEngine writes build/bench/engine.jsonl. FERRY_BENCH=engine asks for it, or engine:<benchmark>,... for some.
func TestEngine(t *testing.T) {
	kind, chosen, _ := strings.Cut(os.Getenv("FERRY_BENCH"), ":")
	if kind != "engine" {
		t.Skip("FERRY_BENCH does not ask for it: run make bench-engine")
	}
	wanted := func(name string) bool { return chosen == "" || slices.Contains(strings.Split(chosen, ","), name) }
	var list []comparison
	lines := gemm()
	left := 0
	for _, c := range comparisons {
		c.benches = slices.DeleteFunc(slices.Clone(c.benches), func(b benchmark) bool {
			able := strings.Contains(cpuName(), b.needs)
			if wanted(b.name) && !able {
				lines = append(lines, line{Bench: b.name, Unit: "tokens/s", Skipped: "this CPU has no " + b.needs})
			}
			return !wanted(b.name) || !able
		})
		if len(c.benches) > 0 {
			list = append(list, c)
			left += 2 * c.weight
		}
	}
	end := time.Now().Add(engineMinutes * time.Minute)
	for threads := 1; threads <= 2 && wanted("open"); threads++ {
		lines = append(lines, opening(t, threads))
	}
	for _, c := range list {
		for threads := 1; threads <= 2; threads++ {
			share := time.Until(end) * time.Duration(c.weight) / time.Duration(left)
			lines = append(lines, c.run(t, threads, time.Now().Add(share))...)
			left -= c.weight
		}
	}
	for i := range lines {
		lines[i].CPU, lines[i].ISA = cpuName(), kernel.ISA()
	}
	if err := report("engine", lines); err != nil {
		t.Fatal(err)
	}
}

// run measures ours, and after every variant of the peer the benchmark that it belongs to again.
func (c comparison) run(t *testing.T, threads int, deadline time.Time) (lines []line) {
	ours := make([]*child, len(c.benches))
	measured := make([]measurement, len(c.benches))
	peers := make([][]peerLine, len(c.benches))
	for i, b := range c.benches {
		t.Logf("%s on %d", b.name, threads)
		ours[i] = startChild(t, b.name, threads)
		defer ours[i].stop()
		ours[i].measure(t, &measured[i])
	}
	compared := os.Getenv("FERRY_PEERS") != ""
	if compared {
		runPeer(t, deadline, append(slices.Clone(c.script), "--threads", strconv.Itoa(threads)), c.last, func(p peerLine) {
			for i, b := range c.benches {
				if b.same(p) {
					if p.Skipped == "" {
						peers[i] = append(peers[i], p)
					}
					ours[i].measure(t, &measured[i])
				}
			}
		})
	}
	for i, b := range c.benches {
		made := measured[i].lines(b, threads, peers[i])
		if compared && len(peers[i]) == 0 {
			made[0].Skipped = "peer, which did not measure anything in its share of the time"
		}
		lines = append(lines, made...)
	}
	return lines
}
