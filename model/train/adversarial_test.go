package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/kernel"
)

// goldenAdversarial are runs of PyTorch; testdata/make_adversarial.py made them.
type goldenAdversarial struct {
	Names []string
	Runs  []struct {
		Pivot                                             int32
		Adversary                                         string
		Rate, Ratio, Decay, Limit, Lambda, Warmup, Anchor float64
		Queue                                             int
		Texts                                             [][]int32
		Languages                                         []int32
		Batches                                           [][]int
		Losses                                            [][]float64 // of every step: discriminator, anchor, discriminator_accuracy
		Norms                                             []float64
		Lengths                                           []float64 // Euclidean norms of the trained parameters
		Weights                                           []float64 // of the discriminator
	}
}

// TestAdversarialAgainstTorch follows twelve steps with a lambda that rises and a queue that fills and overflows. In
// make_adversarial.py the reversed gradient comes out of autograd.
func TestAdversarialAgainstTorch(t *testing.T) {
	golden := read[goldenAdversarial](t, "adversarial.json", "ferry adversarial golden 1")
	models := goldenCurve{Names: golden.Names}
	for _, g := range golden.Runs {
		student, a, o := models.model(t, 2), NewAdversarial(models.model(t, 2)), NewOptions()
		a.Texts, a.Languages, a.Pivot, a.Queue, a.Anchor = ragged(g.Texts...), g.Languages, g.Pivot, g.Queue, g.Anchor
		a.Adversary, a.Lambda, a.LambdaWarmup, a.Rate = g.Adversary, g.Lambda, g.Warmup, g.Ratio
		o.LearningRate, o.Schedule, o.Warmup, o.WeightDecay, o.ClipNorm, o.Workers = g.Rate, Constant, 0, g.Decay, g.Limit, 2
		tr := newTrainer(a.objective(), o, student)
		tr.plan = &plan{options: Options{MicroBatch: 6}, tokens: make([]int, len(g.Texts)), counts: []int{len(g.Batches)}, batches: g.Batches}
		if err := tr.run(t.Context(), func(Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
		tr.finish()
		for i, r := range tr.records {
			for k, want := range g.Losses[i] {
				if math.Abs(r.Losses[k]-want) > 1e-4*max(want, 0.01) {
					t.Errorf("pivot %d, step %d: losses %v, want %v", g.Pivot, r.Step, r.Losses, g.Losses[i])
				}
			}
			if math.Abs(r.GradientNorm-g.Norms[i]) > 1e-4*g.Norms[i] {
				t.Errorf("pivot %d, step %d: norm %v, want %v", g.Pivot, r.Step, r.GradientNorm, g.Norms[i])
			}
		}
		near(t, "discriminator", tr.objective.heads[0].weights, g.Weights, 1, 2e-4)
		for _, p := range student.Parameters() {
			if strings.HasSuffix(p.Name, "key.bias") {
				continue // its gradient is nothing but rounding
			}
			want := g.Lengths[slices.Index(golden.Names, p.Name)]
			if got := math.Sqrt(kernel.SumSquares(p.Data)); math.Abs(got-want) > 5e-5*want {
				t.Errorf("pivot %d: %s has length %v, want %v", g.Pivot, p.Name, got, want)
			}
		}
	}
}

// languages is a job of 48 texts in one language, and 40 in another.
func languages(anchor float64) Adversarial {
	a := NewAdversarial(tiny(2))
	first, second := bitext(48)
	var texts [][]int32
	for i := range 48 {
		texts, a.Languages = append(texts, text(first, i)), append(a.Languages, 0)
		if i < 40 {
			texts, a.Languages = append(texts, text(second, i)), append(a.Languages, 1)
		}
	}
	a.Texts, a.Anchor, a.Queue = ragged(texts...), anchor, 40
	return a
}

// TestReversal compares what the discriminator sends to weights and vectors with how its loss changes along that: up with
// the vectors, by lambda times their gradient, down against the weights.
func TestReversal(t *testing.T) {
	const d, n = 16, 6
	at := func(moveVectors, moveWeights float32, vectors, weights []float32) (*discriminator, *batch, float64) {
		a := languages(0)
		a.Start, a.Queue = tiny(1), 0
		o := objective{}
		x := newDiscriminator(a, &o)
		x.Adversary, x.lambda, x.languages = Reversal, 0.3, []int32{0, 1, 1, 0, 1, 0}
		x.weights = &head{weights: draws(5, 2*d), gradient: make([]float32, 2*d)}
		b := &batch{n: n, d: d, vectors: draws(6, n*d), dVectors: make([]float32, n*d)}
		if vectors != nil {
			kernel.Axpy(moveVectors, vectors, b.vectors)
			kernel.Axpy(moveWeights, weights, x.weights.weights)
		}
		return x, b, x.join(b, 1)
	}
	x, b, _ := at(0, 0, nil, nil)
	const far = 1e-2
	_, _, above := at(far, 0, b.dVectors, x.weights.gradient)
	_, _, below := at(-far, 0, b.dVectors, x.weights.gradient)
	if got, want := (above-below)/(2*far), -kernel.SumSquares(b.dVectors)/0.3; math.Abs(got-want) > 1e-3*math.Abs(want) {
		t.Errorf("the loss changes by %v along what the encoder is sent, want %v", got, want)
	}
	_, _, above = at(0, far, b.dVectors, x.weights.gradient)
	_, _, below = at(0, -far, b.dVectors, x.weights.gradient)
	if got, want := (above-below)/(2*far), kernel.SumSquares(x.weights.gradient); math.Abs(got-want) > 1e-3*want {
		t.Errorf("the loss changes by %v along what the discriminator is sent, want %v", got, want)
	}
}

// TestAdversarialFools trains with lambda 0, where the discriminator comes to tell the languages apart, and with a lambda,
// where it cannot; the anchor decides how far the encoder goes for that.
func TestAdversarialFools(t *testing.T) {
	last := func(lambda, anchor float64) []float64 {
		a, o := languages(anchor), options()
		a.Lambda, a.Rate, o.Epochs, o.LearningRate = lambda, 10, 30, 1e-3
		records := run(t, tiny(2), a, o)
		sums := make([]float64, 3)
		for _, r := range records[len(records)-20:] {
			for k, x := range r.Losses {
				sums[k] += x / 20
			}
		}
		t.Logf("lambda %v, anchor %v: %.4f", lambda, anchor, sums)
		return sums
	}
	told, fooled, held := last(0, 1), last(1, 0.1), last(1, 10)
	if !(told[2] > 0.95 && fooled[2] < 0.8 && fooled[0] > 3*told[0]) {
		t.Errorf("discriminator and its accuracy: %v without reversal, %v with it", told, fooled)
	}
	if !(held[1] < fooled[1]) {
		t.Errorf("the encoder moves by %v with a strong anchor, by %v with a weak one", held[1], fooled[1])
	}
}

// TestAdversarialWorkers checks that the number of workers changes no bit.
func TestAdversarialWorkers(t *testing.T) {
	a, o := languages(1), options()
	o.Epochs, o.MicroBatch = 3, 3
	var all [][]float32
	for _, o.Workers = range []int{1, 4} {
		student := tiny(2)
		run(t, student, a, o)
		all = append(all, weightsOf(student))
	}
	if !slices.Equal(all[0], all[1]) {
		t.Error("1 and 4 workers gave different weights")
	}
}

// TestAdversarialResume stops a run after every tenth step: the queue and the discriminator go on where they were.
func TestAdversarialResume(t *testing.T) {
	a, o, whole := languages(1), options(), tiny(2)
	o.Epochs, a.Rate = 8, 10
	want := run(t, whole, a, o)
	var state []byte
	for stopped := true; stopped; o.Workers = 5 - o.Workers {
		student := tiny(2)
		var got []Record
		state, stopped, got = runTenSteps(t, student, a, o, state)
		if !stopped && (!slices.EqualFunc(got, want, equalRecords) || !slices.Equal(weightsOf(student), weightsOf(whole))) {
			t.Error("a run that was stopped ends elsewhere")
		}
	}
}

func TestAdversarialMistakes(t *testing.T) {
	for want, change := range map[string]func(*Adversarial){
		"there are 87 languages for 88 texts": func(a *Adversarial) { a.Languages = a.Languages[1:] },
		"languages are numbered from 0":       func(a *Adversarial) { a.Languages = slices.Repeat([]int32{1}, 88) },
		"all texts are in one language":       func(a *Adversarial) { a.Languages = make([]int32, 88) },
		"the pivot is language 2 of 2":        func(a *Adversarial) { a.Pivot = 2 },
		"anchor and lambda are -1 and 0.1":    func(a *Adversarial) { a.Anchor = -1 },
		"the warm-up of lambda is 2":          func(a *Adversarial) { a.LambdaWarmup = 2 },
		`unknown adversary "critic"`:          func(a *Adversarial) { a.Adversary = "critic" },
		"the queue is -1":                     func(a *Adversarial) { a.Queue = -1 },
		"the rate of the discriminator is 0":  func(a *Adversarial) { a.Rate = 0 },
	} {
		a := languages(1)
		change(&a)
		fail(t, want, tiny(2), a, options())
	}
	a := languages(1)
	fail(t, "the start is the student itself", a.Start, a, options())
}
