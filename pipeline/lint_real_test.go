package pipeline

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// realLint is a pipeline that evaluates MTOP in two languages, with pairs.tsv for training text.
const realLint = `
name: lint
sources:
  mtop: {kind: mtop, path: %q, documents: en, queries: [en, hi]}
  pairs: {kind: bitext, path: pairs.tsv, languages: [en, hi]}
stages:
  lint: {kind: lint, training: pairs, queries: mtop.queries, documents: mtop.documents, judgments: mtop.judgments, near: %v, shingle: 4, fail_on: never}
sinks:
  findings: {kind: parquet, from: lint, path: out/findings.parquet}
`

// realTexts are MTOP's utterances by language, those of one id at one place, and NTREX's sentences in the same languages.
func realTexts(t *testing.T) (mtop string, utterances, sentences map[string][]string) {
	t.Helper()
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../shared/data"
	}
	data, err := filepath.Abs(data)
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string, column int) (lines []string) {
		all, err := os.ReadFile(filepath.Join(data, path))
		if err != nil {
			t.Skipf("FERRY_DATA names no folder with MTOP and NTREX-128: %v", err)
		}
		for line := range strings.Lines(string(all)) {
			lines = append(lines, strings.TrimSpace(strings.Split(line, "\t")[column]))
		}
		return lines
	}
	utterances = map[string][]string{"en": read("mtop/en/eval.txt", 3), "hi": read("mtop/hi/eval.txt", 3)}
	sentences = map[string][]string{"en": read("bitext/ntrex128/newstest2019-src.eng.txt", 0), "hi": read("bitext/ntrex128/newstest2019-ref.hin.txt", 0)}
	return filepath.Join(data, "mtop"), utterances, sentences
}

// putPairs writes NTREX with further pairs among its sentences.
func putPairs(t *testing.T, folder string, sentences map[string][]string, more [][2]string) {
	t.Helper()
	var lines []string
	for i, en := range sentences["en"] {
		lines = append(lines, en+"\t"+sentences["hi"][i])
		if i%10 == 0 && i/10 < len(more) {
			lines = append(lines, more[i/10][0]+"\t"+more[i/10][1])
		}
	}
	put(t, filepath.Join(folder, "pairs.tsv"), strings.Join(lines, "\n"))
}

// countRules counts findings by rule and language.
func countRules(t *testing.T, file string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	rules, languages := values(t, file, schemas.Rule), values(t, file, schemas.Language)
	for i, rule := range rules {
		counts[rule+" "+languages[i]]++
	}
	return counts
}

// TestRealLeaks puts utterances of MTOP among the sentences of NTREX, written otherwise, and finds these and no others.
func TestRealLeaks(t *testing.T) {
	mtop, utterances, sentences := realTexts(t)
	once := map[string]int{}
	for _, language := range []string{"en", "hi"} {
		for _, s := range utterances[language] {
			once[text.Comparable(s)]++
		}
	}
	for _, k := range []int{0, 1, 37, 150} {
		folder := t.TempDir()
		var leaks [][2]string
		for i := 0; len(leaks) < k; i++ {
			en, hi := utterances["en"][i], utterances["hi"][i]
			if once[text.Comparable(en)] == 1 && once[text.Comparable(hi)] == 1 { // or one leak would be several
				leaks = append(leaks, [2]string{"  " + strings.ToUpper(en) + "!", strings.ReplaceAll(hi, " ", "   ")})
			}
		}
		putPairs(t, folder, sentences, leaks)
		file := filepath.Join(folder, "pipeline.yaml")
		put(t, file, fmt.Sprintf(realLint, mtop, 0.8))
		if err := run(t.Context(), t, file, Options{}); err != nil {
			t.Fatal(err)
		}
		got := countRules(t, filepath.Join(folder, "out", "findings.parquet"))
		if got["query_in_training en"] != k || got["query_in_training hi"] != k || got["document_in_training en"] != k {
			t.Errorf("of %d leaks finds %v", k, got)
		}
	}
}

// TestRealNear puts edited utterances among the sentences, and compares what is found with all Jaccard similarities counted
// out.
func TestRealNear(t *testing.T) {
	const near, n = 0.7, 4
	mtop, utterances, sentences := realTexts(t)
	random := rand.New(rand.NewPCG(6, 5))
	var more [][2]string
	for i := range 190 {
		more = append(more, [2]string{swapped(random, utterances["en"][i], i%6), swapped(random, utterances["hi"][i], i%6)})
	}
	folder := t.TempDir()
	putPairs(t, folder, sentences, more)
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, file, fmt.Sprintf(realLint, mtop, near))
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "out", "findings.parquet")
	found := map[string]bool{} // by language and id
	rules, ids, languages := values(t, out, schemas.Rule), values(t, out, schemas.ID), values(t, out, schemas.Language)
	for i, rule := range rules {
		if rule == schemas.QueryNearTraining || rule == schemas.QueryInTraining {
			found[languages[i]+" "+ids[i]] = true
		}
	}
	training := shingleIndex{n: n, in: map[string][]int{}}
	for side, language := range []string{"en", "hi"} {
		for i, s := range sentences[language] {
			training.add(s)
			if i < len(more) {
				training.add(more[i][side])
			}
		}
	}
	real, both, clear, missed, wrong := 0, 0, 0, 0, 0
	idsOf := mtopIDs(t, mtop)
	for _, language := range []string{"en", "hi"} {
		for i, s := range utterances[language] {
			most := training.most(s)
			got := found[language+" "+idsOf[i]]
			switch {
			case most >= near && got:
				real, both = real+1, both+1
			case most >= near:
				real++
			}
			if most > near+0.12 { // three standard deviations of 128 values
				clear++
				if !got {
					missed++
				}
			}
			if most < near-0.12 && got {
				wrong++
			}
		}
	}
	recall, precision := float64(both)/float64(real), float64(both)/float64(len(found))
	t.Logf("%d queries are near by their Jaccard similarity, %d are found: recall %.3f, precision %.3f; %d of %d clear ones missed, %d wrong", real, len(found), recall, precision, missed, clear, wrong)
	if real < 100 || clear < 50 || recall < 0.9 || precision < 0.9 || float64(missed) > 0.02*float64(clear) || wrong > 1 {
		t.Error("too few are found, or too many")
	}
}

// swapped swaps so many pairs of neighbouring words.
func swapped(random *rand.Rand, s string, edits int) string {
	words := strings.Fields(s)
	for range edits {
		if len(words) > 1 {
			i := random.IntN(len(words) - 1)
			words[i], words[i+1] = words[i+1], words[i]
		}
	}
	return strings.Join(words, " ")
}

func mtopIDs(t *testing.T, folder string) (ids []string) {
	t.Helper()
	all, err := os.ReadFile(filepath.Join(folder, "en", "eval.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(all)) {
		ids = append(ids, strings.Split(line, "\t")[0])
	}
	other, err := os.ReadFile(filepath.Join(folder, "hi", "eval.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range slices.Collect(strings.Lines(string(other))) {
		if strings.Split(line, "\t")[0] != ids[i] {
			t.Fatalf("line %d has another id in hi", i+1)
		}
	}
	return ids
}

// A shingleIndex knows in which texts each shingle occurs.
type shingleIndex struct {
	n     int
	in    map[string][]int
	sizes []int
}

// shingles are the set of sequences of n characters that a text is compared by.
func (x *shingleIndex) shingles(s string) map[string]bool {
	characters := []rune(text.Comparable(s))
	set := map[string]bool{}
	for i := range max(1, len(characters)-x.n+1) {
		set[string(characters[i:min(len(characters), i+x.n)])] = true
	}
	return set
}

func (x *shingleIndex) add(s string) {
	set := x.shingles(s)
	for shingle := range set {
		x.in[shingle] = append(x.in[shingle], len(x.sizes))
	}
	x.sizes = append(x.sizes, len(set))
}

// most is the highest Jaccard similarity of a text to those in the index.
func (x *shingleIndex) most(s string) (most float64) {
	own, both := x.shingles(s), map[int]int{}
	for shingle := range own {
		for _, i := range x.in[shingle] {
			both[i]++
		}
	}
	for i, n := range both {
		most = max(most, float64(n)/float64(len(own)+x.sizes[i]-n))
	}
	return most
}
