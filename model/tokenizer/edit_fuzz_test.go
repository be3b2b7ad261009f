package tokenizer

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzEdit changes whole files and texts: whatever Parse takes can be trimmed to a text, which is cut as before, and extended by
// it, or is refused; nothing panics.
func FuzzEdit(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "fixtures", "*.json"))
	if err != nil || len(paths) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, path := range paths {
		if name := filepath.Base(path); strings.HasPrefix(name, "unigram") || strings.HasPrefix(name, "wordpiece") {
			file, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(file, "Hello  World <mask>\u00a0\u0301\xff internship Ünique", false)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte, text string, characters bool) {
		before, err := Parse(file)
		if err != nil {
			return
		}
		u, err := NewUsage(file)
		if err != nil {
			return
		}
		u.Add(text)
		edit, err := u.Trim(characters, 0)
		if err != nil {
			return
		}
		sameCuts(t, before, must(t, edit.File), edit, []string{text})
		if edit, _, err = Extend(file, maps.All(splitWords(t, file, []string{text})), 3, 1); err == nil {
			must(t, edit.File).Encode(nil, text)
		}
	})
}
