package sinks

import (
	"fmt"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// testedTitle is what the table of tests is called.
const testedTitle = "Tests: effect sizes, queries that got better and worse, p values"

// mostTests are listed, those in the mean and in the low-resource mean first; comparisons.parquet has all.
const mostTests = 200

// tested is a row a test, with how sure it is and how many queries it moves; without rows but for the header if nothing is tested.
func (b *comparedBoard) tested() figure.Table {
	table := figure.Table{Name: "tests by " + b.heading(), Left: 2, Rows: [][]figure.Cell{figure.Cells("variant", "in", "gain", "d", "better", "same", "worse", "p", "t-test p")}}
	scopes := []comparedID{{group: schemas.GroupAll}, {group: schemas.GroupLowResource}}
	for _, language := range b.languages {
		scopes = append(scopes, comparedID{language: language})
	}
	for _, id := range scopes {
		in := map[string]string{schemas.GroupAll: "mean", schemas.GroupLowResource: "low-resource", "": id.language}[id.group]
		for _, id.variant = range b.variants {
			if row, ok := b.rows[id]; ok && row.p != nil && len(table.Rows) <= mostTests {
				table.Rows = append(table.Rows, append(figure.Cells(id.variant, in), row.test()...))
			}
		}
	}
	return table
}

// test is what the row's tests say.
func (c compared) test() []figure.Cell {
	gain := c.gained()
	if c.significant() {
		gain.Mark = c.direction()
	}
	cells := []figure.Cell{gain, {}}
	if c.effect != nil {
		cells[1].Text = fmt.Sprintf("%+.2f", *c.effect)
	}
	for _, n := range c.outcomes {
		cells = append(cells, figure.Cell{Text: fmt.Sprint(n)})
	}
	return append(cells, figure.Cells(chance(*c.p), chance(*c.pTTest))...)
}

// chance is a p value of four digits.
func chance(p float64) string {
	if p < 0.0001 {
		return "<0.0001"
	}
	return fmt.Sprintf("%.4f", p)
}

// testedLegend says how the table of tests is to be read.
func (b *comparedBoard) testedLegend() string {
	legend := fmt.Sprintf("Paired and two-sided, over query ids: p is that of the permutation test, t-test p that of Student's, both after Holm's correction over all %d tests by this measure; "+
		"d is Cohen's, the mean of the differences over their standard deviation; better, same and worse count queries.", b.family)
	if n := b.tests(); n > mostTests {
		legend += fmt.Sprintf(" These are %d of %d tests.", mostTests, n)
	}
	return legend
}
