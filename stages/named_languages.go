package stages

import "github.com/ferry-clir/ferry/schemas"

// NamedLanguages are languages that a key names, and that rows of an input are to be in, by a column.
type NamedLanguages struct {
	Key, Input, Column string
	Languages          []string
	Elsewhere          bool // it is enough if other documents of the pipeline are in them
}

// NamedLanguages are those of the keys query_languages and document_languages.
func (l *Languages) NamedLanguages() []NamedLanguages {
	return []NamedLanguages{
		{Key: "query_languages", Input: "queries", Column: schemas.Language, Languages: l.QueryLanguages},
		{Key: "document_languages", Input: "documents", Column: schemas.Language, Languages: l.DocumentLanguages},
	}
}

// NamedLanguages are those of queries, and of documents that were searched; or that others were, where a variant is charged for what it
// lacks.
func (e *Evaluate) NamedLanguages() []NamedLanguages {
	return []NamedLanguages{
		{Key: "query_languages", Input: "hits", Column: schemas.QueryLanguage, Languages: e.QueryLanguages},
		{Key: "document_languages", Input: "hits", Column: schemas.DocumentLanguage, Languages: e.DocumentLanguages, Elsewhere: true},
	}
}

// NamedLanguages are those that count as low-resource ones.
func (c *Compare) NamedLanguages() []NamedLanguages {
	return []NamedLanguages{{Key: "low_resource", Input: "from", Column: schemas.Language, Languages: c.LowResource}}
}
