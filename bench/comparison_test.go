package bench

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// minutes is how long a target may take with peers; what a peer has not measured by then is skipped.
const minutes = 14

// A comparison is a run of a peer's script, and the benchmarks that its variants belong to. Where there is no script,
// the peer is work of this program, and both sides take turns.
type comparison struct {
	script  []string
	last    string    // the script's last variant that matters
	apart   bool      // the script runs every variant in a process of its own
	every   bool      // every variant is a peer beside ours, not the fastest alone, and on one thread only
	rival   benchmark // what the peer does if there is no script
	weight  int       // share of the time
	unit    string    // of all values
	benches []benchmark
}

// A benchmark is work of ours that some variants of a peer's script do too.
type benchmark struct {
	name, variant string
	belongs       string // pattern of those variants' names
	needs         string // flag of the CPU without which it is not worth measuring
	work          func(threads int) (task, error)
}

// A task is work that is timed, with as many goroutines as there are threads.
type task struct {
	size    float64 // of the work: its unit is that of the benchmark, times a second
	items   int     // what it makes, counted as the peer counts; 0 if nobody does
	prepare func()  // what comes before, untimed; may be nil
	run     func()
	quality quality // of solutions
}

// same tells whether a variant of the peer does the work of b.
func (b benchmark) same(p peerLine) bool {
	matched, err := path.Match(b.belongs, p.Variant)
	return err == nil && matched
}

func (b benchmark) id() string { return b.name + ": " + b.variant }

// find returns the benchmark of that id among all.
func find(id string) (benchmark, error) {
	for _, c := range slices.Concat(engine, ingest, transport, retrieval) {
		for _, b := range append(slices.Clone(c.benches), c.rival, tokenized) {
			if b.id() == id {
				return b, nil
			}
		}
	}
	return benchmark{}, fmt.Errorf("there is no benchmark %q", id)
}

// asked skips the test unless FERRY_BENCH asks for it, as <target> or <target>:<benchmark>,... for some. It returns
// whether a benchmark is wanted.
func asked(t *testing.T, target string) (wanted func(name string) bool) {
	kind, chosen, _ := strings.Cut(os.Getenv("FERRY_BENCH"), ":")
	if kind != target {
		t.Skip("FERRY_BENCH does not ask for it: run make bench-" + target)
	}
	return func(name string) bool { return chosen == "" || slices.Contains(strings.Split(chosen, ","), name) }
}

// compare runs the comparisons that are wanted, on one thread and on two.
func compare(t *testing.T, all []comparison, wanted func(name string) bool) (lines []line) {
	var list []comparison
	left := 0
	for _, c := range all {
		c.benches = slices.DeleteFunc(slices.Clone(c.benches), func(b benchmark) bool {
			able := strings.Contains(cpuName(), b.needs)
			if wanted(b.name) && !able {
				lines = append(lines, line{Bench: b.name, Variant: b.variant, Unit: c.unit, Skipped: "this CPU has no " + b.needs})
			}
			return !wanted(b.name) || !able
		})
		if len(c.benches) > 0 {
			list = append(list, c)
			left += 2 * c.weight
		}
	}
	end := time.Now().Add(minutes * time.Minute)
	for _, c := range list {
		for threads := 1; threads <= 2; threads++ {
			if c.every && threads > 1 {
				left -= c.weight
				continue
			}
			share := time.Until(end) * time.Duration(c.weight) / time.Duration(left)
			lines = append(lines, c.run(t, threads, time.Now().Add(share))...)
			left -= c.weight
		}
	}
	return lines
}

// run measures ours, and after every variant of the peer the benchmark that it belongs to again.
func (c comparison) run(t *testing.T, threads int, deadline time.Time) (lines []line) {
	ours := make([]*child, len(c.benches))
	measured := make([]measurement, len(c.benches))
	peers := make([][]peerLine, len(c.benches))
	for i, b := range c.benches {
		t.Logf("%s on %d", b.id(), threads)
		ours[i] = startChild(t, b.id(), threads)
		defer ours[i].stop()
		ours[i].measure(t, &measured[i])
	}
	compared := len(c.script) == 0 || os.Getenv("FERRY_PEERS") != ""
	if compared {
		c.eachPeer(t, threads, deadline, func(p peerLine) {
			for i, b := range c.benches {
				if !b.same(p) {
					continue
				}
				if items := measured[i].items; items > 0 && p.Skipped == "" && items != p.items() {
					t.Errorf("%s makes %d, and %s makes %d", b.id(), items, p.name(), p.items())
				}
				if p.Skipped == "" && !p.Failed {
					peers[i] = append(peers[i], p)
				}
				ours[i].measure(t, &measured[i])
			}
		})
	}
	for i, b := range c.benches {
		made := measured[i].lines(b, c.unit, threads, peers[i])
		if compared && len(peers[i]) == 0 {
			made[0].Skipped = "peer, which did not measure anything in its share of the time"
		}
		if c.every && len(peers[i]) > 0 {
			made = nil
			for p := range slices.Chunk(peers[i], 1) {
				made = append(made, measured[i].lines(b, c.unit, threads, p)...)
			}
		}
		lines = append(lines, made...)
	}
	return lines
}

// eachPeer calls then with what a variant of the peer measured.
func (c comparison) eachPeer(t *testing.T, threads int, deadline time.Time, then func(peerLine)) {
	if len(c.script) > 0 {
		runPeer(t, deadline, append(slices.Clone(c.script), "--threads", strconv.Itoa(threads)), c.last, c.apart, then)
		return
	}
	var m measurement
	rival := startChild(t, c.rival.id(), threads)
	defer rival.stop()
	for range 3 {
		rival.measure(t, &m)
		wall, cpu, disturbed := m.rates()
		then(peerLine{Peer: c.rival.name, Variant: c.rival.variant, Value: wall, PerCPUSecond: cpu, Disturbed: disturbed, PeakRSS: m.peakMemory})
	}
}
