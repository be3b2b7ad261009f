package pipeline

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/schedule"
	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/stages"
)

// A Description is what there is to know of a kind. It comes from the kind's struct: its comments, tags and defaults.
type Description struct {
	Section string
	Kind    string
	Doc     string // what it does; its first sentence is a summary
	Keys    []KeyDescription
}

// KeyDescription is what there is to know of a key.
type KeyDescription struct {
	Key      string
	Type     reflect.Type
	Doc      string
	Default  any
	Required bool
}

// Summary is what the kind does, in the few words before the description's first full stop or colon.
func (d Description) Summary() string {
	summary := strings.TrimPrefix(oneLine(d.Doc), d.Kind+" ")
	for _, end := range []string{". ", ": "} {
		summary, _, _ = strings.Cut(summary, end)
	}
	return strings.TrimSuffix(summary, ".")
}

// Describe describes every kind, in the order of kinds.go.
func Describe() ([]Description, error) {
	docs := comments{}
	for _, code := range []embed.FS{sources.Code, stages.Code, sinks.Code, headerCode} {
		if err := docs.read(code); err != nil {
			return nil, err
		}
	}
	var all []Description
	for _, k := range kinds {
		v := reflect.ValueOf(k.make()).Elem()
		doc := named(strings.TrimSpace(docs[typeID(v.Type())]), v.Type().Name(), k.name)
		keys := docs.keys(v)
		if k.depends.onSeed() {
			keys = append(keys, seedKey)
		}
		all = append(all, Description{k.section, k.name, doc, keys})
	}
	return all, nil
}

// DescribeSchedule describes the keys of the section schedule.
func DescribeSchedule() ([]KeyDescription, error) {
	docs := comments{}
	if err := docs.read(schedule.Code); err != nil {
		return nil, err
	}
	return docs.keys(reflect.ValueOf(schedule.NewConfig())), nil
}

// seedKey is what every kind takes that draws random numbers.
var seedKey = KeyDescription{
	Key: "seed", Type: reflect.TypeFor[uint64](), Doc: "Seed of this step's random numbers; the pipeline's if left out.", Default: (*uint64)(nil),
}

//go:embed file.go
var headerCode embed.FS

// comments are the doc comments of struct types and their fields, by <package>.<type> and <package>.<type>.<field>.
type comments map[string]string

// named puts the name that people write in place of the one in the code, with which Go's comments begin.
func named(doc, inCode, written string) string {
	if rest, ok := strings.CutPrefix(doc, inCode+" "); ok {
		return written + " " + rest
	}
	return doc
}

func typeID(t reflect.Type) string { return t.String() }

func (c comments) read(code embed.FS) error {
	return eachDeclaration(code, func(in string, declaration ast.Decl) {
		if g, ok := declaration.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			c.readType(in, g)
		}
	})
}

// eachDeclaration calls f with all that the code of a package declares at its top level.
func eachDeclaration(code embed.FS, f func(in string, declaration ast.Decl)) error {
	return fs.WalkDir(code, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := code.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("reading descriptions: %w", err)
		}
		for _, declaration := range file.Decls {
			f(file.Name.Name, declaration)
		}
		return nil
	})
}

func (c comments) readType(in string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		t := spec.(*ast.TypeSpec)
		id := in + "." + t.Name.Name
		c[id] = g.Doc.Text() + t.Doc.Text()
		s, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range s.Fields.List {
			for _, name := range f.Names {
				c[id+"."+name.Name] = oneLine(f.Doc.Text() + f.Comment.Text())
			}
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// keys describes the fields of a struct, those of embedded structs included.
func (c comments) keys(v reflect.Value) []KeyDescription {
	var keys []KeyDescription
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			keys = append(keys, c.keys(v.Field(i))...)
			continue
		}
		if key := strict.Key(f); key != "" {
			keys = append(keys, KeyDescription{
				Key: key, Type: f.Type, Doc: named(c[typeID(v.Type())+"."+f.Name], f.Name, key), Default: v.Field(i).Interface(),
				Required: f.Tag.Get("ferry") == "required",
			})
		}
	}
	return keys
}

// TypeName says what a key's value is, as people are told.
func (k KeyDescription) TypeName() string { return keyTypeName(k.Type) }

func keyTypeName(t reflect.Type) string {
	switch {
	case t == tableRef:
		return "table"
	case t == modelRef:
		return "model"
	case t == pathType:
		return "path"
	case t == durationType:
		return "duration"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "list of " + keyTypeName(t.Elem())
	case reflect.Map:
		return "mapping to " + keyTypeName(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return "whole number"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Pointer:
		return keyTypeName(t.Elem())
	case reflect.Struct:
		return "mapping"
	}
	return "text"
}

// required reports the keys tagged `ferry:"required"` that are empty.
func (s *Step) required() []schemas.Mistake {
	var missing []schemas.Mistake
	v := reflect.ValueOf(s.component).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("ferry") == "required" && v.Field(i).IsZero() {
			missing = append(missing, schemas.Mistake{Problem: fmt.Sprintf("needs the key %q", strict.Key(f))})
		}
	}
	return missing
}
