package sinks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/schemas"
)

// Report writes what people look at: the scores as Parquet, as Markdown and as one HTML page, and the hits as TREC run files.
type Report struct {
	// From names the table of scores, or several: one a variant.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Hits names tables of hits to write as TREC run files, one a query language.
	Hits []schemas.TableRef `yaml:"hits"`
	// Path of the folder.
	Path schemas.Path `yaml:"path" ferry:"required"`
}

// NewReport returns a Report with its defaults.
func NewReport() *Report { return &Report{} }

// Validate makes sure that the folder can be one.
func (r *Report) Validate() []schemas.Mistake {
	if stat, err := os.Stat(string(r.Path)); err == nil && !stat.IsDir() {
		return []schemas.Mistake{{Key: "path", Problem: "is a file; name a folder"}}
	}
	return nil
}

// Accepts takes tables of scores, and of hits.
func (r *Report) Accepts(in map[string][]schemas.TableType) []schemas.Mistake {
	var found []schemas.Mistake
	for _, want := range []struct{ key, column, table string }{{"from", schemas.Measure, "scores"}, {"hits", schemas.Rank, "hits"}} {
		for _, t := range in[want.key] {
			if !t.Schema.HasField(want.column) {
				found = append(found, schemas.Mistake{Key: want.key, Problem: fmt.Sprintf("needs tables of %s; %s has no column %s", want.table, t.Name, want.column)})
			}
		}
	}
	return found
}

// Files are three files of scores and, with hits, the folder of run files.
func (r *Report) Files() []string {
	files := []string{r.file("scores.parquet"), r.file("scores.md"), r.file("scores.html")}
	if len(r.Hits) > 0 {
		files = append(files, r.file("runs"))
	}
	return files
}

func (r *Report) file(name string) string { return filepath.Join(string(r.Path), name) }

// Write writes the folder's files, each complete or not at all. The summary is the headline tables.
func (r *Report) Write(ctx context.Context, job Job) (string, error) {
	tables := job.Tables["from"]
	if err := writeParquet(ctx, r.file("scores.parquet"), codecs["zstd"], tables); err != nil {
		return "", err
	}
	s, err := readScores(ctx, tables)
	if err != nil {
		return "", err
	}
	if err := errors.Join(writeText(r.file("scores.md"), s.markdown()), writeText(r.file("scores.html"), s.html())); err != nil {
		return "", err
	}
	if len(r.Hits) > 0 { // the folder is there even if there are no hits
		if err := os.MkdirAll(r.file("runs"), 0o777); err != nil {
			return "", fmt.Errorf("creating folder: %w", err)
		}
	}
	for _, hits := range job.Tables["hits"] {
		if err := writeRuns(ctx, r.file("runs"), hits); err != nil {
			return "", err
		}
	}
	return s.headline(), nil
}

func writeText(path, text string) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := f.Publish(err); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
