package tables

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// Columns are the columns of a schema with their types in few words.
func Columns(schema *arrow.Schema) []string {
	var texts []string
	for i := 0; schema != nil && i < schema.NumFields(); i++ {
		texts = append(texts, schema.Field(i).Name+": "+FieldText(schema.Field(i)))
	}
	return texts
}

var fixedSize = regexp.MustCompile(`fixed_size_list<(.*), \d+>`)

// listTexts are such texts with lists in place of lists of a fixed size, which Parquet has not.
func listTexts(columns []string) []string {
	texts := slices.Clone(columns)
	for i, text := range texts {
		texts[i] = fixedSize.ReplaceAllString(text, "list<$1>")
	}
	return texts
}

// FieldText is a column's type in few words, and whether it may be null.
func FieldText(f arrow.Field) string {
	if f.Nullable {
		return typeText(f.Type) + ", may be null"
	}
	return typeText(f.Type)
}

// typeText is an Arrow type in few words.
func typeText(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.FixedSizeListType:
		return fmt.Sprintf("fixed_size_list<%s, %d>", typeText(t.Elem()), t.Len())
	case *arrow.ListType:
		return fmt.Sprintf("list<%s>", typeText(t.Elem()))
	case *arrow.StringType:
		return "string"
	}
	return t.String()
}
