package retrieve

import (
	"context"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/residual"
)

// Compressed is a search by late interaction in documents whose token vectors a
// codec has written, in two steps, as PLAID's (Santhanam et al., arXiv
// 2205.09707). First every document is scored by the centroids of its tokens:
// those that are not among the Probes nearest to any of the query's tokens count
// as much as the next one would. Then the Candidates that score highest are read
// back, and scored as MaxSim does.
//
// Hits do not depend on the order of the documents, or on what is added
// together.
type Compressed struct {
	CompressedOptions
	codec   *residual.Codec
	exclude Exclude
	queries []probing
	pools   []pool    // one a query
	scores  []float32 // (queries, documents that are compared together)
	scans   []scan    // one a worker
}

// CompressedOptions say how much is compared.
type CompressedOptions struct {
	K          int  // hits of a query
	Candidates int  // documents of a query that are read back; at least K
	Probes     int  // centroids near each token of a query that are told apart
	Passages   bool // the documents that have the same language and id are one, which scores as its best
}

// A probing is a query with the centroids that are near it.
type probing struct {
	tokens int
	packed *kernel.Packed // the negatives of its vectors
	near   []int32        // centroids
	least  []float32      // (1 + near, tokens): negative products; in slot 0 those of the centroids that are not near
	alone  []float32      // (1 + near): the score of a document that has but this centroid of those near; in slot 0 none
}

// of is the row of a slot.
func (p *probing) of(slot int32) []float32 {
	return p.least[int(slot)*p.tokens : int(slot+1)*p.tokens]
}

// NewCompressed returns a search; queries, offsets and exclude are NewMaxSim's.
func NewCompressed(ctx context.Context, codec *residual.Codec, queries []float32, offsets []int32, o CompressedOptions, exclude Exclude, workers int) (*Compressed, error) {
	d := codec.Dimensions()
	if err := checkOffsets(offsets, len(queries), d); err != nil {
		return nil, fmt.Errorf("searching: queries: %w", err)
	}
	if row := unbounded(queries, d); row >= 0 {
		return nil, fmt.Errorf("searching: query vector %d has a number that is not finite or too large", row)
	}
	if o.K < 1 || o.Candidates < o.K || o.Probes < 1 {
		return nil, fmt.Errorf("searching: the best %d hits of %d candidates by %d probes", o.K, o.Candidates, o.Probes)
	}
	s := &Compressed{CompressedOptions: o, codec: codec, exclude: exclude, queries: make([]probing, len(offsets)-1), pools: make([]pool, len(offsets)-1)}
	s.scans = make([]scan, max(1, workers))
	for i := range s.scans {
		s.scans[i].seen, s.scans[i].heads = make([]bool, codec.Centroids()), make([]int32, scanRows)
	}
	return s, inParallel(ctx, len(s.queries), 1, len(s.scans), func(worker, i, _ int) {
		s.queries[i] = s.probe(&s.scans[worker], queries[int(offsets[i])*d:int(offsets[i+1])*d])
	})
}

// probe finds the centroids near the tokens of a query, (tokens, d).
func (s *Compressed) probe(on *scan, query []float32) probing {
	d, n := s.codec.Dimensions(), s.codec.Centroids()
	p := probing{tokens: len(query) / d}
	on.reserve(p.tokens, n)
	products := on.products[:p.tokens*n]
	s.codec.Products(products, query)
	for token := range p.tokens {
		row, best := products[token*n:(token+1)*n], newLargest(s.Probes+1)
		for _, x := range row {
			best.add(x)
		}
		p.least = append(p.least, -best.values[0])
		for code, x := range row {
			if x > best.values[0] && !on.seen[code] {
				on.seen[code] = true
				p.near = append(p.near, int32(code))
			}
		}
	}
	slices.Sort(p.near)
	for _, code := range p.near {
		on.seen[code] = false
		for token := range p.tokens {
			p.least = append(p.least, -products[token*n+int(code)])
		}
	}
	if p.tokens > 0 {
		for slot := range len(p.near) + 1 {
			p.alone = append(p.alone, on.best(append(slices.Clone(p.of(0)), p.of(int32(slot))...), p.tokens))
		}
	}
	negative := slices.Clone(query)
	kernel.Scale(-1, negative)
	p.packed = kernel.Pack(true, p.tokens, d, negative, d)
	return p
}

// Add shows a block of documents to all queries. Nothing of it is kept. After an
// error the results are of no use.
func (s *Compressed) Add(ctx context.Context, b Block) error {
	if b.lists.starts == nil {
		if err := b.Check(s.codec); err != nil {
			return fmt.Errorf("searching: documents: %w", err)
		}
	}
	size := scanRows * max(1, compressedScores/scanRows/max(1, len(s.queries)))
	for from := 0; from < b.len(); from += size {
		part := b.slice(from, min(b.len(), from+size))
		if err := s.scan(ctx, part); err != nil {
			return err
		}
		if err := s.choose(ctx, part); err != nil {
			return err
		}
		if err := s.rescore(ctx, part); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Results returns the hits of every query, highest first.
func (s *Compressed) Results() [][]Hit { return s.results(s.pools) }

func (o CompressedOptions) results(pools []pool) [][]Hit {
	all := make([][]Hit, len(pools))
	for i, p := range pools {
		top := NewTopK(o.K)
		top.passages = o.Passages
		for _, c := range p.candidates {
			top.Add(Hit{c.Document, c.score})
		}
		all[i] = top.Hits()
	}
	return all
}
