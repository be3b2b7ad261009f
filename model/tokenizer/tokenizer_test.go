package tokenizer

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// data returns the path of a file of the shared data, and skips the test where it is not there.
func data(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("FERRY_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s below FERRY_DATA", name)
	}
	return path
}

var readXLMR = sync.OnceValues(func() (*Tokenizer, error) {
	root := os.Getenv("FERRY_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(root, "xlmr_tokenizer", "tokenizer.json.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	file, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	return Parse(file)
})

func xlmr(t testing.TB) *Tokenizer {
	t.Helper()
	data(t, "xlmr_tokenizer/tokenizer.json.gz")
	x, err := readXLMR()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestPublished holds the ids against those that Hugging Face publishes for XLM-R.
func TestPublished(t *testing.T) {
	file, err := os.ReadFile(data(t, "xlmr_tokenizer/hf_expected_encodings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var published []struct {
		Text string  `json:"text"`
		IDs  []int32 `json:"input_ids"`
	}
	if err := json.Unmarshal(file, &published); err != nil || len(published) == 0 {
		t.Fatalf("%d encodings, error %v", len(published), err)
	}
	x := xlmr(t)
	for _, p := range published {
		if ids := x.Encode(nil, p.Text); !slices.Equal(ids, p.IDs) {
			t.Errorf("%.40q gives %v, published is %v", p.Text, ids, p.IDs)
		}
	}
}
