package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources/phrasebook"
)

// check loads and checks a pipeline file. Those that share a work folder need not write the sample corpora again.
func check(t *testing.T, work, file string, environment map[string]string) (*Pipeline, error) {
	t.Helper()
	p, err := Load(file, []string{"work=" + work}, func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
	if p == nil {
		return nil, err
	}
	return p, p.Check(context.Background())
}

// TestGoodFiles checks testdata/yaml/*.good.yaml, in which there are no mistakes.
func TestGoodFiles(t *testing.T) {
	work := t.TempDir()
	for _, file := range corpus(t, "good") {
		if _, err := check(t, work, file, map[string]string{"FERRY_TEST_TOP": "7"}); err != nil {
			t.Errorf("%s", err)
		}
	}
}

// TestBadFiles checks testdata/yaml/*.bad.yaml. Each begins with comments that are the messages that it must give,
// complete and in order.
func TestBadFiles(t *testing.T) {
	work := t.TempDir()
	for _, file := range corpus(t, "bad") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(string(text)) {
			message, ok := strings.CutPrefix(line, "# "+file+":")
			if !ok {
				break
			}
			want = append(want, file+":"+strings.TrimSuffix(message, "\n"))
		}
		_, err = check(t, work, file, nil)
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || len(want) == 0 || mistakes.Error() != strings.Join(want, "\n") {
			t.Errorf("%s gives\n%v\nwant\n%s", file, err, strings.Join(want, "\n"))
		}
	}
}

// corpus goes to testdata/yaml for the test's duration and lists its files of one kind.
func corpus(t *testing.T, kind string) []string {
	t.Helper()
	t.Chdir("../testdata/yaml")
	files, err := filepath.Glob("*." + kind + ".yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("only %d files, %v", len(files), err)
	}
	return files
}

// TestShippedFiles checks every pipeline file that people are given to start from.
func TestShippedFiles(t *testing.T) {
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../shared/data"
	}
	data, err := filepath.Abs(data)
	if err != nil {
		t.Fatal(err)
	}
	work, environment := t.TempDir(), map[string]string{"FERRY_DATA": data, "FERRY_MODELS": dummyModels(t)}
	examples, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	for _, file := range append(examples, "../pipeline.yaml", "../commands/starter.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(data); err != nil && strings.Contains(string(text), "${FERRY_DATA") {
				t.Skip("FERRY_DATA names no folder with published data")
			}
			if _, err := check(t, work, file, environment); err != nil {
				t.Errorf("%s", err)
			}
		})
	}
}

var fenced = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// TestSnippets checks every whole pipeline in README.md and docs, with small files and models where they name some.
func TestSnippets(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	root, work := t.TempDir(), t.TempDir()
	writeDummies(t, root)
	found := 0
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range fenced.FindAllStringSubmatch(string(text), -1) {
			file := filepath.Join(root, filepath.Base(page)+".yaml")
			if err := os.WriteFile(file, []byte(match[1]), 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := check(t, work, file, nil)
			whole := strings.Contains("\n"+match[1], "\nsources:") && strings.Contains(match[1], "\nsinks:")
			switch {
			case whole && err != nil:
				t.Errorf("%s:\n%s\n%s", page, match[1], err)
			case whole:
				found++
			case err != nil && strings.Contains(err.Error(), "unknown key"):
				t.Errorf("%s: a part of a pipeline:\n%s\n%s", page, match[1], err)
			}
		}
	}
	if found == 0 {
		t.Error("no snippet found")
	}
}

// writeDummies makes the files that snippets name.
func writeDummies(t *testing.T, root string) {
	t.Helper()
	for name, text := range map[string]string{
		"corpus.en-sw.en": "noon\n", "corpus.en-sw.sw": "adhuhuri\n",
		"documents.jsonl": `{"id": "d1", "text": "noon"}`, "queries.jsonl": `{"id": "q1", "text": "adhuhuri"}`,
		"judgments.jsonl": `{"query_id": "q1", "document_id": "d1", "grade": 1}`,
	} {
		put(t, filepath.Join(root, "data", name), text)
	}
	if err := os.Rename(dummyModels(t), filepath.Join(root, "models")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(root, "models/lid.176.ftz"), read(t, "../model/fasttext/testdata/hs.model"))
}

// dummyModels is a folder of small random models under the names of real ones.
func dummyModels(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	m, err := model.New(encoder.NewConfig("xlm-roberta", 8, 1, 1, 8, 1, 512), phrasebook.Tokenizer(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"multilingual-e5-small", "all-minilm-l6-v2"} {
		if err := sinks.WriteModel(filepath.Join(folder, name), m); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// put writes a file and its folder.
func put(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestTooLarge refuses what is too large for a pipeline without parsing it.
func TestTooLarge(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	put(t, file, strings.Repeat("# \n", maxPipelineFile/3+1))
	if _, err := Load(file, nil, os.LookupEnv); err == nil || !strings.Contains(err.Error(), file+" has more than 4194304 bytes") {
		t.Error(err)
	}
}
