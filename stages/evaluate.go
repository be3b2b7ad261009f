package stages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/schemas"
)

// Evaluate measures hits against judgments, with trec_eval's semantics, for each query language: every query's value, their mean,
// and its 95 % bootstrap interval. Judged queries without hits count as 0 (trec_eval -c).
type Evaluate struct {
	// Hits names a table of hits.
	Hits schemas.TableRef `yaml:"hits" ferry:"required"`
	// Judgments names a table of judgments. It may be one of hits, which then are what is relevant: beside the best 10 of an exact
	// search, R@10 is the share of them that another one finds among its best 10.
	Judgments schemas.TableRef `yaml:"judgments" ferry:"required"`
	// QueryLanguages are those of the queries that count: one in which nothing at all was found counts as 0. Left out, they are those of
	// the hits.
	QueryLanguages []string `yaml:"query_languages"`
	// DocumentLanguages are those of the documents that were searched: a judgment that names no document language holds for the
	// document of that id in each of them. Left out, they are those of the documents that a language's queries found, so that of two
	// systems the one that finds more languages has more to find.
	DocumentLanguages []string `yaml:"document_languages"`
	// Measures by their usual names: nDCG@k, AP, RR@k, R@k, P@k, success@k. Of documents in several languages also share(sw)@k,
	// which is the share of the first k that are in Swahili, relevant_share(sw), that of the relevant ones, and hole(sw)@k, that
	// of the first k that are in Swahili and not judged; with (*) for each language of the documents.
	Measures []string `yaml:"measures"`
	// Variant names the system in tables and reports; its cell of the matrix, or the name of the hits, if left out.
	Variant string `yaml:"variant"`
	// TrainingSeed is the seed that the variant was trained with, where there are several: compare takes the mean over them.
	TrainingSeed *int64 `yaml:"training_seed"`
	// Scoring names how the hits were scored, such as dense or maxsim, where variants are measured in several ways: a report has a
	// table for each.
	Scoring string `yaml:"scoring"`
	// Level is the smallest grade that measures other than nDCG count as relevant.
	Level int32 `yaml:"level"`
	// Absent says what a judged query without hits counts: zero, or skip to leave it out.
	Absent string `yaml:"absent"`
	// NothingRelevant says what a query without a relevant document counts: zero, as in trec_eval, or skip to leave it out.
	NothingRelevant string `yaml:"nothing_relevant"`
	// Samples is the number of bootstrap samples behind an interval.
	Samples int `yaml:"samples"`
}

// NewEvaluate returns an Evaluate with its defaults.
func NewEvaluate() *Evaluate {
	return &Evaluate{Measures: []string{"nDCG@10"}, Level: 1, Absent: "zero", NothingRelevant: "zero", Samples: 1000}
}

// Validate checks the keys.
func (e *Evaluate) Validate() []schemas.Mistake {
	found := append(oneOf("absent", e.Absent, "zero", "skip"), oneOf("nothing_relevant", e.NothingRelevant, "zero", "skip")...)
	if e.Samples < 0 {
		found = append(found, schemas.Mistake{Key: "samples", Problem: fmt.Sprintf("should be at least 0, is %d", e.Samples)})
	}
	if len(e.Measures) == 0 {
		found = append(found, schemas.Mistake{Key: "measures", Problem: "names no measure"})
	}
	for i, name := range e.Measures {
		problem := ""
		if m, err := measure.Parse(name); err != nil {
			problem = err.Error()
		} else if !m.Averaged() {
			problem = fmt.Sprintf("%s is no mean over queries, which intervals and comparisons need; `ferry evaluate` has it", m)
		}
		if problem != "" {
			found = append(found, schemas.Mistake{Key: fmt.Sprintf("measures[%d]", i), Problem: problem})
		}
	}
	return found
}

// InCell names the system after its cell.
func (e *Evaluate) InCell(cell string) {
	if e.Variant == "" {
		e.Variant = cell
	}
}

// Tolerates names the rules of lint whose findings the keys take care of.
func (e *Evaluate) Tolerates() (rules []string) {
	if e.Absent == "skip" {
		rules = append(rules, schemas.UnknownQuery)
	}
	if e.NothingRelevant == "skip" {
		rules = append(rules, schemas.QueryWithoutJudged, schemas.QueryWithoutMatches)
	}
	return rules
}

// Outputs is a table of scores.
func (e *Evaluate) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("hits", in.Schema("hits"), "hits", schemas.QueryID, schemas.DocumentID, schemas.Score)
	if judged := in.Schema("judgments"); judged == nil || !judged.HasField(schemas.Score) {
		found = append(found, lacks("judgments", judged, "judgments", schemas.QueryID, schemas.DocumentID, schemas.Grade)...)
	}
	return Outputs{Tables: []schemas.TableType{{Name: "scores", Schema: schemas.Scores()}}}, found
}

// VariantOf is the name of the system whose hits have that name.
func (e *Evaluate) VariantOf(hits string) string { return cmp.Or(e.Variant, hits) }

// Run evaluates. Hits and judgments are held in memory.
func (e *Evaluate) Run(ctx context.Context, job Job) (*model.Model, error) {
	hits, _ := job.Table("hits")
	from, _ := job.Table("judgments")
	judged, err := readJudgments(ctx, from)
	if err != nil {
		return nil, err
	}
	runs, err := readHits(ctx, hits)
	if err != nil {
		return nil, err
	}
	if len(runs.languages) == 0 {
		return nil, fmt.Errorf("%s has no hits to measure", hits.Name)
	}
	e.Variant = e.VariantOf(hits.Name)
	out := job.Outputs["scores"]
	b := array.NewRecordBuilder(out.Allocator, schemas.Scores())
	defer b.Release()
	for _, language := range e.languages(runs, judged, out.Warn) {
		evaluation, err := e.measure(language, runs, judged, out.Warn)
		if err == nil {
			err = e.score(b, language, evaluation, job.Seed, out.Warn)
		}
		if err != nil {
			return nil, fmt.Errorf("queries in %s: %w", language, err)
		}
	}
	return nil, emitBuilt(out, b)
}

// languages are those of the queries that count.
func (e *Evaluate) languages(runs *hitTable, judged *judgments, warn func(string)) []string {
	if len(e.QueryLanguages) > 0 {
		return slices.Compact(slices.Sorted(slices.Values(e.QueryLanguages)))
	}
	for _, language := range judged.languages() {
		if !slices.Contains(runs.languages, language) {
			warn(fmt.Sprintf("queries in %s are judged, and none has hits: they are left out, unless query_languages names their language", language))
		}
	}
	return runs.languages
}

// pool lists the languages of the documents that were searched for queries in a language.
func (e *Evaluate) pool(language string, runs *hitTable, judged *judgments, warn func(string)) ([]string, error) {
	found := poolOf(runs.byQuery[language])
	if len(found) == 0 {
		found = poolOf(slices.Collect(maps.Values(runs.byQuery))...)
	}
	if len(e.DocumentLanguages) == 0 {
		if len(found) > 1 && judged.anyLanguage {
			warn(fmt.Sprintf("judgments that name no document language are taken to hold in %s, those that queries in %s found: name those that were searched in document_languages",
				strings.Join(found, ", "), language))
		}
		return found, nil
	}
	for _, l := range found {
		if !slices.Contains(e.DocumentLanguages, l) {
			return nil, fmt.Errorf("documents in %s were found, which document_languages does not name", l)
		}
	}
	return slices.Sorted(slices.Values(e.DocumentLanguages)), nil
}

// measure evaluates the queries of a language.
func (e *Evaluate) measure(language string, runs *hitTable, judged *judgments, warn func(string)) (*measure.Evaluation, error) {
	run := runs.byQuery[language]
	pool, err := e.pool(language, runs, judged, warn)
	if err != nil {
		return nil, err
	}
	prefixed := len(pool) > 1
	var measures []measure.Measure
	for _, name := range e.Measures {
		m, err := measure.Parse(name)
		if err != nil {
			return nil, err
		}
		prefixed = prefixed || m.Language != ""
		measures = append(measures, m.In(pool)...)
	}
	if err := judged.meet(language, run); err != nil {
		return nil, err
	}
	evaluation := measure.New(measures, measure.Options{Level: e.Level, SkipAbsent: e.Absent == "skip", SkipNothingRelevant: e.NothingRelevant == "skip", Ties: true})
	queries := judged.queries(language, run)
	if len(queries) == 0 {
		return nil, errors.New("none is judged, and none has hits")
	}
	if absent := len(queries) - len(run); absent > 0 && e.Absent == "zero" {
		warn(fmt.Sprintf("%d of the %d queries in %s have no hits and count as 0: absent: skip leaves them out", absent, len(queries), language))
	}
	for _, query := range queries {
		hits, grades, err := judged.of(language, query, run[query], pool, prefixed)
		if err != nil {
			return nil, err
		}
		if _, err := evaluation.Add(query, hits, grades); err != nil {
			return nil, err
		}
	}
	return evaluation, nil
}

// score appends the rows of one query language: the means, then the queries.
func (e *Evaluate) score(b *array.RecordBuilder, language string, evaluation *measure.Evaluation, seed uint64, warn func(string)) error {
	summaries, err := evaluation.Summaries(e.Samples, seed)
	if err != nil {
		return err
	}
	for _, s := range summaries {
		if s.Unsettled() {
			warn(fmt.Sprintf("%s of %s of queries in %s is %.4f, and from %.4f to %.4f in other orders of documents with equal scores: score them more finely, or say so",
				s.Measure, e.Variant, language, s.Mean, s.TieLow, s.TieHigh))
		}
		e.append(b, language, s.Measure, nil, s.Queries, s.Mean, s.Low, s.High, s.TieLow, s.TieHigh)
	}
	queries, err := evaluation.Queries()
	if err != nil {
		return err
	}
	for _, q := range queries {
		for i, s := range summaries {
			e.append(b, language, s.Measure, &q.Query, 1, q.Values[i], q.Values[i], q.Values[i], q.TieLow[i], q.TieHigh[i])
		}
	}
	return nil
}

// append appends a row; numbers are its value, the interval's ends and the extremes over ties.
func (e *Evaluate) append(b *array.RecordBuilder, language string, m measure.Measure, query *string, queries int, numbers ...float64) {
	appendText(b.Field(0), e.Variant)
	if e.TrainingSeed == nil {
		b.Field(1).AppendNull()
	} else {
		b.Field(1).(*array.Int64Builder).Append(*e.TrainingSeed)
	}
	appendTextOrNull(b.Field(2), e.Scoring)
	appendText(b.Field(3), language)
	appendText(b.Field(4), m.String())
	if query == nil {
		b.Field(5).AppendNull()
	} else {
		appendText(b.Field(5), *query)
	}
	for i, x := range numbers {
		if math.IsNaN(x) {
			b.Field(6 + i).AppendNull()
		} else {
			b.Field(6 + i).(*array.Float64Builder).Append(x)
		}
	}
	b.Field(6 + len(numbers)).(*array.Int32Builder).Append(int32(queries))
}

// A foundDocument is a hit with its document's language.
type foundDocument struct {
	language, id string
	score        float64
}

// hitTable is a table of hits in memory.
type hitTable struct {
	languages []string                              // of queries, sorted
	byQuery   map[string]map[string][]foundDocument // by query language, then query
}

func readHits(ctx context.Context, t schemas.Table) (*hitTable, error) {
	h := &hitTable{byQuery: map[string]map[string][]foundDocument{}}
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		queryLanguage, query := texts(batch, schemas.QueryLanguage), texts(batch, schemas.QueryID)
		language, id := texts(batch, schemas.DocumentLanguage), texts(batch, schemas.DocumentID)
		score := column[*array.Float64](batch, schemas.Score)
		for i := range int(batch.NumRows()) {
			if math.IsNaN(score.Value(i)) {
				return nil, fmt.Errorf("hit of query %q: the score of document %q is not a number", query.Value(i), id.Value(i))
			}
			ql := queryLanguage.Value(i)
			if h.byQuery[ql] == nil {
				h.byQuery[clone(ql)] = map[string][]foundDocument{}
				h.languages = append(h.languages, clone(ql))
			}
			q := clone(query.Value(i))
			h.byQuery[ql][q] = append(h.byQuery[ql][q], foundDocument{clone(language.Value(i)), clone(id.Value(i)), score.Value(i)})
		}
	}
	slices.Sort(h.languages)
	return h, nil
}
