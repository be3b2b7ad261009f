package sinks

import (
	"bufio"
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
func writeRuns(ctx context.Context, folder string, hits schemas.Table, mixed bool) error {
	runs := map[string]*runFile{}
	err := writeHits(ctx, hits, func(language string) (*bufio.Writer, error) {
		run := runs[language]
		if run == nil {
			f, err := Create(filepath.Join(folder, fileName(hits.Name+"."+language)+".run"))
			if err != nil {
				return nil, err
			}
			run = &runFile{f, bufio.NewWriter(f)}
			runs[language] = run
		}
		return run.w, nil
	}, mixed)
	for _, run := range runs {
		if flushed := run.w.Flush(); err == nil {
			err = flushed
		}
		if published := run.file.Publish(err); err == nil {
			err = published
		}
	}
	if err != nil {
		return fmt.Errorf("writing run files: %w", err)
	}
	return nil
}

type runFile struct {
	file *File
	w    *bufio.Writer
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

func writeHits(ctx context.Context, hits schemas.Table, to func(language string) (*bufio.Writer, error), mixed bool) error {
	for batch, err := range hits.Batches(ctx) {
		if err != nil {
			return err
		}
		text := func(name string) *array.String {
			return textsOf(batch, name)
		}
		queryLanguage, query := text(schemas.QueryLanguage), text(schemas.QueryID)
		language, document := text(schemas.DocumentLanguage), text(schemas.DocumentID)
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
			w, err := to(strings.Clone(queryLanguage.Value(i)))
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s Q0 %s %d %s ferry\n", query.Value(i), id, rank.Value(i), strconv.FormatFloat(score.Value(i), 'g', -1, 64))
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
