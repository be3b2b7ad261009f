package phrasebook

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestWikiCLIRLayout(t *testing.T) {
	dir := filepath.Join(writeCorpus(t, "wikiclir"), "wiki-clir")
	queries := map[string]bool{}
	for _, row := range readColumns(t, filepath.Join(dir, "english", "wiki_en.queries"), 3) {
		checkScript(t, "en", row[2])
		if queries[row[0]] || !strings.HasPrefix(row[2], row[1]) || strings.Count(row[2], ".") != 1 {
			t.Errorf("query %q", row)
		}
		queries[row[0]] = true
	}
	for _, l := range languages[1:] {
		documents := map[string]bool{}
		for _, row := range readColumns(t, filepath.Join(dir, l.name, "wiki_"+l.code+".documents"), 3) {
			checkScript(t, l.code, row[1])
			checkScript(t, l.code, row[2])
			if documents[row[0]] || queries[row[0]] || !strings.HasPrefix(row[2], row[1]) {
				t.Errorf("%s: document %q", l.code, row)
			}
			documents[row[0]] = true
		}
		if len(documents) != len(queries) {
			t.Errorf("%s: %d documents, %d queries", l.code, len(documents), len(queries))
		}
		judged, mates, links := map[string]bool{}, map[string]int{}, 0
		for i, line := range readLines(t, filepath.Join(dir, l.name, "en2"+l.code+".rel")) {
			fields := strings.Split(line, " ")
			if len(fields) != 3 || !queries[fields[0]] || !documents[fields[1]] || judged[fields[0]+" "+fields[1]] {
				t.Fatalf("en2%s.rel:%d: %q", l.code, i+1, line)
			}
			judged[fields[0]+" "+fields[1]] = true
			switch fields[2] {
			case "2":
				mates[fields[0]]++
			case "1":
				links++
			default:
				t.Errorf("en2%s.rel:%d: grade %q", l.code, i+1, fields[2])
			}
		}
		for q := range queries {
			if mates[q] != 1 {
				t.Errorf("en2%s.rel: query %s has %d pages of its own", l.code, q, mates[q])
			}
		}
		if links < len(queries) {
			t.Errorf("en2%s.rel: %d links", l.code, links)
		}
	}
}

func TestMMARCOLayout(t *testing.T) {
	dir := filepath.Join(writeCorpus(t, "mmarco"), "data", "google")
	passages := 0
	for _, l := range languages {
		seen := map[string]bool{}
		rows := readColumns(t, filepath.Join(dir, "collections", l.name+"_collection.tsv"), 2)
		passages = len(rows)
		if passages != 300 {
			t.Errorf("%s: %d passages", l.name, passages)
		}
		for i, row := range rows {
			checkScript(t, l.code, row[1])
			if row[0] != strconv.Itoa(i) || seen[row[1]] {
				t.Errorf("%s: passage %q", l.name, row)
			}
			seen[row[1]] = true
		}
		for _, split := range []struct {
			name        string
			first, size int
		}{{"train", 0, 300}, {"dev", 300, 150}} {
			path := filepath.Join(dir, "queries", split.name, fmt.Sprintf("%s_queries.%s.tsv", l.name, split.name))
			rows := readColumns(t, path, 2)
			if len(rows) != split.size {
				t.Errorf("%s: %d questions", path, len(rows))
			}
			for i, row := range rows {
				checkScript(t, l.code, row[1])
				if row[0] != strconv.Itoa(split.first+i) || seen[row[1]] || strings.HasSuffix(row[1], "?") != (l.code != "th") {
					t.Errorf("%s: question %q", path, row)
				}
				seen[row[1]] = true
			}
		}
	}
	answers := map[string]string{}
	for _, split := range []struct {
		name        string
		first, size int
	}{{"qrels.train.tsv", 0, 300}, {"qrels.dev.small.tsv", 300, 150}} {
		rows := readColumns(t, filepath.Join(dir, split.name), 4)
		if len(rows) != split.size {
			t.Errorf("%s: %d judgments", split.name, len(rows))
		}
		for i, row := range rows {
			p, err := strconv.Atoi(row[2])
			if row[0] != strconv.Itoa(split.first+i) || row[1] != "0" || row[3] != "1" || err != nil || p < 0 || p >= passages {
				t.Errorf("%s: %q", split.name, row)
			}
			answers[row[0]] = row[2]
		}
	}
	triples := readColumns(t, filepath.Join(dir, "triples.train.ids.small.tsv"), 3)
	if len(triples) != 300*negativesPerQuery {
		t.Errorf("%d triples", len(triples))
	}
	seen := map[string]bool{}
	for _, row := range triples {
		n, err := strconv.Atoi(row[2])
		if answers[row[0]] != row[1] || row[1] == row[2] || err != nil || n < 0 || n >= passages || seen[strings.Join(row, " ")] {
			t.Errorf("triple %q", row)
		}
		seen[strings.Join(row, " ")] = true
	}
}

// A question asks for what its passage says, so it names the same thing, in every language that does not bend names.
func TestQuestionsNameTheirThing(t *testing.T) {
	pages, err := readPages()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if p.link == "" {
			t.Errorf("%s has no link", p.key)
		}
		for _, passage := range p.passages {
			for l := range languages {
				name := strings.ToLower(p.title[l])
				for _, q := range passage.questions {
					if !strings.Contains(strings.ToLower(q[l]), name) {
						t.Errorf("%s: %q does not name %q", languages[l].code, q[l], name)
					}
				}
				if !strings.Contains(strings.ToLower(passage.text(l)), name) {
					t.Errorf("%s: %q does not name %q", languages[l].code, passage.text(l), name)
				}
			}
		}
	}
}
