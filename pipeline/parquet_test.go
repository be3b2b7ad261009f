package pipeline

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// TestParquet reads back every table that a run writes, with arrow-go and, where FERRY_PYTHON names a Python that has
// them, with pyarrow, polars and DuckDB: the schema is ours, vectors are fixed-size lists, and nothing is null that may not be.
func TestParquet(t *testing.T) {
	folder, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	queries := schemas.Queries()
	intents := append(queries.Fields(), arrow.Field{Name: schemas.Intent, Type: arrow.BinaryTypes.String}, arrow.Field{Name: schemas.Slots, Type: arrow.BinaryTypes.String})
	want := map[string]*arrow.Schema{
		"documents.parquet":     schemas.Scaled(schemas.Vectors(32, false)),
		"halves.parquet":        schemas.HalfVectors(32, true),
		"tokens.parquet":        schemas.TokenVectors(32, true),
		"utterances.parquet":    arrow.NewSchema(intents, nil),
		"pairs.parquet":         schemas.PairTokens("query: "),
		"training.parquet":      schemas.Training(train.OT, train.PooledMSE),
		"judgments.parquet":     schemas.Judgments(),
		"report/scores.parquet": schemas.Scores(),
	}
	for name, schema := range want {
		table := readParquet(t, filepath.Join(folder, "out", name))
		if !sameFields(table.Schema(), schema) {
			t.Errorf("%s has the schema\n%s\nwant\n%s", name, table.Schema(), schema)
		}
		if table.NumRows() == 0 {
			t.Errorf("%s is empty", name)
		}
		for i, field := range schema.Fields() {
			if nulls := table.Column(i).NullN(); nulls > 0 && !field.Nullable {
				t.Errorf("%s: %d nulls in %s", name, nulls, field.Name)
			}
		}
	}
	t.Run("python", func(t *testing.T) {
		python := os.Getenv("FERRY_PYTHON")
		if python == "" {
			t.Skip("FERRY_PYTHON names no Python with pyarrow, polars and duckdb")
		}
		out, err := exec.Command(python, "testdata/read_parquet.py", filepath.Join(folder, "out")).CombinedOutput()
		if err != nil || strings.Count(string(out), "ok ") != len(want) {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// sameFields compares names, types and nullability. Parquet calls a list's items element, and arrow-go numbers fields.
func sameFields(a, b *arrow.Schema) bool {
	return slices.EqualFunc(a.Fields(), b.Fields(), func(x, y arrow.Field) bool {
		return x.Name == y.Name && x.Nullable == y.Nullable && arrow.TypeEqual(x.Type, y.Type)
	})
}
