package sinks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

const evil = "<script>alert('\x00')</script> \u202eסוף & \"more\""

// worstJob is two variants on five queries of two languages, on which "new" is the better one but for sw's q1, which it loses most on,
// and q0. Document d9 may not be found for q1, and d0 is evil.
func worstJob(t *testing.T, checked memory.Allocator) Job {
	var scores [2][][]any
	var hits, queries, documents, judgments [][]any
	for v, values := range [][]float64{{0.5, 0.9, 0.3, 0.4, 0.2}, {0.4, 0.1, 0.8, 0.9, 0.7}} {
		name := []string{"old", "new"}[v]
		for _, language := range []string{"sw", "he"} {
			scores[v] = append(scores[v], []any{name, nil, nil, language, "nDCG@10", nil, 0.4 + 0.2*float64(v), 0.3, 0.7, nil, nil, 5})
			for q, value := range values {
				scores[v] = append(scores[v], []any{name, nil, nil, language, "nDCG@10", fmt.Sprint("q", q), value, value, value, nil, nil, 1}, []any{name, nil, nil, language, "AP", fmt.Sprint("q", q), 1 - value, 0.0, 0.0, nil, nil, 1})
			}
		}
	}
	for _, language := range []string{"sw", "he"} {
		for q := range 5 {
			id := fmt.Sprint("q", q)
			queries = append(queries, []any{language, id, evil + language + id, []string{"d9"}})
			for rank := 1; rank <= 6; rank++ {
				hits = append(hits, []any{language, id, "en", fmt.Sprint("d", rank-1), rank, 1 / float64(rank)})
			}
		}
	}
	for d := range 10 {
		documents = append(documents, []any{"en", fmt.Sprint("d", d), "", fmt.Sprint("text ", d)}, []any{"fr", fmt.Sprint("d", d), "", fmt.Sprint("texte ", d)})
	}
	documents[0][3] = evil + strings.Repeat("א", 1000)
	for _, one := range []struct {
		id    string
		grade int
	}{{"d1", 0}, {"d4", 2}, {"d7", 1}, {"d8", 3}, {"d9", 3}} {
		judgments = append(judgments, []any{"q1", one.id, one.grade, nil, nil})
	}
	judgments = append(judgments, []any{"q1", "d3", 4, "xx", nil})
	table := func(name string, schema *arrow.Schema, rows [][]any) []schemas.Table {
		return []schemas.Table{builtOf(t, checked, name, schema, rows...)}
	}
	from := append(table("old", schemas.Scores(), scores[0]), table("new", schemas.Scores(), scores[1])...)
	from[1].MadeOf = []string{"mtop.judgments", "hits_new"}
	return Job{Tables: map[string][]schemas.Table{"from": from, "hits": table("hits_new", schemas.Hits(), hits), "queries": table("queries", schemas.Queries(), queries),
		"documents": table("documents", schemas.Documents(), documents), "judgments": table("judgments", schemas.Judgments(), judgments)}}
}

// TestWorst: the queries that lose most come first, with what was found and what should have been.
func TestWorst(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	w, err := readWorst(t.Context(), worstJob(t, checked), "old")
	if err != nil {
		t.Fatal(err)
	}
	if w.variant != "new" || w.baseline != "old" || len(w.queries["sw"]) != worstQueries || w.queries["sw"][0].id != "q1" || w.queries["sw"][1].id != "q0" {
		t.Fatalf("%+v", w)
	}
	got := w.shown(w.queries["he"][0])
	if got.Verdict != "nDCG@10 10.0, old 90.0; 3 relevant, 1 of them found, the first at rank 5" {
		t.Error(got.Verdict)
	}
	want := []figure.Document{{Rank: "2.", Language: "en", ID: "d1", Text: "text 1", Grade: "grade 0"}, {Rank: "5.", ID: "d4", Text: "text 4", Grade: "grade 2", Relevant: true},
		{Rank: "—", ID: "d8", Text: "text 8", Grade: "grade 3", Relevant: true}}
	for i, document := range []figure.Document{got.Found[1], got.Missed[0], got.Missed[1]} {
		if document != want[i] {
			t.Errorf("%+v, want %+v", document, want[i])
		}
	}
	if text := got.Found[0].Text; len([]rune(text)) != mostCharacters+1 || got.Found[0].Grade != "not judged" {
		t.Errorf("%d characters: %s", len([]rune(text)), text)
	}
	if alone, err := readWorst(t.Context(), worstJob(t, checked), "none"); err != nil || alone.baseline != "" || alone.queries["sw"][2].id != "q4" {
		t.Errorf("without a baseline: %+v, %v", alone, err)
	}
	job := worstJob(t, checked)
	job.Tables["from"][1].MadeOf = nil
	if _, err := readWorst(t.Context(), job, "old"); err == nil || !strings.Contains(err.Error(), "none of the hits was measured") {
		t.Error(err)
	}
}

// TestReportEscapes writes a page of evil texts, twice the same: nothing of them is a tag, and each keeps to its direction.
func TestReportEscapes(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	var pages [2]string
	for i := range pages {
		r := &Report{From: []schemas.TableRef{"old", "new"}, Hits: []schemas.TableRef{"hits_new"}, Queries: []schemas.TableRef{"queries"}, Title: evil, Path: schemas.Path(t.TempDir())}
		if _, err := r.Write(t.Context(), worstJob(t, checked)); err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(string(r.Path), "report.html"))
		if err != nil {
			t.Fatal(err)
		}
		pages[i] = string(page)
	}
	if pages[0] != pages[1] {
		t.Error("the same report has other bytes")
	}
	if strings.Contains(pages[0], "<script") || strings.Contains(pages[0], "\x00") {
		t.Error("a text is taken for HTML")
	}
	if want := `<p class="text" lang="he" dir="auto">&lt;script&gt;alert(&#39; &#39;)&lt;/script&gt; ` + "\u202eסוף &amp; &#34;more&#34;heq1</p>"; !strings.Contains(pages[0], want) {
		t.Errorf("there is no %s in\n%s", want, pages[0])
	}
}
