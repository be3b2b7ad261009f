package phrasebook

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/tokenizer"
)

func TestTokenizerIsRemadeToTheSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	if out, err := exec.Command("go", "run", "./maketokenizer", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, Tokenizer()) {
		t.Error("data/tokenizer.json is stale; run go generate ./sources/phrasebook")
	}
	if len(made) > 200<<10 {
		t.Errorf("it has %d bytes", len(made))
	}
}

// The tokenizer must read the text that it was not learned from without unknown tokens and in few pieces a character.
func TestTokenizerReadsEvaluationText(t *testing.T) {
	tok, err := tokenizer.Parse(Tokenizer())
	if err != nil {
		t.Fatal(err)
	}
	unknown := tok.Encode(nil, "\U0001F6A2") // a character of no language here: <s> ... <unk> </s>
	if len(unknown) < 3 {
		t.Fatalf("an unknown character gives %v", unknown)
	}
	id := unknown[len(unknown)-2]
	dir := writeCorpus(t, "mtop")
	for _, l := range languages {
		pieces, runes := 0, 0
		for _, row := range readColumns(t, filepath.Join(dir, l.code, "eval.txt"), 8) {
			ids := tok.Encode(nil, row[3])
			if slices.Contains(ids, id) {
				t.Errorf("%s: %q has unknown tokens: %v", l.code, row[3], ids)
			}
			pieces += len(ids) - 2
			runes += len([]rune(strings.ReplaceAll(row[3], " ", "")))
		}
		if pieces*2 > runes {
			t.Errorf("%s: %d pieces for %d characters", l.code, pieces, runes)
		}
	}
}
