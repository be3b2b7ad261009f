package stages

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Mine makes training triples with hard negatives: documents that a search ranks high for a query although they are not
// judged relevant to it. Each query's relevant documents, found or not, are put together with each of its negatives.
//
// Many a document without a judgment is relevant all the same. A margin leaves out hits that score about as high as the
// query's relevant documents do, and ranks may begin further down. Ranks count the hits that are left once those that are
// judged above 0, and those within the margin, are out. A relevant document that was not found scores less than all hits, so
// that with a margin its query has no negatives: let `search` return enough.
//
// A triple holds for the languages of the judgment that it comes of: where judgments name none, as those of a translated
// collection, triples that were mined in one language serve all others.
//
// Hits pass by, a million at a time, and all judgments once for each million; those of one query must stand together.
type Mine struct {
	// Hits names a table of hits, as search makes.
	Hits schemas.TableRef `yaml:"hits" ferry:"required"`
	// Judgments names the table of judgments.
	Judgments schemas.TableRef `yaml:"judgments" ferry:"required"`
	// Grade is the smallest grade that makes a document one to learn from. Those with a smaller one above 0 are left out.
	Grade int32 `yaml:"grade"`
	// Negatives is the number of hard negatives of a query.
	Negatives int `yaml:"negatives"`
	// FirstRank is the rank of the first hit to choose, from 1.
	FirstRank int `yaml:"first_rank"`
	// LastRank is the rank of the last one; 0 means the last there is.
	LastRank int `yaml:"last_rank"`
	// Margin is how much less than the lowest score of a relevant document a negative must score; 0 allows any score.
	Margin float64 `yaml:"margin"`
	// RelativeMargin is the same as a share of that score, such as 0.05.
	RelativeMargin float64 `yaml:"relative_margin"`
	// Choice says which of these ranks are chosen: the best ones (top), or random ones.
	Choice string `yaml:"choice"`

	atOnce int // hits
}

const (
	choiceTop    = "top"
	choiceRandom = "random"
)

// NewMine returns a Mine with its defaults.
func NewMine() *Mine {
	return &Mine{Grade: 1, Negatives: 3, FirstRank: 1, Choice: choiceTop, atOnce: 1 << 20}
}

// Validate checks the keys.
func (m *Mine) Validate() []schemas.Mistake {
	var found mistakes
	found.when(m.Grade < 1, "grade", "at least 1", m.Grade)
	found.when(m.Negatives < 1, "negatives", "at least 1", m.Negatives)
	found.when(m.FirstRank < 1, "first_rank", "at least 1", m.FirstRank)
	found.when(m.LastRank != 0 && m.LastRank < m.FirstRank, "last_rank", "0 or at least first_rank", m.LastRank)
	found.when(m.Margin < 0, "margin", "at least 0", m.Margin)
	found.when(m.RelativeMargin < 0, "relative_margin", "at least 0", m.RelativeMargin)
	return append(found, oneOf("choice", m.Choice, choiceTop, choiceRandom)...)
}

// Outputs is a table of triples.
func (m *Mine) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("hits", in.Schema("hits"), "hits", schemas.QueryID, schemas.DocumentID, schemas.Score)
	found = append(found, lacks("judgments", in.Schema("judgments"), "judgments", schemas.QueryID, schemas.DocumentID, schemas.Grade)...)
	return Outputs{Tables: []schemas.TableType{{Name: "triples", Schema: schemas.Triples()}}}, found
}

// Run mines.
func (m *Mine) Run(ctx context.Context, job Job) (*model.Model, error) {
	hits, _ := job.Table("hits")
	judgments, _ := job.Table("judgments")
	out := job.Outputs["triples"]
	w := &mining{Mine: m, out: out, seed: job.Seed, judgments: judgments, triples: array.NewRecordBuilder(out.Allocator, schemas.Triples())}
	defer w.triples.Release()
	var seen int64
	for part, err := range queriesWithHits(ctx, hits, m.atOnce) {
		if err != nil {
			return nil, err
		}
		if err := w.mine(ctx, part); err != nil {
			return nil, err
		}
		for _, q := range part {
			seen += int64(len(q.hits))
		}
		job.Progress(seen, hits.Rows, "hits")
	}
	if w.made == 0 {
		return nil, fmt.Errorf("no triples come of %s: of %d queries, %d have no judged document of grade %d or more, %d no hit that may be a negative, "+
			"%d a relevant document beyond the hits, which a margin cannot do without", hits.Name, w.queries, w.unjudged, m.Grade, w.without, w.beyond)
	}
	return nil, nil
}

// A mining is a run of Mine.
type mining struct {
	*Mine
	out       schemas.Output
	seed      uint64
	judgments schemas.Table
	triples   *array.RecordBuilder

	made, queries, unjudged, beyond, without int
}

// mine emits the triples of some queries.
func (w *mining) mine(ctx context.Context, part []queryHits) error {
	wanted := map[string]bool{}
	for _, q := range part {
		wanted[q.id] = true
	}
	judged, err := readJudgmentsOf(ctx, w.judgments, func(query string) bool { return wanted[query] })
	if err != nil {
		return err
	}
	for _, q := range part {
		w.query(q, judged.in(q.language, q.id))
	}
	w.made += w.triples.Field(0).Len()
	return emitBuilt(w.out, w.triples)
}

// query builds the triples of a query.
func (w *mining) query(q queryHits, judged []judgment) {
	w.queries++
	relevant := slices.DeleteFunc(slices.Clone(judged), func(j judgment) bool { return j.grade < w.Grade })
	if len(relevant) == 0 {
		w.unjudged++
		w.out.Drop("query_without_relevant_document", 1)
		return
	}
	n := retrieve.Negatives{First: w.FirstRank, Last: w.LastRank, Count: w.Negatives, Margin: w.Margin, RelativeMargin: w.RelativeMargin, Random: w.Choice == choiceRandom}
	floor, found := lowest(q.hits, relevant)
	if !found && n.Margins() {
		w.beyond++
		w.out.Drop("relevant_document_beyond_hits", 1)
		return
	}
	var others []foundDocument
	var scores []float64
	for _, h := range q.hits {
		if !slices.ContainsFunc(judged, func(j judgment) bool { return j.grade > 0 && j.names(h) }) {
			others, scores = append(others, h), append(scores, h.score)
		}
	}
	chosen := n.Choose(scores, floor, w.seed^hashOf(q.language, q.id))
	if len(chosen) == 0 {
		w.without++
		w.out.Drop("query_without_negatives", 1)
	}
	for _, j := range relevant {
		for _, i := range chosen {
			w.append(j, q.id, others[i])
		}
	}
}

// lowest is the lowest score of a relevant document; false if one is not among the hits. A document that is relevant in
// any language scores as its best translation does.
func lowest(hits []foundDocument, relevant []judgment) (floor float64, found bool) {
	for i, j := range relevant {
		best := slices.IndexFunc(hits, j.names)
		if best < 0 {
			return 0, false
		}
		if score := hits[best].score; i == 0 || score < floor {
			floor = score
		}
	}
	return floor, true
}

func (w *mining) append(positive judgment, query string, negative foundDocument) {
	appendText(w.triples.Field(0), query)
	appendText(w.triples.Field(1), positive.document)
	appendText(w.triples.Field(2), negative.id)
	if positive.documentLanguage == "" {
		negative.language = ""
	}
	for i, language := range []string{positive.queryLanguage, positive.documentLanguage, negative.language} {
		if language == "" {
			w.triples.Field(3 + i).AppendNull()
		} else {
			appendText(w.triples.Field(3+i), language)
		}
	}
}
