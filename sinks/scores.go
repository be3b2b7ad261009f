package sinks

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
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
				return textsOf(batch, name)
			}
			number := func(name string) *array.Float64 {
				return column[*array.Float64](batch, name)
			}
			variant, language, query := text(schemas.Variant), text(schemas.Language), text(schemas.QueryID)
			measure, scoring := text(schemas.Measure), text(schemas.Scoring)
			seed := column[*array.Int64](batch, schemas.TrainingSeed)
			value, low, high := number(schemas.Value), number(schemas.Low), number(schemas.High)
			queries := column[*array.Int32](batch, schemas.QueryCount)
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

// table is a measure's values, in percent: a header, a row a language, and the mean over languages.
func (s *scores) table(measure string, interval bool) figure.Table {
	rows := [][]figure.Cell{figure.Cells(append([]string{measure}, s.Variants...)...)}
	for _, language := range s.Languages {
		row := figure.Cells(language)
		for _, variant := range s.Variants {
			cell := figure.Cell{}
			if m, ok := s.Means[scoreID{measure, language, variant}]; ok {
				cell.Text = hundredths(m.Value)
				if interval {
					cell.Low, cell.High = hundredths(m.Low), hundredths(m.High)
				}
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	if len(s.Languages) > 1 {
		row := figure.Cells("mean")
		for _, variant := range s.Variants {
			cell := figure.Cell{}
			if value, ok := s.mean(measure, variant); ok {
				cell.Text = hundredths(value)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	for _, row := range rows[1:] {
		figure.MarkBest(pointers(row[1:]))
	}
	if len(s.Variants) > len(s.Languages) {
		rows = transposed(rows)
	}
	return figure.Table{Name: measure + " by language", Left: 1, Rows: rows}
}

func hundredths(x float64) string { return fmt.Sprintf("%.2f", 100*x) }

func pointers(cells []figure.Cell) []*figure.Cell {
	var all []*figure.Cell
	for i := range cells {
		all = append(all, &cells[i])
	}
	return all
}

// mean is a variant's mean over the languages that it has; false if it has none.
func (s *scores) mean(measure, variant string) (float64, bool) {
	sum, n := 0.0, 0
	for _, language := range s.Languages {
		if m, ok := s.Means[scoreID{measure, language, variant}]; ok {
			sum, n = sum+m.Value, n+1
		}
	}
	return sum / float64(max(n, 1)), n > 0
}

// headline is every measure's table for a terminal.
func (s *scores) headline() string {
	var b strings.Builder
	for _, measure := range s.Measures {
		b.WriteString("\n" + strings.Join(alignedLines(s.table(measure, false).Strings(), 1), "\n") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

const scoresLegend = "In percent, by language of the query, with 95 % bootstrap intervals."

// markdown is every measure's table in Markdown, with intervals.
func (s *scores) markdown() string {
	var b strings.Builder
	b.WriteString("# Scores\n\n" + scoresLegend + "\n")
	for _, table := range s.tables() {
		b.WriteString("\n" + markdownTable(table.Strings(), 1))
	}
	return b.String()
}

// tables are those of all measures, with intervals.
func (s *scores) tables() []figure.Table {
	var tables []figure.Table
	for _, measure := range s.Measures {
		tables = append(tables, s.table(measure, true))
	}
	return tables
}

// section is every measure's table and, unless comparisons show the same, its chart and grids of variants.
func (s *scores) section(compared bool) figure.Section {
	section := figure.Section{ID: "scores", Title: "Scores"}
	for i, measure := range s.Measures {
		part := figure.Part{Title: measure, HTML: []template.HTML{s.table(measure, true).HTML()}}
		if i == 0 {
			part.HTML = append(part.HTML, figure.Notes(scoresLegend))
		}
		if !compared {
			part.HTML = append(part.HTML, s.charts(measure)...)
		}
		section.Parts = append(section.Parts, part)
	}
	return section
}

func (s *scores) charts(measure string) []template.HTML {
	mean := func(variant string) (float64, bool) { return s.mean(measure, variant) }
	byAxes := axes(measure+", mean over languages, by what varies", s.Variants, mean, nil)
	if len(s.Variants) <= figure.Looks {
		return []template.HTML{s.chart(measure).HTML(), byAxes}
	}
	return []template.HTML{heat{measure + " by language", s.Variants, s.Languages, s.value(measure), nil}.HTML(), byAxes}
}

func (s *scores) value(measure string) func(variant, language string) (float64, bool) {
	return func(variant, language string) (float64, bool) {
		m, ok := s.Means[scoreID{measure, language, variant}]
		return m.Value, ok
	}
}

// chart has a row a language, with a dot a variant.
func (s *scores) chart(measure string) figure.Dots {
	chart := figure.Dots{Title: measure + " by language of the query, with 95 % intervals", Series: s.Variants,
		Description: "A row for each language, with a dot for each variant. The table has the numbers."}
	for _, language := range s.Languages {
		row := figure.DotRow{Label: language}
		for i, variant := range s.Variants {
			if m, ok := s.Means[scoreID{measure, language, variant}]; ok {
				row.Dots = append(row.Dots, figure.Dot{Series: i, X: 100 * m.Value, Low: 100 * m.Low, High: 100 * m.High})
			}
		}
		chart.Rows = append(chart.Rows, row)
	}
	return chart
}
