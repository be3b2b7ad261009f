package sinks

import (
	"context"
	"fmt"
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

// Accepts takes tables of scores, and of hits.
func (r *Report) Accepts(in map[string][]schemas.TableType) []schemas.Mistake {
	var found []schemas.Mistake
	for key, want := range map[string]string{"from": schemas.Measure, "hits": schemas.Rank} {
		for _, t := range in[key] {
			if !t.Schema.HasField(want) {
				found = append(found, schemas.Mistake{Key: key, Problem: fmt.Sprintf("%s has no column %s", t.Name, want)})
			}
		}
	}
	return found
}

// Files is the folder.
func (r *Report) Files() []string { return []string{string(r.Path)} }

// Write writes the folder's files, each complete or not at all. The summary is the headline tables.
func (r *Report) Write(ctx context.Context, job Job) (string, error) {
	tables := job.Tables["from"]
	if err := writeParquet(ctx, filepath.Join(string(r.Path), "scores.parquet"), codecs["zstd"], tables); err != nil {
		return "", err
	}
	s, err := readScores(ctx, tables)
	if err != nil {
		return "", err
	}
	for name, text := range map[string]string{"scores.md": s.markdown(), "scores.html": s.html()} {
		f, err := Create(filepath.Join(string(r.Path), name))
		if err != nil {
			return "", err
		}
		_, err = f.WriteString(text)
		if err := f.Publish(err); err != nil {
			return "", fmt.Errorf("writing %s: %w", name, err)
		}
	}
	for _, hits := range job.Tables["hits"] {
		if err := writeRuns(ctx, filepath.Join(string(r.Path), "runs"), hits); err != nil {
			return "", err
		}
	}
	return s.headline(), nil
}
