package encoder

import "strconv"

// A Parameter is a view of one weight tensor, row-major, or of its gradient.
type Parameter struct {
	Name  string // as in a Hugging Face checkpoint, without the model's prefix, such as encoder.layer.0.output.dense.bias
	Shape []int
	Data  []float32
}

// Elements is the number of elements that the shape asks for.
func (p Parameter) Elements() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// weights are the tensors of an encoder, or the gradients of those that are trained. H is Hidden, F is FFN.
type weights struct {
	word           []float32 // (Vocabulary, H)
	position       []float32 // (Positions, H)
	tokenType      []float32 // (TokenTypes, H)
	norm, normBias []float32 // (H)
	layers         []layer
}

// layer holds the tensors of one Transformer layer. Weights of linear layers are (outputs, inputs). Those of query, key
// and value lie one behind the other so that one product computes all three.
type layer struct {
	qkv, qkvBias     []float32 // (3H, H), (3H)
	out, outBias     []float32 // (H, H), (H): attention output
	norm1, norm1Bias []float32 // (H)
	up, upBias       []float32 // (F, H), (F)
	down, downBias   []float32 // (H, F), (H)
	norm2, norm2Bias []float32 // (H)
}

func newLayer(c Config) layer {
	h, f := c.Hidden, c.FFN
	return layer{
		qkv: make([]float32, 3*h*h), qkvBias: make([]float32, 3*h),
		out: make([]float32, h*h), outBias: make([]float32, h),
		norm1: make([]float32, h), norm1Bias: make([]float32, h),
		up: make([]float32, f*h), upBias: make([]float32, f),
		down: make([]float32, h*f), downBias: make([]float32, h),
		norm2: make([]float32, h), norm2Bias: make([]float32, h),
	}
}

// allocateEmbeddings makes the tensors below the first layer, the word embeddings apart.
func (w *weights) allocateEmbeddings(c Config) {
	w.position = make([]float32, c.Positions*c.Hidden)
	w.tokenType = make([]float32, c.TokenTypes*c.Hidden)
	w.norm, w.normBias = make([]float32, c.Hidden), make([]float32, c.Hidden)
}

// newWeights makes all tensors of an encoder, filled with zeros.
func newWeights(c Config) weights {
	w := weights{word: make([]float32, c.Vocabulary*c.Hidden), layers: make([]layer, c.Layers)}
	w.allocateEmbeddings(c)
	for i := range w.layers {
		w.layers[i] = newLayer(c)
	}
	return w
}

// parameters lists the tensors in the order of the model. Data is nil for those that are not allocated.
func (w *weights) parameters(c Config) []Parameter {
	h := c.Hidden
	list := []Parameter{
		{wordEmbeddings, []int{c.Vocabulary, h}, w.word},
		{"embeddings.position_embeddings.weight", []int{c.Positions, h}, w.position},
		{"embeddings.token_type_embeddings.weight", []int{c.TokenTypes, h}, w.tokenType},
		{"embeddings.LayerNorm.weight", []int{h}, w.norm},
		{"embeddings.LayerNorm.bias", []int{h}, w.normBias},
	}
	for i := range w.layers {
		list = w.layers[i].parameters(list, "encoder.layer."+strconv.Itoa(i)+".", h, c.FFN)
	}
	return list
}

const wordEmbeddings = "embeddings.word_embeddings.weight"

func (l *layer) parameters(list []Parameter, prefix string, h, f int) []Parameter {
	add := func(name string, outputs, inputs int, weight, bias []float32) {
		shape := []int{outputs, inputs}
		if inputs == 0 { // layer normalisation
			shape = shape[:1]
		}
		list = append(list, Parameter{prefix + name + ".weight", shape, weight},
			Parameter{prefix + name + ".bias", []int{outputs}, bias})
	}
	for i, name := range []string{"query", "key", "value"} {
		add("attention.self."+name, h, h, part(l.qkv, i, h*h), part(l.qkvBias, i, h))
	}
	add("attention.output.dense", h, h, l.out, l.outBias)
	add("attention.output.LayerNorm", h, 0, l.norm1, l.norm1Bias)
	add("intermediate.dense", f, h, l.up, l.upBias)
	add("output.dense", h, f, l.down, l.downBias)
	add("output.LayerNorm", h, 0, l.norm2, l.norm2Bias)
	return list
}

// part returns the i-th n elements of x, or nil of nil.
func part(x []float32, i, n int) []float32 {
	if x == nil {
		return nil
	}
	return x[i*n : (i+1)*n : (i+1)*n]
}
