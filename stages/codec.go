package stages

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/residual"
	"github.com/ferry-clir/ferry/schemas"
)

// Codec finds out how the token vectors of documents are best written in few bits: `compress` writes them so, as the nearest
// of its centroids and what is left in a few bits a dimension (ColBERTv2), and `search_compressed` searches them.
//
// It is trained on a random sample of the tokens. Documents that come later can be compressed with it too, as long as they
// are of the same kind: keep it as Parquet, or train it on a table of its own that does not grow.
//
// The means that are taken off are kept in it: those of documents, and with means or centre: documents those of queries too;
// else search_compressed takes off the queries' own. So compressed documents are centred as those that search compares.
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
	Centring
}

// NewCodec returns a Codec with its defaults.
func NewCodec() *Codec {
	return &Codec{Centroids: 4096, Bits: 2, Sample: 1 << 17, Iterations: 8, Centring: Centring{Centre: centreNone}}
}

// Validate checks the keys.
func (c *Codec) Validate() []schemas.Mistake {
	found := mistakes(c.Centring.mistakes())
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
	if found = append(found, c.unfit(in, "from")...); from == nil || len(found) > 0 {
		return Outputs{}, found
	}
	return Outputs{Tables: []schemas.TableType{{Name: "codec", Schema: schemas.Codec(dimensions(from))}}}, nil
}

// Run trains the codec.
func (c *Codec) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	d := dimensions(from.Schema)
	ofDocuments, err := c.ofDocuments(ctx, job, from)
	if err != nil {
		return nil, err
	}
	trained := codec{means: ofDocuments.half(), apart: c.apart(job)}
	sample, err := c.sample(ctx, job, from, trained.means)
	if err != nil {
		return nil, err
	}
	if len(sample) == 0 {
		return nil, fmt.Errorf("%s has no token vectors to train a codec on", from.Name)
	}
	if n := differentRows(sample, d); n < 2*c.Centroids {
		job.Outputs["codec"].Warn(fmt.Sprintf("%d centroids are many for the %d different token vectors of the sample: hardly anything is left of them to learn from how "+
			"residuals are written, and documents that are added later will lose more; take fewer centroids, or more documents", c.Centroids, n))
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

// differentRows counts the rows of x, (rows, d), that are not the same.
func differentRows(x []float32, d int) int {
	seed, seen := maphash.MakeSeed(), map[uint64]bool{}
	for ; len(x) > 0; x = x[d:] {
		seen[maphash.Bytes(seed, arrow.GetBytes(x[:d]))] = true
	}
	return len(seen)
}

// sample returns some token vectors, centred, (rows, d), each with the same chance (Vitter 1985, algorithm R).
func (c *Codec) sample(ctx context.Context, job Job, from schemas.Table, m *means) ([]float32, error) {
	r, d := rand.New(rand.NewPCG(job.Seed, 1)), dimensions(from.Schema)
	var sample []float32
	var documents, tokens int64
	var v vectorRows
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		v.reset(d)
		v.add(batch)
		if err := v.finite(); err != nil {
			return nil, fmt.Errorf("reading %s: %w", from.Name, err)
		}
		if err := m.takeOff(&v); err != nil {
			return nil, err
		}
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
	return sample, nil
}
