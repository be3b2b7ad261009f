package sinks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// Marks of a value: surely better or worse than the baseline's, and forgotten.
const (
	better    = "▲"
	worse     = "▼"
	forgotten = "†"
)

// table is the board's values in percent: a header, and a row a variant.
func (b *comparedBoard) table() figure.Table {
	rows := [][]figure.Cell{figure.Cells(b.header()...)}
	for _, variant := range b.variants {
		rows = append(rows, b.row(variant))
	}
	for column, name := range rows[0] {
		if slices.Contains(b.languages, name.Text) || slices.Contains([]string{"mean", "low-resource", "others"}, name.Text) {
			var cells []*figure.Cell
			for i := range rows[1:] {
				cells = append(cells, &rows[i+1][column])
			}
			figure.MarkBest(cells)
		}
	}
	return figure.Table{Name: b.heading(), Left: 1, Rows: rows}
}

func (b *comparedBoard) row(variant string) []figure.Cell {
	row := figure.Cells(variant)
	for _, language := range b.languages {
		row = append(row, b.rows[comparedID{variant, "", language}].marked())
	}
	mean, _ := b.of(variant, schemas.GroupAll)
	row = append(row, mean.marked())
	if b.most > 1 {
		row = append(row, figure.Cells(mean.deviation(), fmt.Sprint(mean.seeds))...)
	}
	if b.baseline == "" {
		row = append(row, figure.Cell{Low: percent(mean.low), High: percent(mean.high)})
	} else {
		row = append(row, mean.gained())
	}
	if len(b.lowResource) > 0 {
		low, _ := b.of(variant, schemas.GroupLowResource)
		others, _ := b.of(variant, schemas.GroupOthers)
		gap, _ := b.of(variant, schemas.GroupGap)
		row = append(row, low.marked())
		if b.baseline != "" {
			row = append(row, low.gained())
		}
		row = append(row, others.marked(), figure.Cell{Text: percent(gap.value)})
	}
	if b.source != "" {
		row = append(row, b.rows[comparedID{variant, "", b.source}].gained())
	}
	return row
}

func (b *comparedBoard) header() []string {
	header := append([]string{b.title}, b.languages...)
	header = append(header, "mean")
	if b.most > 1 {
		header = append(header, "sd", "seeds")
	}
	if b.baseline == "" {
		header = append(header, "interval")
	} else {
		header = append(header, "gain")
	}
	if len(b.lowResource) > 0 {
		header = append(header, "low-resource")
		if b.baseline != "" {
			header = append(header, "gain")
		}
		header = append(header, "others", "gap")
	}
	if b.source != "" {
		header = append(header, b.source+" gain")
	}
	return header
}

func percent(x float64) string { return fmt.Sprintf("%.1f", 100*x) }

// marked is the value with its marks.
func (c compared) marked() figure.Cell {
	mark := ""
	if c.forgotten {
		mark = forgotten
	}
	if c.significant() {
		mark += c.direction()
	}
	return figure.Cell{Text: percent(c.value), Mark: mark}
}

func (c compared) significant() bool { return c.p != nil && *c.p < level }

func (c compared) direction() string {
	if *c.gain < 0 {
		return worse
	}
	return better
}

func (c compared) deviation() string {
	if c.spread == nil {
		return ""
	}
	return fmt.Sprintf("%.2f", 100**c.spread)
}

// gained is the gain with its interval; empty in the baseline's own row.
func (c compared) gained() figure.Cell {
	if c.gain == nil {
		return figure.Cell{}
	}
	return figure.Cell{Text: fmt.Sprintf("%+.1f", 100**c.gain), Low: percent(*c.gainLow), High: percent(*c.gainHigh)}
}

// overview has the means and gains of all boards of the first baseline side by side, but for shares of languages; false where there
// is one alone.
func (c comparisons) overview() (figure.Table, bool) {
	table := figure.Table{Name: "means side by side", Left: 1, Rows: [][]figure.Cell{figure.Cells("mean")}}
	var boards []*comparedBoard
	for _, b := range c {
		if b.baseline == c[0].baseline && !b.pooled {
			boards = append(boards, b)
			table.Rows[0] = append(table.Rows[0], figure.Cells(b.title)...)
			if b.baseline != "" {
				table.Rows[0] = append(table.Rows[0], figure.Cells("gain")...)
			}
		}
	}
	if len(boards) < 2 {
		return table, false
	}
	for _, variant := range boards[0].variants {
		row := figure.Cells(variant)
		for _, b := range boards {
			var value, gain figure.Cell
			if mean, ok := b.of(variant, schemas.GroupAll); ok {
				value, gain = mean.marked(), mean.gained()
			}
			row = append(row, value)
			if b.baseline != "" {
				row = append(row, gain)
			}
		}
		table.Rows = append(table.Rows, row)
	}
	return table, true
}

// legend says what numbers and marks mean, in sentences.
func (c comparisons) legend() []string {
	lines := []string{"In percent, with 95 % bootstrap intervals that draw query ids, each in all languages, variants and seeds at once."}
	tested, source, lowResource, most := false, "", []string(nil), 0
	for _, b := range c {
		tested = tested || b.family > 0
		source, lowResource, most = cmp.Or(source, b.source), b.lowResource, max(most, b.most)
	}
	if tested {
		lines = append(lines, fmt.Sprintf("%s better, %s worse than the baseline: paired permutation test over query ids, p < %.2f after Holm's correction over all tests by that measure.", better, worse, level))
	}
	if source != "" {
		lines = append(lines, fmt.Sprintf("%s a loss in %s, the language that has training data: the interval of the gain lies below zero. It was forgotten, if the baseline is what the variant was trained from.", forgotten, source))
	}
	if len(lowResource) > 0 {
		lines = append(lines, fmt.Sprintf("Low-resource languages: %s. Gap: the mean of the others less theirs.", some(lowResource)))
	}
	if most > 1 {
		lines = append(lines, "Values are means over seeds; sd is the standard deviation of the mean over them, which is not in the intervals.")
	}
	return lines
}

// findings says in sentences what came out of the tests; nothing if there are none.
func (b *comparedBoard) findings() []string {
	if b.baseline == "" {
		return nil
	}
	agreed := "on all"
	if b.disagree > 0 {
		agreed = fmt.Sprintf("on all but %d", b.disagree)
	}
	return append(b.told(), fmt.Sprintf("%d of the %d tests here are significant, in a family of %d; the paired t-test agrees %s.", b.sure, b.tests(), b.family, agreed))
}

// tests is the number of rows that were tested.
func (b *comparedBoard) tests() (n int) {
	for _, row := range b.rows {
		if row.p != nil {
			n++
		}
	}
	return n
}

// told says which variants differ from the baseline, in the mean over all languages and over the low-resource ones.
func (b *comparedBoard) told() []string {
	var lines []string
	for _, group := range []struct{ name, in string }{{schemas.GroupAll, "mean"}, {schemas.GroupLowResource, "low-resource mean"}} {
		names := map[string][]string{}
		for _, variant := range b.variants {
			row, ok := b.of(variant, group.name)
			if !ok || row.p == nil {
				continue
			}
			direction := ""
			if row.significant() {
				direction = row.direction()
			}
			names[direction] = append(names[direction], variant)
		}
		var parts []string
		for _, one := range []struct{ direction, words string }{{better, better + " "}, {worse, worse + " "}, {"", "not told apart from it: "}} {
			if len(names[one.direction]) > 0 {
				parts = append(parts, one.words+strings.Join(names[one.direction], ", "))
			}
		}
		if len(parts) > 0 {
			lines = append(lines, fmt.Sprintf("Beside %s, in the %s: %s.", b.baseline, group.in, strings.Join(parts, "; ")))
		}
	}
	return lines
}
