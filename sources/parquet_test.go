package sources

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// The files were written by pyarrow and polars: see testdata/make_parquet.py.
func TestParquet(t *testing.T) {
	badVectors := "! F:2 null_value: vector is null\n! F:3 not_finite: vector has NaN at 1\n" +
		"! F:4 wrong_dimensions: vector has 2 dimensions, expected 3\n! F:5 bad_value: vector: holds null\n! F:6 not_finite: vector has +Inf at 2\n"
	for _, c := range []struct {
		file, table string
		columns     map[string]string
		rows        int
		want        string
	}{
		{"documents.parquet", "documents", map[string]string{"language": "lang", "id": "_id", "text": "body"}, 5,
			"en | 1 |  | one\nsw | 2 |  | mbili\n! F:2 null_value: body is null\n! F:4 duplicate_id: id 2 has come before in sw\n! F:5 null_value: _id is null\n"},
		{"polars.parquet", "documents", nil, 2, "en | a | T | polars\nsw | b |  | dubu\n"},
		{"vectors_list.parquet", "vectors", nil, 7, "en | 0 | [0.5,-1,2] | [\"d1\",\"d2\"]\nen | 6 | [4,5,6] | []\n" + badVectors},
		{"vectors_double.parquet", "vectors", nil, 7, "en | 0 | [0.5,-1,2]\nen | 6 | [4,5,6]\n" + badVectors},
		{"vectors_fixed.parquet", "vectors", nil, 7, "en | 0 | [0.5,-1,2]\nen | 3 | [7,8,9]\nen | 6 | [4,5,6]\n! F:2 null_value: vector is null\n" +
			"! F:3 not_finite: vector has NaN at 1\n! F:5 bad_value: vector: holds null\n! F:6 not_finite: vector has +Inf at 2\n"},
		{"vectors_half.parquet", "vectors", nil, 2, "en | 0 | [0.5,-1,2]\nen | 6 | [4,5,6]\n"},
		{"vectors_scaled.parquet", "vectors", nil, 2, "en | 0 | [127,-128,0] | 0.5\nen | 6 | [4,5,6] | 0.25\n"},
		{"vectors_tiny.parquet", "vectors", nil, 1, "en | 0 | [5.9604645e-08,0.000030517578,1]\n"},
		{"vectors_with_scale.parquet", "vectors", nil, 1, "en | 0 | [0.5,-1,2]\n"}, // not that of int8
		{"tokens.parquet", "token_vectors", nil, 5, "en | 0 | [0,17] | [[0.5,1],[2,4]]\n! F:2 bad_value: 2 ids, 1 vectors\n" +
			"! F:3 wrong_dimensions: vectors has 1 dimensions, expected 2\n! F:4 not_finite: vectors has NaN at 1\n! F:5 bad_value: vectors: holds null\n"},
		{"tokens_half.parquet", "token_vectors", nil, 1, "en | 0 | [0,17] | [[0.5,1],[2,4]]\n"},
		{"judgments.parquet", "judgments", nil, 2, "q1 | d1 | 2 | (null) | (null)\n! F:2 bad_value: grade is 1.5, no whole number of 32 bits\n"},
	} {
		t.Run(c.file, func(t *testing.T) {
			p := NewParquet()
			path := filepath.Join("testdata", "parquet", c.file)
			p.Path, p.Table, p.Columns = []schemas.Path{schemas.Path(path)}, c.table, c.columns
			if c.columns == nil && c.table != "documents" && c.table != "judgments" {
				p.Language = "en"
			}
			want := ""
			for _, part := range []byte(c.want) {
				if part == 'F' {
					want += filepath.ToSlash(path)
				} else {
					want += string(rune(part))
				}
			}
			conform(t, p, layout{Kind: "parquet", Table: c.table, Lines: c.rows, want: want})
		})
	}
}

// TestParquetMistakes checks what is said before a row is read.
func TestParquetMistakes(t *testing.T) {
	p := NewParquet()
	p.Path = []schemas.Path{"testdata/parquet/documents.parquet"}
	conform(t, p, layout{Table: "documents", want: "mistake: columns: the files have lang, _id, body, unwanted; documents needs language, id, text; where all rows have the same language, the key language says it\n"})
	p.Path = []schemas.Path{"testdata/make_parquet.py"}
	if found := p.Validate(); len(found) != 1 || found[0].Key != "path" {
		t.Errorf("of a file that is not Parquet: %v", found)
	}
}

// TestDamagedParquet turns every second byte of a file around, one at a time, and cuts it at many places: rows or an error, which
// names the file and is no mistake of the pipeline.
func TestDamagedParquet(t *testing.T) {
	whole, err := os.ReadFile("testdata/parquet/vectors_list.parquet")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "damaged.parquet")
	p := NewParquet()
	p.Path, p.Table, p.Language, p.Dimensions = []schemas.Path{schemas.Path(name)}, "vectors", "en", 3
	try := func(content []byte) {
		write(t, name, content, 0)
		glance := *p
		glance.Dimensions = 0 // look for them in the rows
		for _, m := range glance.Validate() {
			if m.Key == "path" && (!m.Outside || !strings.Contains(m.Problem, name) || !strings.HasSuffix(m.Problem, "get it again")) {
				t.Errorf("%+v", m)
			}
		}
		p.Read(context.Background(), "vectors", schemas.Output{Allocator: memory.DefaultAllocator,
			Emit: func(arrow.RecordBatch) error { return nil }, Reject: func(schemas.Rejected) error { return nil }, Drop: func(string, int64) {}})
	}
	for i := 0; i < len(whole); i += 2 {
		damaged := append([]byte{}, whole...)
		damaged[i] ^= 0xff
		try(damaged)
		if i%16 == 0 {
			try(whole[:i])
		}
	}
}
