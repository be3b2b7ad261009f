package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// A taught stage makes a model whose vectors are meant to be in the space of other models than the one that it begins with.
type taught interface {
	TaughtBy() []string // keys of these models
}

// ancestors are the models in whose space that of a stage is meant to be.
func ancestors(component any, models map[string]*model.Model) (all []*model.Model) {
	keys := []string{"model"}
	if t, ok := component.(taught); ok {
		keys = t.TaughtBy()
	}
	for _, key := range keys {
		all = append(all, models[key])
	}
	return all
}

// lineage is that of the vectors which a unit makes out of texts; nil if it makes none.
func (c *cutting) lineage() []string {
	if _, ok := c.unit.step.component.(*stages.Embed); !ok {
		return nil
	}
	return c.job.Models["model"].Lineage()
}

// lineage waits until a table is made, and tells of which models its vectors are, as model.Lineage does. It is nil for one without
// vectors, or if nobody noted it.
func (in input) lineage(ctx context.Context) ([]string, error) {
	maker := in.unit.maker()
	table, _ := in.find()
	switch {
	case in.model || !schemas.HasVectors(table.Schema):
		return nil, nil
	case maker.step.Section == "sources":
		return schemas.Lineage(table.Schema), nil
	case !maker.present && !maker.needed: // what was made of it is there
		return nil, nil
	}
	if err := until(ctx, maker.ready); err != nil {
		return nil, err
	}
	if maker.note.Lineage != nil {
		return maker.note.Lineage, nil
	}
	var all []string
	for _, from := range maker.inputs {
		lineage, err := from.lineage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, lineage...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// prefix is what stood before the texts that the vectors in an edge's table are of; empty if nothing did, or nobody noted it.
func (e *edge) prefix() string {
	table, ok := e.find()
	if e.model || !ok || !schemas.HasVectors(table.Schema) {
		return ""
	}
	if c, ok := e.step.component.(*stages.Embed); ok {
		return c.Prefix
	}
	prefix := schemas.PrefixOf(table.Schema)
	for _, from := range e.step.edges {
		if prefix == "" {
			prefix = from.prefix()
		}
	}
	return prefix
}

// strangers is a warning where a unit compares queries with documents that are known to be of models which have nothing to do with
// each other, in their files or in this one; else empty.
func (r *Run) strangers(ctx context.Context, u *unit) (warning string, err error) {
	queries, documents := u.cutInput("queries"), u.cutInput("documents")
	if queries == nil || documents == nil {
		return "", nil
	}
	ofQueries, err := queries.lineage(ctx)
	if err != nil {
		return "", err
	}
	ofDocuments, err := documents.lineage(ctx)
	if err != nil || !schemas.Strangers(ofQueries, ofDocuments) || r.pipeline.relates(queries.step, documents.step) {
		return "", err
	}
	return fmt.Sprintf("the vectors of %s and those of %s are of different models, of which none learned from another: what is near to what means nothing", queries.ref, documents.ref), nil
}

// relates tells whether the file makes a model from models that two steps depend on: one of these is what training begins with, and
// is measured to see what that brings.
func (p *Pipeline) relates(a, b *Step) bool {
	models := func(s *Step) map[*Step]bool {
		all := map[*Step]bool{}
		s.upstream(all)
		for step := range all {
			if step.model == nil {
				delete(all, step)
			}
		}
		return all
	}
	meets := func(one, other map[*Step]bool) bool {
		for s := range one {
			if other[s] {
				return true
			}
		}
		return false
	}
	ofA, ofB := models(a), models(b)
	return slices.ContainsFunc(p.Steps, func(s *Step) bool {
		above := models(s)
		return s.model != nil && meets(above, ofA) && meets(above, ofB)
	})
}
