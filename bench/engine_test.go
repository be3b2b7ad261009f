// Package bench measures ferry beside the programs that a user would run instead: same inputs, same number of threads,
// in turns. It is nothing but tests, so that no program carries it; `make bench-engine` runs it.
//
// Vocabulary: a benchmark is a name of design and table, such as forward-f32-384; a variant is what exactly was done; a
// peer is the other program; a round is what one side measures until it is the other's turn; a repetition is one
// timed stretch, calm if nobody else used the machine.
package bench

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
)

// engineMinutes is how long TestEngine may take with peers; what a peer has not measured by then is skipped.
const engineMinutes = 14

// A comparison is a benchmark and the peer's script for it.
type comparison struct {
	bench, variant string
	script         []string
	last           string // the script's last variant that matters
	belongs        string // part of the script's variants that do the same work
	weight         int    // share of the time
}

var comparisons = []comparison{
	{"forward-f32-384", "12 x 384, 96 sequences", []string{"encoder_forward.py", "--sizes", "small", "--sequences", "96", "--batch", "16", "--only", "freezing,onnxruntime"}, "f32 fused", "f32", 3},
	{"train-f32-frozen", "12 x 384, batches of 32", []string{"train_step.py", "--only", "f32, embeddings frozen"}, "frozen", "frozen", 2},
	{"train-f32-trained", "12 x 384, batches of 32", []string{"train_step.py", "--only", "f32, embeddings trained"}, "trained", "trained", 2},
	{"forward-f32-768", "12 x 768, 64 sequences", []string{"encoder_forward.py", "--sizes", "base", "--sequences", "64", "--batch", "16", "--only", "freezing,onnxruntime"}, "f32 fused", "f32", 4},
}

// TestEngine writes build/bench/engine.jsonl. FERRY_BENCH=engine asks for it, or engine:<benchmark>,... for some.
func TestEngine(t *testing.T) {
	kind, chosen, _ := strings.Cut(os.Getenv("FERRY_BENCH"), ":")
	if kind != "engine" {
		t.Skip("FERRY_BENCH does not ask for it: run make bench-engine")
	}
	wanted := func(c comparison) bool { return chosen == "" || slices.Contains(strings.Split(chosen, ","), c.bench) }
	end := time.Now().Add(engineMinutes * time.Minute)
	lines := gemm()
	list := slices.DeleteFunc(slices.Clone(comparisons), func(c comparison) bool { return !wanted(c) })
	left := 0
	for _, c := range list {
		left += 2 * c.weight
	}
	for _, c := range list {
		for threads := 1; threads <= 2; threads++ {
			share := time.Until(end) * time.Duration(c.weight) / time.Duration(left)
			lines = append(lines, c.run(t, threads, time.Now().Add(share))...)
			left -= c.weight
		}
	}
	lines = append(lines, unavailable()...)
	for i := range lines {
		lines[i].CPU, lines[i].ISA = cpuName(), kernel.ISA()
	}
	if err := report("engine", lines); err != nil {
		t.Fatal(err)
	}
}

// run measures ours, and after every variant of the peer ours again.
func (c comparison) run(t *testing.T, threads int, deadline time.Time) []line {
	t.Logf("%s on %d", c.bench, threads)
	ours := startChild(t, c.bench, threads)
	defer ours.stop()
	var m measurement
	ours.measure(t, &m)
	var peers []peerLine
	if os.Getenv("FERRY_PEERS") != "" {
		script := append(slices.Clone(c.script), "--threads", strconv.Itoa(threads))
		runPeer(t, deadline, script, c.last, func(p peerLine) {
			if p.Skipped == "" && strings.Contains(p.Variant, c.belongs) {
				peers = append(peers, p)
			}
			ours.measure(t, &m)
		})
	}
	lines := m.lines(c, threads, peers)
	if len(peers) == 0 && os.Getenv("FERRY_PEERS") != "" {
		lines[0].Skipped = "peer, which did not measure anything in its share of the time"
	}
	return lines
}

// unavailable names what this machine or this version cannot do.
func unavailable() (lines []line) {
	for _, b := range []struct{ bench, flag string }{
		{"forward-bf16-384", "avx512_bf16"}, {"forward-bf16-768", "avx512_bf16"},
		{"forward-int8-384", "avx512_vnni"}, {"forward-int8-768", "avx512_vnni"},
		{"train-bf16-frozen", "avx512_bf16"}, {"train-bf16-trained", "avx512_bf16"},
	} {
		why := "this CPU has no " + b.flag
		if strings.Contains(cpuName(), b.flag) {
			why = "ferry has no kernel for " + b.flag + " yet"
		}
		lines = append(lines, line{Bench: b.bench, Unit: "tokens/s", Skipped: why})
	}
	return lines
}
