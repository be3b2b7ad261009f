package tokenizer

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// dataPath returns where a file of the shared data is, if it is there.
func dataPath(name string) string {
	root := os.Getenv("FERRY_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	return filepath.Join(root, filepath.FromSlash(name))
}

// sharedData returns the path of a file of the shared data, and skips the test where it is not there.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	path := dataPath(name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is neither below FERRY_DATA nor below ../shared/data", name)
	}
	return path
}

// readFile returns the content of a file, unpacked if it ends in .gz.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if filepath.Ext(path) != ".gz" {
		return io.ReadAll(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// parsed has the tokenizers that were parsed, by path: the large ones take a while.
var parsed sync.Map

func parseFile(t testing.TB, path string) *Tokenizer {
	t.Helper()
	if x, ok := parsed.Load(path); ok {
		return x.(*Tokenizer)
	}
	file, err := readFile(path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Store(path, x)
	return x
}

// tokenizerPath returns where a tokenizer of the golden files is, if it is there: a fixture, XLM-R's, or that of a real
// model below FERRY_MODELS.
func tokenizerPath(name string) string {
	if name == "xlmr" {
		return dataPath("xlmr_tokenizer/tokenizer.json.gz")
	}
	fixture := filepath.Join("testdata", "fixtures", name+".json")
	if _, err := os.Stat(fixture); err == nil {
		return fixture
	}
	return filepath.Join(os.Getenv("FERRY_MODELS"), name, "tokenizer.json")
}

// named returns a tokenizer of the golden files, and skips the test where it is not there.
func named(t testing.TB, name string) *Tokenizer {
	t.Helper()
	path := tokenizerPath(name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the tokenizer %s is neither in the shared data nor below FERRY_MODELS", name)
	}
	return parseFile(t, path)
}

func readJSON(t testing.TB, path string, to any) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(file, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func spell(x *Tokenizer, ids []int32) string {
	var pieces []string
	for _, id := range ids {
		pieces = append(pieces, x.Piece(id))
	}
	return strings.Join(pieces, " ")
}

func TestEncodeTruncated(t *testing.T) {
	x := named(t, "wordpiece")
	all := x.Encode(nil, "hello world, the inter")
	if got, want := spell(x, all), "[CLS] hello world , the inter [SEP]"; got != want {
		t.Fatalf("pieces are %q, want %q", got, want)
	}
	for most := -1; most < 10; most++ {
		ids, cut := x.EncodeTruncated([]int32{7}, "hello world, the inter", most)
		keep := min(max(most, 2), len(all)) - 2
		want := slices.Concat([]int32{7}, all[:1+keep], all[len(all)-1:])
		if !slices.Equal(ids, want) || cut != 5-keep {
			t.Errorf("at most %d tokens gives %v, %d cut; want %v", most, ids, cut, want)
		}
	}
}

func TestVocabulary(t *testing.T) {
	x := named(t, "unigram")
	size := x.VocabularySize()
	if x.Piece(0) != "<s>" || x.Piece(4) != "▁" || x.Piece(int32(size-1)) != "<mask>" || x.Piece(int32(size)) != "" || x.Piece(-1) != "" {
		t.Errorf("pieces 0, 4, last, last+1 and -1 are %q, %q, %q, %q, %q", x.Piece(0), x.Piece(4), x.Piece(int32(size-1)), x.Piece(int32(size)), x.Piece(-1))
	}
	for id := range int32(size) {
		if want := id < 3 || int(id) == size-1; x.IsSpecial(id) != want { // 3 is <unk>, which stands for text
			t.Errorf("%d is special: %v, want %v", id, x.IsSpecial(id), want)
		}
	}
	if x := named(t, "xlmr"); x.VocabularySize() != 250002 || x.Piece(250001) != "<mask>" {
		t.Errorf("XLM-R has %d pieces, the last %q", x.VocabularySize(), x.Piece(250001))
	}
}

func TestConcurrent(t *testing.T) {
	x := named(t, "unigram_never")
	want := x.Encode(nil, "Hello World, aaaa # inter")
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			for range 200 {
				if got := x.Encode(nil, "Hello World, aaaa # inter"); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			}
		})
	}
	g.Wait()
}

// TestUnknown asks for the token that stands for text that no piece covers: where every byte is a piece, there is none,
// whatever unk_token says.
func TestUnknown(t *testing.T) {
	for name, want := range map[string]int32{"unigram": 3, "wordpiece": 1, "bpe_roberta": -1, "bpe_gpt2": -1, "bpe_llama2": 0, "bpe_clip": 1} {
		if got := named(t, name).UnknownID(); got != want {
			t.Errorf("%s has unknown token %d, want %d", name, got, want)
		}
	}
	if x := named(t, "bpe_roberta"); !x.IsSpecial(3) || x.Piece(3) != "<unk>" {
		t.Errorf("%q is not special", x.Piece(3))
	}
}
