package stages

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/schemas"
)

// A textKey names a query or document. An empty language stands for any.
type textKey struct{ language, id string }

// A tripleGroup is a query, one of its relevant documents, and hard negatives.
type tripleGroup struct {
	query, positive textKey
	negatives       []drawnKey // in order
	order           uint64
}

// A drawnKey has a place in an order that is as if drawn by chance.
type drawnKey struct {
	textKey
	order uint64
}

// A tripleSample keeps, of a table of triples that passes by, at most so many groups, and at most so many negatives of
// each: those that are first in an order that depends on seed and ids alone. Memory is bounded by what it keeps, and which
// ones these are does not depend on the order of the table.
type tripleSample struct {
	seed            uint64
	most, negatives int
	groups          map[[2]textKey]*tripleGroup
	last            groupHeap // the group that comes last in the order is first
}

// readTriples reads the sample of a table, in its order.
func readTriples(ctx context.Context, job Job, from schemas.Table, most, negatives int) ([]*tripleGroup, error) {
	s := &tripleSample{seed: scramble(job.Seed), most: most, negatives: negatives, groups: map[[2]textKey]*tripleGroup{}}
	var seen int64
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		s.add(batch)
		seen += batch.NumRows()
		job.Progress(seen, from.Rows, "triples")
	}
	groups := []*tripleGroup(s.last)
	slices.SortFunc(groups, func(a, b *tripleGroup) int { return a.compare(b) })
	return groups, nil
}

func (s *tripleSample) add(batch arrow.RecordBatch) {
	query, positive, negative := texts(batch, schemas.QueryID), texts(batch, schemas.PositiveID), texts(batch, schemas.NegativeID)
	ofQuery, ofPositive, ofNegative := texts(batch, schemas.QueryLanguage), texts(batch, schemas.PositiveLanguage), texts(batch, schemas.NegativeLanguage)
	for i := range int(batch.NumRows()) {
		q, p := textKey{ofQuery.Value(i), query.Value(i)}, textKey{ofPositive.Value(i), positive.Value(i)}
		if g := s.group(q, p); g != nil {
			s.addNegative(g, textKey{ofNegative.Value(i), negative.Value(i)})
		}
	}
}

// group is the group of a query and document, nil if it is not among the first.
func (s *tripleSample) group(query, positive textKey) *tripleGroup {
	g := tripleGroup{query: query, positive: positive, order: scramble(hashOf(query.language, query.id, positive.language, positive.id) ^ s.seed)}
	full := len(s.last) == s.most
	if full && g.compare(s.last[0]) > 0 {
		return nil
	}
	if known, ok := s.groups[[2]textKey{query, positive}]; ok {
		return known
	}
	if full {
		out := heap.Pop(&s.last).(*tripleGroup)
		delete(s.groups, [2]textKey{out.query, out.positive})
	}
	g.query, g.positive = query.clone(), positive.clone()
	s.groups[[2]textKey{g.query, g.positive}] = &g
	heap.Push(&s.last, &g)
	return &g
}

func (s *tripleSample) addNegative(g *tripleGroup, negative textKey) {
	n := drawnKey{negative, scramble(hashOf(negative.language, negative.id) ^ g.order)}
	at, known := slices.BinarySearchFunc(g.negatives, n, drawnKey.compare)
	if known || at == s.negatives {
		return
	}
	n.textKey = negative.clone()
	g.negatives = slices.Insert(g.negatives, at, n)
	g.negatives = g.negatives[:min(len(g.negatives), s.negatives)]
}

func (k textKey) clone() textKey { return textKey{clone(k.language), clone(k.id)} }

func (k textKey) compare(other textKey) int {
	return cmp.Or(cmp.Compare(k.id, other.id), cmp.Compare(k.language, other.language))
}

func (k drawnKey) compare(other drawnKey) int {
	return cmp.Or(cmp.Compare(k.order, other.order), k.textKey.compare(other.textKey))
}

func (g *tripleGroup) compare(other *tripleGroup) int {
	return cmp.Or(cmp.Compare(g.order, other.order), g.query.compare(other.query), g.positive.compare(other.positive))
}

// A groupHeap has the group that comes last in the order at its top.
type groupHeap []*tripleGroup

func (h groupHeap) Len() int           { return len(h) }
func (h groupHeap) Less(i, j int) bool { return h[i].compare(h[j]) > 0 }
func (h groupHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *groupHeap) Push(x any)        { *h = append(*h, x.(*tripleGroup)) }
func (h *groupHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
