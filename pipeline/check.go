package pipeline

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// Check finds everything that a run would find before it reads data: references, cycles, missing files and models,
// keys that do not go together, tables that do not fit. The error is a Mistakes. Afterwards the steps stand in an order
// in which each follows those it reads, and know what they offer.
func (p *Pipeline) Check(ctx context.Context) error {
	m := &mistakes{file: p.File}
	p.connect(m)
	ordered := p.order(m)
	if err := p.writeSamples(ctx, m); err != nil {
		return err
	}
	if len(m.list) == 0 {
		p.Steps = ordered
	}
	for _, s := range ordered {
		before := len(m.list)
		s.validate(m)
		if len(m.list) == before {
			s.infer(m)
		}
	}
	p.checkOutputs(m)
	return m.err()
}

// report adds what a component found wrong with its keys at the places where they stand.
func (s *Step) report(m *mistakes, found []schemas.Mistake) {
	for _, mistake := range found {
		at, where := s.at[""], s.Where()
		if mistake.Key != "" {
			where += "." + mistake.Key
			if node := s.at[mistake.Key]; node != nil {
				at = node
			} else if node := s.at[strings.SplitN(mistake.Key, ".", 2)[0]]; node != nil {
				at = node
			}
		}
		m.add(at, where, "%s", mistake.Problem)
	}
}

// validate checks the step's own keys and the files they name.
func (s *Step) validate(m *mistakes) {
	before := len(m.list)
	s.report(m, s.required())
	if v, ok := s.component.(validator); ok && len(m.list) == before {
		s.report(m, v.Validate())
	}
	if opener, ok := s.component.(interface{ Files() ([]string, error) }); ok && len(m.list) == before {
		if _, err := opener.Files(); err != nil {
			m.add(firstOf(s.at["path"], s.at[""]), s.Where(), "%s", err)
		}
	}
}

// infer works out what the step offers from what its inputs offer.
func (s *Step) infer(m *mistakes) {
	in, complete := s.inputTypes(m)
	switch c := s.component.(type) {
	case source:
		s.tables = c.Tables()
	case modelSource:
		info, err := c.Inspect()
		if err != nil {
			m.add(firstOf(s.at["path"], s.at[""]), s.Where(), "%s", err)
			return
		}
		s.model = &info
	case stage:
		out, found := c.Outputs(in)
		s.report(m, found)
		if len(found) == 0 && complete {
			s.tables, s.model = out.Tables, out.Model
		}
	case sink:
		if complete {
			s.report(m, c.Accepts(in.Tables))
		}
	}
}

// inputTypes looks up what the step's references offer; false if one of them is mistaken itself.
func (s *Step) inputTypes(m *mistakes) (stages.Types, bool) {
	in := stages.Types{Tables: map[string][]schemas.TableType{}, Models: map[string]model.Info{}}
	complete := true
	for _, e := range s.edges {
		if e.step == nil || e.step.tables == nil && e.step.model == nil {
			complete = false
			continue
		}
		if e.model {
			if e.step.model == nil {
				m.add(s.at[e.where], s.Where()+"."+e.where, "%s makes no model", e.step.Where())
				complete = false
				continue
			}
			in.Models[e.key] = *e.step.model
			continue
		}
		table, ok := e.find()
		if !ok {
			var names []string
			for _, t := range e.step.tables {
				names = append(names, t.Name)
			}
			m.add(s.at[e.where], s.Where()+"."+e.where, "%s has no table %q%s", e.step.Where(), e.table, didYouMean(e.table, names))
			complete = false
			continue
		}
		in.Tables[e.key] = append(in.Tables[e.key], schemas.TableType{Name: e.ref, Schema: table.Schema})
	}
	return in, complete
}

// find returns the table that the edge refers to: by name, or the step's first.
func (e *edge) find() (schemas.TableType, bool) {
	for _, t := range e.step.tables {
		if t.Name == e.table || e.table == "" {
			return t, true
		}
	}
	return schemas.TableType{}, false
}

// checkOutputs reports two sinks that would write the same file.
func (p *Pipeline) checkOutputs(m *mistakes) {
	writers := map[string]*Step{}
	for _, s := range p.Steps {
		c, ok := s.component.(sink)
		if !ok {
			continue
		}
		for _, file := range c.Files() {
			if other := writers[file]; other != nil {
				m.add(s.at["path"], s.Where()+".path", "%s writes %s too", other.Where(), filepath.Base(file))
			}
			writers[file] = s
		}
	}
}

// firstOf returns the first that is there.
func firstOf[T any](candidates ...*T) *T {
	for _, c := range candidates {
		if c != nil {
			return c
		}
	}
	return nil
}
