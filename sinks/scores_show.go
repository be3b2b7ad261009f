package sinks

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/ferry-clir/ferry/sinks/figure"
)

// shown are the scores that a page has room for, and what is left out, in words.
func (s *scores) shown() (*scores, []string) {
	part, left := *s, leftOut{file: "scores.parquet"}
	part.Measures = s.Measures[:min(len(s.Measures), mostMeasures)]
	if len(s.Measures) > 0 {
		part.Variants = s.best(s.Measures[0])
		part.Languages = furthestApart(s.Languages, part.Variants, s.value(s.Measures[0]))
	}
	left.add(len(part.Measures), len(s.Measures), "measures")
	left.add(len(part.Languages), len(s.Languages), "languages, those in which variants differ most")
	left.add(len(part.Variants), len(s.Variants), "variants, the best")
	return &part, left.words()
}

// best are the variants of the highest means, as many as there is room for, in their order.
func (s *scores) best(measure string) []string {
	return most(s.Variants, mostVariants, func(variant string) float64 {
		m, _ := s.mean(measure, variant)
		return m.Value
	})
}

// headline is every measure's table for a terminal, but for what comparisons show.
func (s *scores) headline(compared bool, lowResource []string) string {
	s, left := s.shown()
	var b strings.Builder
	for _, measure := range s.Measures {
		if !compared {
			b.WriteString("\n" + strings.Join(alignedLines(s.table(measure, inHundredths).Strings(), 1), "\n") + "\n")
		}
	}
	for _, p := range s.pools() {
		b.WriteString("\n" + strings.Join(alignedLines(s.poolTable(p, lowResource).Strings(), 1), "\n") + "\n")
	}
	if b.Len() > 0 && left != nil {
		b.WriteString("\n" + strings.Join(left, "\n") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

const scoresLegend = "In percent, by language of the query, with 95 % bootstrap intervals."

// tiesTitle is what the table of bounds over ties is called.
const tiesTitle = "Worst and best case over ties"

// tied tells whether the order of documents with equal scores makes a difference that can be seen.
func (s *scores) tied(measure string) bool {
	apart, _ := s.apart(measure)
	return apart >= 0.00005
}

// markdown is every measure's table in Markdown, with intervals.
func (s *scores) markdown(lowResource []string) string {
	var b strings.Builder
	b.WriteString("# Scores\n\n" + scoresLegend + "\n")
	for _, measure := range s.Measures {
		b.WriteString("\n" + markdownTable(s.table(measure, withInterval).Strings(), 1))
		if s.tied(measure) {
			b.WriteString("\n## " + tiesTitle + ", " + inMarkdown(measure) + "\n\n" + markdownTable(s.table(measure, withTies).Strings(), 1))
		}
	}
	for _, p := range s.pools() {
		b.WriteString("\n## Languages " + inMarkdown(p.title()) + "\n\n" + markdownTable(s.poolTable(p, lowResource).Strings(), 1))
		b.WriteString("\n" + markdownLines(s.poolLegend(p, lowResource)) + "\n")
	}
	return b.String()
}

// tables are those of all measures, with intervals, bounds over ties, and pools.
func (s *scores) tables(lowResource []string) []figure.Table {
	var tables []figure.Table
	for _, measure := range s.Measures {
		tables = append(tables, s.table(measure, withInterval))
		if s.tied(measure) {
			tables = append(tables, s.table(measure, withTies))
		}
	}
	for _, p := range s.pools() {
		tables = append(tables, s.poolTable(p, lowResource))
	}
	return tables
}

// section is the tables of the measures for which there is room and, unless comparisons show the same, their charts.
func (s *scores) section(compared bool, lowResource []string) figure.Section {
	s, left := s.shown()
	section := figure.Section{ID: "scores", Title: "Scores"}
	for i, measure := range s.Measures {
		part := figure.Part{Title: measure, HTML: []template.HTML{s.table(measure, withInterval).HTML()}}
		if i == 0 {
			part.HTML = append(part.HTML, figure.Notes(append([]string{scoresLegend}, left...)...))
		}
		part.HTML = append(part.HTML, s.ties(measure))
		if !compared {
			part.HTML = append(part.HTML, s.charts(measure)...)
		}
		section.Parts = append(section.Parts, part)
	}
	for _, p := range s.pools() {
		section.Parts = append(section.Parts, s.poolPart(p, lowResource))
	}
	return section
}

// ties are a measure's bounds over ties, behind how far they are apart at most.
func (s *scores) ties(measure string) template.HTML {
	apart, known := s.apart(measure)
	switch {
	case !known:
		return ""
	case !s.tied(measure):
		return figure.Notes("No order of documents with equal scores changes any of these by 0.01 points.")
	}
	return figure.Fold(fmt.Sprintf("%s: %s points apart at most", tiesTitle, hundredths(apart)), s.table(measure, withTies).HTML(),
		figure.Notes("A value, and the least and the greatest that any order of documents with equal scores gives."))
}
