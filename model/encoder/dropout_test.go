package encoder

import (
	"math"
	"slices"
	"testing"
)

// TestDropoutIndependence checks that what is dropped from a sequence, and what its gradients are, depends on its key
// alone: not on its batch, nor on the other keys.
func TestDropoutIndependence(t *testing.T) {
	c := NewConfig(XLMRoBERTa, 48, 2, 3, 80, 60, 80)
	e := sharpen(New(c, 3))
	b := randomBatch(c, 1, 1, 5, 70, 6, 33)
	keys := []uint64{1, 2, 3, 4, 5}
	run := func(b Batch, d Dropout) (hidden []float32, words []float32) {
		w, g := NewWorkspace(), e.NewGradients(Frozen{})
		w.Training, w.Dropout = true, d
		hidden = slices.Clone(e.Forward(w, b))
		e.Backward(w, b, slices.Repeat([]float32{1, -0.5, 2}, len(hidden)/3), g)
		return hidden, g.Words.Data
	}
	without, _ := run(b, Dropout{})
	if same, _ := run(b, Dropout{Keys: keys}); !slices.Equal(same, without) {
		t.Error("a dropout of probability 0 changes the hidden states")
	}
	d := Dropout{0.1, 0.1, keys}
	all, _ := run(b, d)
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		alone := Batch{b.IDs[begin:end], []int32{0, int32(end - begin)}}
		hidden, words := run(alone, Dropout{d.Hidden, d.Attention, keys[i : i+1]})
		if !slices.Equal(hidden, all[begin*c.Hidden:end*c.Hidden]) {
			t.Errorf("dropout of sequence %d, of %d tokens, depends on its batch", i, end-begin)
		}
		twice := Batch{slices.Concat(alone.IDs, alone.IDs), []int32{0, int32(end - begin), int32(2 * (end - begin))}}
		hidden, _ = run(twice, Dropout{d.Hidden, d.Attention, []uint64{keys[i], 99}})
		n := len(hidden) / 2
		if !slices.Equal(hidden[:n], all[begin*c.Hidden:end*c.Hidden]) || slices.Equal(hidden[:n], hidden[n:]) {
			t.Errorf("dropout of sequence %d does not depend on its key alone", i)
		}
		if _, again := run(alone, Dropout{d.Hidden, d.Attention, keys[i : i+1]}); !slices.Equal(again, words) {
			t.Errorf("gradients of sequence %d differ from run to run", i)
		}
	}
}

// TestDropoutPlaces checks that each probability alone has an effect, and how many numbers of the embeddings are dropped.
func TestDropoutPlaces(t *testing.T) {
	c := NewConfig(BERT, 64, 1, 2, 64, 60, 200)
	e, b := sharpen(New(c, 3)), randomBatch(c, 1, 200)
	var results [][]float32
	for _, d := range []Dropout{{}, {Hidden: 0.25}, {Attention: 0.25}, {Hidden: 0.25, Attention: 0.25}} {
		w := NewWorkspace()
		w.Dropout, w.Training = d, true
		w.Dropout.Keys = []uint64{DropoutKey(7, 0, 0)}
		hidden := slices.Clone(e.Forward(w, b))
		for _, other := range results {
			if slices.Equal(hidden, other) {
				t.Errorf("%+v has no effect", d)
			}
		}
		results = append(results, hidden)
		zeros := 0.0
		for _, x := range w.layers[0].x {
			if x == 0 {
				zeros++
			}
		}
		if share := zeros / float64(len(hidden)); math.Abs(share-float64(d.Hidden)) > 0.02 {
			t.Errorf("%+v drops %g of the embeddings", d, share)
		}
	}
	seen := map[uint64]bool{}
	for seed := range uint64(10) {
		for step := range 10 {
			for sample := range 10 {
				seen[DropoutKey(seed, step, sample)] = true
			}
		}
	}
	if len(seen) != 1000 {
		t.Errorf("1000 samples have %d keys", len(seen))
	}
}

func TestDropoutKeys(t *testing.T) {
	e := New(NewConfig(BERT, 8, 1, 2, 8, 20, 8), 1)
	w, b := NewWorkspace(), randomBatch(e.Config, 1, 3, 4)
	for _, d := range []Dropout{{Hidden: 0.1}, {Attention: 0.1, Keys: []uint64{1}}, {Hidden: 1, Keys: []uint64{1, 2}}} {
		w.Dropout = d
		if !panics(func() { e.Forward(w, b) }) {
			t.Errorf("%+v is taken for two sequences", d)
		}
	}
}
