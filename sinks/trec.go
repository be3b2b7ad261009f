package sinks

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// writeRuns writes a table of hits as TREC run files, `<table>.<language>.run`, one a query language: query, Q0, document,
// rank, score, tag. Where documents are mixed, of several languages, their ids carry `<language>:` before.
func writeRuns(ctx context.Context, folder string, list *listed, hits schemas.Table, mixed bool) error {
	files := newLanguageFiles(folder, list, hits.Name, "run")
	return files.publish(writeHits(ctx, hits, files, mixed))
}

// languageFiles are files of one table, `<table>.<language>.<ending>`, that are written at once.
type languageFiles struct {
	folder        string
	list          *listed
	table, ending string
	open          map[string]languageFile
}

type languageFile struct {
	file *File
	w    *bufio.Writer
}

func newLanguageFiles(folder string, list *listed, table, ending string) *languageFiles {
	return &languageFiles{folder, list, table, ending, map[string]languageFile{}}
}

// of is the file of a language, which is opened where it is not yet.
func (l *languageFiles) of(language string) (languageFile, error) {
	if f, ok := l.open[language]; ok {
		return f, nil
	}
	f, err := Create(filepath.Join(l.folder, fileName(l.table+"."+language)+"."+l.ending))
	if err != nil {
		return languageFile{}, err
	}
	one := languageFile{f, bufio.NewWriter(f)}
	l.open[strings.Clone(language)] = one
	return one, nil
}

// publish closes all files, which appear if there was no error.
func (l *languageFiles) publish(err error) error {
	var paths []string
	for _, f := range l.open {
		err = cmp.Or(err, f.w.Flush())
		paths = append(paths, f.file.path)
	}
	if err == nil {
		err = l.list.add(paths...)
	}
	for _, f := range l.open {
		if published := f.file.Publish(err); err == nil {
			err = published
		}
	}
	if err != nil {
		return fmt.Errorf("writing TREC files: %w", err)
	}
	return nil
}

// hitLanguages lists, sorted, the languages of queries and those of documents.
func hitLanguages(ctx context.Context, tables []schemas.Table) (queries, documents []string, err error) {
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return nil, nil, err
			}
			for name, seen := range map[string]*[]string{schemas.QueryLanguage: &queries, schemas.DocumentLanguage: &documents} {
				language := textsOf(batch, name)
				for i := range language.Len() {
					if !slices.Contains(*seen, language.Value(i)) {
						*seen = append(*seen, strings.Clone(language.Value(i)))
					}
				}
			}
		}
	}
	slices.Sort(queries)
	slices.Sort(documents)
	return queries, documents, nil
}

func writeHits(ctx context.Context, hits schemas.Table, files *languageFiles, mixed bool) error {
	for batch, err := range hits.Batches(ctx) {
		if err != nil {
			return err
		}
		queryLanguage, query := textsOf(batch, schemas.QueryLanguage), textsOf(batch, schemas.QueryID)
		language, document := textsOf(batch, schemas.DocumentLanguage), textsOf(batch, schemas.DocumentID)
		rank := column[*array.Int32](batch, schemas.Rank)
		score := column[*array.Float64](batch, schemas.Score)
		for i := range int(batch.NumRows()) {
			id := document.Value(i)
			if mixed {
				id = language.Value(i) + ":" + id
			}
			if err := trecIDs(query.Value(i), id); err != nil {
				return err
			}
			f, err := files.of(queryLanguage.Value(i))
			if err != nil {
				return err
			}
			fmt.Fprintf(f.w, "%s Q0 %s %d %s ferry\n", query.Value(i), id, rank.Value(i), strconv.FormatFloat(score.Value(i), 'g', -1, 64))
		}
	}
	return nil
}

// trecIDs makes sure that a TREC file can hold the ids.
func trecIDs(query, document string) error {
	if strings.ContainsAny(document+query, " \t\r\n") {
		return fmt.Errorf("a TREC file cannot hold ids with white space, such as %q for query %q", document, query)
	}
	return nil
}

// fileName is s with everything replaced that could lead out of a folder.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == 0 {
			return '_'
		}
		return r
	}, s)
}
