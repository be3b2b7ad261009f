package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// An evaluation is what lint looks at together: the tables of one evaluation, nil where there are none with texts, and those
// that its models learn from.
type evaluation struct {
	queries, documents, judgments *edge
	training                      []*edge
	dev                           bool     // its queries are those that weights are chosen by
	ignore                        []string // rules
}

// evaluations are those of the pipeline, each once however many models it measures: of evaluate, of training that measures
// itself, and of searches that nobody evaluates. What is trained on and never evaluated is the last one.
func (p *Pipeline) evaluations() []*evaluation {
	var all []*evaluation
	trained := map[*Step]bool{}
	add := func(s *Step, e *evaluation) {
		if i := slices.IndexFunc(all, e.same); i >= 0 {
			all[i].ignore = slices.DeleteFunc(all[i].ignore, func(rule string) bool { return !slices.Contains(e.ignore, rule) })
			e = all[i]
		} else if e.queries != nil || e.documents != nil || e.judgments != nil {
			all = append(all, e)
		}
		needed := map[*Step]bool{}
		s.upstream(needed)
		for _, other := range p.Steps {
			if needed[other] {
				e.train(other, trained)
			}
		}
	}
	evaluated := map[*Step]bool{}
	for _, s := range p.Steps {
		if judged, hits := s.edgeOf("judgments"), s.edgeOf("hits"); hits != nil && hasGrades(judged) {
			search := searchOf(hits.step)
			evaluated[search] = true
			e := newEvaluation(search.edgeOf("queries"), search.edgeOf("documents"), judged)
			if t, ok := s.component.(tolerant); ok {
				e.ignore = t.Tolerates()
			}
			add(s, e)
		}
		if queries := s.edgeOf(stages.DevQueries); queries != nil {
			dev := newEvaluation(queries, s.edgeOf("dev_documents"), s.edgeOf("dev_judgments"))
			dev.dev, dev.ignore = true, []string{schemas.UnknownQuery} // they do not count there
			add(s, dev)
		}
	}
	rest := &evaluation{}
	for _, s := range p.Steps {
		if _, isSearch := s.component.(*stages.Search); isSearch && !evaluated[s] {
			add(s, newEvaluation(s.edgeOf("queries"), s.edgeOf("documents"), nil))
		}
		if !trained[s] {
			rest.train(s, trained)
		}
	}
	if len(rest.training) > 0 {
		all = append(all, rest)
	}
	return all
}

// newEvaluation is that of the texts that queries and documents were made from.
func newEvaluation(queries, documents, judgments *edge) *evaluation {
	return &evaluation{queries: textTable(queries), documents: textTable(documents), judgments: judgments}
}

// edgeOf is the step's first edge of that key; nil if it has none, or there is no step.
func (s *Step) edgeOf(key string) *edge {
	if s == nil {
		return nil
	}
	for _, e := range s.edges {
		if e.key == key {
			return e
		}
	}
	return nil
}

// searchOf is the step, at or before s, that searches; nil if hits come from a source.
func searchOf(s *Step) *Step {
	for s != nil && (s.edgeOf("queries") == nil || s.edgeOf("documents") == nil) {
		from := s.edgeOf("from")
		if from == nil {
			return nil
		}
		s = from.step
	}
	return s
}

// textTable is the table with texts that an edge's table was made from: before it was embedded, tokenized or cut into passages.
// Nil if there is none.
func textTable(e *edge) *edge {
	for e != nil {
		table, _ := e.find()
		if hasTexts(table) && !table.Schema.HasField(schemas.DocumentID) {
			return e
		}
		e = e.step.edgeOf("from")
	}
	return nil
}

func hasTexts(t schemas.TableType) bool {
	return t.Schema.HasField(schemas.PositiveID) || t.Schema.HasField(schemas.Text) || t.Schema.HasField(schemas.SourceText)
}

// hasGrades tells whether an edge's table is one of judgments, and not of hits that another search found.
func hasGrades(e *edge) bool {
	if e == nil {
		return false
	}
	table, _ := e.find()
	return table.Schema.HasField(schemas.Grade)
}

// same tells whether another evaluation has the same tables.
func (e *evaluation) same(other *evaluation) bool {
	return e.dev == other.dev && sameTable(e.queries, other.queries) && sameTable(e.documents, other.documents) && sameTable(e.judgments, other.judgments)
}

func sameTable(a, b *edge) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.name() == b.name()
}

// name is the table's name, the same however it was referred to.
func (e *edge) name() string {
	table, _ := e.find()
	return e.step.tableName(table.Name)
}

// tableName is what a table is called: with its step's name alone if there is no other.
func (s *Step) tableName(table string) string {
	if len(s.tables) == 1 {
		return s.Name
	}
	return s.Name + "." + table
}

// train adds what s itself learns from, if it does.
func (e *evaluation) train(s *Step, trained map[*Step]bool) {
	t, ok := s.component.(trainer)
	if !ok {
		return
	}
	trained[s] = true
	for _, in := range s.edges {
		if in.model {
			continue
		}
		text := textTable(in)
		if text == nil || !slices.Contains(t.TrainsOn(), in.key) || in.key == stages.DevQueries && e.dev ||
			slices.ContainsFunc(e.training, func(other *edge) bool { return sameTable(other, text) }) {
			continue
		}
		e.training = append(e.training, text)
	}
}

// String says what is compared.
func (e *evaluation) String() string {
	var parts []string
	for _, one := range []struct {
		what string
		edge *edge
	}{{"queries", e.queries}, {"documents", e.documents}, {"judgments", e.judgments}} {
		if one.edge != nil {
			parts = append(parts, one.what+": "+one.edge.name())
		}
	}
	var training []string
	for _, t := range e.training {
		training = append(training, t.name())
	}
	if len(training) == 0 {
		training = []string{"none"}
	}
	return strings.Join(append(parts, "training text: "+strings.Join(training, ", ")), "; ")
}

// step is a stage lint of the evaluation, which is wanted for itself.
func (e *evaluation) step(p *Pipeline, number int, keys LintKeys) (*Step, error) {
	keys.Ignore = append(slices.Clone(keys.Ignore), e.ignore...)
	c := keys.stage()
	k, _ := kindOf("stages", "lint")
	s := &Step{Section: "stages", Name: fmt.Sprintf("lint %d", number+1), kind: k, component: c, wanted: true}
	add := func(key string, to *edge) {
		if to != nil {
			s.edges = append(s.edges, &edge{key: key, ref: to.name(), where: key, step: to.step, table: to.table})
		}
	}
	for _, t := range e.training {
		add("training", t)
	}
	add("queries", e.queries)
	add("documents", e.documents)
	add("judgments", e.judgments)
	s.config = canonical(c)
	m := &strict.Found{File: p.File, Dir: p.dir}
	s.infer(m)
	return s, m.Err()
}
