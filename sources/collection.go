package sources

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// retrievalTables are the tables of a collection of documents and queries in some languages.
func retrievalTables(documents, queries []string) []schemas.TableType {
	var tables []schemas.TableType
	if len(documents) > 0 {
		tables = append(tables, schemas.TableType{Name: "documents", Schema: schemas.Documents()})
	}
	if len(queries) > 0 {
		tables = append(tables, schemas.TableType{Name: "queries", Schema: schemas.Queries()})
	}
	if len(documents) > 0 && len(queries) > 0 {
		tables = append(tables, schemas.TableType{Name: "judgments", Schema: schemas.Judgments()})
	}
	return tables
}

// retrievalLanguages are the languages of a table of such a collection; nil where its rows have none.
func retrievalLanguages(table string, documents, queries []string) []string {
	switch table {
	case "documents":
		return documents
	case "queries":
		return queries
	}
	return nil
}

func noTable(kind, table string) error { return fmt.Errorf("%s has no table %q", kind, table) }

// silent reads files beside those of the table: what is wrong with them is told when their own table is read.
func (r reading) silent() reading {
	r.out.Reject = func(schemas.Rejected) error { return nil }
	r.out.Drop = func(string, int64) {}
	return r
}

// documents reads one file a language: n columns, the first of which is the id, the last the text and any in between
// the title.
func (r reading) documents(languages []string, pattern func(language string) string, n int, columns string) error {
	rows := r.rows(schemas.Documents())
	defer rows.release()
	err := r.texts(languages, pattern, n, columns, func(language string, f [][]byte) (*bad, error) {
		var title []byte
		if n == 3 {
			title = f[1]
		}
		if blank(f[n-1]) && blank(title) {
			return emptyRow, nil
		}
		rows.names(language)
		rows.texts(f[0], title, f[n-1])
		return nil, rows.end()
	})
	if err != nil {
		return err
	}
	return rows.flush()
}

// queries does so for queries; those that are not among the judged ones are dropped, unless judged is nil.
func (r reading) queries(languages []string, pattern func(language string) string, n int, columns string, judged *seen) error {
	rows := r.rows(schemas.Queries())
	defer rows.release()
	err := r.texts(languages, pattern, n, columns, func(language string, f [][]byte) (*bad, error) {
		switch {
		case blank(f[n-1]):
			return emptyRow, nil
		case judged != nil && !judged.has(f[0]):
			return drop("not_judged"), nil
		}
		rows.names(language)
		rows.texts(f[0], f[n-1])
		rows.list()
		return nil, rows.end()
	})
	if err != nil {
		return err
	}
	return rows.flush()
}

// texts calls row for every line of every language whose id has not come before.
func (r reading) texts(languages []string, pattern func(string) string, n int, columns string, row func(string, [][]byte) (*bad, error)) error {
	var patterns []string
	for _, language := range languages {
		patterns = append(patterns, pattern(language))
	}
	parse := func(line []byte, s *splitter) ([][]byte, *bad) {
		f, b := s.tabs(line, n, columns)
		if b == nil && len(f[0]) == 0 {
			return nil, badly(badValue, "the id is empty")
		}
		return f, b
	}
	for i, l := range scanFiles(r, patterns, parse) {
		ids := newSeen()
		err := l.each(func() (*bad, error) {
			if !ids.add(l.value[0]) {
				return badly(duplicateID, "id %s has come before in %s", l.value[0], languages[i]), nil
			}
			return row(languages[i], l.value)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// languageMistakes checks the keys that every such collection has.
func languageMistakes(path schemas.Path, a acquired, documents, queries []string) []schemas.Mistake {
	found := a.pathMistakes(path != "", "the folder of the collection")
	if len(documents) == 0 && len(queries) == 0 {
		found = append(found, schemas.Mistake{Key: "documents", Problem: "name the languages of documents or queries"})
	}
	found = append(found, codeMistakes("documents", documents)...)
	return append(found, codeMistakes("queries", queries)...)
}

// codeMistakes checks a list of language codes, which become parts of file names.
func codeMistakes(key string, languages []string) []schemas.Mistake {
	var found []schemas.Mistake
	seen := map[string]bool{}
	for _, language := range languages {
		switch {
		case language == "" || strings.ContainsAny(language, `*?[]/\ `) || language != filepath.Base(language) || language == "..":
			found = append(found, schemas.Mistake{Key: key, Problem: fmt.Sprintf("%q is no language code", language)})
		case seen[language]:
			found = append(found, schemas.Mistake{Key: key, Problem: fmt.Sprintf("%s stands here twice", language)})
		}
		seen[language] = true
	}
	return found
}

func lineMistakes(maxLine int) []schemas.Mistake {
	if maxLine > 0 {
		return nil
	}
	return []schemas.Mistake{{Key: "max_line", Problem: "should be above 0 bytes"}}
}

func gradeMistakes(key string, grade int32, otherKey string, other int32) []schemas.Mistake {
	var found []schemas.Mistake
	if grade < 0 {
		found = append(found, schemas.Mistake{Key: key, Problem: "should be 0 or more"})
	}
	if other < 0 {
		found = append(found, schemas.Mistake{Key: otherKey, Problem: "should be 0 or more"})
	}
	return found
}
