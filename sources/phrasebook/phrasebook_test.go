package phrasebook

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

// writeCorpus writes a corpus into a fresh folder and returns the folder.
func writeCorpus(t *testing.T, corpus string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), corpus)
	if err := Write(context.Background(), dir, corpus); err != nil {
		t.Fatal(err)
	}
	return dir
}

// readLines returns the lines of a file, which must end in a line feed and have no carriage return.
func readLines(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, ended := strings.CutSuffix(string(content), "\n")
	if !ended || strings.Contains(text, "\r") {
		t.Fatalf("%s: not lines that end in \\n", path)
	}
	return strings.Split(text, "\n")
}

// readColumns returns the tab-separated columns of a file, of which every line must have want.
func readColumns(t *testing.T, path string, want int) [][]string {
	t.Helper()
	var rows [][]string
	for i, line := range readLines(t, path) {
		row := strings.Split(line, "\t")
		if len(row) != want {
			t.Fatalf("%s:%d: %d columns, want %d", path, i+1, len(row), want)
		}
		rows = append(rows, row)
	}
	return rows
}

// checkScript fails where a text has letters of a script that its language does not use, or reads badly.
func checkScript(t *testing.T, code, text string) {
	t.Helper()
	script := map[string]*unicode.RangeTable{"hi": unicode.Devanagari, "th": unicode.Thai}[code]
	if script == nil {
		script = unicode.Latin
	}
	for _, r := range text {
		if unicode.IsLetter(r) && !unicode.Is(script, r) {
			t.Errorf("%s: %q has the letter %q", code, text, r)
			return
		}
	}
	if text == "" || strings.Contains(text, "  ") || text != strings.TrimSpace(text) || strings.ContainsAny(text, "{}[]|/\t") {
		t.Errorf("%s: %q is badly spaced or has marks of a template", code, text)
	}
	if code == "en" && text != strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return -1
		}
		return r
	}, text) {
		t.Errorf("en: %q is not ASCII", text)
	}
}

// bytesOf returns every file below dir as path and content in one string.
func bytesOf(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		relative, _ := filepath.Rel(dir, path)
		fmt.Fprintf(&b, "%s\x00%s\x00", filepath.ToSlash(relative), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The edition must change when the bytes do: folders of the old one would else stay as they are. After changing it on
// purpose, put the new edition and its hash here.
func TestBytesOfEachEdition(t *testing.T) {
	var all strings.Builder
	for _, corpus := range Corpora() {
		first := bytesOf(t, writeCorpus(t, corpus))
		if first != bytesOf(t, writeCorpus(t, corpus)) {
			t.Errorf("%s: two writes differ", corpus)
		}
		all.WriteString(first)
	}
	version, err := version()
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s %016x", version, hash(all.String()))
	golden := filepath.Join("testdata", "edition")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.TrimSpace(string(want)) {
		t.Errorf("%s says\n%s\nand the corpora are now\n%s\nraise edition in write.go unless the data files changed, then update it", golden, want, got)
	}
}

func TestWriteLeavesCompleteFolderAlone(t *testing.T) {
	dir := writeCorpus(t, "mtop")
	path := filepath.Join(dir, "en", "eval.txt")
	before := time.Unix(1000, 0)
	if err := os.Chtimes(path, before, before); err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), dir, "mtop"); err != nil {
		t.Fatal(err)
	}
	if stat, err := os.Stat(path); err != nil || !stat.ModTime().Equal(before) {
		t.Errorf("a complete folder was written again: %v", err)
	}
}

func TestWritersMeet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wikiclir")
	failures := make(chan error)
	const writers = 4
	for range writers {
		go func() { failures <- Write(context.Background(), dir, "wikiclir") }()
	}
	for range writers {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if bytesOf(t, dir) != bytesOf(t, writeCorpus(t, "wikiclir")) {
		t.Error("the folder is not what one writer alone writes")
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 2 { // and the lock
		t.Errorf("left %v", entries)
	}
}

func TestWriteReplacesOlderEdition(t *testing.T) {
	dir := writeCorpus(t, "mtop")
	want := bytesOf(t, dir)
	killed := filepath.Join(filepath.Dir(dir), ".mtop-new")
	if err := os.Mkdir(killed, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{marker: "0-old\n", "stale.txt": "stale", "../.mtop-new/eval.txt": "half"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(context.Background(), dir, "mtop"); err != nil {
		t.Fatal(err)
	}
	if bytesOf(t, dir) != want {
		t.Error("the older folder was not replaced")
	}
	if _, err := os.Stat(killed); err == nil {
		t.Error("what a killed process left is still there")
	}
}

func TestWriteKeepsForeignFolder(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), dir, "mtop"); err == nil || !strings.Contains(err.Error(), "not written from the phrasebook") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

func TestWriteCancelledLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	parent := t.TempDir()
	if err := Write(ctx, filepath.Join(parent, "mtop"), "mtop"); err == nil {
		t.Error("no error")
	}
	if entries, _ := os.ReadDir(parent); len(entries) != 1 || entries[0].Name() != "lock" {
		t.Errorf("left %v", entries)
	}
}

func TestWriteUnknownCorpus(t *testing.T) {
	err := Write(context.Background(), t.TempDir(), "mtopp")
	if err == nil || !strings.Contains(err.Error(), `"mtopp"`) || !strings.Contains(err.Error(), "mtop, bitext") {
		t.Errorf("error is %v", err)
	}
}
