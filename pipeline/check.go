package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// Check finds everything that a run would find before it reads data: references, cycles, missing files and models,
// keys that do not go together, tables that do not fit. The error is a Mistakes, those of Load included. Afterwards the
// steps stand in an order in which each follows those it reads, and know what they offer.
func (p *Pipeline) Check(ctx context.Context) error {
	m := &strict.Found{File: p.File, Dir: p.dir, List: slices.Clone(p.found)}
	p.connect(m)
	ordered := p.order(m)
	if err := p.writeSamples(ctx, m); err != nil {
		return err
	}
	if err := p.localize(ctx, m); err != nil {
		return err
	}
	for _, s := range ordered {
		if !s.faulty {
			s.validate(m, p.Offline)
		}
		if !s.faulty {
			s.infer(m)
		}
	}
	for _, s := range ordered {
		p.checkLanguages(s, m)
	}
	p.checkOutputs(m)
	if len(m.List) == 0 {
		p.Steps = ordered
	}
	m.List = oncePerEntry(m.List)
	return m.Err()
}

// blame adds a mistake at the place of one of the step's keys, such as measures[1]; "" is the step as a whole.
func (s *Step) blame(m *strict.Found, key, format string, args ...any) {
	where := s.Where()
	if key != "" {
		where += "." + key
	}
	top, _, _ := strings.Cut(key, ".")
	top, _, _ = strings.Cut(top, "[")
	m.Add(firstOf(s.at[key], s.at[top], s.at[""]), where, format, args...)
}

// blameOutside adds that what a key names cannot be read now.
func (s *Step) blameOutside(m *strict.Found, key string, err error) {
	s.report(m, []schemas.Mistake{{Key: key, Problem: err.Error(), Outside: true}})
}

// report adds what a component found wrong with its keys.
func (s *Step) report(m *strict.Found, found []schemas.Mistake) {
	for _, mistake := range found {
		s.blame(m, mistake.Key, "%s", mistake.Problem)
		m.List[len(m.List)-1].Outside = mistake.Outside
	}
}

// validate checks the step's own keys and the files they name. It stops where one mistake would lead to another.
func (s *Step) validate(m *strict.Found, offline bool) {
	if c, ok := s.component.(interface{ GoOffline() }); ok && offline {
		c.GoOffline()
	}
	found := append(s.required(), s.pipes()...)
	if v, ok := s.component.(validator); ok && len(found) == 0 {
		found = v.Validate()
	}
	if offline && len(found) == 0 {
		found = s.unreachable()
	}
	s.report(m, found)
	s.faulty = len(found) > 0
	if c, ok := s.component.(interface{ Files() ([]string, error) }); ok && !s.faulty {
		if _, err := c.Files(); err != nil {
			s.blameOutside(m, s.pathKey(), err)
			s.faulty = true
		}
	}
}

// pipes are paths of pipes and devices: one to read keeps whoever opens it waiting and cannot be read twice, and one to write
// would be replaced by a file.
func (s *Step) pipes() (found []schemas.Mistake) {
	s.eachPath(func(key string, v reflect.Value) {
		if info, err := os.Stat(v.String()); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			found = append(found, schemas.Mistake{Key: key, Problem: filepath.Base(v.String()) + " is a pipe or a device; name a file"})
		}
	})
	return found
}

// pathKey is the key that names the step's file or folder; "" if several do.
func (s *Step) pathKey() string {
	var keys []string
	s.eachPath(func(key string, v reflect.Value) {
		if v.String() != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	})
	if len(keys) == 1 {
		return keys[0]
	}
	return ""
}

// infer works out what the step offers from what its inputs offer.
func (s *Step) infer(m *strict.Found) {
	in, complete := s.inputTypes(m)
	switch c := s.component.(type) {
	case source:
		s.tables = c.Tables()
	case modelSource:
		info, err := c.Inspect()
		if err != nil {
			s.blameOutside(m, s.pathKey(), err)
			return
		}
		s.model = &info
	case stage:
		out, found := c.Outputs(in)
		found = append(found, s.unknownVariants()...)
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

// unknownVariants reports what a comparison names and will not find, if all that it compares is evaluated here.
func (s *Step) unknownVariants() []schemas.Mistake {
	compared, ok := s.component.(*stages.Compare)
	if !ok {
		return nil
	}
	var names []string
	for _, e := range s.edges {
		if e.step == nil {
			return nil
		}
		evaluated, ok := e.step.component.(*stages.Evaluate)
		if !ok {
			return nil
		}
		for _, of := range e.step.edges {
			if name := evaluated.VariantOf(of.ref); of.key == "hits" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return compared.Misses(names)
}

// inputTypes looks up what the step's references offer; false if one of them is mistaken itself.
func (s *Step) inputTypes(m *strict.Found) (stages.Types, bool) {
	in := stages.Types{Tables: map[string][]schemas.TableType{}, Models: map[string]model.Info{}}
	complete := true
	for _, e := range s.edges {
		if e.step == nil || e.step.tables == nil && e.step.model == nil {
			complete = false
			continue
		}
		if e.model {
			if e.step.model == nil {
				s.blame(m, e.where, "%s makes tables, and here a model is needed", e.step.Where())
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
			first := ""
			if len(names) > 1 {
				first = fmt.Sprintf("; %s by itself is its %s", e.step.Name, names[0])
			}
			s.blame(m, e.where, "%s has no table %q%s%s", e.step.Where(), e.table, strict.DidYouMean(e.table, names), first)
			complete = false
			continue
		}
		in.Tables[e.key] = append(in.Tables[e.key], schemas.TableType{Name: e.ref, Schema: table.Schema, MadeOf: s.madeOf(e)})
	}
	return in, complete
}

// madeOf are the references of the step to tables that the one of its edge e was made of.
func (s *Step) madeOf(e *edge) []string {
	var refs []string
	for _, other := range s.edges {
		if !other.model && slices.ContainsFunc(e.step.edges, other.same) {
			refs = append(refs, other.ref)
		}
	}
	return refs
}

// same tells whether both refer to one table.
func (e *edge) same(other *edge) bool {
	if other.model || other.step != e.step || e.step == nil {
		return false
	}
	table, _ := e.find()
	otherTable, _ := other.find()
	return table.Name == otherTable.Name
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

// firstOf returns the first that is there.
func firstOf[T any](candidates ...*T) *T {
	for _, c := range candidates {
		if c != nil {
			return c
		}
	}
	return nil
}
