package sources

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/schemas"
)

// writeTiny makes a model with random weights and writes it to a folder.
func writeTiny(t *testing.T, folder string) *model.Model {
	t.Helper()
	tokens, err := os.ReadFile("../model/tokenizer/testdata/fixtures/wordpiece.json")
	if err != nil {
		t.Fatal(err)
	}
	config := encoder.Config{ModelType: "bert", Hidden: 8, Layers: 1, Heads: 2, FFN: 16, Positions: 32, TokenTypes: 2, Epsilon: 1e-12}
	m, err := model.New(config, tokens, 7)
	if err != nil {
		t.Fatal(err)
	}
	err = m.Write(func(name string) (io.WriteCloser, error) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		return os.Create(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// embedding is the vector of a short text.
func embedding(t *testing.T, m *model.Model) (v []float32) {
	t.Helper()
	err := model.NewEmbedder(m, model.EmbedOptions{}).Embed(t.Context(), []string{"hello world"}, false, func(_ int, e model.Embedded) error {
		v = slices.Clone(e.Vector)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestHub opens a model by hf://: the check sees it without its weights, and it embeds as the one that was published.
func TestHub(t *testing.T) {
	published := t.TempDir()
	want := writeTiny(t, published)
	var weights atomic.Int32
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := os.ReadFile(filepath.Join(published, strings.TrimPrefix(r.URL.Path, "/ferry/tiny/resolve/v1/")))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".safetensors") {
			weights.Add(1)
		}
		w.Header().Set("Etag", fmt.Sprintf("%q", "v1"))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	defer hub.Close()
	t.Setenv("HF_ENDPOINT", hub.URL)
	t.Setenv("FERRY_CACHE", t.TempDir())

	opened, longest, err := OpenTokenizer(t.Context(), "hf://ferry/tiny@v1", false)
	if err != nil || longest != 32 || !slices.Equal(opened.Encode(nil, "hello"), want.Tokenizer.Encode(nil, "hello")) {
		t.Errorf("the tokenizer takes %d tokens, %v", longest, err)
	}
	if _, _, err := OpenTokenizer(t.Context(), "hf://ferry/tiny@v1", true); err != nil || weights.Load() != 0 {
		t.Errorf("offline, its tokenizer gives %v, and weights were downloaded %d times", err, weights.Load())
	}
	p := NewPretrained()
	p.Path = "hf://ferry/tiny@v1"
	if found := p.Validate(); len(found) > 0 {
		t.Fatal(found)
	}
	before, err := p.Files()
	if err != nil {
		t.Fatal(err)
	}
	info, err := p.Inspect()
	if err != nil {
		t.Fatal(err)
	}
	if folder, err := model.Inspect(os.DirFS(published)); err != nil || !reflect.DeepEqual(info, folder) {
		t.Errorf("inspected %+v, published %+v, %v", info, folder, err)
	}
	if weights.Load() != 0 {
		t.Error("the check has downloaded the weights")
	}
	for range 2 {
		m, err := p.Open(t.Context(), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := embedding(t, m), embedding(t, want); !slices.Equal(got, want) {
			t.Errorf("embedding is %v, published %v", got, want)
		}
	}
	if weights.Load() != 1 {
		t.Errorf("weights were downloaded %d times", weights.Load())
	}
	if after, err := p.Files(); err != nil || !slices.Equal(before, after) {
		t.Errorf("files were %q and are %q, %v", before, after, err)
	}
	for _, file := range before {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// TestTrainedInPlace opens a model, changes all its weights, and finds those in the file as they were.
func TestTrainedInPlace(t *testing.T) {
	folder := t.TempDir()
	written := writeTiny(t, folder)
	p := &Pretrained{Path: schemas.Path(folder)}
	before, err := os.ReadFile(filepath.Join(folder, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open(t.Context(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := embedding(t, m), embedding(t, written); !slices.Equal(got, want) {
		t.Errorf("embedding is %v, written %v", got, want)
	}
	for i, parameter := range m.Encoder.Parameters() {
		for j := range parameter.Data {
			parameter.Data[j] = float32(i+j) / 1000
		}
	}
	if after, err := os.ReadFile(filepath.Join(folder, "model.safetensors")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("training in memory changes the file: %v", err)
	}
	if again, err := p.Open(t.Context(), 0, nil); err != nil || slices.Equal(embedding(t, again), embedding(t, m)) {
		t.Errorf("the trained weights are not in use: %v", err)
	}
}

func TestHubMistakes(t *testing.T) {
	for path, want := range map[schemas.Path]string{
		"hf://a/b":         "",
		"models/folder":    "",
		"s3://bucket/a":    `"s3://bucket/a" is not a model on the hub, which reads hf://owner/name@revision`,
		"hf://only-a-name": `"hf://only-a-name" is not a model on the hub, which reads hf://owner/name@revision`,
	} {
		p := &Pretrained{Path: path}
		found := p.Validate()
		if (len(found) == 0) != (want == "") || len(found) == 1 && (found[0].Key != "path" || found[0].Problem != want) {
			t.Errorf("%s: %v, want %q", path, found, want)
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	t.Setenv("HF_ENDPOINT", gone.URL)
	t.Setenv("FERRY_CACHE", t.TempDir())
	p := &Pretrained{Path: "hf://a/b@c"}
	for _, err := range []error{second(p.Files()), second(p.Inspect()), second(p.Open(context.Background(), 0, nil))} {
		if err == nil || err.Error() != "hf://a/b@c has no config.json" {
			t.Errorf("a model that is not there gives %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
