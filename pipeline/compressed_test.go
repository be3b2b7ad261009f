package pipeline

import (
	"fmt"
	"math"
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
	words := strings.Fields("train noon rain sun tomorrow ticket music song alarm call mother weather street road timer recipe news event movie")
	documents := func(n int) string {
		var all strings.Builder
		for i := range n {
			fmt.Fprintf(&all, "{\"id\": \"d%d\", \"text\": \"%s %s %s\"}\n", i, words[i%19], words[i*i%17], words[i/3%13])
		}
		return all.String() + `{"id": "blank", "title": "T", "text": ""}` + "\n"
	}
	folder, told := anyWorkers(t, "compressed.yaml", map[string]string{"documents.jsonl": documents(120), "queries.jsonl": `{"id": "q1", "text": "rain tomorrow", "exclude": ["d4"]}
{"id": "q2", "text": "call mother"}
`})
	out := func(name string) string { return filepath.Join(folder, "out", name+".parquet") }
	if got := told.warnings(); len(got) != 1 || !strings.HasPrefix(got[0], "stages.all: candidates are 1000, and there are 121 documents: ") {
		t.Errorf("warnings are %q", got)
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

	put(t, filepath.Join(folder, "documents.jsonl"), documents(150))
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

// languagesYAML searches, exactly and compressed, in two languages.
const languagesYAML = `name: languages
sources:
  en: {kind: jsonl, path: documents.jsonl, language: en}
  sw: {kind: jsonl, path: swahili.jsonl, language: sw}
  queries: {kind: jsonl, table: queries, path: queries.jsonl}
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 16, layers: 1, heads: 1, ffn: 16}
stages:
  texts: {kind: concatenate, from: [en, sw]}
  d: {kind: embed, from: texts, model: start, output: token_vectors}
  q: {kind: embed, from: queries, model: start, output: token_vectors}
  codec: {kind: codec, from: d, centroids: 120, bits: 4, sample: 200, KEYS}
  c: {kind: compress, from: d, codec: codec}
  hits: {kind: search_compressed, queries: q, documents: c, codec: codec, top: 20, FILTER}
  exact: {kind: search, queries: q, documents: d, top: 20, KEYS, FILTER}
sinks:
  hits: {kind: parquet, from: hits, path: out/hits.parquet}
  exact: {kind: parquet, from: exact, path: out/exact.parquet}
  codec: {kind: parquet, from: codec, path: out/codec.parquet}
  compressed: {kind: parquet, from: c, path: out/compressed.parquet}
  model: {kind: model, from: start, path: out/model}
`

// TestCompressedLanguages: whatever is taken off and filtered, compressed search scores nearly as exact search does.
func TestCompressedLanguages(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "languages.yaml")
	for name, language := range map[string]string{"documents": "noon rain sun tomorrow ticket music song", "swahili": "mvua kesho jua tiketi muziki wimbo treni"} {
		words, all := strings.Fields(language), ""
		for i := range 40 {
			all += fmt.Sprintf("{\"id\": \"d%d\", \"text\": \"%s %s %s\"}\n", i, words[i%7], words[i*i%5], words[i/6%6])
		}
		put(t, filepath.Join(folder, name+".jsonl"), all)
	}
	put(t, filepath.Join(folder, "queries.jsonl"), `{"id": "q1", "language": "en", "text": "rain tomorrow"}
{"id": "q2", "language": "en", "text": "music"}
{"id": "q1", "language": "sw", "text": "mvua kesho"}
{"id": "q2", "language": "sw", "text": "muziki"}
`)
	out := func(name string) string { return filepath.Join(folder, "out", name+".parquet") }
	for _, keys := range []string{"centre: none", "centre: documents", "centre: languages", "centre: languages, means: [q, d]"} {
		for _, filter := range []string{"languages: other", "query_languages: [sw], document_languages: [en]"} {
			put(t, file, strings.NewReplacer("KEYS", keys, "FILTER", filter).Replace(languagesYAML))
			if keys == "centre: documents" && strings.Contains(filter, "document_languages") {
				continue // search takes the mean of the documents in those languages, codec of all
			}
			told := &events{}
			if err := run(t.Context(), t, file, Options{Workers: 2, Reporter: told}); err != nil {
				t.Fatal(err)
			}
			if got := told.warnings(); len(got) == 0 || !strings.HasPrefix(got[0], "stages.codec: 120 centroids are many for the ") {
				t.Errorf("warnings are %q", got)
			}
			scores := func(name string) map[string]float64 {
				by, column := map[string]float64{}, columnOf[*array.Float64](t, out(name), schemas.Score)
				query, language := values(t, out(name), schemas.QueryID), values(t, out(name), schemas.QueryLanguage)
				document, in := values(t, out(name), schemas.DocumentID), values(t, out(name), schemas.DocumentLanguage)
				for i := range document {
					if language[i] == in[i] {
						t.Errorf("%s, %s: a query in %s finds a document in %s", keys, filter, language[i], in[i])
					}
					by[strings.Join([]string{language[i], query[i], in[i], document[i]}, " ")] = column.Value(i)
				}
				return by
			}
			got, want, both, off := scores("hits"), scores("exact"), 0.0, 0.0
			for hit, score := range got {
				if exact, ok := want[hit]; ok {
					both++
					off += math.Abs(score - exact)
				}
			}
			t.Logf("%s, %s: %v of %d hits, scores are off by %.3f", keys, filter, both, len(want), off/both)
			if !(off/both < 0.025) || both < 0.7*float64(len(want)) || len(got) != len(want) {
				t.Errorf("%s, %s: %v of %d hits are found, of %d, and scores are off by %v", keys, filter, both, len(want), len(got), off/both)
			}
		}
	}
	_, err := OpenSearcher(t.Context(), SearchOptions{Vectors: out("compressed"), Model: filepath.Join(folder, "out", "model"), Top: 10})
	if err == nil || !strings.Contains(err.Error(), "which is not known of a question that is asked by hand") {
		t.Errorf("asked by hand: %v", err)
	}
}
