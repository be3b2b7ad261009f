package encoder

import (
	"hash/fnv"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/kernel"
)

// lengths are those of the sequences in testdata/make_lengths.py, which says what the golden files hold.
var lengths = []int{1, 2, 3, 31, 32, 33, 127, 128, 511, 512}

// uniform draws n numbers from -1 to 1 that depend on name alone, as make_lengths.py does.
func uniform(name string, n int) []float64 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	state, x := hash.Sum64(), make([]float64, n)
	for i := range x {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		x[i] = float64((z^z>>31)>>11)/(1<<52) - 1
	}
	return x
}

// lengthsBatch is the batch of all lengths for a model.
func lengthsBatch(name string, c Config) Batch {
	b, total := Batch{Offsets: []int32{0}}, 0
	for _, n := range lengths {
		total += n
		b.Offsets = append(b.Offsets, int32(total))
	}
	for _, x := range uniform(name+".ids", total) {
		b.IDs = append(b.IDs, int32((x+1)/2*float64(c.Vocabulary-4))+4)
	}
	return b
}

// sequences returns some sequences of b as a batch of their own.
func (b Batch) sequences(which ...int) Batch {
	some := Batch{Offsets: []int32{0}}
	for _, i := range which {
		begin, end := b.bounds(i)
		some.IDs = append(some.IDs, b.IDs[begin:end]...)
		some.Offsets = append(some.Offsets, int32(len(some.IDs)))
	}
	return some
}

// projections returns the products of the rows of x with two random directions.
func projections(name string, x []float32, width int) []float64 {
	directions := uniform(name+".directions", 2*width)
	p := make([]float64, len(x)/width*2)
	for i, v := range x {
		p[i/width*2] += float64(v) * directions[i%width*2]
		p[i/width*2+1] += float64(v) * directions[i%width*2+1]
	}
	return p
}

// drawn makes the encoder whose weights make_lengths.py draws.
func drawn(t *testing.T, name, config string) *Encoder {
	t.Helper()
	c, err := ParseConfig([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	e := newEncoder(c)
	for _, p := range e.Parameters() {
		scale, base := 0.15, 0.0
		switch {
		case strings.HasSuffix(p.Name, "query.weight"), strings.HasSuffix(p.Name, "key.weight"):
			scale = 0.4
		case strings.HasSuffix(p.Name, "LayerNorm.weight"):
			base = 1
		}
		for i, x := range uniform(name+"."+p.Name, len(p.Data)) {
			p.Data[i] = float32(base + scale*x)
		}
	}
	return e
}

// compareLengths runs each of these lengths alone and compares with transformers, and all but one in one batch, in their order, and
// compares the bits.
func compareLengths(t *testing.T, name string, e *Encoder, want []float32, order []int, alone int) {
	t.Helper()
	b, h, w := lengthsBatch(name, e.Config), e.Config.Hidden, NewWorkspace()
	if err := e.Check(b); err != nil {
		t.Fatal(err)
	}
	worst, hidden := 0.0, make([][]float32, len(lengths))
	for _, i := range order {
		hidden[i] = slices.Clone(e.Forward(w, b.sequences(i)))
		begin, end := b.bounds(i)
		for k, x := range projections(name, hidden[i], h) {
			worst = max(worst, math.Abs(x-float64(want[2*begin : 2*end][k])))
			if math.IsNaN(x) {
				t.Fatalf("%s: hidden states are NaN", name)
			}
		}
	}
	t.Logf("%s on %s: projections differ by up to %.2g", name, kernel.ISA(), worst)
	if worst > 1e-4 {
		t.Errorf("%s: projections of hidden states differ by %g", name, worst)
	}
	batched := slices.DeleteFunc(slices.Clone(order), func(i int) bool { return i == alone })
	together := e.Forward(w, b.sequences(batched...))
	for _, i := range batched {
		n := lengths[i] * h
		if !slices.Equal(together[:n], hidden[i]) {
			t.Errorf("%s: %d tokens have other bits in a batch", name, lengths[i])
		}
		together = together[n:]
	}
}

// mixed is an order of all lengths in which long ones stand between short ones.
var mixed = []int{9, 0, 5, 3, 8, 2, 7, 1, 6, 4}

func TestLengths(t *testing.T) {
	configs, golden := readTensors(t, "lengths.golden.safetensors")
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		e := drawn(t, name, configs[name])
		compareLengths(t, name, e, golden[name+".hidden"], mixed, -1)
		compareProjectedGradients(t, name, e, golden[name+".gradients"])
		compareReceived(t, name, e, golden[name+".received"])
	}
}

// compareReceived compares the attention that tokens receive with transformers', in all ways to run forward; the longest sequence,
// which takes as long as all others, in one of them.
func compareReceived(t *testing.T, name string, e *Encoder, want []float32) {
	t.Helper()
	b := lengthsBatch(name, e.Config)
	weights, received := make([]float32, len(b.IDs)), make([]float32, len(b.IDs))
	for i, x := range uniform(name+".weights", len(weights)) {
		weights[i] = float32(x)
	}
	w := NewWorkspace()
	for _, way := range []struct {
		sequences               int // the first of them
		training, checkpointing bool
	}{{10, false, false}, {8, false, true}, {9, true, false}, {9, true, true}} {
		w.Training, w.GradientCheckpointing = way.training, way.checkpointing
		n := b.Offsets[way.sequences]
		first := Batch{IDs: b.IDs[:n], Offsets: b.Offsets[:way.sequences+1]}
		clear(received)
		e.Forward(w, first)
		e.AttentionReceived(w, first, weights, received)
		if d := difference(received[:n], want[:n]); !(d <= 2e-5) {
			t.Errorf("%s, %+v: received attention differs by %g of %g", name, way, d, maximum(want))
		}
	}
}

// compareProjectedGradients compares with PyTorch's: for every parameter by name the norm and two projections, relative
// to the norm.
func compareProjectedGradients(t *testing.T, name string, e *Encoder, want []float32) {
	t.Helper()
	b, w, g := lengthsBatch(name, e.Config).sequences(0, 1, 2, 3, 4, 5, 6, 7), NewWorkspace(), e.NewGradients(Frozen{})
	w.Training = true
	e.Forward(w, b)
	upstream := make([]float32, len(b.IDs)*e.Config.Hidden)
	for i, x := range uniform(name+".upstream", len(upstream)) {
		upstream[i] = float32(x)
	}
	e.Backward(w, b, upstream, g)
	parameters := slices.SortedFunc(slices.Values(g.Parameters()), func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	if len(want) != 3*len(parameters) {
		t.Fatalf("%s: %d numbers for %d gradients", name, len(want), len(parameters))
	}
	largest := float64(slices.Max(want))
	for i, p := range parameters {
		data, row := dense(g, p), want[3*i:3*i+3]
		got := append([]float64{math.Sqrt(sumSquares(data))}, projections(name+"."+p.Name, data, len(data))...)
		for j, x := range got {
			tolerance := 1e-4*float64(row[0]) + 1e-7*largest // as the gradient of a key's bias is 0 in exact arithmetic
			if j > 0 {
				tolerance *= math.Sqrt(float64(len(data)) / 3) // the length of the direction
			}
			if d := math.Abs(x - float64(row[j])); !(d <= tolerance) {
				t.Errorf("%s: projection %d of the gradient of %s is %g, not %g; its norm is %g of %g", name, j, p.Name, x, row[j], row[0], largest)
			}
		}
	}
}

// TestRealLengths compares the real models over all lengths; without instructions, which take twenty times as long, over one of the two
// long ones, which then is not run in a batch, as TestLengths does on a small model.
func TestRealLengths(t *testing.T) {
	folder := os.Getenv("FERRY_MODELS")
	if folder == "" {
		t.Skip("FERRY_MODELS names no folder with real models")
	}
	order, alone := mixed, -1
	if kernel.ISA() == "generic" {
		order, alone = []int{9, 0, 5, 3, 2, 7, 1, 6, 4}, 9
	}
	_, golden := readTensors(t, "real.golden.safetensors")
	for key, want := range golden {
		name := strings.TrimSuffix(key, ".hidden")
		compareLengths(t, name, openModel(t, filepath.Join(folder, name), "config.json", "model.safetensors"), want, order, alone)
	}
}

// TestInstructions runs the comparisons with transformers, PyTorch and the twin in float64 once more in a process for
// every set of instructions that this machine has.
func TestInstructions(t *testing.T) {
	if os.Getenv("FERRY_CPU") != "" || testing.Short() || raced {
		t.Skip("FERRY_CPU fixes the instructions, or this is to be short")
	}
	for _, name := range []string{"generic", "avx2", "avx512", "neon"} {
		if name == kernel.ISA() {
			continue // is what runs here
		}
		run := func(tests string) (string, error) {
			command := exec.Command(os.Args[0], "-test.v", "-test.run", tests)
			command.Env = append(os.Environ(), "FERRY_CPU="+name)
			out, err := command.CombinedOutput()
			return string(out), err
		}
		if out, err := run("^TestInstructionsAre$"); err != nil && strings.Contains(out, "this machine has") {
			t.Logf("skipped %s, which this machine lacks", name)
			continue
		}
		if out, err := run("^(TestInstructionsAre|TestLengths|TestForwardGolden|TestBackwardGolden|TestTwin)$"); err != nil {
			t.Errorf("with %s: %v\n%s", name, err, out)
		}
	}
}

// TestInstructionsAre fails where FERRY_CPU is not obeyed.
func TestInstructionsAre(t *testing.T) {
	if err := kernel.CheckISA(); err != nil {
		t.Fatal(err)
	}
}
