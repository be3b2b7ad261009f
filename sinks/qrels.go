package sinks

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// writeQrels writes judgments as TREC files, `<table>.<language>.qrels`, one a query language: query, 0, document, grade. The pool
// lists the languages of the documents that runs found, and ids are written as in the runs: a judgment of documents in any language
// is one in each of several.
func writeQrels(ctx context.Context, folder string, list *listed, judgments schemas.Table, queries, pool []string) error {
	files := newLanguageFiles(folder, list, judgments.Name, "qrels")
	for _, language := range queries { // each has a file, even if nothing is judged
		if _, err := files.of(language); err != nil {
			return files.publish(err)
		}
	}
	return files.publish(writeJudgments(ctx, judgments, files, pool))
}

func writeJudgments(ctx context.Context, judgments schemas.Table, files *languageFiles, pool []string) error {
	for batch, err := range judgments.Batches(ctx) {
		if err != nil {
			return err
		}
		query, document := textsOf(batch, schemas.QueryID), textsOf(batch, schemas.DocumentID)
		queryLanguage, documentLanguage := textsOf(batch, schemas.QueryLanguage), textsOf(batch, schemas.DocumentLanguage)
		grade := column[*array.Int32](batch, schemas.Grade)
		for i := range int(batch.NumRows()) {
			for language, f := range files.open {
				if queryLanguage.IsValid(i) && queryLanguage.Value(i) != language {
					continue
				}
				for _, id := range pooledIDs(documentLanguage.Value(i), document.Value(i), pool) {
					if err := trecIDs(query.Value(i), id); err != nil {
						return err
					}
					fmt.Fprintf(f.w, "%s 0 %s %d\n", query.Value(i), id, grade.Value(i))
				}
			}
		}
	}
	return nil
}

// pooledIDs are a judged document's ids in the run files; none if it was not searched. A language may be empty, for any.
func pooledIDs(language, id string, pool []string) []string {
	if len(pool) < 2 {
		if language != "" && language != pool[0] {
			return nil
		}
		return []string{id}
	}
	if language != "" {
		return []string{language + ":" + id}
	}
	ids := make([]string, len(pool))
	for i, l := range pool {
		ids[i] = l + ":" + id
	}
	return ids
}
