package commands

import (
	"fmt"
	"io"
	"strings"

	"github.com/ferry-clir/ferry/pipeline"
)

//go:generate sh -c "cd .. && go run . list --markdown >docs/reference.md && go run . schema >docs/pipeline.schema.json"

// writeReference writes every kind with its keys as a Markdown page.
func writeReference(w io.Writer, all []pipeline.Description) {
	fmt.Fprint(w, "# Reference\n\nEvery kind that can stand in a pipeline file, with its keys. ",
		"`ferry list --markdown` writes this page from the code; do not edit it.\n")
	section := ""
	for _, d := range all {
		if d.Section != section {
			section = d.Section
			fmt.Fprintf(w, "\n## %s\n", section)
		}
		fmt.Fprintf(w, "\n### %s\n\n%s\n\n", d.Kind, forMarkdown(d.Doc))
		fmt.Fprint(w, "| key | value | default | |\n|---|---|---|---|\n")
		for _, k := range d.Keys {
			fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", k.Key, k.TypeName(), defaultText(k), forCell(k.Doc))
		}
	}
	writeRules(w)
}

// writeRules writes the rules of lint.
func writeRules(w io.Writer) {
	fmt.Fprint(w, "\n## rules of lint\n\n| rule | severity | what it means | what to do |\n|---|---|---|---|\n")
	for _, r := range pipeline.LintRules() {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", r.Rule, r.Severity, forCell(r.Meaning), forCell(r.Remedy))
	}
}

// defaultText is a key's default as people would write it, empty if there is none.
func defaultText(k pipeline.KeyDescription) string {
	if k.Required {
		return "required"
	}
	text := strings.TrimPrefix(fmt.Sprint(k.Default), "map")
	switch text {
	case "", "[]", "<nil>":
		return ""
	}
	return "`" + text + "`"
}

// forMarkdown escapes what Markdown would take for its own, but for what stands between backquotes, which it shows as it is.
func forMarkdown(doc string) string {
	parts := strings.Split(strings.TrimSpace(doc), "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.NewReplacer("<", "&lt;", "*", `\*`).Replace(parts[i])
	}
	return strings.Join(parts, "`")
}

func forCell(doc string) string { return strings.ReplaceAll(forMarkdown(doc), "|", `\|`) }
