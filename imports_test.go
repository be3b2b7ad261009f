package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ferry-clir/ferry"

// mayImport says which of ferry's packages a package may import. A name ending in /... stands for all below it too.
var mayImport = map[string][]string{
	"":                     {"commands"},
	"commands":             {"commands/telemetry", "pipeline", "pipeline/tables", "trec", "model/kernel"},
	"commands/telemetry":   {"pipeline"},
	"pipeline/strict":      {},
	"pipeline/matrix":      {"pipeline/strict"},
	"pipeline/schedule":    {"sources/download", "stages/child", "schemas"},
	"pipeline/host":        {},
	"pipeline/content":     {"pipeline/host", "sinks"},
	"pipeline/tables":      {"pipeline/content", "sinks", "sources", "schemas"},
	"pipeline/objects":     {"sources/download"},
	"pipeline/objects/...": {},
	"pipeline/spark":       {},
	"pipeline":             {"pipeline/strict", "pipeline/spark", "pipeline/host", "pipeline/content", "pipeline/tables", "pipeline/objects", "pipeline/matrix", "pipeline/schedule", "sources/...", "stages", "sinks", "schemas", "model", "model/kernel", "model/measure"},
	"trec":                 {"sources", "model/measure"},
	"sources":              {"sources/...", "schemas", "model/..."},
	"sources/...":          {"model/tokenizer", "sources/phrasebook", "sources/download"},
	"stages":               {"stages/child", "schemas", "model/..."},
	"stages/child":         {},
	"sinks":                {"schemas", "model", "model/measure", "sinks/..."},
	"sinks/...":            {},
	"schemas":              {},
	"scale":                {},
	"model":                {"model/encoder", "model/ot", "model/tokenizer"},
	"model/kernel":         {},
	"model/kernel/...":     {"model/kernel"},
	"model/tokenizer":      {},
	"model/tokenizer/...":  {},
	"model/audit":          {"model/text", "model/tokenizer"},
	"model/ot":             {"model/kernel"},
	"model/measure":        {},
	"model/residual":       {"model/kernel"},
	"model/retrieve":       {"model/kernel", "model/residual"},
	"model/fasttext":       {},
	"model/text":           {"model/fasttext"},
	"model/encoder":        {"model/kernel", "model/encoder/safetensors"},
	"model/encoder/...":    {"model/kernel"},
	"model/train":          {"model/kernel", "model/encoder", "model/ot"},
}

// TestImports holds the house to its plan: who may import whom.
func TestImports(t *testing.T) {
	eachFile(t, parser.ImportsOnly, func(path string, file *ast.File) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		folder := filepath.ToSlash(filepath.Dir(path))
		if folder == "." {
			folder = ""
		}
		allowed, ok := allowedFor(folder)
		if !ok {
			t.Errorf("%s: package %s has no row in mayImport", path, folder)
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if imported == "C" {
				t.Errorf("%s: cgo in the default build", path)
			}
			ours, found := strings.CutPrefix(imported, module+"/")
			if found && !slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, ours) }) {
				t.Errorf("%s: %q may not import %s", path, folder, ours)
			}
		}
	})
}

// TestNoInit makes sure that nothing happens behind anyone's back before main.
func TestNoInit(t *testing.T) {
	eachFile(t, parser.SkipObjectResolution, func(path string, file *ast.File) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: has an init function", path)
			}
		}
	})
}

func eachFile(t *testing.T, mode parser.Mode, check func(path string, file *ast.File)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == "model/kernel/asm" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return fs.SkipDir // a module of its own
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, mode)
		if err == nil {
			check(path, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("only %d files found", files)
	}
}

func allowedFor(folder string) ([]string, bool) {
	if allowed, ok := mayImport[folder]; ok {
		return allowed, true
	}
	for parent := folder; strings.Contains(parent, "/"); {
		parent = parent[:strings.LastIndex(parent, "/")]
		if allowed, ok := mayImport[parent+"/..."]; ok {
			return allowed, true
		}
	}
	return nil, false
}

func matches(pattern, name string) bool {
	if root, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == root || strings.HasPrefix(name, root+"/")
	}
	return pattern == name
}
