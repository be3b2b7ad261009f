package stages

import "github.com/ferry-clir/ferry/schemas"

// NamedLanguages are languages that a key names, and that rows of an input are to be in, by a column.
type NamedLanguages struct {
	Key, Input, Column string
	Languages          []string
}

// NamedLanguages are those of the keys query_languages and document_languages.
func (l *Languages) NamedLanguages() []NamedLanguages {
	return []NamedLanguages{{"query_languages", "queries", schemas.Language, l.QueryLanguages}, {"document_languages", "documents", schemas.Language, l.DocumentLanguages}}
}

// NamedLanguages are those of documents that were searched.
func (e *Evaluate) NamedLanguages() []NamedLanguages {
	return []NamedLanguages{{"document_languages", "hits", schemas.DocumentLanguage, e.DocumentLanguages}}
}

// NamedLanguages are those that count as low-resource ones.
func (c *Compare) NamedLanguages() []NamedLanguages {
	return []NamedLanguages{{"low_resource", "from", schemas.Language, c.LowResource}}
}
