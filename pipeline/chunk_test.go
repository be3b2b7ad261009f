package pipeline

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestChunk cuts documents, and searches for their passages: hits are documents, each once, and exclusions hold; the same when
// what was kept of passages is read back.
func TestChunk(t *testing.T) {
	folder, file := folderWith(t, "chunk.yaml")
	put(t, filepath.Join(folder, "documents.jsonl"), `{"id": "long", "title": "Trains", "text": "The train leaves at noon, and comes back."}
{"id": "short", "text": "At noon."}
{"id": "other", "text": "Rain today, sun tomorrow."}
`)
	put(t, filepath.Join(folder, "queries.jsonl"), `{"id": "q1", "text": "noon", "exclude": ["long"]}
{"id": "q2", "text": "comes back"}
`)
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	column := func(table, name string) []string {
		return values(t, filepath.Join(folder, "out", table+".parquet"), name)
	}
	for _, c := range []struct {
		table, column string
		want          []string
	}{
		{"passages", schemas.ID, []string{"long#0", "long#1", "long#2", "long#3", "short#0", "other#0", "other#1"}},
		{"passages", schemas.DocumentID, []string{"long", "long", "long", "long", "short", "other", "other"}},
		{"vectors", schemas.ID, []string{"long#0", "long#1", "long#2", "long#3", "short#0", "other#0", "other#1"}},
		{"vectors", schemas.DocumentID, []string{"long", "long", "long", "long", "short", "other", "other"}},
	} {
		if got := column(c.table, c.column); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s are %q, want %q", c.column, c.table, got, c.want)
		}
	}
	for table, want := range map[string][]string{"hits": {"q1:other", "q1:short"}, "late": {"q1:other", "q1:short", "q2:long", "q2:other", "q2:short"}} {
		var got []string
		document := column(table, schemas.DocumentID)
		for i, query := range column(table, schemas.QueryID) {
			if table == "late" || query == "q1" {
				got = append(got, query+":"+document[i])
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s are %v, want %v", table, got, want)
		}
	}
	for _, name := range []string{"hits", "late", "few"} {
		if len(column(name, schemas.DocumentID)) == 0 {
			t.Errorf("there are no %s", name)
		}
	}
	if got := manifestCounts(t, filepath.Join(folder, "out", "chunk.manifest.json"))["stages.passages"]; got.In["documents"] != 3 || got.Out["passages"] != 7 {
		t.Errorf("passages: %+v", got)
	}
	kept := filepath.Join(folder, "kept.yaml")
	put(t, kept, keptYAML)
	if err := run(t.Context(), t, kept, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	before := outputs(t, folder)
	for name, sum := range outputs(t, filepath.Join(folder, "kept")) {
		if sum != before[name] {
			t.Errorf("read back, %s has other bytes", name)
		}
	}
}

// keptYAML embeds and searches what was kept of passages, into a folder of its own.
const keptYAML = `name: chunk
sources:
  passages: {kind: parquet, table: passages, path: out/passages.parquet}
  queries: {kind: jsonl, table: queries, path: queries.jsonl, language: en}
  d: {kind: parquet, table: vectors, path: out/vectors.parquet}
  tokens: {kind: parquet, table: token_vectors, path: out/token_vectors.parquet}
  codec: {kind: parquet, table: codec, path: out/codec.parquet}
  compressed: {kind: parquet, table: compressed, path: out/compressed.parquet}
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 16, layers: 1, heads: 1, ffn: 16}
stages:
  again: {kind: embed, from: passages, model: start, title: true}
  q: {kind: embed, from: queries, model: start, output: both}
  hits: {kind: search, queries: q, documents: d, top: 2}
  late: {kind: search, queries: q.token_vectors, documents: tokens}
  few: {kind: search_compressed, queries: q.token_vectors, documents: compressed, codec: codec}
sinks:
  vectors: {kind: parquet, from: again, path: kept/out/vectors.parquet}
  hits: {kind: parquet, from: hits, path: kept/out/hits.parquet}
  late: {kind: parquet, from: late, path: kept/out/late.parquet}
  few: {kind: parquet, from: few, path: kept/out/few.parquet}
`
