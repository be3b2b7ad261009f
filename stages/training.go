package stages

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Training are the keys that all kinds which train have.
type Training struct {
	// Epochs is the number of passes over the data; it may be a fraction.
	Epochs float64 `yaml:"epochs"`
	// Batch is the number of samples of an optimiser step.
	Batch int `yaml:"batch"`
	// BatchTokens is, above 0, the number of the student's tokens of which batches are made at most, of texts of about the
	// same length, in place of batches of so many samples.
	BatchTokens int `yaml:"batch_tokens"`
	// MicroBatch is the number of samples that go through the encoder together; gradients are summed over those of a batch.
	// It bounds memory. Batches of so many tokens are cut into batch / micro_batch parts.
	MicroBatch int `yaml:"micro_batch"`
	// LearningRate is the peak of the learning rate.
	LearningRate float64 `yaml:"learning_rate"`
	// Schedule is what becomes of the learning rate after the warm-up: linear and cosine fall to 0, constant stays.
	Schedule string `yaml:"schedule"`
	// Warmup is the share of the steps over which the learning rate rises.
	Warmup float64 `yaml:"warmup"`
	// LayerDecay is the learning rate of a layer relative to the one above it; the embeddings are the lowest layer.
	LayerDecay float64 `yaml:"layer_decay"`
	// WeightDecay is AdamW's.
	WeightDecay float64 `yaml:"weight_decay"`
	// ClipNorm is the longest gradient; 0 leaves all as they are.
	ClipNorm float64 `yaml:"clip_norm"`
	// FreezeEmbeddings keeps the embeddings as they are: faster, and less is forgotten.
	FreezeEmbeddings bool `yaml:"freeze_embeddings"`
	// FreezeLayers keeps so many of the lowest layers as they are.
	FreezeLayers int `yaml:"freeze_layers"`
	// Precision is that of the products with the weights of the model that learns: float32, or bf16, which is faster where
	// the processor has instructions for it (avx512_bf16). Weights stay float32.
	Precision string `yaml:"precision"`
	// Dropout is the probability that a number of the model that learns is left out of a step, in its embeddings, attention
	// and layers.
	Dropout float64 `yaml:"dropout"`
	// GradientCheckpointing takes a third more time and a fraction of the memory, for long texts and large models.
	GradientCheckpointing bool `yaml:"gradient_checkpointing"`
	// Temperature of the contrastive loss.
	Temperature float64 `yaml:"temperature"`
	Adapter
	Dev

	freezeProjection bool
}

func newTraining() Training {
	o := train.NewOptions()
	return Training{Epochs: o.Epochs, Batch: o.Batch, MicroBatch: o.MicroBatch, LearningRate: o.LearningRate, Schedule: o.Schedule,
		Warmup: o.Warmup, LayerDecay: o.LayerDecay, WeightDecay: o.WeightDecay, ClipNorm: o.ClipNorm, Precision: float32Name,
		Temperature: train.NewContrastive().Temperature, Adapter: newAdapter(), Dev: newDev()}
}

// Validate checks the keys.
func (t *Training) Validate() []schemas.Mistake {
	var found mistakes
	found.when(t.Epochs <= 0, "epochs", "above 0", t.Epochs)
	found.when(t.Batch < 1, "batch", "at least 1", t.Batch)
	found.when(t.BatchTokens < 0, "batch_tokens", "at least 0", t.BatchTokens)
	found.when(t.MicroBatch < 1, "micro_batch", "at least 1", t.MicroBatch)
	found.when(t.LearningRate <= 0 || t.LearningRate > 1, "learning_rate", "above 0 and at most 1", t.LearningRate)
	found.when(t.Warmup < 0 || t.Warmup > 1, "warmup", "between 0 and 1", t.Warmup)
	found.when(t.LayerDecay <= 0 || t.LayerDecay > 1, "layer_decay", "above 0 and at most 1", t.LayerDecay)
	found.when(t.WeightDecay < 0, "weight_decay", "at least 0", t.WeightDecay)
	found.when(t.ClipNorm < 0, "clip_norm", "at least 0", t.ClipNorm)
	found.when(t.Dropout < 0 || t.Dropout >= 1, "dropout", "at least 0 and below 1", t.Dropout)
	found.when(t.FreezeLayers < 0, "freeze_layers", "at least 0", t.FreezeLayers)
	found.when(t.Temperature <= 0, "temperature", "above 0", t.Temperature)
	found = append(found, oneOf("schedule", t.Schedule, train.Schedules...)...)
	found = append(found, oneOf("precision", t.Precision, float32Name, bf16Name)...)
	found = append(found, t.Adapter.validate()...)
	return append(found, t.Dev.validate()...)
}

// run trains a copy of m, from the last checkpoint on if there is one, and emits the training table. Where it is evaluated,
// documents go through the model of that name, or through m itself if that is nil.
func (t *Training) run(ctx context.Context, job Job, m, documents *model.Model, what train.Job, losses []string) (*model.Model, error) {
	dev, err := t.evaluator(ctx, job, m, documents)
	if err != nil {
		return nil, err
	}
	saved, err := job.Checkpoint.Open(ctx)
	if err != nil {
		return nil, err
	}
	// Nearly all memory is numbers that stay: a collection costs little, and waiting until as much again is in use a lot.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	table := newCurve(job, t.schema(losses...))
	defer table.release()
	o := t.options(job)
	o.Checkpoint = job.Checkpoint.Save
	if dev != nil {
		o.Evaluate, o.EvaluateEvery, o.Patience = dev.evaluate, t.EvaluateEvery, t.Patience
		if t.MaxForgetting != nil {
			o.Remembered, o.MaxForgetting = func() float64 { return dev.remembered }, *t.MaxForgetting
			o.RememberedName = fmt.Sprintf("%s of the dev_queries in %s", t.DevMeasure, t.SourceLanguage)
		}
	}
	if saved != nil {
		defer saved.Close()
		o.Resume = saved
	}
	trained := m.Encoder.CloneToTrain(o.Frozen)
	err = train.Run(ctx, trained, what, o, table.report)
	if errors.Is(err, train.ErrState) { // nothing is lost but time
		trained, o.Resume = m.Encoder.CloneToTrain(o.Frozen), nil
		err = train.Run(ctx, trained, what, o, table.report)
	}
	if err != nil {
		return nil, err
	}
	return m.With(trained), table.emit()
}

func (t *Training) options(job Job) train.Options {
	adapter := t.Adapter.options()
	frozen := adapter.Freeze(encoder.Frozen{Embeddings: t.FreezeEmbeddings, Layers: t.FreezeLayers, Projection: t.freezeProjection})
	return train.Options{Epochs: t.Epochs, Batch: t.Batch, BatchTokens: t.BatchTokens, MicroBatch: t.MicroBatch, LearningRate: t.LearningRate,
		Schedule: t.Schedule, Warmup: t.Warmup, LayerDecay: t.LayerDecay, WeightDecay: t.WeightDecay, ClipNorm: t.ClipNorm,
		Frozen: frozen, Adapter: adapter, Precision: precisions[t.Precision], Dropout: t.Dropout,
		GradientCheckpointing: t.GradientCheckpointing, Seed: job.Seed, Workers: job.Workers}
}

// A curve is the training table while it is being made.
type curve struct {
	job   Job
	b     *array.RecordBuilder
	value string // of the last evaluation, as it is shown
}

func newCurve(job Job, schema *arrow.Schema) *curve {
	return &curve{job: job, b: array.NewRecordBuilder(job.Outputs[trainingTable].Allocator, schema)}
}

// schema is that of the training table.
func (t *Training) schema(losses ...string) *arrow.Schema {
	if t.MaxForgetting != nil {
		return schemas.TrainingRemembered(losses...)
	}
	return schemas.Training(losses...)
}

func (c *curve) release() { c.b.Release() }

// report adds a step's row and shows progress.
func (c *curve) report(r train.Record) error {
	c.b.Field(0).(*array.Int32Builder).Append(int32(r.Step))
	numbers := append([]float64{r.Epoch, r.Loss}, r.Losses...)
	numbers = append(numbers, r.LearningRate, r.GradientNorm, r.SolverIterations, r.MarginalError)
	for i, x := range numbers {
		c.b.Field(1 + i).(*array.Float64Builder).Append(x)
	}
	c.b.Field(1 + len(numbers)).(*array.Int32Builder).Append(int32(r.NotConverged))
	message := fmt.Sprintf("steps, loss %.4f", r.Loss)
	if r.Evaluated {
		c.value = fmt.Sprintf(", value %.4f", r.Value)
	}
	for i, field := range c.b.Fields()[2+len(numbers):] { // the value, and what is remembered if the table has it
		if value := field.(*array.Float64Builder); r.Evaluated {
			value.Append([]float64{r.Value, r.Remembered}[i])
		} else {
			value.AppendNull()
		}
	}
	for _, warning := range r.Warnings {
		c.job.Outputs[trainingTable].Warn(warning)
	}
	c.job.Progress(int64(r.Step), int64(r.Steps), message+c.value)
	if c.job.Trained != nil {
		c.job.Trained(r.Loss)
	}
	return nil
}

// emit emits the table.
func (c *curve) emit() error {
	return emitBuilt(c.job.Outputs[trainingTable], c.b)
}

const trainingTable = "training"

// weightMistakes tells what is wrong with the weights of losses, of which there are those of the names.
func weightMistakes(losses map[string]float64, names ...string) []schemas.Mistake {
	var found mistakes
	sum := 0.0
	for _, name := range sortedNames(losses) {
		for _, m := range oneOf("losses."+name, name, names...) {
			found = append(found, schemas.Mistake{Key: m.Key, Problem: "a loss " + m.Problem})
		}
		found.when(losses[name] < 0, "losses."+name, "at least 0", losses[name])
		sum += losses[name]
	}
	if sum <= 0 {
		found = append(found, schemas.Mistake{Key: "losses", Problem: "needs a weight above 0"})
	}
	return found
}

// sortedNames are the names of a map in order.
func sortedNames(m map[string]float64) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// appendSequence adds one text's ids to a ragged batch.
func appendSequence(to *train.Ragged, ids []int32) {
	if len(to.Offsets) == 0 {
		to.Offsets = append(to.Offsets, 0)
	}
	to.IDs = append(to.IDs, ids...)
	to.Offsets = append(to.Offsets, int32(len(to.IDs)))
}
