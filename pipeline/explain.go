package pipeline

import (
	"context"
	"io"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/stages"
)

// ExplainOptions say which texts are aligned, and how. NewExplainOptions has the defaults.
type ExplainOptions struct {
	Teacher, Student string // folders of models or hf://owner/name; no teacher means the student
	Source, Target   string // texts
	Prefix           string // put before both
	MaxTokens        int    // longer texts are cut
	Offline          bool   // models of the hub must be in the cache
	stages.Transport
}

// NewExplainOptions returns options for a model and two texts, which takes plans as the stage distill does.
func NewExplainOptions(student, source, target string) ExplainOptions {
	return ExplainOptions{Student: student, Source: source, Target: target, MaxTokens: 128, Transport: stages.NewTransport()}
}

// Explained is the alignment of two texts.
type Explained struct{ alignment model.Alignment }

// Explain aligns two texts by the transport plan between their tokens.
func Explain(ctx context.Context, o ExplainOptions) (Explained, error) {
	for _, m := range o.Validate() {
		return Explained{}, m
	}
	student, err := openPretrained(ctx, o.Student, o.Offline)
	if err != nil {
		return Explained{}, err
	}
	teacher := student
	if o.Teacher != "" {
		if teacher, err = openPretrained(ctx, o.Teacher, o.Offline); err != nil {
			return Explained{}, err
		}
	}
	a, err := o.Align(ctx, teacher, student, o.Source, o.Target, o.Prefix, o.MaxTokens)
	return Explained{a}, err
}

// openPretrained opens a model that is named on the command line, a folder or hf://owner/name.
func openPretrained(ctx context.Context, path string, offline bool) (*model.Model, error) {
	p := sources.NewPretrained()
	if p.Path = schemas.Path(path); offline {
		p.GoOffline()
	}
	return p.Open(ctx, 0, func(int64, int64) {})
}

// Write draws the alignment for a terminal.
func (e Explained) Write(w io.Writer) error { return sinks.WriteAlignment(w, e.alignment) }

// WriteParquet writes its plan to a file.
func (e Explained) WriteParquet(ctx context.Context, path string) error {
	return sinks.WriteParquet(ctx, path, stages.PlanTable(e.alignment))
}
