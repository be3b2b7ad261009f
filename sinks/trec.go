package sinks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// writeRuns writes a table of hits as TREC run files, `<table>.<language>.run`, one a query language: query, Q0, document,
// rank, score, tag. Where documents of several languages were searched, their ids carry `<language>:` before.
func writeRuns(ctx context.Context, folder string, hits schemas.Table) error {
	mixed, err := documentLanguages(ctx, hits)
	if err != nil {
		return err
	}
	runs := map[string]*runFile{}
	err = writeHits(ctx, hits, func(language string) (*bufio.Writer, error) {
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
	}, mixed > 1)
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

// documentLanguages counts the languages of the documents.
func documentLanguages(ctx context.Context, hits schemas.Table) (int, error) {
	var seen []string
	for batch, err := range hits.Batches(ctx) {
		if err != nil {
			return 0, err
		}
		language := batch.Column(batch.Schema().FieldIndices(schemas.DocumentLanguage)[0]).(*array.String)
		for i := range language.Len() {
			if !slices.Contains(seen, language.Value(i)) {
				seen = append(seen, strings.Clone(language.Value(i)))
			}
		}
	}
	return len(seen), nil
}

func writeHits(ctx context.Context, hits schemas.Table, to func(language string) (*bufio.Writer, error), mixed bool) error {
	for batch, err := range hits.Batches(ctx) {
		if err != nil {
			return err
		}
		text := func(name string) *array.String {
			return batch.Column(batch.Schema().FieldIndices(name)[0]).(*array.String)
		}
		queryLanguage, query := text(schemas.QueryLanguage), text(schemas.QueryID)
		language, document := text(schemas.DocumentLanguage), text(schemas.DocumentID)
		rank := batch.Column(batch.Schema().FieldIndices(schemas.Rank)[0]).(*array.Int32)
		score := batch.Column(batch.Schema().FieldIndices(schemas.Score)[0]).(*array.Float64)
		for i := range int(batch.NumRows()) {
			id := document.Value(i)
			if mixed {
				id = language.Value(i) + ":" + id
			}
			if strings.ContainsAny(id+query.Value(i), " \t\r\n") {
				return errors.New("a TREC file cannot hold ids with white space, such as " + strconv.Quote(id) + " for query " + strconv.Quote(query.Value(i)))
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

// fileName is s with everything replaced that could lead out of a folder.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == 0 {
			return '_'
		}
		return r
	}, s)
}
