package sinks

import (
	"fmt"
	"regexp"
	"strings"
)

// alignedLines are the rows of a grid with columns of equal width, the first ones flush left, the others right.
func alignedLines(grid [][]string, left int) []string {
	widths := make([]int, len(grid[0]))
	for _, row := range grid {
		for c, cell := range row {
			widths[c] = max(widths[c], len([]rune(cell)))
		}
	}
	lines := make([]string, len(grid))
	for i, row := range grid {
		cells := make([]string, len(row))
		for c, cell := range row {
			width := widths[c]
			if c < left {
				width = -width
			}
			cells[c] = fmt.Sprintf("%*s", width, cell)
		}
		lines[i] = strings.Join(cells, "  ")
	}
	return lines
}

// markdownTable is a grid as a table in Markdown, its first row the header, the first columns flush left, the others right.
func markdownTable(grid [][]string, left int) string {
	var b strings.Builder
	for i, row := range grid {
		escaped := make([]string, len(row))
		for c, cell := range row {
			escaped[c] = strings.ReplaceAll(inMarkdown(cell), "|", `\|`)
		}
		b.WriteString("| " + strings.Join(escaped, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", left) + strings.Repeat("|---:", len(row)-left) + "|\n")
		}
	}
	return b.String()
}

var (
	markdownTag = regexp.MustCompile(`<([A-Za-z/!?])`)
	lineBreaks  = strings.NewReplacer("\r", " ", "\n", " ")
)

// inMarkdown is text of one line in which nothing is a tag of HTML.
func inMarkdown(text string) string {
	return markdownTag.ReplaceAllString(lineBreaks.Replace(text), `\<$1`)
}

// markdownLines are sentences below each other.
func markdownLines(lines []string) string {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = inMarkdown(line)
	}
	return strings.Join(escaped, "\\\n")
}

// transposed is a grid with its rows as columns.
func transposed[T any](grid [][]T) [][]T {
	turned := make([][]T, len(grid[0]))
	for _, row := range grid {
		for c, cell := range row {
			turned[c] = append(turned[c], cell)
		}
	}
	return turned
}
