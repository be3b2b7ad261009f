package stages

import (
	"context"
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Parts say how parts of the documents are searched.
func (s *SearchCompressed) Parts() *Parts {
	return &Parts{Of: "documents", Schema: candidatesInPart, Rows: s.rowsWorthSearching, Make: s.makePart, Merge: s.merge}
}

// rowsWorthSearching is such that reading candidates back, which each part has of its own and takes thirty times as long as scoring
// a document by centroids, is the lesser half. Passages stay in one part: see retrieve.CompressedMerge.
func (s *SearchCompressed) rowsWorthSearching(documents *arrow.Schema) int64 {
	if documents.HasField(schemas.DocumentID) {
		return math.MaxInt64
	}
	return max(1<<15, 512*int64(s.Candidates))
}

func (s *SearchCompressed) makePart(ctx context.Context, job Job) error {
	out, there := quiet(job.Outputs[Part]), map[string]bool{}
	documents, _ := job.Table("documents")
	by, q, err := s.queries(ctx, job, out)
	if err != nil {
		return err
	}
	found, seen, err := s.find(ctx, job, by, q, inAnyOf(documents, s.DocumentLanguages, out.Allocator, there))
	if err != nil {
		return err
	}
	w := newFoundWriter(out, candidatesInPart)
	defer w.Release()
	if err := w.languages(there); err != nil {
		return err
	}
	if err := w.add(-1, retrieve.Candidate{Hit: retrieve.Hit{Score: float32(seen)}}); err != nil {
		return err
	}
	for query, candidates := range found.Partial() {
		for _, c := range candidates {
			if err := w.add(query, c, c.Language, c.ID); err != nil {
				return err
			}
		}
	}
	return w.emit()
}

func (s *SearchCompressed) merge(ctx context.Context, job Job) error {
	out := job.Outputs["hits"]
	documents, _ := job.Table("documents")
	_, q, err := s.queries(ctx, job, out)
	if err != nil {
		return err
	}
	found := retrieve.NewCompressedMerge(len(q.rows), s.options(documents))
	seen, err := readFound(ctx, job, s.DocumentLanguages, found.Add, nil)
	if err != nil {
		return err
	}
	s.warnFew(out, seen)
	return emitHits(out, q.rows, found.Results())
}
