package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostile are texts that would run, ask the network, hide the page, turn it around, or burst it.
var hostile = []string{`<script>document.title="executed"</script>`, `"'><img src=http://127.0.0.1:1/x onerror=document.title="executed">`,
	"שלום \u202eעולם", "e" + strings.Repeat("\u0301", 500), strings.Repeat("w", 10000), "nul\x00 byte", "👩\u200d👩\u200d👦 🏳️\u200d🌈", "lone surrogate", `</style></title><style>*{display:none}</style>`}

// writeHostile writes a table of the texts, as JSON lines; one has half a surrogate pair in it.
func writeHostile(t *testing.T, path string, row func(i int, text string) map[string]any) {
	t.Helper()
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for i, text := range hostile {
		if err := encoder.Encode(row(i, text)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, path, strings.ReplaceAll(lines.String(), "surrogate", "\xed\xa0\x80"))
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// idOf is a text as an id that a TREC file can hold.
func idOf(text string) string { return strings.NewReplacer(" ", "_", "\x00", "0").Replace(text) }

const hostilePipeline = `
name: hostile
max_bad_rows: 50%
sources:
  documents: {kind: jsonl, table: documents, path: documents.jsonl, language: "<b>x"}
  queries:   {kind: jsonl, table: queries, path: queries.jsonl, language: "<i>\"q"}
  judgments: {kind: jsonl, table: judgments, path: judgments.jsonl}
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 32, layers: 1, heads: 2, ffn: 64, max_tokens: 64}
stages:
  document_vectors: {kind: embed, from: documents, model: start}
  query_vectors:    {kind: embed, from: queries, model: start}
  hits:     {kind: search, queries: query_vectors, documents: document_vectors}
  words:    {kind: bm25, queries: queries, documents: documents}
  dense:    {kind: evaluate, hits: hits, judgments: judgments, variant: "<script>document.title='executed'</script>"}
  lexical:  {kind: evaluate, hits: words, judgments: judgments, variant: "\"'><img src=http://127.0.0.1:1/ onerror=alert(1)>"}
  compared: {kind: compare, from: [dense, lexical], baseline: "<script>document.title='executed'</script>"}
  audit:    {kind: audit, from: [documents, queries], model: start}
  lint:     {kind: lint, documents: documents, queries: queries, judgments: judgments, fail_on: never}
sinks:
  report: {kind: report, from: [dense, lexical], comparisons: compared, hits: [hits, words], queries: queries, documents: documents, judgments: judgments,
           audit: audit, findings: lint, path: out, title: "<script>document.title='executed'</script> שלום"}
`

// TestHostileReport looks at the report of hostile names, ids and texts in a browser: all of them are shown, and none does anything.
func TestHostileReport(t *testing.T) {
	folder := t.TempDir()
	b := openBrowser(t) // or skip
	writeHostile(t, filepath.Join(folder, "documents.jsonl"), func(_ int, text string) map[string]any {
		return map[string]any{"id": idOf(text), "title": text, "text": text}
	})
	writeHostile(t, filepath.Join(folder, "queries.jsonl"), func(_ int, text string) map[string]any {
		return map[string]any{"id": idOf(text), "text": text}
	})
	writeHostile(t, filepath.Join(folder, "judgments.jsonl"), func(i int, text string) map[string]any {
		return map[string]any{"query_id": idOf(text), "document_id": idOf(hostile[(i+3)%len(hostile)]), "grade": 1}
	})
	put(t, filepath.Join(folder, "pipeline.yaml"), hostilePipeline)
	run(t, filepath.Join(folder, "pipeline.yaml"), nil)
	page := filepath.Join(folder, "out", "report.html")
	checkPage(t, "hostile", page)
	b.show(page, 390, 844, "light")
	var saw struct {
		Title   string
		Foreign int
		Height  float64
		Text    string
	}
	b.evaluate(`({title: document.title, foreign: document.querySelectorAll("script, img, iframe, link:not([rel=icon]), body style, b, i").length,
		height: document.querySelector("main").getBoundingClientRect().height, text: document.body.innerText})`, &saw)
	if !strings.HasPrefix(saw.Title, "<script>") || saw.Foreign > 0 || saw.Height < 500 {
		t.Errorf("the page is titled %s, has %d elements of texts, and is %v high", saw.Title, saw.Foreign, saw.Height)
	}
	for _, want := range []string{hostile[0], hostile[1], hostile[8], "Findings of lint", "Tokens"} {
		if !strings.Contains(saw.Text, want) {
			t.Errorf("the page does not show %s", want)
		}
	}
}
