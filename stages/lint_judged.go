package stages

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// judge reads the judgments: those whose query belongs to the part for the query, those whose document does for that.
func (p *evaluated) judge(ctx context.Context) error {
	grades, unknown := map[[16]byte]int32{}, map[rowID]bool{}
	return p.each(ctx, "judgments", func(batch arrow.RecordBatch, t schemas.Table) error {
		query, document := texts(batch, schemas.QueryID), texts(batch, schemas.DocumentID)
		grade := column[*array.Int32](batch, schemas.Grade)
		queryLanguage, documentLanguage := texts(batch, schemas.QueryLanguage), texts(batch, schemas.DocumentLanguage)
		for i := range int(batch.NumRows()) {
			j := judgment{queryLanguage.Value(i), documentLanguage.Value(i), document.Value(i), grade.Value(i)}
			if p.part(query.Value(i)) == p.number {
				if err := p.contradict(t, query.Value(i), j, grades); err != nil {
					return err
				}
				if err := p.name(t, rowID{true, j.queryLanguage, query.Value(i)}, j.document, j.grade, unknown); err != nil {
					return err
				}
			}
			if p.part(j.document) == p.number {
				if err := p.name(t, rowID{false, j.documentLanguage, j.document}, query.Value(i), j.grade, unknown); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// contradict reports a judgment that differs from an earlier one of the same query and document.
func (p *evaluated) contradict(t schemas.Table, query string, j judgment, grades map[[16]byte]int32) error {
	key := text.Digest(text.Part{Language: j.queryLanguage, Text: query}, text.Part{Language: j.documentLanguage, Text: j.document})
	before, ok := grades[key]
	if !ok {
		grades[key] = j.grade
	}
	if !ok || before == j.grade {
		return nil
	}
	return p.found.add(schemas.Finding{Severity: schemas.SeverityError, Rule: schemas.Contradiction, Table: t.Name, Language: j.queryLanguage,
		ID: query, RelatedLanguage: j.documentLanguage, RelatedID: j.document, Detail: fmt.Sprintf("grade %d, and before %d", j.grade, before)})
}

// name marks the row that a judgment names, in each language where it names any, and reports a row that is not there; the same
// one once. Where the judgment names a language that the table does not have, other queries or documents are meant.
func (p *evaluated) name(t schemas.Table, row rowID, other string, grade int32, unknown map[rowID]bool) error {
	if _, ok := p.job.Table(sideKey(row.query)); !ok {
		return nil
	}
	named := row.language
	for _, language := range p.languages[sideKey(row.query)] {
		if named != "" && named != language {
			continue
		}
		row.language = language
		if i, ok := p.byID[row]; ok {
			p.rows[i].judged = true
			p.rows[i].relevant = p.rows[i].relevant || grade > 0
			continue
		}
		if unknown[row] {
			continue
		}
		unknown[rowID{row.query, language, clone(row.id)}] = true
		finding := schemas.Finding{Severity: schemas.SeverityError, Rule: schemas.UnknownQuery, Table: t.Name, Language: language, ID: row.id,
			RelatedTable: p.tableOf(row), RelatedID: other, Detail: fmt.Sprintf("is not in %s; it is judged with %q, grade %d", p.tableOf(row), other, grade)}
		if named == "" && len(p.languages[sideKey(row.query)]) > 1 {
			finding.Detail += "; the judgment names no language, and so holds for each"
		}
		if !row.query {
			finding.Rule = schemas.UnknownDocument
			if grade <= 0 {
				finding.Severity = schemas.SeverityWarning
			}
		}
		if err := p.found.add(finding); err != nil {
			return err
		}
	}
	return nil
}

// reportJudged reports queries of which nothing can be measured, and empty texts.
func (p *evaluated) reportJudged() error {
	_, judged := p.job.Table("judgments")
	for _, row := range p.rows {
		first := p.rows[p.byID[row.rowID]] // of those with the same id
		finding := schemas.Finding{Severity: schemas.SeverityWarning, Table: p.tableOf(row.rowID), Language: row.language, ID: row.id}
		if row.empty {
			one := finding
			one.Rule, one.Detail = schemas.EmptyText, "is empty"
			if first.judged {
				one.Severity, one.Detail = schemas.SeverityError, "is empty, and a judgment names it"
			}
			if err := p.found.add(one); err != nil {
				return err
			}
		}
		switch {
		case !judged || !row.query || first.relevant:
			continue
		case first.judged:
			finding.Rule, finding.Detail = schemas.QueryWithoutMatches, "all its judgments have a grade of 0 or less"
		default:
			finding.Rule, finding.Detail = schemas.QueryWithoutJudged, "no judgment names it"
		}
		if err := p.found.add(finding); err != nil {
			return err
		}
	}
	return nil
}
