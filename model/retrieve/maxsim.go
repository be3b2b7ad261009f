package retrieve

import (
	"context"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// MaxSim is an exact search by late interaction (Khattab and Zaharia 2020): the
// score is the mean over the query's token vectors of the largest dot product
// with any of the document's token vectors. The mean, instead of their sum,
// ranks the same and keeps scores of normalised vectors between -1 and 1.
type MaxSim struct {
	search
	offsets []int32   // (queries+1)
	groups  []group   // of queries that are compared at once
	rows    int       // document tokens that are compared at once, unless one document has more
	scores  []float32 // (queries, documents of a chunk)
	blocks  []block   // one a worker
	csls    *csls     // nil for plain similarities
}

// A group is consecutive queries with the negatives of their vectors, laid out
// for products.
type group struct {
	first, end int // queries
	packed     *kernel.Packed
}

// A block is where a worker compares a group with some documents.
type block struct {
	products []float32 // (document tokens, query tokens): dot products, negative
	least    []float32 // (query tokens)
	zeros    []float32 // (document tokens)
}

// groupTokens is the number of query tokens in a group, unless one query has
// more. blockProducts is about the number of dot products that a worker has at
// a time: 256 KiB. chunkScores is about the number of scores between two offers.
const (
	groupTokens   = 256
	blockProducts = 1 << 16
	chunkScores   = 1 << 18
)

// NewMaxSim returns a search for the best k documents of each query. Query i
// has the token vectors from row offsets[i] up to offsets[i+1] of queries,
// (rows, d); they are copied, and exclude may be nil. A query without tokens has
// no hits. A vector with a number that is not finite is an error that names its
// row.
func NewMaxSim(queries []float32, offsets []int32, d, k int, exclude Exclude) (*MaxSim, error) {
	if err := checkOffsets(offsets, len(queries), d); err != nil {
		return nil, fmt.Errorf("searching: queries: %w", err)
	}
	s, err := newSearch(queries, len(queries)/d, len(offsets)-1, d, k, exclude)
	if err != nil {
		return nil, err
	}
	m, widest := &MaxSim{search: s, offsets: offsets}, 1
	m.queries = nil
	for first := 0; first < len(m.tops); {
		end := first + within(offsets[first:], groupTokens)
		from, to := int(offsets[first]), int(offsets[end])
		negative := slices.Clone(queries[from*d : to*d])
		kernel.Scale(-1, negative)
		m.groups = append(m.groups, group{first, end, kernel.Pack(true, to-from, d, negative, d)})
		first, widest = end, max(widest, to-from)
	}
	m.rows = max(1, blockProducts/widest)
	return m, nil
}

// Add compares a block of documents with all queries, on workers goroutines
// (at least one). Document i has the token vectors from row offsets[i] up to
// offsets[i+1] of vectors, (rows, d); one without tokens is never returned.
// Errors are Dense.Add's. Nothing of the arguments is kept.
func (s *MaxSim) Add(ctx context.Context, documents []Document, offsets []int32, vectors []float32, workers int) error {
	if len(offsets) != len(documents)+1 {
		return fmt.Errorf("searching: %d offsets for %d documents", len(offsets), len(documents))
	}
	if err := checkOffsets(offsets, len(vectors), s.d); err != nil {
		return fmt.Errorf("searching: documents: %w", err)
	}
	if workers = max(1, workers); len(s.blocks) < workers {
		s.blocks = make([]block, workers)
	}
	size := max(1, chunkScores/max(1, len(s.tops)))
	for first := 0; first < len(documents); first += size {
		end := min(len(documents), first+size)
		if err := s.compare(ctx, documents[first:end], first, offsets[first:end+1], vectors, workers); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// compare offers documents, the first of which is row row of those added, to all
// queries.
func (s *MaxSim) compare(ctx context.Context, documents []Document, row int, offsets []int32, vectors []float32, workers int) error {
	starts := []int{0} // of the documents that are compared at once
	for at := 0; at < len(documents); starts = append(starts, at) {
		at += within(offsets[at:], s.rows)
	}
	s.scores = slices.Grow(s.scores[:0], len(s.tops)*len(documents))[:len(s.tops)*len(documents)]
	wrong := make([]error, len(starts)-1)
	err := inParallel(ctx, len(wrong), 1, workers, func(worker, i, _ int) {
		from, to := starts[i], starts[i+1]
		if wrong[i] = s.check(documents[from:to], row+from, offsets[from:to+1], vectors); wrong[i] != nil {
			return
		}
		for _, g := range s.groups {
			s.score(&s.blocks[worker], g, offsets, from, to, vectors)
		}
	})
	if err != nil {
		return err
	}
	for _, err := range wrong {
		if err != nil {
			return err
		}
	}
	if s.csls != nil && len(s.tops) > 0 {
		if err := s.correct(ctx, offsets, workers); err != nil {
			return err
		}
	}
	return inParallel(ctx, len(s.tops), 1, workers, func(_, query, _ int) {
		if s.offsets[query] == s.offsets[query+1] {
			return
		}
		for i, score := range s.scores[query*len(documents) : (query+1)*len(documents)] {
			if offsets[i] < offsets[i+1] {
				s.offer(query, documents[i], score)
			}
		}
	})
}

// check finds a token vector that cannot be compared.
func (s *MaxSim) check(documents []Document, row int, offsets []int32, vectors []float32) error {
	for i, document := range documents {
		from, to := int(offsets[i]), int(offsets[i+1])
		if at := unbounded(vectors[from*s.d:to*s.d], s.d); at >= 0 {
			return fmt.Errorf("searching: token vector %d of document %q (row %d) has a number that is not finite or too large", at, document.ID, row+i)
		}
	}
	return nil
}

// score writes the scores of a group with the documents from and up to to.
func (s *MaxSim) score(b *block, g group, offsets []int32, from, to int, vectors []float32) {
	first, columns, documents := int(offsets[from]), g.packed.Columns(), len(offsets)-1
	rows := int(offsets[to]) - first
	if rows == 0 || columns == 0 {
		return
	}
	b.reserve(rows, columns)
	kernel.GemmPacked(rows, vectors[first*s.d:], s.d, g.packed, nil, b.products, columns)
	least := b.least[:columns]
	for i := from; i < to; i++ {
		begin, end := int(offsets[i])-first, int(offsets[i+1])-first
		if begin == end {
			continue
		}
		kernel.ColumnMinima(least, b.products[begin*columns:end*columns], b.zeros[:end-begin])
		rest := least
		for query := g.first; query < g.end; query++ {
			n := int(s.offsets[query+1] - s.offsets[query])
			s.scores[query*documents+i] = meanOfLargest(rest[:n])
			rest = rest[n:]
		}
	}
}

// reserve makes room for so many document tokens and query tokens.
func (b *block) reserve(rows, columns int) {
	if len(b.products) < rows*columns || len(b.least) < columns || len(b.zeros) < rows {
		*b = block{make([]float32, rows*columns), make([]float32, max(columns, len(b.least))), make([]float32, max(rows, len(b.zeros)))}
	}
}

// meanOfLargest is the mean of the largest products, of which least are the
// negatives.
func meanOfLargest(least []float32) float32 {
	sum := 0.0
	for _, x := range least {
		sum -= float64(x)
	}
	return float32(sum / float64(len(least)))
}

// within returns how many of the items that offsets delimit to take at once: as
// many as have so many rows together, at least one.
func within(offsets []int32, rows int) int {
	n := 1
	for n+1 < len(offsets) && int(offsets[n+1]-offsets[0]) <= rows {
		n++
	}
	return n
}

// checkOffsets checks that offsets rise from 0 or more to at most the rows of
// n numbers in d dimensions.
func checkOffsets(offsets []int32, n, d int) error {
	if d < 1 || n%d != 0 {
		return fmt.Errorf("%d numbers are not vectors of %d dimensions", n, d)
	}
	if len(offsets) == 0 {
		return fmt.Errorf("there are no offsets, not even the first")
	}
	previous := int32(0)
	for i, offset := range offsets {
		if offset < previous || int(offset) > n/d {
			return fmt.Errorf("offset %d is %d, which is not between %d and the number of vectors, %d", i, offset, previous, n/d)
		}
		previous = offset
	}
	return nil
}
