package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// A fuzzed source reads a table from files in a folder. The first one's content is fuzzed, and its lines are counted; the second
// one's is if it is "".
type fuzzed struct {
	name, table string
	files       []string // names and contents, by turns
	make        func(folder string) source
	seed        string // which makes rows of every sort
}

func fuzzedSources() []fuzzed {
	path := func(folder string, name string) schemas.Path { return schemas.Path(filepath.Join(folder, name)) }
	own := func(table string) func(string) source {
		return func(folder string) source {
			s := NewJSONL()
			s.Path, s.Table, s.MaxLine = []schemas.Path{path(folder, "own.jsonl")}, table, fuzzedLine
			if strings.Contains(table, "vectors") {
				s.Dimensions = 2
			}
			return s
		}
	}
	bitext := func(configure func(*Bitext), names ...string) func(string) source {
		return func(folder string) source {
			s := NewBitext()
			for _, name := range names {
				s.Path = append(s.Path, path(folder, name))
			}
			s.Languages, s.MaxLine, s.Mismatch = []string{"en", "sw"}, fuzzedLine, "quarantine"
			configure(s)
			return s
		}
	}
	mtop := func(folder string) source {
		s := NewMTOP()
		s.Path, s.Documents, s.Queries, s.MaxLine = path(folder, ""), []string{"en"}, []string{"hi"}, fuzzedLine
		return s
	}
	mtopPairs := func(folder string) source {
		s := NewMTOP()
		s.Path, s.Pairs, s.MaxLine = path(folder, ""), []string{"en", "hi"}, fuzzedLine
		return s
	}
	mmarco := func(split string, judged bool) func(string) source {
		return func(folder string) source {
			s := NewMMARCO()
			s.Path, s.Documents, s.Queries, s.Split, s.JudgedOnly, s.MaxLine = path(folder, ""), []string{"en"}, []string{"de"}, split, judged, fuzzedLine
			return s
		}
	}
	wikiclir := func(folder string) source {
		s := NewWikiCLIR()
		s.Path, s.Documents, s.MaxLine = path(folder, ""), []string{"sw"}, fuzzedLine
		return s
	}
	beir := func(folder string) source {
		s := NewBEIR()
		s.Path, s.MaxLine = path(folder, ""), fuzzedLine
		return s
	}
	trec := func(prefixed bool) func(string) source {
		return func(folder string) source {
			s := NewTREC()
			s.Run, s.Judgments, s.Prefixed, s.MaxLine = path(folder, "run"), path(folder, "qrels"), prefixed, fuzzedLine
			return s
		}
	}
	return []fuzzed{
		{"mtop", "documents", []string{"en/eval.txt", ""}, mtop, "1\tIN:A\t\tnoon\td\ten\t[IN:A noon ]\t{}\n\tIN:A\n1\tIN:A\t\tnoon\td\ten\t[IN:A noon ]\t{}\n2\tIN:A\t\t \td\ten\t[IN:A ]\t{}\n3\tA\t\tx\td\ten\tA\t{}\n"},
		{"mtop", "queries", []string{"hi/eval.txt", ""}, mtop, "1\tIN:A\t\tnoon\td\ten\t[IN:A noon ]\t{}\r\n\r\n"},
		{"mtop", "pairs", []string{"hi/eval.txt", "", "en/eval.txt", "1\tIN:A\t\tnoon\td\ten\t[IN:A noon ]\t{}\n"}, mtopPairs, "1\tIN:A\t\tदोपहर\td\thi\t[IN:A दोपहर ]\t{}\n2\tIN:A\t\tदिन\td\thi\t[IN:A दिन ]\t{}\n"},
		{"mmarco", "documents", []string{"collections/english_collection.tsv", ""}, mmarco("dev", false), "1\tnoon\n1\tagain\n2\n\t\n04294967296\tx\n+1\tx\n"},
		{"mmarco", "queries", []string{"queries/dev/german_queries.dev.tsv", "", "qrels.dev.small.tsv", "1\t0\t1\t1\n"}, mmarco("dev", true), "1\tMittag\n2\tnot judged\n3\t \n"},
		{"mmarco", "judgments", []string{"qrels.dev.small.tsv", ""}, mmarco("dev", false), "1\t0\t1\t1\n1 0 2 -3\n# note\n1 0 1 high\n"},
		{"mmarco", "triples", []string{"triples.train.ids.small.tsv", ""}, mmarco("train", false), "1\t2\t3\n1\t2\n"},
		{"wikiclir", "documents", []string{"swahili/wiki_sw.documents", ""}, wikiclir, "1\tone\tfirst\n2\t\t\n3\tthree\n"},
		{"wikiclir", "judgments", []string{"swahili/en2sw.rel", ""}, wikiclir, "1 2 2\n1 3 1\n1 4 7\n1\n"},
		{"tsv", "pairs", []string{"p.tsv", ""}, bitext(func(*Bitext) {}, "p.tsv"), "noon\tadhuhuri\nday\n\t\nnight\tusiku\tmore\n"},
		{"tsv with ids", "pairs", []string{"p.tsv", ""}, bitext(func(b *Bitext) { b.Columns = []string{"id", "target", "-", "source"} }, "p.tsv"), "1\tadhuhuri\t\tnoon\n\tsiku\t-\tday\n2\n"},
		{"text", "documents", []string{"a.txt", ""}, func(folder string) source {
			s := NewText()
			s.Path, s.Language, s.MaxLine = []schemas.Path{path(folder, "a.txt")}, "sw", fuzzedLine
			return s
		}, "Habari\n \n"},
		{"moses", "pairs", []string{"p.en", "", "p.sw", "adhuhuri\n\nus\xffiku\n"}, bitext(func(*Bitext) {}, "p"), "noon\nday\nnight\nmoon\n"},
		{"jsonl", "documents", []string{"own.jsonl", ""}, own("documents"), `{"id": "d1", "language": "en", "text": "noon"}` + "\n[]\n{\n" + `{"id": 7, "language": "en", "title": null, "text": "\ud800"}` + "\nnull\n"},
		{"jsonl", "queries", []string{"own.jsonl", ""}, own("queries"), `{"id": "q1", "language": "en", "text": "noon", "exclude": ["d1", 2, null]}` + "\n"},
		{"jsonl", "judgments", []string{"own.jsonl", ""}, own("judgments"), `{"query_id": "q1", "document_id": "d1", "grade": 1e99}` + "\n" + `{"query_id": "q1", "document_id": "d1", "grade": 1, "query_language": null}` + "\n"},
		{"jsonl", "triples", []string{"own.jsonl", ""}, own("triples"), `{"query_id": "q1", "positive_id": "d1", "negative_id": ""}` + "\n"},
		{"jsonl", "pairs", []string{"own.jsonl", ""}, own("pairs"), `{"source_language": "en", "target_language": "sw", "source_text": "noon", "target_text": "adhuhuri"}` + "\n"},
		{"jsonl", "vectors", []string{"own.jsonl", ""}, own("vectors"), `{"id": "d1", "language": "en", "vector": [1, 1e39]}` + "\n" + `{"id": "d1", "language": "en", "vector": [1]}` + "\n" + `{"id": "d2", "language": "en", "vector": [1, 2]}` + "\n"},
		{"jsonl", "token_vectors", []string{"own.jsonl", ""}, own("token_vectors"), `{"id": "d1", "language": "en", "ids": [1, 2], "vectors": [[1, 2], [3, 70000]]}` + "\n" + `{"id": "d2", "language": "en", "ids": [1], "vectors": [[]]}` + "\n"},
		{"jsonl", "hits", []string{"own.jsonl", ""}, own("hits"), `{"query_language": "en", "query_id": "q1", "document_language": "en", "document_id": "d1", "rank": 1, "score": 0.5}` + "\n"},
		{"beir", "documents", []string{"corpus.jsonl", "", "queries.jsonl", "", "qrels/test.tsv", ""}, beir, `{"_id": "d1", "text": "noon"}` + "\n" + `{"_id": "d2"}` + "\n"},
		{"beir", "queries", []string{"queries.jsonl", "", "corpus.jsonl", "", "qrels/test.tsv", "q1\td1\t1\n"}, beir, `{"_id": "q1", "text": "noon"}` + "\n" + `{"_id": "q2", "text": "noon"}` + "\n"},
		{"beir", "judgments", []string{"qrels/test.tsv", "", "corpus.jsonl", "", "queries.jsonl", ""}, beir, "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\tmany\nq1\n"},
		{"trec", "hits", []string{"run", "", "qrels", ""}, trec(false), "q1 Q0 d1 1 0.9 own\nq1 Q0 d2 2 NaN own\n# note\nq1\n"},
		{"trec", "judgments", []string{"qrels", "", "run", ""}, trec(true), "q1 0 en:d1 1\nq1 0 d2 1\nq1 0 : 99999999999\n"},
	}
}

const fuzzedLine = 200 // longest line in bytes

// FuzzSources gives any bytes to every reader of lines: it ends, every line is emitted, dropped or rejected, in as many bytes as
// the line has at most, and what is emitted is text without NUL and numbers that are some.
func FuzzSources(f *testing.F) {
	all := fuzzedSources()
	for i, s := range all {
		f.Add(uint8(i), []byte(s.seed))
		f.Add(uint8(i), []byte("\ufeff"+s.seed+"\x00\n\xff\n"+strings.Repeat("long ", 60)+"\n"+strings.TrimSuffix(s.seed, "\n")))
	}
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		s := all[int(which)%len(all)]
		folder := t.TempDir()
		others := 0
		for i := 0; i < len(s.files); i += 2 {
			data := []byte(s.files[i+1])
			if i == 0 {
				data = content
			}
			others = max(others, countLines(data))
			write(t, filepath.Join(folder, s.files[i]), data, 0)
		}
		lines := countLines(content)
		if s.name == "moses" {
			lines = others
		}
		allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer allocator.AssertSize(t, 0)
		rows := accountedRows(t, s.make(folder), s.table, allocator)
		if rows >= 0 && rows != lines {
			t.Fatalf("%s %s: of %d lines, %d are accounted for: %q", s.name, s.table, lines, rows, content)
		}
	})
}

// countLines is the number of lines of a file without its byte order mark.
func countLines(data []byte) int {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	n := bytes.Count(data, []byte("\n"))
	if len(data) > 0 && data[len(data)-1] != '\n' {
		n++
	}
	return n
}

// accountedRows reads a table and returns how many rows were emitted, dropped or rejected; -1 if reading ended with an error.
func accountedRows(t *testing.T, s source, table string, allocator memory.Allocator) int {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	rows := 0
	err := s.Read(ctx, table, schemas.Output{
		Allocator: allocator,
		Emit: func(batch arrow.RecordBatch) error {
			rows += int(batch.NumRows())
			return sound(batch)
		},
		Reject: func(r schemas.Rejected) error {
			rows++
			if r.Reason == "" || len(r.Raw) > maxRaw {
				return fmt.Errorf("%w: rejected for %q with %d bytes", errUnsound, r.Reason, len(r.Raw))
			}
			return nil
		},
		Drop: func(_ string, n int64) { rows += int(n) },
	})
	switch {
	case errors.Is(err, errUnsound) || errors.Is(err, context.DeadlineExceeded):
		t.Fatal(err)
	case err != nil:
		return -1
	}
	return rows
}

var errUnsound = errors.New("unsound")

// sound checks that a batch holds UTF-8 without NUL, and no NaN.
func sound(batch arrow.RecordBatch) error {
	for i, column := range batch.Columns() {
		name := batch.ColumnName(i)
		for list, ok := column.(array.ListLike); ok; list, ok = column.(array.ListLike) {
			column = list.ListValues()
		}
		for row := range column.Len() {
			bad := false
			switch c := column.(type) {
			case *array.String:
				bad = !utf8.ValidString(c.Value(row)) || strings.Contains(c.Value(row), "\x00") || name == schemas.ID && !c.IsNull(row) && c.Value(row) == ""
			case *array.Float64:
				bad = math.IsNaN(c.Value(row))
			case *array.Float32:
				bad = c.Value(row)-c.Value(row) != 0
			case *array.Float16:
				bad = c.Value(row).IsNaN() || c.Value(row).IsInf()
			}
			if bad {
				return fmt.Errorf("%w: column %s has %s", errUnsound, name, column.ValueStr(row))
			}
		}
	}
	return nil
}

// FuzzParquet reads damaged files of every sort that testdata holds: it ends, takes no memory to speak of, and what comes of it is sound.
func FuzzParquet(f *testing.F) {
	files, err := filepath.Glob("testdata/parquet/*.parquet")
	if err != nil || len(files) == 0 {
		f.Fatal("no files", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "own.parquet")
		write(t, file, data, 0)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, table := range []string{"documents", "judgments", "vectors", "token_vectors"} {
			s := NewParquet()
			s.Path, s.Table, s.Language = []schemas.Path{schemas.Path(file)}, table, "en"
			if len(s.Validate()) == 0 {
				accountedRows(t, s, table, memory.DefaultAllocator) // Arrow's reader releases nothing when it fails
			}
		}
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<30 {
			t.Errorf("%d bytes took %d", len(data), after.TotalAlloc-before.TotalAlloc)
		}
	})
}
