package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
	"github.com/ferry-clir/ferry/pipeline"
)

// modelsFolder is the folder of real models, or skips the test.
func modelsFolder(t *testing.T) string {
	t.Helper()
	return outside(t, os.Getenv("FERRY_MODELS"), "FERRY_MODELS names no folder with real models")
}

// dataFolder is the folder of published data sets, or skips the test.
func dataFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("FERRY_DATA")
	if folder == "" {
		folder = filepath.Join("..", "shared", "data")
	}
	return outside(t, folder, "FERRY_DATA names no folder with published data")
}

func outside(t *testing.T, folder, otherwise string) string {
	t.Helper()
	if stat, err := os.Stat(folder); folder == "" || err != nil || !stat.IsDir() {
		t.Skip(otherwise)
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// python runs a script with FERRY_PYTHON, or skips the test.
func python(t *testing.T, script string, arguments ...string) {
	t.Helper()
	if os.Getenv("FERRY_PYTHON") == "" {
		t.Skip("FERRY_PYTHON names no Python with transformers, pyarrow and pytrec_eval")
	}
	output, err := exec.Command(os.Getenv("FERRY_PYTHON"), append([]string{script}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, output)
	}
	t.Logf("%s", output)
}

// run checks and runs a pipeline file with these variables for its environment.
func run(t *testing.T, path string, environment map[string]string, sets ...string) {
	t.Helper()
	if err := checked(t, path, environment, sets...).Run(t.Context(), pipeline.Options{Reporter: quiet{t}}); err != nil {
		t.Fatal(err)
	}
}

// checked is a pipeline file that has been found to be right.
func checked(t *testing.T, path string, environment map[string]string, sets ...string) *pipeline.Pipeline {
	t.Helper()
	p, err := pipeline.Load(path, sets, func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// quiet tells a test's log how long steps took, and nothing else.
type quiet struct{ t *testing.T }

func (quiet) Planned([]pipeline.Planned)            {}
func (quiet) Present(string, pipeline.Finished)     {}
func (quiet) Trained(string, float64)               {}
func (q quiet) Warned(step, warning string)         { q.t.Logf("%s: warning: %s", step, warning) }
func (quiet) Started(string)                        {}
func (quiet) Progress(string, int64, int64, string) {}
func (quiet) Failed(string, error)                  {}
func (q quiet) Finished(step string, f pipeline.Finished) {
	q.t.Logf("%s: rows %v, %v", step, f.Rows, f.Took.Round(time.Millisecond))
}

// readParquet returns a file's rows as text by column, lists as JSON.
func readParquet(t *testing.T, path string) []map[string]string {
	t.Helper()
	allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer allocator.AssertSize(t, 0)
	f, err := file.OpenParquetFile(path, false, file.WithReadProps(parquet.NewReaderProperties(allocator)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 1024}, allocator)
	if err != nil {
		t.Fatal(err)
	}
	batches, err := reader.GetRecordReader(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer batches.Release()
	var rows []map[string]string
	for batches.Next() {
		batch := batches.RecordBatch()
		for i := range int(batch.NumRows()) {
			row := map[string]string{}
			for c, column := range batch.Columns() {
				row[batch.ColumnName(c)] = strings.Clone(column.ValueStr(i))
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no rows", path)
	}
	return rows
}

// readScores returns the values of a table of scores by language, measure and query, the means under "all".
func readScores(t *testing.T, path string) map[[3]string]float64 {
	t.Helper()
	scores := map[[3]string]float64{}
	for _, row := range readParquet(t, path) {
		query := row["query_id"]
		if query == "(null)" {
			query = "all"
		}
		value, err := strconv.ParseFloat(row["value"], 64)
		if err != nil {
			t.Fatal(err)
		}
		scores[[3]string{row["language"], row["measure"], query}] = value
	}
	return scores
}

// expectMean compares a mean nDCG@10 with a reference figure in percent, as published to 0.1.
func expectMean(t *testing.T, scores map[[3]string]float64, language string, want float64) {
	t.Helper()
	got := 100 * scores[[3]string{language, "nDCG@10", "all"}]
	if t.Logf("%s: nDCG@10 is %.2f", language, got); math.Abs(got-want) > 0.1 {
		t.Errorf("%s: nDCG@10 is %.2f, want %.2f", language, got, want)
	}
}

// TestRealEmbeddings compares vectors with those of transformers: testdata/real/make_golden.py.
func TestRealEmbeddings(t *testing.T) {
	out := t.TempDir()
	run(t, "testdata/real/embed.yaml", map[string]string{"FERRY_MODELS": modelsFolder(t), "OUT": out})
	golden, err := os.Open("testdata/real/embeddings.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer golden.Close()
	stat, err := golden.Stat()
	if err != nil {
		t.Fatal(err)
	}
	tensors, err := safetensors.Open(golden, stat.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range tensors.Tensors {
		want := make([]float32, tensor.Elements())
		if err := tensors.Read(tensor, want); err != nil {
			t.Fatal(err)
		}
		rows := readParquet(t, filepath.Join(out, tensor.Name+".parquet"))
		if len(rows) != tensor.Shape[0] {
			t.Fatalf("%s: %d rows, want %d", tensor.Name, len(rows), tensor.Shape[0])
		}
		worst := 0.0
		for i, row := range rows {
			var vector []float32
			if err := json.Unmarshal([]byte(row["vector"]), &vector); err != nil {
				t.Fatal(err)
			}
			for j, x := range want[i*len(vector) : (i+1)*len(vector)] {
				worst = max(worst, math.Abs(float64(vector[j]-x)))
			}
		}
		if t.Logf("%s: vectors differ by %.1e", tensor.Name, worst); worst > 1e-4 {
			t.Errorf("%s: vectors differ by %g", tensor.Name, worst)
		}
	}
}

// TestRealMTOP compares with figures that transformers and exact search gave, and with pytrec_eval; of Hindi in three precisions, and
// compressed.
func TestRealMTOP(t *testing.T) {
	out := t.TempDir()
	run(t, "testdata/real/mtop.yaml", map[string]string{"FERRY_MODELS": modelsFolder(t), "FERRY_DATA": dataFolder(t), "OUT": out})
	scores := readScores(t, filepath.Join(out, "report", "scores.parquet"))
	if len(scores) != 2*(859-13+1) { // 13 queries have nothing relevant but their own translation
		t.Errorf("%d scores, want %d", len(scores), 2*(859-13+1))
	}
	for language, want := range map[string]float64{"en": 60.86, "th": 41.77} {
		expectMean(t, scores, language, want)
	}
	t.Run("pytrec_eval", func(t *testing.T) { python(t, "testdata/real/check_runs.py", out) })
	t.Run("precisions", func(t *testing.T) { comparePrecisions(t, filepath.Join(out, ".ferry")) })
	t.Run("compressed", func(t *testing.T) { compareCompressed(t, filepath.Join(out, ".ferry")) })
}

// TestRealXQuAD compares with the figure that transformers and exact search gave (testdata/real/check_xquad.py), on a third of the
// paragraphs, among them the longest, which is cut at 512 tokens.
func TestRealXQuAD(t *testing.T) {
	out, models := t.TempDir(), modelsFolder(t)
	third := filepath.Join(out, "xquad")
	for name, column := range map[string]int{"collections/english_collection.tsv": 0, "qrels.dev.small.tsv": 2, "queries/dev/english_queries.dev.tsv": -1} {
		all, err := os.ReadFile(filepath.Join(dataFolder(t), "mmarco/data/google", name))
		if err != nil {
			t.Skipf("FERRY_DATA has no XQuAD: %v", err)
		}
		var some strings.Builder
		for line := range strings.Lines(string(all)) {
			if column < 0 {
				some.WriteString(line)
			} else if paragraph, err := strconv.Atoi(strings.Split(line, "\t")[column]); err != nil {
				t.Fatal(err)
			} else if paragraph%3 == 1 {
				some.WriteString(line)
			}
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(third, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(third, name), some.String())
	}
	run(t, "testdata/real/xquad.yaml", map[string]string{"FERRY_MODELS": models, "OUT": out})
	expectMean(t, readScores(t, filepath.Join(out, "report", "scores.parquet")), "en", 99.15)
}

// TestRealBM25 compares with the figures that bm25s 0.3 (k1 0.9, b 0.4, lucene) gave over the ids of the tokenizers library.
func TestRealBM25(t *testing.T) {
	out := t.TempDir()
	run(t, "testdata/real/bm25.yaml", map[string]string{"FERRY_MODELS": modelsFolder(t), "FERRY_DATA": dataFolder(t), "OUT": out})
	scores := readScores(t, filepath.Join(out, "report", "scores.parquet"))
	expectMean(t, scores, "en", 95.85)
	expectMean(t, scores, "de", 49.26)
}

// TestRealWeakSupervision compares the loss of a step with the figure that transformers gave; without masks it would be 1.887.
func TestRealWeakSupervision(t *testing.T) {
	out, models, data := t.TempDir(), modelsFolder(t), dataFolder(t)
	run(t, "testdata/real/weak.yaml", map[string]string{"FERRY_MODELS": models, "FERRY_DATA": data, "OUT": out})
	rows := readParquet(t, filepath.Join(out, "training.parquet"))
	loss, err := strconv.ParseFloat(rows[0]["contrastive"], 64)
	if err != nil || len(rows) != 1 || math.Abs(loss-1.45370) > 1e-4 {
		t.Errorf("the loss of %d steps is %v, want 1.45370; %v", len(rows), loss, err)
	}
	t.Run("transformers", func(t *testing.T) {
		python(t, "testdata/real/check_weak.py", out, data, filepath.Join(models, "multilingual-e5-small"))
	})
}

// TestRealAlign finds nearly all translations, and little else, among utterances of which nobody says which are: their ids do.
func TestRealAlign(t *testing.T) {
	out := t.TempDir()
	run(t, "testdata/real/align.yaml", map[string]string{"FERRY_MODELS": modelsFolder(t), "FERRY_DATA": dataFolder(t), "OUT": out})
	pairs := readParquet(t, filepath.Join(out, "pairs.parquet"))
	right := 0
	for _, pair := range pairs {
		if pair["origin"] == "en:"+pair["id"] {
			right++
		}
	}
	if t.Logf("%d of %d pairs are translations", right, len(pairs)); len(pairs) < 280 || right < 98*len(pairs)/100 {
		t.Errorf("%d of %d pairs are translations", right, len(pairs))
	}
}

// TestRealStudent lets transformers open a student.
func TestRealStudent(t *testing.T) {
	if os.Getenv("FERRY_PYTHON") == "" {
		t.Skip("FERRY_PYTHON names no Python with transformers")
	}
	out, models := t.TempDir(), modelsFolder(t)
	run(t, "testdata/real/distil.yaml", map[string]string{"FERRY_MODELS": models, "OUT": out})
	python(t, "testdata/real/check_student.py", out, filepath.Join(models, "all-minilm-l6-v2"))
}

// TestRealProjection lets sentence-transformers open a student with a projection.
func TestRealProjection(t *testing.T) {
	if os.Getenv("FERRY_PYTHON") == "" {
		t.Skip("FERRY_PYTHON names no Python with sentence-transformers")
	}
	out := t.TempDir()
	run(t, "testdata/real/projected.yaml", map[string]string{"FERRY_MODELS": modelsFolder(t), "OUT": out})
	python(t, "testdata/real/check_projected.py", out)
}

// TestRandomModel lets transformers open a model that ferry made from nothing.
func TestRandomModel(t *testing.T) {
	out := t.TempDir()
	run(t, "testdata/real/random.yaml", map[string]string{"OUT": out})
	python(t, "testdata/real/check_random.py", out)
}
