package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// addedYAML compresses documents with a codec that was kept, and searches in what was kept, also
// with a codec that did not write it.
const addedYAML = `name: added
sources:
  documents: {kind: jsonl, path: documents.jsonl, language: en}
  queries: {kind: jsonl, table: queries, path: queries.jsonl, language: en}
  kept: {kind: parquet, table: codec, path: out/codec.parquet}
  compressed: {kind: parquet, table: compressed, path: out/compressed.parquet}
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 16, layers: 1, heads: 1, ffn: 16}
stages:
  d: {kind: embed, from: documents, model: start, output: token_vectors}
  q: {kind: embed, from: queries, model: start, output: token_vectors}
  other: {kind: codec, from: d, centroids: 5}
  c: {kind: compress, from: d, codec: kept}
  hits: {kind: search_compressed, queries: q, documents: compressed, codec: CODEC, top: 10, candidates: 30, probes: 5}
sinks:
  more: {kind: parquet, from: c, path: out/more.parquet}
  other: {kind: parquet, from: other, path: out/other.parquet}
  hits: {kind: parquet, from: hits, path: out/again.parquet}
`

// TestCompressed compresses and searches, then again with what was kept, and more documents.
func TestCompressed(t *testing.T) {
	folder, file := folderWith(t, "compressed.yaml")
	words := strings.Fields("train noon rain sun tomorrow ticket music song alarm call mother weather street road timer recipe news event movie")
	documents := func(n int) {
		var all strings.Builder
		for i := range n {
			fmt.Fprintf(&all, "{\"id\": \"d%d\", \"text\": \"%s %s %s\"}\n", i, words[i%19], words[i*i%17], words[i/3%13])
		}
		fmt.Fprintf(&all, `{"id": "blank", "title": "T", "text": ""}`+"\n")
		put(t, filepath.Join(folder, "documents.jsonl"), all.String())
	}
	documents(120)
	put(t, filepath.Join(folder, "queries.jsonl"), `{"id": "q1", "text": "rain tomorrow", "exclude": ["d4"]}
{"id": "q2", "text": "call mother"}
`)
	out := func(name string) string { return filepath.Join(folder, "out", name+".parquet") }
	if err := run(t.Context(), t, file, Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	value := columnOf[*array.Float64](t, out("scores"), schemas.Value)
	for i := range value.Len() {
		if value.Value(i) < 0.7 {
			t.Errorf("score %d is %v", i, value.Value(i))
		}
	}
	value = columnOf[*array.Float64](t, out("same"), schemas.Value)
	for i := range value.Len() {
		if value.Value(i) != 1 {
			t.Errorf("beside itself, score %d is %v", i, value.Value(i))
		}
	}
	if hits := values(t, out("hits"), schemas.DocumentID); len(hits) != 20 || slices.Contains(hits[:10], "d4") {
		t.Errorf("hits are %v", hits)
	}
	askCompressed(t, folder, "call mother", values(t, out("all"), schemas.DocumentID)[10:])
	before := outputs(t, folder)
	if err := os.RemoveAll(filepath.Join(folder, ".ferry")); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), t, file, Options{Workers: 4}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), before)

	documents(150)
	added := filepath.Join(folder, "added.yaml")
	put(t, added, strings.ReplaceAll(addedYAML, "CODEC", "kept"))
	if err := run(t.Context(), t, added, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{schemas.DocumentID, schemas.QueryID} {
		if got, want := values(t, out("again"), name), values(t, out("hits"), name); !slices.Equal(got, want) {
			t.Errorf("read back, %s of hits are %v, were %v", name, got, want)
		}
	}
	old, more := columnOf[*array.Binary](t, out("compressed"), schemas.Residuals), columnOf[*array.Binary](t, out("more"), schemas.Residuals)
	if old.Len() != 121 || more.Len() != 151 {
		t.Fatalf("%d documents, then %d", old.Len(), more.Len())
	}
	for i := range 120 {
		if !slices.Equal(old.Value(i), more.Value(i)) {
			t.Errorf("document %d is compressed otherwise among more", i)
		}
	}
	put(t, added, strings.ReplaceAll(addedYAML, "CODEC", "other"))
	if err := run(t.Context(), t, added, Options{Workers: 2}); err == nil || !strings.Contains(err.Error(), `document "d0" was compressed with the codec `) {
		t.Errorf("another codec: %v", err)
	}
	data, err := os.ReadFile(out("compressed"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, added, strings.ReplaceAll(addedYAML, "CODEC", "kept"))
	put(t, out("compressed"), string(data[:len(data)/2]))
	if err := run(t.Context(), t, added, Options{Workers: 2}); err == nil || !strings.Contains(err.Error(), "compressed.parquet") {
		t.Errorf("half a file: %v", err)
	}
}

// askCompressed asks by hand what a run has compressed, and expects these documents.
func askCompressed(t *testing.T, folder, question string, want []string) {
	t.Helper()
	o := SearchOptions{Vectors: filepath.Join(folder, "out", "compressed.parquet"), Model: filepath.Join(folder, "out", "model"), Top: 10}
	s, err := OpenSearcher(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		answers, err := s.Ask(t.Context(), question)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range answers {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, should find %v", question, got, want)
		}
	}
}
