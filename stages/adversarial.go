package stages

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Adversarial takes out of a model's sentence vectors which language a text is in, so that texts of all languages share one
// space; before or after distillation, or alone. A linear discriminator learns to tell the languages apart, also from vectors
// of past batches, and the model learns to make it fail. An anchor holds the model to where it placed texts in the beginning.
// Texts need not be translations of each other.
//
// The training table has the columns discriminator (its cross-entropy; the logarithm of the number of languages where it knows
// nothing), discriminator_accuracy (on texts it has not learned from yet) and anchor.
type Adversarial struct {
	// From names tables of documents, queries or pairs, in two languages or more together. Titles are not read.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Model is where training starts.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// Adversary is what the model learns from: confusion pulls the discriminator's guess towards a uniform one, reversal is
	// the discriminator's gradient reversed, which overshoots unless lambda is small.
	Adversary string `yaml:"adversary"`
	// Lambda is the weight of that.
	Lambda float64 `yaml:"lambda"`
	// LambdaWarmup is the share of the steps over which lambda rises from 0, in which the discriminator learns.
	LambdaWarmup float64 `yaml:"lambda_warmup"`
	// Queue is the number of past vectors that the discriminator learns from with every batch.
	Queue int `yaml:"queue"`
	// DiscriminatorRate is the learning rate of the discriminator relative to the model's, which it has to keep up with.
	DiscriminatorRate float64 `yaml:"discriminator_rate"`
	// Anchor is the weight of the squared distance between a text's vector, scaled to length 1, and what the model made of it
	// in the beginning.
	Anchor float64 `yaml:"anchor"`
	// Pivot is the language whose texts alone are anchored, such as that of the documents; without it those of all languages are.
	Pivot string `yaml:"pivot"`
	// Prefix is put before every text, such as "query: ".
	Prefix string `yaml:"prefix"`
	// MaxTokens is the longest input, special tokens included; what is longer is cut. 0 means as long as the model allows.
	MaxTokens int `yaml:"max_tokens"`
	Training
}

// NewAdversarial returns an Adversarial with its defaults.
func NewAdversarial() *Adversarial {
	a := train.NewAdversarial(nil)
	return &Adversarial{Adversary: a.Adversary, Lambda: a.Lambda, LambdaWarmup: a.LambdaWarmup, Queue: a.Queue, DiscriminatorRate: a.Rate, Anchor: a.Anchor, Training: newTraining()}
}

// Validate checks the keys.
func (a *Adversarial) Validate() []schemas.Mistake {
	found := mistakes(a.Training.Validate())
	found.when(a.Lambda < 0, "lambda", "at least 0", a.Lambda)
	found.when(a.LambdaWarmup < 0 || a.LambdaWarmup > 1, "lambda_warmup", "between 0 and 1", a.LambdaWarmup)
	found.when(a.Queue < 0 || a.Queue > train.MaxQueue, "queue", fmt.Sprintf("between 0 and %d", train.MaxQueue), a.Queue)
	found.when(a.DiscriminatorRate <= 0, "discriminator_rate", "above 0", a.DiscriminatorRate)
	found.when(a.Anchor < 0, "anchor", "at least 0", a.Anchor)
	found.when(a.MaxTokens < 0, "max_tokens", "at least 0", a.MaxTokens)
	return append(found, oneOf("adversary", a.Adversary, train.Confusion, train.Reversal)...)
}

// TrainsOn names the keys of what is learned from, and of the queries that the weights are chosen by.
func (a *Adversarial) TrainsOn() []string { return []string{"from", DevQueries} }

var adversarialLosses = []string{train.DiscriminatorLoss, train.AnchorLoss, train.DiscriminatorAccuracy}

// Outputs is the model, trained, and the training table.
func (a *Adversarial) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := append(lackTexts(in.Tables["from"]), append(a.Dev.lacks(in), a.tooWide(in, "model")...)...)
	info := in.Models["model"]
	found = append(found, tooLong(in, "model", a.MaxTokens)...)
	return Outputs{Tables: []schemas.TableType{{Name: trainingTable, Schema: a.schema(adversarialLosses...)}}, Model: &info}, found
}

// Run trains. The token ids of all texts are held in memory, 4 bytes each.
func (a *Adversarial) Run(ctx context.Context, job Job) (*model.Model, error) {
	m := job.Models["model"]
	t := train.NewAdversarial(m.Encoder)
	t.Adversary, t.Lambda, t.LambdaWarmup, t.Queue, t.Rate, t.Anchor = a.Adversary, a.Lambda, a.LambdaWarmup, a.Queue, a.DiscriminatorRate, a.Anchor
	if err := a.read(ctx, job, &t); err != nil {
		return nil, err
	}
	return a.run(ctx, job, m, nil, t, adversarialLosses)
}

// read tokenizes the texts and numbers their languages in the order of their names.
func (a *Adversarial) read(ctx context.Context, job Job, t *train.Adversarial) error {
	m, limit, names := job.Models["model"], job.Models["model"].MaxTokens, []string(nil)
	if a.MaxTokens > 0 {
		limit = a.MaxTokens
	}
	err := eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error {
		for _, side := range textSides(batch.Schema()) {
			list, languages := texts(batch, side.text), texts(batch, side.language)
			for i := range list.Len() {
				ids, _ := m.Tokenizer.EncodeTruncated(nil, a.Prefix+list.Value(i), limit)
				appendSequence(&t.Texts, ids)
				names = append(names, clone(languages.Value(i)))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	numbers := map[string]int32{}
	for _, name := range names {
		numbers[name] = 0
	}
	sorted := slices.Sorted(maps.Keys(numbers))
	for i, name := range sorted {
		numbers[name] = int32(i)
	}
	for _, name := range names {
		t.Languages = append(t.Languages, numbers[name])
	}
	if len(sorted) < 2 {
		return fmt.Errorf("the texts of from are in %d languages, %s: a discriminator needs two or more to tell apart", len(sorted), strings.Join(sorted, ", "))
	}
	if a.Pivot != "" {
		pivot, ok := numbers[a.Pivot]
		if !ok {
			return fmt.Errorf("no text is in the pivot %q: there are %s", a.Pivot, strings.Join(sorted, ", "))
		}
		t.Pivot = pivot
	}
	return nil
}
