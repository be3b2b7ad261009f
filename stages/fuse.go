package stages

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Fuse makes one ranking of several: those of bm25 and of search, say, or of searches with several models. What one search lacks
// for a query, the others have.
type Fuse struct {
	// From names two or more tables of hits.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Method is rrf (reciprocal rank fusion), which looks at ranks alone, or scores: their weighted sum, each table's scaled
	// for each query so that its best hit has 1 and its last one 0, as has one that is alone.
	Method string `yaml:"method"`
	// K is how little the first ranks of rrf stand out.
	K float64 `yaml:"k"`
	// Weights are those of the tables, in their order; 1 for each where there are none.
	Weights []float64 `yaml:"weights"`
	// Top is the number of documents to return for each query.
	Top int `yaml:"top"`
}

// NewFuse returns a Fuse with its defaults: rrf, k 60.
func NewFuse() *Fuse { return &Fuse{Method: "rrf", K: 60, Top: 100} }

// Validate checks the keys.
func (f *Fuse) Validate() []schemas.Mistake {
	found := mistakes(oneOf("method", f.Method, "rrf", "scores"))
	found.when(f.K <= 0, "k", "above 0", f.K)
	found.when(f.Top < 1, "top", "at least 1", f.Top)
	if n := len(f.Weights); n > 0 && n != len(f.From) {
		found = append(found, schemas.Mistake{Key: "weights", Problem: fmt.Sprintf("there are %d for %d tables", n, len(f.From))})
	}
	for i, w := range f.Weights {
		found.when(w < 0, fmt.Sprintf("weights[%d]", i), "at least 0", w)
	}
	return found
}

// Outputs is a table of hits.
func (f *Fuse) Outputs(in Types) (Outputs, []schemas.Mistake) {
	var found []schemas.Mistake
	for _, t := range in.Tables["from"] {
		found = append(found, lacks("from", t.Schema, "hits", schemas.QueryID, schemas.DocumentID, schemas.Score)...)
	}
	return Outputs{Tables: []schemas.TableType{{Name: "hits", Schema: schemas.Hits()}}}, found
}

// Run fuses. The hits are held in memory.
func (f *Fuse) Run(ctx context.Context, job Job) (*model.Model, error) {
	var runs []*hitTable
	queries := map[retrieve.Document]bool{}
	for _, from := range job.Tables["from"] {
		run, err := readHits(ctx, from)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", from.Name, err)
		}
		for language, of := range run.byQuery {
			for id := range of {
				queries[retrieve.Document{Language: language, ID: id}] = true
			}
		}
		runs = append(runs, run)
	}
	weights := f.Weights
	if len(weights) == 0 {
		weights = slices.Repeat([]float64{1}, len(runs))
	}
	order := slices.SortedFunc(maps.Keys(queries), retrieve.Document.Compare)
	results := make([][]retrieve.Hit, len(order))
	for i, q := range order {
		var lists [][]retrieve.Hit
		for _, run := range runs {
			lists = append(lists, retrieveHits(run.byQuery[q.Language][q.ID]))
		}
		if f.Method == "rrf" {
			results[i] = retrieve.FuseRanks(lists, weights, f.K, f.Top)
		} else {
			results[i] = retrieve.FuseScores(lists, weights, f.Top)
		}
	}
	return nil, emitHits(job.Outputs["hits"], order, results)
}

// retrieveHits ranks a query's hits.
func retrieveHits(found []foundDocument) []retrieve.Hit {
	var list []retrieve.Hit
	for _, h := range ranked([]queryHits{{hits: found}})[0].hits {
		list = append(list, retrieve.Hit{Document: h.document(), Score: float32(h.score)})
	}
	return list
}
