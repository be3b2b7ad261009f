package stages

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Distill teaches a multilingual student to place a sentence's tokens, and those of its translation, where a frozen monolingual
// teacher has the sentence's. Bitext is all it needs. The losses, each with its weight: ot transports the teacher's
// content tokens to the student's (cosine cost, the plan held constant); greedy sends each to its nearest;
// pooled_mse compares sentence vectors, and so does pooled_cosine, which is half of it; contrastive sets a translation against the others of its batch.
type Distill struct {
	// From names a table of pair_tokens, as tokenize makes.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Preset sets the keys that are not written: optical-like or make-multilingual-like, after the methods of those names. The
	// values are ours.
	Preset string `yaml:"preset"`
	// Teacher stays as it is.
	Teacher schemas.ModelRef `yaml:"teacher" ferry:"required"`
	// Teachers are more teachers, of the same tokenizer and space as the first one: what was made of one model for several
	// domains. A text is taught by the mean of what all make of it, each weighed by how surely it tells that text from others.
	Teachers []schemas.ModelRef `yaml:"teachers"`
	// Student is where training starts.
	Student schemas.ModelRef `yaml:"student" ferry:"required"`
	// Sides are what the student is to encode: queries, while the documents stay with the teacher, or both. With both, the
	// contrastive loss sets translations against the student's own source texts, and the student embeds dev_documents itself.
	Sides string `yaml:"sides"`
	// Losses are the weights of the losses: ot, greedy, pooled_cosine, pooled_mse, contrastive.
	Losses map[string]float64 `yaml:"losses"`
	// Centre subtracts the teacher's mean token vector from both sides before tokens are compared.
	Centre bool `yaml:"centre"`
	// Projection is a linear layer at the end of the student, which leads into the teacher's space and stays with the student:
	// none; procrustes, a rotation, scale and shift fitted to the sentence vectors of the pairs' source texts and held fixed; or
	// learnt, which begins as that and is trained with the student. A teacher of another width needs one, and one of another
	// family should have one.
	Projection string `yaml:"projection"`
	Transport
	Training
}

// The values of projection.
const (
	projectionNone       = "none"
	projectionProcrustes = "procrustes"
	projectionLearnt     = "learnt"
)

// The values of sides.
const (
	sidesQueries = "queries"
	sidesBoth    = "both"
)

// NewDistill returns a Distill with its defaults: the loss ot alone, centred, epsilon 0.02.
func NewDistill() *Distill {
	return &Distill{Sides: sidesQueries, Losses: map[string]float64{train.OT: 1}, Centre: true, Projection: projectionNone, Transport: NewTransport(), Training: newTraining()}
}

var lossNames = []string{train.OT, train.Greedy, train.PooledCosine, train.PooledMSE, train.ContrastiveLoss}

// Validate checks the keys.
func (d *Distill) Validate() []schemas.Mistake {
	found := append(d.Training.Validate(), d.Transport.Validate()...)
	found = append(found, oneOf("projection", d.Projection, projectionNone, projectionProcrustes, projectionLearnt)...)
	found = append(found, oneOf("sides", d.Sides, sidesQueries, sidesBoth)...)
	found = append(found, oneOf("preset", d.Preset, "", opticalLike, makeMultilingualLike)...)
	for i, name := range d.Teachers {
		if name == d.Teacher || slices.Contains(d.Teachers[:i], name) {
			found = append(found, schemas.Mistake{Key: "teachers", Problem: fmt.Sprintf("%s teaches twice", name)})
		}
	}
	if d.Sides == sidesBoth && d.onlyContrastive() {
		found = append(found, schemas.Mistake{Key: "losses", Problem: "the contrastive loss between both sides leaves the teacher out; give another loss a weight too"})
	}
	return append(found, weightMistakes(d.Losses, lossNames...)...)
}

// onlyContrastive tells whether no other loss has a weight.
func (d *Distill) onlyContrastive() bool {
	for name, weight := range d.Losses {
		if name != train.ContrastiveLoss && weight > 0 {
			return false
		}
	}
	return d.Losses[train.ContrastiveLoss] > 0
}

// TaughtBy names the teachers, in whose space the student's vectors are to be.
func (d *Distill) TaughtBy() []string {
	keys := []string{"teacher"}
	for i := range d.Teachers {
		keys = append(keys, teacherKey(i))
	}
	return keys
}

// TrainsOn names the keys of what is learned from, and of the queries that the weights are chosen by.
func (d *Distill) TrainsOn() []string { return []string{"from", DevQueries} }

// Outputs is the student, trained, and the training table.
func (d *Distill) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("from", in.Schema("from"), "pair_tokens", schemas.TeacherIDs, schemas.StudentSourceIDs, schemas.StudentTargetIDs)
	found = append(found, append(d.Dev.lacks(in), d.tooWide(in, "student")...)...)
	teacher, ok := in.Models["teacher"]
	student, both := in.Models["student"]
	if ok && both {
		found = append(found, d.differing(in, teacher)...)
		found = append(found, d.project(teacher, &student)...)
	}
	return Outputs{Tables: []schemas.TableType{{Name: trainingTable, Schema: d.schema(sortedNames(d.Losses)...)}}, Model: &student}, found
}

// project gives the student's Info the projection that it will have.
func (d *Distill) project(teacher model.Info, student *model.Info) []schemas.Mistake {
	width, ours := teacher.Config.Width(), student.Config.Width()
	switch {
	case d.Projection == projectionNone && width != ours:
		return []schemas.Mistake{{Key: "student", Problem: fmt.Sprintf("the student's vectors have %d dimensions, the teacher's %d; projection: procrustes or learnt leads from one to the other", ours, width)}}
	case d.Projection == projectionNone:
		return nil
	case student.Config.Projection > 0:
		return []schemas.Mistake{{Key: "projection", Problem: "the student has one already; leave this out to train it on"}}
	case student.Pooling == model.Max:
		return []schemas.Mistake{{Key: "projection", Problem: "the student pools by max, which a projection may not follow"}}
	}
	student.Config.Projection = width
	return nil
}

// Run trains. The token ids of all pairs are held in memory, 4 bytes each.
func (d *Distill) Run(ctx context.Context, job Job) (*model.Model, error) {
	teacher, student := job.Models["teacher"], job.Models["student"]
	t := train.NewDistill()
	from, _ := job.Table("from")
	t.TeacherContent, t.StudentContent = contentOf(teacher, from.Schema), contentOf(student, from.Schema)
	ids, err := d.read(ctx, job, &t)
	if err != nil {
		return nil, err
	}
	if err := warnOfShifts(ctx, job, student.Encoder, t, ids); err != nil {
		return nil, err
	}
	t.Teacher, t.BothSides = teacher.Encoder, d.Sides == sidesBoth
	if err := d.gather(job, &t); err != nil {
		return nil, err
	}
	if d.Projection != projectionNone {
		weight, bias, err := train.Procrustes(ctx, t.Teacher, student.Encoder, t.TeacherIDs, t.StudentSource, job.Workers)
		if err != nil {
			return nil, err
		}
		student = student.With(student.Encoder.WithProjection(weight, bias))
		d.freezeProjection = d.Projection == projectionProcrustes
	}
	t.Solve, t.Solver, t.Marginals = solvers[d.Solver], d.Transport.solver(), d.Marginals
	t.Temperature = d.Temperature
	t.Losses = nil
	for _, name := range sortedNames(d.Losses) {
		t.Losses = append(t.Losses, train.Loss{Name: name, Weight: d.Losses[name]})
	}
	if d.Centre && (d.Losses[train.OT] > 0 || d.Losses[train.Greedy] > 0) {
		if t.Centre, err = centreOf(ctx, t, job.Workers); err != nil {
			return nil, err
		}
	}
	documents := teacher
	if d.Sides == sidesBoth {
		documents = nil
	}
	return d.run(ctx, job, student, documents, t, sortedNames(d.Losses))
}

// contentOf tells which tokens of a tokenized table are content: not the special ones, nor those of the table's prefix.
func contentOf(m *model.Model, tokens *arrow.Schema) train.Content {
	prefix := schemas.PrefixOf(tokens)
	return train.Content{Special: m.Tokenizer.IsSpecial, Prefix: m.PrefixTokens(prefix)}
}

// read gathers the pairs and returns their ids. One without any content on a side has nothing to align and is dropped.
func (d *Distill) read(ctx context.Context, job Job, t *train.Distill) (ids []string, err error) {
	from, _ := job.Table("from")
	dropped := int64(0)
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		columns := []*array.List{
			column[*array.List](batch, schemas.TeacherIDs), column[*array.List](batch, schemas.StudentSourceIDs), column[*array.List](batch, schemas.StudentTargetIDs),
		}
		for i := range int(batch.NumRows()) {
			if !hasContent(*t, columns, i) {
				dropped++
				continue
			}
			for c, to := range []*train.Ragged{&t.TeacherIDs, &t.StudentSource, &t.StudentTarget} {
				appendSequence(to, int32List(columns[c], i))
			}
			if from.Schema.HasField(schemas.TargetLanguage) {
				t.Languages = append(t.Languages, clone(texts(batch, schemas.TargetLanguage).Value(i)))
			}
			if from.Schema.HasField(schemas.ID) {
				ids = append(ids, clone(texts(batch, schemas.ID).Value(i)))
			}
		}
	}
	if dropped > 0 {
		job.Outputs[trainingTable].Drop("no_content", dropped)
	}
	if t.TeacherIDs.Sequences() == 0 {
		return nil, fmt.Errorf("%s has no pairs to learn from", from.Name)
	}
	if err := foreignIDs(from.Name, schemas.TeacherIDs, t.TeacherIDs, "teacher", job.Models["teacher"]); err != nil {
		return nil, err
	}
	return ids, foreignIDs(from.Name, schemas.StudentTargetIDs, t.StudentTarget, "student", job.Models["student"])
}

// hasContent tells whether each text of a row has content tokens.
func hasContent(t train.Distill, columns []*array.List, row int) bool {
	for c, which := range []train.Content{t.TeacherContent, t.StudentContent, t.StudentContent} {
		if which.Count(int32List(columns[c], row)) == 0 {
			return false
		}
	}
	return true
}
