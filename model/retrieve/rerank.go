package retrieve

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Rerank scores some documents of each query, its candidates, as MaxSim does,
// or as Dense does where each query and each document has one vector, and to
// the same bits.
type Rerank struct {
	search
	offsets []int32              // (queries+1)
	of      map[Document][]int32 // the queries that a document is a candidate of
	on      []rescoring          // one a worker
}

// A rescoring is where a worker compares a query with its candidates.
type rescoring struct {
	negative []float32 // (tokens, d) of the query
	packed   kernel.Packed
	block
}

// NewRerank returns a scoring of the candidates of each query. Query i has the
// token vectors from row offsets[i] up to offsets[i+1] of queries, (rows, d),
// which may not change while it is used. A vector with a number that is not
// finite, and a candidate that comes twice for a query, are errors.
func NewRerank(queries []float32, offsets []int32, d int, candidates [][]Document) (*Rerank, error) {
	if err := checkOffsets(offsets, len(queries), d); err != nil {
		return nil, fmt.Errorf("reranking: queries: %w", err)
	}
	if len(candidates) != len(offsets)-1 {
		return nil, fmt.Errorf("reranking: candidates of %d queries, and %d queries", len(candidates), len(offsets)-1)
	}
	most := 1
	for _, documents := range candidates {
		most = max(most, len(documents))
	}
	s, err := newSearch(queries, len(queries)/d, len(candidates), d, most, nil)
	if err != nil {
		return nil, err
	}
	r := &Rerank{search: s, offsets: offsets, of: map[Document][]int32{}}
	for query, documents := range candidates {
		for _, document := range documents {
			of := r.of[document]
			if len(of) > 0 && of[len(of)-1] == int32(query) {
				return nil, fmt.Errorf("reranking: document %q comes twice for a query", document.ID)
			}
			r.of[document] = append(of, int32(query))
		}
	}
	return r, nil
}

// Add compares a block of documents with the queries that they are candidates
// of. Its arguments and errors are MaxSim.Add's.
func (r *Rerank) Add(ctx context.Context, documents []Document, offsets []int32, vectors []float32, workers int) error {
	if len(offsets) != len(documents)+1 {
		return fmt.Errorf("reranking: %d offsets for %d documents", len(offsets), len(documents))
	}
	if err := checkOffsets(offsets, len(vectors), r.d); err != nil {
		return fmt.Errorf("reranking: documents: %w", err)
	}
	pairs, err := r.pairs(documents, offsets, vectors)
	if err != nil {
		return err
	}
	starts := []int{} // of each query's pairs
	for i := range pairs {
		if i == 0 || pairs[i].query != pairs[i-1].query {
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(pairs))
	for workers = max(1, workers); len(r.on) < workers; {
		r.on = append(r.on, rescoring{})
	}
	return inParallel(ctx, len(starts)-1, 1, workers, func(worker, i, _ int) {
		of := pairs[starts[i]:starts[i+1]]
		on, query := &r.on[worker], of[0].query
		first, end := int(r.offsets[query]), int(r.offsets[query+1])
		on.take(r.queries[first*r.d:end*r.d], r.d)
		for _, p := range of {
			from, to := int(offsets[p.row]), int(offsets[p.row+1])
			score := on.score(&on.packed, vectors[from*r.d:to*r.d], to-from, r.d)
			r.offer(int(query), documents[p.row], score)
		}
	})
}

// A pair is a query with a candidate: the row of a block.
type pair struct{ query, row int32 }

// pairs are those of a block that can be scored, by query.
func (r *Rerank) pairs(documents []Document, offsets []int32, vectors []float32) (pairs []pair, err error) {
	for row, document := range documents {
		of := r.of[document]
		from, to := int(offsets[row]), int(offsets[row+1])
		if len(of) == 0 || from == to {
			continue
		}
		if at := unbounded(vectors[from*r.d:to*r.d], r.d); at >= 0 {
			return nil, fmt.Errorf("reranking: vector %d of document %q has a number that is not finite or too large", at, document.ID)
		}
		for _, query := range of {
			if r.offsets[query] < r.offsets[query+1] {
				pairs = append(pairs, pair{query, int32(row)})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.query, b.query), cmp.Compare(a.row, b.row)) })
	return pairs, nil
}

// take makes a query, (tokens, d), the one that is compared.
func (on *rescoring) take(query []float32, d int) {
	on.negative = append(on.negative[:0], query...)
	kernel.Scale(-1, on.negative)
	on.packed.Repack(true, len(query)/d, d, on.negative, d)
}

// score is that of a document, (rows, d), for a query of which packed are the
// negatives.
func (b *block) score(packed *kernel.Packed, document []float32, rows, d int) float32 {
	columns := packed.Columns()
	b.reserve(rows, columns)
	kernel.GemmPacked(rows, document, d, packed, nil, b.products, columns)
	return b.meanOfLargest(rows, columns)
}

// meanOfLargest is the mean, over the columns of the products, (rows, columns),
// of the largest.
func (b *block) meanOfLargest(rows, columns int) float32 {
	kernel.ColumnMinima(b.least[:columns], b.products[:rows*columns], b.zeros[:rows])
	return meanOfLargest(b.least[:columns])
}

// Singles are the offsets of n items with one vector each.
func Singles(n int) []int32 {
	offsets := make([]int32, n+1)
	for i := range offsets {
		offsets[i] = int32(i)
	}
	return offsets
}
