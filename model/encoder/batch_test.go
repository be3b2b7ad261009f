package encoder

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	e := New(NewConfig(XLMRoBERTa, 8, 1, 2, 8, 20, 4), 1)
	for _, test := range []struct {
		batch Batch
		want  string
	}{
		{Batch{[]int32{1, 2, 3}, []int32{0, 1, 3}}, ""},
		{Batch{nil, []int32{0}}, ""},
		{Batch{}, "offsets do not run from 0 to 0"},
		{Batch{[]int32{1}, []int32{0, 2}}, "offsets do not run from 0 to 1"},
		{Batch{[]int32{1, 2}, []int32{0, 2, 1, 2}}, "sequence 1 runs from token 2 to 1 of 2"},
		{Batch{[]int32{1, 2}, []int32{0, 7, 2}}, "sequence 0 runs from token 0 to 7 of 2"},
		{Batch{[]int32{1, 2}, []int32{0, 1, 1, 2}}, "sequence 1 is empty"},
		{Batch{[]int32{1, 1, 2, 3, 4, 5}, []int32{0, 1, 6}}, "sequence 1 has 5 tokens, the model takes 4"},
		{Batch{[]int32{1, 2, 20}, []int32{0, 1, 3}}, "token 1 of sequence 1 has id 20, the vocabulary has 20"},
		{Batch{[]int32{-1}, []int32{0, 1}}, "token 0 of sequence 0 has id -1, the vocabulary has 20"},
	} {
		err := e.Check(test.batch)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%v gives %v, expected %q", test.batch, err, test.want)
		}
	}
}

// randomBatch draws sequences of the given lengths.
func randomBatch(c Config, seed uint64, lengths ...int) Batch {
	random, b := rand.New(rand.NewPCG(seed, 0)), Batch{Offsets: []int32{0}}
	for _, n := range lengths {
		for range n {
			b.IDs = append(b.IDs, random.Int32N(int32(c.Vocabulary)))
		}
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	return b
}

// TestBatchIndependence checks that a sequence alone, or in training, has the very bits that it has in a batch. The
// sizes go past the blocks of the matrix product.
func TestBatchIndependence(t *testing.T) {
	c := NewConfig(BERT, 96, 2, 3, 400, 60, 200)
	e := sharpen(New(c, 3))
	b := randomBatch(c, 1, 1, 5, 200, 6, 7, 33, 12, 1)
	w := NewWorkspace()
	all := slices.Clone(e.Forward(w, b))
	training := NewWorkspace()
	training.Training = true
	if !slices.Equal(all, e.Forward(training, b)) {
		t.Error("training changes the hidden states")
	}
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		alone := e.Forward(w, Batch{b.IDs[begin:end], []int32{0, int32(end - begin)}})
		if !slices.Equal(alone, all[begin*c.Hidden:end*c.Hidden]) {
			t.Errorf("sequence %d, of %d tokens, depends on its batch", i, end-begin)
		}
	}
}

func TestEmptyBatch(t *testing.T) {
	e := New(NewConfig(BERT, 8, 1, 2, 8, 20, 4), 1)
	if hidden := e.Forward(NewWorkspace(), Batch{Offsets: []int32{0}}); len(hidden) != 0 {
		t.Errorf("no tokens have %d values", len(hidden))
	}
}

func TestNoAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	c := NewConfig(BERT, 32, 2, 4, 64, 50, 16)
	e, b, smaller := New(c, 1), randomBatch(c, 1, 3, 16, 7), randomBatch(c, 2, 2, 5)
	upstream := waves(len(b.IDs) * c.Hidden)
	for _, checkpointing := range []bool{false, true} {
		for _, p := range []float32{0, 0.1} {
			g, w := e.NewGradients(Frozen{}), NewWorkspace()
			w.Training, w.GradientCheckpointing = true, checkpointing
			w.Dropout = Dropout{p, p, []uint64{1, 2, 3}}
			step := func() {
				w.Dropout.Keys = w.Dropout.Keys[:3]
				e.Forward(w, b)
				g.Zero()
				e.Backward(w, b, upstream, g)
				w.Dropout.Keys = w.Dropout.Keys[:2]
				e.Forward(w, smaller)
			}
			step()
			step()
			if n := testing.AllocsPerRun(20, step); n > 0 {
				t.Errorf("a step allocates %v times, checkpointing %v, dropout %v", n, checkpointing, p)
			}
		}
	}
}

// BenchmarkForward and BenchmarkStep run 16 sequences of 32 tokens through two layers of 384; tokens/s is per core.
func BenchmarkForward(b *testing.B) {
	e, batch := benchmarkModel()
	w := NewWorkspace()
	e.Forward(w, batch)
	e.Forward(w, batch)
	b.ReportAllocs()
	for b.Loop() {
		e.Forward(w, batch)
	}
	b.ReportMetric(float64(b.N*len(batch.IDs))/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkStep(b *testing.B) {
	e, batch := benchmarkModel()
	var keys []uint64
	for i := range batch.Sequences() {
		keys = append(keys, DropoutKey(1, 2, i))
	}
	b.Run("plain", func(b *testing.B) { benchmarkStep(b, e, batch, NewWorkspace()) })
	b.Run("dropout", func(b *testing.B) { benchmarkStep(b, e, batch, &Workspace{Dropout: Dropout{0.1, 0.1, keys}}) })
}

// BenchmarkLongStep runs one sequence of 512 tokens through six layers of 384 and tells the memory of its activations.
func BenchmarkLongStep(b *testing.B) {
	c := NewConfig(XLMRoBERTa, 384, 6, 12, 1536, 1000, 512)
	e, batch := New(c, 1), randomBatch(c, 1, 512)
	b.Run("kept", func(b *testing.B) { benchmarkStep(b, e, batch, NewWorkspace()) })
	b.Run("checkpointing", func(b *testing.B) { benchmarkStep(b, e, batch, &Workspace{GradientCheckpointing: true}) })
}

func benchmarkStep(b *testing.B, e *Encoder, batch Batch, w *Workspace) {
	g := e.NewGradients(Frozen{})
	w.Training = true
	upstream := waves(len(batch.IDs) * e.Config.Hidden)
	step := func() {
		g.Zero()
		e.Forward(w, batch)
		e.Backward(w, batch, upstream, g)
	}
	step()
	step()
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(b.N*len(batch.IDs))/b.Elapsed().Seconds(), "tokens/s")
	b.ReportMetric(float64(4*w.arena.used)/1e6, "MB")
}

func benchmarkModel() (*Encoder, Batch) {
	c := NewConfig(XLMRoBERTa, 384, 2, 12, 1536, 1000, 512)
	lengths := slices.Repeat([]int{32}, 16)
	return New(c, 1), randomBatch(c, 1, lengths...)
}
