package stages

import (
	"context"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Train makes a retriever of an encoder: it learns to place a query near a document that is judged relevant to it, or that a
// triple names as such, and away from the other documents of its batch (loss contrastive). Triples add hard negatives.
// Documents that are relevant to a query are never its negatives: neither the one that it learns from, whatever sample it
// comes with, nor others that judgments or triples name. Trained on one language, the model is the teacher for distill.
//
// With a teacher, the loss score_kl compares how a query's own document and hard negatives score: it is the
// Kullback-Leibler divergence of the model's scores from the teacher's, each made a distribution by its temperature.
// The teacher may read the same texts, by id, in another language, and have other dimensions.
//
// Texts that no sample needs are not kept: memory is that of max_samples, about 1 KB each, and of the judgments.
type Train struct {
	// Model is where training starts.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// Queries names a table of queries.
	Queries schemas.TableRef `yaml:"queries" ferry:"required"`
	// Documents names a table of documents.
	Documents schemas.TableRef `yaml:"documents" ferry:"required"`
	// Judgments names a table of judgments. Beside triples, they say which documents are no negatives.
	Judgments schemas.TableRef `yaml:"judgments"`
	// Triples names a table of triples, as mmarco offers and mine makes. Every query that has one is a sample in each of its
	// languages, with a document in a language drawn by chance where there are several; negatives then have the same one.
	Triples schemas.TableRef `yaml:"triples"`
	// Negatives is the number of hard negatives of a sample, drawn by chance among those that triples have for it.
	Negatives int `yaml:"negatives"`
	// MaxSamples is the number of samples, a query with a document each, to learn from at most; of more, they are drawn by chance.
	MaxSamples int `yaml:"max_samples"`
	// Grade is the smallest grade that makes a document one to learn from.
	Grade int32 `yaml:"grade"`
	// Positives is the number of judged documents to learn from for each query, spread evenly over those that qualify.
	Positives int `yaml:"positives"`
	// QueryPrefix is put before every query.
	QueryPrefix string `yaml:"query_prefix"`
	// DocumentPrefix is put before every document.
	DocumentPrefix string `yaml:"document_prefix"`
	// MaxTokens is the longest input, special tokens included; what is longer is cut. 0 means as long as the model allows.
	MaxTokens int `yaml:"max_tokens"`
	// Losses are the weights of the losses: contrastive, score_kl.
	Losses map[string]float64 `yaml:"losses"`
	TeacherScores
	Training
}

// NewTrain returns a Train with its defaults.
func NewTrain() *Train {
	return &Train{Grade: 1, Positives: 1, Negatives: 1, MaxSamples: 1_000_000, Losses: map[string]float64{train.ContrastiveLoss: 1},
		TeacherScores: newTeacherScores(), Training: newTraining()}
}

// Validate checks the keys.
func (t *Train) Validate() []schemas.Mistake {
	found := mistakes(t.Training.Validate())
	found.when(t.Positives < 1, "positives", "at least 1", t.Positives)
	found.when(t.Negatives < 1, "negatives", "at least 1", t.Negatives)
	found.when(t.MaxSamples < 1, "max_samples", "at least 1", t.MaxSamples)
	found.when(t.MaxTokens < 0, "max_tokens", "at least 1", t.MaxTokens)
	if t.Judgments == "" && t.Triples == "" {
		found = append(found, schemas.Mistake{Key: "judgments", Problem: "is missing; judgments or triples say what to learn"})
	}
	found = append(found, weightMistakes(t.Losses, train.ContrastiveLoss, train.ScoreKL)...)
	if t.Losses[train.ScoreKL] > 0 && t.Triples == "" {
		found = append(found, schemas.Mistake{Key: "losses.score_kl", Problem: "needs triples, whose documents it compares"})
	}
	return append(found, t.TeacherScores.validate(t.Losses[train.ScoreKL] > 0)...)
}

// TrainsOn names the keys of what is learned from, and of the queries that the weights are chosen by.
func (t *Train) TrainsOn() []string { return []string{"queries", "documents", DevQueries} }

// Outputs is the model, trained, and the training table.
func (t *Train) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("queries", in.Schema("queries"), "queries", schemas.Language, schemas.ID, schemas.Text)
	found = append(found, lacks("documents", in.Schema("documents"), "documents", schemas.Language, schemas.ID, schemas.Text)...)
	found = append(found, lacks("judgments", in.Schema("judgments"), "judgments", schemas.QueryID, schemas.DocumentID, schemas.Grade)...)
	found = append(found, lacks("triples", in.Schema("triples"), "triples", schemas.PositiveID, schemas.NegativeID, schemas.NegativeLanguage)...)
	found = append(found, t.TeacherScores.lacks(in)...)
	found = append(found, append(t.Dev.lacks(in), t.tooWide(in, "model")...)...)
	info := in.Models["model"]
	found = append(found, tooLong(in, "model", t.MaxTokens)...)
	return Outputs{Tables: []schemas.TableType{{Name: trainingTable, Schema: t.schema(sortedNames(t.Losses)...)}}, Model: &info}, found
}

// Run trains. The texts of the samples are held in memory, as token ids.
func (t *Train) Run(ctx context.Context, job Job) (*model.Model, error) {
	m := job.Models["model"]
	samples, judged, err := t.samples(ctx, job)
	if err != nil {
		return nil, err
	}
	c := train.NewContrastive()
	if err := t.read(ctx, job, samples, &c); err != nil {
		return nil, err
	}
	c.Masked = newAnswering(samples, judged).masked
	c.Temperature, c.TeacherTemperature, c.Losses = t.Temperature, t.TeacherTemperature, nil
	for _, name := range sortedNames(t.Losses) {
		c.Losses = append(c.Losses, train.Loss{Name: name, Weight: t.Losses[name]})
	}
	if t.Losses[train.ScoreKL] > 0 {
		if c.TeacherScores, err = t.TeacherScores.scores(ctx, job, samples, 1+len(c.Negatives)); err != nil {
			return nil, err
		}
	}
	return t.run(ctx, job, m, nil, c, sortedNames(t.Losses))
}

// read tokenizes the texts of the samples. A sample with fewer negatives than others has its document once more in their
// place, which is masked.
func (t *Train) read(ctx context.Context, job Job, samples []sample, c *train.Contrastive) error {
	sides := 1
	for _, s := range samples {
		sides = max(sides, len(s.documents))
	}
	queries, err := t.encode(ctx, job, "queries", t.QueryPrefix, samples, func(s sample) []textKey { return []textKey{s.query} })
	if err != nil {
		return err
	}
	documents, err := t.encode(ctx, job, "documents", t.DocumentPrefix, samples, func(s sample) []textKey { return s.documents })
	if err != nil {
		return err
	}
	c.Negatives = make([]train.Ragged, sides-1)
	for _, s := range samples {
		appendSequence(&c.Queries, queries[s.query])
		appendSequence(&c.Documents, documents[s.documents[0]])
		for k := range c.Negatives {
			document := s.documents[0]
			if k+1 < len(s.documents) {
				document = s.documents[k+1]
			}
			appendSequence(&c.Negatives[k], documents[document])
		}
	}
	return nil
}

// encode tokenizes the texts of a table that samples need.
func (t *Train) encode(ctx context.Context, job Job, key, prefix string, samples []sample, needed func(sample) []textKey) (map[textKey][]int32, error) {
	m := job.Models["model"]
	longest := m.MaxTokens
	if t.MaxTokens > 0 {
		longest = t.MaxTokens
	}
	all := map[textKey][]int32{}
	for _, s := range samples {
		for _, k := range needed(s) {
			all[k] = nil
		}
	}
	from, _ := job.Table(key)
	return all, eachText(ctx, from, func(k textKey, text string) {
		if known, ok := all[k]; ok && known == nil {
			all[k.clone()], _ = m.Tokenizer.EncodeTruncated(nil, prefix+text, longest)
		}
	})
}
