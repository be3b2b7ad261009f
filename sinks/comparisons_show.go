package sinks

import (
	"html/template"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// headline is what a page shows, for a terminal.
func (c comparisons) headline() string {
	c, left := c.shown()
	var b strings.Builder
	if table, ok := c.overview(); ok {
		b.WriteString("\n" + strings.Join(alignedLines(table.Strings(), 1), "\n") + "\n")
	}
	for _, board := range c {
		b.WriteString("\n" + strings.Join(append(alignedLines(board.table().Strings(), 1), board.findings()...), "\n") + "\n")
	}
	return b.String() + "\n" + strings.Join(append(c.legend(), left...), "\n")
}

// markdown is all boards in Markdown.
func (c comparisons) markdown() string {
	var b strings.Builder
	b.WriteString("# Comparisons\n\n" + markdownLines(c.legend()) + "\n")
	if table, ok := c.overview(); ok {
		b.WriteString("\n## Side by side\n\n" + markdownTable(table.Strings(), 1))
	}
	for _, board := range c {
		b.WriteString("\n## " + inMarkdown(board.heading()) + "\n\n" + markdownTable(board.table().Strings(), 1))
		if found := board.findings(); found != nil {
			b.WriteString("\n" + markdownLines(found) + "\n")
		}
		if tested := board.tested(); len(tested.Rows) > 1 {
			b.WriteString("\n### " + testedTitle + "\n\n" + markdownTable(tested.Strings(), tested.Left) + "\n" + board.testedLegend() + "\n")
		}
	}
	return b.String()
}

func (b *comparedBoard) heading() string {
	if b.baseline == "" {
		return b.title
	}
	return b.title + ", beside " + b.baseline
}

// tables are all tables, with what each is of.
func (c comparisons) tables() []figure.Table {
	var tables []figure.Table
	if table, ok := c.overview(); ok {
		tables = append(tables, table)
	}
	for _, b := range c {
		tables = append(tables, b.table())
		if tested := b.tested(); len(tested.Rows) > 1 {
			tables = append(tables, tested)
		}
	}
	return tables
}

// section is the boards for which there is room, each with its charts.
func (c comparisons) section() figure.Section {
	c, left := c.shown()
	s := figure.Section{ID: "comparisons", Title: "Comparisons"}
	notes := figure.Notes(append(c.legend(), left...)...) // below the first table
	if table, ok := c.overview(); ok {
		s.Parts = append(s.Parts, figure.Part{Title: "Side by side", HTML: []template.HTML{table.HTML(), notes}})
		notes = ""
	}
	for _, b := range c {
		s.Parts = append(s.Parts, b.part(notes))
		notes = ""
	}
	return s
}

// part has the notes below its table.
func (b *comparedBoard) part(notes template.HTML) figure.Part {
	part := figure.Part{Title: b.heading(), Text: b.findings(), HTML: []template.HTML{b.table().HTML(), notes}}
	if tested := b.tested(); len(tested.Rows) > 1 {
		part.HTML = append(part.HTML, figure.Fold(testedTitle, tested.HTML(), figure.Notes(b.testedLegend())))
	}
	part.HTML = append(part.HTML, b.gains().HTML(), b.beforeAndAfter().HTML())
	colours := ""
	if b.baseline != "" {
		colours = "; blue is above " + b.baseline + ", orange below"
	}
	if len(b.variants) > 2 && len(b.languages) > 1 {
		part.HTML = append(part.HTML, heat{b.title + " by language" + colours, b.variants, b.languages, b.value, b.zero(b.value)}.HTML())
	}
	mean := func(variant string) (float64, bool) {
		row, ok := b.of(variant, schemas.GroupAll)
		return row.value, ok
	}
	zero := b.zero(func(variant, _ string) (float64, bool) { return mean(variant) })
	part.HTML = append(part.HTML, axes(b.title+", mean over languages, by what varies"+colours, b.variants, mean, zero))
	return part
}

// zero is the baseline's values, by column of a grid; nil if there is none.
func (b *comparedBoard) zero(value func(variant, column string) (float64, bool)) func(row, column string) float64 {
	if b.baseline == "" {
		return nil
	}
	return func(_, column string) float64 {
		x, _ := value(b.baseline, column)
		return x
	}
}
