package stages

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// A match is the training text that is most like an evaluation text.
type match struct {
	table, language, id, text string
	similarity                float64
	same                      bool
}

// better tells whether a match is to replace another one.
func (m *match) better(similarity float64, same bool) bool {
	return m == nil || same && !m.same || same == m.same && similarity > m.similarity
}

// train looks for the part's rows in a batch of training text, and once at the training text itself.
func (p *evaluated) train(batch arrow.RecordBatch, t schemas.Table) error {
	if isTriples(batch.Schema()) {
		return p.trainTriples(batch, t)
	}
	documents, _ := p.job.Table("documents")
	shared := documents.Name == t.Name
	rows := make([]int, batch.NumRows())
	for i := range rows {
		rows[i] = i
	}
	id, parts, check := columnOfTexts(batch, schemas.ID), comparedTexts(batch), p.number == 0 && !shared && t.Name != p.tableOf(rowID{query: true})
	for i, sides := range p.look(batch, rows, check, len(p.queries.rows) > 0 || len(p.documents.rows) > 0 && !shared) {
		row := parts(i)
		if check {
			if err := p.checkTraining(t.Name, id(i), row, sides); err != nil {
				return err
			}
		}
		for s, side := range sides {
			p.meet(p.queries, side, t.Name, row[s], id(i))
			if !shared {
				p.meet(p.documents, side, t.Name, row[s], id(i))
			}
		}
	}
	return nil
}

// meet marks the rows that a training text is like. Of rows with one text all are marked by the first.
func (p *evaluated) meet(compared *comparedRows, side lookedAt, table string, from text.Part, id string) {
	if !side.words {
		return
	}
	compared.overlap.Find(side.digest, side.sketch, func(n int, similarity float64, same bool) bool {
		row := &p.rows[compared.rows[n]]
		if row.twin.better(similarity, same) {
			row.twin = &match{table: table, language: clone(from.Language), id: clone(id), text: excerpt(from.Text), similarity: similarity, same: same}
			return true
		}
		return !same
	})
}

// checkTraining reports what is wrong with a row of training text by itself.
func (p *evaluated) checkTraining(table, id string, row []text.Part, sides []lookedAt) error {
	for s, side := range sides {
		problems := side.problems
		if side.empty {
			problems = append(problems, problem{schemas.SeverityWarning, schemas.EmptyText, "is empty"})
		}
		if err := p.report(table, row[s].Language, id, problems); err != nil {
			return err
		}
	}
	if len(row) < 2 || sides[0].digest != sides[1].digest || !sides[0].words || !hasLetters(row[0].Text) {
		return nil
	}
	return p.found.add(schemas.Finding{Severity: schemas.SeverityWarning, Rule: schemas.Untranslated, Table: table, Language: row[0].Language, ID: id,
		RelatedTable: table, RelatedLanguage: row[1].Language, RelatedID: id, Detail: fmt.Sprintf("both are %q", excerpt(row[0].Text))})
}

// trainTriples looks for evaluation queries among those that triples name.
func (p *evaluated) trainTriples(batch arrow.RecordBatch, t schemas.Table) error {
	query, positive := columnOfTexts(batch, schemas.QueryID), columnOfTexts(batch, schemas.PositiveID)
	for i := range int(batch.NumRows()) {
		for _, language := range p.languages["queries"] {
			n, ok := p.byID[rowID{true, language, query(i)}]
			if !ok || p.rows[n].inTriples {
				continue
			}
			p.rows[n].inTriples = true
			err := p.found.add(schemas.Finding{Severity: schemas.SeverityWarning, Rule: schemas.QueryInTriples, Table: p.tableOf(rowID{query: true}),
				Language: language, ID: p.rows[n].id, RelatedTable: t.Name, RelatedID: positive(i), Detail: fmt.Sprintf("is trained on with document %q", positive(i))})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// reportTrained reports the rows that stand in the training text. It reads them once more, for their texts.
func (p *evaluated) reportTrained(ctx context.Context) error {
	if !slices.ContainsFunc(p.rows, func(row evaluatedRow) bool { return row.twin != nil }) {
		return nil
	}
	next := 0 // in rows, which came in the same order
	for _, key := range []string{"queries", "documents"} {
		err := p.each(ctx, key, func(batch arrow.RecordBatch, t schemas.Table) error {
			id, parts := idColumn(batch), comparedTexts(batch)
			for i := range int(batch.NumRows()) {
				if p.part(id(i)) != p.number {
					continue
				}
				row := p.rows[next]
				if next++; row.twin == nil {
					continue
				}
				if err := p.found.add(row.leak(t.Name, parts(i)[0].Text)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leak is the finding that a row with this text stands in the training text.
func (row evaluatedRow) leak(table, own string) schemas.Finding {
	m := row.twin
	f := schemas.Finding{Severity: schemas.SeverityWarning, Rule: schemas.QueryNearTraining, Table: table, Language: row.language, ID: row.id,
		RelatedTable: m.table, RelatedLanguage: m.language, RelatedID: m.id,
		Detail: fmt.Sprintf("%q is %.0f %% alike %q", excerpt(own), 100*m.similarity, m.text)}
	switch {
	case m.same && row.query:
		f.Severity, f.Rule = schemas.SeverityError, schemas.QueryInTraining
	case m.same:
		f.Rule = schemas.DocumentInTraining
	case !row.query:
		f.Rule = schemas.DocumentNear
	}
	if m.same {
		f.Detail = fmt.Sprintf("%q is trained on as %q", excerpt(own), m.text)
	}
	return f
}
