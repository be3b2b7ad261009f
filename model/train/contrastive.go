package train

import "github.com/ferry-clir/ferry/model/encoder"

// Contrastive trains an encoder so that a query's sentence vector is nearer to its own document's than to those of the
// other documents in the batch. Sample i is query i with document i; ids include their special tokens.
type Contrastive struct {
	Queries, Documents Ragged
	Temperature        float64
}

// NewContrastive returns a Contrastive with temperature 0.05. The caller sets the rest.
func NewContrastive() Contrastive { return Contrastive{Temperature: 0.05} }

func (c Contrastive) objective() objective {
	return objective{sides: []Ragged{c.Queries, c.Documents}, terms: []term{{Loss{ContrastiveLoss, 1}, matched{float32(c.Temperature)}}}}
}

func (c Contrastive) check(student *encoder.Encoder) error {
	if err := checkSides(student, c.Queries, c.Documents); err != nil {
		return err
	}
	return checkTemperature(c.Temperature)
}

// matched is the contrastive loss of queries against documents, the two sides of a batch.
type matched struct{ temperature float32 }

func (c matched) join(b *batch, scale float32) float64 {
	half := b.n * b.d
	return infoNCE(b.dVectors[:half], b.dVectors[half:], b.vectors[:half], b.vectors[half:], b.d, c.temperature, scale)
}
