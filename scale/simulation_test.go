package scale

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
)

// What the simulation of docs/scale.md takes for granted.
const (
	passages       = 124_000_000
	workers        = 100
	passageSeconds = 50. / 2500 // of a core: tokens of a passage, and tokens a second
	taskSeconds    = 1.         // to start a process and open a model
	stragglers     = 5          // workers of 100 that are slow
	slowness       = 3.         // times
	failures       = 0.01       // of tries, somewhere in the middle
	tries          = 4
)

// A simulated run hands the next task to whoever is free.
type simulated struct {
	slow, failing bool
	ahead         bool // who does which is counted off beforehand, as --tasks does
	shard         int  // most rows of one
}

// outcome of a simulation, in hours of the clock and of all workers together.
type outcome struct {
	tasks, failed, lost int // tries that failed, and tasks that did so too often
	took, idle, wasted  float64
}

// shardSizes cuts the passages as ferry does: past a quarter of the most rows, each row may be the last.
func shardSizes(r *rand.Rand, most int) (sizes []int) {
	least := most / 4
	for left := passages; left > 0; {
		size := min(least+int(r.ExpFloat64()*float64(least)), most, left)
		sizes, left = append(sizes, size), left-size
	}
	return sizes
}

// A worker is free at that hour.
type worker struct{ free, speed float64 }

type byFree []*worker

func (b byFree) Len() int           { return len(b) }
func (b byFree) Less(i, j int) bool { return b[i].free < b[j].free }
func (b byFree) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byFree) Push(x any)        { *b = append(*b, x.(*worker)) }
func (b *byFree) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}

func (s simulated) run() (o outcome) {
	r := rand.New(rand.NewPCG(7, 7))
	sizes := shardSizes(r, s.shard)
	o.tasks = len(sizes)
	all := make([]*worker, workers)
	for i := range all {
		all[i] = &worker{speed: 1}
		if s.slow && i < stragglers {
			all[i].speed = 1 / slowness
		}
	}
	queue := byFree(append([]*worker(nil), all...))
	for i, rows := range sizes {
		hours := (taskSeconds + passageSeconds*float64(rows)) / 3600
		for try := 1; ; try++ {
			w := all[i%workers]
			if !s.ahead {
				w = queue[0]
			}
			if !s.failing || r.Float64() >= failures {
				w.free += hours / w.speed
				heap.Fix(&queue, 0)
				break
			}
			part := r.Float64() * hours / w.speed
			w.free, o.wasted, o.failed = w.free+part, o.wasted+part, o.failed+1
			heap.Fix(&queue, 0)
			if try == tries {
				o.lost++
				break
			}
		}
	}
	for _, w := range all {
		o.took = max(o.took, w.free)
	}
	for _, w := range all {
		o.idle += o.took - w.free
	}
	return o
}

// simulation is the table in docs/scale.md.
func simulation() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "tasks\trows at most\tfailed tries\thours\tidle %\twasted %\t  124 million passages on 100 workers")
	for _, one := range []struct {
		name string
		simulated
	}{
		{"nothing goes wrong", simulated{shard: 8192}},
		{"1 % of tries fail", simulated{failing: true, shard: 8192}},
		{"5 workers are 3 times slower", simulated{slow: true, shard: 8192}},
		{"both", simulated{slow: true, failing: true, shard: 8192}},
		{"both, with shards 16 times as large", simulated{slow: true, failing: true, shard: 16 * 8192}},
		{"both, with --tasks i/100", simulated{slow: true, failing: true, ahead: true, shard: 8192}},
	} {
		o := one.run()
		whole := o.took * workers
		fmt.Fprintf(w, "%d\t%d\t%d\t%.2f\t%.1f\t%.1f\t  %s\n", o.tasks, one.shard, o.failed, o.took, 100*o.idle/whole, 100*o.wasted/whole, one.name)
	}
	w.Flush()
	return text.String()
}

// TestSimulation holds the table in docs/scale.md to what the simulation prints, and that to what must hold: no run is faster
// than its work allows.
func TestSimulation(t *testing.T) {
	table := simulation()
	fmt.Print(table)
	docs, err := os.ReadFile("../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(docs), "```text\n"+table+"```\n") {
		t.Error("docs/scale.md has another table")
	}
	ideal := passages * passageSeconds / 3600 / workers
	for _, s := range []simulated{{shard: 8192}, {shard: 8192, slow: true, failing: true}, {shard: 8192, ahead: true}} {
		if o := s.run(); o.took < ideal || o.lost > 0 {
			t.Errorf("%+v takes %v hours, of %v", s, o.took, ideal)
		}
	}
}
