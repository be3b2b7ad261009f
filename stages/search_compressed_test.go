package stages

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// TestFinite: NaN and infinities are told by document.
func TestFinite(t *testing.T) {
	for value, want := range map[float32]string{1: "", 65504: "", float32(math.Inf(1)): `document "b"`, float32(math.NaN()): `document "b"`} {
		v := vectorRows{d: 2, rows: []retrieve.Document{{ID: "a"}, {ID: "b"}}, offsets: []int32{0, 1, 3}, vectors: []float32{1, 2, 3, 4, 5, value}}
		if err := v.finite(); (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", value, err)
		}
	}
}

// TestFill: rows that a codec did not write are told by name. AQID is three bytes in base64.
func TestFill(t *testing.T) {
	for rows, want := range map[string]string{
		`[]`: "",
		`[{"language":"en","id":"a","codec":"me","codes":[],"residuals":""},{"language":"en","id":"b","codec":"me","codes":[4,5,6],"residuals":"AQID"}]`:  "",
		`[{"language":"en","id":"a","codec":"me","codes":[4],"residuals":"AQID"}]`:                                                                        `document "a" has 1 codes and 3 bytes of residuals, which should be 1`,
		`[{"language":"en","id":"a","codec":"me","codes":[4,5,6],"residuals":"AQID"},{"language":"en","id":"b","codec":"you","codes":[],"residuals":""}]`: `document "b" was compressed with the codec you, not with me`,
	} {
		batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schemas.Compressed(), strings.NewReader(rows))
		if err != nil {
			t.Fatal(err)
		}
		for from := range batch.NumRows() + 1 { // slices too
			part := batch.NewSlice(from, batch.NumRows())
			var block retrieve.Block
			err := fill(&block, part, "me", 1)
			if from == 0 && (want == "") != (err == nil) || from == 0 && err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", rows, err)
			}
			if err == nil && (len(block.Codes) != len(block.Residuals) || int(block.Offsets[block.Documents.Len()]) != len(block.Codes)) {
				t.Errorf("%s from row %d: %+v", rows, from, block)
			}
			part.Release()
		}
		batch.Release()
	}
}
