package sinks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// Write writes the folder's files, each complete or not at all, and removes what it wrote before and does not any more. The summary is the headline tables.
func (r *Report) Write(ctx context.Context, job Job) (string, error) {
	chapters, err := readChapters(ctx, job)
	if err != nil {
		return "", err
	}
	list, err := openListed(string(r.Path))
	if err != nil {
		return "", err
	}
	if err := list.add(r.Files()...); err != nil {
		return "", err
	}
	page := figure.Page{Title: r.Title}
	var summaries []string
	for _, c := range chapters {
		if err := r.writeTables(ctx, c); err != nil {
			return "", err
		}
		if c.summary != "" {
			summaries = append(summaries, c.summary)
		}
		page.Sections = append(page.Sections, c.section)
	}
	if err := r.writeRuns(ctx, list, job.Tables["hits"], job.Tables["judgments"]); err != nil {
		return "", err
	}
	if err := writeText(r.Page(), page.HTML()); err != nil {
		return "", err
	}
	return strings.Join(summaries, "\n"), list.prune()
}

// A chapter is what a report says about the tables of one kind.
type chapter struct {
	name     string // of its files; empty if it has none
	from     []schemas.Table
	summary  string // for a terminal; may be empty
	markdown string
	tables   []figure.Table // in LaTeX; none if there should be no such file
	section  figure.Section
}

// readChapters reads what is reported, in the order of the page.
func readChapters(ctx context.Context, job Job) ([]chapter, error) {
	c, err := readComparisons(ctx, job.Tables["comparisons"])
	if err != nil {
		return nil, err
	}
	var chapters []chapter
	for _, key := range []string{"comparisons", "from", "training", "alignments", "audit", "queries", "findings"} {
		if len(job.Tables[key]) == 0 {
			continue
		}
		one, err := readChapter(ctx, job, key, c)
		if err != nil {
			return nil, err
		}
		chapters = append(chapters, one)
	}
	if job.Provenance != nil {
		made, err := job.Provenance()
		if err != nil {
			return nil, err
		}
		chapters = append(chapters, chapter{section: made.section()})
	}
	return chapters, nil
}

// readChapter reads the tables of a key; c are the report's comparisons.
func readChapter(ctx context.Context, job Job, key string, c comparisons) (chapter, error) {
	switch from := job.Tables[key]; key {
	case "comparisons":
		return chapter{"comparisons", from, c.headline(), c.markdown(), c.tables(), c.section()}, nil
	case "from":
		s, err := readScores(ctx, from)
		if err != nil {
			return chapter{}, err
		}
		low, compared := c.lowResource(), len(c) > 0 // comparisons have the same values
		return chapter{"scores", from, s.headline(compared, low), s.markdown(low), s.tables(low), s.section(compared, low)}, nil
	case "training":
		curves, err := readCurves(ctx, from)
		if err != nil {
			return chapter{}, err
		}
		return chapter{section: curves.section()}, nil
	case "alignments":
		a, err := readAlignments(ctx, from)
		if err != nil {
			return chapter{}, err
		}
		return chapter{section: a.section()}, nil
	case "audit":
		rows, err := readAudits(ctx, from)
		if err != nil {
			return chapter{}, err
		}
		return chapter{"audit", from, "\n" + rows.headline(), rows.markdown(), []figure.Table{rows.table()}, rows.section(c)}, nil
	case "queries":
		baseline := ""
		if len(c) > 0 {
			baseline = c[0].baseline
		}
		w, err := readWorst(ctx, job, baseline)
		if err != nil {
			return chapter{}, err
		}
		return chapter{section: w.section()}, nil
	case "findings":
		f, err := ReadFindings(ctx, from)
		if err != nil {
			return chapter{}, err
		}
		return chapter{"findings", from, "\n" + f.Text() + f.Totals(), f.markdown(), nil, f.section()}, nil
	}
	return chapter{}, fmt.Errorf("a report has no chapter of %s", key)
}

func (r *Report) writeTables(ctx context.Context, c chapter) error {
	if c.name == "" {
		return nil
	}
	if err := writeParquet(ctx, r.file(c.name+".parquet"), codecs["zstd"], c.from); err != nil {
		return err
	}
	err := writeText(r.file(c.name+".md"), c.markdown)
	if c.tables != nil {
		var latex []string
		for _, t := range c.tables {
			latex = append(latex, t.LaTeX())
		}
		err = errors.Join(err, writeText(r.file(c.name+".tex"), strings.Join(latex, "\n")))
	}
	return err
}

// writeRuns writes hits as TREC run files, and judgments beside them. The folder is there even if there are no hits.
func (r *Report) writeRuns(ctx context.Context, list *listed, hits, judgments []schemas.Table) error {
	if len(r.Hits) == 0 {
		return nil
	}
	folder := r.file("runs")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("creating folder: %w", err)
	}
	queries, documents, err := hitLanguages(ctx, hits)
	if err != nil {
		return err
	}
	for _, table := range hits {
		if err := writeRuns(ctx, folder, list, table, len(documents) > 1); err != nil {
			return err
		}
	}
	for _, table := range judgments {
		if err := writeQrels(ctx, folder, list, table, queries, documents); err != nil {
			return err
		}
	}
	return nil
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
