package sinks

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// Marks of a value: surely better or worse than the baseline's, and forgotten.
const (
	better    = "▲"
	worse     = "▼"
	forgotten = "†"
)

// grid is the board as text, in percent: a header, and a row a variant.
func (b *comparedBoard) grid() [][]string {
	grid := [][]string{b.header()}
	for _, variant := range b.variants {
		row := []string{variant}
		for _, language := range b.languages {
			row = append(row, b.rows[comparedID{variant, "", language}].marked())
		}
		mean, _ := b.of(variant, schemas.GroupAll)
		row = append(row, mean.marked())
		if b.most > 1 {
			row = append(row, mean.deviation(), fmt.Sprint(mean.seeds))
		}
		if b.baseline == "" {
			row = append(row, between(mean.low, mean.high))
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
			row = append(row, others.marked(), percent(gap.value))
		}
		if b.source != "" {
			row = append(row, b.rows[comparedID{variant, "", b.source}].gained())
		}
		grid = append(grid, row)
	}
	return grid
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

func between(low, high float64) string { return fmt.Sprintf("(%.1f to %.1f)", 100*low, 100*high) }

// marked is the value with its marks before it, so that numbers stay below each other.
func (c compared) marked() string {
	mark := ""
	if c.forgotten {
		mark = forgotten
	}
	if c.significant() {
		mark += c.direction()
	}
	return mark + percent(c.value)
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
func (c compared) gained() string {
	if c.gain == nil {
		return ""
	}
	return fmt.Sprintf("%+.1f (%.1f to %.1f)", 100**c.gain, 100**c.gainLow, 100**c.gainHigh)
}

// overview has the means and gains of all boards of the first baseline side by side; nil where there is one alone.
func (c comparisons) overview() [][]string {
	var boards []*comparedBoard
	for _, b := range c {
		if b.baseline == c[0].baseline {
			boards = append(boards, b)
		}
	}
	if len(boards) < 2 {
		return nil
	}
	grid := [][]string{{"mean"}}
	for _, b := range boards {
		grid[0] = append(grid[0], b.title)
		if b.baseline != "" {
			grid[0] = append(grid[0], "gain")
		}
	}
	for _, variant := range boards[0].variants {
		row := []string{variant}
		for _, b := range boards {
			mean, ok := b.of(variant, schemas.GroupAll)
			value, gain := "", ""
			if ok {
				value, gain = mean.marked(), mean.gained()
			}
			row = append(row, value)
			if b.baseline != "" {
				row = append(row, gain)
			}
		}
		grid = append(grid, row)
	}
	return grid
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
		lines = append(lines, fmt.Sprintf("%s forgotten: the interval of the gain in %s, the language that has training data, lies below zero.", forgotten, source))
	}
	if len(lowResource) > 0 {
		lines = append(lines, fmt.Sprintf("Low-resource languages: %s. Gap: the mean of the others less theirs.", strings.Join(lowResource, ", ")))
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

// headline is all boards for a terminal.
func (c comparisons) headline() string {
	var b strings.Builder
	if grid := c.overview(); grid != nil {
		b.WriteString("\n" + strings.Join(alignedLines(grid, 1), "\n") + "\n")
	}
	for _, board := range c {
		b.WriteString("\n" + strings.Join(append(alignedLines(board.grid(), 1), board.findings()...), "\n") + "\n")
	}
	return b.String() + "\n" + strings.Join(c.legend(), "\n")
}

// markdown is all boards in Markdown.
func (c comparisons) markdown() string {
	var b strings.Builder
	b.WriteString("# Comparisons\n\n" + strings.Join(c.legend(), "\\\n") + "\n")
	if grid := c.overview(); grid != nil {
		b.WriteString("\n## Side by side\n\n" + markdownTable(grid, 1))
	}
	for _, board := range c {
		b.WriteString("\n## " + board.heading() + "\n\n" + markdownTable(board.grid(), 1))
		if found := board.findings(); found != nil {
			b.WriteString("\n" + strings.Join(found, "\\\n") + "\n")
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

var comparisonsPage = newPage("Comparisons", `{{range .Legend}}<p>{{.}}</p>
{{end}}{{with .Overview}}<h2>Side by side</h2>
{{template "table" .}}{{end}}{{range .Boards}}<h2>{{.Heading}}</h2>
{{template "table" .Grid}}{{range .Findings}}<p>{{.}}</p>
{{end}}{{with .Chart}}<svg viewBox="0 0 {{.Width}} {{.Height}}" role="img" aria-label="gains over the baseline with intervals">
<line x1="{{.Zero}}" x2="{{.Zero}}" y1="20" y2="{{.Bottom}}" stroke-dasharray="4"/>
{{range .Ticks}}<text x="{{.X}}" y="14" text-anchor="middle">{{.Label}}</text>
{{end}}{{range .Rows}}<g><text x="0" y="{{.Y}}" dominant-baseline="central">{{.Name}}</text>
<line x1="{{.Low}}" x2="{{.High}}" y1="{{.Y}}" y2="{{.Y}}"/><circle cx="{{.X}}" cy="{{.Y}}" r="3.5"{{if .Hollow}} fill="none"{{end}}/></g>
{{end}}</svg>
<p>Gains in points over the baseline: filled in the mean, hollow in the low-resource mean.</p>
{{end}}{{end}}`)

// html is all boards as a page.
func (c comparisons) html() string {
	type board struct {
		Heading  string
		Grid     [][]string
		Findings []string
		Chart    *gainChart
	}
	var boards []board
	for _, b := range c {
		boards = append(boards, board{b.heading(), b.grid(), b.findings(), b.chart()})
	}
	return comparisonsPage.html(struct {
		Legend   []string
		Overview [][]string
		Boards   []board
	}{c.legend(), c.overview(), boards})
}
