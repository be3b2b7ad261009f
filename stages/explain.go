package stages

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Explain aligns sample pairs token by token, as `ferry explain` does two texts: the teacher embeds the source text, the student
// the target, their mean is subtracted, and the transport plan between their content tokens is what the loss ot of distill
// pulls together. The sink report draws the plans; those of a student before and after training show what it learned.
type Explain struct {
	// From names a table of pairs.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Student reads the target texts.
	Student schemas.ModelRef `yaml:"student" ferry:"required"`
	// Teacher reads the source texts; the student unless said otherwise.
	Teacher schemas.ModelRef `yaml:"teacher"`
	// Pairs is the number of pairs of each target language, the first ones.
	Pairs int `yaml:"pairs"`
	// Prefix is put before every text, such as "query: ". Its tokens are not aligned.
	Prefix string `yaml:"prefix"`
	// MaxTokens is the longest input, special tokens included; what is longer is cut. A plan has a row for each pair of tokens.
	MaxTokens int `yaml:"max_tokens"`
	Transport
}

// NewExplain returns an Explain with its defaults: a pair of each language, and plans as distill takes them.
func NewExplain() *Explain { return &Explain{Pairs: 1, MaxTokens: 64, Transport: NewTransport()} }

// Validate checks the keys.
func (e *Explain) Validate() []schemas.Mistake {
	found := mistakes(e.Transport.Validate())
	found.when(e.Pairs < 1, "pairs", "at least 1", e.Pairs)
	found.when(e.MaxTokens < 1, "max_tokens", "at least 1", e.MaxTokens)
	found.when(e.Marginals != train.Uniform, "marginals", "uniform, which explain has alone", e.Marginals)
	return found
}

// Outputs is the plans.
func (e *Explain) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("from", in.Schema("from"), "pairs", schemas.SourceText, schemas.TargetText)
	teacher, taught := in.Models["teacher"]
	student, ok := in.Models["student"]
	if taught && ok && teacher.Config.Width() != student.Config.Width() {
		found = append(found, schemas.Mistake{Key: "student", Problem: fmt.Sprintf("the student's vectors have %d dimensions, the teacher's %d; they must be equal",
			student.Config.Width(), teacher.Config.Width())})
	}
	for _, key := range []string{"teacher", "student"} {
		found = append(found, tooLong(in, key, e.MaxTokens)...)
	}
	return Outputs{Tables: []schemas.TableType{{Name: "plans", Schema: schemas.Plans()}}}, found
}

// Run aligns the pairs. One without content tokens on a side is dropped, one whose plan cannot be found goes to quarantine, and
// the next of its language takes its place.
func (e *Explain) Run(ctx context.Context, job Job) (*model.Model, error) {
	teacher, student, out := job.Models["teacher"], job.Models["student"], job.Outputs["plans"]
	if teacher == nil {
		teacher = student
	}
	b := array.NewRecordBuilder(out.Allocator, schemas.Plans())
	defer b.Release()
	aligned := map[string]int{} // pairs of each target language
	from, _ := job.Table("from")
	row := int64(1) // that the batch begins with
	return nil, eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			value := func(name string) string { return texts(batch, name).Value(i) }
			language, id := clone(value(schemas.TargetLanguage)), value(schemas.ID)
			if aligned[language] == e.Pairs {
				continue
			}
			a, err := e.Align(ctx, teacher, student, value(schemas.SourceText), value(schemas.TargetText), e.Prefix, e.MaxTokens)
			if errors.Is(err, model.ErrNoContent) {
				out.Drop("no_content", 1)
				continue
			}
			if reason, why := e.unaligned(a, err); reason != "" {
				err = out.Reject(schemas.Rejected{Path: from.Name, Line: row + int64(i), Offset: -1, Reason: reason,
					Detail: fmt.Sprintf("%s in %s: %s", id, language, why), Raw: []byte(value(schemas.SourceText) + "\t" + value(schemas.TargetText))})
				if err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return fmt.Errorf("aligning pair %s in %s: %w", id, language, err)
			}
			aligned[language]++
			for range a.Plan {
				for field, name := range []string{id, value(schemas.SourceLanguage), language} {
					appendText(b.Field(field), name)
				}
			}
			appendPlan(b.Fields()[3:], a)
			if err := emitBuilt(out, b); err != nil {
				return err
			}
		}
		row += batch.NumRows()
		return nil
	})
}

// unaligned returns for what reason, and in more words, a pair's plan is of no use; empty if it is.
func (e *Explain) unaligned(a model.Alignment, err error) (reason, why string) {
	switch {
	case errors.Is(err, model.ErrNotFinite):
		return notFinite, err.Error()
	case err == nil && !a.Report.Converged:
		return "not_converged", fmt.Sprintf("the plan's marginals are off by %.2g after %d iterations: raise iterations, epsilon or tolerance", a.Report.MarginalError, a.Report.Iterations)
	}
	return "", ""
}

// appendPlan appends a plan to builders of the columns of schemas.Plan.
func appendPlan(b []array.Builder, a model.Alignment) {
	n := len(a.Target)
	for _, k := range a.Strongest() {
		b[0].(*array.Int32Builder).Append(int32(k / n))
		b[1].(*array.Int32Builder).Append(int32(k % n))
		appendText(b[2], a.Source[k/n])
		appendText(b[3], a.Target[k%n])
		b[4].(*array.Float64Builder).Append(float64(a.Plan[k]))
		b[5].(*array.Float64Builder).Append(float64(a.Costs[k]))
	}
}

// PlanTable is the plan of an alignment as a table.
func PlanTable(a model.Alignment) schemas.Table {
	return schemas.Table{Schema: schemas.Plan(), Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Plan())
			defer b.Release()
			appendPlan(b.Fields(), a)
			batch := b.NewRecordBatch()
			defer batch.Release()
			yield(batch, nil)
		}
	}}
}
