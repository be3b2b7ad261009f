package sources

import (
	"slices"

	"github.com/ferry-clir/ferry/schemas"
)

// OwnFiles are the keys of sources that read the user's own data, a table of it.
type OwnFiles struct {
	// Path names the files; globs are allowed.
	Path []schemas.Path `yaml:"path" ferry:"required"`
	// Table is what the files hold: documents, passages, queries, judgments, triples, pairs, vectors, token_vectors or hits; or, of
	// Parquet files that ferry wrote, codec or compressed.
	Table string `yaml:"table"`
	// Language is that of the rows that do not say theirs.
	Language string `yaml:"language"`
	// Columns maps columns of the table to what the files call them where that differs, such as {text: body, id: _id}.
	Columns map[string]string `yaml:"columns"`
	// Values are those of columns that the files lack, such as {source_language: en, target_language: sw}.
	Values map[string]string `yaml:"values"`
	// Dimensions is the length of the vectors, 0 for that of the first one.
	Dimensions int `yaml:"dimensions"`
}

var noDimensions = schemas.Mistake{Key: "dimensions", Problem: "cannot be told from the first rows; name them"}

// Files are the files that the paths name.
func (o *OwnFiles) Files() ([]string, error) {
	files, err := globs(o.Path)
	slices.Sort(files)
	return files, err
}

// named is the mapping as far as the keys tell.
func (o *OwnFiles) named() mapping {
	return newMapping(o.Table, o.Language, o.Columns, o.Values, o.Dimensions)
}

// mistakes returns what cannot work, from a mapping that the first rows have completed and from what the files call their columns;
// that is nil if it is not known.
func (o *OwnFiles) mistakes(m mapping, columns []string) []schemas.Mistake {
	var found []schemas.Mistake
	if len(o.Path) == 0 {
		found = append(found, schemas.Mistake{Key: "path", Problem: "names the files; it is missing"})
	}
	found = append(found, m.mistakes(columns)...)
	if len(found) == 0 && columns != nil && m.schema() == nil {
		found = append(found, noDimensions)
	}
	return found
}

// tables is the table that the mapping makes, none if its dimensions are not known.
func (m mapping) tables() []schemas.TableType {
	if schema := m.schema(); schema != nil {
		return []schemas.TableType{{Name: m.table, Schema: schema}}
	}
	return nil
}
