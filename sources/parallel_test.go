package sources

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// inPieces has files read in pieces of so many bytes until the test ends.
func inPieces(t *testing.T, size int) {
	before := pieceBytes
	pieceBytes = size
	t.Cleanup(func() { pieceBytes = before })
}

// packings are the ways in which a file is given to a source; members and frames end within lines and characters.
var packings = map[string]func(t *testing.T, content []byte) []byte{
	"":     func(_ *testing.T, content []byte) []byte { return content },
	".gz":  func(t *testing.T, content []byte) []byte { return packed(t, ".gz", content) },
	".zst": func(t *testing.T, content []byte) []byte { return packed(t, ".zst", content) },
	".bgz.gz": func(_ *testing.T, content []byte) []byte {
		return append(packMembers(content, 5003, member), endMarker...)
	},
	".frames.zst": func(_ *testing.T, content []byte) []byte { return packMembers(content, 5003, frame) },
	// What cannot be cut comes after what can.
	".mixed.gz": func(t *testing.T, content []byte) []byte {
		return append(packMembers(content[:len(content)/2], 777, member), packed(t, ".gz", content[len(content)/2:])...)
	},
	"pzstd": func(t *testing.T, content []byte) []byte {
		pzstd := exec.Command("pzstd", "-c", "-q")
		pzstd.Stdin = bytes.NewReader(content)
		packed, err := pzstd.Output()
		if errors.Is(err, exec.ErrNotFound) {
			t.Log("without pzstd, which is not here")
			return content
		}
		if err != nil {
			t.Fatal(err)
		}
		return packed
	},
}

// endMarker is the empty member at the end of a bgzip file, as the specification of SAM prints it.
var endMarker = []byte("\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00\x1b\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// nastyLines has everything that a file of lines may have, around lines that are good.
func nastyLines(line func(i int) string) []byte {
	b := bytes.NewBufferString("\ufeff")
	for i := range 700 {
		b.WriteString(line(i))
		b.WriteString([]string{"\n", "\r\n", "\n\n", "\n \t\r\n", "\n\x00" + line(i), "\xe0\xb8\n", "\n\"" + line(i) + "\n",
			strings.Repeat("\u0e04\u0e27\u0e32\u0e21", 9*(i%41)) + "\n", "\r\r\n"}[i%9])
	}
	b.WriteString(line(700)) // without an end
	return b.Bytes()
}

// The sources that read lines, from the one file of that name.
func mmarcoOf(string) (source, string) {
	m := NewMMARCO()
	m.Path, m.Documents, m.MaxLine = ".", []string{"hi"}, 3000
	return m, "documents"
}

func jsonlOf(file string) (source, string) {
	j := NewJSONL()
	j.Path, j.Language, j.Columns, j.MaxLine = []schemas.Path{schemas.Path(file)}, "sw", map[string]string{"text": "question"}, 3000
	return j, "documents"
}

func trecOf(file string) (source, string) {
	r := NewTREC()
	r.Run, r.MaxLine = schemas.Path(file), 3000
	return r, "hits"
}

func mosesOf(file string) (source, string) {
	b := NewBitext()
	b.Path, b.Languages, b.Format, b.MaxLine = []schemas.Path{schemas.Path(file), schemas.Path(file)}, []string{"en", "sw"}, "moses", 3000
	return b, "pairs"
}

const hindi = "collections/hindi_collection.tsv"

// TestParallel reads nasty files of every layout of lines, packed in every way, in small pieces: what comes of them is
// the same for any number of workers, and that of one that reads the bare file as a whole.
func TestParallel(t *testing.T) {
	tsv := func(i int) string { return fmt.Sprintf("%d\ttext \u0e01 %d\t\"quoted\"", i*i%5000, i) }
	object := func(i int) string {
		return fmt.Sprintf(`{"id":%d,"question":"text \u0e01 %d","title":null}`, i*i%5000, i)
	}
	hit := func(i int) string { return fmt.Sprintf("%d Q0 d%d %d %d.5 x", i%30, i, i, 1000-i) }
	t.Run("mmarco", func(t *testing.T) { parallel(t, hindi, nastyLines(tsv), mmarcoOf) })
	t.Run("trec", func(t *testing.T) { parallel(t, "run", nastyLines(hit), trecOf) })
	t.Run("jsonl", func(t *testing.T) { parallel(t, "x.jsonl", nastyLines(object), jsonlOf) })
	t.Run("moses", func(t *testing.T) { parallel(t, "x.sw", nastyLines(tsv), mosesOf) })
}

// TestParallelPublished does so for published files.
func TestParallelPublished(t *testing.T) {
	for _, c := range []struct {
		published, file string
		source          func(file string) (source, string)
	}{
		{"mmarco/data/google/collections/hindi_collection.tsv", hindi, mmarcoOf},
		{"trec_eval/test/results.test", "run", trecOf},
		{"afriqa/queries/swa/queries.afriqa.swa.en.dev.json", "x.jsonl", jsonlOf},
		{"bitext/tatoeba/tatoeba.tha-eng.tha", "x.sw", mosesOf},
	} {
		t.Run(c.file, func(t *testing.T) {
			content, err := os.ReadFile(string(data(t, c.published)))
			if err != nil {
				t.Skip(err)
			}
			parallel(t, c.file, content, c.source)
		})
	}
}

func parallel(t *testing.T, file string, content []byte, make func(file string) (source, string)) {
	t.Chdir(t.TempDir())
	s, table := make(file)
	var want *result
	workers := 0
	for _, packing := range sortedKeys(packings) {
		write(t, file, packings[packing](t, content), 0)
		if want == nil {
			if want = read(t, s, table); want.err != nil || len(want.rows) < 100 {
				t.Fatalf("%d rows, %v", len(want.rows), want.err)
			}
		}
		for _, size := range []int{61, 4093} {
			inPieces(t, size)
			workers = workers%8 + 1
			if got := readWith(t, t.Context(), s, table, workers, nil); !reflect.DeepEqual(got, want) {
				t.Errorf("%q in pieces of %d bytes by %d workers: %d rows, %d rejected, dropped %v, %v; want %d, %d, %v", packing, size, workers,
					len(got.rows), len(got.rejected), got.dropped, got.err, len(want.rows), len(want.rejected), want.dropped)
			}
		}
	}
}

// TestLargeFrame reads a frame that is too large to be decompressed as a whole, between small ones.
func TestLargeFrame(t *testing.T) {
	t.Chdir(t.TempDir())
	var text bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&text, "%d\t%s\n", i, strings.Repeat(fmt.Sprint("word ", i, " "), 1000))
	}
	content := text.Bytes()
	parts := append(frame(content[:1<<20]), packed(t, ".zst", content[1<<20:len(content)-1<<20])...)
	parts = append(parts, frame(content[len(content)-1<<20:])...)
	m := NewMMARCO()
	m.Path, m.Documents = ".", []string{"en"}
	write(t, "collections/english_collection.tsv", content, 0)
	want := read(t, m, "documents")
	write(t, "collections/english_collection.tsv", parts, 0)
	if got := readWith(t, t.Context(), m, "documents", 3, nil); !reflect.DeepEqual(got, want) || len(want.rows) != 1000 {
		t.Errorf("%d rows, %v; want %d, %v", len(got.rows), got.err, len(want.rows), want.err)
	}
}

// TestDamagedPieces damages and truncates files that are read by ranges: an error that names the file, and no row that
// is not in it.
func TestDamagedPieces(t *testing.T) {
	t.Chdir(t.TempDir())
	var text bytes.Buffer
	for i := range 3000 {
		fmt.Fprintf(&text, "%d\tsentence number %d, ends here.\n", i, i*i)
	}
	m := NewMMARCO()
	m.Path, m.Documents = ".", []string{"en"}
	for _, pack := range []func([]byte) []byte{member, frame} {
		whole := packMembers(text.Bytes(), 10000, pack)
		for at := 5; at < len(whole); at += len(whole) / 23 {
			broken := bytes.Clone(whole)
			broken[at] ^= 0x55
			for _, content := range [][]byte{broken, whole[:at]} {
				write(t, "collections/english_collection.tsv", content, 0)
				r := readWith(t, t.Context(), m, "documents", 2, nil)
				if r.err != nil && !strings.Contains(r.err.Error(), "english_collection.tsv") {
					t.Fatal(r.err)
				}
				if r.err == nil && len(r.rows) != 3000 && len(content) == len(whole) {
					t.Fatalf("damaged at %d: %d rows and no error", at, len(r.rows))
				}
				for i, row := range r.rows {
					if want := fmt.Sprintf("sentence number %d, ends here.", i*i); row[3] != want {
						t.Fatalf("damaged at %d: row %d is %q", at, i, row)
					}
				}
			}
		}
	}
}
