package sinks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// scores are the means of tables of scores: a table a measure, with languages as rows and variants as columns, or the other way
// round where there are more variants than languages. What looks at the documents of one language is in pools.
type scores struct {
	Measures, Languages, Variants []string // in the order in which they came
	Means                         map[scoreID]mean
	Pooled                        []pooledMeasure
}

type scoreID struct{ Measure, Language, Variant string }

// mean is that over the queries of a language, or over languages: that has no interval.
type mean struct {
	Value, Low, High float64
	TieLow, TieHigh  float64
	Queries          int32 // 0 over languages
	Untied           bool  // the bounds over ties are not known
}

func readScores(ctx context.Context, tables []schemas.Table) (*scores, error) {
	s := &scores{Means: map[scoreID]mean{}}
	err := eachBatch(ctx, tables, func(batch arrow.RecordBatch) {
		variant, language, query := textsOf(batch, schemas.Variant), textsOf(batch, schemas.Language), textsOf(batch, schemas.QueryID)
		measure, scoring := textsOf(batch, schemas.Measure), textsOf(batch, schemas.Scoring)
		seed, queries := column[*array.Int64](batch, schemas.TrainingSeed), column[*array.Int32](batch, schemas.QueryCount)
		number := func(name string, i int) float64 { return column[*array.Float64](batch, name).Value(i) }
		for i := range int(batch.NumRows()) {
			if query.IsValid(i) {
				continue
			}
			id := scoreID{titled(measure.Value(i), scoring.Value(i)), strings.Clone(language.Value(i)), strings.Clone(variant.Value(i))}
			if seed.IsValid(i) {
				id.Variant = fmt.Sprintf("%s, seed %d", id.Variant, seed.Value(i))
			}
			m := mean{number(schemas.Value, i), number(schemas.Low, i), number(schemas.High, i), number(schemas.TieLow, i), number(schemas.TieHigh, i),
				queries.Value(i), column[*array.Float64](batch, schemas.TieLow).IsNull(i)}
			s.add(id, m, s.pooled(id.Measure, measure.Value(i), scoring.Value(i)))
		}
	})
	return s, err
}

// titled is the name of a measure's table: with the scoring, where it has a name.
func titled(measure, scoring string) string {
	if scoring == "" {
		return strings.Clone(measure)
	}
	return measure + ", " + scoring
}

func (s *scores) add(id scoreID, m mean, pooled bool) {
	if !pooled {
		addOnce(&s.Measures, id.Measure)
	}
	addOnce(&s.Languages, id.Language)
	addOnce(&s.Variants, id.Variant)
	s.Means[id] = m
}

func addOnce(list *[]string, name string) {
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// table is a measure's values, in percent: a header, a row a language, and the mean over languages.
func (s *scores) table(measure string, cell func(mean) figure.Cell) figure.Table {
	rows := [][]figure.Cell{figure.Cells(append([]string{measure}, s.Variants...)...)}
	add := func(name string, of func(variant string) (mean, bool)) {
		row := figure.Cells(name)
		for _, variant := range s.Variants {
			if m, ok := of(variant); ok {
				row = append(row, cell(m))
			} else {
				row = append(row, figure.Cell{})
			}
		}
		figure.MarkBest(pointers(row[1:]))
		rows = append(rows, row)
	}
	for _, language := range s.Languages {
		add(language, func(variant string) (mean, bool) {
			m, ok := s.Means[scoreID{measure, language, variant}]
			return m, ok
		})
	}
	if len(s.Languages) > 1 {
		add("mean", func(variant string) (mean, bool) { return s.mean(measure, variant) })
	}
	if len(s.Variants) > len(s.Languages) {
		rows = transposed(rows)
	}
	return figure.Table{Name: measure + " by language", Left: 1, Rows: rows}
}

func hundredths(x float64) string { return fmt.Sprintf("%.2f", 100*x) }

// inHundredths is a value alone.
func inHundredths(m mean) figure.Cell { return figure.Cell{Text: hundredths(m.Value)} }

// withInterval is a value with its interval, which is too wide for more digits.
func withInterval(m mean) figure.Cell {
	if m.Queries == 0 {
		return figure.Cell{Text: percent(m.Value)}
	}
	return figure.Cell{Text: percent(m.Value), Low: percent(m.Low), High: percent(m.High)}
}

// withTies is a value with its bounds over ties.
func withTies(m mean) figure.Cell {
	cell := inHundredths(m)
	if !m.Untied {
		cell.Low, cell.High = hundredths(m.TieLow), hundredths(m.TieHigh)
	}
	return cell
}

func pointers(cells []figure.Cell) []*figure.Cell {
	var all []*figure.Cell
	for i := range cells {
		all = append(all, &cells[i])
	}
	return all
}

// mean is a variant's mean over the languages that it has; false if it has none.
func (s *scores) mean(measure, variant string) (mean, bool) {
	var sum mean
	n := 0.0
	for _, language := range s.Languages {
		if m, ok := s.Means[scoreID{measure, language, variant}]; ok {
			sum.Value, sum.TieLow, sum.TieHigh, sum.Untied = sum.Value+m.Value, sum.TieLow+m.TieLow, sum.TieHigh+m.TieHigh, sum.Untied || m.Untied
			n++
		}
	}
	if n > 0 {
		sum.Value, sum.TieLow, sum.TieHigh = sum.Value/n, sum.TieLow/n, sum.TieHigh/n
	}
	return sum, n > 0
}

// apart is how far the bounds over ties of any mean are from one another; false if they are not known.
func (s *scores) apart(measure string) (most float64, known bool) {
	for _, language := range s.Languages {
		for _, variant := range s.Variants {
			if m, ok := s.Means[scoreID{measure, language, variant}]; ok && !m.Untied {
				most, known = max(most, m.TieHigh-m.TieLow), true
			}
		}
	}
	return most, known
}
