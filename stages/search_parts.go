package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Parts say how parts of the documents are searched. What is taken off vectors must be known without all of them.
func (s *Search) Parts() *Parts {
	if s.Centre != centreNone && len(s.Means) == 0 {
		return nil
	}
	return &Parts{Of: "documents", Schema: foundInPart, Rows: rowsWorthSearching, Make: s.makePart, Merge: s.merge}
}

// rowsWorthSearching is such that a part takes hardly more than its share of a search in one piece. Among the first documents of a
// part all are the best so far, and only later ones can be passed over by their rounded vectors; token vectors are all compared.
func rowsWorthSearching(documents *arrow.Schema) int64 {
	if isTokenVectors(documents) {
		return 1 << 12
	}
	return 1 << 17
}

func (s *Search) makePart(ctx context.Context, job Job) error {
	out, there := quiet(job.Outputs[Part]), map[string]bool{}
	documents, _ := job.Table("documents")
	_, found, err := s.find(ctx, job, out, inAnyOf(documents, s.DocumentLanguages, out.Allocator, there))
	if err != nil {
		return err
	}
	w := newFoundWriter(out, foundInPart)
	defer w.Release()
	if err := w.languages(there); err != nil {
		return err
	}
	all, nearest := found.Partial()
	for query, hits := range all {
		for _, h := range hits {
			if err := w.add(query, retrieve.Candidate{Hit: h}, h.Language, h.ID); err != nil {
				return err
			}
		}
		for i := 0; nearest != nil && i < len(nearest[query]); i++ {
			if err := w.add(query, retrieve.Candidate{Hit: retrieve.Hit{Score: nearest[query][i]}}); err != nil {
				return err
			}
		}
	}
	return w.emit()
}

func (s *Search) merge(ctx context.Context, job Job) error {
	out := job.Outputs["hits"]
	from, _ := job.Table("queries")
	documents, _ := job.Table("documents")
	q, err := gatherQueries(ctx, inLanguages(from, s.QueryLanguages, out.Allocator), out)
	if err != nil {
		return err
	}
	found := retrieve.NewMerge(len(q.rows), s.Top, s.CSLS)
	if documents.Schema.HasField(schemas.DocumentID) {
		found.JoinPassages()
	}
	if _, err := readFound(ctx, job, s.DocumentLanguages, func(query int, c retrieve.Candidate) { found.Add(query, c.Hit) }, found.Near); err != nil {
		return err
	}
	return emitHits(out, q.rows, found.Results())
}
