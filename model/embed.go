package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/ferry-clir/ferry/model/encoder"
)

// EmbedOptions says how texts become vectors.
type EmbedOptions struct {
	Prefix    string            // put before every text, such as "query: "
	Pooling   string            // mean, cls or max
	Normalize bool              // scale sentence vectors to length 1
	MaxTokens int               // longer inputs are cut, special tokens kept
	Content   bool              // token vectors of content tokens only
	Budget    int               // tokens in one batch through the encoder, at least one text
	Precision encoder.Precision // of products with weights
}

// Embedded is one text's vectors. The slices belong to the caller.
type Embedded struct {
	Vector       []float32 // (width)
	IDs          []int32   // tokens that TokenVectors has a row for
	TokenVectors []float32 // (len(IDs), width), each row of length 1; nil unless asked for
	Truncated    int       // tokens cut
	Unusable     error     // ErrNotFinite or ErrZeroVector, which nothing can be compared with; nil if all is well
}

// What can be wrong with a text's vectors.
var (
	ErrNotFinite  = errors.New("the model gave a vector with NaN, an infinity or a number near that in it; its weights are damaged or its training diverged")
	ErrZeroVector = errors.New("the model gave a vector of length 0, which is as near to one text as to any other")
)

// Embedder embeds texts with one model. It keeps a workspace: one goroutine at a time.
type Embedder struct {
	model     *Model
	options   EmbedOptions
	workspace *encoder.Workspace
	prefix    int // tokens of the prefix, without special ones
}

// NewEmbedder returns an embedder for m; options are taken as they are, nothing is filled in.
func NewEmbedder(m *Model, options EmbedOptions) *Embedder {
	e := &Embedder{model: m, options: options, workspace: encoder.NewWorkspace(), prefix: m.PrefixTokens(options.Prefix)}
	e.workspace.Precision = options.Precision
	return e
}

// PrefixTokens is the number of tokens that a prefix is, without special ones.
func (m *Model) PrefixTokens(prefix string) int {
	n := 0
	if prefix == "" {
		return n
	}
	for _, id := range m.Tokenizer.Encode(nil, prefix) {
		if !m.Tokenizer.IsSpecial(id) {
			n++
		}
	}
	return n
}

// Embed embeds texts and hands each result to yield, by its place in texts but in no particular order. With tokens it
// makes token vectors too. A text's result does not depend on the other texts.
func (e *Embedder) Embed(ctx context.Context, texts []string, tokens bool, yield func(i int, r Embedded) error) error {
	sequences := make([]Embedded, len(texts))
	order := make([]int, len(texts))
	for i, text := range texts {
		order[i] = i
		sequences[i].IDs, sequences[i].Truncated = e.model.Tokenizer.EncodeTruncated(nil, e.options.Prefix+text, e.options.MaxTokens)
	}
	sort.SliceStable(order, func(a, b int) bool { return len(sequences[order[a]].IDs) < len(sequences[order[b]].IDs) })
	for len(order) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, total := 0, 0
		for n < len(order) && (n == 0 || total+len(sequences[order[n]].IDs) <= e.options.Budget) {
			total += len(sequences[order[n]].IDs)
			n++
		}
		if err := e.batch(order[:n], sequences, tokens, yield); err != nil {
			return err
		}
		order = order[n:]
	}
	return nil
}

func (e *Embedder) batch(order []int, sequences []Embedded, tokens bool, yield func(int, Embedded) error) error {
	b := encoder.Batch{Offsets: []int32{0}}
	for _, i := range order {
		b.IDs = append(b.IDs, sequences[i].IDs...)
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	if err := e.model.Encoder.Check(b); err != nil {
		return err
	}
	d := e.model.Config.Width()
	hidden := e.model.Encoder.Forward(e.workspace, b)
	for j, i := range order {
		rows := hidden[int(b.Offsets[j])*d : int(b.Offsets[j+1])*d]
		r := sequences[i]
		r.Vector = Pool(rows, d, e.options.Pooling)
		if e.options.Normalize {
			normalize(r.Vector)
		}
		r.Unusable = Unusable(r.Vector, d)
		if tokens {
			r.IDs, r.TokenVectors = e.tokenVectors(r.IDs, rows)
			r.Unusable = cmp.Or(r.Unusable, Unusable(r.TokenVectors, d))
		}
		if err := yield(i, r); err != nil {
			return err
		}
	}
	return nil
}

// EmbedAll is Embed for one who can do without none of the texts: unusable vectors are an error.
func (e *Embedder) EmbedAll(ctx context.Context, texts []string, tokens bool, yield func(i int, r Embedded)) error {
	return e.Embed(ctx, texts, tokens, func(i int, r Embedded) error {
		if r.Unusable != nil {
			return fmt.Errorf("embedding %.100q: %w", texts[i], r.Unusable)
		}
		yield(i, r)
		return nil
	})
}

// Unusable returns the error of the first of some vectors, (rows, d), that is not finite or zero; nil if there is none.
func Unusable(vectors []float32, d int) error {
	for ; len(vectors) >= d; vectors = vectors[d:] {
		var sum float64
		for _, x := range vectors[:d] {
			sum += float64(x) * float64(x)
		}
		switch {
		case !(sum <= math.MaxFloat32): // nor could a dot product be told
			return ErrNotFinite
		case sum == 0:
			return ErrZeroVector
		}
	}
	return nil
}

// tokenVectors copies the rows that are kept, each scaled to length 1.
func (e *Embedder) tokenVectors(ids []int32, rows []float32) ([]int32, []float32) {
	d := e.model.Config.Width()
	var kept []int32
	var vectors []float32
	keep := func(t int) {
		kept = append(kept, ids[t])
		vectors = append(vectors, rows[t*d:(t+1)*d]...)
		normalize(vectors[len(vectors)-d:])
	}
	if e.options.Content {
		for _, t := range e.model.content(ids, e.prefix) {
			keep(t)
		}
	} else {
		for t := range ids {
			keep(t)
		}
	}
	return kept, vectors
}

// Pool returns one vector (d) of the token vectors rows (tokens, d).
func Pool(rows []float32, d int, pooling string) []float32 {
	v := make([]float32, d)
	copy(v, rows[:d])
	n := len(rows) / d
	switch pooling {
	case Mean:
		for t := 1; t < n; t++ {
			for j, x := range rows[t*d : (t+1)*d] {
				v[j] += x
			}
		}
		for j := range v {
			v[j] /= float32(n)
		}
	case Max:
		for t := 1; t < n; t++ {
			for j, x := range rows[t*d : (t+1)*d] {
				v[j] = max(v[j], x)
			}
		}
	}
	return v
}

// normalize scales v to length 1; a zero vector stays as it is.
func normalize(v []float32) {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= scale
	}
}
