package stages

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Rerank scores what another search has found anew, by token vectors (MaxSim) or vectors: the best `depth` of each query's
// hits are compared with it, exactly as search does, and all others left out. So BM25, or vectors, may choose among many
// documents, and token vectors among the few that are left.
//
// Hits may come of anything, a run file for instance; those of a query must stand together. Passages, as chunk makes them,
// are scored for the documents that hits name. A hit whose document has no vectors is left out and counted; a query without
// any is an error.
type Rerank struct {
	// Hits names the table of hits to score anew.
	Hits schemas.TableRef `yaml:"hits" ferry:"required"`
	// Queries names a table of vectors or token vectors.
	Queries schemas.TableRef `yaml:"queries" ferry:"required"`
	// Documents names a table of the same kind.
	Documents schemas.TableRef `yaml:"documents" ferry:"required"`
	// Depth is the number of each query's hits that are scored anew, the best ones.
	Depth int `yaml:"depth"`
	Centring

	atOnce int // hits
}

// NewRerank returns a Rerank with its defaults.
func NewRerank() *Rerank {
	return &Rerank{Depth: 100, Centring: Centring{Centre: centreNone}, atOnce: 1 << 16}
}

// Validate checks the keys.
func (r *Rerank) Validate() []schemas.Mistake {
	found := mistakes(r.Centring.mistakes())
	found.when(r.Depth < 1, "depth", "at least 1", r.Depth)
	return found
}

// Outputs is a table of hits.
func (r *Rerank) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("hits", in.Schema("hits"), "hits", schemas.QueryID, schemas.DocumentID, schemas.Score)
	found = append(append(found, incomparable(in)...), r.unfit(in, "queries")...)
	return Outputs{Tables: []schemas.TableType{{Name: "hits", Schema: schemas.Hits()}}}, found
}

// Run scores. The queries and their candidates are held in memory, the documents pass by.
func (r *Rerank) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("queries")
	documents, _ := job.Table("documents")
	q, err := gatherQueries(ctx, from, job.Outputs["hits"])
	if err != nil {
		return nil, err
	}
	ofQueries, ofDocuments, err := r.Centring.of(ctx, job, from, documents)
	if err != nil {
		return nil, err
	}
	if err := ofQueries.takeOff(q); err != nil {
		return nil, err
	}
	candidates, err := r.candidates(ctx, job, q)
	if err != nil {
		return nil, err
	}
	found, err := retrieve.NewRerank(q.vectors, q.spans(), q.d, candidates)
	if err != nil {
		return nil, err
	}
	err = eachBlock(ctx, job, documents, ofDocuments, found, func(d *vectorRows) error {
		return found.Add(ctx, d.rows, d.spans(), d.vectors, job.Workers)
	})
	if err != nil {
		return nil, err
	}
	results := found.Results()
	if err := missing(job.Outputs["hits"], documents.Name, candidates, results); err != nil {
		return nil, err
	}
	return nil, emitHits(job.Outputs["hits"], q.rows, results)
}

// candidates are the documents to score, query by query.
func (r *Rerank) candidates(ctx context.Context, job Job, q *vectorRows) ([][]retrieve.Document, error) {
	hits, _ := job.Table("hits")
	queries, _ := job.Table("queries")
	place := map[retrieve.Document]int{}
	for i, row := range q.rows {
		place[row] = i
	}
	candidates, out := make([][]retrieve.Document, len(q.rows)), job.Outputs["hits"]
	found, lost, first := 0, 0, "" // queries, by whether they have vectors
	for part, err := range queriesWithHits(ctx, hits, r.atOnce) {
		if err != nil {
			return nil, err
		}
		for _, of := range part {
			i, ok := place[retrieve.Document{Language: of.language, ID: of.id}]
			if !ok {
				lost, first = lost+1, cmp.Or(first, of.language+":"+of.id)
				out.Drop("query_without_vectors", int64(len(of.hits)))
				continue
			}
			found++
			for _, h := range of.hits {
				switch {
				case slices.Contains(q.exclude[i], h.id):
					out.Drop("excluded", 1)
				case len(candidates[i]) == r.Depth:
					out.Drop("beyond_depth", 1)
				default:
					candidates[i] = append(candidates[i], h.document())
				}
			}
		}
	}
	switch {
	case lost > 0 && found == 0:
		return nil, fmt.Errorf("%s has hits of %d queries, none of which has vectors in %s, such as %s", hits.Name, lost, queries.Name, first)
	case lost > 0:
		out.Warn(fmt.Sprintf("%d of %d queries with hits are left out, since they have no vectors in %s, such as %s", lost, lost+found, queries.Name, first))
	}
	return candidates, nil
}

// missing counts the candidates that have no score; if none has, that is an error.
func missing(out schemas.Output, documents string, candidates [][]retrieve.Document, results [][]retrieve.Hit) error {
	all, without := 0, 0
	var first retrieve.Document
	for i, of := range candidates {
		all += len(of)
		if len(of) == len(results[i]) {
			continue
		}
		scored := map[retrieve.Document]bool{}
		for _, h := range results[i] {
			scored[h.Document] = true
		}
		for _, document := range of {
			if !scored[document] {
				if without == 0 {
					first = document
				}
				without++
			}
		}
	}
	if without == 0 {
		return nil
	}
	if without == all {
		return fmt.Errorf("none of the %d hits has a document with vectors in %s, such as %s:%s: are they hits in these documents?", all, documents, first.Language, first.ID)
	}
	out.Drop("without_vectors", int64(without))
	out.Warn(fmt.Sprintf("%d of %d hits are left out, since their documents have no vectors in %s, or their queries no tokens, such as %s:%s", without, all, documents, first.Language, first.ID))
	return nil
}
