package figure

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// A Cell is a value, perhaps with a mark before it and an interval after it, or any text.
type Cell struct {
	Text      string
	Mark      string  // such as ▲
	Low, High string  // ends of the interval; empty if there is none
	Best      bool    // stands out among those that it is compared with
	Heat      float64 // of the background: 1 the most, -1 the most on the other side, 0 none
}

// String is the cell as plain text.
func (c Cell) String() string {
	if c.Low == "" {
		return c.Mark + c.Text
	}
	return strings.TrimPrefix(c.Mark+c.Text+" ("+c.Low+" to "+c.High+")", " ")
}

// Spoken is what marks mean, for those who hear the page.
func (c Cell) Spoken() string {
	var words []string
	for _, mark := range c.Mark {
		words = append(words, spoken[mark])
	}
	return strings.Join(words, ", ")
}

// HeatPercent is how much of the colour is mixed into the background. At 60 % the text is still easy to read on it.
func (c Cell) HeatPercent() string {
	const most = 60
	return strconv.Itoa(int(max(c.Heat, -c.Heat)*most+0.5)) + "%"
}

var spoken = map[rune]string{'▲': "significantly better", '▼': "significantly worse", '†': "a loss where there is training data"}

// A Table is rows of cells. The first row is the header.
type Table struct {
	Title string // above it; may be empty
	Name  string // for those who hear the page, where there is no title
	Left  int    // the number of first columns that are flush left; the first of all names its row
	Rows  [][]Cell
	Plan  bool // has small cells below upright headers, as a transport plan does
}

// Header is the first row.
func (t Table) Header() []Cell { return t.Rows[0] }

// Body is the rows but for the header.
func (t Table) Body() [][]Cell { return t.Rows[1:] }

// Strings are the cells as plain text.
func (t Table) Strings() [][]string {
	rows := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		for _, c := range row {
			rows[i] = append(rows[i], c.String())
		}
	}
	return rows
}

// Cells are texts as cells without marks.
func Cells(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, text := range texts {
		cells[i].Text = text
	}
	return cells
}

// MarkBest marks the cells with the highest number among two or more; as many as look the same.
func MarkBest(cells []*Cell) {
	best, n := 0.0, 0
	for _, c := range cells {
		if value, err := strconv.ParseFloat(c.Text, 64); err == nil {
			if n == 0 || value > best {
				best = value
			}
			n++
		}
	}
	for _, c := range cells {
		value, err := strconv.ParseFloat(c.Text, 64)
		c.Best = n > 1 && err == nil && value == best
	}
}

// What a page shows at most of a table or chart; it says what it leaves out.
const (
	mostRows    = 100
	mostColumns = 60
)

// HTML is the table, which scrolls by itself where it is wider than the page.
func (t Table) HTML() template.HTML {
	rows, columns := len(t.Body()), len(t.Header())
	t.Rows = slices.Clone(t.Rows[:min(rows, mostRows)+1])
	for i, row := range t.Rows {
		t.Rows[i] = row[:min(columns, mostColumns)]
	}
	return execute("table", t) + leftOut("rows", mostRows, rows) + leftOut("columns", mostColumns, columns)
}

// leftOut says that there are more than a page shows, if there are.
func leftOut(what string, most, of int) template.HTML {
	if of <= most {
		return ""
	}
	return Notes(fmt.Sprintf("These are the first %d of %d %s.", most, of, what))
}
