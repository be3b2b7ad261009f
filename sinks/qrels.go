package sinks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// writeQrels writes judgments as a TREC file, `<table>.<language>.qrels`, of the queries in a language: query, 0, document,
// grade. The pool lists the languages of the documents that runs found, and ids are written as in the runs: a judgment of
// documents in any language is one in each of several.
func writeQrels(ctx context.Context, folder string, judgments schemas.Table, language string, pool []string) error {
	f, err := Create(filepath.Join(folder, fileName(judgments.Name+"."+language)+".qrels"))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = eachJudgment(ctx, judgments, language, func(query, documentLanguage, document string, grade int32) error {
		if len(pool) < 2 {
			if documentLanguage != "" && documentLanguage != pool[0] {
				return nil // of documents that were not searched
			}
			return writeJudgment(w, query, document, grade)
		}
		if documentLanguage != "" {
			return writeJudgment(w, query, documentLanguage+":"+document, grade)
		}
		for _, l := range pool {
			if err := writeJudgment(w, query, l+":"+document, grade); err != nil {
				return err
			}
		}
		return nil
	})
	if err := f.Publish(errors.Join(err, w.Flush())); err != nil {
		return fmt.Errorf("writing judgments: %w", err)
	}
	return nil
}

func writeJudgment(w *bufio.Writer, query, document string, grade int32) error {
	if err := trecIDs(query, document); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s 0 %s %d\n", query, document, grade)
	return err
}

// eachJudgment calls row for the judgments of queries in a language; a document's language is empty for any.
func eachJudgment(ctx context.Context, judgments schemas.Table, language string, row func(query, documentLanguage, document string, grade int32) error) error {
	for batch, err := range judgments.Batches(ctx) {
		if err != nil {
			return err
		}
		text := func(name string) *array.String {
			return textsOf(batch, name)
		}
		query, document := text(schemas.QueryID), text(schemas.DocumentID)
		queryLanguage, documentLanguage := text(schemas.QueryLanguage), text(schemas.DocumentLanguage)
		grade := column[*array.Int32](batch, schemas.Grade)
		for i := range int(batch.NumRows()) {
			if queryLanguage.IsValid(i) && queryLanguage.Value(i) != language {
				continue
			}
			if err := row(query.Value(i), documentLanguage.Value(i), document.Value(i), grade.Value(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
