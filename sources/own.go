package sources

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/schemas"
)

// ownTables are the tables that a user's own files may hold.
func ownTables() []string {
	return []string{"documents", "passages", "queries", "judgments", "triples", "pairs", "vectors", "token_vectors", "hits", "codec", "compressed"}
}

// A mapping says which table a user's own files hold and where its columns come from.
type mapping struct {
	table      string
	columns    map[string]string // by column of the table, what the files call it
	values     map[string]string // by column of the table, the value for rows that lack it
	dimensions int               // of vectors
	exclude    bool              // vectors have a column exclude
	scaled     bool              // vectors are of int8 and have a column of scales
	passages   bool              // of vectors and compressed ones: they have a column document_id
	lineage    []string          // of vectors, as schemas.Lineage has it
	prefix     string            // of vectors: what stood before the texts
}

// newMapping takes language for the value of the column language.
func newMapping(table, language string, columns, values map[string]string, dimensions int) mapping {
	m := mapping{table: table, columns: columns, values: map[string]string{}, dimensions: dimensions}
	for name, value := range values {
		m.values[name] = value
	}
	if language != "" {
		m.values[schemas.Language] = language
	}
	return m
}

// hasVectors tells whether the table's schema depends on how long its vectors are.
func (m mapping) hasVectors() bool {
	return slices.Contains([]string{"vectors", "token_vectors", "codec"}, m.table)
}

// may lists the columns that not every such table has.
func (m mapping) may() []string {
	switch m.table {
	case "vectors":
		return []string{schemas.Scale, schemas.Exclude, schemas.DocumentID}
	case "token_vectors":
		return []string{schemas.Scales, schemas.Exclude, schemas.DocumentID}
	case "compressed":
		return []string{schemas.DocumentID}
	}
	return nil
}

// take learns which of those the files have.
func (m *mapping) take(found []string) {
	has := func(name string) bool {
		return slices.Contains(m.may(), name) && slices.Contains(found, orElse(m.columns[name], name))
	}
	m.exclude, m.passages = has(schemas.Exclude), has(schemas.DocumentID)
	m.scaled = has(schemas.Scale) || has(schemas.Scales)
}

// schema is that of the table; nil if there is no such table or its dimensions are not known.
func (m mapping) schema() *arrow.Schema {
	schema := m.unscaled()
	if schema != nil && m.scaled {
		schema = schemas.Scaled(schema)
	}
	if schema != nil && m.passages {
		schema = schemas.WithDocument(schema)
	}
	if schema != nil && schemas.HasVectors(schema) {
		schema = schemas.WithPrefix(schemas.WithLineage(schema, m.lineage), m.prefix)
	}
	return schema
}

// unscaled is the schema without columns of scales or documents.
func (m mapping) unscaled() *arrow.Schema {
	switch m.table {
	case "documents":
		return schemas.Documents()
	case "passages":
		return schemas.Passages()
	case "queries":
		return schemas.Queries()
	case "judgments":
		return schemas.Judgments()
	case "triples":
		return schemas.Triples()
	case "pairs":
		return schemas.Pairs()
	case "hits":
		return schemas.Hits()
	case "compressed":
		return schemas.Compressed()
	case "codec":
		if m.dimensions > 0 {
			return schemas.Codec(m.dimensions)
		}
	case "vectors":
		if m.dimensions > 0 {
			return schemas.Vectors(m.dimensions, m.exclude)
		}
	case "token_vectors":
		if m.dimensions > 0 {
			return schemas.TokenVectors(m.dimensions, m.exclude)
		}
	}
	return nil
}

// A form is what kind of value a column holds.
type form int

const (
	textForm form = iota
	listForm
	integerForm
	numberForm
	integersForm
	vectorForm
	vectorsForm
	numbersForm
	bytesForm
)

// A column is one column of the user's table.
type column struct {
	name     string
	from     string // what the files call it
	form     form
	value    *string // for rows that lack it
	nullable bool
	optional bool // empty, or made up by ferry, for rows that lack it
}

// layout lists the table's columns in the order of its schema. Dimensions that are not known are taken to be 1.
func (m mapping) layout() []column {
	m.dimensions = max(m.dimensions, 1)
	var all []column
	for _, f := range m.schema().Fields() {
		c := column{name: f.Name, from: f.Name, form: formOf(f.Type), nullable: f.Nullable}
		if from, ok := m.columns[f.Name]; ok {
			c.from = from
		}
		if value, ok := m.values[f.Name]; ok && c.form == textForm {
			c.value = &value
		}
		switch f.Name {
		case schemas.Title, schemas.Exclude, schemas.Origin:
			c.optional = true
		case schemas.ID:
			c.optional = m.table == "pairs"
		}
		all = append(all, c)
	}
	return all
}

func formOf(t arrow.DataType) form {
	switch t := t.(type) {
	case *arrow.Int32Type:
		return integerForm
	case *arrow.Float32Type, *arrow.Float64Type:
		return numberForm
	case *arrow.FixedSizeListType:
		return vectorForm
	case *arrow.BinaryType:
		return bytesForm
	case *arrow.ListType:
		switch t.Elem().ID() {
		case arrow.INT32:
			return integersForm
		case arrow.FLOAT32:
			return numbersForm
		case arrow.FIXED_SIZE_LIST:
			return vectorsForm
		}
		return listForm
	}
	return textForm
}

// mistakes checks the keys; found are the columns of the files, nil if they could not be looked at.
func (m mapping) mistakes(found []string) []schemas.Mistake {
	var all []schemas.Mistake
	wrong := func(key, format string, args ...any) {
		all = append(all, schemas.Mistake{Key: key, Problem: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(ownTables(), m.table) {
		wrong("table", "there is no table %q; there is %s", m.table, strings.Join(ownTables(), ", "))
		return all
	}
	if m.dimensions < 0 {
		wrong("dimensions", "should be 0 or more")
	}
	var names []string
	for _, c := range m.layout() {
		names = append(names, c.name)
	}
	names = append(names, m.may()...)
	for i, keys := range [][]string{sortedKeys(m.columns), sortedKeys(m.values)} {
		for _, name := range keys {
			if !slices.Contains(names, name) {
				wrong([]string{"columns", "values"}[i], "%s has no column %s; there is %s", m.table, name, strings.Join(names, ", "))
			}
		}
	}
	if lacking := m.lacking(found); found != nil && len(lacking) > 0 {
		hint := ""
		if slices.Contains(lacking, schemas.Language) {
			hint = "; where all rows have the same language, the key language says it"
		}
		wrong("columns", "the files have %s; %s needs %s%s", strings.Join(found, ", "), m.table, strings.Join(lacking, ", "), hint)
		all[len(all)-1].Outside = true // they may have been others yesterday
	}
	return all
}

// lacking lists the columns that the table needs and files with these columns do not have.
func (m mapping) lacking(found []string) []string {
	var names []string
	for _, c := range m.layout() {
		if c.value == nil && !c.nullable && !c.optional && !slices.Contains(found, c.from) {
			names = append(names, c.from)
		}
	}
	return names
}
