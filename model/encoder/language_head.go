package encoder

import (
	"runtime"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A LanguageHead holds the weights of a masked language model between the last hidden states and the word embeddings, that
// its decoder is tied to: token scores are LayerNorm(GELU(x*Dense' + DenseBias))*words' + Bias. It also serves for their
// gradients.
type LanguageHead struct {
	Dense, DenseBias []float32 // (Hidden, Hidden), (Hidden)
	Norm, NormBias   []float32 // (Hidden)
	Bias             []float32 // (Vocabulary), or one for each token that can be guessed
}

// languageHeads are the names of the head's tensors in checkpoints of the RoBERTa and BERT types, in the order of fields.
var languageHeads = [][5]string{
	{"lm_head.dense.weight", "lm_head.dense.bias", "lm_head.layer_norm.weight", "lm_head.layer_norm.bias", "lm_head.bias"},
	{"cls.predictions.transform.dense.weight", "cls.predictions.transform.dense.bias", "cls.predictions.transform.LayerNorm.weight",
		"cls.predictions.transform.LayerNorm.bias", "cls.predictions.bias"},
}

// LanguageHead returns a copy of the head that the checkpoint came with; false if it has none that is complete, or one
// whose decoder is not tied to the word embeddings.
func (e *Encoder) LanguageHead() (head LanguageHead, ok bool) {
	h := e.Config.Hidden
	for _, names := range languageHeads {
		fields := []*[]float32{&head.Dense, &head.DenseBias, &head.Norm, &head.NormBias, &head.Bias}
		found := 0
		for i, shape := range [][]int{{h, h}, {h}, {h}, {h}, {e.Config.Vocabulary}} {
			for _, p := range e.kept {
				if modernName(p.Name) == names[i] && slices.Equal(p.Shape, shape) {
					*fields[i] = slices.Clone(p.Data)
					found++
				}
			}
		}
		if found == len(fields) && !e.Config.untied {
			return head, true
		}
	}
	return LanguageHead{}, false
}

// Words returns the embeddings of the given ids, of (len(ids), Hidden), in dst if it has room.
func (e *Encoder) Words(dst []float32, ids []int32) []float32 {
	defer runtime.KeepAlive(e)
	dst = dst[:0]
	for _, id := range ids {
		dst = append(dst, part(e.weights.word, int(id), e.Config.Hidden)...)
	}
	return dst
}

// AddWords adds x, of (len(ids), Hidden), to the gradients of the embeddings of the given ids, none of which repeats.
func (g *Gradients) AddWords(ids []int32, x []float32) {
	for i, id := range ids {
		kernel.Add(g.Words.row(id), part(x, i, g.config.Hidden))
	}
}
