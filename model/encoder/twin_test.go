package encoder

import (
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A twin is the encoder once more: in float64, one sequence at a time, with a loop for every sum. It holds the weights
// by name.
type twin struct {
	Config
	weights map[string][]float64
	dropout Dropout
}

func newTwin(e *Encoder) twin {
	w := twin{e.Config, map[string][]float64{}, Dropout{}}
	for _, p := range e.Parameters() {
		for _, x := range p.Data {
			w.weights[p.Name] = append(w.weights[p.Name], float64(x))
		}
	}
	return w
}

// row returns row i of a matrix that is Hidden wide.
func (w twin) row(name string, i int) []float64 {
	return w.weights[name][i*w.Hidden : (i+1)*w.Hidden]
}

// linear returns x*weight' + bias, a row a token.
func (w twin) linear(x [][]float64, name string) (y [][]float64) {
	weight, bias := w.weights[name+".weight"], w.weights[name+".bias"]
	for _, row := range x {
		out := slices.Clone(bias)
		for j := range out {
			for k, v := range row {
				out[j] += v * weight[j*len(row)+k]
			}
		}
		y = append(y, out)
	}
	return y
}

// normSum returns the normalised sum of x and y.
func (w twin) normSum(x, y [][]float64, name string) (z [][]float64) {
	gamma, beta := w.weights[name+".weight"], w.weights[name+".bias"]
	for i := range x {
		mean, variance := 0.0, 0.0
		out := make([]float64, len(gamma))
		for j := range out {
			out[j] = x[i][j] + y[i][j]
			mean += out[j] / float64(len(out))
		}
		for _, v := range out {
			variance += (v - mean) * (v - mean) / float64(len(out))
		}
		for j, v := range out {
			out[j] = (v-mean)/math.Sqrt(variance+float64(w.Epsilon))*gamma[j] + beta[j]
		}
		z = append(z, out)
	}
	return z
}

// dropped returns x without what dropout takes from a sequence at one of its places.
func (w twin) dropped(x [][]float64, sequence, place int) [][]float64 {
	for i, row := range x {
		if w.dropout.Hidden > 0 {
			scaleBy(row, kernel.Dropout{Probability: w.dropout.Hidden, Key: w.dropout.Keys[sequence]}.At(place), i)
		}
	}
	return x
}

// scaleBy multiplies x with what is made of ones.
func scaleBy(x []float64, drop kernel.Dropout, row int) {
	factors := slices.Repeat([]float32{1}, len(x))
	drop.Apply(factors, row)
	for i, f := range factors {
		x[i] *= float64(f)
	}
}

// attend returns the heads' sums of values, side by side.
func (w twin) attend(q, k, v [][]float64, drop kernel.Dropout) (context [][]float64) {
	d := w.Hidden / w.Heads
	for i := range q {
		out := make([]float64, w.Hidden)
		for first := 0; first < w.Hidden; first += d {
			sum := 0.0
			weights := make([]float64, len(k))
			for j := range k {
				score := 0.0
				for x := first; x < first+d; x++ {
					score += q[i][x] * k[j][x]
				}
				weights[j] = math.Exp(score / math.Sqrt(float64(d)))
				sum += weights[j]
			}
			scaleBy(weights, drop.At(first/d), i)
			for j := range v {
				for x := first; x < first+d; x++ {
					out[x] += weights[j] / sum * v[j][x]
				}
			}
		}
		context = append(context, out)
	}
	return context
}

// forward returns the last hidden states of one sequence of a batch, a row a token.
func (w twin) forward(ids []int32, sequence int) [][]float64 {
	var words, rest [][]float64
	for i, id := range ids {
		sum := slices.Clone(w.row("embeddings.position_embeddings.weight", i+w.PositionOffset))
		for j, x := range w.row("embeddings.token_type_embeddings.weight", 0) {
			sum[j] += x
		}
		words, rest = append(words, w.row(wordEmbeddings, int(id))), append(rest, sum)
	}
	x := w.dropped(w.normSum(words, rest, "embeddings.LayerNorm"), sequence, 0)
	for i := range w.Layers {
		layer := "encoder.layer." + string(rune('0'+i)) + "."
		context := w.attend(w.linear(x, layer+"attention.self.query"), w.linear(x, layer+"attention.self.key"), w.linear(x, layer+"attention.self.value"),
			w.dropout.attention(sequence, i))
		x = w.normSum(x, w.dropped(w.linear(context, layer+"attention.output.dense"), sequence, 3*i+2), layer+"attention.output.LayerNorm")
		up := w.linear(x, layer+"intermediate.dense")
		for _, row := range up {
			for j, v := range row {
				row[j] = v * (1 + math.Erf(v/math.Sqrt2)) / 2
			}
		}
		x = w.normSum(x, w.dropped(w.linear(up, layer+"output.dense"), sequence, 3*i+3), layer+"output.LayerNorm")
	}
	return x
}

// loss is sum(hidden * upstream) over a batch.
func (w twin) loss(b Batch, upstream []float32) (sum float64) {
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		for t, row := range w.forward(b.IDs[begin:end], i) {
			for j, x := range row {
				sum += x * float64(upstream[(begin+t)*w.Hidden+j])
			}
		}
	}
	return sum
}

// TestTwin compares hidden states with the twin's, and gradients, number by number, with central differences on it; the
// last time with dropout, whose masks are the same then.
func TestTwin(t *testing.T) {
	for _, c := range []Config{NewConfig(XLMRoBERTa, 12, 2, 3, 10, 9, 6), NewConfig(RoBERTa, 10, 1, 2, 16, 9, 6), NewConfig(BERT, 8, 3, 1, 8, 9, 6), NewConfig(BERT, 8, 2, 2, 12, 9, 7)} {
		e := sharpen(New(c, 1))
		b := Batch{IDs: []int32{4, 8, 8, 7, 3, 4, 2}, Offsets: []int32{0, 5, 6, 7}}
		upstream, w, g, twin := waves(len(b.IDs)*c.Hidden), NewWorkspace(), e.NewGradients(Frozen{}), newTwin(e)
		w.Training = true
		if c.MaxTokens() == 7 {
			w.Dropout = Dropout{0.3, 0.4, []uint64{DropoutKey(1, 2, 3), DropoutKey(1, 2, 4), DropoutKey(1, 3, 4)}}
			twin.dropout = w.Dropout
		}
		hidden := e.Forward(w, b)
		var want []float32
		for i := range b.Sequences() {
			begin, end := b.bounds(i)
			for _, row := range twin.forward(b.IDs[begin:end], i) {
				for _, x := range row {
					want = append(want, float32(x))
				}
			}
		}
		if d := difference(hidden, want); d > 1e-5 {
			t.Errorf("%s: hidden states differ by %g", c.ModelType, d)
		}
		e.Backward(w, b, upstream, g)
		for _, p := range g.Parameters() {
			var slopes []float32
			for i, x := range twin.weights[p.Name] {
				at := func(x float64) float64 { twin.weights[p.Name][i] = x; return twin.loss(b, upstream) }
				const step = 1e-4
				slopes = append(slopes, float32((at(x+step)-at(x-step))/(2*step)))
				twin.weights[p.Name][i] = x
			}
			if d := difference(dense(g, p), slopes); d > 1e-4*maximum(slopes)+1e-5 {
				t.Errorf("%s: gradient of %s differs by %g, its maximum is %g", c.ModelType, p.Name, d, maximum(slopes))
			}
		}
	}
}
