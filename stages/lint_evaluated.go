package stages

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// evaluated is a part of the evaluation texts, those whose ids belong to it, and what was found of them.
type evaluated struct {
	*linting
	number             int
	rows               []evaluatedRow
	byID               map[rowID]int
	queries, documents *comparedRows
}

// comparedRows are those rows that have words.
type comparedRows struct {
	overlap *text.Overlap
	rows    []int // by their number in overlap
}

func newComparedRows(near float64) *comparedRows {
	return &comparedRows{overlap: text.NewOverlap(near)}
}

func (p *evaluated) compared(query bool) *comparedRows {
	if query {
		return p.queries
	}
	return p.documents
}

// A rowID is what judgments and people call a row by.
type rowID struct {
	query        bool
	language, id string
}

// An evaluatedRow is a query or a document.
type evaluatedRow struct {
	rowID
	digest                [16]byte // of its text
	empty, excludesItself bool
	judged, relevant      bool   // named by a judgment, by one of a grade above 0
	inTriples             bool   // named by one
	twin                  *match // in the training text
}

func newEvaluated(r *linting, number int) *evaluated {
	return &evaluated{linting: r, number: number, byID: map[rowID]int{}, queries: newComparedRows(r.Near), documents: newComparedRows(r.Near)}
}

// add looks at the rows of a batch that belong to the part.
func (p *evaluated) add(batch arrow.RecordBatch, t schemas.Table, query bool) error {
	language, id := columnOfTexts(batch, schemas.Language), idColumn(batch)
	var own []int
	for i := range int(batch.NumRows()) {
		if p.part(id(i)) == p.number {
			own = append(own, i)
		}
	}
	for n, looked := range p.look(batch, own, true, true) {
		i := own[n]
		row := evaluatedRow{rowID: rowID{query, p.language(language(i), query), clone(id(i))}, digest: looked[0].digest, empty: looked[0].empty}
		if query && batch.Schema().HasField(schemas.Exclude) {
			row.excludesItself = slices.Contains(stringList(column[*array.List](batch, schemas.Exclude), i), row.id)
		}
		if err := p.report(t.Name, row.language, row.id, looked[0].problems); err != nil {
			return err
		}
		if err := p.addRow(row, t.Name); err != nil {
			return err
		}
		if looked[0].words {
			to := p.compared(query)
			to.overlap.Add(looked[0].digest, looked[0].sketch)
			to.rows = append(to.rows, len(p.rows)-1)
		}
	}
	return nil
}

// language is a language's name, once for all rows.
func (p *evaluated) language(name string, query bool) string {
	known := p.languages[sideKey(query)]
	return known[slices.Index(known, name)]
}

func sideKey(query bool) string {
	if query {
		return "queries"
	}
	return "documents"
}

// idColumn is the column of ids that judgments use: for passages that of their documents.
func idColumn(batch arrow.RecordBatch) func(i int) string {
	if batch.Schema().HasField(schemas.DocumentID) {
		return columnOfTexts(batch, schemas.DocumentID)
	}
	return columnOfTexts(batch, schemas.ID)
}

// columnOfTexts is a column of strings by row.
func columnOfTexts(batch arrow.RecordBatch, name string) func(i int) string {
	return texts(batch, name).Value
}

// addRow remembers a row, and reports an id that comes twice, or that a query has too.
func (p *evaluated) addRow(row evaluatedRow, table string) error {
	finding := schemas.Finding{Table: table, Language: row.language, ID: row.id}
	p.rows = append(p.rows, row)
	_, twice := p.byID[row.rowID]
	switch {
	case twice && !row.query && p.passages():
		return nil
	case twice:
		finding.Severity, finding.Rule, finding.Detail = schemas.SeverityError, schemas.DuplicateID, "stands in the table before"
		return p.found.add(finding)
	}
	p.byID[row.rowID] = len(p.rows) - 1
	if row.query {
		return nil
	}
	return p.meetQuery(row, finding)
}

// meetQuery reports a document that has the id of a query, of its own language if there is one.
func (p *evaluated) meetQuery(row evaluatedRow, finding schemas.Finding) error {
	query, ok := p.byID[rowID{true, row.language, row.id}]
	for _, language := range p.languages["queries"] {
		if !ok {
			query, ok = p.byID[rowID{true, language, row.id}]
		}
	}
	if !ok {
		return nil
	}
	finding.Severity, finding.Rule, finding.Detail = schemas.SeverityWarning, schemas.DocumentHasQueryID, "may be returned for that query"
	switch q := p.rows[query]; {
	case q.excludesItself:
		finding.Severity, finding.Detail = schemas.SeverityInfo, "is excluded from what is returned for that query"
	case q.language == row.language && q.digest != row.digest:
		finding.Severity, finding.Detail = schemas.SeverityInfo, "has another text than that query in its language: queries and documents seem to be numbered apart"
	}
	queries, _ := p.job.Table("queries")
	finding.RelatedTable, finding.RelatedLanguage, finding.RelatedID = queries.Name, p.rows[query].language, row.id
	return p.found.add(finding)
}

// passages tells whether the documents are passages, of which many have one document's id.
func (p *evaluated) passages() bool {
	documents, ok := p.job.Table("documents")
	return ok && documents.Schema.HasField(schemas.DocumentID)
}

// report adds what is wrong with a text by itself.
func (p *evaluated) report(table, language, id string, problems []problem) error {
	for _, one := range problems {
		err := p.found.add(schemas.Finding{Severity: one.severity, Rule: one.rule, Table: table, Language: language, ID: id, Detail: one.detail})
		if err != nil {
			return err
		}
	}
	return nil
}

// tableOf is the name of a row's table.
func (p *evaluated) tableOf(row rowID) string {
	t, _ := p.job.Table(sideKey(row.query))
	return t.Name
}
