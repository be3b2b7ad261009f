package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/ferry-clir/ferry/model/ot"
)

// A Sinkhorn of ours ends at the mean marginal error that 50 iterations of the peers leave, as this says for each set.
var transport = []comparison{
	{script: []string{"sinkhorn.py", "--epsilons", "0.05", "--iterations", "50", "--only", "ot.batch torch, kernel,vmap jit,POT emd"},
		last: "ragged eps 0.05 it 50 vmap jit, kernel", weight: 3, unit: "problems/s", benches: []benchmark{
			{"sinkhorn-32", "epsilon 0.05, marginal error 0.009", "32x32 eps*", "", sinkhorn("32", 0.05, 0.009)},
			{"sinkhorn-64", "epsilon 0.05, marginal error 0.009", "64x64 eps*", "", sinkhorn("64", 0.05, 0.009)},
			{"sinkhorn-128", "epsilon 0.05, marginal error 0.008", "128x128 eps*", "", sinkhorn("128", 0.05, 0.008)},
			{"sinkhorn-ragged", "epsilon 0.05, marginal error 0.01", "ragged eps*", "", sinkhorn("ragged", 0.05, 0.01)},
			{"exact-ragged", "float64, without entropy", "ragged exact*", "", exact("ragged")},
		}},
	{script: []string{"sinkhorn.py", "--sets", "64x64,ragged", "--epsilons", "0.005", "--iterations", "50", "--only", "ot.batch torch, log,vmap jit"},
		last: "ragged eps 0.005 it 50 vmap jit, kernel", weight: 2, unit: "problems/s", benches: []benchmark{
			{"sinkhorn-64-small", "epsilon 0.005, marginal error 0.02", "64x64 eps*", "", sinkhorn("64", 0.005, 0.02)},
			{"sinkhorn-ragged-small", "epsilon 0.005, marginal error 0.09", "ragged eps*", "", sinkhorn("ragged", 0.005, 0.09)},
			{"sinkhorn-ragged-fine", "epsilon 0.005, marginal error 0.01", "ragged eps*", "", sinkhorn("ragged", 0.005, 0.01)},
		}},
}

// TestOT writes build/bench/ot.jsonl. FERRY_BENCH=ot asks for it, or ot:<benchmark>,... for some.
func TestOT(t *testing.T) {
	wanted := asked(t, "ot")
	if python := os.Getenv("FERRY_PEERS"); python != "" {
		if err := writeCosts(python); err != nil {
			t.Fatal(err)
		}
	}
	report(t, "ot", compare(t, transport, wanted))
}

// problems is where the costs are that the peers solve too.
var problems = filepath.Join("..", "build", "bench", "ot")

// writeCosts has the peers write them, as they come from numpy's generator.
func writeCosts(python string) error {
	if _, err := os.Stat(filepath.Join(problems, "costs_ragged.json")); err == nil {
		return nil
	}
	command := exec.Command(python, filepath.Join(peerScripts(), "workload.py"), "--out", problems, "--costs", "--rows", "1", "--queries", "1", "--depth", "1")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("making costs: %w\n%s", err, out)
	}
	return nil
}

// readCosts returns the costs of a set: the peers', or others by the same law where there are none.
func readCosts(set string) (costs []float32, shapes []ot.Shape, err error) {
	text, err := os.ReadFile(filepath.Join(problems, "costs_"+set+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		costs, shapes = makeCosts(set)
		return costs, shapes, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var sides [][2]int
	if err := json.Unmarshal(text, &sides); err != nil {
		return nil, nil, err
	}
	for _, s := range sides {
		shapes = append(shapes, ot.Shape{Rows: s[0], Columns: s[1]})
	}
	data, err := os.ReadFile(filepath.Join(problems, "costs_"+set+".f32"))
	if err != nil || len(data) == 0 {
		return nil, nil, errors.Join(err, errors.New("the costs are empty"))
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&data[0])), len(data)/4), shapes, nil
}

// makeCosts returns cosine costs where student tokens are noisy copies of random teacher tokens.
func makeCosts(set string) (costs []float32, shapes []ot.Shape) {
	r := rand.New(rand.NewPCG(7, 7))
	const d, noise = 128, 0.6
	for range 64 {
		var s ot.Shape
		if n, err := fmt.Sscan(set, &s.Rows); n == 1 && err == nil {
			s.Columns = s.Rows
		} else {
			s.Rows = 4 + int(math.Min(124, 26*math.Exp(0.62*r.NormFloat64())))
			s.Columns = max(4, min(128, int(float64(s.Rows)*(0.8+0.6*r.Float64()))))
		}
		shapes = append(shapes, s)
		teacher, student := make([]float32, s.Rows*d), make([]float32, s.Columns*d)
		for i := range teacher {
			teacher[i] = float32(r.NormFloat64())
		}
		for j := range s.Columns {
			i := r.IntN(s.Rows)
			for k := range d {
				student[j*d+k] = teacher[i*d+k] + noise*float32(r.NormFloat64())
			}
		}
		lengths := make([]float32, max(s.Rows, s.Columns))
		ot.Unit(teacher, lengths[:s.Rows], teacher, d)
		ot.Unit(student, lengths[:s.Columns], student, d)
		block := make([]float32, s.Rows*s.Columns)
		ot.CosineCosts(block, teacher, student, d, []ot.Shape{s})
		costs = append(costs, block...)
	}
	return costs, shapes
}

func sinkhorn(set string, epsilon, tolerance float32) func(threads int) (task, error) {
	return solving(set, func(costs []float32, shapes []ot.Shape, plans []float32) ([]ot.Report, error) {
		return ot.Sinkhorn(costs, shapes, nil, nil, ot.Options{Epsilon: epsilon, Iterations: 1000, Tolerance: tolerance}, plans)
	})
}

func exact(set string) func(threads int) (task, error) {
	return solving(set, func(costs []float32, shapes []ot.Shape, plans []float32) ([]ot.Report, error) {
		return ot.Exact(costs, shapes, nil, nil, ot.Options{}, plans)
	})
}

// solving solves a set in batches of 16.
func solving(set string, solve func(costs []float32, shapes []ot.Shape, plans []float32) ([]ot.Report, error)) func(threads int) (task, error) {
	return func(threads int) (task, error) {
		costs, shapes, err := readCosts(set)
		if err != nil {
			return task{}, err
		}
		const batch, rounds = 16, 8
		starts, largest := []int{0}, 0
		for k, s := range shapes {
			starts = append(starts, starts[k]+s.Rows*s.Columns)
			largest = max(largest, starts[k+1]-starts[max(0, k+1-batch)])
		}
		plans := make([][]float32, threads)
		for i := range plans {
			plans[i] = make([]float32, largest)
		}
		t := task{size: float64(rounds * len(shapes))}
		t.run = func() {
			batches := (len(shapes) + batch - 1) / batch
			each(rounds*batches, threads, func(thread, i int) {
				low := i % batches * batch
				high := min(low+batch, len(shapes))
				_, err := solve(costs[starts[low]:starts[high]], shapes[low:high], plans[thread][:starts[high]-starts[low]])
				must(err)
			})
		}
		t.quality, err = judge(costs, shapes, solve)
		return t, err
	}
}

// judge compares solutions with exact ones.
func judge(costs []float32, shapes []ot.Shape, solve func(costs []float32, shapes []ot.Shape, plans []float32) ([]ot.Report, error)) (q quality, err error) {
	plans := make([]float32, len(costs))
	reports, err := solve(costs, shapes, plans)
	if err != nil {
		return q, err
	}
	best, err := ot.Exact(costs, shapes, nil, nil, ot.Options{}, plans)
	if err != nil {
		return q, err
	}
	for k, r := range reports {
		q.MarginalL1 += float64(r.MarginalError) / float64(len(shapes))
		q.Gap += float64((r.Value-best[k].Value)/best[k].Value) / float64(len(shapes))
		if !r.Converged {
			q.Failed++
		}
	}
	return q, nil
}
