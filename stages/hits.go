package stages

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"iter"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// queryHits are the hits of a query, the best first.
type queryHits struct {
	language, id string
	hits         []foundDocument
}

// queriesWithHits yields the queries of a table of hits, as many at a time as have about so many hits. Those of a query must
// stand together. It remembers 8 bytes of each query.
func queriesWithHits(ctx context.Context, t schemas.Table, atOnce int) iter.Seq2[[]queryHits, error] {
	return func(yield func([]queryHits, error) bool) {
		g := &hitGroups{before: map[uint64]struct{}{}}
		for batch, err := range t.Batches(ctx) {
			if err == nil {
				err = g.add(batch)
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading %s: %w", t.Name, err))
				return
			}
			if g.count < atOnce || len(g.queries) < 2 {
				continue
			}
			last := len(g.queries) - 1 // may go on in the next batch
			if !yield(ranked(g.queries[:last]), nil) {
				return
			}
			g.queries = append([]queryHits(nil), g.queries[last])
			g.count = len(g.queries[0].hits)
		}
		if len(g.queries) > 0 {
			yield(ranked(g.queries), nil)
		}
	}
}

// hitGroups gathers hits by query.
type hitGroups struct {
	queries []queryHits
	count   int                 // hits
	before  map[uint64]struct{} // hashes of the queries that there were
}

func (g *hitGroups) add(batch arrow.RecordBatch) error {
	queryLanguage, query := texts(batch, schemas.QueryLanguage), texts(batch, schemas.QueryID)
	language, id := texts(batch, schemas.DocumentLanguage), texts(batch, schemas.DocumentID)
	score := column[*array.Float64](batch, schemas.Score)
	for i := range int(batch.NumRows()) {
		ql, q := queryLanguage.Value(i), query.Value(i)
		if math.IsNaN(score.Value(i)) {
			return fmt.Errorf("hit of query %q: the score of document %q is not a number", q, id.Value(i))
		}
		last := len(g.queries) - 1
		if last < 0 || g.queries[last].id != q || g.queries[last].language != ql {
			key := hashOf(ql, q)
			if _, again := g.before[key]; again {
				return fmt.Errorf("the hits of query %q do not stand together: sort them by query", q)
			}
			g.before[key] = struct{}{}
			g.queries = append(g.queries, queryHits{language: clone(ql), id: clone(q)})
			last++
		}
		g.queries[last].hits = append(g.queries[last].hits, foundDocument{clone(language.Value(i)), clone(id.Value(i)), score.Value(i)})
		g.count++
	}
	return nil
}

func (f foundDocument) document() retrieve.Document {
	return retrieve.Document{Language: f.language, ID: f.id}
}

// ranked sorts each query's hits as trec_eval does, and as search ranks them.
func ranked(queries []queryHits) []queryHits {
	for _, q := range queries {
		slices.SortStableFunc(q.hits, func(a, b foundDocument) int {
			return cmp.Or(cmp.Compare(b.score, a.score), a.document().CompareTied(b.document()))
		})
	}
	return queries
}

// hashOf is a hash of several strings, the same on every machine.
func hashOf(parts ...string) uint64 {
	h := fnv.New64a()
	var length [4]byte
	for _, part := range parts {
		binary.LittleEndian.PutUint32(length[:], uint32(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return scramble(h.Sum64())
}
