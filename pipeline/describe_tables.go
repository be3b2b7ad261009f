package pipeline

import (
	"cmp"
	"go/ast"
	"go/token"
	"strconv"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
)

// A TableDescription is what there is to know of a table.
type TableDescription struct {
	Name, Doc string
	Columns   []ColumnDescription
}

// A ColumnDescription is what there is to know of a column.
type ColumnDescription struct{ Name, Type, Doc string }

// DescribeTables describes every table that components offer.
func DescribeTables() ([]TableDescription, error) {
	docs, err := readTableDocs()
	if err != nil {
		return nil, err
	}
	var all []TableDescription
	for _, t := range schemas.All() {
		table := TableDescription{Name: t.Name, Doc: docs.tables[strings.ReplaceAll(t.Name, "_", "")]}
		for _, f := range t.Schema.Fields() {
			doc := cmp.Or(docs.columns[f.Name], "the loss of that name")
			table.Columns = append(table.Columns, ColumnDescription{f.Name, tables.FieldText(f), doc})
		}
		all = append(all, table)
	}
	return all, nil
}

// tableDocs are the comments of package schemas: those of tables by the lower-case name of the function that makes their schema,
// those of columns by name.
type tableDocs struct{ tables, columns map[string]string }

func readTableDocs() (tableDocs, error) {
	docs := tableDocs{map[string]string{}, map[string]string{}}
	err := eachDeclaration(schemas.Code, func(_ string, declaration ast.Decl) {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			docs.tables[strings.ToLower(name)] = strings.Replace(oneLine(d.Doc.Text()), name+" is the", "The", 1)
		case *ast.GenDecl:
			if d.Tok == token.CONST {
				docs.readConstants(d)
			}
		}
	})
	return docs, err
}

// ColumnDocs are what the columns of ferry's tables mean, by name.
func ColumnDocs() (map[string]string, error) {
	docs, err := readTableDocs()
	return docs.columns, err
}

// readConstants reads the names of columns, each with its comment behind it.
func (t tableDocs) readConstants(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		s := spec.(*ast.ValueSpec)
		for _, value := range s.Values {
			if literal, ok := value.(*ast.BasicLit); ok && s.Comment != nil {
				name, err := strconv.Unquote(literal.Value)
				if err == nil {
					t.columns[name] = oneLine(s.Comment.Text())
				}
			}
		}
	}
}
