package pipeline

import (
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/schemas"
)

// TestProjection distils a teacher of one width into a student of another, whose queries then search the teacher's
// documents, with the same bytes at any number of workers. A projection that is held is what it was; one that the student
// brings along is trained on.
func TestProjection(t *testing.T) {
	folder, _ := anyWorkers(t, "projection.yaml", nil)
	vectors := readParquet(t, filepath.Join(folder, "out", "vectors.parquet"))
	field := vectors.Schema().Field(vectors.Schema().FieldIndices(schemas.Vector)[0])
	if width := field.Type.(*arrow.FixedSizeListType).Len(); width != 64 {
		t.Errorf("the student's vectors have %d dimensions, the teacher's 64", width)
	}
	if hits := readParquet(t, filepath.Join(folder, "out", "hits.parquet")); hits.NumRows() == 0 {
		t.Error("there are no hits")
	}
	made := outputs(t, folder)
	if held, learnt := made["held/2_Dense/model.safetensors"], made["learnt/2_Dense/model.safetensors"]; held == "" || learnt == "" || held == learnt {
		t.Errorf("the projections' bytes are %q and %q", held, learnt)
	}
}
