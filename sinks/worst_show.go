package sinks

import (
	"fmt"
	"html/template"

	"github.com/ferry-clir/ferry/sinks/figure"
)

// section is the queries of each language with what was found for them.
func (w *worst) section() figure.Section {
	title := "Worst queries of " + w.variant
	how := "The queries of the lowest " + w.measure
	if w.baseline != "" {
		how = "The queries for which " + w.measure + " is lowest against that of " + w.baseline
	}
	text := []string{how + ", with the documents that came first and how these are judged."}
	if w.left > 0 {
		text = append(text, fmt.Sprintf("These are the %d languages that lose most, of %d.", len(w.languages), len(w.languages)+w.left))
	}
	s := figure.Section{ID: "queries", Title: title, Parts: []figure.Part{{Text: text}}}
	for _, language := range w.languages {
		var queries []figure.Query
		for _, q := range w.queries[language] {
			queries = append(queries, w.shown(q))
		}
		s.Parts = append(s.Parts, figure.Part{Title: language, HTML: []template.HTML{figure.Queries(queries)}})
	}
	return s
}

func (w *worst) shown(q *worstQuery) figure.Query {
	shown := figure.Query{Language: q.language, ID: q.id, Text: shortened("", q.text), Verdict: w.verdict(q)}
	for _, d := range q.hits {
		shown.Found = append(shown.Found, w.document(q, d))
	}
	for _, d := range q.missed() {
		shown.Missed = append(shown.Missed, w.document(q, d))
	}
	return shown
}

// verdict says what the query scored, and where what is relevant stands.
func (w *worst) verdict(q *worstQuery) string {
	words := fmt.Sprintf("%s %.1f", w.measure, 100*q.value)
	if w.baseline != "" {
		words += fmt.Sprintf(", %s %.1f", w.baseline, 100*q.before)
	}
	relevant, found, first := 0, 0, int32(0)
	for d, grade := range q.grades {
		if grade <= 0 {
			continue
		}
		relevant++
		if rank := q.ranks[d]; rank > 0 {
			found++
			if first == 0 || rank < first {
				first = rank
			}
		}
	}
	switch {
	case relevant == 0:
		return words + "; nothing is judged relevant"
	case found == 0:
		return words + fmt.Sprintf("; %d relevant, none of them found", relevant)
	}
	return words + fmt.Sprintf("; %d relevant, %d of them found, the first at rank %d", relevant, found, first)
}

func (w *worst) document(q *worstQuery, d shownDocument) figure.Document {
	shown := figure.Document{Rank: "—", Language: d.language, ID: d.id, Text: w.texts[d.documentID], Grade: "not judged"}
	if d.rank > 0 {
		shown.Rank = fmt.Sprintf("%d.", d.rank)
	}
	if judged, ok := q.judged(d.documentID); ok {
		shown.Grade, shown.Relevant = fmt.Sprintf("grade %d", q.grades[judged]), q.grades[judged] > 0
	}
	return shown
}

// mostCharacters of a text are shown.
const mostCharacters = 280

// shortened is a text after its title, cut where it is long.
func shortened(title, text string) string {
	if title != "" {
		text = title + ". " + text
	}
	return figure.Clip(text, mostCharacters)
}
