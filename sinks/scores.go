package sinks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// scores are the means of tables of scores: a table a measure, with languages as rows and variants as columns, or the other way
// round where there are more variants than languages.
type scores struct {
	Measures, Languages, Variants []string // in the order in which they came
	Means                         map[scoreID]mean
}

type scoreID struct{ Measure, Language, Variant string }

type mean struct {
	Value, Low, High float64
	Queries          int32
}

func readScores(ctx context.Context, tables []schemas.Table) (*scores, error) {
	s := &scores{Means: map[scoreID]mean{}}
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return nil, err
			}
			text := func(name string) *array.String {
				return batch.Column(batch.Schema().FieldIndices(name)[0]).(*array.String)
			}
			number := func(name string) *array.Float64 {
				return batch.Column(batch.Schema().FieldIndices(name)[0]).(*array.Float64)
			}
			variant, language, query := text(schemas.Variant), text(schemas.Language), text(schemas.QueryID)
			measure, scoring := text(schemas.Measure), text(schemas.Scoring)
			seed := batch.Column(batch.Schema().FieldIndices(schemas.TrainingSeed)[0]).(*array.Int64)
			value, low, high := number(schemas.Value), number(schemas.Low), number(schemas.High)
			queries := batch.Column(batch.Schema().FieldIndices(schemas.QueryCount)[0]).(*array.Int32)
			for i := range int(batch.NumRows()) {
				if query.IsNull(i) {
					id := scoreID{titled(measure.Value(i), scoring.Value(i)), strings.Clone(language.Value(i)), strings.Clone(variant.Value(i))}
					if seed.IsValid(i) {
						id.Variant = fmt.Sprintf("%s, seed %d", id.Variant, seed.Value(i))
					}
					s.add(id, mean{value.Value(i), low.Value(i), high.Value(i), queries.Value(i)})
				}
			}
		}
	}
	return s, nil
}

// titled is the name of a measure's table: with the scoring, where it has a name.
func titled(measure, scoring string) string {
	if scoring == "" {
		return strings.Clone(measure)
	}
	return measure + ", " + scoring
}

func (s *scores) add(id scoreID, m mean) {
	for _, l := range []struct {
		list *[]string
		name string
	}{{&s.Measures, id.Measure}, {&s.Languages, id.Language}, {&s.Variants, id.Variant}} {
		if !slices.Contains(*l.list, l.name) {
			*l.list = append(*l.list, l.name)
		}
	}
	s.Means[id] = m
}

// grid is a measure's table as text, in percent: a header, a row a language, and the mean over languages.
func (s *scores) grid(measure string, interval bool) [][]string {
	rows := [][]string{append([]string{measure}, s.Variants...)}
	for _, language := range s.Languages {
		row := []string{language}
		for _, variant := range s.Variants {
			m, ok := s.Means[scoreID{measure, language, variant}]
			switch {
			case !ok:
				row = append(row, "")
			case interval:
				row = append(row, fmt.Sprintf("%.2f (%.2f to %.2f)", 100*m.Value, 100*m.Low, 100*m.High))
			default:
				row = append(row, fmt.Sprintf("%.2f", 100*m.Value))
			}
		}
		rows = append(rows, row)
	}
	if len(s.Languages) > 1 {
		rows = append(rows, s.meanRow(measure))
	}
	if len(s.Variants) > len(s.Languages) {
		return transposed(rows)
	}
	return rows
}

func (s *scores) meanRow(measure string) []string {
	row := []string{"mean"}
	for _, variant := range s.Variants {
		sum, n := 0.0, 0
		for _, language := range s.Languages {
			if m, ok := s.Means[scoreID{measure, language, variant}]; ok {
				sum, n = sum+m.Value, n+1
			}
		}
		if n == 0 {
			row = append(row, "")
			continue
		}
		row = append(row, fmt.Sprintf("%.2f", 100*sum/float64(n)))
	}
	return row
}

// headline is every measure's table for a terminal.
func (s *scores) headline() string {
	var b strings.Builder
	for _, measure := range s.Measures {
		b.WriteString("\n" + strings.Join(alignedLines(s.grid(measure, false), 1), "\n") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// markdown is every measure's table in Markdown, with intervals.
func (s *scores) markdown() string {
	var b strings.Builder
	b.WriteString("# Scores\n\nIn percent, by language of the query, with 95 % bootstrap intervals.\n")
	for _, measure := range s.Measures {
		b.WriteString("\n" + markdownTable(s.grid(measure, true), 1))
	}
	return b.String()
}

var scoresPage = newPage("Scores", `<p>In percent, by language of the query, with 95 % bootstrap intervals.</p>
{{range .}}{{template "table" .}}{{end}}`)

// html is every measure's table as a page.
func (s *scores) html() string {
	var grids [][][]string
	for _, measure := range s.Measures {
		grids = append(grids, s.grid(measure, true))
	}
	return scoresPage.html(grids)
}
