package stages

import (
	"context"
	"fmt"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Dev are the keys of retrieval during training, by which the best weights are kept and training may stop early.
type Dev struct {
	// DevQueries names a table of queries to evaluate the model on while it learns: the weights that did best are kept. Take
	// other queries than those that results are reported for.
	DevQueries schemas.TableRef `yaml:"dev_queries"`
	// DevDocuments names the table of documents that they search in, by text without title. In distill the teacher embeds
	// them, else the model that learns does.
	DevDocuments schemas.TableRef `yaml:"dev_documents"`
	// DevJudgments names the table of their judgments.
	DevJudgments schemas.TableRef `yaml:"dev_judgments"`
	// DevMeasure is what the best weights have most of, as the mean over the queries' languages.
	DevMeasure string `yaml:"dev_measure"`
	// DevQueryPrefix is put before every one of those queries.
	DevQueryPrefix string `yaml:"dev_query_prefix"`
	// DevDocumentPrefix is put before every one of those documents.
	DevDocumentPrefix string `yaml:"dev_document_prefix"`
	// EvaluateEvery is the number of steps between evaluations; the last step is followed by one too.
	EvaluateEvery int `yaml:"evaluate_every"`
	// Patience is the number of evaluations in a row without a new best value after which training stops; 0 means that it
	// goes on to its end. Those that forgot more than max_forgetting do not count.
	Patience int `yaml:"patience"`
	// MaxForgetting is how much less dev_measure may be than before training for the queries in source_language: weights that
	// forget more are not kept, and three evaluations in a row that do end training; with an error if none kept enough.
	MaxForgetting *float64 `yaml:"max_forgetting"`
	// SourceLanguage is the language that max_forgetting is about, the one that had training data.
	SourceLanguage string `yaml:"source_language"`
}

// DevQueries is the key of the queries that weights are chosen by.
const DevQueries = "dev_queries"

func newDev() Dev { return Dev{DevMeasure: "nDCG@10", EvaluateEvery: 100, SourceLanguage: "en"} }

func (v *Dev) validate() (found []schemas.Mistake) {
	tables := []struct {
		key string
		ref schemas.TableRef
	}{{"dev_queries", v.DevQueries}, {"dev_documents", v.DevDocuments}, {"dev_judgments", v.DevJudgments}}
	for _, t := range tables {
		if t.ref == "" && (v.DevQueries != "" || v.DevDocuments != "" || v.DevJudgments != "" || v.Patience > 0 || v.MaxForgetting != nil) {
			found = append(found, schemas.Mistake{Key: t.key, Problem: "is missing; an evaluation needs queries, documents and judgments"})
		}
	}
	if m, err := measure.Parse(v.DevMeasure); err != nil {
		found = append(found, schemas.Mistake{Key: "dev_measure", Problem: err.Error()})
	} else if !m.Averaged() || m.Language == measure.EachLanguage {
		found = append(found, schemas.Mistake{Key: "dev_measure", Problem: "names a measure that is no mean over queries"})
	}
	if v.MaxForgetting != nil && *v.MaxForgetting < 0 {
		found = append(found, schemas.Mistake{Key: "max_forgetting", Problem: fmt.Sprintf("should be at least 0, is %v", *v.MaxForgetting)})
	}
	if v.EvaluateEvery < 1 {
		found = append(found, schemas.Mistake{Key: "evaluate_every", Problem: fmt.Sprintf("should be at least 1, is %d", v.EvaluateEvery)})
	}
	if v.Patience < 0 {
		found = append(found, schemas.Mistake{Key: "patience", Problem: fmt.Sprintf("should be at least 0, is %d", v.Patience)})
	}
	return found
}

// lacks tells what the tables lack.
func (v *Dev) lacks(in Types) []schemas.Mistake {
	found := lacks("dev_queries", in.Schema("dev_queries"), "queries", schemas.Language, schemas.ID, schemas.Text)
	found = append(found, lacks("dev_documents", in.Schema("dev_documents"), "documents", schemas.Language, schemas.ID, schemas.Text)...)
	return append(found, lacks("dev_judgments", in.Schema("dev_judgments"), "judgments", schemas.QueryID, schemas.DocumentID, schemas.Grade)...)
}

// An evaluator measures a model that is learning. Its texts are held in memory, and the documents' vectors if they stay.
type evaluator struct {
	keys               *Dev
	measure            measure.Measure
	precision          string
	workers            int
	queries, documents *vectorRows // those of the queries are overwritten
	queryTexts         []string
	documentTexts      []string
	judged             *judgments
	learning           *model.Model
	remembered         float64 // the measure in the source language, of the last evaluation
}

// evaluator returns what evaluates m, nil if the keys ask for none. It sends documents through the model that embeds them
// for good, or through m each time if that is nil.
func (t *Training) evaluator(ctx context.Context, job Job, m, documents *model.Model) (*evaluator, error) {
	queries, ok := job.Table("dev_queries")
	if !ok {
		return nil, nil
	}
	from, _ := job.Table("dev_documents")
	judgments, _ := job.Table("dev_judgments")
	e := &evaluator{keys: &t.Dev, precision: t.Precision, workers: job.Workers, learning: m}
	var err error
	if e.measure, err = measure.Parse(t.DevMeasure); err != nil {
		return nil, err
	}
	if e.judged, err = readJudgments(ctx, judgments); err != nil {
		return nil, err
	}
	if e.queries, e.queryTexts, err = readTexts(ctx, queries); err != nil {
		return nil, err
	}
	if e.documents, e.documentTexts, err = readTexts(ctx, from); err != nil {
		return nil, err
	}
	if len(e.queryTexts) == 0 || len(e.documentTexts) == 0 {
		return nil, fmt.Errorf("an evaluation needs queries and documents: %s has %d and %s has %d", queries.Name, len(e.queryTexts), from.Name, len(e.documentTexts))
	}
	if t.MaxForgetting != nil && !slices.ContainsFunc(e.queries.rows, func(q retrieve.Document) bool { return q.Language == t.SourceLanguage }) {
		return nil, fmt.Errorf("max_forgetting needs queries in %s, and %s has none: name another source_language", t.SourceLanguage, queries.Name)
	}
	if documents != nil {
		err = e.embed(ctx, documents, e.documents, e.documentTexts, t.DevDocumentPrefix, float32Name)
		e.documentTexts = nil
	}
	return e, err
}

// readTexts reads a table of queries or documents, without vectors as yet.
func readTexts(ctx context.Context, t schemas.Table) (rows *vectorRows, all []string, err error) {
	rows = &vectorRows{}
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return nil, nil, err
		}
		rows.rows, rows.exclude = appendRows(rows.rows, rows.exclude, batch)
		text := texts(batch, schemas.Text)
		for i := range text.Len() {
			all = append(all, clone(text.Value(i)))
		}
	}
	return rows, all, nil
}

// embed gives rows the vectors of their texts.
func (e *evaluator) embed(ctx context.Context, m *model.Model, rows *vectorRows, texts []string, prefix, precision string) error {
	keys := NewEmbed()
	keys.Prefix, keys.Precision = prefix, precision
	d := m.Config.Width()
	rows.d, rows.vectors = d, slices.Grow(rows.vectors[:0], len(texts)*d)[:len(texts)*d]
	tasks := pool.New().WithMaxGoroutines(e.workers).WithContext(ctx).WithCancelOnError().WithFirstError()
	share := (len(texts) + e.workers - 1) / e.workers
	for first := 0; first < len(texts); first += share {
		tasks.Go(func(ctx context.Context) error {
			embedder := model.NewEmbedder(m, keys.options(m.Info))
			return embedder.EmbedAll(ctx, texts[first:min(len(texts), first+share)], false, func(i int, r model.Embedded) {
				copy(rows.vectors[(first+i)*d:], r.Vector)
			})
		})
	}
	return tasks.Wait()
}

// evaluate returns the mean over the queries' languages of the measure's mean over their queries.
func (e *evaluator) evaluate(ctx context.Context, learning *encoder.Encoder) (float64, error) {
	m := e.learning.With(learning)
	if err := e.embed(ctx, m, e.queries, e.queryTexts, e.keys.DevQueryPrefix, e.precision); err != nil {
		return 0, err
	}
	if e.documentTexts != nil {
		if err := e.embed(ctx, m, e.documents, e.documentTexts, e.keys.DevDocumentPrefix, e.precision); err != nil {
			return 0, err
		}
	}
	top := e.measure.Cutoff
	if top == 0 {
		top = len(e.documents.rows)
	}
	search := NewSearch()
	search.Top = top
	found, add, err := search.searcher(e.queries)
	if err != nil {
		return 0, err
	}
	if err := add(ctx, e.documents, e.workers); err != nil {
		return 0, err
	}
	return e.mean(found.Results())
}

func (e *evaluator) mean(results [][]retrieve.Hit) (float64, error) {
	runs := map[string]map[string][]foundDocument{}
	var languages []string
	for i, hits := range results {
		q := e.queries.rows[i]
		if runs[q.Language] == nil {
			runs[q.Language] = map[string][]foundDocument{}
			languages = append(languages, q.Language)
		}
		run := make([]foundDocument, len(hits))
		for k, h := range hits {
			run[k] = foundDocument{h.Language, h.ID, float64(h.Score)}
		}
		runs[q.Language][q.ID] = run
	}
	slices.Sort(languages)
	var means []float64
	for _, language := range languages {
		mean, err := e.meanOf(language, runs[language])
		if err != nil {
			return 0, fmt.Errorf("queries in %s: %w", language, err)
		}
		means = append(means, mean)
		if language == e.keys.SourceLanguage {
			e.remembered = mean
		}
	}
	return measure.Mean(means), nil
}

// meanOf is the mean over a language's queries. Judged queries that are not among them do not count.
func (e *evaluator) meanOf(language string, run map[string][]foundDocument) (float64, error) {
	if err := e.judged.meet(language, run); err != nil {
		return 0, err
	}
	evaluation := measure.New([]measure.Measure{e.measure}, measure.Options{})
	pool := poolOf(run)
	for query, hits := range run {
		found, grades, err := e.judged.of(language, query, hits, pool, len(pool) > 1)
		if err != nil {
			return 0, err
		}
		if _, err := evaluation.Add(query, found, grades); err != nil {
			return 0, err
		}
	}
	queries, err := evaluation.Queries()
	if err != nil {
		return 0, err
	}
	var values []float64
	for _, q := range queries {
		values = append(values, q.Values[0])
	}
	return measure.Mean(values), nil
}
