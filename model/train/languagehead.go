package train

import (
	"math"
	"slices"
	"sync"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// A languageHead guesses masked tokens from their last hidden states, as BertLMPredictionHead and RobertaLMHead of
// transformers do, among v ids: the softmax is over those alone. d is the hidden size.
type languageHead struct {
	encoder.LanguageHead           // Bias is (v)
	ids                  []int32   // (v), ascending
	words                []float32 // (v, d): their embeddings, the decoder
	d                    int
	epsilon              float32
	room                 int           // for scores: how many are there at a time
	forward, backward    kernel.Packed // words, for products with them and their transpose
	memory               sync.Pool     // of *scratch, one for each goroutine
}

// scratch is memory for one goroutine at a time, which returns it to the pool.
func (h *languageHead) scratch() *scratch {
	memory, ok := h.memory.Get().(*scratch)
	if !ok {
		memory = new(scratch)
	}
	memory.reset()
	return memory
}

// scores is the most scores of one goroutine that are there at a time, 16 MB: a batch's would be gigabytes with a large
// vocabulary.
const scores = 1 << 22

// newLanguageHead makes the head of a run that guesses among ids, which occur so often. It starts from the checkpoint's, or
// else from what changes least about the hidden states: dense is the identity. Its scores are then the ids' frequencies,
// moved by how near their embeddings are to the hidden state.
func newLanguageHead(e *encoder.Encoder, ids []int32, counts []int) *languageHead {
	d := e.Config.Hidden
	h := &languageHead{ids: ids, d: d, epsilon: e.Config.Epsilon, room: scores}
	bias := make([]float32, len(ids))
	if head, ok := e.LanguageHead(); ok {
		for i, id := range ids {
			bias[i] = head.Bias[id]
		}
		h.LanguageHead, h.Bias = head, bias
		return h
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	for i, n := range counts {
		bias[i] = float32(math.Log(float64(n) / float64(total)))
	}
	h.LanguageHead = encoder.LanguageHead{Dense: make([]float32, d*d), DenseBias: make([]float32, d),
		Norm: slices.Repeat([]float32{1}, d), NormBias: make([]float32, d), Bias: bias}
	for i := range d {
		h.Dense[i*d+i] = 1
	}
	return h
}

// tie takes the embeddings as they are now for the decoder.
func (h *languageHead) tie(e *encoder.Encoder, precision encoder.Precision) {
	h.words = e.Words(h.words, h.ids)
	h.forward.Precision, h.backward.Precision = precision, precision
	h.forward.Repack(true, len(h.ids), h.d, h.words, h.d)
	h.backward.Repack(false, h.d, len(h.ids), h.words, h.d)
}

// guesses are what a micro-batch's n masked tokens made of the head, kept for the gradient of its decoder.
type guesses struct {
	y       []float32 // (n, d): what the decoder is multiplied with
	logSums []float32 // (n): logarithms of the sums of e^score
}

// loss returns the sum over n masked tokens of the cross-entropy of the softmax over ids, and how many have their own id as
// the best. x, (n, d), are their last hidden states, targets, (n), the places of their ids. It overwrites x with scale
// times the gradient with respect to it, adds that of the weights to g, all but the decoder's, and fills kept.
func (h *languageHead) loss(x []float32, targets []int32, scale float32, g encoder.LanguageHead, kept guesses) (loss float64, right int) {
	n, d, v, memory := len(targets), h.d, len(h.ids), h.scratch()
	defer h.memory.Put(memory)
	u, a, mean, rstd, dy := memory.take(n*d), memory.take(n*d), memory.take(n), memory.take(n), memory.take(n*d)
	for i := range n {
		copy(u[i*d:], h.DenseBias)
	}
	kernel.Gemm(false, true, n, d, d, 1, x, d, h.Dense, d, 1, u, d)
	kernel.GELU(a, u)
	kernel.LayerNorm(kept.y, a, h.Norm, h.NormBias, n, d, h.epsilon, mean, rstd)
	block := min(n, max(1, h.room/v))
	logits := memory.take(block * v)
	for from := 0; from < n; from += block {
		rows := min(block, n-from)
		kernel.GemmPacked(rows, kept.y[from*d:], d, &h.forward, h.Bias, logits, v)
		for i := range rows {
			row, target := logits[i*v:(i+1)*v], int(targets[from+i])
			top := best(row)
			highest, own := float64(row[top]), float64(row[target])
			kernel.Softmax(row)
			logSum := highest - math.Log(float64(row[top]))
			loss += logSum - own
			kept.logSums[from+i] = float32(logSum)
			if top == target {
				right++
			}
			row[target]--
			kernel.Scale(scale, row)
		}
		kernel.AddRows(g.Bias, logits[:rows*v], rows)
		kernel.GemmPacked(rows, logits, v, &h.backward, nil, dy[from*d:], d)
	}
	kernel.LayerNormBackward(dy, g.Norm, g.NormBias, a, dy, h.Norm, mean, rstd, n, d)
	kernel.GELUBackward(u, u, dy)
	kernel.GemmTransposedAdd(encoder.Float32, d, d, n, u, d, x, d, g.Dense, d)
	kernel.AddRows(g.DenseBias, u, n)
	kernel.Gemm(false, false, n, d, d, 1, u, d, h.Dense, d, 0, x, d)
	return loss, right
}

// best is the place of the largest score.
func best(row []float32) (top int) {
	for i, x := range row {
		if x > row[top] {
			top = i
		}
	}
	return top
}

// decoderRows is the number of rows of the decoder whose gradient is computed at once.
const decoderRows = 512

// decoderGradient writes the gradient of the decoder, (v, d), to dWords: of scale times the loss of all n masked tokens of a
// batch, from what loss has kept of them. Their scores are worked out once more, since they take too much room to be kept.
func (h *languageHead) decoderGradient(dWords []float32, targets []int32, scale float32, kept guesses, workers int) {
	n, d, v := len(targets), h.d, len(h.ids)
	each(workers, (v+decoderRows-1)/decoderRows, func(_, part int) {
		memory := h.scratch()
		defer h.memory.Put(memory)
		first := part * decoderRows
		rows := min(decoderRows, v-first)
		logits := memory.take(n * rows)
		for i := range n {
			row := logits[i*rows : (i+1)*rows]
			copy(row, h.Bias[first:])
			for j := range row {
				row[j] -= kept.logSums[i]
			}
		}
		kernel.Gemm(false, true, n, rows, d, 1, kept.y, d, h.words[first*d:], d, 1, logits, rows)
		kernel.Exp(logits, logits)
		for i, target := range targets {
			if j := int(target) - first; j >= 0 && j < rows {
				logits[i*rows+j]--
			}
		}
		kernel.Gemm(true, false, rows, d, n, scale, logits, rows, kept.y, d, 0, dWords[first*d:], d)
	})
}
