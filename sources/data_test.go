package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// data returns a folder of the shared test data, or skips the test.
func data(t *testing.T, name string) schemas.Path {
	t.Helper()
	root := os.Getenv("FERRY_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		t.Skipf("the shared data is not there: %v", err)
	}
	return schemas.Path(path)
}

// digest is the beginning of the SHA-256 of some columns: values joined by 0x1f, a line a row.
func digest(r *result, columns ...string) string {
	h := sha256.New()
	for i := range r.rows {
		var values []string
		for _, column := range columns {
			values = append(values, r.at(i, column))
		}
		h.Write([]byte(strings.Join(values, "\x1f") + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// published reads a table and compares its rows with what Python's split, zipfile and ElementTree make of the same
// files: their number and their digest. No row may be rejected or dropped.
func published(t *testing.T, s source, table string, rows int, want string, columns ...string) {
	t.Helper()
	r := read(t, s, table)
	if r.err != nil || len(r.rows) != rows || r.count() > 0 {
		t.Fatalf("%s: %d rows, want %d; rejected %v, dropped %v, %v", table, len(r.rows), rows, r.rejected, r.dropped, r.err)
	}
	if got := digest(r, columns...); got != want {
		t.Errorf("%s: the digest of %v is %s, want %s; the first row is %q", table, columns, got, want, r.rows[0])
	}
}

const (
	language = schemas.Language
	id       = schemas.ID
	content  = schemas.Text
)

func TestMTOPPublished(t *testing.T) {
	m := NewMTOP()
	m.Path, m.Documents, m.Queries = data(t, "mtop"), []string{"en"}, []string{"en", "de", "es", "fr", "hi", "th"}
	published(t, m, "documents", 859, "16f68ddf2c258f2c", language, id, content, schemas.Intent, schemas.Slots)
	published(t, m, "queries", 6*859, "bfaee50c9ac2b62e", language, id, content, schemas.Intent, schemas.Slots)
	queries := read(t, m, "queries")
	for i := range queries.rows {
		if id, exclude := queries.at(i, id), queries.at(i, schemas.Exclude); exclude != `["`+id+`"]` {
			t.Fatalf("query %s excludes %s", id, exclude)
		}
	}
	m.Queries, m.ExcludeTranslation = []string{"th"}, false
	if got := read(t, m, "judgments"); len(got.rows) != 9068+29996+859 {
		t.Errorf("with translations: %d judgments", len(got.rows))
	}
	if exclude := read(t, m, "queries").at(0, schemas.Exclude); exclude != "[]" {
		t.Errorf("with translations: exclude is %s", exclude)
	}
}

func TestMTOPPairs(t *testing.T) {
	m := NewMTOP()
	m.Path, m.Pairs = data(t, "mtop"), []string{"en", "de", "es", "fr", "hi", "th"}
	published(t, m, "pairs", 5*859, "a9236aad77d98e48", schemas.TargetLanguage, id, schemas.SourceText, schemas.TargetText)
}

func TestMTOPJudgments(t *testing.T) {
	m := NewMTOP()
	m.Path, m.Documents, m.Queries = data(t, "mtop"), []string{"en"}, []string{"en", "de", "es", "fr", "hi", "th"}
	// Counted from the same files with Python's re: pairs of the same skeleton, pairs of the same intent only.
	counts := map[string][2]int{"en": {9068, 29996}, "de": {9068, 29996}, "es": {9067, 29997}, "fr": {9067, 29997}, "hi": {9068, 29996}, "th": {9068, 29996}}
	got, judged := map[string][2]int{}, map[string]map[string]bool{}
	for _, j := range read(t, m, "judgments").rows {
		query, document, grade, language := j[0], j[1], j[2], j[3]
		n := got[language]
		n[map[string]int{"2": 0, "1": 1}[grade]]++
		got[language] = n
		if judged[language] == nil {
			judged[language] = map[string]bool{}
		}
		judged[language][query] = true
		if query == document || j[4] != "en" {
			t.Fatalf("judgment %v", j)
		}
	}
	for language, want := range counts {
		if got[language] != want {
			t.Errorf("%s: grades 2 and 1 %v, want %v", language, got[language], want)
		}
		if nothing := 859 - len(judged[language]); nothing != 13 {
			t.Errorf("%s: %d queries have nothing relevant, published are 13", language, nothing)
		}
	}
}

func TestWikiCLIRPublished(t *testing.T) {
	w := NewWikiCLIR()
	w.Path, w.Documents, w.JudgedOnly = data(t, "wikiclir/wiki-clir"), []string{"de", "es", "hi"}, true
	published(t, w, "documents", 3*240, "5bb1f5065e625daa", language, id, schemas.Title, content)
	published(t, w, "queries", 240, "a50da64a8b6c7f38", language, id, content)
	grades := map[string]int{}
	for _, j := range read(t, w, "judgments").rows {
		grades[j[4]+j[2]]++
		if j[3] != null {
			t.Fatalf("judgment %v", j)
		}
	}
	for _, language := range []string{"de", "es", "hi"} {
		if grades[language+"2"] != 240 || grades[language+"1"] != 960 {
			t.Errorf("grades %v", grades)
		}
	}
	w.MateGrade, w.LinkedGrade = 5, 0
	if got := read(t, w, "judgments"); len(got.rows) != 3*240 || got.at(0, schemas.Grade) != "5" || got.dropped["no_grade"] != 3*960 {
		t.Errorf("own grades: %d rows, dropped %v", len(got.rows), got.dropped)
	}
}

func TestMMARCOPublished(t *testing.T) {
	m := NewMMARCO()
	m.Path, m.Documents, m.Queries = data(t, "mmarco/data/google"), []string{"en", "de", "es", "hi"}, []string{"hi"}
	// The Spanish collection has a byte order mark within its first line, which is text and not a mark.
	published(t, m, "documents", 4*240, "c828b6af1ba32c78", language, id, content)
	published(t, m, "queries", 1190, "540c3b971e812bd4", language, id, content)
	published(t, m, "judgments", 1190, "572e3bc382edc5c9", schemas.QueryID, schemas.DocumentID, schemas.Grade)
	m.JudgedOnly = true
	published(t, m, "queries", 1190, "540c3b971e812bd4", language, id, content)
}

// The real mMARCO's judgments, of which the shared data has the file.
func TestMMARCOJudgments(t *testing.T) {
	folder := data(t, "samples")
	m := NewMMARCO()
	m.Path, m.Documents, m.Queries = schemas.Path(t.TempDir()), []string{"en"}, []string{"en"}
	file, err := os.ReadFile(filepath.Join(string(folder), "mmarco.qrels.dev.small.tsv"))
	if err != nil {
		t.Skip(err)
	}
	write(t, filepath.Join(string(m.Path), "qrels.dev.small.tsv"), file, 0)
	r := read(t, m, "judgments")
	queries := map[string]bool{}
	for _, row := range r.rows {
		queries[row[0]] = true
	}
	if len(r.rows) != 7437 || len(queries) != 6980 || r.count() > 0 {
		t.Errorf("%d judgments of %d queries, published are 7437 of 6980; rejected %v", len(r.rows), len(queries), r.rejected)
	}
}

func TestBitextPublished(t *testing.T) {
	columns := []string{schemas.SourceLanguage, schemas.TargetLanguage, schemas.SourceText, schemas.TargetText}
	tico := NewBitext()
	tico.Path, tico.Languages = []schemas.Path{data(t, "bitext/tico19/all.{source}-{target}.tmx.zip")}, []string{"en", "sw", "so", "tl", "mr", "fr", "hi"}
	published(t, tico, "pairs", 6*3071, "cabd89916db0141d", append([]string{id}, columns...)...)
	tico.Path = []schemas.Path{data(t, "bitext/tico19/all.en-*.tmx.zip")}
	tico.Languages = []string{"en", "sw", "hi"}
	if got := read(t, tico, "pairs"); len(got.rows) != 2*3071 || got.dropped["other_language"] != 4*3071 {
		t.Errorf("by glob: %d pairs, dropped %v, %v", len(got.rows), got.dropped, got.err)
	}

	ntrex := NewBitext()
	ntrex.Path = []schemas.Path{data(t, "bitext/ntrex128/newstest2019-src.{source}.txt"), data(t, "bitext/ntrex128/newstest2019-ref.{target}.txt")}
	ntrex.Languages = []string{"en", "sw", "so", "tl", "mr", "fi", "de", "fr", "hi", "th"}
	ntrex.Codes = map[string]string{"en": "eng", "sw": "swa", "so": "som", "tl": "fil", "mr": "mar", "fi": "fin", "de": "deu", "fr": "fra", "hi": "hin", "th": "tha"}
	published(t, ntrex, "pairs", 9*1997, "2c44f0c95ef98460", columns...)

	tatoeba := NewBitext()
	tatoeba.Path = []schemas.Path{data(t, "bitext/tatoeba/tatoeba.{target}-{source}")}
	tatoeba.Languages = []string{"en", "sw", "th", "de"}
	tatoeba.Codes = map[string]string{"en": "eng", "sw": "swh", "th": "tha", "de": "deu"}
	published(t, tatoeba, "pairs", 390+548+1000, "b9b27f609fd07d25", columns...)
	r := read(t, tatoeba, "pairs")
	if id, origin := r.at(389, id), r.at(390, schemas.Origin); id != "tatoeba.swh-eng.swh:390" || origin != "tatoeba.tha-eng.tha" {
		t.Errorf("id is %s, origin %s", id, origin)
	}
}

func TestTRECPublished(t *testing.T) {
	tr := NewTREC()
	tr.Run, tr.Judgments = data(t, "trec_eval/test/results.test"), data(t, "trec_eval/test/qrels.test")
	published(t, tr, "hits", lineCount(t, tr.Run), "83b1ed0124b33ef1", schemas.QueryID, schemas.DocumentID, schemas.Rank)
	published(t, tr, "judgments", lineCount(t, tr.Judgments), "c2055755166ad026", schemas.QueryID, schemas.DocumentID, schemas.Grade)
	plain := read(t, tr, "judgments")
	tr.Judgments += ".with-comments"
	if got := read(t, tr, "judgments"); len(got.rows) != len(plain.rows) || got.dropped["comment"] == 0 {
		t.Errorf("with comments: %d rows, dropped %v, %v", len(got.rows), got.dropped, got.err)
	}
}

// Ids are unique within a file of AfriQA only.
func TestAfriQA(t *testing.T) {
	j := NewJSONL()
	j.Path, j.Table, j.Language = []schemas.Path{data(t, "afriqa/queries/swa/*.dev.json")}, "queries", "sw"
	j.Columns = map[string]string{"text": "question"}
	if found := j.Validate(); len(found) > 0 {
		t.Fatal(found)
	}
	files, err := j.Files()
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range files {
		lines += lineCount(t, schemas.Path(file))
	}
	if got := read(t, j, "queries"); len(got.rows) != lines || slices.ContainsFunc(got.rows, func(row []string) bool { return row[2] == "" }) {
		t.Errorf("%d rows, dropped %v, rejected %d, %v; the files have %d lines", len(got.rows), got.dropped, len(got.rejected), got.err, lines)
	}
}
