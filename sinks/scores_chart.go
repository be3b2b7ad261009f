package sinks

import (
	"html/template"

	"github.com/ferry-clir/ferry/sinks/figure"
)

func (s *scores) charts(measure string) []template.HTML {
	mean := func(variant string) (float64, bool) {
		m, ok := s.mean(measure, variant)
		return m.Value, ok
	}
	byAxes := axes(measure+", mean over languages, by what varies", s.Variants, mean, nil)
	if len(s.Variants) <= figure.Looks {
		return []template.HTML{s.chart(measure).HTML(), byAxes}
	}
	return []template.HTML{heat{measure + " by language", s.Variants, s.Languages, s.value(measure), nil}.HTML(), byAxes}
}

func (s *scores) value(measure string) func(variant, language string) (float64, bool) {
	return func(variant, language string) (float64, bool) {
		m, ok := s.Means[scoreID{measure, language, variant}]
		return m.Value, ok
	}
}

// chart has a row a language, with a dot a variant.
func (s *scores) chart(measure string) figure.Dots {
	chart := figure.Dots{Title: measure + " by language of the query, with 95 % intervals", Series: s.Variants,
		Description: "A row for each language, with a dot for each variant. The table has the numbers."}
	for _, language := range s.Languages {
		row := figure.DotRow{Label: language}
		for i, variant := range s.Variants {
			if m, ok := s.Means[scoreID{measure, language, variant}]; ok {
				row.Dots = append(row.Dots, figure.Dot{Series: i, X: 100 * m.Value, Low: 100 * m.Low, High: 100 * m.High})
			}
		}
		chart.Rows = append(chart.Rows, row)
	}
	return chart
}
