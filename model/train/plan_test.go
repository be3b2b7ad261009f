package train

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func lengths(n int) []int {
	r, all := rand.New(rand.NewPCG(1, 2)), make([]int, n)
	for i := range all {
		all[i] = 4 + r.IntN(60)
	}
	return all
}

// TestBatchesOfTokens checks that every sample comes once an epoch, that batches keep to the budget and nearly fill it,
// with texts of about the same length, and that epochs and seeds differ.
func TestBatchesOfTokens(t *testing.T) {
	o, tokens := NewOptions(), lengths(3000)
	o.Epochs, o.BatchTokens = 2.5, 500
	p := newPlan(o, tokens)
	if half := p.counts[2]; len(p.counts) != 3 || half < 98*p.counts[1]/200 || half > 102*p.counts[1]/200+1 {
		t.Errorf("%v steps in two epochs and a half", p.counts)
	}
	var epochs [2][]int
	step := 0
	for epoch := range epochs {
		for range p.counts[epoch] {
			batch, passed := p.at(step)
			step++
			if want := float64(epoch) + float64(step-epoch*p.counts[0])/float64(p.counts[epoch]); passed != want {
				t.Errorf("after step %d: %v epochs, want %v", step, passed, want)
			}
			sum, shortest, longest := 0, 1000, 0
			for _, i := range batch {
				sum += tokens[i]
				shortest, longest = min(shortest, tokens[i]), max(longest, tokens[i])
			}
			if sum > 500 || len(batch) == 0 {
				t.Errorf("step %d has %d tokens in %d samples", step, sum, len(batch))
			}
			if longest-shortest > 20 {
				t.Errorf("step %d has texts of %d to %d tokens", step, shortest, longest)
			}
			epochs[epoch] = append(epochs[epoch], batch...)
		}
		all := slices.Clone(epochs[epoch])
		slices.Sort(all)
		for i := range tokens {
			if len(all) != len(tokens) || all[i] != i {
				t.Fatalf("epoch %d does not have every sample once", epoch)
			}
		}
	}
	if total := sum(floats(tokens)); float64(p.counts[0]*500) > 1.1*total {
		t.Errorf("%d batches for %v tokens", p.counts[0], total)
	}
	other := o
	other.Seed++
	if slices.Equal(epochs[0], epochs[1]) || slices.Equal(first(newPlan(other, tokens)), first(p)) || !slices.Equal(first(newPlan(o, tokens)), first(p)) {
		t.Error("batches do not depend on epoch and seed alone")
	}
	if longer := newPlan(o, []int{900, 3, 3, 3, 3}); longer.counts[0] != 2 {
		t.Errorf("a text that is longer than a batch, and four short ones: %v steps", longer.counts)
	}
}

func first(p *plan) []int {
	batch, _ := p.at(0)
	return batch
}

func floats(x []int) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(x[i])
	}
	return y
}

// TestDeal checks sizes and balance of micro-batches.
func TestDeal(t *testing.T) {
	tokens := lengths(500)
	for _, c := range []struct{ samples, batch, batchTokens, micro, parts int }{
		{32, 32, 0, 4, 8}, {20, 20, 0, 3, 7}, {1, 32, 0, 4, 1}, {7, 32, 0, 8, 1}, {100, 32, 900, 4, 8}, {3, 32, 900, 4, 3},
	} {
		o := NewOptions()
		o.Batch, o.BatchTokens, o.MicroBatch = c.batch, c.batchTokens, c.micro
		p := newPlan(o, tokens)
		samples := shuffled(500, 3, 0)[:c.samples]
		dealt, ends := p.deal(samples)
		if len(ends) != c.parts || ends[len(ends)-1] != c.samples {
			t.Errorf("%+v: micro-batches end at %v", c, ends)
		}
		first, least, most := 0, 1<<30, 0
		for _, end := range ends {
			sum := 0
			for _, i := range dealt[first:end] {
				sum += tokens[i]
			}
			if c.batchTokens == 0 && end-first > c.micro || end == first {
				t.Errorf("%+v: a micro-batch has %d samples", c, end-first)
			}
			least, most, first = min(least, sum), max(most, sum), end
		}
		if c.samples >= 32 && float64(most) > 1.15*float64(least) {
			t.Errorf("%+v: micro-batches have %d to %d tokens", c, least, most)
		}
		slices.Sort(samples)
		slices.Sort(dealt)
		if !slices.Equal(samples, dealt) {
			t.Errorf("%+v: not the same samples", c)
		}
	}
}
