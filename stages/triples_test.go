package stages

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

func triple(query, positive, negative string) map[string]any {
	return map[string]any{"query_id": query, "positive_id": positive, "negative_id": negative}
}

// TestTripleSample compares the sample of a table that passes by with one that is chosen from all of it, in two orders.
func TestTripleSample(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	var rows []map[string]any
	groups := map[string]*tripleGroup{}
	const seed = 9
	for i := range 2000 {
		q, p, n := fmt.Sprint("q", i%400), fmt.Sprint("d", i%400%30), fmt.Sprint("n", i/400%4, i%7)
		rows = append(rows, triple(q, p, n))
		g := groups[q]
		if g == nil {
			g = &tripleGroup{query: textKey{"", q}, positive: textKey{"", p}, order: scramble(hashOf("", q, "", p) ^ scramble(seed))}
			groups[q] = g
		}
		one := drawnKey{textKey{"", n}, scramble(hashOf("", n) ^ g.order)}
		if !slices.Contains(g.negatives, one) {
			g.negatives = append(g.negatives, one)
		}
	}
	var want []*tripleGroup
	for _, g := range groups {
		slices.SortFunc(g.negatives, drawnKey.compare)
		g.negatives = g.negatives[:min(3, len(g.negatives))]
		want = append(want, g)
	}
	slices.SortFunc(want, func(a, b *tripleGroup) int { return a.compare(b) })
	same := func(a, b *tripleGroup) bool { return a.compare(b) == 0 && slices.Equal(a.negatives, b.negatives) }
	for _, most := range []int{1, 50, 399, 400, 1000} {
		for range 2 {
			rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			job := Job{Seed: seed, Progress: func(int64, int64, string) {}}
			got, err := readTriples(t.Context(), job, inMemory(t, checked, "triples", schemas.Triples(), rows, 97), most, 3)
			if err != nil || !slices.EqualFunc(got, want[:min(most, len(want))], same) {
				t.Errorf("at most %d: %d groups that are not the first ones, %v", most, len(got), err)
			}
		}
	}
}

// samplesOf are the samples of a Train as words, and what it dropped.
func samplesOf(t *testing.T, train *Train, tables map[string][]map[string]any) (words []string, a *answering, dropped map[string]int64) {
	t.Helper()
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	job := Job{Tables: map[string][]schemas.Table{}, Progress: func(int64, int64, string) {}}
	dropped = map[string]int64{}
	job.Outputs = map[string]schemas.Output{trainingTable: {Allocator: checked, Drop: func(reason string, n int64) { dropped[reason] += n }}}
	for name, rows := range tables {
		schema := schemas.Documents()
		switch name {
		case "judgments":
			schema = schemas.Judgments()
		case "triples":
			schema = schemas.Triples()
			train.Triples = "triples"
		}
		job.Tables[name] = []schemas.Table{inMemory(t, checked, name, schema, rows, 3)}
	}
	samples, judged, err := train.samples(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		word := s.query.language + ":" + s.query.id
		for _, d := range s.documents {
			word += " " + d.language + ":" + d.id
		}
		words = append(words, word)
	}
	return words, newAnswering(samples, judged), dropped
}

func textIn(language string, ids ...string) (rows []map[string]any) {
	for _, id := range ids {
		rows = append(rows, map[string]any{"language": language, "id": id, "title": "", "text": "words"})
	}
	return rows
}

// TestSamplesOfTriples wants a sample in each language of a query, with documents in one language, none of them judged
// relevant to it.
func TestSamplesOfTriples(t *testing.T) {
	train := NewTrain()
	train.Negatives = 5
	words, _, dropped := samplesOf(t, train, map[string][]map[string]any{
		"queries":   slices.Concat(textIn("en", "q1", "q2"), textIn("sw", "q1", "q4")),
		"documents": slices.Concat(textIn("en", "d1", "d2", "d3", "d4"), textIn("so", "d1", "d2", "d3", "d9")),
		"triples": {triple("q1", "d1", "d2"), triple("q1", "d1", "d3"), triple("q1", "d1", "d7"), triple("q2", "d2", "d1"), triple("q2", "d8", "d1"),
			triple("q3", "d1", "d2"),
			{"query_id": "q4", "positive_id": "d4", "negative_id": "d9", "query_language": "sw", "positive_language": "en", "negative_language": "so"},
			{"query_id": "q4", "positive_id": "d4", "negative_id": "d4", "query_language": "en"}},
		"judgments": {judged("q1", "d3", 1), judged("q2", "d1", 0), judged("q9", "d1", 1)},
	})
	slices.Sort(words)
	if len(words) != 4 || words[3] != "sw:q4 en:d4 so:d9" {
		t.Fatal(words)
	}
	for i, query := range []string{"en:q1", "en:q2", "sw:q1"} {
		positive, negative := "d1", "d2"
		if i == 1 {
			positive, negative = "d2", "d1"
		}
		if words[i] != query+" en:"+positive+" en:"+negative && words[i] != query+" so:"+positive+" so:"+negative {
			t.Errorf("sample %q", words[i])
		}
	}
	want := map[string]int64{"negative_is_relevant": 2, "negative_of_unknown_document": 2, "triple_of_unknown_document": 1, "triple_of_unknown_query": 2}
	if fmt.Sprint(dropped) != fmt.Sprint(want) {
		t.Errorf("dropped %v, want %v", dropped, want)
	}
}

// TestMaskedAnswers has documents that answer several queries of a batch.
func TestMaskedAnswers(t *testing.T) {
	train := NewTrain()
	train.Grade, train.Positives = 2, 2
	words, a, _ := samplesOf(t, train, map[string][]map[string]any{
		"queries":   textIn("en", "q1", "q2", "q3"),
		"documents": slices.Concat(textIn("de", "d1", "d2"), textIn("hi", "d1", "d3")),
		"judgments": {judged("q1", "d1", 2), judged("q2", "d2", 2), judged("q2", "d1", 0), judged("q3", "d3", 2),
			{"query_id": "q3", "document_id": "d1", "grade": 1, "document_language": "hi"}},
	})
	if got := strings.Join(slices.Sorted(slices.Values(words)), ", "); got != "en:q1 de:d1, en:q1 hi:d1, en:q2 de:d2, en:q3 hi:d3" {
		t.Fatal(got)
	}
	var masked []string
	for i, query := range words {
		for j, document := range words {
			if i != j && a.masked(i, j, 0) {
				masked = append(masked, strings.Fields(query)[0]+" "+strings.Fields(document)[1])
			}
			if !a.masked(i, j, 1) {
				t.Error("a negative that is not there is set against a query")
			}
		}
	}
	slices.Sort(masked)
	// q1 has both versions of d1 for its own, q3 is linked to the Hindi one, and d1 is judged not to answer q2
	if got := strings.Join(masked, ", "); got != "en:q1 de:d1, en:q1 hi:d1, en:q3 hi:d1" {
		t.Errorf("masked are %s", got)
	}
}

// TestMaxSamples draws fewer samples from judgments, the same ones each time.
func TestMaxSamples(t *testing.T) {
	tables := map[string][]map[string]any{"queries": nil, "documents": nil, "judgments": nil}
	for i := range 40 {
		q, d := fmt.Sprint("q", i), fmt.Sprint("d", i)
		tables["queries"] = append(tables["queries"], textIn("en", q)...)
		tables["documents"] = append(tables["documents"], textIn("sw", d)...)
		tables["judgments"] = append(tables["judgments"], judged(q, d, 1))
	}
	all, _, _ := samplesOf(t, NewTrain(), tables)
	train := NewTrain()
	train.MaxSamples = 15
	some, _, dropped := samplesOf(t, train, tables)
	if len(all) != 40 || len(some) != 15 || dropped["beyond_max_samples"] != 25 {
		t.Fatalf("%d of %d samples, dropped %v", len(some), len(all), dropped)
	}
	at := -1
	for _, s := range some { // in the order of the table
		next := slices.Index(all, s)
		if next <= at {
			t.Errorf("%s is at %d after %d", s, next, at)
		}
		at = next
	}
	if slices.Equal(some, all[:15]) {
		t.Error("the first samples are no draw")
	}
}
