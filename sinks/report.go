package sinks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// Report writes what people look at: scores, comparisons of them, and findings of lint, each as Parquet, as Markdown and as one
// HTML page, the hits as TREC run files, and audits as Parquet, as Markdown and as a chart of fertility.
type Report struct {
	// From names the table of scores, or several: one a variant.
	From []schemas.TableRef `yaml:"from"`
	// Comparisons names tables of comparisons, which are shown in place of the scores when a run ends.
	Comparisons []schemas.TableRef `yaml:"comparisons"`
	// Hits names tables of hits to write as TREC run files, one a query language.
	Hits []schemas.TableRef `yaml:"hits"`
	// Audit names tables of audits to show side by side: one a tokenizer.
	Audit []schemas.TableRef `yaml:"audit"`
	// Findings names tables of findings.
	Findings []schemas.TableRef `yaml:"findings"`
	// Path of the folder.
	Path schemas.Path `yaml:"path" ferry:"required"`
}

// NewReport returns a Report with its defaults.
func NewReport() *Report { return &Report{} }

// Validate makes sure that there is something to write, and that the folder can be one.
func (r *Report) Validate() []schemas.Mistake {
	if len(r.From) == 0 && len(r.Comparisons) == 0 && len(r.Audit) == 0 && len(r.Findings) == 0 {
		return []schemas.Mistake{{Problem: `needs the key "from", "comparisons", "audit" or "findings"`}}
	}
	if len(r.From) == 0 && len(r.Hits) > 0 {
		return []schemas.Mistake{{Key: "hits", Problem: `needs the key "from" beside it`}}
	}
	if stat, err := os.Stat(string(r.Path)); err == nil && !stat.IsDir() {
		return []schemas.Mistake{{Key: "path", Problem: "is a file; name a folder"}}
	}
	return nil
}

// Accepts takes tables of scores, of comparisons, of hits, of audits, and of findings.
func (r *Report) Accepts(in map[string][]schemas.TableType) []schemas.Mistake {
	var found []schemas.Mistake
	for _, want := range []struct{ key, column, table string }{{"from", schemas.TrainingSeed, "scores"}, {"comparisons", schemas.Gain, "comparisons"}, {"hits", schemas.Rank, "hits"}, {"audit", schemas.Fertility, "audits"}, {"findings", schemas.Severity, "findings"}} {
		for _, t := range in[want.key] {
			if !t.Schema.HasField(want.column) {
				found = append(found, schemas.Mistake{Key: want.key, Problem: fmt.Sprintf("needs tables of %s; %s has no column %s", want.table, t.Name, want.column)})
			}
		}
	}
	return found
}

// Files are three files each of scores, of comparisons, of audits and of findings, and the folder of run files with hits.
func (r *Report) Files() []string {
	var files []string
	if len(r.From) > 0 {
		files = append(files, r.file("scores.parquet"), r.file("scores.md"), r.file("scores.html"))
	}
	if len(r.Comparisons) > 0 {
		files = append(files, r.file("comparisons.parquet"), r.file("comparisons.md"), r.file("comparisons.html"))
	}
	if len(r.Hits) > 0 {
		files = append(files, r.file("runs"))
	}
	if len(r.Audit) > 0 {
		files = append(files, r.file("audit.parquet"), r.file("audit.md"), r.file("audit.svg"))
	}
	if len(r.Findings) > 0 {
		files = append(files, r.file("findings.parquet"), r.file("findings.md"), r.file("findings.html"))
	}
	return files
}

func (r *Report) file(name string) string { return filepath.Join(string(r.Path), name) }

// Write writes the folder's files, each complete or not at all. The summary is the headline tables.
func (r *Report) Write(ctx context.Context, job Job) (string, error) {
	var summaries []string
	for _, part := range []struct {
		tables []schemas.Table
		write  func(context.Context, []schemas.Table) (string, error)
	}{{job.Tables["from"], r.writeScores}, {job.Tables["comparisons"], r.writeComparisons}, {job.Tables["audit"], r.writeAudits}, {job.Tables["findings"], r.writeFindings}} {
		if len(part.tables) == 0 {
			continue
		}
		summary, err := part.write(ctx, part.tables)
		if err != nil {
			return "", err
		}
		if summary != "" {
			summaries = append(summaries, summary)
		}
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
	return strings.Join(summaries, "\n"), nil
}

func (r *Report) writeScores(ctx context.Context, tables []schemas.Table) (string, error) {
	if err := writeParquet(ctx, r.file("scores.parquet"), codecs["zstd"], tables); err != nil {
		return "", err
	}
	s, err := readScores(ctx, tables)
	if err != nil {
		return "", err
	}
	summary := s.headline()
	if len(r.Comparisons) > 0 { // they have the same values
		summary = ""
	}
	return summary, errors.Join(writeText(r.file("scores.md"), s.markdown()), writeText(r.file("scores.html"), s.html()))
}

func (r *Report) writeComparisons(ctx context.Context, tables []schemas.Table) (string, error) {
	if err := writeParquet(ctx, r.file("comparisons.parquet"), codecs["zstd"], tables); err != nil {
		return "", err
	}
	c, err := readComparisons(ctx, tables)
	if err != nil {
		return "", err
	}
	return c.headline(), errors.Join(writeText(r.file("comparisons.md"), c.markdown()), writeText(r.file("comparisons.html"), c.html()))
}

func (r *Report) writeAudits(ctx context.Context, tables []schemas.Table) (string, error) {
	if err := writeParquet(ctx, r.file("audit.parquet"), codecs["zstd"], tables); err != nil {
		return "", err
	}
	rows, err := readAudits(ctx, tables)
	if err != nil {
		return "", err
	}
	svg, err := rows.chart()
	if err != nil {
		return "", err
	}
	return "\n" + rows.headline(), errors.Join(writeText(r.file("audit.md"), rows.markdown()), writeText(r.file("audit.svg"), string(svg)))
}

func (r *Report) writeFindings(ctx context.Context, tables []schemas.Table) (string, error) {
	if err := writeParquet(ctx, r.file("findings.parquet"), codecs["zstd"], tables); err != nil {
		return "", err
	}
	f, err := ReadFindings(ctx, tables)
	if err != nil {
		return "", err
	}
	return "\n" + f.Text() + f.Totals(), errors.Join(writeText(r.file("findings.md"), f.markdown()), writeText(r.file("findings.html"), f.html()))
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
