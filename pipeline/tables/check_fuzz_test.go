package tables

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// arrowFile is an Arrow file with a row of each sort of column, packed or not.
func arrowFile(t testing.TB, options ...ipc.Option) []byte {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: schemas.ID, Type: arrow.BinaryTypes.String},
		{Name: schemas.Vector, Type: arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32)},
		{Name: schemas.TokenVectorList, Type: arrow.ListOf(arrow.FixedSizeListOf(2, arrow.FixedWidthTypes.Float16))},
		{Name: "nothing", Type: arrow.Null, Nullable: true},
		{Name: schemas.Language, Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}},
	}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"id": "d1", "vector": [0.6, 0.8], "vectors": [[1, 0], [0, 1]], "nothing": null, "language": "en"},
		{"id": "d2", "vector": [0, 1], "vectors": [], "nothing": null, "language": "sw"}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Release()
	file, err := os.Create(filepath.Join(t.TempDir(), "rows.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := ipc.NewFileWriter(file, append(options, ipc.WithSchema(schema))...)
	if err == nil {
		err = errors.Join(w.Write(batch), w.Close(), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzCheck looks through damaged files of rows, of which nobody noted a hash: that ends soon, and takes no memory to speak of.
func FuzzCheck(f *testing.F) {
	for _, options := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
		f.Add(arrowFile(f, options...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "rows.arrow")
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := (&Expected{Rows: -1}).Check(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 256<<20 {
			t.Errorf("%d bytes took %d", len(data), after.TotalAlloc-before.TotalAlloc)
		}
	})
}
