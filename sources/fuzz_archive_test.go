package sources

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ferry-clir/ferry/schemas"
)

// FuzzTar gives any bytes as a tar archive, as a compressed one, and compressed: reading ends, and if it ends well, the
// files that were wanted are those that the standard library finds, and all of their lines are accounted for.
func FuzzTar(f *testing.F) {
	whole := tarEntries(f, plainFile("wiki-clir/english/wiki_en.queries", "q1\tDawn\tearly\n"), plainFile(german, morning), plainFile("wiki-clir/french/wiki_fr.documents", "f1\tMatin\tLe matin.\n\nf1\n"))
	f.Add(whole, uint8(0))
	f.Add(whole, uint8(1))
	f.Add(packed(f, ".gz", whole), uint8(2))
	f.Add(packed(f, ".zst", whole), uint8(2))
	f.Add(whole[:1536+20], uint8(1))
	f.Fuzz(func(t *testing.T, content []byte, kind uint8) {
		name := filepath.Join(t.TempDir(), []string{"x.tar", "x.tar.gz", "x.tar.gz"}[kind%3])
		if kind%3 == 1 {
			write(t, name, packed(t, name, content), 0)
		} else {
			write(t, name, content, 0)
		}
		w := NewWikiCLIR()
		w.Path, w.Documents, w.MaxLine = schemas.Path(name), []string{"fr", "de"}, fuzzedLine
		allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer allocator.AssertSize(t, 0)
		rows := accountedRows(t, w, "documents", allocator)
		if rows < 0 {
			return
		}
		var in io.Reader = bytes.NewReader(content)
		switch {
		case kind%3 == 1:
		case isZstd(content[:min(4, len(content))]):
			return // the standard library has no zstd
		case bytes.HasPrefix(content, gzipMagic):
			z, err := gzip.NewReader(in)
			if err != nil {
				t.Fatalf("what was read is not gzip: %v: %q", err, content)
			}
			in = z
		}
		if want := tarLines(in, "*/wiki_fr.documents", "*/wiki_de.documents"); rows != want {
			t.Fatalf("%d rows are accounted for, the files have %d lines: %q", rows, want, content)
		}
	})
}

// tarLines counts the lines of the first file for each pattern; -1 if there is none, or it cannot be read.
func tarLines(in io.Reader, patterns ...string) int {
	lines := 0
	for archive := tar.NewReader(in); len(patterns) > 0; {
		entry, err := archive.Next()
		if err != nil {
			return -1
		}
		for i, pattern := range patterns {
			if entry.Typeflag != tar.TypeReg || !endsIn(pattern)(entry.Name) {
				continue
			}
			data, err := io.ReadAll(archive)
			if err != nil {
				return -1
			}
			lines += countLines(data)
			patterns = append(append([]string{}, patterns[:i]...), patterns[i+1:]...)
			break
		}
	}
	return lines
}

// FuzzZip does so with zip archives.
func FuzzZip(f *testing.F) {
	whole := zipped(f, []txtar.File{{Name: "README", Data: []byte("read me")}, {Name: "a/p.tsv", Data: []byte("noon\tadhuhuri\n\nday\n")}})
	f.Add(whole)
	f.Add(whole[:len(whole)-30])
	f.Add(zipped(f, []txtar.File{{Name: "../p.tsv"}}))
	f.Fuzz(func(t *testing.T, content []byte) {
		name := filepath.Join(t.TempDir(), "p.zip")
		write(t, name, append([]byte("PK\x03\x04"), content[min(4, len(content)):]...), 0)
		b := NewBitext()
		b.Path, b.Languages, b.Format, b.MaxLine = []schemas.Path{schemas.Path(name)}, []string{"en", "sw"}, "tsv", fuzzedLine
		allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer allocator.AssertSize(t, 0)
		rows := accountedRows(t, b, "pairs", allocator)
		if rows < 0 {
			return
		}
		if want := zipLines(content); rows != want {
			t.Fatalf("%d rows are accounted for, a file of the archive has %d lines: %q", rows, want, content)
		}
	})
}

var note = regexp.MustCompile(`^(README|LICENSE|_|\.)`)

// zipLines counts the lines of the one file that is no note; -1 if it cannot be read, or there are several.
func zipLines(content []byte) int {
	archive, err := zip.NewReader(bytes.NewReader(append([]byte("PK\x03\x04"), content[min(4, len(content)):]...)), int64(len(content)))
	if err != nil {
		return -1
	}
	lines := -1
	for _, entry := range archive.File {
		if entry.FileInfo().IsDir() || note.MatchString(path.Base(entry.Name)) {
			continue
		}
		in, err := entry.Open()
		if err != nil || lines >= 0 {
			return -1
		}
		data, err := io.ReadAll(in)
		if err != nil {
			return -1
		}
		lines = countLines(data)
	}
	return lines
}
