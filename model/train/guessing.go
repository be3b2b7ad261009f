package train

import (
	"slices"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// guessing is the loss mlm: the mean cross-entropy of a batch's n masked tokens, which lie sample after sample.
type guessing struct {
	MLM
	head  *languageHead
	heads [5]*head  // its weights, in the order of their fields
	place []int32   // (vocabulary): of an id among head.ids
	fixed bool      // the embeddings stay as they are, and the decoder with them
	words []float32 // (len(head.ids), d): the decoder's gradient

	offsets []int32 // (samples + 1): where a sample's begin
	places  []int32 // (n): in their text
	targets []int32 // (n): their ids, as places among head.ids
	right   []int   // (samples): how many of a micro-batch were guessed, at its first sample
	kept    guesses
}

// prepare masks the batch's texts and brings the decoder up to date.
func (g *guessing) prepare(t *trainer) {
	g.offsets, g.places, g.targets = append(g.offsets[:0], 0), g.places[:0], g.targets[:0]
	for _, m := range t.batch.parts {
		for k, sample := range m.samples {
			before, units := len(g.places), g.Units[g.Texts.Offsets[sample]:g.Texts.Offsets[sample+1]]
			g.places = g.Masking.mask(g.places, text(m.student, k), units, g.head.ids, source(t.options.Seed, t.plan.epoch, sample))
			for _, place := range g.places[before:] {
				g.targets = append(g.targets, g.place[text(g.Texts, sample)[place]])
			}
			g.offsets = append(g.offsets, int32(len(g.places)))
		}
	}
	n := len(g.targets)
	g.right = append(g.right[:0], make([]int, t.batch.n)...)
	g.kept = guesses{y: t.batch.memory.take(n * t.batch.d), logSums: t.batch.memory.take(n)}
	if g.fixed {
		return
	}
	if g.fixed = t.optimizer.words == nil; !g.fixed {
		t.optimizer.words.catchUp(g.head.ids, t.options.Workers)
	}
	g.head.tie(t.student, t.options.Precision)
}

// within has the loss over one micro-batch, as a share of the batch's mean in terms of samples.
func (g *guessing) within(b *batch, m *microBatch, _ int, scale float32) (float64, error) {
	from, to, d := g.offsets[m.first], g.offsets[m.end], int32(b.d)
	x, rows := m.memory.take(int(to-from)*b.d), make([]int32, 0, to-from)
	for k := range m.samples {
		for _, place := range g.places[g.offsets[m.first+k]:g.offsets[m.first+k+1]] {
			rows = append(rows, m.student.Offsets[k]+place)
		}
	}
	for i, row := range rows {
		copy(x[i*b.d:], m.hidden[row*d:(row+1)*d])
	}
	gradient := encoder.LanguageHead{Dense: m.gradient(g.heads[0]), DenseBias: m.gradient(g.heads[1]), Norm: m.gradient(g.heads[2]),
		NormBias: m.gradient(g.heads[3]), Bias: m.gradient(g.heads[4])}
	share := float64(b.n) / float64(len(g.targets))
	loss, right := g.head.loss(x, g.targets[from:to], scale*float32(share), gradient, guesses{g.kept.y[from*d : to*d], g.kept.logSums[from:to]})
	for i, row := range rows {
		kernel.Add(m.dHidden[row*d:(row+1)*d], x[i*b.d:(i+1)*b.d])
	}
	g.right[m.first] = right
	return share * loss, nil
}

// finish adds the decoder's gradient to that of the word embeddings, which it is tied to.
func (g *guessing) finish(t *trainer) {
	if g.fixed {
		return
	}
	g.words = slices.Grow(g.words[:0], len(g.head.words))[:len(g.head.words)]
	g.head.decoderGradient(g.words, g.targets, 1/float32(len(g.targets)), g.kept, t.options.Workers)
	t.gradients.AddWords(g.head.ids, g.words)
}

// accuracy is the share of a batch's masked tokens that were guessed. It is told, not trained.
type accuracy struct{ of *guessing }

func (a accuracy) tell() float64 {
	right := 0
	for _, n := range a.of.right {
		right += n
	}
	return float64(right) / float64(len(a.of.targets))
}
