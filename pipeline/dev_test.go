package pipeline

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// TestDev trains with evaluations. The best value of a training curve is what embed, search and evaluate find for the model
// that came out; the student stops after two evaluations that were no better.
func TestDev(t *testing.T) {
	folder, file := folderWith(t, "dev.yaml")
	if err := run(t.Context(), t, file, Options{Workers: 3}); err != nil {
		t.Fatal(err)
	}
	for model, every := range map[string]int{"teacher": 7, "student": 5} {
		best, at := math.Inf(-1), 0
		values := columnOf[*array.Float64](t, filepath.Join(folder, "out", model+".parquet"), schemas.Value)
		steps := values.Len()
		for i := range steps {
			step := i + 1
			if values.IsValid(i) != (step%every == 0 || step == steps) {
				t.Errorf("%s: step %d of %d has the value %v", model, step, steps, values.ValueStr(i))
			}
			if values.IsValid(i) && values.Value(i) > best {
				best, at = values.Value(i), step
			}
		}
		scores := filepath.Join(folder, "out", model+"_scores.parquet")
		found, queries := columnOf[*array.Float64](t, scores, schemas.Value), columnOf[*array.String](t, scores, schemas.QueryID)
		mean, languages := 0.0, 0.0
		for i := range found.Len() {
			if queries.IsNull(i) {
				mean, languages = mean+found.Value(i), languages+1
			}
		}
		if mean /= languages; languages != 2 || math.Abs(mean-best) > 1e-12 || best == 0 {
			t.Errorf("%s: the best value is %v, and that of the model %v in %v languages", model, best, mean, languages)
		}
		if model == "student" {
			remembered := columnOf[*array.Float64](t, filepath.Join(folder, "out", "student.parquet"), schemas.Remembered)
			for i := range steps {
				if remembered.IsValid(i) != values.IsValid(i) {
					t.Errorf("step %d remembers %v", i+1, remembered.ValueStr(i))
				}
			}
		}
		if model == "student" && steps != at+2*every {
			t.Errorf("%d steps, the best after %d", steps, at)
		}
		t.Logf("%s: %d steps, value %.4f after step %d", model, steps, best, at)
	}
}

// columnOf reads a column of a Parquet file of one row group.
func columnOf[A arrow.Array](t *testing.T, file, name string) A {
	t.Helper()
	table := readParquet(t, file)
	chunks := table.Column(table.Schema().FieldIndices(name)[0]).Data().Chunks()
	if len(chunks) != 1 {
		t.Fatalf("%s: %d chunks", file, len(chunks))
	}
	return chunks[0].(A)
}

// TestForgetting trains the teacher on with far too high a learning rate, until its English is gone.
func TestForgetting(t *testing.T) {
	_, file := folderWith(t, "dev.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, strings.NewReplacer("student: empty, learning_rate: 0.02", "student: teacher, learning_rate: 0.2", "max_forgetting: 1", "max_forgetting: 0.01").Replace(string(text)))
	err = run(t.Context(), t, file, Options{Workers: 3})
	want := `^stages.student: too much was forgotten: nDCG@10 of the dev_queries in en was 0\.\d+ before training and is 0\.\d+ at step 5, 0\.\d+ at step 10, ` +
		`0\.\d+ at step 15, each time more than max_forgetting \(0.01\) below, .*: lower learning_rate \(now 0.2\) to 0.02, take fewer epochs \(now 20\) or more text in that language`
	if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
		t.Errorf("%v, want %q", err, want)
	}
}
