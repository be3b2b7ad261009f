package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

const vocabulary = 60

func tiny(seed uint64) *encoder.Encoder {
	return encoder.New(encoder.NewConfig(encoder.BERT, 32, 2, 2, 64, vocabulary, 16), seed)
}

// bitext makes pairs of a language of words 3 to 29 and one of words 30 to 56, word by word and one word apart.
func bitext(n int) (source, target Ragged) {
	r := rand.New(rand.NewPCG(7, 7))
	var sources, targets [][]int32
	for range n {
		s, t := []int32{0}, []int32{0}
		for range 2 + r.IntN(5) {
			word := int32(3 + r.IntN(27))
			s, t = append(s, word), append(t, word+27)
		}
		sources, targets = append(sources, append(s, 2)), append(targets, append(t, t[1], 2))
	}
	return ragged(sources...), ragged(targets...)
}

func distillation(losses ...Loss) Distill {
	d := NewDistill()
	source, target := bitext(48)
	d.Teacher, d.TeacherIDs, d.StudentSource, d.StudentTarget = tiny(1), source, source, target
	d.TeacherContent.Special, d.StudentContent.Special, d.Losses = special, special, losses
	return d
}

func options() Options {
	o := NewOptions()
	o.Epochs, o.Batch, o.LearningRate, o.Workers, o.Seed = 20, 16, 5e-3, 2, 3
	return o
}

func run(t *testing.T, student *encoder.Encoder, job Job, o Options) (records []Record) {
	t.Helper()
	err := Run(t.Context(), student, job, o, func(r Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func TestDistillationLearns(t *testing.T) {
	for _, losses := range [][]Loss{{{OT, 1}}, {{Greedy, 1}}, {{PooledMSE, 1}}, {{ContrastiveLoss, 1}},
		{{OT, 1}, {PooledMSE, 0.5}, {ContrastiveLoss, 0.1}}} {
		d := distillation(losses...)
		var err error
		if d.Centre, err = MeanTokenVector(t.Context(), d.Teacher, d.TeacherIDs, Content{Special: special}, 2); err != nil {
			t.Fatal(err)
		}
		records := run(t, tiny(2), d, options())
		first, last := records[0], records[len(records)-1]
		t.Logf("%v: %+v to %+v", losses, first, last)
		if len(records) != 60 || last.Step != 60 || last.Epoch != 20 {
			t.Errorf("%v: %d steps, the last is %+v", losses, len(records), last)
		}
		for k, l := range losses {
			if !(last.Losses[k] < 0.6*first.Losses[k]) {
				t.Errorf("%v: %s went from %v to %v", losses, l.Name, first.Losses[k], last.Losses[k])
			}
		}
	}
}

func TestContrastiveTrainingLearns(t *testing.T) {
	c := NewContrastive()
	c.Queries, c.Documents = bitext(48)
	records := run(t, tiny(2), c, options())
	if first, last := records[0].Loss, records[len(records)-1].Loss; !(last < 0.3*first) {
		t.Errorf("the loss went from %v to %v", first, last)
	}
}

// TestWorkersDoNotChangeBits is why micro-batches are cut and summed as they are.
func TestWorkersDoNotChangeBits(t *testing.T) {
	for _, job := range []Job{distillation(Loss{OT, 1}, Loss{PooledMSE, 0.5}, Loss{ContrastiveLoss, 0.1}), ranking(Loss{ContrastiveLoss, 1}, Loss{ScoreKL, 1})} {
		sameBits(t, job)
	}
}

func sameBits(t *testing.T, d Job) {
	o := options()
	o.Epochs, o.Batch, o.MicroBatch = 2, 20, 3 // neither divides the samples
	var weights [][]float32
	var records [][]Record
	for _, o.Workers = range []int{1, 4} {
		student := tiny(2)
		records = append(records, run(t, student, d, o))
		var all []float32
		for _, p := range student.Parameters() {
			all = append(all, p.Data...)
		}
		weights = append(weights, all)
	}
	if !slices.Equal(weights[0], weights[1]) {
		t.Error("1 and 4 workers gave different weights")
	}
	for i, r := range records[0] {
		if q := records[1][i]; r.Loss != q.Loss || r.GradientNorm != q.GradientNorm || r.MarginalError != q.MarginalError {
			t.Errorf("step %d: %+v with 1 worker, %+v with 4", i+1, r, q)
		}
	}
}

// TestBatchesBeyondMemory checks that running the student forward a second time for the loss that spans a batch, where not
// all of the batch's activations are kept, gives the same bits.
func TestBatchesBeyondMemory(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{ContrastiveLoss, 0.1}), options()
	o.Epochs, o.Dropout = 3, 0.1
	var all [][]float32
	for _, workspaces := range []int{4, 1, 3} {
		student := tiny(2)
		tr := newTrainer(d.objective(), o, student)
		if len(tr.training) != 4 {
			t.Fatalf("%d workspaces for 4 micro-batches", len(tr.training))
		}
		tr.training = tr.training[:workspaces]
		if err := tr.run(t.Context(), func(Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
		all = append(all, weightsOf(student))
	}
	if !slices.Equal(all[0], all[1]) || !slices.Equal(all[0], all[2]) {
		t.Error("weights differ")
	}
}

// TestStepGradient compares a whole step's gradient with how the reported loss changes along it: |g|^2 a unit. The ot
// loss is not among them, since its plan moves with the weights; greedy's does not.
func TestStepGradient(t *testing.T) {
	d := distillation(Loss{Greedy, 1}, Loss{PooledMSE, 0.5}, Loss{ContrastiveLoss, 0.3})
	query := ranking(Loss{ContrastiveLoss, 1}, Loss{ScoreKL, 0.7})
	query.Temperature, query.Masked = 0.5, func(i, j, k int) bool { return (i+j+k)%4 == 1 }
	both := distillation(Loss{PooledCosine, 0.5}, Loss{ContrastiveLoss, 1})
	both.BothSides, both.Temperature = true, 0.5
	for name, job := range map[string]Job{"distill": d, "both sides": both, "contrastive": query} {
		o, samples := options(), []int{1, 4, 2, 8, 5, 7}
		o.ClipNorm = 0
		step := func(student *encoder.Encoder) (*trainer, float64) {
			tr := newTrainer(job.objective(), o, student)
			tr.plan.epoch, tr.plan.batches = 0, [][]int{samples}
			r, err := tr.take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return tr, r.Loss
		}
		first, _ := step(tiny(2))
		gradients, norm := first.gradients, first.optimizer.Norm()
		at := func(move float64) float64 {
			student := tiny(2)
			for i, p := range student.Parameters() {
				for j, g := range gradients.Parameters()[i].Data {
					p.Data[j] += float32(move) * g
				}
			}
			words := student.Parameters()[0].Data
			for k, id := range gradients.Words.IDs {
				for j, g := range gradients.Words.Data[k*32 : k*32+32] {
					words[int(id)*32+j] += float32(move) * g
				}
			}
			_, loss := step(student)
			return loss
		}
		h := 2e-3 / norm
		if got, want := (at(h)-at(-h))/(2*h), norm*norm; math.Abs(got-want) > 0.01*want {
			t.Errorf("%s: the loss changes by %v along the gradient, want %v", name, got, want)
		}
	}
}

// TestEveryWordOfAnEpoch gives each of 20 samples a word of its own: an epoch moves those and no others, without decay.
func TestEveryWordOfAnEpoch(t *testing.T) {
	var texts [][]int32
	for i := range 20 {
		texts = append(texts, []int32{0, int32(20 + i), 2})
	}
	student, d, o := tiny(2), distillation(Loss{PooledMSE, 1}), options()
	d.TeacherIDs, d.StudentSource, d.StudentTarget = ragged(texts...), Ragged{}, ragged(texts...)
	o.Epochs, o.Batch, o.WeightDecay = 1, 3, 0
	before := student.Clone().Parameters()[0].Data
	if records := run(t, student, d, o); len(records) != 7 {
		t.Errorf("%d steps for 20 samples in batches of 3", len(records))
	}
	after := student.Parameters()[0].Data
	for id := range vocabulary {
		same := slices.Equal(before[id*32:id*32+32], after[id*32:id*32+32])
		if used := id == 0 || id == 2 || id >= 20 && id < 40; same == used {
			t.Errorf("word %d: used %v, unchanged %v", id, used, same)
		}
	}
}

func TestShuffled(t *testing.T) {
	first, second, other := shuffled(50, 1, 0), shuffled(50, 1, 1), shuffled(50, 2, 0)
	if slices.Equal(first, second) || slices.Equal(first, other) || !slices.Equal(first, shuffled(50, 1, 0)) {
		t.Error("the order does not depend on seed and epoch")
	}
	slices.Sort(second)
	for i, k := range second {
		if i != k {
			t.Fatalf("not a permutation: %v", second)
		}
	}
}

// TestRecordedTransport computes by hand what the first step reports, with all that a Distill says about transport.
func TestRecordedTransport(t *testing.T) {
	d, o, student := distillation(Loss{OT, 2}), options(), tiny(2)
	d.StudentContent.Special = func(id int32) bool { return id == 2 }
	d.Solver.Epsilon, d.Solver.Iterations = 0.07, 9
	d.Centre = tiny(5).Parameters()[0].Data[:32]
	o.Epochs, o.Batch = 1, 48
	teacher := newCloud(new(scratch), d.Teacher.Forward(encoder.NewWorkspace(), d.TeacherIDs), d.TeacherIDs, 0, 48, Content{Special: special}, d.Centre, 32)
	want, notConverged := 0.0, 0
	for _, side := range []Ragged{d.StudentSource, d.StudentTarget} {
		hidden := student.Forward(encoder.NewWorkspace(), side)
		sum, reports, _, err := transportLoss(new(scratch), make([]float32, len(hidden)), teacher,
			newCloud(new(scratch), hidden, side, 0, 48, d.StudentContent, d.Centre, 32), ot.Sinkhorn, d.Solver, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reports {
			if !r.Converged {
				notConverged++
			}
		}
		want += sum / 96
	}
	r := run(t, student, d, o)[0]
	if math.Abs(r.Losses[0]-want) > 1e-6 || math.Abs(r.Loss-2*want) > 1e-6 || r.NotConverged != notConverged || notConverged == 0 {
		t.Errorf("%+v; want a loss of %v, %d not converged", r, want, notConverged)
	}
}

// TestKeptTeacher checks that it makes no difference to the bit how much of the teacher's work is kept.
func TestKeptTeacher(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{PooledMSE, 1}), options()
	o.Epochs, d.Marginals = 3, Attention
	var all [][]float32
	for _, kept := range []int{0, 17, 48} {
		student := tiny(2)
		tr := newTrainer(d.objective(), o, student)
		if len(tr.teaching.kept) != 48 {
			t.Fatalf("%d of 48 samples are kept", len(tr.teaching.kept))
		}
		tr.teaching.kept = tr.teaching.kept[:kept]
		if err := tr.run(t.Context(), func(Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
		all = append(all, weightsOf(student))
		for _, text := range tr.teaching.kept {
			if text.hidden == nil || text.attention == nil {
				t.Error("a sample was not kept")
			}
		}
	}
	if !slices.Equal(all[0], all[1]) || !slices.Equal(all[0], all[2]) {
		t.Error("weights differ")
	}
}

func TestFrozen(t *testing.T) {
	student, o := tiny(2), options()
	o.Epochs, o.Frozen = 1, encoder.Frozen{Embeddings: true, Layers: 1}
	before := student.Clone().Parameters()
	run(t, student, distillation(Loss{OT, 1}), o)
	for i, p := range student.Parameters() {
		frozen := strings.HasPrefix(p.Name, "embeddings.") || strings.HasPrefix(p.Name, "encoder.layer.0.")
		if slices.Equal(p.Data, before[i].Data) != frozen {
			t.Errorf("%s: frozen %v, unchanged %v", p.Name, frozen, !frozen)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	err := Run(ctx, tiny(2), distillation(Loss{OT, 1}), options(), func(Record) error {
		if steps++; steps == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || steps != 2 {
		t.Errorf("%d steps, %v", steps, err)
	}
	d := distillation()
	if _, err := MeanTokenVector(ctx, d.Teacher, d.TeacherIDs, Content{Special: special}, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("mean token vector: %v", err)
	}
}

func TestReportStopsTheRun(t *testing.T) {
	full := errors.New("disk full")
	err := Run(t.Context(), tiny(2), distillation(Loss{OT, 1}), options(), func(Record) error { return full })
	if !errors.Is(err, full) {
		t.Error(err)
	}
}
