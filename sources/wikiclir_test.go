package sources

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/ferry-clir/ferry/schemas"
)

// writeWikiCLIR writes an archive laid out as the published one, with as many documents in each of six languages.
func writeWikiCLIR(t testing.TB, path string, documents int) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, _ := gzip.NewWriterLevel(file, 6)
	archive := tar.NewWriter(packed)
	random := rand.New(rand.NewPCG(6, 25))
	words := make([]string, 20_000)
	for i := range words {
		for range 2 + random.IntN(9) {
			words[i] += string("eetaoinshrdlucmfwypvbgkjqxzäöüß"[random.IntN(25)])
		}
	}
	often := rand.NewZipf(random, 1.1, 3, uint64(len(words)-1))
	text := func(b *bytes.Buffer, n int) {
		for range n {
			b.WriteString(words[often.Uint64()])
			b.WriteByte(' ')
		}
	}
	add := func(name string, line func(b *bytes.Buffer, i int)) {
		var b bytes.Buffer
		for i := range documents {
			line(&b, i)
			b.WriteByte('\n')
		}
		if err := archive.WriteHeader(&tar.Header{Name: "wiki-clir/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(b.Len())}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(b.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	record := func(words int) func(b *bytes.Buffer, i int) {
		return func(b *bytes.Buffer, i int) {
			fmt.Fprintf(b, "%d\t", 1000+7*i)
			text(b, 2)
			b.WriteByte('\t')
			text(b, words)
		}
	}
	add("english/wiki_en.queries", record(15))
	for _, language := range []string{"arabic/ar", "czech/cs", "german/de", "french/fr", "japanese/ja", "swahili/sw"} {
		folder, code := filepath.Split(language)
		add(folder+"wiki_"+code+".documents", record(200))
		add(folder+"en2"+code+".rel", func(b *bytes.Buffer, i int) { fmt.Fprintf(b, "%d\t%d\t%d", 1000+7*i, 1000+7*i, 1+i%2) })
	}
	if err := firstError(archive.Close(), packed.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestWikiCLIRArchive packs the published files as their publisher does, and reads the same rows as from the folder.
func TestWikiCLIRArchive(t *testing.T) {
	root := string(data(t, "wikiclir/wiki-clir"))
	var all []tarEntry
	for _, folder := range []string{"english", "german", "spanish", "hindi"} {
		files, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(filepath.Join(root, folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, plainFile("wiki-clir/"+folder+"/"+file.Name(), string(content)))
		}
	}
	archive := filepath.Join(t.TempDir(), "wiki-clir.tar.gz")
	write(t, archive, packed(t, archive, tarEntries(t, all...)), 0)
	folder, packed := NewWikiCLIR(), NewWikiCLIR()
	folder.Path, folder.Documents = schemas.Path(root), []string{"de", "es", "hi"}
	packed.Path, packed.Documents = schemas.Path(archive), []string{"hi", "es", "de"}
	published(t, packed, "documents", 3*240, "5bb1f5065e625daa", language, id, schemas.Title, content)
	published(t, packed, "queries", 240, "a50da64a8b6c7f38", language, id, content)
	want, got := read(t, folder, "judgments"), read(t, packed, "judgments")
	if got.err != nil || !reflect.DeepEqual(got.rows, want.rows) {
		t.Errorf("%d judgments, want %d; %v", len(got.rows), len(want.rows), got.err)
	}
}

// BenchmarkWikiCLIR reads an archive of the published layout into record batches: the documents of four languages among
// six, on one goroutine besides that which inflates and that which emits; and decompresses it to nowhere.
func BenchmarkWikiCLIR(b *testing.B) {
	path := filepath.Join(b.TempDir(), "wiki-clir.tar.gz")
	writeWikiCLIR(b, path, 8000)
	size := inflated(b, path)
	b.Run("documents", func(b *testing.B) {
		w := NewWikiCLIR()
		w.Path, w.Documents = schemas.Path(path), []string{"sw", "fr", "de", "ar"}
		b.SetBytes(size)
		for b.Loop() {
			var rejected, dropped int
			if err := w.Read(b.Context(), "documents", discard(&rejected, &dropped)); err != nil || rejected+dropped > 0 {
				b.Fatal(rejected, dropped, err)
			}
		}
	})
	b.Run("inflation", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			inflated(b, path)
		}
	})
}

// inflated decompresses a file to nowhere, and returns its size.
func inflated(t testing.TB, path string) int64 {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	size, err := io.Copy(io.Discard, in)
	if err != nil {
		t.Fatal(err)
	}
	return size
}
