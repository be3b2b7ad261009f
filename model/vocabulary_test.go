package model

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ferry-clir/ferry/model/encoder"
)

// hidden are a text's hidden states.
func hidden(m *Model, text string) []float32 {
	ids, _ := m.Tokenizer.EncodeTruncated(nil, text, m.MaxTokens)
	return slices.Clone(m.Encoder.Forward(encoder.NewWorkspace(), encoder.Batch{IDs: ids, Offsets: []int32{0, int32(len(ids))}}))
}

// trim trims a model to texts, and writes and opens it.
func trim(t *testing.T, m *Model, texts ...string) (*Model, fstest.MapFS) {
	t.Helper()
	u, err := m.NewUsage()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		u.Add(text)
	}
	small, err := m.Trimmed(u, false)
	if err != nil {
		t.Fatal(err)
	}
	folder := write(t, small)
	if small, err = Open(folder); err != nil {
		t.Fatal(err)
	}
	return small, folder
}

// TestTrimmed wants the same hidden states from a smaller model.
func TestTrimmed(t *testing.T) {
	m, texts := tiny(t), []string{"water under the bridge", "wasser", "Ж"}
	small, _ := trim(t, m, texts...)
	if small.Config.Vocabulary >= m.Config.Vocabulary || small.Config.Vocabulary != small.Tokenizer.VocabularySize() {
		t.Errorf("%d tokens, were %d", small.Config.Vocabulary, m.Config.Vocabulary)
	}
	for _, text := range texts {
		if !slices.Equal(hidden(small, text), hidden(m, text)) {
			t.Errorf("%q has other hidden states", text)
		}
	}
}

// TestTrimmedFiles wants the ids in all files of a BERT model to follow.
func TestTrimmedFiles(t *testing.T) {
	tokenizerJSON, err := os.ReadFile("tokenizer/testdata/fixtures/wordpiece.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(encoder.NewConfig("bert", 16, 1, 2, 16, 1, 24), tokenizerJSON, 3)
	if err != nil {
		t.Fatal(err)
	}
	m.files[vocabularyFile] = []byte("old")
	m.files[tokenizerConfigFile] = []byte(`{"added_tokens_decoder": {"4": {"content": "[MASK]"}, "202": {"content": "Ünique"}}, "x": 1}`)
	small, folder := trim(t, m, "hello")
	lines := strings.Split(strings.TrimSpace(string(folder[vocabularyFile].Data)), "\n")
	if want := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "Ünique"}; !slices.Equal(lines, want) {
		t.Errorf("vocab.txt has %q, want %q", lines, want)
	}
	var config struct {
		Added map[string]struct{ Content string } `json:"added_tokens_decoder"`
	}
	if err := json.Unmarshal(folder[tokenizerConfigFile].Data, &config); err != nil || len(config.Added) != 2 {
		t.Fatal(err, config)
	}
	if config.Added["6"].Content != "Ünique" || config.Added["4"].Content != "[MASK]" {
		t.Errorf("added tokens are %v", config.Added)
	}
	if !slices.Equal(hidden(small, "hello ünique"), hidden(m, "hello ünique")) {
		t.Error("hidden states differ")
	}
	m.files[tokenizerConfigFile] = []byte(`{"added_tokens_decoder": {"9000": {}}}`)
	u, err := m.NewUsage()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = m.Trimmed(u, true); err == nil || !strings.Contains(err.Error(), "has the id 9000, which tokenizer.json has not") {
		t.Errorf("a token that is not there gives %v", err)
	}
}

// TestExtended wants new pieces with the mean of the embeddings of what they replace, and old texts as they were.
func TestExtended(t *testing.T) {
	tokenizerJSON, err := os.ReadFile("tokenizer/testdata/fixtures/unigram.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(encoder.NewConfig("xlm-roberta", 16, 1, 2, 16, 1, 24), tokenizerJSON, 3)
	if err != nil {
		t.Fatal(err)
	}
	more, added, err := m.Extended(maps.All(map[string]int64{"▁internships": 5}), 3, 2)
	if err != nil || len(added) == 0 || more.Config.Vocabulary != m.Config.Vocabulary+len(added) {
		t.Fatal(err, added)
	}
	ids := more.Tokenizer.Encode(nil, "internships")
	if len(ids) != 3 || more.Tokenizer.Piece(ids[1]) != "▁internships" || !slices.Equal(hidden(more, "water"), hidden(m, "water")) {
		t.Errorf("ids are %v, hidden states may differ", ids)
	}
	h := m.Config.Hidden
	old, now := m.Encoder.Parameters()[0].Data, more.Encoder.Parameters()[0].Data
	replaced := m.Tokenizer.Encode(nil, "internships")
	replaced = replaced[1 : len(replaced)-1]
	for j := range h {
		sum := 0.0
		for _, id := range replaced {
			sum += float64(old[int(id)*h+j])
		}
		if got, want := now[int(ids[1])*h+j], float32(sum/float64(len(replaced))); got != want {
			t.Fatalf("dimension %d is %v, want %v", j, got, want)
		}
	}
}
