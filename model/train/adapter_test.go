package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// goldenAdapters are runs of PyTorch with adapters as modules; testdata/make_adapters.py made them.
type goldenAdapters struct {
	Names []string
	Runs  []struct {
		Kind                      string
		Targets                   []string
		Rank                      int
		Alpha, Rate, Decay, Limit float64
		Texts                     [][]int32
		Batches                   [][]int
		Losses, Norms             []float64    // of every step
		Small                     [][]float64  // down and up of every adapter in the end
		Merged                    [][2]float64 // Euclidean norms of the weight and bias that do the same
	}
}

// TestAdaptersAgainstTorch checks that weights which adapters are merged into after every step do what modules beside the
// frozen ones do: losses, norms of gradients, and what is trained agree with PyTorch's.
func TestAdaptersAgainstTorch(t *testing.T) {
	golden := read[goldenAdapters](t, "adapters.json", "ferry adapters golden 1")
	models := goldenCurve{Names: golden.Names}
	for _, g := range golden.Runs {
		d, student := NewDistill(), models.model(t, 2)
		d.Teacher, d.TeacherIDs, d.StudentTarget, d.Losses = models.model(t, 1), ragged(g.Texts...), ragged(g.Texts...), []Loss{{PooledMSE, 1}}
		o := NewOptions()
		o.LearningRate, o.Schedule, o.Warmup, o.WeightDecay, o.ClipNorm, o.Workers = g.Rate, Constant, 0, g.Decay, g.Limit, 2
		o.Adapter = Adapter{g.Kind, g.Rank, g.Alpha, g.Targets}
		tr := newTrainer(d.objective(), o, student)
		tr.plan.counts, tr.plan.epoch, tr.plan.batches = []int{len(g.Batches)}, 0, g.Batches
		for k, l := range tr.adapters {
			drawn(l.down.weights, 7000+2*k)
			drawn(l.up.weights, 7001+2*k)
		}
		tr.merge()
		if err := tr.run(t.Context(), func(Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
		for i, r := range tr.records {
			if math.Abs(r.Loss-g.Losses[i]) > 5e-5*g.Losses[i] || math.Abs(r.GradientNorm-g.Norms[i]) > 5e-5*g.Norms[i] {
				t.Errorf("%s of %v, step %d: loss %v and norm %v, want %v and %v", g.Kind, g.Targets, r.Step, r.Loss, r.GradientNorm, g.Losses[i], g.Norms[i])
			}
		}
		if len(tr.records) != len(g.Losses) || len(tr.adapters) != len(g.Merged) {
			t.Fatalf("%d steps of %d adapters, want %d of %d", len(tr.records), len(tr.adapters), len(g.Losses), len(g.Merged))
		}
		for k, l := range tr.adapters {
			near(t, g.Kind+", down", l.down.weights, g.Small[2*k], 1, 1e-4)
			near(t, g.Kind+", up", l.up.weights, g.Small[2*k+1], 1, 1e-4)
			for i, p := range l.parts {
				if got, want := math.Sqrt(kernel.SumSquares(p.weight)), g.Merged[k][i]; math.Abs(got-want) > 5e-5*want {
					t.Errorf("%s of %v: merged part %d has length %v, want %v", g.Kind, g.Targets, i, got, want)
				}
			}
		}
	}
}

// drawn fills x as make_adapters.py does.
func drawn(x []float32, seed int) {
	copy(x, draws(uint64(seed), len(x)))
	kernel.Scale(0.25, x)
}

var adapters = []Adapter{{LoRA, 4, 8, nil}, {Bottleneck, 4, 4, nil}, {LoRA, 2, 1, AdapterTargets()}, {Bottleneck, 2, 1, AdapterTargets()}}

// TestAdapterGradient compares a step's gradient with how the loss changes along it.
func TestAdapterGradient(t *testing.T) {
	for _, adapter := range adapters {
		o := options()
		o.Adapter = adapter
		at := func(move float64, along [][]float32) (gradients [][]float32, loss float64) {
			tr := newTrainer(distillation(Loss{Greedy, 1}, Loss{PooledMSE, 0.5}).objective(), o, tiny(2))
			for i, x := range tr.trained() {
				if i%2 == 1 { // up, which is 0: down would have no gradient
					drawn(x, i)
				}
				if along != nil {
					kernel.Axpy(float32(move), along[i], x)
				}
			}
			tr.merge()
			r, err := tr.take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range tr.adapters {
				gradients = append(gradients, l.down.gradient, l.up.gradient)
			}
			return gradients, r.Loss
		}
		gradients, _ := at(0, nil)
		want := 0.0
		for _, g := range gradients {
			want += kernel.SumSquares(g)
		}
		h := 2e-3 / math.Sqrt(want)
		_, above := at(h, gradients)
		_, below := at(-h, gradients)
		if got := (above - below) / (2 * h); math.Abs(got-want) > 0.01*want {
			t.Errorf("%+v: the loss changes by %v along the gradient, want %v", adapter, got, want)
		}
	}
}

// TestFullRank checks that an adapter of full rank reaches what training of the weights reaches: with one of its matrices
// the identity, the other one is the change of the weight, and has its gradient.
func TestFullRank(t *testing.T) {
	weight := func(values []float32) encoder.Parameter { return encoder.Parameter{Shape: []int{5, 7}, Data: values} }
	base, gradient, wanted := draws(1, 35), draws(2, 35), draws(3, 35)
	l := newLowRank(Adapter{Kind: LoRA, Rank: 7, Alpha: 7}, weight(slices.Clone(base)), weight(gradient))
	for i := range 7 {
		l.down.weights[i*8] = 1
	}
	l.collect()
	if !slices.Equal(l.up.gradient, gradient) {
		t.Errorf("the gradient of up is %v, want the weight's, %v", l.up.gradient, gradient)
	}
	for i := range base {
		l.up.weights[i] = wanted[i] - base[i]
	}
	l.merge()
	near(t, "merged", l.parts[0].weight, float64s(wanted), 1, 1e-6)
}

func float64s(x []float32) (out []float64) {
	for _, v := range x {
		out = append(out, float64(v))
	}
	return out
}

// TestAdapterTrainsNothingElse checks that an adapter learns, that the matrices it sits on change, the bottleneck's biases
// with them, and nothing else does; and how little is trained, saved, copied, and has a gradient.
func TestAdapterTrainsNothingElse(t *testing.T) {
	d, before := distillation(Loss{PooledMSE, 1}), tiny(2)
	for _, p := range before.Parameters() {
		if strings.HasSuffix(p.Name, "dense.bias") { // where there is none, a bottleneck makes none
			drawn(p.Data, 1)
		}
	}
	for _, test := range []struct {
		adapter Adapter
		changed []string
		trained int
	}{
		{adapters[0], []string{"query.weight", "value.weight"}, 2 * 2 * (4*32 + 32*4)},
		{adapters[1], []string{"attention.output.dense.weight", "attention.output.dense.bias", "1.output.dense.weight", "1.output.dense.bias",
			"0.output.dense.weight", "0.output.dense.bias"}, 2 * 2 * (4*32 + 32*4)},
	} {
		o := options()
		o.Adapter = test.adapter
		student := before.CloneToTrain(o.Adapter.Freeze(o.Frozen))
		records := run(t, student, d, o)
		if first, last := records[0].Loss, records[59].Loss; !(last < 0.9*first) {
			t.Errorf("%s: the loss went from %v to %v", o.Adapter.Kind, first, last)
		}
		for i, p := range student.Parameters() {
			named := slices.ContainsFunc(test.changed, func(name string) bool { return strings.HasSuffix(p.Name, name) })
			if named == slices.Equal(p.Data, before.Parameters()[i].Data) {
				t.Errorf("%s: %s changed: %v", o.Adapter.Kind, p.Name, !named)
			}
			large := len(p.Shape) == 2 && !named && !strings.Contains(p.Name, "key") // which lies between query and value
			if shared := &p.Data[0] == &before.Parameters()[i].Data[0]; large && !shared {
				t.Errorf("%s: %s was copied", o.Adapter.Kind, p.Name)
			}
		}
		tr := newTrainer(d.objective(), o, student)
		moments, gradients := 0, 0
		for _, m := range tr.optimizer.moments {
			moments += len(m)
		}
		for _, g := range tr.gradients.Parameters() {
			gradients += len(g.Data)
		}
		if all := len(weightsOf(before)); tr.weights() != test.trained || moments != 2*test.trained || gradients > all/2 {
			t.Errorf("%s: %d weights are trained, with %d moments; %d of %d have gradients", o.Adapter.Kind, tr.weights(), moments, gradients, all)
		}
	}
}

// TestAdapterWorkers checks that their number changes no bit, for every kind of job.
func TestAdapterWorkers(t *testing.T) {
	query := NewContrastive()
	query.Queries, query.Documents = bitext(48)
	for name, job := range map[string]Job{"distill": distillation(Loss{OT, 1}), "contrastive": query, "mlm": translations(tiny(2)), "adversarial": languages(1)} {
		o := options()
		o.Epochs, o.MicroBatch = 2, 3
		for _, o.Adapter = range adapters {
			var all [][]float32
			for _, o.Workers = range []int{1, 4} {
				student := tiny(2)
				run(t, student, job, o)
				all = append(all, weightsOf(student))
			}
			if !slices.Equal(all[0], all[1]) {
				t.Errorf("%s, %+v: 1 and 4 workers gave different weights", name, o.Adapter)
			}
			if slices.Equal(all[0], weightsOf(tiny(2))) {
				t.Errorf("%s, %+v: nothing was learned", name, o.Adapter)
			}
		}
	}
}

// BenchmarkAdapter takes steps of weights and of adapters, and tells the memory of what each keeps beside the model that
// training starts from: copied weights, gradients, moments, and the matrices as they are without the adapter.
func BenchmarkAdapter(b *testing.B) {
	for _, adapter := range []Adapter{{}, {LoRA, 8, 16, nil}, {Bottleneck, 8, 16, nil}} {
		b.Run("kind="+adapter.Kind, func(b *testing.B) {
			start := encoder.New(encoder.NewConfig(encoder.BERT, 384, 4, 12, 1536, vocabulary, 32), 1)
			d, o := distillation(Loss{PooledMSE, 1}), options()
			d.Teacher, o.Epochs, o.Workers, o.Frozen.Embeddings, o.Adapter = start, math.MaxInt16, 1, true, adapter
			student := start.CloneToTrain(adapter.Freeze(o.Frozen))
			tr := newTrainer(d.objective(), o, student)
			numbers := 0
			for _, g := range tr.gradients.Parameters() {
				numbers += len(g.Data)
			}
			for _, m := range tr.optimizer.moments {
				numbers += len(m)
			}
			for _, l := range tr.adapters {
				numbers += 2*(len(l.down.weights)+len(l.up.weights)) + len(l.parts[0].base)
			}
			for i, p := range student.Parameters() {
				if &p.Data[0] != &start.Parameters()[i].Data[0] {
					numbers += len(p.Data)
				}
			}
			for b.Loop() {
				if _, err := tr.take(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(4*numbers)/(1<<20), "MiB")
		})
	}
}
