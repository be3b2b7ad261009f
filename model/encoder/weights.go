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

	projection, projectionBias []float32 // (Projection, H), (Projection); nil without one
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

// newWeights makes all tensors of an encoder, filled with zeros.
func newWeights(c Config) weights {
	w := weights{layers: make([]layer, c.Layers)}
	allocate(w.slots(c))
	return w
}

// A slot is the place of one tensor: the part-th of several equal parts of in.
type slot struct {
	name        string
	shape       []int
	in          *[]float32
	part, parts int
}

// allocate makes the tensors of slots that are not there yet, filled with zeros.
func allocate(slots []slot) {
	for _, s := range slots {
		if *s.in == nil {
			*s.in = make([]float32, s.parts*s.elements())
		}
	}
}

func (s slot) elements() int { return Parameter{Shape: s.shape}.Elements() }

// parameters lists the tensors in the order of the model. Data is nil for those that are not allocated.
func (w *weights) parameters(c Config) []Parameter {
	var list []Parameter
	for _, s := range w.slots(c) {
		list = append(list, Parameter{s.name, s.shape, part(*s.in, s.part, s.elements())})
	}
	return list
}

// slots lists the places of all tensors in the order of the model.
func (w *weights) slots(c Config) []slot {
	list := w.embeddings(c)
	for i := range w.layers {
		list = w.layers[i].slots(list, "encoder.layer."+strconv.Itoa(i)+".", c)
	}
	return append(list, w.projectionSlots(c)...)
}

const wordEmbeddings = "embeddings.word_embeddings.weight"

// embeddings lists the places of the tensors below the first layer; the words come first.
func (w *weights) embeddings(c Config) []slot {
	h := c.Hidden
	return []slot{
		{wordEmbeddings, []int{c.Vocabulary, h}, &w.word, 0, 1},
		{"embeddings.position_embeddings.weight", []int{c.Positions, h}, &w.position, 0, 1},
		{"embeddings.token_type_embeddings.weight", []int{c.TokenTypes, h}, &w.tokenType, 0, 1},
		{"embeddings.LayerNorm.weight", []int{h}, &w.norm, 0, 1},
		{"embeddings.LayerNorm.bias", []int{h}, &w.normBias, 0, 1},
	}
}

func (l *layer) slots(list []slot, prefix string, c Config) []slot {
	h, f := c.Hidden, c.FFN
	add := func(name string, outputs, inputs int, weight, bias *[]float32, part, parts int) {
		shape := []int{outputs, inputs}
		if inputs == 0 { // layer normalisation
			shape = shape[:1]
		}
		list = append(list, slot{prefix + name + ".weight", shape, weight, part, parts},
			slot{prefix + name + ".bias", []int{outputs}, bias, part, parts})
	}
	for i, name := range []string{"query", "key", "value"} {
		add("attention.self."+name, h, h, &l.qkv, &l.qkvBias, i, 3)
	}
	add("attention.output.dense", h, h, &l.out, &l.outBias, 0, 1)
	add("attention.output.LayerNorm", h, 0, &l.norm1, &l.norm1Bias, 0, 1)
	add("intermediate.dense", f, h, &l.up, &l.upBias, 0, 1)
	add("output.dense", h, f, &l.down, &l.downBias, 0, 1)
	add("output.LayerNorm", h, 0, &l.norm2, &l.norm2Bias, 0, 1)
	return list
}

// part returns the i-th n elements of x, or nil of nil.
func part(x []float32, i, n int) []float32 {
	if x == nil {
		return nil
	}
	return x[i*n : (i+1)*n : (i+1)*n]
}
