package stages

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/residual"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Codec finds out how the token vectors of documents are best written in few bits: `compress` writes them so, as the nearest
// of its centroids and what is left in a few bits a dimension (ColBERTv2), and `search_compressed` searches them.
//
// It is trained on a random sample of the tokens. Documents that come later can be compressed with it too, as long as they
// are of the same kind: keep it as Parquet, or train it on a table of its own that does not grow.
type Codec struct {
	// From names a table of token vectors, those of documents.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Centroids is their number, if there are as many tokens. More of them tell documents better apart, and make compressing
	// slower: about 16 times the square root of the number of tokens is usual.
	Centroids int `yaml:"centroids"`
	// Bits of each dimension: 1, 2 or 4.
	Bits int `yaml:"bits"`
	// Sample is the number of tokens that it is trained on. They are held in memory, 4 bytes a dimension.
	Sample int `yaml:"sample"`
	// Iterations of k-means.
	Iterations int `yaml:"iterations"`
	// Centre takes the mean of all tokens (documents) off documents and queries, and scales them to length 1, as in `search`; or
	// none.
	Centre string `yaml:"centre"`
}

// NewCodec returns a Codec with its defaults.
func NewCodec() *Codec {
	return &Codec{Centroids: 4096, Bits: 2, Sample: 1 << 17, Iterations: 8, Centre: centreNone}
}

// Validate checks the keys.
func (c *Codec) Validate() []schemas.Mistake {
	found := mistakes(oneOf("centre", c.Centre, centreNone, centreDocuments))
	found.when(c.Centroids < 1, "centroids", "at least 1", c.Centroids)
	found.when(c.Bits != 1 && c.Bits != 2 && c.Bits != 4, "bits", "1, 2 or 4", c.Bits)
	found.when(c.Sample < c.Centroids, "sample", fmt.Sprintf("at least the number of centroids, %d", c.Centroids), c.Sample)
	found.when(c.Iterations < 1, "iterations", "at least 1", c.Iterations)
	return found
}

// Outputs is the table of the codec.
func (c *Codec) Outputs(in Types) (Outputs, []schemas.Mistake) {
	from := in.Schema("from")
	found := lacks("from", from, "token vectors", schemas.Language, schemas.ID, schemas.TokenVectorList)
	if from == nil || len(found) > 0 {
		return Outputs{}, found
	}
	return Outputs{Tables: []schemas.TableType{{Name: "codec", Schema: schemas.Codec(dimensions(from))}}}, nil
}

// Run trains the codec.
func (c *Codec) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	d := dimensions(from.Schema)
	sample, mean, err := c.sample(ctx, job, from, d)
	if err != nil {
		return nil, err
	}
	if len(sample) == 0 {
		return nil, fmt.Errorf("%s has no token vectors to train a codec on", from.Name)
	}
	trained := codec{}
	if c.Centre == centreDocuments {
		trained.mean = residual.Half(mean.Vector())
		retrieve.Centre(sample, d, trained.mean)
	}
	o := residual.Options{Centroids: c.Centroids, Bits: c.Bits, Iterations: c.Iterations, Seed: job.Seed}
	trained.Codec, err = residual.Train(ctx, sample, d, o, job.Workers, func(done int) {
		job.Progress(int64(done), int64(c.Iterations), "iterations")
	})
	if err != nil {
		return nil, err
	}
	return nil, trained.emit(job.Outputs["codec"])
}

// sample returns some token vectors, (rows, d), each with the same chance (Vitter 1985, algorithm R), and the mean of all.
func (c *Codec) sample(ctx context.Context, job Job, from schemas.Table, d int) ([]float32, *retrieve.Mean, error) {
	r, mean := rand.New(rand.NewPCG(job.Seed, 1)), retrieve.NewMean(d)
	var sample []float32
	var documents, tokens int64
	var v vectorRows
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, nil, err
		}
		v.reset(d)
		v.add(batch)
		if err := v.finite(); err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", from.Name, err)
		}
		mean.Add(v.vectors)
		for rest := v.vectors; len(rest) > 0; rest = rest[d:] {
			if tokens++; tokens <= int64(c.Sample) {
				sample = append(sample, rest[:d]...)
			} else if i := r.Int64N(tokens); i < int64(c.Sample) {
				copy(sample[int(i)*d:], rest[:d])
			}
		}
		documents += batch.NumRows()
		job.Progress(documents, from.Rows, "documents")
	}
	return sample, mean, nil
}

// A codec is what a table of it holds.
type codec struct {
	*residual.Codec
	mean []float32 // (d), or nil
}

// parts calls do with the parts of the codec, in the order of the table.
func (c codec) parts(do func(part string, vectors []float32)) {
	centroids, values := c.Rows()
	do(schemas.PartMean, c.mean)
	do(schemas.PartBucket, values)
	do(schemas.PartCentroid, centroids)
}

func (c codec) emit(out schemas.Output) error {
	d := c.Dimensions()
	b := array.NewRecordBuilder(out.Allocator, schemas.Codec(d))
	defer b.Release()
	c.parts(func(part string, vectors []float32) {
		for ; len(vectors) > 0; vectors = vectors[d:] {
			appendText(b.Field(0), part)
			appendVector(b.Field(1), vectors[:d])
		}
	})
	return emitBuilt(out, b)
}

// name is a hash of the codec's content.
func (c codec) name() string {
	h := fnv.New64a()
	c.parts(func(part string, vectors []float32) {
		h.Write([]byte(part))
		binary.Write(h, binary.LittleEndian, vectors)
	})
	return fmt.Sprintf("%016x", h.Sum64())
}

// centre takes the mean off vectors, in place.
func (c codec) centre(vectors []float32) {
	if c.mean != nil {
		retrieve.Centre(vectors, c.Dimensions(), c.mean)
	}
}

// readCodec reads the table of a codec.
func readCodec(ctx context.Context, t schemas.Table) (c codec, err error) {
	parts := map[string][]float32{}
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return c, err
		}
		d := dimensions(batch.Schema())
		list := column[*array.FixedSizeList](batch, schemas.Vector)
		values := list.ListValues().(*array.Float32).Float32Values()
		for i := range int(batch.NumRows()) {
			part := clone(texts(batch, schemas.Part).Value(i))
			from, _ := list.ValueOffsets(i)
			parts[part] = append(parts[part], values[from:int(from)+d]...)
		}
	}
	if c.mean = parts[schemas.PartMean]; len(c.mean) > dimensions(t.Schema) {
		return c, fmt.Errorf("%s is not a codec: it has %d rows of part %s", t.Name, len(c.mean)/dimensions(t.Schema), schemas.PartMean)
	}
	if c.Codec, err = residual.New(dimensions(t.Schema), parts[schemas.PartCentroid], parts[schemas.PartBucket]); err != nil {
		return c, fmt.Errorf("%s is not a codec: %w", t.Name, err)
	}
	return c, nil
}

// lacksCodec finds what is wrong with a table that should be a codec for vectors like those of another.
func lacksCodec(in Types, vectors string) []schemas.Mistake {
	schema, other := in.Schema("codec"), in.Schema(vectors)
	found := append(lacks("codec", schema, "a codec", schemas.Part, schemas.Vector), lacks(vectors, other, "token vectors", schemas.Language, schemas.ID, schemas.TokenVectorList)...)
	if len(found) == 0 && schema != nil && other != nil && dimensions(schema) != dimensions(other) {
		found = append(found, schemas.Mistake{Key: "codec", Problem: fmt.Sprintf("is for vectors of %d dimensions, %s have %d", dimensions(schema), vectors, dimensions(other))})
	}
	return found
}
