package pipeline

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/schemas"
)

// TestTriples trains a teacher on published triples, mines harder ones with it, and trains a student of another width on those
// and on the teacher's scores: at any number of workers, and cut off in each training, with the same bytes.
func TestTriples(t *testing.T) {
	peace, file := folderWith(t, "triples.yaml")
	if err := run(t.Context(), t, file, Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	want := outputs(t, peace)
	folder, file := folderWith(t, "triples.yaml")
	for _, step := range []string{"stages.teacher", "stages.student"} {
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		err := run(ctx, t, file, Options{Workers: 3, Reporter: &events{progress: func(name string) {
			if name == step {
				if steps++; steps == 5 {
					cancel()
				}
			}
		}}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", step, err)
		}
	}
	if err := run(t.Context(), t, file, Options{Workers: 4}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), want)

	for _, column := range []string{"contrastive", "score_kl"} {
		losses := columnOf[*array.Float64](t, filepath.Join(folder, "out/student.parquet"), column).Float64Values()
		if len(losses) != 40 {
			t.Fatalf("%d steps", len(losses))
		}
		first, last := measure.Mean(losses[:10]), measure.Mean(losses[30:])
		if t.Logf("%s goes from %.3f to %.3f", column, first, last); !(last < 0.8*first) || !(last > 0) {
			t.Errorf("%s goes from %v to %v", column, first, last)
		}
	}
	relevant := map[string]string{}
	judged := values(t, filepath.Join(folder, "out/hard.parquet"), schemas.QueryID)
	for i, positive := range values(t, filepath.Join(folder, "out/hard.parquet"), schemas.PositiveID) {
		relevant[judged[i]] = positive
	}
	for i, negative := range values(t, filepath.Join(folder, "out/hard.parquet"), schemas.NegativeID) {
		if relevant[judged[i]] == negative {
			t.Errorf("query %s has its own document %s for a negative", judged[i], negative)
		}
	}
}
