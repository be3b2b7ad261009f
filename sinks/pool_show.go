package sinks

import (
	"html/template"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// poolPart is a pool on a page, with its shares by language of the query behind it.
func (s *scores) poolPart(p *pool, lowResource []string) figure.Part {
	part := figure.Part{Title: "Languages " + p.title(), HTML: []template.HTML{s.poolTable(p, lowResource).HTML(), figure.Notes(s.poolLegend(p, lowResource)...)}}
	if len(s.Languages) < 2 {
		return part
	}
	var grids []template.HTML
	for _, variant := range s.Variants[:min(len(s.Variants), figure.Looks)] {
		share := func(query, document string) (float64, bool) {
			return s.value(p.titles[[2]string{measure.Share, document}])(variant, query)
		}
		relevant := func(query, document string) float64 {
			x, _ := s.value(p.titles[[2]string{measure.RelevantShare, document}])(variant, query)
			return x
		}
		grid := heat{variant + ": queries down, documents across", s.Languages, furthestApart(p.languages, s.Languages, share), share, relevant}
		grids = append(grids, grid.HTML())
	}
	part.HTML = append(part.HTML, figure.Fold("Shares by language of the query", grids...))
	return part
}

// poolLegend says how the table is to be read.
func (s *scores) poolLegend(p *pool, lowResource []string) []string {
	lines := []string{"Share of each language of the documents in percent, mean over the languages of the queries; not judged are those among them that nobody judged. " +
		"Where coloured, blue is more than its share of the relevant documents, orange less."}
	if low := kept(p.languages, lowResource); len(low) > 0 {
		lines = append(lines, "Low-resource languages: "+some(low)+". Gap: the mean of the others less theirs.")
	}
	left := leftOut{file: "scores.parquet"}
	left.add(min(len(p.languages), mostLanguages), len(p.languages), "languages, those in which variants differ most")
	return append(lines, left.words()...)
}
