package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/sourcegraph/conc"

	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// A namer is a stage whose keys name languages that rows of its inputs should be in.
type namer interface {
	NamedLanguages() []stages.NamedLanguages
}

// A speaker is a source that knows the languages of a table from its keys alone; nil if rows say theirs.
type speaker interface{ Languages(table string) []string }

// An origin is a table of a source, and the column that says the languages of what is made of its rows.
type origin struct {
	*edge
	column string
}

// origins are those of the languages in a column of an edge's table; false if a step on the way may bring others.
func (e *edge) origins(column string) (all []origin, known bool) {
	if e.step == nil || e.step.tables == nil { // or mistaken, or in a circle
		return nil, false
	}
	key := "from"
	switch kind := e.step.Kind(); {
	case e.step.Section == "sources":
		return []origin{{e, column}}, true
	case slices.Contains([]string{"split", "clean", "deduplicate", "shuffle", "concatenate", "chunk", "embed", "compress", "fuse"}, kind):
	case kind == "rerank":
		key = "hits"
	case kind == "evaluate":
		key, column = "hits", schemas.QueryLanguage
	case slices.Contains([]string{"search", "search_compressed", "bm25"}, kind) && column == schemas.QueryLanguage:
		key, column = "queries", schemas.Language
	case slices.Contains([]string{"search", "search_compressed", "bm25"}, kind):
		key, column = "documents", schemas.Language
	default:
		return nil, false
	}
	known = e.step.addOrigins(&all, key, column)
	return all, known
}

// originsOf are those of the languages that a key of a step names.
func (p *Pipeline) originsOf(s *Step, named stages.NamedLanguages) (all []origin, known bool) {
	known = s.addOrigins(&all, named.Input, named.Column)
	for _, other := range p.Steps {
		if named.Elsewhere && known {
			known = other.addOrigins(&all, "documents", schemas.Language)
		}
	}
	return all, known && len(all) > 0
}

// addOrigins adds those of a column in the tables of a key, each once; false if they are not known.
func (s *Step) addOrigins(all *[]origin, key, column string) bool {
	for _, e := range s.edges {
		if e.key != key {
			continue
		}
		more, known := e.origins(column)
		if !known {
			return false
		}
		for _, o := range more {
			if !slices.ContainsFunc(*all, func(other origin) bool { return other.column == o.column && other.name() == o.name() }) {
				*all = append(*all, o)
			}
		}
	}
	return true
}

// spoken are the languages in the tables of origins, as far as keys say them all; else nil.
func spoken(origins []origin) map[string]bool {
	all := map[string]bool{}
	for _, o := range origins {
		c, ok := o.step.component.(speaker)
		table, _ := o.find()
		if !ok || o.column != schemas.Language {
			return nil
		}
		languages := c.Languages(table.Name)
		if languages == nil {
			return nil
		}
		for _, language := range languages {
			all[language] = true
		}
	}
	return all
}

// checkLanguages blames languages that a stage names and that none of its rows will be in, where keys of sources say what there is.
func (p *Pipeline) checkLanguages(s *Step, m *strict.Found) {
	c, ok := s.component.(namer)
	if !ok || s.tables == nil { // which it has if all that it reads is in order
		return
	}
	for _, named := range c.NamedLanguages() {
		origins, _ := p.originsOf(s, named)
		there := spoken(origins)
		if len(there) == 0 {
			continue
		}
		for i, language := range named.Languages {
			if !there[language] {
				s.blame(m, fmt.Sprintf("%s[%d]", named.Key, i), "%s", nothingIn(language, origins, there))
			}
		}
	}
}

// nothingIn says that no row of the tables of origins is in a language.
func nothingIn(language string, origins []origin, there map[string]bool) string {
	var tables []string
	for _, o := range origins {
		tables = append(tables, o.name())
	}
	return fmt.Sprintf("nothing is in %q; %s has %s", language, strings.Join(tables, ", "), strings.Join(slices.Sorted(maps.Keys(there)), ", "))
}

// askLanguages warns, as soon as sources are read, of languages that stages name and that no row is in, where only the rows say that. The
// steps themselves come to it when all else is done. It ends with ctx; wait for it.
func (r *Run) askLanguages(ctx context.Context) (wait func()) {
	var asking conc.WaitGroup
	for _, u := range r.units {
		c, ok := u.step.component.(namer)
		if !ok || !r.makes(u) || !r.options.Share.first() {
			continue
		}
		for _, named := range c.NamedLanguages() {
			origins, known := r.pipeline.originsOf(u.step, named)
			if known && len(named.Languages) > 0 && spoken(origins) == nil {
				asking.Go(func() { r.askFor(ctx, u, named, origins) })
			}
		}
	}
	return asking.Wait
}

// askFor reads the tables of origins until all languages that a key names are seen. What keeps it from that is for others to tell.
func (r *Run) askFor(ctx context.Context, u *unit, named stages.NamedLanguages, origins []origin) {
	there := map[string]bool{}
	lacking := func(language string) bool { return !there[language] }
	for _, o := range origins {
		t := r.tableOf(ctx, o.edge)
		if t == nil {
			return
		}
		for batch, err := range t.whole("").Batches(ctx) {
			if err != nil {
				return
			}
			column := batch.Column(batch.Schema().FieldIndices(o.column)[0]).(*array.String)
			for i := range column.Len() {
				if language := column.Value(i); !there[language] {
					there[strings.Clone(language)] = true
				}
			}
			if !slices.ContainsFunc(named.Languages, lacking) {
				return
			}
		}
	}
	for _, language := range slices.DeleteFunc(slices.Clone(named.Languages), func(language string) bool { return there[language] }) {
		r.options.Reporter.Warned(u.name(), named.Key+": "+nothingIn(language, origins, there))
	}
}

// tableOf waits until the table of an edge is there; nil if it will not be.
func (r *Run) tableOf(ctx context.Context, e *edge) *table {
	id := unitID(e.step, e)
	i := slices.IndexFunc(r.units, func(u *unit) bool { return u.step.Where()+"."+u.source == id })
	maker := r.units[i].maker()
	if !maker.present && !maker.needed || until(ctx, maker.ready) != nil || maker.failed {
		return nil
	}
	found, _ := e.find()
	return maker.tables[found.Name]
}
