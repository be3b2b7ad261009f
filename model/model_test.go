package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ferry-clir/ferry/model/encoder"
)

// tiny is a model with random weights over a small Unigram tokenizer.
func tiny(t *testing.T) *Model {
	t.Helper()
	tokenizerJSON, err := os.ReadFile("tokenizer/testdata/fixtures/trained.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(encoder.NewConfig("xlm-roberta", 16, 2, 2, 32, 1, 24), tokenizerJSON, 3)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// write returns a model's folder.
func write(t *testing.T, m *Model) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	err := m.Write(func(name string) (io.WriteCloser, error) {
		return &file{name: name, into: folder}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

type file struct {
	bytes.Buffer
	name string
	into fstest.MapFS
}

func (f *file) Close() error {
	f.into[f.name] = &fstest.MapFile{Data: f.Bytes()}
	return nil
}

func TestWrittenModelOpensTheSame(t *testing.T) {
	m := tiny(t)
	m.Pooling, m.Normalize, m.MaxTokens = CLS, false, 20
	first := write(t, m)
	opened, err := Open(first)
	if err != nil {
		t.Fatal(err)
	}
	if opened.Pooling != CLS || opened.Normalize || opened.MaxTokens != 20 {
		t.Errorf("opened with pooling %s, normalize %v, %d tokens", opened.Pooling, opened.Normalize, opened.MaxTokens)
	}
	var config struct {
		Class string `json:"tokenizer_class"`
		Pad   string `json:"pad_token"`
		Max   int    `json:"model_max_length"`
	}
	if err := json.Unmarshal(first[tokenizerConfigFile].Data, &config); err != nil || config.Class != "PreTrainedTokenizerFast" || config.Pad != "<pad>" || config.Max != 20 {
		t.Errorf("%s says %+v, %v", tokenizerConfigFile, config, err)
	}
	second := write(t, opened)
	for name, f := range first {
		if !bytes.Equal(f.Data, second[name].Data) {
			t.Errorf("%s changed when the model was opened and written again", name)
		}
	}
}

func TestFoldersThatCannotBeOpened(t *testing.T) {
	for want, change := range map[string]func(fstest.MapFS){
		"it has no tokenizer.json":    func(f fstest.MapFS) { delete(f, "tokenizer.json") },
		"it has no model.safetensors": func(f fstest.MapFS) { delete(f, "model.safetensors") },
		"config.json":                 func(f fstest.MapFS) { delete(f, "config.json") },
		"reading modules.json":        func(f fstest.MapFS) { f["modules.json"].Data = []byte("{") },
		"only mean, cls and max":      func(f fstest.MapFS) { f["1_Pooling/config.json"].Data = []byte("{}") },
		"it has no 2_Dense/config.json": func(f fstest.MapFS) {
			f["modules.json"].Data = []byte(`[{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]`)
		},
		"tokens but config.json says 5": func(f fstest.MapFS) { shrink(f) },
	} {
		folder := write(t, tiny(t))
		change(folder)
		if _, err := Open(folder); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "vocab_size ", ""), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// shrink leaves five words in the model and all in the tokenizer.
func shrink(folder fstest.MapFS) {
	c := encoder.NewConfig("xlm-roberta", 16, 2, 2, 32, 5, 24)
	var weights bytes.Buffer
	encoder.New(c, 1).Save(&weights)
	folder["config.json"].Data, folder["model.safetensors"].Data = c.JSON(), weights.Bytes()
}

func embed(t *testing.T, m *Model, o EmbedOptions, texts ...string) []Embedded {
	t.Helper()
	results := make([]Embedded, len(texts))
	err := NewEmbedder(m, o).Embed(context.Background(), texts, true, func(i int, r Embedded) error {
		results[i] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestATextsVectorsDoNotDependOnTheOthers(t *testing.T) {
	m := tiny(t)
	texts := []string{"one", "", "a much longer text than the others, of many words that are cut off somewhere", "two words"}
	together := embed(t, m, EmbedOptions{Pooling: Mean, Normalize: true, MaxTokens: 24, Budget: 1000}, texts...)
	for i, text := range texts {
		alone := embed(t, m, EmbedOptions{Pooling: Mean, Normalize: true, MaxTokens: 24, Budget: 1}, text)[0]
		if !slices.Equal(alone.Vector, together[i].Vector) || !slices.Equal(alone.TokenVectors, together[i].TokenVectors) {
			t.Errorf("%q embeds differently among others", text)
		}
	}
	if together[2].Truncated == 0 || len(together[2].IDs) != 24 {
		t.Errorf("the long text has %d tokens, %d were cut", len(together[2].IDs), together[2].Truncated)
	}
}

func TestContentTokensAreThoseOfTheTextItself(t *testing.T) {
	m := tiny(t)
	o := EmbedOptions{Prefix: "query: ", Pooling: Mean, MaxTokens: 24, Content: true, Budget: 100}
	got := embed(t, m, o, "one two")[0].IDs
	want := m.Tokenizer.Encode(nil, "one two")
	if want = want[1 : len(want)-1]; !slices.Equal(got, want) {
		t.Errorf("content tokens are %v, want %v", got, want)
	}
	o.Content = false
	if all := embed(t, m, o, "one two")[0].IDs; len(all) <= len(want)+2 {
		t.Errorf("all tokens are %v", all)
	}
}

func TestPool(t *testing.T) {
	rows := []float32{1, -2, 3, 4, 5, -6} // (3, 2)
	for pooling, want := range map[string][]float32{Mean: {3, -4.0 / 3}, CLS: {1, -2}, Max: {5, 4}} {
		if got := Pool(rows, 2, pooling); math.Abs(float64(got[0]-want[0]))+math.Abs(float64(got[1]-want[1])) > 1e-6 {
			t.Errorf("%s is %v, want %v", pooling, got, want)
		}
	}
}

func TestDamagedWeightsGiveNoVectors(t *testing.T) {
	m := tiny(t)
	for i := range m.Encoder.Parameters()[0].Data {
		m.Encoder.Parameters()[0].Data[i] = float32(math.Inf(1))
	}
	err := NewEmbedder(m, EmbedOptions{Pooling: Mean, MaxTokens: 24, Budget: 100}).EmbedAll(context.Background(), []string{"one"}, false, func(int, Embedded) {})
	if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "one") {
		t.Errorf("got %v", err)
	}
}

// Other precisions give other vectors, but not very.
func TestEmbedPrecision(t *testing.T) {
	m := tiny(t)
	o := EmbedOptions{Pooling: Mean, MaxTokens: 24, Budget: 100, Normalize: true}
	want := embed(t, m, o, "the quick brown fox")[0].Vector
	for _, precision := range []encoder.Precision{encoder.BFloat16, encoder.Int8} {
		o.Precision = precision
		got, cosine := embed(t, m, o, "the quick brown fox")[0].Vector, 0.0
		for i, x := range got {
			cosine += float64(x) * float64(want[i])
		}
		if slices.Equal(got, want) || cosine < 0.999 {
			t.Errorf("precision %d: cosine %g with float32", precision, cosine)
		}
	}
}
