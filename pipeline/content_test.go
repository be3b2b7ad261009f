package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/pipeline/content"
)

// small is a pipeline of every sort of result: tables, some of them cut into shards, and models.
const small = `name: small
sources:
  documents: {kind: jsonl, path: documents.jsonl}
  pairs: {kind: bitext, path: "sample:bitext/phrasebook.{source}-{target}", languages: [en, sw]}
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
stages:
  tokens: {kind: tokenize, from: pairs, teacher: start, student: start}
  student: {kind: distill, from: tokens, teacher: start, student: start, losses: {pooled_mse: 1}, epochs: 1}
  vectors: {kind: embed, from: documents, model: student, output: both}
sinks:
  vectors: {kind: parquet, from: vectors, path: out/vectors.parquet}
  tokens: {kind: parquet, from: vectors.token_vectors, path: out/tokens.parquet}
  student: {kind: model, from: student, path: out/student}
`

// putSmall writes that pipeline and returns its file.
func putSmall(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, file, small)
	put(t, filepath.Join(folder, "documents.jsonl"), lines(40, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	return file
}

// notes are those of whole steps, by key.
func notes(t testing.TB, s store) map[key]note {
	t.Helper()
	entries, err := os.ReadDir(s.root)
	if err != nil {
		t.Fatal(err)
	}
	all := map[key]note{}
	for _, e := range entries {
		n, ok, err := s.read(key(e.Name()), done)
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", e.Name(), ok, err)
		}
		all[key(e.Name())] = n
	}
	return all
}

// TestContents compares what notes say that files hold with the files, and makes a shard again that was cut off.
func TestContents(t *testing.T) {
	file := putSmall(t)
	s := openStore(filepath.Join(filepath.Dir(file), ".ferry"), memory.DefaultAllocator)
	shards, models := 0, 0
	same := func(path string, want content.Sum) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if got := (content.Sum{Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}); got != want {
			t.Errorf("%s: %v, its note says %v", path, got, want)
		}
	}
	var cut string
	for k, n := range notes(t, s) {
		for table, parts := range n.Shards {
			for _, part := range parts {
				same(s.shard(k, table, part.Number), part.Sum)
				shards++
				if table == "token_vectors" {
					cut = s.shard(k, table, part.Number)
				}
			}
		}
		for name, want := range n.Model {
			same(filepath.Join(s.model(k), name), want)
			models++
		}
	}
	if shards < 6 || models < 5 {
		t.Fatalf("%d shards and %d files of models", shards, models)
	}
	whole, err := os.ReadFile(cut)
	if err != nil {
		t.Fatal(err)
	}
	put(t, cut, string(whole[:len(whole)/2]))
	os.Remove(filepath.Join(filepath.Dir(file), "out/tokens.parquet"))
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(cut); err != nil || string(again) != string(whole) {
		t.Errorf("%s was not made again as it was: %v", cut, err)
	}
}
