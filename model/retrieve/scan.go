package retrieve

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/residual"
)

// A scan is where a worker compares.
type scan struct {
	block
	seen    []bool // (centroids), all false
	lists   lists
	heads   []int32   // (scanRows), all 0: of a document, its last link
	links   []link    // the first one is no link
	nearby  []float32 // (centroids near a query that a document has, 1 more; tokens): as least of the query
	vectors []float32 // (tokens, d) of a document
}

// A link is the slot of a centroid near a query that a document has a token of,
// and the link before it of the same document; 0 if there is none.
type link struct{ slot, before int32 }

// scanRows is the number of documents that a worker compares with all queries,
// so that their lists stay in its cache. compressedScores is about the number of
// scores before candidates are chosen: 16 MiB.
const (
	scanRows         = 512
	compressedScores = 1 << 22
)

// scan scores documents by the centroids of their tokens.
func (s *Compressed) scan(ctx context.Context, b Block) error {
	n := b.len()
	s.scores = slices.Grow(s.scores[:0], len(s.queries)*n)[:len(s.queries)*n]
	return inParallel(ctx, n, scanRows, len(s.scans), func(worker, from, to int) {
		on, part := &s.scans[worker], b.slice(from, to)
		by := on.listsOf(part, s.codec.Centroids())
		for i := range s.queries {
			if s.queries[i].tokens > 0 {
				on.query(&s.queries[i], by, s.scores[i*n+from:i*n+to])
			}
		}
	})
}

// query scores documents for one query.
func (on *scan) query(q *probing, by lists, scores []float32) {
	on.links = append(on.links[:0], link{})
	for i, code := range q.near {
		last := -1
		for _, row := range by.rows[by.starts[code]:by.starts[code+1]] {
			if int(row) != last {
				on.links = append(on.links, link{int32(i + 1), on.heads[row]})
				on.heads[row], last = int32(len(on.links)-1), int(row)
			}
		}
	}
	for row := range scores {
		at := on.links[on.heads[row]]
		on.heads[row] = 0
		if at.before == 0 {
			scores[row] = q.alone[at.slot]
			continue
		}
		on.nearby = append(on.nearby[:0], q.least[:q.tokens]...)
		for ; at.slot != 0; at = on.links[at.before] {
			on.nearby = append(on.nearby, q.of(at.slot)...)
		}
		scores[row] = on.best(on.nearby, q.tokens)
	}
}

// best is the mean, over the columns of the negatives of products, (any,
// tokens), of the largest product.
func (on *scan) best(products []float32, tokens int) float32 {
	n := len(products) / tokens
	on.reserve(n, tokens)
	kernel.ColumnMinima(on.least[:tokens], products, on.zeros[:n])
	return meanOfLargest(on.least[:tokens])
}

// A candidate is a document that is among those that score highest by centroids.
type candidate struct {
	Document
	centroids float32 // the score by centroids
	score     float32 // once it is read back
	row       int     // of the documents that are compared together; -1 if it is read back already
}

// A pool is a query's candidates.
type pool struct {
	candidates []candidate
	full       bool
	lowest     float32 // score by centroids of the last one, if it is full
}

// cut keeps the n candidates that score highest, and of the same score those
// that rank above the others.
func (p *pool) cut(n int) {
	if len(p.candidates) < n || p.full && len(p.candidates) == n {
		return
	}
	slices.SortFunc(p.candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.centroids, a.centroids), a.CompareTied(b.Document))
	})
	p.candidates = p.candidates[:n]
	p.full, p.lowest = true, p.candidates[n-1].centroids
}

// choose adds documents to the candidates.
func (s *Compressed) choose(ctx context.Context, b Block) error {
	n := b.len()
	return inParallel(ctx, len(s.queries), 1, len(s.scans), func(_, query, _ int) {
		p := &s.pools[query]
		if s.queries[query].tokens == 0 {
			return
		}
		for row, score := range s.scores[query*n : (query+1)*n] {
			if p.full && score < p.lowest || len(b.codes(row)) == 0 {
				continue
			}
			document := b.document(row)
			if s.exclude != nil && s.exclude(query, document) {
				continue
			}
			if p.candidates = append(p.candidates, candidate{document, score, 0, row}); len(p.candidates) >= 2*s.Candidates+scanRows {
				p.cut(s.Candidates)
			}
		}
		p.cut(s.Candidates)
	})
}

// rescore reads the new candidates back and scores them.
func (s *Compressed) rescore(ctx context.Context, b Block) error {
	type use struct{ query, candidate int }
	uses := map[int][]use{} // by row
	for query, p := range s.pools {
		for i := range p.candidates {
			if c := &p.candidates[i]; c.row >= 0 {
				uses[c.row] = append(uses[c.row], use{query, i})
			}
		}
	}
	rows := slices.Sorted(maps.Keys(uses))
	return inParallel(ctx, len(rows), 1, len(s.scans), func(worker, i, _ int) {
		row, on := rows[i], &s.scans[worker]
		kept := b.document(row).clone()
		on.read(s.codec, b, row)
		for _, u := range uses[row] {
			c := &s.pools[u.query].candidates[u.candidate]
			c.Document, c.row, c.score = kept, -1, on.score(s.queries[u.query].packed, on.vectors, len(b.codes(row)), s.codec.Dimensions())
		}
	})
}

// read reads the vectors of a document back.
func (on *scan) read(codec *residual.Codec, b Block, row int) {
	from, to := int(b.Offsets[row]), int(b.Offsets[row+1])
	n := (to - from) * codec.Dimensions()
	on.vectors = slices.Grow(on.vectors[:0], n)[:n]
	codec.Decode(on.vectors, b.Codes[from:to], b.Residuals[from*codec.Bytes():to*codec.Bytes()])
}
