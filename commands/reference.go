package commands

import (
	"fmt"
	"io"
	"strings"

	"github.com/ferry-clir/ferry/pipeline"
)

//go:generate sh -c "cd .. && go run . list --markdown >docs/reference.md && go run . schema >docs/pipeline.schema.json"

// writeReference writes every kind and the section schedule with their keys, and every table with its columns, as a Markdown page.
func writeReference(w io.Writer, all []pipeline.Description, scheduled []pipeline.KeyDescription, tables []pipeline.TableDescription) {
	fmt.Fprint(w, "# Reference\n\nEvery kind that can stand in a pipeline file, with its keys; the keys of `schedule`; the rules of `lint`; and the tables, with their columns. ",
		"`ferry list --markdown` writes this page from the code; do not edit it.\n")
	section := ""
	for _, d := range all {
		if d.Section != section {
			section = d.Section
			fmt.Fprintf(w, "\n## %s\n", section)
		}
		fmt.Fprintf(w, "\n### %s\n\n%s\n\n", d.Kind, forMarkdown(d.Doc))
		writeKeys(w, d.Keys)
	}
	fmt.Fprint(w, "\n## schedule\n\nWhen `ferry schedule` runs the pipeline.\n\n")
	writeKeys(w, scheduled)
	writeRules(w)
	writeTables(w, tables)
}

// writeKeys writes a table of keys.
func writeKeys(w io.Writer, keys []pipeline.KeyDescription) {
	fmt.Fprint(w, "| key | value | default | |\n|---|---|---|---|\n")
	for _, k := range keys {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", k.Key, k.TypeName(), defaultText(k), forCell(k.Doc))
	}
}

// writeRules writes the rules of lint.
func writeRules(w io.Writer) {
	fmt.Fprint(w, "\n## rules of lint\n\n| rule | severity | what it means | what to do |\n|---|---|---|---|\n")
	for _, r := range pipeline.LintRules() {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", r.Rule, r.Severity, forCell(r.Meaning), forCell(r.Remedy))
	}
}

// writeTables writes the tables, as Parquet files have them.
func writeTables(w io.Writer, tables []pipeline.TableDescription) {
	fmt.Fprint(w, "\n## tables\n\nWhat flows between steps, and what the sink `parquet` and reports write. A column has the same name and meaning in every table.\n")
	for _, t := range tables {
		fmt.Fprintf(w, "\n### table %s\n\n%s\n\n| column | type | what it is |\n|---|---|---|\n", t.Name, forMarkdown(t.Doc))
		for _, c := range t.Columns {
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", c.Name, forCell(c.Type), forCell(c.Doc))
		}
	}
}

// defaultText is a key's default as people would write it, empty if there is none.
func defaultText(k pipeline.KeyDescription) string {
	if k.Required {
		return "required"
	}
	text := strings.TrimPrefix(fmt.Sprint(k.Default), "map")
	switch text {
	case "", "[]", "<nil>", "{[] }":
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
