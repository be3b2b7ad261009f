package encoder

import "github.com/ferry-clir/ferry/model/kernel"

// Dropout makes Forward drop numbers at random, as in training, whatever Workspace.Training says, and Backward go
// through the same ones. The zero value drops nothing.
type Dropout struct {
	Hidden    float32 // probability in the embeddings, the attention's output and the feed-forward layer's: hidden_dropout_prob
	Attention float32 // of a token's attention to another one: attention_probs_dropout_prob
	// Keys has one element a sequence of the batch: see DropoutKey. Of two sequences with the same key, the same is
	// dropped at the same positions, whatever else is in the batch.
	Keys []uint64
}

// DropoutKey returns the key of a sample, a sequence of the training data, at a step of training. Texts that are run
// as a pair are samples of their own.
func DropoutKey(seed uint64, step, sample int) uint64 {
	return kernel.Dropout{Key: seed}.At(step).At(sample).Key
}

// The places of dropout: the embeddings, and then three in every layer.
const (
	dropEmbeddings = iota
	dropProbabilities
	dropContext
	dropFFN
	dropsPerLayer = iota - 1
)

// place returns the number of a place in a layer.
func place(what, layer int) int { return what + layer*dropsPerLayer }

// check panics unless there is a key for every sequence.
func (d *Dropout) check(b Batch) {
	if (d.Hidden != 0 || d.Attention != 0) && len(d.Keys) != b.Sequences() {
		panic("encoder: dropout does not have one key a sequence")
	}
}

// attention returns the dropout of a sequence's attention in a layer.
func (d *Dropout) attention(sequence, layer int) kernel.Dropout {
	if d.Attention == 0 {
		return kernel.Dropout{}
	}
	return kernel.Dropout{Probability: d.Attention, Key: d.Keys[sequence]}.At(place(dropProbabilities, layer))
}

// hidden drops elements of x, of (tokens, width), or of its gradient.
func (d *Dropout) hidden(b Batch, place, width int, x []float32) {
	if d.Hidden == 0 {
		return
	}
	for i := range b.Sequences() {
		drop := kernel.Dropout{Probability: d.Hidden, Key: d.Keys[i]}.At(place)
		begin, end := b.bounds(i)
		for t := begin; t < end; t++ {
			drop.Apply(part(x, t, width), t-begin)
		}
	}
}

// residual computes y = drop(x*weight' + bias) + skip, where weight is packed and x is (tokens, inputs).
func (d *Dropout) residual(b Batch, place, inputs int, x []float32, packed *kernel.Packed, bias, skip, y []float32) {
	t, h := len(b.IDs), len(bias)
	if d.Hidden == 0 {
		kernel.GemmPackedAdd(t, x, inputs, packed, bias, skip, h, y, h)
		return
	}
	kernel.GemmPacked(t, x, inputs, packed, bias, y, h)
	d.hidden(b, place, h, y)
	kernel.Add(y, skip)
}

// residualBackward drops elements of dy, the gradient of residual's y, which makes it that of the product. It returns
// what dy was, the gradient of skip, in memory if that has changed.
func (d *Dropout) residualBackward(b Batch, place, width int, dy, memory []float32) []float32 {
	if d.Hidden == 0 {
		return dy
	}
	copy(memory, dy)
	d.hidden(b, place, width, dy)
	return memory
}
