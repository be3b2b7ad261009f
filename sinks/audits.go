package sinks

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// audits are the rows of tables of audits, those of one language and script together.
type audits []audited

// audited is a row. Values that are null are nil.
type audited struct {
	variant, language, script string
	texts, words, tokens      int64
	maxTokens                 int32
	fertility                 *float64
	unknownRate               *float64
	textsCut, tokensLost      *float64
	bytesPer, charactersPer   *float64
}

func readAudits(ctx context.Context, tables []schemas.Table) (audits, error) {
	var rows audits
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return nil, err
			}
			text := func(name string, i int) string {
				return strings.Clone(textsOf(batch, name).Value(i))
			}
			count := func(name string, i int) int64 {
				return column[*array.Int64](batch, name).Value(i)
			}
			number := func(name string, i int) *float64 {
				c := column[*array.Float64](batch, name)
				if c.IsNull(i) {
					return nil
				}
				value := c.Value(i)
				return &value
			}
			longest := column[*array.Int32](batch, schemas.MaxTokens)
			for i := range int(batch.NumRows()) {
				rows = append(rows, audited{
					text(schemas.Variant, i), text(schemas.Language, i), text(schemas.ScriptCode, i),
					count(schemas.TextCount, i), count(schemas.Words, i), count(schemas.TokenCount, i), longest.Value(i),
					number(schemas.Fertility, i), number(schemas.UnknownRate, i), number(schemas.TextsCut, i),
					number(schemas.TokensLost, i), number(schemas.BytesPerToken, i), number(schemas.CharsPerToken, i),
				})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b audited) int {
		return cmp.Or(strings.Compare(a.language, b.language), strings.Compare(a.script, b.script))
	})
	return rows, nil
}

// grid is the table as text, with a header; the last column is the fertility.
func (rows audits) grid() [][]string {
	number := func(value *float64, times float64, decimals int) string {
		if value == nil {
			return ""
		}
		return strconv.FormatFloat(times**value, 'f', decimals, 64)
	}
	grid := [][]string{{"variant", "language", "script", "texts", "words", "tokens", "unknown %", "max tokens", "cut %", "lost %", "bytes/token", "characters/token", "fertility"}}
	for _, r := range rows {
		grid = append(grid, []string{r.variant, r.language, r.script, fmt.Sprint(r.texts), fmt.Sprint(r.words), fmt.Sprint(r.tokens),
			number(r.unknownRate, 100, 2), fmt.Sprint(r.maxTokens), number(r.textsCut, 100, 2), number(r.tokensLost, 100, 2),
			number(r.bytesPer, 1, 2), number(r.charactersPer, 1, 2), number(r.fertility, 1, 3)})
	}
	return grid
}

// barWidth is the length of the longest bar on a terminal, in characters.
const barWidth = 20

// headline is the table for a terminal, with a bar for each fertility.
func (rows audits) headline() string {
	most := 0.0
	for _, r := range rows {
		if r.fertility != nil {
			most = max(most, *r.fertility)
		}
	}
	lines := alignedLines(rows.grid(), 3)
	for i, r := range rows {
		if r.fertility != nil && most > 0 {
			lines[i+1] += "  " + bar(*r.fertility/most)
		}
	}
	return strings.Join(lines, "\n")
}

// bar is a bar of a length between 0 and 1, in eighths of a character.
func bar(length float64) string {
	eighths := int(length*barWidth*8 + 0.5)
	return strings.Repeat("█", eighths/8) + []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}[eighths%8]
}

const auditsLegend = "Tokens are counted without special ones, words as UAX #29 cuts them; fertility is tokens a word, where scripts " +
	"without spaces have\ncharacters for words. Cut are the texts longer than max tokens, lost their tokens beyond that."

// markdown is the table in Markdown.
func (rows audits) markdown() string {
	return "# Audit\n\n" + auditsLegend + "\n\n" + markdownTable(rows.grid(), 3)
}

// table is the table with marks for none.
func (rows audits) table() figure.Table {
	table := figure.Table{Name: "audit of tokenizers", Left: 3}
	for _, row := range rows.grid() {
		table.Rows = append(table.Rows, figure.Cells(row...))
	}
	return table
}

// section is the table, the chart, and how gains go with fertility.
func (rows audits) section(c comparisons) figure.Section {
	c, _ = c.shown()
	part := figure.Part{HTML: []template.HTML{rows.chart().HTML(), rows.table().HTML(), figure.Notes(auditsLegend)}}
	s := figure.Section{ID: "tokens", Title: "Tokens", Parts: []figure.Part{part}}
	if part := rows.againstGain(c); part != nil {
		s.Parts = append(s.Parts, *part)
	}
	return s
}
