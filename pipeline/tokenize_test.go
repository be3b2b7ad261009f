package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/schemas"
)

// TestTokenize looks at the places of tokens in texts, as the Rust library gives them, and at which are cut.
func TestTokenize(t *testing.T) {
	folder, file := folderWith(t, "tokenize.yaml")
	put(t, filepath.Join(folder, "documents.jsonl"), `{"id": "d", "text": "Zoë, a café"}`+"\n")
	bpe, err := os.ReadFile(filepath.Join("..", "model", "tokenizer", "testdata", "fixtures", "bpe_roberta.json"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, "bytes.json"), string(bpe))
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		table, column string
		want          string
	}{
		{"characters", schemas.Starts, "[0,0,0,0,0,0,0,1,2,3,5,7,7,9,10,0]"},
		{"characters", schemas.Ends, "[0,0,0,0,0,1,1,2,3,4,6,8,9,10,11,0]"},
		{"characters", schemas.Words, "[-1,-1,-1,-1,-1,0,0,0,0,0,1,2,2,2,2,-1]"},
		{"bytes", schemas.IDs, "[0,74,132,107,2]"},
		{"bytes", schemas.Starts, "[0,10,11,11,0]"},
		{"bytes", schemas.Ends, "[0,11,13,13,0]"},
		{"bytes", schemas.Words, "[-1,3,3,3,-1]"},
		{"bytes", schemas.Truncated, "9"},
		{"left", schemas.IDs, "[0,74,132,107,2]"},
	} {
		if got := columnOf[arrow.Array](t, filepath.Join(folder, "out", c.table+".parquet"), c.column).ValueStr(0); got != c.want {
			t.Errorf("%s of %s is %s, want %s", c.column, c.table, got, c.want)
		}
	}
}
