package pipeline

import (
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/strict"
)

// connect resolves every reference to its step and reports those that lead nowhere, cycles, and steps nobody reads.
func (p *Pipeline) connect(m *strict.Found) {
	tables, models := map[string]*Step{}, map[string]*Step{}
	for _, s := range p.Steps {
		if s.Section == "sinks" {
			continue
		}
		if other := firstOf(tables[s.Name], models[s.Name]); other != nil {
			s.blame(m, "", "%s has this name already, and a reference could not tell them apart", other.Where())
			continue
		}
		switch s.Section {
		case "models":
			models[s.Name] = s
		case "stages": // may be either, or both
			tables[s.Name], models[s.Name] = s, s
		default:
			tables[s.Name] = s
		}
	}
	read := map[*Step]bool{}
	for _, s := range p.Steps {
		for _, e := range s.edges {
			name := e.ref
			if e.model {
				p.resolve(m, s, e, name, models, tables)
			} else {
				name, e.table = cutRef(e.ref)
				p.resolve(m, s, e, name, tables, models)
			}
			read[e.step] = true
		}
	}
	if len(m.List) > 0 {
		return // what a mistaken reference should have read is not known
	}
	for _, s := range p.Steps {
		if s.Section != "sinks" && !read[s] {
			m.Add(s.at[""], s.Where(), "nobody reads this step; refer to it, or remove it")
		}
	}
}

// cutRef cuts a reference into the step's name and the table's. A cell between them may have dots of its own.
func cutRef(ref string) (step, table string) {
	cell := strings.IndexByte(ref, ']') + 1
	step, table, _ = strings.Cut(ref[cell:], ".")
	return ref[:cell] + step, table
}

// resolve finds the step that the edge e of s names among those known, or says why there is none.
func (p *Pipeline) resolve(m *strict.Found, s *Step, e *edge, name string, known, others map[string]*Step) {
	if e.step = known[name]; e.step != nil {
		return
	}
	noun, otherNoun := "table", "models"
	if e.model {
		noun, otherNoun = "model", "tables"
	}
	beforeDot, _ := cutRef(name)
	if other := others[beforeDot]; other != nil {
		s.blame(m, e.where, "%s makes %s, and here a %s is needed%s", other.Where(), otherNoun, noun, strict.DidYouMean("", p.namesOf(known)))
		return
	}
	names := p.namesOf(known)
	if e.model {
		names = slices.DeleteFunc(names, func(name string) bool {
			return known[name].Section == "stages" && !slices.Contains(makeModels, known[name].Kind())
		})
	}
	s.blame(m, e.where, "there is no %s named %q%s", noun, name, strict.DidYouMean(name, names))
}

// makeModels are the kinds of stages that make models.
var makeModels = []string{"extend", "trim", "mlm", "train", "distill", "adversarial"}

// namesOf lists names in file order.
func (p *Pipeline) namesOf(known map[string]*Step) []string {
	var names []string
	for _, s := range p.Steps {
		if known[s.Name] == s {
			names = append(names, s.Name)
		}
	}
	return names
}

// order returns the steps so that each stands after those it reads, else in file order, and reports cycles.
func (p *Pipeline) order(m *strict.Found) []*Step {
	var ordered, path []*Step
	done := map[*Step]bool{}
	var visit func(s *Step)
	visit = func(s *Step) {
		if i := slices.Index(path, s); i >= 0 {
			names := ""
			for _, on := range path[i:] {
				names += on.Name + " -> "
			}
			s.blame(m, "", "reads its own result: %s%s", names, s.Name)
			return
		}
		if done[s] {
			return
		}
		path = append(path, s)
		for _, e := range s.edges {
			if e.step != nil {
				visit(e.step)
			}
		}
		path = path[:len(path)-1]
		if !done[s] {
			done[s] = true
			ordered = append(ordered, s)
		}
	}
	for _, s := range p.Steps {
		visit(s)
	}
	return ordered
}
