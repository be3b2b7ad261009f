package train

import (
	"context"
	"fmt"
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/ot"
)

// anchorTexts is the most texts that teachers tell a text from.
const anchorTexts = 256

// A council is several frozen teachers of one tokenizer and one space, such as a model and what was made of it for several
// domains. They teach each text by the mean of their token vectors, weighed by how sure each is of that text. This is the
// idea of UAD (arXiv 2402.06213), whose teachers classify, and which weighs what they predict; encoders predict nothing, so
// that uncertainty is here the entropy of the softmax of cos / temperature between a text's sentence vector and itself and
// those of anchors, evenly spread texts of the corpus: high where a teacher cannot tell the text from others. The weight is
// 1 / the perplexity, the exponential of the entropy, to sum to 1 over the teachers. It depends on the text and the corpus
// and not on the batch, so that a text is taught the same in every epoch.
type council struct {
	teachers    []*encoder.Encoder
	ids         Ragged
	temperature float64
	samples     []int       // that are anchors
	anchors     [][]float32 // of every teacher: their sentence vectors, (len(samples), d), of length 1
}

// meet computes the anchors.
func (c *council) meet(ctx context.Context, workers int) error {
	c.samples = spread(anchorTexts, c.ids.Sequences())
	c.anchors = nil
	for i, e := range c.teachers {
		vectors, err := sentenceVectors(ctx, e, c.ids, c.samples, workers)
		if err != nil {
			return fmt.Errorf("teacher %d: %w", i+1, err)
		}
		d := e.Config.Width()
		unit := make([]float32, len(c.samples)*d)
		for k, x := range vectors.RawMatrix().Data {
			unit[k] = float32(x)
		}
		ot.Unit(unit, make([]float32, len(c.samples)), unit, d)
		c.anchors = append(c.anchors, unit)
	}
	return nil
}

// agree returns the token vectors that texts, which are the given samples, are taught by. first is what the first teacher
// makes of them, (tokens, d).
func (c *council) agree(w *encoder.Workspace, texts Ragged, samples []int, first []float32) []float32 {
	d := c.teachers[0].Config.Width()
	said := make([][]float32, len(c.teachers)) // w holds one forward pass
	said[0] = append([]float32(nil), first...)
	for k, e := range c.teachers[1:] {
		said[k+1] = append([]float32(nil), e.Forward(w, texts)...)
	}
	vector := make([]float32, d)
	weights := make([]float64, len(said))
	for i, sample := range samples {
		from, to := int(texts.Offsets[i])*d, int(texts.Offsets[i+1])*d
		for k, hidden := range said {
			meanPool(vector, hidden[from:to], []int32{0, int32((to - from) / d)}, d)
			weights[k] = math.Exp(-c.entropy(k, sample, vector))
		}
		sum := 0.0
		for _, x := range weights {
			sum += x
		}
		kernel.Scale(float32(weights[0]/sum), said[0][from:to])
		for k := range said[1:] {
			kernel.Axpy(float32(weights[k+1]/sum), said[k+1][from:to], said[0][from:to])
		}
	}
	return said[0]
}

// entropy is how little a teacher tells a sample with that sentence vector from the anchors, in nats. It scales the vector.
func (c *council) entropy(teacher, sample int, vector []float32) float64 {
	d := len(vector)
	ot.Unit(vector, make([]float32, 1), vector, d)
	total, weighted := 1.0, 0.0 // of exp(x), and of x * exp(x), over itself and the anchors: x is 0 for itself
	for j, anchor := range c.samples {
		if anchor == sample {
			continue
		}
		x := (float64(kernel.Dot(vector, c.anchors[teacher][j*d:(j+1)*d])) - 1) / c.temperature
		total += math.Exp(x)
		weighted += x * math.Exp(x)
	}
	return math.Log(total) - weighted/total
}
