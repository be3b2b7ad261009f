package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/pipeline"
)

// TestEvaluateRuns runs examples/evaluate-runs.yaml and compares with the output that trec_eval's authors publish.
func TestEvaluateRuns(t *testing.T) {
	out, data := t.TempDir(), dataFolder(t)
	run(t, "examples/evaluate-runs.yaml", map[string]string{"FERRY_DATA": data}, "work="+out, "sinks.report.path="+out)
	published, err := os.ReadFile(filepath.Join(data, "trec_eval", "test", "out.test.aq"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"ndcg_cut_10": "nDCG@10", "map": "AP", "recip_rank": "RR", "recall_100": "R@100", "P_5": "P@5"}
	scores, compared := readScores(t, filepath.Join(out, "scores.parquet")), 0
	for line := range strings.Lines(string(published)) {
		fields := strings.Fields(line)
		if measure := names[fields[0]]; measure != "" {
			compared++
			got := strconv.FormatFloat(scores[[3]string{"und", measure, fields[1]}], 'f', 4, 64)
			if got != fields[2] {
				t.Errorf("%s of %s is %s, want %s", measure, fields[1], got, fields[2])
			}
		}
	}
	if compared != len(scores) || compared != 4*len(names) {
		t.Errorf("compared %d of %d scores", compared, len(scores))
	}
}

// comparePrecisions runs examples/precision.yaml for one language: bf16 and int8 cost next to nothing. What is in the work folder already
// is not computed again.
func comparePrecisions(t *testing.T, work string) {
	if testing.Short() {
		t.Skip("embeds 1,718 texts three times")
	}
	out := t.TempDir()
	run(t, "examples/precision.yaml", map[string]string{"FERRY_DATA": dataFolder(t), "FERRY_MODELS": modelsFolder(t)},
		"sources.mtop.queries=[hi]", "stages.documents_float32.output=both", "stages.queries_float32.output=both", "work="+work, "sinks.report.path="+out)
	report, err := os.ReadFile(filepath.Join(out, "scores.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, score := range scoresIn(t, report, 3) {
		if math.Abs(score-48.31) > 0.3 {
			t.Errorf("nDCG@10 is %v, want 48.31", score)
		}
	}
}

// compareCompressed runs examples/compressed.yaml for one language: few bits find nearly what exact search finds, and serve as well. The
// token vectors that comparePrecisions leaves in the work folder will do.
func compareCompressed(t *testing.T, work string) {
	if testing.Short() {
		t.Skip("embeds 1,718 texts")
	}
	out := t.TempDir()
	run(t, "examples/compressed.yaml", map[string]string{"FERRY_DATA": dataFolder(t), "FERRY_MODELS": modelsFolder(t)},
		"sources.mtop.queries=[hi]", "stages.documents.output=both", "stages.queries.output=both",
		"stages.exact.documents=documents.token_vectors", "stages.exact.queries=queries.token_vectors", "stages.codec.from=documents.token_vectors",
		"stages.compressed.from=documents.token_vectors", "stages.hits.queries=queries.token_vectors", "work="+work, "sinks.report.path="+out)
	found := map[[2]string]float64{} // means, by variant and measure
	for _, row := range readParquet(t, filepath.Join(out, "scores.parquet")) {
		if row["query_id"] == "(null)" {
			value, err := strconv.ParseFloat(row["value"], 64)
			if err != nil {
				t.Fatal(err)
			}
			found[[2]string{row["variant"], row["measure"]}] = 100 * value
		}
	}
	exact := found[[2]string{"exact", "nDCG@10"}]
	for variant, want := range map[string]float64{"1 bits": 83.8, "2 bits": 91.4, "4 bits": 96.0} {
		recall, score := found[[2]string{variant, "R@10"}], found[[2]string{variant, "nDCG@10"}]
		t.Logf("%s: R@10 %.2f, nDCG@10 %.2f, exact %.2f", variant, recall, score, exact)
		if math.Abs(recall-want) > 1.5 || exact < 50 || math.Abs(score-exact) > 1 {
			t.Errorf("%s: R@10 is %.2f, want %.1f; nDCG@10 is %.2f, exact %.2f", variant, recall, want, score, exact)
		}
	}
}

// scoresIn are the scores of so many variants in a report for one language, without the bounds over ties below them.
func scoresIn(t *testing.T, report []byte, variants int) (scores []float64) {
	t.Helper()
	table, _, _ := bytes.Cut(report, []byte("\n## "))
	for _, row := range regexp.MustCompile(`(?m)^\| .* \| ([\d.]+) \(`).FindAllSubmatch(table, -1) {
		score, err := strconv.ParseFloat(string(row[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		scores = append(scores, score)
	}
	if len(scores) != variants {
		t.Fatalf("no scores of %d variants in:\n%s", variants, report)
	}
	return scores
}

// TestMiniLMDistil runs a tenth of examples/minilm-distil.yaml for one language that the teacher cannot read.
func TestMiniLMDistil(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a real model")
	}
	out := t.TempDir()
	run(t, "examples/minilm-distil.yaml", map[string]string{"FERRY_DATA": dataFolder(t), "FERRY_MODELS": modelsFolder(t)},
		"sources.mtop.queries=[hi]", "sources.mtop.pairs=[en, hi]", "stages.student.epochs=0.5", "stages.student.learning_rate=0.0003",
		"work="+out, "sinks.student.path="+out+"/student", "sinks.training.path="+out+"/training.parquet", "sinks.report.path="+out)
	report, err := os.ReadFile(filepath.Join(out, "scores.md"))
	if err != nil {
		t.Fatal(err)
	}
	scores := scoresIn(t, report, 4) // of the teacher's queries, dense and by MaxSim, and of the student's
	if t.Logf("nDCG@10 in Hindi: %v", scores); scores[0] > 10 || scores[1] > 10 || scores[2] < 40 || scores[3] < 40 {
		t.Errorf("nDCG@10 in Hindi is %v, want less than 10 by the teacher and more than 40 by the student", scores)
	}
}

// TestExamples decodes every example and, where data and models are there, checks it.
func TestExamples(t *testing.T) {
	examples, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	for _, path := range examples {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if _, err := pipeline.Load(path, nil, func(string) (string, bool) { return "", false }); err != nil {
				t.Fatal(err)
			}
			environment := map[string]string{"FERRY_DATA": dataFolder(t), "FERRY_MODELS": modelsFolder(t)}
			p, err := pipeline.Load(path, []string{"work=" + t.TempDir()}, func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLint runs examples/lint.yaml: every paragraph that is evaluated is trained on under another id, lower-cased.
func TestLint(t *testing.T) {
	out := t.TempDir()
	run(t, "examples/lint.yaml", map[string]string{"FERRY_DATA": dataFolder(t)}, "work="+out, "sinks.report.path="+out)
	report, err := os.ReadFile(filepath.Join(out, "findings.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"findings: error 0, warning 480, info 0\n", "## warning: document_in_training, 480 rows of `xquad.documents`\n", "(articles de 100000)"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("there is no %q in\n%s", want, report)
		}
	}
}

// TestBadRows runs examples/bad-rows.yaml and lists what was rejected, as docs/tutorial.md shows it.
func TestBadRows(t *testing.T) {
	work, out := t.TempDir(), t.TempDir()
	run(t, "examples/bad-rows.yaml", nil, "work="+work, "sinks.pairs.path="+out+"/pairs.parquet", "sinks.documents.path="+out+"/documents.parquet")
	list := filepath.Join(out, "bad.tsv")
	if rows, _, err := pipeline.ExportQuarantine(t.Context(), filepath.Join(work, "quarantine/bad-rows.parquet"), list); err != nil || rows != 6 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	exported, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	tutorial, err := os.ReadFile("docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(exported)) {
		columns := strings.SplitN(line, "\t", 6)
		if shown := strings.Join([]string{columns[0], columns[1], columns[3], columns[5]}, "\t"); !strings.Contains(string(tutorial), shown) {
			t.Errorf("docs/tutorial.md does not show %q", shown)
		}
	}
}
