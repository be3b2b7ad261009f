package train

import (
	"cmp"
	"math"
	"slices"
)

// A plan says which samples each step takes. It depends on the options, the seed among them, and on the samples' sizes.
type plan struct {
	options Options
	tokens  []int // of every sample
	counts  []int // steps of every epoch; the last may be cut short
	epoch   int   // that batches belong to; -1 before the first
	batches [][]int
}

// pool is the number of batches whose samples are sorted by their length for batches of so many tokens.
const pool = 32

func newPlan(o Options, tokens []int) *plan {
	p := &plan{options: o, tokens: tokens}
	for left := o.Epochs; left > 0; left-- {
		p.epoch, p.batches = len(p.counts), nil
		steps := (len(tokens) + o.Batch - 1) / o.Batch
		if o.BatchTokens > 0 {
			steps = len(p.cut(p.epoch))
		}
		p.counts = append(p.counts, int(math.Round(min(1, left)*float64(steps))))
	}
	if p.steps() == 0 {
		p.counts[0] = 1
	}
	p.epoch = -1
	return p
}

func (p *plan) steps() (n int) {
	for _, steps := range p.counts {
		n += steps
	}
	return n
}

// at returns the samples of a step, counted from 0, and the passes over all samples once it is done.
func (p *plan) at(step int) (samples []int, epochs float64) {
	epoch := 0
	for step >= p.counts[epoch] {
		step -= p.counts[epoch]
		epoch++
	}
	if epoch != p.epoch {
		p.epoch, p.batches = epoch, p.cut(epoch)
	}
	return p.batches[step], float64(epoch) + float64(step+1)/float64(len(p.batches))
}

// cut cuts an epoch into batches.
func (p *plan) cut(epoch int) [][]int {
	order := shuffled(len(p.tokens), p.options.Seed, epoch)
	if p.options.BatchTokens == 0 {
		return slices.Collect(slices.Chunk(order, p.options.Batch))
	}
	var batches [][]int
	for len(order) > 0 {
		n := p.fill(order, pool*p.options.BatchTokens)
		some := order[:n]
		order = order[n:]
		slices.SortStableFunc(some, func(a, b int) int { return cmp.Compare(p.tokens[b], p.tokens[a]) })
		for len(some) > 0 {
			n := p.fill(some, p.options.BatchTokens)
			batches, some = append(batches, some[:n]), some[n:]
		}
	}
	mixed := make([][]int, len(batches))
	for i, k := range shuffled(len(batches), ^p.options.Seed, epoch) {
		mixed[i] = batches[k]
	}
	return mixed
}

// fill is the number of samples, at least 1, that come to no more than so many tokens.
func (p *plan) fill(samples []int, tokens int) int {
	for i, sample := range samples {
		if tokens -= p.tokens[sample]; tokens < 0 {
			return max(1, i)
		}
	}
	return len(samples)
}

// deal cuts a batch into micro-batches of about as many tokens each: it deals the samples out, the longest first, and
// every second time backwards. It reorders them so that those of a micro-batch lie together, and returns where each ends.
func (p *plan) deal(samples []int) (dealt []int, ends []int) {
	n := (len(samples) + p.options.MicroBatch - 1) / p.options.MicroBatch
	if p.options.BatchTokens > 0 {
		n = min(len(samples), (p.options.Batch+p.options.MicroBatch-1)/p.options.MicroBatch)
	}
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b int) int { return cmp.Compare(p.tokens[b], p.tokens[a]) })
	hands := make([][]int, n)
	for i, sample := range sorted {
		hand := i % n
		if i/n%2 == 1 {
			hand = n - 1 - hand
		}
		hands[hand] = append(hands[hand], sample)
	}
	for _, hand := range hands {
		dealt = append(dealt, hand...)
		ends = append(ends, len(dealt))
	}
	return dealt, ends
}
