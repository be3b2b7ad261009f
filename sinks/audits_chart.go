package sinks

import (
	"fmt"
	"html/template"
	"slices"

	"github.com/ferry-clir/ferry/sinks/figure"
)

// chart is the fertility of each language and script, with a dot a variant.
func (rows audits) chart() figure.Dots {
	chart := figure.Dots{Title: "Fertility: tokens a word", Joined: true, Description: "A row for each language and script, with a dot for each tokenizer. The table has the numbers."}
	for _, r := range rows {
		label := r.language + " " + r.script
		i := slices.IndexFunc(chart.Rows, func(row figure.DotRow) bool { return row.Label == label })
		if i < 0 {
			i = len(chart.Rows)
			chart.Rows = append(chart.Rows, figure.DotRow{Label: label})
		}
		if !slices.Contains(chart.Series, r.variant) {
			chart.Series = append(chart.Series, r.variant)
		}
		if x := r.fertility; x != nil {
			chart.Rows[i].Dots = append(chart.Rows[i].Dots, figure.Dot{Series: slices.Index(chart.Series, r.variant), X: *x, Low: *x, High: *x})
		}
	}
	return chart
}

// fertility is a language's tokens a word, over all its scripts, by the tokenizer that was audited first; false if it has no words.
func (rows audits) fertility(language string) (float64, bool) {
	tokens, words := 0.0, 0.0
	for _, r := range rows {
		if r.language == language && r.variant == rows[0].variant && r.fertility != nil {
			tokens, words = tokens+*r.fertility*float64(r.words), words+float64(r.words)
		}
	}
	return tokens / max(words, 1), words > 0
}

// againstGain sets each language's gain beside its fertility, a plot for each board that has a baseline; nil if no language has both.
func (rows audits) againstGain(c comparisons) *figure.Part {
	part := &figure.Part{Title: "Fertility against gain"}
	for _, b := range c {
		plot := figure.Plot{Title: fmt.Sprintf("%s, beside %s", b.title, b.baseline), X: "fertility by " + rows[0].variant, Y: "gain in points", Height: 220,
			Description: "A point for each language and variant: how many tokens a word it takes, and how much it gains."}
		for _, variant := range b.variants {
			curve := figure.Curve{Series: len(plot.Series), Marked: true}
			for _, language := range b.languages {
				x, ok := rows.fertility(language)
				if row := b.rows[comparedID{variant, "", language}]; ok && row.gain != nil {
					curve.Points = append(curve.Points, figure.Point{X: x, Y: 100 * *row.gain, Label: language})
				}
			}
			if len(curve.Points) > 0 && len(plot.Series) < figure.Looks {
				plot.Series, plot.Curves = append(plot.Series, variant), append(plot.Curves, curve)
			}
		}
		part.HTML = append(part.HTML, figure.Legend(plot.Series), plot.HTML())
	}
	if !slices.ContainsFunc(part.HTML, func(html template.HTML) bool { return html != "" }) {
		return nil
	}
	return part
}
