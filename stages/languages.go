package stages

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// The values of languages.
const (
	languagesAny   = "any"
	languagesSame  = "same"
	languagesOther = "other"
)

// Languages are the keys of which documents are searched for which queries.
type Languages struct {
	// QueryLanguages are those of the queries to search for; all that there are if left out.
	QueryLanguages []string `yaml:"query_languages"`
	// DocumentLanguages are those of the documents to search in; all that there are if left out.
	DocumentLanguages []string `yaml:"document_languages"`
	// Languages says which documents a query may find: those in any language, in its own (same), or in all others (other).
	Languages string `yaml:"languages"`
}

func (l *Languages) mistakes() []schemas.Mistake {
	if found := oneOf("languages", l.Languages, languagesAny, languagesSame, languagesOther); len(found) > 0 {
		return found
	}
	for _, query := range l.QueryLanguages {
		for _, document := range l.DocumentLanguages {
			if l.allow(query, document) {
				return nil
			}
		}
	}
	if len(l.QueryLanguages) > 0 && len(l.DocumentLanguages) > 0 {
		return []schemas.Mistake{{Key: "languages", Problem: fmt.Sprintf("%s leaves queries in %s nothing to find in %s", l.Languages, strings.Join(l.QueryLanguages, ", "), strings.Join(l.DocumentLanguages, ", "))}}
	}
	return nil
}

// allow tells whether a query in one language may find documents in another.
func (l *Languages) allow(query, document string) bool {
	return l.Languages == languagesAny || (query == document) == (l.Languages == languagesSame)
}

// exclude tells which documents queries may not find: by language, and those that they exclude.
func (l *Languages) exclude(queries []retrieve.Document, excluded [][]string) retrieve.Exclude {
	return func(query int, d retrieve.Document) bool {
		return !l.allow(queries[query].Language, d.Language) || slices.Contains(excluded[query], d.ID)
	}
}

// inLanguages is the part of a table that is in those languages, all of it if there are none. That there is nothing in one of
// them is an error at the table's end.
func inLanguages(t schemas.Table, languages []string, allocator memory.Allocator) schemas.Table {
	there := map[string]bool{}
	filtered := inAnyOf(t, languages, allocator, there)
	batches := filtered.Batches
	filtered.Batches = func(ctx context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for batch, err := range batches(ctx) {
				if !yield(batch, err) || err != nil {
					return
				}
			}
			if err := nothingIn(t.Name, languages, there); err != nil {
				yield(nil, err)
			}
		}
	}
	return filtered
}

// nothingIn is an error if one of languages is not there.
func nothingIn(table string, languages []string, there map[string]bool) error {
	for _, language := range languages {
		if !there[language] {
			return fmt.Errorf("%s has nothing in %q; there is %s", table, language, strings.Join(slices.Sorted(maps.Keys(there)), ", "))
		}
	}
	return nil
}

// inAnyOf is the part of a table that is in those languages, all of it if there are none; there are all that were seen.
func inAnyOf(t schemas.Table, languages []string, allocator memory.Allocator, there map[string]bool) schemas.Table {
	if len(languages) == 0 {
		return t
	}
	batches := t.Batches
	t.Rows = -1
	t.Batches = func(ctx context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for batch, err := range batches(ctx) {
				if err != nil {
					yield(nil, err)
					return
				}
				rows := rowsIn(batch, languages, there)
				if len(rows) == 0 {
					continue
				}
				part, err := takeBatch(allocator, batch, rows)
				if err != nil {
					yield(nil, err)
					return
				}
				more := yield(part, nil)
				part.Release()
				if !more {
					return
				}
			}
		}
	}
	return t
}

// rowsIn are the rows of a batch that are in one of the languages; there are all languages that were seen.
func rowsIn(batch arrow.RecordBatch, languages []string, there map[string]bool) (rows []int) {
	column := texts(batch, schemas.Language)
	for i := range column.Len() {
		language := column.Value(i)
		if !there[language] {
			there[clone(language)] = true
		}
		if slices.Contains(languages, language) {
			rows = append(rows, i)
		}
	}
	return rows
}
