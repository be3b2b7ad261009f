package pipeline

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// A hitRow is a row of a table of hits.
type hitRow struct {
	query, document string // language:id
	rank            int32
	score           float64
}

// hitsIn reads a table of hits.
func hitsIn(t *testing.T, file string) (hits []hitRow) {
	t.Helper()
	table := readParquet(t, file)
	for n := range table.Column(0).Data().Chunks() {
		column := func(name string) arrow.Array {
			return table.Column(table.Schema().FieldIndices(name)[0]).Data().Chunk(n)
		}
		key := func(language, id string, row int) string {
			return column(language).(*array.String).Value(row) + ":" + column(id).(*array.String).Value(row)
		}
		for i := range column(schemas.Rank).Len() {
			hits = append(hits, hitRow{key(schemas.QueryLanguage, schemas.QueryID, i), key(schemas.DocumentLanguage, schemas.DocumentID, i),
				column(schemas.Rank).(*array.Int32).Value(i), column(schemas.Score).(*array.Float64).Value(i)})
		}
	}
	return hits
}

// TestRerank scores the best hits of bm25 anew. They have the scores of a search among all documents, to the bit, and its
// order; those beyond depth are counted.
func TestRerank(t *testing.T) {
	folder, file := folderWith(t, "rerank.yaml")
	words := strings.Fields("call my mother and the station about trains at noon")
	row := func(format string, i int) string {
		return fmt.Sprintf(format, i, words[i%7], words[i%5], words[i%9])
	}
	var documents, queries strings.Builder
	for i := range 60 {
		documents.WriteString(row(`{"language": "`+[]string{"en", "sw"}[i%2]+`", "id": "d%d", "text": "%s %s %s"}`+"\n", i))
		if i%5 == 0 {
			queries.WriteString(row(`{"id": "q%d", "text": "%s %s %s"}`+"\n", i))
		}
	}
	put(t, filepath.Join(folder, "documents.jsonl"), documents.String())
	put(t, filepath.Join(folder, "queries.jsonl"), queries.String())
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	in := func(table string) []hitRow { return hitsIn(t, filepath.Join(folder, "out", table+".parquet")) }
	first := in("words")
	for _, table := range []string{"tokens", "vectors"} {
		candidates, ranks := map[[2]string]bool{}, map[string]int32{}
		for _, h := range first {
			if h.rank <= 7 {
				candidates[[2]string{h.query, h.document}] = true
			}
		}
		want := slices.DeleteFunc(in("all_"+table), func(h hitRow) bool { return !candidates[[2]string{h.query, h.document}] })
		for i := range want {
			ranks[want[i].query]++
			want[i].rank = ranks[want[i].query]
		}
		got := in(table)
		byQuery := func(a, b hitRow) int {
			return cmp.Or(strings.Compare(a.query, b.query), cmp.Compare(a.rank, b.rank))
		}
		slices.SortFunc(got, byQuery)
		slices.SortFunc(want, byQuery)
		if len(got) != len(candidates) || !slices.Equal(got, want) {
			t.Errorf("%s: %d hits of %d candidates, want those of search: %v", table, len(got), len(candidates), want)
		}
		counted := manifestCounts(t, filepath.Join(folder, "out", "rerank.manifest.json"))["stages."+table]
		if counted.Dropped["beyond_depth"] != int64(len(first)-len(candidates)) {
			t.Errorf("%s: %+v", table, counted)
		}
	}
}

// TestRerankMissing scores hits of which some name documents that are not there, then such hits alone, then those of a query that
// is not there.
func TestRerankMissing(t *testing.T) {
	const hits = `{"query_language":"en","query_id":"q","document_language":"en","document_id":"%","rank":1,"score":1}` + "\n"
	const vectors = `{"language":"en","id":"%","vector":[1,0]}` + "\n"
	name := func(pattern, id string) string { return strings.Replace(pattern, "%", id, 1) }
	for _, test := range []struct{ hits, queries, problem string }{
		{name(hits, "d") + name(hits, "gone"), name(vectors, "q"), ""},
		{name(hits, "gone"), name(vectors, "q"), "none of the 1 hits has a document with vectors in d, such as en:gone"},
		{name(hits, "d"), name(vectors, "other"), "h has hits of 1 queries, none of which has vectors in q, such as en:q"},
		{name(hits, "d") + name(hits, "d"), name(vectors, "q"), `document "d" comes twice for a query`},
	} {
		folder := t.TempDir()
		put(t, filepath.Join(folder, "h.jsonl"), test.hits)
		put(t, filepath.Join(folder, "q.jsonl"), test.queries)
		put(t, filepath.Join(folder, "d.jsonl"), name(vectors, "d"))
		file := filepath.Join(folder, "pipeline.yaml")
		put(t, file, `name: missing
sources:
  h: {kind: jsonl, table: hits, path: h.jsonl}
  q: {kind: jsonl, table: vectors, path: q.jsonl}
  d: {kind: jsonl, table: vectors, path: d.jsonl}
stages:
  again: {kind: rerank, hits: h, queries: q, documents: d}
sinks:
  out: {kind: parquet, from: again, path: out/hits.parquet}
`)
		err := run(t.Context(), t, file, Options{Workers: 1})
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%v, want %s", err, test.problem)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := hitsIn(t, filepath.Join(folder, "out", "hits.parquet")); len(got) != 1 || got[0] != (hitRow{"en:q", "en:d", 1, 1}) {
			t.Errorf("hits %v", got)
		}
		if counted := manifestCounts(t, filepath.Join(folder, "out", "missing.manifest.json"))["stages.again"]; counted.Dropped["without_vectors"] != 1 || len(counted.Warnings) != 1 {
			t.Errorf("%+v", counted)
		}
	}
}
