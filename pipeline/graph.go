package pipeline

import (
	"slices"
	"strings"
)

// connect resolves every reference to its step and reports those that lead nowhere, cycles, and steps nobody reads.
func (p *Pipeline) connect(m *mistakes) {
	tables, models := map[string]*Step{}, map[string]*Step{}
	for _, s := range p.Steps {
		if s.Section == "sinks" {
			continue
		}
		if other := firstOf(tables[s.Name], models[s.Name]); other != nil {
			m.add(s.at[""], s.Where(), "%s has this name already, and references could not tell them apart", other.Where())
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
			name, table, _ := strings.Cut(e.ref, ".")
			known := tables
			if e.model {
				known, name, table = models, e.ref, ""
			}
			if e.step, e.table = known[name], table; e.step == nil {
				m.add(s.at[e.where], s.Where()+"."+e.where, "there is no %s named %q%s", e.noun(), name, didYouMean(name, p.namesOf(known)))
				continue
			}
			read[e.step] = true
		}
	}
	for _, s := range p.Steps {
		if s.Section != "sinks" && !read[s] {
			m.add(s.at[""], s.Where(), "nobody reads this step; refer to it, or remove it")
		}
	}
}

func (e *edge) noun() string {
	if e.model {
		return "model"
	}
	return "table"
}

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
func (p *Pipeline) order(m *mistakes) []*Step {
	var ordered, path []*Step
	done := map[*Step]bool{}
	var visit func(s *Step)
	visit = func(s *Step) {
		if i := slices.Index(path, s); i >= 0 {
			names := ""
			for _, on := range path[i:] {
				names += on.Name + " -> "
			}
			m.add(s.at[""], s.Where(), "reads its own result: %s%s", names, s.Name)
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
