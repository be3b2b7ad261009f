package tokenizer

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// TestPublished holds the ids against those that Hugging Face publishes for XLM-R.
func TestPublished(t *testing.T) {
	var published []struct {
		Text string  `json:"text"`
		IDs  []int32 `json:"input_ids"`
	}
	readJSON(t, sharedData(t, "xlmr_tokenizer/hf_expected_encodings.json"), &published)
	if len(published) == 0 {
		t.Fatal("no encodings")
	}
	x := named(t, "xlmr")
	for _, p := range published {
		if ids := x.Encode(nil, p.Text); !slices.Equal(ids, p.IDs) {
			t.Errorf("%.40q gives %v, published is %v", p.Text, ids, p.IDs)
		}
	}
}

// nasty is an entry of testdata/nasty_texts.json: a string, or one repeated, or bytes that are not UTF-8.
type nasty struct {
	text string
}

func (n *nasty) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &n.text) == nil {
		return nil
	}
	var other struct {
		Repeat string
		Times  int
		Hex    string
	}
	if err := json.Unmarshal(data, &other); err != nil {
		return err
	}
	raw, err := hex.DecodeString(other.Hex)
	n.text = strings.Repeat(other.Repeat, other.Times) + string(raw)
	return err
}

// TestNasty compares the ids of nasty texts with the Rust library's, for the fixtures and the real tokenizers.
func TestNasty(t *testing.T) {
	var texts []nasty
	var golden map[string][][]int32
	readJSON(t, filepath.Join("testdata", "nasty_texts.json"), &texts)
	readJSON(t, filepath.Join("testdata", "nasty.json"), &golden)
	for _, name := range slices.Sorted(maps.Keys(golden)) {
		t.Run(name, func(t *testing.T) {
			x := named(t, name)
			if len(golden[name]) != len(texts) {
				t.Fatalf("%d texts, %d encodings", len(texts), len(golden[name]))
			}
			for i, want := range golden[name] {
				if ids := x.Encode(nil, texts[i].text); !slices.Equal(ids, want) {
					t.Errorf("%.200q\ngives %.300q\nwant  %.300q", texts[i].text, spell(x, ids), spell(x, want))
				}
			}
		})
	}
}

// TestCorpora compares the ids of all lines of the shared data with the Rust library's, by a hash for each file.
func TestCorpora(t *testing.T) {
	var golden map[string]map[string]string
	readJSON(t, filepath.Join("testdata", "corpora.json"), &golden)
	for _, name := range slices.Sorted(maps.Keys(golden)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := named(t, name)
			for _, file := range slices.Sorted(maps.Keys(golden[name])) {
				if got := digest(x, strings.SplitSeq(string(corpus(t, file)), "\n")); got != golden[name][file] {
					t.Errorf("the ids of %s differ: their hash is %s", file, got)
				}
			}
		})
	}
}

// corpus returns a file of the shared data; what follows .zip/ in its name is the member of an archive.
func corpus(t testing.TB, name string) []byte {
	t.Helper()
	archive, member, zipped := strings.Cut(name, ".zip/")
	if !zipped {
		text, err := os.ReadFile(sharedData(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	z, err := zip.OpenReader(sharedData(t, archive+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open(member)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// digest returns the SHA-256 over the ids of each line as uint32, little-endian, with 0xFFFFFFFF behind every line.
func digest(x *Tokenizer, lines iter.Seq[string]) string {
	h := sha256.New()
	var ids []int32
	for line := range lines {
		ids = append(x.Encode(ids[:0], line), -1)
		_ = binary.Write(h, binary.LittleEndian, ids) // writing to a hash cannot fail
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestCharacters compares the ids of every character between others with the Rust library's, by a hash.
func TestCharacters(t *testing.T) {
	var golden map[string]string
	readJSON(t, filepath.Join("testdata", "characters.json"), &golden)
	var lines []string
	blocks := ranges{0x3400, 0x9FFF, 0xAC00, 0xD7A3, 0xD800, 0xF8FF, 0x17000, 0x18CD5, 0x20000, 0x2EBEF, 0x2EE5E, utf8.MaxRune}
	for r := range rune(utf8.MaxRune + 1) {
		if c := string(r); !blocks.has(r) || r%256 == 5 && !utf16.IsSurrogate(r) {
			lines = append(lines, "a"+c+"b 1"+c+"2 "+c+"'"+c+"s"+c+" "+c+c+" "+c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(golden)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := digest(named(t, name), slices.Values(lines)); got != golden[name] {
				t.Errorf("the ids differ: their hash is %s", got)
			}
		})
	}
}
