package sources

import (
	"os"
	"path/filepath"
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

// expect reads a table and checks how many rows came, and that none was rejected.
func expect(t *testing.T, s source, table string, want int) *result {
	t.Helper()
	got := read(t, s, table)
	if got.err != nil {
		t.Fatalf("%s: %v", table, got.err)
	}
	if len(got.rows) != want || len(got.rejected) > 0 {
		t.Fatalf("%s: %d rows, want %d; rejected %v, dropped %v", table, len(got.rows), want, got.rejected, got.dropped)
	}
	return got
}

func TestMTOPPublished(t *testing.T) {
	m := NewMTOP()
	m.Path, m.Documents, m.Queries = data(t, "mtop"), []string{"en"}, []string{"en", "de", "es", "fr", "hi", "th"}
	documents := expect(t, m, "documents", 859)
	first := documents.rows[0]
	if first[schemas.ID] != "3232333635383732" || first[schemas.Text] != "call Camilla whatsapp video" ||
		first[schemas.Intent] != "IN:CREATE_CALL" || first[schemas.Slots] != "5:12:SL:CONTACT,13:21:SL:NAME_APP" {
		t.Errorf("first document is %v", first)
	}
	queries := expect(t, m, "queries", 6*859)
	for _, q := range queries.rows {
		if q[schemas.Exclude] != `["`+q[schemas.ID]+`"]` {
			t.Fatalf("query %s excludes %s", q[schemas.ID], q[schemas.Exclude])
		}
	}
	// Counted from the same files with Python's re: pairs of the same skeleton, pairs of the same intent only.
	want := map[string][2]int{"en": {9068, 29996}, "de": {9068, 29996}, "es": {9067, 29997}, "fr": {9067, 29997}, "hi": {9068, 29996}, "th": {9068, 29996}}
	got := map[string][2]int{}
	judged := map[string]map[string]bool{}
	for _, j := range read(t, m, "judgments").rows {
		language := j[schemas.QueryLanguage]
		counts := got[language]
		counts[map[string]int{"2": 0, "1": 1}[j[schemas.Grade]]]++
		got[language] = counts
		if judged[language] == nil {
			judged[language] = map[string]bool{}
		}
		judged[language][j[schemas.QueryID]] = true
		if j[schemas.QueryID] == j[schemas.DocumentID] || j[schemas.DocumentLanguage] != "en" {
			t.Fatalf("judgment %v", j)
		}
	}
	for language, counts := range want {
		if got[language] != counts {
			t.Errorf("%s: grades 2 and 1 %v, want %v", language, got[language], counts)
		}
		if nothing := 859 - len(judged[language]); nothing != 13 {
			t.Errorf("%s: %d queries have nothing relevant, published are 13", language, nothing)
		}
	}
	m.Queries, m.ExcludeTranslation = []string{"th"}, false
	if got := read(t, m, "judgments"); len(got.rows) != 9068+29996+859 {
		t.Errorf("with translations: %d judgments", len(got.rows))
	}
	if q := read(t, m, "queries").rows[0]; q[schemas.Exclude] != "[]" {
		t.Errorf("with translations: exclude is %s", q[schemas.Exclude])
	}
}

func TestWikiCLIRPublished(t *testing.T) {
	w := NewWikiCLIR()
	w.Path, w.Documents, w.JudgedOnly = data(t, "wikiclir/wiki-clir"), []string{"de", "es", "hi"}, true
	expect(t, w, "documents", 3*240)
	expect(t, w, "queries", 240)
	grades := map[string]int{}
	for _, j := range expect(t, w, "judgments", 3*1200).rows {
		grades[j[schemas.DocumentLanguage]+j[schemas.Grade]]++
		if j[schemas.QueryLanguage] != null {
			t.Fatalf("judgment %v", j)
		}
	}
	if grades["de2"] != 240 || grades["hi1"] != 960 {
		t.Errorf("grades %v", grades)
	}
	w.MateGrade, w.LinkedGrade = 5, 0
	if got := read(t, w, "judgments"); len(got.rows) != 3*240 || got.rows[0][schemas.Grade] != "5" || got.dropped["no_grade"] != 3*960 {
		t.Errorf("own grades: %d rows, dropped %v", len(got.rows), got.dropped)
	}
}

func TestMMARCOPublished(t *testing.T) {
	m := NewMMARCO()
	m.Path, m.Documents, m.Queries = data(t, "mmarco/data/google"), []string{"en", "de", "es", "hi"}, []string{"hi"}
	documents := expect(t, m, "documents", 4*240)
	expect(t, m, "queries", 1190)
	expect(t, m, "judgments", 1190)
	if m.JudgedOnly = true; len(expect(t, m, "queries", 1190).rows) != 1190 {
		t.Error("all queries are judged")
	}
	// The Spanish collection has a byte order mark within its first line, which is text and not a mark.
	if got := documents.rows[480]; got[schemas.Language] != "es" || got[schemas.Text][:6] != "\ufeffLos" {
		t.Errorf("first Spanish document is %.40q", got)
	}
}

func TestBitextPublished(t *testing.T) {
	tico := NewBitext()
	tico.Path, tico.Languages = []schemas.Path{data(t, "bitext/tico19/all.{source}-{target}.tmx.zip")}, []string{"en", "sw", "so", "tl", "mr", "fr", "hi"}
	got := expect(t, tico, "pairs", 6*3071)
	if p := got.rows[0]; p[schemas.ID] != "CMU_1:1" || p[schemas.Origin] != "all.en-sw.tmx" ||
		p[schemas.SourceText] != "about how long have these symptoms been going on?" || p[schemas.TargetLanguage] != "sw" {
		t.Errorf("first pair of TICO-19 is %v", p)
	}
	tico.Path = []schemas.Path{data(t, "bitext/tico19/all.en-*.tmx.zip")}
	tico.Languages = []string{"en", "sw", "hi"}
	if got := read(t, tico, "pairs"); len(got.rows) != 2*3071 || got.dropped["other_language"] != 4*3071 {
		t.Errorf("by glob: %d pairs, dropped %v, %v", len(got.rows), got.dropped, got.err)
	}

	ntrex := NewBitext()
	ntrex.Path = []schemas.Path{data(t, "bitext/ntrex128/newstest2019-src.{source}.txt"), data(t, "bitext/ntrex128/newstest2019-ref.{target}.txt")}
	ntrex.Languages = []string{"en", "sw", "so", "tl", "mr", "fi", "de", "fr", "hi", "th"}
	ntrex.Codes = map[string]string{"en": "eng", "sw": "swa", "so": "som", "tl": "fil", "mr": "mar", "fi": "fin", "de": "deu", "fr": "fra", "hi": "hin", "th": "tha"}
	for _, p := range expect(t, ntrex, "pairs", 9*1997).rows {
		if text := p[schemas.TargetText]; text[len(text)-1] == '\r' {
			t.Fatalf("%s keeps its carriage return", p[schemas.ID])
		}
	}

	tatoeba := NewBitext()
	tatoeba.Path = []schemas.Path{data(t, "bitext/tatoeba/tatoeba.{target}-{source}")}
	tatoeba.Languages = []string{"en", "sw", "th", "de"}
	tatoeba.Codes = map[string]string{"en": "eng", "sw": "swh", "th": "tha", "de": "deu"}
	got = expect(t, tatoeba, "pairs", 390+548+1000)
	if p := got.rows[0]; p[schemas.ID] != "tatoeba.swh-eng.swh:1" || p[schemas.SourceText] != "He brought me coffee." || p[schemas.TargetText] != "Alinileta kahawa." {
		t.Errorf("first pair of Tatoeba is %v", p)
	}
}

func TestTRECPublished(t *testing.T) {
	tr := NewTREC()
	tr.Run, tr.Judgments = data(t, "trec_eval/test/results.test"), data(t, "trec_eval/test/qrels.test")
	hits := expect(t, tr, "hits", lineCount(t, tr.Run))
	if h := hits.rows[0]; h[schemas.QueryID] != "301" || h[schemas.DocumentID] != "FR940202-2-00150" || h[schemas.Rank] != "104" || h[schemas.Score] != "2.129133" {
		t.Errorf("first hit is %v", h)
	}
	plain := expect(t, tr, "judgments", lineCount(t, tr.Judgments))
	tr.Judgments += ".with-comments"
	if got := read(t, tr, "judgments"); len(got.rows) != len(plain.rows) || got.dropped["comment"] == 0 {
		t.Errorf("with comments: %d rows, dropped %v, %v", len(got.rows), got.dropped, got.err)
	}
}

func TestAfriQA(t *testing.T) {
	j := NewJSONL()
	j.Path, j.Table, j.Language = []schemas.Path{data(t, "afriqa/queries/swa/*.json")}, "queries", "sw"
	j.Columns = map[string]string{"text": "question"}
	if found := j.Validate(); len(found) > 0 {
		t.Fatal(found)
	}
	got := read(t, j, "queries")
	if want := 302 + 417 + 415; int64(len(got.rows))+got.count() != int64(want) || got.err != nil {
		t.Errorf("%d rows, dropped %v, rejected %d, %v; the files have %d lines", len(got.rows), got.dropped, len(got.rejected), got.err, want)
	}
}
