package sinks

import (
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// gains is the board's gains in the mean and, below each, that of the low-resource languages; without rows if there is no baseline.
func (b *comparedBoard) gains() figure.Dots {
	chart := figure.Dots{Title: "Gain over " + b.baseline + " in points, with 95 % intervals", Series: []string{"mean over languages"}, FromZero: true,
		Description: "A row for each variant, with its gain in the mean. What reaches over the line at 0 is not sure. The table has the numbers."}
	groups := []string{schemas.GroupAll}
	if len(b.lowResource) > 0 {
		chart.Series = append(chart.Series, "low-resource languages")
		groups = append(groups, schemas.GroupLowResource)
	}
	for _, variant := range b.variants {
		row := figure.DotRow{Label: variant}
		for i, group := range groups {
			if one, ok := b.of(variant, group); ok && one.gain != nil {
				row.Dots = append(row.Dots, figure.Dot{Series: i, X: 100 * *one.gain, Low: 100 * *one.gainLow, High: 100 * *one.gainHigh})
			}
		}
		if len(row.Dots) > 0 {
			chart.Rows = append(chart.Rows, row)
		}
	}
	return chart
}

// beforeAndAfter is the values by language of the baseline and of the variants that stand first, as many as can be told apart; without
// rows if there is no baseline.
func (b *comparedBoard) beforeAndAfter() figure.Dots {
	chart := figure.Dots{Title: b.title + " by language, before and after", Baseline: true, Joined: true, Series: []string{b.baseline},
		Description: "A row for each language: a hollow dot for the baseline, and a dot for each variant. The table has the numbers."}
	if b.baseline == "" {
		return chart
	}
	for _, variant := range b.variants {
		if variant != b.baseline && len(chart.Series) <= figure.Looks {
			chart.Series = append(chart.Series, variant)
		}
	}
	if len(chart.Series)+1 < len(b.variants) {
		chart.Title += ": the best of them"
	}
	for _, language := range b.languages {
		row := figure.DotRow{Label: language}
		for i, variant := range chart.Series {
			if one, ok := b.rows[comparedID{variant, "", language}]; ok {
				row.Dots = append(row.Dots, figure.Dot{Series: i, X: 100 * one.value, Low: 100 * one.value, High: 100 * one.value})
			}
		}
		chart.Rows = append(chart.Rows, row)
	}
	return chart
}
